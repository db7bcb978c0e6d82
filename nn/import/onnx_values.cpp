#include "nn/import/onnx_values.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "nn/import/draft.hpp"
#include "nn/import/protobuf_wire.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr const char* kAcceptedTypes =
    "accepted are float32, float64, float16, bfloat16, int8 to int64, uint8 to uint64 and bool";

struct TypeFacts {
  const char* name;
  std::optional<ElementType> type;
};

/// TensorProto.DataType, from 0.
const std::array<TypeFacts, 24> kTypes{{{"undefined", {}},
                                        {"float32", ElementType::f32},
                                        {"uint8", ElementType::u8},
                                        {"int8", ElementType::i8},
                                        {"uint16", ElementType::u16},
                                        {"int16", ElementType::i16},
                                        {"int32", ElementType::i32},
                                        {"int64", ElementType::i64},
                                        {"string", {}},
                                        {"bool", ElementType::boolean},
                                        {"float16", ElementType::f16},
                                        {"float64", ElementType::f64},
                                        {"uint32", ElementType::u32},
                                        {"uint64", ElementType::u64},
                                        {"complex64", {}},
                                        {"complex128", {}},
                                        {"bfloat16", ElementType::bf16},
                                        {"float8e4m3fn", {}},
                                        {"float8e4m3fnuz", {}},
                                        {"float8e5m2", {}},
                                        {"float8e5m2fnuz", {}},
                                        {"uint4", {}},
                                        {"int4", {}},
                                        {"float4e2m1", {}}}};

bool is_known(std::int64_t type) {
  return type >= 0 && type < static_cast<std::int64_t>(kTypes.size());
}

/// The last field of that number; empty where there is none.
std::string_view text_field(std::string_view message, std::uint32_t number) {
  std::string_view text;
  each_field(message, [&](const WireField& f) {
    if (f.number() == number) text = f.bytes();
  });
  return text;
}

struct TensorFields {
  std::string_view name;
  std::vector<std::int64_t> shape;
  std::int64_t type = 0;
  std::optional<std::string_view> raw;
  std::vector<std::string_view> floats, doubles;  ///< packed runs
  std::vector<float> loose_floats;
  std::vector<std::int64_t> integers;  ///< of the int32, int64 and uint64 fields
  std::vector<std::string_view> external;
  bool is_external = false;
};

std::string size_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t side : shape) text += (text.empty() ? "" : " x ") + std::to_string(side);
  return text.empty() ? "one number" : text;
}

TensorFields read_fields(std::string_view message) {
  TensorFields t;
  each_field(message, [&](const WireField& f) {
    switch (f.number()) {
      case 1:
        f.append_to(t.shape);
        if (t.shape.size() > kMostAxes) throw DataError("is damaged: a tensor has over 64 axes");
        return;
      case 2:
        return void(t.type = f.integer());
      case 4:
        return void(t.floats.push_back(f.bytes()));
      case 5:
      case 7:
      case 11:
        return f.append_to(t.integers);
      case 8:
        return void(t.name = f.bytes());
      case 9:
        return void(t.raw = f.bytes());
      case 10:
        return void(t.doubles.push_back(f.bytes()));
      case 13:
        return t.external.push_back(f.bytes());
      case 14:
        return void(t.is_external = f.integer() == 1);
    }
  });
  return t;
}

/// Elements of a shape; DataError where they would not fit in `limit` bytes.
std::size_t checked_elements(const std::vector<std::int64_t>& shape, std::size_t element_bytes,
                             std::size_t limit) {
  std::size_t n = 1;
  for (const std::int64_t side : shape) {
    if (side < 0) throw DataError("has a shape of " + size_text(shape));
    if (side == 0) return 0;
  }
  for (const std::int64_t side : shape) {
    if (n > limit / element_bytes / static_cast<std::size_t>(side))
      throw DataError("should have " + size_text(shape) + " numbers of " +
                      std::to_string(element_bytes) + " bytes, but only " + std::to_string(limit) +
                      " bytes are there");
    n *= static_cast<std::size_t>(side);
  }
  return n;
}

std::shared_ptr<const std::byte> held(std::vector<std::byte> bytes) {
  bytes.reserve(1);  // never null
  const auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  return {owner, owner->data()};
}

/// The bytes of a number's lower end, little-endian.
void append_low(std::vector<std::byte>& bytes, std::int64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    bytes.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff));
}

std::uint64_t number_of(std::string_view text, const char* what) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw DataError(std::string("has an ") + what + " of " + in_quotes(text) +
                    " in its external data; expected a whole number");
  return value;
}

/// Where a tensor's numbers lie in a file beside the model.
struct External {
  std::string_view location;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
};

External read_external(const TensorFields& t) {
  External external;
  for (const std::string_view entry : t.external) {
    std::string_view key, value;
    each_field(entry, [&](const WireField& f) {
      if (f.number() == 1) key = f.bytes();
      if (f.number() == 2) value = f.bytes();
    });
    if (key == "location") external.location = value;
    if (key == "offset") external.offset = number_of(value, "offset");
    if (key == "length") external.length = number_of(value, "length of");
  }
  return external;
}

/// A run of bytes, of `file`.
struct Run {
  std::string_view bytes;
  std::shared_ptr<const std::byte> data;
};

Run external_run(const TensorFields& t, OnnxFiles& files) {
  const External external = read_external(t);
  const MappedFile& file = files.beside(external.location);
  const std::uint64_t length =
      external.length.value_or(file.size - std::min<std::uint64_t>(external.offset, file.size));
  if (external.offset > file.size || length > file.size - external.offset)
    throw DataError("should be bytes " + std::to_string(external.offset) + " to " +
                    std::to_string(external.offset + length) + " of " +
                    in_quotes(external.location) + ", which has " + std::to_string(file.size) +
                    " bytes (truncated?)");
  const std::string_view bytes = file.text().substr(external.offset, length);
  return {bytes, file.share(bytes)};
}

/// Numbers that the file has in fields of their type instead of as bytes.
Run typed_run(const TensorFields& t, ElementType type, const OnnxFiles& files) {
  const auto& runs = type == ElementType::f64 ? t.doubles : t.floats;
  const bool real = type == ElementType::f32 || type == ElementType::f64;
  if (real && runs.size() == 1) return {runs[0], files.model().share(runs[0])};
  std::vector<std::byte> bytes;
  if (real)
    for (const std::string_view run : runs)
      bytes.insert(bytes.end(), reinterpret_cast<const std::byte*>(run.data()),
                   reinterpret_cast<const std::byte*>(run.data() + run.size()));
  else
    for (const std::int64_t value : t.integers) append_low(bytes, value, size_of(type));
  const std::size_t size = bytes.size();
  const std::shared_ptr<const std::byte> data = held(std::move(bytes));
  return {{reinterpret_cast<const char*>(data.get()), size}, data};
}

Run numbers_of(const TensorFields& t, ElementType type, OnnxFiles& files) {
  const bool in_fields =
      !t.floats.empty() || !t.doubles.empty() || !t.loose_floats.empty() || !t.integers.empty();
  if (t.is_external + (t.raw && !t.raw->empty()) + in_fields > 1)
    throw DataError("has numbers in more than one place; which are meant is not said");
  if (t.is_external) return external_run(t, files);
  if (t.raw) return {*t.raw, files.model().share(*t.raw)};
  return typed_run(t, type, files);
}

ConstantTensor tensor_of_fields(const TensorFields& t, OnnxFiles& files) {
  const ElementType type = onnx_element_type(t.type);
  const Run run = numbers_of(t, type, files);
  const std::size_t bytes =
      checked_elements(t.shape, size_of(type), run.bytes.size()) * size_of(type);
  if (bytes != run.bytes.size())
    throw DataError("has " + std::to_string(run.bytes.size()) + " bytes of numbers; its shape, " +
                    size_text(t.shape) + ", needs " + std::to_string(bytes));
  return {type, t.shape, run.data};
}

/// What an AttributeProto holds.
struct AttributeFields {
  std::int64_t type = 0;
  float real = 0;
  std::int64_t integer = 0;
  std::string_view text, tensor;
  std::vector<float> reals;
  std::vector<std::int64_t> integers;
  std::vector<std::string> texts;
  int present = 0;  ///< AttributeProto.AttributeType of the last field
};

AttributeFields read_attribute_fields(std::string_view message) {
  AttributeFields a;
  each_field(message, [&](const WireField& f) {
    switch (f.number()) {
      case 2:
        return void((a.real = f.real(), a.present = 1));
      case 3:
        return void((a.integer = f.integer(), a.present = 2));
      case 4:
        return void((a.text = f.bytes(), a.present = 3));
      case 5:
        return void((a.tensor = f.bytes(), a.present = 4));
      case 6:
        return void(a.present = 5);
      case 7:
        return void((f.append_to(a.reals), a.present = 6));
      case 8:
        return void((f.append_to(a.integers), a.present = 7));
      case 9:
        return void((a.texts.emplace_back(f.bytes()), a.present = 8));
      case 20:
        return void(a.type = f.integer());
    }
  });
  return a;
}

Attribute tensor_attribute(std::string_view message, OnnxFiles& files) {
  OnnxTensor t = read_onnx_tensor(message, files);
  if (!t.problem.empty()) throw DataError("holds a tensor that " + t.problem);
  return std::move(t.tensor);
}

std::vector<std::int64_t> read_shape(std::string_view message) {
  std::vector<std::int64_t> shape;
  each_field(message, [&](const WireField& dimension) {
    if (dimension.number() != 1) return;
    std::int64_t side = -1;
    each_field(dimension.bytes(), [&](const WireField& f) {
      if (f.number() == 1) side = f.integer();
    });
    if (shape.size() == kMostAxes) throw DataError("is damaged: a value has over 64 axes");
    shape.push_back(side < 0 ? -1 : side);
  });
  return shape;
}

}  // namespace

std::string onnx_type_name(std::int64_t type) {
  return is_known(type) ? kTypes[static_cast<std::size_t>(type)].name
                        : "type " + std::to_string(type);
}

ElementType onnx_element_type(std::int64_t type) {
  const std::optional<ElementType> known =
      is_known(type) ? kTypes[static_cast<std::size_t>(type)].type : std::nullopt;
  if (!known) throw DataError("has elements of " + onnx_type_name(type) + "; " + kAcceptedTypes);
  return *known;
}

OnnxTensor read_onnx_tensor(std::string_view message, OnnxFiles& files) {
  const TensorFields fields = read_fields(message);
  OnnxTensor named{std::string(fields.name), {}, {}};
  try {
    named.tensor = tensor_of_fields(fields, files);
  } catch (const DataError& error) {
    named.problem = error.what();
  }
  return named;
}

Attribute read_onnx_attribute(std::string_view message, OnnxFiles& files) {
  AttributeFields a = read_attribute_fields(message);
  switch (a.type != 0 ? a.type : a.present) {
    case 1:
      return double{a.real};
    case 2:
      return a.integer;
    case 3:
      return std::string(a.text);
    case 4:
      return tensor_attribute(a.tensor, files);
    case 5:
    case 10:
      throw DataError(
          "holds a graph of its own; export the model so that it has no branches or "
          "loops");
    case 6:
      return std::vector<double>(a.reals.begin(), a.reals.end());
    case 7:
      return std::move(a.integers);
    case 8:
      return std::move(a.texts);
  }
  throw DataError(
      "is of a kind that is not accepted; accepted are numbers, texts, lists of them "
      "and tensors");
}

std::string onnx_value_name(std::string_view message) {
  return std::string(text_field(message, 1));
}

std::string onnx_sparse_name(std::string_view message) {
  return std::string(text_field(text_field(message, 1), 8));  // that of its values
}

ModelValue read_onnx_value(std::string_view message) {
  ModelValue value;
  const std::string_view name = text_field(message, 1);
  value.name = name;
  std::string_view tensor;
  std::uint32_t kind = 0;
  each_field(text_field(message, 2), [&](const WireField& f) {
    if (f.number() == 6) return;  // denotation
    kind = f.number();
    tensor = f.bytes();
  });
  if (kind > 1)
    throw DataError("value " + in_quotes(name) + " is no tensor; accepted are tensors of numbers");
  std::int64_t element = 1;  // where nothing is said
  value.shaped = false;
  each_field(tensor, [&](const WireField& f) {
    if (f.number() == 1) element = f.integer();
    if (f.number() != 2) return;
    value.shaped = true;
    value.shape = read_shape(f.bytes());
  });
  try {
    value.type = onnx_element_type(element == 0 ? 1 : element);
  } catch (const DataError& error) {
    throw DataError("value " + in_quotes(name) + " " + error.what());
  }
  return value;
}

}  // namespace ohmic
