// Sections, warnings and files that runs have which repeat the paper.
#include "experiments/report/supplement.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/figures/heat_maps.hpp"
#include "experiments/measure/files.hpp"
#include "experiments/paper/paper_tables.hpp"
#include "experiments/paper/theory.hpp"

namespace ohmic {
namespace {

Markup paragraph(const Markup& content) { return element("p", content); }

Markup regions(const std::vector<Group>& groups, ReportWriter& press) {
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

Section learning_rate(const std::vector<Group>& groups, ReportWriter& press) {
  Markup content;
  const std::vector<HeatMap> maps = rate_maps(groups);
  if (!maps.empty())
    content += press.figure(heat_figure("rate_map", maps),
                            "Average normalised accuracy and accuracy without noise by learning "
                            "rate and network; small: published, else half of the interval.");
  content += regions(groups, press);
  return {"rate", "Learning rate", content};
}

Section readings(const std::vector<Group>& groups, ReportWriter& press) {
  const std::vector<VerdictRow> rows = verdict_rows(groups);
  if (rows.empty()) return {};
  return {"readings", "Which reading the published numbers are nearest to",
          paragraph("Noise on \"all the model weights\" can mean several things; each published "
                    "number stands beside every reading that was measured. Nearest is the reading "
                    "with the smallest distance; others are named with it while the intervals of "
                    "their distances overlap.") +
              press.table(verdict_table(rows))};
}

std::vector<Section> sections(const std::vector<Group>& groups, ReportWriter& press) {
  std::vector<Section> all{learning_rate(groups, press)};
  all.push_back(readings(groups, press));
  return all;
}

std::vector<std::string> warnings(const std::vector<Group>& groups) {
  std::vector<std::string> texts;
  if (std::any_of(groups.begin(), groups.end(),
                  [](const Group& g) { return g.experiment->noise.perturbs_digital(); }))
    texts.push_back(
        "Some readings put noise on biases or BatchNorm, which are digital: that is what the "
        "published study may have done, not what a crossbar does.");
  for (const Group& g : groups) {
    if (g.published.empty() || g.experiment->train.epochs >= 200) continue;
    texts.push_back(
        fmt::format("Networks were trained for {} epochs; the published ones for some 200.",
                    g.experiment->train.epochs));
    break;
  }
  return texts;
}

void write_files(const std::vector<Group>& groups, const std::filesystem::path& run) {
  const std::string theory = theory_csv(groups, run);
  if (!theory.empty()) write_atomically(run / "theory.csv", theory);
}

const RegisterSupplement registered_supplement({sections, warnings, write_files});

}  // namespace
}  // namespace ohmic
