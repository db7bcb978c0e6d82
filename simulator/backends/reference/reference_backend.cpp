#include "simulator/backends/reference/reference_backend.hpp"

#include <algorithm>
#include <cmath>

#include "simulator/error.hpp"
#include "simulator/quantizer.hpp"

namespace ohmic {
namespace {

/// The K inputs of one output position of one image; 0 where the kernel reaches into the padding.
void gather_patch(const ConvGeometry& g, const float* image, int oy, int ox,
                  std::vector<double>& patch) {
  std::size_t k = 0;
  for (int c = 0; c < g.in_channels; ++c)
    for (int ky = 0; ky < g.kernel_height; ++ky)
      for (int kx = 0; kx < g.kernel_width; ++kx, ++k) {
        const int iy = oy * g.stride - g.pad_top + ky, ix = ox * g.stride - g.pad_left + kx;
        const bool inside = iy >= 0 && iy < g.in_height && ix >= 0 && ix < g.in_width;
        patch[k] = inside ? image[(iy * g.in_width + ix) * g.in_channels + c] : 0.0;
      }
}

class ReferenceLayer final : public LoadedLayer {
 public:
  ReferenceLayer(const LayerOnTiles& layer, const Epilogue& epilogue)
      : g_(layer.geometry), epilogue_(epilogue), weights_(layer.effective_weights()) {}

  void forward(const float* x, std::int64_t images, std::uint64_t, const float* residual, float* y,
               Tally&) override {
    const std::int64_t in = std::int64_t{g_.in_height} * g_.in_width * g_.in_channels;
    const std::int64_t positions = std::int64_t{g_.out_height()} * g_.out_width();
    const std::size_t K = static_cast<std::size_t>(g_.rows());
    std::vector<double> patch(K);
    for (std::int64_t i = 0; i < images; ++i)
      for (std::int64_t p = 0; p < positions; ++p) {
        gather_patch(g_, x + i * in, static_cast<int>(p / g_.out_width()),
                     static_cast<int>(p % g_.out_width()), patch);
        for (int n = 0; n < g_.out_channels; ++n) {
          double sum = 0.0;
          for (std::size_t k = 0; k < K; ++k)
            sum += patch[k] * weights_[static_cast<std::size_t>(n) * K + k];
          const std::int64_t at = (i * positions + p) * g_.out_channels + n;
          y[at] = static_cast<float>(finish(n, sum, residual ? residual[at] : 0.0f));
        }
      }
  }

  void observe(const float* x, std::int64_t images, LayerRanges& ranges) override {
    const std::int64_t size = images * g_.in_height * g_.in_width * g_.in_channels;
    for (std::int64_t i = 0; i < size; ++i)
      ranges.input = std::max(ranges.input, std::abs(double{x[i]}));
  }

 private:
  double finish(int n, double sum, double residual) const {
    const auto c = static_cast<std::size_t>(n);
    const double y = epilogue_.scale[c] * sum + epilogue_.shift[c] + residual;
    return epilogue_.relu ? relu(y) : y;
  }

  ConvGeometry g_;
  Epilogue epilogue_;
  std::vector<float> weights_;
};

}  // namespace

std::string ReferenceBackend::refusal(const LayerOnTiles& layer) const {
  if (!layer.is_ideal_per_mvm()) return "backend \"reference\" computes ideal periphery only";
  return {};
}

std::unique_ptr<LoadedLayer> ReferenceBackend::load(const LayerOnTiles& layer,
                                                    const Epilogue& epilogue, const LayerRanges*) {
  if (std::string why = refusal(layer); !why.empty()) throw UnsupportedError(why);
  return std::make_unique<ReferenceLayer>(layer, epilogue);
}

}  // namespace ohmic
