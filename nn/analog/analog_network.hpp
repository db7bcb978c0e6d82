// A trained network on crossbars whose ranges are known: programmed per draw, evaluated as a
// LoadedNetwork. Free of LibTorch.
//   MappedNetwork  what each array takes
//   calibrate      finds the ranges of converters, where there are some
//   AnalogNetwork  has all that programming needs, and loads the network in one of three ways
//   LoadedNetwork  what is loaded, to compute with
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "nn/analog/batch_norm.hpp"
#include "nn/analog/calibration.hpp"
#include "nn/analog/layer_noise.hpp"
#include "nn/analog/loaded_network.hpp"
#include "nn/analog/mapped_network.hpp"

namespace ohmic {

class AnalogNetwork {
 public:
  /// The back end must outlive the network. With images to follow, BatchNorms of whatever is
  /// programmed (program, load_noise_free) follow what the programmed arrays and their converters
  /// make of these; NoiseSettings::leaves_statistics has to hold. Throws CallError unless ranges
  /// are those of every layer, or none where none are needed.
  AnalogNetwork(MappedNetwork, Backend&, Calibration = {}, std::optional<BatchNormImages> = {},
                LayerProgress = {});
  ~AnalogNetwork();

  /// Has the ranges of converters found anew in whatever is programmed from here on, layer by layer
  /// from what the programmed arrays make of these images; before BatchNorms follow theirs.
  void calibrate_chips(NormalizedImages);

  const MappedNetwork& mapped() const;
  /// As given.
  const Calibration& calibration() const;
  /// With their bias rows.
  const std::vector<MappedLayer>& layers() const;
  /// unused_bits of every layer's converters on calibration images, by layer; empty without
  /// converters.
  std::vector<double> unused_adc_bits() const;
  /// Noise on the kernels of a draw, by layer.
  std::vector<LayerNoise> measure_noise(std::uint64_t seed, std::uint64_t draw) const;

  // A load takes the place of the one before, for whoever holds it too. UnsupportedError where the
  // back end refuses a layer; nothing is loaded then, and computing with it throws CallError.

  /// One draw of the devices' noise, and of the digital noise that was asked for; draw 0, 1, ...
  /// Throws ConfigError when the noise semantics need a form factor that the device does not have.
  LoadedNetwork& program(std::uint64_t seed, std::uint64_t draw);
  /// Mapped, converted and wired as declared, but every device exact: what is lost before any
  /// noise.
  LoadedNetwork& load_noise_free();
  /// The weights as they are, digital: the baseline a_o.
  LoadedNetwork& load_ideal();

  /// Scores the whole set, every `each` images (the last may be fewer) with a draw of their
  /// own, first_draw, first_draw + 1 and so on, `batch` of them at a time: program() and
  /// LoadedNetwork::evaluate() in turn, or, on a back end that programs devices itself, several
  /// draws at once. What is loaded afterwards is not said.
  Predictions evaluate_draws(const ImageSet&, const Normalization&, std::int64_t each,
                             std::int64_t batch, std::uint64_t seed, std::uint64_t first_draw,
                             const Measure* measure = nullptr);
  /// How strongly `images` images (first_of_all_classes) drive every row of every layer, as the
  /// digital network sees them and, with a DAC, in its ranges (RowActivity::mean_squares). Loads
  /// the digital network.
  std::vector<std::vector<double>> row_drives(const ImageSet&, const Normalization&,
                                              std::int64_t images);

  /// program(seed, draw).effective_weights(), without loading anything. Not of a network whose
  /// BatchNorms follow images.
  Weights effective_weights(std::uint64_t seed, std::uint64_t draw) const;
  /// How every layer's devices are programmed, for whoever does it elsewhere (MappedLayer::plan);
  /// empty where that cannot be said of one of them.
  std::vector<ProgrammingPlan> programming_plans() const;
  /// What effective_weights(seed, draw) holds beside kernels.
  Weights digital_weights(std::uint64_t seed, std::uint64_t draw) const;
  /// Whether these differ from draw to draw.
  bool perturbs_digital() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
