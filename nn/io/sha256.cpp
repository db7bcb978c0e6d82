#include "nn/io/sha256.hpp"

#include <openssl/evp.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

class Digest {
 public:
  explicit Digest(const EVP_MD* function) : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    OHMIC_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), function, nullptr) == 1);
  }
  void update(std::string_view bytes) {
    OHMIC_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }
  std::string hexadecimal() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    OHMIC_ASSERT(EVP_DigestFinal_ex(context_.get(), digest, &size) == 1);
    std::string text;
    for (unsigned i = 0; i < size; ++i) {
      text += "0123456789abcdef"[digest[i] >> 4];
      text += "0123456789abcdef"[digest[i] & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::string digest_of_file(const std::filesystem::path& file, const EVP_MD* function) {
  std::ifstream stream(file, std::ios::binary);
  std::vector<char> buffer(1 << 20);
  Digest hash(function);
  while (stream.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) ||
         stream.gcount() > 0)
    hash.update({buffer.data(), static_cast<std::size_t>(stream.gcount())});
  if (!stream.eof()) throw DataError(file.string() + ": cannot be read: " + std::strerror(errno));
  return hash.hexadecimal();
}

/// Smaller files are read again each time.
constexpr std::uintmax_t kRemembered = std::uintmax_t{1} << 20;

struct Version {
  std::uintmax_t bytes = 0;
  std::filesystem::file_time_type written;
  bool operator==(const Version&) const = default;
};

/// No bytes where that cannot be said.
Version version_of(const std::filesystem::path& file) {
  std::error_code unknown;
  const auto bytes = std::filesystem::file_size(file, unknown);
  if (unknown) return {};
  return {bytes, std::filesystem::last_write_time(file, unknown)};
}

}  // namespace

std::string sha256(std::string_view bytes) {
  Digest hash(EVP_sha256());
  hash.update(bytes);
  return hash.hexadecimal();
}

std::string sha256_of_file(const std::filesystem::path& file) {
  const Version now = version_of(file);
  if (now.bytes < kRemembered) return digest_of_file(file, EVP_sha256());
  static std::mutex mutex;
  static std::map<std::filesystem::path, std::pair<Version, std::string>> known;
  const std::lock_guard guard(mutex);
  auto& [version, digest] = known[std::filesystem::absolute(file)];
  if (digest.empty() || version != now) digest = digest_of_file(file, EVP_sha256());
  version = now;
  return digest;
}

std::string md5_of_file(const std::filesystem::path& file) {
  return digest_of_file(file, EVP_md5());
}

}  // namespace ohmic
