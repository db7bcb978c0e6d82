#include "experiments/report/budget/run_budget.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cmath>
#include <exception>
#include <functional>
#include <optional>
#include <set>

#include "experiments/budget/allocation.hpp"
#include "experiments/budget/attribution.hpp"
#include "experiments/budget/card.hpp"
#include "experiments/budget/design.hpp"
#include "experiments/budget/find.hpp"
#include "experiments/budget/knobs.hpp"
#include "experiments/budget/lifetime.hpp"
#include "experiments/budget/limit_notes.hpp"
#include "experiments/budget/prediction.hpp"
#include "experiments/budget/protection.hpp"
#include "experiments/budget/rare.hpp"
#include "experiments/budget/recalibration.hpp"
#include "experiments/budget/sensitivity.hpp"
#include "experiments/budget/yield.hpp"
#include "experiments/measure/claims.hpp"
#include "experiments/measure/compute.hpp"
#include "experiments/measure/examination.hpp"
#include "experiments/measure/files.hpp"
#include "experiments/measure/folder_owner.hpp"
#include "experiments/measure/run_folder.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/report/budget/answers.hpp"
#include "experiments/report/budget/budget_page.hpp"
#include "experiments/results/few_samples.hpp"
#include "experiments/study/remarks.hpp"
#include "experiments/text/quoting.hpp"

namespace ohmic {
namespace {

/// Adds what was found to a card; what is to be said of the card's older answers.
using CardAddition = std::function<std::vector<std::string>(BudgetCard&)>;

/// Takes a result when it is there, and what of it a card holds.
using Take = std::function<void(AnalysisResult, const CardAddition&)>;

/// The numbers of each question that is asked, as tables and figures, in the order of the answers.
void answer(AnalysisContext& context, const Take& take_both) {
  const BudgetSettings& s = context.request.settings;
  const auto take = [&](AnalysisResult result) { take_both(std::move(result), {}); };
  const auto take_for_card = [&](auto found, auto result_of) {
    take_both(result_of(found, s),
              [found, &s](BudgetCard& card) { return add_entries(card, found, s); });
  };
  if (s.find) take_for_card(find_budgets(context), find_result);
  if (s.yield) take(yield_result(find_yields(context), s));
  if (s.attribution) take(attribution_result(attribute(context), s));
  if (s.sensitivity) take(sensitivity_result(study_sensitivity(context), s));
  if (s.prediction) take(prediction_result(compare_predictions(context), s));
  if (s.allocation) take_for_card(allocate(context), allocation_result);
  if (s.protection) take(protection_result(protect(context), s));
  if (s.knobs) take(knobs_result(study_knobs(context), s));
  if (s.lifetime) {
    const std::vector<AgingChips> chips = follow_chips(context);
    take(lifetime_result(chips, find_recalibrations(context, chips), s));
  }
  if (s.rare) take(rare_result(find_rare_chips(context), s));
  if (s.design) take(design_result(find_designs(context), s));
}

/// Data and given weights of all points are loaded before any long work.
void check_inputs(const BudgetRequest& request, Networks& networks) {
  for (const Point& point : request.points) networks.check(point.experiment);
}

Value resolved_request(const BudgetRequest& request) {
  Value resolved = resolved_file(request.root, request.points);
  resolved.table()["budget"] = BudgetSettings::schema().write(&request.settings);
  const Metric& metric = request.points.front().experiment.evaluation.choice().metric();
  resolved.table()["budget"].table().erase(metric.better == Better::higher ? "max_rise"
                                                                           : "max_drop");
  return resolved;
}

/// Which samples a network was examined on, and how little they say; a sentence each.
std::vector<std::string> sample_notes(const Experiment& e, const Plausibility& facts,
                                      std::int64_t samples) {
  std::vector<std::string> notes;
  if (facts.images != samples)
    notes.push_back(fmt::format(
        "The number above is of {} of the {} test samples, examined before anything else; "
        "baselines below are of all {}.",
        facts.images, samples, samples));
  std::optional<std::int64_t> right;
  if (MetricWords(e).metric().has_normalized)
    right = std::llround(facts.accuracy() * static_cast<double>(samples));
  if (std::string few = few_samples_note(e, samples, right, RightOf::no_noise); !few.empty())
    notes.push_back(std::move(few));
  return notes;
}

/// The networks that are searched, without noise, and what speaks against them: said now, and the
/// first of the answers.
AnalysisResult networks_result(const BudgetRequest& request, Networks& networks, Progress& progress,
                               const std::filesystem::path& folder) {
  AnalysisResult result;
  result.heading = "Without noise";
  const MetricWords words(request.points.front().experiment);
  const bool is_accuracy = words.metric().has_normalized;
  DataTable table;
  std::set<const TrainedNetwork*> seen;
  for (const Point& point : request.points) {
    const TrainedNetwork& network = networks.get(point.experiment);
    if (!seen.insert(&network).second) continue;
    const Plausibility facts = examine_once(folder, network, point.experiment);
    progress.say(without_noise_text(network, point.experiment, facts));
    for (const std::string& line : spoken_doubts(network, facts)) {
      progress.say(line);
      result.notes.push_back(line + ".");
    }
    const std::int64_t samples = network.data->test.size();
    const double value = value_without_noise(network, facts);
    for (std::string& note : sample_notes(point.experiment, facts, samples))
      result.notes.push_back(std::move(note));
    for (std::string& note : limit_notes(request.settings, words, value, network)) {
      progress.say("note: " + note);
      result.notes.push_back(std::move(note));
    }
    table.add(
        {{titled("network"), network.label},
         {titled(is_accuracy ? "right answers %" : words.column(words.title()), words.digits()),
          value},
         {titled(is_accuracy ? "of test images" : "of samples"),
          facts.images == samples ? fmt::format("{}", samples)
                                  : fmt::format("{} of {}", facts.images, samples)}});
  }
  result.tables = {table};
  return result;
}

/// No card is found out to be in the wrong place when all is computed.
void check_card_place(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(fmt::format("--card {}: {}", file.string(), why));
  };
  if (!std::filesystem::is_directory(folder))
    refuse(fmt::format("{} is no folder; expected a file in one that is there", folder.string()));
  if (std::filesystem::is_directory(file)) refuse("is a folder; expected a file");
  if (::access(folder.c_str(), W_OK) != 0)
    refuse(fmt::format("nothing can be written in {}", folder.string()));
  if (std::filesystem::exists(file)) read_card(file);
}

/// What a card is asked to hold must be of one network on one chip, and of this one where the card
/// is there already: no file could fit entries of two.
BudgetCard card_for(const BudgetRequest& request, Networks& networks,
                    const std::filesystem::path& file) {
  const BudgetSettings& s = request.settings;
  if (!s.find && !s.allocation)
    throw ConfigError({request.fault(
        "",
        "asks for nothing that a card holds; expected [budget.find] or [budget.allocation] "
        "beside --card")});
  if (request.points.size() != 1)
    throw ConfigError({request.fault(
        "", fmt::format("a card is of one network on one chip, and this file has {} points; choose "
                        "one with --set",
                        request.points.size()))});
  const Experiment& e = request.points.front().experiment;
  BudgetCard card = card_of(networks.get(e));
  if (!std::filesystem::exists(file)) return card;
  const BudgetCard old = read_card(file);
  const auto refuse = [&](const CardDifference& other) {
    throw ConfigError(
        fmt::format("{}: {}: the card is of {}, this file of {}; expected a new card, or {}",
                    file.string(), other.key, other.of_card, other.of_file, other.expected));
  };
  if (old.weights_sha256 != card.weights_sha256)
    refuse({"network.weights_sha256", old.weights_sha256.substr(0, 12) + "...",
            card.weights_sha256.substr(0, 12) + "...", "the weights of " + old.network});
  if (const auto other = other_samples(old, card)) refuse(*other);
  for (const CardEntry& entry : old.entries)
    if (const auto other = other_chip(entry, e, file.string())) refuse(*other);
  card.entries = old.entries;
  return card;
}

/// Held by one process at a time, where the file system knows locks; nothing is left behind.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder)
      : descriptor_(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ >= 0) ::flock(descriptor_, LOCK_EX);
  }
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  const int descriptor_;
};

/// What one result adds to a card, and where it says what becomes of the card's older answers.
struct CardAnswer {
  std::size_t result;
  CardAddition add;
};

/// Adds to the card as it is by now: another process may have added to it meanwhile. One without
/// entries is none, and one that was there, whose last answer does not hold any more, goes.
void keep_card(const std::filesystem::path& file, const BudgetRequest& request, Networks& networks,
               const std::vector<CardAnswer>& answers, std::vector<AnalysisResult>& results) {
  const FolderLock alone(file.parent_path());
  BudgetCard card = card_for(request, networks, file);
  for (const CardAnswer& answer : answers)
    for (std::string& said : answer.add(card))
      results[answer.result].notes.push_back(std::move(said));
  if (!card.entries.empty()) return write_card(file, card);
  results[answers.back().result].notes.push_back(
      std::filesystem::remove(file)
          ? fmt::format("Nothing is tolerated any more: {} held the older answer and is removed.",
                        file.string())
          : fmt::format("Nothing is tolerated: {} is not written.", file.string()));
}

std::string page(const std::string& title, const std::vector<AnalysisResult>& results) {
  std::string text = "# " + (title.empty() ? "Noise budget" : markdown_line(title)) + "\n";
  for (const AnalysisResult& result : results) text += "\n" + markdown_text(result);
  return text;
}

BudgetOutcome run_in(const std::filesystem::path& folder, const BudgetRequest& request,
                     Progress& progress, const std::filesystem::path& card_file) {
  const Experiment& first = request.points.front().experiment;
  make_folder(folder);
  const Claim alone = Claims(folder / "lock").exclusive(kFolderClaim, [&] {
    progress.say(fmt::format("{}: another ohmic works here; waiting for it", folder.string()));
  });
  if (!card_file.empty()) check_card_place(card_file);
  const std::string resolved = to_toml(resolved_request(request));
  take_folder(folder, request.root, resolved);
  write_atomically(folder / "resolved.toml", resolved);
  Networks networks(folder / "training", progress);
  check_inputs(request, networks);
  const std::vector<std::string> remarks = remarks_on(request);
  for (const std::string& remark : remarks) progress.say(remark);
  Evaluations evaluations(folder, networks, progress);
  AnalysisContext context{request, evaluations, networks, progress, folder};
  std::vector<AnalysisResult> results{networks_result(request, networks, progress, folder)};
  if (!card_file.empty()) card_for(request, networks, card_file);  // refused before any long work
  std::vector<CardAnswer> for_card;
  answer(context, [&](AnalysisResult result, const CardAddition& add) {
    explain_intervals(result, request.settings.confidence);
    write_tables(result, folder);
    if (add) for_card.push_back({results.size(), add});
    results.push_back(std::move(result));
  });
  std::vector<std::string>& notes = results.front().notes;
  for (const std::string& warning : evaluations.warnings())
    notes.push_back("warning: " + warning + ".");
  notes.insert(notes.end(), remarks.begin(), remarks.end());
  BudgetOutcome outcome{folder, "", {}, {}, 0, nullptr};
  if (!card_file.empty()) try {
      keep_card(card_file, request, networks, for_card, results);
    } catch (const std::exception&) {  // the answer does not go with it
      outcome.card_failure = std::current_exception();
    }
  for (const AnalysisResult& result : results) {
    outcome.text += terminal_text(result) + "\n";
    outcome.notes.insert(outcome.notes.end(), result.notes.begin(), result.notes.end());
    for (DataTable& table : file_tables(result)) outcome.tables.push_back(std::move(table));
  }
  write_atomically(folder / "budget.md", page(first.title, results));
  outcome.new_draws = evaluations.new_draws();
  if (outcome.new_draws > 0)
    write_provenance(folder / "provenance.json", provenance_of(request.points, networks),
                     [&](const std::string& text) { progress.say(text); });
  const std::string problem = write_budget_page(request, resolved, folder, results);
  if (!problem.empty()) progress.say("figures are missing: " + problem);
  return outcome;
}

}  // namespace

BudgetOutcome run_budget(const Value& root, const std::filesystem::path& folder, Progress& progress,
                         const std::filesystem::path& card) {
  const BudgetRequest request = read_budget(root);
  const Experiment& first = request.points.front().experiment;
  use_threads(first.compute.threads);
  return run_in(folder.empty() ? first.output.dir : folder, request, progress, card);
}

}  // namespace ohmic
