#include "nn/data/samples.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "nn/io/idx.hpp"
#include "nn/io/npy.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Shape = std::vector<std::int64_t>;

std::string text(const Shape& shape) {
  std::string s;
  for (const std::int64_t side : shape) s += (s.empty() ? "" : " x ") + std::to_string(side);
  return s.empty() ? "a single number" : s;
}

std::int64_t product(const Shape& shape) {
  std::int64_t n = 1;
  for (const std::int64_t side : shape) n *= side;
  return n;
}

HostTensor read_array(const std::string& file) {
  HostTensor array = is_idx(file) ? read_idx(file) : read_npy_numbers(file);
  if (array.shape.empty())
    throw DataError(file +
                    ": is a single number; expected an array with samples on its first axis");
  if (array.values.empty() && array.shape.front() > 0)  // of any number of samples
    throw DataError(file + ": is " + text(array.shape) + " and holds no numbers");
  for (std::size_t i = 0; i < array.values.size(); ++i)
    if (!std::isfinite(array.values[i]))
      throw DataError(file + ": value " + std::to_string(i) + " is not finite");
  return array;
}

/// Whole numbers from 0 on, one per entry of the first axis.
std::vector<std::int64_t> read_whole_numbers(const std::string& file, const std::string& what) {
  const HostTensor array = read_array(file);
  if (product(array.shape) != array.shape.front())
    throw DataError(file + ": is " + text(array.shape) + "; expected " + what +
                    ", one whole number each");
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    const float v = array.values[i];
    if (v < 0 || v != std::floor(v) || v >= 16777216.0f)
      throw DataError(file + ": entry " + std::to_string(i) + " is " + std::to_string(v) +
                      "; expected " + what + ", whole numbers from 0 on");
    numbers.push_back(static_cast<std::int64_t>(v));
  }
  return numbers;
}

/// Entries `rows` of an array's first axis.
template <class T>
std::vector<T> chosen(const std::vector<T>& values, const std::vector<std::int64_t>& rows,
                      std::int64_t size) {
  std::vector<T> some;
  for (const std::int64_t row : rows)
    some.insert(some.end(), values.begin() + row * size, values.begin() + (row + 1) * size);
  return some;
}

void keep_rows(const std::string& file, ImageSet& set) {
  const std::vector<std::int64_t> rows = read_whole_numbers(file, "rows of the samples");
  std::set<std::int64_t> seen;
  for (const std::int64_t row : rows)
    if (!seen.insert(row).second)
      throw DataError(file + ": names row " + std::to_string(row) +
                      " more than once; expected places of samples, each once (a mask of true and "
                      "false is not read)");
    else if (row >= set.size())
      throw DataError(file + ": names row " + std::to_string(row) + ", but there are " +
                      std::to_string(set.size()) + " samples (rows count from 0)");
  set.numbers = chosen(set.numbers, rows, set.values());
  set.labels = chosen(set.labels, rows, 1);
}

Shape without_ones(const Shape& shape) {
  Shape rest;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(rest),
               [](std::int64_t side) { return side != 1; });
  return rest;
}

/// Where axis i of the network's sample is among those of the file; empty: the shapes do not fit.
std::vector<std::size_t> axes_between(const Shape& file, const Shape& network) {
  if (file.size() != 3 || network.size() != 3) return {};
  for (const std::vector<std::size_t>& order : {std::vector<std::size_t>{1, 2, 0}, {2, 0, 1}})
    if (network == Shape{file[order[0]], file[order[1]], file[order[2]]}) return order;
  return {};
}

template <class T>
std::vector<T> permuted(const std::vector<T>& values, const Shape& from,
                        const std::vector<std::size_t>& order) {
  const Shape step{from[1] * from[2], from[2], 1};
  const std::int64_t size = product(from);
  std::vector<T> out;
  out.reserve(values.size());
  for (std::int64_t first = 0; first < std::ssize(values); first += size)
    for (std::int64_t i = 0; i < from[order[0]]; ++i)
      for (std::int64_t j = 0; j < from[order[1]]; ++j)
        for (std::int64_t k = 0; k < from[order[2]]; ++k)
          out.push_back(values[static_cast<std::size_t>(first + i * step[order[0]] +
                                                        j * step[order[1]] + k * step[order[2]])]);
  return out;
}

}  // namespace

ImageSet read_samples(const SampleFiles& files) {
  ImageSet set;
  HostTensor samples = read_array(files.samples);
  const std::int64_t count = samples.shape.front();
  set.shape.assign(samples.shape.begin() + 1, samples.shape.end());
  set.numbers = std::move(samples.values);
  if (files.labels.empty()) {
    set.labels.assign(static_cast<std::size_t>(count), ImageSet::kNoLabel);
  } else {
    const auto labels = read_whole_numbers(files.labels, "labels");
    if (std::ssize(labels) != count)
      throw DataError(files.labels + ": has " + std::to_string(labels.size()) + " labels for the " +
                      std::to_string(count) + " samples of " + files.samples);
    set.labels.assign(labels.begin(), labels.end());
  }
  if (!files.rows.empty()) keep_rows(files.rows, set);
  const auto most = std::max_element(set.labels.begin(), set.labels.end());
  set.classes = most == set.labels.end() ? 1 : std::max(*most + 1, 1);
  return set;
}

ImageSet fitted(const ImageSet& set, const Shape& sample, int classes) {
  ImageSet out = set;
  out.classes = classes;
  if (set.size() == 0) return out;
  for (std::size_t i = 0; i < out.labels.size(); ++i)
    if (out.labels[i] >= classes)
      throw DataError("label " + std::to_string(out.labels[i]) + " of sample " + std::to_string(i) +
                      " is no class: the network answers with " + std::to_string(classes) +
                      " numbers");
  if (set.shape == sample) return out;
  const std::vector<std::size_t> order = axes_between(set.shape, sample);
  if (!order.empty()) {
    out.pixels = permuted(set.pixels, set.shape, order);
    out.numbers = permuted(set.numbers, set.shape, order);
    out.channel_axis = static_cast<int>(
        std::find(order.begin(), order.end(), static_cast<std::size_t>(set.channel_axis)) -
        order.begin());
  } else if (without_ones(set.shape) != without_ones(sample)) {
    throw DataError("a sample of the data is " + text(set.shape) + ", one of the network is " +
                    text(sample) + "; expected the same shape, or channels first for last");
  }
  out.shape = sample;
  return out;
}

}  // namespace ohmic
