// Cost against values worked out by hand and against counting by plain loops.
#include "mapping/cost.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "simulator/backend.hpp"
#include "tests/devices/device_test.hpp"
#include "tests/simulator/backend_cases.hpp"

namespace ohmic {
namespace {

constexpr double kGMin = 1e-6, kGMax = 25e-6;

MappedLayer mapped(const ConvGeometry& g, const MappingSettings& settings,
                   std::vector<float> weights = {}) {
  const auto size = static_cast<std::size_t>(g.rows() * g.columns());
  if (weights.empty()) weights.assign(size, 1.0f);
  return {"layer", 0, g, weights, settings, kGMin, kGMax};
}

MappingSettings differential(TileShape tile) {
  MappingSettings s;
  s.tile = tile;
  return s;
}

Periphery converters(int bits = 8) {
  Periphery p;
  p.dac.emplace().bits = bits;
  p.adc.emplace().bits = bits;
  p.adc->range = AdcRange::max;
  return p;
}

CostSettings given_adc() {
  CostSettings s;
  s.adc_pJ = 2;
  s.adc_um2 = 1000;
  return s;
}

std::string fault_of(const std::string& text) {
  CostSettings settings;
  std::vector<Fault> faults;
  CostSettings::schema().read_into(parse_toml(text, "f.toml"), "cost", settings, faults);
  return faults.empty() ? "" : faults.front().message;
}

TEST(CostSettings, OfAnotherUnitHaveToBeMeant) {
  const auto refused = [](const std::string& text, const std::string& why) {
    const std::string said = fault_of(text);
    EXPECT_TRUE(said.starts_with(why)) << text << ": " << said;
  };
  refused("read_s = 100", "100 s is more than the usual 0.001 s; did you mean 100e-9?");
  refused("read_s = 0.1", "0.1 s is more than the usual 0.001 s; did you mean 0.1e-6?");
  refused("read_V = 10", "10 V is more than the usual 3 V; did you mean 0.01?");
  refused("adc_rate_Hz = 1.2", "1.2 Hz is less than the usual 1e+05 Hz; did you mean 1.2e9?");
  refused("adc_rate_Hz = 1200", "1200 Hz is less than the usual 1e+05 Hz; did you mean 1200e6?");
  refused("driver_pJ = 416.7", "416.7 pJ is more than the usual 100 pJ; did you mean 0.4167?");
  refused("adc_pJ = 2e-12", "2e-12 pJ is less than the usual 0.001 pJ; did you mean 2?");
  refused("adc_um2 = 0.006", "0.006 um^2 is less than the usual 1 um^2; did you mean 6000?");
  refused("driver_pJ = 0", "0 pJ is less than the usual 1e-04 pJ. If it is meant, write allow =");
  refused("tech_nm = 1", "1 nm is less than the usual 3 nm");
  refused("tech_nm = 0.032",
          "expected a real number in [1, 1000], got the real number 0.032; did "
          "you mean 32?");
  refused("wire_fF_per_um = 2e-4", "2e-04 fF/um is less than the usual 0.01 fF/um");
}

// 7 to 350 nm, reads of 1 ns to 100 us at 0.02 to 2 V, converters of 1 MS/s to 100 GS/s.
TEST(CostSettings, OfPublishedHardwareAreTaken) {
  for (const char* given :
       {"tech_nm = 7", "tech_nm = 350", "read_s = 1e-9", "read_s = 1e-4", "read_V = 0.02",
        "read_V = 2", "adc_rate_Hz = 1e6", "adc_rate_Hz = 1e11", "adc_pJ = 0.01", "adc_pJ = 500",
        "adc_um2 = 50", "adc_um2 = 1e6", "driver_pJ = 0.001", "driver_pJ = 20",
        "wire_fF_per_um = 0.1", "dac_unit_fF = 50", "dac_bit_fF = 1", "dac_V = 3.3",
        "dac_conversion_pJ = 30"})
    EXPECT_EQ(fault_of(given), "") << given;
  CostSettings usual;
  std::vector<Fault> faults;
  CostSettings::schema().read_into(CostSettings::schema().write(&usual), "cost", usual, faults);
  EXPECT_TRUE(faults.empty()) << ConfigError(faults).what();
}

TEST(AdcRegression, GivesTheWorkedExample) {
  const ConverterCost cost = adc_regression(8, 1e9, 32);
  EXPECT_NEAR(cost.energy_pJ, 1.71, 0.005);
  EXPECT_NEAR(cost.area_um2, 5970, 5);
}

TEST(AdcRegression, TakesTheFigureOfMeritThatIsLower) {
  // At 1 MS/s, 8 bits, the cap holds: only the area still depends on the rate.
  EXPECT_DOUBLE_EQ(adc_regression(8, 1e6, 32).energy_pJ, adc_regression(8, 1e7, 32).energy_pJ);
  // At 1e11 the rate term is 213.7807 - 2.8719 * 25.328436 = 141.0399 dB, 13.0311 dB below the cap.
  EXPECT_NEAR(adc_regression(8, 1e11, 32).energy_pJ / adc_regression(8, 1e6, 32).energy_pJ,
              std::pow(10.0, 1.30311), 1e-3);
  EXPECT_EQ(adc_regression(2, 1e9, 32).energy_pJ, adc_regression(4, 1e9, 32).energy_pJ);
}

// K = 3 x 3 x 3 = 27 rows, N = 16 columns, P = 32 x 32 = 1024 positions; one 256 x 256 tile for G+
// and one for G-.
TEST(LayerCost, OfResNet20sFirstLayerIsAsByHand) {
  const LayerCost cost =
      layer_cost(mapped(test::same_padded(32, 3, 16, 3, 1), differential({256, 256})), converters(),
                 given_adc());
  EXPECT_EQ(cost.tiles, 2);
  EXPECT_EQ(cost.devices, 27 * 16 * 2);
  EXPECT_EQ(cost.cells, 2 * 65536);
  EXPECT_DOUBLE_EQ(cost.utilization(), 864.0 / 131072);
  EXPECT_EQ(cost.adcs, 256);
  EXPECT_EQ(cost.macs, 442368);
  EXPECT_EQ(cost.mvms, 1024);
  EXPECT_EQ(cost.phases, 1);
  EXPECT_EQ(cost.dac_conversions, 27648);
  EXPECT_EQ(cost.adc_conversions, 16384);
  // At full drive all capacitors are charged together: 27648 x 8 bits x 50 fF x (0.9 V)^2.
  EXPECT_NEAR(cost.energy_pJ.dac, 8957.952, 1e-6);
  EXPECT_NEAR(cost.energy_pJ.adc, 32768, 1e-6);          // 16384 x 2 pJ
  EXPECT_NEAR(cost.energy_pJ.shift_add, 344.064, 1e-6);  // 16384 x 0.021 pJ
  EXPECT_NEAR(cost.energy_pJ.buffer, 28139.2, 1e-6);     // 1024 x 43 x 8/256 x 20.45 pJ
  EXPECT_NEAR(cost.energy_pJ.router, 10618.88, 1e-6);    // 1024 x 16 x 8/256 x 20.74 pJ
  // Full drive: 1024 x 27 x (0.04 V^2 x 100 ns x 16 x 26 uS = 1.664 pJ, and two wires of 256 x 12 F
  // = 98.304 um or 19.6608 fF at 0.04 V^2: 0.001572864 pJ).
  EXPECT_NEAR(cost.energy_pJ.arrays, 27648 * 1.665572864, 1e-6);
  EXPECT_NEAR(cost.area_um2.arrays, 6442.450944, 1e-6);  // 131072 x 48 x (0.032 um)^2
  EXPECT_NEAR(cost.area_um2.dac, 112132.096, 1e-6);      // 256 rows x 2^8 x 1.711 um^2
  EXPECT_NEAR(cost.area_um2.adc, 256000, 1e-6);
  EXPECT_NEAR(cost.area_um2.shift_add, 15360, 1e-9);
  EXPECT_NEAR(cost.area_um2.buffer, 83000.0 / 48, 1e-6);
  EXPECT_NEAR(cost.area_um2.router, 150000.0 / 192, 1e-6);
  // A conversion takes 0.8333 ns, so reads of 100 ns follow each other.
  EXPECT_NEAR(cost.latency_s, 1024 * 100e-9 + 1 / 1.2e9, 1e-15);
}

// ISAAC's table I: 8 arrays of 128 rows, 1,024 drivers of one bit, which take 4 mW at a read in
// 100 ns and 0.00017 mm^2. Here 1,024 rows on 8 arrays one below the other, 128 x 128.
TEST(Drivers, OfOneBitTakeThePowerAndAreaOfISAACsTable) {
  Periphery p = converters();
  p.dac->slice_bits = 1;
  MappingSettings offset = differential({128, 128});
  offset.encoding = Encoding::offset;
  const LayerCost cost = layer_cost(mapped(test::dense(1024, 128), offset), p, CostSettings{});
  EXPECT_EQ(cost.tiles, 8);
  EXPECT_EQ(cost.phases, 8);
  EXPECT_EQ(cost.dac_conversions, 8 * 1024);
  const double read_s = 100e-9 * static_cast<double>(cost.phases);
  EXPECT_NEAR(cost.energy_pJ.dac * 1e-12 / read_s, 4e-3, 1e-9);
  EXPECT_NEAR(cost.area_um2.dac * 1e-6, 0.00017, 1e-7);
}

// Two rows of two bits, codes 0..3, one of which has ones in half of the reads and one in a
// quarter, on one tile of 8 rows: two reads of 0.75 ones.
TEST(Drivers, OfOneBitWorkForOnesAlone) {
  Periphery p = converters(2);
  p.dac->slice_bits = 1;
  const std::vector<double> ones{0.5, 0.25};
  const LayerCost cost =
      layer_cost(mapped(test::dense(2, 1), differential({8, 8})), p, CostSettings{}, ones);
  EXPECT_EQ(cost.dac_conversions, 4);
  EXPECT_NEAR(cost.energy_pJ.dac, 2 * 0.75 * 0.390625, 1e-12);
  EXPECT_NEAR(cost.area_um2.dac, 8 * 0.166, 1e-12);
  const std::vector<double> zeros{0.0, 0.0};
  EXPECT_EQ(layer_cost(mapped(test::dense(2, 1), differential({8, 8})), p, {}, zeros).energy_pJ.dac,
            0.0);
}

// The same two rows whole: mean squares of 1/4 and 1/9 are outputs of 1/2 and 1/3 of full drive,
// 2 bits x 50 fF and 4 x 0.5 fF x (1/4 or 2/9) at 0.81 V^2.
TEST(Drivers, OfTwoBitsAreADac) {
  const std::vector<double> drive{1.0 / 4, 1.0 / 9};
  const MappedLayer layer = mapped(test::dense(2, 1), differential({8, 8}));
  const LayerCost cost = layer_cost(layer, converters(2), CostSettings{}, drive);
  EXPECT_EQ(cost.dac_conversions, 2);
  EXPECT_NEAR(cost.energy_pJ.dac, 1e-3 * 0.81 * (200 + 2 * (1.0 / 4 + 2.0 / 9)), 1e-12);
  EXPECT_NEAR(cost.area_um2.dac, 8 * 4 * 1.711, 1e-9);
  CostSettings known;
  known.dac_conversion_pJ = 0.7;
  known.dac_area_um2 = 900;
  const LayerCost given = layer_cost(layer, converters(2), known, drive);
  EXPECT_NEAR(given.energy_pJ.dac, 1.4, 1e-12);
  EXPECT_NEAR(given.area_um2.dac, 7200, 1e-9);
}

TEST(DacEnergy, OfTheCapacitorsIsThatOfTwoInSeries) {
  CostSettings s;
  s.dac_V = 1;
  s.dac_bit_fF = 0;
  s.dac_unit_fF = 1000;  // pJ
  for (const int bits : {2, 5, 8})
    for (const double part : {0.25, 0.5, 0.75}) {
      const double all = std::exp2(bits);
      const int code = static_cast<int>(part * all);
      // Two capacitors in series, of code and of the rest: C = code (all - code) / all.
      const double series = 1 / (1.0 / code + 1.0 / (all - code));
      EXPECT_NEAR(dac_energy_pJ(bits, part * part, s), series, 1e-9) << bits << " " << part;
    }
}

TEST(DacEnergy, GrowsWithEveryBitAndDoublesWhereCapacitorsPrevail) {
  const CostSettings s;
  for (int bits = 2; bits < 16; ++bits)
    EXPECT_GT(dac_energy_pJ(bits + 1, 0.2, s), dac_energy_pJ(bits, 0.2, s)) << bits;
  EXPECT_NEAR(dac_energy_pJ(16, 0.25, s) / dac_energy_pJ(15, 0.25, s), 2, 0.15);
}

// 0.32 mW at 1.1 GHz, 0.291 pJ, and 438 um^2 for 8 bits: the DAC of BRAHMS (DAC 2021), that of a
// converter in 40 nm. The energy is no source of the constants: ZigZag-IMC's 50 fF a bit and
// Harpe's 0.5 fF come within a fifth of it.
TEST(DacEnergy, OfEightBitsIsNearAPublishedOne) {
  EXPECT_NEAR(dac_energy_pJ(8, 0.25, CostSettings{}) / 0.291, 1.2, 0.05);
  EXPECT_NEAR(256 * CostSettings{}.dac_unit_um2, 438, 0.1);
}

TEST(LayerCost, MeasuredDriveCountsRowByRow) {
  const ConvGeometry g = test::dense(2, 1);
  CostSettings s;
  s.wire_fF_per_um = 0;
  const std::vector<double> drive{0.5, 0.25};
  // Weights 1 and -0.5 of w_max 1: row 0 has 25 + 1 uS, row 1 has 1 + 13 uS; 0.04 V^2 x 100 ns.
  const LayerCost cost = layer_cost(mapped(g, differential({8, 8}), {1.0f, -0.5f}), {}, s, drive);
  EXPECT_NEAR(cost.energy_pJ.arrays, (0.5 * 26e-6 + 0.25 * 14e-6) * 0.04 * 100e-9 * 1e12, 1e-12);
  s.mean_square_drive = 0.5;
  EXPECT_NEAR(layer_cost(mapped(g, differential({8, 8}), {1.0f, -0.5f}), {}, s).energy_pJ.arrays,
              0.5 * 40e-6 * 0.04 * 100e-9 * 1e12, 1e-12);
}

TEST(LayerCost, CountsTheBiasRow) {
  // 27 rows of inputs and one of biases, which no buffer feeds and no multiplication counts.
  ConvGeometry g = test::same_padded(32, 3, 16, 3, 1);
  g.bias_rows = 1;
  const LayerCost cost = layer_cost(mapped(g, differential({256, 256})), converters(), given_adc());
  EXPECT_EQ(cost.devices, 28 * 16 * 2);
  EXPECT_EQ(cost.dac_conversions, 1024 * 28);
  EXPECT_EQ(cost.macs, 442368);
  EXPECT_NEAR(cost.energy_pJ.buffer, 28139.2, 1e-6);  // 1024 x 43 x 8/256 x 20.45 pJ
  EXPECT_NEAR(cost.energy_pJ.arrays, 1024 * 28 * 1.665572864, 1e-6);
}

// The recurrent matrix of an LSTM of 8, 8 x 32, for a sample of 5 time steps: a step waits for the
// conversion of the one before, by a converter of its own for every column: 5 x (100 ns + 1 / 1.2
// GHz).
TEST(LayerCost, OfARecurrentMatrixIsThatOfAStepTimesTheSteps) {
  const MappedLayer layer = mapped(test::dense(8, 32), differential({256, 256}));
  const LayerCost cost = layer_cost(layer, converters(), given_adc(), {}, 5);
  EXPECT_EQ(cost.tiles, 2);
  EXPECT_EQ(cost.devices, 8 * 32 * 2);
  EXPECT_EQ(cost.mvms, 5);
  EXPECT_EQ(cost.macs, 5 * 256);
  EXPECT_EQ(cost.dac_conversions, 5 * 8);
  EXPECT_EQ(cost.adc_conversions, 5 * 32);
  EXPECT_NEAR(cost.energy_pJ.dac, 40 * 0.324, 1e-9);
  EXPECT_NEAR(cost.energy_pJ.adc, 160 * 2, 1e-9);
  EXPECT_NEAR(cost.energy_pJ.buffer, 5 * 40 * 8 / 256.0 * 20.45, 1e-9);
  EXPECT_NEAR(cost.energy_pJ.router, 5 * 32 * 8 / 256.0 * 20.74, 1e-9);
  // Full drive: 5 x 8 x (0.04 V^2 x 100 ns x 32 x 26 uS = 3.328 pJ and two wires: 0.001572864 pJ).
  EXPECT_NEAR(cost.energy_pJ.arrays, 40 * 3.329572864, 1e-6);
  EXPECT_NEAR(cost.latency_s, 5 * (100e-9 + 1 / 1.2e9), 1e-15);
  const LayerCost step = layer_cost(layer, converters(), given_adc());
  EXPECT_EQ(cost.area_um2.total(), step.area_um2.total());
  EXPECT_EQ(cost.adcs, step.adcs);
  EXPECT_DOUBLE_EQ(cost.energy_pJ.total(), 5 * step.energy_pJ.total());
}

TEST(LayerCost, IdealConvertersCostNothing) {
  const LayerCost cost =
      layer_cost(mapped(test::dense(100, 10), differential({64, 64})), {}, CostSettings{});
  EXPECT_EQ(cost.dac_conversions + cost.adc_conversions + cost.adcs, 0);
  EXPECT_EQ(cost.energy_pJ.dac + cost.energy_pJ.adc + cost.energy_pJ.shift_add, 0.0);
  EXPECT_EQ(cost.area_um2.dac + cost.area_um2.adc + cost.area_um2.shift_add, 0.0);
  EXPECT_DOUBLE_EQ(cost.latency_s, 100e-9);
}

/// What the loops of a chip count for one image.
struct Counted {
  std::int64_t tiles = 0, devices = 0, dac = 0, adc = 0;
};

/// One loop per thing that is built or happens: `arrays` devices of a cell, `senses` planes,
/// `phases` reads.
Counted count(const ConvGeometry& g, TileShape tile, int arrays, int senses, int phases) {
  Counted n;
  for (int r = 0; r < g.rows(); r += tile.rows)
    for (int c = 0; c < g.columns(); c += tile.columns)
      for (int a = 0; a < arrays; ++a) {
        ++n.tiles;
        for (int row = r; row < std::min(r + tile.rows, g.rows()); ++row)
          for (int column = c; column < std::min(c + tile.columns, g.columns()); ++column)
            ++n.devices;
      }
  for (int y = 0; y < g.out_height(); ++y)
    for (int x = 0; x < g.out_width(); ++x)
      for (int phase = 0; phase < phases; ++phase)
        for (int r = 0; r < g.rows(); r += tile.rows)
          for (int c = 0; c < g.columns(); c += tile.columns) {
            for (int row = r; row < std::min(r + tile.rows, g.rows()); ++row) ++n.dac;
            for (int column = c; column < std::min(c + tile.columns, g.columns()); ++column)
              n.adc += senses;
          }
  return n;
}

struct Design {
  const char* name;
  MappingSettings mapping;
  int dac_slice = 0;
  bool is_signed = false;
  int arrays = 2, senses = 1, phases = 1;
};

std::vector<Design> designs() {
  MappingSettings digital, offset, sliced, offset_slices;
  digital.subtraction = Subtraction::digital;
  offset.encoding = Encoding::offset;
  sliced.encoding = offset_slices.encoding = Encoding::bit_sliced;  // 7 bits: 4 digits of 2
  offset_slices.slices = Encoding::offset;
  return {{"differential", {}},
          {"an ADC per polarity", digital, 0, false, 2, 2, 1},
          {"offset", offset, 0, false, 1, 1, 1},
          {"sliced pairs", sliced, 0, false, 8, 4, 1},
          {"sliced offset cells", offset_slices, 0, false, 4, 4, 1},
          {"bit-serial", {}, 1, false, 2, 1, 8},
          {"bit-serial with sign, sliced", sliced, 1, true, 8, 4, 7}};
}

Periphery converters_of(const Design& d) {
  Periphery p = converters();
  p.dac->is_signed = d.is_signed;
  if (d.dac_slice > 0) p.dac->slice_bits = d.dac_slice;
  return p;
}

TEST(LayerCost, CountsWhatLoopsCount) {
  const ConvGeometry g = test::same_padded(5, 7, 11, 3, 2);
  for (Design d : designs()) {
    SCOPED_TRACE(d.name);
    d.mapping.tile = {20, 4};
    const Periphery p = converters_of(d);
    const LayerCost cost = layer_cost(mapped(g, d.mapping), p, CostSettings{});
    const Counted n = count(g, d.mapping.tile, d.arrays, d.senses, d.phases);
    EXPECT_EQ(cost.tiles, n.tiles);
    EXPECT_EQ(cost.devices, n.devices);
    EXPECT_EQ(cost.cells, n.tiles * 80);
    EXPECT_EQ(cost.phases, d.phases);
    EXPECT_EQ(cost.dac_conversions, n.dac);
    EXPECT_EQ(cost.adc_conversions, n.adc);
  }
}

TEST(LayerCost, ConversionsAreThoseThatTheSimulatorMakes) {
  const ConvGeometry g = test::same_padded(4, 3, 5, 3, 1);
  for (Design d : designs()) {
    SCOPED_TRACE(d.name);
    d.mapping.tile = {10, 2};
    const Periphery p = converters_of(d);
    const MappedLayer layer = mapped(g, d.mapping);
    const LayerRanges ranges{1.0, std::vector<double>(1000, 1.0)};
    const auto loaded = make_backend("reference")
                            ->load(layer.program(*test::make_device("model = 'ideal'\n"
                                                                    "g_min_S = 1e-6"),
                                                 noise_key(1, 0), p),
                                   test::identity_epilogue(5), &ranges);
    const std::vector<float> x(test::values_in(g), 0.5f);
    std::vector<float> y(test::values_out(g));
    Tally tally;
    loaded->forward(x.data(), 1, 0, nullptr, y.data(), tally);
    EXPECT_EQ(layer_cost(layer, p, CostSettings{}).adc_conversions,
              static_cast<std::int64_t>(tally.adc_samples));
  }
}

TEST(LayerCost, ReferenceColumnsStandBesideEveryTile) {
  MappingSettings s = differential({20, 4});
  s.encoding = Encoding::offset;
  s.reference = Reference::physical;
  const ConvGeometry g = test::dense(50, 10);  // 3 x 3 tiles
  const LayerCost analog = layer_cost(mapped(g, s), converters(), CostSettings{});
  EXPECT_EQ(analog.tiles, 9);
  EXPECT_EQ(analog.devices, 50 * 10 + 50 * 3);
  EXPECT_EQ(analog.cells, 9 * (80 + 20));
  EXPECT_EQ(analog.adc_conversions, 3 * 10);
  s.subtraction = Subtraction::digital;
  const LayerCost digital = layer_cost(mapped(g, s), converters(), CostSettings{});
  EXPECT_EQ(digital.adc_conversions, 3 * 10 + 9);
  EXPECT_EQ(digital.adcs, 9 * (4 + 1));
}

TEST(LayerCost, GroupsAreMatricesOfTheirOwn) {
  ConvGeometry g = test::same_padded(4, 6, 4, 3, 1);
  g.groups = 2;  // two matrices of 27 x 2, each on 2 x 1 tiles
  CostSettings s = given_adc();
  s.wire_fF_per_um = 0;
  std::vector<float> weights(27 * 4, 0.0f);
  for (int k = 0; k < 27; ++k) weights[static_cast<std::size_t>(27 * 3 + k)] = 1.0f;  // column 3
  std::vector<double> drive(54, 0.0);
  std::fill(drive.begin() + 27, drive.end(), 0.5);
  const LayerCost cost =
      layer_cost(mapped(g, differential({16, 16}), weights), converters(), s, drive);
  EXPECT_EQ(cost.tiles, 2 * 2 * 2);
  EXPECT_EQ(cost.devices, 27 * 4 * 2);
  EXPECT_EQ(cost.dac_conversions, 16 * 54);
  EXPECT_EQ(cost.adc_conversions, 16 * 4 * 2);
  EXPECT_NEAR(cost.energy_pJ.buffer, 16 * (54 + 4) * 8 / 256.0 * 20.45, 1e-9);
  // The second group's rows: 25 + 1 uS of column 3, 1 + 1 uS of column 2.
  EXPECT_NEAR(cost.energy_pJ.arrays, 16 * 27 * 0.5 * 28e-6 * 0.04 * 100e-9 * 1e12, 1e-9);
}

TEST(LayerCost, SharedConvertersSaveAreaAndTakeTime) {
  const MappedLayer layer = mapped(test::same_padded(8, 16, 16, 3, 1), differential({256, 16}));
  Periphery p = converters();
  CostSettings s = given_adc();
  s.adc_rate_Hz = 1e8;
  const LayerCost own = layer_cost(layer, p, s);
  p.adc->columns_per_adc = 16;
  const LayerCost shared = layer_cost(layer, p, s);
  EXPECT_EQ(own.adcs, 16);
  EXPECT_EQ(shared.adcs, 1);
  EXPECT_EQ(shared.adc_conversions, own.adc_conversions);
  EXPECT_EQ(shared.energy_pJ.total(), own.energy_pJ.total());
  // 64 reads of 100 ns with conversions of 10 ns, or 16 x 10 ns after the first read.
  EXPECT_NEAR(own.latency_s, 64 * 100e-9 + 10e-9, 1e-15);
  EXPECT_NEAR(shared.latency_s, 100e-9 + 64 * 160e-9, 1e-15);
}

TEST(LayerCost, EffectiveBitsSetTheConvertersPrice) {
  const MappedLayer layer = mapped(test::dense(8, 8), differential({8, 8}));
  Periphery p = converters(8);
  const double eight = layer_cost(layer, p, CostSettings{}).energy_pJ.adc;
  EXPECT_DOUBLE_EQ(eight, 8 * adc_regression(8, 1.2e9, 32).energy_pJ);
  p.adc->enob = 6.5;
  EXPECT_DOUBLE_EQ(layer_cost(layer, p, CostSettings{}).energy_pJ.adc,
                   8 * adc_regression(6.5, 1.2e9, 32).energy_pJ);
}

TEST(TotalCost, AddsLayersUp) {
  const LayerCost a =
      layer_cost(mapped(test::dense(50, 10), differential({20, 4})), converters(), CostSettings{});
  Periphery serial = converters();
  serial.dac->slice_bits = 1;
  const LayerCost b =
      layer_cost(mapped(test::dense(9, 3), differential({20, 4})), serial, CostSettings{});
  const std::vector<LayerCost> layers{a, b, a};
  const LayerCost sum = total_cost(layers);
  EXPECT_EQ(sum.tiles, 2 * a.tiles + b.tiles);
  EXPECT_EQ(sum.devices, 2 * a.devices + b.devices);
  EXPECT_EQ(sum.adc_conversions, 2 * a.adc_conversions + b.adc_conversions);
  EXPECT_EQ(sum.phases, 8);
  EXPECT_DOUBLE_EQ(sum.energy_pJ.total(), 2 * a.energy_pJ.total() + b.energy_pJ.total());
  EXPECT_DOUBLE_EQ(sum.area_um2.total(), 2 * a.area_um2.total() + b.area_um2.total());
  EXPECT_DOUBLE_EQ(sum.latency_s, 2 * a.latency_s + b.latency_s);
}

TEST(CostSettings, EveryConstantNamesItsSource) {
  for (const Parameter& p : CostSettings::schema().parameters())
    EXPECT_TRUE(!p.source.empty() || p.absent == "measured") << p.key;
}

}  // namespace
}  // namespace ohmic
