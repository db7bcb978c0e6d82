#include "nn/analog/execution.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "nn/analog/recurrence.hpp"
#include "nn/data/same_samples.hpp"
#include "nn/denormals.hpp"
#include "nn/freed_memory.hpp"

namespace ohmic {
namespace {

// Number of the first image on which BatchNorm is measured: its noise is no test image's.
constexpr std::uint64_t kFirstMeasuredImage = std::uint64_t{1} << 32;
constexpr std::int64_t kSeenAtOnce = 256;  // images

}  // namespace

Execution::Execution(const MappedNetwork& network, Backend& backend, const Crossbars* crossbars,
                     LayerProgress on_images)
    : network_(network),
      backend_(backend),
      crossbars_(crossbars),
      layers_(network, backend, crossbars),
      values_(network, backend),
      on_images_(std::move(on_images)) {}

void Execution::load(LayerContents contents) {
  layers_.begin(std::move(contents));
  free_large_values();
  if (layers_.every_answer_is_nan()) return;
  const bool is_measured = shown_.norms + shown_.ranges > 0;
  if (is_measured && layers_.contents().what != Loaded::digital) return load_and_measure();
  layers_.load_all();
}

void Execution::program(std::uint64_t seed, std::uint64_t draw, int draws) {
  OHMIC_ASSERT(draws >= 1 && draws <= draws_at_once());
  if (!layers_.program(seed, draw, draws)) load(crossbars_->draw(seed, draw));
}

void Execution::follow(BatchNormImages images) {
  load(digital_contents(network_));
  layers_.leave_to_host();
  shown_.x.resize(shown_.x.size() - values_shown(shown_.norms));
  shown_.x.insert(shown_.x.end(), images.x.begin(), images.x.end());
  shown_.norms = images.count;
  followed_ = {images.statistics, {}};
  load_and_measure();
}

void Execution::free_large_values() {
  if (values_.are_large()) values_.free();
  if (values_.are_large() || network_->has_large_weights()) give_back_freed_memory();
}

void Execution::calibrate_on(NormalizedImages images) {
  layers_.leave_to_host();
  const auto before = static_cast<std::ptrdiff_t>(values_shown(shown_.ranges));
  shown_.x.erase(shown_.x.begin(), shown_.x.begin() + before);
  shown_.x.insert(shown_.x.begin(), images.x.begin(), images.x.end());
  shown_.ranges = images.count;
}

std::size_t Execution::values_shown(std::int64_t images) const {
  return static_cast<std::size_t>(images * values_per_image(network_->graph.nodes.front()));
}

/// Takes the images through the network while it is loaded: a layer's converters and its BatchNorm
/// see what the layers before it, already measured, give. Neither the images' values nor their
/// tally are left behind, whatever happens.
void Execution::load_and_measure() {
  struct Aside {
    explicit Aside(Execution& e) : execution(e), tally(e.tally_) {}
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;
    ~Aside() {
      execution.values_.free();
      execution.tally_ = tally;
    }
    Execution& execution;
    Tally tally;
  };
  const DenormalsAreZero fast;
  const Aside aside(*this);
  const Showing showing = this->showing();
  const std::int64_t images = showing.ranges + showing.norms;
  values_.begin(images);
  for (std::size_t s = 0; s < network_->plan.steps.size(); ++s) {
    load_and_measure(s, showing);
    run_step(s, showing.x, images, kFirstMeasuredImage, {});
    values_.release_after(s);
  }
}

Execution::Showing Execution::showing() const {
  const bool is_digital = layers_.contents().what == Loaded::digital;
  const std::size_t before = is_digital ? values_shown(shown_.ranges) : 0;
  return {shown_.x.data() + before, is_digital ? 0 : shown_.ranges, shown_.norms};
}

void Execution::load_and_measure(std::size_t s, const Showing& showing) {
  const Step& step = network_->plan.steps[s];
  const bool has_norm = step.norm >= 0 && showing.norms > 0;
  if (step.mvm < 0) {
    if (has_norm) {
      const Node& norm = network_->node(step.norm);
      measure_norm(norm, values_.of(step.x, showing.x) + showing.ranges * values_per_image(norm));
    }
    return layers_.load(s);
  }
  const LayerLoader loader = layers_.loader_of(step);
  if (showing.ranges > 0) find_ranges(s, loader, showing);
  if (has_norm) {
    float* sums = values_.slot_of(step);
    const float* x =
        values_.of(step.x, showing.x) + showing.ranges * network_->values_in(step);
    loader(layers_.epilogue(step, nullptr, false))
        ->forward(x, showing.norms,
                  kFirstMeasuredImage + static_cast<std::uint64_t>(showing.ranges), nullptr, sums,
                  tally_);
    measure_norm(network_->node(step.norm), sums);
  }
  layers_.load(s, loader);
}

/// A recurrent layer is given its own answers: those behind the ranges of exact devices. What is
/// programmed for a full scale keeps that of its inputs.
void Execution::find_ranges(std::size_t s, const LayerLoader& loader, const Showing& showing) {
  const Step& step = network_->plan.steps[s];
  if (step.slot < 0) layers_.load(s, loader);
  LayerRanges& ranges = layers_.ranges(step);
  const double full_scale = ranges.input;
  ranges = {};
  const auto observer = loader(layers_.epilogue(step, nullptr, false));
  const BeforeLayer see = [&](const Step&, const float* x) {
    observer->observe(x, showing.ranges, ranges);
  };
  if (step.slot < 0)
    run_recurrent(s, showing.x, showing.ranges, kFirstMeasuredImage, see);
  else
    see(step, values_.of(step.x, showing.x));
  if (network_->needs_full_scale(step)) ranges.input = full_scale;
}

void Execution::measure_norm(const Node& norm, const float* x) {
  const std::int64_t pixels = shown_.norms * norm.height * norm.width;
  std::vector<float> buffer;
  const ChannelMoments seen =
      channel_moments(on_host(x, pixels * norm.channels, buffer).data(), pixels, norm.channels);
  if (layers_.contents().what == Loaded::digital)
    followed_->undisturbed[norm.name] = seen;
  else if (followed_->statistics == BatchNormStatistics::measured)
    take_moments(seen, norm, layers_.digital());
  else
    follow_moments(followed_->undisturbed.at(norm.name), seen, norm, layers_.digital());
}

std::int64_t Execution::images_at_once() const {
  std::int64_t images = 1;
  for (const Step& step : network_->crossbar)
    images = std::max(images, backend_.images_at_once(network_->geometry(step)));
  return images;
}

const float* Execution::run(const float* nhwc, std::int64_t images, std::uint64_t first_image,
                            const BeforeLayer& before) {
  const DenormalsAreZero fast;
  values_.begin(images);
  const std::vector<Step>& steps = network_->plan.steps;
  const bool is_large = values_.are_large();
  const double share = static_cast<double>(images) / static_cast<double>(steps.size());
  for (std::size_t s = 0; s < steps.size(); ++s) {
    run_step(s, nhwc, images, first_image, before);
    values_.release_after(s);
    if (is_large) give_back_freed_memory();
    if (on_images_) on_images_(share);
  }
  return values_.of(steps.back().node, nhwc);
}

void Execution::run_step(std::size_t s, const float* nhwc, std::int64_t images,
                         std::uint64_t first_image, const BeforeLayer& before) {
  const Step& step = network_->plan.steps[s];
  if (step.slot < 0)
    return step.mvm < 0 ? values_.compute(step, nhwc)
                        : run_recurrent(s, nhwc, images, first_image, before);
  const float *x = values_.of(step.x, nhwc), *residual = values_.of(step.residual, nhwc);
  float* y = values_.slot_of(step);
  if (step.mvm < 0)
    return backend_.apply(layers_.epilogue_of(s), x,
                          images * values_per_image(network_->node(step.node)), residual, y);
  if (before) before(step, x);
  layers_.of(s).forward(x, images, first_image, residual, y, tally_);
}

/// A product per time step, each with noise of its own.
void Execution::run_recurrent(std::size_t s, const float* nhwc, std::int64_t images,
                              std::uint64_t first_image, const BeforeLayer& before) {
  const Step& step = network_->plan.steps[s];
  const Node& cell = network_->node(step.mvm);
  const int H = cell.conv.in_channels, steps = static_cast<int>(cell.shape.front());
  const std::int64_t in = cell.conv.out_channels, out = values_per_step(cell);
  const auto size = static_cast<std::size_t>(images * H);
  std::vector<float> h(size), c(size), product(static_cast<std::size_t>(images * in));
  const float* x = values_.on_host(step.x, nhwc);
  std::vector<float>& all = values_.recurrent(step.node);
  all.resize(static_cast<std::size_t>(images * steps * out));
  for (int t = 0; t < steps; ++t) {
    if (before) before(step, h.data());
    layers_.of(s).forward(h.data(), images, mvm_event(first_image, static_cast<std::uint64_t>(t)),
                          nullptr, product.data(), tally_);
    recurrent_step(cell.cell, images, H, x + t * in, steps * in, product.data(), h.data(), c.data(),
                   all.data() + t * out, steps * out);
  }
}

void Execution::see_inputs(
    const ImageSet& all, const Normalization& normalization, std::int64_t images,
    const std::function<void(const Step&, const float* x, std::int64_t n)>& see) {
  const ImageSet set = first_of_all_classes(all, images);
  std::vector<float> x;
  for (std::int64_t first = 0; first < set.size(); first += kSeenAtOnce) {
    const std::int64_t count = std::min(kSeenAtOnce, set.size() - first);
    x.resize(static_cast<std::size_t>(count * set.values()));
    normalized_batch(set, normalization, first, count, x.data());
    run(x.data(), count, static_cast<std::uint64_t>(first),
        [&](const Step& step, const float* in) { see(step, in, count); });
  }
}

void Execution::answer(
    const float* nhwc, std::int64_t images, std::uint64_t first_image,
    const std::function<void(std::int64_t first, std::int64_t count, const float* y)>& see) {
  const std::int64_t classes = network_->graph.classes,
                     pixels = values_per_image(network_->graph.nodes.front());
  if (layers_.every_answer_is_nan()) {
    const std::vector<float> y(static_cast<std::size_t>(classes),
                               std::numeric_limits<float>::quiet_NaN());
    for (std::int64_t i = 0; i < images; ++i) see(i, 1, y.data());
    return;
  }
  const std::int64_t at_once = images_at_once();
  for (std::int64_t i = 0; i < images; i += at_once) {
    const std::int64_t count = std::min(at_once, images - i);
    const float* y = run(nhwc + i * pixels, count, first_image + static_cast<std::uint64_t>(i));
    see(i, count, on_host(y, count * classes, answer_buffer_).data());
  }
}

std::vector<float> Execution::layer_output(const Step& step, const float* x, std::int64_t images) {
  const Node* norm = step.norm >= 0 ? &network_->node(step.norm) : nullptr;
  std::vector<float> y(static_cast<std::size_t>(images * network_->values_out(step)));
  layers_.loader_of(step)(layers_.epilogue(step, norm, false))
      ->forward(x, images, 0, nullptr, y.data(), tally_);
  return y;
}

std::span<const float> Execution::on_host(const float* x, std::int64_t values,
                                          std::vector<float>& buffer) {
  const auto size = static_cast<std::size_t>(values);
  return {backend_.on_host(x, size, buffer), size};
}

Tally Execution::take_tally() { return std::exchange(tally_, {}); }

}  // namespace ohmic
