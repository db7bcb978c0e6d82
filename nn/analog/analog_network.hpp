// A trained network on crossbars: map once, program per draw, evaluate. Free of LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mapping/conversions.hpp"
#include "mapping/mapped_layer.hpp"
#include "nn/analog/noise_settings.hpp"
#include "nn/data/dataset.hpp"
#include "nn/network/graph.hpp"
#include "simulator/backend.hpp"

namespace ohmic {

/// What one evaluation of a set of images gave.
struct Predictions {
  std::vector<std::uint8_t> correct;  ///< per image, 0 or 1
  Tally tally;
  double accuracy() const;
};

/// Noise statistics of one layer, measured on one programmed draw.
struct LayerNoise {
  std::string layer;
  double sigma_w = 0;
  double bias = 0;  ///< mean of w_eff - w over all weights
  double signed_bias = 0;  ///< mean of sign(w) (w_eff - w), shows what clipping does
  double std = 0;   ///< std of w_eff - w
  std::int64_t weights = 0;
};

class AnalogNetwork {
 public:
  AnalogNetwork(const Graph&, const Weights&, const MappingSettings&, const NoiseSettings&,
                const Periphery&, std::shared_ptr<const DeviceModel>, Backend&);
  ~AnalogNetwork();

  /// Finds converter ranges on calibration images (no-op when the periphery needs none).
  void calibrate(const ImageSet&, const Normalization&, std::int64_t images);
  /// Programs every layer for one draw; draw 0, 1, ... Throws ConfigError when the noise semantics
  /// need a form factor that the device does not have.
  void program(std::uint64_t seed, std::uint64_t draw);
  /// Loads the weights as they are, without devices: the baseline a_o.
  void load_ideal();
  /// Classifies images [first, first + count) with what is programmed.
  Predictions evaluate(const ImageSet&, const Normalization&, std::int64_t first,
                       std::int64_t count, std::int64_t batch);
  /// Logits, images x classes, of the same.
  std::vector<float> logits(const float* nhwc, std::int64_t images, std::uint64_t first_image);

  const std::vector<MappedLayer>& layers() const;
  std::vector<LayerNoise> measure_noise(std::uint64_t seed, std::uint64_t draw) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
