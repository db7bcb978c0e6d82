// Converter ranges are found once for all points that share what they depend on.
#include <gtest/gtest.h>

#include <algorithm>

#include "experiments/measure/point_chip.hpp"

namespace ohmic {
namespace {

Experiment read(const std::string& more) {
  std::vector<Fault> faults;
  Experiment e = Experiment::read(
      parse_toml("seed = 3\ndata = { name = 'synthetic', train_images = 20, test_images = 20 }\n"
                 "model = { name = 'resnet8', width = 2 }\nmapping.tile = [64, 64]\n"
                 "compute.device = 'cpu'\nperiphery.output_noise.relative = 0.01\n" +
                     more,
                 "test"),
      faults);
  if (!faults.empty()) throw ConfigError(faults);
  return e;
}

class CalibrationsOfAChip : public testing::Test {
 protected:
  CalibrationsOfAChip() {
    const Experiment e = read(device(0.1, 8));
    network_.data = std::make_shared<const Dataset>(load_dataset(e.data, e.seed));
    network_.graph = build_model(e.model, 10);
    network_.weights = std::make_shared<const Weights>(initialize(network_.graph, "he_normal", 1));
  }

  static std::string device(double eta, int adc_bits, double percentile = 99) {
    return "periphery.dac.bits = 6\nperiphery.adc = { bits = " + std::to_string(adc_bits) +
           ", percentile = " + std::to_string(percentile) +
           " }\ndevice = { model = 'awgn', eta = " + std::to_string(eta) + " }\n";
  }
  /// Right answers of draw 0.
  std::vector<double> draw(const std::string& hardware, Calibrations& calibrations) const {
    return PointChip(read(hardware), network_, calibrations).measure(0).scores;
  }
  TrainedNetwork network_;
};

TEST_F(CalibrationsOfAChip, AreSharedAcrossNoiseAndConverters) {
  Calibrations shared;
  for (const auto& hardware : {device(0.1, 8), device(0.3, 8), device(0.1, 3)}) {
    Calibrations own;
    EXPECT_EQ(draw(hardware, shared), draw(hardware, own)) << hardware;
  }
  EXPECT_EQ(shared.size(), 1u);
}

TEST_F(CalibrationsOfAChip, AreFoundAgainForWhatChangesThem) {
  Calibrations shared;
  int expected = 0;
  for (const std::string& hardware :
       {device(0.1, 8), device(0.1, 8, 90), device(0.1, 8) + "mapping.encoding = 'offset'\n",
        device(0.1, 8) + "periphery.wires.row_ohm = 5\n",
        device(0.1, 8) + "evaluation.calibration_images = 5\n"}) {
    draw(hardware, shared);
    EXPECT_EQ(shared.size(), static_cast<std::size_t>(++expected)) << hardware;
  }
}

TEST_F(CalibrationsOfAChip, OneSampleThatIsFarLouderThanOthersIsSaid) {
  Dataset data = *network_.data;
  data.normalization = {};
  const auto values = static_cast<std::size_t>(data.train.values());
  for (std::size_t i = values; i < data.train.pixels.size(); ++i) data.train.pixels[i] /= 20;
  const std::string loud = "periphery.dac.percentile = 100: one of 20 calibration samples reaches ";
  const auto said = [&](const std::string& hardware) {
    Calibrations own;
    const std::vector<std::string> all = PointChip(read(hardware), network_, own).warnings();
    return std::ranges::any_of(all, [&](const auto& w) { return w.starts_with(loud); });
  };
  const std::string kept = "periphery.dac.bits = 6\nperiphery.dac.percentile = ";
  EXPECT_FALSE(said(kept + "100\n"));
  network_.data = std::make_shared<const Dataset>(std::move(data));
  EXPECT_TRUE(said(kept + "100\n"));
  EXPECT_FALSE(said(kept + "99.9\n"));
}

// Of standard normals, as he_normal's weights are, 45 % lie beyond 3/4 of their std.
TEST_F(CalibrationsOfAChip, WeightsThatAreClippedAreCounted) {
  const auto warnings = [&](const char* percentile) {
    Calibrations own;
    return PointChip(read(std::string("mapping.weight_percentile = ") + percentile + "\n"),
                     network_, own)
        .warnings();
  };
  const std::string clips = "mapping.weight_percentile = 55 clips 4";
  EXPECT_TRUE(std::ranges::any_of(warnings("55"), [&](const auto& w) {
    return w.starts_with(clips) && w.ends_with(" % of the weights");
  }));
  EXPECT_TRUE(std::ranges::none_of(warnings("100"),
                                   [](const auto& w) { return w.find("clips") != w.npos; }));
}

TEST_F(CalibrationsOfAChip, AreThoseOfTheCurveAndOfTheBiasRow) {
  Calibrations shared;
  int expected = 0;
  const auto curve = [](const std::string& cubic) {
    return "periphery.adc.bits = 8\ndevice = { model = 'cell_curve', v_read_V = 0.5, cubic_per_V2 "
           "= " +
           cubic + " }\n";
  };
  for (const std::string& hardware :
       {curve("1"), curve("8"), curve("1") + "mapping.bias = 'analog'\n"}) {
    Calibrations own;
    EXPECT_EQ(draw(hardware, shared), draw(hardware, own)) << hardware;
    EXPECT_EQ(shared.size(), static_cast<std::size_t>(++expected)) << hardware;
  }
}

}  // namespace
}  // namespace ohmic
