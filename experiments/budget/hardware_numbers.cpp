#include "experiments/budget/hardware_numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "experiments/study/idle_keys.hpp"

namespace ohmic {
namespace {

/// The schema of a table that names its device model; else what is declared around it.
const SchemaBase* schema_of(const Value& value, const SchemaBase* around) {
  const Value* model = value.is_table() ? value.at("model") : nullptr;
  const auto* name = model ? std::get_if<std::string>(&model->data) : nullptr;
  const DeviceKind* kind = name ? find_device_kind(*name) : nullptr;
  return kind ? kind->schema : around;
}

void add_table(const Table&, const SchemaBase*, const std::string& prefix,
               std::vector<HardwareNumber>&);

void add(const Value& value, const Parameter* declared, const SchemaBase* around,
         const std::string& key, std::vector<HardwareNumber>& numbers) {
  if (value.is_table())
    add_table(value.table(),
              declared && declared->nested ? declared->nested : schema_of(value, around), key + ".",
              numbers);
  else if (value.is_array())
    for (std::size_t i = 0; i < value.array().size(); ++i)
      add(value.array()[i], declared, around, fmt::format("{}.{}", key, i), numbers);
  const std::string unit = declared ? declared->unit : "";
  if (const auto* whole = std::get_if<std::int64_t>(&value.data))
    numbers.push_back({key, static_cast<double>(*whole), true, unit});
  else if (const auto* real = std::get_if<double>(&value.data))
    numbers.push_back({key, *real, false, unit});
}

void add_table(const Table& table, const SchemaBase* schema, const std::string& prefix,
               std::vector<HardwareNumber>& numbers) {
  for (const auto& [key, value, where] : table.entries())
    add(value, schema ? schema->find(key) : nullptr, schema, prefix + key, numbers);
}

/// Which key an idle one is, and what it needs; empty where it acts.
std::string what_it_needs(const std::string& key, const std::vector<const Experiment*>& all) {
  for (const IdleKey& idle : idle_keys(all))
    if (idle.key == key) return fmt::format("has no effect without {}", idle.needs);
  return {};
}

class Mover {
 public:
  Mover(const Experiment& experiment, const HardwareNumber& number, double share)
      : experiment_(experiment), knob_{number, 0, "", number.value, number.value} {
    const bool is_bits = number.unit == "bit", is_percent = number.unit == "%";
    const double part = share * (is_percent ? 100 - number.value : std::abs(number.value));
    const bool is_counted = is_bits || (number.is_whole && part < 1);
    knob_.step = is_counted ? 1 : part;
    knob_.step_text = is_bits ? "1 bit"
                      : is_counted
                          ? "1"
                          : fmt::format("{:g} %{}", 100 * share, is_percent ? " of the rest" : "");
  }

  /// Why it is not moved; empty where it is.
  std::string obstacle() {
    if (knob_.step == 0)
      return fmt::format("is {:g}, {} there is no share", knob_.number.value,
                         knob_.number.value == 0 ? "of which" : "of whose rest to 100 %");
    move_to(knob_.number.value - knob_.step, knob_.low);
    move_to(knob_.number.value + knob_.step, knob_.high);
    if (ends_.size() < 2) return "can be moved neither up nor down: " + refusal_;
    std::vector<const Experiment*> all;
    for (const Experiment& e : ends_) all.push_back(&e);
    return what_it_needs(knob_.number.key, all);
  }

  const Knob& knob() const { return knob_; }

 private:
  void move_to(double value, double& end) {
    try {
      ends_.push_back(with_keys(experiment_, with_value(knob_.number, value)));
      end = written(knob_.number, value);
    } catch (const ConfigError& error) {
      refusal_ = error.faults().front().message;
    }
  }

  const Experiment& experiment_;
  Knob knob_;
  std::vector<Experiment> ends_{experiment_};
  std::string refusal_;
};

}  // namespace

std::vector<HardwareNumber> numbers_of(const Experiment& experiment) {
  std::vector<HardwareNumber> numbers;
  const Value resolved = experiment.resolved();
  for (const char* table : {"mapping", "device", "periphery"})
    if (const Value* value = resolved.at(table))
      add(*value, Experiment::schema().find(table), nullptr, table, numbers);
  return numbers;
}

double written(const HardwareNumber& number, double value) {
  return number.is_whole ? std::round(value)
                         : std::strtod(fmt::format("{:.12g}", value).c_str(), nullptr);
}

KeyValues with_value(const HardwareNumber& number, double value) {
  const double given = written(number, value);
  if (number.is_whole) return {{number.key, {static_cast<std::int64_t>(given)}}};
  return {{number.key, {given}}};
}

std::string refusal(const Experiment& experiment, const HardwareNumber& number, double value) {
  try {
    with_keys(experiment, with_value(number, value));
    return {};
  } catch (const ConfigError& error) {
    return error.faults().front().key + ": " + error.faults().front().message;
  }
}

Knobs knobs_of(const Experiment& experiment, const std::vector<HardwareNumber>& numbers,
               double share) {
  Knobs knobs;
  for (const HardwareNumber& number : numbers) {
    Mover mover(experiment, number, share);
    if (std::string why = mover.obstacle(); !why.empty())
      knobs.left_out.push_back({number.key, std::move(why)});
    else
      knobs.moved.push_back(mover.knob());
  }
  return knobs;
}

}  // namespace ohmic
