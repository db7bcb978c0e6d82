#include "experiments/measure/folder_owner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <system_error>

#include "experiments/measure/files.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

bool is_same(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::equivalent(a, b, error);
}

/// The file that `root` was read from; empty for a text, and for a file of the folder itself.
fs::path source_of(const Value& root, const fs::path& folder) {
  const fs::path file = root.where.file;
  std::error_code error;
  if (file.empty() || !fs::is_regular_file(file, error)) return {};
  return is_same(fs::absolute(file).parent_path(), folder) ? fs::path() : file;
}

/// The file that the folder says it is of, if it is still there; else empty.
fs::path owner_of(const fs::path& folder) {
  if (!fs::exists(folder / kOwnerFile)) return {};
  constexpr std::size_t kLongestPath = 1 << 16;
  std::string line = read_beginning(folder / kOwnerFile, kLongestPath);
  line.resize(std::min(line.find_first_of(std::string_view("\n\0", 2)), line.size()));
  std::error_code error;
  const fs::path file = (fs::weakly_canonical(folder, error) / line).lexically_normal();
  return !line.empty() && fs::is_regular_file(file, error) ? file : fs::path();
}

/// Whether anything was computed there, or is being computed.
bool holds_results(const fs::path& folder) {
  std::error_code error;
  for (const char* name : {"points", "training", "evaluations"})
    if (fs::is_directory(folder / name, error) && !fs::is_empty(folder / name, error)) return true;
  return false;
}

/// Whether the folder holds results of another file that means something else.
bool is_anothers(const fs::path& folder, const fs::path& owner, const fs::path& source,
                 const std::string& resolved) {
  if (owner.empty() || source.empty() || is_same(owner, source)) return false;
  return holds_results(folder) && fs::exists(folder / "resolved.toml") &&
         read_whole(folder / "resolved.toml") != resolved;
}

}  // namespace

void check_owner(const fs::path& folder, const Value& root, const std::string& resolved,
                 const std::string& way_out) {
  const fs::path source = source_of(root, folder), owner = owner_of(folder);
  if (!is_anothers(folder, owner, source, resolved)) return;
  std::error_code error;
  throw ConfigError(
      {{{root.where.file, 0, 0},
        "output.dir",
        fmt::format("{} holds the results of another experiment file, {}, which "
                    "would be written over; give one of the two a folder of its own "
                    "(--out FOLDER, or output.dir in the file){}",
                    folder.string(), fs::proximate(owner, error).string(), way_out)}});
}

void take_folder(const fs::path& folder, const Value& root, const std::string& resolved,
                 const std::string& way_out) {
  check_owner(folder, root, resolved, way_out);
  const fs::path source = source_of(root, folder);
  const bool keeps = !owner_of(folder).empty() && holds_results(folder);
  if (source.empty() || keeps) return;
  write_atomically(folder / kOwnerFile, fs::proximate(source, folder).string() + "\n");
}

}  // namespace ohmic
