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

/// What designs are held against: the mean of the metric, or the share of good chips.
struct Shown {
  std::string axis;
  double factor, asked, sign;
  const char* level;
  Estimate Judgement::*value;

  Estimate of(const Judgement& judged) const { return judged.*value; }
};

Shown shown_of(const FoundDesigns& found) {
  const MetricWords words = words_of(found);
  if (found.asked.share)
    return {"good chips (%)", 100, *found.asked.share, 1, "asked", &Judgement::good};
  return {words.axis(),          words.factor(), found.asked.limit,
          words.metric().sign(), "limit",        &Judgement::value};
}

/// "1 %", with a share ", 90 % of the chips" behind it.
std::string with_share(const FoundDesigns& found, std::string allowed) {
  if (found.asked.share) allowed += fmt::format(", {:g} % of the chips", 100 * *found.asked.share);
  return allowed;
}

/// What an answer is of: "waves, loss of at most 1 %".
std::string answer_title(const FoundDesigns& found, const BudgetSettings& settings) {
  return point_title(*found.point) + ", " +
         with_share(found, settings.phrase(found.allowance, words_of(found)));
}

/// Of those that were verified, as tables and figures number them.
std::size_t number_of(const FoundDesigns& found, const VerifiedDesign& v) {
  return found.first_number + static_cast<std::size_t>(&v - found.verified.data());
}

std::vector<Column> choice_columns(const FoundDesigns& found, bool is_shown) {
  std::vector<Column> columns;
  for (const DesignChoice& choice : found.space.choices()) {
    std::optional<std::string> title;
    if (is_shown) title = key_title(choice.shown(), &found.point->experiment);
    if (is_shown && choice.shown() == "layer_adc_bits" && found.layer_bits->layers.size() > 1)
      title = fmt::format("ADC bits, layers {} to {}", found.layer_bits->layers.front(),
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
  DataTable table{
      "design",
      fmt::format("{} ({}), the cheapest first:", answer_title(found, settings), limit_text(found)),
      axis_keys(*found.point)};
  table.append(
      {{settings.change_column(words.metric())}, {"limit"}, {"baseline"}, {"design", "design"}});
  table.append(choice_columns(found, true));
  append_costs(asked, true, table);
  const std::string mean = asked.share ? "mean " + words.title() : words.title();
  table.append({with_interval(words.metric().name, words.column(mean), words.digits()), {"draws"}});
  Column good = with_interval("good_chips", {}, Digits::fixed(1, 100));
  if (asked.share) good.title = "good chips %";
  table.append({good, {"verdict", "asked"}, {"front", "front"}, {"cheapest"}, {"file", "file"}});
  const VerifiedDesign* cheapest = cheapest_of(found.verified);
  for (std::size_t i = 0; i < found.verified.size(); ++i) {
    const VerifiedDesign& v = found.verified[i];
    std::vector<Cell> row = axis_cells(*found.point);
    add_all({found.allowance.change, found.asked.limit, found.baseline, found.first_number + i},
            row);
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
      fmt::format("{}, the cheapest that holds, layer by layer: what each layer of that design "
                  "costs, and what such an ADC by itself adds to the mean square error of the "
                  "network's outputs on the file's own hardware, where that was measured (in "
                  "their unit squared, beside {} bits in all layers):",
                  answer_title(found, settings), study.bits.back())};
  table.append({titled("layer"), titled("ADC bits"), titled("error", Digits::general(3)),
                titled(cost_title(settings.design->cost), kFour)});
  for (std::size_t l = 0; l < study.layers.size(); ++l) {
    const std::int64_t bits = adc_bits_of(found, answer, study.layers[l]);
    const auto at =
        static_cast<std::size_t>(std::ranges::find(study.bits, bits) - study.bits.begin());
    table.add({study.layers[l], bits, study.error[l].at(at), found.answer_costs[l]});
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

/// "1.58 times as much", "3.2 % more".
std::string times_or_more(double cost, double than) {
  if (cost >= 1.1 * than) return fmt::format("{:.3g} times as much", cost / than);
  return fmt::format("{:.2g} % more", 100 * (cost / than - 1));
}

std::string answer_note(const FoundDesigns& found, const BudgetSettings& settings) {
  const VerifiedDesign* cheapest = cheapest_of(found.verified);
  const bool all_fail = std::ranges::all_of(found.verified, [](const VerifiedDesign& v) {
    return v.judged.verdict == Tolerance::not_tolerated;
  });
  if (!cheapest && all_fail)
    return "All that were verified are shown to fail on fresh draws; more evaluations or other "
           "choices may show a design that holds.";
  if (!cheapest)
    return "No design is shown to hold on fresh draws; more of them (budget.design.verify_draws), "
           "more evaluations or other choices may show one.";
  const DesignCost& cost = settings.design->cost;
  const double dearest = std::ranges::max(found.designs, {}, &PricedDesign::cost).cost,
               answer = found.cost(*cheapest);
  const std::string beside =
      dearest <= answer ? "no other of the choices costs more"
                        : "the dearest of the choices takes " + times_or_more(dearest, answer);
  return fmt::format("The cheapest that holds is {}: {}; {}.", name_of(found, *cheapest),
                     cost_text(cost, answer), beside);
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
      "{}.",
      what, found.verified.size(),
      100 * (1 - settings.confidence) / static_cast<double>(found.verified.size()),
      100 * settings.confidence,
      asked.share ? "good in a larger share of chips" : "better in the mean");
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

/// "36 random designs, all that there are, a first look each (360 draws; the search took 523 and 36
/// predictions), find".
std::string random_effort(const FoundDesigns& found) {
  const RandomComparison& random = *found.random;
  const bool is_one = random.found.looked_at == 1;
  std::string searched = fmt::format("{}", found.race.spent);
  if (found.predictions > 0) searched += fmt::format(" and {} predictions", found.predictions);
  if (found.layer_bits)
    searched += fmt::format(" and {} measurements of layers", found.layer_bits->evaluations);
  return fmt::format(
      "{} random design{}{}{}, a first look{} ({} draws; the search took {}), find{}",
      random.found.looked_at, is_one ? "" : "s",
      found.layer_bits ? ", bits at random in every layer" : "",
      random.found.looked_at == random.there_are ? ", all that there are" : "",
      is_one ? "" : " each", random.found.spent, searched, is_one ? "s" : "");
}

/// How a design may hold that is not shown to in the table.
std::string twin_text(const FoundDesigns& found, const BudgetSettings& settings,
                      const std::string& name) {
  const auto error = [&](const std::vector<VerifiedDesign>& verified) {
    return 100 * (1 - settings.confidence) / static_cast<double>(verified.size());
  };
  const auto twin = std::ranges::find_if(
      found.verified, [&](const VerifiedDesign& v) { return name_of(found, v) == name; });
  if (twin == found.verified.end() || twin->holds()) return "";
  const std::size_t by_chance = found.random->found.verified.size();
  return fmt::format(
      ". That is design {} of the table, on the same draws: there {} designs share the error, "
      "{:.2g} "
      "% each, here {} with {:.2g} %{}",
      number_of(found, *twin), found.verified.size(), error(found.verified),
      by_chance == 1 ? "it is alone" : fmt::format("{} do", by_chance),
      error(found.random->found.verified), by_chance == 1 ? "" : " each");
}

std::string random_note(const FoundDesigns& found, const BudgetSettings& settings) {
  const RandomComparison& random = *found.random;
  const VerifiedDesign *best = cheapest_of(random.found.verified),
                       *ours = cheapest_of(found.verified);
  std::string text = random_effort(found);
  if (!best) return text + " none that holds on fresh draws.";
  const PricedDesign& design = random.designs[best->design];
  const std::string name = design_words(random.space, design.index);
  if (ours && name == name_of(found, *ours)) return text + " the same design.";
  text += fmt::format(" {}: {}", name, cost_text(settings.design->cost, design.cost));
  if (ours) text += ", " + beside_answer(design.cost, found.cost(*ours));
  return text + twin_text(found, settings, name) + ".";
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

std::string files_note(const FoundDesigns& found) {
  if (found.question == 1) return "";
  return fmt::format(
      "The folder has designs of another question already, which stay as they are; files of these "
      "have _question_{} in their names.",
      found.question);
}

constexpr char kFigureNote[] =
    "Circles of the figure are of draws that the search chose "
    "designs by, which is why the best of them lie above what fresh draws show; the front is of "
    "fresh draws alone.";

/// Of several answers each note says of which it is, unless it is of all.
std::vector<std::string> notes_on(const std::vector<FoundDesigns>& all,
                                  const BudgetSettings& settings) {
  std::vector<std::vector<std::string>> by_answer;
  for (const FoundDesigns& found : all) by_answer.push_back(notes_on(found, settings));
  const auto is_of_all = [&](const std::string& note) {
    return std::ranges::all_of(
        by_answer, [&](const auto& notes) { return std::ranges::count(notes, note) > 0; });
  };
  std::vector<std::string> notes, common;
  for (std::size_t i = 0; i < all.size(); ++i)
    for (const std::string& note : by_answer[i])
      if (all.size() == 1 || !is_of_all(note))
        notes.push_back(all.size() == 1 ? note : answer_title(all[i], settings) + ": " + note);
      else if (i == 0)
        common.push_back(note);
  notes.insert(notes.end(), common.begin(), common.end());
  if (std::string files = files_note(all.front()); !files.empty())
    notes.push_back(std::move(files));
  notes.emplace_back(kFigureNote);
  return notes;
}

// --- figure ---

Series searched(const FoundDesigns& found, const Shown& shown) {
  Series series{"on the search's draws", {kFaint, 6}, {}};
  for (const Runner& runner : found.race.runners)
    series.data.push_back(
        {found.designs[runner.design].cost, shown.factor * shown.of(runner.judged).mean});
  return series;
}

Series verified(const FoundDesigns& found, Tolerance verdict, Style style, const Shown& shown) {
  Series series{"on fresh draws: " + verdict_text(verdict), std::move(style), {}};
  for (const VerifiedDesign& v : found.verified)
    if (v.judged.verdict == verdict)
      series.data.push_back(datum(found.cost(v), shown.of(v.judged), shown.factor));
  return series;
}

Series front_steps(const FoundDesigns& found, const Shown& shown) {
  Series front{"front on fresh draws", {kFaint, 0, true, false, Joint::along_first}, {}};
  for (const VerifiedDesign& v : found.verified)
    if (v.is_on_front)
      front.data.push_back({found.cost(v), shown.factor * shown.of(v.judged).mean});
  return front;
}

/// The neighbourhood of the limit and of what was verified; how many lie beyond is said.
void look_closely(const FoundDesigns& found, const Shown& shown, Panel& panel) {
  const double scale = shown.sign * shown.factor;
  double worst = scale * shown.asked,
         best = scale * (found.asked.share ? shown.asked : found.baseline);
  for (const VerifiedDesign& v : found.verified) {
    const Estimate value = shown.of(v.judged);
    worst = std::fmin(worst, std::fmin(scale * value.lo, scale * value.hi));
    best = std::fmax(best, scale * value.mean);
  }
  const double floor = worst - 0.5 * (best - worst);
  const auto beyond = std::ranges::count_if(found.race.runners, [&](const Runner& runner) {
    return scale * shown.of(runner.judged).mean < floor;
  });
  if (beyond == 0 || !std::isfinite(floor)) return;
  (scale > 0 ? panel.y.low : panel.y.high) = scale > 0 ? floor : -floor;
  panel.y.title += fmt::format("; {} design{} {}", beyond, beyond == 1 ? " lies" : "s lie",
                               scale > 0 ? "below" : "above");
}

Panel panel_of(const FoundDesigns& found, const BudgetSettings& settings,
               std::vector<Remark>& remarks) {
  const Shown shown = shown_of(found);
  Panel panel{point_title(*found.point) + ", " +
                  with_share(found, settings.text(found.allowance, words_of(found))),
              {cost_title(settings.design->cost)},
              {shown.axis}};
  const auto [cheapest, dearest] = std::ranges::minmax(found.designs, {}, &PricedDesign::cost);
  panel.x.logarithmic = dearest.cost > 10 * cheapest.cost;
  if (std::isfinite(found.baseline) && !found.asked.share)
    panel.levels.push_back({shown.factor * found.baseline, false, "without noise", kBaseline});
  panel.levels.push_back({shown.factor * shown.asked, false, shown.level, kNoisy});
  panel.series = {searched(found, shown), front_steps(found, shown),
                  verified(found, Tolerance::tolerated, {kShare, 7}, shown),
                  verified(found, Tolerance::undecided, {kGivenBack, 5}, shown),
                  verified(found, Tolerance::not_tolerated, {kNoisy, 9}, shown)};
  std::erase_if(panel.series, [](const Series& series) { return series.data.empty(); });
  look_closely(found, shown, panel);
  for (const VerifiedDesign& v : found.verified)
    remarks.push_back({found.cost(v), shown.factor * shown.of(v.judged).mean,
                       std::to_string(number_of(found, v)), kInk});
  return panel;
}

Figure design_figure(const std::vector<FoundDesigns>& all, const BudgetSettings& settings) {
  Plot plot{"design",
            fmt::format("numbers: of the table; bars: {:g} % intervals", 100 * settings.confidence),
            {}};
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
  }
  result.notes = notes_on(all, settings);
  result.figures = {design_figure(all, settings)};
  return result;
}

}  // namespace ohmic
