#include "simulator/backends/cpu/ideal_layer.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "simulator/backends/cpu/chunks.hpp"
#include "simulator/backends/cpu/onednn.hpp"

namespace ohmic::cpu {
namespace {

class IdealLayer final : public LoadedLayer {
 public:
  IdealLayer(const ConvGeometry& geometry, std::span<const float> weights,
             std::span<const float> bias, const Epilogue& epilogue, bool may_filter_minimally)
      : geometry_(geometry),
        chunk_(images_per_chunk(geometry_)),
        may_filter_minimally_(may_filter_minimally),
        shift_(epilogue.shift),
        plain_(spec(epilogue.relu, false)),
        residual_(spec(epilogue.relu, true)) {
    for (std::size_t n = 0; n < bias.size(); ++n) shift_[n] += epilogue.scale[n] * bias[n];
    const bool is_scaled = std::ranges::any_of(epilogue.scale, [](float v) { return v != 1.0f; });
    if (is_scaled)
      pack(scaled(weights, epilogue.scale));
    else
      pack(weights);
  }

  void forward(const float* x, std::int64_t images, std::uint64_t, const float* residual, float* y,
               Tally&) override {
    const std::int64_t in = values_in(), out = values_out();
    for_each_chunk(images, chunk_, [&](std::int64_t first, std::int64_t count) {
      run(x + first * in, count, residual ? residual + first * out : nullptr, y + first * out);
    });
  }

  void observe(const float* x, std::int64_t images, LayerRanges& ranges) override {
    for (std::int64_t i = 0; i < images * values_in(); ++i)
      ranges.input = std::max(ranges.input, std::abs(double{x[i]}));
  }

 private:
  void pack(std::span<const float> weights) {
    weights_ = plain_.pack(weights);
    if (!plain_.packs_as(residual_)) residual_weights_ = residual_.pack(weights);
  }
  onednn::ConvolutionSpec spec(bool relu, bool residual) const {
    return {geometry_, chunk_, onednn::Format::f32, true, residual, relu, may_filter_minimally_};
  }
  std::int64_t values_in() const {
    return std::int64_t{geometry_.in_height} * geometry_.in_width * geometry_.in_channels;
  }
  std::int64_t values_out() const {
    return std::int64_t{geometry_.out_height()} * geometry_.out_width() * geometry_.out_channels;
  }

  std::vector<float> scaled(std::span<const float> weights, const std::vector<float>& scale) const {
    const auto K = static_cast<std::size_t>(geometry_.kernel_rows());
    std::vector<float> values(weights.begin(), weights.end());
    for (std::size_t i = 0; i < values.size(); ++i) values[i] *= scale[i / K];
    return values;
  }

  void run(const float* x, std::int64_t count, const float* residual, float* y) const {
    if (count == chunk_) return run_full(x, count, residual, y);
    thread_local Buffer<float> inputs, outputs;
    const auto in = static_cast<std::size_t>(chunk_ * values_in());
    float* filled = inputs.at_least(in);
    std::fill(std::copy_n(x, count * values_in(), filled), filled + in, 0.0f);
    float* result = outputs.at_least(static_cast<std::size_t>(chunk_ * values_out()));
    run_full(filled, count, residual, result);
    std::copy_n(result, count * values_out(), y);
  }

  void run_full(const float* x, std::int64_t count, const float* residual, float* y) const {
    if (residual && residual != y) std::copy_n(residual, count * values_out(), y);
    if (residual)
      residual_.run(x, residual_weights_ ? *residual_weights_ : weights_, shift_.data(), y);
    else
      plain_.run(x, weights_, shift_.data(), y);
  }

  ConvGeometry geometry_;
  int chunk_;
  bool may_filter_minimally_;
  std::vector<float> shift_;
  onednn::Convolution plain_, residual_;
  onednn::Weights weights_;
  std::optional<onednn::Weights> residual_weights_;  ///< where oneDNN chose another layout for them
};

}  // namespace

std::unique_ptr<LoadedLayer> load_ideal(const ConvGeometry& geometry,
                                        std::span<const float> weights, std::span<const float> bias,
                                        const Epilogue& epilogue, bool may_filter_minimally) {
  return std::make_unique<IdealLayer>(geometry, weights, bias, epilogue, may_filter_minimally);
}

}  // namespace ohmic::cpu
