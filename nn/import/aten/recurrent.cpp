// LSTM, GRU and RNN: a node of ONNX per layer.
#include <algorithm>
#include <cstring>

#include "nn/import/aten/aten_call.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// A kind of recurrence: its gates in ONNX's order, as places in PyTorch's.
struct Recurrence {
  const char* op;
  std::vector<std::size_t> gates;
  const char* activation;  ///< of RNN
};

/// The rows of PyTorch's gates in ONNX's order; both directions one after the other. What is beside
/// a weight (`with`, a second bias) follows it.
class Gathered {
 public:
  Gathered(const AtenCall& call, const Recurrence& kind) : call_(call), kind_(kind) {}

  void append(const std::string& parameter) {
    const ConstantTensor* tensor = call_.find_constant(parameter);
    if (!tensor)
      throw DataError("its weights " + in_quotes(parameter) + " are computed; expected constants");
    const std::size_t gates = kind_.gates.size();
    const bool fits = !tensor->shape.empty() && tensor->shape[0] > 0 &&
                      tensor->shape[0] % static_cast<std::int64_t>(gates) == 0 &&
                      (bytes_.empty() || tensor->type == type_);
    if (!fits) throw DataError("its weights " + in_quotes(parameter) + " do not fit its gates");
    type_ = tensor->type;
    shape_ = tensor->shape;
    made_of_ += ' ' + parameter;
    const std::size_t block = static_cast<std::size_t>(tensor->elements()) * size_of(type_) / gates;
    for (const std::size_t gate : kind_.gates)
      bytes_.insert(bytes_.end(), tensor->data.get() + gate * block,
                    tensor->data.get() + (gate + 1) * block);
  }
  /// The constant, the same one for a call with the same weights.
  std::string constant(AtenCall& call, Integers sides) const {
    return call.constant_of(made_of_, tensor(std::move(sides)));
  }
  const Integers& last_shape() const { return shape_; }

 private:
  /// A tensor of `sides`, whose first is the number of directions.
  ConstantTensor tensor(Integers sides) const {
    std::int64_t elements = 1;
    for (const std::int64_t side : sides) elements *= side;
    if (static_cast<std::size_t>(elements) * size_of(type_) != bytes_.size())
      throw DataError("its weights do not have the shapes of one layer");
    const auto owner = std::make_shared<const std::vector<std::byte>>(bytes_);
    return {type_, std::move(sides), {owner, owner->data()}};
  }

  const AtenCall& call_;
  const Recurrence& kind_;
  std::string made_of_ = kind_.op;
  ElementType type_ = ElementType::f32;
  Integers shape_;
  std::vector<std::byte> bytes_;
};

struct Layers {
  std::vector<std::string> parameters;
  std::size_t count = 0, directions = 1, per_direction = 4;
  bool biases = true, batch_first = false;
};

Layers layers_of(const AtenCall& call) {
  Layers l;
  l.parameters = call.tensors("params");
  l.count = static_cast<std::size_t>(std::max<std::int64_t>(call.integer("num_layers"), 0));
  l.directions = call.flag("bidirectional", false) ? 2 : 1;
  l.biases = call.flag("has_biases", true);
  l.batch_first = call.flag("batch_first", false);
  l.per_direction = l.biases ? 4 : 2;
  if (call.flag("train", false) && call.number("dropout", 0) != 0)
    throw DataError("was exported in training; call model.eval() before torch.export.export");
  const std::size_t most = l.parameters.size();  // keeps the products below in range
  if (l.count > 0 && l.count <= most && most == l.count * l.directions * (l.per_direction + 1))
    throw DataError(
        "has projections (proj_size); accepted are layers without them, and programs after "
        "run_decompositions(), which writes their steps one by one");
  if (l.count == 0 || l.count > most ||
      l.parameters.size() != l.count * l.directions * l.per_direction)
    throw DataError("has " + std::to_string(most) + " weights for " + std::to_string(l.count) +
                    " layers; expected " + std::to_string(l.per_direction) +
                    " for each layer and direction");
  return l;
}

Inputs layer_weights(AtenCall& call, const Recurrence& kind, const Layers& l, std::size_t layer,
                     std::int64_t& hidden) {
  Gathered input(call, kind), recurrent(call, kind), bias(call, kind);
  for (std::size_t d = 0; d < l.directions; ++d) {
    const std::size_t at = (layer * l.directions + d) * l.per_direction;
    input.append(l.parameters[at]);
    recurrent.append(l.parameters[at + 1]);
    for (std::size_t k = 2; k < l.per_direction; ++k) bias.append(l.parameters[at + k]);
  }
  const auto directions = static_cast<std::int64_t>(l.directions);
  const auto rows = recurrent.last_shape().at(0);
  if (input.last_shape().size() != 2 || recurrent.last_shape().size() != 2)
    throw DataError("its weights are no matrices");
  hidden = rows / static_cast<std::int64_t>(kind.gates.size());
  return {input.constant(call, {directions, rows, input.last_shape()[1]}),
          recurrent.constant(call, {directions, rows, hidden}),
          l.biases ? bias.constant(call, {directions, 2 * rows}) : std::string()};
}

/// The states of one layer out of those of all.
std::string layer_state(AtenCall& call, const std::string& states, const Layers& l,
                        std::size_t layer) {
  if (states.empty() || l.count == 1) return states;
  const auto first = static_cast<std::int64_t>(layer * l.directions);
  const auto last = first + static_cast<std::int64_t>(l.directions);
  return call.emit("Slice", {states, call.constant(Integers{first}), call.constant(Integers{last}),
                             call.constant(Integers{0})});
}

/// Time first, [directions] beside the features of each step: as PyTorch has it.
std::string joined_directions(AtenCall& call, const std::string& y, const Layers& l) {
  if (l.directions == 1) return call.emit("Squeeze", {y, call.constant(Integers{1})});
  const std::string turned = call.emit("Transpose", {y}, {{"perm", Integers{0, 2, 1, 3}}});
  return call.reshaped(turned, {0, 0, -1});
}

void recurrence(AtenCall& call, const Recurrence& kind) {
  const Layers l = layers_of(call);
  const bool has_cell = kind.gates.size() == 4;
  const std::vector<std::string> states = has_cell ? call.tensors("hx") : Inputs{call.tensor("hx")};
  if (states.size() != (has_cell ? 2u : 1u)) throw DataError("has no states to begin with");
  std::string x = call.tensor("input");
  if (call.rank(x) != 3)
    throw DataError("has an input of " + std::to_string(call.rank(x)) + " axes; expected a batch");
  if (l.batch_first) x = call.emit("Transpose", {x}, {{"perm", Integers{1, 0, 2}}});
  std::vector<Inputs> last(states.size());
  for (std::size_t layer = 0; layer < l.count; ++layer) {
    std::int64_t hidden = 0;
    Inputs inputs = layer_weights(call, kind, l, layer, hidden);
    inputs.insert(inputs.begin(), x);
    inputs.push_back("");  // lengths of sequences
    for (const std::string& state : states) inputs.push_back(layer_state(call, state, l, layer));
    Attributes attributes{
        {"hidden_size", hidden},
        {"direction", std::string(l.directions == 2 ? "bidirectional" : "forward")}};
    if (std::string(kind.op) == "GRU") attributes["linear_before_reset"] = std::int64_t{1};
    if (kind.activation)
      attributes["activations"] = std::vector<std::string>(l.directions, kind.activation);
    const std::string suffix = l.count == 1 ? "" : ".l" + std::to_string(layer);
    const auto y = call.main(kind.op, inputs, attributes, 1 + states.size(), suffix);
    x = joined_directions(call, y[0], l);
    for (std::size_t s = 0; s < states.size(); ++s) last[s].push_back(y[1 + s]);
  }
  if (l.batch_first)
    call.result("Transpose", {x}, {{"perm", Integers{1, 0, 2}}});
  else
    call.result("Identity", {x});
  for (std::size_t s = 0; s < states.size() && s + 1 < call.outputs().size(); ++s)
    call.output(1 + s, "Concat", last[s], {{"axis", std::int64_t{0}}});
}

void lstm(AtenCall& call) { recurrence(call, {"LSTM", {0, 3, 1, 2}, nullptr}); }
void gru(AtenCall& call) { recurrence(call, {"GRU", {1, 0, 2}, nullptr}); }
void rnn_tanh(AtenCall& call) { recurrence(call, {"RNN", {0}, "Tanh"}); }
void rnn_relu(AtenCall& call) { recurrence(call, {"RNN", {0}, "Relu"}); }

/// Products of one step: of its input and of the state before, with their biases.
struct StepProducts {
  std::string input, state;
};

StepProducts step_products(AtenCall& call, const std::string& state) {
  const auto product = [&](const std::string& x, const char* weight, const char* bias,
                           const char* suffix) {
    Inputs inputs{x, call.tensor(weight)};
    if (const std::string b = call.tensor(bias, false); !b.empty()) inputs.push_back(b);
    return call.main("Gemm", inputs, {{"transB", std::int64_t{1}}}, 1, suffix)[0];
  };
  return {product(call.tensor("input"), "w_ih", "b_ih", ".input"),
          product(state, "w_hh", "b_hh", ".recurrent")};
}

std::vector<std::string> gates_of(AtenCall& call, const std::string& all, std::size_t count) {
  return call.emit("Split", {all},
                   {{"axis", std::int64_t{1}}, {"num_outputs", static_cast<std::int64_t>(count)}},
                   count);
}

void rnn_cell(AtenCall& call, const char* activation) {
  const StepProducts p = step_products(call, call.tensor("hx"));
  call.result(activation, {call.emit("Add", {p.input, p.state})});
}
void rnn_tanh_cell(AtenCall& call) { rnn_cell(call, "Tanh"); }
void rnn_relu_cell(AtenCall& call) { rnn_cell(call, "Relu"); }

/// h' = n + z (h - n), n = tanh(x_n + r h_n)
void gru_cell(AtenCall& call) {
  const std::string h = call.tensor("hx");
  const StepProducts p = step_products(call, h);
  const std::vector<std::string> x = gates_of(call, p.input, 3), s = gates_of(call, p.state, 3);
  const auto gate = [&](std::size_t i) {
    return call.emit("Sigmoid", {call.emit("Add", {x[i], s[i]})});
  };
  const std::string r = gate(0), z = gate(1);
  const std::string n = call.emit("Tanh", {call.emit("Add", {x[2], call.emit("Mul", {r, s[2]})})});
  call.result("Add", {n, call.emit("Mul", {z, call.emit("Sub", {h, n})})});
}

/// c' = f c + i g, h' = o tanh(c')
void lstm_cell(AtenCall& call) {
  const std::vector<std::string> states = call.tensors("hx");
  if (states.size() != 2) throw DataError("has no two states to begin with");
  const StepProducts p = step_products(call, states[0]);
  const std::vector<std::string> g = gates_of(call, call.emit("Add", {p.input, p.state}), 4);
  const auto sigmoid = [&](std::size_t i) { return call.emit("Sigmoid", {g[i]}); };
  const std::string kept = call.emit("Mul", {sigmoid(1), states[1]});
  const std::string taken = call.emit("Mul", {sigmoid(0), call.emit("Tanh", {g[2]})});
  const std::string c = call.emit("Add", {kept, taken});
  call.output(0, "Mul", {sigmoid(3), call.emit("Tanh", {c})});
  if (call.outputs().size() > 1) call.output(1, "Identity", {c});
}

}  // namespace

AtenEntries aten_recurrent() {
  return {{"gru_cell", gru_cell},           {"gru.input", gru},
          {"lstm_cell", lstm_cell},         {"rnn_relu_cell", rnn_relu_cell},
          {"rnn_tanh_cell", rnn_tanh_cell}, {"lstm.input", lstm},
          {"rnn_relu.input", rnn_relu},     {"rnn_tanh.input", rnn_tanh}};
}

}  // namespace ohmic
