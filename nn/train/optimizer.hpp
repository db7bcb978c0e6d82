// Optimisers with the equations and defaults of Keras, on one flat buffer of parameters. The header
// is free of LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/train/trainer.hpp"

namespace at {
class Tensor;
}

namespace ohmic {

class Optimizer {
 public:
  Optimizer();
  virtual ~Optimizer();

  /// One update of the parameters w with the gradients g, both flat. Throws nothing.
  void step(at::Tensor& w, const at::Tensor& g, double learning_rate);
  /// The same on the host.
  void step(std::span<float> w, std::span<const float> g, double learning_rate);

  // A step in parts: no number of the host's enters the second, so that a GPU can record it once
  // and repeat it.
  /// Hands the device of w what the next update needs beside w and g.
  void prepare(const at::Tensor& w, double learning_rate);
  void apply(at::Tensor& w, const at::Tensor& g);
  void advance() { ++steps_; }

  /// Updates made so far, and the moments that they left (empty before the first): all that
  /// continuing needs.
  std::int64_t steps() const { return steps_; }
  std::vector<std::vector<float>> moments() const;
  void restore(std::int64_t steps, const std::vector<std::vector<float>>& moments);

 protected:
  /// What changes from update to update: of number `t`, from 1, with learning rate `a`.
  virtual std::vector<double> coefficients(std::int64_t t, double a) = 0;
  /// `slot(i)` is moment i, `c(i)` coefficient i as a tensor without axes.
  virtual void update(at::Tensor& w, const at::Tensor& g) = 0;
  at::Tensor& slot(std::size_t i);
  const at::Tensor& c(std::size_t i) const;
  /// Memory as large as w, for what an update computes on the way.
  at::Tensor& scratch(std::size_t i);
  virtual std::size_t slots() const = 0;

 private:
  struct Moments;
  void make_room(const at::Tensor& w);
  std::unique_ptr<Moments> moments_;
  std::int64_t steps_ = 0;
};

/// The optimiser that `optimizer` names. Throws ConfigError for a name that does not exist.
std::unique_ptr<Optimizer> make_optimizer(const TrainSettings&);

}  // namespace ohmic
