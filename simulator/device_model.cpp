#include "simulator/device_model.hpp"

#include <algorithm>

#include "simulator/call_error.hpp"

namespace ohmic {
namespace {

// Made on first use: models register themselves while libraries are loaded, in any order.
std::vector<DeviceKind>& registry() {
  static std::vector<DeviceKind> kinds;
  return kinds;
}

std::vector<std::string>& refused() {
  static std::vector<std::string> names;
  return names;
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const DeviceKind& kind : registry()) names.push_back(kind.name);
  return names;
}

/// The parameter "model", which every [device] table has beside its model's own.
Parameter model_parameter() {
  Parameter p;
  p.key = "model";
  p.type = "string";
  p.choices = kind_names();
  return p;
}

const char* const kPlugins = "; a model from outside is loaded with --plugin FILE.so";

/// The kind that the table asks for; "ideal" where the table is empty.
const DeviceKind* chosen_kind(const Value& table, const std::string& prefix,
                              std::vector<Fault>& faults) {
  const Value* model = table.table().find("model");
  if (!model && table.table().empty()) return find_device_kind("ideal");
  const Parameter p = model_parameter();
  if (!model) {
    faults.push_back({table.where, prefix + ".model", "missing; expected " + p.accepted()});
    return nullptr;
  }
  std::string name;
  const std::size_t before = faults.size();
  schema_detail::Access<std::string>::read(*model, prefix + ".model", p, name, faults);
  if (faults.size() > before) faults.back().message += kPlugins;
  return find_device_kind(name);
}

const LayerScale& scale_of(const DeviceBlock& block) {
  static constexpr LayerScale kUnknown;
  return block.scale ? *block.scale : kUnknown;
}

}  // namespace

void apply_clip(Clip clip, double g_min_S, double g_max_S, std::span<double> G_S) {
  if (clip == Clip::none) return;
  const Bounds bounds = bounds_of(clip, g_min_S, g_max_S);
  for (double& G : G_S) G = bounds.clip(G);
}

void apply_effect(const DeviceEffect& effect, const DeviceBlock& block,
                  std::span<const double> target_S, std::span<double> G_S) {
  std::vector<double> draws(G_S.size());
  if (effect.draws_uniforms()) {
    std::vector<float> u(G_S.size());
    block.uniforms(effect.stream(), 0, u);
    std::copy(u.begin(), u.end(), draws.begin());
  } else {
    block.normals(effect.stream(), 0, std::span(draws));
  }
  effect.with([&](auto e) {  // a copy, which G_S cannot overlap
    for (std::size_t i = 0; i < G_S.size(); ++i) G_S[i] = e.apply(target_S[i], G_S[i], draws[i]);
  });
}

std::optional<std::vector<DeviceEffect>> DeviceModel::effects(const LayerScale&, double) const {
  return std::nullopt;
}

void DeviceModel::program(const DeviceBlock& block, std::span<const double> target_S,
                          std::span<double> G_S) const {
  const auto all = effects(scale_of(block), 0.0);
  OHMIC_ASSERT(all.has_value());
  std::copy(target_S.begin(), target_S.end(), G_S.begin());
  for (const DeviceEffect& effect : *all) apply_effect(effect, block, target_S, G_S);
}

void DeviceModel::drift(const DeviceBlock& block, double age_s, std::span<const double> target_S,
                        std::span<double> G_S) const {
  const auto all = effects(scale_of(block), age_s);
  if (!all) return;
  for (const DeviceEffect& effect : *all)
    if (effect.ages) apply_effect(effect, block, target_S, G_S);
}

void DeviceModel::stuck_S(const DeviceBlock&, std::span<double> held_S) const {
  std::fill(held_S.begin(), held_S.end(), std::numeric_limits<double>::quiet_NaN());
}

std::optional<std::vector<DeviceRead>> DeviceModel::reads(double) const { return std::nullopt; }

void DeviceModel::read_sigma(const DeviceBlock&, double age_s, std::span<const double> target_S,
                             std::span<const double> G_S, std::span<double> sigma_S) const {
  std::fill(sigma_S.begin(), sigma_S.end(), 0.0);
  const auto all = reads(age_s);
  if (!all) return;
  for (const DeviceRead& read : *all)
    read.with([&](auto r) {  // a copy, which sigma_S cannot overlap
      for (std::size_t i = 0; i < sigma_S.size(); ++i)
        sigma_S[i] = in_quadrature(sigma_S[i], r.sigma_S(target_S[i], G_S[i]));
    });
}

void DeviceModel::validate() const {
  if (g_min_S >= g_max_S)
    throw ConfigError({{{},
                        "g_min_S",
                        Value{g_min_S}.text() + " is not below g_max_S = " + Value{g_max_S}.text() +
                            "; expected g_min_S < g_max_S"}});
}

const std::vector<DeviceKind>& device_kinds() { return registry(); }

const DeviceKind* find_device_kind(const std::string& name) {
  for (const DeviceKind& kind : registry())
    if (kind.name == name) return &kind;
  return nullptr;
}

bool register_device_kind(DeviceKind kind) {
  if (find_device_kind(kind.name)) {
    refused().push_back(kind.name);
    return false;
  }
  auto& kinds = registry();
  const auto after = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const DeviceKind& other) { return kind.name < other.name; });
  kinds.insert(after, std::move(kind));
  return true;
}

const std::vector<std::string>& refused_device_kinds() { return refused(); }

std::unique_ptr<DeviceModel> read_device(const Value& table, const std::string& prefix,
                                         std::vector<Fault>& faults) {
  if (!table.is_table()) {
    faults.push_back({table.where, prefix, "expected a table"});
    return nullptr;
  }
  const DeviceKind* kind = chosen_kind(table, prefix, faults);
  if (!kind) return nullptr;
  auto device = kind->make();
  const std::size_t faults_before = faults.size();
  kind->schema->read(table, prefix, kind->object(*device), faults, {"model"});
  if (faults.size() == faults_before)
    append_faults(table, prefix, faults, [&] { device->validate(); });
  return device;
}

Value write_device(const std::string& model, const DeviceModel& device) {
  const DeviceKind* kind = find_device_kind(model);
  require_call(kind != nullptr, "write_device: no device model has this name");
  Value table{Table{}};
  table.table()["model"] = schema_detail::text_value(model);
  const Value parameters = kind->schema->write(kind->object(const_cast<DeviceModel&>(device)));
  for (const auto& entry : parameters.table().entries()) table.table()[entry.key] = entry.value;
  return table;
}

}  // namespace ohmic
