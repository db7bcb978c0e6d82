// Networks with several inputs: what each gets, against the operators' own answers, and arrays that
// find their input.
#include <gtest/gtest.h>

#include <numeric>

#include "nn/data/sample_parts.hpp"
#include "nn/data/samples.hpp"
#include "nn/lowering/network.hpp"
#include "tests/nn/model_maker.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using namespace test;

/// Words that are looked up, those that count, a picture: y = head([mean of words, picture's
/// rows]).
ModelMaker three_inputs() {
  ModelMaker m({2, 3, 4}, "y");
  m.model.inputs.push_back({"words", ElementType::i64, {-1, 5}});
  m.model.inputs.push_back({"counts", ElementType::boolean, {-1, 5}});
  m.weight("table", {7, 6});
  m.integers("last", {-1});
  m.weight("picture.weight", {4, 2, 2, 2});
  m.weight("head.weight", {6 + 24, 3});
  m.model.constants["nothing"] = tensor(ElementType::f32, {}, Floats{0});
  m.node("Gather", {"table", "words"}, {"embedded"});
  m.node("Unsqueeze", {"counts", "last"}, {"wide"});
  m.node("Where", {"wide", "embedded", "nothing"}, {"kept"});
  m.node("ReduceMean", {"kept"}, {"of_words"}, {{"axes", Shape{1}}, {"keepdims", std::int64_t{0}}});
  m.node("Conv", {"x", "picture.weight"}, {"drawn"});
  m.node("Flatten", {"drawn"}, {"of_picture"});
  m.node("Concat", {"of_words", "of_picture"}, {"all"}, {{"axis", std::int64_t{1}}});
  m.node("MatMul", {"all", "head.weight"}, {"y"});
  return m;
}

constexpr std::int64_t kPicture = 24, kWords = 5;

struct ThreeSamples {
  Floats picture = samples_of({2, 3, 4});
  std::vector<std::int64_t> words{0, 6, 2, 3, 1, 5, 5, 4, 0, 2, 1, 1, 6, 3, 0};
  std::vector<std::uint8_t> counts{1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1};

  Floats answers(const ImportedModel& model) const {
    const auto y = evaluate(model, {tensor(ElementType::f32, {kSamples, 2, 3, 4}, picture),
                                    tensor(ElementType::i64, {kSamples, kWords}, words),
                                    tensor(ElementType::boolean, {kSamples, kWords}, counts)});
    const auto* values = reinterpret_cast<const float*>(y.at(0).data.get());
    return {values, values + y[0].elements()};
  }

  /// In a row, in the order of these inputs.
  Floats rows(const std::vector<SampleInput>& inputs) const {
    Floats all;
    for (std::int64_t i = 0; i < kSamples; ++i)
      for (const SampleInput& input : inputs) {
        const auto add = [&](const auto& values) {
          const auto begin = values.begin() + i * input.size();
          all.insert(all.end(), begin, begin + input.size());
        };
        if (input.name == "x") add(picture);
        if (input.name == "words") add(words);
        if (input.name == "counts") add(counts);
      }
    return all;
  }
};

void expect_answers(const LoweredNetwork& network, const ImportedModel& model) {
  const ThreeSamples samples;
  const Floats rows = samples.rows(network.inputs);
  expect_outputs(network, rows, samples.answers(model), 3e-5);
}

TEST(SeveralInputs, EachTakesItsOwnNumbersOfASample) {
  const ModelMaker m = three_inputs();
  const LoweredNetwork network = lower(m.model);
  ASSERT_EQ(network.inputs.size(), 3u);
  EXPECT_EQ(network.inputs[0].name, "x");
  EXPECT_EQ(network.inputs[0].shape, (Shape{2, 3, 4}));
  EXPECT_EQ(network.inputs[1].type, ElementType::i64);
  EXPECT_EQ(network.sample, Shape{kPicture + 2 * kWords});
  EXPECT_EQ(layers_of(network), (std::vector<std::string>{"picture", "head"}));
  expect_answers(network, m.model);
}

TEST(SeveralInputs, StandInTheOrderThatIsAskedFor) {
  const ModelMaker m = three_inputs();
  LoweringOptions options;
  options.inputs = {"counts", "x", "words"};
  const LoweredNetwork network = lower(m.model, options);
  EXPECT_EQ(network.inputs[0].name, "counts");
  EXPECT_EQ(network.inputs[2].name, "words");
  expect_answers(network, m.model);
}

// Only what the answer needs: the others may be of any shape.
TEST(SeveralInputs, ThoseThatNothingReadsAreLeftOut) {
  ModelMaker m({6}, "y");
  m.model.inputs.insert(m.model.inputs.begin(), {"unread", ElementType::f32, {-1, -1}});
  m.weight("w", {6, 4});
  m.node("MatMul", {"x", "w"}, {"y"});
  const LoweredNetwork network = lower(m.model);
  ASSERT_EQ(network.inputs.size(), 1u);
  EXPECT_EQ(network.inputs[0].name, "x");
  EXPECT_EQ(network.sample, Shape{6});
}

TEST(SeveralInputs, OneNumberPerSampleIsAnInput) {
  ModelMaker m({6}, "y");
  m.model.inputs.push_back({"gain", ElementType::f32, {-1}});
  m.weight("w", {6, 4});
  m.integers("last", {1});
  m.node("MatMul", {"x", "w"}, {"a"});
  m.node("Unsqueeze", {"gain", "last"}, {"g"});
  m.node("Mul", {"a", "g"}, {"y"});
  const LoweredNetwork network = lower(m.model);
  EXPECT_EQ(network.sample, Shape{7});
  const Floats x = samples_of({6}), gain{0.5f, -2, 3};
  Floats rows;
  for (std::int64_t i = 0; i < kSamples; ++i) {
    rows.insert(rows.end(), x.begin() + 6 * i, x.begin() + 6 * (i + 1));
    rows.push_back(gain[static_cast<std::size_t>(i)]);
  }
  const auto y = evaluate(m.model, {tensor(ElementType::f32, {kSamples, 6}, x),
                                    tensor(ElementType::f32, {kSamples}, gain)});
  const auto* values = reinterpret_cast<const float*>(y.at(0).data.get());
  expect_outputs(network, rows, {values, values + y[0].elements()}, 3e-5);
}

TEST(SeveralInputs, EachHasAVocabularyOfItsOwn) {
  const LoweredNetwork network = lower(three_inputs().model);
  EXPECT_EQ(vocabulary(network.graph, 0), 0);
  EXPECT_EQ(vocabulary(network.graph, kPicture), 7);
  EXPECT_EQ(vocabulary(network.graph, kPicture + kWords), 0);
  EXPECT_EQ(vocabulary(network.graph), 0);
}

TEST(SeveralInputs, SaysWhatIsWrongWithThem) {
  const ImportedModel model = three_inputs().model;
  const auto asked = [&](std::vector<std::string> inputs) {
    LoweringOptions options;
    options.inputs = std::move(inputs);
    return refusal(model, options);
  };
  EXPECT_EQ(asked({"x", "words"}),
            "made.onnx: the answer needs the input \"counts\" too, which model.inputs leaves out; "
            "it has x, words, counts");
  EXPECT_EQ(asked({"x", "word"}), "made.onnx: has no input \"word\"; it has x, words, counts");
  EXPECT_EQ(asked({"x", "words", "counts", "x"}),
            "made.onnx: input \"x\" is named more than once in model.inputs");
  ImportedModel fixed = model;
  fixed.inputs[2].shape = {5, 5};
  EXPECT_EQ(refusal(fixed),
            "made.onnx: input \"counts\" is 5 x 5 for any number of samples; expected samples on "
            "the first axis of every input (what is the same for all is a constant of the network: "
            "PyTorch's register_buffer)");
}

ImageSet numbered(Shape shape, std::int64_t samples, float first) {
  ImageSet set;
  set.shape = std::move(shape);
  set.classes = 1;
  set.labels.assign(static_cast<std::size_t>(samples), ImageSet::kNoLabel);
  set.numbers.resize(static_cast<std::size_t>(samples * set.values()));
  std::iota(set.numbers.begin(), set.numbers.end(), first);
  return set;
}

TEST(Parts, FindTheInputsThatHaveTheirNames) {
  Dataset data;
  data.test = joined({{"a", "a.npy", numbered({2}, 2, 0)}, {"b", "b.npy", numbered({3}, 2, 10)}});
  EXPECT_EQ(data.test.numbers, (Floats{0, 1, 10, 11, 12, 2, 3, 13, 14, 15}));
  EXPECT_EQ(data.test.shape, Shape{5});
  fit_parts(data, {{"b", {1, 3}}, {"a", {2}}});
  EXPECT_EQ(data.test.numbers, (Floats{10, 11, 12, 0, 1, 13, 14, 15, 2, 3}));
  EXPECT_EQ(data.test.shape, Shape{5});
}

TEST(Parts, ChannelsAreTurnedAsThoseOfOneArray) {
  Dataset data, alone;
  alone.test = numbered({2, 3, 4}, 2, 0);
  data.test = joined({{"a", "a.npy", numbered({1}, 2, 0)}, {"p", "p.npy", alone.test}});
  fit_parts(data, {{"p", {3, 4, 2}}, {"a", {1}}});
  fit(alone, {3, 4, 2}, 1);
  for (std::int64_t i = 0; i < 2; ++i)
    for (std::int64_t k = 0; k < 24; ++k)
      EXPECT_EQ(data.test.numbers[static_cast<std::size_t>(25 * i + k)],
                alone.test.numbers[static_cast<std::size_t>(24 * i + k)]);
}

TEST(Parts, SayWhichInputLacksWhat) {
  const auto said = [](ImageSet set, const std::vector<SamplePart>& inputs) {
    Dataset data;
    data.test = std::move(set);
    return error_of([&] { fit_parts(data, inputs); });
  };
  const ImageSet both =
      joined({{"a", "a.npy", numbered({2}, 2, 0)}, {"b", "b.npy", numbered({3}, 2, 0)}});
  EXPECT_EQ(said(both, {{"a", {2}}, {"b", {3}}, {"c", {4}}}),
            "data.test: no array is given for the network's input c; expected one for each of a "
            "([2]), b ([3]), c ([4])");
  EXPECT_EQ(said(both, {{"a", {2}}}),
            "data.test: an array is given for b, which is no input of the network or none that its "
            "answer needs; it takes a ([2])");
  EXPECT_EQ(said(both, {{"a", {2}}, {"b", {4}}}),
            "data.test: a sample of the data is [3] for the input b, which takes [4]; expected the "
            "same shape, or channels first for last");
  EXPECT_EQ(said(numbered({5}, 2, 0), {{"a", {2}}, {"b", {3}}}),
            "data.test: the network takes a ([2]), b ([3]); expected an array for each: samples = "
            "{ NAME = FILE, ... }");
  EXPECT_EQ(error_of([&] {
              joined({{"a", "a.npy", numbered({2}, 2, 0)}, {"b", "b.npy", numbered({3}, 4, 0)}});
            }),
            "b.npy: has 4 samples, a.npy has 2; expected as many for every input");
  EXPECT_EQ(error_of([&] {
              joined({{"a", "a.npy", numbered({2}, 2, 0)}, {"a", "b.npy", numbered({2}, 2, 0)}});
            }),
            "b.npy: is the second array for the input a; expected one for each");
}

/// IDX of bytes.
std::string idx(const std::vector<int>& shape, const Floats& numbers) {
  std::string s{'\0', '\0', '\x08', static_cast<char>(shape.size())};
  for (const int side : shape) s += std::string(3, '\0') + static_cast<char>(side);
  for (const float number : numbers) s += static_cast<char>(number);
  return s;
}

TEST(Parts, OfFilesMayBeHeldOrNot) {
  const test::TemporaryFolder folder;
  const ImageSet a = numbered({2}, 3, 0), b = numbered({2, 2}, 3, 10);
  SampleFiles files;
  files.labels = folder.write("y", idx({3}, {2, 0, 1}));
  files.rows = folder.write("rows", idx({2}, {2, 0}));
  files.inputs = {{"a", folder.write("a", idx({3, 2}, a.numbers))},
                  {"b", folder.write("b", idx({3, 2, 2}, b.numbers))}};
  Dataset held, read;
  held.test = read_samples(files);
  read.test = read_samples(files, {}, 0);
  EXPECT_EQ(held.test.labels, (std::vector<std::int32_t>{1, 2}));
  EXPECT_EQ(held.test.classes, 3);
  EXPECT_EQ(held.test.numbers, (Floats{4, 5, 18, 19, 20, 21, 0, 1, 10, 11, 12, 13}));
  ASSERT_TRUE(read.test.source);
  for (Dataset* data : {&held, &read}) fit_parts(*data, {{"b", {2, 2}}, {"a", {2}}});
  for (std::int64_t i = 0; i < 2; ++i) {
    Floats x(6), y(6);
    held.test.sample(i, x.data());
    read.test.sample(i, y.data());
    EXPECT_EQ(x, y);
  }
  EXPECT_EQ(read.test.labels, held.test.labels);
}

TEST(Parts, TokensAreNamedWithTheirInput) {
  Dataset data;
  data.test = numbered({5}, 2, 0);
  EXPECT_EQ(error_of([&] {
              check_whole_numbers(data, {{"ids", 1, 2, 100}, {"kinds", 3, 2, 8}});
            }),
            "data.test: sample 1 holds 8 at position 0 of kinds; the network takes whole numbers "
            "from 0 to 7, the words of its vocabulary");
}

// Beyond 2^24 floats do not tell neighbours apart, and a type has its own range.
TEST(Parts, WholeNumbersThatAnInputCannotHoldAreNamed) {
  Dataset data;
  const auto said = [&](float v, std::int64_t least, std::int64_t most) {
    data.test = numbered({1}, 1, v);
    return error_of([&] { check_whole_numbers(data, {{"", 0, 1, 0, least, most}}); });
  };
  constexpr std::int64_t kMost = WholeNumbers::kMostExact;
  EXPECT_EQ(said(16777215, -kMost, kMost), "");
  EXPECT_EQ(
      said(16777216, -kMost, kMost),
      "data.test: sample 0 holds 2^24 or more at position 0; the network takes whole numbers from "
      "-16777215 to 16777215, which samples tell apart (2^24)");
  EXPECT_EQ(
      said(300, 0, 255),
      "data.test: sample 0 holds 300 at position 0; the network takes whole numbers from 0 to "
      "255");
  EXPECT_EQ(said(36, 0, 1),
            "data.test: sample 0 holds 36 at position 0; the network takes truth values, 0 or 1");
}

}  // namespace
}  // namespace ohmic
