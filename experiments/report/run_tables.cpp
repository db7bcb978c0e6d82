// Tables of devices, layers, training, and of what was not run.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/figures/panels.hpp"
#include "experiments/measure/networks.hpp"
#include "experiments/report/result_tables.hpp"

namespace ohmic {
namespace {

constexpr double kEta = 0.1;

std::string short_number(double value) {
  return std::isnan(value) ? "" : without_signed_zero(fmt::format("{:.3g}", value));
}

double eta_of(const PointResult& result) {
  return result.layers.empty() ? Estimate::kNone : result.layers.front().eta;
}

// --- devices ---

/// Swept keys that decide what a device does.
Axes device_axes(const Point& point) {
  Axes axes = text_axes(point);
  std::erase_if(axes, [](const auto& axis) {
    return axis.first != "preset" && !axis.first.starts_with("device.") &&
           !axis.first.starts_with("mapping.");
  });
  return axes;
}

/// "0.41", or "0.38 to 0.44" where layers differ.
std::string range_text(const PointResult& result, double LayerResult::*number) {
  double least = Estimate::kNone, most = Estimate::kNone;
  for (const LayerResult& layer : result.layers) {
    const double value = layer.*number;
    if (std::isnan(value)) continue;
    least = std::isnan(least) ? value : std::min(least, value);
    most = std::isnan(most) ? value : std::max(most, value);
  }
  const std::string from = short_number(least), to = short_number(most);
  return from == to ? from : from + " to " + to;
}

constexpr std::pair<const char*, double LayerResult::*> kDeviceColumns[] = {
    {"η", &LayerResult::eta},
    {"SNR (dB)", &LayerResult::snr_dB},
    {"σ_G (µS)", &LayerResult::sigma_G_uS},
    {"σ_G / g_max (%)", &LayerResult::sigma_G_percent},
    {"bits", &LayerResult::bits},
    {"η measured", &LayerResult::measured_eta},
    {"bias along sign(w) / σ_w", &LayerResult::signed_bias}};

// --- layers ---

/// Of each trained or given network, its finished point whose eta is nearest to 10 %.
std::vector<MeasuredPoint> one_point_per_network(const RunRecord& run) {
  std::vector<std::string> identities;
  std::vector<MeasuredPoint> points;
  const auto away = [](const MeasuredPoint& p) { return std::abs(eta_of(*p.result) - kEta); };
  for (const MeasuredPoint& p : run.measured()) {
    const std::size_t at = index_of(identities, p.point->experiment.training_identity());
    if (at == identities.size()) {
      identities.push_back(p.point->experiment.training_identity());
      points.push_back(p);
    } else if (away(p) < away(points[at])) {
      points[at] = p;
    }
  }
  return points;
}

ReportTable::Line layer_line(const LayerResult& l) {
  const double sigma_noise = l.measured_eta * l.sigma_w;
  return {{TableCell(l.layer), TableCell(short_number(l.sigma_w)), TableCell(short_number(l.w_max)),
           TableCell(short_number(sigma_noise)),
           TableCell(l.batch_norm.empty() ? "" : fmt::format("{} / {}", l.dead_filters, l.filters)),
           TableCell(short_number(l.smallest_variance)),
           TableCell(short_number(l.median_gain * sigma_noise)),
           TableCell(short_number(l.largest_gain * sigma_noise)),
           TableCell(short_number(std::abs(l.unused_adc_bits) < 1e-9 ? 0.0 : l.unused_adc_bits))},
          ""};
}

ReportTable layer_table(const MeasuredPoint& p, std::size_t number) {
  ReportTable table{fmt::format("layers_{}", number), "", {}, 1, {}};
  const double eta = eta_of(*p.result);
  const std::string of = axes_words(network_axes(*p.point));
  table.caption = of.empty() ? network_words(p.point->experiment) : of;
  if (!std::isnan(eta)) table.caption += fmt::format(", noise at η = {:g} %", 100 * eta);
  table.header = {"layer",        "σ_w",           "max |w|",
                  "σ_noise",      "dead filters",  "smallest var.",
                  "gain, median", "gain, largest", "unused ADC bits"};
  for (const LayerResult& l : p.result->layers) table.lines.push_back(layer_line(l));
  table.drop_empty_columns();
  return table;
}

// --- training and what is missing ---

std::string label_of(const NetworkRecord& network) {
  const std::string axes = axes_words(network.axes);
  return axes.empty() ? network_words(*network.experiment) : axes;
}

const NetworkRecord* network_for(const RunRecord& run, const Experiment& e) {
  const std::string identity = e.training_identity();
  for (const NetworkRecord& n : run.networks)
    if (n.identity == identity) return &n;
  return nullptr;
}

std::string why_missing(const RunRecord& run, std::size_t index) {
  const Experiment& e = run.points[index].experiment;
  if (const auto why = divergence_of(e, run.folder / "training")) return "its training " + *why;
  if (run.logged_draws[index] > 0) {
    const std::int64_t planned =
        e.evaluation.stop ? e.evaluation.stop->max_draws : e.evaluation.draws;
    return fmt::format("stopped after draw {} of {}{}", run.logged_draws[index],
                       e.evaluation.stop ? "at most " : "", planned);
  }
  const NetworkRecord* network = network_for(run, e);
  if (!network) return "not begun";
  const auto done = static_cast<std::int64_t>(network->history.size());
  if (done == e.train.epochs) return "not begun; its network is trained";
  return done == 0 ? "its network is not trained yet"
                   : fmt::format("its network stands at epoch {} of {}", done, e.train.epochs);
}

}  // namespace

ReportTable device_table(const RunRecord& run) {
  ReportTable table{"devices", "", {}, 0, {}};
  std::set<std::string> seen;
  for (const MeasuredPoint& p : run.measured()) {
    Axes axes = device_axes(*p.point);
    if (!seen.insert(axes_words(axes)).second || p.result->layers.empty()) continue;
    std::erase_if(axes, [](const auto& axis) { return axis.first == kEtaKey; });
    ReportTable::Line line;
    for (const auto& axis : axes) line.cells.emplace_back(axis.second);
    for (const auto& [title, number] : kDeviceColumns)
      line.cells.emplace_back(range_text(*p.result, number));
    if (table.lines.empty()) {
      for (const auto& axis : axes)
        table.header.push_back(key_title(axis.first, &p.point->experiment));
      for (const auto& [title, number] : kDeviceColumns) table.header.push_back(title);
      table.labels = axes.size();
    }
    table.lines.push_back(std::move(line));
  }
  table.drop_empty_columns();
  return table;
}

std::vector<ReportTable> layer_tables(const RunRecord& run) {
  std::vector<ReportTable> tables;
  for (const MeasuredPoint& p : one_point_per_network(run))
    if (!p.result->layers.empty()) tables.push_back(layer_table(p, tables.size() + 1));
  return tables;
}

ReportTable curves_table(const RunRecord& run) {
  ReportTable table{"learning_curves",
                    "",
                    {"network", "identity", "epoch", "loss", "accuracy", "test_accuracy",
                     "learning_rate", "dead_filters"},
                    3,
                    {}};
  for (const NetworkRecord& n : run.networks)
    for (const EpochReport& r : n.history)
      table.lines.push_back(
          {{TableCell(label_of(n)), TableCell(n.identity.substr(0, 12)),
            TableCell(std::to_string(r.epoch + 1)), TableCell(number_text(r.loss)),
            TableCell(number_text(r.accuracy)),
            TableCell(r.test_accuracy < 0 ? "" : number_text(r.test_accuracy)),
            TableCell(number_text(r.learning_rate)), TableCell(std::to_string(r.dead_filters))},
           ""});
  return table;
}

ReportTable training_table(const RunRecord& run) {
  ReportTable table{
      "training",
      "",
      {"network", "epochs", "loss", "accuracy (%)", "test accuracy (%)", "dead filters", "folder"},
      1,
      {}};
  for (const NetworkRecord& n : run.networks) {
    if (n.history.empty()) continue;
    const EpochReport& last = n.history.back();
    table.lines.push_back(
        {{TableCell(label_of(n)), TableCell(fmt::format("{} / {}", n.history.size(), last.epochs)),
          TableCell(fmt::format("{:.4f}", last.loss)), TableCell(percent_text(last.accuracy)),
          TableCell(last.test_accuracy < 0 ? "" : percent_text(last.test_accuracy)),
          TableCell(std::to_string(last.dead_filters)),
          TableCell("training/" + n.identity.substr(0, 12))},
         ""});
  }
  return table;
}

ReportTable missing_table(const RunRecord& run) {
  ReportTable table{"not_run", "", {"point", "state"}, 1, {}};
  for (std::size_t i = 0; i < run.points.size(); ++i) {
    if (run.results[i]) continue;
    const std::string label = axes_words(text_axes(run.points[i]));
    table.lines.push_back(
        {{TableCell(label.empty() ? "the only point" : label), TableCell(why_missing(run, i))},
         ""});
  }
  return table;
}

}  // namespace ohmic
