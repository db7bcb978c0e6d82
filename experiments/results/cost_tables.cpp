#include "experiments/results/cost_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/results/axis_columns.hpp"
#include "experiments/results/converter_bits.hpp"
#include "experiments/statistics/pareto.hpp"
#include "experiments/study/metric_words.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {
namespace {

constexpr double kNanoPerPico = 1e-3, kMicro = 1e6, kSquareMillimetres = 1e-6;

void append_row(const Fields& first, const LayerCost& c, bool with_bits, DataTable& table) {
  Fields row = first;
  row.push_back({{"layer", "layer"}, c.layer});
  for (auto& field : cost_fields(c)) row.push_back(std::move(field));
  row.push_back({{"macs"}, static_cast<double>(c.macs)});
  row.push_back({{"phases"}, static_cast<double>(c.phases)});
  if (with_bits) {
    row.push_back({{"dac_bits", "DAC bits"}, bits_cell(c.dac_bits)});
    row.push_back({{"adc_bits", "ADC bits"}, bits_cell(c.adc_bits)});
  }
  table.add(row);
}

/// Its layers and their sum, behind the same first cells.
void append_network(const Fields& first, const NetworkCost& cost, bool with_bits,
                    DataTable& table) {
  for (const LayerCost& layer : cost.layers) append_row(first, layer, with_bits, table);
  append_row(first, cost.total, with_bits, table);
}

std::string shares(const std::string& title, const CostParts& parts) {
  std::string text;
  for (const auto& [part, value] : kCostParts)
    text += fmt::format("{}{} {:.1f} %", text.empty() ? title + ": " : ", ", part,
                        100 * parts.*value / parts.total());
  return text + "\n";
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

Fields cost_fields(const LayerCost& c) {
  constexpr Digits kFour = Digits::general(4);
  Fields fields{{{"tiles", "tiles"}, static_cast<double>(c.tiles)},
                {{"devices", "devices"}, static_cast<double>(c.devices)},
                {{"utilization", "used %", Digits::fixed(1, 100)}, c.utilization()},
                {{"adcs"}, static_cast<double>(c.adcs)},
                {{"mvms", "MVMs"}, static_cast<double>(c.mvms)},
                {titled("phases"), static_cast<double>(c.phases)},
                {{"dac_conversions", "DAC conv."}, static_cast<double>(c.dac_conversions)},
                {{"adc_conversions", "ADC conv."}, static_cast<double>(c.adc_conversions)},
                {{"energy_nJ", "energy nJ", kFour}, c.energy_pJ.total() * kNanoPerPico},
                {{"latency_us", "latency us", kFour}, c.latency_s * kMicro},
                {{"area_mm2", "area mm2", kFour}, c.area_um2.total() * kSquareMillimetres}};
  for (const auto& [part, value] : kCostParts)
    fields.push_back({{energy_key(part)}, c.energy_pJ.*value * kNanoPerPico});
  for (const auto& [part, value] : kCostParts)
    fields.push_back({{area_key(part)}, c.area_um2.*value * kSquareMillimetres});
  return fields;
}

std::string energy_key(const std::string& part) { return "energy_" + part + "_nJ"; }
std::string area_key(const std::string& part) { return "area_" + part + "_mm2"; }

std::string cost_text(const NetworkCost& cost, const NetworkPeriphery& periphery) {
  return terminal_text(cost_table(cost, periphery)) + "\n" +
         shares("energy", cost.total.energy_pJ) + shares("area", cost.total.area_um2);
}

std::string constants_text(const CostSettings& settings) {
  const CostSettings usual;
  std::string text;
  for (const Parameter& p : CostSettings::schema().parameters()) {
    const Value value = p.write(&settings);
    const bool is_default = value.text() == p.write(&usual).text();
    text += fmt::format("  {:<20}{:>12} {:<6} {}\n", p.key,
                        value.data.index() == 0 ? p.absent : plain_text(value),
                        p.unit == "1" ? "" : p.unit, is_default ? p.source : "given");
  }
  return text;
}

DataTable cost_table(const NetworkCost& cost, const NetworkPeriphery& periphery) {
  DataTable table;
  append_network({}, cost, periphery.has_own(), table);
  return table;
}

std::string cost_csv(const std::vector<MeasuredPoint>& points) {
  DataTable table;
  const bool with_bits = std::ranges::any_of(points, [](const MeasuredPoint& p) {
    return p.cost && p.point->experiment.periphery.has_own();
  });
  for (const MeasuredPoint& p : points)
    if (p.cost) append_network(axis_fields(*p.point), *p.cost, with_bits, table);
  return csv_text(table);
}

Price price_of(const LayerCost& c) {
  Price price{static_cast<double>(c.tiles),
              c.utilization(),
              static_cast<double>(c.adc_conversions),
              c.energy_pJ.total() * kNanoPerPico,
              c.latency_s * kMicro,
              c.area_um2.total() * kSquareMillimetres};
  for (const auto& [part, value] : kCostParts) {
    price.energy_parts_nJ.*value = c.energy_pJ.*value * kNanoPerPico;
    price.area_parts_mm2.*value = c.area_um2.*value * kSquareMillimetres;
  }
  return price;
}

std::vector<PricedPoint> priced_points(const std::vector<MeasuredPoint>& points) {
  std::vector<PricedPoint> all;
  for (const MeasuredPoint& p : points)
    if (p.cost)
      all.push_back({p.point, summarize(*p.result, p.point->experiment.evaluation.confidence).value,
                     price_of(p.cost->total)});
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

namespace {

/// Swept keys as the first columns of a table, with the point's values.
void append_axes(const PricedPoint& first, DataTable& table) {
  table.labels = first.point->axes.size();
  for (const auto& axis : first.point->axes)
    table.append({titled(key_title(axis.first, &first.point->experiment))});
}

std::vector<Cell> axes_of(const PricedPoint& p) {
  std::vector<Cell> cells;
  for (const auto& [key, value] : text_axes(*p.point)) cells.push_back(value_words(key, value));
  return cells;
}

const char* part_title(const std::string& part) {
  return part == "arrays"      ? "arrays (%)"
         : part == "dac"       ? "drivers, DACs (%)"
         : part == "adc"       ? "ADCs (%)"
         : part == "shift_add" ? "shift and add (%)"
         : part == "buffer"    ? "buffers (%)"
                               : "routers (%)";
}

}  // namespace

DataTable pareto_table(const std::vector<PricedPoint>& points) {
  constexpr Digits kFour = Digits::general(4);
  const MetricWords words(points.front().point->experiment);
  DataTable table{"cost"};
  append_axes(points.front(), table);
  table.append({titled(words.axis(), words.digits()), titled("energy (nJ)", kFour),
                titled("latency (µs)", kFour), titled("area (mm²)", kFour), titled("tiles"),
                titled("used (%)", Digits::fixed(1, 100)), titled("ADC conversions"),
                titled("front")});
  for (const PricedPoint& p : points)
    table.add(axes_of(p),
              {p.value, p.cost.energy_nJ, p.cost.latency_us, p.cost.area_mm2, p.cost.tiles,
               p.cost.utilization, p.cost.adc_conversions, front_mark(p.front)});
  return table;
}

DataTable parts_table(const std::vector<PricedPoint>& points, const std::string& name,
                      const std::string& caption, CostParts Price::*of) {
  DataTable table{name, caption};
  append_axes(points.front(), table);
  for (const CostPart& part : kCostParts)
    table.append({titled(part_title(part.name), Digits::fixed(1, 100))});
  for (const PricedPoint& p : points) {
    const CostParts& parts = p.cost.*of;
    std::vector<Cell> shares;
    for (const CostPart& part : kCostParts) shares.push_back(parts.*part.value / parts.total());
    table.add(axes_of(p), shares);
  }
  return table;
}

std::string pareto_text(const std::vector<PricedPoint>& points) {
  if (points.empty()) return "";
  DataTable table = pareto_table(points);
  for (Column& column : table.columns) column.title = shown_value(*column.title);
  for (DataTable::Line& line : table.lines)
    for (std::size_t i = 0; i < table.labels; ++i)
      line.cells[i] = shown_value(table.columns[i].text(line.cells[i]));
  return terminal_text(table) + front_legend(points) + "\n";
}

}  // namespace ohmic
