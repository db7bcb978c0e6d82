#include "nn/data/dataset.hpp"

#include <cmath>

#include "nn/data/cifar.hpp"
#include "nn/data/readings.hpp"
#include "nn/data/synthetic.hpp"
#include "nn/io/npy.hpp"
#include "nn/io/sha256.hpp"
#include "nn/network/shape_text.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

std::string_view view(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void keep_first(ImageSet& set, std::int64_t images, const char* key) {
  if (images == 0) return;
  if (images > set.size())
    throw DataError(std::string("data.") + key + " asks for " + std::to_string(images) +
                    " images but there are " + std::to_string(set.size()));
  set.labels.resize(static_cast<std::size_t>(images));
  set.pixels.resize(static_cast<std::size_t>(images * ImageSet::kPixels));
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
    if (settings.normalize == "per_pixel_mean")
      data.normalization.mean = per_pixel_mean(data.train);
    keep_first(data.train, settings.train_images, "train_images");
  }
  if (needs.test) {
    data.test = read_set(format, settings, files.test);
    keep_first(data.test, settings.test_images, "test_images");
  }
}

void make_synthetic(const DataSettings& settings, std::uint64_t seed, DatasetNeeds needs,
                    Dataset& data) {
  const auto images = [](std::int64_t asked, std::int64_t usual) { return asked ? asked : usual; };
  if (needs.train)
    data.train = synthetic_images(images(settings.train_images, 4000), seed, SyntheticPart::train);
  if (needs.test)
    data.test = synthetic_images(images(settings.test_images, 1000), seed, SyntheticPart::test);
  if (settings.normalize == "per_pixel_mean") data.normalization.mean = per_pixel_mean(data.train);
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

Normalization normalization(const DataSettings& settings) {
  Normalization n;
  n.kind = settings.normalize;
  if (n.kind == "given") {
    n.mean = given(settings.mean, settings.mean_file);
    n.std = given(settings.std, settings.std_file);
    check_range(n.mean, settings.mean_file, false);
    check_range(n.std, settings.std_file, true);
  }
  return n;
}

}  // namespace

std::string ImageSet::hash() const { return sha256(sha256(view(labels)) + sha256(view(pixels))); }

DataFiles data_files(const DataSettings& settings) {
  if (settings.name == "synthetic") return {};
  const CifarFormat& format = cifar_format(settings.name);
  const auto folder = cifar_folder(format, settings.root);
  return {files_of(settings.train, format.train, folder),
          files_of(settings.test, format.test, folder)};
}

Dataset load_dataset(const DataSettings& settings, std::uint64_t seed, DatasetNeeds needs) {
  if (settings.normalize == "per_pixel_mean") {
    const std::string use = "data.normalize = \"per_pixel_mean\"";
    if (!needs.train)
      needs.train_for = use;
    else if (!needs.train_for.empty())
      needs.train_for += ", " + use;
    needs.train = true;
  }
  Dataset data;
  data.normalization = normalization(settings);
  if (settings.name == "synthetic")
    make_synthetic(settings, seed, needs, data);
  else
    load_cifar(settings, needs, data);
  return data;
}

}  // namespace ohmic
