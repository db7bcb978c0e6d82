#include <unistd.h>

#include <fstream>

#include "tests/fuzz/target.hpp"
#include "tests/stored_zip.hpp"

namespace ohmic::test {
namespace {

namespace fs = std::filesystem;

/// In memory where there is such a folder: every run writes a file.
fs::path folder_of_folders() {
  const char* const memory = "/dev/shm";
  return ::access(memory, W_OK) == 0 ? fs::path(memory) : fs::temp_directory_path();
}

struct Folder {
  fs::path path =
      folder_of_folders() / ("ohmic-fuzz-" + std::to_string(static_cast<long>(::getpid())));
  Folder() { fs::create_directories(path); }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

}  // namespace

std::vector<NamedTarget>& targets() {
  static std::vector<NamedTarget> all;
  return all;
}

bool add_target(const char* name, Target (*make)()) {
  targets().push_back({name, make});
  return true;
}

fs::path scratch_folder() {
  static const Folder folder;
  return folder.path;
}

fs::path scratch(std::string_view bytes, const std::string& name) {
  const fs::path file = scratch_folder() / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
  return file;
}

Part part_with_length(const std::string& file, std::size_t size_at, int size_bytes) {
  std::uint64_t size = 0;
  for (int i = size_bytes; i-- > 0;)
    size = size << 8 | static_cast<std::uint8_t>(file[size_at + static_cast<std::size_t>(i)]);
  const std::size_t first = size_at + static_cast<std::size_t>(size_bytes);
  const std::string before = file.substr(0, size_at), bytes = file.substr(first, size);
  const std::string behind = file.substr(first + bytes.size());
  return {bytes, [=](const std::string& other) {
            return before + little_endian(other.size(), size_bytes) + other + behind;
          }};
}

}  // namespace ohmic::test
