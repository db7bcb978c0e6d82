#include "experiments/results/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "experiments/results/cost_tables.hpp"
#include "experiments/results/left_out.hpp"
#include "experiments/study/words.hpp"
#include "experiments/text/text_table.hpp"

namespace ohmic {
namespace {

using Json = nlohmann::ordered_json;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// The measured columns with their names, for both kinds of file.
std::vector<std::pair<std::string, double>> measures(const MeasuredPoint& p) {
  const EvaluationSettings& evaluation = p.point->experiment.evaluation;
  const PointSummary s = summarize(*p.result, evaluation.confidence);
  const std::string& metric = evaluation.metric;
  const Tally tally = p.result->tally();
  std::vector<std::pair<std::string, double>> columns{
      {"images", static_cast<double>(p.result->images)},
      {"draws", static_cast<double>(p.result->draws.size())},
      {"baseline", s.baseline},
      {metric, s.value.mean},
      {metric + "_lo", s.value.lo},
      {metric + "_hi", s.value.hi}};
  const std::pair<std::string, double> normalized[] = {{"normalized", s.normalized.mean},
                                                       {"normalized_lo", s.normalized.lo},
                                                       {"normalized_hi", s.normalized.hi}};
  if (evaluation.choice().metric().has_normalized)
    columns.insert(columns.end(), std::begin(normalized), std::end(normalized));
  columns.insert(columns.end(), {{"std_draws", s.std_draws},
                                 {"noise_free", s.noise_free},
                                 {"dac_clipped", share(tally.dac_clipped, tally.dac_samples)},
                                 {"adc_clipped", share(tally.adc_clipped, tally.adc_samples)},
                                 {"dead_filters", double(p.result->dead_filters())}});
  if (p.cost)
    for (auto& column : cost_columns(p.cost->total)) columns.push_back(std::move(column));
  return columns;
}

std::vector<std::pair<std::string, std::string>> layer_columns(const LayerResult& l) {
  return {{"layer", l.layer},
          {"sigma_w", number_text(l.sigma_w)},
          {"w_max", number_text(l.w_max)},
          {"eta", number_text(l.eta)},
          {"snr", number_text(l.snr)},
          {"snr_dB", number_text(l.snr_dB)},
          {"sigma_G_uS", number_text(l.sigma_G_uS)},
          {"sigma_G_percent", number_text(l.sigma_G_percent)},
          {"bits", number_text(l.bits)},
          {"measured_eta", number_text(l.measured_eta)},
          {"measured_bias", number_text(l.measured_bias)},
          {"signed_bias", number_text(l.signed_bias)},
          {"batch_norm", l.batch_norm},
          {"filters", l.batch_norm.empty() ? "" : fmt::format("{}", l.filters)},
          {"dead_filters", l.batch_norm.empty() ? "" : fmt::format("{}", l.dead_filters)},
          {"smallest_variance", number_text(l.smallest_variance)},
          {"largest_gain", number_text(l.largest_gain)},
          {"median_gain", number_text(l.median_gain)},
          {"unused_adc_bits", number_text(l.unused_adc_bits)}};
}

Row axis_keys(const Point& point) {
  Row row;
  for (const auto& axis : point.axes) row.push_back(axis.first);
  return row;
}

Row axis_values(const Point& point) {
  Row row;
  for (const auto& axis : point.axes) row.push_back(plain_text(axis.second));
  return row;
}

Json to_json(const Value& value) {
  if (const auto* b = std::get_if<bool>(&value.data)) return *b;
  if (const auto* i = std::get_if<std::int64_t>(&value.data)) return *i;
  if (const auto* d = std::get_if<double>(&value.data)) return *d;
  return plain_text(value);
}

Json axes_object(const Point& point) {
  Json axes = Json::object();
  for (const auto& [key, value] : point.axes) axes[key] = to_json(value);
  return axes;
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

std::string results_csv(const std::vector<MeasuredPoint>& points) {
  return results_csv(points, {});
}

std::string results_csv(const std::vector<MeasuredPoint>& points,
                        const std::vector<LeftOutPoint>& left_out) {
  std::map<const Point*, Row> rows;
  Row measured;  // the columns between axes and identity
  for (const MeasuredPoint& p : points) {
    Row& row = rows[p.point] = axis_values(*p.point);
    measured.clear();
    for (const auto& [key, value] : measures(p)) {
      measured.push_back(key);
      row.push_back(number_text(value));
    }
    row.push_back(p.result->identity);
    if (!left_out.empty()) row.push_back("measured");
  }
  for (const LeftOutPoint& p : left_out) {
    Row& row = rows[p.point] = axis_values(*p.point);
    row.resize(row.size() + measured.size());
    row.push_back(p.identity);
    row.push_back("diverged");
  }
  if (rows.empty()) return "";
  Row keys = axis_keys(*rows.begin()->first);
  keys.insert(keys.end(), measured.begin(), measured.end());
  keys.push_back("identity");
  if (!left_out.empty()) keys.push_back("status");
  std::string csv = csv_line(keys);
  for (const auto& [point, row] : rows) csv += csv_line(row);
  return csv;
}

std::string results_jsonl(const std::vector<MeasuredPoint>& points) {
  return results_jsonl(points, {});
}

std::string results_jsonl(const std::vector<MeasuredPoint>& points,
                          const std::vector<LeftOutPoint>& left_out) {
  std::map<const Point*, std::string> lines;
  for (const MeasuredPoint& p : points) {
    Json line = axes_object(*p.point);
    for (const auto& [key, value] : measures(p)) line[key] = value;
    line["identity"] = p.result->identity;
    if (p.training) line["training"] = *p.training;
    const bool is_accuracy = p.point->experiment.evaluation.metric == "accuracy";
    line[is_accuracy ? "accuracies" : "values"] = values_of_draws(*p.result);
    if (p.warnings) line["warnings"] = *p.warnings;
    lines[p.point] = line.dump() + "\n";
  }
  for (const LeftOutPoint& p : left_out) {
    Json line = axes_object(*p.point);
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

std::string axes_json(const Point& point) { return axes_object(point).dump(); }

std::string layers_csv(const std::vector<MeasuredPoint>& points) {
  std::string csv;
  for (const MeasuredPoint& p : points)
    for (const LayerResult& layer : p.result->layers) {
      Row keys = axis_keys(*p.point), row = axis_values(*p.point);
      for (const auto& [key, value] : layer_columns(layer)) {
        keys.push_back(key);
        row.push_back(value);
      }
      if (csv.empty()) csv = csv_line(keys);
      csv += csv_line(row);
    }
  return csv;
}

}  // namespace ohmic
