#include "nn/torch/fused_norm.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

#include "nn/channel_passes.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using at::Tensor;

/// Values x channels in memory.
Tensor by_channel(const Tensor& x) {
  OHMIC_ASSERT(x.dim() == 2 || x.dim() == 4);
  return x.contiguous(x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

std::int64_t values(const Tensor& x) { return x.numel() / x.size(1); }

/// As at::batch_norm does: a batch's variance counts with Bessel's correction.
void move_running(const ChannelMoments& batch, std::int64_t values, double momentum,
                  const NormTensors& norm) {
  const auto n = static_cast<double>(values);
  float* mean = norm.running_mean.data_ptr<float>();
  float* variance = norm.running_var.data_ptr<float>();
  const auto move = [&](float& running, double now) {
    running = static_cast<float>(momentum * now + (1 - momentum) * running);
  };
  for (std::size_t c = 0; c < batch.mean.size(); ++c) {
    move(mean[c], batch.mean[c]);
    move(variance[c], batch.variance[c] * n / (n - 1));
  }
}

class FusedNorm : public torch::autograd::Function<FusedNorm> {
 public:
  using Context = torch::autograd::AutogradContext;

  static Tensor forward(Context* context, const Tensor& input, const Tensor& weight,
                        const Tensor& bias, const c10::optional<Tensor>& residual,
                        const NormTensors& norm, const NormSettings& settings) {
    const Tensor x = by_channel(input), y = at::empty_like(x);
    const Tensor r = residual ? by_channel(*residual) : Tensor();
    const ChannelMoments batch = channel_moments(x.data_ptr<float>(), values(x), x.size(1));
    move_running(batch, values(x), settings.momentum, norm);
    const Tensor moments = at::empty({2, x.size(1)}, x.options());
    float *mean = moments.data_ptr<float>(), *rate = mean + x.size(1);
    for (std::size_t c = 0; c < batch.mean.size(); ++c) {
      mean[c] = batch.mean[c];
      rate[c] = static_cast<float>(1 / std::sqrt(batch.variance[c] + settings.epsilon));
    }
    normalize(of_batch(x, moments, weight, bias, settings.relu), x.data_ptr<float>(),
              r.defined() ? r.data_ptr<float>() : nullptr, y.data_ptr<float>());
    context->save_for_backward({x, moments, weight, bias, settings.relu ? y : Tensor()});
    context->saved_data["adds"] = r.defined();
    return y;
  }

  static torch::autograd::variable_list backward(Context* context,
                                                 const torch::autograd::variable_list& of_outputs) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &y = saved[4], of_y = by_channel(of_outputs.front());
    const bool relu = y.defined(), adds = context->saved_data.at("adds").toBool();
    const Tensor of_r = relu ? at::empty_like(x) : of_y;
    const Tensor of_x = relu && !adds ? of_r : at::empty_like(x);
    const Tensor of_weight = at::empty_like(saved[2]), of_bias = at::empty_like(saved[3]);
    normalize_backward(of_batch(x, saved[1], saved[2], saved[3], relu), x.data_ptr<float>(),
                       relu ? y.data_ptr<float>() : nullptr, of_y.data_ptr<float>(),
                       {of_r.data_ptr<float>(), of_x.data_ptr<float>(), of_weight.data_ptr<float>(),
                        of_bias.data_ptr<float>()});
    return {of_x, of_weight, of_bias, adds ? of_r : Tensor(), Tensor(), Tensor()};
  }

 private:
  static NormOfBatch of_batch(const Tensor& x, const Tensor& moments, const Tensor& weight,
                              const Tensor& bias, bool relu) {
    const float* mean = moments.data_ptr<float>();
    return {values(x),
            x.size(1),
            mean,
            mean + x.size(1),
            weight.data_ptr<float>(),
            bias.data_ptr<float>(),
            relu};
  }
};

}  // namespace

Tensor fused_norm(const Tensor& x, const NormTensors& norm, const Tensor& residual,
                  const NormSettings& settings) {
  const c10::optional<Tensor> r =
      residual.defined() ? c10::optional<Tensor>(residual) : c10::nullopt;
  return FusedNorm::apply(x, norm.weight, norm.bias, r, norm, settings);
}

}  // namespace ohmic
