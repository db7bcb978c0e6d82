// What one point of a sweep measured, and how it is kept: a log of draws while it is under way, one
// file when it is finished.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/statistics/estimate.hpp"
#include "nn/metrics/metric.hpp"
#include "simulator/backend.hpp"

namespace ohmic {

/// One replicate: a draw that saw all images (one score), or a pass with a draw per batch (a score
/// per batch). A score is the number of right answers where the metric counts them, else its value.
struct DrawResult {
  std::vector<double> scores;
  Tally tally;
};

/// One crossbar layer in the units of a designer, with what one draw of it really did. Values that
/// do not exist for the device or layer are NaN.
struct LayerResult {
  std::string layer;
  double eta = 0, snr = 0, snr_dB = 0, bits = 0;  ///< of a weight, the mean of its replicas
  double sigma_G_uS = 0, sigma_G_percent = 0;     ///< of one device
  double sigma_w = 0, w_max = 0;
  double measured_eta = 0;                     ///< std of w_eff - w over sigma_w
  double measured_bias = 0;                    ///< mean of w_eff - w over sigma_w
  double signed_bias = 0;                      ///< mean of sign(w) (w_eff - w) over sigma_w
  std::string batch_norm;                      ///< the one this layer feeds; empty: none
  int filters = 0;                             ///< of that BatchNorm
  int dead_filters = 0;                        ///< of them with running variance below 1e-6
  double smallest_variance = Estimate::kNone;  ///< of its running variances
  /// Over its channels, |gamma| / sqrt(variance + epsilon): times the std of the noise on one
  /// weight and the norm of the layer's input patch, this is the std of the noise behind the
  /// BatchNorm.
  double largest_gain = Estimate::kNone, median_gain = Estimate::kNone;
  double unused_adc_bits = Estimate::kNone;  ///< on calibration images, see PointChip::warnings
  /// With exact devices, LoadedLayer::products_error() of products = "auto"; NaN where nothing was
  /// chosen.
  double products_error_lsb = Estimate::kNone;
  double writes_per_device = Estimate::kNone;  ///< of program and verify, in draw 0
};

struct PointResult {
  std::string identity;
  std::int64_t images = 0;
  std::int64_t batch = 0;  ///< images per stratum; 0: draws saw all images
  const Metric* metric = &metric_named("accuracy");
  /// Answers that count, per stratum; empty: one per image.
  std::vector<std::int64_t> answers;
  double baseline_score = 0;    ///< over all images, as a DrawResult has them
  double noise_free_score = 0;  ///< mapped and converted, devices exact
  std::vector<DrawResult> draws;
  std::vector<LayerResult> layers;
  std::vector<std::string> warnings;  ///< what its chip said of itself, see PointChip::warnings

  double baseline() const;
  /// The metric's mean over draws; of right answers those over all draws and images, rounded once.
  double value() const;
  /// value() / baseline(), rounded once; NaN when the baseline is 0 or the metric has no such
  /// thing.
  double normalized() const;
  double noise_free() const;
  /// Answers that count: images, or positions of theirs that have a label.
  std::int64_t all_answers() const;
  /// Values of the metric.
  Replicates replicates() const;
  Tally tally() const;
  int dead_filters() const;
};

/// The folder points/ of a run.
class PointStore {
 public:
  explicit PointStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The finished point, or none. Throws DataError for a damaged file (point_check.hpp).
  std::optional<PointResult> find(const std::string& identity) const;
  /// Draws logged by an unfinished point, in order. Throws DataError with the line for damage; a
  /// last line that a dying process left incomplete is cut off. See point_check.hpp.
  std::vector<DrawResult> logged_draws(const std::string& identity) const;
  /// How many these are; changes nothing.
  std::int64_t count_logged(const std::string& identity) const;
  void log_draw(const std::string& identity, const Metric&, std::int64_t draw,
                const DrawResult&) const;
  /// Publishes atomically; the log of draws is then gone.
  void publish(const PointResult&) const;

 private:
  std::filesystem::path file(const std::string& identity, const char* extension) const;
  std::filesystem::path folder_;
};

}  // namespace ohmic
