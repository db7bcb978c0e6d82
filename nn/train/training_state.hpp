// What continuing a training needs: the file state.safetensors, written after every epoch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nn/network/graph.hpp"
#include "nn/train/curves.hpp"

namespace ohmic {

struct TrainingState {
  std::int64_t epochs_done = 0;
  Weights weights;
  std::int64_t steps = 0;                   ///< updates of the optimiser
  std::vector<std::vector<float>> moments;  ///< of the optimiser
  double best_accuracy = -1;                ///< on test images, over the epochs done
  std::int64_t best_epoch = -1;
  Weights best;  ///< of that epoch, empty unless they are to be kept
  TrainingCurves curves;
};

/// Replaces the file in one step. Throws OutputError.
void write_state(const std::filesystem::path&, const TrainingState&, const std::string& identity);

/// Throws DataError: the file is damaged, why, and what to do.
[[noreturn]] void say_damaged_state(const std::filesystem::path&, const std::string& why);

/// Nothing when there is no file. Throws DataError when it is damaged or belongs to a training with
/// another identity; the file is left alone. Whether the moments are those of the optimiser, only
/// that knows.
std::optional<TrainingState> read_state(const std::filesystem::path&, const Graph&,
                                        const std::string& identity);

}  // namespace ohmic
