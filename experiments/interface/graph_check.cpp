#include "experiments/interface/graph_check.hpp"

#include <string>
#include <utility>
#include <vector>

#include "nn/network/shape_text.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

const char* word(Op op) {
  switch (op) {
    case Op::input:
      return "input";
    case Op::convolution:
      return "convolution";
    case Op::dense:
      return "dense";
    case Op::recurrent:
      return "recurrent";
    case Op::batch_norm:
      return "batch_norm";
    case Op::relu:
      return "relu";
    case Op::add:
      return "add";
    case Op::constant:
      return "constant";
    case Op::digital:
      return "digital";
    case Op::part:
      return "part";
  }
  return "of an operation that there is not";
}

/// Of one value, and of a layer's rows.
constexpr std::int64_t kMostNumbers = std::int64_t{1} << 30;
constexpr int kMostInWindow = 32767;  ///< pads, strides and sides of kernels

/// More than kMostNumbers where it is more, below 0 where a side is not above it.
std::int64_t product(const std::vector<std::int64_t>& sides) {
  std::int64_t product = 1;
  for (const std::int64_t side : sides) {
    if (side < 1) return -1;
    if (side > kMostNumbers / product) return kMostNumbers + 1;
    product *= side;
  }
  return product;
}

std::int64_t values(const Node& node) {
  return std::int64_t{node.height} * node.width * node.channels;
}

std::string text(std::int64_t number) { return std::to_string(number); }

std::string sides(const Node& node) {
  return text(node.channels) + " x " + text(node.height) + " x " + text(node.width);
}

/// One node after those that are right.
class NodeCheck {
 public:
  NodeCheck(const Graph& graph, std::size_t index, const std::string& network)
      : graph_(graph), index_(index), node_(graph.nodes[index]), network_(network) {}

  void run() const {
    if ((index_ == 0) != (node_.op == Op::input))
      refuse(index_ == 0 ? "is not input; expected one, the first node"
                         : "is another input; expected one, the first node");
    check_inputs();
    if (node_.op != Op::constant) check_shape();
    if (has_matrix(node_)) check_matrix();
    if (node_.shares >= 0) check_shared();
    if (node_.op == Op::convolution) check_convolution();
    if (node_.op == Op::dense) check_dense();
    if (node_.op == Op::recurrent) check_recurrent();
    if (node_.op == Op::batch_norm || node_.op == Op::relu || node_.op == Op::add) check_kept();
    if (node_.op == Op::digital && !node_.call) refuse("has no call; expected an operator's");
    if (node_.op == Op::part) check_part();
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    std::string name = "node " + text(static_cast<std::int64_t>(index_)) + " (" + word(node_.op);
    if (!node_.name.empty()) name += " \"" + node_.name + "\"";
    throw DataError(network_ + ": " + name + ") " + what);
  }

  void require(bool holds, const std::string& what) const {
    if (!holds) refuse(what);
  }

  void require_equal(std::int64_t is, std::int64_t expected, const std::string& what) const {
    require(is == expected, "has " + what + " " + text(is) + "; expected " + text(expected));
  }

  const Node& input(std::size_t i = 0) const {
    return graph_.nodes[static_cast<std::size_t>(node_.inputs[i])];
  }

  void check_inputs() const {
    const bool is_source = node_.op == Op::input || node_.op == Op::constant;
    const std::size_t wanted = is_source             ? 0
                               : node_.op == Op::add ? 2
                                                     : 1,
                      has = node_.inputs.size();
    const bool any = node_.op == Op::digital && has >= 1;
    require(any || has == wanted, "takes " + text(std::ssize(node_.inputs)) + " values; expected " +
                                      text(static_cast<std::int64_t>(wanted)) +
                                      (node_.op == Op::digital ? " or more" : ""));
    for (const int from : node_.inputs) {
      require(from >= 0 && static_cast<std::size_t>(from) < index_,
              "takes what node " + text(from) + " gives; expected an earlier one");
      require(node_.op == Op::digital ||
                  graph_.nodes[static_cast<std::size_t>(from)].op != Op::constant,
              "takes node " + text(from) +
                  ", a constant, which only operators do; expected what is computed from samples");
    }
    require(node_.op != Op::add || node_.inputs[0] != node_.inputs[1],
            "takes the same value twice; expected two");
  }

  /// Of the value that it gives.
  void check_shape() const {
    const bool is_number = node_.op == Op::digital || node_.op == Op::part;
    const bool is_image = node_.shape.empty() && !is_number;
    require(node_.channels >= 1 && node_.height >= 1 && node_.width >= 1,
            "gives " + sides(node_) + " numbers; expected one or more of each");
    require(product({node_.channels, node_.height, node_.width}) <= kMostNumbers,
            "gives " + sides(node_) + " numbers, which are too many");
    require(is_image || product(node_.shape) == values(node_),
            "has shape " + shape_text(node_.shape) + " and " + sides(node_) +
                " channels, rows and columns; expected as many numbers of both");
  }

  void check_matrix() const {
    const ConvGeometry& g = node_.conv;
    require(!node_.name.empty(), "has no name; expected that of its weights");
    const auto is_number = [&](const char* what, std::int64_t value, std::int64_t least,
                               std::int64_t most) {
      require(value >= least && value <= most, "has " + std::string(what) + " = " + text(value) +
                                                   "; expected an integer in [" + text(least) +
                                                   ", " + text(most) + "]");
    };
    for (const auto& [what, value] : {std::pair("conv.in_channels", g.in_channels),
                                      {"conv.out_channels", g.out_channels},
                                      {"conv.in_height", g.in_height},
                                      {"conv.in_width", g.in_width},
                                      {"conv.groups", g.groups}})
      is_number(what, value, 1, kMostNumbers);
    for (const auto& [what, value] : {std::pair("conv.kernel_height", g.kernel_height),
                                      {"conv.kernel_width", g.kernel_width},
                                      {"conv.stride_height", g.stride_height},
                                      {"conv.stride_width", g.stride_width},
                                      {"conv.dilation_height", g.dilation_height},
                                      {"conv.dilation_width", g.dilation_width}})
      is_number(what, value, 1, kMostInWindow);
    for (const int pad : {g.pad_top, g.pad_left, g.pad_bottom, g.pad_right})
      is_number("a conv.pad", pad, 0, kMostInWindow);
    require(product({g.in_channels, g.kernel_height, g.kernel_width}) <= kMostNumbers &&
                product({g.in_height, g.in_width}) <= kMostNumbers,
            "has more inputs than a layer can have");
    require(g.in_channels % g.groups == 0 && g.out_channels % g.groups == 0,
            "has conv.groups = " + text(g.groups) + ", which do not divide its " +
                text(g.in_channels) + " channels in and " + text(g.out_channels) + " out");
    require_equal(g.bias_rows, 0, "conv.bias_rows =");
  }

  void check_shared() const {
    require(static_cast<std::size_t>(node_.shares) < index_ && has_matrix(node_),
            "shares the crossbar of node " + text(node_.shares) + "; expected an earlier one");
    const Node& owner = graph_.nodes[static_cast<std::size_t>(node_.shares)];
    require(has_own_crossbar(owner) && owner.conv.rows() == node_.conv.rows() &&
                owner.conv.columns() == node_.conv.columns() &&
                owner.conv.groups == node_.conv.groups,
            "shares the crossbar of node " + text(node_.shares) +
                "; expected one with a crossbar of its own and as many rows, columns and groups");
  }

  void check_convolution() const {
    const ConvGeometry& g = node_.conv;
    require_equal(g.in_channels, input().channels, "conv.in_channels =");
    require_equal(g.in_height, input().height, "conv.in_height =");
    require_equal(g.in_width, input().width, "conv.in_width =");
    require(g.in_height + g.pad_top + g.pad_bottom >= g.reach_height() &&
                g.in_width + g.pad_left + g.pad_right >= g.reach_width(),
            "has a kernel that is larger than its padded input");
    require_equal(node_.channels, g.out_channels, "channels =");
    require_equal(node_.height, g.out_height(), "height =");
    require_equal(node_.width, g.out_width(), "width =");
  }

  void check_dense() const {
    const ConvGeometry& g = node_.conv;
    require_equal(g.in_channels, input().channels, "conv.in_channels =");
    require_equal(std::int64_t{g.kernel_height} * g.kernel_width * g.groups, 1,
                  "kernel and groups of");
    const std::int64_t positions = std::int64_t{g.in_height} * g.in_width;
    require_equal(positions * g.in_channels, values(input()), "inputs (conv.in_*):");
    require_equal(node_.channels, g.out_channels, "channels =");
    require_equal(values(node_), g.positions() * std::int64_t{g.out_channels}, "outputs:");
  }

  void check_recurrent() const {
    const std::int64_t H = node_.conv.in_channels, G = gates(node_.cell) * H;
    require_equal(node_.conv.out_channels, G, "conv.out_channels =");
    require(node_.shape.size() == 2,
            "has shape " + shape_text(node_.shape) + "; expected time steps and numbers of each");
    const std::int64_t steps = node_.shape[0];
    require_equal(node_.shape[1], node_.cell == RecurrentCell::lstm ? 2 * H : H,
                  "numbers of a time step:");
    require_equal(values(input()), steps * G, "inputs of all time steps:");
  }

  /// What comes in goes out, in the same shape.
  void check_kept() const {
    for (std::size_t i = 0; i < node_.inputs.size(); ++i) {
      const Node& from = input(i);
      require(
          from.channels == node_.channels && values(from) == values(node_),
          "gives " + sides(node_) + " numbers of " + sides(from) + "; expected as many of each");
    }
  }

  void check_part() const {
    const Node& from = input();
    require(from.op == Op::digital && from.call, "is no part of an operator's value");
    require(node_.output >= 0 && node_.output < std::ssize(from.call->outputs),
            "is output " + text(node_.output) + " of " + text(std::ssize(from.call->outputs)) +
                "; expected one that is there");
  }

  const Graph& graph_;
  std::size_t index_;
  const Node& node_;
  const std::string& network_;
};

}  // namespace

void check_graph(const Graph& graph, const std::string& network) {
  if (graph.nodes.size() < 2) throw DataError(network + ": is a network without nodes");
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) NodeCheck(graph, i, network).run();
  const Node& last = graph.nodes.back();
  if (last.op == Op::constant)
    throw DataError(network + ": the last node is a constant; expected one that gives the answer");
  if (values(last) != graph.classes)
    throw DataError(network + ": classes = " + text(graph.classes) + ", and the last node (" +
                    word(last.op) + ") gives " + text(values(last)) + " numbers; expected as many");
}

}  // namespace ohmic
