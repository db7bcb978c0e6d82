// What was asked: the chain in words, what was swept, and every key that is not at its default.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/figures/panels.hpp"
#include "experiments/report/sections.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {
namespace {

std::string training_text(const Experiment& e) {
  if (!e.trains()) return "";
  const TrainSettings& t = e.train;
  const bool goes_on = t.start == TrainingStart::given;
  std::string text = fmt::format(", trained {}here: {} epochs of {}, batch {}, L2 {}",
                                 goes_on ? "further " : "", t.epochs, t.optimizer, t.batch, t.l2);
  if (t.hardware && t.hardware->acts())
    text += ", through " + t.hardware->device_model + " devices";
  return text;
}

std::string network_text(const Experiment& e) {
  const std::string weights = e.model.weights.empty() ? "" : ", weights " + e.model.weights;
  const std::string what =
      e.model.file.empty()
          ? fmt::format("{} ({} layout, width {})", e.model.name, e.model.layout, e.model.width)
          : "that of " + e.model.file;
  return what + weights + training_text(e);
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

/// Of a budget, whose questions say how many draws they take.
std::string estimator_text(const Experiment& e) {
  const EvaluationSettings& s = e.evaluation;
  return s.estimator == Estimator::per_draw
             ? "chips that see all test images; every answer says how many"
             : fmt::format(
                   "passes over the test images, a chip programmed for every {}; every answer says "
                   "how many",
                   s.batch);
}

std::string images_text(const Experiment& e) {
  const auto some = [](std::int64_t images, const char* of) {
    return images == 0 ? "" : fmt::format(", {} {} images", images, of);
  };
  return e.data.name + some(e.data.train_images, "training") + some(e.data.test_images, "test");
}

std::string device_text(const Experiment& e) {
  return fmt::format("{}{}, g_min {:g} to g_max {:g} µS", e.device_model,
                     e.preset.empty() ? "" : ", preset " + e.preset, 1e6 * e.device->g_min_S,
                     1e6 * e.device->g_max_S);
}

std::string tile_text(const Experiment& e) {
  const TileShape& tile = e.mapping.tile;
  if (tile.rows <= 0 || tile.columns <= 0) return "one array per layer, whatever its size";
  return fmt::format("{} rows x {} columns", tile.rows, tile.columns);
}

/// "; conv1: bits = 6" for every layer whose converters have keys of their own.
std::string own_keys_text(const Experiment& e, const std::string& converter) {
  std::string text;
  for (const auto& [layer, keys] : e.periphery.layers) {
    const Value* own = keys.at(converter);
    if (!own) continue;
    std::vector<std::string> settings;
    for (const auto& entry : own->table().entries())
      settings.push_back(entry.key + " = " + plain_text(entry.value));
    text += fmt::format("; {}: {}", layer, fmt::join(settings, ", "));
  }
  return text;
}

std::string dac_text(const Experiment& e) {
  if (!e.periphery.dac) return "ideal: none";
  return fmt::format("{} bits{}", e.periphery.dac->bits, own_keys_text(e, "dac"));
}

std::string adc_text(const Experiment& e) {
  if (!e.periphery.adc) return "ideal: none";
  const Value resolved = e.resolved();
  return fmt::format("{} bits, range {}{}", e.periphery.adc->bits,
                     plain_text(*resolved.at("periphery.adc.range")), own_keys_text(e, "adc"));
}

std::string wires_text(const Experiment& e) {
  if (!e.periphery.wires) return "ideal: without resistance";
  return fmt::format("{:g} Ω per cell along a row, {:g} Ω along a column",
                     e.periphery.wires->row_ohm, e.periphery.wires->column_ohm);
}

std::string swept_values(const std::vector<Point>& points, const std::string& key) {
  std::vector<std::string> values;
  for (const Point& point : points)
    for (const auto& [k, value] : point.axes)
      if (k == key) values.push_back(plain_text(value));
  return fmt::format("{}", fmt::join(distinct(values), ", "));
}

Facts chain(const std::vector<Point>& points, bool is_budget) {
  const auto all = [&](std::string (*text)(const Experiment&)) {
    std::vector<std::string> texts;
    for (const Point& point : points) texts.push_back(text(point.experiment));
    return fmt::format("{}", fmt::join(distinct(texts), "; "));
  };
  return {{"network", all(network_text)},
          {"images", all(images_text)},
          {"device", all(device_text)},
          {"tile", all(tile_text)},
          {"DAC", all(dac_text)},
          {"ADC", all(adc_text)},
          {"wires", all(wires_text)},
          {"noise on", all(reading_of)},
          {"measured by", all(is_budget ? estimator_text : evaluation_text)}};
}

/// An experiment that says nothing but the device model and which optional tables there are: every
/// other key is at its default.
Value defaults_of(const Experiment& e) {
  const Value resolved = e.resolved();
  Value root{Table{}};
  root.set("device.model", {e.device_model});
  for (const char* optional : {"periphery.dac", "periphery.adc", "periphery.wires",
                               "periphery.output_noise", "evaluation.stop", "cost"})
    if (const Value* value = resolved.at(optional); value && value->is_table())
      root.set(optional, {Table{}});
  std::vector<Fault> faults;
  return Experiment::read(root, faults).resolved();
}

/// How and where, not what; a training that is not done, where weights are given; and how many
/// draws a run would take, where a budget is asked for.
bool changes_nothing(const std::string& key, const Experiment& e, bool is_budget) {
  const bool is_of_runs = key == "evaluation.draws" || key == "evaluation.confidence" ||
                          key.starts_with("evaluation.stop");
  return key == "title" || key.starts_with("output.") || key.starts_with("compute.") ||
         (key.starts_with("train.") && !e.trains()) || (is_budget && is_of_runs);
}

Facts not_default(const Point& first, bool is_budget) {
  const auto defaults = leaves_of(defaults_of(first.experiment));
  Facts facts;
  for (const auto& leaf : leaves_of(first.experiment.resolved())) {
    const bool is_swept = std::any_of(first.axes.begin(), first.axes.end(),
                                      [&](const auto& axis) { return axis.first == leaf.first; });
    const bool is_default = std::find(defaults.begin(), defaults.end(), leaf) != defaults.end();
    if (!is_swept && !is_default && !changes_nothing(leaf.first, first.experiment, is_budget))
      facts.push_back({leaf.first, leaf.second});
  }
  return facts;
}

void add_leaves(const std::string& key, const Value& value,
                std::vector<std::pair<std::string, std::string>>& leaves) {
  if (!value.is_table()) return leaves.push_back({key, plain_text(value)});
  for (const auto& entry : value.table().entries())
    add_leaves(key.empty() ? entry.key : key + "." + entry.key, entry.value, leaves);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> leaves_of(const Value& table) {
  std::vector<std::pair<std::string, std::string>> leaves;
  add_leaves("", table, leaves);
  return leaves;
}

Markup fact_list(const Facts& facts) {
  Markup list;
  for (const auto& [name, value] : facts) list += element("dt", name) + element("dd", value);
  return element("dl", {{"class", "facts"}}, list);
}

Section asked_section(const std::vector<Point>& points, const std::string& resolved,
                      const Facts& question) {
  Facts swept;
  for (const auto& axis : points.front().axes)
    swept.push_back({axis.first, swept_values(points, axis.first)});
  Markup content;
  const auto add = [&](const char* title, const Facts& facts) {
    if (!facts.empty()) content += element("h3", title) + fact_list(facts);
  };
  const bool is_budget = !question.empty();
  if (is_budget) content += fact_list(question);
  is_budget ? add("Of", chain(points, true)) : void(content += fact_list(chain(points, false)));
  add("Swept", swept);
  add("Set, and not the default", not_default(points.front(), is_budget));
  content += element("details",
                     element("summary", "Every key (resolved.toml)") + element("pre", resolved));
  return {"asked", "What was asked", content};
}

Section provenance_section(const std::vector<std::pair<std::string, std::string>>& provenance) {
  Facts facts;
  for (const auto& [key, value] : provenance) facts.push_back({key, element("code", value)});
  const Markup none =
      element("p", "The run has not written its provenance.json: it has not come to its end.");
  return {"provenance", "Provenance", facts.empty() ? none : fact_list(facts)};
}

}  // namespace ohmic
