#include "nn/torch/resident_evaluation.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "nn/torch/captured_work.hpp"
#include "nn/torch/resident_images.hpp"

namespace ohmic {
namespace {

using at::Tensor;

/// predicted_class() of each row of logits.
Tensor answers(const Tensor& logits) {
  constexpr double kBelowAll = -std::numeric_limits<double>::infinity();
  const Tensor comparable = logits.masked_fill(logits.isnan(), kBelowAll);
  return comparable.argmax(1).masked_fill(logits.select(1, 0).isnan(), 0);
}

ResidentImages images_in_order(const ImageSet& set, const Normalization& normalization,
                               const std::string& device) {
  ResidentImages images(set, normalization, device);
  std::vector<std::int64_t> order(static_cast<std::size_t>(set.size()));
  std::iota(order.begin(), order.end(), 0);
  images.start_epoch(order, {});
  return images;
}

}  // namespace

struct ResidentEvaluation::State {
  State(TorchGraph& n, ResidentImages in_order, const at::Device& device, std::int64_t b)
      : network(n),
        batch(b),
        images(std::move(in_order)),
        right(at::zeros({}, at::TensorOptions().dtype(at::kLong).device(device))),
        work(repetition_on(device.str())) {}

  void add(std::int64_t count) {
    const at::NoGradGuard no_gradients;
    const Tensor logits = network.forward(images.images(count), false);
    right.add_(answers(logits).eq(images.classes(count)).sum());
  }

  TorchGraph& network;
  std::int64_t batch;
  ResidentImages images;
  Tensor right;
  CapturedWork work;  ///< on whole batches
};

ResidentEvaluation::ResidentEvaluation(TorchGraph& network, const ImageSet& set,
                                       const Normalization& normalization,
                                       const std::string& device, std::int64_t batch)
    : state_(std::make_unique<State>(network, images_in_order(set, normalization, device),
                                     at::Device(device), batch)) {}

ResidentEvaluation::ResidentEvaluation(TorchGraph& network, const ResidentEvaluation& other)
    : state_(std::make_unique<State>(network, other.state_->images.another(),
                                     other.state_->right.device(), other.state_->batch)) {}

ResidentEvaluation::~ResidentEvaluation() = default;

void ResidentEvaluation::start(std::int64_t first, std::int64_t count) {
  State& s = *state_;
  s.right.zero_();
  for (std::int64_t done = 0; done < count; done += s.batch) {
    const std::int64_t images = std::min(s.batch, count - done);
    s.images.seek(first + done);
    const auto work = [&s, images] { s.add(images); };
    images == s.batch ? s.work.run(work) : work();
  }
}

std::int64_t ResidentEvaluation::finish() { return state_->right.item<std::int64_t>(); }

}  // namespace ohmic
