#include "nn/data/sample_parts.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "nn/data/keyed_error.hpp"
#include "nn/data/layout.hpp"
#include "nn/data/samples.hpp"
#include "nn/network/shape_text.hpp"
#include "simulator/error.hpp"

namespace ohmic {

using Shape = std::vector<std::int64_t>;

std::int64_t SamplePart::values() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies{});
}

namespace {

std::string described(const std::vector<SamplePart>& parts) {
  std::string s;
  for (const SamplePart& part : parts)
    s += (s.empty() ? "" : ", ") + part.input + " (" + shape_text(part.shape) + ")";
  return s;
}

/// Parts of other sources, one after another.
class JoinedSource final : public SampleSource {
 public:
  explicit JoinedSource(const std::vector<ImageSet>& sets) {
    for (const ImageSet& set : sets) parts_.emplace_back(set.source, set.values());
  }
  void read(std::int64_t i, float* values) const override {
    for (const auto& [source, size] : parts_) {
      source->read(i, values);
      values += size;
    }
  }
  std::string hash(std::int64_t i) const override {
    std::string all;
    for (const auto& [source, size] : parts_) all += source->hash(i);
    return all;
  }

 private:
  std::vector<std::pair<std::shared_ptr<const SampleSource>, std::int64_t>> parts_;
};

/// Where the numbers of a sample come from in one of another arrangement.
class ArrangedSource final : public SampleSource {
 public:
  ArrangedSource(std::shared_ptr<const SampleSource> source, std::vector<std::int64_t> from)
      : source_(std::move(source)), from_(std::move(from)) {}
  void read(std::int64_t i, float* values) const override {
    std::vector<float> as_read(from_.size());
    source_->read(i, as_read.data());
    for (std::size_t k = 0; k < from_.size(); ++k)
      values[k] = as_read[static_cast<std::size_t>(from_[k])];
  }
  std::string hash(std::int64_t i) const override { return source_->hash(i); }

 private:
  std::shared_ptr<const SampleSource> source_;
  std::vector<std::int64_t> from_;
};

/// What fitted() does to places 0, 1, ... of a part.
std::vector<std::int64_t> places_of(const SamplePart& part, const SamplePart& input) {
  std::vector<std::int64_t> places(static_cast<std::size_t>(part.values()));
  std::iota(places.begin(), places.end(), std::int64_t{0});
  if (part.shape == input.shape) return places;
  if (const auto order = axes_between(part.shape, input.shape); !order.empty())
    return permuted(places, part.shape, order);
  if (without_ones(part.shape) != without_ones(input.shape))
    throw DataError("a sample of the data is " + shape_text(part.shape) + " for the input " +
                    input.input + ", which takes " + shape_text(input.shape) +
                    "; expected the same shape, or channels first for last");
  return places;
}

void check_names(const std::vector<SamplePart>& parts, const std::vector<SamplePart>& inputs) {
  const auto misses = [](const std::vector<SamplePart>& all, const SamplePart& part) {
    return std::ranges::find(all, part.input, &SamplePart::input) == all.end();
  };
  for (const SamplePart& input : inputs)
    if (parts.empty() || misses(parts, input))
      throw DataError("no array is given for the network's input " + input.input +
                      "; expected one for each of " + described(inputs));
  for (const SamplePart& part : parts)
    if (misses(inputs, part))
      throw DataError(
          "an array is given for " + part.input +
          ", which is no input of the network or none that its answer needs; it takes " +
          described(inputs));
}

ImageSet arranged(const ImageSet& set, const std::vector<SamplePart>& inputs) {
  if (set.size() == 0 || (set.parts.empty() && inputs.size() == 1)) return set;
  if (set.parts.empty())
    throw DataError("the network takes " + described(inputs) +
                    "; expected an array for each: samples = { NAME = FILE, ... }");
  check_names(set.parts, inputs);
  std::vector<std::int64_t> from;
  for (const SamplePart& input : inputs) {
    std::int64_t first = 0;
    for (const SamplePart& part : set.parts) {
      if (part.input == input.input)
        for (const std::int64_t place : places_of(part, input)) from.push_back(first + place);
      first += part.values();
    }
  }
  ImageSet out = set;
  out.parts = inputs;
  for (std::int64_t i = 0; i < std::ssize(set.numbers); ++i) {
    const std::int64_t size = set.values(), at = i % size;
    out.numbers[static_cast<std::size_t>(i)] =
        set.numbers[static_cast<std::size_t>(i - at + from[static_cast<std::size_t>(at)])];
  }
  if (set.source) out.source = std::make_shared<ArrangedSource>(set.source, std::move(from));
  if (inputs.size() > 1) return out;
  out.shape = inputs.front().shape;
  out.parts.clear();
  return out;
}

}  // namespace

ImageSet joined(const std::vector<NamedSamples>& parts) {
  ImageSet all;
  all.classes = 1;
  all.shape = {0};
  std::vector<ImageSet> sets;
  for (const auto& [input, name, set] : parts) {
    if (set.size() != parts.front().set.size())
      throw DataError(name + ": has " + std::to_string(set.size()) + " samples, " +
                      parts.front().name + " has " + std::to_string(parts.front().set.size()) +
                      "; expected as many for every input");
    if (std::ranges::find(all.parts, input, &SamplePart::input) != all.parts.end())
      throw DataError(name + ": is the second array for the input " + input +
                      "; expected one for each");
    all.parts.push_back({input, set.shape});
    all.shape.front() += set.values();
    sets.push_back(set);
  }
  all.labels = sets.front().labels;
  if (sets.front().source) {
    all.places = sets.front().places;
    all.source = std::make_shared<JoinedSource>(sets);
    return all;
  }
  all.numbers.reserve(static_cast<std::size_t>(all.values() * all.size()));
  for (std::int64_t i = 0; i < all.size(); ++i)
    for (const ImageSet& set : sets) {
      const auto begin = set.numbers.begin() + i * set.values();
      all.numbers.insert(all.numbers.end(), begin, begin + set.values());
    }
  return all;
}

void fit_parts(Dataset& data, const std::vector<SamplePart>& inputs) {
  data.train = keyed("data.train", [&] { return arranged(data.train, inputs); });
  data.test = keyed("data.test", [&] { return arranged(data.test, inputs); });
}

}  // namespace ohmic
