// What a layer is fed, over a set of samples, and whether two sets feed it alike. Nothing here
// needs LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ohmic {

/// How far the inputs of a layer from one set of samples are from those of another.
struct LayerDistance {
  std::string layer;
  /// Root mean square of the one over that of the other.
  double size = 1;
  /// Root mean square over channels of the distance of the means, in standard deviations of the
  /// other set's inputs, without what so few samples make by chance.
  double shift = 0;
};

class LayerInputs {
 public:
  /// Samples x positions x channels.
  void add(const float* x, std::int64_t samples, std::int64_t positions, std::int64_t channels);
  std::int64_t samples() const { return static_cast<std::int64_t>(sizes_.size()); }

  LayerDistance distance_from(const LayerInputs& other) const;
  /// Whether the two are beyond what two samplings of one population show: sizes apart by a
  /// quarter, or means by 0.35 standard deviations, and surely so. Never of fewer than 8 samples.
  bool is_unlike(const LayerInputs& other) const;

 private:
  double mean_size() const;
  double relative_error_of_size() const;
  double chance() const;
  double spread() const;
  double apart(const LayerInputs& other) const;

  std::vector<double> means_, squares_of_means_, squares_;  ///< sums over samples, by channel
  std::vector<double> sizes_;                               ///< mean square of each sample
};

}  // namespace ohmic
