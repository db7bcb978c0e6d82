// Matrices of constants that no layer took: a product in which one of them stands says so, however
// the file brings it there.
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <set>

#include "nn/lowering/lowering.hpp"

namespace ohmic {
namespace {

using at::Tensor;

/// A vector along one axis is no matrix.
bool is_matrix(const Tensor& t) {
  return std::ranges::count_if(t.sizes(), [](auto side) { return side > 1; }) > 1;
}

/// The inputs that an operator multiplies with one another; others follow.
std::vector<std::string> factors_of(const ModelNode& node) {
  static const std::map<std::string, std::pair<std::size_t, std::size_t>> places{
      {"Attention", {0, 3}},
      {"Conv", {0, 2}},
      {"ConvInteger", {0, 2}},
      {"Gemm", {0, 2}},
      {"ConvTranspose", {0, 2}},
      {"MatMulInteger", {0, 2}},
      {"GRU", {1, 3}},
      {"Einsum", {0, 26}},
      {"MatMul", {0, 2}},
      {"LSTM", {1, 3}},
      {"RNN", {1, 3}}};
  const auto found = places.find(node.op);
  if (found == places.end()) return {};
  std::vector<std::string> factors;
  const auto [first, end] = found->second;
  for (std::size_t i = first; i < std::min(end, node.inputs.size()); ++i)
    factors.push_back(node.inputs[i]);
  return factors;
}

bool multiplies_integers(const ModelNode& node) {
  return node.op == "ConvInteger" || node.op == "MatMulInteger";
}

bool sums(const ModelNode& node) { return node.op == "ReduceSum" || node.op == "ReduceMean"; }

bool picks(const ModelNode& node) {
  return node.op == "Gather" || node.op == "GatherElements" || node.op == "GatherND";
}

/// Numbers of the one matrix that an operator multiplies with.
double numbers_of_matrix(const ModelNode& node, const Tensor& t) {
  constexpr double kSamples = 2;
  const bool is_kernel = node.op.starts_with("Conv");
  if (is_kernel || t.dim() < 2) return static_cast<double>(t.numel()) / kSamples;
  return static_cast<double>(t.size(-1)) * static_cast<double>(t.size(-2));
}

/// Rows of a table that make a matrix only beside one another are activations: embeddings. What is
/// more than any axis of the constant is more than a row.
bool is_matrix_chosen(const ModelNode& node, const Tensor& value, double piece,
                      const Tensor& constant) {
  if (piece > static_cast<double>(std::ranges::max(constant.sizes()))) return true;
  if (piece < numbers_of_matrix(node, value)) return false;
  return constant.dim() > 2 || value.dim() < 2 || (value.size(-1) > 1 && value.size(-2) > 1);
}

}  // namespace

std::optional<Lowering::Stored> Lowering::stored_in(const std::string& value) const {
  if (value.empty()) return std::nullopt;
  if (const auto known = stored_.find(value); known != stored_.end()) return known->second;
  if (!trace_.is_constant(value)) return std::nullopt;
  const Tensor& t = trace_.value(value);
  if (!is_matrix(t) || t.scalar_type() == at::kBool) return std::nullopt;
  return Stored{value, false, false, static_cast<double>(t.numel())};
}

/// W[index], where each number of the index that the file computes is a choice.
std::optional<Lowering::Stored> Lowering::chosen_by(const ModelNode& node) const {
  if (node.op == "Where") {
    for (const std::size_t i : {1u, 2u})
      if (!trace_.is_constant(node.inputs[i]) && !stored_in(node.inputs[i])) return std::nullopt;
    auto stored = stored_in(node.inputs[1]);
    if (!stored) stored = stored_in(node.inputs[2]);
    if (stored && !trace_.is_constant(node.inputs[0])) stored->is_chosen = true;
    return stored;
  }
  auto stored = stored_in(node.inputs[0]);
  if (!stored || trace_.is_constant(node.inputs[1])) return stored;
  const Tensor& index = trace_.value(root_of(node.inputs[1]));
  const double places = node.op == "GatherND" && index.dim() > 0 ? index.size(-1) : 1;
  const auto choices = static_cast<double>(std::max<std::int64_t>(index.numel(), 1)) / places;
  const auto taken = static_cast<double>(trace_.value(node.outputs[0]).numel());
  stored->is_chosen = true;
  stored->piece = std::min(stored->piece, taken / choices);
  return stored;
}

/// A matrix times flags, or times fewer numbers than it gives: activations that a constant scales
/// are as many before and after.
std::optional<Lowering::Stored> Lowering::scaled_by(const ModelNode& node) const {
  const Tensor& product = trace_.value(node.outputs[0]);
  for (const std::size_t i : {0u, 1u}) {
    auto stored = stored_in(node.inputs[i]);
    const std::string& other = node.inputs[1 - i];
    if (!stored || (node.op == "Div" && i == 1)) continue;
    if (trace_.is_constant(other)) return stored;
    const bool is_flagged = trace_.value(root_of(other)).scalar_type() == at::kBool;
    if (!is_flagged && trace_.value(other).numel() >= product.numel()) continue;
    (is_flagged ? stored->is_chosen : stored->is_scaled) = true;
    return stored;
  }
  return std::nullopt;
}

void Lowering::follow_stored(const ModelNode& node) {
  static const std::set<std::string> passes{"Slice", "Tile",  "Pad",
                                            "Neg",   "Split", "DequantizeLinear"};
  const bool is_mixed = sums(node) && node.inputs.size() > 1 && stored_.count(node.inputs[0]) &&
                        stored_.at(node.inputs[0]).is_chosen;
  std::optional<Stored> stored;
  if (only_moves(node) || passes.count(node.op) || is_mixed)
    stored = stored_in(node.inputs[0]);
  else if (picks(node) || node.op == "Where")
    stored = chosen_by(node);
  else if ((node.op == "Mul" || node.op == "Div") && node.inputs.size() == 2)
    stored = scaled_by(node);
  if (!stored) return;
  for (const std::string& output : node.outputs)
    if (!output.empty()) stored_[output] = *stored;
}

const char* Lowering::why_digital(const ModelNode& node, const std::string& value,
                                  const Stored& stored) const {
  if (multiplies_integers(node))
    return "its product is of whole numbers; products of floats with QuantizeLinear and "
           "DequantizeLinear around them are on crossbars";
  if (sums(node)) return "its numbers are multiplied one by one and summed, not as a matrix";
  if (stored.is_chosen) return "which of its numbers are used depends on the sample";
  if (stored.is_scaled) return "its numbers are scaled by what the sample gives";
  if (trace_.is_constant(value)) return "it stands where the operator has activations";
  const Tensor moved = moved_constant(value);
  return moved.defined() && moved.dim() > 2 ? "it is a stack of matrices"
                                            : "its numbers are changed on their way to the product";
}

void Lowering::list_digital(const ModelNode& node) {
  const std::vector<std::string> factors =
      sums(node) ? std::vector<std::string>{node.inputs.at(0)} : factors_of(node);
  for (const std::string& value : factors) {
    const auto stored = stored_in(value);
    if (!stored || (sums(node) && (stored->is_chosen || !stored->is_scaled))) continue;
    if (stored->is_chosen &&
        !is_matrix_chosen(node, trace_.value(value), stored->piece, trace_.value(stored->constant)))
      continue;
    stays_digital(layer_name(node, root_of(stored->constant), ""), node,
                  why_digital(node, value, *stored));
  }
}

void Lowering::list_folded() {
  std::set<std::string> roots;
  for (const ModelNode& node : model_.nodes) {
    const std::vector<std::string> factors = factors_of(node);
    if (factors.empty() || !trace_.is_constant(node.outputs.front())) continue;
    out_.folded.nodes.push_back(node.name);
    for (const std::string& factor : factors)
      if (!factor.empty() && model_.constants.count(root_of(factor)) > 0)
        roots.insert(root_of(factor));
  }
  for (const std::string& root : roots) out_.folded.numbers += model_.constants.at(root).elements();
}

}  // namespace ohmic
