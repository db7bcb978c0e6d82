#include "experiments/interface/samples.hpp"

#include <numeric>

#include "experiments/interface/state.hpp"
#include "nn/data/samples.hpp"
#include "simulator/call_error.hpp"

namespace ohmic {
namespace {

constexpr char kInMemory[] = "in memory";

/// Numbers that are held, as a file would hold them.
StoredArray array_of(std::string name, std::vector<float> numbers,
                     std::vector<std::int64_t> shape) {
  const auto held = std::make_shared<const std::vector<float>>(std::move(numbers));
  StoredArray array;
  array.name = std::move(name);
  array.shape = std::move(shape);
  array.format = real_format(kFloat32);
  array.bytes = {reinterpret_cast<const char*>(held->data()), held->size() * sizeof(float)};
  array.owner = held;
  return array;
}

std::optional<StoredArray> labels_of(std::vector<float> labels) {
  if (labels.empty()) return std::nullopt;
  const std::vector<std::int64_t> shape{std::ssize(labels)};
  return array_of("labels", std::move(labels), shape);
}

bool are_same(const Normalization& a, const Normalization& b) {
  return a.scale == b.scale && a.mean == b.mean && a.std == b.std;
}

ImageSet part_of(const ImageSet& set, std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), first);
  return set.subset(rows);
}

}  // namespace

Samples::Samples(std::vector<float> numbers, std::vector<std::int64_t> shape,
                 std::vector<float> labels)
    : Samples(array_of("samples", std::move(numbers), std::move(shape)),
              labels_of(std::move(labels))) {}

Samples::Samples(const StoredArray& samples, const std::optional<StoredArray>& labels) {
  check_size(samples);
  if (labels) check_size(*labels);
  auto state = std::make_shared<State>();
  state->set = samples_of(samples, labels ? &*labels : nullptr);
  state->settings.name = "files";
  state->settings.test_samples.samples = kInMemory;
  if (labels) state->settings.test_samples.labels = kInMemory;
  state_ = std::move(state);
}

Samples::Samples(const std::vector<InputArray>& samples, const std::optional<StoredArray>& labels) {
  for (const InputArray& array : samples) check_size(array.samples);
  if (labels) check_size(*labels);
  auto state = std::make_shared<State>();
  state->set = samples_of(samples, labels ? &*labels : nullptr);
  state->settings.name = "files";
  for (const InputArray& array : samples)
    state->settings.test_samples.inputs.push_back({array.input, kInMemory});
  if (labels) state->settings.test_samples.labels = kInMemory;
  state_ = std::move(state);
}

std::int64_t Samples::size() const { return state_->set.size(); }

const std::vector<std::int64_t>& Samples::shape() const { return state_->set.shape; }

bool Samples::has_labels() const {
  return state_->set.has_labels() || !state_->set.targets.empty();
}

Samples Samples::part(std::int64_t first, std::int64_t count) const {
  require_call(first >= 0 && count >= 1 && first <= size() && count <= size() - first,
               "Samples::part: expected samples that are there, one at least");
  auto state = std::make_shared<State>(*state_);
  state->set = part_of(state_->set, first, count);
  return Samples(std::move(state));
}

Samples Samples::first(std::int64_t count) const { return part(0, std::min(count, size())); }

Samples Samples::with_calibration(const Samples& other) const {
  if (!are_same(state_->normalization, other.state_->normalization))
    throw DataError(
        "Samples::with_calibration: the samples are normalised in another way than those to be "
        "measured; expected both from load_samples() with the same normalize, or both as the "
        "network takes them");
  auto state = std::make_shared<State>(*state_);
  state->calibration = other.state_->set;
  return Samples(std::move(state));
}

Samples load_samples(const SampleFiles& files) {
  DataSettings settings;
  settings.name = "files";
  settings.test_samples = files;
  return load_samples(settings);
}

Samples load_samples(const DataSettings& settings, std::uint64_t seed) {
  const bool has_train = settings.name != "files" || settings.train_samples.are_named();
  Dataset data = load_dataset(settings, seed, {has_train, true, "calibration"});
  auto state = std::make_shared<Samples::State>();
  state->settings = settings;
  state->set = std::move(data.test);
  if (has_train) state->calibration = std::move(data.train);
  state->normalization = std::move(data.normalization);
  return Samples(std::move(state));
}

}  // namespace ohmic
