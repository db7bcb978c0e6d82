// Whole files, and the folders they lie in.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

namespace ohmic {

/// Throws DataError "FILE: why".
[[noreturn]] void refuse_file(const std::filesystem::path&, const std::string& why);

/// The whole content. Throws DataError naming the file and the reason.
std::string read_bytes(const std::filesystem::path&);

/// Makes the folder (and those above it) if absent. Throws OutputError naming it and the reason.
void make_folder(const std::filesystem::path&);
/// The same inside of a run folder, which may come from somebody else: not through a link.
void make_own_folder(const std::filesystem::path&);

/// Writes the parts, one after the other, beside the file, fsyncs and renames: a reader sees the
/// old file or the new one, never half. Throws OutputError naming the file and the reason; then the
/// old file is still there.
void replace_file(const std::filesystem::path&, std::initializer_list<std::string_view> parts);

}  // namespace ohmic
