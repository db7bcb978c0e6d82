// What a network of a file answers against answers that are known: those of the file's own
// operators to samples that it stores, or those that another program gave.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nn/data/dataset.hpp"
#include "nn/lowering/lower.hpp"

namespace ohmic {

struct AnswerCheck {
  std::int64_t samples = 0;
  double largest = 0;   ///< of the numbers of all known answers
  double furthest = 0;  ///< of one number from the known one
  std::int64_t furthest_sample = 0;
  /// The first whose answer is a number where the known one is none, or the other way; -1: none.
  std::int64_t unlike_sample = -1;
  bool known_is_number = true;  ///< of `unlike_sample`
  bool are_whole = false;       ///< known answers: classes, say, of which the next is another one
  /// `furthest` by `largest`; 0 where both are.
  double relative() const;
  /// To 1 % of the largest number, as of networks in half precision; whole numbers are the same.
  bool agree() const;
};

/// Samples as the network takes them (fit_to), with exact weights. `wanted`: the samples' answers,
/// row-major, whole numbers where `are_whole`. Throws DataError where these are not as many.
AnswerCheck check_answers(const LoweredNetwork&, const Dataset&, const std::vector<float>& wanted,
                          bool are_whole = false);

/// Of the samples that `model` stores (torch.export does) with the answers that its operators give
/// one after another, without layers. None: it stores no sample that fits its inputs.
std::optional<AnswerCheck> check_stored_sample(const LoweredNetwork&, const ImportedModel& model);

}  // namespace ohmic
