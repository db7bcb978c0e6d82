// The numbers of an experiment's hardware, and what each may be changed to.
#pragma once

#include <string>
#include <vector>

#include "experiments/study/configure.hpp"

namespace ohmic {

struct HardwareNumber {
  std::string key;  ///< entries of lists by their number: "device.models.1.min_rate"
  double value = 0;
  bool is_whole = false;
  std::string unit;  ///< as it is declared: "bit", "S", ...
};

/// Every number of [mapping], [device] and [periphery] as they are resolved, in that order: those
/// of the entries of a stack, of layers and of tables within too.
std::vector<HardwareNumber> numbers_of(const Experiment&);

/// A value as a reader writes it: rounded where the number is whole, else in twelve digits.
double written(const HardwareNumber&, double value);
/// The key with another value, as it is written.
KeyValues with_value(const HardwareNumber&, double value);
/// Why the experiment does not take that value; empty where it does.
std::string refusal(const Experiment&, const HardwareNumber&, double value);

/// A number that is moved, up and down by a step as far as the experiment takes it.
struct Knob {
  HardwareNumber number;
  double step = 0;           ///< that much of the number
  std::string step_text;     ///< "10 %", "10 % of the rest", "1 bit", "1"
  double low = 0, high = 0;  ///< the number's own value at the edge of what is taken
  double steps() const { return (high - low) / step; }
};

/// One that is not.
struct LeftOut {
  std::string key, why;
};

struct Knobs {
  std::vector<Knob> moved;
  std::vector<LeftOut> left_out;
};

/// Numbers moved by `share` of their values; percentiles by that share of what they leave to 100;
/// bits, and whole numbers of which the share is less than one, by one. Left out is what is 0, has
/// no effect beside the other settings (idle_keys), or cannot be moved.
Knobs knobs_of(const Experiment&, const std::vector<HardwareNumber>&, double share);

}  // namespace ohmic
