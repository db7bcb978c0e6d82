// Sound networks and broken ones on real images (shared_data.hpp): no false alarm, and every fault
// named.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "nn/data/readings.hpp"
#include "nn/io/checkpoint.hpp"
#include "nn/torch/plausibility.hpp"
#include "tests/nn/shared_data.hpp"

namespace ohmic {
namespace {

struct Network {
  const char *model, *layout, *file;
  Normalization normalization;
};

Normalization imagenet() { return {"given", {0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}}; }
Network resnet20_he() {
  return {"resnet20", "he", "resnet20_he_sgd_cifar10.safetensors", imagenet()};
}

class OnRealImages : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(test::shared_data() / "weights"))
      GTEST_SKIP() << "no " << test::shared_data();
    DataSettings settings;
    settings.name = "cifar10";
    settings.normalize = "none";
    settings.test = {(test::shared_data() / "cifar10-lossless-test.bin.xz").string()};
    data_.test = load_dataset(settings, 1, {false, true}).test;
  }

  void load(const Network& network) {
    ModelSettings model;
    model.name = network.model;
    model.layout = network.layout;
    graph_ = build_model(model, 10);
    weights_ = load_checkpoint(test::shared_data() / "weights" / network.file, graph_).weights;
    data_.normalization = network.normalization;
  }
  Plausibility examined() const { return examine(graph_, weights_, data_, true); }
  void change_kernels(const std::function<void(HostTensor&)>& change) {
    for (auto& [name, tensor] : weights_)
      if (tensor.shape.size() == 4) change(tensor);
  }
  static bool names(const Plausibility& p, const std::string& reading) {
    return std::ranges::any_of(p.readings, [&](const BetterReading& r) {
      return r.name.find(reading) != std::string::npos && r.accuracy > 0.85;
    });
  }

  Dataset data_;
  Graph graph_;
  Weights weights_;
};

TEST_F(OnRealImages, SoundNetworksHaveNothingAgainstThem) {
  const Network sound[] = {resnet20_he(),
                           {"resnet56", "he", "resnet56_he_sgd_cifar10.safetensors", imagenet()},
                           {"resnet20", "keras_v1", "resnet20v1_keras_adam_cifar10.h5", {}}};
  for (const Network& network : sound) {
    load(network);
    const Plausibility p = examined();
    EXPECT_EQ(p.misfits, 0) << network.file << ": " << p.first.norm;
    EXPECT_FALSE(is_near_chance(p) || is_too_sure(p)) << network.file;
    EXPECT_TRUE(p.readings.empty()) << network.file << ": " << p.readings.front().name;
  }
}

TEST_F(OnRealImages, AWrongNormalizationIsFoundWithTheRightOne) {
  load(resnet20_he());
  for (const Normalization& wrong :
       {Normalization{}, Normalization{"given", {125.3f, 123.0f, 113.9f}, {63.0f, 62.1f, 66.7f}},
        Normalization{"given", {0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}}}) {
    data_.normalization = wrong;
    const Plausibility p = examined();
    EXPECT_TRUE(p.from_the_first);
    EXPECT_TRUE(names(p, "(ImageNet's)"));
  }
}

TEST_F(OnRealImages, ImagesInAnotherOrderAreFound) {
  load(resnet20_he());
  const ImageSet right = data_.test;
  data_.test = read_as(PixelOrder::bgr, right);
  EXPECT_TRUE(names(examined(), "BGR"));
  data_.test = read_as(PixelOrder::planar, right);  // bytes H x W x C, taken for planes
  EXPECT_TRUE(names(examined(), "H x W x C"));
}

// As a network of a file has them: numbers of bytes.
TEST_F(OnRealImages, ImagesOfAFileInAnotherOrderAreFound) {
  load(resnet20_he());
  const auto as_numbers = [&](PixelOrder order) {
    ImageSet set = read_as(order, data_.test);
    set.numbers.assign(set.pixels.begin(), set.pixels.end());
    set.pixels.clear();
    set.are_bytes = true;
    return set;
  };
  const ImageSet right = as_numbers(PixelOrder::as_read), bgr = as_numbers(PixelOrder::bgr),
                 planar = as_numbers(PixelOrder::planar);
  data_.normalization.scale = 1 / 255.0;
  data_.test = right;
  EXPECT_TRUE(examined().readings.empty());
  data_.test = bgr;
  EXPECT_TRUE(names(examined(), "BGR"));
  data_.test = planar;
  EXPECT_TRUE(names(examined(), "H x W x C"));
  data_.test = right;
  data_.normalization = {"given", {}, {}, 1 / 255.0};
  EXPECT_TRUE(names(examined(), "scale = 0.00392157, mean = [0.485, 0.456, 0.406]"));
}

TEST_F(OnRealImages, FlippedKernelsAreFound) {
  load(resnet20_he());
  change_kernels([](HostTensor& t) {
    const auto taps = t.shape[2] * t.shape[3];
    for (auto k = t.values.begin(); k != t.values.end(); k += taps) std::reverse(k, k + taps);
  });
  const Plausibility p = examined();
  EXPECT_TRUE(is_too_sure(p));
  ASSERT_FALSE(p.readings.empty());
  EXPECT_NE(p.readings.front().name.find("turned by 180 degrees"), std::string::npos);
}

TEST_F(OnRealImages, AKernelWithInputsAndOutputsExchangedIsNamed) {
  for (const char* layer : {"layer1.1.conv1", "layer2.1.conv2", "layer3.2.conv2"}) {
    load(resnet20_he());
    HostTensor& t = weights_.at(std::string(layer) + ".weight");
    const auto given = t.values;
    const auto n = static_cast<std::size_t>(t.shape[0]);
    for (std::size_t o = 0; o < n; ++o)
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t k = 0; k < 9; ++k)
          t.values[(o * n + i) * 9 + k] = given[(i * n + o) * 9 + k];
    const Plausibility p = examined();
    EXPECT_FALSE(p.from_the_first);
    EXPECT_EQ(p.first.layer, layer);
  }
}

TEST_F(OnRealImages, WeightsOfZeroAndLabelsOffByOneAreFound) {
  load(resnet20_he());
  for (auto& label : data_.test.labels) label = static_cast<std::uint8_t>((label + 1) % 10);
  const Plausibility off = examined();
  EXPECT_EQ(off.label_shift, 1);
  EXPECT_GT(off.correct_shifted, off.images * 85 / 100);
  for (auto& [name, tensor] : weights_) std::fill(tensor.values.begin(), tensor.values.end(), 0.0f);
  const Plausibility zero = examined();
  EXPECT_TRUE(zero.constant);
  EXPECT_EQ(static_cast<std::int64_t>(zero.constant_kernels.size()), zero.kernels);
}

}  // namespace
}  // namespace ohmic
