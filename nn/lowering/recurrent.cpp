// LSTM, GRU and RNN: an input matrix that meets all time steps at once, a recurrent one that meets
// one after the other, for each direction.
#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "nn/lowering/lowering.hpp"
#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kMostSteps = 1 << 15;  ///< that noise is addressed by (mvm_event)

using at::Tensor;

std::string optional_input(const ModelNode& node, std::size_t i) {
  return i < node.inputs.size() ? node.inputs[i] : std::string{};
}

/// Why the cell is not one of ours; empty: it is.
std::string oddity(const Call& call, RecurrentCell& cell) {
  const ModelNode& node = call.node();
  std::vector<std::string> usual = {"Sigmoid", "Tanh", "Tanh"};
  cell = node.op == "LSTM"  ? RecurrentCell::lstm
         : node.op == "GRU" ? RecurrentCell::gru
                            : RecurrentCell::tanh;
  if (node.op == "GRU") {
    usual = {"Sigmoid", "Tanh"};
    if (call.integer("linear_before_reset", 0) == 0) return "its reset gate acts on the state";
  }
  std::vector<std::string> asked;
  const auto given = node.attributes.find("activations");
  if (given != node.attributes.end())
    if (const auto* names = std::get_if<std::vector<std::string>>(&given->second)) asked = *names;
  if (node.op == "RNN") {
    usual = {"Tanh"};
    if (!asked.empty() && asked.front() == "Relu") {
      usual = {"Relu"};
      cell = RecurrentCell::relu;
    }
  }
  for (std::size_t i = 0; i < asked.size(); ++i)
    if (asked[i] != usual[i % usual.size()]) return "its activation " + asked[i] + " is unusual";
  if (call.has("clip")) return "its cell is clipped";
  if (call.integer("input_forget", 0) != 0) return "its gates are coupled";
  if (!optional_input(node, 7).empty()) return "it has peepholes";
  return {};
}

}  // namespace

/// h of all steps, samples x steps x H, and behind it, for an LSTM, c.
int Lowering::direction(const ModelNode& node, const std::string& layer, int rows, int d,
                        bool reverse) {
  RecurrentCell cell;
  const Call call(node, model_.opset, {});
  oddity(call, cell);
  const std::string suffix = reverse ? "_reverse" : "";
  const Tensor W = trace_.value(node.inputs[1]).select(0, d);
  const Tensor R = trace_.value(node.inputs[2]).select(0, d);
  const std::int64_t H = R.size(1), steps = few(rows).size(1), G = W.size(0);
  Tensor b_in, b_recurrent;
  if (const std::string bias = optional_input(node, 3); !bias.empty()) {
    const Tensor both = trace_.value(bias).select(0, d);
    b_in = both.narrow(0, 0, G);
    b_recurrent = both.narrow(0, G, G);
    if (cell != RecurrentCell::gru) {  // one sum
      b_in = b_in.add(b_recurrent);
      b_recurrent = Tensor();
    }
  }
  if (reverse) rows = slice(rows, 1, -1, -steps - 1, -1, 0);
  const auto make = [&](Op op, const std::string& name, const Tensor& weight, const Tensor& bias,
                        int from) {
    set_matrix(name, weight, bias);
    Node made;
    made.op = op;
    made.name = name;
    made.inputs = {from};
    made.cell = cell;
    made.has_bias = bias.defined();
    made.conv.in_channels = static_cast<int>(weight.size(1));
    made.conv.out_channels = static_cast<int>(G);
    return made;
  };
  Node input = make(Op::dense, layer + ".input" + suffix, W, b_in, rows);
  input.conv.in_height = static_cast<int>(steps);
  const int gates = push(std::move(input), at::zeros({2, steps, G}), 0);
  Node loop = make(Op::recurrent, layer + ".recurrent" + suffix, R, b_recurrent, gates);
  int states =
      push(std::move(loop), at::zeros({2, steps, cell == RecurrentCell::lstm ? 2 * H : H}), 0);
  if (reverse) states = slice(states, 1, -1, -steps - 1, -1, 0);
  return states;
}

bool Lowering::recurrent(const ModelNode& node) {
  const std::string &x = node.inputs[0], &W = node.inputs[1], &R = node.inputs[2];
  if (!trace_.is_constant(W) || !trace_.is_constant(R)) return false;
  const std::string layer = layer_name(node, "", "");
  const Call call(node, model_.opset, {});
  RecurrentCell cell;
  if (const std::string odd = oddity(call, cell); !odd.empty())
    return stays_digital(layer, node, odd);
  const bool layout = call.integer("layout", 0) != 0;
  if (layout || trace_.sample_axis(x) != 1 || !optional_input(node, 4).empty())
    return stays_digital(layer, node, "its sequences are of different lengths or not time-major");
  if (const std::string bias = optional_input(node, 3); !bias.empty() && !trace_.is_constant(bias))
    return stays_digital(layer, node, "its bias is computed");
  for (const std::size_t state : {5u, 6u})
    if (const std::string s = optional_input(node, state); !s.empty() && !trace_.is_zero(s))
      return stays_digital(layer, node, "its first state is not 0");
  if (trace_.value(x).size(0) > kMostSteps)
    return stays_digital(layer, node, "it has more than 32768 time steps");
  if (!is_on_crossbar(layer, node)) return false;
  const int rows = transpose(node_of(x), {1, 0, 2}, 0);
  const std::string way = call.text("direction", "forward");
  const std::int64_t H = trace_.value(R).size(2), steps = few(rows).size(1);
  std::vector<int> all, last_h, last_c;
  const auto D = static_cast<int>(trace_.value(W).size(0));
  for (int d = 0; d < D; ++d) {
    const bool reverse = way == "reverse" || d == 1;
    const int states = direction(node, layer, rows, d, reverse);
    const std::int64_t at = reverse ? 0 : steps - 1;
    const int h = slice(states, 2, 0, H, 1, 0);
    // steps x 1 x samples x H, and 1 x samples x H of the last step.
    all.push_back(transpose(reshape(h, {steps, 1, H}), {1, 2, 0, 3}, 2));
    const int end = slice(states, 1, at, at + 1, 1, 0);
    last_h.push_back(transpose(slice(end, 2, 0, H, 1, 0), {1, 0, 2}, 1));
    if (cell == RecurrentCell::lstm)
      last_c.push_back(transpose(slice(end, 2, H, 2 * H, 1, 0), {1, 0, 2}, 1));
  }
  const auto joined = [&](const std::vector<int>& parts, std::int64_t axis, int samples) {
    return parts.size() == 1 ? parts[0] : apply("Concat", parts, {{"axis", axis}}, samples);
  };
  const std::vector<std::pair<const std::vector<int>*, std::int64_t>> outputs{
      {&all, 1}, {&last_h, 0}, {&last_c, 0}};
  for (std::size_t i = 0; i < node.outputs.size(); ++i)
    if (!node.outputs[i].empty() && trace_.readers(node.outputs[i]) > 0)
      name(node.outputs[i], joined(*outputs[i].first, outputs[i].second, i == 0 ? 2 : 1));
  return true;
}

}  // namespace ohmic
