// Answers of a network against known ones: what counts as the same, and what a stored sample may
// cost.
#include "nn/torch/known_answers.hpp"

#include "tests/nn/model_maker.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using namespace test;

/// The largest of four sums of three numbers.
ModelMaker which() {
  ModelMaker m({3}, "y");
  m.weight("w", {3, 4});
  m.node("MatMul", {"x", "w"}, {"h"});
  m.node("ArgMax", {"h"}, {"y"}, {{"axis", std::int64_t{1}}, {"keepdims", std::int64_t{0}}});
  return m;
}

Dataset three_samples(const LoweredNetwork& network) {
  Dataset data;
  data.test.shape = network.sample;
  data.test.numbers = samples_of(network.sample);
  data.test.labels.assign(kSamples, ImageSet::kNoLabel);
  return data;
}

TEST(KnownAnswers, ThatAreWholeNumbersHaveToBeTheSame) {
  const LoweredNetwork network = lower(which().model);
  const Dataset data = three_samples(network);
  Floats known = TorchNetwork(network.graph, network.weights, "cpu")
                     .logits(data.test.numbers.data(), kSamples);
  EXPECT_TRUE(check_answers(network, data, known, true).agree());
  known.back() += 1;
  known.front() += 1000;  // of which the other is less than a hundredth
  const AnswerCheck real = check_answers(network, data, known);
  EXPECT_FALSE(real.agree());
  EXPECT_EQ(real.furthest, 1000);
  known.front() -= 1000;
  EXPECT_FALSE(check_answers(network, data, known, true).agree());
}

TEST(KnownAnswers, OfAStoredSampleCostNoOtherOutput) {
  ModelMaker m({3}, "y");
  m.weight("w", {3, 4});
  m.node("MatMul", {"x", "w"}, {"y"});
  m.integers("sides", {40000, 40000});
  m.node("ConstantOfShape", {"sides"}, {"large"});
  m.model.outputs.push_back({"large", ElementType::f32, {}});
  m.model.samples.push_back({{tensor(ElementType::f32, {kSamples, 3}, samples_of({3}))}, {}});
  const auto check = check_stored_sample(lower(m.model), m.model);
  ASSERT_TRUE(check);
  EXPECT_EQ(check->samples, kSamples);
  EXPECT_TRUE(check->agree());
}

}  // namespace
}  // namespace ohmic
