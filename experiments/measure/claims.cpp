#include "experiments/measure/claims.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "nn/io/sha256.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// 60 bits of the name's hash: names that share a byte would only wait for each other.
std::int64_t byte_of(const std::string& name) {
  return std::stoll(sha256(name).substr(0, 15), nullptr, 16);
}

/// Locks of an open file description: they neither end when some other descriptor of the file is
/// closed nor let threads of one process past each other.
struct flock one_byte(int type, std::int64_t byte) {
  struct flock lock {};
  lock.l_type = static_cast<short>(type);
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return lock;
}

std::shared_ptr<const int> shared_descriptor(int descriptor) {
  return {new int(descriptor), [](const int* d) {
            ::close(*d);
            delete d;
          }};
}

}  // namespace

Claim::~Claim() {
  if (!file_) return;
  struct flock lock = one_byte(F_UNLCK, byte_);
  ::fcntl(*file_, F_OFD_SETLK, &lock);
}

Claims::Claims(const std::filesystem::path& file) : path_(file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor < 0)
    throw OutputError(file.string() + ": cannot be written: " + std::strerror(errno));
  file_ = shared_descriptor(descriptor);
}

std::optional<Claim> Claims::claim(const std::string& name, int type, int command) const {
  struct flock lock = one_byte(type, byte_of(name));
  while (::fcntl(*file_, command, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) return std::nullopt;
    if (errno != EINTR)
      throw OutputError(path_.string() + ": cannot be locked: " + std::strerror(errno) +
                        "; a run folder needs a file system with locks");
  }
  return Claim(file_, lock.l_start);
}

std::optional<Claim> Claims::try_exclusive(const std::string& name) const {
  return claim(name, F_WRLCK, F_OFD_SETLK);
}

std::optional<Claim> Claims::try_shared(const std::string& name) const {
  return claim(name, F_RDLCK, F_OFD_SETLK);
}

Claim Claims::exclusive(const std::string& name, const std::function<void()>& on_wait) const {
  if (auto claim = try_exclusive(name)) return std::move(*claim);
  if (on_wait) on_wait();
  return *claim(name, F_WRLCK, F_OFD_SETLKW);
}

bool Claims::is_held(const std::filesystem::path& file, const std::string& name) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return false;
  const auto closed_at_the_end = shared_descriptor(descriptor);
  struct flock lock = one_byte(F_WRLCK, byte_of(name));
  return ::fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace ohmic
