#include "nn/io/zip.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "nn/io/file.hpp"
#include "nn/network/tensor_names.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::uint32_t kEnd = 0x06054b50, kEnd64 = 0x06064b50, kLocator64 = 0x07064b50,
                        kDirectory = 0x02014b50, kLocal = 0x04034b50;
constexpr std::uint64_t kEndBytes = 22, kLocatorBytes = 20, kEnd64Bytes = 56, kDirectoryBytes = 46,
                        kLocalBytes = 30;
constexpr std::uint64_t kMostInflation = 1040;  ///< deflate's own bound is 1032

/// Where the record that ends the archive is; npos when there is none.
std::size_t find_end(std::string_view bytes) {
  const std::string_view signature = "PK\x05\x06";
  std::size_t at = bytes.rfind(signature);
  while (at != std::string_view::npos && bytes.size() - at < kEndBytes)
    at = at == 0 ? std::string_view::npos : bytes.rfind(signature, at - 1);
  return at;
}

}  // namespace

void ZipFile::fail(const std::string& why) const { throw DataError(file_ + ": " + why); }

template <class T>
T ZipFile::number(std::uint64_t at) const {
  if (at > bytes_.size() || bytes_.size() - at < sizeof(T))
    fail("is a damaged zip archive: a record lies beyond its end");
  T value;
  std::memcpy(&value, bytes_.data() + at, sizeof value);
  return value;
}

ZipFile::ZipFile(const std::filesystem::path& file) : ZipFile(read_bytes(file), file.string()) {}

ZipFile::ZipFile(const MappedFile& file, const std::string& name)
    : file_(name), owner_(file.data), bytes_(file.text()) {
  list_entries();
}

ZipFile::ZipFile(std::string bytes, const std::string& name) : file_(name) {
  const auto held = std::make_shared<const std::string>(std::move(bytes));
  owner_ = held;
  bytes_ = *held;
  list_entries();
}

void ZipFile::list_entries() {
  const std::size_t end = find_end(bytes_);
  if (end == std::string::npos)
    fail("is a zip archive, but truncated: the list of entries at its end is missing");
  std::uint64_t count = number<std::uint16_t>(end + 10), at = number<std::uint32_t>(end + 16);
  if (end >= kLocatorBytes && number<std::uint32_t>(end - kLocatorBytes) == kLocator64) {
    const auto end64 = number<std::uint64_t>(end - kLocatorBytes + 8);
    if (end64 > bytes_.size() || bytes_.size() - end64 < kEnd64Bytes ||
        number<std::uint32_t>(end64) != kEnd64)
      fail("is a damaged zip archive: its zip64 record is not where it should be");
    count = number<std::uint64_t>(end64 + 32);
    at = number<std::uint64_t>(end64 + 48);
  }
  std::set<std::string, std::less<>> names;
  for (std::uint64_t i = 0; i < count; ++i) {
    entries_.push_back(entry_at(at));
    const Entry& entry = entries_.back();
    has_crcs_ = has_crcs_ || entry.crc != 0;
    if (!names.insert(entry.name).second) fail("holds two entries called " + shown(entry.name));
  }
  const std::uint64_t last = end + kEndBytes + number<std::uint16_t>(end + 20);
  if (last != bytes_.size())
    fail("is a damaged zip archive: it should end after " + std::to_string(last) +
         " bytes, and has " + std::to_string(bytes_.size()));
  check_apart();
}

/// No byte is of two entries.
void ZipFile::check_apart() const {
  std::vector<std::pair<std::uint64_t, const Entry*>> places;
  for (const Entry& entry : entries_) places.emplace_back(entry.header_at, &entry);
  std::sort(places.begin(), places.end());
  for (std::size_t i = 0; i + 1 < places.size(); ++i) {
    const std::string_view content = packed(*places[i].second);
    const auto end = static_cast<std::uint64_t>(content.data() + content.size() - bytes_.data());
    if (end > places[i + 1].first)
      fail("is a damaged zip archive: its entries " + shown(places[i].second->name) + " and " +
           shown(places[i + 1].second->name) + " overlap");
  }
}

ZipFile::Entry ZipFile::entry_at(std::uint64_t& at) const {
  if (number<std::uint32_t>(at) != kDirectory)
    fail("is a damaged zip archive: its list of entries is broken");
  Entry e;
  e.flags = number<std::uint16_t>(at + 8);
  e.method = number<std::uint16_t>(at + 10);
  e.crc = number<std::uint32_t>(at + 16);
  e.packed_size = number<std::uint32_t>(at + 20);
  e.size = number<std::uint32_t>(at + 24);
  e.header_at = number<std::uint32_t>(at + 42);
  const std::uint64_t name = number<std::uint16_t>(at + 28), extra = number<std::uint16_t>(at + 30),
                      comment = number<std::uint16_t>(at + 32);
  at += kDirectoryBytes;
  if (bytes_.size() < at || bytes_.size() - at < name + extra + comment)
    fail("is a damaged zip archive: its list of entries is cut off");
  e.name = bytes_.substr(at, name);
  take_zip64(bytes_.substr(at + name, extra), e);
  at += name + extra + comment;
  return e;
}

/// Sizes and places that need more than 32 bits stand in an extra field, in this order.
void ZipFile::take_zip64(std::string_view extra, Entry& entry) const {
  while (extra.size() >= 4) {
    std::uint16_t id, size;
    std::memcpy(&id, extra.data(), 2);
    std::memcpy(&size, extra.data() + 2, 2);
    std::string_view field = extra.substr(4, size);
    extra.remove_prefix(std::min<std::size_t>(extra.size(), 4u + size));
    if (id != 1) continue;
    for (std::uint64_t* value : {&entry.size, &entry.packed_size, &entry.header_at}) {
      if (*value != 0xffffffff) continue;
      if (field.size() < 8) fail("is a damaged zip archive: the size of " + shown(entry.name));
      std::memcpy(value, field.data(), 8);
      field.remove_prefix(8);
    }
  }
}

const ZipFile::Entry* ZipFile::find(std::string_view name) const {
  const auto it = std::find_if(entries_.begin(), entries_.end(),
                               [&](const Entry& e) { return e.name == name; });
  return it == entries_.end() ? nullptr : &*it;
}

std::string_view ZipFile::packed(const Entry& e) const {
  if (number<std::uint32_t>(e.header_at) != kLocal)
    fail("is a damaged zip archive: " + shown(e.name) + " is not where it should be");
  const std::uint64_t name = number<std::uint16_t>(e.header_at + 26),
                      at = e.header_at + kLocalBytes + name +
                           number<std::uint16_t>(e.header_at + 28);
  if (at > bytes_.size() || bytes_.size() - at < e.packed_size)
    fail("is truncated or damaged: " + shown(e.name) + " should have " +
         std::to_string(e.packed_size) + " bytes");
  if (bytes_.substr(e.header_at + kLocalBytes, name) != e.name)
    fail("is a damaged zip archive: " + shown(e.name) + " has another name where it stands");
  return bytes_.substr(at, e.packed_size);
}

std::string ZipFile::inflated(const Entry& e, std::string_view packed) const {
  std::string content(e.size, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail("cannot be unpacked: no memory");
  int status = Z_OK;
  std::size_t in = 0, out = 0;
  constexpr std::size_t kStep = std::size_t{1} << 30;  // zlib counts in 32 bits
  while (status == Z_OK) {
    stream.next_in =
        reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + in));  // zlib does not write it
    stream.avail_in = static_cast<uInt>(std::min(kStep, packed.size() - in));
    stream.next_out = reinterpret_cast<Bytef*>(content.data() + out);
    stream.avail_out = static_cast<uInt>(std::min(kStep, content.size() - out));
    const uInt had_in = stream.avail_in, had_out = stream.avail_out;
    status = inflate(&stream, Z_NO_FLUSH);
    in += had_in - stream.avail_in;
    out += had_out - stream.avail_out;
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || out != content.size())
    fail("is damaged: " + shown(e.name) + " cannot be unpacked");
  return content;
}

std::string_view ZipFile::read(const Entry& e) {
  const auto it = read_.find(e.header_at);
  return it != read_.end() ? it->second : read_[e.header_at] = read_anew(e);
}

std::string_view ZipFile::read_anew(const Entry& e) {
  if (e.flags & 1) fail("is encrypted (its entry " + shown(e.name) + ")");
  if (e.method != 0 && e.method != 8)
    fail("has an entry " + shown(e.name) + " packed by method " + std::to_string(e.method) +
         "; expected stored (0) or deflated (8)");
  std::string_view content = packed(e);
  if (e.method == 8) {
    const std::uint64_t limit = unpacked_limit(bytes_.size());
    if (e.size / kMostInflation > content.size())
      fail("is damaged: " + shown(e.name) + " cannot be unpacked");
    if (e.size > limit - unpacked_bytes_)
      fail("would unpack to more than " + std::to_string(limit) +
           " bytes (64 MiB and 20 times its own size), which no file of weights does");
    unpacked_bytes_ += e.size;
    content = unpacked_.emplace_back(inflated(e, content));
  }
  if (content.size() != e.size)
    fail("is damaged: " + shown(e.name) + " has " + std::to_string(content.size()) +
         " bytes, and should have " + std::to_string(e.size));
  const uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
  if (has_crcs_ && crc != e.crc) fail("is damaged: the checksum (CRC) of " + shown(e.name));
  return content;
}

}  // namespace ohmic
