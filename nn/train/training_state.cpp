#include "nn/train/training_state.hpp"

#include <charconv>
#include <string_view>

#include "nn/io/checkpoint.hpp"
#include "simulator/config/value.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

const std::string kWeights = "weights.", kBest = "best.", kMoment = "moment.";

void put(Checkpoint& file, const std::string& prefix, const Weights& weights) {
  for (const auto& [name, tensor] : weights) file.weights[prefix + name] = tensor;
}

Weights take(const Checkpoint& file, const std::string& prefix) {
  Weights weights;
  for (const auto& [name, tensor] : file.weights)
    if (name.starts_with(prefix)) weights[name.substr(prefix.size())] = tensor;
  return weights;
}

std::string advice(const std::filesystem::path& file) {
  return ". Move " + file.string() + " away to train from the start, or choose another folder";
}

Checkpoint read_intact(const std::filesystem::path& path) {
  Checkpoint file;
  try {
    file = read_safetensors(path);
  } catch (const DataError& error) {
    throw DataError(error.what() + advice(path));
  }
  if (!file.metadata.contains(kContentHash) || !is_intact(file))
    say_damaged_state(path, "its content does not have the SHA-256 it states");
  return file;
}

/// What a file says of itself. Whoever writes one can write its hash: nothing is believed for that.
class Facts {
 public:
  Facts(const std::filesystem::path& path, const Checkpoint& file) : path_(path), file_(file) {}

  const std::string& text(const std::string& key) const {
    const auto found = file_.metadata.find(key);
    if (found == file_.metadata.end()) say_damaged_state(path_, "it has no " + key);
    return found->second;
  }
  /// A number of at least `least`.
  template <class Number>
  Number number(const std::string& key, Number least) const {
    const std::string& digits = text(key);
    Number value{};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value < least)
      say_damaged_state(path_, key + " is \"" + digits + "\"");
    return value;
  }

 private:
  const std::filesystem::path& path_;
  const Checkpoint& file_;
};

/// Memory of the optimiser: each moment is as long as the others.
std::vector<std::vector<float>> moments_of(const std::filesystem::path& path,
                                           const Checkpoint& file) {
  const Weights named = take(file, kMoment);
  std::vector<std::vector<float>> moments;
  for (std::size_t i = 0; i < named.size(); ++i) {
    const auto found = named.find(std::to_string(i));
    if (found == named.end()) say_damaged_state(path, "it has no " + kMoment + std::to_string(i));
    moments.push_back(found->second.values);
  }
  return moments;
}

}  // namespace

void say_damaged_state(const std::filesystem::path& path, const std::string& why) {
  throw DataError(path.string() + ": is damaged: " + why + advice(path));
}

void write_state(const std::filesystem::path& path, const TrainingState& state,
                 const std::string& identity) {
  Checkpoint file;
  put(file, kWeights, state.weights);
  put(file, kBest, state.best);
  for (std::size_t i = 0; i < state.moments.size(); ++i)
    file.weights[kMoment + std::to_string(i)] = {
        {static_cast<std::int64_t>(state.moments[i].size())}, state.moments[i]};
  file.metadata = {{"identity", identity},
                   {"epochs_done", std::to_string(state.epochs_done)},
                   {"steps", std::to_string(state.steps)},
                   {"best_accuracy", Value{state.best_accuracy}.text()},
                   {"best_epoch", std::to_string(state.best_epoch)}};
  put_rows(state.curves, file.metadata);
  file.metadata[kContentHash] = content_hash(file);
  write_safetensors(path, file);
}

std::optional<TrainingState> read_state(const std::filesystem::path& path, const Graph& graph,
                                        const std::string& identity) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const Checkpoint file = read_intact(path);
  const Facts facts(path, file);
  if (facts.text("identity") != identity)
    throw DataError(path.string() + ": belongs to another training (identity " +
                    facts.text("identity") + ", here " + identity + ")" + advice(path));
  TrainingState state;
  state.weights = take(file, kWeights);
  check_weights(graph, state.weights, path.string());
  state.best = take(file, kBest);
  if (!state.best.empty()) check_weights(graph, state.best, path.string());
  state.epochs_done = facts.number<std::int64_t>("epochs_done", 1);
  state.steps = facts.number<std::int64_t>("steps", 1);
  state.best_accuracy = facts.number<double>("best_accuracy", -1);
  state.best_epoch = facts.number<std::int64_t>("best_epoch", -1);
  state.curves.history = facts.text("history");
  if (file.metadata.contains("theory"))
    state.curves = {state.curves.history, facts.text("theory"), facts.text("theory_layers")};
  state.moments = moments_of(path, file);
  return state;
}

}  // namespace ohmic
