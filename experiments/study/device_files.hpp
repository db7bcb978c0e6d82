// Files that device models read: tables of measurements, maps of stuck cells.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic {

/// In a resolved [device] table, puts "sha256:..." of its content in place of every file that is
/// there.
void count_device_files(Value& device);

/// Whether a model in a resolved [device] table reads a file that is there.
bool reads_files(Value device);

/// Whether any key of a written [device] table gives faults a rate.
bool has_rates(const Value& device);

/// SHA-256 of the content of every such file of these experiments, by its name; files that are not
/// there are left out. Throws DataError where one cannot be read.
std::map<std::string, std::string> device_file_hashes(const std::vector<const Experiment*>&);

}  // namespace ohmic
