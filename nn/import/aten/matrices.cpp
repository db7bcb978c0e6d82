// Convolutions and products of matrices.
#include "nn/import/aten/aten_call.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

struct Window {
  Integers strides, dilations, pads;
  std::string auto_pad;
};

std::size_t spatial_axes(const AtenCall& call, const std::string& weight) {
  const std::int64_t rank = call.rank(weight);
  if (rank < 3)
    throw DataError("has a kernel of " + std::to_string(rank) + " axes; expected 3 or 4");
  return static_cast<std::size_t>(rank - 2);
}

Integers kernel_shape(const AtenCall& call, const std::string& weight) {
  Integers shape;
  for (std::int64_t axis = 2; axis < call.rank(weight); ++axis)
    shape.push_back(call.side(weight, axis));
  return shape;
}

/// PyTorch's "same" keeps sides and puts an odd zero at the end.
Integers named_padding(const std::string& name, const Integers& kernel, const Integers& dilations) {
  Integers pads(2 * kernel.size(), 0);
  if (name == "valid") return pads;
  if (name != "same")
    throw DataError("has padding \"" + name + "\"; expected \"same\", \"valid\" or numbers");
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    const std::int64_t total = dilations[i] * (kernel[i] - 1);
    pads[i] = total / 2;
    pads[kernel.size() + i] = total - total / 2;
  }
  return pads;
}

Integers both_sides(Integers padding) {
  const Integers ends = padding;
  padding.insert(padding.end(), ends.begin(), ends.end());
  return padding;
}

Inputs operands(const AtenCall& call) {
  Inputs inputs{call.tensor("input"), call.tensor("weight")};
  if (call.has("bias")) inputs.push_back(call.tensor("bias"));
  return inputs;
}

Attributes window(const AtenCall& call, const char* kind_of_padding) {
  const std::string weight = call.tensor("weight");
  const std::size_t axes = spatial_axes(call, weight);
  const Integers kernel = kernel_shape(call, weight);
  const Integers dilations = call.integers("dilation", Integers(axes, 1), axes);
  const bool named = std::string(kind_of_padding) == "padding";
  const Integers pads = named ? named_padding(call.text("padding", "valid"), kernel, dilations)
                              : both_sides(call.integers("padding", Integers(axes, 0), axes));
  return {{"kernel_shape", kernel},
          {"strides", call.integers("stride", Integers(axes, 1), axes)},
          {"dilations", dilations},
          {"pads", pads},
          {"group", call.integer("groups", 1)}};
}

void conv(AtenCall& call) { call.result("Conv", operands(call), window(call, "numbers")); }
void conv_padding(AtenCall& call) { call.result("Conv", operands(call), window(call, "padding")); }

void conv_transpose(AtenCall& call) {
  Attributes attributes = window(call, "numbers");
  const std::size_t axes = spatial_axes(call, call.tensor("weight"));
  attributes["output_padding"] = call.integers("output_padding", Integers(axes, 0), axes);
  call.result("ConvTranspose", operands(call), attributes);
}

void convolution(AtenCall& call) {
  if (call.flag("transposed", false)) return conv_transpose(call);
  conv(call);
}

std::string last_two_swapped(AtenCall& call, const std::string& x) {
  Integers order(static_cast<std::size_t>(call.rank(x)));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  if (order.size() < 2) throw DataError("transposes " + in_quotes(x) + ", which is no matrix");
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return call.emit("Transpose", {x}, {{"perm", order}});
}

void linear(AtenCall& call) {
  const std::string x = call.tensor("input"), weight = call.tensor("weight");
  const std::string bias = call.tensor("bias", false);
  if (call.rank(x) == 2) {
    Inputs inputs{x, weight};
    if (!bias.empty()) inputs.push_back(bias);
    return call.result("Gemm", inputs, {{"transB", std::int64_t{1}}});
  }
  const std::string matrix = last_two_swapped(call, weight);
  if (bias.empty()) return call.result("MatMul", {x, matrix});
  call.result("Add", {call.main("MatMul", {x, matrix})[0], bias});
}

void matmul(AtenCall& call) {
  const char* other = call.has("mat2") ? "mat2" : call.has("vec") ? "vec" : "other";
  call.result("MatMul", {call.tensor("self"), call.tensor(other)});
}

/// Each number of one vector times each of another.
void outer(AtenCall& call) {
  const ElementType type = call.output_value().type;
  const bool says_self = call.has("self");
  const std::string a = call.operand(says_self ? "self" : "input", type);
  const std::string column = call.emit("Unsqueeze", {a, call.constant(Integers{-1})});
  call.result("Mul", {column, call.operand("vec2", type)});
}

void addmm(AtenCall& call) {
  call.result("Gemm", {call.tensor("mat1"), call.tensor("mat2"), call.tensor("self")},
              {{"alpha", call.number("alpha", 1)}, {"beta", call.number("beta", 1)}});
}

void baddbmm(AtenCall& call) {
  const ElementType type = call.output_value().type;
  std::string product = call.main("MatMul", {call.tensor("batch1"), call.tensor("batch2")})[0];
  if (call.number("alpha", 1) != 1)
    product = call.emit("Mul", {product, call.operand("alpha", type)});
  if (call.number("beta", 1) == 0) return call.result("Identity", {product});
  std::string self = call.tensor("self");
  if (call.number("beta", 1) != 1) self = call.emit("Mul", {self, call.operand("beta", type)});
  call.result("Add", {self, product});
}

void einsum(AtenCall& call) {
  call.result("Einsum", call.tensors("tensors"), {{"equation", call.text("equation", "")}});
}

/// y_o = x W_o z' + b_o: x drives the matrices of all o side by side, and z weighs what they
/// answer.
void bilinear(AtenCall& call, const std::string& x, const std::string& weight,
              const std::string& z) {
  if (call.rank(weight) != 3 || call.rank(x) < 1 || call.rank(x) != call.rank(z))
    throw DataError("has a weight or inputs of other axes; expected a weight of three");
  const std::int64_t outputs = call.side(weight, 0), rows = call.side(weight, 1),
                     columns = call.side(weight, 2);
  const std::string turned = call.emit("Transpose", {weight}, {{"perm", Integers{1, 0, 2}}});
  const std::string matrix = call.reshaped(turned, {rows, outputs * columns});
  Integers apart(static_cast<std::size_t>(call.rank(x) - 1), 0);
  apart.insert(apart.end(), {outputs, columns});
  const std::string answers = call.reshaped(call.main("MatMul", {x, matrix})[0], apart);
  const std::string last = call.constant(Integers{-1});
  const std::string y = call.emit(
      "Squeeze", {call.emit("MatMul", {answers, call.emit("Unsqueeze", {z, last})}), last});
  if (!call.has("bias")) return call.result("Identity", {y});
  call.result("Add", {y, call.tensor("bias")});
}

void bilinear(AtenCall& call) {
  bilinear(call, call.tensor("input1"), call.tensor("weight"), call.tensor("input2"));
}

/// A product of three tensors with new axes, of which axes are summed: that of a bilinear layer.
void trilinear(AtenCall& call) {
  const bool is_bilinear =
      call.integers("expand1") == Integers{1, 3} && call.integers("expand2") == Integers{0} &&
      call.integers("expand3") == Integers{1, 2} && call.integers("sumdim") == Integers{2, 3};
  if (!is_bilinear)
    throw DataError(
        "multiplies along other axes than those of a bilinear layer, which is accepted");
  bilinear(call, call.tensor("i1"), call.tensor("i2"), call.tensor("i3"));
}

/// Sums over pairs of axes, as a formula.
void tensordot(AtenCall& call) {
  const std::string a = call.tensor("self"), b = call.tensor("other");
  Integers of_a = call.integers("dims_self"), of_b = call.integers("dims_other");
  const std::int64_t rank_a = call.rank(a), rank_b = call.rank(b);
  constexpr std::int64_t kLetters = 26;
  if (of_a.size() != of_b.size() || rank_a + rank_b > kLetters)
    throw DataError("sums over axes that do not pair");
  std::string x, y, result;
  for (std::int64_t i = 0; i < rank_a; ++i) x += static_cast<char>('a' + i);
  for (std::int64_t i = 0; i < rank_b; ++i) y += static_cast<char>('a' + rank_a + i);
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    of_a[i] += of_a[i] < 0 ? rank_a : 0;
    of_b[i] += of_b[i] < 0 ? rank_b : 0;
    if (of_a[i] < 0 || of_a[i] >= rank_a || of_b[i] < 0 || of_b[i] >= rank_b)
      throw DataError("sums over an axis that is not there");
    y[static_cast<std::size_t>(of_b[i])] = x[static_cast<std::size_t>(of_a[i])];
  }
  for (const char c : x)
    if (y.find(c) == std::string::npos) result += c;
  for (const char c : y)
    if (x.find(c) == std::string::npos) result += c;
  call.result("Einsum", {a, b}, {{"equation", x + "," + y + "->" + result}});
}

/// Rows of v with the lengths g: a kernel that was trained as direction and length.
void weight_norm(AtenCall& call) {
  const std::string v = call.tensor("v"), g = call.tensor("g");
  const std::int64_t kept = call.integer("dim", 0);  // -1: one length of all
  if (kept < -1 || kept >= call.rank(v) || call.rank(v) < 2)
    throw DataError("keeps axis " + std::to_string(kept) + " of " + std::to_string(call.rank(v)) +
                    "; expected one of a matrix or kernel, or -1");
  Integers axes;
  for (std::int64_t i = 0; i < call.rank(v); ++i)
    if (i != kept) axes.push_back(i);
  const std::string length = call.emit("ReduceL2", {v, call.constant(axes)});
  call.result("Mul", {v, call.emit("Div", {g, length})});
}

}  // namespace

AtenEntries aten_matrices() {
  return {{"addmm", addmm},
          {"baddbmm", baddbmm},
          {"bilinear", bilinear},
          {"bmm", matmul},
          {"conv1d.default", conv},
          {"conv1d.padding", conv_padding},
          {"conv2d.default", conv},
          {"conv2d.padding", conv_padding},
          {"conv3d.default", conv},
          {"conv3d.padding", conv_padding},
          {"conv_transpose1d", conv_transpose},
          {"conv_transpose2d", conv_transpose},
          {"conv_transpose3d", conv_transpose},
          {"convolution", convolution},
          {"einsum", einsum},
          {"linear", linear},
          {"matmul", matmul},
          {"mm", matmul},
          {"mv", matmul},
          {"ger", outer},
          {"outer", outer},
          {"tensordot", tensordot},
          {"_trilinear", trilinear},
          {"_weight_norm", weight_norm}};
}

}  // namespace ohmic
