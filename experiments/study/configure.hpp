// One experiment with some of its keys changed: the configurations that an analysis compares.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "experiments/study/experiment.hpp"

namespace ohmic {

using KeyValues = std::vector<std::pair<std::string, Value>>;

/// Sets a dotted key below a table; a number in it counts the entries of a list from 0. Throws
/// ConfigError for an entry that is not there.
void set_key(Value& root, const std::string& key, const Value& value);

/// The experiment with other values for these dotted keys; a number in a key counts the entries of
/// a list from 0 (device.models.1.min_rate). Throws ConfigError for what is not accepted.
Experiment with_keys(const Experiment&, const KeyValues&);

/// The declaration of a key of this experiment, its device model's included; null: there is none.
const Parameter* parameter_of(const Experiment&, const std::string& dotted_key);

}  // namespace ohmic
