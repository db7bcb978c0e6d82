#include "nn/import/pt2_aliases.hpp"

#include <string_view>
#include <unordered_set>
#include <utility>

#include "nn/import/draft.hpp"

namespace ohmic {
namespace {

bool is_view(const Pt2Target& target) {
  static const std::unordered_set<std::string_view> views{
      "alias",           "chunk",      "contiguous", "detach",      "dropout", "expand",
      "feature_dropout", "expand_as",  "flatten",    "narrow",      "numpy_T", "permute",
      "reshape",         "reshape_as", "select",     "slice",       "split",   "split_with_sizes",
      "squeeze",         "t",          "to",         "transpose",   "unbind",  "unflatten",
      "unsqueeze",       "view",       "view_as",    "_unsafe_view"};
  const std::string& op = target.looked_up;
  return views.count(std::string_view(op).substr(0, op.find('.'))) > 0;
}

}  // namespace

Pt2Aliases::Pt2Aliases(const Json& nodes) {
  const auto use = [&](const Json& tensor, std::size_t i) {
    if (const Json* name = find(tensor, "name"))
      if (name->is_string()) last_use_[name->get<std::string>()] = i;
  };
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Json* inputs = find(nodes[i], "inputs");
    if (!inputs) continue;
    for (const Json& input : *inputs) {
      const Json* argument = find(input, "arg");
      if (!argument) continue;
      if (const Json* tensor = find(*argument, "as_tensor")) use(*tensor, i);
      for (const char* list : {"as_tensors", "as_optional_tensors"})
        if (const Json* tensors = find(*argument, list))
          for (const Json& tensor : *tensors) {
            const Json* inner = find(tensor, "as_tensor");
            use(inner ? *inner : tensor, i);
          }
    }
  }
}

std::string Pt2Aliases::current(const std::string& name) const {
  std::string last = name;
  for (auto next = now_.find(last); next != now_.end(); next = now_.find(last)) last = next->second;
  for (std::string at = name; at != last;)
    at = std::exchange(now_.at(at), last);  // next time at once
  return last;
}

std::string Pt2Aliases::root(const std::string& value) const {
  const auto found = base_.find(value);
  return found == base_.end() ? value : found->second;
}

void Pt2Aliases::share(const std::string& base, const std::string& view) {
  std::vector<std::string>& views = views_[base];
  if (views.empty()) views.push_back(base);
  base_[view] = base;
  views.push_back(view);
}

std::string Pt2Aliases::follow(std::size_t i, const Pt2Target& target,
                               const std::vector<std::string>& inputs,
                               const std::vector<std::string>& outputs) {
  if (inputs.empty() || outputs.empty()) return {};
  const std::string changed = inputs[0], base = root(changed);
  if (is_view(target) && !target.in_place)
    for (const std::string& output : outputs) share(base, output);
  if (!target.in_place) return {};
  const auto views = views_.find(base);
  if (views != views_.end())
    for (const std::string& view : views->second) {
      const auto last = last_use_.find(view);
      if (current(view) != changed && last != last_use_.end() && last->second > i)
        return "changes " + in_quotes(changed) + " in place, which " + in_quotes(view) +
               " shares; export with run_decompositions(), which makes copies, or to ONNX";
    }
  share(base, outputs[0]);
  if (outputs[0] != changed) now_[changed] = outputs[0];
  return {};
}

}  // namespace ohmic
