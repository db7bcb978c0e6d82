// The matrix that a wide layer computes with, programmed a few columns at a time, against all
// conductances at once: the same bits. Layers have more cells than are held at a time.
#include <gtest/gtest.h>

#include <algorithm>

#include "mapping/mapped_layer.hpp"
#include "tests/devices/device_test.hpp"
#include "tests/mapping/encodings.hpp"

namespace ohmic {
namespace {

const NoiseKey kKey = noise_key(7, 3);

std::vector<float> normal_weights(const ConvGeometry& g) {
  std::vector<float> w(static_cast<std::size_t>(g.rows()) * g.columns());
  fill_normals(noise_key(7, 99), {Stream::initialization}, 0, std::span(w));
  return w;
}

ConvGeometry dense(int rows, int columns) {
  ConvGeometry g;
  g.in_channels = rows;
  g.out_channels = columns;
  return g;
}

void expect_same(const MappedLayer& layer, const std::string& device_table) {
  SCOPED_TRACE(device_table);
  const auto device = test::make_device(device_table);
  const LayerOnTiles whole = layer.program(*device, kKey, {});
  const MappedLayer::Product product = layer.program_product(*device, kKey, {});
  EXPECT_EQ(product.weights, whole.effective_weights());
  EXPECT_EQ(product.bias, whole.effective_bias());
}

void expect_same(const MappedLayer& layer) {
  expect_same(layer, "model = 'awgn'\neta = 0.2\n");
  expect_same(layer, "model = 'pcm'\ntime_s = 3600\n");
}

class LayerProduct : public testing::TestWithParam<test::EncodingCase> {};

INSTANTIATE_TEST_SUITE_P(, LayerProduct, testing::ValuesIn(test::encodings()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(LayerProduct, IsThatOfAllConductancesAtOnce) {
  MappingSettings settings = GetParam().settings;
  const ConvGeometry g = dense(577, 600);
  for (const ScaleGroup group : {ScaleGroup::layer, ScaleGroup::tile, ScaleGroup::column}) {
    settings.weight_scale = group;
    settings.weight_percentile = 99.9;
    MappedLayer layer("dense", 3, g, normal_weights(g), settings, 1e-6, 25e-6);
    expect_same(layer);
  }
}

TEST(WideLayer, KnowsGroupsBiasRowsAndSparedColumns) {
  ConvGeometry g = dense(128, 1200);
  g.groups = 2;
  g.kernel_height = g.kernel_width = 3;
  MappingSettings settings;
  settings.tile = {64, 32};
  MappedLayer grouped("grouped", 1, g, normal_weights(g), settings, 1e-6, 25e-6);
  std::vector<bool> spared(1200);
  for (std::size_t n = 0; n < spared.size(); n += 7) spared[n] = true;
  grouped.spare(spared);
  expect_same(grouped);

  g = dense(700, 500);
  g.bias_rows = 1;
  expect_same({"biased", 2, g, normal_weights(g), settings, 1e-6, 25e-6, 1.5});
}

TEST(WideLayer, SeesColumnsThatKnowOfEachOtherTogether) {
  const ConvGeometry g = dense(600, 500);
  MappingSettings settings;
  settings.tile = {128, 128};
  settings.compensation = Compensation::tile;
  expect_same({"compensated", 1, g, normal_weights(g), settings, 1e-6, 25e-6});
}

TEST(MappedLayer, SharesWeightsUnlessSomeAreClipped) {
  const ConvGeometry g = dense(20, 10);
  const auto weights = std::make_shared<const std::vector<float>>(normal_weights(g));
  const auto map = [&](double percentile) {
    MappingSettings settings;
    settings.weight_percentile = percentile;
    return MappedLayer("dense", 0, g, *weights, settings, 1e-6, 25e-6, 0.0, weights);
  };
  const MappedLayer whole = map(100);
  EXPECT_EQ(weights.use_count(), 2);
  const MappedLayer clipped = map(90);
  EXPECT_EQ(weights.use_count(), 2);
  EXPECT_EQ(clipped.clipped_weights(), 20);
  EXPECT_EQ(whole.clipped_weights(), 0);
  const MappedLayer copied("dense", 0, g, *weights, {}, 1e-6, 25e-6);
  std::vector<double> shared_S(200), copied_S(200);
  whole.target_S(0, 0, shared_S);
  copied.target_S(0, 0, copied_S);
  EXPECT_EQ(shared_S, copied_S);
}

}  // namespace
}  // namespace ohmic
