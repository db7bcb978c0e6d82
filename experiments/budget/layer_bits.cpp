#include "experiments/budget/layer_bits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "experiments/budget/design_pool.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/study/configure.hpp"
#include "nn/analog/layer_devices.hpp"

namespace ohmic {
namespace {

constexpr char kBits[] = "periphery.adc.bits";
const std::string kLayers = "periphery.layers.", kOwnBits = ".adc.bits";
constexpr std::size_t kMostRungs = 24;

std::vector<int> ascending(std::vector<int> bits) {
  std::ranges::sort(bits);
  return bits;
}

// --- the ladder ---

/// Down to fewer bits in one layer.
struct StepDown {
  std::size_t layer = 0, to = 0;
  double saved_per_error = 0, saved = 0;
};

/// The one that saves most for the error that it adds; of equal ones the one that saves most.
std::optional<StepDown> best_step(const LayerBits& study, const Rung& rung) {
  std::optional<StepDown> best;
  for (std::size_t l = 0; l < rung.size(); ++l)
    for (std::size_t to = 0; to < rung[l]; ++to) {
      const double saved = study.cost[l][rung[l]] - study.cost[l][to];
      const double added = std::max(study.error[l][to] - study.error[l][rung[l]], 0.0);
      if (saved <= 0) continue;
      const double ratio = added > 0 ? saved / added : std::numeric_limits<double>::infinity();
      if (!best || ratio > best->saved_per_error ||
          (ratio == best->saved_per_error && saved > best->saved))
        best = StepDown{l, to, ratio, saved};
    }
  return best;
}

/// So many of them at most, at equal distances, with the first and the last.
std::vector<Rung> thinned(const std::vector<Rung>& ladder) {
  if (ladder.size() <= kMostRungs) return ladder;
  std::vector<Rung> chosen;
  for (std::size_t i = 0; i < kMostRungs; ++i)
    chosen.push_back(ladder[i * (ladder.size() - 1) / (kMostRungs - 1)]);
  return chosen;
}

bool is_uniform(const Rung& rung) {
  return std::ranges::all_of(rung, [&](std::size_t at) { return at == rung.front(); });
}

// --- designs ---

/// The bits that most layers have.
std::size_t commonest(const Rung& rung, std::size_t values) {
  std::vector<std::size_t> count(values, 0);
  for (const std::size_t at : rung) ++count[at];
  return static_cast<std::size_t>(std::ranges::max_element(count) - count.begin());
}

Value keys_of(const LayerBits& study, const Rung& rung) {
  const auto bits = [&](std::size_t at) { return Value{std::int64_t{study.bits[at]}}; };
  const std::size_t common = commonest(rung, study.bits.size());
  Value keys{Table{}};
  keys.set("adc.bits", bits(common));
  for (std::size_t l = 0; l < rung.size(); ++l)
    if (rung[l] != common) keys.set("layers." + study.layers[l] + kOwnBits, bits(rung[l]));
  return keys;
}

std::string text_of(const LayerBits& study, const Rung& rung) {
  if (is_uniform(rung)) return std::to_string(study.bits[rung.front()]);
  std::vector<int> bits;
  for (const std::size_t at : rung) bits.push_back(study.bits[at]);
  return fmt::format("{}", fmt::join(bits, " "));
}

DesignChoice choice_of(const LayerBits& study, const std::vector<Rung>& rungs) {
  DesignChoice choice{"periphery", {}, "layer_adc_bits", {}};
  for (const Rung& rung : rungs) {
    choice.values.push_back(keys_of(study, rung));
    choice.texts.push_back(text_of(study, rung));
  }
  return choice;
}

// --- measurement ---

/// By how much the mean square of rounding falls from `from` bits to more: steps of 2^bits - 1
/// codes about 0.
double law(int from, int to) {
  const auto step = [](int bits) { return 1 / (std::exp2(bits) - 1); };
  return std::pow(step(to) / step(from), 2);
}

struct LikelyError {
  double error, seen;  ///< as in LayerBits
};

/// What was seen is what is there and, of each sample, its product with the error `before` of all
/// others: noise of a variance of 4 before error / samples, which hides small errors. The law of
/// rounding is right within a factor of two or so. Each counts by its precision.
LikelyError likely_error(double seen, double by_law, double before, double samples) {
  if (by_law <= 0) return {0, 0};
  const double spread = by_law * by_law / 4, noise = 4 * std::abs(before) * by_law / samples;
  const double weight = spread / (spread + noise);
  return {std::clamp(by_law + weight * (seen - by_law), by_law / 4, 4 * by_law), weight};
}

class Study {
 public:
  Study(AnalysisContext& context, const Point& point, const DesignSettings& asked)
      : context_(context), point_(point), asked_(asked) {
    study_.bits = ascending(asked.layer_adc_bits);
  }

  LayerBits run() {
    const PointResult all = outputs({}, fmt::format("{} ADC bits in all layers", most()));
    study_.layers = crossbar_layers(context_.networks.get(point_.experiment).graph);
    for (const std::string& layer : study_.layers) add_errors_of(layer, all);
    find_costs();
    return std::move(study_);
  }

 private:
  int most() const { return study_.bits.back(); }

  /// Mean square of what the outputs are off by, with exact devices.
  PointResult outputs(const KeyValues& own, const std::string& what) {
    KeyValues keys{{"evaluation.metric", {std::string("mse")}},
                   {"evaluation.against", {std::string("answers")}},
                   {kBits, {std::int64_t{most()}}}};
    keys.insert(keys.end(), own.begin(), own.end());
    ++study_.evaluations;
    return context_.evaluations.measure(with_keys(point_.experiment, keys), 0,
                                        point_label(point_) + ", " + what);
  }

  /// What a layer adds to the error, from the fewest bits up.
  void add_errors_of(const std::string& layer, const PointResult& all) {
    std::vector<double>& errors = study_.error.emplace_back(study_.bits.size(), 0.0);
    std::vector<double>& shares = study_.seen.emplace_back(study_.bits.size(), Estimate::kNone);
    for (std::size_t i = 0; i + 1 < study_.bits.size(); ++i) {
      const int bits = study_.bits[i];
      const PointResult r = outputs({{adc_bits_key(layer), {std::int64_t{bits}}}},
                                    fmt::format("{} ADC bits in {}", bits, layer));
      const double seen = r.noise_free() - all.noise_free();
      const LikelyError likely =
          i == 0 ? LikelyError{std::max(seen, 0.0), 1}
                 : likely_error(seen, errors[i - 1] * law(study_.bits[i - 1], bits),
                                all.noise_free(), static_cast<double>(all.images));
      errors[i] = likely.error;
      shares[i] = likely.seen;
    }
  }

  void find_costs() {
    study_.cost.assign(study_.layers.size(), std::vector<double>(study_.bits.size(), 0.0));
    for (std::size_t i = 0; i < study_.bits.size(); ++i) {
      const std::vector<double> costs = layer_costs(
          context_, point_, asked_.cost, study_.layers,
          priced(with_keys(point_.experiment, {{kBits, {std::int64_t{study_.bits[i]}}}})));
      for (std::size_t l = 0; l < costs.size(); ++l) study_.cost[l][i] = costs[l];
    }
  }

  AnalysisContext& context_;
  const Point& point_;
  const DesignSettings& asked_;
  LayerBits study_;
};

std::size_t owner_of(const Graph& graph, const Node& node, const std::vector<std::string>& layers) {
  const std::string& name =
      node.shares < 0 ? node.name : graph.nodes[static_cast<std::size_t>(node.shares)].name;
  return static_cast<std::size_t>(std::ranges::find(layers, name) - layers.begin());
}

// --- what is refused ---

/// Whether a choice decides what layers there are, or their ADCs' bits.
bool is_in_the_way(const std::string& key) {
  return key == "mapping.digital" || key == "mapping.crossbar" || key == kBits ||
         key == "periphery.adc" || key == "periphery" || key == "periphery.layers" ||
         key.starts_with(kLayers);
}

bool has_own_adc_bits(const Experiment& e) {
  return std::ranges::any_of(
      e.periphery.layers, [](const auto& layer) { return layer.second.at("adc.bits") != nullptr; });
}

}  // namespace

std::string adc_bits_key(const std::string& layer) { return kLayers + layer + kOwnBits; }

std::string layer_of_adc_bits(const std::string& key) {
  const std::size_t start = kLayers.size(), end = kOwnBits.size();
  if (!key.starts_with(kLayers) || !key.ends_with(kOwnBits) || key.size() <= start + end) return "";
  return key.substr(start, key.size() - start - end);
}

std::vector<Rung> marginal_ladder(const LayerBits& study) {
  std::vector<Rung> ladder{Rung(study.layers.size(), study.bits.size() - 1)};
  while (const auto step = best_step(study, ladder.back())) {
    Rung next = ladder.back();
    next[step->layer] = step->to;
    ladder.push_back(std::move(next));
  }
  return ladder;
}

std::string layer_bits_words(const KeyValues& keys) {
  constexpr std::size_t kMostNames = 4;
  std::string common;
  std::map<std::int64_t, std::vector<std::string>> others;
  for (const auto& [key, value] : keys)
    if (key == kBits)
      common = value.text();
    else if (const std::string layer = layer_of_adc_bits(key); !layer.empty())
      others[std::get<std::int64_t>(value.data)].push_back(layer);
  std::string text;
  for (auto& [bits, names] : others) {
    const std::size_t more = names.size() > kMostNames + 1 ? names.size() - kMostNames : 0;
    const char* layers = names.size() == 1 ? "layer" : "layers";
    names.resize(names.size() - more);
    text += fmt::format("{}{} in {} {}", text.empty() ? "" : "; ", bits, layers,
                        fmt::join(names, ", "));
    if (more > 0) text += fmt::format(" and {} more", more);
  }
  return text.empty() ? common : common + " (but " + text + ")";
}

LayerBits study_layer_bits(AnalysisContext& context, const Point& point,
                           const DesignSettings& asked) {
  return Study(context, point, asked).run();
}

std::vector<double> layer_costs(AnalysisContext& context, const Point& point,
                                const DesignCost& weights, const std::vector<std::string>& layers,
                                const Experiment& chip) {
  std::vector<double> costs(layers.size(), 0.0);
  const Graph& graph = context.networks.get(point.experiment).graph;
  const NetworkCost& cost = *context.evaluations.cost(chip);
  std::size_t matrix = 0;
  for (const Node& node : graph.nodes)
    if (has_matrix(node))
      costs[owner_of(graph, node, layers)] += weighted_cost(weights, cost.layers.at(matrix++));
  return costs;
}

DesignChoice layer_bits_choice(const LayerBits& study) {
  std::vector<Rung> rungs;
  for (std::size_t i = 0; i < study.bits.size(); ++i) rungs.emplace_back(study.layers.size(), i);
  for (Rung& rung : thinned(marginal_ladder(study)))
    if (!is_uniform(rung)) rungs.push_back(std::move(rung));
  return choice_of(study, rungs);
}

DesignChoice random_bits_choice(const LayerBits& study, std::size_t count, std::uint64_t seed) {
  std::vector<Rung> rungs(count);
  std::uint64_t place = 0;
  for (Rung& rung : rungs)
    for (std::size_t l = 0; l < study.layers.size(); ++l)
      rung.push_back(number_below(study.bits.size(), seed, place++));
  return choice_of(study, rungs);
}

void check_layer_bits(const BudgetRequest& request, std::vector<Fault>& faults) {
  const DesignSettings& asked = *request.settings.design;
  if (asked.layer_adc_bits.empty()) return;
  const auto fault = [&](const std::string& message) {
    faults.push_back(request.fault("design.layer_adc_bits", message));
  };
  const std::vector<int> bits = ascending(asked.layer_adc_bits);
  if (std::ranges::adjacent_find(bits) != bits.end() || bits.size() < 2)
    fault(fmt::format("expected two numbers of bits or more, each once, got [{}]",
                      fmt::join(asked.layer_adc_bits, ", ")));
  const DesignSpace space(asked.choices);
  for (const DesignChoice& choice : asked.choices)
    for (const std::string& key : space.keys_of(choice))
      if (is_in_the_way(key))
        fault("chooses the bits of every layer's ADC, and so does the choice " + key +
              "; expected one of them");
  for (const Point& point : request.points) {
    if (!point.experiment.periphery.adc)
      return fault("is of ADCs, and they are ideal; expected periphery.adc");
    if (has_own_adc_bits(point.experiment))
      return fault("chooses what [periphery.layers] gives; expected one of them");
  }
}

}  // namespace ohmic
