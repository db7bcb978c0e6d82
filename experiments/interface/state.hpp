// What the values of the interface hold, and how they become what `ohmic run` works with. Not
// installed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/interface/hardware.hpp"
#include "experiments/interface/measure.hpp"
#include "experiments/interface/network.hpp"
#include "experiments/interface/samples.hpp"
#include "experiments/measure/networks.hpp"
#include "nn/lowering/network.hpp"

namespace ohmic {

struct Network::State {
  ModelSettings model;                          ///< of a file
  std::shared_ptr<const LoweredNetwork> built;  ///< one that was built here; null: of a file
  std::shared_ptr<const LoweredNetwork> plain;  ///< on hardware that leaves no layer digital
  std::string name;
};

struct Samples::State {
  DataSettings settings;  ///< as a file would name them
  ImageSet set;
  std::optional<ImageSet> calibration;
  Normalization normalization;
};

/// Reads the settings again as a file's would be, so that they are checked in one place. Throws
/// ConfigError with every fault.
Experiment experiment_of(const Network&, const Samples&, const Hardware&, const MeasureOptions&);
/// Throws DataError where samples, network and metric do not go together.
TrainedNetwork trained_network(const Network&, const Samples&, const Experiment&);
}  // namespace ohmic
