// Networks as people have them: every model file in the shared data is read.
#include <gtest/gtest.h>

#include "nn/import/imported_model.hpp"
#include "tests/nn/shared_data.hpp"

namespace ohmic {
namespace {

struct Expected {
  const char* file;
  const char* format;
  std::size_t nodes, constants, samples;
};

class Networks : public ::testing::TestWithParam<Expected> {};

TEST_P(Networks, AreRead) {
  const Expected& expected = GetParam();
  const auto file = test::shared_data() / "networks" / expected.file;
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not there";
  const ImportedModel m = read_model(file);
  EXPECT_EQ(m.format, expected.format);
  EXPECT_EQ(m.nodes.size(), expected.nodes);
  EXPECT_EQ(m.constants.size(), expected.constants);
  EXPECT_EQ(m.samples.size(), expected.samples);
  ASSERT_EQ(m.inputs.size(), 1u);
  EXPECT_EQ(m.inputs[0].shape.at(0), -1);
  ASSERT_EQ(m.outputs.size(), 1u);
}

// ONNX: as many nodes as the files have (onnx.load(FILE).graph.node); .pt2: as they are said in
// ONNX's words, with the constants that this needs.
INSTANTIATE_TEST_SUITE_P(Shared, Networks,
                         ::testing::Values(Expected{"mlperf_ad.onnx", "ONNX", 29, 20, 0},
                                           Expected{"mlperf_kws.onnx", "ONNX", 29, 28, 0},
                                           Expected{"mlperf_resnet8.onnx", "ONNX", 25, 21, 0},
                                           Expected{"mlperf_vww.onnx", "ONNX", 60, 57, 0},
                                           Expected{"mnist_lenet.onnx", "ONNX", 12, 10, 0},
                                           Expected{"mnist_lenet.pt2", "PyTorch (pt2)", 12, 10, 1},
                                           Expected{"mnist_lenet_dynamo.onnx", "ONNX", 12, 11, 0},
                                           Expected{"mnist_lstm.onnx", "ONNX", 19, 5, 0},
                                           Expected{"mnist_lstm.pt2", "PyTorch (pt2)", 12, 12, 1},
                                           Expected{"mnist_lstm_dynamo.onnx", "ONNX", 26, 17, 0},
                                           Expected{"mnist_mixed.onnx", "ONNX", 44, 18, 0},
                                           Expected{"mnist_mixed.pt2", "PyTorch (pt2)", 35, 34, 1},
                                           Expected{"mnist_mixed_dynamo.onnx", "ONNX", 31, 27, 0},
                                           Expected{"mnist_vit.onnx", "ONNX", 309, 56, 0},
                                           Expected{"mnist_vit.pt2", "PyTorch (pt2)", 127, 83, 1},
                                           Expected{"mnist_vit_dynamo.onnx", "ONNX", 123, 65, 0},
                                           Expected{"resnet20_he.pt2", "PyTorch (pt2)", 75, 115, 1},
                                           Expected{"resnet20_he_bn.onnx", "ONNX", 155, 97, 0},
                                           Expected{"resnet20_he_folded.onnx", "ONNX", 102, 40,
                                                    0}));

}  // namespace
}  // namespace ohmic
