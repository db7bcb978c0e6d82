// The file weights.safetensors that a training ends with. Free of LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "nn/io/checkpoint.hpp"
#include "nn/train/trainer.hpp"

namespace ohmic {

/// Under this key the metadata of weights that fit one chip have its number
/// (TrainingHardware::chip).
inline constexpr const char* kChipKey = "trained_on_chip";

/// What the file says about its weights, those of an epoch from 0.
Metadata metadata_of(const Graph&, const Dataset&, const TrainSettings&, std::uint64_t seed,
                     const std::string& identity, std::int64_t kept_epoch);

/// The finished weights of this very training, if they are there. Throws DataError where the file
/// is damaged or another training's.
std::optional<Checkpoint> finished_weights(const std::filesystem::path& file, const Graph&,
                                           const std::string& identity);

}  // namespace ohmic
