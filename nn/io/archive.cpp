#include "nn/io/archive.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

#include "nn/io/file.hpp"
#include "nn/io/zip.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using Reader = std::unique_ptr<archive, decltype(&archive_read_free)>;

[[noreturn]] void damaged(const fs::path& file, archive* a) {
  const char* reason = archive_error_string(a);
  refuse_file(file, std::string("is damaged or truncated: ") + (reason ? reason : "unreadable"));
}

/// A reader of gzip, xz or uncompressed files that looks for `format` inside.
Reader open_reader(const fs::path& file, int (*format)(archive*)) {
  std::error_code error;
  if (!fs::exists(file, error)) refuse_file(file, "no such file");
  if (fs::is_directory(file, error)) refuse_file(file, "is a folder, not a file");
  if (!fs::is_regular_file(file, error)) refuse_file(file, "is not a file");
  if (!std::ifstream(file))
    refuse_file(file, std::string("cannot be read: ") + std::strerror(errno));
  Reader reader(archive_read_new(), archive_read_free);
  OHMIC_ASSERT(reader);
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_xz(reader.get());
  format(reader.get());
  if (archive_read_open_filename(reader.get(), file.c_str(), 1 << 18) != ARCHIVE_OK)
    damaged(file, reader.get());
  return reader;
}

/// One filter, as whoever packs images uses; a few hundred bytes packed again and again hold
/// gigabytes.
void refuse_packed_twice(const fs::path& file, archive* a) {
  constexpr int kOneFilter = 2;  // and the file itself
  if (archive_filter_count(a) > kOneFilter) refuse_file(file, "is packed more than once");
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

[[noreturn]] void too_large(const fs::path& file, std::uint64_t limit) {
  refuse_file(file, "would unpack to more than " + std::to_string(limit) +
                        " bytes (64 MiB and 20 times its own size), which no file of images does");
}

std::vector<std::uint8_t> entry_bytes(const fs::path& file, archive* a) {
  const std::uint64_t limit = unpacked_limit(fs::file_size(file));
  std::vector<std::uint8_t> bytes;
  read_entry(file, a, [&](const char* data, std::size_t size) {
    if (size > limit - bytes.size()) too_large(file, limit);
    bytes.insert(bytes.end(), data, data + size);
  });
  return bytes;
}

std::map<std::string, std::vector<std::uint8_t>> all_entries(ZipFile& zip) {
  std::map<std::string, std::vector<std::uint8_t>> entries;
  for (const ZipFile::Entry& entry : zip.entries()) {
    const std::string_view content = zip.read(entry);
    entries[entry.name] = {content.begin(), content.end()};
  }
  return entries;
}

/// One or several gzip members, each with its checksum, which libarchive does not look at.
std::vector<std::uint8_t> gunzipped(const fs::path& file) {
  const std::string packed = read_bytes(file);
  const std::uint64_t limit = unpacked_limit(packed.size());
  std::vector<std::uint8_t> content, buffer(1 << 18);
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
    refuse_file(file, "cannot be unpacked: no memory");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> ended(&stream, inflateEnd);
  std::size_t at = 0;
  while (at < packed.size()) {
    const std::size_t step = std::min<std::size_t>(packed.size() - at, 1 << 30);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + at));
    stream.avail_in = static_cast<uInt>(step);
    stream.next_out = buffer.data();
    stream.avail_out = static_cast<uInt>(buffer.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    at += step - stream.avail_in;
    const std::size_t made = buffer.size() - stream.avail_out;
    if (made > limit - content.size()) too_large(file, limit);
    content.insert(content.end(), buffer.data(), buffer.data() + made);
    if (status == Z_STREAM_END) {
      if (at == packed.size()) return content;
      inflateReset(&stream);
    } else if (status != Z_OK) {
      refuse_file(file, std::string("is damaged or truncated: ") +
                            (stream.msg ? stream.msg : "its checksum or its end"));
    }
  }
  refuse_file(file, "is damaged or truncated: its end is missing");
}

bool is_gzip(const fs::path& file) {
  char magic[2] = {};
  std::ifstream(file, std::ios::binary).read(magic, 2);
  return magic[0] == '\x1f' && magic[1] == '\x8b';
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
    refuse_file(file, "refused: its entry \"" + path.string() + "\" would leave the folder");
  const bool link = archive_entry_hardlink(entry) || archive_entry_symlink(entry);
  if (!link && archive_entry_filetype(entry) == AE_IFDIR) return;
  if (link || archive_entry_filetype(entry) != AE_IFREG)
    refuse_file(file, "refused: its entry \"" + path.string() + "\" is not a regular file");
  unpack_file(file, a, folder / path);
}

}  // namespace

std::vector<std::uint8_t> read_decompressed(const fs::path& file) {
  std::error_code error;
  if (fs::is_regular_file(file, error) && fs::is_empty(file)) return {};
  if (fs::is_regular_file(file, error) && is_gzip(file)) return gunzipped(file);
  const Reader reader = open_reader(file, archive_read_support_format_raw);
  archive_entry* entry = nullptr;
  if (archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) damaged(file, reader.get());
  refuse_packed_twice(file, reader.get());
  return entry_bytes(file, reader.get());
}

std::map<std::string, std::vector<std::uint8_t>> read_zip_entries(const fs::path& file) {
  ZipFile zip(file);
  return all_entries(zip);
}

std::map<std::string, std::vector<std::uint8_t>> read_zip_entries(std::string_view bytes,
                                                                  const std::string& what) {
  ZipFile zip(std::string(bytes), what);
  return all_entries(zip);
}

std::vector<std::string> zip_paths(const fs::path& file) {
  const ZipFile zip(map_file(file), file.string());
  std::vector<std::string> paths;
  for (const ZipFile::Entry& entry : zip.entries()) paths.push_back(entry.name);
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
