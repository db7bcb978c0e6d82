// Images that stay on the device, those of training above all: an epoch's order and moves are
// uploaded once, batches are cut, moved and flipped there, so that no batch waits for the host. The
// header is free of LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "nn/data/dataset.hpp"

namespace at {
class Tensor;
}

namespace ohmic {

class ResidentImages {
 public:
  /// On "cpu" or "cuda:i", normalised: 12 KB per image.
  ResidentImages(const ImageSet&, const Normalization&, const std::string& device);
  ~ResidentImages();
  ResidentImages(ResidentImages&&) noexcept;

  /// The same images and epoch in the same memory, with a batch of its own.
  ResidentImages another() const;

  /// From here on image i of an epoch is `order[i]` of the set, moved by `moves[order[i]]` (none:
  /// as it is). All epochs have the same number of images, with moves or without.
  void start_epoch(std::span<const std::int64_t> order, std::span<const Move> moves);
  /// The next batch begins with image `first` of the epoch.
  void seek(std::int64_t first);
  /// Its images, channels-last, and their classes. Where it begins is read on the device, so that
  /// recorded work (captured_work.hpp) meets another batch each time.
  at::Tensor images(std::int64_t count) const;
  at::Tensor classes(std::int64_t count) const;
  /// The images on the host, N x H x W x C: the bits of training_batch on a processor.
  void copy_images(std::int64_t first, std::int64_t count, float* nhwc);

 private:
  struct State;
  explicit ResidentImages(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
