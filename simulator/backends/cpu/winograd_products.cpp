#include "simulator/backends/cpu/winograd_products.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "simulator/backends/cpu/not_numbers.hpp"
#include "simulator/backends/cpu/passes.hpp"
#include "simulator/backends/cpu/rounding_bounds.hpp"

namespace ohmic::cpu {
namespace {

using namespace winograd;

constexpr int kKernel = static_cast<int>(kTaps);
constexpr int kTapsOfKernel = kKernel * kKernel;
constexpr std::size_t kBlock = 4096;  // sums at a time, which stay in the first-level cache
constexpr int kFewestChannels = 8;    // oneDNN is faster with fewer
/// Points are sums of inputs with factors that add up to ten at most, in 16 bits.
constexpr double kMostCode = 3276;

/// Channels of a tile times codes: 32 bits then hold sums of points whose mean magnitude is 546
/// steps, half of which is finer than the 2^-8 of a bf16 number.
constexpr double kMostOfTile = 1 << 17;

bool is_plain(const TileProduct& t, double most_drive) {
  const auto finite = [](double cell) { return std::isfinite(cell); };
  return t.a.empty() && most_drive * t.rows <= kMostOfTile * kTapsOfKernel &&
         std::ranges::all_of(t.G, finite) && std::ranges::all_of(t.variance, finite);
}

/// Channels [first, first + count).
struct ChannelRange {
  int first, count;
};

/// One column of a row tile as points, [channel][row of taps][point]: 0 for rows of other tiles and
/// channels beyond the last.
std::vector<double> points_of(const ConvGeometry& g, const TileProduct& t, std::size_t column,
                              ChannelRange channels) {
  const double* cells = t.G.data() + column * static_cast<std::size_t>(t.rows);
  std::vector<double> points;
  for (int taps = 0; taps < channels.count * kKernel; ++taps) {
    const int first = channels.first * kTapsOfKernel + taps * kKernel - t.first_row;
    for (const auto& factors : kFromTaps) {
      points.push_back(0);
      for (int tap = 0; tap < kKernel; ++tap)
        if (first + tap >= 0 && first + tap < t.driven_rows(g))
          points.back() += factors[tap] * cells[first + tap];
    }
  }
  return points;
}

/// How many steps of point `i` make 1, so that neither a 16-bit integer nor the 32 bits of its
/// products' sum with inputs of up to `most_drive` overflow.
double steps_of(const std::vector<double>& points, std::size_t i, double most_drive) {
  double largest = 0, sum = 0;
  for (std::size_t at = i; at < points.size(); at += kPoints) {
    largest = std::max(largest, std::abs(points[at]));
    sum += std::abs(points[at]);
  }
  if (largest == 0) return 1;
  const double most = std::numeric_limits<std::int32_t>::max() / (kMostOfInputs[i] * most_drive);
  const double roundings = 0.5 * static_cast<double>(points.size() / kPoints);
  return std::min(std::numeric_limits<std::int16_t>::max() / largest, (most - roundings) / sum);
}

/// Of what one of a group's outputs owes to one of its inputs, over rows of taps, what is too much
/// and what is too little where their points are off by `errors`, [point][row of taps].
struct Excess {
  double above = 0, below = 0;
};
Excess excess(const std::vector<double>& errors, std::size_t output, std::size_t input) {
  const std::size_t rows = errors.size() / kPoints;
  double above = 0, below = 0;
#pragma omp simd reduction(+ : above, below)
  for (std::size_t row = 0; row < rows; ++row) {
    double error = 0;
    for (std::size_t i = 0; i < kPoints; ++i)
      error += kToOutputs[output][i] * kFromInputs[i][input] * errors[i * rows + row];
    above += std::max(error, 0.0);
    below += std::max(-error, 0.0);
  }
  return {above, below};
}

/// What the inputs for which it is most move an output by, where points of taps are off by these.
double worst_output(const std::vector<double>& errors, const InputPlan& input) {
  double worst = 0;
  for (std::size_t output = 0; output < kOutputs; ++output) {
    Excess all;
    for (std::size_t i = 0; i < kPoints; ++i) {
      const Excess e = excess(errors, output, i);
      all.above += e.above;
      all.below += e.below;
    }
    worst = std::max(worst, worst_sum(all.above, all.below, input));
  }
  return worst;
}

/// The largest integer that a square may become, of codes up to most_drive.
double most_square(const std::vector<TileProduct>& tiles, double most_drive) {
  double most = std::min(most_drive * most_drive, kMostCode);
  for (const TileProduct& t : tiles) most = std::min(most, kMostOfTile * kTapsOfKernel / t.rows);
  return std::floor(most);
}

/// What squares of codes drive rows with, as integers of up to `highest`, `per_step` of 1 each.
InputPlan squares_of(const InputPlan& input, double highest, double per_step) {
  InputPlan squares = input;
  squares.lowest = 0;
  squares.highest = highest;
  squares.slice_mask = 0;
  squares.unipolar = true;
  for (Phase& phase : squares.phases) phase.bias *= phase.bias * per_step;
  return squares;
}

/// Squares of longer codes would be rounded to too few of their bits.
constexpr double kMostNoisyCode = 255;

bool may_be_short(const LayerOnTiles& layer, const LayerPlan& plan) {
  const bool reads_noisily = !plan.products.front().variance.empty();
  if (reads_noisily && most_drive(plan.input) > kMostNoisyCode) return false;
  return layer.periphery.products == Products::automatic
             ? plan.adc.converts
             : layer.periphery.products == Products::bf16 && is_as_fast_as_bf16();
}

}  // namespace

bool WinogradProducts::cover(const LayerOnTiles& layer, const LayerPlan& plan) {
  const ConvGeometry& g = layer.geometry;
  return is_fast() && may_be_short(layer, plan) && g.groups == 1 && g.kernel_height == kKernel &&
         g.kernel_width == kKernel && g.stride_height == 1 && g.stride_width == 1 &&
         g.dilation_height == 1 && g.dilation_width == 1 && g.in_channels >= kFewestChannels &&
         g.columns() % static_cast<int>(kColumns) == 0 &&
         g.out_width() % static_cast<int>(kOutputs) == 0 && plan.input.converts &&
         most_drive(plan.input) <= kMostCode &&
         std::all_of(plan.products.begin(), plan.products.end(), [&](const TileProduct& t) {
           return is_plain(t, most_drive(plan.input)) &&
                  t.variance.empty() == plan.products.front().variance.empty();
         });
}

WinogradProducts::WinogradProducts(const LayerOnTiles& layer, const LayerPlan& plan)
    : geometry_(layer.geometry),
      columns_(static_cast<std::size_t>(plan.columns)),
      slice_mask_(plan.input.slice_mask),
      phases_(plan.input.phases) {
  const ConvGeometry& g = geometry_;
  const auto channels = static_cast<std::size_t>(g.in_channels);
  image_ = {static_cast<std::size_t>(g.in_height),
            static_cast<std::size_t>(g.in_width),
            channels,
            static_cast<std::size_t>(g.out_width()) / kOutputs,
            (channels + kChannels - 1) / kChannels * kChannels,
            static_cast<std::size_t>(g.pad_left)};
  for (const TileProduct& t : plan.products) {
    products_.push_back(product_of(t, plan.input));
    worst_error_ = std::max(worst_error_, products_.back().worst_error);
  }
  if (!plan.products.front().variance.empty()) add_variances(plan);
}

void WinogradProducts::add_variances(const LayerPlan& plan) {
  const double most = most_drive(plan.input), highest = most_square(plan.products, most);
  const double per_step = highest / (most * most);
  const InputPlan input = squares_of(plan.input, highest, per_step);
  squares_per_step_ = static_cast<float>(per_step);
  const double rounding = per_step < 1 ? 0.5 / per_step : 0;
  for (TileProduct t : plan.products) {
    const double of_ones = largest_column(t, t.variance);
    t.G.swap(t.variance);
    for (double& variance : t.G) variance /= per_step;
    variances_.push_back(product_of(t, input));
    const double error = variances_.back().worst_error + rounding * of_ones;
    worst_read_error_ = std::max(worst_read_error_, read_error(error, of_ones, plan.input));
    worst_variance_error_ = std::max(worst_variance_error_, error);
  }
}

WinogradProducts::Product WinogradProducts::product_of(const TileProduct& t,
                                                       const InputPlan& input) const {
  constexpr int kPairSize = static_cast<int>(kPair);
  const int driven = std::max(t.driven_rows(geometry_), 0);
  const int first = t.first_row / kTapsOfKernel / kPairSize;
  const int end_channel = (t.first_row + driven + kTapsOfKernel - 1) / kTapsOfKernel;
  const int pairs = driven > 0 ? (end_channel + kPairSize - 1) / kPairSize - first : 0;
  Product p{static_cast<std::size_t>(first), static_cast<std::size_t>(pairs), {}, {}, {}};
  p.points.resize(columns_ * kTaps * p.pairs * kPoints * kPair);
  p.steps.resize(columns_ * kPoints);
  for (std::size_t n = 0; n < columns_; ++n)
    pack(points_of(geometry_, t, n, {first * kPairSize, pairs * kPairSize}), n, input, p);
  const bool has_bias = t.driven_rows(geometry_) < t.rows;
  for (const Phase& phase : input.phases)
    for (std::size_t n = 1; n <= columns_; ++n)
      p.start.push_back(
          has_bias ? static_cast<float>(phase.bias * t.G[n * static_cast<std::size_t>(t.rows) - 1])
                   : 0.0f);
  return p;
}

void WinogradProducts::pack(const std::vector<double>& points, std::size_t n,
                            const InputPlan& input, Product& p) {
  const std::size_t block = n / kColumns, column = n % kColumns;
  const std::size_t rows = points.size() / kPoints;
  std::vector<double> errors(points.size());
  for (std::size_t i = 0; i < kPoints; ++i) {
    const double steps = steps_of(points, i, most_drive(input));
    p.steps[(block * kPoints + i) * kColumns + column] = static_cast<float>(1 / steps);
    for (std::size_t c = 0; c < p.pairs * kPair; ++c)
      for (std::size_t row = 0; row < kTaps; ++row) {
        const std::size_t vector = ((block * kTaps + row) * p.pairs + c / kPair) * kPoints + i;
        const double exact = steps * points[(c * kTaps + row) * kPoints + i];
        const auto rounded = static_cast<std::int16_t>(std::lrint(exact));
        p.points[(vector * kColumns + column) * kPair + c % kPair] = rounded;
        errors[i * rows + c * kTaps + row] = (exact - rounded) / steps;
      }
  }
  p.worst_error = std::max(p.worst_error, worst_output(errors, input));
}

void WinogradProducts::multiply(const float* codes, Workspace& w, const TakePart& take) const {
  const auto rows = static_cast<std::size_t>(geometry_.out_height());
  const std::size_t width = image_.groups * kOutputs, row = width * columns_;
  const std::size_t step = std::max(kBlock / row, std::size_t{1});
  float* sums = w.part.at_least(step * row);
  float* variances = variances_.empty() ? nullptr : w.variances.at_least(step * row);
  for (std::size_t f = 0; f < phases_.size(); ++f) {
    const Phase& phase = phases_[f];
    const float* driven = codes;
    if (slice_mask_ != 0) {
      float* digits = w.digits.at_least(inputs());
      slice_inputs(codes, phase.sign, phase.shift, slice_mask_, inputs(), digits);
      driven = digits;
    }
    const Drive drive = drive_of(driven, w.line, w.points);
    const std::vector<bool> broken =
        drive.has_nan ? broken_positions(geometry_, driven) : std::vector<bool>();
    Drive squares;
    if (variances) {
      float* rounded = w.squares.at_least(inputs());
      round_squares(driven, squares_per_step_, inputs(), rounded);
      squares = drive_of(rounded, w.line, w.square_points);
    }
    for (Rows part{0, 0}; part.first < rows; part.first = part.end) {
      part.end = std::min(part.first + step, rows);
      const std::size_t positions = (part.end - part.first) * width;
      for (std::size_t p = 0; p < products_.size(); ++p) {
        add_up(products_[p], f, part, drive, sums);
        break_sums(broken, part.first * width, positions, columns_, sums);
        if (variances) {
          add_up(variances_[p], f, part, squares, variances);
          raise_to_zero(positions * columns_, variances);  // what rounding has left below
        }
        take({0, p, f, part.first * width, positions, sums, variances});
      }
    }
  }
}

WinogradProducts::Drive WinogradProducts::drive_of(const float* codes, Buffer<std::int16_t>& line,
                                                   Buffer<std::int16_t>& points) const {
  std::int16_t* all = points.at_least(image_.rows * image_.row_points());
  return {all, find_points(image_, codes, line.at_least(image_.line()), all)};
}

void WinogradProducts::add_up(const Product& p, std::size_t phase, Rows rows, const Drive& drive,
                              float* sums) const {
  const OutputRows out{rows.first, rows.end, static_cast<std::size_t>(geometry_.pad_top)};
  for (std::size_t block = 0; block < columns_ / kColumns; ++block)
    winograd::add_up(image_, drive.points,
                     {p.points.data() + block * kTaps * p.pairs * kPoints * kColumns * kPair,
                      p.first_pair, p.pairs, p.steps.data() + block * kPoints * kColumns,
                      p.start.data() + phase * columns_ + block * kColumns},
                     out, columns_, sums + block * kColumns);
}

}  // namespace ohmic::cpu
