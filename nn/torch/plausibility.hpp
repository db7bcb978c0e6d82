// Whether a network and its images fit each other: what one pass of a few hundred test images
// through the digital network shows. Facts only; experiments/measure/doubts.hpp judges them. The
// header is free of LibTorch.
//
// The strongest is what BatchNorm remembers of training: its running mean and variance are those of
// its inputs then, whatever the images were and however they were prepared, and the images at hand
// show what its inputs are now. docs/decisions/018-plausibility.md says how far these lie apart in
// sound networks and in broken ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nn/data/dataset.hpp"
#include "nn/network/graph.hpp"
#include "nn/torch/layer_inputs.hpp"

namespace ohmic {

/// One BatchNorm: its running statistics against its inputs'.
struct NormFit {
  std::string norm;   ///< name of its node
  std::string layer;  ///< node that it reads
  /// 90th percentile over channels of |mean - running mean| / sqrt(running variance + epsilon).
  double shift = 0;
  /// Median over channels of |ln((variance + epsilon) / (running variance + epsilon))|.
  double spread = 0;
};

/// Another way to read the images, see usual_readings.
struct BetterReading {
  std::string name;
  double accuracy = 0;  ///< of the images that were examined
};

struct Plausibility {
  bool foreign = false;      ///< trained elsewhere, on images prepared there
  std::int64_t images = 0;   ///< examined: at most kExamined, spread evenly over the test set
  std::int64_t correct = 0;  ///< right answers among them
  int classes = 0;           ///< of the network; 0: answers are not a class per image
  double confidence = 0;     ///< mean over images of the largest softmax probability
  double loss = 0;           ///< mean cross-entropy of the labels, in nat
  /// The largest magnitude of what the network is fed.
  double largest_input = 0;
  /// `loss` with samples divided by 255; absent: not tried, or not surely less.
  std::optional<double> loss_scaled = std::nullopt;
  std::int64_t infinite = 0;  ///< images with a logit that is infinite or not a number
  bool constant = false;      ///< every image gets the same logits
  int favourite = 0;          ///< the class answered most often
  std::int64_t favoured = 0;  ///< and for how many images
  int label = 0;              ///< the label that most images have
  std::int64_t labelled = 0;  ///< and how many
  bool same_image = false;    ///< all images examined are one
  std::int64_t known = 0;     ///< images that are among the training images too
  std::int64_t tested = 0;    ///< samples of the whole test set
  std::int64_t repeated = 0;  ///< of them, those that an earlier one is, value by value
  int labels = 0;             ///< different labels of the whole test set; 0: not a class per sample
  std::int64_t compared = 0;  ///< training samples that were compared with the test samples
  std::int64_t unlike = 0;    ///< layers that these feed otherwise than test samples do
  LayerDistance first_unlike;                 ///< the first of them
  std::int64_t kernels = 0;                   ///< of convolutions and dense layers
  std::vector<std::string> constant_kernels;  ///< those that hold one value only
  /// Those of 64 weights or more in which one weight's square is more than half of the sum of all.
  std::vector<std::string> dominated_kernels;
  /// label = answer + label_shift (modulo classes) for the most images, and for how many.
  int label_shift = 0;
  std::int64_t correct_shifted = 0;
  /// Right answers with classes renamed so that most are right; no less than `correct`. The
  /// best of one-to-one renamings as a greedy choice finds it.
  std::int64_t correct_renamed = 0;

  std::int64_t norms = 0;       ///< BatchNorms
  std::int64_t misfits = 0;     ///< of them beyond what sound networks show
  NormFit first, worst;         ///< of the misfits: first in the network, and furthest off
  bool from_the_first = false;  ///< the network's first BatchNorm is one
  /// BatchNorms whose mean is 0 and variance 1 throughout, as before any training.
  std::int64_t untouched_norms = 0;
  bool readable = false;  ///< images of which other readings were tried where something is wrong
  std::vector<BetterReading> readings;  ///< that give far more right answers, best first

  /// Of the metric that was asked for, where guessing gives something known and `correct` does not
  /// say it all: its choice, its value on the samples examined, and what guessing gives.
  std::string metric;
  int top_k = 0;
  double value = 0, guessed = 0;
  /// Of a class for each of many positions: the share that the network's own probabilities promise
  /// to be right; 0: not known.
  double promised = 0;
  /// Answers are compared with the network's own, samples are numbers, and labels count for
  /// nothing.
  bool compares_own = false;
  bool wants_samples = false;  ///< answers are compared with the samples themselves
  /// Of one number per sample that is class 1 above 0: right answers if it were so above 1/2.
  std::int64_t correct_at_half = 0;

  double accuracy() const {
    return images == 0 ? 0.0 : static_cast<double>(correct) / static_cast<double>(images);
  }
};

inline constexpr std::int64_t kExamined = 256;
inline constexpr std::int64_t kLookedAt = 64;  ///< training samples, spread evenly likewise

/// Examines a network on test images of `data`, on the host. `foreign` weights were trained
/// elsewhere: where something is wrong, other readings of the images are tried for them, each a
/// pass of its own. At least one test image. Without `has_classes` nothing is said of right
/// answers. `declared` stands for training samples that `data` has not, because nothing needs them.
/// `shares`: whether answers are probabilities; absent: the last operator says it.
Plausibility examine(const Graph&, const Weights&, const Dataset& data, bool foreign,
                     bool has_classes = true, const ImageSet& declared = {},
                     std::optional<bool> shares = std::nullopt);

/// Whether the test set has labels of some classes only, and not by chance: more than a tenth of
/// the classes are missing, and more than so many samples of classes that are equally frequent
/// miss.
bool lacks_classes(const Plausibility&);
/// Whether hardly more answers are right than guessing gives.
bool is_near_chance(const Plausibility&);
/// The same of any share of which guessing gives `guessed`.
bool is_near_guessing(double share, double guessed);
/// Whether far fewer answers are right than the network's own probabilities promise.
bool is_too_sure(const Plausibility&);
/// Whether labels are less likely to a network than to one that guesses, though it is surer.
bool is_misled(const Plausibility&);
/// Whether inputs are pixels from 0 to 255 that the network was trained on from 0 to 1: divided by
/// 255 they make its labels far likelier to it, and likely by themselves. To a network that was
/// trained on whole pixels they do not: its logits then hardly differ, which is guessing.
bool is_unscaled(const Plausibility&);
/// Whether a BatchNorm lies beyond what sound networks show on so many images.
bool is_misfit(const NormFit&, std::int64_t images);

}  // namespace ohmic
