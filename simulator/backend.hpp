// A back end computes layers on tiles: reference (plain loops, double, the truth), cpu (OpenMP,
// oneDNN; the default), cuda. What a back end cannot do it refuses, it never approximates silently.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/epilogue.hpp"
#include "simulator/layer.hpp"

namespace ohmic {

struct ProgrammingPlan;

/// How often converters met their limits in one forward call.
struct Tally {
  std::uint64_t dac_samples = 0, dac_clipped = 0;
  std::uint64_t adc_samples = 0, adc_clipped = 0;
  Tally& operator+=(const Tally&);
};

/// Ranges that calibration found for one layer, in the units of the digital input x
/// (input) and of x * G in siemens (outputs, one per plane, row tile and column).
struct LayerRanges {
  double input = 0.0;
  std::vector<double> output;  ///< [plane][row tile][column]; empty: derived from AdcRange
};

/// A layer loaded into a back end: weights reordered, primitives built, buffers sized.
class LoadedLayer {
 public:
  virtual ~LoadedLayer() = default;
  /// x: images x H x W x C; residual: as y, or null; y: images x OH x OW x N; each in the host's
  /// memory or in the back end's Activations. Image i of the call is image `first_image + i` of the
  /// data set: noise redrawn at each MVM is addressed by it.
  virtual void forward(const float* x, std::int64_t images, std::uint64_t first_image,
                       const float* residual, float* y, Tally& tally) = 0;
  /// What roundings of weights move one of its sums by at worst, whatever the inputs, in steps of
  /// the ADC, where products are of integers or of weights of two bf16 numbers (what
  /// Products::automatic chooses from); 0 where they are of floats, or inputs are rounded too.
  virtual double products_error() const { return 0; }
  /// Adds x to what this layer has observed and writes what its converters would see: percentiles
  /// over all images observed, without noise. The input range comes first; where inputs are applied
  /// in slices, outputs are those of slices cut with the range found so far, at full drive. Not of
  /// layers that were given outputs' ranges: they need not keep what they were made of.
  virtual void observe(const float* x, std::int64_t images, LayerRanges& ranges) = 0;
};

/// A layer whose devices its back end programs, as often as wanted.
class ResidentLayer : public LoadedLayer {
 public:
  /// Programs a draw per key, on one chip each, as MappedLayer::program does at that key; at most
  /// Backend::draws_at_once(). The images of later forward calls are theirs, equally many each:
  /// those of the first draw, then those of the second.
  virtual void program(std::span<const NoiseKey> keys, const Epilogue&) = 0;
};

/// Values in the memory that a back end computes in.
class Activations {
 public:
  virtual ~Activations() = default;
  /// Room for `values`; what was there is lost when it grows.
  virtual float* at_least(std::size_t values) = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  /// Empty when the layer can be computed, else what cannot be done and what would.
  virtual std::string refusal(const LayerOnTiles&) const = 0;
  /// `ranges` as observe() wrote them are needed before a forward call where
  /// Periphery::needs_ranges() says so. Throws UnsupportedError on refusal.
  virtual std::unique_ptr<LoadedLayer> load(const LayerOnTiles&, const Epilogue&,
                                            const LayerRanges* ranges = nullptr) = 0;
  /// A layer whose every MVM is one product with `weights`, kernel_rows() x N in the order of
  /// planes, to which `bias` (N) adds: what load() makes of LayerOnTiles::effective_weights() and
  /// effective_bias() where is_ideal_per_mvm(), with nobody holding conductances. Null where this
  /// back end computes from conductances.
  virtual std::unique_ptr<LoadedLayer> load_product(const ConvGeometry&,
                                                    std::span<const float> weights,
                                                    std::span<const float> bias, const Epilogue&,
                                                    Products);
  /// Whether load_product() gives layers.
  virtual bool loads_products() const { return false; }

  /// A layer of these devices, whose planes have no conductances yet; null where the host has to
  /// program it.
  virtual std::unique_ptr<ResidentLayer> load_devices(const LayerOnTiles&, const ProgrammingPlan&,
                                                      const LayerRanges* ranges = nullptr);
  /// Of such layers; 0: the host programs all.
  virtual int draws_at_once() const { return 0; }

  // What follows is the host's memory and processor unless a back end has its own.

  virtual std::unique_ptr<Activations> activations();
  /// x where the host can read it: itself, or a copy in `buffer`.
  virtual const float* on_host(const float* x, std::size_t values, std::vector<float>& buffer);
  /// An epilogue by itself, on `values` numbers with the channels innermost. Pointers as in
  /// LoadedLayer::forward; y may be x.
  virtual void apply(const Epilogue&, const float* x, std::int64_t values, const float* residual,
                     float* y);
  /// The GPU that Activations lie on, as the CUDA runtime counts; -1: on none that others can use.
  virtual int gpu() const { return -1; }
  /// apply_wires() of simulator/wires.hpp, to the last digits that the circuit leaves.
  virtual void apply_wires(int K, int N, TileShape tile, const Wires& wires, std::span<double> G_S);
  /// Images that a call should have for the back end to be busy with such a layer and its memory
  /// fast; a network takes what the layer asks for that asks for most.
  virtual std::int64_t images_at_once(const ConvGeometry&) const;
};

/// "reference", "cpu" or "cuda", which takes GPU i of `device` = "cuda:i", else the first; a build
/// without it, or a machine, throws UnsupportedError that says what is missing.
std::unique_ptr<Backend> make_backend(const std::string& name, const std::string& device = "auto");
std::vector<std::string> backend_names();

}  // namespace ohmic
