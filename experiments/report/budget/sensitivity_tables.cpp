#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/answers.hpp"
#include "experiments/statistics/order.hpp"

namespace ohmic {
namespace {

using Layers = std::vector<const LayerSensitivity*>;

Layers ranked(const SensitivityStudy& study) {
  Layers layers;
  for (const LayerSensitivity& l : study.layers) layers.push_back(&l);
  std::stable_sort(layers.begin(), layers.end(),
                   [](const auto* a, const auto* b) { return a->effect() > b->effect(); });
  return layers;
}

/// The interval of effect(): no wider than the halves of both together.
Interval effect_range(const LayerSensitivity& l) {
  return {(l.alone.lo + l.regained.lo) / 2, (l.alone.hi + l.regained.hi) / 2};
}

std::vector<Interval> effect_ranges(const Layers& layers) {
  std::vector<Interval> ranges;
  for (const LayerSensitivity* l : layers) ranges.push_back(effect_range(*l));
  return ranges;
}

double own_dB(const LayerSensitivity& l) { return power_dB(l.output.signal, l.output.own_error); }
double all_dB(const LayerSensitivity& l) { return power_dB(l.output.signal, l.output.error); }

/// A layer without errors has no number.
double finite(double value) { return std::isfinite(value) ? value : Estimate::kNone; }

bool any_layer(const std::vector<SensitivityStudy>& studies, const auto& has) {
  return std::ranges::any_of(studies, [&](const SensitivityStudy& study) {
    return std::ranges::any_of(study.layers, has);
  });
}

/// What the columns of ranking() mean.
std::string terms_of(const std::vector<SensitivityStudy>& studies) {
  std::string text =
      "Ordered by the mean of what a layer loses alone and what is regained without it. Layers "
      "whose intervals of that overlap are ties: a place says after how many layers that surely "
      "matter more, and before how many that surely matter less, a layer comes.";
  const bool normed =
      any_layer(studies, [](const LayerSensitivity& l) { return l.noise.filters > 0; });
  if (any_layer(studies, [](const LayerSensitivity& l) { return std::isfinite(all_dB(l)); }))
    text += fmt::format(
        " SNR is that of a layer's output{}: own, with noise in this layer alone; else with noise "
        "in all.",
        normed ? " behind its BatchNorm" : "");
  if (any_layer(studies, [](const LayerSensitivity& l) { return !std::isnan(l.linear_share); }))
    text +=
        " Linear share: the layer's part of the loss of accuracy by linear propagation, which "
        "serves no other metric.";
  return text;
}

DataTable ranking(const SensitivityStudy& study, double confidence) {
  const Estimate all = mean_estimate(study.all.replicates(), confidence);
  const MetricWords words(study.point->experiment);
  const Digits digits = words.digits();
  DataTable table{
      "sensitivity",
      fmt::format(
          "{}: baseline {}, {} mapped without noise, {} with noise in all layers; losses in "
          "{}, {:g} % intervals over {} draws:",
          point_title(*study.point), words.text_with_unit(study.all.baseline()),
          words.text_with_unit(study.all.noise_free()), words.column(words.text(all)),
          words.loss_unit(), 100 * confidence, study.all.draws.size()),
      axis_keys(*study.point)};
  table.append({{"rank", "place"},
                {"rank_last"},
                {"layer", "layer"},
                {"eta"},
                {"baseline"},
                {"noise_free"},
                {words.metric().name},
                with_interval("alone_loss", "lost alone", digits),
                with_interval("regained", "regained without", digits),
                {"linear_share", "linear share %", Digits::fixed(1, 100)},
                {"own_snr_dB", "own SNR dB", Digits::fixed(1)},
                {"snr_dB", "SNR dB", Digits::fixed(1)},
                {"batch_norm"},
                {"filters"},
                {"dead_filters", "dead filters"},
                {"draws"}});
  const Layers layers = ranked(study);
  const std::vector<Interval> ranges = effect_ranges(layers);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerSensitivity* l = layers[i];
    const Places places = places_of(i, ranges);
    const LayerResult& noise = l->noise;
    table.add(axis_cells(*study.point),
              {{places.first, places.text()},
               places.last,
               noise.layer,
               noise.measured_eta,
               study.all.baseline(),
               study.all.noise_free(),
               study.all.value(),
               l->alone,
               l->regained,
               l->linear_share,
               finite(own_dB(*l)),
               finite(all_dB(*l)),
               noise.batch_norm,
               noise.filters,
               {noise.dead_filters,
                noise.filters > 0 ? fmt::format("{}/{}", noise.dead_filters, noise.filters) : ""},
               study.all.draws.size()});
  }
  table.drop_empty_columns();
  return table;
}

Figure sensitivity_figure(const std::vector<SensitivityStudy>& studies) {
  constexpr double kWidth = 0.38;
  Plot plot{"sensitivity", "", {}};
  plot.most_columns = 1;
  for (const SensitivityStudy& study : studies) {
    const MetricWords words(study.point->experiment);
    Series alone{"lost with noise in this layer alone", {kAlone}, {}},
        regained{"regained without its noise", {kGivenBack}, {}};
    alone.style.bar = regained.style.bar = kWidth;
    std::vector<std::string> names;
    for (const LayerSensitivity& l : study.layers) {
      const auto x = static_cast<double>(names.size());
      alone.data.push_back(datum(x - kWidth / 2, l.alone, words.factor()));
      regained.data.push_back(datum(x + kWidth / 2, l.regained, words.factor()));
      names.push_back(l.noise.layer);
    }
    Panel panel{point_title(*study.point), layer_axis(names), {words.loss_axis()}};
    panel.series = {alone, regained};
    plot.panel_width = std::max(plot.panel_width, bar_width(names.size()));
    plot.panels.push_back(std::move(panel));
  }
  return figure_of(plot);
}

}  // namespace

AnalysisResult sensitivity_result(const std::vector<SensitivityStudy>& studies,
                                  const BudgetSettings& settings) {
  AnalysisResult result;
  result.heading = "Sensitivity of layers";
  for (const SensitivityStudy& study : studies)
    result.tables.push_back(ranking(study, settings.confidence));
  result.notes.push_back(terms_of(studies));
  result.figures.push_back(sensitivity_figure(studies));
  return result;
}

}  // namespace ohmic
