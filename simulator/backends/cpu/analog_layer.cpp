#include "simulator/backends/cpu/analog_layer.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>
#include <utility>

#include "simulator/backends/cpu/bit_products.hpp"
#include "simulator/backends/cpu/not_numbers.hpp"
#include "simulator/backends/cpu/passes.hpp"
#include "simulator/backends/cpu/tile_products.hpp"
#include "simulator/backends/cpu/winograd_products.hpp"
#include "simulator/error.hpp"
#include "simulator/random/short_noise.hpp"
#include "simulator/range_observer.hpp"

namespace ohmic::cpu {
namespace {

constexpr std::size_t kBlock = 1024;  // values; a few buffers of it fit the first-level cache

/// Values per column, repeated over as many positions as make a block.
std::vector<float> repeated(const std::vector<double>& per_column, std::size_t block) {
  std::vector<float> values(per_column.empty() ? 0 : block);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(per_column[i % per_column.size()]);
  return values;
}

/// The converters below one product.
struct Converters {
  std::vector<float> noise, offset, digital;  ///< a block each, or empty
  std::vector<float> capacitors;              ///< [bit][block]
  float lowest = 0, highest = 0;
};

Converters converters_of(const TileProduct& t, const Epilogue& epilogue, std::size_t block) {
  Converters c;
  std::vector<double> digital = t.digital;
  for (std::size_t n = 0; n < digital.size(); ++n) digital[n] *= epilogue.scale[n];
  c.noise = repeated(t.noise, block);
  c.offset = repeated(t.offset, block);
  c.digital = repeated(digital, block);
  const std::size_t N = t.digital.size();
  for (std::size_t first = 0; first < t.capacitors.size(); first += N) {
    const auto begin = t.capacitors.begin() + static_cast<std::ptrdiff_t>(first);
    const auto bit = repeated({begin, begin + static_cast<std::ptrdiff_t>(N)}, block);
    c.capacitors.insert(c.capacitors.end(), bit.begin(), bit.end());
  }
  c.lowest = static_cast<float>(t.lowest);
  c.highest = static_cast<float>(t.highest);
  return c;
}

/// Values of one image in one phase of one product: whose noise is drawn, and their place in the
/// digital sum.
struct Conversion {
  std::uint64_t image, first_element;
  float weight;
  bool is_first, is_last;
};

/// Columns of a layer that is ready to compute: everything after the products.
class Columns {
 public:
  Columns(const LayerOnTiles& layer, const LayerPlan& plan, const Epilogue& epilogue)
      : key_(layer.key), layer_(layer.layer), adc_(plan.adc), relu_(epilogue.relu) {
    is_plain_ = adc_.converts && adc_.inl == 0 && adc_.thermal == 0 && !adc_.dithers &&
                !adc_.has_capacitors;
    const auto N = static_cast<std::size_t>(plan.columns);
    const std::size_t values = static_cast<std::size_t>(plan.positions) * N;
    block_ = std::min(values, std::max(kBlock / N, std::size_t{1}) * N);
    for (const TileProduct& t : plan.products)
      converters_.push_back(converters_of(t, epilogue, block_));
    shift_ = repeated({epilogue.shift.begin(), epilogue.shift.end()}, block_);
  }

  /// Adds `size` values of one product of an image, from the first column of a position on, and
  /// their variances to y, through noise and converter.
  void add(std::size_t product, const Conversion& conversion, std::size_t size, float* v,
           const float* variances, const float* residual, float* y, Tally& tally) const {
    for (std::size_t first = 0; first < size; first += block_) {
      Conversion here = conversion;
      here.first_element += first;
      Ends ends{nullptr, nullptr, here.is_last && relu_};
      if (here.is_first) ends = {shift_.data(), residual ? residual + first : nullptr, ends.relu};
      tally.adc_clipped +=
          add_block(converters_[product], here, ends, std::min(block_, size - first), v + first,
                    variances ? variances + first : nullptr, y + first);
    }
    if (adc_.converts) tally.adc_samples += size;
  }

 private:
  /// One block through noise and converter; returns how many conversions saturated.
  std::uint64_t add_block(const Converters& c, const Conversion& at, Ends ends, std::size_t size,
                          float* v, const float* variances, float* y) const {
    thread_local Buffer<float> z_read, z_output;
    Noise noise;
    if (variances)
      noise = {variances,
               draw(read_noise_address(layer_, at.image), at.first_element, size, z_read)};
    if (!c.noise.empty()) {
      noise.scale = c.noise.data();
      noise.z_output =
          draw(output_noise_address(layer_, at.image), at.first_element, size, z_output);
    }
    if (is_plain_ && c.offset.empty())
      return convert_nearest(v, noise, c.digital.data(), {c.lowest, c.highest, at.weight}, ends,
                             size, y);
    start_sums(ends, size, y);
    add_noise(noise, size, v);
    add_errors(c, at, size, v);
    const std::uint64_t saturated = convert(c, at, size, v, y);
    if (ends.relu) rectify(size, y);
    return saturated;
  }

  const float* draw(Address address, std::uint64_t first, std::size_t size,
                    Buffer<float>& z) const {
    float* values = z.at_least(block_);
    fill_short_normals(key_, address, first, {values, size});
    return values;
  }

  void add_errors(const Converters& c, const Conversion& at, std::size_t size, float* v) const {
    if (!c.offset.empty()) cpu::add(c.offset.data(), size, v);
    thread_local Buffer<float> z;
    if (adc_.thermal > 0)
      add_product(static_cast<float>(adc_.thermal),
                  draw(thermal_noise_address(layer_, at.image), at.first_element, size, z), size,
                  v);
  }

  /// Returns how many conversions saturated.
  std::uint64_t convert(const Converters& c, const Conversion& at, std::size_t size, float* v,
                        float* y) const {
    if (!adc_.converts) return accumulate(v, c.digital.data(), at.weight, size, y), 0;
    const Codes codes{c.lowest, c.highest, at.weight};
    std::uint64_t saturated = 0;
    if (adc_.inl != 0) bend_curve(static_cast<float>(adc_.inl), c.highest, size, v);
    if (adc_.has_capacitors) saturated = approximate_codes(c, codes, size, v);
    if (!adc_.dithers)
      return saturated + convert_nearest(v, {}, c.digital.data(), codes, {}, size, y);
    thread_local Buffer<float> u;
    float* uniforms = u.at_least(size);
    fill_uniforms(key_, dither_address(layer_, at.image), at.first_element, {uniforms, size});
    return saturated + convert_dithered(v, uniforms, c.digital.data(), codes, size, y);
  }

  std::uint64_t approximate_codes(const Converters& c, Codes codes, std::size_t size,
                                  float* v) const {
    thread_local Buffer<float> level, code;
    return approximate(c.capacitors.data(), block_, adc_.bits, codes, size, v, level.at_least(size),
                       code.at_least(size));
  }

  NoiseKey key_;
  std::uint16_t layer_;
  AdcPlan adc_;
  bool relu_;
  bool is_plain_;  ///< the converters do nothing but round
  std::size_t block_;
  std::vector<Converters> converters_;
  std::vector<float> shift_;
};

/// A layer whose ranges are known.
struct Ready {
  Ready(const LayerOnTiles& layer, const LayerRanges& ranges, const Epilogue& epilogue, int images)
      : plan(plan_layer(layer, ranges)), columns(layer, plan, epilogue) {
    const Products format = layer.periphery.products;
    if (BitProducts::cover(layer, plan))
      bits.emplace(layer, plan, format);
    else if (format == Products::automatic)
      choose(layer, images);
    else if (WinogradProducts::cover(layer, plan))
      winograd.emplace(layer, plan);
    if (!bits && !winograd && !products) products.emplace(layer, plan, images, format);
    for (TileProduct& t : plan.products) t = {};  // packed now
  }

  /// The fastest whose roundings are not seen; floats where there is none.
  void choose(const LayerOnTiles& layer, int images) {
    if (TileProducts::may_be_short(layer, plan)) {
      products.emplace(layer, plan, images, Products::bf16x2);
      if (products->worst_error() > kMostRounding) products.reset();
    } else if (WinogradProducts::cover(layer, plan)) {
      winograd.emplace(layer, plan);
      if (std::max(winograd->worst_error(), winograd->worst_read_error()) > kMostRounding)
        winograd.reset();
    }
  }

  LayerPlan plan;
  Columns columns;
  /// One of them.
  std::optional<BitProducts> bits;
  std::optional<WinogradProducts> winograd;
  std::optional<TileProducts> products;
};

class AnalogLayer final : public LoadedLayer {
 public:
  AnalogLayer(const LayerOnTiles& layer, const Epilogue& epilogue, const LayerRanges* ranges)
      : geometry_(layer.geometry), chunk_(images_per_chunk(layer.geometry)) {
    const ConvGeometry& g = layer.geometry;
    values_in_ = static_cast<std::size_t>(g.in_height) * g.in_width * g.in_channels;
    values_out_ = static_cast<std::size_t>(g.out_height()) * g.out_width() * g.out_channels;
    const bool is_known = ranges && !ranges->output.empty();
    if (is_known || !layer.periphery.needs_ranges())
      ready_.emplace(layer, ranges ? *ranges : LayerRanges{}, epilogue, chunk_);
    if (!is_known) observed_.emplace(layer);
  }

  double products_error() const override {
    if (!ready_) return 0;
    if (ready_->winograd) return ready_->winograd->worst_error();
    return ready_->bits ? ready_->bits->worst_error() : ready_->products->worst_error();
  }

  void forward(const float* x, std::int64_t images, std::uint64_t first_image,
               const float* residual, float* y, Tally& tally) override {
    OHMIC_ASSERT(ready_);
    for_each_chunk(images, chunk_, [&](std::int64_t first, std::int64_t count) {
      const auto at = static_cast<std::size_t>(first) * values_out_;
      Tally own;
      const Chunk chunk{x + static_cast<std::size_t>(first) * values_in_,
                        static_cast<std::size_t>(count),
                        first_image + static_cast<std::uint64_t>(first),
                        residual ? residual + at : nullptr, y + at};
      if (ready_->bits)
        add_bits(chunk, own);
      else if (ready_->winograd)
        add_winograd(chunk, own);
      else
        add_products(chunk, own);
#pragma omp critical(ohmic_tally)
      tally += own;
    });
  }

  void observe(const float* x, std::int64_t images, LayerRanges& ranges) override {
    OHMIC_ASSERT(observed_);
    if (!observer_) observer_.emplace(*observed_);
    observer_->see_inputs({x, static_cast<std::size_t>(images) * values_in_});
    const LayerPlan plan = plan_observation(*observed_, observer_->input_range());
    if (BitProducts::cover(*observed_, plan))
      observe_bits(plan, x, static_cast<std::size_t>(images));
    else
      observe_products(plan, x, images);
    observer_->write(ranges);
  }

 private:
  static Workspace& workspace() {
    thread_local Workspace own;
    return own;
  }

  template <class T>
  void convert(const InputPlan& plan, const float* x, std::size_t size, T* codes,
               Tally& tally) const {
    if (!plan.converts) return copy_inputs(x, size, codes);
    tally.dac_samples += size;
    tally.dac_clipped +=
        convert_inputs(x, static_cast<float>(1.0 / plan.step), static_cast<float>(plan.lowest),
                       static_cast<float>(plan.highest), size, codes);
  }

  /// Matrices of bf16 numbers (AMX) spread what is no number to sums that do not see it, so that it
  /// is noted and drives no row. Sums over groups of channels are left to spread it.
  template <class T>
  void note_nan(const float* x, std::size_t size, Workspace& w) const {
    if constexpr (std::is_same_v<T, Bf16>) w.has_nan |= geometry_.groups == 1 && has_nan(x, size);
  }

  /// Drives the rows with the chunk's inputs and calls apply(phase index) for every phase.
  template <class T, class Apply>
  void drive_rows(const InputPlan& plan, const TileProducts& products, const float* x,
                  std::size_t count, Workspace& w, DriveBuffers<T>& to, Tally& tally,
                  const Apply& apply) const {
    w.has_nan = false;
    if (plan.slice_mask == 0) {
      products.drive(count, to, [&](std::size_t first, std::size_t size, T* out) {
        note_nan<T>(x + first, size, w);
        convert(plan, x + first, size, out, tally);
      });
      return apply(0);
    }
    float* codes = w.codes.at_least(count * values_in_);
    convert(plan, x, count * values_in_, codes, tally);
    for (std::size_t f = 0; f < plan.phases.size(); ++f) {
      const Phase& phase = plan.phases[f];
      products.drive(count, to, [&](std::size_t first, std::size_t size, T* out) {
        note_nan<T>(codes + first, size, w);
        slice_inputs(codes + first, phase.sign, phase.shift, plan.slice_mask, size, out);
      });
      apply(f);
    }
  }

  template <class Apply>
  void drive_rows(const InputPlan& plan, const TileProducts& products, const float* x,
                  std::size_t count, Workspace& w, Tally& tally, const Apply& apply) const {
    products.multiplies_bf16() ? drive_rows(plan, products, x, count, w, w.bf16, tally, apply)
                               : drive_rows(plan, products, x, count, w, w.f32, tally, apply);
  }

  /// Images that one thread computes.
  struct Chunk {
    const float* x;
    std::size_t count;
    std::uint64_t first_image;
    const float* residual;
    float* y;
  };

  /// Adds a part of image first + part.image to the digital sum.
  void add(const Chunk& chunk, std::size_t first, const ImagePart& part, Tally& tally) const {
    const LayerPlan& plan = ready_->plan;
    const auto N = static_cast<std::size_t>(plan.columns);
    const std::size_t image = first + part.image, value = part.first * N;
    const std::size_t at = image * values_out_ + value;
    const bool is_first = part.product + part.phase == 0;
    const bool is_last =
        part.product + 1 == plan.products.size() && part.phase + 1 == plan.input.phases.size();
    const Conversion conversion{
        chunk.first_image + image, plan.first_element(part.product, part.phase) + value,
        static_cast<float>(plan.input.phases[part.phase].weight), is_first, is_last};
    ready_->columns.add(part.product, conversion, part.positions * N, part.sums, part.variances,
                        chunk.residual ? chunk.residual + at : nullptr, chunk.y + at, tally);
  }

  /// broken_positions of each image; afterwards what is no number drives rows with nothing.
  std::vector<std::vector<bool>> broken_by(const Chunk& chunk, Workspace& w) const {
    std::vector<std::vector<bool>> broken;
    for (std::size_t i = 0; i < chunk.count; ++i)
      broken.push_back(broken_positions(geometry_, chunk.x + i * values_in_));
    ready_->products->drop_nan(w.bf16);
    return broken;
  }

  void add_products(const Chunk& chunk, Tally& tally) const {
    Workspace& w = workspace();
    const LayerPlan& plan = ready_->plan;
    const auto positions = static_cast<std::size_t>(plan.positions);
    const auto add_phase = [&](std::size_t f) {
      const double bias = plan.input.phases[f].bias;
      const std::vector<std::vector<bool>> broken =
          w.has_nan ? broken_by(chunk, w) : std::vector<std::vector<bool>>{};
      ready_->products->multiply(bias, w, [&](std::size_t product, float* v, float* variances) {
        for (std::size_t at = 0, i = 0; i < chunk.count; ++i, at += values_out_) {
          if (!broken.empty())
            break_sums(broken[i], 0, positions, static_cast<std::size_t>(plan.columns), v + at);
          add(chunk, 0, {i, product, f, 0, positions, v + at, variances ? variances + at : nullptr},
              tally);
        }
      });
    };
    drive_rows(plan.input, *ready_->products, chunk.x, chunk.count, w, tally, add_phase);
  }

  /// Calls apply(first, count, codes) for `at_once` images at a time.
  template <class Apply>
  void convert_images(const InputPlan& input, const float* x, std::size_t images, Tally& tally,
                      const Apply& apply) const {
    float* codes = workspace().codes.at_least(values_in_);
    for (std::size_t i = 0; i < images; ++i) {
      convert(input, x + i * values_in_, values_in_, codes, tally);
      apply(i, codes);
    }
  }

  void add_bits(const Chunk& chunk, Tally& tally) const {
    convert_images(
        ready_->plan.input, chunk.x, chunk.count, tally, [&](std::size_t i, const float* codes) {
          ready_->bits->multiply(codes, workspace(),
                                 [&](const ImagePart& part) { add(chunk, i, part, tally); });
        });
  }

  void add_winograd(const Chunk& chunk, Tally& tally) const {
    convert_images(
        ready_->plan.input, chunk.x, chunk.count, tally, [&](std::size_t i, const float* codes) {
          ready_->winograd->multiply(codes, workspace(),
                                     [&](const ImagePart& part) { add(chunk, i, part, tally); });
        });
  }

  void observe_products(const LayerPlan& plan, const float* x, std::int64_t images) {
    const TileProducts products(*observed_, plan, chunk_, Products::f32);
    Workspace& w = workspace();
    Tally ignored;
    for (std::int64_t first = 0; first < images; first += chunk_) {
      const auto count = static_cast<std::size_t>(std::min<std::int64_t>(chunk_, images - first));
      const auto see = [&](std::size_t product, const float* v, const float*) {
        observer_->see_outputs(product, std::span(v, count * values_out_));
      };
      drive_rows(plan.input, products, x + static_cast<std::size_t>(first) * values_in_, count, w,
                 ignored,
                 [&](std::size_t f) { products.multiply(plan.input.phases[f].bias, w, see); });
    }
  }

  void observe_bits(const LayerPlan& plan, const float* x, std::size_t images) {
    const BitProducts products(*observed_, plan, Products::f32);
    Tally ignored;
    convert_images(plan.input, x, images, ignored, [&](std::size_t, const float* codes) {
      products.multiply(codes, workspace(), [&](const ImagePart& part) {
        const auto N = static_cast<std::size_t>(plan.columns);
        observer_->see_outputs(part.product, std::span<const float>(part.sums, part.positions * N));
      });
    });
  }

  ConvGeometry geometry_;
  int chunk_;
  std::size_t values_in_, values_out_;
  std::optional<Ready> ready_;            ///< absent until ranges are known
  std::optional<LayerOnTiles> observed_;  ///< what calibration looks at; absent once it has
  std::optional<RangeObserver> observer_;
};

}  // namespace

std::unique_ptr<LoadedLayer> load_analog(const LayerOnTiles& layer, const Epilogue& epilogue,
                                         const LayerRanges* ranges) {
  return std::make_unique<AnalogLayer>(layer, epilogue, ranges);
}

}  // namespace ohmic::cpu
