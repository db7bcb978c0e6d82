#include "nn/data/dataset.hpp"

#include <algorithm>
#include <cmath>

#include "nn/data/cifar.hpp"
#include "nn/data/readings.hpp"
#include "nn/data/samples.hpp"
#include "nn/data/synthetic.hpp"
#include "nn/io/npy.hpp"
#include "nn/io/sha256.hpp"
#include "nn/network/shape_text.hpp"
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
  set.targets.resize(set.targets.size() / set.labels.size() * static_cast<std::size_t>(images));
  set.labels.resize(static_cast<std::size_t>(images));
  auto& pixels = set.pixels;
  if (!pixels.empty()) pixels.resize(static_cast<std::size_t>(images * set.values()));
  if (!set.numbers.empty()) set.numbers.resize(static_cast<std::size_t>(images * set.values()));
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
  for (const std::string* file : {&samples.samples, &samples.labels, &samples.rows})
    if (!file->empty()) files.emplace_back(*file);
  return files;
}

ImageSet read_set(const CifarFormat& format, const DataSettings& settings,
                  const std::vector<fs::path>& files) {
  if (files.empty()) find_cifar(format, settings.root);  // says what is missing
  return read_records(format, files);
}

/// What cannot be read says what it is read for.
ImageSet read_training_set(const CifarFormat& format, const DataSettings& settings,
                           const std::vector<fs::path>& files, const std::string& purpose) {
  try {
    return read_set(format, settings, files);
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
    data.test = read_set(format, settings, files.test);
    keep_first(data.test, settings.test_images, "test_images");
  }
}

void load_files(const DataSettings& settings, DatasetNeeds needs, Dataset& data) {
  const auto read = [](const SampleFiles& files, const char* key) {
    if (files.samples.empty())
      throw DataError(std::string("data.") + key +
                      ": no samples are given; expected { samples = FILE, labels = FILE }" +
                      (std::string_view(key) == "train"
                           ? ", on which converters' ranges and means are found"
                           : ""));
    return read_samples(files);
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

/// Statistics are one number, one per channel or one per value; channels lie first, or last where
/// only that fits.
void fit_statistics(const Normalization& n, const char* key, ImageSet& set) {
  if (set.size() == 0) return;
  const bool has_channels = set.shape.size() == 3;
  for (const auto& [name, values] : {std::pair("mean", &n.mean), std::pair("std", &n.std)}) {
    const std::int64_t size = std::ssize(*values);
    if (size <= 1 || size == set.values() || (has_channels && size == set.shape[0])) continue;
    if (!has_channels || size != set.shape[2])
      throw DataError(std::string("data.normalize.") + name + " has " + std::to_string(size) +
                      " numbers; samples of data." + key + " are " + shape_text(set.shape) +
                      ": expected 1" +
                      (has_channels ? ", one per channel (the first axis, or the last)" : "") +
                      " or " + std::to_string(set.values()) + ", one per value");
    set.channel_axis = 2;
  }
}

void make_synthetic(const DataSettings& settings, std::uint64_t seed, DatasetNeeds needs,
                    Dataset& data) {
  const auto images = [](std::int64_t asked, std::int64_t usual) { return asked ? asked : usual; };
  if (needs.train)
    data.train = synthetic_images(images(settings.train_images, 4000), seed, SyntheticPart::train);
  if (needs.test)
    data.test = synthetic_images(images(settings.test_images, 1000), seed, SyntheticPart::test);
  if (settings.normalization() == "per_pixel_mean")
    data.normalization.mean = per_pixel_mean(data.train);
}

/// [32, 32, 3] as [3, 32, 32].
std::vector<float> to_planes(const std::vector<float>& interleaved) {
  std::vector<float> planes(interleaved.size());
  constexpr std::size_t kArea = ImageSet::kSide * ImageSet::kSide;
  for (std::size_t p = 0; p < kArea; ++p)
    for (std::size_t c = 0; c < ImageSet::kChannels; ++c)
      planes[c * kArea + p] = interleaved[p * ImageSet::kChannels + c];
  return planes;
}

/// A statistic from a file, by its shape: of channels, or of pixels in either order.
std::vector<float> statistic_of(const std::string& file) {
  using Shape = std::vector<std::int64_t>;
  HostTensor tensor = read_npy(file);
  Shape shape = tensor.shape;
  if (shape.size() == 4 && shape[0] == 1) shape.erase(shape.begin());  // a batch of one
  constexpr std::int64_t C = ImageSet::kChannels, side = ImageSet::kSide;
  const bool known = shape == Shape{C} || shape == Shape{C, 1, 1} || shape == Shape{1, 1, C} ||
                     shape == Shape{C, side, side} || shape == Shape{side, side, C};
  if (!known)
    throw DataError(file + ": has shape " + shape_text(tensor.shape) +
                    "; expected [3] (per channel), [3, 32, 32] or [32, 32, 3] (per pixel)");
  for (std::size_t i = 0; i < tensor.values.size(); ++i)
    if (!std::isfinite(tensor.values[i]))
      throw DataError(file + ": its element " + std::to_string(i) + " is " +
                      std::to_string(tensor.values[i]) + "; expected finite numbers");
  return shape == Shape{side, side, C} ? to_planes(tensor.values) : std::move(tensor.values);
}

std::vector<float> given(const std::vector<double>& numbers, const std::string& file) {
  if (file.empty()) return {numbers.begin(), numbers.end()};
  return statistic_of(file);
}

/// Of a .npy file, as numbers in the experiment file are checked where they stand.
void check_range(const std::vector<float>& values, const std::string& file, bool is_std) {
  for (const float x : values) {
    if (x <= 1 && (is_std ? x > 0 : x >= 0)) continue;
    std::string message = file + ": holds a " + (is_std ? "std" : "mean") + " of " +
                          std::to_string(x) + "; those of pixel/255 " +
                          (is_std ? "are above 0 and at most 1" : "lie from 0 to 1");
    if (x > 1 && x <= 255)
      message +=
          ". Of pixels from 0 to 255? Then divide the file by 255: " + std::to_string(x / 255);
    throw DataError(message);
  }
}

/// Numbers of any range and shape, for samples of any kind.
Normalization any_given(const DataSettings& settings, Normalization n) {
  const auto numbers = [](const std::vector<double>& given, const std::string& file) {
    return file.empty() ? std::vector<float>(given.begin(), given.end()) : read_npy(file).values;
  };
  n.mean = numbers(settings.mean, settings.mean_file);
  n.std = numbers(settings.std, settings.std_file);
  for (const float s : n.std)
    if (!(s > 0)) throw DataError(settings.std_file + ": a std is not above 0");
  return n;
}

Normalization normalization(const DataSettings& settings) {
  Normalization n;
  n.kind = settings.normalization();
  n.scale = settings.scale;
  if (n.kind == "given") {
    if (settings.scale || settings.name == "files") return any_given(settings, std::move(n));
    n.mean = given(settings.mean, settings.mean_file);
    n.std = given(settings.std, settings.std_file);
    check_range(n.mean, settings.mean_file, false);
    check_range(n.std, settings.std_file, true);
  }
  return n;
}

}  // namespace

std::string ImageSet::hash() const {
  std::vector<std::uint8_t> small;  // a byte per label, as CIFAR has them, where they fit
  const bool are_small = std::all_of(labels.begin(), labels.end(),
                                     [](std::int32_t label) { return label >= 0 && label < 256; });
  if (are_small) small.assign(labels.begin(), labels.end());
  std::string of_labels = sha256(are_small ? view(small) : view(labels));
  if (!targets.empty()) of_labels = sha256(of_labels + sha256(view(targets)));
  return sha256(of_labels + sha256(numbers.empty() ? view(pixels) : view(numbers)));
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
  data.normalization = normalization(settings);
  if (settings.name == "files")
    load_files(settings, needs, data);
  else if (settings.name == "synthetic")
    make_synthetic(settings, seed, needs, data);
  else
    load_cifar(settings, needs, data);
  if (settings.name == "files" || settings.scale) {
    fit_statistics(data.normalization, "train", data.train);
    fit_statistics(data.normalization, "test", data.test);
  }
  if (needs.test && data.test.size() == 0)
    throw DataError("data.test: holds no samples; expected at least one to measure");
  if (needs.train && data.train.size() == 0)
    throw DataError("data.train: holds no samples; expected some" +
                    (needs.train_for.empty() ? "" : " for " + needs.train_for));
  return data;
}

}  // namespace ohmic
