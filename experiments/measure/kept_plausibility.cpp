#include "experiments/measure/kept_plausibility.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "experiments/measure/doubts.hpp"
#include "experiments/measure/files.hpp"
#include "experiments/measure/networks.hpp"
#include "experiments/measure/plausibility_json.hpp"
#include "experiments/measure/recorded.hpp"
#include "nn/io/sha256.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Json = RecordedJson;

/// By the words of what makes the network, which a run folder holds wherever it lies, and of what
/// is not as in every file of what it is measured by.
std::filesystem::path file_of(const std::filesystem::path& run_folder, const Experiment& e) {
  const Value words = e.resolved(), network = e.part(Stage::network);
  const Value plain = Experiment().part(Stage::network);
  std::string text;
  for (const auto& [key, value, where] : words.table().entries()) {
    const Value *own = network.at(key), *usual = plain.at(key);
    if (Experiment::schema().stages_of(key).has(Stage::training))
      text += (text.empty() ? "" : " ") + value.text();
    else if (own && usual && own->text() != usual->text())
      text += " " + own->text();
  }
  return run_folder / "plausibility" / (sha256(text).substr(0, 16) + ".json");
}

Plausibility facts_of(const std::filesystem::path& run_folder, const MeasuredPoint& point) {
  if (const auto kept = kept_plausibility(run_folder, point.point->experiment)) return *kept;
  Plausibility facts;
  facts.images = point.result->images;
  if (point.result->metric->name != "accuracy" || !point.result->answers.empty()) return facts;
  facts.correct = static_cast<std::int64_t>(point.result->baseline_score);
  facts.classes = point.point->experiment.data.name == "cifar100" ? 100 : 10;
  return facts;
}

}  // namespace

void keep_plausibility(const std::filesystem::path& run_folder, const Experiment& experiment,
                       const Plausibility& facts, const std::string& examined) {
  const auto file = file_of(run_folder, experiment);
  make_own_folder(file.parent_path());
  Json json = plausibility_json(facts);
  json["examined"] = examined;
  add_digest(json);
  write_atomically(file, json.dump(1) + "\n");
}

std::optional<Plausibility> kept_plausibility(const std::filesystem::path& run_folder,
                                              const Experiment& experiment,
                                              const std::string& examined) {
  const auto file = file_of(run_folder, experiment);
  if (!std::filesystem::exists(file)) return std::nullopt;
  try {
    Json json = parse_recorded(read_whole(file), file.string());
    const Digest digest = take_digest(json);
    const bool is_of = digest != Digest::absent && json.is_object() && json.contains("examined") &&
                       text_of(json, "examined", file.string()) == examined;
    if (json.is_object() && !examined.empty() && !is_of) return std::nullopt;
    Plausibility facts = plausibility_from(json, file.string());
    if (digest == Digest::wrong)
      say_damaged(file.string(), "its content does not have the SHA-256 it states");
    return facts;
  } catch (const DataError& error) {
    throw DataError(std::string(error.what()) +
                    "; delete it and the points of its network to measure them again");
  }
}

std::vector<std::string> doubts_of(const std::filesystem::path& run_folder,
                                   const std::vector<MeasuredPoint>& points) {
  std::vector<std::string> sentences;
  std::set<std::string> networks;
  for (const MeasuredPoint& point : points) {
    const Experiment& e = point.point->experiment;
    if (!networks.insert(file_of(run_folder, e).string()).second) continue;
    for (const std::string& doubt : doubts_of(facts_of(run_folder, point))) {
      std::string text = fmt::format("{}: {}.", network_label(e), doubt);
      if (std::ranges::find(sentences, text) == sentences.end()) sentences.push_back(text);
    }
  }
  return sentences;
}

}  // namespace ohmic
