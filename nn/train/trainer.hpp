// Training. The header is free of LibTorch; trainer.cpp and optimizer.cpp hold it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "nn/data/dataset.hpp"
#include "nn/network/graph.hpp"
#include "nn/train/hardware_settings.hpp"
#include "nn/train/measurement.hpp"

namespace ohmic {

/// train.distill: the loss is (1 - weight) cross-entropy + weight T^2 cross-entropy between the
/// softened answers softmax(z/T) of teacher and student (Hinton et al. 2015).
struct DistillSettings {
  /// Weights of the same [model]; empty: those that training starts from where they are given, else
  /// it is trained first, as this one but without weight noise, hardware and teacher.
  std::string teacher;
  std::string tensors;  ///< of it: the dictionary that is meant (TensorChoice)
  double temperature = 4;
  double weight = 0.9;
  static const Schema<DistillSettings>& schema();
};

/// What training starts from.
enum class TrainingStart {
  init,   ///< first kernels as train.init says; networks whose weights are given are not trained
  given,  ///< the weights that are given
};

/// The [train] table. Defaults are the paper's recipe (Keras CIFAR ResNet v1 example).
struct TrainSettings {
  std::int64_t epochs = 200;
  std::int64_t batch = 32;
  std::string optimizer = "adam";
  double learning_rate = 1e-3;
  double momentum = 0.9;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7;
  double beta1_decay = 1 - 1e-8;  ///< lambda of adamx: beta1 lambda^(t-1) at update t
  /// paper: times 0.1, 0.01, 0.001, 0.0005 after epochs 80, 120, 160, 180 of 200, scaled to
  /// `epochs`; constant; steps: times schedule_factors[i] in epochs e (from 0) with e >
  /// schedule_epochs[i].
  std::string schedule = "paper";
  std::vector<double> schedule_epochs, schedule_factors;
  double l2 = 1e-4;         ///< l2 * sum of squares of convolution kernels is added to the loss
  double weight_decay = 0;  ///< decoupled: kernels shrink by rate * weight_decay at each update
  TrainingStart start = TrainingStart::init;
  std::vector<std::string> only;  ///< patterns of parameters that are trained; empty: all
  std::string init = "glorot_uniform";
  bool augment = true;
  double shift = 0.1;
  bool flip = true;
  std::string keep = "last";      ///< last | best (by test accuracy: selects on test data)
  std::string precision = "f32";  ///< f32 | bf16
  /// Std of the weight noise in every forward pass of training over sigma_w of the layer: each
  /// batch has its own, convolution and dense kernels alike; gradients reach the weights as they
  /// are.
  double noise_eta = 0;
  /// Kernels are clipped to +- this many times their std after each update; absent ("none"): not.
  std::optional<double> clip_sigma;
  std::optional<TrainingHardware> hardware;  ///< absent ("none"): forward passes are digital
  std::optional<DistillSettings> distill;
  std::optional<MeasureSettings> measure;  ///< absent ("none"): nothing is measured

  /// Learning rate in `epoch`, from 0.
  double rate_in(std::int64_t epoch) const;
  /// Throws ConfigError when keys contradict each other.
  void validate() const;
  static const Schema<TrainSettings>& schema();
};

struct EpochReport {
  std::int64_t epoch = 0, epochs = 0;  ///< 0-based
  double loss = 0, accuracy = 0;       ///< on the augmented training images
  double test_accuracy = -1;           ///< negative when not measured
  double learning_rate = 0;
  double seconds = 0;
  int dead_filters = 0;  ///< BatchNorm channels with running variance below kDeadVariance
};

struct TrainProgress {
  std::function<void(std::int64_t epoch, double fraction, double loss, double accuracy,
                     double images_per_s)>
      on_batch;
  std::function<void(const EpochReport&)> on_epoch;
};

/// Weights of the same graph; null where they are not asked for.
struct GivenWeights {
  const Weights* teacher = nullptr;  ///< for train.distill
  const Weights* start = nullptr;    ///< for train.start = "given"
};

/// Trains, or continues from `folder`/state.safetensors, to `folder`/weights.safetensors.
/// Everything random is addressed by (seed, epoch, image), so a run killed anywhere ends in the
/// same bits on the same machine and thread count. `identity` (a hash) is stored and must match
/// when continuing. Learning curves go to `folder`/history.csv, what train.measure asks for to
/// theory.csv and theory_layers.csv (measurement.hpp); measuring changes no bit of the training.
/// Returns the kept weights. See divergence.hpp.
Checkpoint train(const Graph&, const Dataset&, const TrainSettings&, std::uint64_t seed,
                 const std::string& device, const std::filesystem::path& folder,
                 const std::string& identity, const TrainProgress&, const GivenWeights& = {});

std::vector<std::string> optimizer_names();

}  // namespace ohmic
