#include "nn/import/aten/aten_call.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Kind = AtenArgument::Kind;

std::shared_ptr<const std::byte> bytes_of(const void* from, std::size_t size) {
  const auto owner = std::make_shared<std::vector<std::byte>>(std::max<std::size_t>(size, 1));
  if (size > 0) std::memcpy(owner->data(), from, size);
  return {owner, owner->data()};
}

std::uint16_t half_bits(double value) {
  if (value == 0 || std::isnan(value)) return value == 0 ? 0 : 0x7e00;
  const std::uint16_t sign = value < 0 ? 0x8000 : 0;
  const double magnitude = std::fabs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  int exponent = std::max(std::ilogb(magnitude), -14);
  long fraction = std::lrint(std::ldexp(magnitude, 10 - exponent));
  if (fraction == 2048) fraction = 1024, ++exponent;
  if (fraction < 1024) return static_cast<std::uint16_t>(sign | fraction);
  return static_cast<std::uint16_t>(sign | (exponent + 15) << 10 | (fraction - 1024));
}

/// The upper half of a float32, rounded to even.
std::uint16_t bfloat_bits(double value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  if (std::isnan(value)) return 0x7fc0;
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

template <class T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_number(std::string& bytes, double value, ElementType type) {
  switch (type) {
    case ElementType::f32:
      return append(bytes, static_cast<float>(value));
    case ElementType::f64:
      return append(bytes, value);
    case ElementType::f16:
      return append(bytes, half_bits(value));
    case ElementType::bf16:
      return append(bytes, bfloat_bits(value));
    default:
      break;
  }
  if (!(std::fabs(value) < 9e18)) throw DataError("has a whole number beyond 64 bits");
  const auto whole = static_cast<std::int64_t>(value);
  bytes.append(reinterpret_cast<const char*>(&whole), size_of(type));
}

ConstantTensor tensor_of(const std::string& bytes, ElementType type, Integers shape) {
  return {type, std::move(shape), bytes_of(bytes.data(), bytes.size())};
}

}  // namespace

std::optional<ElementType> torch_type(std::int64_t number) {
  switch (number) {
    case 1:
      return ElementType::u8;
    case 2:
      return ElementType::i8;
    case 3:
      return ElementType::i16;
    case 4:
      return ElementType::i32;
    case 5:
      return ElementType::i64;
    case 6:
      return ElementType::f16;
    case 7:
      return ElementType::f32;
    case 8:
      return ElementType::f64;
    case 12:
      return ElementType::boolean;
    case 13:
      return ElementType::bf16;
    case 28:
      return ElementType::u16;
  }
  return {};
}

std::int64_t onnx_number(ElementType type) {
  switch (type) {
    case ElementType::f32:
      return 1;
    case ElementType::u8:
      return 2;
    case ElementType::i8:
      return 3;
    case ElementType::u16:
      return 4;
    case ElementType::i16:
      return 5;
    case ElementType::i32:
      return 6;
    case ElementType::i64:
      return 7;
    case ElementType::boolean:
      return 9;
    case ElementType::f16:
      return 10;
    case ElementType::f64:
      return 11;
    case ElementType::u32:
      return 12;
    case ElementType::u64:
      return 13;
    case ElementType::bf16:
      return 16;
  }
  return 0;
}

const AtenArgument* AtenCall::find(std::string_view name) const {
  for (const auto& [key, argument] : arguments_)
    if (key == name) return argument.kind == Kind::none ? nullptr : &argument;
  return nullptr;
}

const AtenArgument& AtenCall::at(std::string_view name) const {
  const AtenArgument* found = find(name);
  if (!found) throw DataError("has no argument \"" + std::string(name) + '"');
  return *found;
}

void AtenCall::mistyped(std::string_view name, const char* expected) const {
  throw DataError("its argument \"" + std::string(name) + "\" is not accepted; expected " +
                  expected);
}

bool AtenCall::has(std::string_view name) const { return find(name) != nullptr; }

std::string AtenCall::tensor(std::string_view name, bool needed) const {
  const AtenArgument* found = needed ? &at(name) : find(name);
  if (!found) return {};
  if (found->kind != Kind::tensor) mistyped(name, "a tensor");
  return found->tensors.at(0);
}

std::vector<std::string> AtenCall::tensors(std::string_view name) const {
  const AtenArgument* found = find(name);
  if (!found) return {};
  if (found->kind != Kind::tensors) mistyped(name, "a list of tensors");
  return found->tensors;
}

std::int64_t AtenCall::integer(std::string_view name, std::optional<std::int64_t> otherwise) const {
  if (!has(name) && otherwise) return *otherwise;
  const AtenArgument& a = at(name);
  const bool whole = a.kind == Kind::integer || a.kind == Kind::flag;
  if (!whole || !a.integers.at(0).written()) mistyped(name, "a whole number that is written");
  return a.integers[0].value;
}

Integers AtenCall::integers(std::string_view name, std::optional<Integers> otherwise,
                            std::size_t rank) const {
  Integers values;
  if (!has(name) && otherwise) {
    values = *otherwise;
  } else {
    for (const SymbolicInteger& i : sizes(name)) {
      if (!i.written()) mistyped(name, "whole numbers that are written");
      values.push_back(i.value);
    }
  }
  if (rank > 0 && values.size() == 1) values.assign(rank, values[0]);
  if (rank > 0 && values.size() != rank) mistyped(name, "one whole number for every axis");
  return values;
}

double AtenCall::number(std::string_view name, std::optional<double> otherwise) const {
  if (!has(name) && otherwise) return *otherwise;
  const AtenArgument& a = at(name);
  if (a.kind == Kind::number) return a.numbers.at(0);
  if (a.kind != Kind::integer && a.kind != Kind::flag) mistyped(name, "a number");
  return static_cast<double>(integer(name));
}

std::vector<double> AtenCall::numbers(std::string_view name) const {
  const AtenArgument* found = find(name);
  if (!found) return {};
  if (found->kind == Kind::integers) {
    const Integers whole = integers(name);
    return {whole.begin(), whole.end()};
  }
  if (found->kind != Kind::numbers) mistyped(name, "a list of numbers");
  return found->numbers;
}

bool AtenCall::flag(std::string_view name, bool otherwise) const {
  return integer(name, otherwise ? 1 : 0) != 0;
}

std::string AtenCall::text(std::string_view name, const std::string& otherwise) const {
  const AtenArgument* found = find(name);
  if (!found) return otherwise;
  if (found->kind != Kind::text) mistyped(name, "a text");
  return found->text;
}

std::optional<ElementType> AtenCall::type(std::string_view name) const {
  const AtenArgument* found = find(name);
  if (!found) return {};
  const std::optional<ElementType> type =
      found->kind == Kind::type ? torch_type(found->integers.at(0).value) : std::nullopt;
  if (!type) mistyped(name, "a real, whole or boolean type of element");
  return type;
}

bool AtenCall::is_tensor(std::string_view name) const {
  const AtenArgument* found = find(name);
  return found && found->kind == Kind::tensor;
}

bool AtenCall::is_integral(std::string_view name) const {
  const AtenArgument& a = at(name);
  if (a.kind != Kind::tensor) return a.kind == Kind::integer || a.kind == Kind::flag;
  const ElementType type = value(a.tensors.at(0)).type;
  return type >= ElementType::i8;
}

const std::vector<SymbolicInteger>& AtenCall::sizes(std::string_view name) const {
  const AtenArgument& a = at(name);
  if (a.kind != Kind::integers && a.kind != Kind::integer) mistyped(name, "whole numbers");
  return a.integers;
}

const AtenValue& AtenCall::value(const std::string& tensor) const {
  const auto found = graph_.values.find(tensor);
  if (found == graph_.values.end())
    throw DataError("the file does not say the shape and type of " + in_quotes(tensor));
  return found->second;
}

std::int64_t AtenCall::rank(const std::string& tensor) const {
  return static_cast<std::int64_t>(value(tensor).shape.size());
}

std::int64_t AtenCall::axis(std::string_view name, std::int64_t rank,
                            std::optional<std::int64_t> otherwise) const {
  const std::int64_t axis = integer(name, otherwise);
  const std::int64_t axes = std::max<std::int64_t>(rank, 1);
  if (axis < -axes || axis >= axes)
    throw DataError("its argument \"" + std::string(name) + "\" is " + std::to_string(axis) +
                    "; its tensor has " + std::to_string(rank) + " axes");
  return axis < 0 ? axis + axes : axis;
}

std::int64_t AtenCall::side(const std::string& tensor, std::int64_t axis) const {
  const AtenValue& v = value(tensor);
  const auto axes = static_cast<std::int64_t>(v.shape.size());
  if (axis < 0) axis += axes;
  if (axis < 0 || axis >= axes)
    throw DataError(in_quotes(tensor) + " has only " + std::to_string(axes) + " axes");
  const std::int64_t side = v.shape[static_cast<std::size_t>(axis)];
  if (side < 0)
    throw DataError("side " + std::to_string(axis) + " of " + in_quotes(tensor) +
                    " is not written in the file; export with a fixed size of it");
  return side;
}

std::string AtenCall::fresh() { return name_ + "/" + std::to_string(++made_); }

std::string AtenCall::constant(ConstantTensor tensor) {
  const std::string name = fresh();
  graph_.draft.model.constants.insert_or_assign(name, std::move(tensor));
  return name;
}

std::string AtenCall::constant_of(const std::string& of, ConstantTensor tensor) {
  std::string& name = graph_.made[of];
  if (name.empty()) name = constant(std::move(tensor));
  return name;
}

std::string AtenCall::constant(const Integers& values) {
  const std::size_t size = values.size() * sizeof(std::int64_t);
  return constant(ConstantTensor{
      ElementType::i64, {static_cast<std::int64_t>(values.size())}, bytes_of(values.data(), size)});
}

std::string AtenCall::scalar(double value, ElementType type) {
  std::string bytes;
  append_number(bytes, value, type);
  return constant(tensor_of(bytes, type, {}));
}

std::string AtenCall::scalar(std::int64_t value) {
  return constant(ConstantTensor{ElementType::i64, {}, bytes_of(&value, sizeof value)});
}

std::string AtenCall::filled(double value, const Integers& shape, ElementType type) {
  std::string bytes;
  append_number(bytes, value, type);
  return emit("ConstantOfShape", {constant(shape)}, {{"value", tensor_of(bytes, type, {1})}});
}

const ConstantTensor* AtenCall::find_constant(const std::string& value) const {
  const auto found = graph_.draft.model.constants.find(value);
  return found == graph_.draft.model.constants.end() ? nullptr : &found->second;
}

const ModelNode* AtenCall::find_maker(const std::string& value) const {
  const auto makes = [&](const DraftNode& node) {
    return std::ranges::find(node.outputs, value) != node.outputs.end();
  };
  const auto found = std::ranges::find_if(graph_.draft.nodes, makes);
  return found == graph_.draft.nodes.end() ? nullptr : &*found;
}

void AtenCall::add(const std::string& name, const std::string& op, Inputs inputs,
                   std::vector<std::string> outputs, Attributes attributes) {
  DraftNode node;
  node.op = op;
  node.name = name;
  node.inputs = std::move(inputs);
  node.outputs = std::move(outputs);
  node.attributes = std::move(attributes);
  graph_.draft.nodes.push_back(std::move(node));
}

std::string AtenCall::emit(const std::string& op, Inputs inputs, Attributes attributes) {
  return emit(op, std::move(inputs), std::move(attributes), 1)[0];
}

std::vector<std::string> AtenCall::emit(const std::string& op, Inputs inputs, Attributes attributes,
                                        std::size_t outputs) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < outputs; ++i) names.push_back(fresh());
  add(names.at(0), op, std::move(inputs), names, std::move(attributes));
  return names;
}

std::vector<std::string> AtenCall::main(const std::string& op, Inputs inputs, Attributes attributes,
                                        std::size_t outputs, const std::string& suffix) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < outputs; ++i) names.push_back(fresh());
  add(name_ + suffix, op, std::move(inputs), names, std::move(attributes));
  named_ = true;
  return names;
}

void AtenCall::result(const std::string& op, Inputs inputs, Attributes attributes) {
  output(0, op, std::move(inputs), std::move(attributes));
}

void AtenCall::results(const std::string& op, Inputs inputs, Attributes attributes) {
  add(name_, op, std::move(inputs), outputs_, std::move(attributes));
}

void AtenCall::output(std::size_t i, const std::string& op, Inputs inputs, Attributes attributes) {
  if (i >= outputs_.size()) throw DataError("has too few outputs");
  add(i == 0 && !named_ ? name_ : fresh(), op, std::move(inputs), {outputs_[i]},
      std::move(attributes));
}

std::string AtenCall::size_tensor(const std::vector<SymbolicInteger>& sizes) {
  Inputs parts;
  Integers run;
  const auto close = [&] {
    if (!run.empty()) parts.push_back(constant(run));
    run.clear();
  };
  for (const SymbolicInteger& size : sizes) {
    if (size.written()) {
      run.push_back(size.value);
    } else {
      close();
      parts.push_back(size.name);
    }
  }
  if (!run.empty() || parts.empty()) parts.push_back(constant(run));
  return parts.size() == 1 ? parts[0] : emit("Concat", parts, {{"axis", std::int64_t{0}}});
}

std::string AtenCall::cast(const std::string& value, ElementType from, ElementType to) {
  return from == to ? value : emit("Cast", {value}, {{"to", onnx_number(to)}});
}

std::string AtenCall::operand(std::string_view name, ElementType type) {
  if (is_tensor(name)) return cast(tensor(name), value(tensor(name)).type, type);
  const AtenArgument& a = at(name);
  if (a.kind != Kind::integer || a.integers.at(0).written()) return scalar(number(name), type);
  const std::string symbol = emit("Squeeze", {a.integers[0].name});
  return cast(symbol, ElementType::i64, type);
}

void AtenCall::written(const std::string& whole, const std::string& part, std::int64_t axis,
                       const SymbolicInteger& begin, const SymbolicInteger& end) {
  constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
  const std::string axes = constant(Integers{axis});
  Inputs parts;
  const auto keep = [&](const std::string& from, const std::string& to) {
    parts.push_back(emit("Slice", {whole, from, to, axes}));
  };
  if (!begin.written() || begin.value != 0) keep(constant(Integers{0}), size_tensor(begin));
  parts.push_back(part);
  if (!end.written() || end.value != kAll) keep(size_tensor(end), constant(Integers{kAll}));
  result("Concat", parts, {{"axis", axis}});
}

std::string AtenCall::reshaped(const std::string& tensor, const Integers& shape) {
  return emit("Reshape", {tensor, constant(shape)});
}

}  // namespace ohmic
