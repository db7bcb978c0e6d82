#include "experiments/results/tables.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "experiments/results/axis_columns.hpp"
#include "experiments/results/converter_bits.hpp"
#include "experiments/results/cost_tables.hpp"
#include "experiments/results/left_out.hpp"
#include "experiments/statistics/share.hpp"
#include "experiments/study/metric_words.hpp"
#include "experiments/text/table_json.hpp"

namespace ohmic {
namespace {

using Json = nlohmann::ordered_json;

void append(Fields& fields, const Fields& more) {
  fields.insert(fields.end(), more.begin(), more.end());
}

/// What was measured, for both kinds of file: cells of the first result_columns.
Fields measures(const MeasuredPoint& p) {
  const EvaluationSettings& evaluation = p.point->experiment.evaluation;
  const PointSummary s = summarize(*p.result, evaluation.confidence);
  const Tally tally = p.result->tally();
  std::vector<Cell> cells{static_cast<double>(p.result->images),
                          static_cast<double>(p.result->draws.size()), s.baseline, s.value};
  if (evaluation.choice().metric().has_normalized) cells.emplace_back(s.normalized);
  cells.insert(cells.end(),
               {s.std_draws, s.noise_free, share(tally.dac_clipped, tally.dac_samples),
                share(tally.adc_clipped, tally.adc_samples), double(p.result->dead_filters())});
  if (p.cost)
    for (auto& field : cost_fields(p.cost->total)) cells.push_back(std::move(field.second));
  const std::vector<Column> columns = result_columns(p.point->experiment);
  Fields fields;
  for (std::size_t i = 0; i < cells.size(); ++i) fields.push_back({columns[i], cells[i]});
  return fields;
}

/// The columns of cost_fields as axes of a figure.
std::vector<Column> cost_columns() {
  static const std::map<std::string, std::string> titles{
      {"utilization", "used devices (%)"},
      {"adcs", "ADCs"},
      {"mvms", "MVMs per image"},
      {"dac_conversions", "DAC conversions per image"},
      {"adc_conversions", "ADC conversions per image"},
      {"energy_nJ", "energy per image (nJ)"},
      {"latency_us", "latency per image (µs)"},
      {"area_mm2", "area (mm²)"}};
  std::vector<Column> columns;
  for (const auto& [column, cell] : cost_fields({})) {
    columns.push_back(column);
    const auto title = titles.find(column.key.value_or(""));
    if (title != titles.end()) columns.back().title = title->second;
  }
  for (Column& column : columns)
    for (const CostPart& part : kCostParts) {
      if (column.key == energy_key(part.name))
        column.title = fmt::format("energy per image, {} (nJ)", part.name);
      if (column.key == area_key(part.name))
        column.title = fmt::format("area, {} (mm²)", part.name);
    }
  return columns;
}

Fields layer_fields(const LayerResult& l) {
  const bool is_normed = !l.batch_norm.empty();
  return {{{"layer"}, l.layer},
          {{"sigma_w"}, l.sigma_w},
          {{"w_max"}, l.w_max},
          {{"eta"}, l.eta},
          {{"snr"}, l.snr},
          {{"snr_dB"}, l.snr_dB},
          {{"sigma_G_uS"}, l.sigma_G_uS},
          {{"sigma_G_percent"}, l.sigma_G_percent},
          {{"bits"}, l.bits},
          {{"measured_eta"}, l.measured_eta},
          {{"measured_bias"}, l.measured_bias},
          {{"signed_bias"}, l.signed_bias},
          {{"batch_norm"}, l.batch_norm},
          {{"filters"}, is_normed ? Cell(l.filters) : Cell()},
          {{"dead_filters"}, is_normed ? Cell(l.dead_filters) : Cell()},
          {{"smallest_variance"}, l.smallest_variance},
          {{"largest_gain"}, l.largest_gain},
          {{"median_gain"}, l.median_gain},
          {{"unused_adc_bits"}, l.unused_adc_bits},
          {{"products_error_lsb"}, l.products_error_lsb},
          {{"writes_per_device"}, l.writes_per_device}};
}

/// Bits of the layer's own converters.
Fields converter_fields(const Experiment& experiment, const std::string& layer) {
  const Periphery around = experiment.periphery.of(layer);
  return {{{"dac_bits"}, bits_cell(around.dac)}, {{"adc_bits"}, bits_cell(around.adc)}};
}

/// Every draw's value, a count over all answers rounded once.
Json values_of_draws(const PointResult& result) {
  Json values = Json::array();
  const Replicates replicates = result.replicates();
  const std::int64_t answers = result.all_answers();
  for (std::size_t d = 0; d < result.draws.size(); ++d) {
    const std::vector<double>& scores = result.draws[d].scores;
    const double right = std::accumulate(scores.begin(), scores.end(), 0.0);
    values.push_back(result.metric->counts ? right / static_cast<double>(answers)
                                           : replicates.total(static_cast<std::int64_t>(d)));
  }
  return values;
}

}  // namespace

std::vector<Column> result_columns(const Experiment& experiment) {
  const MetricWords words(experiment);
  const Digits digits = words.digits();
  const std::string of = words.title();
  std::vector<Column> columns{{"images", "test samples"},
                              {"draws", "draws"},
                              {"baseline", words.axis(of + " without noise"), digits},
                              with_interval(experiment.evaluation.metric, words.axis(), digits)};
  if (words.metric().has_normalized)
    columns.push_back(with_interval("normalized", words.over_eta_axis(), kPercent));
  for (const Column& column :
       {Column{"std_draws", words.axis("std of " + of + " over draws"), digits},
        Column{"noise_free", words.axis(of + " with exact devices"), digits},
        Column{"dac_clipped", "inputs beyond the DACs (%)", kPercent},
        Column{"adc_clipped", "outputs beyond the ADCs (%)", kPercent},
        Column{"dead_filters", "dead filters (number)"}})
    columns.push_back(column);
  for (Column& column : cost_columns()) columns.push_back(std::move(column));
  return columns;
}

std::string results_csv(const std::vector<MeasuredPoint>& points) {
  return results_csv(points, {});
}

std::string results_csv(const std::vector<MeasuredPoint>& points,
                        const std::vector<LeftOutPoint>& left_out) {
  std::map<const Point*, Fields> rows;
  Fields unknown;  // between axes and identity
  const auto add = [&](const Point& point, const Fields& measured, const std::string& identity,
                       const char* status) {
    Fields& row = rows[&point] = axis_fields(point);
    append(row, measured);
    row.push_back({{"identity"}, identity});
    if (!left_out.empty()) row.push_back({{"status"}, status});
  };
  for (const MeasuredPoint& p : points) {
    const Fields measured = measures(p);
    add(*p.point, measured, p.result->identity, "measured");
    unknown.clear();
    for (const auto& field : measured) unknown.push_back({field.first, {}});
  }
  for (const LeftOutPoint& p : left_out) add(*p.point, unknown, p.identity, "diverged");
  DataTable table;
  for (const auto& row : rows) table.add(row.second);
  return csv_text(table);
}

std::string results_jsonl(const std::vector<MeasuredPoint>& points) {
  return results_jsonl(points, {});
}

std::string results_jsonl(const std::vector<MeasuredPoint>& points,
                          const std::vector<LeftOutPoint>& left_out) {
  std::map<const Point*, std::string> lines;
  for (const MeasuredPoint& p : points) {
    Fields fields = axis_fields(*p.point);
    append(fields, measures(p));
    Json line = json_of(fields);
    line["identity"] = p.result->identity;
    if (p.training) line["training"] = *p.training;
    const bool is_accuracy = p.point->experiment.evaluation.metric == "accuracy";
    line[is_accuracy ? "accuracies" : "values"] = values_of_draws(*p.result);
    if (p.warnings) line["warnings"] = *p.warnings;
    lines[p.point] = line.dump() + "\n";
  }
  for (const LeftOutPoint& p : left_out) {
    Json line = json_of(axis_fields(*p.point));
    line["identity"] = p.identity;
    line["training"] = p.training;
    line["status"] = "diverged";
    line["reason"] = p.reason;
    lines[p.point] = line.dump() + "\n";
  }
  std::string text;
  for (const auto& line : lines) text += line.second;
  return text;
}

std::string axes_json(const Point& point) { return json_of(axis_fields(point)).dump(); }

std::string layers_csv(const std::vector<MeasuredPoint>& points) {
  DataTable table;
  const bool with_converters = std::ranges::any_of(
      points, [](const MeasuredPoint& p) { return p.point->experiment.periphery.has_own(); });
  for (const MeasuredPoint& p : points)
    for (const LayerResult& layer : p.result->layers) {
      Fields row = axis_fields(*p.point);
      append(row, layer_fields(layer));
      if (with_converters) append(row, converter_fields(p.point->experiment, layer.layer));
      table.add(row);
    }
  return csv_text(table);
}

}  // namespace ohmic
