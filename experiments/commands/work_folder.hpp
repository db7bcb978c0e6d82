// A folder of a command's own for what nobody is to see.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "simulator/error.hpp"

namespace ohmic {

/// Gone at the end. Throws OutputError where none can be made.
class WorkFolder {
 public:
  WorkFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ohmic-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw OutputError(name + ": cannot be made");
    path_ = name;
  }
  ~WorkFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace ohmic
