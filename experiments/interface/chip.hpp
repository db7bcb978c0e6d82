// One programmed chip: a network on its hardware, with one draw of everything random.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "experiments/interface/hardware.hpp"
#include "experiments/interface/network.hpp"
#include "experiments/interface/samples.hpp"

namespace ohmic {

struct ChipOptions {
  std::uint64_t seed = 1;  ///< of all draws
  std::uint64_t draw = 0;  ///< which chip: the numbers of `ohmic run` with one sample set per draw
  std::int64_t batch = 100;
  std::string backend = "cpu";  ///< reference | cpu | cuda
  int threads = 0;              ///< of every call; 0: all
  /// Called often while something is computed; what it throws reaches the caller.
  std::function<void()> progress = {};
};

/// Numbers of every sample's answer, row-major.
struct Answers {
  std::int64_t samples = 0, size = 0;  ///< size: of one answer
  std::vector<float> numbers;
};

/// To be called by one thread at a time. After an error or an interruption it is the chip that was
/// asked for last, programmed again when answers are asked for; without ranges where they were
/// being found.
class Chip {
 public:
  /// Maps the network and, where no ranges are needed, programs it. Throws ConfigError, DataError
  /// or UnsupportedError.
  Chip(const Network&, const Hardware&, const ChipOptions& = {});
  ~Chip();
  Chip(Chip&&) noexcept;
  Chip& operator=(Chip&&) noexcept;

  /// Whether converters wait for calibrate().
  bool needs_calibration() const;
  /// Finds the ranges of converters on these samples and programs the chip. Again: the same with
  /// other ranges; where that is interrupted there are none.
  void calibrate(const Samples&);
  /// Another draw of the same chip. Throws CallError before calibrate() where that is needed.
  void program(std::uint64_t draw);
  /// The answers to all samples. Throws CallError before calibrate() where that is needed,
  /// DataError for samples that are not the network's.
  Answers operator()(const Samples&);
  /// The same with digital weights, without any hardware. The chip is as it was.
  Answers digital(const Samples&);

 private:
  struct State;
  State& begin();        ///< of every call; throws CallError for a chip that was moved from
  State& begin_noisy();  ///< and where ranges are missing
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
