#include "nn/data/normalization.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <functional>
#include <numeric>

#include "nn/data/keyed_error.hpp"
#include "nn/data/layout.hpp"
#include "nn/io/npy.hpp"
#include "nn/network/shape_text.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Shape = std::vector<std::int64_t>;

/// Of samples of CIFAR's kind a statistic is one of channels, or of pixels in either order.
void check_cifars(const std::string& file, const HostTensor& tensor) {
  Shape shape = tensor.shape;
  if (shape.size() == 4 && shape[0] == 1) shape.erase(shape.begin());  // a batch of one
  constexpr std::int64_t C = ImageSet::kChannels, side = ImageSet::kSide;
  const bool known = shape == Shape{C} || shape == Shape{C, 1, 1} || shape == Shape{1, 1, C} ||
                     shape == Shape{C, side, side} || shape == Shape{side, side, C};
  if (!known)
    throw DataError(file + ": has shape " + shape_text(tensor.shape) +
                    "; expected [3] (per channel), [3, 32, 32] or [32, 32, 3] (per pixel)");
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

/// A mean or std as it is given; no values: it is not.
HostTensor statistic_of(const DataSettings& settings, bool is_std) {
  const std::vector<double>& numbers = is_std ? settings.std : settings.mean;
  const std::string& file = is_std ? settings.std_file : settings.mean_file;
  if (file.empty())
    return {{std::ssize(numbers)}, std::vector<float>(numbers.begin(), numbers.end())};
  HostTensor tensor = read_npy(file);
  const bool of_pixels = settings.name != "files" && !settings.scale;
  if (of_pixels) check_cifars(file, tensor);
  for (std::size_t i = 0; i < tensor.values.size(); ++i)
    if (!std::isfinite(tensor.values[i]))
      throw DataError(file + ": its element " + std::to_string(i) + " is " +
                      std::to_string(tensor.values[i]) + "; expected finite numbers");
  if (of_pixels) check_range(tensor.values, file, is_std);
  for (const float x : tensor.values)
    if (is_std && !(x > 0)) throw DataError(file + ": a std is not above 0");
  return tensor;
}

[[noreturn]] void does_not_fit(const std::string& key, const HostTensor& statistic,
                               const std::string& set_key, const ImageSet& set) {
  const std::string count = std::to_string(statistic.values.size()) + " numbers";
  throw DataError(
      "data.normalize." + key + " has " + count +
      (without_ones(statistic.shape).size() > 1 ? " of shape " + shape_text(statistic.shape) : "") +
      "; samples of data." + set_key + " are " + shape_text(set.shape) + ": expected 1" +
      (set.shape.size() > 1 ? ", one per channel (the first axis, or the last)" : "") + " or " +
      std::to_string(set.values()) + ", one per value");
}

/// Which axis of a sample has one number each; -1: none, it is one number, or one per value. Values
/// in the other order of axes are turned.
int fit_statistic(const std::string& key, HostTensor& statistic, const std::string& set_key,
                  const ImageSet& set) {
  const std::int64_t size = std::ssize(statistic.values);
  Shape shape = without_ones(statistic.shape);
  if (size <= 1 || shape == without_ones(set.shape)) return -1;
  if (shape.size() == 1) {
    if (set.shape.size() > 1 && size == set.shape.front()) return 0;
    if (set.shape.size() > 1 && size == set.shape.back())
      return static_cast<int>(set.shape.size()) - 1;
    if (size == set.values()) return -1;
  }
  Shape with_channels = statistic.shape;
  if (with_channels.size() == 4 && with_channels[0] == 1)
    with_channels.erase(with_channels.begin());
  const std::vector<std::size_t> order = axes_between(with_channels, set.shape);
  if (order.empty()) does_not_fit(key, statistic, set_key, set);
  statistic = {set.shape, permuted(statistic.values, with_channels, order)};
  return -1;
}

/// Both statistics of a set, and its channels' axis.
void fit_statistics(HostTensor& mean, HostTensor& std, const std::string& set_key, ImageSet& set) {
  if (set.size() == 0) return;
  const int of_mean = fit_statistic("mean", mean, set_key, set);
  const int of_std = fit_statistic("std", std, set_key, set);
  if (of_mean >= 0 && of_std >= 0 && of_mean != of_std)
    throw DataError("data.normalize: mean has one number for each of the axis of " +
                    std::to_string(mean.values.size()) + " of a sample, std for that of " +
                    std::to_string(std.values.size()) + "; expected the same channels");
  if (of_mean >= 0 || of_std >= 0) set.channel_axis = std::max(of_mean, of_std);
}

/// torchvision's ImageNet statistics are of pixel/255, as its ToTensor makes them of bytes.
void take_imagenets(const DataSettings& settings, const Dataset& data, Normalization& n,
                    HostTensor& mean, HostTensor& std) {
  mean = {{3}, {0.485f, 0.456f, 0.406f}};
  std = {{3}, {0.229f, 0.224f, 0.225f}};
  if (settings.name != "files") return;
  const ImageSet &train = data.train, &test = data.test;
  if (train.size() > 0 && test.size() > 0 && train.are_bytes != test.are_bytes)
    throw DataError("data.normalize: samples of data.train are " +
                    std::string(train.are_bytes ? "bytes" : "no bytes") +
                    ", those of data.test are " + (test.are_bytes ? "bytes" : "no bytes") +
                    "; \"imagenet\" expects both alike");
  n.scale = (test.size() > 0 ? test : train).are_bytes ? 1.0 / 255 : 1.0;
}

/// One of the values for value i of a sample whose channels are `inner` values apart.
float value_of(const std::vector<float>& v, std::int64_t i, std::int64_t channels,
               std::int64_t inner, float otherwise) {
  if (v.empty()) return otherwise;
  if (v.size() == 1) return v.front();
  return v[static_cast<std::size_t>(std::ssize(v) == channels ? i / inner % channels : i)];
}

/// Of a sample in any shape: y = x * scale + shift, and where it goes.
struct GeneralNormalizer {
  std::vector<float> scale, shift;
  std::vector<std::size_t> to;

  GeneralNormalizer(const ImageSet& set, const Normalization& n) {
    const std::int64_t size = set.values();
    const bool has_channels = set.shape.size() > 1;
    const auto axis = static_cast<std::size_t>(set.channel_axis);
    const std::int64_t channels = has_channels ? set.shape[axis] : size;
    std::int64_t inner = 1;
    for (std::size_t d = axis + 1; d < set.shape.size(); ++d) inner *= set.shape[d];
    const bool of_pixels = !set.pixels.empty() || set.are_pictures;
    const double unit = n.scale.value_or(of_pixels ? 1.0 / 255 : 1.0);
    for (const auto* values : {&n.mean, &n.std})
      OHMIC_ASSERT(values->size() <= 1 || std::ssize(*values) == channels ||
                   std::ssize(*values) == size);
    const std::int64_t C = set.shape.size() == 3 ? set.shape[0] : 1, pixels = size / C;
    for (std::int64_t i = 0; i < size; ++i) {
      const float std = value_of(n.std, i, channels, inner, 1);
      scale.push_back(static_cast<float>(unit / std));
      shift.push_back(-value_of(n.mean, i, channels, inner, 0) / std);
      to.push_back(static_cast<std::size_t>(i % pixels * C + i / pixels));
    }
  }

  template <class T>
  void apply(const T* sample, float* out) const {
    for (std::size_t i = 0; i < to.size(); ++i)
      out[to[i]] = static_cast<float>(sample[i]) * scale[i] + shift[i];
  }
};

}  // namespace

Normalization read_normalization(const DataSettings& settings, Dataset& data) {
  Normalization n;
  n.kind = settings.normalization();
  n.scale = settings.scale;
  if (n.kind != "none" && (!data.train.parts.empty() || !data.test.parts.empty()))
    throw DataError(
        "data.normalize: samples of several inputs reach the network as their arrays have them; "
        "expected \"none\", and arrays that are normalised where the network needs it");
  HostTensor mean, std;
  if (n.kind == "imagenet") take_imagenets(settings, data, n, mean, std);
  if (n.kind == "given") {
    mean = keyed("data.normalize.mean", [&] { return statistic_of(settings, false); });
    std = keyed("data.normalize.std", [&] { return statistic_of(settings, true); });
  }
  fit_statistics(mean, std, "train", data.train);
  fit_statistics(mean, std, "test", data.test);
  n.mean = std::move(mean.values);
  n.std = std::move(std.values);
  return n;
}

void normalize_samples(const ImageSet& set, const Normalization& n, std::int64_t first,
                       std::int64_t count, float* out) {
  const GeneralNormalizer normalizer(set, n);
  const std::int64_t size = set.values();
  std::exception_ptr wrong;
#pragma omp parallel if (count >= (set.source ? 2 : kParallelFrom))
  {
    std::vector<float> buffer(static_cast<std::size_t>(set.source ? size : 0));
#pragma omp for schedule(dynamic)
    for (std::int64_t i = 0; i < count; ++i) {
      float* const to = out + i * size;
      if (!set.pixels.empty()) {
        normalizer.apply(set.pixels.data() + (first + i) * size, to);
      } else if (!set.source) {
        normalizer.apply(set.numbers.data() + (first + i) * size, to);
      } else {
        try {
          set.sample(first + i, buffer.data());
          normalizer.apply(buffer.data(), to);
        } catch (...) {
#pragma omp critical(ohmic_unread_sample)
          wrong = std::current_exception();
        }
      }
    }
  }
  if (wrong) std::rethrow_exception(wrong);
}

}  // namespace ohmic
