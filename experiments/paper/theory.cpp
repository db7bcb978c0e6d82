#include "experiments/paper/theory.hpp"

#include <cmath>
#include <optional>

#include "experiments/measure/files.hpp"
#include "experiments/measure/recorded.hpp"
#include "experiments/measure/run_folder.hpp"
#include "experiments/text/table.hpp"
#include "nn/train/curves.hpp"

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
  int rows = 0;
};

Layers layers_in(const std::string& epoch, const RecordedTable& table) {
  Layers all;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (table.cell(row, "epoch") != epoch) continue;
    ++all.rows;
    all.weight_norm = std::hypot(all.weight_norm, table.real(row, "weight_norm"));
    if (table.cell(row, "batch_norm").empty()) continue;
    all.dead_filters += table.real(row, "dead_filters");
    all.largest_gain = std::fmax(all.largest_gain, table.real(row, "largest_gain"));
  }
  return all;
}

constexpr const char* kNumbers[] = {"learning_rate", "C", "squared_gradient", "noise_power",
                                    "noise_scale"};

/// A finished training has its last epoch, and those before it in their order.
void check_epochs(const RecordedTable& epochs, std::int64_t count,
                  const std::filesystem::path& file) {
  std::int64_t next = 0;
  for (std::size_t row = 0; row < epochs.rows(); ++row) {
    next = epochs.whole(row, "epoch", next, count - 1) + 1;
    for (const char* number : kNumbers) epochs.real(row, number);
  }
  if (next != count)
    say_damaged(file.string(), "its last epoch is not " + std::to_string(count - 1));
}

std::optional<Fields> fields_of(const Group& group, const std::filesystem::path& run) {
  const auto folder = training_folder(run / "training", group.experiment->training_identity());
  const auto file = folder / "theory.csv";
  if (!std::filesystem::exists(file)) return std::nullopt;
  const RecordedTable epochs(file);
  check_epochs(epochs, group.experiment->train.epochs, file);
  const std::size_t last = epochs.rows() - 1;
  const auto layers_file = folder / "theory_layers.csv";
  const RecordedTable of_layers(layers_file);
  const Layers layers = layers_in(epochs.cell(last, "epoch"), of_layers);
  if (layers.rows == 0)
    say_damaged(layers_file.string(), "it says nothing of epoch " + epochs.cell(last, "epoch"));
  for (const auto& curve : {file, layers_file}) check_curve(curve, read_whole(curve));
  Fields fields;
  for (const auto& [key, value] : group.axes) fields.push_back({{key}, value});
  for (const char* key :
       {"epoch", "learning_rate", "C", "squared_gradient", "noise_power", "noise_scale"})
    fields.push_back({{key}, epochs.cell(last, key)});
  fields.push_back({{"mean_noise_power"}, mean_of(epochs, "noise_power")});
  fields.push_back({{"weight_norm"}, layers.weight_norm});
  fields.push_back({{"dead_filters"}, layers.dead_filters});
  fields.push_back({{"largest_gain"}, layers.largest_gain});
  fields.push_back({{"baseline"}, group.baseline});
  fields.push_back({with_interval("average"), group.average});
  return fields;
}

}  // namespace

std::string theory_csv(const std::vector<Group>& groups, const std::filesystem::path& run) {
  DataTable table;
  for (const Group& group : groups)
    if (const auto fields = fields_of(group, run)) table.add(*fields);
  return csv_text(table);
}

}  // namespace ohmic
