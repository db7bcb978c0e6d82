#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/answers.hpp"
#include "experiments/report/budget/by_point.hpp"
#include "experiments/statistics/proportion.hpp"
#include "experiments/study/measured_age.hpp"

namespace ohmic {
namespace {

std::string share_text(const BudgetSettings& settings) {
  return fmt::format("{:g} % of the chips", 100 * settings.lifetime->share);
}

/// How often chips are written again that are shown to be good up to the last age: it may be less.
Cell rewritten(double per_year, bool is_most) {
  if (!is_most || std::isnan(per_year)) return per_year;
  return {per_year, "at most " + Digits::general(3).text(per_year)};
}

/// "3600 s"; of 0 that not even the first age is reached.
Cell reached_age(double age_s) {
  if (std::isnan(age_s)) return {age_s, "too few chips"};
  return {age_s, age_s > 0 ? age_text(age_s) : "none of the ages"};
}

Cell missed_age(double age_s) {
  if (std::isinf(age_s)) return {Estimate::kNone, "not seen"};
  return {age_s, std::isnan(age_s) ? "too few chips" : age_text(age_s)};
}

DataTable answers(const std::vector<AgingChips>& all, const BudgetSettings& settings) {
  const LifetimeSettings& asked = *settings.lifetime;
  const MetricWords words = all.front().words();
  DataTable table{"lifetime",
                  fmt::format("Until when {} stay good, {:g} % intervals over {} chips:",
                              share_text(settings), 100 * settings.confidence, asked.draws),
                  axis_columns(*all.front().point)};
  table.append({{"remedy", "remedy"},
                {settings.change_column(words.metric()), "good from"},
                {"baseline"},
                {"target", words.column("target"), words.digits()},
                {"share"},
                {"chips"},
                {"until_s", "good until"},
                {"until_s_lo", "shown until"},
                {"until_s_hi", "shown to fail by"},
                {"writes"},
                {"rewrites_per_year", "rewritten a year", Digits::general(3)},
                {"writes_per_year", "writes a year", Digits::general(3)}});
  for (const AgingChips& chips : all)
    for (const Target& target : allowed_targets(words, chips.baseline, settings)) {
      const Lifetime life = lifetime_of(chips, target.value, asked.share, settings.confidence);
      const bool is_whole = life.at_least == chips.times_s.back();
      table.add(axis_cells(*chips.point),
                {chips.remedy,
                 {target.change, target.text},
                 chips.baseline,
                 target.value,
                 asked.share,
                 asked.draws,
                 reached_age(life.seen),
                 reached_age(life.at_least),
                 missed_age(life.at_most),
                 chips.writes,
                 rewritten(life.rewrites_per_year(), is_whole),
                 rewritten(chips.writes * life.rewrites_per_year(), is_whole)});
    }
  return table;
}

DataTable age_table(const std::vector<AgingChips>& all, const BudgetSettings& settings) {
  const LifetimeSettings& asked = *settings.lifetime;
  const MetricWords words = all.front().words();
  const std::string metric = words.metric().name;
  DataTable table{"lifetime_ages", "The same chips, age by age:", axis_columns(*all.front().point)};
  table.append(
      {{"remedy", "remedy"},
       {"time_s", "age s", Digits::general(6)},
       {settings.change_column(words.metric()), "good from"},
       {"target"},
       with_interval(metric, words.column("mean of chips"), words.digits()),
       with_interval("reached_" + metric,
                     words.column(fmt::format("{:g} % reach", 100 * asked.share)), words.digits()),
       {"alive", "good so far"},
       with_interval("alive_share")});
  for (const AgingChips& chips : all)
    for (const Target& target : allowed_targets(words, chips.baseline, settings))
      for (std::size_t age = 0; age < chips.times_s.size(); ++age) {
        const std::int64_t alive = chips.alive(age, target.value);
        const Estimate reached = chips.reached(age, asked.share, settings.confidence);
        table.add(axis_cells(*chips.point),
                  {chips.remedy,
                   chips.times_s[age],
                   {target.change, target.text},
                   target.value,
                   mean_estimate(chips.at[age], settings.confidence),
                   {reached, words.text(reached.mean)},
                   {alive, fmt::format("{} of {}", alive, asked.draws)},
                   proportion_estimate(alive, asked.draws, settings.confidence)});
      }
  return table;
}

DataTable chip_table(const std::vector<AgingChips>& all) {
  DataTable table{"lifetime_chips", "", axis_keys(*all.front().point)};
  table.append({{"remedy"}, {"chip"}, {"time_s"}, {all.front().words().metric().name}});
  for (const AgingChips& chips : all)
    for (std::int64_t chip = 0; chip < chips.at.front().count(); ++chip)
      for (std::size_t age = 0; age < chips.times_s.size(); ++age)
        table.add(axis_cells(*chips.point),
                  {chips.remedy, chip, chips.times_s[age], chips.at[age].total(chip)});
  return table;
}

/// Whether all of these chips, were they good, would show that the share is.
bool are_enough(const LifetimeSettings& asked, double confidence) {
  return proportion_estimate(asked.draws, asked.draws, confidence).lo >= asked.share;
}

/// Of programs: "1 3600".
std::string age_list(const std::vector<double>& ages_s) {
  std::vector<std::string> texts;
  for (const double age : ages_s) texts.push_back(number_text(age));
  return fmt::format("{}", fmt::join(texts, " "));
}

/// "1 s, 3600 s".
std::string ages_text(const std::vector<double>& ages_s) {
  std::vector<std::string> texts;
  for (const double age : ages_s) texts.push_back(age_text(age));
  return fmt::format("{}", fmt::join(texts, ", "));
}

DataTable recalibration_table(const std::vector<Recalibration>& all,
                              const BudgetSettings& settings) {
  const LifetimeSettings& asked = *settings.lifetime;
  const AgingChips& first = *all.front().chips;
  DataTable table{
      "lifetime_recalibration",
      fmt::format(
          "Factors against drift read again only when {} would not be shown to be good any more, "
          "and {} chips that the search has not seen following that:",
          share_text(settings), asked.draws),
      axis_columns(*first.point)};
  table.append({{"remedy", "remedy"},
                {settings.change_column(first.words().metric()), "good from"},
                {"target"},
                {"share"},
                {"chips"},
                {"readings"},
                {"read_s", "factors read at"},
                {"followed_until_s", "followed until"},
                {"until_s", "good until"},
                {"until_s_lo", "shown until"},
                {"until_s_hi", "shown to fail by"}});
  for (const Recalibration& r : all) {
    const std::vector<double> readings = r.readings_s();
    Lifetime life{Estimate::kNone, Estimate::kNone, Estimate::kNone};
    const std::string none =
        are_enough(asked, settings.confidence) ? "not shown at any" : "too few chips";
    const auto followed = [&](double age_s) {
      return r.fresh ? reached_age(age_s) : Cell{Estimate::kNone, "nobody followed"};
    };
    if (r.fresh) life = lifetime_of(*r.fresh, r.target.value, asked.share, settings.confidence);
    table.add(axis_cells(*r.chips->point),
              {r.chips->remedy,
               {r.target.change, r.target.text},
               r.target.value,
               asked.share,
               asked.draws,
               readings.size(),
               Cell{age_list(readings), readings.empty() ? none : ages_text(readings)},
               followed(r.fresh ? r.fresh->times_s.back() : 0),
               followed(life.seen),
               followed(life.at_least),
               r.fresh ? missed_age(life.at_most) : Cell()});
  }
  return table;
}

/// Whose factors against drift stay those of one age.
bool keeps_factors(const AgingChips& chips) {
  const Experiment e = with_remedy(chips.point->experiment, chips.keys, chips.times_s.front());
  return e.mapping.compensation != Compensation::none && e.mapping.compensation_s.has_value();
}

std::string rewriting_note(const std::vector<AgingChips>& all, const BudgetSettings& settings) {
  const bool any_keeps = std::ranges::any_of(all, keeps_factors);
  return fmt::format(
      "\"rewritten a year\": chips that are written again whenever they are as old as \"shown "
      "until\" keep the promise in every period by itself ({} good, errors of programming drawn "
      "anew each time), \"at most\" where no age shows when they fail; a write is one of one "
      "device. "
      "What remedies measure needs no writes; here they measure it again at every age{}.",
      share_text(settings),
      any_keeps ? ", but for factors with mapping.compensation_s, which stay those of that age"
                : "");
}

// --- figure ---

using Remedies = std::vector<const AgingChips*>;

Series curve(const AgingChips& chips, std::size_t index, std::size_t count) {
  return {chips.remedy, {color_of(index, count), marker_of(index), true}, {}};
}

Axis age_axis() {
  Axis axis{"age after programming (s)"};
  axis.logarithmic = true;
  return axis;
}

Panel alive_panel(const Remedies& remedies, const BudgetSettings& settings, const Target& target) {
  const AgingChips& first = *remedies.front();
  Panel panel{
      point_title(*first.point),
      age_axis(),
      {"chips that are good so far (%), good from " + first.words().text_with_unit(target.value)}};
  panel.y.low = 0;
  panel.y.high = 103;
  for (std::size_t r = 0; r < remedies.size(); ++r) {
    Series series = curve(*remedies[r], r, remedies.size());
    for (std::size_t age = 0; age < first.times_s.size(); ++age)
      series.data.push_back(datum(
          first.times_s[age], proportion_estimate(remedies[r]->alive(age, target.value),
                                                  settings.lifetime->draws, settings.confidence)));
    panel.series.push_back(std::move(series));
  }
  panel.levels.push_back({100 * settings.lifetime->share, false, "promised", kFaint});
  return panel;
}

Panel reached_panel(const Remedies& remedies, const BudgetSettings& settings) {
  const AgingChips& first = *remedies.front();
  const MetricWords words = first.words();
  Panel panel{point_title(*first.point),
              age_axis(),
              {words.axis(words.title() + " that " + share_text(settings) + " reach")}};
  for (std::size_t r = 0; r < remedies.size(); ++r) {
    Series series = curve(*remedies[r], r, remedies.size());
    for (std::size_t age = 0; age < first.times_s.size(); ++age)
      series.data.push_back(
          datum(first.times_s[age],
                remedies[r]->reached(age, settings.lifetime->share, settings.confidence),
                words.factor()));
    panel.series.push_back(std::move(series));
  }
  const std::vector<Target> targets = allowed_targets(words, first.baseline, settings);
  constexpr const char* kLevels[] = {kNoisy, kCounted, kInk};  // none of a remedy's
  for (std::size_t t = 0; t < targets.size(); ++t)
    panel.levels.push_back({words.factor() * targets[t].value, false, targets[t].text,
                            kLevels[t % std::size(kLevels)]});
  return panel;
}

Figure lifetime_figure(const std::vector<AgingChips>& all, const BudgetSettings& settings) {
  Plot plot{"lifetime", "", {}};
  const AgingChips& first = all.front();
  const std::size_t limits = allowed_targets(first.words(), first.baseline, settings).size();
  plot.most_columns = limits < 3 ? limits + 1 : 2;
  plot.shares_y = false;  // shares of chips beside values of the metric
  for (const Remedies& remedies : by_point(all)) {
    const AgingChips& chips = *remedies.front();
    for (const Target& target : allowed_targets(chips.words(), chips.baseline, settings))
      plot.panels.push_back(alive_panel(remedies, settings, target));
    plot.panels.push_back(reached_panel(remedies, settings));
  }
  return figure_of(plot);
}

/// A sentence where no chip changes with its age; else empty.
std::string ageless_note(const AgingChips& chips) {
  if (chips.times_s.size() < 2) return {};
  for (const Replicates& r : chips.at)
    if (r.values != chips.at.front().values) return {};
  return fmt::format(
      "{}, {}: every chip measures the same at all ages: nothing here ages, or nothing that these "
      "samples show.",
      point_title(*chips.point), chips.remedy);
}

/// A sentence where factors are read later than any age looked at; else empty.
std::string late_note(const AgingChips& chips) {
  const Experiment e = with_remedy(chips.point->experiment, chips.keys, chips.times_s.back());
  if (!keeps_factors(chips) || *e.mapping.compensation_s <= chips.times_s.back()) return {};
  return fmt::format(
      "{}, {}: no age has factors against drift: they are read at {}, and the ages end at {}.",
      point_title(*chips.point), chips.remedy, age_text(*e.mapping.compensation_s),
      age_text(chips.times_s.back()));
}

}  // namespace

AnalysisResult lifetime_result(const std::vector<AgingChips>& all,
                               const std::vector<Recalibration>& recalibrations,
                               const BudgetSettings& settings) {
  AnalysisResult result;
  result.heading = "Lifetime";
  result.tables = {answers(all, settings), age_table(all, settings), chip_table(all)};
  if (!recalibrations.empty())
    result.tables.insert(result.tables.begin() + 1, recalibration_table(recalibrations, settings));
  result.notes = {
      fmt::format(
          "A chip is one draw, followed over all ages; it is good as long as it was at every age "
          "looked "
          "at. What is shown holds with {:g} % confidence for any distribution of chips: {} are "
          "good "
          "until the one age, and not any more at the other.",
          100 * settings.confidence, share_text(settings)),
      rewriting_note(all, settings)};
  for (const AgingChips& chips : all)
    for (std::string note : {ageless_note(chips), late_note(chips)})
      if (!note.empty()) result.notes.push_back(std::move(note));
  result.figures = {lifetime_figure(all, settings)};
  return result;
}

}  // namespace ohmic
