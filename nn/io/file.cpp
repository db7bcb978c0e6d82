#include "nn/io/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// A new file beside another, locked while it is written.
struct NewFile {
  fs::path path;
  int descriptor = -1;
};

bool is_at(int descriptor, const fs::path& path) {
  struct stat opened {
  }, there{};
  return ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

/// False while another one writes it. True also where there are no locks.
bool lock(int descriptor) {
  return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

/// Removes what a dead process left there, and what may be a link, a pipe or another file's second
/// name; but not what is being written.
void remove_leftover(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  const bool is_strange =  // a link, a socket, or a file that is not to be read
      descriptor < 0 && (errno == ELOOP || errno == ENXIO || errno == EACCES);
  if (is_strange || (descriptor >= 0 && lock(descriptor) && is_at(descriptor, path)))
    ::unlink(path.c_str());
  if (descriptor >= 0) ::close(descriptor);
}

/// What is locked and at its path stays there: others remove only what they have locked.
NewFile create(const fs::path& path) {
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor < 0) return {path};
  if (lock(descriptor) && is_at(descriptor, path)) return {path, descriptor};
  ::close(descriptor);
  errno = EEXIST;
  return {path};
}

/// FILE.tmp, where the leftover of a killed process goes with the next writing; while somebody else
/// writes that, a name that is this writer's alone.
NewFile create_beside(const fs::path& file) {
  constexpr int kMostTries = 1000;
  static std::atomic<std::uint64_t> writers = 0;
  fs::path path = file;
  path += ".tmp";
  remove_leftover(path);
  NewFile beside = create(path);
  for (int i = 0; i < kMostTries && beside.descriptor < 0 && errno == EEXIST; ++i) {
    path = file;
    path += "." + std::to_string(::getpid()) + "-" + std::to_string(++writers) + ".tmp";
    beside = create(path);
  }
  return beside;
}

bool write_parts(int descriptor, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts)
    if (!write_all(descriptor, part)) return false;
  return ::fsync(descriptor) == 0;
}

/// Some file systems tell errors only then. The file's lock stays until `descriptor` is closed.
bool close_copy(int descriptor) {
  const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  return copy >= 0 && ::close(copy) == 0;
}

/// A rename is durable when its folder is.
void sync_folder(const fs::path& folder) {
  const int descriptor =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

void refuse_file(const fs::path& file, const std::string& why) {
  throw DataError(file.string() + ": " + why);
}

std::string read_bytes(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error)) refuse_file(file, "no such file");
  if (!fs::is_regular_file(file, error)) refuse_file(file, "is not a file");
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream bytes;
  if (fs::file_size(file, error) > 0) bytes << stream.rdbuf();
  if (!stream || !bytes) refuse_file(file, std::string("cannot be read: ") + std::strerror(errno));
  return std::move(bytes).str();
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw OutputError(folder.string() + ": cannot be made: " + error.message());
}

void make_own_folder(const fs::path& folder) {
  std::error_code absent;
  if (fs::is_symlink(folder, absent))
    throw OutputError(folder.string() +
                      ": is a link; expected a folder of the run's own, or nothing there");
  make_folder(folder);
}

void replace_file(const fs::path& file, std::initializer_list<std::string_view> parts) {
  const NewFile beside = create_beside(file);
  const bool good = beside.descriptor >= 0 && write_parts(beside.descriptor, parts) &&
                    close_copy(beside.descriptor) &&
                    ::rename(beside.path.c_str(), file.c_str()) == 0;
  const int reason = errno;
  if (!good && beside.descriptor >= 0) ::unlink(beside.path.c_str());
  if (beside.descriptor >= 0) ::close(beside.descriptor);
  if (!good) throw OutputError(file.string() + ": cannot be written: " + std::strerror(reason));
  sync_folder(file.parent_path());
}

}  // namespace ohmic
