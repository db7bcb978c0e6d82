#include "experiments/measure/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "experiments/measure/own_copy.hpp"
#include "nn/io/file.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// An open file, no link and no pipe, which a run folder of somebody else's may hold; closing it is
/// part of writing it, because some file systems report errors there.
class Log {
 public:
  explicit Log(const std::filesystem::path& path)
      : path_(path),
        descriptor_(::open(path.c_str(),
                           O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                           0666)) {
    if (descriptor_ < 0) fail();
  }
  ~Log() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  void write(std::string_view content) const {
    while (!content.empty()) {
      const ssize_t written = ::write(descriptor_, content.data(), content.size());
      if (written < 0 && errno != EINTR) fail();
      if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void close() {
    if (::close(std::exchange(descriptor_, -1)) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw OutputError(path_.string() + ": cannot be written: " + std::strerror(errno));
  }
  const std::filesystem::path& path_;
  int descriptor_;
};

[[noreturn]] void refuse_unreadable(const std::filesystem::path& path, const std::string& why) {
  throw OutputError(path.string() + ": cannot be read: " + why);
}

std::ifstream opened(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error))
    refuse_unreadable(path,
                      "it is a folder, a device, a pipe or a socket; expected a regular file");
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) refuse_unreadable(path, std::strerror(errno));
  return file;
}

std::uintmax_t bytes_of(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error) refuse_unreadable(path, error.message());
  return bytes;
}

/// Less where the file has become shorter meanwhile.
std::string read_from(std::ifstream& file, const std::filesystem::path& path,
                      std::uintmax_t bytes) {
  std::string content(bytes, '\0');
  file.read(content.data(), static_cast<std::streamsize>(bytes));
  if (file.bad()) refuse_unreadable(path, std::strerror(errno));
  content.resize(static_cast<std::size_t>(file.gcount()));
  return content;
}

}  // namespace

void write_atomically(const std::filesystem::path& path, std::string_view content) {
  replace_file(path, {content});
}

std::string read_whole(const std::filesystem::path& path, std::uintmax_t most) {
  std::ifstream file = opened(path);
  const std::uintmax_t bytes = bytes_of(path);
  if (bytes > most)
    throw DataError(
        fmt::format("{}: has {} bytes; expected at most {}", path.string(), bytes, most));
  return read_from(file, path, bytes);
}

std::string read_beginning(const std::filesystem::path& path, std::size_t most) {
  std::ifstream file = opened(path);
  return read_from(file, path, std::min<std::uintmax_t>(most, bytes_of(path)));
}

void append_line(const std::filesystem::path& path, std::string_view line) {
  own_copy(path);
  Log log(path);
  log.write(std::string(line) + "\n");
  log.close();
}

}  // namespace ohmic
