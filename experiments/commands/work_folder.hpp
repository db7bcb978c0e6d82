// A folder of a command's own for what nobody is to see.
#pragma once

#include <stdlib.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "simulator/error.hpp"

namespace ohmic {

/// Gone at the end. Throws OutputError where none can be made.
class WorkFolder {
 public:
  WorkFolder() {
    std::error_code error;
    const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
    std::string name = (parent / "ohmic-XXXXXX").string();
    if (!error && ::mkdtemp(name.data())) {
      path_ = name;
      return;
    }
    if (!error) error = {errno, std::generic_category()};
    const char* said = std::getenv("TMPDIR");
    throw OutputError((said ? said : "/tmp") + std::string(": no folder can be made in it: ") +
                      error.message() +
                      "; expected a folder for temporary files, which TMPDIR names");
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
