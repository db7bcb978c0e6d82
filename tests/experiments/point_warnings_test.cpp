// What measurements say against themselves: one source for terminal, results.jsonl and report.
#include "experiments/results/point_warnings.hpp"

#include <gtest/gtest.h>

#include "experiments/measure/point_result.hpp"
#include "simulator/config/value.hpp"

namespace ohmic {
namespace {

using Texts = std::vector<std::string>;

/// One point with three equal draws on `images` images.
struct Measured {
  explicit Measured(const std::string& text, std::int64_t images = 1000)
      : points(expand(parse_toml(text, "f.toml"))) {
    result.images = images;
    result.baseline_score = result.noise_free_score = 0.9 * static_cast<double>(images);
    for (int i = 0; i < 3; ++i) result.draws.push_back({{result.baseline_score}, {}});
  }
  Texts warnings() const { return measurement_warnings({{&points.front(), &result}}); }

  std::vector<Point> points;
  PointResult result;
};

void clip(PointResult& result, std::uint64_t clipped, double lacking_bits) {
  for (DrawResult& draw : result.draws) draw.tally = {0, 0, 1000, clipped};
  for (const double bits : {0.5, -lacking_bits, -0.25}) {
    result.layers.emplace_back().layer = "conv" + std::to_string(result.layers.size());
    result.layers.back().unused_adc_bits = bits;
  }
}

TEST(Clipping, IsSaidWithItsLayerAndAWayOut) {
  Measured fixed("[periphery]\nadc = { range = \"fixed\", full_scale = 0.001 }\n");
  clip(fixed.result, 623, 5);
  EXPECT_EQ(fixed.warnings(),
            (Texts{"Up to 62.3 % of what ADCs see is beyond their range and clipped; in conv1 it "
                   "reaches 32 times the range; a larger periphery.adc.full_scale holds it, and "
                   "range = \"calibrated\" finds it."}));
  Measured calibrated("[periphery]\nadc = { percentile = 95 }\n");
  clip(calibrated.result, 20, 0);
  EXPECT_EQ(calibrated.warnings(),
            (Texts{"Up to 2.0 % of what ADCs see is beyond their range and clipped; in conv2 it "
                   "reaches 1.19 times the range; a higher periphery.adc.percentile leaves more "
                   "room above what data.train gives."}));
}

TEST(Clipping, ByErrorsOfConvertersIsLaidToThem) {
  Measured bent("[periphery]\nadc = { inl_lsb = 200 }\noutput_noise = { relative = 1 }\n");
  clip(bent.result, 500, 0.5);
  EXPECT_EQ(bent.warnings(),
            (Texts{"Up to 50.0 % of what ADCs see is beyond their range and clipped by "
                   "periphery.adc.inl_lsb = 200 and periphery.output_noise.relative = 1: large "
                   "beside the full scale of 8 bits."}));
}

TEST(Clipping, OfOneInAHundredIsUsual) {
  Measured usual("[periphery]\nadc = { bits = 8 }\n");
  clip(usual.result, 10, 0);
  EXPECT_EQ(usual.warnings(), Texts{});
}

TEST(Clipping, OfInputsIsSaidToo) {
  Measured dark("[periphery]\ndac = { bits = 8 }\n");
  for (DrawResult& draw : dark.result.draws) draw.tally = {1000, 250, 0, 0};
  EXPECT_EQ(dark.warnings(), (Texts{"Up to 25.0 % of what DACs are given is beyond their range and "
                                    "clipped; the range is that "
                                    "of the samples of data.train (periphery.dac.percentile): do "
                                    "these give as much as the test samples?"}));
}

/// Of points with these numbers of right answers; the swept keys of which is said that they have no
/// effect.
Texts idle_axes(const std::string& sweep, const std::vector<double>& right) {
  const std::vector<Point> points = expand(parse_toml(sweep, "f.toml"));
  EXPECT_EQ(points.size(), right.size());
  std::vector<PointResult> results(points.size());
  std::vector<MeasuredPoint> measured;
  for (std::size_t i = 0; i < points.size(); ++i) {
    results[i].images = 1000;
    results[i].baseline_score = results[i].noise_free_score = 900;
    for (int draw = 0; draw < 3; ++draw) results[i].draws.push_back({{right[i]}, {}});
    measured.push_back({&points[i], &results[i]});
  }
  const std::string said = "Every draw answers the same for all values of ";
  Texts keys;
  for (const std::string& text : measurement_warnings(measured))
    if (text.starts_with(said))
      keys.push_back(text.substr(said.size(), text.find(':') - said.size()));
  return keys;
}

TEST(IdleAxes, AreThoseOfWhichAllValuesWereComparedWithTheOthersAlike) {
  const auto wires = [](const std::string& rows_and_columns) {
    return "[sweep]\n\"periphery.wires\" = [" + rows_and_columns + "]\n";
  };
  const std::string row = "periphery.wires.row_ohm", column = "periphery.wires.column_ohm";
  const std::string none = "{ row_ohm = 0.0, column_ohm = 0.0 }, ",
                    columns = "{ row_ohm = 0.0, column_ohm = 5.0 }, ",
                    both = "{ row_ohm = 5.0, column_ohm = 5.0 }, ",
                    rows = "{ row_ohm = 5.0, column_ohm = 0.0 }, ",
                    larger = "{ row_ohm = 40.0, column_ohm = 40.0 }";
  EXPECT_EQ(idle_axes(wires(none + columns + both + larger), {1000, 1000, 1000, 735}), Texts{});
  EXPECT_EQ(idle_axes(wires(none + larger), {1000, 1000}), Texts{});
  EXPECT_EQ(idle_axes(wires(none + columns + both), {1000, 1000, 1000}), (Texts{row, column}));
  EXPECT_EQ(idle_axes(wires(none + columns + rows + both), {900, 800, 900, 800}), Texts{row});
  EXPECT_EQ(idle_axes("[sweep]\n\"" + row + "\" = [0.0, 5.0]\n\"" + column + "\" = [0.0, 5.0]\n",
                      {900, 900, 800, 800}),
            Texts{column});
}

// Clopper and Pearson's interval of 90 in 100 at 95 % is 82.38 to 95.10 %.
TEST(FewSamples, AreSaidWhereverARunIs) {
  EXPECT_EQ(Measured("", 100).warnings(),
            (Texts{"There are 100 test images: another sample of as many would move every accuracy "
                   "by up to ± 6.4 points (95 %), which no interval over draws shows."}));
  Measured noisy("", 100);
  for (DrawResult& draw : noisy.result.draws) draw.scores = {50};  // 39.83 to 60.17 %
  EXPECT_EQ(noisy.warnings(),
            (Texts{"There are 100 test images: another sample of as many would move every accuracy "
                   "by up to ± 10.2 points (95 %), which no interval over draws shows."}));
  EXPECT_EQ(Measured("", 1000).warnings(), Texts{});
}

TEST(CostOfMapping, NamesWhatThereIs) {
  Measured noisy("[periphery]\noutput_noise = { relative = 5 }\n");
  noisy.result.noise_free_score = 100;
  EXPECT_EQ(noisy.warnings(), (Texts{"With every device exact, up to 80.0 points are lost to "
                                     "mapping and output noise alone."}));
  Measured wired("[periphery]\nadc = { bits = 8 }\nwires = { row_ohm = 1.0 }\n");
  wired.result.noise_free_score = 100;
  EXPECT_EQ(wired.warnings(),
            (Texts{"With every device exact, up to 80.0 points are lost to mapping, converters and "
                   "wires alone; are the samples that set the converters' ranges (data.train) "
                   "prepared like the test samples?"}));
}

TEST(CostOfMapping, IsNotLaidToSamplesWhereConvertersExplainIt) {
  const std::string lost =
      "With every device exact, up to 80.0 points are lost to mapping and converters alone";
  const auto said = [](const char* adc) {
    Measured measured(std::string("[periphery]\nadc = ") + adc + "\n");
    measured.result.noise_free_score = 100;
    return measured.warnings();
  };
  EXPECT_EQ(said("{ gain_error = 0.5 }"),
            Texts{lost + ", of which periphery.adc.gain_error = 0.5 may be a part."});
  EXPECT_EQ(said("{ enob = 2.0 }"),
            Texts{lost + ", of which periphery.adc.enob = 2 may be a part."});
  EXPECT_EQ(said("{ bits = 3 }"), Texts{lost + "."});
}

}  // namespace
}  // namespace ohmic
