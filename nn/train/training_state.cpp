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

template <class Number>
Number number(const Checkpoint& file, const std::string& key) {
  Number value{};
  const std::string& text = file.metadata.at(key);
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Checkpoint read_intact(const std::filesystem::path& path) {
  Checkpoint file;
  try {
    file = read_safetensors(path);
  } catch (const DataError& error) {
    throw DataError(error.what() + advice(path));
  }
  if (!file.metadata.contains(kContentHash) || !is_intact(file))
    throw DataError(path.string() +
                    ": is damaged: its content does not have the SHA-256 it states" + advice(path));
  return file;
}

}  // namespace

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
                   {"best_epoch", std::to_string(state.best_epoch)},
                   {"history", state.history}};
  if (!state.theory.empty()) {
    file.metadata["theory"] = state.theory;
    file.metadata["theory_layers"] = state.theory_layers;
  }
  file.metadata[kContentHash] = content_hash(file);
  write_safetensors(path, file);
}

std::optional<TrainingState> read_state(const std::filesystem::path& path, const Graph& graph,
                                        const std::string& identity) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const Checkpoint file = read_intact(path);
  if (file.metadata.at("identity") != identity)
    throw DataError(path.string() + ": belongs to another training (identity " +
                    file.metadata.at("identity") + ", here " + identity + ")" + advice(path));
  TrainingState state;
  state.weights = take(file, kWeights);
  check_weights(graph, state.weights, path.string());
  state.best = take(file, kBest);
  state.epochs_done = number<std::int64_t>(file, "epochs_done");
  state.steps = number<std::int64_t>(file, "steps");
  state.best_accuracy = number<double>(file, "best_accuracy");
  state.best_epoch = number<std::int64_t>(file, "best_epoch");
  state.history = file.metadata.at("history");
  if (file.metadata.contains("theory")) {
    state.theory = file.metadata.at("theory");
    state.theory_layers = file.metadata.at("theory_layers");
  }
  for (const auto& [name, moment] : take(file, kMoment)) state.moments.push_back(moment.values);
  return state;
}

}  // namespace ohmic
