#include "nn/io/archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using Reader = std::unique_ptr<archive, decltype(&archive_read_free)>;

[[noreturn]] void fail(const fs::path& file, const std::string& why) {
  throw DataError(file.string() + ": " + why);
}

[[noreturn]] void damaged(const fs::path& file, archive* a) {
  const char* reason = archive_error_string(a);
  fail(file, std::string("is damaged or truncated: ") + (reason ? reason : "unreadable"));
}

/// A reader of gzip, xz or uncompressed files that looks for `format` inside.
Reader open_reader(const fs::path& file, int (*format)(archive*)) {
  std::error_code error;
  if (!fs::exists(file, error)) fail(file, "no such file");
  if (fs::is_directory(file, error)) fail(file, "is a folder, not a file");
  if (!std::ifstream(file)) fail(file, std::string("cannot be read: ") + std::strerror(errno));
  Reader reader(archive_read_new(), archive_read_free);
  OHMIC_ASSERT(reader);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_xz(reader.get());
  format(reader.get());
  if (archive_read_open_filename(reader.get(), file.c_str(), 1 << 18) != ARCHIVE_OK)
    damaged(file, reader.get());
  return reader;
}

/// Gives the entry's data to `sink` piece by piece.
template <class Sink>
void read_entry(const fs::path& file, archive* a, const Sink& sink) {
  std::vector<char> buffer(1 << 18);
  while (true) {
    const la_ssize_t n = archive_read_data(a, buffer.data(), buffer.size());
    if (n < 0) damaged(file, a);
    if (n == 0) return;
    sink(buffer.data(), static_cast<std::size_t>(n));
  }
}

std::vector<std::uint8_t> entry_bytes(const fs::path& file, archive* a) {
  std::vector<std::uint8_t> bytes;
  read_entry(file, a, [&](const char* data, std::size_t size) {
    bytes.insert(bytes.end(), data, data + size);
  });
  return bytes;
}

std::map<std::string, std::vector<std::uint8_t>> all_entries(const fs::path& file, archive* a) {
  std::map<std::string, std::vector<std::uint8_t>> entries;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(a, &entry)) == ARCHIVE_OK) {
    const char* name = archive_entry_pathname(entry);
    entries[name ? name : ""] = entry_bytes(file, a);
  }
  if (status != ARCHIVE_EOF) damaged(file, a);
  return entries;
}

bool stays_inside(const fs::path& path) {
  if (path.empty() || path.is_absolute()) return false;
  for (const fs::path& part : path)
    if (part == "..") return false;
  return true;
}

void unpack_file(const fs::path& file, archive* a, const fs::path& to) {
  fs::create_directories(to.parent_path());
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  read_entry(file, a, [&](const char* data, std::size_t size) {
    out.write(data, static_cast<std::streamsize>(size));
  });
  out.close();
  if (!out) throw OutputError(to.string() + ": cannot be written: " + std::strerror(errno));
}

void unpack_entry(const fs::path& file, archive* a, archive_entry* entry, const fs::path& folder) {
  const char* name = archive_entry_pathname(entry);
  const fs::path path = name ? name : "";
  if (!stays_inside(path))
    fail(file, "refused: its entry \"" + path.string() + "\" would leave the folder");
  const bool link = archive_entry_hardlink(entry) || archive_entry_symlink(entry);
  if (!link && archive_entry_filetype(entry) == AE_IFDIR) return;
  if (link || archive_entry_filetype(entry) != AE_IFREG)
    fail(file, "refused: its entry \"" + path.string() + "\" is not a regular file");
  unpack_file(file, a, folder / path);
}

}  // namespace

std::vector<std::uint8_t> read_decompressed(const fs::path& file) {
  if (fs::is_regular_file(file) && fs::is_empty(file)) return {};
  const Reader reader = open_reader(file, archive_read_support_format_raw);
  archive_entry* entry = nullptr;
  if (archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) damaged(file, reader.get());
  return entry_bytes(file, reader.get());
}

std::map<std::string, std::vector<std::uint8_t>> read_zip_entries(const fs::path& file) {
  const Reader reader = open_reader(file, archive_read_support_format_zip);
  return all_entries(file, reader.get());
}

std::map<std::string, std::vector<std::uint8_t>> read_zip_entries(std::string_view bytes,
                                                                  const std::string& what) {
  const Reader reader(archive_read_new(), archive_read_free);
  OHMIC_ASSERT(reader);
  archive_read_support_format_zip(reader.get());
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
    damaged(what, reader.get());
  return all_entries(what, reader.get());
}

std::vector<std::string> zip_paths(const fs::path& file) {
  const Reader reader = open_reader(file, archive_read_support_format_zip);
  std::vector<std::string> paths;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
    const char* name = archive_entry_pathname(entry);
    paths.emplace_back(name ? name : "");
  }
  if (status != ARCHIVE_EOF) damaged(file, reader.get());
  return paths;
}

void unpack_archive(const fs::path& file, const fs::path& folder) {
  const Reader reader = open_reader(file, archive_read_support_format_tar);
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK)
    unpack_entry(file, reader.get(), entry, folder);
  if (status != ARCHIVE_EOF) damaged(file, reader.get());
}

}  // namespace ohmic
