// What the parts of `ohmic run` call things in a run folder.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace ohmic {

inline std::filesystem::path timing_file(const std::filesystem::path& folder) {
  return folder / "timing.jsonl";
}
inline std::filesystem::path training_folder(const std::filesystem::path& all_training,
                                             const std::string& training_identity) {
  return all_training / training_identity.substr(0, 12);
}

/// Claims: on a point, on the folder (shared by those who work there), on its tables, on looking at
/// networks.
inline std::string point_claim(const std::string& identity) { return "point " + identity; }
inline constexpr char kFolderClaim[] = "folder";
inline constexpr char kTablesClaim[] = "tables";
inline constexpr char kExaminationClaim[] = "examination";
/// Between two looks at what other processes have finished.
inline constexpr auto kPollInterval = std::chrono::milliseconds(200);

}  // namespace ohmic
