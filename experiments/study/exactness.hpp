// What is computed without an error, where somebody may believe otherwise.
#pragma once

#include <string>
#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// Where nothing in any of these experiments makes an error though they name a model of devices
/// that could, that: exact devices, ideal periphery. Empty else. `even_where_meant`: of models that
/// cannot too.
std::string exact_chips_remark(const std::vector<const Experiment*>&,
                               bool even_where_meant = false);

/// Whether the devices of all layers hold and give exactly what is written to them, whatever is
/// behind them.
bool has_exact_devices(const Experiment&);

/// Where every experiment has a stack of devices and the same entries of it change nothing in any
/// of them, that; empty else, and where exact_chips_remark says it.
std::string idle_entries_remark(const std::vector<const Experiment*>&);

/// What changes answers beside devices: "mapping, converters and wires", "mapping".
std::string beside_devices(const Periphery&);

/// The matrices of constants in files of networks that stay digital although nobody asked for it,
/// with the reason of the first, a text for each file. Files that cannot be read are passed over.
std::vector<std::string> digital_matrices_remarks(const std::vector<const Experiment*>&);

/// Where a file of these has several outputs and none is named, which is measured; empty else.
std::string other_outputs_remark(const std::vector<const Experiment*>&);

/// Files whose networks take samples in double precision, which are rounded.
std::vector<std::string> rounded_inputs_remarks(const std::vector<const Experiment*>&);

/// Files whose networks take a value from all samples of a batch, so that evaluation.batch counts.
std::vector<std::string> batch_remarks(const std::vector<const Experiment*>&);

}  // namespace ohmic
