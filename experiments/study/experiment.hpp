// One TOML file is one experiment. Its tables follow the physical chain; [sweep] makes its points.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/study/layer_devices.hpp"
#include "mapping/cost.hpp"
#include "mapping/settings.hpp"
#include "nn/analog/layer_devices.hpp"
#include "nn/analog/network_periphery.hpp"
#include "nn/analog/noise_settings.hpp"
#include "nn/data/dataset.hpp"
#include "nn/metrics/measure.hpp"
#include "nn/network/graph.hpp"
#include "nn/train/trainer.hpp"
#include "simulator/device_model.hpp"

namespace ohmic {

enum class Estimator {
  per_draw,   ///< each draw sees the whole test set: spread between chips, yield
  per_batch,  ///< each batch gets its own draw: a far tighter mean
};

/// evaluation.stop: draw until the interval of the metric is narrow enough.
struct StopRule {
  double half_width = 0.002;  ///< in the metric's own numbers: fractions of accuracies
  std::int64_t max_draws = 1000;
  static const Schema<StopRule>& schema();
};

/// Whose converters calibration images set the ranges of.
enum class CalibratedChip {
  exact,       ///< of a chip without error, once
  programmed,  ///< of each draw
};

/// The [evaluation] table.
struct EvaluationSettings {
  Estimator estimator = Estimator::per_draw;
  std::string metric = "accuracy";          ///< of find_metric()
  int top_k = 5;                            ///< of metric "top_k"
  Against against = Against::labels;        ///< of metrics that compare numbers
  ClassAxis class_axis = ClassAxis::found;  ///< of metrics that compare classes
  ScoreKind scores = ScoreKind::found;      ///< likewise
  std::int64_t draws = 10;
  std::int64_t first_draw = 0;  ///< another range of draws is fresh noise
  std::int64_t batch = 100;
  double confidence = 0.95;
  std::optional<StopRule> stop;           ///< absent ("none"): a fixed number of draws
  std::int64_t calibration_images = 256;  ///< training images that set converter ranges
  CalibratedChip calibrate = CalibratedChip::exact;
  std::optional<int> batch_norm_images;  ///< training images that BatchNorm sees again
  BatchNormStatistics batch_norm_statistics = BatchNormStatistics::moved;
  MetricChoice choice() const { return {metric, top_k, against, class_axis, scores}; }
  static const Schema<EvaluationSettings>& schema();
};

/// The [compute] table: how, never what; nothing here may change a number beyond rounding.
struct ComputeSettings {
  std::string device = "auto";  ///< auto | cpu | cuda[:i]
  std::string backend = "cpu";  ///< reference | cpu | cuda
  int threads = 0;              ///< 0: all
  static const Schema<ComputeSettings>& schema();
};

/// The [output] table.
struct OutputSettings {
  std::filesystem::path dir;  ///< empty: runs/<name of the file>
  bool figures = true;
  bool report = true;
  static const Schema<OutputSettings>& schema();
};

/// The axis of [sweep] whose tables are whole settings with names.
inline constexpr char kCaseKey[] = "case";

/// Everything one point of a sweep is made of.
struct Experiment {
  std::string title;
  std::string named_case;          ///< which of the sweep's; empty: it has none
  std::string preset;              ///< whose keys lie beneath the file's own; see presets.hpp
  std::vector<std::string> allow;  ///< keys whose values may be unusual, see Value::permitted
  std::uint64_t seed = 1;
  DataSettings data;
  ModelSettings model;
  std::shared_ptr<const Graph>
      built;  ///< instead of [model]'s; without nodes: none, of hardware alone
  TrainSettings train;
  MappingSettings mapping;
  std::string device_model;  ///< "awgn"
  std::shared_ptr<const DeviceModel> device;
  OwnDevices layer_devices;  ///< layers whose devices are not `device`
  NetworkPeriphery periphery;
  NoiseSettings noise;
  EvaluationSettings evaluation;
  std::optional<CostSettings> cost;  ///< absent ("none"): not reported
  ComputeSettings compute;
  OutputSettings output;

  /// Reads every table but [sweep] and [budget], and the preset that is named; all faults are
  /// appended. What holds between tables is checked too.
  /// `network` stands for [model]'s where a program built one.
  static Experiment read(const Value& root, std::vector<Fault>& faults,
                         std::shared_ptr<const Graph> network = nullptr);
  static const Schema<Experiment>& schema();
  /// Whether one network is trained here for all draws: neither its weights nor its file are given,
  /// or training starts from them, or it is for one chip.
  bool is_trained() const;
  /// Whether every draw is trained by itself (train.hardware.chip = "each"), from the network that
  /// is trained or given.
  bool trains_each_chip() const;
  /// Either.
  bool trains() const { return is_trained() || trains_each_chip(); }
  /// The network: `built`, one of ohmic's own or that of model.file. Throws as load_network() does.
  Graph graph() const;
  /// `device` and `layer_devices` as a network takes them.
  LayerDevices devices() const;
  /// Every key with its resolved value, in the order of the chain (resolved.toml).
  Value resolved() const;
  /// What of this counts at a stage (Schema::write): with weights given nothing of [train], to
  /// trained weights the test images only where they choose the epoch that is kept, and of devices,
  /// before they are programmed, what exact ones show of themselves. Files stand by their names.
  Value part(Stage) const;
  /// SHA-256 (hexadecimal) of the same, for what is kept on disk: images, weights, and files that
  /// devices read count by their content, so they may move.
  std::string identity(Stage = Stage::point) const;
  /// That of the network that is trained for all draws.
  std::string training_identity() const;
};

/// One point: the swept keys with their values, and the experiment they make.
struct Point {
  std::vector<std::pair<std::string, Value>> axes;  ///< dotted key, value
  Experiment experiment;
};

/// A file (with --set applied) as the points of its sweep, in the order of the axes, the last
/// fastest. An axis is `"table.key" = [values]`, or `"table" = [{...}, {...}]` for keys that move
/// together: they are merged into the table and reported as one axis per key, where an element that
/// leaves a key out has its resolved value. A swept key given with --set keeps that value. Where an
/// axis changes device.model, keys of [device] that only its own model has do not apply. Throws
/// ConfigError with every fault of every distinct value, or when there are more than kMostPoints.
inline constexpr std::size_t kMostPoints = 100'000;
std::vector<Point> expand(const Value& root);

/// The [sweep] table that `expand` goes through, --set included: with the first point's
/// `resolved()` it makes a file that gives the same points.
Value resolved_sweep(const Value& root);

}  // namespace ohmic
