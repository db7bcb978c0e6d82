#include "experiments/results/theory.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>

#include "experiments/results/files.hpp"
#include "experiments/results/text_table.hpp"
#include "experiments/run/run_folder.hpp"

namespace ohmic {
namespace {

/// A row by its column names; cells hold no commas.
using Row = std::map<std::string, std::string>;

std::vector<Row> read_rows(const std::filesystem::path& file) {
  std::vector<Row> rows;
  if (!std::filesystem::exists(file)) return rows;
  std::istringstream stream(read_whole(file));
  std::string line;
  std::getline(stream, line);
  const std::vector<std::string> keys = csv_cells(line);
  while (std::getline(stream, line)) {
    const std::vector<std::string> cells = csv_cells(line);
    Row& row = rows.emplace_back();
    for (std::size_t i = 0; i < std::min(keys.size(), cells.size()); ++i) row[keys[i]] = cells[i];
  }
  return rows;
}

double real(const Row& row, const std::string& key) {
  const std::string& cell = row.at(key);
  return cell.empty() ? Estimate::kNone : std::stod(cell);
}

double mean_of(const std::vector<Row>& rows, const std::string& key) {
  double sum = 0;
  for (const Row& row : rows) sum += real(row, key) / static_cast<double>(rows.size());
  return sum;
}

/// The state of the layers in one epoch, all together.
struct Layers {
  double weight_norm = 0, dead_filters = 0, largest_gain = Estimate::kNone;
};

Layers layers_in(const std::string& epoch, const std::vector<Row>& rows) {
  Layers all;
  for (const Row& row : rows) {
    if (row.at("epoch") != epoch) continue;
    all.weight_norm = std::hypot(all.weight_norm, real(row, "weight_norm"));
    if (row.at("batch_norm").empty()) continue;
    all.dead_filters += real(row, "dead_filters");
    all.largest_gain = std::fmax(all.largest_gain, real(row, "largest_gain"));
  }
  return all;
}

using Columns = std::vector<std::pair<std::string, std::string>>;

std::optional<Columns> columns_of(const Group& group, const std::filesystem::path& run) {
  const auto folder = training_folder(run / "training", group.experiment->training_identity());
  const std::vector<Row> epochs = read_rows(folder / "theory.csv");
  if (epochs.empty()) return std::nullopt;
  const Row& last = epochs.back();
  const Layers layers = layers_in(last.at("epoch"), read_rows(folder / "theory_layers.csv"));
  Columns columns = group.axes;
  for (const char* key :
       {"epoch", "learning_rate", "C", "squared_gradient", "noise_power", "noise_scale"})
    columns.push_back({key, last.at(key)});
  columns.push_back({"mean_noise_power", number_text(mean_of(epochs, "noise_power"))});
  columns.push_back({"weight_norm", number_text(layers.weight_norm)});
  columns.push_back({"dead_filters", number_text(layers.dead_filters)});
  columns.push_back({"largest_gain", number_text(layers.largest_gain)});
  columns.push_back({"baseline", number_text(group.baseline)});
  columns.push_back({"average", number_text(group.average.mean)});
  columns.push_back({"average_lo", number_text(group.average.lo)});
  columns.push_back({"average_hi", number_text(group.average.hi)});
  return columns;
}

}  // namespace

std::string theory_csv(const std::vector<Group>& groups, const std::filesystem::path& run) {
  std::string csv;
  for (const Group& group : groups) {
    const auto columns = columns_of(group, run);
    if (!columns) continue;
    std::vector<std::string> keys, cells;
    for (const auto& [key, cell] : *columns) {
      keys.push_back(key);
      cells.push_back(cell);
    }
    if (csv.empty()) csv = csv_line(keys);
    csv += csv_line(cells);
  }
  return csv;
}

}  // namespace ohmic
