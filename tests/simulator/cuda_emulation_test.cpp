// Index arithmetic, packing and addressing of the CUDA kernels, on the host. What the kernels
// compute is tested by the tests of all back ends, as "emulated".
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "simulator/backends/cuda/cuda_backend.hpp"
#include "simulator/backends/cuda/packed_layer.hpp"
#include "simulator/random/short_noise.hpp"
#include "tests/simulator/backend_cases.hpp"
#include "tests/simulator/emulated_machine.hpp"

namespace ohmic {
namespace {

using namespace cuda;
using Floats = std::vector<float>;

const NoiseKey kKey = noise_key(5, 6);

TEST(CudaShortNormals, AreThoseOfTheSequenceInAnyOrder) {
  const Address address{Stream::output, 3, 1, 77};
  constexpr std::uint64_t kFirst = 1000;
  Floats expected(600);
  fill_short_normals(kKey, address, kFirst, expected);
  for (const std::uint64_t step : {1u, 16u, 17u, 64u, 599u}) {
    ShortNormals normals;
    for (std::uint64_t i = 0, at = 0; i < 600; ++i, at = (at + step) % 600)
      ASSERT_EQ(normals.at(kKey, address, kFirst + at), expected[at]) << step << " at " << at;
  }
}

TEST(CudaShortNormals, FollowTheImage) {
  ShortNormals normals;
  for (const std::uint64_t image : {0u, 1u, 0u, 70000u})
    for (std::uint64_t element = 0; element < 3; ++element) {
      const Address address{Stream::read, 1, 0, image};
      EXPECT_EQ(normals.at(kKey, address, element),
                short_normal_at(kKey, counter_of(address), element));
    }
}

template <class Tile>
class CudaTileTest : public testing::Test {};
using Tiles = testing::Types<FloatTile<256, 8, 1, true>, FloatTile<256, 8, 2, false>,
                             FloatTile<256, 4, 4, true>, Bf16Tile<128, 8, 4, 1, false>,
                             Bf16Tile<128, 4, 8, 2, true>, Bf16Tile<128, 2, 16, 2, true>>;
TYPED_TEST_SUITE(CudaTileTest, Tiles);

TYPED_TEST(CudaTileTest, ThreadsOwnEveryOutputOnce) {
  std::set<std::pair<int, int>> owned;
  for (int id = 0; id < TypeParam::kThreads; ++id)
    for (int i = 0; i < TypeParam::kOwnPixels; ++i)
      for (int j = 0; j < TypeParam::kOwnColumns; ++j)
        owned.insert({TypeParam::pixel(id, i), TypeParam::column(id, j)});
  EXPECT_EQ(owned.size(), static_cast<std::size_t>(TypeParam::kPixels * TypeParam::kColumns));
  EXPECT_EQ(*owned.begin(), std::pair(0, 0));
  EXPECT_EQ(*owned.rbegin(), std::pair(TypeParam::kPixels - 1, TypeParam::kColumns - 1));
}

TYPED_TEST(CudaTileTest, EachPhiloxBlockBelongsToOneThreadInLayersAsWideAsTheTile) {
  // Eight elements per block: a thread that owns E of them meets E / 8 blocks.
  for (const int id : {0, 5, TypeParam::kThreads - 1}) {
    std::set<std::uint64_t> blocks;
    for (int i = 0; i < TypeParam::kOwnPixels; ++i)
      for (int j = 0; j < TypeParam::kOwnColumns; ++j) {
        const auto element = static_cast<std::uint64_t>(
            TypeParam::pixel(id, i) * TypeParam::kColumns + TypeParam::column(id, j));
        blocks.insert(element / kShortGroup * kShortGroupBlocks + element % kShortGroupBlocks);
      }
    EXPECT_EQ(blocks.size(),
              static_cast<std::size_t>(TypeParam::kOwnPixels * TypeParam::kOwnColumns / 8));
  }
}

/// mma.m16n8k16 of a whole warp by the layout of the PTX manual (section "Matrix fragments for
/// mma.m16n8k16 with floating point type"), in double.
void multiply_warp(const FragmentA (&a)[32], const FragmentB (&b)[32], double (&d)[16][8]) {
  const auto half = [](std::uint32_t both, int part) {
    return double{float_of(static_cast<Bf16>(both >> (16 * part)))};
  };
  double x[16][16], w[16][8];
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 8; ++i) {
      const int row = lane / 4 + (i / 2 % 2) * 8, k = lane % 4 * 2 + i % 2 + (i / 4) * 8;
      x[row][k] = half(a[lane].registers[i / 2], i % 2);
      if (i < 4)
        w[lane % 4 * 2 + i % 2 + (i / 2) * 8][lane / 4] = half(b[lane].registers[i / 2], i % 2);
    }
  for (int row = 0; row < 16; ++row)
    for (int n = 0; n < 8; ++n) {
      d[row][n] = 0;
      for (int k = 0; k < 16; ++k) d[row][n] += x[row][k] * w[k][n];
    }
}

template <class Tile>
void expect_fragments_to_give_the_products() {
  auto operands = std::make_unique<typename Tile::Operands>();
  const auto x = [](int pixel, int k) { return static_cast<float>((pixel * 7 + k * 3) % 11 - 5); };
  const auto w = [](int k, int n) { return static_cast<float>((n * 5 + k * 13) % 17 - 8); };
  for (int k = 0; k < kDepth; ++k) {
    for (int pixel = 0; pixel < Tile::kPixels; ++pixel) operands->set_input(pixel, k, x(pixel, k));
    for (int n = 0; n < Tile::kColumns; ++n) operands->set_weight(k, n, w(k, n));
  }
  constexpr int kWarp = 3;
  for (int tile = 0; tile < Tile::kOwnPixels / 2; ++tile)
    for (int n = 0; n < Tile::kOwnColumns / 2; ++n) {
      FragmentA a[32];
      FragmentB b[32];
      for (int lane = 0; lane < 32; ++lane) {
        a[lane] = Tile::fragment_of_x(operands->x, kWarp * 32 + lane, tile);
        b[lane] = Tile::fragment_of_weights(operands->weight[0], kWarp * 32 + lane, n);
      }
      double d[16][8];
      multiply_warp(a, b, d);
      for (int lane = 0; lane < 32; ++lane)
        for (int c = 0; c < 4; ++c) {  // c0, c1: row lane / 4; c2, c3: eight rows below
          const int id = kWarp * 32 + lane;
          double expected = 0;
          for (int k = 0; k < kDepth; ++k)
            expected += double{x(Tile::pixel(id, 2 * tile + c / 2), k)} *
                        w(k, Tile::column(id, 2 * n + c % 2));
          ASSERT_EQ(d[lane / 4 + c / 2 * 8][lane % 4 * 2 + c % 2], expected) << lane << ' ' << c;
        }
    }
}

TEST(CudaBf16Tile, FragmentsGiveEachThreadTheProductsThatItOwns) {
  expect_fragments_to_give_the_products<Bf16Tile<128, 8, 4, 1, false>>();
  expect_fragments_to_give_the_products<Bf16Tile<128, 4, 8, 1, false>>();
  expect_fragments_to_give_the_products<Bf16Tile<128, 2, 16, 1, false>>();
}

TEST(CudaPacking, SortsRowsByPositionThenChannelAndFillsUp) {
  const ConvGeometry g = test::same_padded(4, 3, 2, 3, 1);  // K = 27, cut at 13 and 26
  Floats w(54);
  std::iota(w.begin(), w.end(), 0.0f);
  LayerOnTiles layer = test::layer_of(g, w);
  layer.tile = {13, 0};
  layer.periphery.adc = Adc{.bits = 4, .range = AdcRange::max};
  Epilogue epilogue = test::identity_epilogue(2);
  epilogue.scale[1] = -2;
  const LayerPlan plan = plan_layer(layer, {1, {}});
  const PackedLayer packed = pack(g, plan, epilogue);
  ASSERT_EQ(packed.products.size(), 3u);
  EXPECT_EQ(packed.columns, 16);
  EXPECT_EQ(packed.rows.size(), 48u);
  EXPECT_EQ(packed.products[1].first_row, 16);
  EXPECT_EQ(packed.products[2].rows, 16);
  // Tile 0 holds channel 0 and four positions of channel 1: (0,0) of both, then (0,1) ...
  const auto& r = packed.rows;
  EXPECT_EQ((std::vector{r[0].offset, r[1].offset, r[2].offset, r[3].offset}),
            (std::vector{0, 1, 3, 4}));
  EXPECT_EQ(r[12].ky, 2);
  EXPECT_EQ(r[13].ky, kNoRow);
  const double code = plan.products[0].G[9] / w[9];
  EXPECT_FLOAT_EQ(packed.weights[1 * 16 + 0], static_cast<float>(9 * code));
  EXPECT_FLOAT_EQ(packed.weights[1 * 16 + 1], static_cast<float>(36 * code));
  EXPECT_EQ(packed.weights[13 * 16], 0.0f);
  EXPECT_EQ(packed.weights[2], 0.0f);
  EXPECT_FLOAT_EQ(packed.digital[1], static_cast<float>(-2 * plan.products[0].digital[1]));
  EXPECT_TRUE(packed.variances.empty() && packed.noise.empty() && packed.capacitors.empty());
}

TEST(CudaBackendTest, GivesTheSameWhateverFitsIntoMemoryAtOnce) {
  const ConvGeometry g = test::same_padded(5, 31, 33, 3, 2);
  LayerOnTiles layer = test::layer_of(g, test::normals(static_cast<std::size_t>(g.rows()) * 33, 1));
  layer.tile = {100, 20};
  layer.periphery.dac = Dac{.bits = 6, .is_signed = true};
  layer.periphery.adc = Adc{.bits = 7, .rounding = Rounding::stochastic};
  layer.periphery.output_noise = OutputNoise{0.02};
  const Floats x = test::normals(7 * test::values_in(g), 2);
  const Floats residual = test::normals(7 * test::values_out(g), 3);
  const auto run = [&](std::int64_t values, Tally& tally) {
    CudaBackend backend(std::make_shared<test::EmulatedMachine>(), values);
    LayerRanges ranges;
    const Epilogue epilogue = test::identity_epilogue(33);
    backend.load(layer, epilogue, nullptr)->observe(x.data(), 7, ranges);
    Floats y(7 * test::values_out(g));
    backend.load(layer, epilogue, &ranges)
        ->forward(x.data(), 7, 3, residual.data(), y.data(), tally);
    return y;
  };
  Tally whole, parts;
  EXPECT_EQ(run(1 << 20, whole), run(2000, parts));  // two images of 775 inputs at a time
  EXPECT_EQ(whole.adc_samples, parts.adc_samples);
  EXPECT_EQ(whole.adc_clipped, parts.adc_clipped);
  EXPECT_EQ(whole.dac_clipped, parts.dac_clipped);
}

TEST(CudaBackendTest, TakesActivationsFromTheMachinesOwnMemory) {
  const ConvGeometry g = test::same_padded(5, 4, 8, 3, 1);
  const LayerOnTiles layer =
      test::layer_of(g, test::normals(static_cast<std::size_t>(g.rows()) * 8, 1));
  const auto machine = std::make_shared<test::EmulatedMachine>();
  CudaBackend backend(machine);
  const auto loaded = backend.load(layer, test::identity_epilogue(8), nullptr);
  const Floats x = test::normals(2 * test::values_in(g), 2);
  const Floats expected = test::forward(*loaded, g, x);
  cuda::Array<float> there(machine), result(machine);
  float* y = result.at_least(expected.size());
  Tally tally;
  loaded->forward(there.assign(x), 2, 0, nullptr, y, tally);
  Floats back(expected.size());
  machine->download(y, back.data(), back.size() * sizeof(float));
  EXPECT_EQ(back, expected);
}

}  // namespace
}  // namespace ohmic
