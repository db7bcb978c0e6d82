#include "nn/io/mapped_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "nn/io/file.hpp"

namespace ohmic {
namespace {

class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& file)
      : value_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

}  // namespace

void MappedFile::forget() const {
  if (size > 0) ::madvise(const_cast<std::byte*>(data.get()), size, MADV_DONTNEED);
}

MappedFile map_file(const std::filesystem::path& file) {
  const Descriptor descriptor(file);
  if (descriptor.get() < 0 && errno == ENOENT) refuse_file(file, "no such file");
  struct stat facts {};
  if (descriptor.get() < 0 || ::fstat(descriptor.get(), &facts) != 0)
    refuse_file(file, std::string("cannot be read: ") + std::strerror(errno));
  if (!S_ISREG(facts.st_mode)) refuse_file(file, "is not a file");
  const auto size = static_cast<std::size_t>(facts.st_size);
  if (size == 0) return {std::make_shared<const std::byte>(), 0, file};
  void* const at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.get(), 0);
  if (at == MAP_FAILED) refuse_file(file, std::string("cannot be read: ") + std::strerror(errno));
  return {{static_cast<const std::byte*>(at), [at, size](const std::byte*) { ::munmap(at, size); }},
          size,
          file};
}

}  // namespace ohmic
