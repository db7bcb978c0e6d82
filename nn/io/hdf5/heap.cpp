#include "nn/io/hdf5/heap.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <vector>

namespace ohmic::hdf5 {
namespace {

/// Bytes that a number up to `limit` takes.
std::size_t width_of(std::uint64_t limit) {
  return static_cast<std::size_t>(std::bit_width(std::max<std::uint64_t>(limit, 1)) - 1) / 8 + 1;
}

std::uint64_t capped(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? ~std::uint64_t{0} >> 1 : product;
}

class Tree {
 public:
  Tree(const File& file, std::uint64_t address, const std::function<void(std::string_view)>& visit)
      : file_(file), visit_(visit) {
    Cursor c = file.at(address, "a B-tree");
    c.expect("BTHD");
    c.skip(2);
    node_bytes_ = c.u32();
    record_bytes_ = c.u16();
    const std::size_t depth = c.u16();
    c.skip(2);
    root_ = file.address(c);
    records_ = c.u16();
    if (depth > 16 || record_bytes_ == 0 || node_bytes_ < 64)
      damaged("a B-tree has impossible sizes");
    find_widths(depth);
  }

  void walk() {
    if (records_ > 0) node(root_, records_, widths_.size() - 1);
  }

 private:
  /// Widths of the counts in pointers to nodes of each level.
  void find_widths(std::size_t depth) {
    const std::uint64_t leaf = (node_bytes_ - 10) / record_bytes_;
    count_bytes_ = width_of(leaf);
    std::uint64_t total = leaf;
    widths_.push_back(0);
    for (std::size_t level = 1; level <= depth; ++level) {
      const std::uint64_t pointer = file_.offset_bytes + count_bytes_ + widths_[level - 1];
      if (node_bytes_ < 10 + pointer) damaged("a B-tree has impossible sizes");
      const std::uint64_t most = (node_bytes_ - 10 - pointer) / (record_bytes_ + pointer);
      total = std::min<std::uint64_t>(capped(most + 1, total), 1ull << 62) + most;
      widths_.push_back(width_of(total));
    }
  }

  void node(std::uint64_t address, std::uint64_t records, std::size_t level) {
    Cursor c = file_.at(address, "a node of a B-tree");
    c.expect(level == 0 ? "BTLF" : "BTIN");
    c.skip(2);
    file_.count(10 + records * record_bytes_);
    for (std::uint64_t i = 0; i < records; ++i) visit_(c.take(record_bytes_));
    if (level == 0) return;
    for (std::uint64_t i = 0; i <= records; ++i) {
      const std::uint64_t child = file_.address(c), count = c.number(count_bytes_);
      c.skip(widths_[level - 1]);
      node(child, count, level - 1);
    }
  }

  const File& file_;
  const std::function<void(std::string_view)>& visit_;
  std::uint64_t node_bytes_ = 0, record_bytes_ = 0, root_ = 0, records_ = 0;
  std::size_t count_bytes_ = 0;
  std::vector<std::size_t> widths_;
};

class Heap {
 public:
  Heap(const File& file, std::uint64_t address) : file_(file) {
    Cursor c = file.at(address, "a fractal heap");
    c.expect("FRHP");
    c.skip(3);  // version, length of identifiers
    if (c.u16() != 0) not_read("a compressed heap", "names and attributes as they are");
    c.skip(1);
    const std::uint32_t largest_managed = c.u32();
    c.skip(file.length_bytes);
    large_ = file.address(c);
    c.skip(file.length_bytes + file.offset_bytes);  // free space
    c.skip(8 * file.length_bytes);
    width_ = c.u16();
    start_ = file.length(c);
    largest_ = file.length(c);
    const std::size_t bits = c.u16();
    c.skip(2);
    root_ = file.address(c);
    rows_ = c.u16();
    const bool powers = std::has_single_bit(start_) && std::has_single_bit(largest_);
    if (!powers || largest_ < start_ || width_ == 0 || bits == 0 || bits > 64 ||
        largest_ > file.bytes.size() * 2)
      damaged("a fractal heap has impossible sizes");
    offset_bytes_ = (bits + 7) / 8;
    length_bytes_ = std::min(width_of(largest_), width_of(largest_managed));
  }

  std::string_view object(Cursor id) const {
    const int flags = id.u8();
    const int type = flags >> 4 & 3;
    if (type == 2) return id.take(std::min<std::size_t>((flags & 0x0f) + 1, id.left()));  // tiny
    if (type == 1) return large(id.number(std::min<std::size_t>(id.left(), 8)));
    if (type != 0) damaged("an object of a fractal heap is of an unknown kind");
    const std::uint64_t offset = id.number(offset_bytes_), length = id.number(length_bytes_);
    return rows_ == 0 ? inside(root_, 0, start_, offset, length)
                      : in_rows(root_, 0, rows_, offset, length, 0);
  }

 private:
  /// An object too large for a block, which a B-tree finds by its number.
  std::string_view large(std::uint64_t number) const {
    std::optional<std::string_view> found;
    const std::function<void(std::string_view)> compare = [&](std::string_view record) {
      Cursor c(record, "a record of a B-tree");
      const std::uint64_t address = file_.address(c), length = file_.length(c);
      if (file_.length(c) == number) found = file_.at(address, length, "an attribute").rest();
    };
    Tree(file_, large_, compare).walk();
    if (!found) damaged("an object is not in its fractal heap");
    return *found;
  }

  std::string_view inside(std::uint64_t block, std::uint64_t begin, std::uint64_t size,
                          std::uint64_t offset, std::uint64_t length) const {
    if (offset < begin || offset - begin > size || length > size - (offset - begin))
      damaged("an object of a fractal heap lies outside its block");
    Cursor c = file_.at(block, size, "a block of a fractal heap");
    if (!c.rest().starts_with("FHDB")) damaged("no block of a fractal heap where one is");
    c.skip(offset - begin);
    return c.take(length);
  }

  std::uint64_t row_block(std::uint64_t row) const {
    return row == 0   ? start_
           : row > 60 ? ~std::uint64_t{0} >> 1
                      : capped(start_, 1ull << (row - 1));
  }

  /// The object at `offset` below the indirect block that covers the heap from `begin` on.
  std::string_view in_rows(std::uint64_t block, std::uint64_t begin, std::uint64_t rows,
                           std::uint64_t offset, std::uint64_t length, int depth) const {
    if (depth > 8 || rows > 64) damaged("a fractal heap is too deep");
    Cursor c = file_.at(block, "a fractal heap");
    c.expect("FHIB");
    c.skip(1 + file_.offset_bytes + offset_bytes_);
    for (std::uint64_t row = 0; row < rows; ++row) {
      const std::uint64_t size = row_block(row);
      for (std::uint64_t column = 0; column < width_; ++column) {
        const std::uint64_t child = file_.address(c);
        if (offset >= begin && offset - begin < size) {
          if (size <= largest_) return inside(child, begin, size, offset, length);
          const auto inner = static_cast<std::uint64_t>(std::bit_width(size / start_ / width_));
          return in_rows(child, begin, inner, offset, length, depth + 1);
        }
        begin += size;
      }
    }
    damaged("an object lies beyond its fractal heap");
  }

  const File& file_;
  std::uint64_t large_ = 0, width_ = 0, start_ = 0, largest_ = 0, root_ = 0, rows_ = 0;
  std::size_t offset_bytes_ = 0, length_bytes_ = 0;
};

}  // namespace

void each_heap_object(const File& file, std::uint64_t heap_address, std::uint64_t tree_address,
                      std::size_t id_at, const std::function<void(std::string_view)>& visit) {
  const Heap heap(file, heap_address);
  const std::function<void(std::string_view)> find = [&](std::string_view record) {
    Cursor id(record, "a record of a B-tree");
    id.skip(id_at);
    visit(heap.object(id));
  };
  Tree(file, tree_address, find).walk();
}

}  // namespace ohmic::hdf5
