// Models of Keras in ONNX's words.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "nn/import/imported_model.hpp"
#include "tests/nn/keras_file.hpp"
#include "tests/nn/shared_data.hpp"
#include "tests/nn/zip_writer.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

std::vector<std::string> operators(const ImportedModel& m) {
  std::vector<std::string> ops;
  for (const ModelNode& node : m.nodes) ops.push_back(node.op);
  return ops;
}

std::vector<float> values_of(const ConstantTensor& t) {
  std::vector<float> values(static_cast<std::size_t>(t.elements()));
  std::memcpy(values.data(), t.data.get(), values.size() * sizeof(float));
  return values;
}

std::string layer(const std::string& type, const std::string& name, const std::string& config) {
  return R"({"class_name":")" + type + R"(","config":{"name":")" + name + '"' + config + "}}";
}

const std::string kInput = layer("InputLayer", "image", R"(,"batch_shape":[null,4,4,1])");
const std::string kConv = layer("Conv2D", "conv",
                                R"(,"kernel_size":[1,2],"strides":[1,1],"padding":"same",)"
                                R"("activation":"relu","use_bias":false)");

std::string sequential(const std::vector<std::string>& layers) {
  std::string list;
  for (const std::string& l : layers) list += (list.empty() ? "" : ",") + l;
  return R"({"class_name":"Sequential","config":{"name":"net","layers":[)" + list + "]}}";
}

class KerasModel : public ::testing::Test {
 protected:
  /// An HDF5 file of a whole model: conv/kernel of [1, 2, 1, 3] holds 0 to 5, dense/kernel of
  /// [48, 2] and its bias count on.
  ImportedModel read(const std::string& config) {
    const auto file = folder_.path() / "net.h5";
    {
      test::KerasFile h5(file);
      h5.put("model_weights/conv/conv/kernel:0", {1, 2, 1, 3});
      h5.put("model_weights/dense/dense/kernel:0", {48, 2}, 6);
      h5.put("model_weights/dense/dense/bias:0", {2}, 102);
      if (!config.empty()) h5.text("", "model_config", {config}, true);
    }
    return read_model(file);
  }
  std::string said(const std::string& config) {
    const std::string error = test::error_of([&] { read(config); });
    const std::string file = (folder_.path() / "net.h5").string() + ": ";
    EXPECT_TRUE(error.starts_with(file)) << error;
    return error.substr(std::min(file.size(), error.size()));
  }
  test::TemporaryFolder folder_;
};

TEST_F(KerasModel, LayersBecomeNodesAndKernelsAreTurned) {
  const ImportedModel m = read(sequential({kInput, kConv, layer("Flatten", "flat", ""),
                                           layer("Dense", "dense", R"(,"activation":"softmax")")}));
  EXPECT_EQ(m.format, "Keras");
  EXPECT_EQ(m.inputs.at(0).shape, (std::vector<std::int64_t>{-1, 4, 4, 1}));
  EXPECT_EQ(operators(m), (std::vector<std::string>{"Transpose", "Conv", "Relu", "Transpose",
                                                    "Flatten", "Gemm", "Softmax"}));
  EXPECT_EQ(m.nodes[1].name, "conv");
  EXPECT_EQ(std::get<std::string>(m.nodes[1].attributes.at("auto_pad")), "SAME_UPPER");
  const ConstantTensor& kernel = m.constants.at("conv/kernel");
  EXPECT_EQ(kernel.shape, (std::vector<std::int64_t>{3, 1, 1, 2}));
  EXPECT_EQ(values_of(kernel), (std::vector<float>{0, 3, 1, 4, 2, 5}));  // [out, in, kh, kw]
  EXPECT_EQ(m.constants.at("dense/kernel").shape, (std::vector<std::int64_t>{48, 2}));
  EXPECT_EQ(values_of(m.constants.at("dense/bias")), (std::vector<float>{102, 103}));
}

TEST_F(KerasModel, WhatIsNotReadNamesTheLayer) {
  EXPECT_EQ(said(sequential({kInput, layer("Lambda", "f", "")})),
            "\"f\" (Lambda): is a class of layers that is not read; tf2onnx makes ONNX of such a "
            "model");
  EXPECT_EQ(said(sequential({kInput, layer("Activation", "a", R"(,"activation":"odd")")})),
            "\"a\" (Activation): has activation \"odd\", which is not known");
  EXPECT_EQ(said(sequential({kInput, layer("Dense", "other", "")})),
            "\"other\" (Dense): has no weights in the file");
  EXPECT_EQ(said(sequential({kInput, layer("MaxPooling2D", "p", R"(,"padding":"full")")})),
            "\"p\" (MaxPooling2D): has padding \"full\"; accepted are \"valid\" and \"same\"");
  EXPECT_EQ(said(""),
            "holds weights of Keras without a network; save the whole model (model.save)");
  EXPECT_EQ(said(R"({"class_name":"Custom","config":{}})"),
            "is a \"Custom\" of Keras; expected a Sequential or Functional model");
}

TEST_F(KerasModel, CallsThatWaitForEachOtherAreRefused) {
  const auto waiting = [](const char* name, const char* input) {
    return std::string(R"({"class_name":"ReLU","name":")") + name + R"(","config":{"name":")" +
           name + R"("},"inbound_nodes":[[[")" + input + R"(",0,0,{}]]]})";
  };
  EXPECT_EQ(said(R"({"class_name":"Functional","config":{"layers":[)" + waiting("a", "b") + "," +
                 waiting("b", "a") + R"(],"input_layers":[],"output_layers":[["b",0,0]]}})"),
            "layer \"a\" waits for a layer that is not there, or for itself");
}

TEST_F(KerasModel, AnArchiveWithoutWeightsIsRefused) {
  const auto file = folder_.write("net.keras", test::ZipWriter().add("config.json", "{}").bytes());
  EXPECT_EQ(test::error_of([&] { read_model(file); }),
            file.string() + ": has no config.json and model.weights.h5; expected a .keras file");
}

struct Expected {
  const char* file;
  std::vector<std::int64_t> input;
  std::size_t nodes;
  std::ptrdiff_t matrices;
};

class KerasNetworks : public ::testing::TestWithParam<Expected> {};

TEST_P(KerasNetworks, AreReadWithFewTurns) {
  const Expected& expected = GetParam();
  const auto file = test::shared_data() / "networks" / expected.file;
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not there";
  const ImportedModel m = read_model(file);
  EXPECT_EQ(m.producer, "keras 2.4.0");
  EXPECT_EQ(m.inputs.at(0).shape, expected.input);
  EXPECT_EQ(m.nodes.size(), expected.nodes);
  const auto ops = operators(m);
  EXPECT_EQ(std::count(ops.begin(), ops.end(), "Conv") + std::count(ops.begin(), ops.end(), "Gemm"),
            expected.matrices);
  // Channels first from the first layer to the last: one turn at the input, one before Flatten.
  EXPECT_LE(std::count(ops.begin(), ops.end(), "Transpose"), 2);
}

INSTANTIATE_TEST_SUITE_P(Shared, KerasNetworks,
                         ::testing::Values(Expected{"mlperf_ad.h5", {-1, 640}, 28, 10},
                                           Expected{"mlperf_resnet8.h5", {-1, 32, 32, 3}, 32, 10},
                                           Expected{"mlperf_vww.h5", {-1, 96, 96, 3}, 87, 28}));

}  // namespace
}  // namespace ohmic
