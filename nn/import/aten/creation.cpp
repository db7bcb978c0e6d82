// Tensors made of nothing but numbers.
#include <algorithm>

#include "nn/import/aten/aten_call.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

ConstantTensor one_number(AtenCall& call, double value, ElementType type) {
  ConstantTensor tensor = *call.find_constant(call.scalar(value, type));
  tensor.shape = {1};
  return tensor;
}

void fill(AtenCall& call, const std::string& shape, double value) {
  call.result("ConstantOfShape", {shape},
              {{"value", one_number(call, value, call.output_value().type)}});
}

void of_size(AtenCall& call, double value) {
  fill(call, call.size_tensor(call.sizes("size")), value);
}
void like(AtenCall& call, double value) { fill(call, call.shape_of(call.tensor("self")), value); }

void zeros(AtenCall& call) { of_size(call, 0); }
void ones(AtenCall& call) { of_size(call, 1); }
/// Of no numbers in particular, which nothing reads before they are written.
void empty(AtenCall& call) { zeros(call); }
void full(AtenCall& call) { of_size(call, call.number("fill_value")); }
void zeros_like(AtenCall& call) { like(call, 0); }
void ones_like(AtenCall& call) { like(call, 1); }
void full_like(AtenCall& call) { like(call, call.number("fill_value")); }

/// All of a tensor set to a number, or to what another one holds.
void set_all(AtenCall& call, const std::string& value) {
  call.result("Expand", {value, call.shape_of(call.tensor("self"))});
}
void fill_with(AtenCall& call) {
  set_all(call, call.operand("value", call.value(call.tensor("self")).type));
}
void zero(AtenCall& call) { like(call, 0); }
void copy(AtenCall& call) {
  const std::string from = call.tensor("src");
  set_all(call, call.cast(from, call.value(from).type, call.value(call.tensor("self")).type));
}

void scalar_tensor(AtenCall& call) {
  call.result("Identity", {call.operand("s", call.output_value().type)});
}

void arange(AtenCall& call) {
  const ElementType type = call.output_value().type;
  const std::string start =
      call.has("start") ? call.operand("start", type) : call.scalar(0.0, type);
  const std::string step = call.has("step") ? call.operand("step", type) : call.scalar(1.0, type);
  call.result("Range", {start, call.operand("end", type), step});
}

void linspace(AtenCall& call) {
  const ElementType type = call.output_value().type, real = ElementType::f32;
  const double start = call.number("start"), end = call.number("end");
  const std::int64_t steps = call.integer("steps");
  const std::string number =
      call.emit("Range", {call.scalar(0.0, real), call.scalar(static_cast<double>(steps), real),
                          call.scalar(1.0, real)});
  const double step = steps > 1 ? (end - start) / static_cast<double>(steps - 1) : 0;
  const std::string line = call.emit(
      "Add", {call.emit("Mul", {number, call.scalar(step, real)}), call.scalar(start, real)});
  call.result("Identity", {call.cast(line, real, type)});
}

/// n x n, or n x m: 1 on the diagonal.
void eye(AtenCall& call) {
  std::vector<SymbolicInteger> sides = call.sizes("n");
  sides.push_back(call.has("m") ? call.sizes("m").at(0) : sides.at(0));
  const ElementType type = call.output_value().type;
  const std::string zeros = call.emit("ConstantOfShape", {call.size_tensor(sides)},
                                      {{"value", one_number(call, 0, type)}});
  call.result("EyeLike", {zeros}, {{"dtype", onnx_number(type)}});
}

/// Each tensor along its own axis and the same along all others.
void meshgrid(AtenCall& call) {
  const std::vector<std::string> lines = call.tensors("tensors");
  const bool is_xy = call.text("indexing", "ij") == "xy" && lines.size() > 1;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Integers& all = call.value(call.outputs()[i]).shape;
    if (std::find(all.begin(), all.end(), -1) != all.end())
      throw DataError("has a side that is not written in the file");
    Integers along(lines.size(), 1);
    along[is_xy && i < 2 ? 1 - i : i] = -1;
    call.output(i, "Expand", {call.reshaped(lines[i], along), call.constant(all)});
  }
}

}  // namespace

AtenEntries aten_creation() {
  return {{"arange", arange},     {"empty", empty},         {"empty_like", zeros_like},
          {"new_empty", empty},   {"copy", copy},           {"eye", eye},
          {"fill", fill_with},    {"full", full},           {"full_like", full_like},
          {"new_full", full},     {"new_ones", ones},       {"new_zeros", zeros},
          {"ones", ones},         {"ones_like", ones_like}, {"scalar_tensor", scalar_tensor},
          {"zero", zero},         {"zeros", zeros},         {"zeros_like", zeros_like},
          {"linspace", linspace}, {"meshgrid", meshgrid}};
}

}  // namespace ohmic
