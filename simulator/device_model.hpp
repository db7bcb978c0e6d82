// What a device does to a conductance: written imprecisely, drifts, is read with noise.
//
// A new model is one file in devices/models/ (and one test); see CONTRIBUTING.md. Virtual calls are
// per block of devices, never per device.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "simulator/cell_curve.hpp"
#include "simulator/config/schema.hpp"
#include "simulator/device_effect.hpp"
#include "simulator/device_read.hpp"
#include "simulator/random/noise.hpp"
#include "simulator/version.hpp"

namespace ohmic {

/// How one layer's weights relate to its conductances.
struct LayerScale {
  double sigma_w = 0;       ///< population std of all elements of the layer's weight tensor
  double w_max = 0;         ///< weight that is mapped to g_max
  double weight_per_S = 0;  ///< s = w_max / (g_max - g_min)
  /// Devices whose noise adds in one weight, each counted by the square of its weight over s:
  /// 2 for a differential pair, little more for slices.
  double devices_per_weight = 1;
};

/// Where cell n*K + k lies: row k and column n of the layer's K x N matrix, cut into tiles.
struct CellLayout {
  int rows = 0, columns = 0;            ///< K, N
  int tile_rows = 0, tile_columns = 0;  ///< 0 is unlimited
  int groups = 1;  ///< of columns: each has arrays of its own, so that no tile holds two of them

  int columns_per_group() const { return columns / groups; }
};

/// Consecutive devices of one role in one layer: what the model needs to know beside conductances.
struct DeviceBlock {
  NoiseKey key;
  std::uint16_t layer = 0;
  std::uint8_t role = 0;    ///< which device of the cell: polarity, slice
  std::uint64_t first = 0;  ///< logical cell index n*K + k of the first device, tile-independent
  const LayerScale* scale = nullptr;
  const CellLayout* layout = nullptr;  ///< null: unknown, as one column of one array
  std::uint8_t stage = 0;              ///< entry of a stack: each draws from sequences of its own
  /// Times that the devices were written before: what is drawn from Stream::programming is drawn
  /// anew, all else is what the devices are.
  std::uint8_t round = 0;

  /// Standard normals addressed to these devices; `event` < 2^40, of Stream::programming < 2^32.
  template <class Real>
  void normals(Stream stream, std::uint64_t event, std::span<Real> out) const {
    fill_normals(key, address(stream, event), first, out);
  }
  void uniforms(Stream stream, std::uint64_t event, std::span<float> out) const {
    fill_uniforms(key, address(stream, event), first, out);
  }
  Address address(Stream stream, std::uint64_t event) const {
    if (stream == Stream::programming) event |= std::uint64_t{round} << 32;
    return {stream, layer, role, event_of(stage, event)};
  }
};

/// One layer's cells on its arrays.
struct LayerCells {
  std::string name;
  int rows = 0;
  std::vector<int> columns;  ///< of each role: one for each output, one for each tile of references
};

/// Conductances and ages that the numbers of a model were measured at.
struct MeasuredRange {
  double g_min_S = 0.0;
  double g_max_S = std::numeric_limits<double>::infinity();
  double until_s = std::numeric_limits<double>::infinity();  ///< later ages are extrapolated
  bool is_left_knowingly = false;  ///< the model's own parameters say what holds outside
  std::string model = {};          ///< whose `until_s` it is; empty: the model's that was asked
};

void apply_clip(Clip clip, double g_min_S, double g_max_S, std::span<double> G_S);

/// What one effect does to a block of devices.
void apply_effect(const DeviceEffect&, const DeviceBlock&, std::span<const double> target_S,
                  std::span<double> G_S);

class DeviceModel {
 public:
  virtual ~DeviceModel() = default;

  double g_min_S = 0.0;    ///< lowest target conductance
  double g_max_S = 25e-6;  ///< highest target conductance
  double time_s = 0.0;     ///< age at which the array is read, after programming

  // A model says what it does either in lists of effects and reads or in functions of its own. Only
  // devices with lists can be programmed by a GPU.

  /// All that happens to devices up to `age_s`, in this order; absent: see program and drift.
  virtual std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double age_s) const;
  /// Writes `target_S` into devices: G_S is what they hold right after programming.
  virtual void program(const DeviceBlock&, std::span<const double> target_S,
                       std::span<double> G_S) const;
  /// Ages programmed devices in place from 0 to `age_s` > 0. The devices' own exponents are drawn
  /// at the same address for every age, so one draw can be followed over time.
  virtual void drift(const DeviceBlock&, double age_s, std::span<const double> target_S,
                     std::span<double> G_S) const;
  /// Whether some devices hold a conductance of their own, whatever is written.
  virtual bool sticks() const { return false; }
  /// That conductance; NaN where a device takes what is written. The same devices that program()
  /// leaves there in this draw.
  virtual void stuck_S(const DeviceBlock&, std::span<double> held_S) const;
  /// Whether every read of a device is noisy; if so reads() or read_sigma() says how.
  virtual bool reads_noisily() const { return false; }
  /// The noises of every read, which add up in quadrature; absent: see read_sigma.
  virtual std::optional<std::vector<DeviceRead>> reads(double age_s) const;
  /// Std of a read per device.
  virtual void read_sigma(const DeviceBlock&, double age_s, std::span<const double> target_S,
                          std::span<const double> G_S, std::span<double> sigma_S) const;
  /// eta of the paper where the model has one meaning for it (awgn on sigma_w), else negative: what
  /// tensors outside the crossbars are perturbed with when noise.semantics asks for it.
  virtual double form_factor() const { return -1.0; }
  /// Std of one device's programming noise in this layer where it does not depend on the state,
  /// else negative: for the table of unit conversions.
  virtual double uniform_sigma_S(const LayerScale&) const { return -1.0; }
  /// The cells' curve where their current is not proportional to the voltage; conductances above
  /// are those at low voltages.
  virtual std::optional<NonLinearCells> non_linear() const { return std::nullopt; }
  /// Where the model stands on measurements; by default everywhere.
  virtual MeasuredRange measured() const { return {}; }
  /// Called once after parameters are read; throws ConfigError when they contradict each other.
  virtual void validate() const;
  /// Called once with the layers of a network; throws DataError, a line for each, where files of
  /// the model name cells that none of them has.
  virtual void check_cells(const std::vector<LayerCells>&) const {}
};

/// Conductances above are more often microsiemens without their factor than meant.
inline constexpr double kUsualConductance_S = 10e-3;

/// Declares g_min_S, g_max_S and time_s, which every model has.
template <class Model>
void declare_common(Schema<Model>& s) {
  s.add("g_min_S", &Model::g_min_S)
      .unit("S")
      .range(0, 1)
      .usual(0, kUsualConductance_S)
      .doc("Lowest target conductance.");
  s.add("g_max_S", &Model::g_max_S)
      .unit("S")
      .above(0)
      .usual(0, kUsualConductance_S)
      .doc("Highest target conductance.");
  s.add("time_s", &Model::time_s).unit("s").at_least(0).doc("Age at which the arrays are read.");
}

/// One entry of the registry.
struct DeviceKind {
  std::string name;
  const SchemaBase* schema;
  std::unique_ptr<DeviceModel> (*make)();
  void* (*object)(DeviceModel&);  ///< the object that the schema's members belong to
};

const std::vector<DeviceKind>& device_kinds();  ///< sorted by name
const DeviceKind* find_device_kind(const std::string& name);
/// Adds a kind. A name that exists already keeps its meaning: false, and the name is noted.
bool register_device_kind(DeviceKind kind);
/// Names that were registered again, in that order.
const std::vector<std::string>& refused_device_kinds();

/// Reads a [device] table: `model` picks the kind, the other keys are its parameters.
std::unique_ptr<DeviceModel> read_device(const Value& table, const std::string& prefix,
                                         std::vector<Fault>& faults);
/// The table with every parameter of the model, for resolved.toml.
Value write_device(const std::string& model, const DeviceModel& device);

/// In a model's .cpp: OHMIC_REGISTER_DEVICE("awgn", Awgn) where Awgn has a static schema().
#define OHMIC_REGISTER_DEVICE(name, Type)                                                      \
  static const bool ohmic_registered_##Type =                                                  \
      OHMIC_RELEASE() &&                                                                       \
      ::ohmic::register_device_kind(                                                           \
          {name, &Type::schema(),                                                              \
           []() -> std::unique_ptr<::ohmic::DeviceModel> { return std::make_unique<Type>(); }, \
           [](::ohmic::DeviceModel& m) -> void* { return static_cast<Type*>(&m); }})

}  // namespace ohmic
