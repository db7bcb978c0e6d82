#include "experiments/study/chip_training.hpp"

#include <fmt/format.h>

#include "nn/train/training_data.hpp"

namespace ohmic {
namespace {

constexpr char kFirst[] = "evaluation.first_draw", kDraws[] = "evaluation.draws";

using Faults = std::vector<Fault>;

bool is_one_chip(const Experiment& e) {
  return e.train.hardware && e.train.hardware->chip && !e.trains_each_chip();
}

bool measures_its_own(const Experiment& e) {
  const EvaluationSettings& evaluation = e.evaluation;
  return evaluation.first_draw == *e.train.hardware->chip && evaluation.draws == 1;
}

bool measures_others(const Experiment& e) {
  const std::int64_t first = e.evaluation.first_draw, chip = *e.train.hardware->chip;
  return chip < first || chip >= first + e.evaluation.draws;
}

std::string draws_text(const EvaluationSettings& e) {
  return e.draws == 1 ? fmt::format("draw {}", e.first_draw)
                      : fmt::format("draws {} to {}", e.first_draw, e.first_draw + e.draws - 1);
}

/// The chip is made of what it is measured with.
void check_tables(const Value& root, Faults& faults) {
  for (const char* table : {"device", "mapping", "periphery"}) {
    const std::string key = std::string("train.hardware.") + table;
    if (const Value* given = root.at(key))
      faults.push_back({given->where, key,
                        fmt::format("is that of [{}] where one chip is trained and measured "
                                    "(train.hardware.chip); expected no table here",
                                    table)});
  }
}

void check_noise(const NoiseSettings& noise, Faults& faults) {
  if (noise.semantics != Semantics::kernels || !noise.tensors.empty())
    faults.push_back(
        {{},
         noise.tensors.empty() ? "noise.semantics" : "noise.tensors",
         "a chip in the loop (train.hardware.chip) has noise on kernels alone; expected "
         "semantics = \"kernels\" and no tensors"});
  if (noise.spare_dead_filters)
    faults.push_back({{},
                      "noise.spare_dead_filters",
                      "which filters are dead changes while a chip in the loop "
                      "(train.hardware.chip) is trained; expected false"});
}

void check_evaluation(const Experiment& e, Faults& faults) {
  const EvaluationSettings& evaluation = e.evaluation;
  if (evaluation.estimator != Estimator::per_draw)
    faults.push_back({{},
                      "evaluation.estimator",
                      "\"per_batch\" gives every batch a chip of its own, and a chip in the loop "
                      "(train.hardware.chip) is measured as a whole; expected \"per_draw\""});
  if (!is_one_chip(e)) return;
  const std::int64_t chip = *e.train.hardware->chip;
  if (evaluation.stop)
    faults.push_back({{},
                      "evaluation.stop",
                      fmt::format("draws chips until enough are known, and what is trained on chip "
                                  "{0} is measured on that one; expected \"none\", or "
                                  "train.hardware.chip = \"each\"",
                                  chip)});
  if (measures_its_own(e) || measures_others(e)) return;
  faults.push_back(
      {{},
       evaluation.draws == 1 ? kFirst : kDraws,
       fmt::format("measures {}, and what is trained on chip {} (train.hardware.chip) does not "
                   "belong on the others; expected neither first_draw nor draws, which measures "
                   "chip {}, or train.hardware.chip = \"each\", which trains every draw by itself",
                   draws_text(evaluation), chip, chip)});
}

}  // namespace

void take_chip(const Value& root, Experiment& e) {
  if (!e.train.hardware || !e.train.hardware->chip || !e.device) return;
  TrainingHardware& chip = *e.train.hardware;
  chip.device_model = e.device_model;
  chip.device = e.device;
  chip.layer_devices = e.devices().own;
  chip.mapping = e.mapping;
  chip.mapping.digital.clear();
  chip.mapping.crossbar.clear();
  chip.periphery = e.periphery;
  if (e.trains_each_chip()) return;
  if (!root.at(kFirst) && !root.at(kDraws)) e.evaluation.first_draw = *chip.chip;
  if (!root.at(kDraws)) e.evaluation.draws = 1;
}

void check_chip(const Value& root, const Experiment& e, Faults& faults) {
  if (!e.train.hardware || !e.train.hardware->chip) return;
  check_tables(root, faults);
  Faults found;
  check_noise(e.noise, found);
  check_evaluation(e, found);
  if (e.trains_each_chip() && root.at("budget"))
    found.push_back({{},
                     "train.hardware.chip",
                     "\"each\" is for `ohmic run`; expected the number of a draw beside [budget]"});
  append_faults(root, "", faults, [&] {
    if (!found.empty()) throw ConfigError(found);
  });
}

Experiment before_chip(Experiment e) {
  e.train.distill.reset();
  e.train.hardware.reset();
  e.train.only.clear();
  e.train.start = TrainingStart::init;
  return e;
}

Experiment on_chip(Experiment e, std::int64_t chip) {
  e.train.hardware->chip = chip;
  e.evaluation.first_draw = chip;
  e.evaluation.draws = 1;
  e.evaluation.stop.reset();
  return e;
}

std::int64_t epochs_of(const TrainSettings& train) {
  const bool on_chip = train.hardware && train.hardware->chip;
  return on_chip ? train.hardware->chip_epochs.value_or(static_cast<int>(train.epochs))
                 : train.epochs;
}

std::vector<std::string> training_identities(const Experiment& e) {
  std::vector<std::string> all{e.training_identity()};
  if (is_one_chip(e)) all.push_back(before_chip(e).training_identity());
  if (!e.trains_each_chip()) return all;
  const EvaluationSettings& evaluation = e.evaluation;
  const std::int64_t draws = evaluation.stop ? evaluation.stop->max_draws : evaluation.draws;
  for (std::int64_t d = 0; d < draws; ++d)
    all.push_back(on_chip(e, evaluation.first_draw + d).training_identity());
  return all;
}

std::string other_chips_text(const Experiment& e) {
  if (!is_one_chip(e) || !measures_others(e)) return "";
  return fmt::format(
      "trained on chip {} (train.hardware.chip) and measured on {}, other chips, "
      "whose devices are off by something else",
      *e.train.hardware->chip, draws_text(e.evaluation));
}

}  // namespace ohmic
