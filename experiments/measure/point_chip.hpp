// One point's network on its hardware, ready to be programmed and measured: on a back end tile by
// tile, or, when the periphery is ideal and LibTorch has a GPU, there with the effective weights.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/measure/network_cost.hpp"
#include "experiments/measure/networks.hpp"
#include "experiments/measure/point_result.hpp"
#include "experiments/study/experiment.hpp"
#include "nn/analog/analog_network.hpp"
#include "nn/torch/ideal_evaluation.hpp"

namespace ohmic {

/// Converters' ranges that were found before, by network and by all that they depend on.
using Calibrations = std::map<std::pair<const TrainedNetwork*, std::string>, Calibration>;

class PointChip {
 public:
  /// What is being computed, and how much of it is done; called while it is.
  using Progress = std::function<void(const std::string& what, double fraction)>;

  /// The network must outlive the chip. Ranges that are not among `calibrations` are found on
  /// calibration images and added.
  PointChip(const Experiment&, const TrainedNetwork&, Calibrations& calibrations, Progress = {});
  PointChip(const PointChip&) = delete;  // its network reports to where it lies
  PointChip& operator=(const PointChip&) = delete;

  std::int64_t images() const { return network_.data->test.size(); }
  /// Answers that count, per stratum of a replicate; empty: one per image.
  std::vector<std::int64_t> answers() const;
  /// The score of all images (DrawResult) with digital weights.
  double baseline_score();
  /// That mapped, converted and wired as declared, every device exact.
  double noise_free_score();
  /// Replicate `index` of the estimator that the experiment names.
  DrawResult measure(std::int64_t index);
  std::vector<LayerResult> layers() const;
  /// With the constants of the experiment's [cost], or the default ones. What was programmed before
  /// has to be programmed again.
  NetworkCost cost();
  /// The network on its crossbars, calibrated.
  AnalogNetwork& analog() { return *analog_; }
  /// What a user should know, a clause each: converters whose range leaves more than two bits
  /// unused on what calibration images produce, or is less than half of it; products that are slow
  /// on this processor; what is assumed of answers.
  std::vector<std::string> warnings() const;

 private:
  std::string given_warning() const;
  std::string range_warning() const;
  std::string overflow_warning() const;
  std::string calibration_warning() const;
  std::string loudest_warning(std::int64_t count) const;
  std::string clipping_warning() const;
  std::string products_warning() const;
  std::vector<double> products_errors() const;
  void begin(const std::string& what, std::int64_t images);
  Calibration ranges_of(const MappedNetwork&, Calibrations&);
  LayerProgress reports();
  DrawResult measure_as_trained(std::int64_t chip);
  void prepare_torch(Precision);
  std::int64_t images_per_draw() const;
  std::int64_t batches() const;  ///< of images_per_draw() among the test images
  std::vector<double> measure_on_torch(std::uint64_t first_draw);
  void program(IdealEvaluation& evaluation, std::uint64_t draw);
  Weights effective_weights(std::uint64_t draw);
  std::int64_t finish(IdealEvaluation&);
  double score_all(LoadedNetwork&);
  double score_of(std::span<const Score>) const;

  Experiment experiment_;
  Progress progress_;
  std::string stage_, loudest_warning_;
  double images_done_ = 0, images_to_do_ = 1;
  const TrainedNetwork& network_;
  std::unique_ptr<Backend> backend_;
  std::string device_;  ///< LibTorch's
  std::unique_ptr<AnalogNetwork> analog_;
  /// Draws that LibTorch's device computes at the same time; empty: the back end computes.
  std::vector<std::unique_ptr<IdealEvaluation>> torch_;
  struct ProgrammedAhead {
    std::uint64_t draw;
    Weights weights;
  };
  std::optional<ProgrammedAhead> ahead_;  ///< programmed while LibTorch's device computed
  std::optional<std::uint64_t> next_;     ///< the draw that will probably be asked for
};

}  // namespace ohmic
