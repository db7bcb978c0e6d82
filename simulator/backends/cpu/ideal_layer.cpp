#include "simulator/backends/cpu/ideal_layer.hpp"

#include <cmath>
#include <optional>

#include "simulator/backends/cpu/chunks.hpp"
#include "simulator/backends/cpu/onednn.hpp"

namespace ohmic::cpu {
namespace {

class IdealLayer final : public LoadedLayer {
 public:
  IdealLayer(const LayerOnTiles& layer, const Epilogue& epilogue)
      : geometry_(layer.geometry),
        chunk_(images_per_chunk(geometry_)),
        shift_(epilogue.shift),
        plain_(spec(epilogue.relu, false)),
        residual_(spec(epilogue.relu, true)) {
    std::vector<float> weights = layer.effective_weights();
    const auto K = static_cast<std::size_t>(geometry_.kernel_rows());
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] *= epilogue.scale[i / K];
    const std::vector<float> bias = layer.effective_bias();
    for (std::size_t n = 0; n < bias.size(); ++n) shift_[n] += epilogue.scale[n] * bias[n];
    weights_ = plain_.pack(weights);
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
  onednn::ConvolutionSpec spec(bool relu, bool residual) const {
    return {geometry_, chunk_, onednn::Format::f32, true, residual, relu};
  }
  std::int64_t values_in() const {
    return std::int64_t{geometry_.in_height} * geometry_.in_width * geometry_.in_channels;
  }
  std::int64_t values_out() const {
    return std::int64_t{geometry_.out_height()} * geometry_.out_width() * geometry_.out_channels;
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
    (residual ? residual_ : plain_).run(x, weights_, shift_.data(), y);
  }

  ConvGeometry geometry_;
  int chunk_;
  std::vector<float> shift_;
  onednn::Convolution plain_, residual_;
  onednn::Weights weights_;
};

}  // namespace

std::unique_ptr<LoadedLayer> load_ideal(const LayerOnTiles& layer, const Epilogue& epilogue) {
  return std::make_unique<IdealLayer>(layer, epilogue);
}

}  // namespace ohmic::cpu
