#include "nn/io/hdf5/hdf5.hpp"

#include <utility>

#include "nn/io/hdf5/data.hpp"
#include "nn/io/hdf5/group.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using namespace hdf5;

constexpr std::string_view kSignature("\x89HDF\r\n\x1a\n", 8);

/// Trouble inside `action` as a DataError that names the file and the place.
template <class Action>
auto named(const std::string& file, const std::string& place, const Action& action) {
  try {
    return action();
  } catch (const Trouble& trouble) {
    throw DataError(file + ": " + (place.empty() ? "" : "\"" + place + "\" ") + trouble.why);
  }
}

/// Reads the superblock into `file`; the address of the root group's header.
std::uint64_t read_superblock(File& file) {
  Cursor c(file.bytes, "the superblock");
  c.expect(kSignature);
  const int version = c.u8();
  if (version > 3) not_read("HDF5 of version " + std::to_string(version), "0 to 3");
  c.skip(version < 2 ? 4 : 0);
  file.offset_bytes = c.u8();
  file.length_bytes = c.u8();
  for (const std::size_t width : {file.offset_bytes, file.length_bytes})
    if (width != 2 && width != 4 && width != 8) damaged("the superblock has impossible widths");
  c.skip(version < 2 ? (version == 1 ? 13 : 9) : 1);
  if (file.address(c) != 0) not_read("HDF5 behind a block of another kind", "HDF5 from byte 0 on");
  file.address(c);  // free space, or the superblock's extension
  const std::uint64_t end = file.address(c);
  if (!file.is_undefined(end) && end > file.bytes.size())
    throw Trouble{"is truncated: it has " + std::to_string(file.bytes.size()) + " of " +
                  std::to_string(end) + " bytes"};
  if (version < 2) c.skip(2 * file.offset_bytes);  // driver; name of the root group
  return file.address(c);
}

}  // namespace

bool Hdf5File::is_one(std::string_view bytes) { return bytes.starts_with(kSignature); }

Hdf5File::Hdf5File(std::string name, std::string_view bytes) : name_(std::move(name)) {
  file_.bytes = bytes;
  budget_ = kHdf5Expansion * bytes.size() + kHdf5Slack;
  file_.unread = 16 * bytes.size() + (1 << 20);  // attributes are gone through more than once
  const std::uint64_t root = named(name_, "", [&] { return read_superblock(file_); });
  std::map<std::uint64_t, bool> seen;
  visit("", root, seen, 0);
}

void Hdf5File::visit(const std::string& path, std::uint64_t address,
                     std::map<std::uint64_t, bool>& seen, int depth) {
  if (!seen.emplace(address, true).second) return;
  const auto links = named(name_, path, [&] {
    if (depth > kHdf5Depth)
      throw Trouble{"lies too deep: groups may lie in " + std::to_string(kHdf5Depth) + " others"};
    file_.count(path.size());
    Object object{read_messages(file_, address)};
    for (const Message& m : object.messages) object.is_dataset |= m.type == MessageType::layout;
    auto inside = object.is_dataset ? std::map<std::string, std::uint64_t>{}
                                    : links_of(file_, object.messages);
    objects_.emplace(path, std::move(object));
    return inside;
  });
  for (const auto& [name, target] : links)
    visit(path.empty() ? name : path + "/" + name, target, seen, depth + 1);
}

std::vector<std::string> Hdf5File::datasets() const {
  std::vector<std::string> paths;
  for (const auto& [path, object] : objects_)
    if (object.is_dataset) paths.push_back(path);
  return paths;
}

std::vector<std::string> Hdf5File::groups() const {
  std::vector<std::string> paths;
  for (const auto& [path, object] : objects_)
    if (!object.is_dataset) paths.push_back(path);
  return paths;
}

std::optional<std::vector<std::string>> Hdf5File::texts(const std::string& path,
                                                        const std::string& attribute) const {
  const auto object = objects_.find(path);
  if (object == objects_.end()) return {};
  return named(name_, path, [&]() -> std::optional<std::vector<std::string>> {
    for (const Attribute& a : attributes_of(file_, object->second.messages))
      if (a.name == attribute && a.type.kind != Datatype::Kind::floating) return texts_of(file_, a);
    return {};
  });
}

std::optional<std::string> Hdf5File::text(const std::string& path,
                                          const std::string& attribute) const {
  const auto all = texts(path, attribute);
  if (!all || all->empty()) return {};
  return all->front();
}

std::vector<std::int64_t> Hdf5File::shape(const std::string& path) const {
  const auto object = objects_.find(path);
  OHMIC_ASSERT(object != objects_.end() && object->second.is_dataset);
  return named(name_, path, [&] {
    const auto space = find(object->second.messages, MessageType::dataspace, "a dataspace");
    if (!space) damaged("it has no dataspace");
    return read_dataspace(file_, *space);
  });
}

HostTensor Hdf5File::read(const std::string& path) {
  HostTensor tensor{shape(path), {}};
  const auto& messages = objects_.at(path).messages;
  return named(name_, path, [&] {
    const auto element = find(messages, MessageType::datatype, "a type");
    if (!element) damaged("it has no type");
    const Datatype type = read_datatype(*element);
    if (type.kind != Datatype::Kind::floating)
      not_read(type.name, "float16, bfloat16, float32 or float64");
    if (type.bytes != static_cast<std::uint32_t>(type.format.bytes))
      damaged("a type has two sizes");
    const std::string bytes = read_data(file_, messages, tensor.shape, type.bytes, budget_);
    tensor.values = decode_floats(type.format, bytes);
    return std::move(tensor);
  });
}

}  // namespace ohmic
