#include "nn/train/trainer.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <optional>

#include "nn/denormals.hpp"
#include "nn/freed_memory.hpp"
#include "nn/io/checkpoint.hpp"
#include "nn/io/file.hpp"
#include "nn/metrics/answer_shape.hpp"
#include "nn/metrics/metric.hpp"
#include "nn/network/dead_filters.hpp"
#include "nn/network/name_pattern.hpp"
#include "nn/torch/captured_work.hpp"
#include "nn/torch/resident_evaluation.hpp"
#include "nn/torch/resident_images.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "nn/torch/torch_graph.hpp"
#include "nn/train/divergence.hpp"
#include "nn/train/hardware_pass.hpp"
#include "nn/train/measurement.hpp"
#include "nn/train/optimizer.hpp"
#include "nn/train/trained_weights.hpp"
#include "nn/train/training_data.hpp"
#include "nn/train/training_state.hpp"
#include "nn/train/weight_noise.hpp"
#include "simulator/call_error.hpp"
#include "simulator/error.hpp"
#include "simulator/processor.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using at::Tensor;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kTestBatch = 250;
constexpr double kSecondsPerReport = 0.2;  // a report waits for the device

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Precision precision_of(const TrainSettings& settings, const std::string& device) {
  if (settings.precision == "f32") return Precision::f32;
  if (device == "cpu" && !multiplies_bf16())
    throw UnsupportedError(
        "train.precision = bf16: this processor has no bfloat16 instructions (AVX512-BF16, AMX); "
        "use precision = \"f32\" or a GPU");
  return Precision::bf16;
}

std::optional<WeightNoise> noise_of(const TrainSettings& settings, TorchGraph& network,
                                    std::uint64_t seed) {
  if (settings.noise_eta == 0) return std::nullopt;
  return std::make_optional<WeightNoise>(network, settings.noise_eta, noise_key(seed, 0));
}

std::optional<HardwarePass> hardware_of(const Graph& graph, const TrainSettings& settings,
                                        std::uint64_t seed) {
  if (!settings.hardware || !settings.hardware->acts()) return std::nullopt;
  return std::make_optional<HardwarePass>(graph, *settings.hardware, seed);
}

/// 1 at the parameters that train.only names.
Tensor chosen_parameters(TorchGraph& network, const Graph& graph,
                         const std::vector<std::string>& patterns) {
  const Tensor chosen = at::zeros_like(network.parameters());
  for (const ParameterShape& p : parameter_shapes(graph)) {
    const auto names = [&](const std::string& pattern) { return matches(pattern, p.name); };
    if (p.trainable && std::ranges::any_of(patterns, names))
      network.place_of(p.name, chosen).fill_(1);
  }
  return chosen;
}

/// Sums over the images of an epoch, kept on the device so that no batch waits for them.
struct Sums {
  explicit Sums(const at::Device& device)
      : loss(at::zeros({}, at::TensorOptions().dtype(at::kDouble).device(device))),
        right(at::zeros({}, at::TensorOptions().dtype(at::kLong).device(device))) {}
  void clear() {
    loss.zero_();
    right.zero_();
    images = 0;
  }
  double mean_loss() const { return loss.item<double>() / static_cast<double>(images); }
  double accuracy() const {
    return static_cast<double>(right.item<std::int64_t>()) / static_cast<double>(images);
  }
  Tensor loss, right;
  std::int64_t images = 0;
};

class Training {
 public:
  Training(const Graph& graph, const Dataset& data, const TrainSettings& settings,
           std::uint64_t seed, const std::string& device, const TrainProgress& progress,
           const GivenWeights& given)
      : graph_(graph),
        data_(data),
        settings_(settings),
        seed_(seed),
        progress_(progress),
        stream_(device),
        use_(stream_),
        device_(device),
        network_(graph, given.start ? *given.start : initialize(graph, settings.init, seed), device,
                 precision_of(settings, device)),
        optimizer_(make_optimizer(settings)),
        kernels_(network_.convolution_kernels()),
        sums_(device_),
        noise_(noise_of(settings, network_, seed)),
        hardware_(hardware_of(graph, settings, seed)),
        ends_in_softmax_(answer_shape(graph, {graph.classes}).probabilities),
        updates_(can_be_recorded() ? repetition_on(device) : Repetition::launched) {
    require_call((settings.start == TrainingStart::given) == (given.start != nullptr),
                 "train: train.start = \"given\", and no other, needs the weights to start from");
    require_call(!settings.hardware || !settings.hardware->takes_each_chip(),
                 "train: train.hardware.chip has to be one chip's number");
    require_call(given.teacher || !settings.distill,
                 "train: train.distill needs a teacher's weights");
    if (settings.distill)
      teacher_ = std::make_unique<TorchGraph>(graph, *given.teacher, device,
                                              precision_of(settings, device));
    if (!settings.only.empty()) {
      chosen_ = chosen_parameters(network_, graph, settings.only);
      kernels_ = kernels_.mul(chosen_);
    }
    const bool repeats = device_.is_cuda() || repetition_on(device) == Repetition::emulated;
    if (repeats && data.train.is_of_cifars_kind())
      resident_.emplace(data.train, data.normalization, device);
    if (data.test.size() > 0 && data.test.is_of_cifars_kind())
      tests_ = std::make_unique<ResidentEvaluation>(network_, data.test, data.normalization, device,
                                                    kTestBatch);
  }

  /// Throws DataError (without the file's name) for moments that are not the optimiser's.
  void restore(const TrainingState& state) {
    network_.set_weights(state.weights);
    optimizer_->restore(state.steps, state.moments,
                        static_cast<std::size_t>(network_.parameters().numel()));
  }

  void save(TrainingState& state) const {
    state.weights = network_.weights();
    state.steps = optimizer_->steps();
    state.moments = optimizer_->moments();
  }

  /// Ends early where the loss is no number any more.
  EpochReport run_epoch(std::int64_t epoch) {
    const auto start = Clock::now();
    const std::vector<std::int64_t> order = epoch_order(data_.train.size(), seed_, epoch);
    const auto images = static_cast<std::int64_t>(order.size());
    const double rate = settings_.rate_in(epoch);
    sums_.clear();
    if (resident_) start_resident_epoch(order, epoch);
    double reported = -kSecondsPerReport;
    for (std::int64_t first = 0; first < images; first += settings_.batch) {
      step(order, first, epoch, rate);
      if (seconds_since(start) - reported < kSecondsPerReport) continue;
      reported = seconds_since(start);
      if (!std::isfinite(sums_.mean_loss())) break;
      if (progress_.on_batch)
        progress_.on_batch(epoch, static_cast<double>(sums_.images) / static_cast<double>(images),
                           sums_.mean_loss(), sums_.accuracy(),
                           static_cast<double>(sums_.images) / reported);
    }
    EpochReport report;
    report.epoch = epoch;
    report.epochs = settings_.epochs;
    report.loss = sums_.mean_loss();
    if (!std::isfinite(report.loss)) return report;
    report.accuracy = sums_.accuracy();
    report.learning_rate = rate;
    report.test_accuracy = test_accuracy();
    report.dead_filters = count_dead_filters(graph_, network_.weights());
    report.seconds = seconds_since(start);
    return report;
  }

  /// Of the batches that the epoch after `epoch` begins with; leaves the network as it is.
  GradientNoise gradient_noise(std::int64_t epoch) {
    const Weights before = network_.weights();
    const std::vector<std::int64_t> order = epoch_order(data_.train.size(), seed_, epoch + 1);
    if (resident_) start_resident_epoch(order, epoch + 1);
    GradientNoise noise(settings_.batch);
    const std::int64_t images = std::min(settings_.measure->images, data_.train.size());
    for (std::int64_t first = 0; first + settings_.batch <= images; first += settings_.batch) {
      pass(batch_at(order, first, settings_.batch, epoch + 1), &Training::cross_entropy);
      const Tensor host = network_.gradients().to(at::kCPU);
      noise.add({host.data_ptr<float>(), static_cast<std::size_t>(host.numel())});
    }
    network_.set_weights(before);
    return noise;
  }

 private:
  Tensor labels(const std::vector<std::int64_t>& values) const {
    return at::tensor(values, at::kLong).to(device_);
  }

  struct Batch {
    Tensor images, classes;
  };

  Batch batch_of(std::span<const std::int64_t> indices, std::int64_t epoch) {
    const auto classes =
        take_samples(data_.train, data_.normalization, indices, settings_, seed_, epoch, batch_);
    return {network_.images(batch_.data(), std::ssize(classes)), labels(classes)};
  }

  static Batch batch_of(const ResidentImages& images, std::int64_t count) {
    return {images.images(count), images.classes(count)};
  }

  /// Images [first, first + count) of an epoch that goes through them in `order`.
  Batch batch_at(std::span<const std::int64_t> order, std::int64_t first, std::int64_t count,
                 std::int64_t epoch) {
    if (resident_) {
      resident_->seek(first);
      return batch_of(*resident_, count);
    }
    return batch_of(order.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
                    epoch);
  }

  void start_resident_epoch(std::span<const std::int64_t> order, std::int64_t epoch) {
    std::vector<Move> moves;
    if (settings_.augment)
      moves = epoch_moves({settings_.shift, settings_.flip}, data_.train.size(), seed_, epoch);
    resident_->start_epoch(order, moves);
  }

  struct Pass {
    Tensor loss, logits;
  };
  using Loss = Tensor (Training::*)(const Tensor& logits, const Batch&);

  /// The loss of a batch, its gradients left in the network.
  Pass pass(const Batch& batch, Loss loss_of, const TorchGraph::Layers& layers = {}) {
    network_.gradients().zero_();
    const Tensor logits = logits_of(network_, batch.images, true, layers);
    const Tensor loss = (this->*loss_of)(logits, batch);
    loss.backward();
    return {loss.detach(), logits};
  }

  /// The same with noise on the weights, or through a chip that holds them; they are afterwards
  /// what they were.
  Pass disturbed_pass(const Batch& batch, Loss loss_of) {
    if (!noise_ && !hardware_) return pass(batch, loss_of);
    if (hardware_ && !network_.parameters().isfinite().all().item<bool>())
      return pass(batch, loss_of);  // diverged: no device holds such weights
    const Tensor clean = network_.parameters().clone();
    if (hardware_)
      hardware_->program(network_, batch.images, present_);
    else
      network_.parameters().add_(noise_->draw(stream_.handle()));
    const Pass done = pass(batch, loss_of, hardware_ ? hardware_->layers() : TorchGraph::Layers());
    network_.parameters().copy_(clean);
    return done;
  }

  bool can_be_recorded() const { return !hardware_ && (!noise_ || noise_->can_be_recorded()); }

  Tensor cross_entropy(const Tensor& logits, const Batch& batch) {
    return at::cross_entropy_loss(logits, batch.classes);
  }

  /// One row for each sample; of a network that ends in a softmax the logarithms of its answers,
  /// which a softmax leaves as they are.
  Tensor logits_of(TorchGraph& network, const Tensor& images, bool training,
                   const TorchGraph::Layers& layers = {}) const {
    constexpr double kLeast = 1e-30;
    const Tensor y = network.forward(images, training, layers).flatten(1);
    return ends_in_softmax_ ? y.clamp_min(kLeast).log() : y;
  }

  Tensor training_loss(const Tensor& logits, const Batch& batch) {
    const Tensor hard = cross_entropy(logits, batch);
    if (!teacher_) return hard;
    const double T = settings_.distill->temperature, weight = settings_.distill->weight;
    const Tensor soft =
        -(softened_answers(batch, T) * at::log_softmax(logits / T, 1)).sum(1).mean();
    return hard * (1 - weight) + soft * (weight * T * T);
  }

  Tensor softened_answers(const Batch& batch, double temperature) {
    const at::NoGradGuard no_gradients;
    return at::softmax(logits_of(*teacher_, batch.images, false) / temperature, 1);
  }

  /// The images of an epoch from `first` on, one batch.
  void step(std::span<const std::int64_t> order, std::int64_t first, std::int64_t epoch,
            double rate) {
    const std::int64_t images =
        std::min(settings_.batch, static_cast<std::int64_t>(order.size()) - first);
    optimizer_->prepare(network_.parameters(), rate);
    if (noise_) noise_->seek(optimizer_->steps());
    present_ = {
        optimizer_->steps(),
        static_cast<double>(epoch) + static_cast<double>(first) / static_cast<double>(order.size()),
        first == 0, settings_.batch};
    if (resident_) {
      resident_->seek(first);
      const auto work = [this, images] { update(batch_of(*resident_, images)); };
      images == settings_.batch ? updates_.run(work) : work();
    } else {
      update(batch_at(order, first, images, epoch));
    }
    optimizer_->advance();
    sums_.images += images;
  }

  /// What a step does on the device.
  void update(const Batch& batch) {
    const Pass done = disturbed_pass(batch, &Training::training_loss);
    if (chosen_.defined()) network_.gradients().mul_(chosen_);
    optimizer_->apply(network_.parameters(), network_.gradients(), kernels_, stream_.handle());
    if (settings_.clip_sigma) clip_kernels(*settings_.clip_sigma);
    sums_.loss.add_(done.loss, batch.images.size(0));
    sums_.right.add_(done.logits.argmax(1).eq(batch.classes).sum());
  }

  void clip_kernels(double sigmas) {
    const at::NoGradGuard no_gradients;
    for (Tensor kernel : network_.kernels()) {
      const Tensor limit = kernel.std(false) * sigmas, clipped = kernel.clamp(-limit, limit);
      kernel.copy_(chosen_.defined()
                       ? at::where(TorchGraph::at_place(chosen_, kernel) > 0, clipped, kernel)
                       : clipped);
    }
  }

  bool is_on_one_chip() const { return hardware_ && settings_.hardware->chip; }

  /// In the precision of training; of a chip in the loop, on that chip. -1 without test images.
  double test_accuracy() {
    const std::int64_t images = data_.test.size();
    if (images == 0) return -1;
    const std::int64_t right = is_on_one_chip() ? count_right_on_chip()
                               : tests_         ? tests_->count_correct(0, images)
                                                : count_right_tests();
    return static_cast<double>(right) / static_cast<double>(images);
  }

  std::int64_t count_right_on_chip() {
    const at::NoGradGuard no_gradients;
    const Tensor clean = network_.parameters().clone();
    hardware_->hold(network_);
    std::int64_t right = 0;
    std::vector<float> x(static_cast<std::size_t>(kTestBatch * data_.test.values()));
    for (std::int64_t i = 0; i < data_.test.size(); i += kTestBatch) {
      const std::int64_t count = std::min(kTestBatch, data_.test.size() - i);
      normalized_batch(data_.test, data_.normalization, i, count, x.data());
      const Tensor answers =
          logits_of(network_, network_.images(x.data(), count), false, hardware_->layers())
              .argmax(1);
      const auto first = data_.test.labels.begin() + i;
      right += answers.eq(labels({first, first + count})).sum().item<std::int64_t>();
    }
    network_.parameters().copy_(clean);
    return right;
  }

  std::int64_t count_right_tests() {
    std::int64_t right = 0;
    std::vector<float> x(static_cast<std::size_t>(kTestBatch * data_.test.values()));
    for (std::int64_t i = 0; i < data_.test.size(); i += kTestBatch) {
      const std::int64_t count = std::min(kTestBatch, data_.test.size() - i);
      normalized_batch(data_.test, data_.normalization, i, count, x.data());
      const std::vector<float> y = network_.logits(x.data(), count);
      for (std::int64_t k = 0; k < count; ++k) {
        const int answer = predicted_class(y.data() + k * graph_.classes, graph_.classes);
        right += answer == data_.test.labels[static_cast<std::size_t>(i + k)];
      }
    }
    return right;
  }

  const Graph& graph_;
  const Dataset& data_;
  const TrainSettings& settings_;
  std::uint64_t seed_;
  const TrainProgress& progress_;
  RecordableStream stream_;
  RecordableStream::Use use_;
  at::Device device_;
  TorchGraph network_;
  std::unique_ptr<TorchGraph> teacher_;  ///< null: none
  std::unique_ptr<Optimizer> optimizer_;
  Tensor kernels_;  ///< 1 at convolution kernels, which decay, 0 elsewhere
  Sums sums_;
  std::unique_ptr<ResidentEvaluation> tests_;  ///< null: no test images
  std::optional<ResidentImages> resident_;     ///< training images, where the device is a GPU
  std::optional<WeightNoise> noise_;           ///< of each update
  std::optional<HardwarePass> hardware_;       ///< likewise
  HardwarePass::Update present_;               ///< of the present update
  bool ends_in_softmax_;
  Tensor chosen_;         ///< 1 at parameters that are trained; undefined: all
  CapturedWork updates_;  ///< whole batches
  std::vector<float> batch_;
};

std::string text(double x) { return Value{x}.text(); }

std::string history_row(const EpochReport& r) {
  return std::to_string(r.epoch) + ',' + text(r.loss) + ',' + text(r.accuracy) + ',' +
         (r.test_accuracy < 0 ? "" : text(r.test_accuracy)) + ',' + text(r.learning_rate) + ',' +
         std::to_string(r.dead_filters) + '\n';
}

bool is_measured(std::int64_t epoch, const TrainSettings& settings) {
  return settings.measure &&
         ((epoch + 1) % settings.measure->every == 0 || epoch + 1 == settings.epochs);
}

void measure(Training& training, const Graph& graph, const TrainSettings& settings,
             std::int64_t epoch, TrainingState& state) {
  if (!is_measured(epoch, settings)) return;
  state.curves.theory +=
      theory_row(training.gradient_noise(epoch), epoch, settings.rate_in(epoch), settings.batch);
  state.curves.theory_layers += theory_layer_rows(graph, state.weights, epoch);
}

void note(const EpochReport& report, const TrainSettings& settings, TrainingState& state) {
  state.epochs_done = report.epoch + 1;
  state.curves.history += history_row(report);
  if (report.test_accuracy <= state.best_accuracy) return;
  state.best_accuracy = report.test_accuracy;
  state.best_epoch = report.epoch;
  if (settings.keep == "best") state.best = state.weights;
}

bool are_finite(const Weights& weights) {
  return std::all_of(weights.begin(), weights.end(), [](const auto& named) {
    const std::vector<float>& values = named.second.values;
    return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
  });
}

/// Whatever is trained from there on stays without numbers.
void stop_if_diverged(const EpochReport& report, const Weights& weights, const fs::path& folder,
                      const std::string& identity) {
  const bool loss = std::isfinite(report.loss);
  if (loss && are_finite(weights)) return;
  const std::string text =
      divergence_text(report.epoch + 1, report.epochs,
                      loss ? "weights are no finite numbers" : "the loss is no finite number");
  write_divergence(folder, identity, text);
  throw TrainingDiverged(text);
}

}  // namespace

Checkpoint train(const Graph& graph, const Dataset& data, const TrainSettings& settings,
                 std::uint64_t seed, const std::string& device, const fs::path& folder,
                 const std::string& identity, const TrainProgress& progress,
                 const GivenWeights& given) {
  settings.validate();
  check_training_data(graph, data, settings);
  make_folder(folder);
  const fs::path weights_file = folder / kWeightsFile;
  const fs::path state_file = folder / kStateFile;
  if (auto done = finished_weights(weights_file, graph, identity)) return *done;
  if (const auto text = read_divergence(folder, identity)) throw TrainingDiverged(*text);

  const DenormalsAreZero fast;
  keep_freed_memory();  // a step makes the tensors of the one before
  Training training(graph, data, settings, seed, resolve_device(device), progress, given);
  TrainingState state;
  if (auto saved = read_state(state_file, graph, identity)) {
    state = std::move(*saved);
    try {
      training.restore(state);
    } catch (const DataError& error) {
      say_damaged_state(state_file, error.what());
    }
  }
  while (state.epochs_done < settings.epochs) {
    const EpochReport report = training.run_epoch(state.epochs_done);
    training.save(state);
    stop_if_diverged(report, state.weights, folder, identity);
    note(report, settings, state);
    measure(training, graph, settings, report.epoch, state);
    write_state(state_file, state, identity);
    write_curves(folder, state.curves);
    if (progress.on_epoch) progress.on_epoch(report);
  }
  const bool best = settings.keep == "best" && !state.best.empty();
  const std::int64_t kept_epoch = best ? state.best_epoch : settings.epochs - 1;
  Checkpoint kept{best ? state.best : state.weights,
                  metadata_of(graph, data, settings, seed, identity, kept_epoch)};
  put_hashes(state.curves, kept.metadata);
  kept.metadata[kContentHash] = content_hash(kept);
  write_curves(folder, state.curves);
  write_safetensors(weights_file, kept);
  fs::remove(state_file);
  return kept;
}

}  // namespace ohmic
