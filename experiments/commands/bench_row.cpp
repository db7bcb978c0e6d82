#include "experiments/commands/bench_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ohmic {
namespace {

double relative_half_width(const Estimate& median) { return median.half_width() / median.mean; }

/// Ratio, target and whether it was met in files; to a reader the ratio, and the others together.
void add_base(Fields& fields, const std::string& name, const std::string& title,
              const BenchRow& row, const std::optional<BenchBase>& base) {
  const double ratio = base ? row.ratio_to(*base) : Estimate::kNone;
  const double target = base ? base->target : Estimate::kNone;
  const bool is_judged = !std::isnan(ratio) && !std::isnan(target);
  const char* verdict = !is_judged ? "" : row.meets(*base) ? " met" : " missed";
  fields.push_back({{"to_" + name, title, Digits::fixed(3)}, ratio});
  fields.push_back({{name + "_target"}, target});
  fields.push_back({{name + "_met"}, is_judged ? Cell(row.meets(*base)) : Cell()});
  fields.push_back({titled("target"), Digits::general(3).text(target) + verdict});
}

Fields fields_of(const BenchRow& row) {
  const Digits seconds = Digits::fixed(row.seconds.mean < 0.01 ? 5 : 3);
  Fields fields{{{"threads"}, row.threads},
                {{"turns"}, row.turns},
                {{"what", "what"}, row.what},
                {with_interval("seconds", "s"), {row.seconds, seconds.text(row.seconds.mean)}},
                {{"half_width", "± %", Digits::fixed(1, 100)}, relative_half_width(row.seconds)},
                {{"of_peak", "of peak, %", Digits::fixed(1, 100)}, row.of_peak}};
  add_base(fields, "eager", "/ eager", row, row.eager);
  add_base(fields, "fastest", "/ fastest", row, row.fastest);
  fields.push_back({{"base", "beside"}, row.other ? Cell(row.other->name) : Cell()});
  add_base(fields, "base", "ratio", row, row.other);
  fields.push_back({{"note", "", {}, false, true}, row.note.empty() ? Cell() : Cell(row.note)});
  return fields;
}

bool is_narrow(const BenchRow& row) { return row.uncertainty() <= kNarrow; }

}  // namespace

double BenchRow::uncertainty() const {
  if (std::isnan(seconds.mean)) return 0;
  double widest = 0;
  const auto take = [&](const Estimate& median) {
    const double width = relative_half_width(median);
    widest = std::isnan(width) ? HUGE_VAL : std::max(widest, width);
  };
  take(seconds);
  for (const auto* base : {&eager, &fastest, &other})
    if (*base) take((*base)->seconds);
  return widest;
}

std::vector<BenchRow> measure_in_turns(int repetitions, const std::function<void(int)>& take_turn,
                                       const std::function<std::vector<BenchRow>()>& rows) {
  take_turn(0);
  for (int turn = 1;; ++turn) {
    take_turn(turn);
    if (turn < repetitions) continue;
    std::vector<BenchRow> measured = rows();
    if (turn < 5 * repetitions && !std::ranges::all_of(measured, is_narrow)) continue;
    for (BenchRow& row : measured) row.turns = turn;
    return measured;
  }
}

DataTable bench_table(const std::vector<BenchRow>& rows) {
  DataTable table;
  for (const BenchRow& row : rows) table.add(fields_of(row));
  table.drop_empty_columns();
  return table;
}

std::string unsteady_text(const std::vector<BenchRow>& rows) {
  const auto wide =
      std::ranges::count_if(rows, [](const BenchRow& row) { return !is_narrow(row); });
  if (wide == 0) return "";
  const BenchRow& widest = *std::ranges::max_element(rows, {}, &BenchRow::uncertainty);
  if (std::isinf(widest.uncertainty()))
    return fmt::format("Too few turns to tell how steady the run was: {}, at least 6 are needed.",
                       widest.turns);
  return fmt::format(
      "Unsteady: after {} turns the medians of {} of {} rows, or of their bases, are not known to "
      "within {:g} %; the widest, of \"{}\", to within {:.1f} %.",
      widest.turns, wide, rows.size(), 100 * kNarrow, widest.what, 100 * widest.uncertainty());
}

}  // namespace ohmic
