#include "nn/io/checkpoint.hpp"

#include <gtest/gtest.h>

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

TEST(LoadCheckpoint, SaysWhichFilesItKnows) {
  const TemporaryFolder folder;
  const Graph graph = resnet("resnet8", "he");
  const auto text = folder.write("w.txt", "these are no weights at all");
  EXPECT_EQ(error_of([&] { load_checkpoint(text, graph); }),
            text.string() +
                ": is no weight file that is known, or damaged; expected safetensors, Keras .h5 or "
                ".keras, or a PyTorch .pt, .pth or .th");
  EXPECT_EQ(error_of([&] { load_checkpoint("nowhere.h5", graph); }), "nowhere.h5: no such file");
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
