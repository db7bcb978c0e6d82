// Layers of cells whose current is not proportional to the voltage: without wires against a plain
// loop over cells, on wires against nonlinear_currents and against what wires without resistance
// and cells without bend must give.
#include <gtest/gtest.h>

#include "simulator/error.hpp"
#include "simulator/wires.hpp"
#include "simulator/wires_newton.hpp"
#include "tests/simulator/on_backend.hpp"

namespace ohmic {
namespace {

using test::forward;
using Floats = std::vector<float>;
using Doubles = std::vector<double>;

/// I = G V (1 + a |V| + b V^2).
struct Bent final : PolynomialCurve {
  double a, b;
  Bent(double a, double b) : a(a), b(b) {}
  void coefficients(std::span<const double> G_S, std::span<double> a_A_V2,
                    std::span<double> b_A_V3) const override {
    for (std::size_t i = 0; i < G_S.size(); ++i) {
      a_A_V2[i] = a * G_S[i];
      b_A_V3[i] = b * G_S[i];
    }
  }
  double current(double G, double V) const { return G * V * (1 + a * std::abs(V) + b * V * V); }
};

const Bent kBent(1.5, 4.0);
constexpr double kFullScale = 3.0;  // of x
constexpr double kVolts = 0.4;
constexpr double kWeightPerS = 2e4;

/// A differential layer, G+ and G- of 0 to 100 uS.
struct Pair {
  explicit Pair(const ConvGeometry& g) {
    const auto count = static_cast<std::size_t>(g.rows() * g.columns());
    const Floats z = test::normals(2 * count, 5);
    for (std::size_t i = 0; i < count; ++i) {
      plus.push_back(30e-6 * std::min(std::abs(z[i]), 3.0f));
      minus.push_back(30e-6 * std::min(std::abs(z[count + i]), 3.0f));
    }
  }
  std::vector<double> plus, minus;
};

LayerOnTiles layer_of(const ConvGeometry& g, const Pair& pair, const Bent& curve,
                      std::optional<Wires> wires = {}, TileShape tile = {}) {
  LayerOnTiles layer;
  layer.geometry = g;
  layer.tile = tile;
  layer.input_full_scale = kFullScale;
  layer.cells = NonLinearCells{std::make_shared<Bent>(curve), kVolts};
  layer.periphery.wires = wires;
  Plane& plane = layer.planes.emplace_back();
  plane.weight_per_S = kWeightPerS;
  plane.current_span_S = 100e-6;
  for (std::size_t i = 0; i < pair.plus.size(); ++i) {
    const double G = pair.plus[i] - pair.minus[i];
    plane.G_S.push_back(G);
    plane.a_A_V2.push_back(curve.a * G);
    plane.b_A_V3.push_back(curve.b * G);
  }
  if (wires) plane.arrays = {{1.0, pair.plus}, {-1.0, pair.minus}};
  return layer;
}

/// Cell by cell: what column n gives for rows driven by x, in weights' units.
double by_hand(const Pair& pair, const Bent& curve, std::span<const float> x, int n) {
  double current_A = 0;
  const std::size_t K = x.size();
  for (std::size_t k = 0; k < K; ++k) {
    const double V = kVolts * x[k] / kFullScale;
    const auto cell = static_cast<std::size_t>(n) * K + k;
    current_A += curve.current(pair.plus[cell], V) - curve.current(pair.minus[cell], V);
  }
  return kWeightPerS * current_A * kFullScale / kVolts;
}

Floats inputs(std::size_t count) {
  Floats x = test::normals(count, 6);
  for (float& v : x) v = std::clamp(v, -3.0f, 3.0f);
  return x;
}

class NonLinearCellsTest : public test::OnBackend {
 protected:
  Floats run(const LayerOnTiles& layer, const Floats& x, const LayerRanges& ranges = {}) const {
    return forward(
        *backend_->load(layer, test::identity_epilogue(layer.geometry.columns()), &ranges),
        layer.geometry, x);
  }
};
INSTANTIATE_TEST_SUITE_P(, NonLinearCellsTest, testing::ValuesIn(test::backends()),
                         [](const auto& info) { return info.param; });

/// Circuits that are solved at each MVM.
class SolvedCellsTest : public NonLinearCellsTest {};
INSTANTIATE_TEST_SUITE_P(, SolvedCellsTest, testing::Values("reference", "cpu"),
                         [](const auto& info) { return info.param; });

TEST_P(NonLinearCellsTest, WithoutWiresAreSumsOverCells) {
  const ConvGeometry g = test::dense(70, 9);
  const Pair pair(g);
  const Floats x = inputs(70);
  const Floats y = run(layer_of(g, pair, kBent), x);
  for (int n = 0; n < 9; ++n)
    EXPECT_NEAR(y[static_cast<std::size_t>(n)], by_hand(pair, kBent, x, n), test::tolerance(10));
}

TEST_P(NonLinearCellsTest, SeeTheVoltageOfTheirSlice) {
  // Codes 0..7 bit by bit: every bit that is set is applied at full voltage, so that the sum over
  // slices is that of ohmic cells with the conductance of full drive.
  const ConvGeometry g = test::dense(40, 5);
  const Pair pair(g);
  LayerOnTiles layer = layer_of(g, pair, kBent);
  layer.periphery.dac = Dac{.bits = 3, .slice_bits = 1};
  Floats x(40);
  for (std::size_t k = 0; k < x.size(); ++k)
    x[k] = static_cast<float>(kFullScale * double(k % 8) / 7);
  LayerRanges ranges;
  ranges.input = kFullScale;
  ranges.output = {1, 1, 1, 1, 1};
  const Floats y = run(layer, x, ranges);
  const double rise = kBent.current(1.0, kVolts) / kVolts;
  for (int n = 0; n < 5; ++n) {
    double ohmic = 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
      const auto cell = static_cast<std::size_t>(n) * x.size() + k;
      ohmic += kWeightPerS * x[k] * (pair.plus[cell] - pair.minus[cell]);
    }
    EXPECT_NEAR(y[static_cast<std::size_t>(n)], rise * ohmic, test::tolerance(20));
  }
}

TEST_P(NonLinearCellsTest, AreConvertedTileByTile) {
  const ConvGeometry g = test::dense(50, 4);
  const Pair pair(g);
  LayerOnTiles layer = layer_of(g, pair, kBent, {}, {20, 3});
  layer.periphery.adc = Adc{.bits = 20, .range = AdcRange::max};
  const Floats x = inputs(50);
  const Floats y = run(layer, x, {kFullScale, Doubles(21, 1.0)});
  for (int n = 0; n < 4; ++n)  // steps of 20 rows x 3 x 100 uS x 2e4 / 2^19
    EXPECT_NEAR(y[static_cast<std::size_t>(n)], by_hand(pair, kBent, x, n), 2e-3);
}

TEST_P(NonLinearCellsTest, ConvolveWithPaddingAndABiasRow) {
  ConvGeometry g = test::same_padded(3, 2, 3, 3, 1);
  g.bias_rows = 1;
  const Pair pair(g);
  const LayerOnTiles layer = layer_of(g, pair, kBent);
  const Floats x = inputs(18);
  const Floats y = run(layer, x);
  for (int p = 0; p < 9; ++p) {
    Floats patch;
    for (int c = 0; c < 2; ++c)
      for (int ky = 0; ky < 3; ++ky)
        for (int kx = 0; kx < 3; ++kx) {
          const int iy = p / 3 + ky - 1, ix = p % 3 + kx - 1;
          const bool inside = iy >= 0 && iy < 3 && ix >= 0 && ix < 3;
          patch.push_back(inside ? x[static_cast<std::size_t>((iy * 3 + ix) * 2 + c)] : 0.0f);
        }
    patch.push_back(static_cast<float>(kFullScale));
    for (int n = 0; n < 3; ++n)
      EXPECT_NEAR(y[static_cast<std::size_t>(p * 3 + n)], by_hand(pair, kBent, patch, n),
                  test::tolerance(10));
  }
}

/// What the arrays of a K x N layer cut into tiles give, each circuit solved by itself.
double solved(const Pair& pair, const Bent& curve, const Wires& wires, TileShape tile,
              const Floats& x, int N, int n) {
  const int K = static_cast<int>(x.size()), first = n / tile.columns * tile.columns;
  const int columns = std::min(tile.columns, N - first);
  double sum_A = 0;
  for (int k = 0; k < K; k += tile.rows) {
    const int rows = std::min(tile.rows, K - k);
    std::vector<double> volts, plus, minus;
    for (int i = 0; i < rows; ++i)
      volts.push_back(kVolts * x[static_cast<std::size_t>(k + i)] / kFullScale);
    for (int j = 0; j < columns; ++j)
      for (int i = 0; i < rows; ++i) {
        plus.push_back(pair.plus[static_cast<std::size_t>((first + j) * K + k + i)]);
        minus.push_back(pair.minus[static_cast<std::size_t>((first + j) * K + k + i)]);
      }
    const auto at = static_cast<std::size_t>(n - first);
    sum_A += nonlinear_currents(rows, columns, plus, curve, wires, volts).column_A[at] -
             nonlinear_currents(rows, columns, minus, curve, wires, volts).column_A[at];
  }
  return kWeightPerS * sum_A * kFullScale / kVolts;
}

TEST_P(SolvedCellsTest, OnWiresAreTheSolvedCircuitsOfTheirTiles) {
  const ConvGeometry g = test::dense(12, 7);
  const Pair pair(g);
  const Wires wires{50, 80, 300, 100};
  const TileShape tile{5, 4};
  const Floats x = inputs(12);
  const Floats y = run(layer_of(g, pair, kBent, wires, tile), x);
  for (int n = 0; n < 7; ++n)
    EXPECT_NEAR(y[static_cast<std::size_t>(n)], solved(pair, kBent, wires, tile, x, 7, n), 1e-5);
}

TEST_P(SolvedCellsTest, OnWiresAreConvertedTileByTile) {
  const ConvGeometry g = test::dense(12, 7);
  const Pair pair(g);
  const Wires wires{50, 80, 300, 100};
  LayerOnTiles layer = layer_of(g, pair, kBent, wires, {5, 4});
  layer.periphery.adc = Adc{.bits = 20, .range = AdcRange::max};
  const Floats x = inputs(12);
  const Floats y = run(layer, x, {kFullScale, Doubles(21, 1.0)});
  for (int n = 0; n < 7; ++n)
    EXPECT_NEAR(y[static_cast<std::size_t>(n)], solved(pair, kBent, wires, {5, 4}, x, 7, n), 1e-3);
}

TEST_P(SolvedCellsTest, OnHardlyAnyWireAreAsWithout) {
  const ConvGeometry g = test::dense(12, 7);
  const Pair pair(g);
  const Floats x = inputs(12);
  const Floats y = run(layer_of(g, pair, kBent, Wires{1e-4, 1e-4}, {5, 4}), x);
  for (int n = 0; n < 7; ++n)
    EXPECT_NEAR(y[static_cast<std::size_t>(n)], by_hand(pair, kBent, x, n), 1e-5);
}

TEST_P(SolvedCellsTest, WithoutABendAreTheEffectiveMatrix) {
  const ConvGeometry g = test::dense(12, 7);
  Pair pair(g);
  const Wires wires{50, 80, 300, 100};
  const TileShape tile{5, 4};
  const Floats x = inputs(12);
  const Floats y = run(layer_of(g, pair, Bent(0, 0), wires, tile), x);
  apply_wires(12, 7, tile, wires, pair.plus);
  apply_wires(12, 7, tile, wires, pair.minus);
  for (int n = 0; n < 7; ++n)
    EXPECT_NEAR(y[static_cast<std::size_t>(n)], by_hand(pair, Bent(0, 0), x, n), 1e-5);
}

TEST_P(NonLinearCellsTest, AreMeasuredByCalibrationAsTheyCompute) {
  const ConvGeometry g = test::dense(12, 7);
  const Pair pair(g);
  const Floats x = inputs(12);
  for (const bool on_wires : {false, true}) {
    LayerOnTiles layer =
        layer_of(g, pair, kBent, on_wires ? std::optional(Wires{50, 80}) : std::nullopt);
    if (on_wires && !backend_->refusal(layer).empty()) continue;
    const Floats y = run(layer, x);
    layer.periphery.adc = Adc{.per = RangePer::column, .percentile = 100};
    LayerRanges ranges;
    const auto epilogue = test::identity_epilogue(7);
    backend_->load(layer, epilogue)->observe(x.data(), 1, ranges);
    for (std::size_t n = 0; n < 7; ++n)
      EXPECT_NEAR(kWeightPerS * ranges.output[n], std::abs(y[n]), 1e-5) << on_wires;
  }
}

TEST_P(SolvedCellsTest, FailLoudlyWhereACircuitDoesNotSettle) {
  // The current falls beyond 0.05 V: circuits with several solutions, or none that Newton finds.
  const ConvGeometry g = test::dense(6, 4);
  const Pair pair(g);
  const LayerOnTiles layer = layer_of(g, pair, Bent(-10, 0), Wires{5000, 5000});
  try {
    run(layer, Floats(6, 3.0f));
    FAIL() << "gave an answer";
  } catch (const UnsupportedError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("non-linear cells on resistive wires: "))
        << error.what();
  }
}

TEST_P(NonLinearCellsTest, AreSolvedOnWiresButOnAGpu) {
  const ConvGeometry g = test::dense(6, 4);
  const LayerOnTiles layer = layer_of(g, Pair(g), kBent, Wires{50, 80});
  const bool solves = GetParam() == "reference" || GetParam() == "cpu";
  EXPECT_EQ(backend_->refusal(layer).empty(), solves);
}

TEST_P(NonLinearCellsTest, RefuseBf16ButOnTheReference) {
  LayerOnTiles layer = layer_of(test::dense(6, 4), Pair(test::dense(6, 4)), kBent);
  layer.periphery.products = Products::bf16;
  EXPECT_EQ(backend_->refusal(layer).empty(), GetParam() == "reference");
}

}  // namespace
}  // namespace ohmic
