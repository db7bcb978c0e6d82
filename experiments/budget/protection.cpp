#include "experiments/budget/protection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "experiments/budget/noisy_layers.hpp"
#include "experiments/measure/setup.hpp"
#include "nn/torch/noise_propagation.hpp"

namespace ohmic {
namespace {

class ProtectionSearch {
 public:
  ProtectionSearch(AnalysisContext& context, const Point& point)
      : context_(context),
        asked_(*context.request.settings.protection),
        point_(point),
        now_(point.experiment) {
    const TrainedNetwork& network = context.networks.get(now_);
    refuse_shared_crossbars(network.graph);
    Calibrations calibrations;
    PointChip chip(now_, network, calibrations);
    devices_ = layer_devices(chip.analog());
    for (const MappedLayer& layer : chip.analog().layers()) layers_.push_back(layer.name());
    all_ = std::accumulate(devices_.begin(), devices_.end(), 0.0);
    is_exact_.resize(layers_.size());
  }

  ProtectedLayers run() {
    const PointResult start = trial(now_, "nothing held exactly");
    sign_ = start.metric->sign();
    const double smallest = std::ranges::min(devices_) / all_;
    ProtectedLayers found{&point_, start.baseline(), start.noise_free(), smallest, {}, false};
    found.steps.push_back({"", 0, start.value(), fresh()});
    while (const std::optional<Choice> next = best(found.steps.back())) {
      if (next->regained <= 0) {
        found.is_at_end = true;
        break;
      }
      is_exact_[next->layer] = true;
      now_ = noise_in_all_but(now_, layers_[next->layer]);
      const double before = found.steps.back().found;
      found.steps.push_back({layers_[next->layer],
                             found.steps.back().share + devices_[next->layer] / all_,
                             before + sign_ * next->regained, fresh()});
    }
    return found;
  }

 private:
  struct Choice {
    std::size_t layer;
    double regained, per_device;
  };

  /// Of the layers that there is room for.
  std::optional<Choice> best(const ProtectedLayers::Step& now) {
    constexpr double kRounding = 1e-9;
    std::optional<Choice> best;
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      if (is_exact_[l] || now.share + devices_[l] / all_ > asked_.share + kRounding) continue;
      const PointResult result = trial(noise_in_all_but(now_, layers_[l]), layers_[l] + " exact");
      const double regained = sign_ * (result.value() - now.found);
      const Choice choice{l, regained, regained / devices_[l]};
      if (!best || choice.per_device > best->per_device) best = choice;
    }
    return best;
  }

  PointResult trial(const Experiment& experiment, const std::string& what) {
    return context_.evaluations.measure(experiment, asked_.draws,
                                        point_label(point_) + ", " + what);
  }

  Replicates fresh() {
    return context_.evaluations
        .measure(on_fresh_draws(now_), asked_.verify_draws,
                 point_label(point_) + ", on fresh draws")
        .replicates();
  }

  AnalysisContext& context_;
  const ProtectionSettings& asked_;
  const Point& point_;
  Experiment now_;
  std::vector<std::string> layers_;
  std::vector<double> devices_;  ///< by layer
  double all_ = 0, sign_ = 1;
  std::vector<bool> is_exact_;
};

}  // namespace

void check_protection(const BudgetRequest& request, std::vector<Fault>& faults) {
  check_noise_is_on_crossbars(request, "protection", faults);
}

std::vector<ProtectedLayers> protect(AnalysisContext& context) {
  std::vector<ProtectedLayers> all;
  for (const Point& point : context.request.points)
    all.push_back(ProtectionSearch(context, point).run());
  return all;
}

}  // namespace ohmic
