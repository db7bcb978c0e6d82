// SHA-256 (OpenSSL), in lower-case hexadecimal: identities of points, data and weight files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ohmic {

std::string sha256(std::string_view bytes);
/// Of a file's content. Throws DataError naming a file that cannot be read.
std::string sha256_of_file(const std::filesystem::path&);
/// MD5, for archives whose authors publish nothing better.
std::string md5_of_file(const std::filesystem::path&);

}  // namespace ohmic
