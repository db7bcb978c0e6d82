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
  double largest = 0;     ///< of the numbers of all known answers
  double furthest = 0;    ///< of one number from the known one
  bool is_finite = true;  ///< else neither says anything
  /// `furthest` by `largest`; 0 where both are.
  double relative() const;
};

/// Samples as the network takes them (fit_to), with exact weights. `wanted`: the samples' answers,
/// row-major. Throws DataError where these are not as many numbers.
AnswerCheck check_answers(const LoweredNetwork&, const Dataset&, const std::vector<float>& wanted);

/// Of the samples that `model` stores (torch.export does) with the answers that its operators give
/// one after another, without layers. None: it stores no sample that fits its inputs.
std::optional<AnswerCheck> check_stored_sample(const LoweredNetwork&, const ImportedModel& model);

}  // namespace ohmic
