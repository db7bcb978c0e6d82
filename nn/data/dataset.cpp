#include "nn/data/dataset.hpp"

#include <algorithm>
#include <numeric>

#include "nn/data/cifar.hpp"
#include "nn/data/image_folder.hpp"
#include "nn/data/keyed_error.hpp"
#include "nn/data/normalization.hpp"
#include "nn/data/readings.hpp"
#include "nn/data/samples.hpp"
#include "nn/data/synthetic.hpp"
#include "nn/io/sha256.hpp"
#include "nn/io/stored_array.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

template <class T>
std::string_view view(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

void keep_first(ImageSet& set, std::int64_t images, const char* key) {
  if (images == 0) return;
  if (images > set.size())
    throw DataError(std::string("data.") + key + " asks for " + std::to_string(images) +
                    " images but there are " + std::to_string(set.size()));
  if (images == set.size()) return;
  std::vector<std::int64_t> first(static_cast<std::size_t>(images));
  std::iota(first.begin(), first.end(), 0);
  set = set.subset(first);
}

/// The files of one set: those that are named, else those in `folder`.
std::vector<fs::path> files_of(const std::vector<std::string>& named,
                               const std::vector<std::string>& standard,
                               const std::optional<fs::path>& folder) {
  std::vector<fs::path> files(named.begin(), named.end());
  if (files.empty() && folder)
    for (const std::string& name : standard) files.push_back(*folder / name);
  return files;
}

std::vector<fs::path> files_of(const SampleFiles& samples) {
  std::vector<fs::path> files;
  for (const InputFile& input : samples.inputs) files.push_back(array_place(input.file).file);
  for (const std::string* file : {&samples.samples, &samples.labels, &samples.rows})
    if (!file->empty()) files.push_back(array_place(*file).file);
  return files;
}

/// `named`: the key whose files they are; empty: the folder's.
ImageSet read_set(const CifarFormat& format, const DataSettings& settings,
                  const std::vector<fs::path>& files, const std::string& named) {
  if (files.empty()) find_cifar(format, settings.root);  // says what is missing
  if (named.empty()) return read_records(format, files);
  return keyed(named, [&] { return read_records(format, files); });
}

/// What cannot be read says what it is read for.
ImageSet read_training_set(const CifarFormat& format, const DataSettings& settings,
                           const std::vector<fs::path>& files, const std::string& purpose) {
  try {
    return read_set(format, settings, files, settings.train.empty() ? "" : "data.train");
  } catch (const DataError& error) {
    if (purpose.empty()) throw;
    throw DataError(std::string(error.what()) + "\n(training images are needed for " + purpose +
                    ")");
  }
}

void load_cifar(const DataSettings& settings, DatasetNeeds needs, Dataset& data) {
  const CifarFormat& format = cifar_format(settings.name);
  const DataFiles files = data_files(settings);
  if (needs.train) {
    data.train = read_training_set(format, settings, files.train, needs.train_for);
    if (settings.normalization() == "per_pixel_mean")
      data.normalization.mean = per_pixel_mean(data.train);
    keep_first(data.train, settings.train_images, "train_images");
  }
  if (needs.test) {
    data.test = read_set(format, settings, files.test, settings.test.empty() ? "" : "data.test");
    keep_first(data.test, settings.test_images, "test_images");
  }
}

void load_files(const DataSettings& settings, DatasetNeeds needs, Dataset& data) {
  const auto read = [&](const SampleFiles& files, const char* key) {
    if (!files.are_named())
      throw DataError(
          std::string("data.") + key +
          ": no samples are given; expected { samples = FILE, labels = FILE } or { samples = "
          "FOLDER }" +
          (std::string_view(key) == "train" && !needs.train_for.empty()
               ? ", which are needed for " + needs.train_for
               : ""));
    return keyed("data." + std::string(key),
                 [&] { return read_samples(files, settings.transform); });
  };
  if (settings.normalization() == "per_pixel_mean")
    throw DataError(
        "data.normalize: per_pixel_mean is for images of CIFAR; expected a table { mean = FILE, "
        "scale = x } with data.name = \"files\"");
  if (needs.train) {
    data.train = read(settings.train_samples, "train");
    keep_first(data.train, settings.train_images, "train_images");
  }
  if (needs.test) {
    data.test = read(settings.test_samples, "test");
    keep_first(data.test, settings.test_images, "test_images");
  }
}

void make_synthetic(const DataSettings& settings, std::uint64_t seed, DatasetNeeds needs,
                    Dataset& data) {
  const auto images = [](std::int64_t asked, std::int64_t usual, const char* key) {
    constexpr std::int64_t kMost = 1'000'000;  // 3 GB
    if (asked > kMost)
      throw DataError(std::string("data.") + key + " asks for " + std::to_string(asked) +
                      " synthetic images; at most " + std::to_string(kMost) + " are made");
    return asked ? asked : usual;
  };
  if (needs.train)
    data.train = synthetic_images(images(settings.train_images, 4000, "train_images"), seed,
                                  SyntheticPart::train);
  if (needs.test)
    data.test = synthetic_images(images(settings.test_images, 1000, "test_images"), seed,
                                 SyntheticPart::test);
  if (settings.normalization() == "per_pixel_mean")
    data.normalization.mean = per_pixel_mean(data.train);
}

}  // namespace

ImageSet ImageSet::subset(std::span<const std::int64_t> rows) const {
  ImageSet some = *this;
  const auto keep = [&](auto& to, const auto& from, std::int64_t size) {
    to.clear();
    if (from.empty()) return;
    to.reserve(rows.size() * static_cast<std::size_t>(size));
    for (const std::int64_t row : rows)
      to.insert(to.end(), from.begin() + row * size, from.begin() + (row + 1) * size);
  };
  keep(some.pixels, pixels, values());
  keep(some.numbers, numbers, values());
  keep(some.places, places, 1);
  keep(some.labels, labels, 1);
  keep(some.targets, targets, std::ssize(targets) / std::max<std::int64_t>(1, size()));
  return some;
}

void ImageSet::sample(std::int64_t i, float* out) const {
  if (source) return source->read(places[static_cast<std::size_t>(i)], out);
  const std::int64_t size = values();
  if (pixels.empty())
    std::copy_n(numbers.begin() + i * size, size, out);
  else
    std::copy_n(pixels.begin() + i * size, size, out);
}

std::string ImageSet::hash() const {
  std::vector<std::uint8_t> small;  // a byte per label, as CIFAR has them, where they fit
  const bool are_small = std::all_of(labels.begin(), labels.end(),
                                     [](std::int32_t label) { return label >= 0 && label < 256; });
  if (are_small) small.assign(labels.begin(), labels.end());
  std::string of_labels = sha256(are_small ? view(small) : view(labels));
  if (!targets.empty()) of_labels = sha256(of_labels + sha256(view(targets)));
  if (!source) return sha256(of_labels + sha256(numbers.empty() ? view(pixels) : view(numbers)));
  std::string of_samples;
  for (const std::int64_t place : places) of_samples += source->hash(place);
  return sha256(of_labels + sha256(of_samples));
}

std::string hash_of_data(const fs::path& path) {
  return fs::is_directory(path) ? hash_of_images(path) : sha256_of_file(path);
}

std::string choice_of(const SampleFiles& files) {
  std::string choice;
  for (const std::string* file : {&files.samples, &files.labels, &files.rows}) {
    const std::string array = array_place(*file).array;
    if (!array.empty()) choice += (choice.empty() ? "" : "\n") + array;
  }
  for (const std::string& name : files.classes) choice += "\n" + name;
  for (const InputFile& input : files.inputs)
    choice += "\n" + input.input + "\t" + array_place(input.file).array;
  return choice;
}

DataFiles data_files(const DataSettings& settings) {
  if (settings.name == "synthetic") return {};
  if (settings.name == "files")
    return {files_of(settings.train_samples), files_of(settings.test_samples)};
  const CifarFormat& format = cifar_format(settings.name);
  const auto folder = cifar_folder(format, settings.root);
  return {files_of(settings.train, format.train, folder),
          files_of(settings.test, format.test, folder)};
}

Dataset load_dataset(const DataSettings& settings, std::uint64_t seed, DatasetNeeds needs) {
  if (settings.normalization() == "per_pixel_mean") {
    const std::string use = "data.normalize = \"per_pixel_mean\"";
    if (!needs.train)
      needs.train_for = use;
    else if (!needs.train_for.empty())
      needs.train_for += ", " + use;
    needs.train = true;
  }
  Dataset data;
  if (settings.name == "files")
    load_files(settings, needs, data);
  else if (settings.name == "synthetic")
    make_synthetic(settings, seed, needs, data);
  else
    load_cifar(settings, needs, data);
  std::vector<float> mean = std::move(data.normalization.mean);  // of every pixel
  data.normalization = read_normalization(settings, data);
  if (!mean.empty()) data.normalization.mean = std::move(mean);
  if (needs.test && data.test.size() == 0)
    throw DataError("data.test: holds no samples; expected at least one to measure");
  if (needs.train && data.train.size() == 0)
    throw DataError("data.train: holds no samples; expected some" +
                    (needs.train_for.empty() ? "" : " for " + needs.train_for));
  return data;
}

}  // namespace ohmic
