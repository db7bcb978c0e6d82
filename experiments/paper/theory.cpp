#include "experiments/paper/theory.hpp"

#include <cmath>
#include <optional>

#include "experiments/measure/recorded.hpp"
#include "experiments/measure/run_folder.hpp"
#include "experiments/text/text_table.hpp"

namespace ohmic {
namespace {

double mean_of(const RecordedTable& table, const std::string& key) {
  double sum = 0;
  for (std::size_t row = 0; row < table.rows(); ++row)
    sum += table.real(row, key) / static_cast<double>(table.rows());
  return sum;
}

/// The state of the layers in one epoch, all together.
struct Layers {
  double weight_norm = 0, dead_filters = 0, largest_gain = Estimate::kNone;
};

Layers layers_in(const std::string& epoch, const RecordedTable& table) {
  Layers all;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (table.cell(row, "epoch") != epoch) continue;
    all.weight_norm = std::hypot(all.weight_norm, table.real(row, "weight_norm"));
    if (table.cell(row, "batch_norm").empty()) continue;
    all.dead_filters += table.real(row, "dead_filters");
    all.largest_gain = std::fmax(all.largest_gain, table.real(row, "largest_gain"));
  }
  return all;
}

using Columns = std::vector<std::pair<std::string, std::string>>;

std::optional<Columns> columns_of(const Group& group, const std::filesystem::path& run) {
  const auto folder = training_folder(run / "training", group.experiment->training_identity());
  const RecordedTable epochs(folder / "theory.csv");
  if (epochs.rows() == 0) return std::nullopt;
  const std::size_t last = epochs.rows() - 1;
  const Layers layers =
      layers_in(epochs.cell(last, "epoch"), RecordedTable(folder / "theory_layers.csv"));
  Columns columns = group.axes;
  for (const char* key :
       {"epoch", "learning_rate", "C", "squared_gradient", "noise_power", "noise_scale"})
    columns.push_back({key, epochs.cell(last, key)});
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
