#include "nn/io/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
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

/// Into a new file: what lies there may be a link, a pipe or another file's second name.
bool write_parts(const fs::path& file, std::initializer_list<std::string_view> parts) {
  ::unlink(file.c_str());
  const int descriptor =
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor < 0) return false;
  bool good = true;
  for (const std::string_view part : parts) good = good && write_all(descriptor, part);
  good = good && ::fsync(descriptor) == 0;
  const int reason = errno;
  const bool closed = ::close(descriptor) == 0;
  if (!good) errno = reason;
  return good && closed;
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
  fs::path beside = file;
  beside += ".tmp";
  if (write_parts(beside, parts) && ::rename(beside.c_str(), file.c_str()) == 0)
    return sync_folder(file.parent_path());
  const int reason = errno;
  ::unlink(beside.c_str());
  throw OutputError(file.string() + ": cannot be written: " + std::strerror(reason));
}

}  // namespace ohmic
