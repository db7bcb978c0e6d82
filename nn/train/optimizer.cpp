// w: parameters, g: gradients, a: learning rate, t: number of the update from 1; m, v, u: moments.
// What depends on t or a comes as a tensor without axes; x.addcmul_(g, c) is x + c g, rounded once
// like x.add_(g, number).
#include "nn/train/optimizer.hpp"

#include <torch/torch.h>

#include <array>
#include <cmath>

#include "simulator/error.hpp"

namespace ohmic {

using at::Tensor;

struct Optimizer::Moments {
  std::vector<Tensor> tensors;
  std::vector<std::vector<float>> restored;
  std::vector<Tensor> coefficients;
  std::array<Tensor, 2> scratch;
};

Optimizer::Optimizer() : moments_(std::make_unique<Moments>()) {}
Optimizer::~Optimizer() = default;

Tensor& Optimizer::slot(std::size_t i) { return moments_->tensors[i]; }
const Tensor& Optimizer::c(std::size_t i) const { return moments_->coefficients[i]; }

Tensor& Optimizer::scratch(std::size_t i) {
  Tensor& memory = moments_->scratch[i];
  if (!memory.defined()) memory = at::empty_like(slot(0));
  return memory;
}

void Optimizer::make_room(const Tensor& w) {
  std::vector<std::vector<float>>& restored = moments_->restored;
  for (std::size_t i = 0; i < slots(); ++i) {
    moments_->tensors.push_back(at::zeros_like(w));
    if (!restored.empty()) slot(i).copy_(at::from_blob(restored[i].data(), w.sizes(), at::kFloat));
  }
  restored.clear();
}

void Optimizer::prepare(const Tensor& w, double learning_rate) {
  if (moments_->tensors.empty()) make_room(w);
  const std::vector<double> now = coefficients(steps_ + 1, learning_rate);
  std::vector<Tensor>& there = moments_->coefficients;
  while (there.size() < now.size()) there.push_back(at::empty({}, w.options()));
  for (std::size_t i = 0; i < now.size(); ++i) there[i].fill_(now[i]);
}

void Optimizer::apply(Tensor& w, const Tensor& g) {
  const at::NoGradGuard no_gradients;
  update(w, g);
}

void Optimizer::step(Tensor& w, const Tensor& g, double learning_rate) {
  prepare(w, learning_rate);
  apply(w, g);
  advance();
}

void Optimizer::step(std::span<float> w, std::span<const float> g, double learning_rate) {
  const auto size = static_cast<std::int64_t>(w.size());
  Tensor parameters = at::from_blob(w.data(), {size}, at::kFloat);
  step(parameters, at::from_blob(const_cast<float*>(g.data()), {size}, at::kFloat), learning_rate);
}

std::vector<std::vector<float>> Optimizer::moments() const {
  if (moments_->tensors.empty()) return moments_->restored;
  std::vector<std::vector<float>> values;
  for (const Tensor& moment : moments_->tensors) {
    const Tensor host = moment.to(at::kCPU);
    values.emplace_back(host.data_ptr<float>(), host.data_ptr<float>() + host.numel());
  }
  return values;
}

void Optimizer::restore(std::int64_t steps, const std::vector<std::vector<float>>& moments) {
  OHMIC_ASSERT(moments.empty() || moments.size() == slots());
  steps_ = steps;
  moments_->tensors.clear();
  moments_->restored = moments;
}

namespace {

using Numbers = std::vector<double>;

/// w -= a g
class Sgd final : public Optimizer {
  std::size_t slots() const override { return 0; }
  Numbers coefficients(std::int64_t, double a) override { return {-a}; }
  void update(Tensor& w, const Tensor& g) override { w.addcmul_(g, c(0)); }
};

/// v = mu v - a g;  w += v, with Nesterov w += mu v - a g
class Momentum final : public Optimizer {
 public:
  Momentum(double mu, bool nesterov) : mu_(mu), nesterov_(nesterov) {}

 private:
  std::size_t slots() const override { return 1; }
  Numbers coefficients(std::int64_t, double a) override { return {-a}; }
  void update(Tensor& w, const Tensor& g) override {
    Tensor& v = slot(0).mul_(mu_).addcmul_(g, c(0));
    if (nesterov_)
      w.add_(v, mu_).addcmul_(g, c(0));
    else
      w.add_(v);
  }
  double mu_;
  bool nesterov_;
};

/// Settings and moments that all of Adam's family share: m = b1 m + (1 - b1) g and
/// v = b2 v + (1 - b2) g^2.
class AdamFamily : public Optimizer {
 public:
  explicit AdamFamily(const TrainSettings& s)
      : b1_(s.beta1), b2_(s.beta2), epsilon_(s.epsilon), b1_decay_(s.beta1_decay) {}

 protected:
  std::size_t slots() const override { return 2; }
  Tensor& first(const Tensor& g) { return slot(0).mul_(b1_).add_(g, 1 - b1_); }
  Tensor& second(const Tensor& g) { return slot(1).mul_(b2_).addcmul_(g, g, 1 - b2_); }
  /// m c
  Tensor& scaled(const Tensor& m, const Tensor& c) { return at::mul_out(scratch(0), m, c); }
  /// sqrt(v) + epsilon
  Tensor& root(const Tensor& v) { return at::sqrt_out(scratch(1), v).add_(epsilon_); }
  double b1_, b2_, epsilon_, b1_decay_;
};

/// Kingma and Ba 2015 in the form before section 2.1: w -= a sqrt(1 - b2^t)/(1 - b1^t) m/(sqrt(v) +
/// epsilon), so that epsilon ("hat") is outside the bias correction.
class Adam final : public AdamFamily {
 public:
  using AdamFamily::AdamFamily;

 private:
  Numbers coefficients(std::int64_t t, double a) override {
    const double n = static_cast<double>(t);
    return {-a * std::sqrt(1 - std::pow(b2_, n)) / (1 - std::pow(b1_, n))};
  }
  void update(Tensor& w, const Tensor& g) override {
    const Tensor& m = first(g);
    w.addcdiv_(scaled(m, c(0)), root(second(g)));
  }
};

/// Dozat 2016 with Keras's schedule of the momentum, mu_t = b1 (1 - 0.96^(0.004 t) / 2):
/// w -= a ((1 - mu_t) g/(1 - prod_1^t mu) + mu_(t+1) m/(1 - prod_1^(t+1) mu)) / (sqrt(v/(1 - b2^t))
/// + epsilon).
class Nadam final : public AdamFamily {
 public:
  using AdamFamily::AdamFamily;

 private:
  double mu(std::int64_t t) const {
    return b1_ * (1 - 0.5 * std::pow(0.96, 0.004 * static_cast<double>(t)));
  }
  /// prod_1^t mu, multiplied in this order also when training continues.
  double product(std::int64_t t) {
    while (factors_ < t) product_ *= mu(++factors_);
    return product_;
  }
  Numbers coefficients(std::int64_t t, double a) override {
    const double now = product(t), next = now * mu(t + 1);
    return {mu(t + 1) / (1 - next), (1 - mu(t)) / (1 - now),
            1 - std::pow(b2_, static_cast<double>(t)), -a};
  }
  void update(Tensor& w, const Tensor& g) override {
    const Tensor& direction = scaled(first(g), c(0)).addcmul_(g, c(1)).mul_(c(3));
    w.addcdiv_(direction, root(at::div_out(scratch(1), second(g), c(2))));
  }
  std::int64_t factors_ = 0;
  double product_ = 1;
};

/// Kingma and Ba 2015, section 7.1: u = max(b2 u, |g|);  w -= a/(1 - b1^t) m/(u + epsilon)
class AdaMax final : public AdamFamily {
 public:
  using AdamFamily::AdamFamily;

 private:
  Numbers coefficients(std::int64_t t, double a) override {
    return {-a / (1 - std::pow(b1_, static_cast<double>(t)))};
  }
  void update(Tensor& w, const Tensor& g) override {
    const Tensor& m = first(g);
    Tensor& u = slot(1);
    at::maximum_out(u, u.mul_(b2_), at::abs_out(scratch(0), g));
    w.addcdiv_(scaled(m, c(0)), scratch(1).copy_(u).add_(epsilon_));
  }
};

/// Tran and Phong 2019: with b1_t = b1 lambda^(t-1), m = b1_t m + (1 - b1_t) g,
/// u = max(((1 - b1_t)/(1 - b1_(t-1)))^2 u, v), u = v at t = 1;  w -= a m/(sqrt(u) + epsilon).
/// No bias correction. With lambda = 1 this is AMSGrad.
class AdamX final : public AdamFamily {
 public:
  using AdamFamily::AdamFamily;

 private:
  std::size_t slots() const override { return 3; }
  double b1(std::int64_t t) const { return b1_ * std::pow(b1_decay_, static_cast<double>(t - 1)); }
  Numbers coefficients(std::int64_t t, double a) override {
    const double ratio = t > 1 ? (1 - b1(t)) / (1 - b1(t - 1)) : 1;
    return {b1(t), 1 - b1(t), ratio * ratio, -a};
  }
  void update(Tensor& w, const Tensor& g) override {
    const Tensor& m = slot(0).mul_(c(0)).addcmul_(g, c(1));
    Tensor& u = slot(2);
    at::maximum_out(u, u.mul_(c(2)), second(g));
    w.addcdiv_(scaled(m, c(3)), root(u));
  }
};

struct OptimizerKind {
  const char* name;
  std::unique_ptr<Optimizer> (*make)(const TrainSettings&);
};

template <class Kind>
std::unique_ptr<Optimizer> make(const TrainSettings& s) {
  return std::make_unique<Kind>(s);
}

const OptimizerKind kKinds[] = {
    {"sgd",
     [](const TrainSettings&) -> std::unique_ptr<Optimizer> { return std::make_unique<Sgd>(); }},
    {"momentum",
     [](const TrainSettings& s) -> std::unique_ptr<Optimizer> {
       return std::make_unique<Momentum>(s.momentum, false);
     }},
    {"nesterov",
     [](const TrainSettings& s) -> std::unique_ptr<Optimizer> {
       return std::make_unique<Momentum>(s.momentum, true);
     }},
    {"adam", make<Adam>},
    {"nadam", make<Nadam>},
    {"adamax", make<AdaMax>},
    {"adamx", make<AdamX>},
};

}  // namespace

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const OptimizerKind& kind : kKinds) names.push_back(kind.name);
  return names;
}

std::unique_ptr<Optimizer> make_optimizer(const TrainSettings& settings) {
  for (const OptimizerKind& kind : kKinds)
    if (settings.optimizer == kind.name) return kind.make(settings);
  throw ConfigError("train.optimizer: unknown optimizer " + settings.optimizer);
}

}  // namespace ohmic
