#include "nn/torch/resident_evaluation.hpp"

#include <torch/torch.h>

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

}  // namespace

struct ResidentEvaluation::State {
  State(TorchGraph& n, ResidentImages on_device, std::int64_t size, const std::string& name,
        std::int64_t b)
      : network(n),
        batch(b),
        images(std::move(on_device)),
        count(size),
        device(name),
        right(at::zeros({}, at::TensorOptions().dtype(at::kLong).device(at::Device(device)))),
        work(repetition_on(device)) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    images.start_epoch(order, {});
  }

  void add(std::int64_t size) {
    const at::NoGradGuard no_gradients;
    const Tensor logits = network.forward(images.images(size), false);
    right.add_(answers(logits).eq(images.classes(size)).sum());
  }

  TorchGraph& network;
  std::int64_t batch;
  ResidentImages images;
  std::int64_t count;  ///< images
  std::string device;
  Tensor right;
  CapturedWork work;  ///< on whole batches
};

ResidentEvaluation::ResidentEvaluation(TorchGraph& network, const ImageSet& set,
                                       const Normalization& normalization,
                                       const std::string& device, std::int64_t batch)
    : state_(std::make_unique<State>(network, ResidentImages(set, normalization, device),
                                     set.size(), device, batch)) {}

ResidentEvaluation::ResidentEvaluation(TorchGraph& network, const ResidentEvaluation& other)
    : state_(std::make_unique<State>(network, other.state_->images.another(), other.state_->count,
                                     other.state_->device, other.state_->batch)) {}

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
