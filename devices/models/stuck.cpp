// stuck - cells that do not take what is written
//
// Theory. Forming failures, worn-out cells and broken selectors leave devices at the bottom or the
// top of their range, open or short-circuited, whatever is written.
//
// Equation.
//
// ```math
// G = \begin{cases}
// g_{\min},\ g_{\max},\ 0 \text{ or } G_\mathrm{short} & \text{with the given rates}
// \\ G_T & \text{else}
// \end{cases}
// ```
//
// With count = "bernoulli" each device fails by itself; with "exact" every layer and role has
// round(rate n) of each kind, at random places. A map file names the cells instead; `ohmic describe
// stuck` has its columns.
//
// Source. Definition.
//
// Limits. Failures are independent of each other; broken rows and columns go in a map.

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <iomanip>
#include <limits>
#include <map>
#include <numeric>
#include <sstream>

#include "devices/csv.hpp"
#include "devices/fitted.hpp"

namespace ohmic {
namespace {

/// Without the last digits, which sums have of their own.
std::string rounded_text(double sum) {
  std::ostringstream text;
  text << std::setprecision(12) << sum;
  return text.str();
}

enum class State { min, max, open, short_circuit };
constexpr std::size_t kStates = StuckStates::kStates;
constexpr const char* kStateNames[kStates] = {"min", "max", "open", "short"};

const char* const kStuckManual =
    "The map is a table of failed devices, comma-separated with a header line:\n"
    "\n"
    "  layer, role, row, column, state\n"
    "  0,     0,    17,  3,      max\n"
    "  0,     1,    17,  3,      open\n"
    "\n"
    "layer counts the crossbar layers from 0; role is the device of the cell (0 is G+, 1 is G-; "
    "then\n"
    "those of further slices, from the lowest, and of further replicas, cell by cell); row\n"
    "and column are those of the layer's matrix, counted from 0; state is min, max, open or "
    "short.\n"
    "Devices that the network does not have are errors, and so are two states for one.\n";

struct MappedCell {
  int column, row;
  State state;
  int line;  ///< of the file
};

// Cells of each (layer, role), in the order of the layer's matrix.
using StuckMap = std::map<std::pair<int, int>, std::vector<MappedCell>>;

int whole(const CsvTable& table, std::size_t row, const char* name, double highest) {
  const int column = table.find(name);
  const double value = table.number(row, column);
  if (value < 0 || value > highest || value != std::floor(value))
    table.fail(row, std::string(name) + ": expected a whole number of 0 to " +
                        std::to_string(static_cast<int>(highest)));
  return static_cast<int>(value);
}

StuckMap read_map(const std::filesystem::path& file) {
  const CsvTable table = read_csv(file);
  for (const char* name : {"layer", "role", "row", "column", "state"})
    if (table.find(name) < 0)
      throw DataError(table.file + ": has no column " + name +
                      "; expected layer, role, row, column, state");
  StuckMap map;
  std::map<std::array<int, 4>, std::pair<State, int>> seen;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const std::string& name = table.rows[row][static_cast<std::size_t>(table.find("state"))];
    const auto state = std::find(std::begin(kStateNames), std::end(kStateNames), name);
    if (state == std::end(kStateNames))
      table.fail(row, "state: expected min, max, open or short, got \"" + name + "\"");
    const int layer = whole(table, row, "layer", 65535), role = whole(table, row, "role", 255);
    const MappedCell cell{whole(table, row, "column", 1e9), whole(table, row, "row", 1e9),
                          static_cast<State>(state - std::begin(kStateNames)), table.lines[row]};
    const auto [first, is_new] =
        seen.insert({{layer, role, cell.row, cell.column}, {cell.state, cell.line}});
    if (!is_new && first->second.first != cell.state)
      table.fail(row, "line " + std::to_string(first->second.second) +
                          " gives another state for this device");
    if (is_new) map[{layer, role}].push_back(cell);
  }
  return map;
}

/// "rows 0 to 35", "role 0 only".
std::string counted(const char* what, std::size_t n) {
  if (n == 1) return std::string(what) + " 0 only";
  return std::string(what) + "s 0 to " + std::to_string(n - 1);
}

/// What a device of the map is in none of the layers; empty where it exists.
std::string absent(const std::pair<int, int>& layer_role, const MappedCell& cell,
                   const std::vector<LayerCells>& layers) {
  const auto [layer, role] = layer_role;
  const auto i = static_cast<std::size_t>(layer), r = static_cast<std::size_t>(role);
  if (i >= layers.size())
    return "layer " + std::to_string(layer) + ": the network has " +
           counted("layer", layers.size());
  const LayerCells& l = layers[i];
  const std::string has = ": layer " + std::to_string(layer) + " (" + l.name + ") has ";
  if (r >= l.columns.size())
    return "role " + std::to_string(role) + has + counted("role", l.columns.size());
  if (cell.row >= l.rows)
    return "row " + std::to_string(cell.row) + has +
           counted("row", static_cast<std::size_t>(l.rows));
  if (cell.column >= l.columns[r])
    return "column " + std::to_string(cell.column) + has +
           counted("column", static_cast<std::size_t>(l.columns[r]));
  return "";
}

class Stuck final : public DeviceModel {
 public:
  enum class Count { bernoulli, exact };

  double min_rate = 0, max_rate = 0, open_rate = 0, short_rate = 0;
  double short_S = 1e-3;
  Count count = Count::bernoulli;
  std::filesystem::path map;

  /// Where each device fails by itself.
  std::optional<std::vector<DeviceEffect>> effects(const LayerScale&, double) const override {
    if (!map_.empty() || (count == Count::exact && total_rate() > 0)) return std::nullopt;
    if (total_rate() == 0) return std::vector<DeviceEffect>{};
    return {{states()}};
  }
  void program(const DeviceBlock& block, std::span<const double> target_S,
               std::span<double> G_S) const override {
    std::copy(target_S.begin(), target_S.end(), G_S.begin());
    if (count == Count::exact)
      fail_exactly(block, G_S);
    else if (total_rate() > 0)
      apply_effect(states(), block, target_S, G_S);
    if (const auto cells = map_.find({block.layer, block.role}); cells != map_.end())
      fail_mapped(block, cells->second, G_S);
  }

  bool sticks() const override { return total_rate() > 0 || !map_.empty(); }
  void stuck_S(const DeviceBlock& block, std::span<double> held_S) const override {
    const std::vector<double> nothing(held_S.size(), std::numeric_limits<double>::quiet_NaN());
    program(block, nothing, held_S);
  }

  void validate() const override {
    DeviceModel::validate();
    if (total_rate() > 1)
      throw ConfigError(
          {{{},
            "min_rate",
            "the four rates add up to " + rounded_text(total_rate()) + "; expected at most 1"}});
    if (!map.empty()) map_ = read_map(map);
  }

  void check_cells(const std::vector<LayerCells>& layers) const override {
    std::map<int, std::string> wrong;  // by line
    for (const auto& [layer_role, cells] : map_)
      for (const MappedCell& cell : cells)
        if (std::string what = absent(layer_role, cell, layers); !what.empty())
          wrong[cell.line] = map.string() + ":" + std::to_string(cell.line) + ": " + what;
    std::string text;
    std::size_t said = 0;
    for (const auto& [line, what] : wrong) {
      text += (text.empty() ? "" : "\n") + what;
      if (++said == kMostSaid) break;
    }
    if (wrong.size() > said)
      text += "\nand " + std::to_string(wrong.size() - said) + " more such lines";
    if (!text.empty()) throw DataError(text);
  }

  static const Schema<Stuck>& schema();

 private:
  static constexpr std::size_t kMostSaid = 10;

  double total_rate() const { return min_rate + max_rate + open_rate + short_rate; }
  std::array<double, kStates> rates() const { return {min_rate, max_rate, open_rate, short_rate}; }
  std::array<double, kStates> values_S() const { return {g_min_S, g_max_S, 0.0, short_S}; }

  StuckStates states() const {
    StuckStates states{};
    for (std::size_t i = 0; i < kStates; ++i) {
      states.edge[i + 1] = states.edge[i] + rates()[i];
      states.value_S[i] = values_S()[i];
    }
    return states;
  }

  // The first cells of a random order of the layer's, dealt out to the states in turn.
  void fail_exactly(const DeviceBlock& block, std::span<double> G_S) const {
    OHMIC_ASSERT(block.layout);
    const auto n = static_cast<std::size_t>(block.layout->rows) *
                   static_cast<std::size_t>(block.layout->columns);
    std::vector<std::uint32_t> order(n), bits(n);
    std::iota(order.begin(), order.end(), 0u);
    fill_bits(block.key, block.address(Stream::stuck, 1), 0, bits);
    std::size_t next = 0;
    for (std::size_t state = 0; state < kStates; ++state) {
      const auto failures =
          static_cast<std::size_t>(std::llround(rates()[state] * static_cast<double>(n)));
      for (const std::size_t end = std::min(next + failures, n); next < end; ++next) {
        std::swap(order[next], order[next + (std::uint64_t{bits[next]} * (n - next) >> 32)]);
        const std::uint64_t i = order[next] - block.first;
        if (i < G_S.size()) G_S[i] = values_S()[state];
      }
    }
  }

  void fail_mapped(const DeviceBlock& block, const std::vector<MappedCell>& cells,
                   std::span<double> G_S) const {
    OHMIC_ASSERT(block.layout);
    for (const MappedCell& cell : cells) {
      if (cell.row >= block.layout->rows || cell.column >= block.layout->columns) continue;
      const auto index =
          static_cast<std::uint64_t>(cell.column) * static_cast<std::uint64_t>(block.layout->rows) +
          static_cast<std::uint64_t>(cell.row);
      if (index - block.first < G_S.size())
        G_S[index - block.first] = values_S()[static_cast<std::size_t>(cell.state)];
    }
  }

  mutable StuckMap map_;  ///< read once, when the parameters are checked
};

const Schema<Stuck>& Stuck::schema() {
  static const Schema<Stuck> schema = [] {
    Schema<Stuck> s{"stuck", "Cells that do not take what is written."};
    s.manual = kStuckManual;
    declare_common(s);
    const auto rate = [&](const char* key, double Stuck::*member, const char* what) {
      s.add(key, member).unit("1").range(0, 1).doc(std::string("Fraction of devices ") + what);
    };
    rate("min_rate", &Stuck::min_rate, "stuck at g_min.");
    rate("max_rate", &Stuck::max_rate, "stuck at g_max.");
    rate("open_rate", &Stuck::open_rate, "that do not conduct.");
    rate("short_rate", &Stuck::short_rate, "that are short circuits.");
    s.add("short_S", &Stuck::short_S)
        .unit("S")
        .above(0)
        .usual(0, kUsualConductance_S)
        .doc("Conductance of a short circuit.");
    s.add_choice("count", &Stuck::count, {{"bernoulli", Count::bernoulli}, {"exact", Count::exact}})
        .doc("Each device fails by itself, or each layer and role has exactly its share.");
    s.add("map", &Stuck::map)
        .doc("CSV of failed cells: layer, role, row, column, state (min, max, open, short).");
    return s;
  }();
  return schema;
}

OHMIC_REGISTER_DEVICE("stuck", Stuck);

}  // namespace
}  // namespace ohmic
