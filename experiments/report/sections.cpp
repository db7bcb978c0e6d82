// One run: what was asked, what came out, how far it can be trusted, where it comes from.
#include "experiments/report/sections.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/accuracy_figure.hpp"
#include "experiments/figures/axis_figure.hpp"
#include "experiments/figures/curves_figure.hpp"
#include "experiments/figures/heat_maps.hpp"
#include "experiments/figures/panels.hpp"
#include "experiments/figures/pareto_figure.hpp"
#include "experiments/report/result_tables.hpp"
#include "experiments/report/supplement.hpp"
#include "experiments/report/warnings.hpp"
#include "experiments/results/cases.hpp"
#include "experiments/study/metric_words.hpp"
#include "experiments/study/remarks.hpp"
#include "experiments/text/quoting.hpp"

namespace ohmic {
namespace {

Markup paragraph(const Markup& content) { return element("p", content); }

constexpr char kPercent[] = "\u00a0%";

Markup card(const std::string& name, const std::string& value, const std::string& note) {
  return element(
      "div", element("dt", name) + element("dd", value) + element("dd", {{"class", "note"}}, note));
}

// --- headline ---

std::string unit_of(const MetricWords& words) {
  return words.metric().unit == "%" ? kPercent
                                    : words.text_with_unit(0).substr(words.text(0).size());
}

std::string span_text(const MetricWords& words, double least, double most) {
  const std::string from = words.text(least), to = words.text(most);
  return (from == to ? from : from + " to " + to) + unit_of(words);
}

Markup baseline_card(const std::vector<Group>& groups) {
  const auto [least, most] =
      std::minmax_element(groups.begin(), groups.end(),
                          [](const Group& a, const Group& b) { return a.baseline < b.baseline; });
  const MetricWords words(groups.front().experiment);
  return card(words.title() + " without noise", span_text(words, least->baseline, most->baseline),
              fmt::format("{} test images", groups.front().images));
}

Estimate outcome(const Group& group) {
  return std::isnan(group.average.mean) ? group.points.front().summary.value : group.average;
}

/// Higher is better.
double goodness(const Group& group) {
  return MetricWords(group.experiment).metric().sign() * outcome(group).mean;
}

/// Where the best was measured; groups whose intervals overlap its interval are as good.
std::string where_best(const std::vector<Group>& groups, const Group& best) {
  constexpr std::size_t kMostNamed = 3;
  const Estimate most = outcome(best);
  std::vector<std::string> ties;
  for (const Group& group : groups)
    if (&group != &best && outcome(group).hi >= most.lo && outcome(group).lo <= most.hi)
      ties.push_back(group.label());
  std::string text = best.label();
  if (ties.empty()) return text;
  const std::size_t more = ties.size() - std::min(ties.size(), kMostNamed);
  ties.resize(ties.size() - more);
  text += fmt::format("; not told apart from {}", fmt::join(ties, "; "));
  return more == 0 ? text : text + fmt::format(" and {} more", more);
}

Markup outcome_cards(const std::vector<Group>& groups) {
  const auto best =
      std::max_element(groups.begin(), groups.end(),
                       [](const Group& a, const Group& b) { return goodness(a) < goodness(b); });
  const bool averages = std::any_of(groups.begin(), groups.end(),
                                    [](const Group& g) { return !std::isnan(g.average.mean); });
  const MetricWords words(groups.front().experiment);
  const std::string what = averages && words.metric().has_normalized ? "A_avr"
                           : averages                                ? "mean " + words.title()
                                      : words.title() + " on hardware";
  const char* most = words.metric().better == Better::higher ? "highest" : "lowest";
  return baseline_card(groups) + card(groups.size() > 1 ? fmt::format("{} {}", most, what) : what,
                                      words.text(outcome(*best)) + unit_of(words),
                                      where_best(groups, *best));
}

Section headline(const RunRecord& run, const std::vector<Group>& groups) {
  const auto measured = run.measured();
  std::size_t draws = 0;
  for (const MeasuredPoint& p : measured) draws += p.result->draws.size();
  Markup cards =
      card("points measured", fmt::format("{} of {}", measured.size(), run.points.size()),
           fmt::format("{} draws or passes in all", draws));
  if (!groups.empty()) cards += outcome_cards(groups);
  Markup content = element("dl", {{"class", "numbers"}}, cards);
  const std::vector<std::string> warnings = warnings_of(run, groups);
  Markup items;
  for (const std::string& warning : warnings) items += element("li", warning);
  if (!warnings.empty())
    content += element("h3", "Before believing them") +
               element("div", {{"class", "warnings"}}, element("ul", items));
  return {"headline", "Headline numbers", content};
}

// --- results ---

std::string interval_text(const RunRecord& run) {
  return fmt::format("{} intervals over draws of the devices' noise, for these test images",
                     levels_text(experiments_of(run.points)));
}

/// What the columns of accuracy_tables mean.
std::string terms_of(const MetricWords& words, bool without_eta) {
  const std::string in = words.metric().unit.empty() ? "" : "In " + words.metric().unit + ". ",
                    exact = "Devices exact: mapped and converted, without the devices' noise. ";
  if (words.metric().has_normalized)
    return in + (without_eta
                     ? exact + "Normalised: accuracy over accuracy without noise. "
                     : "a_o: accuracy without noise. A_avr: mean of A_x over the η above 0. ");
  return in + (without_eta ? exact : "Means are over the η above 0. ");
}

Section accuracy(const RunRecord& run, const std::vector<Group>& groups, ReportWriter& press) {
  Markup content;
  if (has_accuracy_figure(groups))
    content += press.figure(
        accuracy_figure(groups),
        (MetricWords(groups.front().experiment).metric().has_normalized
             ? "Normalised accuracy A_x = accuracy under noise / accuracy without, against the "
               "noise; "
             : MetricWords(groups.front().experiment).capital_title() + " against the noise; ") +
            interval_text(run) +
            (has_published_curves(groups) ? ". Open circles: published." : "."));
  for (const std::string& key : figure_axes(groups))
    content += press.figure(axis_figure(key, groups),
                            fmt::format("Against {}; {}. A line joins neighbouring values of the "
                                        "sweep and breaks where one was not measured.",
                                        key, interval_text(run)));
  if (const std::vector<HeatMap> maps = heat_maps(groups); !maps.empty())
    content +=
        press.figure(heat_figure("map", maps), "Over two swept keys; ± is half of the " +
                                                   interval_text(run) + ". Empty: not measured.");
  for (const DataTable& table : accuracy_tables(groups)) content += press.table(table);
  const MetricWords words(groups.front().experiment);
  content += paragraph(terms_of(words, etas_of(groups).empty()) + "± is half of the " +
                       interval_text(run) + ".");
  return {run.points.front().experiment.evaluation.metric, words.capital_title() + " under noise",
          content};
}

/// Named cases beside the first one.
Section cases(const RunRecord& run, ReportWriter& press) {
  const std::vector<MeasuredPoint> measured = run.measured();
  const DataTable table = case_table(run.points, measured, run.priced());
  if (table.lines.empty()) return {};
  return {"cases", "Cases", press.table(table) + paragraph(case_legend(measured))};
}

/// Energy, time and area beside the metric.
Section cost(const RunRecord& run, ReportWriter& press) {
  const std::vector<PricedPoint> priced = run.priced();
  if (priced.empty()) return {};
  const MetricWords words(run.points.front().experiment);
  Markup content;
  if (has_pareto_figure(priced))
    content +=
        press.figure(pareto_figure(priced),
                     fmt::format("{} against energy per image; {}. Labels: {}. Steps: "
                                 "the best that an energy buys.",
                                 words.capital_title(), interval_text(run), pareto_labels(priced)));
  content += press.table(pareto_table(priced));
  content += paragraph(fmt::format(
      "Of one image: energy, latency, and the area and number of the tiles; used: devices over "
      "places for them. {} First-order estimates by the constants of [cost]; cost.csv has every "
      "layer and every part.",
      front_legend(priced)));
  const bool has_parts = std::isfinite(priced.front().cost.energy_parts_nJ.total());
  if (has_parts) {
    content += press.table(
        parts_table(priced, "cost-energy", "Parts of the energy:", &Price::energy_parts_nJ));
    content +=
        press.table(parts_table(priced, "cost-area", "Parts of the area:", &Price::area_parts_mm2));
  }
  return {"cost", "Cost", content};
}

// --- hardware and networks ---

Section hardware(const RunRecord& run, ReportWriter& press) {
  const Markup table = press.table(device_table(run));
  if (table.empty()) return {};
  return {
      "devices", "The noise in other units",
      table + paragraph("From the least to the largest over the layers of the first network: SNR = "
                        "1/η, σ_G the std of a device's conductance, bits those of a quantiser "
                        "whose error has this std. Measured: on draw 0, as programmed.")};
}

bool has_batch_norm(const RunRecord& run) {
  return std::ranges::any_of(run.measured(), [](const MeasuredPoint& p) {
    return std::ranges::any_of(p.result->layers,
                               [](const LayerResult& l) { return !l.batch_norm.empty(); });
  });
}

Section layers(const RunRecord& run, ReportWriter& press) {
  const std::vector<DataTable> tables = layer_tables(run);
  if (tables.empty()) return {};
  std::string terms = "σ_noise: the std of what draw 0 adds to a layer's weights, as programmed.";
  if (has_batch_norm(run))
    terms +=
        " Gain: |γ| / sqrt(variance + ε) of the BatchNorm behind a layer, times σ_noise of one "
        "weight; times the norm of an input patch it is the std of the noise behind the "
        "BatchNorm. A filter is dead when its variance is below 1e-6.";
  Markup content = paragraph(terms);
  for (const DataTable& table : tables)
    content += element("details", element("summary", table.caption) + press.table(table));
  return {"layers", "Layers", content};
}

Section curves(const RunRecord& run, ReportWriter& press) {
  std::vector<std::string> panels;
  std::vector<const NetworkRecord*> trained;
  for (const NetworkRecord& n : run.networks)
    if (!n.history.empty()) trained.push_back(&n);
  if (trained.empty()) return {};
  const auto panel_of = [](const NetworkRecord* n) {
    return n->axes.empty() ? "" : panel_name(n->axes);
  };
  for (const NetworkRecord* n : trained) panels.push_back(panel_of(n));
  panels = distinct(panels);
  Markup content;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    std::vector<const NetworkRecord*> members;
    std::copy_if(trained.begin(), trained.end(), std::back_inserter(members),
                 [&](const NetworkRecord* n) { return panel_of(n) == panels[i]; });
    const std::string number = panels.size() > 1 ? fmt::format("_{}", i + 1) : "";
    content += press.figure(curves_figure("learning_curves" + number, members),
                            panels[i].empty() ? "Loss, accuracy and dead filters by epoch."
                                              : panels[i] + ": loss, accuracy, dead filters.");
  }
  content += press.table(training_table(run));
  press.file(curves_table(run));
  return {"training", "Training", content};
}

// --- what is missing, and where it comes from ---

Section missing(const RunRecord& run, ReportWriter& press) {
  const DataTable table = missing_table(run);
  if (table.lines.empty()) return {};
  const std::string folder = shell_word(run.folder.string()),
                    file = shell_word((run.folder / "resolved.toml").string());
  return {
      "missing", "What was not run",
      paragraph(fmt::format("{} of {} points have no result. This command goes on where the run "
                            "stopped:",
                            table.lines.size(), run.points.size())) +
          element("pre", fmt::format("ohmic run {} --out {}", file, folder)) + press.table(table)};
}

}  // namespace

std::vector<Section> run_sections(const RunRecord& run, const std::vector<Group>& groups,
                                  ReportWriter& press) {
  std::vector<Section> sections{headline(run, groups), asked_section(run.points, run.resolved, {})};
  if (!groups.empty()) {
    sections.push_back(accuracy(run, groups, press));
    sections.push_back(cases(run, press));
    sections.push_back(cost(run, press));
    for (const Supplement& supplement : supplements())
      for (Section& section : supplement.sections(groups, press))
        sections.push_back(std::move(section));
    sections.push_back(hardware(run, press));
    sections.push_back(layers(run, press));
  }
  sections.push_back(curves(run, press));
  sections.push_back(missing(run, press));
  sections.push_back(provenance_section(run.provenance));
  std::erase_if(sections, [](const Section& s) { return s.content.empty(); });
  return sections;
}

}  // namespace ohmic
