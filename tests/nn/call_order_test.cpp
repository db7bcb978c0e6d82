// A program that uses the library and calls its functions in the wrong order, or with arguments
// that their words exclude, gets an exception that says what is needed; the network goes on
// working.
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "simulator/call_error.hpp"
#include "simulator/wires.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"

namespace ohmic {
namespace {

template <class Action>
std::string fault_of(const Action& action) {
  try {
    action();
    return "";
  } catch (const CallError& error) {
    return error.what();
  }
}

const Graph& graph() {
  static const Graph small = test::small_resnet(true);
  return small;
}

ImageSet images_of(std::int64_t count) {
  ImageSet set;
  set.pixels.resize(static_cast<std::size_t>(count * ImageSet::kPixels));
  set.labels.resize(static_cast<std::size_t>(count));
  return set;
}

/// On 6 x 6 pixels with calibrated converters.
struct Converted {
  Converted() {
    Periphery periphery;
    periphery.dac = Dac{};
    periphery.adc = Adc{};
    network =
        std::make_unique<AnalogNetwork>(graph(), test::random_weights(graph()), MappingSettings{},
                                        NoiseSettings{}, periphery, test::awgn(0.1), *backend);
  }
  std::unique_ptr<Backend> backend = make_backend("reference");
  std::unique_ptr<AnalogNetwork> network;
};

TEST(CallOrder, ANetworkWithoutAnythingLoadedSaysWhatToCall) {
  test::Chip chip(graph(), test::random_weights(graph()), {}, 0.1);
  const std::vector<float> x = test::normals(6 * 6 * 3, 999);
  const std::string wanted =
      "nothing is loaded: call load_ideal(), load_noise_free() or program() before";
  EXPECT_EQ(fault_of([&] { chip.network.logits(x.data(), 1, 0); }), wanted);
  EXPECT_EQ(fault_of([&] { chip.network.visit_layers(x.data(), 1, {}); }), wanted);
  EXPECT_EQ(fault_of([&] { chip.network.layer_output(0, x.data(), 1); }), wanted);
  EXPECT_EQ(fault_of([&] { chip.network.evaluate(images_of(1), {}, 0, 1, 1); }), wanted);
  chip.network.load_ideal();
  EXPECT_EQ(chip.network.logits(x.data(), 1, 0).size(), 5u);
  EXPECT_EQ(fault_of([&] { chip.network.layer_output(99, x.data(), 1); }),
            "layer_output: there is no such layer");
  EXPECT_EQ(fault_of([&] { chip.network.periphery(99); }), "periphery: there is no such layer");
}

TEST(CallOrder, ConvertersNeedTheirRangesBefore) {
  Converted chip;
  const std::string wanted =
      "ranges are not known: call calibrate() or take_ranges() before programming";
  EXPECT_EQ(fault_of([&] { chip.network->program(1, 0); }), wanted);
  EXPECT_EQ(fault_of([&] { chip.network->load_noise_free(); }), wanted);
  EXPECT_EQ(fault_of([&] { chip.network->row_drives(images_of(1), {}, 1); }),
            "row_drives: with a DAC it needs calibrate() or take_ranges() before");
  EXPECT_EQ(fault_of([&] { chip.network->take_ranges({}); }),
            "take_ranges: needs the ranges of every crossbar layer, as ranges() gives them");
  EXPECT_EQ(fault_of([&] { chip.network->calibrate(images_of(0), {}, 3); }),
            "calibrate: needs images");
  chip.network->take_ranges({chip.network->layers().size(), LayerRanges{1.0, {1, 2, 3}}});
  EXPECT_EQ(fault_of([&] { chip.network->program(1, 0); }),
            "a layer with calibrated converters needs the ranges that its calibration found");
}

TEST(CallOrder, ArgumentsOutsideOfASetAreRefused) {
  test::Chip chip(graph(), test::random_weights(graph()), {}, 0.1);
  chip.network.program(1, 0);
  const std::string within = "evaluate: the images [first, first + count) must lie in the set";
  const ImageSet three = images_of(3);
  for (const auto& [first, count] :
       std::vector<std::pair<std::int64_t, std::int64_t>>{{-1, 1}, {0, 4}, {3, 1}, {0, -1}})
    EXPECT_EQ(fault_of([&] { chip.network.evaluate(three, {}, first, count, 1); }), within);
  EXPECT_EQ(fault_of([&] { chip.network.evaluate(three, {}, 0, 1, 0); }),
            "evaluate: batch must be above 0");
  EXPECT_EQ(fault_of([&] { chip.network.evaluate_draws(three, {}, 0, 1, 1, 0); }),
            "evaluate_draws: each and batch must be above 0");
  EXPECT_EQ(fault_of([&] { chip.network.measure_batch_norm(three, {}, 0); }),
            "measure_batch_norm: needs images");
}

TEST(CallOrder, MatricesOfAnotherSizeAreRefused) {
  const std::vector<double> G_S(6, 1e-6);
  std::vector<double> out(5);
  EXPECT_EQ(fault_of([&] { wired_effective_S(2, 3, G_S, Wires{}, out, 1); }),
            "wired_effective_S: needs rows x columns conductances, and as many to write");
  ConvGeometry geometry;
  geometry.in_channels = 4;
  geometry.out_channels = 2;
  const std::vector<float> weights(7, 0.5f);
  EXPECT_EQ(fault_of([&] { MappedLayer("layer", 0, geometry, weights, {}, 1e-6, 25e-6); }),
            "MappedLayer: needs a weight for every row and column of the geometry");
}

}  // namespace
}  // namespace ohmic
