// stack - several effects on one device
//
// Theory. Measured models cover one effect each: a finite number of states, a programming error,
// drift, stuck cells, variation over the chip. A stack applies them in the given order, each to
// what the one before it gives at the same age: quantized, then pcm, then stuck, and so on.
//
// Equation. With $f_i$ what the model of entry $i$ makes of a target at an age,
//
// ```math
// G_0 = G_T, \qquad G_i(t) = f_i(G_{i-1}(t),\ t), \qquad G = G_n
// ```
//
// Read noise of the models adds in quadrature, each seen from its own target. A current-voltage
// curve (cell_curve, rram_milo) is that of the one entry that has it, at the final $G$.
//
// Entry i draws from sequences of its own, so entries never share noise. To switch an effect off
// and keep the other draws, set its amplitude to 0 rather than taking its entry out.
//
// ```toml
// [device]
// model = "stack"
// [[device.models]]
// model = "pcm"
// [[device.models]]
// model = "stuck"
// min_rate = 0.01
// ```
//
// Source. Definition.
//
// Limits. The range and the age belong to the stack: g_min_S and g_max_S are the first model's
// unless given, and entries cannot have their own. At most 256 entries; no stack in a stack.

#include <algorithm>
#include <cmath>

#include "devices/given_range.hpp"

namespace ohmic {
namespace {

constexpr const char* kCommon[] = {"g_min_S", "g_max_S", "time_s"};

struct Entry {
  std::string model;
  std::shared_ptr<DeviceModel> device;
};

class Stack final : public DeviceModel {
 public:
  std::vector<Entry> entries;
  bool has_g_min = false, has_g_max = false;

  /// Where every entry has a list.
  std::optional<std::vector<DeviceEffect>> effects(const LayerScale& scale,
                                                   double age_s) const override {
    std::vector<DeviceEffect> all;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto own = entries[i].device->effects(scale, age_s);
      if (!own) return std::nullopt;
      append(*own, i, all);
    }
    return all;
  }

  /// Where every entry that is read with noise has a list.
  std::optional<std::vector<DeviceRead>> reads(double age_s) const override {
    std::vector<DeviceRead> all;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!entries[i].device->reads_noisily()) continue;
      const auto own = entries[i].device->reads(age_s);
      if (!own) return std::nullopt;
      append(*own, i, all);
    }
    return all;
  }

  void program(const DeviceBlock& block, std::span<const double> target_S,
               std::span<double> G_S) const override {
    pass(block, 0.0, target_S, G_S, [](const auto&...) {});
  }

  void drift(const DeviceBlock& block, double age_s, std::span<const double> target_S,
             std::span<double> G_S) const override {
    pass(block, age_s, target_S, G_S, [](const auto&...) {});
  }

  bool sticks() const override {
    return std::any_of(entries.begin(), entries.end(),
                       [](const Entry& e) { return e.device->sticks(); });
  }

  /// What the last entry says whose devices are stuck; what entries behind it make of that is not
  /// known.
  void stuck_S(const DeviceBlock& block, std::span<double> held_S) const override {
    DeviceModel::stuck_S(block, held_S);
    std::vector<double> own_S(held_S.size());
    DeviceBlock own = block;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      own.stage = static_cast<std::uint8_t>(i);
      if (!entries[i].device->sticks()) continue;
      entries[i].device->stuck_S(own, own_S);
      for (std::size_t d = 0; d < own_S.size(); ++d)
        if (!std::isnan(own_S[d])) held_S[d] = own_S[d];
    }
  }

  bool reads_noisily() const override {
    return std::any_of(entries.begin(), entries.end(),
                       [](const Entry& e) { return e.device->reads_noisily(); });
  }

  void read_sigma(const DeviceBlock& block, double age_s, std::span<const double> target_S,
                  std::span<const double>, std::span<double> sigma_S) const override {
    std::vector<double> G_S(target_S.size()), part_S(target_S.size());
    std::fill(sigma_S.begin(), sigma_S.end(), 0.0);
    pass(block, age_s, target_S, G_S,
         [&](const Entry& e, const DeviceBlock& own, std::span<const double> targets) {
           if (!e.device->reads_noisily()) return;
           e.device->read_sigma(own, age_s, targets, G_S, part_S);
           for (std::size_t i = 0; i < sigma_S.size(); ++i)
             sigma_S[i] = in_quadrature(sigma_S[i], part_S[i]);
         });
  }

  double form_factor() const override {
    double eta = -1.0;
    for (const Entry& e : entries)
      if (const double own = e.device->form_factor(); own >= 0)
        eta = eta < 0 ? own : std::hypot(eta, own);
    return eta;
  }

  // At most one entry has a curve (validate).
  std::optional<NonLinearCells> non_linear() const override {
    for (const Entry& e : entries)
      if (auto cells = e.device->non_linear()) return cells;
    return std::nullopt;
  }

  /// What all entries were measured at.
  MeasuredRange measured() const override {
    MeasuredRange all;
    for (const Entry& e : entries) {
      const MeasuredRange own = e.device->measured();
      all.g_min_S = std::max(all.g_min_S, own.g_min_S);
      all.g_max_S = std::min(all.g_max_S, own.g_max_S);
      if (own.is_left_knowingly || own.until_s >= all.until_s) continue;
      all.until_s = own.until_s;
      all.model = e.model;
    }
    return all;
  }

  void check_cells(const std::vector<LayerCells>& layers) const override {
    for (const Entry& e : entries) e.device->check_cells(layers);
  }

  void validate() const override {
    DeviceModel::validate();
    for (const Entry& e : entries) {
      e.device->g_min_S = g_min_S;
      e.device->g_max_S = g_max_S;
      e.device->time_s = time_s;
      e.device->validate();
    }
    if (std::count_if(entries.begin(), entries.end(),
                      [](const Entry& e) { return e.device->non_linear().has_value(); }) < 2)
      return;
    throw ConfigError(
        {{{}, "models", "two entries have a current-voltage curve; expected one at most"}});
  }

  static const Schema<Stack>& schema();

 private:
  // What an entry's own list says, as a part of the whole one.
  template <class Item>
  static void append(const std::vector<Item>& own, std::size_t entry, std::vector<Item>& all) {
    for (Item item : own) {
      item.stage = static_cast<std::uint8_t>(entry);
      all.push_back(item);
    }
  }

  // Takes devices through all entries at one age; seen(entry, block, targets) after each.
  template <class Seen>
  void pass(const DeviceBlock& block, double age_s, std::span<const double> target_S,
            std::span<double> G_S, const Seen& seen) const {
    std::vector<double> targets(target_S.begin(), target_S.end());
    std::copy(targets.begin(), targets.end(), G_S.begin());
    DeviceBlock own = block;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      own.stage = static_cast<std::uint8_t>(i);
      entries[i].device->program(own, targets, G_S);
      if (age_s > 0) entries[i].device->drift(own, age_s, targets, G_S);
      seen(entries[i], own, std::span<const double>(targets));
      std::copy(G_S.begin(), G_S.end(), targets.begin());
    }
  }
};

void read_entry(const Value& v, const std::string& key, Stack& stack, std::vector<Fault>& faults) {
  const std::size_t before = faults.size();
  if (v.is_table()) {
    for (const char* common : kCommon)
      if (const Value* own = v.table().find(common))
        faults.push_back({own->where, key + "." + common, "belongs to the stack as a whole"});
    const Value* model = v.table().find("model");
    const auto* name = model ? std::get_if<std::string>(&model->data) : nullptr;
    if (name && *name == "stack")
      faults.push_back({model->where, key + ".model", "a stack cannot hold a stack"});
    if (faults.size() != before) return;
    if (std::shared_ptr<DeviceModel> device = read_device(v, key, faults))
      stack.entries.push_back({name ? *name : "ideal", std::move(device)});
    return;
  }
  faults.push_back({v.where, key, "expected a device table, got " + v.text()});
}

void read_entries(const Value& v, const std::string& key, Stack& stack,
                  std::vector<Fault>& faults) {
  stack.entries.clear();
  if (!v.is_array() || v.array().size() > kStages) {
    faults.push_back(
        {v.where, key, "expected a list of at most " + std::to_string(kStages) + " device tables"});
    return;
  }
  for (std::size_t i = 0; i < v.array().size(); ++i)
    read_entry(v.array()[i], key + "[" + std::to_string(i) + "]", stack, faults);
  if (stack.entries.empty()) return;
  if (!stack.has_g_min) stack.g_min_S = stack.entries.front().device->g_min_S;
  if (!stack.has_g_max) stack.g_max_S = stack.entries.front().device->g_max_S;
}

Value write_entries(const Stack& stack) {
  Array entries;
  for (const Entry& e : stack.entries) {
    Value table = write_device(e.model, *e.device);
    for (const char* common : kCommon) table.table().erase(common);
    entries.push_back(std::move(table));
  }
  return Value{std::move(entries)};
}

const Schema<Stack>& Stack::schema() {
  static const Schema<Stack> schema = [] {
    Schema<Stack> s{"stack", "Several effects on one device, one after the other."};
    s.add_custom("models", "list of tables", read_entries, write_entries)
        .doc("Device tables, applied in this order.");
    declare_given_range(s, "the first model's", "the first model's");
    s.add("time_s", &Stack::time_s).unit("s").at_least(0).doc("Age at which the arrays are read.");
    return s;
  }();
  return schema;
}

OHMIC_REGISTER_DEVICE("stack", Stack);

}  // namespace
}  // namespace ohmic
