#include "nn/train/training_data.hpp"

#include <algorithm>

#include "nn/metrics/answer_shape.hpp"
#include "nn/network/name_pattern.hpp"
#include "simulator/error.hpp"

namespace ohmic {

namespace {

/// Whether the network is one that a training knows.
void check_network(const Graph& graph, const AnswerShape& answer) {
  for (const Node& node : graph.nodes)
    if (has_matrix(node) && node.shares >= 0)
      throw DataError("the network uses the matrix of layer " + node.name +
                      " more than once, and such networks are not trained here");
  if (answer.chosen)
    throw DataError("the network ends in ArgMax, behind which nothing can be trained");
  if (answer.each_by_itself)
    throw DataError(
        "the network ends in a sigmoid; networks are trained here on classes, by logits or a "
        "softmax");
}

/// Every pattern of train.only names a parameter.
void check_only(const Graph& graph, const std::vector<std::string>& patterns) {
  std::string names;
  for (const ParameterShape& p : parameter_shapes(graph))
    if (p.trainable) names += (names.empty() ? "" : ", ") + p.name;
  for (const std::string& pattern : patterns) {
    const auto fits = [&](const ParameterShape& p) {
      return p.trainable && matches(pattern, p.name);
    };
    if (std::ranges::none_of(parameter_shapes(graph), fits))
      throw DataError("train.only: \"" + pattern + "\" names no parameter; there are " + names);
  }
}

/// The kernel that a pattern names; empty: none.
std::string kernel_named(const Graph& graph, const std::string& pattern) {
  for (const Node& node : graph.nodes)
    if (const std::string kernel = node.name + ".weight";
        has_matrix(node) && matches(pattern, kernel))
      return kernel;
  return "";
}

[[noreturn]] void refuse_kernels(const std::string& which) {
  throw ConfigError(
      {{{},
        "train.only",
        which + ", and devices of a chip in the loop (train.hardware.chip) stay as they "
                "were written; expected patterns of what is digital, as in [\"*bn*\", "
                "\"*.bias\"]"}});
}

}  // namespace

void check_chip_in_the_loop(const Graph& graph, const TrainSettings& settings) {
  if (!settings.hardware || !settings.hardware->chip) return;
  if (settings.only.empty()) refuse_kernels("is empty, so that kernels are trained too");
  for (const std::string& pattern : settings.only)
    if (const std::string kernel = kernel_named(graph, pattern); !kernel.empty())
      refuse_kernels("\"" + pattern + "\" names " + kernel);
}

void check_training_data(const Graph& graph, const Dataset& data, const TrainSettings& settings) {
  check_network(graph, answer_shape(graph, {graph.classes}));
  check_only(graph, settings.only);
  check_chip_in_the_loop(graph, settings);
  if (data.train.size() == 0) throw DataError("there are no training images");
  if (!data.train.has_labels() || !data.train.targets.empty())
    throw DataError("training needs a class for every sample of data.train (labels)");
  if (settings.augment && !data.train.is_of_cifars_kind())
    throw DataError(
        "train.augment shifts and flips images of 3 x 32 x 32 bytes, and these samples are others; "
        "expected train.augment = false");
  if (settings.measure && data.train.size() < 2 * settings.batch)
    throw DataError("train.measure: needs two batches of " + std::to_string(settings.batch) +
                    " training images, there are " + std::to_string(data.train.size()));
  if (settings.keep == "best" && (!data.test.has_labels() || !data.test.targets.empty()))
    throw DataError("train.keep = best: there are no test images with a class each to choose by");
  for (const ImageSet* set : {&data.train, &data.test})
    for (const std::int32_t label : set->labels)
      if (label >= graph.classes)
        throw DataError("the data have label " + std::to_string(label) + ", the network " +
                        std::to_string(graph.classes) + " classes");
}

std::vector<std::int64_t> take_samples(const ImageSet& set, const Normalization& normalization,
                                       std::span<const std::int64_t> indices,
                                       const TrainSettings& settings, std::uint64_t seed,
                                       std::int64_t epoch, std::vector<float>& nhwc) {
  const std::int64_t values = set.values();
  nhwc.resize(indices.size() * static_cast<std::size_t>(values));
  if (set.is_of_cifars_kind()) {
    const Augmentation augmentation{settings.shift, settings.flip};
    training_batch(set, normalization, indices, settings.augment ? &augmentation : nullptr, seed,
                   epoch, nhwc.data());
  } else {
    for (std::size_t k = 0; k < indices.size(); ++k)
      normalized_batch(set, normalization, indices[k], 1,
                       nhwc.data() + static_cast<std::int64_t>(k) * values);
  }
  std::vector<std::int64_t> classes;
  for (const std::int64_t i : indices) classes.push_back(set.labels[static_cast<std::size_t>(i)]);
  return classes;
}

}  // namespace ohmic
