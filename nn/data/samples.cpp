#include "nn/data/samples.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <sstream>

#include "nn/data/image_folder.hpp"
#include "nn/data/keyed_error.hpp"
#include "nn/data/layout.hpp"
#include "nn/data/sample_parts.hpp"
#include "nn/io/sha256.hpp"
#include "nn/io/stored_array.hpp"
#include "simulator/error.hpp"

namespace ohmic {

using Shape = std::vector<std::int64_t>;

Shape without_ones(const Shape& shape) {
  Shape rest;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(rest),
               [](std::int64_t side) { return side != 1; });
  return rest;
}

std::vector<std::size_t> axes_between(const Shape& from, const Shape& to) {
  if (from.size() != 3 || to.size() != 3) return {};
  for (const std::vector<std::size_t>& order : {std::vector<std::size_t>{1, 2, 0}, {2, 0, 1}})
    if (to == Shape{from[order[0]], from[order[1]], from[order[2]]}) return order;
  return {};
}

namespace {

std::string text(const Shape& shape) {
  std::string s;
  for (const std::int64_t side : shape) s += (s.empty() ? "" : " x ") + std::to_string(side);
  return s.empty() ? "a single number" : s;
}

/// A number as a message has it: in few digits.
std::string text(double value) {
  std::ostringstream words;
  words << value;
  return words.str();
}

/// In as many digits as tell it apart; of whole numbers that a float does not, their magnitude.
std::string text(float value) {
  constexpr float kMost = 1 << 24;
  if (value >= kMost) return "2^24 or more";
  if (value <= -kMost) return "-2^24 or less";
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  return {digits.begin(), end};
}

/// Where value i of an array is among those of its entry of the first axis: " at [0, 3]".
std::string place_in_entry(const StoredArray& array, std::int64_t i) {
  std::string place;
  for (std::size_t axis = array.shape.size(); axis-- > 1; i /= array.shape[axis])
    place = std::to_string(i % array.shape[axis]) + (place.empty() ? "" : ", ") + place;
  return place.empty() ? "" : " at [" + place + "]";
}

/// Refuses what is no number or beyond a float; `entry` is what the first axis counts.
void check_finite(const StoredArray& array, const std::string& entry, const float* values,
                  std::int64_t first, std::int64_t count) {
  const float* const end = values + count;
  const float* const bad =
      std::find_if(values, end, [](float value) { return !std::isfinite(value); });
  if (bad == end) return;
  const std::int64_t i = first + (bad - values), each = array.elements() / array.shape.front();
  const double stored = array.number(i);
  const std::string where = array.name + ": " + entry + " " + std::to_string(i / each) + " holds " +
                            text(stored) + place_in_entry(array, i);
  if (std::isfinite(stored))
    throw DataError(where + "; expected numbers that fit a 32-bit float, at most 3.4e38");
  throw DataError(where + "; expected finite numbers");
}

/// Refuses what has no samples.
StoredArray checked(StoredArray array) {
  if (array.shape.empty())
    throw DataError(array.name +
                    ": is a single number; expected an array with samples on its first axis");
  if (array.elements() == 0)  // a side is 0, and another may be anything
    throw DataError(array.name + ": is " + text(array.shape) + " and holds no numbers");
  return array;
}

StoredArray open_samples(const std::string& file) { return checked(open_array(file)); }

constexpr char kRows[] = "rows of the samples";

/// Whole numbers from 0 on, one per entry of the first axis.
std::vector<std::int64_t> read_whole_numbers(const std::string& file, const std::string& what) {
  const StoredArray array = open_samples(file);
  if (array.elements() != array.shape.front())
    throw DataError(array.name + ": is " + text(array.shape) + "; expected " + what +
                    ", one whole number each");
  const std::vector<float> values = array.whole().values;
  check_finite(array, "entry", values.data(), 0, std::ssize(values));
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float v = values[i];
    if (v < 0 || v != std::floor(v) || v >= 16777216.0f)
      throw DataError(array.name + ": entry " + std::to_string(i) + " is " + text(v) +
                      "; expected " + what + ", whole numbers from 0 on");
    numbers.push_back(static_cast<std::int64_t>(v));
  }
  return numbers;
}

/// An array that stays where it is.
class ArraySource final : public SampleSource {
 public:
  explicit ArraySource(StoredArray array)
      : array_(std::move(array)), size_(array_.elements() / array_.shape.front()) {}
  void read(std::int64_t i, float* values) const override {
    array_.decode(i * size_, size_, values);
    check_finite(array_, "sample", values, i * size_, size_);
  }
  std::string hash(std::int64_t i) const override {
    std::vector<float> values(static_cast<std::size_t>(size_));
    read(i, values.data());
    return sha256({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
  }

 private:
  StoredArray array_;
  std::int64_t size_;
};

/// Another source's samples with their axes in another order.
class PermutedSource final : public SampleSource {
 public:
  PermutedSource(std::shared_ptr<const SampleSource> source, Shape from,
                 std::vector<std::size_t> order)
      : source_(std::move(source)), from_(std::move(from)), order_(std::move(order)) {}
  void read(std::int64_t i, float* values) const override {
    std::vector<float> as_read(static_cast<std::size_t>(from_[0] * from_[1] * from_[2]));
    source_->read(i, as_read.data());
    const std::vector<float> turned = permuted(as_read, from_, order_);
    std::copy(turned.begin(), turned.end(), values);
  }
  std::string hash(std::int64_t i) const override { return source_->hash(i); }

 private:
  std::shared_ptr<const SampleSource> source_;
  Shape from_;
  std::vector<std::size_t> order_;
};

ImageSet array_samples(StoredArray array, std::int64_t most_held) {
  const std::int64_t count = array.shape.front();
  ImageSet set;
  set.shape.assign(array.shape.begin() + 1, array.shape.end());
  set.labels.assign(static_cast<std::size_t>(count), ImageSet::kNoLabel);
  set.classes = 1;
  set.are_bytes = array.format == integer_format(false, 1, false);
  if (array.elements() <= most_held) {
    set.numbers = array.whole().values;
    check_finite(array, "sample", set.numbers.data(), 0, std::ssize(set.numbers));
    return set;
  }
  for (std::int64_t i = 0; i < count; ++i) set.places.push_back(i);
  set.source = std::make_shared<const ArraySource>(std::move(array));
  return set;
}

ImageSet joined_arrays(const std::vector<InputArray>& arrays, std::int64_t most_held) {
  std::int64_t numbers = 0;
  for (const InputArray& array : arrays) numbers += array.samples.elements();
  std::vector<NamedSamples> parts;
  for (const auto& [input, array] : arrays)
    parts.push_back({input, array.name, array_samples(array, numbers <= most_held ? numbers : 0)});
  return joined(parts);
}

/// Whole numbers from 0 on, one per sample, are classes; anything else is compared as it is.
void take_labels(const StoredArray& array, const std::string& labels, const std::string& samples,
                 ImageSet& set) {
  if (array.shape.front() != set.size())
    throw DataError(labels + ": has " + std::to_string(array.shape.front()) + " labels for the " +
                    std::to_string(set.size()) + " samples of " + samples);
  std::vector<float> values = array.whole().values;
  check_finite(array, "label", values.data(), 0, std::ssize(values));
  const auto is_class = [](float v) { return v >= 0 && v == std::floor(v) && v < 16777216.0f; };
  if (array.elements() == set.size() && std::all_of(values.begin(), values.end(), is_class)) {
    set.labels.assign(values.begin(), values.end());
    return;
  }
  set.target_shape.assign(array.shape.begin() + 1, array.shape.end());
  set.targets = std::move(values);
}

void take_labels(const SampleFiles& files, ImageSet& set) {
  if (!set.class_names.empty())
    throw DataError(files.labels + ": labels of " + files.samples +
                    ", whose sub-folders are its classes; expected one of the two");
  take_labels(open_samples(files.labels), files.labels,
              files.inputs.empty() ? files.samples : files.inputs.front().file, set);
}

void keep_rows(const std::string& file, ImageSet& set) {
  const std::vector<std::int64_t> rows = read_whole_numbers(file, kRows);
  std::set<std::int64_t> seen;
  for (const std::int64_t row : rows)
    if (!seen.insert(row).second)
      throw DataError(file + ": names row " + std::to_string(row) +
                      " more than once; expected places of samples, each once (a mask of true and "
                      "false is not read)");
    else if (row >= set.size())
      throw DataError(file + ": names row " + std::to_string(row) + ", but there are " +
                      std::to_string(set.size()) + " samples (rows count from 0)");
  set = set.subset(rows);
}

void count_classes(ImageSet& set) {
  const auto most = std::max_element(set.labels.begin(), set.labels.end());
  if (most != set.labels.end() && set.class_names.empty()) set.classes = std::max(*most + 1, 1);
}

/// Where an axis is once axes of length 1 have come or gone; 0 where it went.
int axis_among(const Shape& from, int axis, const Shape& to) {
  const auto end = from.begin() + axis;
  const auto before = std::count_if(from.begin(), end, [](std::int64_t n) { return n != 1; });
  if (from[static_cast<std::size_t>(axis)] == 1) return 0;
  std::ptrdiff_t met = 0;
  for (std::size_t i = 0; i < to.size(); ++i)
    if (to[i] != 1 && met++ == before) return static_cast<int>(i);
  return 0;
}

/// The rest of read_samples(), once samples are there.
ImageSet with_labels(const SampleFiles& files, ImageSet set) {
  if (!files.labels.empty()) take_labels(files, set);
  if (!files.rows.empty()) keep_rows(files.rows, set);
  count_classes(set);
  return set;
}

ImageSet read_parts(const SampleFiles& files, const Transform& transform, std::int64_t most_held) {
  if (transform != Transform{})
    throw DataError(
        "samples of several inputs are arrays; data.transform is for folders of images alone "
        "(arrays are prepared before they are written)");
  if (!files.classes.empty())
    throw DataError(
        "samples of several inputs are no folder of images, whose sub-folders "
        "`classes` would name");
  std::vector<InputArray> arrays;
  for (const auto& [input, file] : files.inputs) arrays.push_back({input, open_samples(file)});
  return with_labels(files, joined_arrays(arrays, most_held));
}

bool is_taken(float v, const WholeNumbers& input) {
  if (v != std::floor(v) || v < static_cast<float>(input.least) ||
      v > static_cast<float>(input.most))
    return false;
  return input.vocabulary == 0 || (v >= 0 && v < static_cast<float>(input.vocabulary));
}

/// What an input takes, where it does not take `v`.
std::string taken_text(float v, const WholeNumbers& input) {
  if (input.vocabulary > 0)
    return "whole numbers from 0 to " + std::to_string(input.vocabulary - 1) +
           ", the words of its vocabulary";
  if (input.most == 1) return "truth values, 0 or 1";
  if (v != std::floor(v)) return "whole numbers";
  return "whole numbers from " + std::to_string(input.least) + " to " + std::to_string(input.most) +
         (input.most == WholeNumbers::kMostExact ? ", which samples tell apart (2^24)" : "");
}

}  // namespace

ImageSet read_samples(const SampleFiles& files, const Transform& transform,
                      std::int64_t most_held) {
  if (!files.inputs.empty()) return read_parts(files, transform, most_held);
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(files.samples, error);
  if (!is_folder && transform != Transform{})
    throw DataError(files.samples +
                    ": is no folder of images; data.transform is for such alone (arrays are "
                    "prepared before they are written)");
  if (!is_folder && !files.classes.empty())
    throw DataError(files.samples +
                    ": is no folder of images, whose sub-folders `classes` would name");
  ImageSet set = is_folder ? read_image_folder(files.samples, files.classes, transform)
                           : array_samples(open_samples(files.samples), most_held);
  return with_labels(files, std::move(set));
}

ImageSet samples_of(const StoredArray& samples, const StoredArray* labels) {
  ImageSet set = array_samples(checked(samples), kMostHeldNumbers);
  if (labels) take_labels(checked(*labels), labels->name, samples.name, set);
  count_classes(set);
  return set;
}

ImageSet samples_of(const std::vector<InputArray>& samples, const StoredArray* labels) {
  std::vector<InputArray> arrays;
  for (const auto& [input, array] : samples) arrays.push_back({input, checked(array)});
  if (arrays.empty()) throw DataError("no samples are given; expected an array for each input");
  ImageSet set = joined_arrays(arrays, kMostHeldNumbers);
  if (labels) take_labels(checked(*labels), labels->name, arrays.front().samples.name, set);
  count_classes(set);
  return set;
}

std::int64_t row_of_sample(const SampleFiles& files, std::int64_t i) {
  if (files.rows.empty()) return i;
  return read_whole_numbers(files.rows, kRows).at(static_cast<std::size_t>(i));
}

ImageSet fitted(const ImageSet& set, const Shape& sample, int classes) {
  ImageSet out = set;
  out.classes = classes;
  if (set.size() == 0) return out;
  if (set.shape == sample) return out;
  const std::vector<std::size_t> order = axes_between(set.shape, sample);
  if (!order.empty()) {
    out.pixels = permuted(set.pixels, set.shape, order);
    out.numbers = permuted(set.numbers, set.shape, order);
    if (set.source) out.source = std::make_shared<PermutedSource>(set.source, set.shape, order);
    out.channel_axis = static_cast<int>(
        std::find(order.begin(), order.end(), static_cast<std::size_t>(set.channel_axis)) -
        order.begin());
  } else if (without_ones(set.shape) != without_ones(sample)) {
    throw DataError("a sample of the data is " + text(set.shape) + ", one of the network is " +
                    text(sample) + "; expected the same shape, or channels first for last" +
                    (set.are_pictures ? " (data.transform says size and channels of images)" : ""));
  } else if (!set.shape.empty()) {
    out.channel_axis = axis_among(set.shape, set.channel_axis, sample);
  }
  out.shape = sample;
  return out;
}

void fit(Dataset& data, const Shape& sample, int classes) {
  const ImageSet& set = data.test.size() > 0 ? data.test : data.train;
  const std::vector<std::size_t> order = axes_between(set.shape, sample);
  for (std::vector<float>* values : {&data.normalization.mean, &data.normalization.std}) {
    if (values->size() < 2 || std::ssize(*values) != set.values()) continue;
    if (data.train.size() > 0 && data.test.size() > 0 && data.train.shape != data.test.shape)
      throw DataError("data.normalize: samples of data.train are " + text(data.train.shape) +
                      ", those of data.test are " + text(data.test.shape) +
                      "; statistics of every value expect both alike");
    if (!order.empty() && set.shape != sample) *values = permuted(*values, set.shape, order);
  }
  if (data.train.size() == 0 || data.test.size() == 0) {  // of the one that there is
    data.train = fitted(data.train, sample, classes);
    data.test = fitted(data.test, sample, classes);
    return;
  }
  data.train = keyed("data.train", [&] { return fitted(data.train, sample, classes); });
  data.test = keyed("data.test", [&] { return fitted(data.test, sample, classes); });
}

void check_whole_numbers(const Dataset& data, const std::vector<WholeNumbers>& inputs) {
  if (inputs.empty()) return;
  const Normalization& n = data.normalization;
  if (n.scale || !n.mean.empty() || !n.std.empty())
    throw DataError(
        "data.normalize: the network takes whole numbers (tokens), which are not normalised; "
        "expected \"none\"");
  for (const ImageSet* set : {&data.train, &data.test}) {
    std::vector<float> values(static_cast<std::size_t>(set->values()));
    for (std::int64_t i = 0; i < set->size(); ++i) {
      set->sample(i, values.data());
      for (const WholeNumbers& input : inputs)
        for (std::int64_t at = 0; at < std::min(input.count, set->values() - input.first); ++at) {
          const float v = values[static_cast<std::size_t>(input.first + at)];
          if (is_taken(v, input)) continue;
          throw DataError("data." + std::string(set == &data.train ? "train" : "test") +
                          ": sample " + std::to_string(i) + " holds " + text(v) + " at position " +
                          std::to_string(at) + (input.input.empty() ? "" : " of " + input.input) +
                          "; the network takes " + taken_text(v, input));
        }
    }
  }
}

}  // namespace ohmic
