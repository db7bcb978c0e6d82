// What a chip is to reach to be a good one, where a question of [budget] names it.
#pragma once

#include <optional>

#include "simulator/config/schema.hpp"

namespace ohmic {

/// Declares `target` of S: the metric's value, a fraction for accuracies; absent: what is allowed.
template <class S>
void add_target(Schema<S>& schema, std::optional<double> S::*target) {
  schema.add("target", target)
      .absent("max_drop")
      .doc(
          "Value of the metric (a fraction for accuracies) that a good chip reaches; max_drop: "
          "what each max_drop, max_rise or limit leaves.");
}

}  // namespace ohmic
