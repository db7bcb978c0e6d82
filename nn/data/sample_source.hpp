// Samples that are read when they are asked for: what is larger than memory need not fit.
#pragma once

#include <cstdint>
#include <string>

namespace ohmic {

class SampleSource {
 public:
  virtual ~SampleSource() = default;
  /// Sample i, row-major, as ImageSet::shape says. Several threads may call. Throws DataError.
  virtual void read(std::int64_t i, float* values) const = 0;
  /// SHA-256 (hexadecimal) of what sample i is read from.
  virtual std::string hash(std::int64_t i) const = 0;
};

}  // namespace ohmic
