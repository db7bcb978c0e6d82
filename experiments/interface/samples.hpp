// Samples with what their answers are compared with. Made once and not changed; copies share what
// they hold.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nn/data/samples.hpp"
#include "simulator/call_error.hpp"

namespace ohmic {

class Samples {
 public:
  /// Numbers in memory, row-major, samples on the first axis of `shape`; labels are a class each
  /// (whole numbers from 0 on), any numbers, or none. Throws DataError for what is not finite, and
  /// for counts that differ.
  Samples(std::vector<float> numbers, std::vector<std::int64_t> shape,
          std::vector<float> labels = {});
  /// Arrays of any numbers, as read_samples() takes them from files. Numbers, bytes too, reach the
  /// network as they are; load_samples() normalises. Labels have the samples' first axis.
  explicit Samples(const StoredArray& samples,
                   const std::optional<StoredArray>& labels = std::nullopt);

  /// Of a network with several inputs: an array for each, as many samples in all of them. They
  /// reach the inputs that have their names, in any order, as floats of 32 bits: whole numbers
  /// below 2^24. Throws DataError for none, for counts that differ, for two of one name.
  explicit Samples(const std::vector<InputArray>&,
                   const std::optional<StoredArray>& labels = std::nullopt);

  std::int64_t size() const;
  /// Of one sample; of several arrays, how many numbers they have together.
  const std::vector<std::int64_t>& shape() const;
  bool has_labels() const;
  /// Samples [first, first + count). Throws CallError beyond the last.
  Samples part(std::int64_t first, std::int64_t count) const;
  /// The first `count`, or all where there are fewer.
  Samples first(std::int64_t count) const;
  /// The same with samples of their own that find the ranges of converters; else the measured ones
  /// do, whose labels are not looked at. Throws DataError where they are normalised in another way
  /// than these.
  Samples with_calibration(const Samples&) const;

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit Samples(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  friend Samples load_samples(const DataSettings&, std::uint64_t);
  std::shared_ptr<const State> state_;
};

/// Samples of files: load_samples({.samples = "x.npy", .labels = "y.npy"}). Throws DataError.
Samples load_samples(const SampleFiles&);
/// Everything that [data] can say; training samples, where there are any, find the ranges of
/// converters. `seed` governs synthetic data.
Samples load_samples(const DataSettings&, std::uint64_t seed = 1);

}  // namespace ohmic
