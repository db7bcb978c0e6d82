#include "nn/lowering/replaced_weights.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "nn/lowering/network.hpp"
#include "simulator/error.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using Shape = std::vector<std::int64_t>;
using Floats = std::vector<float>;

ConstantTensor constant(const Shape& shape, const Floats& values) {
  const auto kept = std::make_shared<const Floats>(values);
  return {ElementType::f32, shape, {kept, reinterpret_cast<const std::byte*>(kept->data())}};
}

/// A network whose exporter added constants of its own.
ImportedModel model() {
  ImportedModel m;
  m.file = "net.onnx";
  m.constants["fc.weight"] = constant({1, 2}, {1, 2});
  m.constants["fc.bias"] = constant({1}, {0});
  m.constants["norm.weight"] = constant({2}, {1, 1});
  m.constants["val_3"] = constant({2}, {7, 8});
  return m;
}

struct Tensor {
  std::string name;
  HostTensor values;
  std::string foreign_type;
};

std::string error_of(ImportedModel& m, const std::vector<Tensor>& tensors) {
  WeightFile file;
  for (const Tensor& t : tensors)
    file.tensors.push_back({"", t.name, t.values.shape, t.foreign_type});
  file.read = [&](std::size_t i) { return tensors.at(i).values; };
  return test::error_of([&] { replace_weights(m, file, "tuned.pt"); });
}

Floats values_of(const ImportedModel& m, const std::string& name) {
  const ConstantTensor& c = m.constants.at(name);
  Floats values(static_cast<std::size_t>(c.elements()));
  std::memcpy(values.data(), c.data.get(), values.size() * sizeof(float));
  return values;
}

TEST(ReplacedWeights, TakeThePlaceOfConstantsOfTheirNames) {
  ImportedModel m = model();
  EXPECT_EQ(error_of(m, {{"module.fc.weight", {{1, 2}, {3, 4}}, ""},
                         {"module.fc.bias", {{1}, {5}}, ""},
                         {"module.norm.weight", {{2}, {6, 7}}, ""},
                         {"module.norm.num_batches_tracked", {{}, {9}}, "of type I64"}}),
            "");
  EXPECT_EQ(values_of(m, "fc.weight"), (Floats{3, 4}));
  EXPECT_EQ(values_of(m, "fc.bias"), Floats{5});
  EXPECT_EQ(values_of(m, "norm.weight"), (Floats{6, 7}));
  EXPECT_EQ(values_of(m, "val_3"), (Floats{7, 8}));
}

TEST(ReplacedWeights, AreAllOrNothing) {
  ImportedModel m = model();
  EXPECT_EQ(error_of(m, {{"fc.weight", {{2, 1}, {3, 4}}, ""}}),
            "tuned.pt: fc.weight has shape [2, 1]; in net.onnx it is [1, 2]");
  EXPECT_EQ(error_of(m, {{"fc.weight", {{1, 2}, {3, 4}}, ""}, {"bn.weight", {{2}, {1, 1}}, ""}}),
            "tuned.pt: does not have the tensors of net.onnx; these are not in the network: "
            "bn.weight; these are in the network alone: norm.weight. Expected its state_dict, by "
            "the names of the network's constants (`ohmic inspect`); an exporter that folded "
            "BatchNorm or turned matrices has changed them: export as .pt2");
  EXPECT_EQ(error_of(m, {{"fc.weight", {{1, 2}, {3, HUGE_VALF}}, ""}}),
            "tuned.pt: fc.weight has the value inf; expected finite numbers, variances not "
            "negative");
  EXPECT_EQ(values_of(m, "fc.weight"), (Floats{1, 2}));
}

/// A look-up of the input in a table of `rows` rows.
Graph with_embedding(std::int64_t rows) {
  Graph graph;
  Node input, table, look_up;
  input.op = Op::input;
  table.op = Op::constant;
  table.constant = std::make_shared<const ConstantTensor>(
      constant({rows, 1}, Floats(static_cast<std::size_t>(rows))));
  look_up.op = Op::digital;
  look_up.inputs = {1, 0};
  look_up.call =
      std::make_shared<const ModelNode>(ModelNode{"Gather", "embed", {"t", "x"}, {"y"}, {}});
  graph.nodes = {input, table, look_up};
  return graph;
}

TEST(Vocabulary, IsTheTableThatTokensAreLookedUpIn) {
  EXPECT_EQ(vocabulary(with_embedding(50)), 50);
  Graph along_columns = with_embedding(50);
  auto call = *along_columns.nodes[2].call;
  call.attributes["axis"] = std::int64_t{1};
  along_columns.nodes[2].call = std::make_shared<const ModelNode>(call);
  EXPECT_EQ(vocabulary(along_columns), 0);
  Graph none = with_embedding(50);
  none.nodes.pop_back();
  EXPECT_EQ(vocabulary(none), 0);
}

}  // namespace
}  // namespace ohmic
