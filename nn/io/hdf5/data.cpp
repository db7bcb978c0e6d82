#include "nn/io/hdf5/data.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>

namespace ohmic::hdf5 {
namespace {

constexpr const char* kKnownFilters = "none, gzip, shuffle or fletcher32";

/// Bytes of `count` elements, which must fit what is left of the budget.
std::uint64_t spend(std::optional<std::uint64_t> count, std::uint64_t each, std::uint64_t& budget) {
  if (!count || (each > 0 && *count > budget / each))
    throw Trouble{"declares more data than a file of its size can hold"};
  budget -= *count * each;
  return *count * each;
}

struct Filter {
  enum Kind { deflate = 1, shuffle = 2, fletcher32 = 3 } kind;
  std::uint32_t parameter = 0;
};

std::vector<Filter> read_filters(std::optional<Cursor> message) {
  std::vector<Filter> filters;
  if (!message) return filters;
  Cursor& c = *message;
  const int version = c.u8(), count = c.u8();
  if (version == 1) c.skip(6);
  for (int i = 0; i < count; ++i) {
    const std::uint16_t id = c.u16();
    const std::uint16_t name = version == 1 || id >= 256 ? c.u16() : 0;
    c.skip(2);
    const std::uint16_t values = c.u16();
    c.skip(version == 1 ? (name + 7u) / 8 * 8 : name);
    Filter filter{static_cast<Filter::Kind>(id)};
    for (int v = 0; v < values; ++v) {
      const std::uint32_t value = c.u32();
      if (v == 0) filter.parameter = value;
    }
    if (version == 1 && values % 2) c.skip(4);
    if (id < 1 || id > 3)
      not_read("data behind HDF5's filter " + std::to_string(id), kKnownFilters);
    filters.push_back(filter);
  }
  return filters;
}

/// Deflated bytes, at most `most`.
std::string inflate_bytes(std::string_view bytes, std::uint64_t most) {
  std::string out(most, '\0');
  uLongf length = most;
  const int status = uncompress(reinterpret_cast<Bytef*>(out.data()), &length,
                                reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (status != Z_OK) damaged("compressed data cannot be expanded");
  out.resize(length);
  return out;
}

/// The k-th bytes of all elements stood together; puts them back.
std::string unshuffle(const std::string& bytes, std::size_t width) {
  if (width < 2) return bytes;
  const std::size_t count = bytes.size() / width;
  std::string out = bytes;  // what is left over at the end stays
  for (std::size_t k = 0; k < width; ++k)
    for (std::size_t i = 0; i < count; ++i) out[i * width + k] = bytes[k * count + i];
  return out;
}

/// HDF5's variant of Fletcher's checksum: over 16-bit words, the high byte first.
std::uint32_t fletcher32(std::string_view bytes) {
  std::uint32_t a = 0, b = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const auto high = static_cast<std::uint8_t>(bytes[i]);
    const auto low = i + 1 < bytes.size() ? static_cast<std::uint8_t>(bytes[i + 1]) : 0;
    a = (a + (static_cast<std::uint32_t>(high) << 8 | static_cast<std::uint32_t>(low))) % 65535;
    b = (b + a) % 65535;
  }
  return b << 16 | a;
}

std::string without_checksum(std::string bytes) {
  if (bytes.size() < 4) damaged("a chunk has no checksum");
  const std::uint32_t stored =
      Cursor(std::string_view(bytes).substr(bytes.size() - 4), "a checksum").u32();
  bytes.resize(bytes.size() - 4);
  // Where all words are 65535, sums of 0 and of 65535 are the same.
  const std::uint32_t reduced = (stored >> 16) % 65535 << 16 | (stored & 0xffff) % 65535;
  if (reduced != fletcher32(bytes)) damaged("the checksum of a chunk is wrong");
  return bytes;
}

/// A chunk as it was before the filters, `size` bytes.
std::string unfiltered(std::string_view stored, const std::vector<Filter>& filters,
                       std::uint32_t skipped, std::uint64_t size) {
  std::string bytes(stored);
  for (std::size_t i = filters.size(); i-- > 0;) {
    if (i < 32 && (skipped >> i & 1)) continue;
    const Filter& filter = filters[i];
    // A checksum below a compression lengthens what is compressed.
    if (filter.kind == Filter::deflate) bytes = inflate_bytes(bytes, size + 4 * filters.size());
    if (filter.kind == Filter::shuffle) bytes = unshuffle(bytes, filter.parameter);
    if (filter.kind == Filter::fletcher32) bytes = without_checksum(std::move(bytes));
  }
  if (bytes.size() != size) damaged("a chunk has another size than it should");
  return bytes;
}

/// Data in chunks: where they lie, and how they are put together.
class Chunks {
 public:
  Chunks(const File& file, const std::vector<std::int64_t>& shape, std::uint32_t element_bytes,
         std::vector<std::int64_t> chunk, std::vector<Filter> filters, std::uint64_t& budget)
      : file_(file),
        shape_(shape),
        chunk_(std::move(chunk)),
        each_(element_bytes),
        filters_(std::move(filters)),
        budget_(budget) {
    if (chunk_.size() != shape.size() || shape.empty()) damaged("chunks have another rank");
    for (const std::int64_t side : chunk_)
      if (side <= 0) damaged("a chunk has a side of 0");
    std::uint64_t for_one = budget;
    chunk_bytes_ = spend(elements(chunk_), each_, for_one);
    whole_ = std::string(spend(elements(shape), each_, budget), '\0');
    missing_ = 1;
    for (std::size_t d = 0; d < shape.size(); ++d)
      missing_ *= static_cast<std::uint64_t>((shape[d] + chunk_[d] - 1) / chunk_[d]);
  }

  std::uint64_t chunk_bytes() const { return chunk_bytes_; }

  /// Chunks below a version 1 B-tree.
  void below(std::uint64_t address, int depth = 0) {
    if (depth > 16) damaged("the B-tree of a data set is too deep");
    if (file_.is_undefined(address)) return;
    Cursor c = file_.at(address, "the B-tree of a data set");
    c.expect("TREE");
    if (c.u8() != 1) damaged("the B-tree of a data set is one of another kind");
    const int level = c.u8();
    const std::uint16_t children = c.u16();
    c.skip(2 * file_.offset_bytes);
    file_.count(8 + 16u * children);
    for (int i = 0; i < children; ++i) {
      const std::uint32_t bytes = c.u32(), skipped = c.u32();
      std::vector<std::int64_t> at;
      for (std::size_t d = 0; d < shape_.size(); ++d)
        at.push_back(static_cast<std::int64_t>(c.u64()));
      c.skip(8);
      const std::uint64_t child = file_.address(c);
      if (level > 0)
        below(child, depth + 1);
      else
        put(at, child, bytes, skipped);
    }
  }

  /// All chunks one after the other, without filters.
  void in_a_row(std::uint64_t address) {
    std::vector<std::int64_t> at(shape_.size(), 0);
    for (std::uint64_t left = missing_; left > 0; --left, address += chunk_bytes_) {
      put(at, address, chunk_bytes_, ~0u);
      for (std::size_t d = at.size(); d-- > 0;) {
        at[d] += chunk_[d];
        if (at[d] < shape_[d] || d == 0) break;
        at[d] = 0;
      }
    }
  }

  void single(std::uint64_t address, std::uint64_t bytes, std::uint32_t skipped) {
    put(std::vector<std::int64_t>(shape_.size(), 0), address, bytes, skipped);
  }

  std::string take() {
    if (missing_ > 0) throw Trouble{"has chunks of data that were never written"};
    return std::move(whole_);
  }

 private:
  void put(const std::vector<std::int64_t>& at, std::uint64_t address, std::uint64_t bytes,
           std::uint32_t skipped) {
    for (std::size_t d = 0; d < at.size(); ++d)
      if (at[d] < 0 || at[d] >= shape_[d] || at[d] % chunk_[d] != 0)
        damaged("a chunk lies outside its data set");
    if (missing_-- == 0) damaged("a data set has too many chunks");
    spend(chunk_bytes_, 1, budget_);
    const std::string_view stored = file_.at(address, bytes, "a chunk").rest();
    const std::string chunk = unfiltered(stored, filters_, skipped, chunk_bytes_);
    rows(chunk, at, 0, 0, 0);
  }

  /// Copies what of a chunk lies inside, row by row along the last dimension.
  void rows(const std::string& chunk, const std::vector<std::int64_t>& at, std::size_t d,
            std::uint64_t from, std::uint64_t to) {
    const auto inside = static_cast<std::uint64_t>(std::min(chunk_[d], shape_[d] - at[d]));
    to = to * static_cast<std::uint64_t>(shape_[d]) + static_cast<std::uint64_t>(at[d]);
    from *= static_cast<std::uint64_t>(chunk_[d]);
    if (d + 1 == at.size()) {
      std::memcpy(whole_.data() + to * each_, chunk.data() + from * each_, inside * each_);
      return;
    }
    for (std::uint64_t i = 0; i < inside; ++i) rows(chunk, at, d + 1, from + i, to + i);
  }

  const File& file_;
  const std::vector<std::int64_t>& shape_;
  std::vector<std::int64_t> chunk_;
  std::uint64_t each_;
  std::vector<Filter> filters_;
  std::uint64_t& budget_;
  std::uint64_t chunk_bytes_ = 0, missing_ = 0;
  std::string whole_;
};

/// The sides of a chunk; the last one that a message has is the element's size.
std::vector<std::int64_t> chunk_sides(Cursor& c, std::size_t count, std::size_t width) {
  std::vector<std::int64_t> sides;
  for (std::size_t d = 0; d < count; ++d)
    sides.push_back(
        static_cast<std::int64_t>(std::min<std::uint64_t>(c.number(width), 1ull << 48)));
  if (!sides.empty()) sides.pop_back();
  return sides;
}

/// Chunks of layout version 4, whose index has one of five kinds.
void later_chunks(const File& file, Cursor& c, int flags, Chunks& chunks, bool filtered) {
  enum { single = 1, implicit = 2 };
  const int index = c.u8();
  if (index == single) {
    const bool has_size = flags & 2;
    const std::uint64_t bytes = has_size ? file.length(c) : chunks.chunk_bytes();
    const std::uint32_t skipped = has_size ? c.u32() : filtered ? 0 : ~0u;
    const std::uint64_t address = file.address(c);
    if (!file.is_undefined(address)) chunks.single(address, bytes, skipped);
  } else if (index == implicit) {
    const std::uint64_t address = file.address(c);
    if (!file.is_undefined(address)) chunks.in_a_row(address);
  } else {
    not_read("chunks in an index of HDF5's later format",
             "data sets without chunks, or h5repack's");
  }
}

}  // namespace

std::string read_data(const File& file, const std::vector<Message>& dataset,
                      const std::vector<std::int64_t>& shape, std::uint32_t element_bytes,
                      std::uint64_t& budget) {
  auto layout = find(dataset, MessageType::layout, "a layout");
  if (!layout) damaged("a data set has no layout");
  Cursor& c = *layout;
  const int version = c.u8(), kind = c.u8();
  if (version < 3 || version > 4)
    not_read("a layout of version " + std::to_string(version), "3 or 4");
  enum { compact = 0, contiguous = 1, chunked = 2 };
  if (kind == compact || kind == contiguous) {
    const std::uint64_t address = kind == compact ? 0 : file.address(c);
    const std::uint64_t declared = kind == compact ? c.u16() : file.length(c);
    const std::uint64_t bytes = spend(elements(shape), element_bytes, budget);
    if (bytes == 0) return {};
    if (kind == contiguous && file.is_undefined(address))
      throw Trouble{"has data that were never written"};
    if (declared < bytes) damaged("a data set is longer than its place");
    return std::string(kind == compact ? c.take(bytes)
                                       : file.at(address, bytes, "a data set").rest());
  }
  if (kind != chunked) not_read("data in another file or put together from several", "its own");
  std::vector<Filter> filters = read_filters(find(dataset, MessageType::filters, "filters"));
  const int flags = version == 4 ? c.u8() : 0;
  const std::size_t rank = c.u8();
  const std::uint64_t tree = version == 3 ? file.address(c) : 0;
  const std::size_t width = version == 4 ? c.u8() : 4;
  if (width > 8) damaged("sides of chunks are wider than 8 bytes");
  const bool filtered = !filters.empty();
  Chunks chunks(file, shape, element_bytes, chunk_sides(c, rank, width), std::move(filters),
                budget);
  if (elements(shape) == std::uint64_t{0}) return {};
  if (version == 3)
    chunks.below(tree);
  else
    later_chunks(file, c, flags, chunks, filtered);
  return chunks.take();
}

}  // namespace ohmic::hdf5
