// A trained network on crossbars: map once, program per draw, evaluate. Free of LibTorch.
// Calls in the wrong order, or with arguments outside of what is said here, throw CallError.
// Three ways to load the chip:
//   load_ideal       the weights as they are, digital: the baseline a_o
//   load_noise_free  mapped, converted and wired as declared, but every device exact: what is lost
//                    before any noise
//   program          one draw of the devices' noise (and of the digital noise that was asked for)
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "mapping/conversions.hpp"
#include "mapping/mapped_layer.hpp"
#include "nn/analog/layer_devices.hpp"
#include "nn/analog/layer_noise.hpp"
#include "nn/analog/noise_settings.hpp"
#include "nn/data/dataset.hpp"
#include "nn/metrics/measure.hpp"
#include "nn/network/graph.hpp"
#include "simulator/backend.hpp"

namespace ohmic {

/// What one evaluation of a set of images gave.
struct Predictions {
  std::vector<Score> scores;  ///< per image; of accuracy, 1 or 0 of 1
  Tally tally;
  /// Mean of the scores, 0 without any.
  double accuracy() const;
};

class AnalogNetwork {
 public:
  /// The back end must outlive the network. Tensors outside the crossbars take the form factor of
  /// the common device. Throws ConfigError (noise settings, names of layers), DataError
  /// (weights) or UnsupportedError (a layer the back end refuses; `dead` in a network whose
  /// BatchNorms do not all end in a ReLU).
  AnalogNetwork(const Graph&, const Weights&, const MappingSettings&, const NoiseSettings&,
                const Periphery&, LayerDevices, Backend&);
  /// The same of weights that are shared, not copied.
  AnalogNetwork(const Graph&, std::shared_ptr<const Weights>, const MappingSettings&,
                const NoiseSettings&, const Periphery&, LayerDevices, Backend&);
  ~AnalogNetwork();

  /// Whether ranges must be there (calibrate, take_ranges) before anything but load_ideal: for
  /// converters, for what drives the biases of mapping.bias = "analog", for non-linear cells.
  bool needs_ranges() const;
  /// Finds ranges on `images` calibration images, those that first_of_all_classes takes (no-op
  /// when none are needed): activations are those of the digital network, arrays are free of noise.
  void calibrate(const ImageSet&, const Normalization&, std::int64_t images);
  /// What calibrate() found, by layer; empty before. Another network of these weights, with the
  /// same mapping, periphery and range of conductances, can take it instead of finding it again.
  const std::vector<LayerRanges>& ranges() const;
  void take_ranges(std::vector<LayerRanges>);
  /// Whatever is programmed from here on (program, load_noise_free) has the mean and the variance
  /// of every BatchNorm follow `images` of the images (first_of_all_classes), as the programmed
  /// arrays and their converters compute them, behind layers that were measured before: moved by
  /// the change against the digital network on the same images (follow_moments), or replaced by
  /// what is measured. Needs NoiseSettings::leaves_statistics. Images are held for later draws;
  /// while a draw is measured, activations of all of them are, 64 KB per image and buffer in a
  /// ResNet of width 16.
  void measure_batch_norm(const ImageSet&, const Normalization&, std::int64_t images,
                          BatchNormStatistics = BatchNormStatistics::moved);
  /// How strongly `images` images (first_of_all_classes) drive every row of every layer, as the
  /// digital network sees them and, with a DAC, in the ranges that calibrate() found
  /// (RowActivity::mean_squares).
  std::vector<std::vector<double>> row_drives(const ImageSet&, const Normalization&,
                                              std::int64_t images);
  /// The periphery of layer i: its DAC has a sign where inputs can be negative.
  Periphery periphery(std::size_t i) const;
  /// unused_bits of every layer's converters after calibration, by layer; empty without converters.
  std::vector<double> unused_adc_bits() const;
  /// Programs every layer for one draw; draw 0, 1, ... Throws ConfigError when the noise semantics
  /// need a form factor that the device does not have.
  void program(std::uint64_t seed, std::uint64_t draw);
  void load_noise_free();
  void load_ideal();

  /// Scores the answers to images [first, first + count) with what is programmed; without a measure
  /// by the accuracy of their labels.
  Predictions evaluate(const ImageSet&, const Normalization&, std::int64_t first,
                       std::int64_t count, std::int64_t batch, const Measure* measure = nullptr);
  /// Scores the whole set, every `each` images (the last may be fewer) with a draw of their
  /// own, first_draw, first_draw + 1 and so on, `batch` of them at a time: program() and evaluate()
  /// in turn, or, on a back end that programs devices itself, several draws at once. What is
  /// programmed afterwards is not said.
  Predictions evaluate_draws(const ImageSet&, const Normalization&, std::int64_t each,
                             std::int64_t batch, std::uint64_t seed, std::uint64_t first_draw,
                             const Measure* measure = nullptr);
  /// Logits, images x classes. `first_image` is the data set's number of the first one. All NaN
  /// when NegativeVariance::nan applies: a NaN channel is an input of the next convolution's every
  /// output, so no logit of any image escapes it.
  std::vector<float> logits(const float* nhwc, std::int64_t images, std::uint64_t first_image);
  /// One layer's input x, images x H x W x C, and its output behind bias and BatchNorm, before the
  /// sum with a shortcut and ReLU.
  using LayerVisitor = std::function<void(std::size_t layer, std::span<const float> x,
                                          std::span<const float> output)>;
  /// Computes the images as logits() does and shows every crossbar layer. Costs twice as much.
  void visit_layers(const float* nhwc, std::int64_t images, const LayerVisitor&);
  /// That output of one layer for any inputs.
  std::vector<float> layer_output(std::size_t layer, const float* x, std::int64_t images);
  /// Calls back whenever images are through one more layer, with the part of their number that this
  /// is of all layers.
  void report_to(std::function<void(double images)>);
  /// How often converters met their limits since the last call of this function.
  Tally take_tally();

  /// All tensors as loaded: kernels decoded from their devices, digital noise added, the rule for
  /// negative variances applied. A digital network with them computes the same logits when the
  /// periphery is ideal.
  Weights effective_weights() const;
  /// The same as after program(seed, draw), without loading anything. Not with measure_batch_norm.
  Weights effective_weights(std::uint64_t seed, std::uint64_t draw) const;

  /// How every layer's devices are programmed, for whoever does it elsewhere (MappedLayer::plan);
  /// empty where that cannot be said of one of them.
  std::vector<ProgrammingPlan> programming_plans() const;
  /// What effective_weights(seed, draw) holds beside kernels.
  Weights digital_weights(std::uint64_t seed, std::uint64_t draw) const;
  /// Whether these differ from draw to draw.
  bool perturbs_digital() const;

  /// As mapped: with their bias rows only where ranges are known.
  const std::vector<MappedLayer>& layers() const;
  /// Whether that layer is another use of an earlier one's crossbar.
  bool is_used_again(std::size_t layer) const;
  std::vector<LayerNoise> measure_noise(std::uint64_t seed, std::uint64_t draw) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
