#include "experiments/budget/sensitivity_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/panels.hpp"
#include "experiments/run/setup.hpp"

namespace ohmic {
namespace {

constexpr int kPanelHeight = 380, kBarWidth = 34, kMargin = 130;

using Layers = std::vector<const LayerSensitivity*>;

Layers ranked(const SensitivityStudy& study) {
  Layers layers;
  for (const LayerSensitivity& l : study.layers) layers.push_back(&l);
  std::stable_sort(layers.begin(), layers.end(),
                   [](const auto* a, const auto* b) { return a->effect() > b->effect(); });
  return layers;
}

double own_dB(const LayerSensitivity& l) { return power_dB(l.output.signal, l.output.own_error); }
double all_dB(const LayerSensitivity& l) { return power_dB(l.output.signal, l.output.error); }

/// JSON has no infinity: a layer without errors has no number.
double finite(double value) { return std::isfinite(value) ? value : Estimate::kNone; }

ResultTable sensitivity_table(const std::vector<SensitivityStudy>& studies) {
  ResultTable table{"sensitivity", axis_columns(*studies.front().point), {}};
  for (const char* column : {"rank", "layer", "eta", "alone_loss", "alone_loss_lo", "alone_loss_hi",
                             "regained", "regained_lo", "regained_hi", "linear_share", "own_snr_dB",
                             "snr_dB", "batch_norm", "filters", "dead_filters", "draws"})
    table.columns.push_back(column);
  for (const SensitivityStudy& study : studies) {
    std::int64_t rank = 0;
    for (const LayerSensitivity* l : ranked(study)) {
      std::vector<Cell> row = axis_cells(*study.point);
      const std::vector<Cell> cells{++rank,
                                    l->noise.layer,
                                    l->noise.measured_eta,
                                    l->alone.mean,
                                    l->alone.lo,
                                    l->alone.hi,
                                    l->regained.mean,
                                    l->regained.lo,
                                    l->regained.hi,
                                    l->linear_share,
                                    finite(own_dB(*l)),
                                    finite(all_dB(*l)),
                                    l->noise.batch_norm,
                                    std::int64_t{l->noise.filters},
                                    std::int64_t{l->noise.dead_filters},
                                    static_cast<std::int64_t>(study.all.draws.size())};
      row.insert(row.end(), cells.begin(), cells.end());
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

TextTable ranking(const SensitivityStudy& study, double confidence) {
  const Estimate all = mean_estimate(study.all.replicates(), confidence);
  TextTable table{
      fmt::format("{}: {} % without noise, {} % with noise in all layers; losses in points of "
                  "accuracy, {:g} % intervals over {} draws:",
                  point_label(*study.point), percent_text(study.all.noise_free()),
                  percent_text(all), 100 * confidence, study.all.draws.size()),
      {{"layer", "lost alone", "regained without", "linear share %", "own SNR dB", "SNR dB",
        "dead filters"}}};
  for (const LayerSensitivity* l : ranked(study))
    table.rows.push_back({l->noise.layer, percent_text(l->alone), percent_text(l->regained),
                          fmt::format("{:.1f}", 100 * l->linear_share),
                          fmt::format("{:.1f}", own_dB(*l)), fmt::format("{:.1f}", all_dB(*l)),
                          l->noise.filters > 0
                              ? fmt::format("{}/{}", l->noise.dead_filters, l->noise.filters)
                              : ""});
  return table;
}

std::string bars(const Estimate& e) {
  const Estimate p = e.scaled(100);
  return fmt::format("{:.4f} {:.4f} {:.4f}", p.mean, p.lo, p.hi);
}

std::string data_block(std::size_t number, const SensitivityStudy& study) {
  std::string text = fmt::format("$s{} << EOD\n", number);
  for (const LayerSensitivity& l : study.layers)
    text += fmt::format("{} {} {}\n", gnuplot_cell(l.noise.layer), bars(l.alone), bars(l.regained));
  return text + "EOD\n";
}

std::string panel(std::size_t number, const SensitivityStudy& study) {
  return fmt::format(
      "set title {1}\nplot $s{0} using 2:3:4:xtic(1) linecolor '{2}' title 'lost with noise in "
      "this layer alone', $s{0} using 5:6:7 linecolor '{3}' title 'regained without its noise'\n",
      number, gnuplot_string(point_label(*study.point)), category_color(0), category_color(3));
}

Figure sensitivity_figure(const std::vector<SensitivityStudy>& studies) {
  std::size_t most = 0;
  for (const SensitivityStudy& study : studies) most = std::max(most, study.layers.size());
  const auto count = static_cast<int>(studies.size());
  Figure figure{"sensitivity",
                kMargin + kBarWidth * static_cast<int>(std::max<std::size_t>(most, 15)),
                count * kPanelHeight, ""};
  for (std::size_t i = 0; i < studies.size(); ++i) figure.script += data_block(i, studies[i]);
  figure.script += frame_style() + key_above();
  figure.script += fmt::format(
      "set style data histograms\nset style histogram errorbars gap 1 linewidth 1; set errorbars "
      "linecolor '#555555'\n"
      "set style fill solid 0.9 noborder; set xtics rotate by 55 right\n"
      "set ylabel 'points of accuracy'\n"
      "set multiplot layout {},1\n",
      count);
  for (std::size_t i = 0; i < studies.size(); ++i) figure.script += panel(i, studies[i]);
  figure.script += "unset multiplot\nreset\n";
  return figure;
}

}  // namespace

AnalysisResult sensitivity_result(const std::vector<SensitivityStudy>& studies,
                                  const BudgetSettings& settings) {
  AnalysisResult result;
  result.heading = "Sensitivity of layers";
  for (const SensitivityStudy& study : studies)
    result.tables.push_back(ranking(study, settings.confidence));
  result.notes.push_back(
      "Ranked by the mean of what a layer loses alone and what is regained without it. SNR is that "
      "of a layer's output behind its BatchNorm: own, with noise in this layer alone; "
      "else with noise in all. Linear share: the layer's part of the loss by linear propagation.");
  result.files = {sensitivity_table(studies)};
  result.figures.push_back(sensitivity_figure(studies));
  return result;
}

}  // namespace ohmic
