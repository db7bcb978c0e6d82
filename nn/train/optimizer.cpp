// w: parameters, g: gradients, a: learning rate, t: number of the update from 1; m, v, u: moments.
#include "nn/train/optimizer.hpp"

#include <torch/torch.h>

#include <cmath>

#include "simulator/error.hpp"

namespace ohmic {

using at::Tensor;

struct Optimizer::Moments {
  std::vector<Tensor> tensors;
  std::vector<std::vector<float>> restored;
};

Optimizer::Optimizer() : moments_(std::make_unique<Moments>()) {}
Optimizer::~Optimizer() = default;

Tensor& Optimizer::slot(std::size_t i) { return moments_->tensors[i]; }

void Optimizer::make_room(const Tensor& w) {
  std::vector<std::vector<float>>& restored = moments_->restored;
  for (std::size_t i = 0; i < slots(); ++i) {
    moments_->tensors.push_back(at::zeros_like(w));
    if (!restored.empty()) slot(i).copy_(at::from_blob(restored[i].data(), w.sizes(), at::kFloat));
  }
  restored.clear();
}

void Optimizer::step(Tensor& w, const Tensor& g, double learning_rate) {
  const at::NoGradGuard no_gradients;
  if (moments_->tensors.empty()) make_room(w);
  update(w, g, ++steps_, learning_rate);
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

/// w -= a g
class Sgd final : public Optimizer {
  std::size_t slots() const override { return 0; }
  void update(Tensor& w, const Tensor& g, std::int64_t, double a) override { w.sub_(g, a); }
};

/// v = mu v - a g;  w += v, with Nesterov w += mu v - a g
class Momentum final : public Optimizer {
 public:
  Momentum(double mu, bool nesterov) : mu_(mu), nesterov_(nesterov) {}

 private:
  std::size_t slots() const override { return 1; }
  void update(Tensor& w, const Tensor& g, std::int64_t, double a) override {
    Tensor& v = slot(0).mul_(mu_).sub_(g, a);
    if (nesterov_)
      w.add_(v, mu_).sub_(g, a);
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
  Tensor& first(const Tensor& g, double b1) { return slot(0).mul_(b1).add_(g, 1 - b1); }
  Tensor& second(const Tensor& g) { return slot(1).mul_(b2_).addcmul_(g, g, 1 - b2_); }
  double b1_, b2_, epsilon_, b1_decay_;
};

/// Kingma and Ba 2015 in the form before section 2.1: w -= a sqrt(1 - b2^t)/(1 - b1^t) m/(sqrt(v) +
/// epsilon), so that epsilon ("hat") is outside the bias correction.
class Adam final : public AdamFamily {
 public:
  using AdamFamily::AdamFamily;

 private:
  void update(Tensor& w, const Tensor& g, std::int64_t t, double a) override {
    const double n = static_cast<double>(t);
    const double rate = a * std::sqrt(1 - std::pow(b2_, n)) / (1 - std::pow(b1_, n));
    const Tensor& m = first(g, b1_);
    w.addcdiv_(m, second(g).sqrt().add_(epsilon_), -rate);
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
  void update(Tensor& w, const Tensor& g, std::int64_t t, double a) override {
    const double now = product(t), next = now * mu(t + 1);
    const Tensor direction =
        first(g, b1_).mul(mu(t + 1) / (1 - next)).add_(g, (1 - mu(t)) / (1 - now));
    const Tensor v = second(g).div(1 - std::pow(b2_, static_cast<double>(t)));
    w.addcdiv_(direction, v.sqrt().add_(epsilon_), -a);
  }
  std::int64_t factors_ = 0;
  double product_ = 1;
};

/// Kingma and Ba 2015, section 7.1: u = max(b2 u, |g|);  w -= a/(1 - b1^t) m/(u + epsilon)
class AdaMax final : public AdamFamily {
 public:
  using AdamFamily::AdamFamily;

 private:
  void update(Tensor& w, const Tensor& g, std::int64_t t, double a) override {
    const Tensor& m = first(g, b1_);
    Tensor& u = slot(1);
    u.copy_(at::maximum(u.mul_(b2_), g.abs()));
    w.addcdiv_(m, u.add(epsilon_), -a / (1 - std::pow(b1_, static_cast<double>(t))));
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
  void update(Tensor& w, const Tensor& g, std::int64_t t, double a) override {
    const double ratio = t > 1 ? (1 - b1(t)) / (1 - b1(t - 1)) : 1;
    const Tensor& m = first(g, b1(t));
    Tensor& u = slot(2);
    u.copy_(at::maximum(u.mul_(ratio * ratio), second(g)));
    w.addcdiv_(m, u.sqrt().add_(epsilon_), -a);
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
