#include "simulator/config/text_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw DataError(file.string() + ": cannot be read: " + why);
}

void check_kind(const std::filesystem::path& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) refuse(file, error.message());
  if (std::filesystem::is_directory(status)) refuse(file, "it is a folder");
  if (!std::filesystem::is_regular_file(status))
    refuse(file, "it is a device, a pipe or a socket; expected a regular file");
}

}  // namespace

std::string read_text_file(const std::filesystem::path& file, std::size_t most_bytes) {
  check_kind(file);
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) refuse(file, std::strerror(errno));
  std::string text;
  char part[1 << 14];
  do {
    stream.read(part, sizeof part);
    text.append(part, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > most_bytes)
      refuse(file, "it is longer than " + std::to_string(most_bytes) + " bytes");
  } while (stream);
  return text;
}

}  // namespace ohmic
