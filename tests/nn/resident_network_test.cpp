// Draws programmed in the memory of a machine, here the host's emulation of a GPU, leave LibTorch's
// network with the weights that the host gives it, to the bit.
#include <gtest/gtest.h>

#include <cstring>

#include "nn/data/synthetic.hpp"
#include "nn/torch/ideal_evaluation.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/close_weights.hpp"
#include "tests/nn/literal_network.hpp"
#include "tests/simulator/emulated_machine.hpp"

namespace ohmic {
namespace {

using test::shared_device;

class ResidentNetwork : public testing::Test {
 protected:
  ResidentNetwork() {
    ModelSettings model;
    model.name = "resnet8";
    model.width = 4;
    model.layout = "keras_v1";
    graph_ = build_model(model, set_.classes);
    mapping_.tile = {20, 5};
  }

  std::unique_ptr<AnalogNetwork> network(const std::string& toml) const {
    return std::make_unique<AnalogNetwork>(
        MappedNetwork(graph_, test::random_weights(graph_), mapping_, noise_, periphery_,
                      shared_device(toml)),
        *backend_);
  }
  std::unique_ptr<IdealEvaluation> evaluation() const {
    return std::make_unique<IdealEvaluation>(graph_, set_, Normalization{}, "cpu", Precision::f32,
                                             set_.size());
  }

  static void expect_same_bits(const Weights& got, const Weights& wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    for (const auto& [name, tensor] : wanted) {
      const std::vector<float>& values = got.at(name).values;
      ASSERT_EQ(values.size(), tensor.values.size()) << name;
      EXPECT_EQ(std::memcmp(values.data(), tensor.values.data(), values.size() * sizeof(float)), 0)
          << name;
    }
  }

  /// Draws by the machine against draws by the host, with other weights now and then between.
  void expect_draws_of_the_host(const std::string& toml) {
    const auto analog = network(toml);
    const auto resident = evaluation(), host = evaluation();
    ASSERT_TRUE(resident->take_devices(*analog, std::make_shared<test::EmulatedMachine>()));
    for (const std::uint64_t draw : {0u, 1u, 7u, 1u}) {
      if (draw == 7) resident->set_weights(test::random_weights(graph_));
      resident->program(5, draw);
      host->set_weights(analog->effective_weights(5, draw));
      expect_same_bits(resident->weights(), host->weights());
      EXPECT_EQ(resident->count_correct(0, set_.size()), host->count_correct(0, set_.size()));
    }
  }

  const ImageSet set_ = synthetic_images(50, 3, SyntheticPart::test);
  const std::unique_ptr<Backend> backend_ = make_backend("cpu");
  Graph graph_;
  MappingSettings mapping_;
  NoiseSettings noise_;
  Periphery periphery_;
};

TEST_F(ResidentNetwork, AnotherHasDevicesOfItsOwn) {
  const auto analog = network("model = \"awgn\"\neta = 0.3");
  const auto one = evaluation(), host = evaluation();
  ASSERT_FALSE(one->another()->has_devices());
  ASSERT_TRUE(one->take_devices(*analog, std::make_shared<test::EmulatedMachine>()));
  const auto two = one->another();
  ASSERT_TRUE(two->has_devices());
  one->program(5, 0);
  two->program(5, 1);
  host->set_weights(analog->effective_weights(5, 0));
  expect_same_bits(one->weights(), host->weights());
  host->set_weights(analog->effective_weights(5, 1));
  expect_same_bits(two->weights(), host->weights());
}

TEST_F(ResidentNetwork, AnotherHasTheImagesAndWeightsOfItsOwn) {
  const auto one = evaluation();
  const auto two = one->another();
  const Weights weights[] = {test::random_weights(graph_), initialize(graph_, "he_normal", 3)};
  std::int64_t alone[2];
  for (int i = 0; i < 2; ++i) {
    const auto single = evaluation();
    single->set_weights(weights[i]);
    alone[i] = single->count_correct(2, set_.size() - 5);
  }
  ASSERT_NE(alone[0], alone[1]);
  one->set_weights(weights[0]);
  two->set_weights(weights[1]);
  one->start(2, set_.size() - 5);
  two->start(2, set_.size() - 5);
  EXPECT_EQ(two->finish(), alone[1]);
  EXPECT_EQ(one->finish(), alone[0]);
}

TEST_F(ResidentNetwork, HasTheWeightsOfTheHostInEverySemantics) {
  for (const Semantics semantics : {Semantics::kernels, Semantics::folded, Semantics::trainable,
                                    Semantics::keras_get_weights}) {
    SCOPED_TRACE(static_cast<int>(semantics));
    noise_.semantics = semantics;
    expect_draws_of_the_host("model = \"awgn\"\neta = 0.3");
  }
}

TEST_F(ResidentNetwork, HasVariancesBelowZeroTreatedAsAsked) {
  noise_.semantics = Semantics::keras_get_weights;
  for (const NegativeVariance rule :
       {NegativeVariance::dead, NegativeVariance::nan, NegativeVariance::clamp0}) {
    noise_.negative_variance = rule;
    expect_draws_of_the_host("model = \"awgn\"\neta = 1.0");
  }
}

TEST_F(ResidentNetwork, HasOtherEncodingsAndAgedDevices) {
  mapping_.encoding = Encoding::bit_sliced;
  mapping_.weight_scale = ScaleGroup::column;
  noise_.spare_dead_filters = true;
  expect_draws_of_the_host(
      "model = \"stack\"\ntime_s = 1000.0\nmodels = [{model = \"pcm\"}, {model = \"stuck\", "
      "open_rate = 0.01}]");
}

TEST_F(ResidentNetwork, HasItsWiresSolvedThereToo) {
  periphery_.wires.emplace();
  const auto analog = network("model = \"pcm\"");
  const auto resident = evaluation(), host = evaluation();
  ASSERT_TRUE(resident->take_devices(*analog, std::make_shared<test::EmulatedMachine>()));
  resident->program(5, 1);
  host->set_weights(analog->effective_weights(5, 1));
  test::expect_close(resident->weights(), host->weights(), 2e-7f);
}

TEST_F(ResidentNetwork, StaysWithTheHostWhereItHasTo) {
  const auto refuses = [&](const std::string& toml) {
    const auto analog = network(toml);
    const auto resident = evaluation();
    return !resident->take_devices(*analog, std::make_shared<test::EmulatedMachine>()) &&
           !resident->has_devices();
  };
  EXPECT_FALSE(refuses("model = \"awgn\""));
  EXPECT_TRUE(refuses("model = \"polynomial\""));
  mapping_.compensation = Compensation::tile;
  EXPECT_TRUE(refuses("model = \"pcm\"\ntime_s = 10.0"));
}

}  // namespace
}  // namespace ohmic
