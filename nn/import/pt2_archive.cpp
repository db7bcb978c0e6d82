#include "nn/import/pt2_archive.hpp"

#include <algorithm>
#include <cstring>

#include "nn/import/aten/aten_call.hpp"
#include "nn/import/draft.hpp"
#include "nn/import/json.hpp"
#include "nn/io/pickled_tensors.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// Elements of a view; DataError where they are more than the numbers that are there.
std::int64_t checked_elements(const StridedView& view, std::size_t numbers) {
  if (view.shape.size() != view.strides.size() || view.shape.size() > kMostAxes || view.offset < 0)
    throw DataError("has a shape and strides that do not fit");
  const auto limit = static_cast<std::int64_t>(numbers);
  std::int64_t elements = 1, last = view.offset;
  for (const std::int64_t side : view.shape)
    if (side == 0) return 0;
  for (std::size_t d = 0; d < view.shape.size(); ++d) {
    const std::int64_t side = view.shape[d], stride = view.strides[d];
    const bool fits = side > 0 && stride >= 0 && side <= limit && stride <= limit &&
                      elements <= limit / side &&
                      (stride == 0 || side - 1 <= (limit - std::min(last, limit)) / stride);
    if (!fits) throw DataError("is larger than its " + std::to_string(numbers) + " numbers");
    elements *= side;
    last += (side - 1) * stride;
  }
  if (last >= limit) throw DataError("is larger than its " + std::to_string(numbers) + " numbers");
  return elements;
}

bool in_order(const StridedView& view) {
  std::int64_t next = 1;
  for (std::size_t d = view.shape.size(); d-- > 0; next *= view.shape[d])
    if (view.shape[d] != 1 && view.strides[d] != next) return false;
  return true;
}

/// Copies what is out of order, the last axis fastest.
std::vector<std::byte> gathered(const StridedView& view, std::int64_t elements,
                                std::string_view bytes) {
  const std::size_t size = size_of(view.type);
  std::vector<std::byte> out(static_cast<std::size_t>(elements) * size);
  std::vector<std::int64_t> at(view.shape.size(), 0);
  std::int64_t from = view.offset;
  for (std::int64_t i = 0; i < elements; ++i) {
    std::memcpy(out.data() + static_cast<std::size_t>(i) * size,
                bytes.data() + static_cast<std::size_t>(from) * size, size);
    for (std::size_t d = at.size(); d-- > 0;) {
      from += view.strides[d];
      if (++at[d] < view.shape[d]) break;
      from -= view.strides[d] * view.shape[d];
      at[d] = 0;
    }
  }
  return out;
}

std::int64_t whole(const Json& integer) {
  const Json* written = find(integer, "as_int");
  if (!written || !written->is_number_integer())
    throw DataError("has a shape that is not written in numbers");
  return written->get<std::int64_t>();
}

std::vector<std::int64_t> whole_list(const Json& list) {
  std::vector<std::int64_t> values;
  for (const Json& integer : list) values.push_back(whole(integer));
  return values;
}

StridedView view_of(const Json& meta) {
  StridedView view;
  const Json& number = member(meta, "dtype");
  const auto type = torch_type(number.is_number_integer() ? number.get<std::int64_t>() : 0);
  if (!type)
    throw DataError(
        "has elements of a type that is not accepted; accepted are float32, float64, "
        "float16, bfloat16, int8 to int64, uint8, uint16 and bool");
  view.type = *type;
  view.shape = whole_list(member(meta, "sizes"));
  view.strides = whole_list(member(meta, "strides"));
  view.offset = whole(member(meta, "storage_offset"));
  return view;
}

Pt2Tensor read_tensor(const Json& entry, const std::string& folder, const Pt2Archive& archive) {
  try {
    const Json* pickled = find(entry, "use_pickle");
    if (pickled && pickled->is_boolean() && pickled->get<bool>())
      return {{}, "is pickled, which is not read; expected a plain tensor"};
    const Json& path = member(entry, "path_name");
    if (!path.is_string()) throw DataError("is damaged: it names no entry");
    const std::string_view bytes = archive.text(folder + path.get<std::string>());
    return {tensor_of_view(view_of(member(entry, "tensor_meta")), bytes, archive), {}};
  } catch (const DataError& error) {
    return {{}, error.what()};
  }
}

void read_config(const Pt2Archive& archive, const std::string& folder, const std::string& config,
                 std::map<std::string, Pt2Tensor>& tensors) {
  if (!archive.has(folder + config)) return;
  const Json json = parse_json(archive.text(folder + config), config);
  const Json& entries = member(json, "config");
  if (!entries.is_object()) throw DataError("is damaged: " + config + " has no list of tensors");
  for (const auto& [name, entry] : entries.items())
    tensors.emplace(name, read_tensor(entry, folder, archive));
}

std::optional<ElementType> element_type(const std::string& name) {
  static const std::map<std::string, ElementType> types{
      {"Float", ElementType::f32},   {"Double", ElementType::f64},    {"Half", ElementType::f16},
      {"Long", ElementType::i64},    {"BFloat16", ElementType::bf16}, {"Int", ElementType::i32},
      {"Short", ElementType::i16},   {"Char", ElementType::i8},       {"Byte", ElementType::u8},
      {"Bool", ElementType::boolean}};
  const auto found = types.find(name);
  if (found == types.end()) return {};
  return found->second;
}

/// Tensors in the order in which they stand in tuples, lists and dictionaries.
class SampleReader {
 public:
  SampleReader(const Pickle& pickle, const Pt2Archive& archive, StoredSample& sample)
      : pickle_(pickle), archive_(archive), sample_(sample) {}

  void collect(PickledValue v, int depth) {
    constexpr int kMostParts = 10000;
    if (depth > 16 || ++parts_ > kMostParts) throw DataError("is nested too deeply");
    using Kind = PickledValue::Kind;
    const bool pairs = v.kind == Kind::dictionary;
    if (v.kind == Kind::sequence || pairs) {
      const auto& items = pickle_.node(v).items;
      for (std::size_t i = pairs; i < items.size(); i += pairs ? 2 : 1)
        collect(items[i], depth + 1);
    } else if (const auto tensor = tensor_at(pickle_, v)) {
      add(*tensor);
    }
  }

 private:
  void add(const PickledTensor& t) {
    const auto type = element_type(t.type);
    if (!type) throw DataError("holds numbers of another type");
    const StridedView view{*type, t.file.shape, t.strides, t.offset};
    sample_.inputs.push_back(tensor_of_view(view, archive_.text("data/" + t.storage), archive_));
  }

  const Pickle& pickle_;
  const Pt2Archive& archive_;
  StoredSample& sample_;
  int parts_ = 0;
};

}  // namespace

Pt2Archive::Pt2Archive(MappedFile file, std::shared_ptr<ZipFile> zip)
    : file_(std::move(file)), zip_(std::move(zip)) {
  std::map<std::string, std::string_view> all;
  for (const ZipFile::Entry& entry : zip_->entries()) all[entry.name] = zip_->read(entry);
  const std::string first = all.empty() ? "" : all.begin()->first;
  const std::string root = first.substr(0, first.find('/') + 1);
  for (const auto& [path, bytes] : all)
    entries_.emplace(path.starts_with(root) ? path.substr(root.size()) : path, bytes);
}

Pt2Archive::Pt2Archive(const std::filesystem::path& file)
    : Pt2Archive(map_file(file), file.string()) {}
Pt2Archive::Pt2Archive(MappedFile file, const std::string& name)
    : Pt2Archive(file, std::make_shared<ZipFile>(file, name)) {}
Pt2Archive::Pt2Archive(std::string_view bytes)
    : Pt2Archive({}, std::make_shared<ZipFile>(std::string(bytes), "an archive inside")) {}

bool Pt2Archive::has(const std::string& path) const { return entries_.count(path) > 0; }

std::string_view Pt2Archive::text(const std::string& path) const {
  const auto found = entries_.find(path);
  if (found == entries_.end()) throw DataError("has no entry \"" + path + '"');
  return found->second;
}

std::vector<std::string> Pt2Archive::below(const std::string& folder) const {
  std::vector<std::string> paths;
  for (auto it = entries_.lower_bound(folder);
       it != entries_.end() && it->first.starts_with(folder); ++it)
    paths.push_back(it->first);
  return paths;
}

std::shared_ptr<const std::byte> Pt2Archive::share(std::string_view part) const {
  return {zip_, reinterpret_cast<const std::byte*>(part.data())};
}

ConstantTensor tensor_of_view(const StridedView& view, std::string_view bytes,
                              const Pt2Archive& archive) {
  const std::size_t size = size_of(view.type);
  const std::int64_t elements = checked_elements(view, bytes.size() / size);
  if (elements == 0) return {view.type, view.shape, archive.share(bytes)};
  if (in_order(view))
    return {view.type, view.shape,
            archive.share(bytes.substr(static_cast<std::size_t>(view.offset) * size))};
  const auto owner =
      std::make_shared<const std::vector<std::byte>>(gathered(view, elements, bytes));
  return {view.type, view.shape, {owner, owner->data()}};
}

std::map<std::string, Pt2Tensor> read_pt2_tensors(const Pt2Archive& archive,
                                                  const std::string& model) {
  std::map<std::string, Pt2Tensor> tensors;
  read_config(archive, "data/weights/", model + "_weights_config.json", tensors);
  read_config(archive, "data/constants/", model + "_constants_config.json", tensors);
  return tensors;
}

std::optional<StoredSample> read_pt2_sample(const Pt2Archive& archive, const std::string& model) {
  const std::string path = "data/sample_inputs/" + model + ".pt";
  if (!archive.has(path)) return {};
  try {
    const Pt2Archive inner(archive.text(path));
    std::string_view pickle = inner.text("data.pkl");
    StoredSample sample;
    const Pickle read(pickle);
    SampleReader(read, inner, sample).collect(read.root(), 0);
    return sample;
  } catch (const DataError&) {
    return {};  // inputs that are no tensors; the model itself does not need them
  }
}

}  // namespace ohmic
