// Weights that Python's torch.save wrote and TorchScript archives, read as data: no code in them is
// run, and LibTorch is not needed.
#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "nn/io/file.hpp"
#include "nn/io/float_format.hpp"
#include "nn/io/pickled_tensors.hpp"
#include "nn/io/weight_file.hpp"
#include "nn/io/zip.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

/// Bytes of one element of a storage, to find the next; 0: unknown.
std::size_t element_bytes(const std::string& type) {
  static const std::map<std::string, std::size_t> sizes{
      {"Float", 4}, {"Double", 8}, {"Half", 2},         {"BFloat16", 2},
      {"Long", 8},  {"Int", 4},    {"Short", 2},        {"Char", 1},
      {"Byte", 1},  {"Bool", 1},   {"ComplexFloat", 8}, {"ComplexDouble", 16},
      {"QInt8", 1}, {"QUInt8", 1}, {"QInt32", 4},       {"Untyped", 1}};
  const auto found = sizes.find(type);
  return found == sizes.end() ? 0 : found->second;
}

FloatFormat format_of(const std::string& type, bool big_endian) {
  FloatFormat format = type == "Double"     ? kFloat64
                       : type == "Half"     ? kFloat16
                       : type == "BFloat16" ? kBfloat16
                                            : kFloat32;
  format.big_endian = big_endian;
  return format;
}

/// Elements of a tensor, all of which lie in `stored` elements. Throws DataError where they do not,
/// or are more than the storage holds.
std::size_t checked_elements(const PickledTensor& t, std::uint64_t stored) {
  const auto& shape = t.file.shape;
  const auto fail = [&](const std::string& why) {
    throw DataError(shown(t.file.name) + " " + why);
  };
  if (t.offset < 0 || shape.size() != t.strides.size()) fail("is damaged: its shape");
  std::uint64_t n = 1, last = static_cast<std::uint64_t>(t.offset);
  bool overflows = false;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] < 0 || t.strides[d] < 0) fail("is damaged: its shape");
    std::uint64_t step = 0;
    overflows =
        overflows || __builtin_mul_overflow(n, static_cast<std::uint64_t>(shape[d]), &n) ||
        (shape[d] > 0 && __builtin_mul_overflow(static_cast<std::uint64_t>(shape[d] - 1),
                                                static_cast<std::uint64_t>(t.strides[d]), &step)) ||
        __builtin_add_overflow(last, step, &last);
  }
  if (n == 0 && !overflows) return 0;
  if (!overflows && last < stored && n > stored)
    fail("repeats numbers of its storage (a stride of 0). In Python: tensor.contiguous()");
  if (overflows || last >= stored)
    fail("does not fit into its storage " + shown(t.storage) + ", which holds " +
         std::to_string(stored) + " numbers");
  return n;
}

/// The elements in order of their indices, whatever the strides.
std::string gathered(const PickledTensor& t, std::string_view bytes, std::size_t size) {
  const std::size_t n = checked_elements(t, bytes.size() / size);
  std::string packed(n * size, '\0');
  std::vector<std::int64_t> index(t.file.shape.size(), 0);
  std::int64_t at = t.offset;
  for (std::size_t i = 0; i < n; ++i) {
    std::memcpy(packed.data() + i * size, bytes.data() + static_cast<std::size_t>(at) * size, size);
    for (std::size_t d = index.size(); d-- > 0;) {
      at += t.strides[d];
      if (++index[d] < t.file.shape[d]) break;
      at -= t.strides[d] * t.file.shape[d];
      index[d] = 0;
    }
  }
  return packed;
}

HostTensor values_of(const PickledTensor& t, std::string_view bytes, bool big_endian) {
  const std::size_t size = element_bytes(t.type);
  OHMIC_ASSERT(t.file.foreign_type.empty() && size > 0);
  return {t.file.shape, decode_floats(format_of(t.type, big_endian), gathered(t, bytes, size))};
}

void refuse_without_tensors(const PickledTensors& found) {
  if (!found.tensors.empty()) return;
  if (found.unread.empty()) throw DataError("holds no tensors");
  throw DataError("holds no tensors, only objects that could run code and are not read (" +
                  shown(found.unread.front()) +
                  "). In Python: torch.save(model.state_dict(), FILE)");
}

/// What `action` gives; its errors name the file.
template <class Action>
auto naming(const fs::path& file, const Action& action) {
  try {
    return action();
  } catch (const DataError& error) {
    const std::string what = error.what();
    throw DataError(what.starts_with(file.string()) ? what : file.string() + ": " + what);
  }
}

template <class Archive>
WeightFile weight_file(const fs::path& file, std::shared_ptr<Archive> archive) {
  WeightFile opened;
  for (const PickledTensor& t : archive->found.tensors) opened.tensors.push_back(t.file);
  opened.metadata["source"] = "PyTorch";
  opened.read = [file, archive](std::size_t i) {
    return naming(file, [&] { return archive->read(archive->found.tensors.at(i)); });
  };
  return opened;
}

/// The folder inside that holds data.pkl, with its slash.
std::string root_of(const ZipFile& zip) {
  std::vector<std::string> roots;
  for (const ZipFile::Entry& e : zip.entries())
    if (e.name == "data.pkl" || e.name.ends_with("/data.pkl"))
      roots.push_back(e.name.substr(0, e.name.size() - 8));
  if (roots.empty()) {
    std::string names;
    for (std::size_t i = 0; i < std::min<std::size_t>(zip.entries().size(), 4); ++i)
      names += (i > 0 ? ", " : "") + shown(zip.entries()[i].name);
    throw DataError("is a zip archive, but has no data.pkl: not PyTorch's. It holds " +
                    (names.empty() ? "nothing" : names));
  }
  if (roots.size() > 1)
    throw DataError("is a zip archive of several networks: " + shown(roots[0]) + "data.pkl and " +
                    shown(roots[1]) + "data.pkl; expected one");
  return roots.front();
}

struct ZipArchive {
  ZipFile zip;
  std::string root;
  bool big_endian = false;
  PickledTensors found;

  explicit ZipArchive(const fs::path& file) : zip(file), root(root_of(zip)) {
    std::string_view bytes = zip.read(*zip.find(root + "data.pkl"));
    found = tensors_of(Pickle(bytes));
    refuse_without_tensors(found);
    const ZipFile::Entry* order = zip.find(root + "byteorder");
    const std::string_view said = order ? zip.read(*order) : "little";
    big_endian = said == "big";
    if (!big_endian && said != "little")
      throw DataError("has the byte order \"" + shown(std::string(said)) +
                      "\"; expected little or big");
  }

  HostTensor read(const PickledTensor& t) {
    const ZipFile::Entry* storage = zip.find(root + "data/" + t.storage);
    if (!storage)
      throw DataError("is damaged: storage " + shown(t.storage) + " of " + shown(t.file.name) +
                      " is missing");
    return values_of(t, zip.read(*storage), big_endian);
  }
};

/// Magic number, version and machine, then the object, a list of the keys of its storages, and for
/// each its number of elements and its bytes, least significant first.
struct LegacyFile {
  std::string content;
  std::map<std::string, std::string_view> storages;
  PickledTensors found;

  explicit LegacyFile(const fs::path& file) : content(read_bytes(file)) {
    std::string_view bytes = content;
    for (int header = 0; header < 3; ++header) Pickle{bytes};
    const Pickle object(bytes);
    found = tensors_of(object);
    refuse_without_tensors(found);
    const Pickle keys(bytes);
    const std::map<std::string, std::string> types = storage_types(object);
    for (std::size_t i = 0; i < count(keys); ++i)
      take_storage(std::string(keys.text(keys.item(keys.root(), i))), types, bytes);
  }

  static std::size_t count(const Pickle& keys) {
    if (keys.root().kind != PickledValue::Kind::sequence)
      throw DataError("damaged: no list of storages");
    return keys.node(keys.root()).items.size();
  }

  void take_storage(const std::string& key, const std::map<std::string, std::string>& types,
                    std::string_view& bytes) {
    std::uint64_t elements = 0;
    if (bytes.size() < sizeof elements) throw DataError("truncated");
    std::memcpy(&elements, bytes.data(), sizeof elements);
    bytes.remove_prefix(sizeof elements);
    const auto type = types.find(key);
    const std::size_t size = type == types.end() ? 0 : element_bytes(type->second);
    if (size == 0)
      throw DataError("holds a storage of a kind that is not known" +
                      (type == types.end() ? "" : ": " + shown(type->second)));
    if (elements > bytes.size() / size) throw DataError("truncated");
    storages[key] = bytes.substr(0, elements * size);
    bytes.remove_prefix(elements * size);
  }

  HostTensor read(const PickledTensor& t) const {
    const auto it = storages.find(t.storage);
    if (it == storages.end())
      throw DataError("is damaged: storage " + shown(t.storage) + " of " + shown(t.file.name) +
                      " is missing");
    return values_of(t, it->second, false);
  }
};

}  // namespace

WeightFile open_torch_zip(const fs::path& file) {
  return naming(file, [&] { return weight_file(file, std::make_shared<ZipArchive>(file)); });
}

WeightFile open_torch_legacy(const fs::path& file) {
  return naming(file, [&] { return weight_file(file, std::make_shared<LegacyFile>(file)); });
}

}  // namespace ohmic
