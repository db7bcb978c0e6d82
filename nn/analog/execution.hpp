// How batches go through what is loaded of a network.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/analog/batch_norm.hpp"
#include "nn/analog/loaded_layers.hpp"
#include "nn/analog/loaded_network.hpp"
#include "nn/analog/node_values.hpp"

namespace ohmic {

class Execution {
 public:
  /// As LoadedLayers.
  Execution(const MappedNetwork&, Backend&, const Crossbars*, LayerProgress = {});

  void load(LayerContents);
  /// Loads draws draw, draw + 1 and so on, at most draws_at_once().
  void program(std::uint64_t seed, std::uint64_t draw, int draws);
  int draws_at_once() { return layers_.draws_at_once(); }
  /// Has BatchNorms follow these images in whatever is loaded from here on but digital weights.
  void follow(BatchNormImages);
  bool follows() const { return followed_.has_value(); }
  /// Has the ranges of converters found on these images in whatever is loaded from here on but
  /// digital weights.
  void calibrate_on(NormalizedImages);
  /// Makes room for weights: gives back what batches left, and slots for large values.
  void free_large_values();

  const MappedNetwork& network() const { return network_; }
  const LoadedLayers& layers() const { return layers_; }
  /// Images that the back end takes through the network at once.
  std::int64_t images_at_once() const;
  /// With the inputs of a layer, values_in() per sample; of a recurrent one at every time step.
  using BeforeLayer = std::function<void(const Step&, const float* x)>;
  /// Runs every step on the images and returns the last one's output.
  const float* run(const float* nhwc, std::int64_t images, std::uint64_t first_image,
                   const BeforeLayer& before = {});
  /// Takes the images that first_of_all_classes takes of a set through what is loaded and calls
  /// see(step, x, n) before every layer with its inputs, of n images at a time.
  void see_inputs(const ImageSet&, const Normalization&, std::int64_t images,
                  const std::function<void(const Step&, const float* x, std::int64_t n)>& see);
  /// Calls see(first, count, y) with the answers to images [first, first + count), as many as are
  /// computed at once, where the host can read them until it returns; NaN where every answer is.
  void answer(
      const float* nhwc, std::int64_t images, std::uint64_t first_image,
      const std::function<void(std::int64_t first, std::int64_t count, const float* y)>& see);
  std::vector<float> layer_output(const Step&, const float* x, std::int64_t images);
  /// Values of the back end's memory where the host can read them, in `buffer` if need be.
  std::span<const float> on_host(const float* x, std::int64_t values, std::vector<float>& buffer);
  /// Those that n images give a layer.
  std::span<const float> inputs_on_host(const Step& step, const float* x, std::int64_t n,
                                        std::vector<float>& buffer) {
    return on_host(x, n * network_->values_in(step), buffer);
  }
  void report_to(LayerProgress on_images) { on_images_ = std::move(on_images); }
  Tally take_tally();

 private:
  struct FollowedNorms {
    BatchNormStatistics statistics;
    std::map<std::string, ChannelMoments> undisturbed;  ///< what digital BatchNorms see of them
  };

  /// What goes through a network while it is loaded: images for ranges, so that their noise does
  /// not depend on whether there are others, then for BatchNorms.
  struct Shown {
    std::vector<float> x;
    std::int64_t ranges = 0, norms = 0;
  };
  /// Those of them that are for what is loaded now; digital weights have no ranges.
  struct Showing {
    const float* x;
    std::int64_t ranges, norms;
  };
  Showing showing() const;
  std::size_t values_shown(std::int64_t images) const;
  void load_and_measure();
  void load_and_measure(std::size_t step, const Showing&);
  void find_ranges(std::size_t step, const LayerLoader&, const Showing&);
  void measure_norm(const Node& norm, const float* x);
  void run_step(std::size_t step, const float* nhwc, std::int64_t images, std::uint64_t first_image,
                const BeforeLayer& before);
  void run_recurrent(std::size_t step, const float* nhwc, std::int64_t images,
                     std::uint64_t first_image, const BeforeLayer& before);

  MappedNetwork network_;
  Backend& backend_;
  const Crossbars* crossbars_;
  LoadedLayers layers_;
  NodeValues values_;
  std::optional<FollowedNorms> followed_;
  Shown shown_;
  std::vector<float> answer_buffer_;  ///< of a back end with memory of its own
  Tally tally_;
  LayerProgress on_images_;
};

}  // namespace ohmic
