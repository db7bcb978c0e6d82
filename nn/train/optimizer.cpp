#include "nn/train/optimizer.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/add.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "simulator/error.hpp"

namespace ohmic {

using at::Tensor;

namespace {

/// A tensor as a number of update.hpp.
struct TensorNumber {
  Tensor values;
};
TensorNumber operator+(const TensorNumber& x, const TensorNumber& y) {
  return {x.values + y.values};
}
TensorNumber operator+(const TensorNumber& x, float y) { return {x.values + y}; }
TensorNumber operator*(const TensorNumber& x, const TensorNumber& y) {
  return {x.values * y.values};
}
TensorNumber operator*(const TensorNumber& x, float y) { return {x.values * y}; }
TensorNumber operator/(const TensorNumber& x, const TensorNumber& y) {
  return {x.values / y.values};
}
TensorNumber multiply_add(const TensorNumber& a, const TensorNumber& b, const TensorNumber& c) {
  return {at::addcmul(c.values, a.values, b.values)};
}
TensorNumber multiply_add(const TensorNumber& a, float b, const TensorNumber& c) {
  return {at::add(c.values, a.values, b)};
}
TensorNumber square_root(const TensorNumber& x) { return {at::sqrt(x.values)}; }
TensorNumber magnitude(const TensorNumber& x) { return {at::abs(x.values)}; }
TensorNumber larger(const TensorNumber& x, const TensorNumber& y) {
  return {at::maximum(x.values, y.values)};
}

}  // namespace

struct Optimizer::Memory {
  std::vector<Tensor> moments;
  Tensor numbers;
  std::vector<std::vector<float>> restored;  ///< moments, until the device is known
};

Optimizer::Optimizer(const UpdateRule& rule, Coefficients coefficients,
                     const TrainSettings& settings, Update how)
    : rule_(rule),
      coefficients_(std::move(coefficients)),
      l2_(settings.l2),
      weight_decay_(settings.weight_decay),
      how_(how),
      memory_(std::make_unique<Memory>()) {}
Optimizer::~Optimizer() = default;

std::size_t Optimizer::moment_count() const {
  return std::visit([](const auto& rule) { return std::size_t{rule.kMoments}; }, rule_);
}

void Optimizer::prepare(const Tensor& w, double learning_rate) {
  Memory& memory = *memory_;
  if (!memory.numbers.defined()) {
    memory.numbers = at::zeros({kUpdateNumbers}, w.options());
    for (std::size_t i = 0; i < moment_count(); ++i)
      memory.moments.push_back(memory.restored.empty()
                                   ? at::zeros_like(w)
                                   : at::from_blob(memory.restored[i].data(), w.sizes(), at::kFloat)
                                         .to(w.device(), /*non_blocking=*/false, /*copy=*/true));
    memory.restored.clear();
  }
  std::vector<double> now = coefficients_(steps_ + 1, learning_rate);
  now.insert(now.begin(), -learning_rate * weight_decay_);
  OHMIC_ASSERT(now.size() <= kUpdateNumbers);
  for (std::size_t i = 0; i < now.size(); ++i)
    memory.numbers[static_cast<std::int64_t>(i)].fill_(now[i]);
}

UpdateArguments Optimizer::arguments(Tensor& w, const Tensor& g, const Tensor& decays) {
  const Memory& memory = *memory_;
  UpdateArguments a{.w = w.data_ptr<float>(),
                    .g = g.data_ptr<float>(),
                    .decays = decays.data_ptr<float>(),
                    .moments = {},
                    .numbers = memory.numbers.data_ptr<float>(),
                    .l2 = static_cast<float>(2 * l2_),
                    .size = w.numel()};
  for (std::size_t i = 0; i < memory.moments.size(); ++i)
    a.moments[i] = memory.moments[i].data_ptr<float>();
  return a;
}

void Optimizer::apply(Tensor& w, const Tensor& g, const Tensor& decays,
                      [[maybe_unused]] void* stream) {
  if (how_ == Update::tensors) return apply_tensors(w, g, decays);
  if (w.is_cpu()) return update_on_host(rule_, arguments(w, g, decays));
#ifdef OHMIC_CUDA
  update_on_gpu(rule_, arguments(w, g, decays), w.device().index(), stream);
#else
  apply_tensors(w, g, decays);
#endif
}

void Optimizer::apply_tensors(Tensor& w, const Tensor& g, const Tensor& decays) {
  const at::NoGradGuard no_gradients;
  TensorNumber moved{w}, moments[kMostMoments], numbers[kUpdateNumbers];
  for (std::size_t i = 0; i < memory_->moments.size(); ++i) moments[i].values = memory_->moments[i];
  for (std::int64_t i = 0; i < kUpdateNumbers; ++i) numbers[i].values = memory_->numbers[i];
  std::visit(
      [&](const auto& rule) {
        update_parameter(rule, moved, TensorNumber{g}, TensorNumber{decays},
                         static_cast<float>(2 * l2_), moments, numbers);
      },
      rule_);
  w.copy_(moved.values);
  for (std::size_t i = 0; i < memory_->moments.size(); ++i)
    memory_->moments[i].copy_(moments[i].values);
}

void Optimizer::step(std::span<float> w, std::span<const float> g, double learning_rate,
                     std::span<const float> decays, const std::string& device) {
  const auto view = [](std::span<const float> values) {
    return at::from_blob(const_cast<float*>(values.data()),
                         {static_cast<std::int64_t>(values.size())}, at::kFloat);
  };
  Tensor there = view(w).to(at::Device(device));
  prepare(there, learning_rate);
  apply(there, view(g).to(there.device()),
        decays.empty() ? at::zeros_like(there) : view(decays).to(there.device()), nullptr);
  view(w).copy_(there);
  advance();
}

std::vector<std::vector<float>> Optimizer::moments() const {
  if (memory_->moments.empty()) return memory_->restored;
  std::vector<std::vector<float>> values;
  for (const Tensor& moment : memory_->moments) {
    const Tensor host = moment.to(at::kCPU);
    values.emplace_back(host.data_ptr<float>(), host.data_ptr<float>() + host.numel());
  }
  return values;
}

void Optimizer::restore(std::int64_t steps, const std::vector<std::vector<float>>& moments,
                        std::size_t parameters) {
  const auto fits = [&](const auto& moment) { return moment.size() == parameters; };
  if (moments.size() != moment_count() || !std::all_of(moments.begin(), moments.end(), fits))
    throw DataError("the optimiser has " + std::to_string(moment_count()) + " moments of " +
                    std::to_string(parameters) + " numbers each, and it has not");
  steps_ = steps;
  memory_ = std::make_unique<Memory>();
  memory_->restored = moments;
}

namespace {

using Numbers = std::vector<double>;
using Coefficients = Optimizer::Coefficients;

double power(double base, std::int64_t t) { return std::pow(base, static_cast<double>(t)); }

Numbers rate_alone(std::int64_t, double a) { return {-a}; }

Coefficients adam(const TrainSettings& s) {
  return [b1 = s.beta1, b2 = s.beta2](std::int64_t t, double a) -> Numbers {
    return {-a * std::sqrt(1 - power(b2, t)) / (1 - power(b1, t))};
  };
}

class Nadam {
 public:
  explicit Nadam(const TrainSettings& s) : b1_(s.beta1), b2_(s.beta2) {}
  Numbers operator()(std::int64_t t, double a) {
    const double now = product(t), next = now * mu(t + 1);
    return {mu(t + 1) / (1 - next), (1 - mu(t)) / (1 - now), 1 - power(b2_, t), -a};
  }

 private:
  double mu(std::int64_t t) const {
    return b1_ * (1 - 0.5 * std::pow(0.96, 0.004 * static_cast<double>(t)));
  }
  /// prod_1^t mu, multiplied in this order also when training continues.
  double product(std::int64_t t) {
    while (factors_ < t) product_ *= mu(++factors_);
    return product_;
  }
  double b1_, b2_;
  std::int64_t factors_ = 0;
  double product_ = 1;
};

Coefficients adamax(const TrainSettings& s) {
  return [b1 = s.beta1](std::int64_t t, double a) -> Numbers { return {-a / (1 - power(b1, t))}; };
}

Coefficients adamx(const TrainSettings& s) {
  return [start = s.beta1, decay = s.beta1_decay](std::int64_t t, double a) -> Numbers {
    const auto b1 = [&](std::int64_t at) { return start * power(decay, at - 1); };
    const double ratio = t > 1 ? (1 - b1(t)) / (1 - b1(t - 1)) : 1;
    return {b1(t), 1 - b1(t), ratio * ratio, -a};
  };
}

UpdateRule momentum(const TrainSettings& s, bool nesterov) {
  return MomentumRule{static_cast<float>(s.momentum), nesterov};
}

template <class Rule>
UpdateRule adam_rule(const TrainSettings& s) {
  return Rule{{static_cast<float>(s.beta1), static_cast<float>(1 - s.beta1),
               static_cast<float>(s.beta2), static_cast<float>(1 - s.beta2),
               static_cast<float>(s.epsilon)}};
}

using Settings = TrainSettings;

struct OptimizerKind {
  const char* name;
  UpdateRule (*rule)(const Settings&);
  Coefficients (*coefficients)(const Settings&);
};

const OptimizerKind kKinds[] = {
    {"sgd", [](const Settings&) -> UpdateRule { return SgdRule{}; },
     [](const Settings&) -> Coefficients { return rate_alone; }},
    {"momentum", [](const Settings& s) { return momentum(s, false); },
     [](const Settings&) -> Coefficients { return rate_alone; }},
    {"nesterov", [](const Settings& s) { return momentum(s, true); },
     [](const Settings&) -> Coefficients { return rate_alone; }},
    {"adam", adam_rule<AdamRule>, adam},
    {"nadam", adam_rule<NadamRule>, [](const Settings& s) -> Coefficients { return Nadam(s); }},
    {"adamax", adam_rule<AdaMaxRule>, adamax},
    {"adamx", adam_rule<AdamXRule>, adamx},
};

}  // namespace

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const OptimizerKind& kind : kKinds) names.push_back(kind.name);
  return names;
}

std::unique_ptr<Optimizer> make_optimizer(const TrainSettings& settings, Update how) {
  for (const OptimizerKind& kind : kKinds)
    if (settings.optimizer == kind.name)
      return std::make_unique<Optimizer>(kind.rule(settings), kind.coefficients(settings), settings,
                                         how);
  throw ConfigError("train.optimizer: unknown optimizer " + settings.optimizer);
}

}  // namespace ohmic
