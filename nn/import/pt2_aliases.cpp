#include "nn/import/pt2_aliases.hpp"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "nn/import/draft.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

bool is_view(const Pt2Target& target) {
  static const std::unordered_set<std::string_view> views{
      "_unsafe_view", "alias",     "as_strided",      "chunk",
      "contiguous",   "detach",    "diagonal",        "dropout",
      "expand",       "expand_as", "feature_dropout", "flatten",
      "meshgrid",     "moveaxis",  "movedim",         "narrow",
      "numpy_T",      "permute",   "reshape",         "reshape_as",
      "select",       "slice",     "split",           "split_with_sizes",
      "squeeze",      "swapaxes",  "swapdims",        "t",
      "tensor_split", "to",        "transpose",       "unbind",
      "unflatten",    "unfold",    "unsqueeze",       "view",
      "view_as"};
  const std::string& op = target.looked_up;
  return views.count(std::string_view(op).substr(0, op.find('.'))) > 0;
}

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

/// A number that the file has; absent or None: `otherwise`.
std::optional<std::int64_t> number_at(const AtenArguments& arguments, std::string_view name,
                                      std::int64_t otherwise) {
  for (const auto& [key, a] : arguments) {
    if (key != name || a.kind == AtenArgument::Kind::none) continue;
    const bool is_number = a.kind == AtenArgument::Kind::integer && a.integers[0].written();
    return is_number ? std::optional(a.integers[0].value) : std::nullopt;
  }
  return otherwise;
}

}  // namespace

std::optional<Pt2Part> part_of(const Pt2Target& target, const AtenArguments& arguments) {
  const auto axis = number_at(arguments, "dim", 0);
  if (target.looked_up == "select.int") {
    const auto index = number_at(arguments, "index", 0);
    if (!axis || !index) return std::nullopt;
    return Pt2Part{*axis, *index, *index == -1 ? kAll : *index + 1, true};
  }
  if (target.looked_up != "slice.Tensor") return std::nullopt;
  const auto begin = number_at(arguments, "start", 0), end = number_at(arguments, "end", kAll);
  if (!axis || !begin || !end || number_at(arguments, "step", 1) != 1) return std::nullopt;
  // PyTorch's is empty where it ends before it begins, and the parts around it would overlap.
  const bool may_be_empty = (*begin < 0) == (*end < 0) ? *end < *begin : *begin != 0;
  if (may_be_empty && *end != kAll) return std::nullopt;
  return Pt2Part{*axis, *begin, *end};
}

Pt2Aliases::Pt2Aliases(const Json& nodes,
                       const std::unordered_map<std::string, std::string>& renamed) {
  const auto use = [&](const Json& tensor, std::size_t i) {
    const Json* name = find(tensor, "name");
    if (!name || !name->is_string()) return;
    const auto shown = renamed.find(name->get<std::string>());
    last_use_[shown == renamed.end() ? name->get<std::string>() : shown->second] = i;
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

std::vector<Pt2Write> Pt2Aliases::writes_of(const std::string& changed,
                                            const std::string& value) const {
  std::vector<Pt2Write> writes;
  std::string inner = value;
  for (auto at = parts_.find(changed); at != parts_.end(); at = parts_.find(at->second.first)) {
    const auto& [whole, part] = at->second;
    const std::string result = value + ".in." + std::to_string(writes.size());
    writes.push_back({current(whole), std::exchange(inner, result), result, part});
  }
  return writes;
}

std::vector<Pt2Write> Pt2Aliases::follow(std::size_t i, const Pt2Target& target,
                                         const std::vector<std::string>& inputs,
                                         const std::vector<std::string>& outputs,
                                         const std::optional<Pt2Part>& part) {
  if (inputs.empty() || outputs.empty()) return {};
  const std::string changed = inputs[0], value = outputs[0], base = root(changed);
  if (is_view(target) && !target.in_place)
    for (const std::string& output : outputs) {
      share(base, output);
      if (part) parts_[output] = {changed, *part};
    }
  if (!target.in_place) return {};
  const std::vector<Pt2Write> writes = writes_of(changed, value);
  const auto is_written = [&](const std::string& now) {
    return now == changed || std::ranges::count(writes, now, &Pt2Write::whole) > 0;
  };
  const auto views = views_.find(base);
  if (views != views_.end())
    for (const std::string& view : views->second) {
      const auto last = last_use_.find(view);
      if (!is_written(current(view)) && last != last_use_.end() && last->second > i)
        throw DataError("changes " + in_quotes(changed) + " in place, which " + in_quotes(view) +
                        " shares; export with run_decompositions(), which makes copies, or to "
                        "ONNX");
    }
  const auto become = [&](const std::string& old, const std::string& now) {
    share(base, now);
    if (now != old) now_[old] = now;
    if (const auto at = parts_.find(old); at != parts_.end()) parts_[now] = at->second;
  };
  become(changed, value);
  for (const Pt2Write& write : writes) become(write.whole, write.result);
  return writes;
}

}  // namespace ohmic
