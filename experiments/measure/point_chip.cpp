#include "experiments/measure/point_chip.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "experiments/measure/compute.hpp"
#include "experiments/study/chip_training.hpp"
#include "mapping/conversions.hpp"
#include "nn/data/normalization.hpp"
#include "nn/data/same_samples.hpp"
#include "nn/network/dead_filters.hpp"
#include "nn/torch/captured_work.hpp"
#include "simulator/backends/cuda/machine.hpp"
#include "simulator/error.hpp"
#include "simulator/processor.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kTorchBatch = 1000;
constexpr std::int64_t kMostAtOnce = 8;  // draws
constexpr int kUnusedBits = 2;
constexpr double kLackingBits = 1;

/// On a GPU, or where one is emulated, which counts right answers by itself.
bool runs_on_torch(const Experiment& e, const TrainedNetwork& network, const std::string& device) {
  const bool emulated = repetition_on(device) == Repetition::emulated;
  return (device.starts_with("cuda") || emulated) && e.compute.backend == "cpu" &&
         e.model.file.empty() && network.measure.is_plain_accuracy() &&
         e.periphery.is_ideal_per_mvm(e.devices().reads_noisily()) && !e.devices().non_linear();
}

std::unique_ptr<IdealEvaluation> evaluation_on(const std::string& device, const Experiment& e,
                                               const TrainedNetwork& network, Precision precision) {
  const bool whole = e.evaluation.estimator == Estimator::per_draw;
  return std::make_unique<IdealEvaluation>(network.graph, network.data->test,
                                           network.data->normalization, device, precision,
                                           whole ? kTorchBatch : e.evaluation.batch);
}

/// Of crossbars that the back end only maps: products are LibTorch's, and whether this processor
/// multiplies bf16 numbers does not matter.
NetworkPeriphery without_products(NetworkPeriphery periphery) {
  periphery.products = Products::f32;
  return periphery;
}

std::optional<BatchNormImages> followed_images(const Experiment& e, const Dataset& data) {
  const EvaluationSettings& evaluation = e.evaluation;
  if (!evaluation.batch_norm_images) return {};
  return BatchNormImages(data.train, data.normalization, *evaluation.batch_norm_images,
                         evaluation.batch_norm_statistics);
}

void add_gains(const Node& norm, const std::vector<float>& gamma, const std::vector<float>& spread,
               LayerResult& result) {
  std::vector<double> gains;
  for (std::size_t c = 0; c < gamma.size(); ++c)
    gains.push_back(std::abs(gamma[c] / divisor(norm, spread[c])));
  std::sort(gains.begin(), gains.end());
  result.largest_gain = gains.back();
  result.median_gain = (gains[(gains.size() - 1) / 2] + gains[gains.size() / 2]) / 2;
  result.smallest_variance = variance_of(norm, *std::min_element(spread.begin(), spread.end()));
}

void add_norm(const TrainedNetwork& network, LayerResult& result) {
  const Node* norm = norm_after(network.graph, result.layer);
  if (!norm) return;
  add_gains(*norm, network.weights->at(norm->name + ".weight").values,
            network.weights->at(spread_name(*norm)).values, result);
  const std::vector<bool> dead = dead_filters(*network.weights, *norm);
  result.batch_norm = norm->name;
  result.filters = static_cast<int>(dead.size());
  result.dead_filters = static_cast<int>(std::count(dead.begin(), dead.end(), true));
}

/// What devices that are written once make of weights that are the mean of replicas. Nothing of
/// devices that are written again until they are near, nor of weights that are estimated from what
/// devices hold: what these come to only a draw shows.
LayerResult convert(const LayerScale& scale, const DeviceModel& device,
                    const MappingSettings& mapping) {
  LayerResult r;
  r.sigma_w = scale.sigma_w;
  r.w_max = scale.w_max;
  r.eta = r.snr = r.snr_dB = r.sigma_G_uS = r.sigma_G_percent = r.bits = Estimate::kNone;
  const double sigma_S = device.uniform_sigma_S(scale);
  if (sigma_S < 0 || mapping.writes > 1) return r;
  const NoiseUnits device_units = from_sigma_S(sigma_S, scale, device.g_max_S),
                   units =
                       from_sigma_S(sigma_S / std::sqrt(mapping.replicas), scale, device.g_max_S);
  r.sigma_G_uS = device_units.sigma_G_uS;
  r.sigma_G_percent = device_units.sigma_G_percent;
  if (mapping.denoise) return r;
  r.eta = units.eta;
  r.snr = units.snr;
  r.snr_dB = units.snr_dB;
  r.bits = units.bits;
  return r;
}

}  // namespace

PointChip::PointChip(const Experiment& experiment, const TrainedNetwork& network,
                     Calibrations& calibrations, Progress progress)
    : experiment_(experiment),
      progress_(std::move(progress)),
      network_(network),
      backend_(make_backend(experiment.compute)),
      device_(torch_device(experiment.compute)) {
  if (experiment.trains_each_chip() && !network.on_chip)
    throw UnsupportedError(
        "train.hardware.chip = \"each\" trains in `ohmic run`; expected the number of a draw");
  const bool on_torch = runs_on_torch(experiment, network, device_);
  const NetworkPeriphery& periphery = experiment.periphery;
  const MappedNetwork mapped(network.graph, network.weights, experiment.mapping, experiment.noise,
                             on_torch ? without_products(periphery) : periphery,
                             experiment.devices());
  analog_ = std::make_unique<AnalogNetwork>(mapped, *backend_, ranges_of(mapped, calibrations),
                                            followed_images(experiment, *network.data), reports());
  const EvaluationSettings& evaluation = experiment.evaluation;
  if (evaluation.calibrate == CalibratedChip::programmed && periphery.needs_ranges())
    analog_->calibrate_chips(NormalizedImages(network.data->train, network.data->normalization,
                                              evaluation.calibration_images));
  if (on_torch)
    prepare_torch(periphery.products == Products::bf16 ? Precision::bf16 : Precision::f32);
}

/// Where draws see few images, as many at once as have kTorchBatch images together.
void PointChip::prepare_torch(Precision precision) {
  torch_.push_back(evaluation_on(device_, experiment_, network_, precision));
  auto machine = cuda::machine_of(device_);
  if (machine && !experiment_.evaluation.batch_norm_images)
    torch_.front()->take_devices(*analog_, std::move(machine));
  const std::int64_t at_once = std::min({batches(), kTorchBatch / images_per_draw(), kMostAtOnce});
  while (std::ssize(torch_) < at_once) torch_.push_back(torch_.front()->another());
}

std::int64_t PointChip::images_per_draw() const {
  const EvaluationSettings& evaluation = experiment_.evaluation;
  return evaluation.estimator == Estimator::per_draw ? images() : evaluation.batch;
}

std::int64_t PointChip::batches() const {
  return (images() + images_per_draw() - 1) / images_per_draw();
}

void PointChip::begin(const std::string& what, std::int64_t images) {
  stage_ = what;
  images_done_ = 0;
  images_to_do_ = static_cast<double>(images);
}

LayerProgress PointChip::reports() {
  if (!progress_) return {};
  return [this](double images) {
    images_done_ += images;
    progress_(stage_, std::min(1.0, images_done_ / images_to_do_));
  };
}

Calibration PointChip::ranges_of(const MappedNetwork& mapped, Calibrations& calibrations) {
  if (!mapped.needs_ranges()) return {};
  Calibration& known = calibrations[{&network_, experiment_.part(Stage::ranges).text()}];
  if (!known.empty()) return known;
  const Dataset& data = *network_.data;
  const auto count = std::min(experiment_.evaluation.calibration_images, data.train.size());
  begin("calibrating converters", count);
  known = calibrate(mapped, *backend_, data.train, data.normalization, count, reports());
  if (const auto dac = mapped.periphery(0).dac; dac && dac->percentile >= 100)
    loudest_warning_ = loudest_warning(count);
  return known;
}

/// One of the calibration samples that by itself sets the range of the first DACs.
std::string PointChip::loudest_warning(std::int64_t count) const {
  constexpr float kLoud = 10;
  const Dataset& data = *network_.data;
  const ImageSet set = first_of_all_classes(data.train, count);
  std::vector<float> x(static_cast<std::size_t>(set.values())), largest;
  for (std::int64_t i = 0; i < set.size(); ++i) {
    normalized_batch(set, data.normalization, i, 1, x.data());
    largest.push_back(0);
    for (const float value : x) largest.back() = std::max(largest.back(), std::abs(value));
  }
  const float most = *std::ranges::max_element(largest);
  const auto middle = largest.begin() + static_cast<std::ptrdiff_t>(largest.size() / 2);
  std::ranges::nth_element(largest, middle);
  if (*middle == 0 || most < kLoud * *middle) return {};
  return fmt::format(
      "periphery.dac.percentile = 100: one of {} calibration samples reaches {:.3g} times as far "
      "as half of them, and its largest number is the DACs' full scale; a lower percentile leaves "
      "such numbers out",
      largest.size(), most / *middle);
}

/// Weights beyond the percentile that is mapped to the largest conductance.
std::string PointChip::clipping_warning() const {
  constexpr double kMany = 0.01;
  std::int64_t clipped = 0, all = 0;
  for (const MappedLayer& layer : analog_->layers()) {
    clipped += layer.clipped_weights();
    all += std::int64_t{layer.geometry().rows()} * layer.geometry().columns();
  }
  const double share = static_cast<double>(clipped) / static_cast<double>(all);
  if (all == 0 || share < kMany) return {};
  return fmt::format("mapping.weight_percentile = {:g} clips {:.2g} % of the weights",
                     experiment_.mapping.weight_percentile, 100 * share);
}

/// Right answers, or the value.
double PointChip::score_of(std::span<const Score> scores) const {
  if (!network_.measure.metric().counts) return network_.measure.value(scores);
  double right = 0;
  for (const Score& score : scores) right += score.part;
  return right;
}

std::vector<std::int64_t> PointChip::answers() const {
  const ImageSet& test = network_.data->test;
  const std::int64_t each = images_per_draw();
  std::vector<std::int64_t> all;
  bool one_each = true;
  for (std::int64_t first = 0; first < images(); first += each) {
    const std::int64_t count = std::min(each, images() - first);
    all.push_back(network_.measure.answers(test, first, count));
    one_each = one_each && all.back() == count;
  }
  return one_each ? std::vector<std::int64_t>() : all;
}

double PointChip::baseline_score() {
  begin("digital weights", images());
  LoadedNetwork& digital = analog_->load_ideal();
  if (!torch_.empty() &&
      experiment_.periphery.products == Products::bf16) {  // digital products are exact
    const auto exact = evaluation_on(device_, experiment_, network_, Precision::f32);
    exact->set_weights(digital.effective_weights());
    return static_cast<double>(exact->count_correct(0, images()));
  }
  return score_all(digital);
}

double PointChip::noise_free_score() {
  begin("exact devices", images());
  return score_all(analog_->load_noise_free());
}

/// A chip that is trained by itself, as the network is that was trained on it.
DrawResult PointChip::measure_as_trained(std::int64_t chip) {
  Calibrations calibrations;
  PointChip own(on_chip(experiment_, chip), network_.on_chip(chip), calibrations, progress_);
  return own.measure(0);
}

DrawResult PointChip::measure(std::int64_t index) {
  if (network_.on_chip) return measure_as_trained(experiment_.evaluation.first_draw + index);
  DrawResult result;
  const EvaluationSettings& evaluation = experiment_.evaluation;
  const std::int64_t batch = images_per_draw();
  const auto first_draw = static_cast<std::uint64_t>((evaluation.first_draw + index) * batches());
  begin("draw", images());
  if (torch_.empty()) {
    const Predictions p =
        analog_->evaluate_draws(network_.data->test, network_.data->normalization, batch,
                                evaluation.batch, experiment_.seed, first_draw, &network_.measure);
    const std::span<const Score> all(p.scores);
    for (std::size_t i = 0; i < all.size(); i += static_cast<std::size_t>(batch))
      result.scores.push_back(
          score_of(all.subspan(i, std::min(static_cast<std::size_t>(batch), all.size() - i))));
    result.tally = p.tally;
    return result;
  }
  result.scores = measure_on_torch(first_draw);
  return result;
}

/// Right answers of each batch, on chips of their own. Draws that are computed at once take turns.
std::vector<double> PointChip::measure_on_torch(std::uint64_t first_draw) {
  const std::int64_t batch = images_per_draw();
  const auto turn = [&](std::int64_t b) -> IdealEvaluation& {
    return *torch_[static_cast<std::size_t>(b % std::ssize(torch_))];
  };
  std::vector<double> correct;
  const auto take = [&](std::int64_t b) {
    correct.push_back(static_cast<double>(finish(turn(b))));
  };
  for (std::int64_t b = 0; b < batches(); ++b) {
    if (b >= std::ssize(torch_)) take(b);
    program(turn(b), first_draw + static_cast<std::uint64_t>(b));
    turn(b).start(b * batch, std::min(batch, images() - b * batch));
  }
  while (std::ssize(correct) < batches()) take(std::ssize(correct));
  return correct;
}

/// Of layers whose products the back end chose; with exact devices, so that it does not depend on
/// the draw that is loaded.
std::vector<double> PointChip::products_errors() const {
  const Periphery& around = experiment_.periphery;
  if (around.products != Products::automatic || !around.dac || !around.adc || !torch_.empty() ||
      backend_->name() != "cpu")
    return {};
  return analog_->load_noise_free().products_errors();
}

std::vector<LayerResult> PointChip::layers() const {
  const std::vector<LayerNoise> measured = analog_->measure_noise(experiment_.seed, 0);
  const std::vector<double> unused = analog_->unused_adc_bits();
  const std::vector<double> errors = products_errors();
  const LayerDevices devices = experiment_.devices();
  std::vector<LayerResult> results;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    if (analog_->mapped().is_used_again(i)) continue;
    const LayerNoise& m = measured[i];
    const MappedLayer& layer = analog_->layers().at(i);
    const DeviceModel& device = devices.of(m.layer);
    LayerResult r = convert(layer.scale(), device, experiment_.mapping);
    r.layer = m.layer;
    r.measured_eta = m.std / m.sigma_w;
    r.measured_bias = m.bias / m.sigma_w;
    r.signed_bias = m.signed_bias / m.sigma_w;
    if (!unused.empty()) r.unused_adc_bits = unused.at(i);
    if (!errors.empty()) r.products_error_lsb = errors.at(i);
    if (experiment_.mapping.writes > 1)
      r.writes_per_device = layer.writes_per_device(device, noise_key(experiment_.seed, 0));
    add_norm(network_, r);
    results.push_back(std::move(r));
  }
  return results;
}

namespace {

/// Time steps of a sample that a layer computes one by one.
std::int64_t steps_of(const Node& node) {
  return node.op == Op::recurrent ? node.shape.front() : 1;
}

}  // namespace

NetworkCost PointChip::cost() {
  const CostSettings settings = experiment_.cost.value_or(CostSettings{});
  std::vector<std::vector<double>> drives(analog_->layers().size());
  if (!settings.mean_square_drive)
    drives = analog_->row_drives(network_.data->train, network_.data->normalization,
                                 experiment_.evaluation.calibration_images);
  NetworkCost cost;
  std::vector<const Node*> nodes;
  for (const Node& node : network_.graph.nodes)
    if (has_matrix(node)) nodes.push_back(&node);
  for (std::size_t i = 0; i < drives.size(); ++i) {
    cost.layers.push_back(layer_cost(analog_->layers()[i], analog_->mapped().periphery(i), settings,
                                     drives[i], steps_of(*nodes[i])));
    if (analog_->mapped().is_used_again(i)) cost.layers.back().use_again(nodes[i]->name);
  }
  cost.total = total_cost(cost.layers);
  return cost;
}

/// Whether the weights are for one chip, which only whoever gives them knows to be the one
/// measured.
std::string PointChip::given_warning() const {
  if (network_.given_for.empty() || experiment_.trains()) return {};
  return fmt::format(
      "model.weights were trained on one chip, draw {} of some seed and hardware "
      "(train.hardware.chip), and fit no other",
      network_.given_for);
}

std::string PointChip::range_warning() const {
  const std::vector<double> unused = analog_->unused_adc_bits();
  const auto wide =
      std::count_if(unused.begin(), unused.end(), [](double bits) { return bits > kUnusedBits; });
  if (wide == 0) return {};
  const auto worst = std::max_element(unused.begin(), unused.end());
  const auto at = static_cast<std::size_t>(worst - unused.begin());
  const std::string& layer = analog_->layers()[at].name();
  const int bits = analog_->mapped().periphery(at).adc->bits;
  return fmt::format(
      "periphery.adc: the range leaves more than {} of {} bits unused in {} of {} layers, {} in "
      "{}; range = \"calibrated\" uses them",
      kUnusedBits, bits, wide, unused.size(),
      *worst < bits ? fmt::format("{:.1f}", *worst) : "all of them", layer);
}

/// Ranges that are given, not found.
std::string PointChip::overflow_warning() const {
  const std::vector<double> unused = analog_->unused_adc_bits();
  const auto over = std::ranges::count_if(unused, [](double bits) { return bits < -kLackingBits; });
  if (over == 0) return {};
  const auto worst = std::ranges::min_element(unused);
  const auto layer = static_cast<std::size_t>(worst - unused.begin());
  return fmt::format(
      "periphery.adc: the range is too small in {} of {} layers: what calibration images give "
      "reaches {:.3g} times it in {}; range = \"calibrated\" fits it",
      over, unused.size(), std::exp2(-*worst), analog_->layers()[layer].name());
}

std::string PointChip::products_warning() const {
  if (!are_rounded(experiment_.periphery.products) || backend_->name() != "cpu" ||
      multiplies_bf16())
    return {};
  return "periphery.products: this processor has neither AMX nor AVX512-BF16 and "
         "multiplies bf16 numbers as floats; \"auto\" is faster here";
}

/// Fewer samples than were asked for are all that there are.
std::string PointChip::calibration_warning() const {
  constexpr std::int64_t kFew = 16;
  const std::int64_t samples = network_.data->train.size();
  if (analog_->calibration().empty() || samples >= kFew) return {};
  return fmt::format(
      "ranges of converters are those of {} sample{}, all that data.train gives; {} or more show "
      "what the network's layers reach",
      samples, samples == 1 ? "" : "s", kFew);
}

std::vector<std::string> PointChip::warnings() const {
  std::vector<std::string> all{
      range_warning(),    overflow_warning(), calibration_warning(),         loudest_warning_,
      clipping_warning(), products_warning(), other_chips_text(experiment_), given_warning()};
  std::erase(all, "");
  const std::vector<std::string>& assumed = network_.measure.remarks();
  all.insert(all.end(), assumed.begin(), assumed.end());
  return all;
}

/// A draw for LibTorch.
void PointChip::program(IdealEvaluation& evaluation, std::uint64_t draw) {
  if (evaluation.has_devices()) return evaluation.program(experiment_.seed, draw);
  if (!experiment_.evaluation.batch_norm_images) {
    evaluation.set_weights(effective_weights(draw));
    next_ = draw + 1;
    return;
  }
  evaluation.set_weights(analog_->program(experiment_.seed, draw).effective_weights());
}

Weights PointChip::effective_weights(std::uint64_t draw) {
  const std::optional<ProgrammedAhead> ahead = std::exchange(ahead_, {});
  if (ahead && ahead->draw == draw) return ahead->weights;
  return analog_->effective_weights(experiment_.seed, draw);
}

/// Right answers of what was started. While the device computes, the next draw is programmed where
/// the host does that.
std::int64_t PointChip::finish(IdealEvaluation& evaluation) {
  if (const auto draw = std::exchange(next_, {}))
    ahead_ = {*draw, analog_->effective_weights(experiment_.seed, *draw)};
  return evaluation.finish();
}

double PointChip::score_all(LoadedNetwork& loaded) {
  if (!torch_.empty()) {
    torch_.front()->set_weights(loaded.effective_weights());
    return static_cast<double>(torch_.front()->count_correct(0, images()));
  }
  const Predictions p =
      loaded.evaluate(network_.data->test, network_.data->normalization, 0, images(),
                      std::min(images(), experiment_.evaluation.batch), &network_.measure);
  return score_of(p.scores);
}

}  // namespace ohmic
