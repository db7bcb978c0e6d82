// A first experiment file for what is at hand, with comments that say what each line is for and
// what else it may be: as parameters are declared.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// Values of a key that are worth a first look.
struct DraftAxis {
  std::string key;
  std::vector<double> values;
};

/// Of a device: its noise, its ages within what was measured, or its largest error; none where it
/// has no such knob.
std::optional<DraftAxis> first_axis(const std::string& device_model, const DeviceModel&);

struct ExperimentDraft {
  std::string file;     ///< that it will be, as commands name it
  std::string program;  ///< likewise
  DataSettings data;
  std::string samples;              ///< of "files": what they are, a sentence without its end
  bool calibrates_on_test = false;  ///< converters find their ranges on nothing better
  ModelSettings model;
  std::optional<TrainSettings> train;  ///< absent: the network is given
  std::string preset, device;          ///< one of them; of a preset the device it has
  std::string device_table;            ///< file of measurements, of a device that reads one
  std::vector<MetricChoice> metrics;   ///< that fit, the one that is meant first
  Estimator estimator = Estimator::per_draw;
  std::int64_t draws = 10;
  std::optional<DraftAxis> axis;
};

/// The file. Its lines are at most 100 columns.
std::string draft_text(const ExperimentDraft&);

}  // namespace ohmic
