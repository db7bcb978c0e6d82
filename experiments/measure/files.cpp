#include "experiments/measure/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
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

}  // namespace

void write_atomically(const std::filesystem::path& path, std::string_view content) {
  replace_file(path, {content});
}

std::string read_whole(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error))
    throw OutputError(path.string() +
                      ": cannot be read: it is a folder, a device, a pipe or a socket; expected a "
                      "regular file");
  std::ifstream file(path, std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(file)), {});
  if (!file.is_open() || file.bad())
    throw OutputError(path.string() + ": cannot be read: " + std::strerror(errno));
  return content;
}

void append_line(const std::filesystem::path& path, std::string_view line) {
  own_copy(path);
  Log log(path);
  log.write(std::string(line) + "\n");
  log.close();
}

}  // namespace ohmic
