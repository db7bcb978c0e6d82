#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/figures/plot.hpp"
#include "experiments/report/budget/answers.hpp"
#include "experiments/results/cost_tables.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {
namespace {

constexpr Digits kFour = Digits::general(4);

std::string cost_title(const DesignCost& cost) {
  if (cost.name == "energy") return "energy (nJ)";
  if (cost.name == "latency") return "latency (µs)";
  if (cost.name == "area") return "area (mm²)";
  return cost.name.empty() ? "weighted cost" : cost.name;
}

/// "1233 nJ of energy".
std::string cost_text(const DesignCost& cost, double value) {
  const std::string number = kFour.text(value);
  if (cost.name == "energy") return number + " nJ";
  if (cost.name == "latency") return number + " µs";
  if (cost.name == "area") return number + " mm²";
  return cost.name.empty() ? "a cost of " + number : number + " devices";
}

std::string verdict_text(Tolerance verdict) {
  return verdict == Tolerance::tolerated   ? "holds"
         : verdict == Tolerance::undecided ? "open"
                                           : "fails";
}

MetricWords words_of(const FoundDesigns& found) { return MetricWords(found.point->experiment); }

/// "limit 93.75 %, 94.70 % without noise".
std::string limit_text(const FoundDesigns& found) {
  const MetricWords words = words_of(found);
  return fmt::format("limit {}, {} without noise", words.text_with_unit(found.asked.limit),
                     words.text_with_unit(found.baseline));
}

std::vector<Column> choice_columns(const FoundDesigns& found, bool is_shown) {
  std::vector<Column> columns;
  for (const DesignChoice& choice : found.space.choices()) {
    std::optional<std::string> title;
    if (is_shown) title = key_title(choice.shown(), &found.point->experiment);
    if (is_shown && choice.shown() == "layer_adc_bits" && found.layer_bits->layers.size() > 1)
      title = fmt::format("ADC bits, {} to {}", found.layer_bits->layers.front(),
                          found.layer_bits->layers.back());
    columns.push_back({choice.shown(), title});
  }
  return columns;
}

std::vector<Cell> choice_cells(const FoundDesigns& found, std::size_t design) {
  std::vector<Cell> cells;
  for (const auto& [key, value] : found.space.values(found.designs[design].index))
    cells.push_back({value, shown_value(value_words(key, value))});
  return cells;
}

/// What a chip costs: in files all of it, before a reader what a design may be chosen by.
Fields shown_costs(const LayerCost& total) {
  Fields fields = cost_fields(total);
  for (auto& [column, cell] : fields) {
    const bool is_shown = column.key == "energy_nJ" || column.key == "latency_us" ||
                          column.key == "area_mm2" || column.key == "devices";
    if (!is_shown) column.title.reset();
  }
  std::erase_if(fields, [](const auto& field) { return !field.first.key; });
  return fields;
}

void append_costs(const DesignSettings& asked, bool is_shown, DataTable& table) {
  table.append({{"cost"}});
  if (is_shown && asked.cost.name.empty()) {
    table.columns.back().title = "cost";
    table.columns.back().digits = kFour;
  }
  for (auto& [column, cell] : shown_costs({})) {
    if (!is_shown) column.title.reset();
    table.append({column});
  }
}

void add_cost_cells(const PricedDesign& design, std::vector<Cell>& cells) {
  cells.push_back(design.cost);
  for (const auto& [column, cell] : shown_costs(design.total)) cells.push_back(cell);
}

void add_all(const std::vector<Cell>& more, std::vector<Cell>& cells) {
  cells.insert(cells.end(), more.begin(), more.end());
}

/// Those that were verified, the cheapest first.
DataTable front_table(const FoundDesigns& found, const BudgetSettings& settings) {
  const DesignSettings& asked = *settings.design;
  const MetricWords words = words_of(found);
  DataTable table{"design",
                  fmt::format("{}, {} ({}), the cheapest first:", point_title(*found.point),
                              settings.phrase(found.allowance, words), limit_text(found)),
                  axis_keys(*found.point)};
  table.append(
      {{settings.change_column(words.metric())}, {"limit"}, {"baseline"}, {"design", "design"}});
  table.append(choice_columns(found, true));
  append_costs(asked, true, table);
  table.append(
      {with_interval(words.metric().name, words.column(words.title()), words.digits()), {"draws"}});
  Column good = with_interval("good_chips", {}, Digits::fixed(1, 100));
  if (asked.share) good.title = "good chips %";
  table.append({good, {"verdict", "asked"}, {"front", "front"}, {"cheapest"}, {"file", "file"}});
  const VerifiedDesign* cheapest = cheapest_of(found.verified);
  for (std::size_t i = 0; i < found.verified.size(); ++i) {
    const VerifiedDesign& v = found.verified[i];
    std::vector<Cell> row = axis_cells(*found.point);
    add_all({found.allowance.change, found.asked.limit, found.baseline, i + 1}, row);
    add_all(choice_cells(found, v.design), row);
    add_cost_cells(found.designs[v.design], row);
    const bool is_cheapest = &v == cheapest;
    add_all({v.judged.value, v.fresh.front().count(), v.judged.good,
             Cell(Cell::Value(verdict_text(v.judged.verdict)),
                  verdict_text(v.judged.verdict) + (is_cheapest ? ", cheapest" : "")),
             Cell(Cell::Value(v.is_on_front), v.is_on_front ? "*" : ""), is_cheapest,
             std::filesystem::path(found.files[i]).filename().string()},
            row);
    table.add(row);
  }
  return table;
}

/// Those that the race looked at, for files.
DataTable searched_table(const FoundDesigns& found, const BudgetSettings& settings) {
  const MetricWords words = words_of(found);
  DataTable table{"design_searched", "", axis_keys(*found.point)};
  table.append({{settings.change_column(words.metric())}, {"limit"}});
  table.append(choice_columns(found, false));
  append_costs(*settings.design, false, table);
  table.append(
      {with_interval(words.metric().name), with_interval("good_chips"), {"draws"}, {"verdict"}});
  for (const Runner& runner : found.race.runners) {
    std::vector<Cell> row = axis_cells(*found.point);
    add_all({found.allowance.change, found.asked.limit}, row);
    add_all(choice_cells(found, runner.design), row);
    add_cost_cells(found.designs[runner.design], row);
    add_all({runner.judged.value, runner.judged.good, runner.draws(),
             verdict_text(runner.judged.verdict)},
            row);
    table.add(row);
  }
  return table;
}

/// What a design gives a layer's ADC.
std::int64_t adc_bits_of(const FoundDesigns& found, std::size_t design, const std::string& layer) {
  std::int64_t bits = 0;
  const std::string own = adc_bits_key(layer);
  for (const auto& [key, value] : found.space.keys(found.designs[design].index)) {
    if (key == own) return std::get<std::int64_t>(value.data);
    if (key == "periphery.adc.bits") bits = std::get<std::int64_t>(value.data);
  }
  return bits;
}

/// The answer layer by layer, for a reader.
DataTable answer_layers_table(const FoundDesigns& found, const BudgetSettings& settings) {
  const LayerBits& study = *found.layer_bits;
  const std::size_t answer = cheapest_of(found.verified)->design;
  DataTable table{
      "design_answer_layers",
      fmt::format("{}, {}, the cheapest that holds, layer by layer: what each ADC by "
                  "itself adds to the mean square error of the network's outputs (in "
                  "their unit squared, beside {} bits in all layers) and its layer's "
                  "share of the cost:",
                  point_title(*found.point), settings.phrase(found.allowance, words_of(found)),
                  study.bits.back())};
  table.append({titled("layer"), titled("ADC bits"), titled("error", Digits::general(3)),
                titled(cost_title(settings.design->cost), kFour)});
  for (std::size_t l = 0; l < study.layers.size(); ++l) {
    const std::int64_t bits = adc_bits_of(found, answer, study.layers[l]);
    const auto at =
        static_cast<std::size_t>(std::ranges::find(study.bits, bits) - study.bits.begin());
    table.add({study.layers[l], bits, study.error[l].at(at), study.cost[l].at(at)});
  }
  return table;
}

/// What each layer's ADC does to the outputs by itself, and costs, for files.
DataTable layers_table(const FoundDesigns& found) {
  const LayerBits& study = *found.layer_bits;
  DataTable table{"design_layers", "", axis_keys(*found.point)};
  table.append({{"layer"}, {"adc_bits"}, {"output_mse"}, {"seen_share"}, {"cost"}});
  for (std::size_t l = 0; l < study.layers.size(); ++l)
    for (std::size_t i = 0; i < study.bits.size(); ++i) {
      std::vector<Cell> row = axis_cells(*found.point);
      add_all(
          {study.layers[l], study.bits[i], study.error[l][i], study.seen[l][i], study.cost[l][i]},
          row);
      table.add(row);
    }
  return table;
}

// --- notes ---

std::string name_of(const FoundDesigns& found, const VerifiedDesign& v) {
  return design_words(found.space, found.designs[v.design].index);
}

std::string answer_note(const FoundDesigns& found, const BudgetSettings& settings) {
  const VerifiedDesign* cheapest = cheapest_of(found.verified);
  if (!cheapest)
    return "No design is shown to hold on fresh draws; more of them (budget.design.verify_draws), "
           "more evaluations or other choices may show one.";
  const DesignCost& cost = settings.design->cost;
  const double dearest =
      std::ranges::max(found.designs, {}, &PricedDesign::cost).cost / found.cost(*cheapest);
  return fmt::format(
      "The cheapest that holds is {}: {}, {:.3g} times less than the dearest of the "
      "choices.",
      name_of(found, *cheapest), cost_text(cost, found.cost(*cheapest)), dearest);
}

std::string effort_note(const FoundDesigns& found) {
  std::string text =
      fmt::format("Of {} combinations {} were priced", found.space.size(), found.designs.size());
  if (found.refused > 0)
    text += fmt::format(" and {} refused, the first: {}", found.refused, found.first_refusal);
  text += fmt::format(". The search looked at {} of them with {} draws", found.race.runners.size(),
                      found.race.spent);
  if (found.predictions > 0)
    text += fmt::format(" after {} predictions without noise", found.predictions);
  if (found.layer_bits)
    text += fmt::format("; what the layers' ADCs do was measured {} times without noise",
                        found.layer_bits->evaluations);
  return text + fmt::format("; verification took {} draws.", found.verification());
}

std::string promise_note(const FoundDesigns& found, const BudgetSettings& settings) {
  const DesignSettings& asked = *settings.design;
  std::string what = asked.share
                         ? fmt::format("at least {:g} % of the chips reach it", 100 * *asked.share)
                         : std::string("the mean of the chips reaches it");
  if (asked.times_s.size() > 1) what += " at every age";
  return fmt::format(
      "The table is of draws that the search has not seen. \"holds\": {}, shown for each of {} "
      "designs with an error of {:.2g} %, so that with {:g} % confidence all that are said to hold "
      "do. \"open\": neither that nor the contrary is shown. *: none of these is both cheaper and "
      "better.",
      what, found.verified.size(),
      100 * (1 - settings.confidence) / static_cast<double>(found.verified.size()),
      100 * settings.confidence);
}

/// What it takes to measure every design with the draws of the one that was found.
std::string exhaustive_note(const FoundDesigns& found) {
  const auto most = std::ranges::max(found.race.runners, {}, &Runner::draws).draws();
  return fmt::format(
      "Every design with the {} draws that the closest of them needed would take "
      "{} draws.",
      most, most * found.asked.ages * static_cast<std::int64_t>(found.designs.size()));
}

/// A cost beside that of the answer, which stands above.
std::string beside_answer(double cost, double answer) {
  if (cost == answer) return "as much as the above";
  if (cost >= 2 * answer) return fmt::format("{:.3g} times as much as the above", cost / answer);
  const double more = 100 * (cost / answer - 1);
  return fmt::format("{:.2g} % {} than the above", std::abs(more), more < 0 ? "less" : "more");
}

std::string random_note(const FoundDesigns& found, const BudgetSettings& settings) {
  const RandomComparison& random = *found.random;
  const VerifiedDesign *best = cheapest_of(random.found.verified),
                       *ours = cheapest_of(found.verified);
  std::string text = fmt::format("As many draws ({}) on {} random designs{}", random.found.spent,
                                 random.found.looked_at,
                                 found.layer_bits ? ", bits at random in every layer," : "");
  if (!best) return text + " find none that holds on fresh draws.";
  const PricedDesign& design = random.designs[best->design];
  const std::string name = design_words(random.space, design.index);
  if (ours && name == name_of(found, *ours)) return text + " find the same design.";
  text += fmt::format(" find {}: {}", name, cost_text(settings.design->cost, design.cost));
  if (ours) text += ", " + beside_answer(design.cost, found.cost(*ours));
  return text + ".";
}

/// What bits of their own are worth to the layers.
std::string uniform_note(const FoundDesigns& found, const BudgetSettings& settings) {
  const std::string same = "With the same ADC bits in all layers ";
  const VerifiedDesign* ours = cheapest_of(found.verified);
  const auto best = std::ranges::find_if(found.verified, [&](const VerifiedDesign& v) {
    return v.holds() && has_same_bits(found.space, found.designs[v.design].index);
  });
  if (best == found.verified.end()) return same + "none of these is shown to hold.";
  if (&*best == ours) return same + "no more is paid: the answer has them.";
  return fmt::format("{}the cheapest that holds is {}: {}, {}.", same, name_of(found, *best),
                     cost_text(settings.design->cost, found.cost(*best)),
                     beside_answer(found.cost(*best), found.cost(*ours)));
}

/// Bits that cost as much as more of them do in every layer.
std::string free_bits_note(const LayerBits& study) {
  const auto costs_as_next = [&](std::size_t at) {
    return std::ranges::all_of(study.cost, [&](const std::vector<double>& cost) {
      return std::abs(cost[at + 1] - cost[at]) <= 1e-12 * std::abs(cost[at]);
    });
  };
  std::string text;
  for (std::size_t i = 0; i + 1 < study.bits.size();) {
    std::vector<int> fewer;
    for (; i + 1 < study.bits.size() && costs_as_next(i); ++i) fewer.push_back(study.bits[i]);
    if (!fewer.empty())
      text += fmt::format("{}ADCs of {} bits cost as much here as ADCs of {}: fewer save nothing.",
                          text.empty() ? "" : " ", fmt::join(fewer, ", "), study.bits[i]);
    ++i;
  }
  return text;
}

/// A limit that the network does not reach without noise is one for which most search in vain.
std::string beyond_note(const FoundDesigns& found) {
  const MetricWords words = words_of(found);
  if (words.metric().sign() * (found.baseline - found.asked.limit) >= 0) return "";
  return fmt::format(
      "The network itself, without noise, does not reach the limit of {}: it gives {}. A design "
      "that is to hold would have to be better than its network.",
      words.text_with_unit(found.asked.limit), words.text_with_unit(found.baseline));
}

/// What [cost] leaves out of designs that differ in it.
std::vector<std::string> blind_notes(const FoundDesigns& found) {
  std::vector<std::string> notes;
  for (const DesignChoice& choice : found.space.choices())
    for (const std::string& key : found.space.keys_of(choice))
      if (key == "mapping.digital" || key == "mapping.crossbar")
        notes.push_back(key +
                        " decides which layers are digital, and [cost] counts nothing of "
                        "digital work: designs with more of it look cheaper than they are.");
  if (std::string free = free_converters_note({&found.point->experiment}); !free.empty())
    notes.push_back(std::move(free));
  return notes;
}

std::vector<std::string> notes_on(const FoundDesigns& found, const BudgetSettings& settings) {
  std::vector<std::string> notes{answer_note(found, settings), promise_note(found, settings),
                                 effort_note(found), exhaustive_note(found)};
  if (std::string beyond = beyond_note(found); !beyond.empty())
    notes.insert(notes.begin(), std::move(beyond));
  if (found.layer_bits) {
    notes.push_back(uniform_note(found, settings));
    if (std::string free = free_bits_note(*found.layer_bits); !free.empty())
      notes.push_back(std::move(free));
  }
  if (found.random) notes.push_back(random_note(found, settings));
  for (std::string& note : blind_notes(found)) notes.push_back(std::move(note));
  return notes;
}

// --- figure ---

Series searched(const FoundDesigns& found, double factor) {
  Series series{"looked at by the search", {kFaint, 6}, {}};
  for (const Runner& runner : found.race.runners)
    series.data.push_back({found.designs[runner.design].cost, factor * runner.judged.value.mean});
  return series;
}

Series verified(const FoundDesigns& found, Tolerance verdict, Style style, double factor) {
  Series series{"on fresh draws: " + verdict_text(verdict), std::move(style), {}};
  for (const VerifiedDesign& v : found.verified)
    if (v.judged.verdict == verdict)
      series.data.push_back(datum(found.cost(v), v.judged.value, factor));
  return series;
}

Series front_steps(const FoundDesigns& found, double factor) {
  Series front{"Pareto front", {kFaint, 0, true, false, Joint::along_first}, {}};
  for (const VerifiedDesign& v : found.verified)
    if (v.is_on_front) front.data.push_back({found.cost(v), factor * v.judged.value.mean});
  return front;
}

/// The neighbourhood of the limit and of what was verified; how many lie beyond is said.
void look_closely(const FoundDesigns& found, const MetricWords& words, Panel& panel) {
  const double scale = words.metric().sign() * words.factor();
  double worst = scale * found.asked.limit, best = scale * found.baseline;
  for (const VerifiedDesign& v : found.verified) {
    worst = std::fmin(worst, std::fmin(scale * v.judged.value.lo, scale * v.judged.value.hi));
    best = std::fmax(best, scale * v.judged.value.mean);
  }
  const double floor = worst - 0.5 * (best - worst);
  const auto beyond = std::ranges::count_if(found.race.runners, [&](const Runner& runner) {
    return scale * runner.judged.value.mean < floor;
  });
  if (beyond == 0 || !std::isfinite(floor)) return;
  (scale > 0 ? panel.y.low : panel.y.high) = scale > 0 ? floor : -floor;
  panel.y.title += fmt::format("; {} design{} {}", beyond, beyond == 1 ? " lies" : "s lie",
                               scale > 0 ? "below" : "above");
}

Panel panel_of(const FoundDesigns& found, const BudgetSettings& settings,
               std::vector<Remark>& remarks) {
  const MetricWords words = words_of(found);
  const double factor = words.factor();
  Panel panel{point_title(*found.point) + ", " + settings.text(found.allowance, words),
              {cost_title(settings.design->cost)},
              {words.axis()}};
  const auto [cheapest, dearest] = std::ranges::minmax(found.designs, {}, &PricedDesign::cost);
  panel.x.logarithmic = dearest.cost > 10 * cheapest.cost;
  if (std::isfinite(found.baseline))
    panel.levels.push_back({factor * found.baseline, false, "without noise", kBaseline});
  panel.levels.push_back({factor * found.asked.limit, false, "limit", kNoisy});
  panel.series = {searched(found, factor), front_steps(found, factor),
                  verified(found, Tolerance::tolerated, {kShare, 7}, factor),
                  verified(found, Tolerance::undecided, {kGivenBack, 5}, factor),
                  verified(found, Tolerance::not_tolerated, {kNoisy, 9}, factor)};
  std::erase_if(panel.series, [](const Series& series) { return series.data.empty(); });
  look_closely(found, words, panel);
  for (std::size_t i = 0; i < found.verified.size(); ++i)
    remarks.push_back({found.cost(found.verified[i]), factor * found.verified[i].judged.value.mean,
                       std::to_string(i + 1), kInk});
  return panel;
}

Figure design_figure(const std::vector<FoundDesigns>& all, const BudgetSettings& settings) {
  Plot plot{"design", "numbers: designs of the table", {}};
  plot.panel_width = 560;
  plot.panel_height = 400;
  plot.most_columns = 2;
  plot.shares_y = false;  // baselines differ
  std::vector<std::vector<Remark>> remarks(all.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    plot.panels.push_back(panel_of(all[i], settings, remarks[i]));
  for (std::size_t i = 0; i < all.size(); ++i) add_remarks(remarks[i], i, plot);
  return figure_of(plot);
}

}  // namespace

AnalysisResult design_result(const std::vector<FoundDesigns>& all, const BudgetSettings& settings) {
  AnalysisResult result;
  result.heading = "Design";
  for (const FoundDesigns& found : all) {
    result.tables.push_back(front_table(found, settings));
    result.tables.push_back(searched_table(found, settings));
    if (found.layer_bits) {
      if (cheapest_of(found.verified))
        result.tables.push_back(answer_layers_table(found, settings));
      result.tables.push_back(layers_table(found));
    }
    for (std::string& note : notes_on(found, settings)) result.notes.push_back(std::move(note));
  }
  result.figures = {design_figure(all, settings)};
  return result;
}

}  // namespace ohmic
