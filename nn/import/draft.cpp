#include "nn/import/draft.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kLongestInMessage = 200;
constexpr int kNotMade = -1;  ///< by a node: an input or a constant

/// Bytes of the UTF-8 character at the front of `text`; 0: none.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t n = lead < 0x80   ? 1
                        : lead < 0xc2 ? 0
                        : lead < 0xe0 ? 2
                        : lead < 0xf0 ? 3
                        : lead < 0xf5 ? 4
                                      : 0;
  if (n == 0 || n > text.size()) return 0;
  for (std::size_t i = 1; i < n; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  const auto second = n > 1 ? static_cast<unsigned char>(text[1]) : 0;
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool outside = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
  return overlong || outside ? 0 : n;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// The same text without the tail beyond `size` bytes, cut between characters.
std::string shortened(std::string text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size) + "...";
}

/// Gives every node a name of its own that can be shown.
void name_nodes(std::vector<DraftNode>& nodes) {
  std::unordered_set<std::string> taken;
  taken.reserve(nodes.size());
  std::unordered_map<std::string, int> repeats;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    nodes[i].op = printable(nodes[i].op);
    std::string name =
        nodes[i].name.empty() ? nodes[i].op + "_" + std::to_string(i) : printable(nodes[i].name);
    for (std::string base = name; !taken.insert(name).second;)
      name = base + "_" + std::to_string(++repeats[base]);
    nodes[i].name = std::move(name);
  }
}

class Ordering {
 public:
  explicit Ordering(Draft& draft) : draft_(draft) {
    declare();
    mark_needed();
    order();
  }

  /// Indices of the nodes that are needed, in an order in which they can run.
  const std::vector<int>& sequence() const { return sequence_; }
  bool uses_constant(const std::string& name) const { return used_.count(name) > 0; }

 private:
  [[noreturn]] void refuse(int node, const std::string& why) const {
    throw DataError(title(draft_.nodes[static_cast<std::size_t>(node)]) + ": " + why);
  }

  void declare() {
    maker_.reserve(draft_.nodes.size() + draft_.model.constants.size());
    for (const auto& [name, tensor] : draft_.model.constants) maker_.emplace(name, kNotMade);
    for (const auto& [name, problem] : draft_.problems) maker_.emplace(name, kNotMade);
    for (const ModelValue& input : draft_.model.inputs)
      if (!maker_.emplace(input.name, kNotMade).second)
        throw DataError("input " + in_quotes(input.name) + " is there twice");
    for (int i = 0; i < size(); ++i)
      for (const std::string& output : node(i).outputs)
        if (!output.empty() && !maker_.emplace(output, i).second)
          refuse(i, "makes " + in_quotes(output) +
                        ", which is there already; every value must have " + "one origin");
  }

  void mark_needed() {
    needed_.assign(draft_.nodes.size(), false);
    std::vector<int> open;
    const auto need = [&](const std::string& value, int maker) {
      used_.insert(value);
      if (maker == kNotMade || needed_[static_cast<std::size_t>(maker)]) return;
      needed_[static_cast<std::size_t>(maker)] = true;
      open.push_back(maker);
    };
    for (const ModelValue& output : draft_.model.outputs) {
      const auto found = maker_.find(output.name);
      if (found == maker_.end())
        throw DataError("output " + in_quotes(output.name) + " is made by no node");
      need(output.name, found->second);
    }
    while (!open.empty()) {
      const int i = open.back();
      open.pop_back();
      for (const std::string& input : node(i).inputs)
        if (!input.empty()) need(input, maker_of(i, input));
    }
  }

  int maker_of(int i, const std::string& input) const {
    const auto found = maker_.find(input);
    if (found == maker_.end())
      refuse(i,
             "its input " + in_quotes(input) + " is made by no node, and is no input or constant");
    return found->second;
  }

  /// Kahn's algorithm; of the nodes that can run, the first in the file goes first.
  void order() {
    std::vector<std::vector<int>> readers(draft_.nodes.size());
    std::vector<int> missing(draft_.nodes.size(), 0);
    std::priority_queue<int, std::vector<int>, std::greater<>> ready;
    std::size_t count = 0;
    for (int i = 0; i < size(); ++i) {
      if (!needed_[static_cast<std::size_t>(i)]) continue;
      ++count;
      for (const std::string& input : node(i).inputs) {
        const int maker = input.empty() ? kNotMade : maker_of(i, input);
        if (maker == kNotMade) continue;
        readers[static_cast<std::size_t>(maker)].push_back(i);
        ++missing[static_cast<std::size_t>(i)];
      }
      if (missing[static_cast<std::size_t>(i)] == 0) ready.push(i);
    }
    while (!ready.empty()) {
      const int i = ready.top();
      ready.pop();
      sequence_.push_back(i);
      for (const int reader : readers[static_cast<std::size_t>(i)])
        if (--missing[static_cast<std::size_t>(reader)] == 0) ready.push(reader);
    }
    if (sequence_.size() < count) refuse_cycle(missing);
  }

  /// From a node that waits, backwards along nodes that wait: the first that comes again is in it.
  [[noreturn]] void refuse_cycle(const std::vector<int>& missing) const {
    const auto waits = [&](int i) { return missing[static_cast<std::size_t>(i)] > 0; };
    int i = 0;
    while (!waits(i)) ++i;
    std::unordered_set<int> seen;
    while (seen.insert(i).second) {
      for (const std::string& input : node(i).inputs) {
        const int maker = input.empty() ? kNotMade : maker_of(i, input);
        if (maker == kNotMade || !waits(maker)) continue;
        i = maker;
        break;
      }
    }
    refuse(i,
           "its inputs depend on its own outputs; a network must have no cycles (recurrence is " +
               std::string("an LSTM, GRU or RNN node)"));
  }

  int size() const { return static_cast<int>(draft_.nodes.size()); }
  const DraftNode& node(int i) const { return draft_.nodes[static_cast<std::size_t>(i)]; }

  const Draft& draft_;
  std::unordered_map<std::string_view, int> maker_;  ///< of every value
  std::unordered_set<std::string_view> used_;
  std::vector<bool> needed_;
  std::vector<int> sequence_;
};

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const std::size_t n = utf8_length(text);
    if (n == 0 || is_control(text[0]))
      shown += '_';
    else
      shown += text.substr(0, n);
    text.remove_prefix(std::max<std::size_t>(n, 1));
  }
  return shown;
}

std::string in_quotes(std::string_view text) {
  return '"' + shortened(printable(text.substr(0, 4 * kLongestInMessage)), kLongestInMessage) + '"';
}

std::string title(const ModelNode& node) {
  return shortened(node.name, kLongestInMessage) + " (" + shortened(node.op, kLongestInMessage) +
         ")";
}

ImportedModel finish(Draft draft) {
  if (draft.model.outputs.empty()) throw DataError("has no outputs");
  name_nodes(draft.nodes);
  const Ordering ordering(draft);
  for (const auto& [name, problem] : draft.problems)
    if (ordering.uses_constant(name))
      throw DataError("constant " + in_quotes(name) + " " + problem);
  for (const int i : ordering.sequence()) {
    const DraftNode& node = draft.nodes[static_cast<std::size_t>(i)];
    if (!node.problem.empty()) throw DataError(title(node) + ": " + node.problem);
  }
  std::vector<ModelNode> nodes;
  nodes.reserve(ordering.sequence().size());
  std::map<std::string, ConstantTensor> constants;
  for (auto& [name, tensor] : draft.model.constants)
    if (ordering.uses_constant(name)) constants.emplace_hint(constants.end(), name, tensor);
  for (const int i : ordering.sequence()) nodes.push_back(draft.nodes[static_cast<std::size_t>(i)]);
  draft.model.nodes = std::move(nodes);
  draft.model.constants = std::move(constants);
  return std::move(draft.model);
}

}  // namespace ohmic
