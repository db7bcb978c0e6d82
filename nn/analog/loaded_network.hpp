// A network that is on a back end: what is computed with it. Free of LibTorch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "nn/analog/mapped_network.hpp"
#include "nn/data/dataset.hpp"
#include "nn/metrics/measure.hpp"

namespace ohmic {

class Execution;

/// Called whenever images are through one more layer, with the part of their number that this is of
/// all layers; may be empty.
using LayerProgress = std::function<void(double images)>;

/// What one evaluation of a set of images gave.
struct Predictions {
  std::vector<Score> scores;  ///< per image; of accuracy, 1 or 0 of 1
  Tally tally;
  /// Mean of the scores, 0 without any.
  double accuracy() const;
};

/// Arguments outside of what is said here throw CallError.
class LoadedNetwork {
 public:
  /// The weights as they are, digital; ranges are not needed. The back end must outlive it.
  LoadedNetwork(const MappedNetwork&, Backend&, LayerProgress = {});
  ~LoadedNetwork();

  /// Scores the answers to images [first, first + count) of the set; without a measure by the
  /// accuracy of their labels.
  Predictions evaluate(const ImageSet&, const Normalization&, std::int64_t first,
                       std::int64_t count, std::int64_t batch, const Measure* measure = nullptr);
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
  /// How often converters met their limits since the last call of this function.
  Tally take_tally();
  /// Ranges of its converters; of digital weights those of its chips with exact devices.
  const Calibration& calibration() const;
  /// Of each crossbar layer, LoadedLayer::products_error().
  std::vector<double> products_errors() const;
  /// All tensors: kernels decoded from their devices, digital noise added, the rule for negative
  /// variances applied. A digital network with them computes the same logits when the periphery is
  /// ideal.
  Weights effective_weights() const;

 private:
  friend class AnalogNetwork;
  explicit LoadedNetwork(std::unique_ptr<Execution>);
  std::unique_ptr<Execution> execution_;
};

}  // namespace ohmic
