// What layers of every kind share: their names, whether they are on crossbars, their matrices.
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "nn/lowering/lowering.hpp"
#include "nn/network/name_pattern.hpp"
#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Shape = std::vector<std::int64_t>;

std::string without_suffix(const std::string& name) {
  for (const char* suffix : {".weight", ".bias", "/kernel", "/bias", ".kernel"})
    if (const std::string_view s = suffix; name.ends_with(s) && name.size() > s.size())
      return name.substr(0, name.size() - s.size());
  return {};
}

/// Names as ohmic writes them: dots between parts. TensorFlow's fused names ("a;b;c") begin with
/// what they end in.
std::string dotted(std::string name) {
  name = name.substr(0, name.find(';'));
  std::replace(name.begin(), name.end(), '/', '.');
  const auto begin = name.find_first_not_of('.');
  return begin == std::string::npos ? "layer" : name.substr(begin);
}

}  // namespace

std::string Lowering::layer_name(const ModelNode& node, const std::string& weight,
                                 const std::string& bias) {
  std::string base;
  for (const std::string* tensor : {&weight, &bias})
    if (base.empty()) base = without_suffix(*tensor);
  const bool is_zero =
      base.empty() || (without_suffix(weight).empty() && !trace_.value(bias).any().item<bool>());
  module_ = is_zero ? std::string() : base;  // zeros of many layers are one constant
  base = dotted(base.empty() ? node.name : base);
  std::string name = base;
  for (int i = 2; !layers_.insert(name).second; ++i) name = base + "_" + std::to_string(i);
  return name;
}

bool Lowering::stays_digital(const std::string& layer, const ModelNode& node,
                             const std::string& why) {
  const bool is_asked =
      !options_.crossbar.empty() || std::ranges::any_of(options_.digital, [&](const auto& pattern) {
        return matches(pattern, layer);
      });
  out_.digital.push_back({layer, node.op, why, is_asked});
  return false;
}

void Lowering::refuse_contradiction(const std::string& layer) const {
  for (const std::string& pattern : options_.crossbar) {
    const bool is_in_both = std::ranges::count(options_.digital, pattern) > 0;
    if (pattern != layer && !(is_in_both && matches(pattern, layer))) continue;
    throw ConfigError({{{},
                        "mapping.crossbar",
                        "\"" + pattern + "\" names layer " + layer +
                            ", which mapping.digital names too; expected it in one of them"}});
  }
}

bool Lowering::is_on_crossbar(const std::string& layer, const ModelNode& node) {
  // What names a use of a matrix names all that come after it.
  const auto named = [&](const std::vector<std::string>& patterns, std::set<std::string>& roots) {
    const auto is_known = [&](const std::string& root) { return roots.count(root) > 0; };
    if (std::ranges::any_of(roots_, is_known)) return true;
    if (std::ranges::none_of(patterns, [&](const auto& p) { return matches(p, layer); }))
      return false;
    roots.insert(roots_.begin(), roots_.end());
    return true;
  };
  if (named(options_.digital, digital_roots_)) {
    refuse_contradiction(layer);
    return stays_digital(layer, node, "mapping.digital names it");
  }
  if (!options_.crossbar.empty() && !named(options_.crossbar, crossbar_roots_))
    return stays_digital(layer, node, "mapping.crossbar does not name it");
  return true;
}

void Lowering::set_matrix(const std::string& layer, const Tensor& weight, const Tensor& bias) {
  const auto numbers = [](const Tensor& t) {  // the one copy of what the file holds
    HostTensor host{t.sizes().vec(), std::vector<float>(static_cast<std::size_t>(t.numel()))};
    at::from_blob(host.values.data(), host.shape, at::kFloat).copy_(t);
    return host;
  };
  out_.weights[layer + ".weight"] = numbers(weight);
  if (bias.defined()) out_.weights[layer + ".bias"] = numbers(bias);
  find_twin(layer);
}

bool Lowering::only_moves(const ModelNode& node) {
  static const std::set<std::string> moves{"Transpose", "Reshape", "Identity", "Squeeze",
                                           "Unsqueeze", "Flatten", "Cast",     "Expand"};
  return moves.count(node.op) > 0;
}

std::string Lowering::root_of(const std::string& value) const {
  std::string root = value;
  for (auto at = producers_.find(root); at != producers_.end(); at = producers_.find(root)) {
    if (!only_moves(*at->second)) break;
    root = at->second->inputs.front();
  }
  return root;
}

std::string Lowering::root_if_moved(const std::string& value) const {
  return trace_.is_constant(value) ? value : root_of(value);
}

void Lowering::find_twin(const std::string& layer) {
  const HostTensor& mine = out_.weights.at(layer + ".weight");
  const bool is_even =
      std::ranges::adjacent_find(mine.values, std::not_equal_to<>()) == mine.values.end();
  const Matrix* alike = nullptr;
  for (const Matrix& other : matrices_) {
    const HostTensor& theirs = out_.weights.at(other.layer + ".weight");
    if (mine.shape != theirs.shape || mine.values != theirs.values) continue;
    const bool is_one =
        (!module_.empty() && module_ == other.module) ||
        std::ranges::any_of(roots_, [&](const auto& r) { return other.roots.count(r) > 0; });
    if (is_one) {
      twins_[layer] = other.layer;
      return;
    }
    if (!alike && !is_even) alike = &other;
  }
  if (alike) out_.alike.push_back({alike->layer, layer});
  matrices_.push_back({layer, module_, roots_});
}

void Lowering::share_matrices() {
  std::vector<Node>& nodes = out_.graph.nodes;
  for (Node& node : nodes) {
    const auto twin = has_matrix(node) ? twins_.find(node.name) : twins_.end();
    if (twin == twins_.end()) continue;
    const auto owner = std::ranges::find_if(
        nodes, [&](const Node& n) { return has_matrix(n) && n.name == twin->second; });
    node.shares = static_cast<int>(owner - nodes.begin());
  }
}

}  // namespace ohmic
