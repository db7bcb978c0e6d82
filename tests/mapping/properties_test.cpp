// What holds for every layer, encoding, converter and tiling: random ones, and weights at the edges
// of what a float can hold.
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "mapping/mapped_layer.hpp"
#include "simulator/backend.hpp"
#include "tests/choices.hpp"
#include "tests/devices/device_test.hpp"
#include "tests/mapping/encodings.hpp"
#include "tests/simulator/backend_cases.hpp"

namespace ohmic {
namespace {

using test::Choices;
using test::for_all;
using Floats = std::vector<float>;

ConvGeometry geometry(Choices& c) {
  if (c.toss(0.3)) return test::dense(c.whole(1, 300), c.whole(1, 40));
  const int kernel = c.one_of<int>({1, 2, 3, 5}), stride = c.whole(1, 2);
  ConvGeometry g =
      test::same_padded(c.whole(kernel, 8), c.whole(1, 24), c.whole(1, 40), kernel, stride);
  if (c.toss(0.2)) {
    g.groups = c.whole(2, 4);
    g.in_channels *= g.groups;
    g.out_channels *= g.groups;
  }
  return g;
}

MappingSettings mapping(Choices& c) {
  MappingSettings s = c.one_of(test::encodings()).settings;
  if (s.encoding == Encoding::bit_sliced) {
    s.slice_bits = c.whole(1, 4);
    s.weight_bits = c.whole(std::max(2, s.slice_bits), 12);
  }
  s.tile = c.toss(0.2) ? TileShape{} : TileShape{c.whole(1, 200), c.whole(1, 50)};
  s.weight_scale = c.one_of<ScaleGroup>({ScaleGroup::layer, ScaleGroup::tile, ScaleGroup::column});
  s.weight_percentile = c.one_of<double>({100, 100, 99, 90});
  return s;
}

Dac dac(Choices& c) {
  Dac d{.bits = c.whole(2, 12), .is_signed = true};
  d.percentile = c.one_of<double>({100, 99});
  d.drive = c.one_of<SignedDrive>({SignedDrive::bipolar, SignedDrive::two_phase});
  if (c.toss(0.4)) d.slice_bits = c.whole(1, d.bits - 1);
  return d;
}

Adc adc(Choices& c) {
  Adc a{.bits = c.whole(3, 12)};
  a.range = c.one_of<AdcRange>({AdcRange::max, AdcRange::calibrated, AdcRange::fixed});
  a.per = c.one_of<RangePer>({RangePer::layer, RangePer::tile, RangePer::column});
  a.percentile = c.one_of<double>({100, 99.9});
  a.full_scale = c.real(0.1, 1);
  a.columns_per_adc = c.whole(1, 8);
  if (c.toss(0.3)) a.offset_lsb = c.real(0, 2);
  if (c.toss(0.3)) a.gain_error = c.real(0, 0.05);
  if (c.toss(0.3)) a.inl_lsb = c.real(0, 2);
  if (c.toss(0.3)) a.enob = c.real(2, a.bits);
  return a;
}

Periphery periphery(Choices& c) {
  Periphery p;
  if (c.toss(0.6)) p.dac = dac(c);
  if (c.toss(0.6)) p.adc = adc(c);
  if (p.adc && c.toss(0.4)) p.output_noise = OutputNoise{c.decades(1e-4, 1e-1)};
  return p;
}

const std::string kExact = "model = \"ideal\"";

std::string device(Choices& c) {
  return c.one_of<std::string>({kExact, "model = \"awgn\"\neta = 0.1", "model = \"pcm\"",
                                "model = \"pcm\"\ntime_s = 1000.0"});
}

/// Groups have an array each, and no reference column between them.
MappingSettings mapping_for(const ConvGeometry& g, Choices& c) {
  MappingSettings s = mapping(c);
  if (g.groups > 1) s.reference = Reference::ideal;
  return s;
}

/// A layer of random weights on random devices, programmed once.
struct Case {
  explicit Case(Choices& c)
      : g(geometry(c)),
        model(device(c)),
        weights(c.normals(static_cast<std::size_t>(g.rows()) * g.columns())),
        layer("layer", 3, g, weights, mapping_for(g, c), 1e-6, 25e-6),
        programmed(layer.program(*test::make_device(model), c.key(), periphery(c))) {}

  ConvGeometry g;
  std::string model;
  Floats weights;
  MappedLayer layer;
  LayerOnTiles programmed;
};

/// What an error of one slice of the inputs is in their sum: the last slice of few bits counts
/// most.
double slice_factor(const LayerOnTiles& layer) {
  const auto& dac = layer.periphery.dac;
  if (!dac || !dac->slice_bits) return 1;
  const int magnitude = dac->bits - 1, slice = *dac->slice_bits;
  double factor = 0;
  for (int bit = 0; bit < magnitude; bit += slice)
    factor += std::exp2(bit) * (std::exp2(slice) - 1) / (std::exp2(magnitude) - 1);
  return factor;
}

/// The most that the sums of a plane's converters move when each lands on a neighbouring code.
double code_step(const LayerOnTiles& layer, const LayerRanges& ranges) {
  if (!layer.periphery.adc) return 0;
  const double calibrated =
      ranges.output.empty() ? 0 : *std::max_element(ranges.output.begin(), ranges.output.end());
  double step = 0;
  for (const Plane& plane : layer.planes) {
    const bool is_calibrated = layer.periphery.adc->range == AdcRange::calibrated;
    const double range = is_calibrated ? calibrated
                                       : std::max(ranges.input, 1e-30) * plane.current_span_S *
                                             layer.geometry.rows();
    double gain = 1;
    for (const double factor : plane.gain) gain = std::max(gain, std::abs(factor));
    step += std::abs(plane.weight_per_S) * gain * range;
  }
  return step / (std::exp2(layer.periphery.adc->bits - 1) - 1);
}

TEST(Properties, EveryBackEndAgreesWithTheReference) {
  const auto reference = make_backend("reference"), cpu = make_backend("cpu");
  for_all(41, 250, [&](Choices& c) {
    Case layer(c);
    layer.programmed.periphery.products = Products::f32;
    const Floats x = c.normals(3 * test::values_in(layer.g));
    const Epilogue epilogue = test::identity_epilogue(layer.g.out_channels);
    LayerRanges ranges;
    reference->load(layer.programmed, epilogue)->observe(x.data(), 3, ranges);
    const auto answer = [&](Backend& backend) {
      return test::forward(*backend.load(layer.programmed, epilogue, &ranges), layer.g, x, nullptr,
                           7);
    };
    const Floats expected = answer(*reference), y = answer(*cpu);
    const double planes = static_cast<double>(layer.programmed.planes.size()),
                 slices = slice_factor(layer.programmed);
    const double rounding = test::tolerance(slices * planes * 4 * layer.layer.scale().w_max *
                                            std::sqrt(layer.g.rows()));
    const double step = slices * code_step(layer.programmed, ranges);
    std::size_t neighbours = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double difference = std::abs(double{y[i]} - expected[i]);
      ASSERT_LE(difference, rounding + 1.5 * step) << "at " << i;
      neighbours += difference > rounding;
    }
    // Codes times the few conductances of exact devices often lie just between two codes.
    const bool are_sums_discrete = layer.programmed.periphery.dac && layer.model == kExact;
    EXPECT_LE(neighbours, are_sums_discrete ? y.size() : 2 + y.size() / 50);
  });
}

/// Bytes of all outputs, computed `batch` images at a time by `threads` threads.
Floats in_batches(Backend& backend, const LayerOnTiles& layer, const LayerRanges& ranges,
                  const Floats& x, std::size_t batch, int threads) {
  const int before = omp_get_max_threads();
  omp_set_num_threads(threads);
  const auto loaded =
      backend.load(layer, test::identity_epilogue(layer.geometry.out_channels), &ranges);
  const std::size_t size = test::values_in(layer.geometry), images = x.size() / size;
  Floats all;
  for (std::size_t first = 0; first < images; first += batch) {
    const std::size_t end = std::min(first + batch, images);
    const Floats part(x.begin() + static_cast<std::ptrdiff_t>(first * size),
                      x.begin() + static_cast<std::ptrdiff_t>(end * size));
    const Floats y = test::forward(*loaded, layer.geometry, part, nullptr, first);
    all.insert(all.end(), y.begin(), y.end());
  }
  omp_set_num_threads(before);
  return all;
}

TEST(Properties, NoBitDependsOnBatchesOrThreads) {
  constexpr std::size_t kImages = 1000;
  for (const char* name : {"reference", "cpu"}) {
    const auto backend = make_backend(name);
    for_all(42, name == std::string("cpu") ? 12 : 4, [&](Choices& c) {
      ConvGeometry g = test::dense(c.whole(1, 60), c.whole(1, 12));
      if (c.toss()) g = test::same_padded(c.whole(2, 3), c.whole(1, 6), c.whole(1, 12), 2, 1);
      const MappedLayer mapped("layer", 3, g,
                               c.normals(static_cast<std::size_t>(g.rows()) * g.columns()),
                               mapping(c), 1e-6, 25e-6);
      const LayerOnTiles programmed =
          mapped.program(*test::make_device("model = \"pcm\""), c.key(), periphery(c));
      const Floats x = c.normals(kImages * test::values_in(g));
      LayerRanges ranges;
      backend->load(programmed, test::identity_epilogue(g.out_channels))
          ->observe(x.data(), 8, ranges);
      const Floats all = in_batches(*backend, programmed, ranges, x, kImages, 1);
      for (const auto& [batch, threads] : {std::pair<std::size_t, int>{1, 2},
                                           {static_cast<std::size_t>(c.whole(2, 999)), 3},
                                           {kImages, 3},
                                           {static_cast<std::size_t>(c.whole(2, 40)), 1}})
        ASSERT_TRUE(in_batches(*backend, programmed, ranges, x, batch, threads) == all)
            << name << ": batches of " << batch << " by " << threads << " threads";
    });
  }
}

struct Edge {
  const char* name;
  int rows, columns;
  Floats weights;
};

std::vector<Edge> edges() {
  const auto filled = [](std::size_t n, float value) { return Floats(n, value); };
  Floats lonely(12, 0.0f), spread(12);
  lonely[7] = -3;
  for (std::size_t i = 0; i < spread.size(); ++i)
    spread[i] = (i % 2 ? -1.0f : 1.0f) * std::pow(10.0f, 3.0f * static_cast<float>(i) - 18);
  return {{"zeros", 4, 3, filled(12, 0)},
          {"all equal", 4, 3, filled(12, 0.7f)},
          {"all equal and negative", 4, 3, filled(12, -0.7f)},
          {"one weight", 1, 1, {-2.5f}},
          {"one zero", 1, 1, {0}},
          {"one column", 12, 1, spread},
          {"one row", 1, 12, spread},
          {"one of all", 4, 3, lonely},
          {"huge", 4, 3, filled(12, 1e30f)},
          {"tiny", 4, 3, filled(12, -1e-30f)},
          {"a column of zeros beside one", 2, 2, {0, 0, 1e-3f, -1e-3f}},
          {"denormal", 4, 3, filled(12, 1e-40f)}};
}

/// What exact devices make of the weights; each within its group's resolution.
void expect_weights(const Edge& edge, const MappingSettings& s) {
  const MappedLayer mapped("layer", 0, test::dense(edge.rows, edge.columns), edge.weights, s, 1e-6,
                           25e-6);
  const LayerOnTiles layer =
      mapped.program(*test::make_device("model = \"ideal\""), noise_key(1, 0), {});
  const Floats w = layer.effective_weights();
  double largest = 0;
  for (const float v : edge.weights) largest = std::max(largest, std::abs(double{v}));
  const double resolution =
      s.encoding == Encoding::bit_sliced ? std::exp2(1 - s.weight_bits) : 1e-6;
  for (std::size_t i = 0; i < w.size(); ++i)
    ASSERT_LE(std::abs(double{w[i]} - edge.weights[i]), resolution * largest + 1e-30)
        << "weight " << i;
  for (const Plane& plane : layer.planes)
    for (const double G_S : plane.G_S) ASSERT_TRUE(std::isfinite(G_S));
}

TEST(Properties, WeightsAtTheEdgesStandInEveryEncodingAndScale) {
  for (const Edge& edge : edges())
    for (const test::EncodingCase& encoding : test::encodings())
      for (const ScaleGroup scale : {ScaleGroup::layer, ScaleGroup::tile, ScaleGroup::column})
        for (const TileShape tile : {TileShape{}, TileShape{2, 2}, TileShape{1, 1}}) {
          SCOPED_TRACE(std::string(edge.name) + ", " + encoding.name);
          MappingSettings s = encoding.settings;
          s.weight_scale = scale;
          s.tile = tile;
          expect_weights(edge, s);
        }
}

}  // namespace
}  // namespace ohmic
