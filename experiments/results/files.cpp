#include "experiments/results/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what, int reason) {
  throw OutputError(path.string() + ": cannot " + what + ": " + std::strerror(reason));
}

/// An open file; closing it is part of writing it, because some file systems report errors there.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags) : path_(path) {
    descriptor_ = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail(path, "be written", errno);
  }
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  void write(std::string_view content) const {
    while (!content.empty()) {
      const ssize_t written = ::write(descriptor_, content.data(), content.size());
      if (written < 0 && errno != EINTR) fail(path_, "be written", errno);
      if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  void sync() const {
    if (::fsync(descriptor_) != 0) fail(path_, "be written", errno);
  }
  void close() {
    if (::close(std::exchange(descriptor_, -1)) != 0) fail(path_, "be written", errno);
  }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

/// A rename is durable when its folder is.
void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw OutputError(folder.string() + ": cannot be made: " + error.message());
}

void write_atomically(const std::filesystem::path& path, std::string_view content) {
  std::filesystem::path beside = path;
  beside += ".tmp";
  try {
    Descriptor file(beside, O_WRONLY | O_CREAT | O_TRUNC);
    file.write(content);
    file.sync();
    file.close();
    if (::rename(beside.c_str(), path.c_str()) != 0) fail(path, "be replaced", errno);
  } catch (const OutputError&) {
    ::unlink(beside.c_str());
    throw;
  }
  sync_folder(path.parent_path());
}

std::string read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(file)), {});
  if (!file.is_open() || file.bad())
    throw OutputError(path.string() + ": cannot be read: " + std::strerror(errno));
  return content;
}

void append_line(const std::filesystem::path& path, std::string_view line) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_APPEND);
  file.write(std::string(line) + "\n");
  file.close();
}

FolderLock::FolderLock(const std::filesystem::path& folder, const std::function<void()>& on_wait) {
  const std::filesystem::path path = folder / "lock";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(path, "be written", errno);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  if (errno == EWOULDBLOCK) on_wait();
  while (::flock(descriptor_, LOCK_EX) != 0)
    if (errno != EINTR) {
      const int reason = errno;
      ::close(descriptor_);
      fail(path, "be locked", reason);
    }
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace ohmic
