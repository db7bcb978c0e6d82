#include "nn/import/onnx_nodes.hpp"

#include <optional>
#include <unordered_map>
#include <utility>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr int kDeepestFunctions = 64;

std::string operator_name(const OnnxNode& node) {
  const std::string name(node.op);
  return is_default_domain(node.domain) ? name : std::string(node.domain) + "." + name;
}

std::string function_key(std::string_view domain, std::string_view name,
                         std::string_view overload) {
  return std::string(is_default_domain(domain) ? "" : domain) + '\0' + std::string(name) + '\0' +
         std::string(overload);
}

/// What a body of nodes means: names of its values and attributes, and where it is.
struct Scope {
  std::string prefix;                                        ///< of names; empty for the graph
  std::unordered_map<std::string_view, std::string> values;  ///< formal to actual
  std::unordered_map<std::string_view, OnnxAttribute> attributes;  ///< of the call

  std::string value(std::string_view name) const {
    const auto bound = values.find(name);
    if (bound != values.end()) return bound->second;
    return name.empty() ? std::string() : prefix + std::string(name);
  }
};

class Nodes {
 public:
  Nodes(const OnnxModel& model, OnnxFiles& files)
      : files_(files), opset_(default_opset(model.opsets)) {
    for (const OnnxFunction& f : model.functions)
      functions_.emplace(function_key(f.domain, f.name, f.overload), &f);
  }

  std::vector<DraftNode> written_out(const OnnxGraph& graph) && {
    count(graph.nodes, 0);
    append(graph.nodes, Scope{});
    return std::move(nodes_);
  }

 private:
  /// The function that a node calls, or null.
  const OnnxFunction* function_of(const OnnxNode& node) const {
    if (functions_.empty()) return nullptr;
    const auto found = functions_.find(function_key(node.domain, node.op, node.overload));
    return found == functions_.end() ? nullptr : found->second;
  }

  /// Nodes that a body makes; refuses what would be too many before any is made.
  std::size_t count(const std::vector<OnnxNode>& nodes, int depth) {
    std::size_t sum = 0;
    for (const OnnxNode& node : nodes) {
      const OnnxFunction* function = function_of(node);
      sum += function ? 1 + count(*function, depth + 1) : 1;
      if (sum > kMostNodes)
        throw DataError("has more than " + std::to_string(kMostNodes) +
                        " nodes when its functions are written out");
    }
    return sum;
  }

  std::size_t count(const OnnxFunction& function, int depth) {
    const auto known = counts_.find(&function);
    if (known != counts_.end() && known->second) return *known->second;
    if (known != counts_.end())
      throw DataError("function " + in_quotes(function.name) + " calls itself");
    if (depth > kDeepestFunctions)
      throw DataError("function " + in_quotes(function.name) + " is called through more than " +
                      std::to_string(kDeepestFunctions) + " others");
    counts_[&function] = std::nullopt;
    const std::size_t sum = count(function.nodes, depth);
    counts_[&function] = sum;
    return sum;
  }

  void append(const std::vector<OnnxNode>& nodes, const Scope& scope) {
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (const OnnxFunction* function = function_of(nodes[i]))
        call(nodes[i], i, *function, scope);
      else
        nodes_.push_back(node_of(nodes[i], i, scope));
  }

  static std::string name_of(const OnnxNode& node, std::size_t i, const Scope& scope) {
    const std::string own =
        node.name.empty() ? operator_name(node) + "_" + std::to_string(i) : std::string(node.name);
    return scope.prefix + own;
  }

  /// An attribute as the scope says it; a null message: the call does not give it.
  static OnnxAttribute resolved(const OnnxAttribute& attribute, const Scope& scope) {
    if (attribute.reference.empty()) return attribute;
    const auto given = scope.attributes.find(attribute.reference);
    if (given == scope.attributes.end()) return {attribute.name, {}, {}};
    return {attribute.name, {}, given->second.message};
  }

  DraftNode node_of(const OnnxNode& node, std::size_t i, const Scope& scope) {
    DraftNode draft;
    draft.op = operator_name(node);
    draft.name = name_of(node, i, scope);
    for (const std::string_view input : node.inputs) draft.inputs.push_back(scope.value(input));
    for (const std::string_view output : node.outputs) draft.outputs.push_back(scope.value(output));
    for (const OnnxAttribute& written : node.attributes) {
      const OnnxAttribute attribute = resolved(written, scope);
      if (!attribute.message.data()) continue;
      try {
        draft.attributes.insert_or_assign(std::string(attribute.name),
                                          read_onnx_attribute(attribute.message, files_));
      } catch (const DataError& error) {
        draft.problem = "its attribute " + in_quotes(attribute.name) + " " + error.what();
      }
    }
    return draft;
  }

  void call(const OnnxNode& node, std::size_t i, const OnnxFunction& function, const Scope& outer) {
    const std::string name = name_of(node, i, outer);
    check_opset(function, name);
    Scope inner{name + "/", {}, {}};
    bind(function.inputs, node.inputs, outer, inner);
    bind(function.outputs, node.outputs, outer, inner);
    for (const OnnxAttribute& attribute : function.defaults)
      inner.attributes.insert_or_assign(attribute.name, attribute);
    for (const OnnxAttribute& attribute : node.attributes) {
      const OnnxAttribute given = resolved(attribute, outer);
      if (given.message.data()) inner.attributes.insert_or_assign(given.name, given);
    }
    append(function.nodes, inner);
  }

  /// What the call leaves out is absent within.
  static void bind(const std::vector<std::string_view>& formal,
                   const std::vector<std::string_view>& actual, const Scope& outer, Scope& inner) {
    for (std::size_t k = 0; k < formal.size(); ++k)
      inner.values.emplace(formal[k], k < actual.size() ? outer.value(actual[k]) : std::string());
  }

  void check_opset(const OnnxFunction& function, const std::string& name) const {
    const std::int64_t opset = default_opset(function.opsets);
    if (function.opsets.empty() || opset == opset_ || !imports_default(function)) return;
    throw DataError(in_quotes(name) + ": function " + in_quotes(function.name) +
                    " is written for opset " + std::to_string(opset) + ", the model for " +
                    std::to_string(opset_) + "; expected one opset");
  }

  static bool imports_default(const OnnxFunction& function) {
    for (const OnnxOpset& opset : function.opsets)
      if (is_default_domain(opset.domain)) return true;
    return false;
  }

  OnnxFiles& files_;
  std::int64_t opset_;
  std::unordered_map<std::string, const OnnxFunction*> functions_;
  std::vector<DraftNode> nodes_;
  std::unordered_map<const OnnxFunction*, std::optional<std::size_t>> counts_;  ///< none: begun
};

}  // namespace

std::vector<DraftNode> onnx_nodes(const OnnxModel& model, OnnxFiles& files) {
  return Nodes(model, files).written_out(model.graph);
}

}  // namespace ohmic
