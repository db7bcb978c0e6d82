#include "experiments/budget/lifetime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <set>

#include "experiments/budget/noisy_layers.hpp"
#include "experiments/budget/recalibration.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/statistics/proportion.hpp"
#include "experiments/study/configure.hpp"
#include "experiments/study/words.hpp"

namespace ohmic {
namespace {

constexpr char kAge[] = "device.time_s";

std::vector<Remedy> remedies_of(const LifetimeSettings& asked) {
  return asked.remedies.empty() ? std::vector<Remedy>{{}} : asked.remedies;
}

std::string words_of(const Remedy& remedy) {
  Axes axes;
  for (const auto& [key, value] : remedy) axes.emplace_back(key, plain_text(value));
  return remedy.empty() ? "as given" : axes_words(axes);
}

/// What sets the network, its samples or the question is no remedy.
bool is_of_hardware(const std::string& key) {
  for (const char* table :
       {"mapping.", "device.", "periphery.", "noise.", "evaluation.batch_norm_"})
    if (key.starts_with(table)) return true;
  return false;
}

void check_remedy(const BudgetRequest& request, const Experiment& e, const Remedy& remedy,
                  std::vector<Fault>& faults) {
  const std::size_t before = faults.size();
  for (const auto& [key, value] : remedy)
    if (key.ends_with(".time_s"))
      faults.push_back(
          request.fault("lifetime.remedies", key + " is an age, which lifetime.times_s gives"));
    else if (key == "device.model")
      faults.push_back(request.fault(
          "lifetime.remedies",
          "device.model names another device, which is no remedy; expected a row of its own by "
          "[sweep], as in \"device.model\" = [\"pcm\", \"rram\"]"));
    else if (!is_of_hardware(key) || !parameter_of(e, key))
      faults.push_back(request.fault(
          "lifetime.remedies",
          fmt::format("\"{}\" is no key of mapping, device, periphery or noise here, nor "
                      "evaluation.batch_norm_images or _statistics",
                      key)));
  for (const double age : request.settings.lifetime->times_s)
    if (faults.size() == before) try {
        with_remedy(e, remedy, age);
      } catch (const ConfigError& error) {
        const Fault& first = error.faults().front();
        faults.push_back(request.fault(first.key == kAge ? "lifetime.times_s" : "lifetime.remedies",
                                       first.key + ": " + first.message));
      }
}

/// Remedies that set the same, in whatever order.
void check_once(const BudgetRequest& request, std::vector<Fault>& faults) {
  std::set<std::set<std::pair<std::string, std::string>>> seen;
  for (const Remedy& remedy : request.settings.lifetime->remedies) {
    std::set<std::pair<std::string, std::string>> keys;
    for (const auto& [key, value] : remedy) keys.emplace(key, plain_text(value));
    if (!seen.insert(std::move(keys)).second)
      return faults.push_back(request.fault(
          "lifetime.remedies",
          fmt::format("two remedies set the same, {}; expected each once", words_of(remedy))));
  }
}

/// Every device once, or as often as program and verify takes in draw 0.
double writes_of_chip(AnalysisContext& context, const Experiment& experiment) {
  Calibrations calibrations;
  PointChip chip(experiment, context.networks.get(experiment), calibrations);
  const std::vector<double> devices = layer_devices(chip.analog());
  const bool is_verified = experiment.mapping.writes > 1;
  double writes = 0;
  for (std::size_t l = 0; l < devices.size(); ++l) {
    if (chip.analog().mapped().is_used_again(l)) continue;
    const MappedLayer& layer = chip.analog().layers()[l];
    writes +=
        devices[l] * (is_verified ? layer.writes_per_device(experiment.devices().of(layer.name()),
                                                            noise_key(experiment.seed, 0))
                                  : 1.0);
  }
  return writes;
}

}  // namespace

void check_ages(const BudgetRequest& request, const std::string& key, std::vector<Fault>& faults) {
  for (const Point& point : request.points)
    for (const auto& [layer, own] : point.experiment.layer_devices)
      if (own.keys.at("time_s"))
        faults.push_back(request.fault(
            key, fmt::format("device.layers.{} has an age of its own ({:g} s), which would stay; "
                             "expected layers without time_s",
                             layer, own.model->time_s)));
}

void check_lifetime(const BudgetRequest& request, std::vector<Fault>& faults) {
  const LifetimeSettings& asked = *request.settings.lifetime;
  const std::size_t before = faults.size();
  if (asked.times_s.empty() ||
      std::ranges::adjacent_find(asked.times_s, std::greater_equal()) != asked.times_s.end())
    faults.push_back(request.fault("lifetime.times_s", "expected ages in ascending order"));
  check_chips_see_all_images(request, "lifetime", faults);
  check_ages(request, "lifetime.times_s", faults);
  check_once(request, faults);
  for (const Point& point : request.points)
    for (const Remedy& remedy : remedies_of(asked))
      if (faults.size() == before) check_remedy(request, point.experiment, remedy, faults);
  if (faults.size() == before) check_recalibration(request, faults);
}

Experiment with_remedy(const Experiment& experiment, const Remedy& remedy, double age_s) {
  KeyValues keys = remedy;
  keys.push_back({kAge, {age_s}});
  return with_keys(experiment, keys);
}

std::vector<Experiment> aged(const LifetimeSettings& asked, const Experiment& experiment) {
  std::vector<Experiment> all;
  for (const Remedy& remedy : remedies_of(asked))
    for (const double age : asked.times_s) {
      all.push_back(with_remedy(experiment, remedy, age));
      all.back().preset = experiment.preset;  // whose keys are not the file's own
    }
  return all;
}

std::vector<AgingChips> follow_chips(AnalysisContext& context) {
  const LifetimeSettings& asked = *context.request.settings.lifetime;
  std::vector<AgingChips> all;
  for (const Point& point : context.request.points)
    for (const Remedy& remedy : remedies_of(asked)) {
      AgingChips chips{&point, words_of(remedy), 0, asked.times_s, {}, remedy};
      for (const double age : asked.times_s) {
        const PointResult result = context.evaluations.measure(
            with_remedy(point.experiment, remedy, age), asked.draws,
            fmt::format("{}, {}, {:g} s old", point_label(point), chips.remedy, age));
        chips.baseline = result.baseline();
        chips.at.push_back(result.replicates());
      }
      chips.writes =
          writes_of_chip(context, with_remedy(point.experiment, remedy, asked.times_s.front()));
      all.push_back(std::move(chips));
    }
  return all;
}

std::int64_t AgingChips::alive(std::size_t age, double limit) const {
  std::int64_t count = 0;
  for (std::int64_t chip = 0; chip < at.front().count(); ++chip)
    count += std::all_of(
        at.begin(), at.begin() + static_cast<std::ptrdiff_t>(age) + 1,
        [&](const Replicates& r) { return is_good_chip(r.total(chip), limit, words().metric()); });
  return count;
}

Estimate AgingChips::reached(std::size_t age, double share, double confidence) const {
  const double sign = words().metric().sign();
  std::vector<double> goodness;
  for (std::int64_t chip = 0; chip < at[age].count(); ++chip)
    goodness.push_back(sign * at[age].total(chip));
  const Estimate e = reached_estimate(std::move(goodness), share, confidence);
  return sign > 0 ? e : Estimate{-e.mean, -e.hi, -e.lo};
}

Lifetime lifetime_of(const AgingChips& chips, double limit, double share, double confidence) {
  const std::int64_t count = chips.at.front().count();
  std::vector<double> good_until(static_cast<std::size_t>(count), 0.0),
      bad_from(static_cast<std::size_t>(count), std::numeric_limits<double>::infinity());
  for (std::int64_t chip = 0; chip < count; ++chip)
    for (std::size_t age = 0; age < chips.times_s.size(); ++age) {
      const auto i = static_cast<std::size_t>(chip);
      if (!is_good_chip(chips.at[age].total(chip), limit, chips.words().metric())) {
        bad_from[i] = chips.times_s[age];
        break;
      }
      good_until[i] = chips.times_s[age];
    }
  const Estimate until = reached_estimate(std::move(good_until), share, confidence);
  return {until.mean, until.lo, reached_estimate(std::move(bad_from), share, confidence).hi};
}

}  // namespace ohmic
