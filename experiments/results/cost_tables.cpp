#include "experiments/results/cost_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/results/shown_value.hpp"
#include "experiments/statistics/pareto.hpp"
#include "experiments/study/metric_words.hpp"
#include "experiments/study/words.hpp"
#include "experiments/text/text_table.hpp"

namespace ohmic {
namespace {

using Columns = std::vector<std::pair<std::string, double>>;

constexpr double kNanoPerPico = 1e-3, kMicro = 1e6, kSquareMillimetres = 1e-6;

/// visit(name, value) for every part.
template <class Visit>
void visit_parts(const CostParts& p, const Visit& visit) {
  visit("arrays", p.arrays);
  visit("dac", p.dac);
  visit("adc", p.adc);
  visit("shift_add", p.shift_add);
  visit("buffer", p.buffer);
  visit("router", p.router);
}

Columns all_columns(const LayerCost& c) {
  Columns columns = cost_columns(c);
  columns.push_back({"macs", static_cast<double>(c.macs)});
  columns.push_back({"phases", static_cast<double>(c.phases)});
  visit_parts(c.energy_pJ, [&](const std::string& part, double pJ) {
    columns.push_back({"energy_" + part + "_nJ", pJ * kNanoPerPico});
  });
  visit_parts(c.area_um2, [&](const std::string& part, double um2) {
    columns.push_back({"area_" + part + "_mm2", um2 * kSquareMillimetres});
  });
  return columns;
}

/// Appends a row of `c` behind `keys` and `values`; the header first where there is none.
void append_row(const Row& keys, const Row& values, const LayerCost& c, std::vector<Row>& rows) {
  Row header = keys, row = values;
  header.push_back("layer");
  row.push_back(c.layer);
  for (const auto& [key, value] : all_columns(c)) {
    header.push_back(key);
    row.push_back(number_text(value));
  }
  if (rows.empty()) rows.push_back(std::move(header));
  rows.push_back(std::move(row));
}

void append_network(const Row& keys, const Row& values, const NetworkCost& cost,
                    std::vector<Row>& rows) {
  for (const LayerCost& layer : cost.layers) append_row(keys, values, layer, rows);
  append_row(keys, values, cost.total, rows);
}

Row layer_row(const LayerCost& c) {
  return {c.layer,
          fmt::format("{}", c.tiles),
          fmt::format("{}", c.devices),
          fmt::format("{:.1f}", 100 * c.utilization()),
          fmt::format("{}", c.mvms),
          fmt::format("{}", c.phases),
          fmt::format("{}", c.dac_conversions),
          fmt::format("{}", c.adc_conversions),
          fmt::format("{:.4g}", c.energy_pJ.total() * kNanoPerPico),
          fmt::format("{:.4g}", c.latency_s * kMicro),
          fmt::format("{:.4g}", c.area_um2.total() * kSquareMillimetres)};
}

std::string shares(const std::string& title, const CostParts& parts) {
  std::string text;
  visit_parts(parts, [&](const std::string& part, double value) {
    text += fmt::format("{}{} {:.1f} %", text.empty() ? title + ": " : ", ", part,
                        100 * value / parts.total());
  });
  return text + "\n";
}

Row priced_header(const Point& point) {
  Row row;
  for (const auto& axis : point.axes) row.push_back(key_title(axis.first, &point.experiment));
  row.insert(row.end(), {MetricWords(point.experiment).axis(), "energy (nJ)", "latency (µs)",
                         "area (mm²)", "tiles", "used (%)", "ADC conversions", "front"});
  return row;
}

Row priced_row(const PricedPoint& p) {
  Row row;
  for (const auto& [key, value] : text_axes(*p.point)) row.push_back(value_words(key, value));
  row.insert(
      row.end(),
      {MetricWords(p.point->experiment).text(p.value), fmt::format("{:.4g}", p.cost.energy_nJ),
       fmt::format("{:.4g}", p.cost.latency_us), fmt::format("{:.4g}", p.cost.area_mm2),
       fmt::format("{:.0f}", p.cost.tiles), fmt::format("{:.1f}", 100 * p.cost.utilization),
       fmt::format("{:.0f}", p.cost.adc_conversions), front_mark(p.front)});
  return row;
}

const Periphery& periphery_of(const PricedPoint& p) { return p.point->experiment.periphery; }

/// Marks designs that lack a converter which another has: theirs is free, the other's is not.
void set_apart(std::vector<PricedPoint>& all) {
  const bool any_dac =
      std::ranges::any_of(all, [](auto& p) { return periphery_of(p).dac.has_value(); });
  const bool any_adc =
      std::ranges::any_of(all, [](auto& p) { return periphery_of(p).adc.has_value(); });
  for (PricedPoint& p : all)
    if ((any_dac && !periphery_of(p).dac) || (any_adc && !periphery_of(p).adc))
      p.front = OnFront::apart;
}

/// Another design costs no more and is better beyond both intervals.
bool is_surely_beaten(const PricedPoint& p, const std::vector<PricedPoint>& all) {
  const auto low = [](const Estimate& e) { return std::isnan(e.lo) ? e.mean : e.lo; };
  const auto high = [](const Estimate& e) { return std::isnan(e.hi) ? e.mean : e.hi; };
  return std::any_of(all.begin(), all.end(), [&](const PricedPoint& other) {
    if (other.front == OnFront::apart || other.cost.energy_nJ > p.cost.energy_nJ) return false;
    const bool higher = p.point->experiment.evaluation.choice().metric().better == Better::higher;
    return higher ? low(other.value) > high(p.value) : high(other.value) < low(p.value);
  });
}

}  // namespace

Columns cost_columns(const LayerCost& c) {
  return {{"tiles", static_cast<double>(c.tiles)},
          {"devices", static_cast<double>(c.devices)},
          {"utilization", c.utilization()},
          {"adcs", static_cast<double>(c.adcs)},
          {"mvms", static_cast<double>(c.mvms)},
          {"dac_conversions", static_cast<double>(c.dac_conversions)},
          {"adc_conversions", static_cast<double>(c.adc_conversions)},
          {"energy_nJ", c.energy_pJ.total() * kNanoPerPico},
          {"latency_us", c.latency_s * kMicro},
          {"area_mm2", c.area_um2.total() * kSquareMillimetres}};
}

std::string cost_text(const NetworkCost& cost) {
  std::vector<Row> rows{{"layer", "tiles", "devices", "used %", "MVMs", "phases", "DAC conv.",
                         "ADC conv.", "energy nJ", "latency us", "area mm2"}};
  for (const LayerCost& layer : cost.layers) rows.push_back(layer_row(layer));
  rows.push_back(layer_row(cost.total));
  return aligned_text(rows) + "\n" + shares("energy", cost.total.energy_pJ) +
         shares("area", cost.total.area_um2);
}

std::string constants_text(const CostSettings& settings) {
  const CostSettings usual;
  std::vector<Row> rows;
  for (const Parameter& p : CostSettings::schema().parameters()) {
    const Value value = p.write(&settings);
    const bool is_default = value.text() == p.write(&usual).text();
    rows.push_back({p.key, value.data.index() == 0 ? p.absent : plain_text(value),
                    p.unit == "1" ? "" : p.unit, is_default ? p.source : "given"});
  }
  std::string text;
  for (const Row& row : rows)
    text += fmt::format("  {:<20}{:>12} {:<6} {}\n", row[0], row[1], row[2], row[3]);
  return text;
}

std::string cost_csv(const NetworkCost& cost) {
  std::vector<Row> rows;
  append_network({}, {}, cost, rows);
  return csv_text(rows);
}

std::string cost_csv(const std::vector<MeasuredPoint>& points) {
  std::vector<Row> rows;
  for (const MeasuredPoint& p : points) {
    if (!p.cost) continue;
    Row keys, values;
    for (const auto& [key, value] : p.point->axes) {
      keys.push_back(key);
      values.push_back(plain_text(value));
    }
    append_network(keys, values, *p.cost, rows);
  }
  return rows.empty() ? "" : csv_text(rows);
}

Price price_of(const NetworkCost& cost) {
  const LayerCost& c = cost.total;
  return {static_cast<double>(c.tiles),
          c.utilization(),
          static_cast<double>(c.adc_conversions),
          c.energy_pJ.total() * kNanoPerPico,
          c.latency_s * kMicro,
          c.area_um2.total() * kSquareMillimetres};
}

std::vector<PricedPoint> priced_points(const std::vector<MeasuredPoint>& points) {
  std::vector<PricedPoint> all;
  for (const MeasuredPoint& p : points)
    if (p.cost)
      all.push_back({p.point, summarize(*p.result, p.point->experiment.evaluation.confidence).value,
                     price_of(*p.cost)});
  find_front(all);
  return all;
}

void find_front(std::vector<PricedPoint>& all) {
  set_apart(all);
  std::vector<double> energies, values;
  for (const PricedPoint& p : all) {
    energies.push_back(p.front == OnFront::apart ? Estimate::kNone : p.cost.energy_nJ);
    values.push_back(p.point->experiment.evaluation.choice().metric().sign() * p.value.mean);
  }
  const std::vector<bool> front = pareto_front(energies, values);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].front != OnFront::apart)
      all[i].front = front[i]                        ? OnFront::yes
                     : is_surely_beaten(all[i], all) ? OnFront::no
                                                     : OnFront::maybe;
}

const char* front_mark(OnFront front) {
  switch (front) {
    case OnFront::yes:
      return "*";
    case OnFront::maybe:
      return "~";
    case OnFront::apart:
      return "-";
    case OnFront::no:
      break;
  }
  return "";
}

std::string front_legend(const std::vector<PricedPoint>& points) {
  std::string text =
      "Front: * no design is both cheaper and better; ~ none surely is, as intervals overlap";
  if (std::ranges::any_of(points, [](auto& p) { return p.front == OnFront::apart; }))
    text += "; - not compared, as it lacks converters that others pay for";
  std::vector<const Experiment*> experiments;
  for (const PricedPoint& p : points) experiments.push_back(&p.point->experiment);
  const std::string free = free_converters_note(experiments);
  return text + "." + (free.empty() ? "" : " " + free);
}

std::string free_converters_note(const std::vector<const Experiment*>& experiments) {
  bool no_dac = false, no_adc = false;
  for (const Experiment* e : experiments) {
    no_dac |= !e->periphery.dac;
    no_adc |= !e->periphery.adc;
  }
  if (!no_dac && !no_adc) return {};
  const char* what = no_dac && no_adc ? "DACs and ADCs" : no_dac ? "DACs" : "ADCs";
  const char* keys = no_dac && no_adc ? "periphery.dac and periphery.adc"
                     : no_dac         ? "periphery.dac"
                                      : "periphery.adc";
  return fmt::format(
      "Ideal {} ({}) cost no energy, time or area here: such costs are not those of a chip, and "
      "not "
      "to be compared with costs of one that has them.",
      what, keys);
}

std::vector<Row> pareto_rows(const std::vector<PricedPoint>& points) {
  if (points.empty()) return {};
  std::vector<Row> rows{priced_header(*points.front().point)};
  for (const PricedPoint& p : points) rows.push_back(priced_row(p));
  return rows;
}

std::string pareto_text(const std::vector<PricedPoint>& points) {
  if (points.empty()) return "";
  std::vector<Row> rows = pareto_rows(points);
  for (Row& row : rows)
    for (std::string& cell : row) cell = shown_value(cell);
  return aligned_text(rows) + front_legend(points) + "\n";
}

}  // namespace ohmic
