#include "nn/train/weight_noise.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <vector>

#include "nn/train/kernel_normals.hpp"

namespace ohmic {

using at::Tensor;

struct WeightNoise::State {
  State(TorchGraph& g, double relative, NoiseKey k)
      : graph(g),
        kernels(g.kernels()),
        eta(relative),
        key(k),
        event(at::zeros({}, g.parameters().options().dtype(at::kLong))) {
    std::vector<NoisyKernel> places;
    for (const Tensor& kernel : kernels) {
      const std::int64_t outputs = kernel.size(0), inputs = kernel.size(1);
      places.push_back(
          {kernel.storage_offset(), kernel.numel(), inputs, kernel.numel() / (outputs * inputs)});
      largest = std::max(largest, kernel.numel());
    }
    constexpr std::int64_t kFields = sizeof(NoisyKernel) / sizeof(std::int64_t);
    table = at::from_blob(places.data(), {std::ssize(places), kFields}, at::kLong)
                .to(event.device(), /*non_blocking=*/false, /*copy=*/true);
  }

  void draw_normals(const Tensor& z, [[maybe_unused]] void* stream) const {
#ifdef OHMIC_CUDA
    if (event.is_cuda())
      return draw_on_gpu({key, event.data_ptr<std::int64_t>(),
                          reinterpret_cast<const NoisyKernel*>(table.data_ptr<std::int64_t>()),
                          static_cast<std::int32_t>(kernels.size()), largest, z.data_ptr<float>()},
                         event.device().index(), stream);
#endif
    const auto number = static_cast<std::uint64_t>(event.item<std::int64_t>());
    std::vector<float> values;
    std::uint16_t index = 0;
    for (const Tensor& kernel : kernels) {
      values.resize(static_cast<std::size_t>(kernel.numel()));
      fill_normals(key, {Stream::training_noise, index++, 0, number}, 0, std::span<float>(values));
      TorchGraph::at_place(z, kernel).copy_(
          at::from_blob(values.data(), kernel.sizes(), at::kFloat));
    }
  }

  TorchGraph& graph;
  std::vector<Tensor> kernels;
  double eta;
  NoiseKey key;
  Tensor event;
  Tensor table;  ///< of NoisyKernel
  std::int64_t largest = 0;
};

WeightNoise::WeightNoise(TorchGraph& graph, double eta, NoiseKey key)
    : state_(std::make_unique<State>(graph, eta, key)) {}
WeightNoise::~WeightNoise() = default;
WeightNoise::WeightNoise(WeightNoise&&) noexcept = default;

void WeightNoise::seek(std::int64_t event) { state_->event.fill_(event); }

Tensor WeightNoise::draw(void* stream) const {
  const at::NoGradGuard no_gradients;
  const Tensor noise = at::zeros_like(state_->graph.parameters());
  state_->draw_normals(noise, stream);
  for (const Tensor& kernel : state_->kernels)
    TorchGraph::at_place(noise, kernel).mul_(kernel.std(false) * state_->eta);
  return noise;
}

bool WeightNoise::can_be_recorded() const {
#ifdef OHMIC_CUDA
  return true;
#else
  return state_->event.is_cpu();
#endif
}

}  // namespace ohmic
