// The networks that users bring: what their files' own outputs say is what is computed, by
// LibTorch, digitally layer by layer, and through crossbars without noise.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "nn/io/archive.hpp"
#include "nn/io/npy.hpp"
#include "tests/nn/network_outputs.hpp"
#include "tests/nn/shared_data.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using Floats = std::vector<float>;

constexpr std::int64_t kImages = 64;

/// Images of MNIST's test set that the networks were not trained on: the first 64 that
/// test_indices.npy (int64) names, pixel/255.
Floats mnist_images() {
  const auto folder = test::shared_data() / "mnist";
  const auto bytes = read_decompressed(folder / "t10k-images-idx3-ubyte.gz");
  std::ifstream indices(folder / "test_indices.npy", std::ios::binary);
  indices.seekg(128);  // behind the header
  Floats x;
  for (std::int64_t i = 0; i < kImages; ++i) {
    std::int64_t index = 0;
    indices.read(reinterpret_cast<char*>(&index), sizeof index);
    for (std::size_t p = 0; p < 784; ++p)
      x.push_back(static_cast<float>(bytes.at(16 + 784 * static_cast<std::size_t>(index) + p)) /
                  255.0f);
  }
  return x;
}

class MnistNetwork : public testing::TestWithParam<std::string> {};

TEST_P(MnistNetwork, AnswersAsPyTorchDid) {
  const auto folder = test::shared_data() / "networks";
  if (!std::filesystem::exists(folder))
    GTEST_SKIP() << "no real data in " << folder << " (OHMIC_SHARED_DATA names it)";
  const std::string file = GetParam();
  const std::string name = file.substr(0, file.find_first_of("._", 6));
  const LoweredNetwork network = lower(read_model(folder / file));
  EXPECT_EQ(network.sample, (std::vector<std::int64_t>{1, 28, 28}));
  EXPECT_EQ(network.graph.classes, 10);
  test::expect_outputs(network, mnist_images(), read_npy(folder / (name + "_logits.npy")).values,
                       1e-4);
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(, MnistNetwork,
                         testing::Values("mnist_lenet.onnx", "mnist_lenet_dynamo.onnx",
                                         "mnist_lenet.pt2", "mnist_mixed.onnx",
                                         "mnist_mixed_dynamo.onnx", "mnist_mixed.pt2",
                                         "mnist_lstm.onnx", "mnist_lstm_dynamo.onnx",
                                         "mnist_lstm.pt2", "mnist_vit.onnx",
                                         "mnist_vit_dynamo.onnx", "mnist_vit.pt2"),
                         test_name);

class MlperfNetwork : public testing::TestWithParam<std::string> {};

TEST_P(MlperfNetwork, AnswersAsOnnxruntimeDid) {
  const auto folder = test::shared_data() / "networks";
  if (!std::filesystem::exists(folder))
    GTEST_SKIP() << "no real data in " << folder << " (OHMIC_SHARED_DATA names it)";
  const test::TemporaryFolder temporary;
  for (const auto& [name, bytes] : read_zip_entries(folder / (GetParam() + "_sample.npz")))
    std::ofstream(temporary.path() / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  const LoweredNetwork network = lower(read_model(folder / (GetParam() + ".onnx")));
  test::expect_outputs(network, read_npy(temporary.path() / "x.npy").values,
                       read_npy(temporary.path() / "y.npy").values, 1e-4);
}

INSTANTIATE_TEST_SUITE_P(, MlperfNetwork,
                         testing::Values("mlperf_resnet8", "mlperf_kws", "mlperf_vww", "mlperf_ad"),
                         test_name);

}  // namespace
}  // namespace ohmic
