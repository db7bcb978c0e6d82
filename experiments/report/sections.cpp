// One run: what was asked, what came out, how far it can be trusted, where it comes from.
#include "experiments/report/sections.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/accuracy_figure.hpp"
#include "experiments/figures/axis_figure.hpp"
#include "experiments/figures/curves_figure.hpp"
#include "experiments/figures/panels.hpp"
#include "experiments/figures/rate_figures.hpp"
#include "experiments/report/result_tables.hpp"
#include "experiments/report/warnings.hpp"
#include "experiments/results/quoting.hpp"
#include "experiments/results/verdict.hpp"

namespace ohmic {
namespace {

Markup paragraph(const Markup& content) { return element("p", content); }

constexpr char kPercent[] = "\u00a0%";

using Facts = std::vector<std::pair<std::string, Markup>>;

Markup fact_list(const Facts& facts) {
  Markup list;
  for (const auto& [name, value] : facts) list += element("dt", name) + element("dd", value);
  return element("dl", {{"class", "facts"}}, list);
}

Markup card(const std::string& name, const std::string& value, const std::string& note) {
  return element(
      "div", element("dt", name) + element("dd", value) + element("dd", {{"class", "note"}}, note));
}

// --- what was asked ---

std::string swept_values(const RunRecord& run, const std::string& key) {
  std::vector<std::string> values;
  for (const Point& point : run.points)
    for (const auto& [k, value] : point.axes)
      if (k == key) values.push_back(plain_text(value));
  return fmt::format("{}", fmt::join(distinct(values), ", "));
}

std::string network_text(const Experiment& e) {
  const std::string what =
      fmt::format("{} ({} layout, width {})", e.model.name, e.model.layout, e.model.width);
  if (!e.model.weights.empty()) return what + ", weights " + e.model.weights;
  return fmt::format("{}, trained here: {} epochs of {}, batch {}, L2 {}", what, e.train.epochs,
                     e.train.optimizer, e.train.batch, e.train.l2);
}

std::string evaluation_text(const Experiment& e) {
  const EvaluationSettings& s = e.evaluation;
  const std::string many =
      s.stop ? fmt::format("until the interval is within ± {:g} points, at most {}",
                           100 * s.stop->half_width, s.stop->max_draws)
             : fmt::format("{}", s.draws);
  if (s.estimator == Estimator::per_draw)
    return fmt::format("chips programmed per point, each seeing all test images: {}", many);
  return fmt::format("passes over the test images, a chip programmed for every {}: {}", s.batch,
                     many);
}

std::string images_text(const Experiment& e) { return e.data.name; }

std::string device_text(const Experiment& e) {
  return e.preset.empty() ? e.device_model : e.device_model + ", preset " + e.preset;
}

Section asked(const RunRecord& run) {
  const auto all = [&](std::string (*text)(const Experiment&)) {
    std::vector<std::string> texts;
    for (const Point& point : run.points) texts.push_back(text(point.experiment));
    return fmt::format("{}", fmt::join(distinct(texts), "; "));
  };
  Facts facts{{"network", all(network_text)},
              {"images", all(images_text)},
              {"device", all(device_text)},
              {"noise on", all(reading_of)},
              {"measured by", all(evaluation_text)}};
  const std::size_t fixed = facts.size();
  for (const auto& axis : run.points.front().axes)
    facts.push_back({axis.first, swept_values(run, axis.first)});
  Markup content = fact_list({facts.begin(), facts.begin() + static_cast<std::ptrdiff_t>(fixed)});
  if (facts.size() > fixed)
    content += element("h3", "Swept") +
               fact_list({facts.begin() + static_cast<std::ptrdiff_t>(fixed), facts.end()});
  content += element(
      "details", element("summary", "Every key (resolved.toml)") + element("pre", run.resolved));
  return {"asked", "What was asked", content};
}

// --- headline ---

const Group* best_average(const std::vector<Group>& groups) {
  const auto best =
      std::max_element(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
        return std::isnan(a.average.mean) || a.average.mean < b.average.mean;
      });
  return best == groups.end() || std::isnan(best->average.mean) ? nullptr : &*best;
}

std::string span_text(double least, double most) {
  const std::string from = percent_text(least), to = percent_text(most);
  return from == to ? from + kPercent : from + " to " + to + kPercent;
}

Markup baseline_card(const std::vector<Group>& groups) {
  const auto [least, most] =
      std::minmax_element(groups.begin(), groups.end(),
                          [](const Group& a, const Group& b) { return a.baseline < b.baseline; });
  return card("accuracy without noise", span_text(least->baseline, most->baseline),
              fmt::format("{} test images", groups.front().images));
}

Markup outcome_cards(const std::vector<Group>& groups) {
  Markup cards = baseline_card(groups);
  if (const Group* best = best_average(groups)) {
    cards += card(groups.size() > 1 ? "best A_avr" : "A_avr",
                  percent_text(best->average) + kPercent, axes_text(best->axes));
    return cards;
  }
  const auto best =
      std::max_element(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
        return a.points.front().summary.accuracy.mean < b.points.front().summary.accuracy.mean;
      });
  return cards + card(groups.size() > 1 ? "best accuracy on hardware" : "accuracy on hardware",
                      percent_text(best->points.front().summary.accuracy) + kPercent,
                      axes_text(best->axes));
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
  return fmt::format("{:g} % intervals over draws of the devices' noise, for these test images",
                     100 * run.points.front().experiment.evaluation.confidence);
}

Section accuracy(const RunRecord& run, const std::vector<Group>& groups, Press& press) {
  Markup content;
  if (has_accuracy_figure(groups))
    content += press.figure(
        accuracy_figure(groups),
        "A_x = accuracy under noise / accuracy without, against η = noise std / weight std; " +
            interval_text(run) +
            (has_published_curves(groups) ? ". Open circles: published." : "."));
  for (const std::string& key : figure_axes(groups))
    content += press.figure(axis_figure(key, groups),
                            fmt::format("Against {}; {}.", key, interval_text(run)));
  for (const ReportTable& table : accuracy_tables(groups)) content += press.table(table);
  const std::string terms =
      etas_of(groups).empty()
          ? "In %. Devices exact: mapped and converted, without the devices' noise. Normalised: "
            "accuracy over accuracy without noise. "
          : "In %. a_o: accuracy without noise. A_avr: mean of A_x over the η above 0. ";
  content += paragraph(terms + "± is half of the " + interval_text(run) + ".");
  return {"accuracy", "Accuracy under noise", content};
}

Markup regions(const std::vector<Group>& groups, Press& press) {
  const std::vector<RatePanel> panels = rate_panels(groups);
  if (panels.empty()) return {};
  Markup found;
  for (const RatePanel& panel : panels)
    found += element("li", (panel.name.empty() ? "" : panel.name + ": ") + describe(panel.regions));
  return press.figure(sweet_spot_figure(panels),
                      fmt::format("Accuracy without noise (interval over images) and A at η = {:g} "
                                  "% (interval over draws) against learning rate; shaded: region "
                                  "2, the sweet spot.",
                                  100 * panels.front().eta)) +
         element("ul", found) +
         paragraph(regions_rule(fmt::format("{:g} %", 100 * panels.front().eta))) +
         press.table(regions_table(panels));
}

Section learning_rate(const std::vector<Group>& groups, Press& press) {
  Markup content;
  const std::vector<RateMap> maps = rate_maps(groups);
  if (!maps.empty())
    content += press.figure(rate_map_figure(maps),
                            "Average normalised accuracy and accuracy without noise by learning "
                            "rate and network; small: published.");
  content += regions(groups, press);
  return {"rate", "Learning rate", content};
}

Section readings(const std::vector<Group>& groups, Press& press) {
  const std::vector<VerdictRow> rows = verdict_rows(groups);
  if (rows.empty()) return {};
  return {"readings", "Which reading the published numbers are nearest to",
          paragraph("Noise on \"all the model weights\" can mean several things; each published "
                    "number stands beside every reading that was measured. Nearest is the reading "
                    "with the smallest distance; others are named with it while the intervals of "
                    "their distances overlap.") +
              press.table(verdict_table(rows))};
}

// --- hardware and networks ---

Section hardware(const RunRecord& run, Press& press) {
  const Markup table = press.table(device_table(run));
  if (table.empty()) return {};
  return {
      "devices", "The noise in other units",
      table + paragraph("From the least to the largest over the layers of the first network: SNR = "
                        "1/η, σ_G the std of a device's conductance, bits those of a quantiser "
                        "whose error has this std. Measured: on draw 0, as programmed.")};
}

Section layers(const RunRecord& run, Press& press) {
  const std::vector<ReportTable> tables = layer_tables(run);
  if (tables.empty()) return {};
  Markup content = paragraph(
      "Gain: |γ| / sqrt(variance + ε) of the BatchNorm behind a layer, times σ_noise of one "
      "weight; times the norm of an input patch it is the std of the noise behind the "
      "BatchNorm. A filter is dead when its variance is below 1e-6.");
  for (const ReportTable& table : tables) {
    ReportTable inner = table;
    const Markup html = press.table(inner);
    content += element("details", element("summary", table.caption) + html);
  }
  return {"layers", "Layers", content};
}

Section curves(const RunRecord& run, Press& press) {
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

Section missing(const RunRecord& run, Press& press) {
  const ReportTable table = missing_table(run);
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

Section provenance(const RunRecord& run) {
  Facts facts;
  for (const auto& [key, value] : run.provenance) facts.push_back({key, element("code", value)});
  if (facts.empty())
    return {"provenance", "Provenance",
            paragraph("The run has not written its provenance.json: it has not come to its end.")};
  return {"provenance", "Provenance", fact_list(facts)};
}

}  // namespace

std::vector<Section> run_sections(const RunRecord& run, const std::vector<Group>& groups,
                                  Press& press) {
  std::vector<Section> sections{headline(run, groups), asked(run)};
  if (!groups.empty()) {
    sections.push_back(accuracy(run, groups, press));
    sections.push_back(learning_rate(groups, press));
    sections.push_back(readings(groups, press));
    sections.push_back(hardware(run, press));
    sections.push_back(layers(run, press));
  }
  sections.push_back(curves(run, press));
  sections.push_back(missing(run, press));
  sections.push_back(provenance(run));
  std::erase_if(sections, [](const Section& s) { return s.content.empty(); });
  return sections;
}

}  // namespace ohmic
