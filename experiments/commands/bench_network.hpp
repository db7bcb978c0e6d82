// A network on several kinds of hardware beside LibTorch's runs of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "experiments/commands/bench_clock.hpp"
#include "experiments/commands/bench_digital.hpp"
#include "experiments/commands/bench_hardware.hpp"
#include "experiments/commands/bench_row.hpp"
#include "nn/analog/analog_network.hpp"

namespace ohmic {

class BenchNetwork {
 public:
  /// Ranges of converters are found with `calibration`. Hardware that this processor does not
  /// compute with has rows without numbers.
  BenchNetwork(const Graph&, std::shared_ptr<const Weights>, std::shared_ptr<const BenchSamples>,
               const ImageSet& calibration, std::vector<BenchHardware>);

  /// Everything once.
  void take_turn(BenchClock&, std::uint64_t draw);
  std::vector<BenchRow> rows(const BenchClock&, int threads) const;
  /// A draw of the first hardware beside inference on it.
  BenchRow programming_row(const BenchClock&, int threads, double target) const;

 private:
  BenchRow row(const BenchClock&, const BenchHardware&, int threads) const;

  std::shared_ptr<const BenchSamples> samples_;
  std::vector<BenchHardware> hardware_;
  std::unique_ptr<Backend> backend_;
  DigitalRuns digital_;
  std::map<std::string, std::unique_ptr<AnalogNetwork>> networks_;  ///< by hardware
};

/// With the ranges that such images show.
std::unique_ptr<AnalogNetwork> calibrated(const MappedNetwork&, Backend&, const ImageSet&);

/// The clock's name for draws of a hardware.
std::string programming_of(const std::string& hardware);

}  // namespace ohmic
