// What a network costs in memory beside its weights.
#include <gtest/gtest.h>

#include "nn/io/mapped_file.hpp"
#include "nn/lowering/network.hpp"
#include "nn/torch/torch_graph.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/literal_network.hpp"
#include "tests/nn/protobuf_writer.hpp"
#include "tests/peak_memory.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

/// One dense layer of 4096 x 2048 weights, 32 MiB.
struct Wide {
  static constexpr std::int64_t kBytes = std::int64_t{4} * 4096 * 2048;

  Wide() {
    Node input, dense;
    input.channels = 4096;
    dense.op = Op::dense;
    dense.name = "dense";
    dense.inputs = {0};
    dense.channels = dense.conv.out_channels = 2048;
    dense.conv.in_channels = 4096;
    input.height = input.width = dense.height = dense.width = 1;
    input.shape = {4096};
    dense.shape = {2048};
    graph.nodes = {input, dense};
    graph.classes = 2048;
    weights = std::make_shared<const Weights>(
        Weights{{"dense.weight", {{2048, 4096}, test::normals(4096 * 2048, 1)}}});
  }

  Graph graph;
  std::shared_ptr<const Weights> weights;
};

// The back end's weights, and for a moment those it packs them from.
TEST(NetworkMemory, IsTwiceTheWeightsWhileTheyAreProgrammed) {
  const Wide wide;
  const auto backend = make_backend("cpu");
  const std::vector<float> x = test::normals(4096, 2);
  std::vector<float> y;
  const auto growth = test::peak_growth([&] {
    AnalogNetwork network({wide.graph, wide.weights, {}, {}, {}, test::awgn(0.1)}, *backend);
    network.load_ideal();
    y = network.program(1, 0).logits(x.data(), 1, 0);
    network.measure_noise(1, 1);
  });
  ASSERT_EQ(y.size(), 2048u);
  if (!growth) GTEST_SKIP() << "this system does not say how much memory was taken";
  EXPECT_LT(*growth, 2 * Wide::kBytes + Wide::kBytes / 2);
}

TEST(NetworkMemory, NeedsNoCopyOfTheWeights) {
  const Wide wide;
  const auto backend = make_backend("cpu");
  const auto growth = test::peak_growth([&] {
    const AnalogNetwork network({wide.graph, wide.weights, {}, {}, {}, test::awgn(0.1)}, *backend);
    EXPECT_GT(wide.weights.use_count(), 2);
  });
  EXPECT_EQ(wide.weights.use_count(), 1);
  if (!growth) GTEST_SKIP() << "this system does not say how much memory was taken";
  EXPECT_LT(*growth, Wide::kBytes / 4);
}

/// MatMul of x with a constant of 32 MiB.
test::Message matmul() {
  return test::Message()
      .message(1, test::onnx_node("MatMul", {"x", "w"}, {"y"}, "fc"))
      .message(5, test::onnx_tensor("w", {4096, 2048}, test::raw(test::normals(4096 * 2048, 1))))
      .message(11, test::onnx_value("x", {-1, 4096}))
      .message(12, test::onnx_value("y", {-1, 2048}));
}

TEST(NetworkMemory, OfAFileStaysThatOfOneCopyOfItsWeights) {
  const test::TemporaryFolder folder;
  ModelSettings model;
  model.file = folder.write("net.onnx", test::onnx_model(matmul()).bytes());
  std::shared_ptr<const LoweredNetwork> network;
  const auto before = test::status_bytes("VmRSS");
  network = load_network(model, {});
  const auto after = test::status_bytes("VmRSS");
  EXPECT_EQ(network->weights.at("fc.weight").values.size(), std::size_t{4096} * 2048);
  if (!before || !after) GTEST_SKIP() << "this system does not say how much memory was taken";
  EXPECT_LT(*after - *before, Wide::kBytes + Wide::kBytes / 2);
}

TEST(MappedFile, IsReadAgainAfterItsMemoryWasGivenBack) {
  const test::TemporaryFolder folder;
  const std::string bytes(std::size_t{16} << 20, 'x');
  const MappedFile file = map_file(folder.write("file", bytes));
  EXPECT_EQ(file.text(), bytes);
  const auto before = test::status_bytes("RssFile");
  file.forget();
  const auto after = test::status_bytes("RssFile");
  if (before && after) {
    EXPECT_LT(*after, *before - (std::int64_t{15} << 20));
  }
  EXPECT_EQ(file.text(), bytes);
  map_file(folder.write("empty", "")).forget();
}

TEST(TorchGraph, ComputesTheSameWithTheGivenWeightsThemselves) {
  const Graph graph = test::small_resnet(true);
  const auto weights = std::make_shared<const Weights>(test::random_weights(graph));
  const std::vector<float> x = test::normals(3 * 6 * 6 * 3, 999);
  TorchGraph lent(graph, weights), own(graph, *weights, "cpu");
  EXPECT_EQ(lent.logits(x.data(), 3), own.logits(x.data(), 3));
  Weights few = *weights;
  few.erase("linear.bias");
  EXPECT_THROW(TorchGraph(graph, std::make_shared<const Weights>(few)), DataError);
}

}  // namespace
}  // namespace ohmic
