// Whole files of weights.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

namespace ohmic {

/// The whole content. Throws DataError naming the file and the reason.
std::string read_bytes(const std::filesystem::path&);

/// Writes the parts, one after the other, beside the file, fsyncs and renames: a reader sees the
/// old file or the new one, never half. Throws OutputError; then the old file is still there.
void replace_file(const std::filesystem::path&, std::initializer_list<std::string_view> parts);

}  // namespace ohmic
