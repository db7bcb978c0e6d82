// Points that no run can compute, in the files a run is read by.
#pragma once

#include <string>
#include <vector>

#include "experiments/results/tables.hpp"

namespace ohmic {

/// A point of the sweep whose network's training diverged.
struct LeftOutPoint {
  const Point* point = nullptr;
  std::string identity, training;  ///< of the point, of the training
  std::string reason;              ///< "diverged in epoch 1 of 2: the loss is no finite number"
};

/// results_csv with a row for each of these too, in the order of the sweep and without numbers;
/// every row then ends in a status, "measured" or "diverged". All points lie in one array. Where
/// none is left out the text is that of results_csv.
std::string results_csv(const std::vector<MeasuredPoint>&, const std::vector<LeftOutPoint>&);
/// results_jsonl in the same way; these points have a status and a reason instead of numbers.
std::string results_jsonl(const std::vector<MeasuredPoint>&, const std::vector<LeftOutPoint>&);

}  // namespace ohmic
