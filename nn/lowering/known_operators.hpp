// Whether there is an operator for each node of a model.
#pragma once

#include <vector>

#include "nn/import/imported_model.hpp"

namespace ohmic {

/// Throws DataError that names file, all operators that are missing with a node of each, and what
/// can be done about them.
void check_operators(const ImportedModel&, const std::vector<ModelNode>& nodes);

}  // namespace ohmic
