// A budget card: what one network tolerates, in a file for programs: continuous integration asks
// it whether new weights still fit the chip (card_check.hpp), people read the numbers.
//
// JSON, described by card_schema(). Every tolerance stands with what it was found for: the metric,
// its limit, the hardware around it (every key that counts), seed, confidence, draws, commit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "experiments/budget/allocation.hpp"
#include "experiments/budget/find.hpp"

namespace ohmic {

/// One source of error, or one for each layer, up to which the metric stays within a limit.
struct CardEntry {
  std::vector<std::string> knob;  ///< dotted keys that have the same value
  double tolerated = Estimate::kNone;
  double not_tolerated = Estimate::kNone, about = Estimate::kNone;  ///< NaN: not known
  /// device.eta of each layer, whose geometric mean is `tolerated`; empty: one for all.
  std::vector<std::pair<std::string, double>> layers;
  std::string allowed;  ///< in words: "loss of at most 1 %"
  std::string metric;
  double limit = Estimate::kNone;     ///< the worst value that is allowed
  double baseline = Estimate::kNone;  ///< of the network, without noise
  Estimate value;                     ///< with the tolerance, at `confidence`
  std::int64_t draws = 0, max_draws = 1;
  double confidence = 0.95;
  std::uint64_t seed = 1;
  std::string commit;
  /// What the chip is beside that, and how it is measured: dotted keys with TOML values.
  std::map<std::string, std::string> settings;

  bool is_same_question(const CardEntry&) const;
};

struct BudgetCard {
  std::string network, weights_sha256;
  std::string data, test_sha256, train_sha256;
  std::int64_t images = 0;
  std::vector<CardEntry> entries;
};

/// Without entries: who is asked.
BudgetCard card_of(const TrainedNetwork&);
/// Adds what was found, in place of older answers to the same questions. What tolerates nothing is
/// left out, and an allocation that fresh draws do not show to hold: then an older answer stays,
/// unless the new one contradicts it. Gives what is to be said of older answers, a sentence each.
std::vector<std::string> add_entries(BudgetCard&, const std::vector<FoundBudget>&,
                                     const BudgetSettings&);
std::vector<std::string> add_entries(BudgetCard&, const std::vector<FoundAllocation>&,
                                     const BudgetSettings&);

/// One thing in which two of what a card is of differ.
struct CardDifference {
  std::string key, of_card, of_file, expected;
};
/// The first thing in which the chip, with the entry's tolerance, is not the entry's; none where
/// it is the same. Throws as with_tolerance.
std::optional<CardDifference> other_chip(const CardEntry&, const Experiment&,
                                         const std::string& place);
/// The first samples that are not the card's: the test samples, which its limits are of, and those
/// that converters' ranges come from.
std::optional<CardDifference> other_samples(const BudgetCard& card, const BudgetCard& of_file);

/// The experiment with a card's tolerance. Throws DataError, at `place`, where the experiment has
/// no such knob or layer.
Experiment with_tolerance(const Experiment&, const CardEntry&, const std::string& place);
/// CardEntry::settings of an experiment.
std::map<std::string, std::string> card_settings(const Experiment&);

void write_card(const std::filesystem::path&, const BudgetCard&);
/// Throws DataError "FILE: damaged: ..." with the key, its value and what would be accepted, and
/// one that says so of a card of a newer ohmic.
BudgetCard read_card(const std::filesystem::path&);
/// The JSON schema (draft 2020-12) of a card.
std::string card_schema();

}  // namespace ohmic
