#include "nn/io/hdf5/group.hpp"

#include "nn/io/hdf5/heap.hpp"

namespace ohmic::hdf5 {
namespace {

constexpr std::size_t kNameBytes = 4096;
constexpr int kSymbolicLink = 2;

using Links = std::map<std::string, std::uint64_t>;

/// Names and objects of a group of HDF5's first format.
class SymbolTable {
 public:
  SymbolTable(const File& file, Cursor message) : file_(file) {
    tree_ = file.address(message);
    Cursor heap = file.at(file.address(message), "a local heap");
    heap.expect("HEAP");
    heap.skip(4);
    const std::uint64_t size = file.length(heap);
    file.length(heap);
    names_ = file.at(file.address(heap), size, "a local heap").rest();
  }

  Links read() {
    node(tree_, 0);
    return std::move(links_);
  }

 private:
  void node(std::uint64_t address, int depth) {
    file_.count(8);
    if (depth > 16) damaged("the B-tree of a group is too deep");
    Cursor c = file_.at(address, "the B-tree of a group");
    if (c.rest().starts_with("SNOD")) return entries(c);
    c.expect("TREE");
    if (c.u8() != 0) damaged("the B-tree of a group is one of another kind");
    c.skip(1);
    const std::uint16_t children = c.u16();
    c.skip(2 * file_.offset_bytes);
    for (int i = 0; i < children; ++i) {
      c.skip(file_.length_bytes);
      node(file_.address(c), depth + 1);
    }
  }

  void entries(Cursor c) {
    c.skip(6);
    const std::uint16_t count = c.u16();
    file_.count(count * (2 * file_.offset_bytes + 24));
    for (int i = 0; i < count; ++i) {
      const std::uint64_t name = file_.address(c), object = file_.address(c);
      const std::uint32_t kind = c.u32();
      c.skip(20);
      if (name >= names_.size()) damaged("the name of a link lies outside its heap");
      const std::string_view text = names_.substr(name);
      const std::size_t end = text.find('\0');
      if (end == text.npos || end > kNameBytes) damaged("the name of a link has no end");
      file_.count(end);
      if (kind != kSymbolicLink) links_.emplace(text.substr(0, end), object);
    }
  }

  const File& file_;
  std::uint64_t tree_ = 0;
  std::string_view names_;
  Links links_;
};

void add_link(const File& file, Cursor c, Links& links) {
  if (c.u8() != 1) damaged("a link has an unknown version");
  const int flags = c.u8();
  const int type = flags & 8 ? c.u8() : 0;
  if (flags & 4) c.skip(8);   // order of creation
  if (flags & 16) c.skip(1);  // character set
  const std::uint64_t length = c.number(std::size_t{1} << (flags & 3));
  if (length > kNameBytes) damaged("the name of a link is too long");
  const std::string name(c.take(length));
  if (type == 0) links.emplace(name, file.address(c));
}

/// The fractal heap and B-tree by name of a message of links or attributes.
struct Dense {
  std::uint64_t heap = 0, tree = 0;
};

std::optional<Dense> dense_of(const File& file, const std::vector<Message>& messages,
                              MessageType type, std::size_t order_bytes) {
  auto c = find(messages, type, "a list of links or attributes");
  if (!c) return {};
  c->skip(1);
  if (c->u8() & 1) c->skip(order_bytes);
  const Dense dense{file.address(*c), file.address(*c)};
  if (file.is_undefined(dense.heap)) return {};
  return dense;
}

}  // namespace

Links links_of(const File& file, const std::vector<Message>& group) {
  Links links;
  if (const auto table = find(group, MessageType::symbol_table, "a symbol table"))
    links = SymbolTable(file, *table).read();
  for (const Message& m : group)
    if (m.type == MessageType::link) add_link(file, {m.body, "a link"}, links);
  if (const auto dense = dense_of(file, group, MessageType::link_info, 8))
    each_heap_object(file, dense->heap, dense->tree, 4, [&](std::string_view body) {
      file.count(body.size());
      add_link(file, {body, "a link"}, links);
    });
  return links;
}

std::vector<Attribute> attributes_of(const File& file, const std::vector<Message>& object) {
  std::vector<Attribute> attributes;
  for (const Message& m : object) {
    if (m.type != MessageType::attribute) continue;
    if (m.shared) not_read("an attribute kept apart (shared)", "one of its own");
    attributes.push_back(read_attribute(file, m.body));
  }
  if (const auto dense = dense_of(file, object, MessageType::attribute_info, 2))
    each_heap_object(file, dense->heap, dense->tree, 0, [&](std::string_view body) {
      attributes.push_back(read_attribute(file, body));
    });
  return attributes;
}

}  // namespace ohmic::hdf5
