#include "nn/torch/resident_images.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <utility>
#include <vector>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

using at::Tensor;

constexpr std::int64_t kSide = ImageSet::kSide, kChannels = ImageSet::kChannels;

/// x (images x H x W x C) at real-valued places along `dimension`, `shift` further on: between two
/// pixels by a + weight (b - a), beyond the edge as at the edge.
Tensor shifted(const Tensor& x, const Tensor& shift, std::int64_t dimension) {
  const Tensor whole = shift.floor();
  const auto per_image = [&](const Tensor& t) { return t.view({-1, 1, 1, 1}); };
  std::vector<std::int64_t> along(4, 1);
  along[static_cast<std::size_t>(dimension)] = kSide;
  const Tensor place = at::arange(kSide, whole.options().dtype(at::kLong)).view(along) +
                       per_image(whole.to(at::kLong));
  const auto pixels = [&](const Tensor& at) {
    return x.gather(dimension, at.clamp(0, kSide - 1).expand_as(x));
  };
  const Tensor a = pixels(place);
  return a + (pixels(place + 1) - a) * per_image(shift - whole);
}

}  // namespace

struct ResidentImages::State {
  Tensor pixels, labels;  ///< of the set
  Tensor first;           ///< where the next batch begins
  Tensor order;           ///< of the epoch
  Tensor dy, dx, flip;    ///< by image of the epoch; undefined without moves

  Tensor places(std::int64_t count) const { return at::arange(count, first.options()) + first; }

  Tensor batch(std::int64_t count) const {
    const Tensor at = places(count);
    Tensor x = pixels.index_select(0, order.index_select(0, at));
    if (!dy.defined()) return x;
    x = shifted(x, dy.index_select(0, at), 1);
    x = shifted(x, dx.index_select(0, at), 2);
    return at::where(flip.index_select(0, at).view({-1, 1, 1, 1}), x.flip(2), x);
  }
};

namespace {

/// `values` on the device, in the same memory as before where there is such: recorded work goes on
/// reading it.
void put(Tensor& there, const Tensor& values, const at::Device& device) {
  if (there.defined())
    there.copy_(values);
  else
    there = values.to(device);
}

}  // namespace

ResidentImages::ResidentImages(const ImageSet& set, const Normalization& normalization,
                               const std::string& device)
    : state_(std::make_unique<State>()) {
  const std::int64_t images = set.size();
  std::vector<float> nhwc(static_cast<std::size_t>(images * ImageSet::kPixels));
  normalized_batch(set, normalization, 0, images, nhwc.data());
  state_->pixels = at::from_blob(nhwc.data(), {images, kSide, kSide, kChannels}, at::kFloat)
                       .to(at::Device(device), at::kFloat, false, true);
  const std::vector<std::int64_t> labels(set.labels.begin(), set.labels.end());
  state_->labels = at::tensor(labels, at::kLong).to(at::Device(device));
  state_->first = at::zeros({}, state_->labels.options());
}

ResidentImages::ResidentImages(std::unique_ptr<State> state) : state_(std::move(state)) {}
ResidentImages::~ResidentImages() = default;
ResidentImages::ResidentImages(ResidentImages&&) noexcept = default;

ResidentImages ResidentImages::another() const {
  auto state = std::make_unique<State>(*state_);
  state->first = at::zeros_like(state_->first);
  return ResidentImages(std::move(state));
}

void ResidentImages::start_epoch(std::span<const std::int64_t> order, std::span<const Move> moves) {
  const at::Device device = state_->pixels.device();
  put(state_->order, at::tensor(at::ArrayRef<std::int64_t>(order.data(), order.size()), at::kLong),
      device);
  if (moves.empty()) {
    state_->dy = state_->dx = state_->flip = Tensor();
    return;
  }
  std::vector<float> dy, dx, flip;
  for (const std::int64_t image : order) {
    const Move& move = moves[static_cast<std::size_t>(image)];
    dy.push_back(move.dy);
    dx.push_back(move.dx);
    flip.push_back(move.flip ? 1.0f : 0.0f);
  }
  put(state_->dy, at::tensor(dy, at::kFloat), device);
  put(state_->dx, at::tensor(dx, at::kFloat), device);
  put(state_->flip, at::tensor(flip, at::kFloat).gt(0), device);
}

void ResidentImages::seek(std::int64_t first) { state_->first.fill_(first); }

Tensor ResidentImages::images(std::int64_t count) const {
  return state_->batch(count).permute({0, 3, 1, 2});
}

Tensor ResidentImages::classes(std::int64_t count) const {
  return state_->labels.index_select(0, state_->order.index_select(0, state_->places(count)));
}

void ResidentImages::copy_images(std::int64_t first, std::int64_t count, float* nhwc) {
  seek(first);
  const Tensor host = state_->batch(count).to(at::kCPU).contiguous();
  std::copy_n(host.data_ptr<float>(), host.numel(), nhwc);
}

}  // namespace ohmic
