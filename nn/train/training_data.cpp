#include "nn/train/training_data.hpp"

#include "simulator/error.hpp"

namespace ohmic {

void check_training_data(const Graph& graph, const Dataset& data, const TrainSettings& settings) {
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
  if (settings.keep == "best" && data.test.size() == 0)
    throw DataError("train.keep = best: there are no test images to choose by");
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
