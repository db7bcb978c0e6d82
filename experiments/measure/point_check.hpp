// What a point on disk can be: counts that its images can give, and nothing else.
#pragma once

#include <filesystem>
#include <string>

#include "experiments/measure/point_result.hpp"

namespace ohmic {

/// Throws DataError "PLACE: damaged: ..." for a draw that has not a score for every stratum of the
/// point, or more right answers than there are, or a value that the metric cannot have.
void check_draw(const DrawResult&, const PointResult&, const std::string& place);

/// Checks the draws of an unfinished point, as read from its log in the folder `points`
/// (PointStore::logged_draws), when its images and batch are known; names the line.
void check_logged(const PointResult&, const std::filesystem::path& points);

}  // namespace ohmic
