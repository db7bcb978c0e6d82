#include "nn/io/keras/match.hpp"

#include <algorithm>
#include <variant>

#include "simulator/error.hpp"

namespace ohmic::keras {
namespace {

std::string pair_text(int a, int b) {
  return "[" + std::to_string(a) + ", " + std::to_string(b) + "]";
}

std::string pads_text(const Pads& p) {
  return "top " + std::to_string(p.top) + ", bottom " + std::to_string(p.bottom) + ", left " +
         std::to_string(p.left) + ", right " + std::to_string(p.right);
}

/// The operator's name; of a digital node only.
const std::string& operator_of(const Node& node) { return node.call->op; }

/// Side `axis` of a pool's window.
int window(const Node& node, std::size_t axis) {
  const auto& sides = std::get<std::vector<std::int64_t>>(node.call->attributes.at("kernel_shape"));
  return static_cast<int>(sides[axis]);
}

Kind kind_of_operator(const std::string& op) {
  if (op == "Concat") return Kind::concatenate;
  if (op == "MaxPool") return Kind::max_pool;
  if (op == "GlobalAveragePool" || op == "AveragePool") return Kind::average_pool;
  return Kind::other;
}

Kind kind_of(const Node& node) {
  switch (node.op) {
    case Op::input:
      return Kind::input;
    case Op::convolution:
      return Kind::convolution;
    case Op::dense:
      return Kind::dense;
    case Op::batch_norm:
      return Kind::batch_norm;
    case Op::relu:
      return Kind::activation;
    case Op::add:
      return Kind::add;
    case Op::digital:
      return kind_of_operator(operator_of(node));
    case Op::recurrent:
    case Op::constant:
    case Op::part:
      break;
  }
  return Kind::other;
}

std::string name_of_operator(const std::string& op) {
  if (op == "Concat") return "a concatenation";
  if (op == "MaxPool") return "a maximum of windows";
  if (op == "AveragePool") return "an average of windows";
  if (op == "GlobalAveragePool") return "the average of all pixels";
  return "a shortcut without parameters";
}

std::string name_of(const Node& node) {
  switch (node.op) {
    case Op::convolution:
      return "convolution " + node.name;
    case Op::dense:
      return "dense layer " + node.name;
    case Op::batch_norm:
      return "BatchNorm " + node.name;
    case Op::relu:
      return "a ReLU";
    case Op::add:
      return "a sum";
    case Op::digital:
      return name_of_operator(operator_of(node));
    case Op::recurrent:
    case Op::constant:
    case Op::part:
      return "an operator";
    case Op::input:
      break;
  }
  return "the input";
}

/// In what an operation differs from a node of its kind.
std::vector<Difference> differences(const Operation& o, const Node& node, const Node& before) {
  std::vector<Difference> all = o.differences;
  const auto compare = [&](const char* key, const std::string& in_file, const std::string& ours) {
    if (in_file != ours) all.push_back({key, in_file, ours});
  };
  const ConvGeometry& g = node.conv;
  if (node.op == Op::convolution) {
    compare("kernel_size", pair_text(o.kernel_height, o.kernel_width),
            pair_text(g.kernel_height, g.kernel_width));
    compare("strides", pair_text(o.stride_height, o.stride_width),
            pair_text(g.stride_height, g.stride_width));
    compare("filters", std::to_string(o.channels), std::to_string(node.channels));
    compare("groups", std::to_string(o.groups), std::to_string(g.groups));
    compare("padding", pads_text(o.pads),
            pads_text({g.pad_top, g.pad_bottom, g.pad_left, g.pad_right}));
  } else if (node.op == Op::dense) {
    compare("units", std::to_string(o.channels), std::to_string(node.channels));
  } else if (o.kind == Kind::average_pool || o.kind == Kind::max_pool) {
    const bool global = operator_of(node) == "GlobalAveragePool";
    const int height = global ? before.height : window(node, 0);
    const int width = global ? before.width : window(node, 1);
    compare("pool_size", pair_text(o.kernel_height, o.kernel_width), pair_text(height, width));
    if (!global)
      compare("strides", pair_text(o.stride_height, o.stride_width), pair_text(height, width));
    compare("padding", pads_text(o.pads), pads_text({}));
  }
  return all;
}

class Matcher {
 public:
  Matcher(const std::string& file, const Network& network, Graph& graph)
      : file_(file), network_(network), graph_(graph) {
    used_.assign(network.operations.size(), false);
    reach(network.output);
  }

  Match run() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) place(i);
    check_end();
    return std::move(match_);
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    const auto ours = std::count_if(graph_.nodes.begin(), graph_.nodes.end(),
                                    [](const Node& n) { return n.op == Op::convolution; });
    std::ptrdiff_t theirs = 0;
    for (std::size_t i = 0; i < used_.size(); ++i)
      theirs += used_[i] && network_.operations[i].kind == Kind::convolution;
    const std::string counts = ours == theirs
                                   ? ""
                                   : " (it has " + std::to_string(theirs) +
                                         " convolutions instead of " + std::to_string(ours) + ")";
    throw DataError(file_ + ": describes another network than " + graph_.model + ", layout " +
                    graph_.layout + counts + ": " + why);
  }

  static std::string quoted(const Operation& o) {
    return "layer \"" + o.layer + "\" (" + o.type + ")";
  }

  const Operation& operation(int i) const {
    return network_.operations[static_cast<std::size_t>(i)];
  }

  /// Marks what the output depends on.
  void reach(int output) {
    std::vector<int> open{output};
    while (!open.empty()) {
      const auto i = static_cast<std::size_t>(open.back());
      open.pop_back();
      if (used_[i]) continue;
      used_[i] = true;
      for (const int input : network_.operations[i].inputs) open.push_back(input);
    }
    taken_.assign(used_.size(), false);
  }

  void place(std::size_t node_index) {
    const Node& node = graph_.nodes[node_index];
    if (node.op == Op::constant) return push(-1, -1);
    std::vector<int> inputs;
    for (const int i : node.inputs)
      if (graph_.nodes[static_cast<std::size_t>(i)].op != Op::constant)
        inputs.push_back(result_[static_cast<std::size_t>(i)]);
    const int found = best(node, inputs);
    if (found < 0) fail(instead(node, inputs));
    const Operation& o = operation(found);
    const auto differ = differences_of(o, node);
    if (!differ.empty())
      fail(quoted(o) + " has " + differ[0].key + " = " + differ[0].in_file + ", expected " +
           differ[0].expected +
           (differ.size() > 1 ? "; and " + std::to_string(differ.size() - 1) + " more" : ""));
    taken_[static_cast<std::size_t>(found)] = true;
    push(found, node.op == Op::input ? after_scalings(found) : found);
    if (node.op == Op::batch_norm) graph_.nodes[node_index].epsilon = o.epsilon;
  }

  void push(int operation, int result) {
    match_.operations.push_back(operation);
    result_.push_back(result);
  }

  std::vector<Difference> differences_of(const Operation& o, const Node& node) const {
    const int before = node.inputs.empty() ? 0 : node.inputs[0];
    return differences(o, node, graph_.nodes[static_cast<std::size_t>(before)]);
  }

  /// The operation of the node's kind on the same inputs that differs least.
  int best(const Node& node, std::vector<int> inputs) const {
    int found = -1;
    std::size_t fewest = 0;
    if (node.op == Op::add) std::sort(inputs.begin(), inputs.end());
    for (std::size_t i = 0; i < used_.size(); ++i) {
      const Operation& o = network_.operations[i];
      if (!used_[i] || taken_[i] || o.kind != kind_of(node) || o.inputs.size() != inputs.size())
        continue;
      std::vector<int> theirs = o.inputs;
      if (node.op == Op::add) std::sort(theirs.begin(), theirs.end());
      if (theirs != inputs) continue;
      const std::size_t count = differences_of(o, node).size();
      if (found < 0 || count < fewest) found = static_cast<int>(i), fewest = count;
    }
    return found;
  }

  /// Follows Rescaling and Normalization, which the images' normalisation stands for.
  int after_scalings(int input) {
    for (std::size_t i = 0; i < used_.size(); ++i) {
      const Operation& o = network_.operations[i];
      if (!used_[i] || o.kind != Kind::scaling || o.inputs != std::vector<int>{input}) continue;
      if (!o.differences.empty())
        fail(quoted(o) + " has " + o.differences[0].key + " = " + o.differences[0].in_file +
             ", expected " + o.differences[0].expected);
      taken_[i] = true;
      match_.scalings.push_back(static_cast<int>(i));
      input = static_cast<int>(i);
    }
    return input;
  }

  /// What stands where a node should.
  std::string instead(const Node& node, const std::vector<int>& inputs) const {
    for (std::size_t i = 0; i < used_.size(); ++i) {
      const Operation& o = network_.operations[i];
      const bool follows = std::any_of(o.inputs.begin(), o.inputs.end(), [&](int input) {
        return std::find(inputs.begin(), inputs.end(), input) != inputs.end();
      });
      if (!used_[i] || taken_[i] || !follows) continue;
      const Operation& before = operation(o.inputs[0]);
      std::string with = before.layer == o.layer ? " with activation = \"relu\"" : "";
      if (!o.differences.empty())
        with = " with " + o.differences[0].key + " = " + o.differences[0].in_file;
      return quoted(o) + with + " after " + quoted(before) + ", expected " + name_of(node);
    }
    if (inputs.empty()) return "it has no input";
    return "nothing follows " + quoted(operation(inputs[0])) + ", expected " + name_of(node);
  }

  /// Nothing may be left over but the probabilities that logits are turned into.
  void check_end() const {
    for (std::size_t i = 0; i < used_.size(); ++i) {
      const Operation& o = network_.operations[i];
      if (!used_[i] || taken_[i]) continue;
      const bool ends = o.kind == Kind::probabilities && static_cast<int>(i) == network_.output &&
                        o.inputs == std::vector<int>{result_.back()};
      if (!ends) fail(quoted(o) + " is one too many");
    }
  }

  const std::string& file_;
  const Network& network_;
  Graph& graph_;
  std::vector<bool> used_, taken_;  ///< operations that matter, and those that are some node's
  std::vector<int> result_;         ///< for each node, the operation whose result it has
  Match match_;
};

}  // namespace

Match match(const std::string& file, const Network& network, Graph& graph) {
  return Matcher(file, network, graph).run();
}

}  // namespace ohmic::keras
