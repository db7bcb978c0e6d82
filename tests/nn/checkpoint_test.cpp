#include "nn/io/checkpoint.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "simulator/error.hpp"
#include "tests/nn/shared_data.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;
using test::TemporaryFolder;

Graph resnet(const std::string& name, const std::string& layout) {
  ModelSettings model;
  model.name = name;
  model.layout = layout;
  return build_model(model, 10);
}

TEST(LoadCheckpoint, ReadsBackAnInitializedNetwork) {
  const TemporaryFolder folder;
  const Graph graph = resnet("resnet8", "keras_v1");
  const Checkpoint checkpoint{initialize(graph, "glorot_uniform", 1), {{"layout", "keras_v1"}}};
  const auto file = folder.path() / "any.name";
  write_safetensors(file, checkpoint);
  const Checkpoint again = load_checkpoint(file, graph);
  EXPECT_EQ(again.metadata, checkpoint.metadata);
  EXPECT_EQ(again.weights.size(), checkpoint.weights.size());
}

TEST(LoadCheckpoint, NamesWhatDoesNotFit) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "w.safetensors";
  write_safetensors(file, {initialize(resnet("resnet8", "he"), "he_normal", 1), {}});
  const std::string message = error_of([&] { load_checkpoint(file, resnet("resnet14", "he")); });
  EXPECT_NE(message.find(file.string()), std::string::npos) << message;
  EXPECT_NE(message.find("resnet8"), std::string::npos) << message;
}

TEST(LoadCheckpoint, SaysWhatAFileIsThatHoldsNoWeights) {
  const TemporaryFolder folder;
  const Graph graph = resnet("resnet8", "he");
  const std::string expected =
      "; expected safetensors (or their .index.json), Keras .h5 or .keras, or a PyTorch .pt, "
      ".pth, .ckpt or .th";
  const auto message = [&](const std::string& bytes) {
    const auto file = folder.write("w.pt", bytes);
    const std::string what = error_of([&] { load_checkpoint(file, graph); });
    EXPECT_TRUE(what.starts_with(file.string() + ": ") && what.ends_with(expected)) << what;
    return what.substr(file.string().size() + 2,
                       what.size() - expected.size() - file.string().size() - 2);
  };
  EXPECT_EQ(message("these are no weights at all"), "is no weight file that is known, or damaged");
  EXPECT_EQ(message(""), "is empty");
  EXPECT_EQ(message("version https://git-lfs.github.com/spec/v1\noid sha256:0"),
            "is a pointer of Git LFS, not the file itself (git lfs pull)");
  EXPECT_EQ(message("<!DOCTYPE html>"), "is a web page");
  EXPECT_EQ(message("\x1f\x8b\x08"), "is packed with gzip");
  EXPECT_EQ(message("\x80\x04\x95\x10"), "is a pickle that torch.save did not write");
  EXPECT_EQ(error_of([&] { load_checkpoint("nowhere.h5", graph); }), "nowhere.h5: no such file");
  EXPECT_EQ(error_of([&] { load_checkpoint(folder.path(), graph); }),
            folder.path().string() + ": is a folder" + expected);
}

TEST(LoadCheckpoint, RefusesValuesThatNoNetworkHas) {
  const TemporaryFolder folder;
  const Graph graph = resnet("resnet8", "he");
  const Weights sound = initialize(graph, "he_normal", 1);
  const auto file = folder.path() / "w.safetensors";
  const auto message = [&](const std::string& name, std::size_t at, float value) {
    Weights weights = sound;
    weights.at(name).values.at(at) = value;
    write_safetensors(file, {weights, {}});
    const std::string what = error_of([&] { load_checkpoint(file, graph); });
    return what.empty() ? what : what.substr(file.string().size() + 2);
  };
  EXPECT_EQ(message("conv1.weight", 3, std::nanf("")),
            "conv1.weight has the value nan at 3 (1 of its 432 are so); expected finite numbers");
  EXPECT_EQ(message("linear.bias", 0, -INFINITY),
            "linear.bias has the value -inf at 0 (1 of its 10 are so); expected finite numbers");
  EXPECT_EQ(message("bn1.running_var", 2, -0.5f),
            "bn1.running_var has the value -0.500000 at 2 (1 of its 16 are so); expected finite "
            "numbers that are not negative");
  EXPECT_EQ(message("bn1.running_mean", 2, -0.5f), "");
  EXPECT_EQ(message("bn1.running_var", 2, 0), "");
}

TEST(LoadCheckpoint, ReadsPrefixedNames) {
  const TemporaryFolder folder;
  const Graph graph = resnet("resnet8", "he");
  const Weights bare = initialize(graph, "he_normal", 1);
  Checkpoint prefixed;
  for (const auto& [name, tensor] : bare) prefixed.weights["model.module." + name] = tensor;
  const auto file = folder.path() / "w.safetensors";
  write_safetensors(file, prefixed);
  const Weights weights = load_checkpoint(file, graph).weights;
  ASSERT_EQ(weights.size(), bare.size());
  for (const auto& [name, tensor] : bare) EXPECT_EQ(weights.at(name).values, tensor.values) << name;
}

/// The same network in two formats: published weights, where a user has them.
TEST(LoadCheckpoint, ReadsLegacyPickleAndSafetensorsAlike) {
  const auto weights = test::shared_data() / "weights";
  if (!std::filesystem::exists(weights))
    GTEST_SKIP() << "no real data in " << weights << " (OHMIC_SHARED_DATA names it)";
  const Graph graph = resnet("resnet20", "he");
  const Weights a = load_checkpoint(weights / "resnet20_he_sgd_cifar10.safetensors", graph).weights;
  const Weights b = load_checkpoint(weights / "resnet20_he_sgd_cifar10.th", graph).weights;
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    EXPECT_EQ(tensor.shape, b.at(name).shape) << name;
    EXPECT_EQ(tensor.values, b.at(name).values) << name;
  }
}

TEST(LoadCheckpoint, ReadsAKerasNetworkOfTheRightDepthOnly) {
  const auto file = test::shared_data() / "weights" / "resnet20v1_keras_adam_cifar10.h5";
  if (!std::filesystem::exists(file))
    GTEST_SKIP() << "no real data at " << file << " (OHMIC_SHARED_DATA names its folder)";
  const Checkpoint checkpoint = load_checkpoint(file, resnet("resnet20", "keras_v1"));
  EXPECT_EQ(checkpoint.weights.at("layer2.0.proj.weight").shape,
            (std::vector<std::int64_t>{32, 16, 1, 1}));
  EXPECT_EQ(error_of([&] { load_checkpoint(file, resnet("resnet32", "keras_v1")); }),
            file.string() +
                ": describes another network than resnet32, layout keras_v1 (it has 21 "
                "convolutions instead of 33): layer \"conv2d_8\" (Conv2D) has strides = [2, 2], "
                "expected [1, 1]; and 2 more");
}

}  // namespace
}  // namespace ohmic
