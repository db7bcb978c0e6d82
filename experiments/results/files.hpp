// Files of a run folder: whole or not there, and one writer at a time.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace ohmic {

/// Makes the folder (and those above it) if absent. Throws OutputError naming it and the reason.
void make_folder(const std::filesystem::path&);

/// Writes beside, fsyncs and renames: a reader sees the old content or the new, never half. Throws
/// OutputError naming the file and the reason; then the old content is still there.
void write_atomically(const std::filesystem::path&, std::string_view content);

/// The whole content. Throws OutputError when the file cannot be read.
std::string read_whole(const std::filesystem::path&);

/// Appends one line to a log, safe from the death of the process though not of the machine. Throws
/// OutputError.
void append_line(const std::filesystem::path&, std::string_view line);

/// Holds a run folder's `lock` file while alive; the operating system lets go of it when the
/// process dies in any way.
class FolderLock {
 public:
  /// Calls `on_wait` once when another process holds the lock, then waits. Throws OutputError.
  FolderLock(const std::filesystem::path& folder, const std::function<void()>& on_wait);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace ohmic
