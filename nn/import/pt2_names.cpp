#include "nn/import/pt2_names.hpp"

#include <unordered_map>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

struct Module {
  std::string path, type;
};

/// The innermost of "L__self__,,Net;L__self__a,a,torch.nn.modules.conv.Conv2d": key, path, type.
Module module_of(const Json& node) {
  const Json* metadata = find(node, "metadata");
  const Json* stack = metadata ? find(*metadata, "nn_module_stack") : nullptr;
  if (!stack || !stack->is_string()) return {};
  const std::string text = stack->get<std::string>();
  const std::string last = text.substr(text.rfind(';') + 1);
  const std::size_t first = last.find(','), second = last.find(',', first + 1);
  if (first == std::string::npos || second == std::string::npos) return {};
  const std::string path = last.substr(first + 1, second - first - 1);
  if (path.starts_with("_empty_nn_module_stack")) return {};  // PyTorch's word for none
  return {path, last.substr(second + 1)};
}

/// Nodes with weights of their own, one of which gives a layer of PyTorch its name.
bool has_weights(const Pt2Target& target) {
  for (const char* op : {"conv", "linear.", "bilinear.", "_trilinear.", "addmm.", "mm.", "lstm.",
                         "gru.", "rnn_", "embedding."})
    if (target.looked_up.starts_with(op)) return true;
  return false;
}

std::string own_name(const Json& node, std::size_t i) {
  const Json* name = find(node, "name");
  if (name && name->is_string() && !name->get_ref<const std::string&>().empty())
    return name->get<std::string>();
  return "node_" + std::to_string(i);
}

}  // namespace

Pt2Target::Pt2Target(const std::string& target) {
  constexpr std::string_view kPrefix = "torch.ops.", kAten = "aten.";
  shown = target.starts_with(kPrefix) ? target.substr(kPrefix.size()) : target;
  looked_up = shown.starts_with(kAten) ? shown.substr(kAten.size()) : shown;
  const std::size_t dot = looked_up.find('.');
  const std::string base = looked_up.substr(0, dot);
  in_place = shown.starts_with(kAten) && base.ends_with('_') && !base.ends_with("__");
  if (in_place)
    looked_up = base.substr(0, base.size() - 1) +
                (dot == std::string::npos ? std::string() : looked_up.substr(dot));
}

Pt2Names::Pt2Names(const Json& nodes) {
  struct Count {
    int nodes = 0, weighted = 0;
  };
  std::unordered_map<std::string, Count> counts;
  std::vector<Module> modules;
  std::vector<bool> weighted;
  for (const Json& node : nodes) {
    const Json* target = find(node, "target");
    modules.push_back(module_of(node));
    weighted.push_back(target && target->is_string() &&
                       has_weights(Pt2Target(target->get<std::string>())));
    Count& count = counts[modules.back().path];
    ++count.nodes;
    count.weighted += weighted.back();
  }
  for (std::size_t i = 0; i < modules.size(); ++i) {
    const Module& module = modules[i];
    const Count& count = counts[module.path];
    const bool is_layer = module.type.starts_with("torch.nn.modules.");
    const bool alone = is_layer && (count.nodes == 1 || (weighted[i] && count.weighted == 1));
    const std::string own = own_name(nodes[i], i);
    names_.push_back(module.path.empty() ? own : alone ? module.path : module.path + "." + own);
  }
}

std::vector<std::string> output_keys(const Json& graph_module) {
  const Json* calls = find(graph_module, "module_call_graph");
  if (!calls || !calls->is_array() || calls->empty()) return {};
  const Json* signature = find(calls->front(), "signature");  // the model's own call is the first
  const Json* spec = signature ? find(*signature, "out_spec") : nullptr;
  if (!spec || !spec->is_string()) return {};
  // "[1, {"type": "builtins.dict", "context": "["logits"]", "children_spec": [...]}]"
  const Json tree =
      member(parse_json("{\"tree\":" + spec->get<std::string>() + "}", "out_spec"), "tree");
  if (!tree.is_array() || tree.size() != 2) return {};
  const Json *context = find(tree[1], "context"), *parts = find(tree[1], "children_spec");
  if (!context || !context->is_string() || !parts || !parts->is_array()) return {};
  const Json keys =
      member(parse_json("{\"keys\":" + context->get<std::string>() + "}", "out_spec"), "keys");
  if (!keys.is_array() || keys.size() != parts->size()) return {};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Json* type = find((*parts)[i], "type");
    if (!keys[i].is_string() || !type || !type->is_null()) return {};
    names.push_back(keys[i].get<std::string>());
  }
  return names;
}

}  // namespace ohmic
