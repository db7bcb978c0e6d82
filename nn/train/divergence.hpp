// A training whose loss or weights stopped being numbers: what it throws, and how its folder
// remembers it, so that nobody trains it again to see the same.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "simulator/error.hpp"

namespace ohmic {

/// Thrown by train() in the first epoch whose loss or weights are not finite, and at once where the
/// same training did so before. Names the epoch (from 1) and what is no number; what came before
/// that epoch stays in the folder.
class TrainingDiverged : public DataError {
 public:
  using DataError::DataError;
};

/// "diverged in epoch 1 of 2: the loss is nan".
std::string divergence_text(std::int64_t epoch, std::int64_t epochs, const std::string& what);

/// Writes `folder`/diverged.txt: the text, one line, and the identity of the training, another.
/// Throws OutputError.
void write_divergence(const std::filesystem::path& folder, const std::string& identity,
                      const std::string& text);

/// The text; nothing without the file, or where it is of another training or damaged: then
/// the training says the same again.
std::optional<std::string> read_divergence(const std::filesystem::path& folder,
                                           const std::string& identity);

}  // namespace ohmic
