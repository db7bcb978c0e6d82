// Optimisers with the equations and defaults of Keras (update.hpp), on one flat buffer of
// parameters. The header is free of LibTorch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/train/trainer.hpp"
#include "nn/train/update.hpp"

namespace at {
class Tensor;
}

namespace ohmic {

/// How an update is computed.
enum class Update {
  fused,    ///< by a loop on the host, by one kernel on a GPU in a build with OHMIC_CUDA
  tensors,  ///< by LibTorch's operations, a dozen launches: on a GPU in a build without
};

class Optimizer {
 public:
  /// A rule's c at update t, from 1, with learning rate a.
  using Coefficients = std::function<std::vector<double>(std::int64_t t, double a)>;

  /// Decay is that of `settings`: their l2 and weight_decay.
  Optimizer(const UpdateRule& rule, Coefficients coefficients, const TrainSettings& settings,
            Update how);
  ~Optimizer();

  /// One update, on `device`, of the host's parameters w with the gradients g. `decays`: 1 for
  /// parameters that decay, 0 for others; empty: none does.
  void step(std::span<float> w, std::span<const float> g, double learning_rate,
            std::span<const float> decays = {}, const std::string& device = "cpu");

  // A step in parts, on w's device: no number of the host's enters the second, so that a GPU can
  // record it once and repeat it.
  /// Hands the device what the next update needs beside w and g.
  void prepare(const at::Tensor& w, double learning_rate);
  /// `stream`: LibTorch's current cudaStream_t (null: the default one); means nothing on the host.
  void apply(at::Tensor& w, const at::Tensor& g, const at::Tensor& decays, void* stream);
  void advance() { ++steps_; }

  /// Updates made so far, and the moments that they left (empty before the first): all that
  /// continuing needs.
  std::int64_t steps() const { return steps_; }
  std::vector<std::vector<float>> moments() const;
  /// As they were left for so many parameters. Throws DataError (without a file's name) for others.
  void restore(std::int64_t steps, const std::vector<std::vector<float>>& moments,
               std::size_t parameters);

 private:
  struct Memory;
  std::size_t moment_count() const;
  UpdateArguments arguments(at::Tensor& w, const at::Tensor& g, const at::Tensor& decays);
  void apply_tensors(at::Tensor& w, const at::Tensor& g, const at::Tensor& decays);
  UpdateRule rule_;
  Coefficients coefficients_;
  double l2_, weight_decay_;
  Update how_;
  std::unique_ptr<Memory> memory_;
  std::int64_t steps_ = 0;
};

/// The optimiser that `optimizer` names. Throws ConfigError for a name that does not exist.
std::unique_ptr<Optimizer> make_optimizer(const TrainSettings&, Update = Update::fused);

}  // namespace ohmic
