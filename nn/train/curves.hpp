// What a training says of its epochs beside the weights: history.csv, theory.csv and
// theory_layers.csv. The files beside them (weights.safetensors, before that state.safetensors)
// know what was written, so that a changed curve is not believed.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "nn/network/weights.hpp"

namespace ohmic {

// In a training's folder: the weights of a finished training, what a training goes on from.
inline constexpr const char* kWeightsFile = "weights.safetensors";
inline constexpr const char* kStateFile = "state.safetensors";

/// Rows, without the headers. The latter two are empty unless the training is measured.
struct TrainingCurves {
  std::string history, theory, theory_layers;
};

/// Each file in one step. Throws OutputError.
void write_curves(const std::filesystem::path& folder, const TrainingCurves&);
/// The rows themselves, for a training that goes on: under "history" and so on.
void put_rows(const TrainingCurves&, Metadata&);
/// The SHA-256 of each file, for a finished training.
void put_hashes(const TrainingCurves&, Metadata&);

/// Throws DataError unless `text` is what the training in that file's folder wrote, as far as the
/// files beside it tell: the whole file, or its beginning while the training was going on.
void check_curve(const std::filesystem::path& file, std::string_view text);

}  // namespace ohmic
