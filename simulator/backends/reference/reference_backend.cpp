#include "simulator/backends/reference/reference_backend.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <optional>

#include "simulator/converters.hpp"
#include "simulator/error.hpp"
#include "simulator/quantizer.hpp"
#include "simulator/random/short_noise.hpp"
#include "simulator/range_observer.hpp"
#include "simulator/solved_product.hpp"

namespace ohmic {
namespace {

/// Rows [first, first + patch.size()) of the inputs at one output position of one image; 0 where
/// the kernel reaches into the padding, `bias` in the bias row. Rows count from `channel` on.
void gather_patch(const ConvGeometry& g, const std::vector<double>& image, double bias,
                  int position, int channel, int first, std::span<double> patch) {
  const int oy = position / g.out_width(), ox = position % g.out_width();
  for (std::size_t i = 0; i < patch.size(); ++i) {
    const int k = first + static_cast<int>(i);
    if (k == g.kernel_rows()) {
      patch[i] = bias;
      continue;
    }
    const int kx = k % g.kernel_width, ky = k / g.kernel_width % g.kernel_height;
    const int c = channel + k / (g.kernel_width * g.kernel_height);
    const int iy = oy * g.stride_height - g.pad_top + ky * g.dilation_height;
    const int ix = ox * g.stride_width - g.pad_left + kx * g.dilation_width;
    const bool inside = iy >= 0 && iy < g.in_height && ix >= 0 && ix < g.in_width;
    patch[i] =
        inside ? image[static_cast<std::size_t>((iy * g.in_width + ix) * g.in_channels + c)] : 0.0;
  }
}

std::vector<double> convert_inputs(const InputPlan& plan, std::span<const float> x, Tally& tally) {
  std::vector<double> codes(x.begin(), x.end());
  if (!plan.converts) return codes;
  // The quotient in single precision on every back end: no code may hang on how it is computed.
  const float codes_per_x = static_cast<float>(1.0 / plan.step);
  for (double& code : codes) {
    const float scaled = static_cast<float>(code) * codes_per_x;
    const float lowest = static_cast<float>(plan.lowest),
                highest = static_cast<float>(plan.highest);
    ++tally.dac_samples;
    tally.dac_clipped += saturates(scaled, lowest, highest);
    code = quantize(scaled, lowest, highest);
  }
  return codes;
}

std::vector<double> drive_rows(const InputPlan& plan, const Phase& phase,
                               const std::vector<double>& codes) {
  if (plan.slice_mask == 0) return codes;
  std::vector<double> drive(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i)
    drive[i] = input_slice(static_cast<float>(codes[i]), phase.sign, phase.shift, plan.slice_mask);
  return drive;
}

/// Noise of one image in one phase of one product, [position][column].
struct Noise {
  std::vector<float> read, output, thermal, dither;
};

class ReferenceLayer final : public LoadedLayer {
 public:
  ReferenceLayer(const LayerOnTiles& layer, const Epilogue& epilogue, const LayerRanges* ranges,
                 ReadNoise read_noise)
      : layer_(layer), g_(layer_.geometry), epilogue_(epilogue), read_noise_(read_noise) {
    if (!layer.periphery.needs_ranges() || (ranges && !ranges->output.empty()))
      plan_ = plan_layer(layer, ranges ? *ranges : LayerRanges{});
  }

  void forward(const float* x, std::int64_t images, std::uint64_t first_image,
               const float* residual, float* y, Tally& tally) override {
    OHMIC_ASSERT(plan_);
    const std::size_t in = values_in(), out = values_out();
    for (std::size_t i = 0; i < static_cast<std::size_t>(images); ++i) {
      const auto codes = convert_inputs(plan_->input, {x + i * in, in}, tally);
      const auto sums = sum_products(codes, first_image + i, tally);
      for (std::size_t o = 0; o < out; ++o)
        y[i * out + o] = finish(o, sums[o], residual ? residual[i * out + o] : 0.0);
    }
  }

  void observe(const float* x, std::int64_t images, LayerRanges& ranges) override {
    if (!observer_) observer_.emplace(layer_);
    const std::size_t in = values_in();
    observer_->see_inputs({x, static_cast<std::size_t>(images) * in});
    const LayerPlan plan = plan_observation(layer_, observer_->input_range());
    Tally ignored;
    for (std::size_t i = 0; i < static_cast<std::size_t>(images); ++i) {
      const auto codes = convert_inputs(plan.input, {x + i * in, in}, ignored);
      for (const Phase& phase : plan.input.phases)
        observe_products(plan, drive_rows(plan.input, phase, codes), phase.bias);
    }
    observer_->write(ranges);
  }

 private:
  std::size_t values_in() const {
    return static_cast<std::size_t>(g_.in_height) * g_.in_width * g_.in_channels;
  }
  std::size_t values_out() const {
    return static_cast<std::size_t>(g_.out_height()) * g_.out_width() * g_.out_channels;
  }

  std::vector<double> sum_products(const std::vector<double>& codes, std::uint64_t image,
                                   Tally& tally) const {
    std::vector<double> sums(values_out(), 0.0);
    for (std::size_t f = 0; f < plan_->input.phases.size(); ++f) {
      const auto drive = drive_rows(plan_->input, plan_->input.phases[f], codes);
      for (std::size_t t = 0; t < plan_->products.size(); ++t) {
        const std::uint64_t first = plan_->first_element(t, f);
        add_product(plan_->products[t], drive, noise_of(plan_->products[t], image, first), image,
                    first, plan_->input.phases[f], sums, tally);
      }
    }
    return sums;
  }

  Noise noise_of(const TileProduct& t, std::uint64_t image, std::uint64_t first) const {
    const std::size_t size = values_out();
    const auto draw = [&](Address address) {
      std::vector<float> z(size);
      fill_short_normals(layer_.key, address, first, z);
      return z;
    };
    Noise noise;
    if (!t.variance.empty() && read_noise_ == ReadNoise::per_column)
      noise.read = draw(read_noise_address(layer_.layer, image));
    if (!t.noise.empty()) noise.output = draw(output_noise_address(layer_.layer, image));
    if (plan_->adc.thermal > 0) noise.thermal = draw(thermal_noise_address(layer_.layer, image));
    if (plan_->adc.dithers) {
      noise.dither.resize(size);
      fill_uniforms(layer_.key, dither_address(layer_.layer, image), first, noise.dither);
    }
    return noise;
  }

  void add_product(const TileProduct& t, const std::vector<double>& drive, const Noise& noise,
                   std::uint64_t image, std::uint64_t first, const Phase& phase,
                   std::vector<double>& sums, Tally& tally) const {
    std::vector<double> patch(static_cast<std::size_t>(t.rows));
    const std::vector<double> solved = solve(*plan_, t, drive, phase.bias);
    for (std::int64_t p = 0; p < plan_->positions; ++p) {
      for (int n = 0; n < plan_->columns; ++n) {
        gather_for(n, drive, phase.bias, p, t.first_row, patch);
        const std::size_t o = static_cast<std::size_t>(p) * plan_->columns + n;
        double v = solved.empty() ? product(t, n, patch) : solved[o];
        v += read(t, n, patch, noise, image, first + o, o);
        const std::size_t c = static_cast<std::size_t>(n);
        if (!noise.output.empty()) v += t.noise[c] * noise.output[o];
        sums[o] += phase.weight * t.digital[c] * convert(t, n, v, noise, o, tally);
      }
    }
  }

  /// The patch that column n sees, where it is not that of the column before.
  void gather_for(int n, const std::vector<double>& drive, double bias, std::int64_t position,
                  int first_row, std::span<double> patch) const {
    if (n % (g_.out_channels / g_.groups) == 0)
      gather_patch(g_, drive, bias, static_cast<int>(position), g_.first_channel(n), first_row,
                   patch);
  }

  static double product(const TileProduct& t, int n, std::span<const double> patch) {
    const std::size_t first = static_cast<std::size_t>(n) * patch.size();
    double sum = 0.0;
    for (std::size_t k = 0; k < patch.size(); ++k) sum += patch[k] * t.G[first + k];
    for (std::size_t k = 0; k < (t.a.empty() ? 0 : patch.size()); ++k) {
      const double d = patch[k];
      sum += d * std::abs(d) * t.a[first + k] + d * d * d * t.b[first + k];
    }
    return sum;
  }

  /// Outputs of a product whose circuits are solved, [position][column]; empty for all others.
  std::vector<double> solve(const LayerPlan& plan, const TileProduct& t,
                            const std::vector<double>& drive, double bias) const {
    std::vector<double> outputs;
    if (t.circuits.empty()) return outputs;
    outputs.resize(values_out());
    std::exception_ptr failure;
#pragma omp parallel for schedule(dynamic)
    for (std::int64_t p = 0; p < plan.positions; ++p) try {
        std::vector<double> patch(static_cast<std::size_t>(t.rows));
        gather_for(0, drive, bias, p, t.first_row, patch);
        const auto own = solved_outputs(layer_, t, patch, plan.input.volts);
        std::copy(own.begin(), own.end(), outputs.begin() + p * plan.columns);
      } catch (...) {
#pragma omp critical(ohmic_circuits)
        failure = std::current_exception();
      }
    if (failure) std::rethrow_exception(failure);
    return outputs;
  }

  double read(const TileProduct& t, int n, std::span<const double> patch, const Noise& noise,
              std::uint64_t image, std::uint64_t element, std::size_t o) const {
    if (t.variance.empty()) return 0.0;
    double variance = 0.0, drawn = 0.0;
    for (std::size_t k = 0; k < patch.size(); ++k) {
      const std::size_t cell = static_cast<std::size_t>(n) * patch.size() + k;
      const double own = patch[k] * patch[k] * t.variance[cell];
      variance += own;
      if (read_noise_ == ReadNoise::per_cell)
        drawn += std::sqrt(own) * normal_at(layer_.key, {Stream::read, layer_.layer, 1, image},
                                            element * patch.size() + k);
    }
    return read_noise_ == ReadNoise::per_cell ? drawn : std::sqrt(variance) * noise.read[o];
  }

  /// What the converter of column n gives for v.
  double convert(const TileProduct& t, int n, double v, const Noise& noise, std::size_t o,
                 Tally& tally) const {
    const AdcPlan& adc = plan_->adc;
    if (!adc.converts) return v;
    if (!t.offset.empty()) v += t.offset[static_cast<std::size_t>(n)];
    if (adc.thermal > 0) v += adc.thermal * noise.thermal[o];
    if (adc.inl != 0) v = bend(v, adc.inl, t.highest);
    ++tally.adc_samples;
    tally.adc_clipped += saturates(v, t.lowest, t.highest);
    if (adc.has_capacitors) v = approximate(t, n, v);
    return adc.dithers ? quantize_dithered(v, double{noise.dither[o]}, t.lowest, t.highest)
                       : quantize(v, t.lowest, t.highest);
  }

  /// Successive approximation with the capacitors of column n's converter.
  double approximate(const TileProduct& t, int n, double v) const {
    const double zero = sar_zero(plan_->adc.bits, t.lowest);
    double level = 0, code = 0;
    for (int bit = plan_->adc.bits - 1; bit >= 0; --bit)
      sar_decision(clamp_code(v, t.lowest, t.highest) + zero + 0.5,
                   t.capacitors[static_cast<std::size_t>(bit * plan_->columns + n)], std::exp2(bit),
                   level, code);
    return code - zero;
  }

  float finish(std::size_t o, double sum, double residual) const {
    const std::size_t c = o % static_cast<std::size_t>(plan_->columns);
    const double y = epilogue_.scale[c] * sum + epilogue_.shift[c] + residual;
    return static_cast<float>(epilogue_.relu ? relu(y) : y);
  }

  void observe_products(const LayerPlan& plan, const std::vector<double>& drive, double bias) {
    for (std::size_t i = 0; i < plan.products.size(); ++i) {
      const TileProduct& t = plan.products[i];
      std::vector<double> patch(static_cast<std::size_t>(t.rows));
      std::vector<double> outputs = solve(plan, t, drive, bias);
      if (outputs.empty())
        for (std::int64_t p = 0; p < plan.positions; ++p)
          for (int n = 0; n < plan.columns; ++n) {
            gather_for(n, drive, bias, p, t.first_row, patch);
            outputs.push_back(product(t, n, patch));
          }
      observer_->see_outputs(i, std::span<const double>(outputs));
    }
  }

  LayerOnTiles layer_;
  const ConvGeometry& g_;
  Epilogue epilogue_;
  ReadNoise read_noise_;
  std::optional<LayerPlan> plan_;  ///< absent until ranges are known
  std::optional<RangeObserver> observer_;
};

}  // namespace

std::unique_ptr<LoadedLayer> ReferenceBackend::load(const LayerOnTiles& layer,
                                                    const Epilogue& epilogue,
                                                    const LayerRanges* ranges) {
  return std::make_unique<ReferenceLayer>(layer, epilogue, ranges, read_noise_);
}

}  // namespace ohmic
