#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/budget/noisy_layers.hpp"
#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/answers.hpp"
#include "experiments/statistics/order.hpp"

namespace ohmic {
namespace {

constexpr Digits kValue = Digits::general(6);

Interval size_of(const Estimate& change) {
  const double ends[] = {std::abs(change.lo), std::abs(change.hi)};
  const bool holds_zero = change.lo <= 0 && change.hi >= 0;
  return {holds_zero ? 0 : std::min(ends[0], ends[1]), std::max(ends[0], ends[1])};
}

std::vector<Interval> sizes_of(const std::vector<KnobEffect>& effects) {
  std::vector<Interval> sizes;
  for (const KnobEffect& e : effects) sizes.push_back(size_of(e.change));
  return sizes;
}

/// What a designer does about it, in files and in words.
Cell better_of(const KnobEffect& e, const Metric& metric) {
  if (e.changes_nothing()) return {"none", "no draw changes"};
  if (!e.is_distinct()) return {"undecided", "not distinguishable from nothing"};
  return metric.sign() * e.change.mean > 0 ? "larger" : "smaller";
}

std::string caption(const KnobStudy& study, double confidence) {
  const MetricWords words(study.point->experiment);
  const Estimate nominal = mean_estimate(study.nominal.replicates(), confidence);
  return fmt::format(
      "{}: baseline {}, {} as given; changes of the {} in {} when a number grows by one step, "
      "{:g} % intervals over {} draws:",
      point_title(*study.point), words.text_with_unit(study.nominal.baseline()),
      words.column(words.text(nominal)), words.title(),
      words.metric().unit == "%" ? "points" : words.loss_unit(), 100 * confidence,
      study.nominal.draws.size());
}

DataTable ranking(const KnobStudy& study, double confidence) {
  const MetricWords words(study.point->experiment);
  const std::string metric = words.metric().name;
  DataTable table{"knobs", caption(study, confidence), axis_keys(*study.point)};
  table.append({{"rank", "place"},
                {"rank_last"},
                {"key", "number"},
                {"value", "value", kValue},
                {"low", "from", kValue},
                {"high", "to", kValue},
                {"step", "step"},
                {"baseline"},
                {metric},
                {metric + "_at_low"},
                {metric + "_at_high"},
                with_interval("change", "change per step", words.difference_digits()),
                {"draws"},
                {"better", "better"}});
  table.columns.back().is_left = true;
  const std::vector<Interval> sizes = sizes_of(study.effects);
  for (std::size_t i = 0; i < study.effects.size(); ++i) {
    const KnobEffect& e = study.effects[i];
    const Places places = places_of(i, sizes);
    const HardwareNumber& number = e.knob.number;
    table.add(axis_cells(*study.point), {{places.first, places.text()},
                                         places.last,
                                         number.key,
                                         number.value,
                                         e.knob.low,
                                         e.knob.high,
                                         e.knob.step_text,
                                         study.nominal.baseline(),
                                         study.nominal.value(),
                                         mean_estimate(e.at_low, confidence).mean,
                                         mean_estimate(e.at_high, confidence).mean,
                                         e.change,
                                         study.nominal.draws.size(),
                                         better_of(e, words.metric())});
  }
  return table;
}

DataTable left_out_table(const KnobStudy& study) {
  DataTable table{"knobs_left_out", "Left out:", axis_keys(*study.point)};
  table.append({{"key", "number"}, {"reason", "why"}});
  table.columns.back().is_left = true;
  for (const LeftOut& l : study.left_out) table.add(axis_cells(*study.point), {l.key, l.why});
  return table;
}

// --- corners ---

std::vector<Cell> ends_at(const WorstCorner& found, const CornerEnds& is_high) {
  std::vector<Cell> ends;
  for (std::size_t a = 0; a < found.axes.size(); ++a)
    ends.push_back(is_high[a] ? found.axes[a].high : found.axes[a].low);
  return ends;
}

std::string remark_on(bool is_worst, bool is_linear) {
  if (is_worst) return is_linear ? "worst, and to first order" : "worst";
  return is_linear ? "worst to first order" : "";
}

/// "25 of the 32", "200 of the 2^30".
std::string measured_text(const WorstCorner& found) {
  constexpr std::size_t kMostWritten = 20;
  const std::size_t axes = found.axes.size();
  return fmt::format(
      "{} of the {}", found.corners.size(),
      axes <= kMostWritten ? std::to_string(std::size_t{1} << axes) : fmt::format("2^{}", axes));
}

std::vector<Column> corner_columns(const KnobStudy& study) {
  const MetricWords words(study.point->experiment);
  const Digits change = words.difference_digits();
  std::vector<Column> columns;
  for (const CornerAxis& axis : study.corner->axes)
    columns.push_back({axis.number.key, axis.number.key, kValue});
  for (Column& column : std::vector<Column>{
           with_interval(words.metric().name, words.column(words.title()), words.digits()),
           with_interval("lost", "lost", change),
           with_interval("predicted", "to first order", change),
           {"linear"},
           {"worst"},
           {"step"},
           titled("")})
    columns.push_back(std::move(column));
  columns.back().is_left = true;
  return columns;
}

std::vector<Cell> corner_cells(const KnobStudy& study, std::size_t c, double confidence) {
  const WorstCorner& found = *study.corner;
  const Corner& corner = found.corners[c];
  const Metric& metric = MetricWords(study.point->experiment).metric();
  std::vector<Cell> cells = ends_at(found, corner.is_high);
  const bool is_linear = c == found.linear, is_worst = c == found.worst;
  const auto step = std::ranges::find(found.steps, c);
  cells.insert(cells.end(),
               {mean_estimate(corner.measured, confidence),
                paired_loss(study.nominal.replicates(), corner.measured, metric, confidence),
                corner.predicted, is_linear, is_worst,
                step == found.steps.end() ? Cell() : Cell(step - found.steps.begin()),
                remark_on(is_worst, is_linear)});
  return cells;
}

/// Every corner that was measured. Of a search a reader sees those that it went through.
std::vector<DataTable> corner_tables(const KnobStudy& study, double confidence) {
  const WorstCorner& found = *study.corner;
  DataTable all{"knob_corners",
                fmt::format("{}: corners of the tolerances, {} draws:", point_title(*study.point),
                            study.nominal.draws.size()),
                axis_keys(*study.point)};
  all.append(corner_columns(study));
  DataTable steps = all;
  for (std::size_t c = 0; c < found.corners.size(); ++c)
    all.add(axis_cells(*study.point), corner_cells(study, c, confidence));
  if (found.steps.empty()) return {all};
  steps.name = "knob_corner_steps";
  steps.caption = fmt::format(
      "{}: corners of the tolerances, from the worst to first order on, {} draws ({} were "
      "measured):",
      point_title(*study.point), study.nominal.draws.size(), measured_text(found));
  for (const std::size_t c : found.steps)
    steps.add(axis_cells(*study.point), corner_cells(study, c, confidence));
  for (Column& column : steps.columns) column.key.reset();
  for (Column& column : all.columns) column.title.reset();
  return {steps, all};
}

std::vector<std::string> untold_keys(const WorstCorner& found, const FreshCorner& corner) {
  std::vector<std::string> keys;
  for (std::size_t a = 0; a < found.axes.size(); ++a)
    if (!corner.is_told[a]) keys.push_back(found.axes[a].number.key);
  return keys;
}

/// By how much the first, which is the worse, is worse than the other.
Estimate worse_by(const KnobStudy& study, double confidence) {
  const std::vector<FreshCorner>& fresh = study.corner->fresh;
  if (fresh.size() < 2) return {};
  return paired_loss(fresh.back().measured, fresh.front().measured,
                     MetricWords(study.point->experiment).metric(), confidence);
}

/// 2^n.
Cell corners_of(std::size_t axes) {
  constexpr std::size_t kMostCounted = 62;
  if (axes <= kMostCounted) return std::int64_t{1} << axes;
  return std::ldexp(1.0, static_cast<int>(axes));
}

/// The answer on draws that the search has not seen, for files: the worse first.
DataTable fresh_table(const KnobStudy& study, double confidence) {
  const WorstCorner& found = *study.corner;
  const Metric& metric = MetricWords(study.point->experiment).metric();
  DataTable table{"knob_corner", "", axis_keys(*study.point)};
  for (const CornerAxis& axis : found.axes) table.append({{axis.number.key}});
  table.append({with_interval(metric.name),
                with_interval("nominal"),
                with_interval("lost"),
                {"verify_draws"},
                {"linear"},
                {"undecided"},
                with_interval("worse_by"),
                {"measured"},
                {"corners"},
                {"impossible"},
                {"finished"}});
  for (const FreshCorner& corner : found.fresh) {
    std::vector<Cell> cells = ends_at(found, corner.is_high);
    const bool is_worse = &corner == &found.fresh.front();
    cells.insert(
        cells.end(),
        {mean_estimate(corner.measured, confidence), mean_estimate(found.fresh_nominal, confidence),
         paired_loss(found.fresh_nominal, corner.measured, metric, confidence),
         corner.measured.count(), corner.is_high == found.linear_ends(),
         fmt::format("{}", fmt::join(untold_keys(found, corner), " ")),
         is_worse ? worse_by(study, confidence) : Estimate{}, found.corners.size(),
         corners_of(found.axes.size()), found.impossible, found.is_finished});
    table.add(axis_cells(*study.point), cells);
  }
  return table;
}

/// How far the worst of what was measured is the worst of all.
std::string search_text(const WorstCorner& found) {
  const std::string measured = measured_text(found);
  if (found.steps.empty()) return fmt::format("the worst corner, {} being measured, is", measured);
  if (found.is_finished)
    return fmt::format(
        "the worst corner that a search found, which measured {} and ends where no other end of a "
        "single number is worse, is",
        measured);
  return fmt::format(
      "the worst corner of {}, where the search was ended (budget.knobs.most_corners = {}), so "
      "that some other end of a single number may be worse, is",
      measured, found.corners.size());
}

/// The ends of a corner, those that nothing tells apart as such.
std::string ends_text(const WorstCorner& found, const FreshCorner& corner) {
  std::vector<std::string> ends;
  for (std::size_t a = 0; a < found.axes.size(); ++a) {
    const CornerAxis& axis = found.axes[a];
    ends.push_back(fmt::format("{} {}{}", axis.number.key,
                               kValue.text(corner.is_high[a] ? axis.high : axis.low),
                               corner.is_told[a] ? "" : " (either)"));
  }
  return fmt::format("{}", fmt::join(ends, ", "));
}

/// What stands beside the answer, on the same draws.
std::string beside_text(const KnobStudy& study, double confidence) {
  const WorstCorner& found = *study.corner;
  const MetricWords words(study.point->experiment);
  if (found.fresh.size() < 2)
    return found.linear == found.worst ? " It is the corner that the signs of the changes point to."
                                       : " It is the corner that the signs of the changes point "
                                         "to; what was measured as the "
                                         "worst differs from it in ends that nothing tells apart.";
  const Estimate by = worse_by(study, confidence);
  const bool is_linear = found.fresh.front().is_high == found.linear_ends();
  return fmt::format(" {}, {}, is better by {} {} on the same draws{}.",
                     is_linear
                         ? "The one that was measured as the worst, as far as its ends are told"
                         : "The one to first order",
                     ends_text(found, found.fresh.back()), words.difference_digits().text(by),
                     words.metric().unit == "%" ? "points" : words.loss_unit(),
                     by.lo > 0 ? "" : ", which does not tell them apart");
}

std::string untold_text(const WorstCorner& found) {
  if (untold_keys(found, found.fresh.front()).empty()) return "";
  return " \"Either\": neither its own change nor a corner with its other end tells which end is "
         "worse; it is put where first order has it.";
}

std::string corner_note(const KnobStudy& study, double confidence) {
  const WorstCorner& found = *study.corner;
  const MetricWords words(study.point->experiment);
  const FreshCorner& worst = found.fresh.front();
  const Estimate there = mean_estimate(worst.measured, confidence),
                 lost =
                     paired_loss(found.fresh_nominal, worst.measured, words.metric(), confidence);
  std::string note = fmt::format(
      "{}: {} {}. On {} draws that the search has not seen the {} there is {}, as given {}: {} {} "
      "lost.",
      point_title(*study.point), search_text(found), ends_text(found, worst),
      worst.measured.count(), words.title(), words.column(words.text(there)),
      words.column(words.text(mean_estimate(found.fresh_nominal, confidence))),
      words.difference_digits().text(lost),
      words.metric().unit == "%" ? "points" : words.loss_unit());
  note += beside_text(study, confidence) + untold_text(found);
  if (found.impossible > 0)
    note += fmt::format(" {} corners contradict themselves and were passed by.", found.impossible);
  return note;
}

// --- figure ---

/// Bars of one kind have one colour.
Series& series_of(const KnobEffect& e, std::vector<Series>& all) {
  const bool is_faint = !e.is_distinct(), is_of_rest = e.knob.number.unit == "%";
  const std::string unit = e.knob.step_text,
                    color = is_faint          ? kFaint
                            : unit == "1 bit" ? kGivenBack
                            : unit == "1"     ? kCounted
                            : is_of_rest      ? kShare
                                              : kAlone,
                    name = is_faint ? "not distinguishable from nothing" : "per " + unit;
  const auto known = std::ranges::find(all, name, &Series::name);
  if (known != all.end()) return *known;
  all.push_back({name, {color}, {}});
  all.back().style.bar = 0.7;
  return all.back();
}

Panel knobs_panel(const KnobStudy& study) {
  const MetricWords words(study.point->experiment);
  std::vector<std::string> names;
  std::vector<Series> series;
  for (const KnobEffect& e : study.effects) {
    series_of(e, series).data.push_back(
        datum(static_cast<double>(names.size()), e.change, words.factor()));
    names.push_back(e.knob.number.key);
  }
  Panel panel{point_title(*study.point),
              named_axis("", names),
              {"change of " + words.loss_axis() + " per step"}};
  panel.lies = true;
  panel.series = std::move(series);
  return panel;
}

Figure knobs_figure(const std::vector<KnobStudy>& studies) {
  constexpr int kBar = 26, kAround = 110;
  Plot plot{"knobs", "", {}};
  plot.most_columns = 1;
  plot.panel_height = 0;
  for (const KnobStudy& study : studies) {
    plot.panels.push_back(knobs_panel(study));
    plot.panel_height =
        std::max(plot.panel_height, kAround + kBar * static_cast<int>(study.effects.size()));
  }
  return figure_of(plot);
}

std::string terms(double confidence) {
  return fmt::format(
      "A step is a share of a number's value (of a percentile, of what it leaves to 100), or one "
      "of "
      "what is counted. A change is that of the mean over draws which both ends share, from the "
      "lower end to the upper one, over the steps between; at the edge of what a key takes one end "
      "is the value itself. Numbers whose intervals overlap are ties: a place says after how many "
      "that surely matter more a number comes, and before how many that surely matter less. Of "
      "numbers without any effect, {:g} % are told from nothing by chance.",
      100 * (1 - confidence));
}

}  // namespace

AnalysisResult knobs_result(const std::vector<KnobStudy>& studies, const BudgetSettings& settings) {
  const double confidence = settings.confidence;
  AnalysisResult result;
  result.heading = "Knobs of the hardware";
  for (const KnobStudy& study : studies) {
    result.tables.push_back(ranking(study, confidence));
    result.tables.push_back(left_out_table(study));
    if (!study.corner) continue;
    for (DataTable& table : corner_tables(study, confidence))
      result.tables.push_back(std::move(table));
    result.tables.push_back(fresh_table(study, confidence));
    result.notes.push_back(corner_note(study, confidence));
  }
  result.notes.push_back(terms(confidence));
  result.figures.push_back(knobs_figure(studies));
  return result;
}

}  // namespace ohmic
