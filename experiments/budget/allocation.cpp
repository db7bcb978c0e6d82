#include "experiments/budget/allocation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "experiments/budget/find.hpp"
#include "experiments/budget/noisy_layers.hpp"
#include "experiments/budget/written_experiment.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/statistics/logit_noise.hpp"
#include "experiments/study/configure.hpp"

namespace ohmic {
namespace {

constexpr int kRounds = 5;
constexpr char kEta[] = "device.eta";

/// What one point needs to have its noise allocated; empty when all is well.
std::string obstacle(const Experiment& experiment) {
  if (!parameter_of(experiment, kEta) || experiment.device->form_factor() < 0)
    return "needs a device with a form factor eta (awgn on sigma_w)";
  if (!experiment.layer_devices.empty())
    return "gives each layer its own eta: leave [device.layers] out";
  return {};
}

double four_digits(double value) {
  return std::strtod(fmt::format("{:.4g}", value).c_str(), nullptr);
}

/// Etas by layer at a scale.
using EtasAt = std::function<std::vector<double>(double scale)>;

class Allocator {
 public:
  Allocator(AnalysisContext& context, const Point& point)
      : context_(context),
        settings_(context.request.settings),
        asked_(*settings_.allocation),
        point_(point),
        grid_(make_grid({{kEta}, asked_.range, KnobScale::log, Tolerate::largest, asked_.steps},
                        false)),
        image_spread_(spread_of(context, point.experiment, asked_.images)),
        start_(context.evaluations.measure(point.experiment, 1, point_label(point))) {
    find_costs();
  }

  FoundAllocation find(const Allowance& allowance) {
    FoundAllocation found{
        &point_, allowance, start_.baseline(), 0, image_spread_.spread.layers, costs_, {}, {}, {}};
    found.limit = settings_.limit_of(allowance, *start_.metric, found.baseline);
    const auto same = [&](double scale) { return std::vector(costs_.size(), scale); };
    found.uniform = search("one eta", found, same);
    const std::vector<double> shares =
        shares_at(found.uniform.scale.value_or(std::sqrt(asked_.range[0] * asked_.range[1])));
    found.allocated = search("allocated", found, [&](double scale) {
      std::vector<double> etas;
      for (const double share : shares)
        etas.push_back(four_digits(std::min(scale * share, asked_.most)));
      return etas;
    });
    return found;
  }

  Experiment at(const std::vector<double>& etas) const {
    const bool one = std::all_of(etas.begin(), etas.end(), [&](double e) { return e == etas[0]; });
    if (one) return with_keys(point_.experiment, {{kEta, {etas[0]}}});
    return with_etas(point_.experiment, image_spread_.spread.layers, etas);
  }

  /// The same chips, with draws that no search uses.
  Experiment verifying(const std::vector<double>& etas) const {
    Experiment fresh = on_fresh_draws(at(etas));
    fresh.evaluation.draws = asked_.verify_draws;
    fresh.evaluation.stop.reset();
    return fresh;
  }

 private:
  void find_costs() {
    Calibrations calibrations;
    PointChip chip(point_.experiment, context_.networks.get(point_.experiment), calibrations);
    const auto& layers = chip.analog().layers();
    costs_ = asked_.cost == LayerPrice::devices ? layer_devices(chip.analog())
                                                : std::vector(layers.size(), 1.0);
    for (const MappedLayer& layer : layers) sigma_w_.push_back(layer.scale().sigma_w);
  }

  double cost_of(const std::vector<double>& etas) const {
    double cost = 0;
    for (std::size_t l = 0; l < etas.size(); ++l) cost += costs_[l] / (etas[l] * etas[l]);
    return cost;
  }

  /// What the cheapest etas are to each other where the linear loss is that of one eta.
  std::vector<double> shares_at(double eta) const {
    std::vector<double> etas(costs_.size(), eta), shares(costs_.size(), 1.0);
    for (int round = 0; round < kRounds; ++round) {
      std::vector<double> sigma = sigma_w_;
      for (std::size_t l = 0; l < sigma.size(); ++l) sigma[l] *= etas[l];
      std::vector<double> loss =
          loss_per_variance(image_spread_.spread, image_spread_.labels, sigma);
      for (std::size_t l = 0; l < loss.size(); ++l) loss[l] *= sigma_w_[l] * sigma_w_[l];
      shares = cheapest_shares(costs_, loss);
      double now = 0, wanted = 0;
      for (std::size_t l = 0; l < loss.size(); ++l) {
        now += loss[l] * shares[l] * shares[l];
        wanted += loss[l] * eta * eta;
      }
      if (now <= 0) break;
      for (std::size_t l = 0; l < etas.size(); ++l)
        etas[l] = std::min(std::sqrt(wanted / now) * shares[l], asked_.most);
    }
    return shares;
  }

  ScaledEtas search(const std::string& way, const FoundAllocation& found, const EtasAt& etas_at) {
    ScaledEtas scaled;
    const SearchSettings search =
        search_for(settings_, found.allowance, start_, grid_.values.size() - 1);
    scaled.search = search_crossing(search, [&](std::size_t index, std::int64_t draws) {
      const double scale = grid_.values[index];
      return context_.evaluations
          .measure(at(etas_at(scale)), draws,
                   fmt::format("{}, {} {:g}", point_label(point_), way, scale))
          .replicates();
    });
    if (scaled.search.not_tolerated)
      scaled.missed = etas_at(grid_.values[*scaled.search.not_tolerated]);
    if (!scaled.search.tolerated) return scaled;
    scaled.scale = grid_.values[*scaled.search.tolerated];
    scaled.etas = etas_at(*scaled.scale);
    scaled.cost = cost_of(scaled.etas);
    const PointResult fresh =
        context_.evaluations.measure(verifying(scaled.etas), asked_.verify_draws,
                                     point_label(point_) + ", " + way + " on fresh draws");
    scaled.fresh = fresh.replicates();
    return scaled;
  }

  AnalysisContext& context_;
  const BudgetSettings& settings_;
  const AllocationSettings& asked_;
  const Point& point_;
  Grid grid_;
  ImageSpread image_spread_;
  PointResult start_;
  std::vector<double> costs_, sigma_w_;
};

}  // namespace

void check_allocation(const BudgetRequest& request, std::vector<Fault>& faults) {
  const AllocationSettings& a = *request.settings.allocation;
  check_noise_is_on_crossbars(request, "allocation", faults);
  check_prediction_serves(request, "allocation", faults);
  if (a.range.size() != 2 || a.range[0] <= 0 || a.range[0] >= a.range[1])
    faults.push_back(
        request.fault("allocation.range", "expected [lowest, highest] with 0 < lowest < highest"));
  for (const Point& point : request.points)
    if (const std::string what = obstacle(point.experiment); !what.empty())
      return faults.push_back(request.fault("allocation", what));
}

std::vector<FoundAllocation> allocate(AnalysisContext& context) {
  const BudgetSettings& settings = context.request.settings;
  std::vector<FoundAllocation> all;
  const auto allowances =
      settings.allowances(context.request.points.front().experiment.evaluation.choice().metric());
  const bool only = context.request.points.size() * allowances.size() == 1;
  for (const Point& point : context.request.points) {
    Allocator allocator(context, point);
    for (const Allowance& allowance : allowances) {
      all.push_back(allocator.find(allowance));
      FoundAllocation& found = all.back();
      if (!found.allocated.scale) continue;
      const auto name =
          only ? std::string("allocation.toml") : fmt::format("allocation_{}.toml", all.size());
      found.file = (context.folder / name).string();
      write_experiment(allocator.verifying(found.allocated.etas), found.file);
    }
  }
  return all;
}

Verification verify(const Replicates& fresh, double limit, double confidence) {
  const Estimate e = mean_estimate(fresh, 2 * confidence - 1);
  if (std::isnan(e.lo)) return Verification::none;
  if (e.lo >= limit) return Verification::passed;
  return e.hi < limit ? Verification::failed : Verification::open;
}

}  // namespace ohmic
