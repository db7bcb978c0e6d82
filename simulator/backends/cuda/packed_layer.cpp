#include "simulator/backends/cuda/packed_layer.hpp"

#include <algorithm>
#include <numeric>

#include "simulator/error.hpp"
#include "simulator/quantizer.hpp"

namespace ohmic::cuda {
namespace {

int rounded_up(int n, int step) { return (n + step - 1) / step * step; }

/// A row of the layer's matrix in its group, k = (channel * kernel_height + ky) * kernel_width +
/// kx, or that of biases below them.
struct Tap {
  int channel, ky, kx;
};
Tap tap_of(const ConvGeometry& g, int k) {
  if (k == g.kernel_rows()) return {0, kBiasRow, 0};
  return {k / (g.kernel_width * g.kernel_height), k / g.kernel_width % g.kernel_height,
          k % g.kernel_width};
}

/// Rows of a tile in the order in which they are packed.
std::vector<int> packing_order(const ConvGeometry& g, const TileProduct& t) {
  std::vector<int> order(static_cast<std::size_t>(t.rows));
  std::iota(order.begin(), order.end(), 0);
  const auto position = [&](int k) {
    const Tap tap = tap_of(g, t.first_row + k);
    return tap.ky * g.kernel_width + tap.kx;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return position(a) < position(b); });
  return order;
}

class Packer {
  using Matrix = std::vector<double>;

 public:
  Packer(const ConvGeometry& g, const LayerPlan& plan, const Epilogue& epilogue)
      : g_(g), plan_(plan), epilogue_(epilogue) {
    packed_.columns = rounded_up(plan.columns, kLane);
    for (const TileProduct& t : plan.products) is_noisy_ |= t.reads_noisily;
  }

  PackedLayer pack() {
    for (const Phase& phase : plan_.input.phases)
      packed_.phases.push_back({phase.sign, phase.shift, static_cast<float>(phase.weight),
                                static_cast<float>(phase.bias)});
    for (const TileProduct& t : plan_.products) add(t);
    append_columns({epilogue_.shift.begin(), epilogue_.shift.end()}, packed_.shift);
    return std::move(packed_);
  }

 private:
  void add(const TileProduct& t) {
    const std::vector<int> order = packing_order(g_, t);
    std::vector<const Matrix*> powers{&t.G};
    if (!t.a.empty()) powers = {&t.G, &t.a, &t.b};
    const int first = static_cast<int>(packed_.rows.size());
    std::vector<std::int32_t> places(order.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      places[static_cast<std::size_t>(order[i])] =
          (first + static_cast<std::int32_t>(i)) * packed_.columns;
    packed_.places.insert(packed_.places.end(), places.begin(), places.end());
    const int rows = rounded_up(t.rows * static_cast<int>(powers.size()), kDepth);
    for (int power = 1; power <= static_cast<int>(powers.size()); ++power)
      for (const int k : order) packed_.rows.push_back(row(t.first_row + k, power));
    packed_.rows.resize(static_cast<std::size_t>(first + rows), {0, kNoRow, 0, 1});
    if (!t.G.empty()) {
      append_matrices(powers, order, rows, packed_.weights);
      if (is_noisy_) append_matrices({&t.variance}, order, rows, packed_.variances);
    }
    const auto lowest = static_cast<float>(t.lowest);
    packed_.products.push_back({first, rows, t.reads_noisily ? 1 : 0, lowest,
                                static_cast<float>(t.highest), sar_zero(plan_.adc.bits, lowest)});
    append_columns(t.noise, packed_.noise);
    append_columns(t.offset, packed_.offset);
    std::vector<double> digital = t.digital;
    for (std::size_t n = 0; n < digital.size(); ++n) digital[n] *= epilogue_.scale[n];
    append_columns(digital, packed_.digital);
    append_columns(t.capacitors, packed_.capacitors);
  }

  Row row(int k, int power) const {
    const Tap tap = tap_of(g_, k);
    if (tap.ky == kBiasRow) return {0, kBiasRow, 0, power};
    const int y = tap.ky * g_.dilation_height, x = tap.kx * g_.dilation_width;
    return {(y * g_.in_width + x) * g_.in_channels + tap.channel, static_cast<std::int16_t>(y),
            static_cast<std::int16_t>(x), power};
  }

  /// Matrices below one another in `rows` rows, element (k, n) of each at n * its rows + k; zeros
  /// where one is empty and at the end.
  void append_matrices(const std::vector<const Matrix*>& matrices, const std::vector<int>& order,
                       int rows, std::vector<float>& out) const {
    const auto columns = static_cast<std::size_t>(packed_.columns);
    std::size_t to = out.size();
    out.resize(to + static_cast<std::size_t>(rows) * columns, 0.0f);
    for (const Matrix* matrix : matrices) {
      if (matrix->empty()) continue;
      for (const int k : order) {
        for (std::size_t n = 0; n < static_cast<std::size_t>(plan_.columns); ++n)
          out[to + n] =
              static_cast<float>((*matrix)[n * order.size() + static_cast<std::size_t>(k)]);
        to += columns;
      }
    }
  }

  /// Lines of values per column, each filled up.
  void append_columns(const std::vector<double>& values, std::vector<float>& out) const {
    const auto N = static_cast<std::size_t>(plan_.columns);
    for (std::size_t first = 0; first < values.size(); first += N)
      for (std::size_t n = 0; n < static_cast<std::size_t>(packed_.columns); ++n)
        out.push_back(n < N ? static_cast<float>(values[first + n]) : 0.0f);
  }

  const ConvGeometry& g_;
  const LayerPlan& plan_;
  const Epilogue& epilogue_;
  bool is_noisy_ = false;
  PackedLayer packed_;
};

/// What converters add in one more draw.
void append_converters(const PackedLayer& of, PackedLayer& to) {
  to.noise.insert(to.noise.end(), of.noise.begin(), of.noise.end());
  to.offset.insert(to.offset.end(), of.offset.begin(), of.offset.end());
  to.capacitors.insert(to.capacitors.end(), of.capacitors.begin(), of.capacitors.end());
}

TileArguments geometry_arguments(const LayerOnTiles& layer, const LayerPlan& plan) {
  const ConvGeometry& g = layer.geometry;
  OHMIC_ASSERT(g.in_height + g.reach_height() < kNoRow && g.in_width + g.reach_width() < kNoRow);
  TileArguments a{};
  a.in_height = g.in_height;
  a.in_width = g.in_width;
  a.in_channels = g.in_channels;
  a.out_width = g.out_width();
  a.stride_height = g.stride_height;
  a.stride_width = g.stride_width;
  a.pad_top = g.pad_top;
  a.pad_left = g.pad_left;
  a.positions = static_cast<std::int32_t>(plan.positions);
  a.columns = plan.columns;
  a.groups = g.groups;
  a.draws = 1;
  a.layer = layer.layer;
  return a;
}

}  // namespace

PackedLayer pack(const ConvGeometry& g, const LayerPlan& plan, const Epilogue& epilogue) {
  return Packer(g, plan, epilogue).pack();
}

DeviceLayer::DeviceLayer(const std::shared_ptr<Machine>& m)
    : machine_(m),
      rows_(m),
      weights_(m),
      variances_(m),
      noise_(m),
      offset_(m),
      digital_(m),
      capacitors_(m),
      shift_(m),
      phases_(m),
      products_(m) {}

void DeviceLayer::load(const LayerOnTiles& layer, std::span<const LayerPlan> plans,
                       const Epilogue& epilogue, int draws) {
  PackedLayer packed = pack(layer.geometry, plans.front(), epilogue);
  for (const LayerPlan& plan : plans.subspan(1))
    append_converters(pack(layer.geometry, plan, epilogue), packed);
  const LayerPlan& plan = plans.front();
  TileArguments& a = arguments_;
  a = geometry_arguments(layer, plan);
  a.packed_columns = packed.columns;
  a.rows = rows_.assign(packed.rows);
  a.weights = weights_.assign(packed.weights);
  a.variances = variances_.assign(packed.variances);
  if (packed.weights.empty()) {
    const std::size_t size = packed.rows.size() * static_cast<std::size_t>(packed.columns);
    const auto cleared = [&](Array<float>& array) {
      float* values = array.at_least(static_cast<std::size_t>(draws) * size);
      machine_->clear(values, static_cast<std::size_t>(draws) * size * sizeof *values);
      return values;
    };
    a.weights = cleared(weights_);
    if (std::any_of(plan.products.begin(), plan.products.end(),
                    [](const TileProduct& t) { return t.reads_noisily; }))
      a.variances = cleared(variances_);
    a.weights_per_draw = static_cast<std::int64_t>(size);
  }
  places_ = std::move(packed.places);
  a.phases = phases_.assign(packed.phases);
  a.products = products_.assign(packed.products);
  a.noise = noise_.assign(packed.noise);
  a.offset = offset_.assign(packed.offset);
  a.digital = digital_.assign(packed.digital);
  a.capacitors = capacitors_.assign(packed.capacitors);
  a.shift = shift_.assign(packed.shift);
  a.end_phase = a.all_phases = static_cast<std::int32_t>(packed.phases.size());
  a.end_product = static_cast<std::int32_t>(packed.products.size());
  a.converters_per_draw = plans.size() > 1 ? a.end_product : 0;
  a.slice_mask = plan.input.slice_mask;
  a.converts = plan.adc.converts;
  a.bits = plan.adc.bits;
  a.dithers = plan.adc.dithers;
  a.relu = epilogue.relu;
  a.inl = static_cast<float>(plan.adc.inl);
  a.thermal = static_cast<float>(plan.adc.thermal);
}

WeightsPlace DeviceLayer::place(std::span<const LayerPlan> plans) {
  return {.weights = weights_.values(),
          .variances = arguments_.variances ? variances_.values() : nullptr,
          .factors = factors_of(plans),
          .by_plane = plans.front().products.size() > 1,
          .rows = places_,
          .column_stride = 1,
          .draw_stride = arguments_.weights_per_draw};
}

std::vector<double> factors_of(std::span<const LayerPlan> plans) {
  std::vector<double> factors;
  for (const LayerPlan& plan : plans)
    for (const TileProduct& t : plan.products)
      factors.insert(factors.end(), t.codes_per_S.begin(), t.codes_per_S.end());
  return factors;
}

}  // namespace ohmic::cuda
