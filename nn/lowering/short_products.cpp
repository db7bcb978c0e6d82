#include "nn/lowering/short_products.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/constant_pad_nd.h>

#include <optional>
#include <utility>
#include <vector>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;

constexpr std::int64_t kRows = 32;                      // that are left
constexpr std::int64_t kLarge = std::int64_t{1} << 14;  // numbers of a matrix

/// Axes over which a product adds.
struct Summed {
  std::int64_t of_inputs, of_matrix;
};

/// Nothing where the node is no product of inputs and a plain matrix.
std::optional<Summed> summed(const Call& call) {
  const std::string& op = call.node().op;
  const std::int64_t rank = call[0].dim(), of_matrix = call[1].dim();
  if (op == "MatMul" && rank >= 2 && of_matrix == 2) return Summed{rank - 1, 0};
  if (op == "Gemm" && rank == 2 && of_matrix == 2 && !call.flag("transA", false))
    return Summed{1, call.flag("transB", false) ? 1 : 0};
  if (op == "Conv" && rank >= 3 && of_matrix == rank && call.integer("group", 1) == 1)
    return Summed{1, 1};
  return std::nullopt;
}

/// Sums of the values that lie kRows apart.
Tensor sums(const Tensor& x, std::int64_t axis) {
  const std::int64_t size = x.size(axis), terms = (size + kRows - 1) / kRows;
  std::vector<std::int64_t> padding(static_cast<std::size_t>(2 * (x.dim() - axis)), 0);
  padding.back() = terms * kRows - size;
  const Tensor whole = padding.back() > 0 ? at::constant_pad_nd(x, padding) : x;
  std::vector<std::int64_t> sides = whole.sizes().vec();
  sides[static_cast<std::size_t>(axis)] = kRows;
  sides.insert(sides.begin() + axis, terms);
  return whole.reshape(sides).sum(axis);
}

/// Inputs and matrix of the short product; nothing where the whole one is as good.
std::optional<std::pair<Tensor, Tensor>> shortened(const ModelNode& node, int opset,
                                                   const Tensor& x, const Tensor& matrix) {
  if (!x.is_floating_point() || !matrix.is_floating_point() || matrix.numel() < kLarge)
    return std::nullopt;
  const std::vector<Tensor> inputs{x, matrix};
  const auto axes = summed({node, opset, inputs});
  if (!axes) return std::nullopt;
  const std::int64_t rows = matrix.size(axes->of_matrix);
  if (rows <= kRows || x.size(axes->of_inputs) != rows) return std::nullopt;
  return std::pair{sums(x, axes->of_inputs), matrix.narrow(axes->of_matrix, 0, kRows)};
}

}  // namespace

void run_node_in_short(const ModelNode& node, int opset, std::map<std::string, Tensor>& values) {
  const bool is_product = node.op == "MatMul" || node.op == "Gemm" || node.op == "Conv";
  if (!is_product || node.inputs.size() < 2) return run_node(node, opset, values);
  const auto x = values.find(node.inputs[0]), matrix = values.find(node.inputs[1]);
  if (x == values.end() || matrix == values.end()) return run_node(node, opset, values);
  const auto small = shortened(node, opset, x->second, matrix->second);
  if (!small) return run_node(node, opset, values);
  std::map<std::string, Tensor> here{{x->first, small->first}, {matrix->first, small->second}};
  for (const std::string& name : node.inputs)
    if (const auto other = values.find(name); other != values.end()) here.insert(*other);
  run_node(node, opset, here);
  for (const std::string& name : node.outputs)
    if (!name.empty()) values[name] = here.at(name);
}

}  // namespace ohmic
