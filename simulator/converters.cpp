#include "simulator/converters.hpp"

#include <algorithm>
#include <cmath>

#include "simulator/call_error.hpp"
#include "simulator/column_places.hpp"
#include "simulator/error.hpp"
#include "simulator/quantizer.hpp"

namespace ohmic {
namespace {

enum ConverterRole : std::uint8_t { kOffset = 0, kGain = 1, kCapacitors = 2 };

double codes_above_zero(int bits, bool unipolar) {
  return unipolar ? std::exp2(bits) - 1 : std::max(1.0, std::exp2(bits - 1) - 1);
}

double positive_or_one(double range) { return range > 0 ? range : 1.0; }

bool read_noise_acts(const LayerOnTiles& layer) {
  return layer.periphery.read_noise && layer.reads_noisily();
}

/// Slices of one sign's (or both signs') codes; `magnitude_bits` wide in all.
void add_slices(const Dac& dac, int sign, int magnitude_bits, double levels, InputPlan& plan) {
  const int width = std::min(dac.slice_bits.value_or(magnitude_bits), magnitude_bits);
  const double full_drive = width == magnitude_bits ? levels : std::exp2(width) - 1;
  plan.slice_mask = (1 << width) - 1;
  plan.drive_step = plan.step * levels / full_drive;
  for (int shift = 0; shift < magnitude_bits; shift += width)
    plan.phases.push_back(
        {sign, shift, (sign < 0 ? -1 : 1) * std::exp2(shift) * full_drive / levels});
}

/// Full scale of the inputs, in the units of each phase's drive.
void drive_bias(const LayerOnTiles& layer, InputPlan& plan) {
  if (layer.geometry.bias_rows == 0) return;
  for (Phase& phase : plan.phases) {
    phase.bias = plan.converts ? plan.highest : layer.input_full_scale;
    if (plan.slice_mask > 0)
      phase.bias =
          input_slice(static_cast<float>(plan.highest), phase.sign, phase.shift, plan.slice_mask);
  }
}

/// The voltage that a drive stands for: full drive is the cells' full scale.
void drive_volts(const LayerOnTiles& layer, InputPlan& plan) {
  if (!layer.cells) return;
  OHMIC_ASSERT(layer.input_full_scale > 0);
  const double code = plan.slice_mask > 0 ? plan.slice_mask : plan.highest;
  plan.volts = layer.cells->full_scale_V / (plan.converts ? code : layer.input_full_scale);
}

/// Places of a plane's columns among converters and groups that share a range.
struct Columns : ColumnPlaces {
  explicit Columns(const LayerOnTiles& layer)
      : ColumnPlaces(layer.geometry, layer.tile,
                     layer.periphery.adc ? layer.periphery.adc->columns_per_adc : 1),
        N(layer.geometry.columns()),
        row_tiles(layer.tile.row_tiles(layer.geometry.rows())) {}

  int N, row_tiles;
};

/// Full scale that no output can exceed by design.
double largest_output(const Plane& plane, int rows, double input_range) {
  return positive_or_one(input_range) * positive_or_one(plane.current_span_S) * rows;
}

class RangeFinder {
 public:
  RangeFinder(const LayerOnTiles& layer, const LayerRanges& ranges)
      : layer_(layer), ranges_(ranges), adc_(layer.periphery.adc.value_or(Adc{})), at_(layer) {}

  /// Full scale of column n below row tile r of plane p, in x * S.
  double full_scale(std::size_t p, int r, int n, int rows) const {
    const double largest = largest_output(layer_.planes[p], rows, ranges_.input);
    if (adc_.range == AdcRange::max) return largest;
    if (adc_.range == AdcRange::fixed) return adc_.full_scale * largest;
    require_call(ranges_.output.size() ==
                     layer_.planes.size() * static_cast<std::size_t>(at_.row_tiles * at_.N),
                 "a layer with calibrated converters needs the ranges that its calibration found");
    const auto tile = p * static_cast<std::size_t>(at_.row_tiles) + static_cast<std::size_t>(r);
    const double found =
        ranges_.output[tile * static_cast<std::size_t>(at_.N) + static_cast<std::size_t>(n)];
    return found > 0 ? found : largest;
  }

 private:
  const LayerOnTiles& layer_;
  const LayerRanges& ranges_;
  Adc adc_;
  Columns at_;
};

/// Frozen errors of the converters below one row tile of one plane.
class FrozenErrors {
 public:
  FrozenErrors(const LayerOnTiles& layer, std::size_t tile)
      : layer_(layer), adc_(*layer.periphery.adc), at_(layer), tile_(tile) {}

  double gain(int n) const { return 1 + adc_.gain_error * normal(kGain, n, 0, 1); }
  double offset(int n) const { return adc_.offset_lsb * normal(kOffset, n, 0, 1); }

  /// Capacitors of column n's converter, scaled so that all together span the codes exactly.
  std::vector<double> capacitors(int n) const {
    std::vector<double> c(static_cast<std::size_t>(adc_.bits));
    double sum = 0;
    for (int bit = 0; bit < adc_.bits; ++bit) {
      const double nominal = std::exp2(bit);
      c[static_cast<std::size_t>(bit)] = nominal + adc_.capacitor_mismatch * std::sqrt(nominal) *
                                                       normal(kCapacitors, n, bit, adc_.bits);
      sum += c[static_cast<std::size_t>(bit)];
    }
    for (double& value : c) value *= (std::exp2(adc_.bits) - 1) / sum;
    return c;
  }

 private:
  double normal(std::uint8_t role, int n, int item, int items) const {
    const std::uint64_t converter = tile_ * static_cast<std::size_t>(at_.converters()) +
                                    static_cast<std::size_t>(at_.converter(n));
    return normal_at(
        layer_.key, {Stream::adc, layer_.layer, role},
        converter * static_cast<std::uint64_t>(items) + static_cast<std::uint64_t>(item));
  }

  const LayerOnTiles& layer_;
  const Adc& adc_;
  Columns at_;
  std::size_t tile_;
};

/// Rows [first, first + rows) of column n of a K x N matrix times `factor`, appended.
void append_rows(const std::vector<double>& matrix, int K, int n, int first, int rows,
                 double factor, std::vector<double>& out) {
  if (matrix.empty()) return;
  const auto begin = matrix.begin() + std::ptrdiff_t{n} * K + first;
  std::transform(begin, begin + rows, std::back_inserter(out),
                 [=](double v) { return v * factor; });
}

int rows_of(const LayerOnTiles& layer, int r) {
  const int K = layer.geometry.rows();
  const int height = layer.tile.within(K, 1).rows;
  return std::min(height, K - r * height);
}

/// The arrays of one row tile of a plane, a circuit for each.
std::vector<WiredTile> circuits_of(const LayerOnTiles& layer, const Plane& plane,
                                   const TileProduct& t) {
  const int K = layer.geometry.rows(), N = layer.geometry.columns();
  const int width = layer.tile.within(K, N).columns;
  std::vector<WiredTile> circuits;
  for (const DeviceArray& array : plane.arrays)
    for (int first = 0; first < N; first += width) {
      WiredTile& tile =
          circuits.emplace_back(WiredTile{array.sign, first, std::min(width, N - first), {}});
      for (int n = first; n < first + tile.columns; ++n)
        append_rows(array.G_S, K, n, t.first_row, t.rows, 1.0, tile.G_S);
    }
  return circuits;
}

/// One row tile of one plane below which column n has `codes_per_xS[n]`.
TileProduct cut(const LayerOnTiles& layer, const Plane& plane, int r, bool noisy,
                const InputPlan& input, const std::vector<double>& codes_per_xS) {
  const int K = layer.geometry.rows(), N = layer.geometry.columns();
  TileProduct t;
  t.first_row = r * layer.tile.rows;
  t.rows = rows_of(layer, r);
  t.reads_noisily = noisy && (layer.awaits_noisy_devices || !plane.read_variance_S2.empty());
  for (int n = 0; n < N; ++n) {
    const double factor = codes_per_xS[static_cast<std::size_t>(n)] * input.drive_step;
    t.codes_per_S.push_back(factor);
    append_rows(plane.G_S, K, n, t.first_row, t.rows, factor, t.G);
    if (t.reads_noisily)
      append_rows(plane.read_variance_S2, K, n, t.first_row, t.rows, factor * factor, t.variance);
    if (!layer.cells) continue;
    const double V = input.volts;
    append_rows(plane.a_A_V2, K, n, t.first_row, t.rows, factor * V, t.a);
    append_rows(plane.b_A_V3, K, n, t.first_row, t.rows, factor * V * V, t.b);
    t.codes_per_A.push_back(factor / V);
  }
  t.reference_S = plane.reference_S;
  if (layer.is_solved_per_mvm()) t.circuits = circuits_of(layer, plane, t);
  return t;
}

TileProduct converted_product(const LayerOnTiles& layer, const RangeFinder& ranges, std::size_t p,
                              int r, const InputPlan& input) {
  const Plane& plane = layer.planes[p];
  const Periphery& around = layer.periphery;
  const Adc& adc = *around.adc;
  const int N = layer.geometry.columns(), rows = rows_of(layer, r);
  const bool unipolar = plane.unipolar && input.unipolar;
  const double levels = codes_above_zero(adc.bits, unipolar);
  const FrozenErrors errors(
      layer, p * static_cast<std::size_t>(layer.tile.row_tiles(layer.geometry.rows())) +
                 static_cast<std::size_t>(r));
  std::vector<double> codes_per_xS, noise, offset, digital;
  for (int n = 0; n < N; ++n) {
    const double full_scale = ranges.full_scale(p, r, n, rows), gain = errors.gain(n);
    codes_per_xS.push_back(levels / full_scale * gain);
    digital.push_back(layer.weight_per_S(plane, r, n) * full_scale / levels);
    if (around.output_noise) noise.push_back(around.output_noise->relative * levels * gain);
    if (adc.offset_lsb > 0) offset.push_back(errors.offset(n));
  }
  TileProduct t = cut(layer, plane, r, around.read_noise, input, codes_per_xS);
  t.noise = std::move(noise);
  t.offset = std::move(offset);
  t.digital = std::move(digital);
  t.lowest = unipolar ? 0 : -levels;
  t.highest = levels;
  if (adc.capacitor_mismatch > 0) {
    t.capacitors.resize(static_cast<std::size_t>(adc.bits * N));
    for (int n = 0; n < N; ++n) {
      const auto own = errors.capacitors(n);
      for (int bit = 0; bit < adc.bits; ++bit)
        t.capacitors[static_cast<std::size_t>(bit * N + n)] = own[static_cast<std::size_t>(bit)];
    }
  }
  return t;
}

/// Without converters the columns of all planes and row tiles meet as they are: sums of Gaussians
/// are one Gaussian, and codes are weights' units of y.
TileProduct unconverted_product(const LayerOnTiles& layer, const LayerRanges& ranges,
                                const InputPlan& input) {
  const int K = layer.geometry.rows(), N = layer.geometry.columns();
  const auto size = static_cast<std::size_t>(K) * static_cast<std::size_t>(N);
  TileProduct t;
  t.rows = K;
  t.reads_noisily = read_noise_acts(layer);
  if (!layer.planes.front().G_S.empty()) {
    t.G.assign(size, 0.0);
    if (t.reads_noisily) t.variance.assign(size, 0.0);
  }
  if (layer.cells) t.a.assign(size, 0.0), t.b.assign(size, 0.0);
  for (const Plane& plane : layer.planes) {
    std::vector<double> unit = layer.weights_of_cells(plane);
    for (double& u : unit) u *= input.drive_step;
    for (int r = 0; r < layer.tile.row_tiles(K); ++r)
      for (int n = 0; n < N; ++n)
        t.codes_per_S.push_back(layer.weight_per_S(plane, r, n) * input.drive_step);
    for (std::size_t i = 0; i < t.G.size(); ++i) t.G[i] += unit[i] * plane.G_S[i];
    if (!t.variance.empty() && !plane.read_variance_S2.empty())
      for (std::size_t i = 0; i < size; ++i)
        t.variance[i] += unit[i] * unit[i] * plane.read_variance_S2[i];
    for (std::size_t i = 0; i < t.a.size(); ++i) {
      t.a[i] += unit[i] * input.volts * plane.a_A_V2[i];
      t.b[i] += unit[i] * input.volts * input.volts * plane.b_A_V3[i];
    }
  }
  t.digital.assign(static_cast<std::size_t>(N), 1.0);
  if (!layer.periphery.output_noise) return t;
  const RangeFinder finder(layer, ranges);
  for (int n = 0; n < N; ++n) {
    double sum = 0;
    for (std::size_t p = 0; p < layer.planes.size(); ++p)
      for (int r = 0; r < layer.tile.row_tiles(K); ++r) {
        const double std = layer.weight_per_S(layer.planes[p], r, n) *
                           layer.periphery.output_noise->relative *
                           finder.full_scale(p, r, n, rows_of(layer, r));
        sum += std * std;
      }
    t.noise.push_back(std::sqrt(sum));
  }
  return t;
}

/// One row tile of one plane that no converter follows, for circuits that are solved one by one.
TileProduct solved_product(const LayerOnTiles& layer, const RangeFinder& ranges, std::size_t p,
                           int r, const InputPlan& input) {
  const Plane& plane = layer.planes[p];
  const int N = layer.geometry.columns();
  TileProduct t =
      cut(layer, plane, r, false, input, std::vector<double>(static_cast<std::size_t>(N), 1.0));
  for (int n = 0; n < N; ++n) {
    t.digital.push_back(layer.weight_per_S(plane, r, n));
    if (layer.periphery.output_noise)
      t.noise.push_back(layer.periphery.output_noise->relative *
                        ranges.full_scale(p, r, n, t.rows));
  }
  return t;
}

AdcPlan plan_adc(const Periphery& periphery) {
  if (!periphery.adc) return {};
  const Adc& adc = *periphery.adc;
  const double excess = adc.enob ? std::exp2(2 * (adc.bits - *adc.enob)) - 1 : 0;
  return {true,
          adc.bits,
          adc.inl_lsb,
          std::sqrt(std::max(0.0, excess) / 12),
          adc.rounding == Rounding::stochastic,
          adc.capacitor_mismatch > 0};
}

LayerPlan empty_plan(const LayerOnTiles& layer) {
  LayerPlan plan;
  plan.positions = std::int64_t{layer.geometry.out_height()} * layer.geometry.out_width();
  plan.columns = layer.geometry.columns();
  return plan;
}

}  // namespace

InputPlan plan_input(const Periphery& periphery, double range, bool linear) {
  InputPlan plan;
  plan.phases = {{}};
  if (!periphery.dac) return plan;
  const Dac& dac = *periphery.dac;
  const double levels = codes_above_zero(dac.bits, !dac.is_signed);
  plan.converts = true;
  plan.step = plan.drive_step = positive_or_one(range) / levels;
  plan.lowest = dac.is_signed ? -levels : 0;
  plan.highest = levels;
  plan.unipolar = !dac.is_signed || dac.drive == SignedDrive::two_phase;
  const int bits = dac.is_signed ? std::max(1, dac.bits - 1) : dac.bits;
  const bool sliced = dac.slice_bits && *dac.slice_bits < bits;
  const bool two_phase = dac.is_signed && dac.drive == SignedDrive::two_phase;
  if (linear || (!sliced && !two_phase)) return plan;
  plan.phases.clear();
  add_slices(dac, two_phase ? 1 : 0, bits, levels, plan);
  if (two_phase) add_slices(dac, -1, bits, levels, plan);
  return plan;
}

LayerPlan plan_layer(const LayerOnTiles& layer, const LayerRanges& ranges) {
  const Periphery& around = layer.periphery;
  LayerPlan plan = empty_plan(layer);
  const bool linear =
      !around.adc && !around.output_noise && !read_noise_acts(layer) && !layer.cells;
  plan.input = plan_input(around, ranges.input, linear);
  drive_bias(layer, plan.input);
  drive_volts(layer, plan.input);
  plan.adc = plan_adc(around);
  if (!around.adc && !layer.is_solved_per_mvm()) {
    plan.products.push_back(unconverted_product(layer, ranges, plan.input));
    return plan;
  }
  const RangeFinder finder(layer, ranges);
  for (std::size_t p = 0; p < layer.planes.size(); ++p)
    for (int r = 0; r < layer.tile.row_tiles(layer.geometry.rows()); ++r)
      plan.products.push_back(around.adc ? converted_product(layer, finder, p, r, plan.input)
                                         : solved_product(layer, finder, p, r, plan.input));
  return plan;
}

LayerPlan plan_observation(const LayerOnTiles& layer, double input_range) {
  LayerPlan plan = empty_plan(layer);
  // What drives a bias row, or stands for a voltage, is the inputs' range, known before.
  const double range = layer.input_full_scale > 0 ? layer.input_full_scale : input_range;
  plan.input = plan_input(layer.periphery, range, false);
  drive_bias(layer, plan.input);
  drive_volts(layer, plan.input);
  const std::vector<double> ones(static_cast<std::size_t>(plan.columns), 1.0);
  for (const Plane& plane : layer.planes)
    for (int r = 0; r < layer.tile.row_tiles(layer.geometry.rows()); ++r) {
      plan.products.push_back(cut(layer, plane, r, false, plan.input, ones));
      plan.products.back().digital = ones;
    }
  return plan;
}

}  // namespace ohmic
