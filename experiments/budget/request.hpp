// What a file asks of `ohmic budget`.
#pragma once

#include <string>
#include <vector>

#include "experiments/budget/settings.hpp"
#include "experiments/study/experiment.hpp"

namespace ohmic {

/// What a file asks: an answer per point of its sweep.
struct BudgetRequest {
  Value root;
  BudgetSettings settings;
  std::vector<Point> points;

  /// Where a key of [budget] stands ("find.knob"), or the nearest table around it.
  Position where(const std::string& key) const;
  /// A fault at that key.
  Fault fault(const std::string& key, const std::string& message) const;
};

/// Appends a fault where what may be lost is nothing that the points' metric can lose.
void check_allowed(const BudgetRequest&, std::vector<Fault>&);

/// Reads [budget] and the points of a file. Throws ConfigError with every fault; also for a file
/// without [budget].
BudgetRequest read_budget(const Value& root);
/// The same, or of a file without [budget] its points and no question.
BudgetRequest read_request(const Value& root);

/// remarks_on all that is computed for a request: its points, and where a knob is searched these
/// at both ends of its range.
std::vector<std::string> remarks_on(const BudgetRequest&);

}  // namespace ohmic
