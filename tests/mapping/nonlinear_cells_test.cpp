// Mapped layers of non-linear cells: every programmed device's current by itself, summed column by
// column, and circuits of programmed tiles.
#include <gtest/gtest.h>

#include "devices/rram_milo_curve.hpp"
#include "mapping/mapped_layer.hpp"
#include "simulator/backend.hpp"
#include "simulator/error.hpp"
#include "simulator/wires_newton.hpp"
#include "tests/devices/device_test.hpp"
#include "tests/simulator/backend_cases.hpp"

namespace ohmic {
namespace {

using test::make_device;

const NoiseKey kKey = noise_key(7, 1);
constexpr int kRows = 11, kColumns = 5;
constexpr double kFullScale = 2.0, kVolts = 0.4;

MappedLayer mapped(const MappingSettings& settings) {
  const auto w = test::normals(kRows * kColumns, 3);
  return {"dense", 3, test::dense(kRows, kColumns), w, settings, 50e-6, 225e-6, kFullScale};
}

std::unique_ptr<DeviceModel> milo() { return make_device("model = 'rram_milo'\nv_read_V = 0.4"); }

std::vector<float> inputs() {
  auto x = test::normals(kRows, 4);
  for (float& v : x) v = std::clamp(v, -2.0f, 2.0f);
  return x;
}

std::vector<float> computed(const LayerOnTiles& layer) {
  const auto backend = make_backend("reference");
  return test::forward(*backend->load(layer, test::identity_epilogue(kColumns)), layer.geometry,
                       inputs());
}

std::vector<double> currents(std::span<const double> G_S, std::span<const double> volts) {
  std::vector<double> A(G_S.size()), slope(G_S.size());
  RramMiloCurve().evaluate(G_S, volts, A, slope);
  return A;
}

/// Sum of the currents of one role's devices in column n.
double column_A(const std::vector<double>& G_S, int n) {
  const auto x = inputs();
  std::vector<double> volts, cells;
  for (int k = 0; k < kRows; ++k) {
    volts.push_back(kVolts * x[static_cast<std::size_t>(k)] / kFullScale);
    cells.push_back(G_S[static_cast<std::size_t>(n * kRows + k)]);
  }
  double sum = 0;
  for (const double A : currents(cells, volts)) sum += A;
  return sum;
}

TEST(NonLinearLayer, AddsTheCurrentsOfItsDifferentialPairs) {
  const MappedLayer layer = mapped({});
  const auto plus = layer.programmed_S(0, *milo(), kKey),
             minus = layer.programmed_S(1, *milo(), kKey);
  const auto y = computed(layer.program(*milo(), kKey, {}));
  const double weight_per_A = layer.scale().weight_per_S * kFullScale / kVolts;
  for (int n = 0; n < kColumns; ++n)
    EXPECT_NEAR(y[static_cast<std::size_t>(n)],
                weight_per_A * (column_A(plus, n) - column_A(minus, n)), 1e-5);
}

TEST(NonLinearLayer, TakesAReferenceOfItsKindAway) {
  MappingSettings settings;
  settings.encoding = Encoding::offset;
  const MappedLayer layer = mapped(settings);
  const auto cells = layer.programmed_S(0, *milo(), kKey);
  const std::vector<double> middle(cells.size(), 137.5e-6);
  const double weight_per_A = layer.scale().weight_per_S * kFullScale / kVolts;
  const auto y = computed(layer.program(*milo(), kKey, {}));
  for (int n = 0; n < kColumns; ++n)
    EXPECT_NEAR(y[static_cast<std::size_t>(n)],
                weight_per_A * (column_A(cells, n) - column_A(middle, n)), 1e-5);
  Periphery wired;
  wired.wires = Wires{1e-3, 1e-3};
  const auto on_wires = computed(layer.program(*milo(), kKey, wired));
  for (std::size_t n = 0; n < kColumns; ++n) EXPECT_NEAR(on_wires[n], y[n], 1e-3);
}

TEST(NonLinearLayer, OnWiresIsTheCircuitOfItsProgrammedDevices) {
  const MappedLayer layer = mapped({});  // one tile
  Periphery around;
  around.wires = Wires{20, 30, 100, 50};
  const auto y = computed(layer.program(*milo(), kKey, around));
  const auto x = inputs();
  std::vector<double> volts;
  for (const float v : x) volts.push_back(kVolts * v / kFullScale);
  const auto solve = [&](int role) {
    return nonlinear_currents(kRows, kColumns, layer.programmed_S(role, *milo(), kKey),
                              RramMiloCurve(), *around.wires, volts)
        .column_A;
  };
  const auto plus = solve(0), minus = solve(1);
  const double weight_per_A = layer.scale().weight_per_S * kFullScale / kVolts;
  for (std::size_t n = 0; n < kColumns; ++n)
    EXPECT_NEAR(y[n], weight_per_A * (plus[n] - minus[n]), 1e-5);
}

TEST(NonLinearLayer, RefusesWhatIsNotComputed) {
  MappingSettings physical;
  physical.encoding = Encoding::offset;
  physical.reference = Reference::physical;
  Periphery wired;
  wired.wires = Wires{};
  EXPECT_NO_THROW(mapped(physical).program(*milo(), kKey, {}));
  EXPECT_THROW(mapped(physical).program(*milo(), kKey, wired), UnsupportedError);
  const auto noisy = make_device(
      "model = 'stack'\nmodels = [{ model = 'pcm' }, { model = 'cell_curve', cubic_per_V2 = 1 }]");
  EXPECT_THROW(mapped({}).program(*noisy, kKey, {}), UnsupportedError);
  Periphery quiet;
  quiet.read_noise = false;
  EXPECT_NO_THROW(mapped({}).program(*noisy, kKey, quiet));
}

}  // namespace
}  // namespace ohmic
