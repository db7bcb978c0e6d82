#include "nn/torch/plausibility.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>
#include <set>

#include "nn/data/readings.hpp"
#include "nn/data/same_samples.hpp"
#include "nn/freed_memory.hpp"
#include "nn/lowering/network.hpp"
#include "nn/metrics/measure.hpp"
#include "nn/torch/label_counts.hpp"
#include "nn/torch/layer_inputs.hpp"
#include "nn/torch/torch_graph.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using at::Tensor;

constexpr std::int64_t kBatch = 32;                           ///< images at once
constexpr std::int64_t kMostNumbers = std::int64_t{1} << 26;  ///< of the largest value of a batch
constexpr std::int64_t kTried = 64;      ///< images for a first look at another reading
constexpr double kFarFromOne = 64;       ///< inputs that no usual normalisation gives
constexpr std::size_t kLooked = 3;       ///< readings that are looked at again, on more images
constexpr std::int64_t kCompared = 512;  ///< images for that second look
/// Of the divergences with channels exchanged and as read: 0.4 to 0.5 where they were exchanged,
/// above 2 where not.
constexpr double kExchanged = 0.67;

/// Sums over images of the means and mean squares per channel.
struct Moments {
  Tensor mean, square;
};

/// What one pass of images shows.
struct Seen {
  std::vector<int> answers;    ///< by image
  std::vector<double> losses;  ///< by image: -ln of its label's probability; 0 without a label
  double confidence = 0;
  float largest_input = 0;
  std::int64_t infinite = 0;
  bool constant = true;
  std::vector<Moments> moments;     ///< by node; undefined but at a BatchNorm
  std::vector<LayerInputs> inputs;  ///< by node; empty but at a convolution or dense layer
};

/// The number of nodes where there is none.
std::size_t first_norm(const Graph& graph) {
  return static_cast<std::size_t>(std::ranges::find(graph.nodes, Op::batch_norm, &Node::op) -
                                  graph.nodes.begin());
}

/// Fewer images where each is large, as the scores of all words at every position of a text are.
std::int64_t batch_of(const Graph& graph) {
  std::int64_t largest = 1;
  for (const Node& node : graph.nodes)
    largest = std::max(largest, std::int64_t{node.height} * node.width * node.channels);
  return std::clamp(kMostNumbers / largest, std::int64_t{1}, kBatch);
}

class Examination {
 public:
  Examination(const Graph& graph, const Weights& weights, std::optional<bool> shares = std::nullopt)
      : graph_(graph),
        weights_(weights),
        network_(graph, {std::shared_ptr<const void>(), &weights}),
        batch_(batch_of(graph)),
        gives_shares_(shares.value_or(answer_shape(graph, {}).probabilities)) {}

  /// What layers are fed is added up only where that is asked for: it takes its time.
  Seen pass(const ImageSet& set, const Normalization& normalization, bool sees_inputs = false) {
    const at::NoGradGuard no_gradients;
    Seen seen;
    seen.moments.resize(graph_.nodes.size());
    seen.inputs.resize(graph_.nodes.size());
    std::vector<float> x;
    Tensor first;
    for (std::int64_t i = 0; i < set.size(); i += batch_) {
      const std::int64_t n = std::min(batch_, set.size() - i);
      x.resize(static_cast<std::size_t>(n * set.values()));
      normalized_batch(set, normalization, i, n, x.data());
      for (const float value : x)
        seen.largest_input = std::max(seen.largest_input, std::abs(value));
      const Tensor y = network_.observed(network_.images(x.data(), n),
                                         [&](std::size_t node, const Tensor& in, const Tensor&) {
                                           note(node, in, sees_inputs, seen);
                                         });
      if (!first.defined()) first = in_classes(y.slice(0, 0, 1)).clone();
      const Tensor scores = in_classes(y);
      take(scores, first, seen);
      add_losses(scores, set, i, seen.losses);
    }
    seen.confidence /= static_cast<double>(set.size());
    give_back_freed_memory();
    return seen;
  }

  std::int64_t untouched_norms() const {
    return std::ranges::count_if(graph_.nodes, [&](const Node& node) {
      return node.op == Op::batch_norm && is_untouched(node);
    });
  }

  std::vector<NormFit> norms(const Seen& seen, std::int64_t images) const {
    std::vector<NormFit> fits;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
      if (graph_.nodes[i].op == Op::batch_norm)
        fits.push_back(fit(graph_.nodes[i], seen.moments[i], images));
    return fits;
  }

  /// How far the first BatchNorm's inputs are from its statistics: over channels, the largest
  /// divergence of N(mean, variance) from N(running mean, running variance).
  double first_divergence(const Seen& seen, std::int64_t images) const {
    double most = 0;
    const std::size_t norm = first_norm(graph_);
    for (const Channel& c : channels(graph_.nodes.at(norm), seen.moments.at(norm), images))
      most = std::max(most, (c.z * c.z + std::exp(c.log_ratio) - 1 - c.log_ratio) / 2);
    return most;
  }

 private:
  void note(std::size_t node, const Tensor& in, bool sees_inputs, Seen& seen) const {
    const Op op = graph_.nodes[node].op;
    if (op == Op::batch_norm) add(in, seen.moments[node]);
    if (sees_inputs && (op == Op::convolution || op == Op::dense)) add(in, op, seen.inputs[node]);
  }

  static void add(const Tensor& x, Op op, LayerInputs& to) {
    const std::int64_t samples = x.size(0), channels = x.size(op == Op::dense ? -1 : 1);
    const Tensor wide = op == Op::dense ? x : x.movedim(1, -1);
    const Tensor numbers = wide.to(at::kFloat).contiguous();
    to.add(numbers.data_ptr<float>(), samples, numbers.numel() / (samples * channels), channels);
  }

  static void add(const Tensor& x, Moments& to) {
    const Tensor wide = x.to(at::kDouble);
    const auto images = static_cast<double>(x.size(0));
    std::vector<std::int64_t> axes{0};  // all but the channels
    for (std::int64_t axis = 2; axis < x.dim(); ++axis) axes.push_back(axis);
    const Tensor mean = wide.mean(axes) * images;
    const Tensor square = wide.square().mean(axes) * images;
    to.mean = to.mean.defined() ? to.mean + mean : mean;
    to.square = to.square.defined() ? to.square + square : square;
  }

  /// A single number x stands for two classes: 0 and x, or 1 - x and x where it is a probability.
  Tensor in_classes(const Tensor& y) const {
    if (y.dim() != 2 || y.size(1) != 1) return y;
    return at::cat({gives_shares_ ? 1 - y : at::zeros_like(y), y}, 1);
  }

  static void take(const Tensor& logits, const Tensor& first, Seen& seen) {
    const Tensor finite = logits.isfinite().all(1).contiguous();
    const auto [largest, of_shares] = at::softmax(logits, 1).max(1);
    // Shares of small logits are all the same float.
    const Tensor which = at::where(finite, logits.argmax(1), of_shares).contiguous();
    const Tensor sure = largest.contiguous();
    for (std::int64_t j = 0; j < logits.size(0); ++j) {
      seen.answers.push_back(static_cast<int>(which.data_ptr<std::int64_t>()[j]));
      const bool is_finite = finite.data_ptr<bool>()[j];
      seen.infinite += !is_finite;
      if (is_finite) seen.confidence += sure.data_ptr<float>()[j];
    }
    seen.constant = seen.constant && logits.eq(first).all().item<bool>();
  }

  /// Row by row: answers of a batch may be large, and not all are scores of classes.
  static void add_losses(const Tensor& logits, const ImageSet& set, std::int64_t first,
                         std::vector<double>& losses) {
    for (std::int64_t j = 0; j < logits.size(0); ++j) {
      const auto image = static_cast<std::size_t>(first + j);
      const std::int64_t label = image < set.labels.size() ? set.labels[image] : -1;
      const bool is_class = logits.dim() == 2 && label >= 0 && label < logits.size(1);
      losses.push_back(is_class ? loss_of(logits[j].to(at::kDouble), label) : 0);
    }
  }

  /// -ln of the label's share, of logits or of shares.
  static double loss_of(const Tensor& row, std::int64_t label) {
    constexpr double kLeast = 1e-38;  // of float's normal numbers
    const bool are_shares =
        row.ge(0).all().item<bool>() && std::abs(row.sum().item<double>() - 1) < 1e-3;
    const Tensor logs = are_shares ? row.clamp_min(kLeast).log() : at::log_softmax(row, 0);
    return -logs[label].item<double>();
  }

  bool is_untouched(const Node& norm) const {
    const std::vector<float>&mean = weights_.at(norm.name + ".running_mean").values,
          &spread = weights_.at(spread_name(norm)).values;
    return std::ranges::all_of(mean, [](float m) { return m == 0; }) &&
           std::ranges::all_of(spread, [](float s) { return s == 1; });
  }

  struct Channel {
    double z, log_ratio;
  };
  /// Statistics of training against those of so many images.
  std::vector<Channel> channels(const Node& norm, const Moments& m, std::int64_t images) const {
    const std::vector<float>&mean = weights_.at(norm.name + ".running_mean").values,
          &spread = weights_.at(spread_name(norm)).values;
    const auto n = static_cast<double>(images);
    std::vector<Channel> all;
    for (std::size_t c = 0; c < mean.size(); ++c) {
      const auto index = static_cast<std::int64_t>(c);
      const double now = m.mean[index].item<double>() / n;
      const double variance = std::max(0.0, m.square[index].item<double>() / n - now * now);
      const double then = std::max(0.0, variance_of(norm, spread[c])) + norm.epsilon;
      all.push_back(
          {std::abs(now - mean[c]) / std::sqrt(then), std::log((variance + norm.epsilon) / then)});
    }
    return all;
  }

  NormFit fit(const Node& norm, const Moments& moments, std::int64_t images) const {
    NormFit fit{norm.name, graph_.nodes[static_cast<std::size_t>(norm.inputs.front())].name, 0, 0};
    std::vector<double> shifts, spreads;
    for (const Channel& c : channels(norm, moments, images)) {
      shifts.push_back(std::isnan(c.z) ? HUGE_VAL : c.z);
      spreads.push_back(std::isnan(c.log_ratio) ? HUGE_VAL : std::abs(c.log_ratio));
    }
    std::sort(shifts.begin(), shifts.end());
    std::sort(spreads.begin(), spreads.end());
    fit.shift = shifts[std::min(shifts.size() - 1, shifts.size() * 9 / 10)];
    fit.spread = spreads[spreads.size() / 2];
    return fit;
  }

  const Graph& graph_;
  const Weights& weights_;
  TorchGraph network_;  ///< with the weights where they are
  std::int64_t batch_;
  bool gives_shares_;
};

void note_kernels(const Graph& graph, const Weights& weights, Plausibility& p) {
  for (const Node& node : graph.nodes) {
    if (node.op != Op::convolution && node.op != Op::dense) continue;
    const std::string name = node.name + ".weight";
    const std::vector<float>& values = weights.at(name).values;
    ++p.kernels;
    const bool one =
        std::all_of(values.begin(), values.end(), [&](float v) { return v == values.front(); });
    if (one && values.size() > 1) p.constant_kernels.push_back(name);
    double largest = 0, sum = 0;
    for (const float v : values) {
      const double square = double{v} * v;
      largest = std::max(largest, square);
      sum += square;
    }
    if (values.size() >= 64 && largest > sum / 2) p.dominated_kernels.push_back(name);
  }
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

void note_answers(const Seen& seen, const ImageSet& set, bool has_classes, Plausibility& p) {
  p.images = set.size();
  p.infinite = seen.infinite;
  p.constant = seen.constant && set.size() > 1;
  p.same_image = are_one(set);
  p.largest_input = seen.largest_input;
  if (!has_classes) return;
  p.classes = set.classes;
  p.correct = count_right(seen.answers, set);
  p.confidence = seen.confidence;
  p.loss = mean(seen.losses);
  const Counted answer = most_frequent(seen.answers, set.classes);
  p.favourite = answer.value;
  p.favoured = answer.times;
  const Counted label = most_frequent(set.labels, set.classes);
  p.label = label.value;
  p.labelled = label.times;
  const Counted shift = best_shift(seen.answers, set);
  p.label_shift = shift.value;
  p.correct_shifted = shift.times;
  p.correct_renamed = right_when_renamed(seen.answers, set);
}

/// How far beyond the bound, 1 at it.
double excess(const NormFit& fit, std::int64_t images) {
  const double n = std::sqrt(static_cast<double>(images));
  return std::max(fit.shift / (0.5 + 2 / n), fit.spread / (1.4 + 2 / n));
}

void note_norms(const std::vector<NormFit>& fits, Plausibility& p) {
  p.norms = static_cast<std::int64_t>(fits.size());
  p.from_the_first = !fits.empty() && is_misfit(fits.front(), p.images);
  for (const NormFit& fit : fits) {
    if (!is_misfit(fit, p.images)) continue;
    if (++p.misfits == 1) p.first = p.worst = fit;
    if (excess(fit, p.images) > excess(p.worst, p.images)) p.worst = fit;
  }
}

void note_test_set(const ImageSet& test, bool has_classes, Plausibility& p) {
  p.tested = test.size();
  p.repeated = count_repeated(test);
  if (has_classes && test.has_labels())
    p.labels = static_cast<int>(std::set(test.labels.begin(), test.labels.end()).size());
}

/// What training samples show that test samples do not.
void note_likeness(Examination& examination, const Graph& graph, const Seen& tested,
                   const ImageSet& train, const Normalization& normalization, Plausibility& p) {
  if (train.size() == 0) return;
  const ImageSet some = spread_over(train, kLookedAt);
  const Seen seen = examination.pass(some, normalization, true);
  p.compared = some.size();
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!seen.inputs[i].is_unlike(tested.inputs[i]) || ++p.unlike > 1) continue;
    p.first_unlike = seen.inputs[i].distance_from(tested.inputs[i]);
    p.first_unlike.layer = graph.nodes[i].name;
  }
}

/// Answers that one reading gives right and the other wrong, both ways.
struct Paired {
  std::int64_t gained = 0, lost = 0;
  /// As many standard deviations beyond what chance would give.
  double significance() const {
    const auto n = static_cast<double>(gained + lost);
    return n == 0 ? 0 : static_cast<double>(gained - lost) / std::sqrt(n);
  }
};

Paired compare(const std::vector<int>& from, const std::vector<int>& to, const ImageSet& set) {
  Paired paired;
  for (std::size_t i = 0; i < to.size(); ++i) {
    paired.gained += to[i] == set.labels[i] && from[i] != set.labels[i];
    paired.lost += to[i] != set.labels[i] && from[i] == set.labels[i];
  }
  return paired;
}

/// Readings with which far more answers are right, the best first.
std::vector<BetterReading> better_readings(Examination& examination, const Dataset& data,
                                           bool expects_bgr) {
  const ImageSet few = held(spread_over(data.test, kTried)),
                 many = held(spread_over(data.test, kCompared));
  std::vector<Reading> readings = usual_readings(data);
  std::vector<std::pair<std::int64_t, const Reading*>> tried;
  for (const Reading& reading : readings)
    if (!reading.name.empty())
      tried.push_back(
          {count_right(examination.pass(read_as(reading.order, few), reading.normalization).answers,
                       few),
           &reading});
  std::stable_sort(tried.begin(), tried.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  tried.resize(std::min(tried.size(), kLooked));
  const std::vector<int> own = examination.pass(many, data.normalization).answers;
  std::vector<BetterReading> better;
  for (const auto& [right, reading] : tried) {
    const auto answers =
        examination.pass(read_as(reading->order, many), reading->normalization).answers;
    const bool expected = expects_bgr && reading->order == PixelOrder::bgr;
    if (compare(own, answers, many).significance() < (expected ? 1.7 : 4.0)) continue;
    const double accuracy =
        static_cast<double>(count_right(answers, many)) / static_cast<double>(many.size());
    if (!is_near_guessing(accuracy, 1.0 / data.test.classes))
      better.push_back({reading->name, accuracy});
  }
  std::stable_sort(better.begin(), better.end(),
                   [](const auto& a, const auto& b) { return a.accuracy > b.accuracy; });
  return better;
}

/// Whether images with their first and last channel exchanged are nearer to what the first
/// BatchNorm remembers.
bool fits_exchanged_channels(const Graph& graph, const Weights& weights, const Dataset& data) {
  const std::size_t norm = first_norm(graph);
  if (norm == graph.nodes.size()) return false;
  const ImageSet set = held(spread_over(data.test, kExamined));
  Graph head = graph;
  head.nodes.resize(norm + 1);
  Weights own;
  for (const ParameterShape& p : parameter_shapes(head)) own[p.name] = weights.at(p.name);
  Examination examination(head, own);
  const auto far = [&](PixelOrder order) {
    return examination.first_divergence(examination.pass(read_as(order, set), data.normalization),
                                        set.size());
  };
  return far(PixelOrder::bgr) < kExchanged * far(PixelOrder::as_read);
}

/// The samples divided by 255 before anything else.
Normalization divided(Normalization normalization, const ImageSet& set) {
  normalization.scale = normalization.scale.value_or(set.pixels.empty() ? 1.0 : 1 / 255.0) / 255;
  return normalization;
}

/// By how many of its standard errors the mean loss falls from one to the other.
double significance_of_fall(const std::vector<double>& from, const std::vector<double>& to) {
  const double fall = mean(from) - mean(to);
  double squares = 0;
  for (std::size_t i = 0; i < from.size(); ++i) squares += std::pow(from[i] - to[i] - fall, 2);
  const auto n = static_cast<double>(from.size());
  return squares > 0 ? fall / std::sqrt(squares / (n * (n - 1))) : 0;
}

void note_scale(Examination& examination, const ImageSet& set, const Dataset& data,
                const Seen& seen, Plausibility& p) {
  constexpr double kSure = 4;
  if (p.classes == 0 || !set.has_labels() || p.largest_input < kFarFromOne) return;
  try {
    const std::vector<double> losses =
        examination.pass(set, divided(data.normalization, set)).losses;
    if (significance_of_fall(seen.losses, losses) > kSure) p.loss_scaled = mean(losses);
  } catch (const Error&) {
    // Numbers of another kind than pixels, as places in a table: divided they may be none.
  }
}

}  // namespace

Plausibility examine(const Graph& graph, const Weights& weights, const Dataset& data, bool foreign,
                     bool has_classes, const ImageSet& declared, std::optional<bool> shares) {
  OHMIC_ASSERT(data.test.size() > 0);
  Plausibility p;
  p.foreign = foreign;
  Examination examination(graph, weights, shares);
  ImageSet set = spread_over(data.test, kExamined);
  if (has_classes) set.classes = std::max(set.classes, 2);  // of a single number
  const ImageSet& train = data.train.size() > 0 ? data.train : declared;
  const Seen seen = examination.pass(set, data.normalization, train.size() > 0);
  note_kernels(graph, weights, p);
  note_answers(seen, set, has_classes, p);
  note_test_set(data.test, has_classes, p);
  note_likeness(examination, graph, seen, train, data.normalization, p);
  p.known = count_known(set, data.train);
  note_norms(examination.norms(seen, set.size()), p);
  p.untouched_norms = examination.untouched_norms();
  if (foreign && vocabulary(graph) == 0 && set.parts.empty())
    note_scale(examination, set, data, seen, p);
  if (!foreign || !has_classes || !has_readings(data.test)) return p;
  if (p.misfits > 0 && p.untouched_norms == p.norms) return p;  // which explains it
  const bool exchanged = fits_exchanged_channels(graph, weights, data);
  if (exchanged || p.misfits > 0 || is_near_chance(p) || is_too_sure(p) || is_misled(p))
    p.readings = better_readings(examination, data, exchanged);
  p.readable = true;
  return p;
}

bool is_misfit(const NormFit& fit, std::int64_t images) { return excess(fit, images) > 1; }

}  // namespace ohmic
