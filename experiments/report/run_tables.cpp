// Tables of devices, layers, training, and of what was not run.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/figures/panels.hpp"
#include "experiments/measure/networks.hpp"
#include "experiments/report/result_tables.hpp"
#include "experiments/results/converter_bits.hpp"

namespace ohmic {
namespace {

constexpr double kEta = 0.1;

constexpr Digits kShort = Digits::general(3);

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
  const std::string from = kShort.text(least), to = kShort.text(most);
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

DataTable layer_table(const MeasuredPoint& p, std::size_t number) {
  DataTable table{fmt::format("layers_{}", number)};
  const double eta = eta_of(*p.result);
  const std::string of = axes_words(network_axes(*p.point));
  table.caption = of.empty() ? network_words(p.point->experiment) : of;
  if (!std::isnan(eta)) table.caption += fmt::format(", noise at η = {:g} %", 100 * eta);
  table.append({titled("layer"), titled("σ_w", kShort), titled("max |w|", kShort),
                titled("σ_noise", kShort), titled("dead filters"), titled("smallest var.", kShort),
                titled("gain, median", kShort), titled("gain, largest", kShort),
                titled("unused ADC bits", kShort), titled("error of products, LSB", kShort),
                titled("writes per device", kShort), titled("DAC bits"), titled("ADC bits")});
  const NetworkPeriphery& all = p.point->experiment.periphery;
  const bool differ = all.has_own();
  for (const LayerResult& l : p.result->layers) {
    const Periphery around = differ ? all.of(l.layer) : Periphery{};
    const double sigma_noise = l.measured_eta * l.sigma_w;
    table.add({l.layer, l.sigma_w, l.w_max, sigma_noise,
               l.batch_norm.empty() ? "" : fmt::format("{} / {}", l.dead_filters, l.filters),
               l.smallest_variance, l.median_gain * sigma_noise, l.largest_gain * sigma_noise,
               std::abs(l.unused_adc_bits) < 1e-9 ? 0.0 : l.unused_adc_bits, l.products_error_lsb,
               l.writes_per_device, bits_cell(around.dac), bits_cell(around.adc)});
  }
  table.drop_empty_columns();
  return table;
}

// --- training and what is missing ---

std::string label_of(const NetworkRecord& network) {
  const std::string axes = axes_words(network.axes);
  return axes.empty() ? network_words(*network.experiment) : axes;
}

/// NaN where no test images were looked at.
double test_accuracy(const EpochReport& r) {
  return r.test_accuracy < 0 ? Estimate::kNone : r.test_accuracy;
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

DataTable device_table(const RunRecord& run) {
  DataTable table{"devices"};
  std::set<std::string> seen;
  for (const MeasuredPoint& p : run.measured()) {
    Axes axes = device_axes(*p.point);
    if (!seen.insert(axes_words(axes)).second || p.result->layers.empty()) continue;
    std::erase_if(axes, [](const auto& axis) { return axis.first == kEtaKey; });
    Fields row;
    for (const auto& [key, value] : axes)
      row.push_back({titled(key_title(key, &p.point->experiment)), value});
    for (const auto& [title, number] : kDeviceColumns)
      row.push_back({titled(title), range_text(*p.result, number)});
    table.labels = axes.size();
    table.add(row);
  }
  table.drop_empty_columns();
  return table;
}

std::vector<DataTable> layer_tables(const RunRecord& run) {
  std::vector<DataTable> tables;
  for (const MeasuredPoint& p : one_point_per_network(run))
    if (!p.result->layers.empty()) tables.push_back(layer_table(p, tables.size() + 1));
  return tables;
}

DataTable curves_table(const RunRecord& run) {
  DataTable table{"learning_curves"};
  for (const char* title : {"network", "identity", "epoch", "loss", "accuracy", "test_accuracy",
                            "learning_rate", "dead_filters"})
    table.append({titled(title)});
  for (const NetworkRecord& n : run.networks)
    for (const EpochReport& r : n.history)
      table.add({label_of(n), n.identity.substr(0, 12), r.epoch + 1, r.loss, r.accuracy,
                 test_accuracy(r), r.learning_rate, r.dead_filters});
  return table;
}

DataTable training_table(const RunRecord& run) {
  DataTable table{"training"};
  table.append({titled("network"), titled("epochs"), titled("loss", Digits::fixed(4)),
                titled("accuracy (%)", kPercent), titled("test accuracy (%)", kPercent),
                titled("dead filters"), titled("folder")});
  for (const NetworkRecord& n : run.networks) {
    if (n.history.empty()) continue;
    const EpochReport& last = n.history.back();
    table.add({label_of(n), fmt::format("{} / {}", n.history.size(), last.epochs),
               std::isnan(last.loss) ? Cell("nan") : Cell(last.loss), last.accuracy,
               test_accuracy(last), last.dead_filters, "training/" + n.identity.substr(0, 12)});
  }
  return table;
}

DataTable missing_table(const RunRecord& run) {
  DataTable table{"not_run", "", {titled("point"), titled("state")}};
  for (std::size_t i = 0; i < run.points.size(); ++i) {
    if (run.results[i]) continue;
    const std::string label = axes_words(text_axes(run.points[i]));
    table.add({label.empty() ? "the only point" : label, why_missing(run, i)});
  }
  return table;
}

}  // namespace ohmic
