// Weights that Python's torch.save wrote (state dicts, checkpoints that hold one) and TorchScript
// archives, read as data: no code in them is run, and LibTorch is not needed.
#pragma once

#include <filesystem>

#include "nn/network/weights.hpp"

namespace ohmic {

/// A zip archive of torch.save (since 1.6) or TorchScript. Names are as saved, without the
/// "module." of DataParallel; integer tensors are left out. Throws DataError.
Checkpoint read_torch_zip(const std::filesystem::path&);
/// A pickle of torch.save before 1.6.
Checkpoint read_torch_legacy(const std::filesystem::path&);

}  // namespace ohmic
