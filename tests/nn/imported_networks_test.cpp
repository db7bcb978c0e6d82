// The networks that users bring: what their files' own outputs say is what is computed, by
// LibTorch, digitally layer by layer, and through crossbars without noise.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "nn/analog/analog_network.hpp"
#include "nn/io/archive.hpp"
#include "nn/io/npy.hpp"
#include "nn/lowering/lower.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "tests/nn/channels_last.hpp"
#include "tests/nn/chip.hpp"
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

void expect_near(const Floats& got, const Floats& wanted, double relative) {
  ASSERT_EQ(got.size(), wanted.size());
  double largest = 0, worst = 0;
  for (const float v : wanted) largest = std::max(largest, std::abs(double{v}));
  for (std::size_t i = 0; i < got.size(); ++i)
    worst = std::max(worst, std::abs(double{got[i]} - wanted[i]));
  EXPECT_LE(worst, relative * largest);
}

Periphery ideal() { return {}; }

/// Logits as every road computes them.
void expect_outputs(const LoweredNetwork& network, const Floats& x, const Floats& wanted) {
  const Floats memory = test::channels_last(x, network.sample);
  const std::int64_t n = std::ssize(wanted) / network.graph.classes;
  TorchNetwork torch(network.graph, network.weights, "cpu");
  {
    SCOPED_TRACE("LibTorch");
    expect_near(torch.logits(memory.data(), n), wanted, 1e-4);
  }
  const auto backend = make_backend("cpu");
  MappingSettings mapping;
  mapping.tile = {256, 256};
  AnalogNetwork chip(network.graph, network.weights, mapping, {}, ideal(), test::awgn(0), *backend);
  chip.load_ideal();
  {
    SCOPED_TRACE("digital layers");
    expect_near(chip.logits(memory.data(), n, 0), wanted, 1e-4);
  }
  chip.program(1, 0);
  SCOPED_TRACE("crossbars");
  expect_near(chip.logits(memory.data(), n, 0), wanted, 1e-4);
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
  expect_outputs(network, mnist_images(), read_npy(folder / (name + "_logits.npy")).values);
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
  expect_outputs(network, read_npy(temporary.path() / "x.npy").values,
                 read_npy(temporary.path() / "y.npy").values);
}

INSTANTIATE_TEST_SUITE_P(, MlperfNetwork,
                         testing::Values("mlperf_resnet8", "mlperf_kws", "mlperf_vww", "mlperf_ad"),
                         test_name);

}  // namespace
}  // namespace ohmic
