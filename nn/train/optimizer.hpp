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

  /// Updates made so far, and the moments that they left (empty before the first): all that
  /// continuing needs.
  std::int64_t steps() const { return steps_; }
  std::vector<std::vector<float>> moments() const;
  void restore(std::int64_t steps, const std::vector<std::vector<float>>& moments);

 protected:
  /// Update number `t`, from 1, with learning rate `a`. `slot(i)` is moment i.
  virtual void update(at::Tensor& w, const at::Tensor& g, std::int64_t t, double a) = 0;
  at::Tensor& slot(std::size_t i);
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
