// What is wrong with one label, for those who know which file it was read from.
#pragma once

#include <cstdint>
#include <string>

#include "simulator/error.hpp"

namespace ohmic {

/// The label of a sample is none that the network answers with.
class LabelError : public DataError {
 public:
  LabelError(const std::string& message, std::int64_t sample)
      : DataError(message), sample_(sample) {}
  /// Its place in the set.
  std::int64_t sample() const { return sample_; }

 private:
  std::int64_t sample_;
};

}  // namespace ohmic
