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

/// Null where there is no tensor.
float* numbers(const Tensor& x) { return x.defined() ? x.data_ptr<float>() : nullptr; }

std::int64_t values(const Tensor& x) { return x.numel() / x.size(1); }

/// As at::batch_norm does: a batch's variance counts with Bessel's correction.
void move_running(const ChannelMoments& batch, std::int64_t values, double momentum,
                  const NormTensors& norm) {
  const auto n = static_cast<double>(values);
  float* mean = numbers(norm.running_mean);
  float* variance = numbers(norm.running_var);
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
    const ChannelMoments batch = channel_moments(numbers(x), values(x), x.size(1));
    move_running(batch, values(x), settings.momentum, norm);
    const Tensor moments = at::empty({2, x.size(1)}, x.options());
    float *mean = numbers(moments), *rate = mean + x.size(1);
    for (std::size_t c = 0; c < batch.mean.size(); ++c) {
      mean[c] = batch.mean[c];
      rate[c] = static_cast<float>(1 / std::sqrt(batch.variance[c] + settings.epsilon));
    }
    normalize(of_batch(x, moments, weight, bias, settings.relu), numbers(x), numbers(r),
              numbers(y));
    const bool masks = settings.relu && r.defined();  // a ReLU's mask is else found from x
    context->save_for_backward({x, moments, weight, bias, masks ? y : Tensor()});
    context->saved_data["relu"] = settings.relu;
    context->saved_data["adds"] = r.defined();
    return y;
  }

  static torch::autograd::variable_list backward(Context* context,
                                                 const torch::autograd::variable_list& of_outputs) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[2], &bias = saved[3], &y = saved[4];
    const bool relu = context->saved_data.at("relu").toBool();
    const bool adds = context->saved_data.at("adds").toBool();
    const Tensor of_y = by_channel(of_outputs.front()), of_x = at::empty_like(x);
    const Tensor of_weight = at::empty_like(weight), of_bias = at::empty_like(bias);
    const Tensor of_r = y.defined() ? at::empty_like(x) : adds ? of_y : Tensor();
    normalize_backward(of_batch(x, saved[1], weight, bias, relu), numbers(x), numbers(y),
                       numbers(of_y),
                       {numbers(of_x), numbers(of_weight), numbers(of_bias), numbers(of_r)});
    return {of_x, of_weight, of_bias, of_r, Tensor(), Tensor()};
  }

 private:
  static NormOfBatch of_batch(const Tensor& x, const Tensor& moments, const Tensor& weight,
                              const Tensor& bias, bool relu) {
    const float* mean = numbers(moments);
    return {values(x), x.size(1), mean, mean + x.size(1), numbers(weight), numbers(bias), relu};
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
