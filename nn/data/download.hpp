// Getting CIFAR from its authors' page: resumable, verified, unpacked safely.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "nn/data/cifar.hpp"

namespace ohmic {

struct Download {
  std::string url = "https://www.cs.toronto.edu/~kriz/";  ///< folder of the archive
  std::function<void(std::int64_t done, std::int64_t total)>
      on_progress;  ///< bytes; total 0: unknown
};

/// Brings the data set below `root` and returns its folder; does nothing when it is there. An
/// archive that lies in `root` already is used, a partial one (.part) is continued. Files appear
/// whole, after the archive's MD5 was found right; then the archive is removed. Throws DataError:
/// no connection (with the exact URL and the folder to put the file in), wrong MD5, an archive that
/// is damaged or would leave its folder; OutputError when `root` cannot be written.
std::filesystem::path get_cifar(const CifarFormat&, const std::filesystem::path& root,
                                const Download& = {});

}  // namespace ohmic
