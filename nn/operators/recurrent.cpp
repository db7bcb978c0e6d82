// LSTM, GRU and RNN: products of all inputs at once, then step by step.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <utility>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Activation = Tensor (*)(const Tensor&);

Activation activation(const Call& call, const std::string& name) {
  static const std::map<std::string, Activation> kKnown{
      {"Tanh", [](const Tensor& x) { return x.tanh(); }},
      {"Sigmoid", [](const Tensor& x) { return x.sigmoid(); }},
      {"Relu", [](const Tensor& x) { return x.relu(); }},
      {"HardSigmoid", [](const Tensor& x) { return (x * 0.2 + 0.5).clamp(0, 1); }},
      {"Softsign", [](const Tensor& x) { return x / (x.abs() + 1); }},
      {"Softplus", [](const Tensor& x) { return at::softplus(x); }}};
  const auto found = kKnown.find(name);
  if (found == kKnown.end()) {
    call.refuse("activation \"" + name + "\"; Tanh, Sigmoid, Relu, HardSigmoid, Softsign and " +
                "Softplus are accepted");
  }
  return found->second;
}

/// What one direction of a layer holds. Gates lie one after the other in their last axis.
struct Direction {
  Tensor input_weight, recurrent_weight;  ///< I x gates H, H x gates H
  Tensor input_bias, recurrent_bias;      ///< gates H each
  Tensor peepholes;                       ///< 3 H: input, output and forget gate; may be undefined
  std::vector<Activation> activations;
  bool linear_before_reset = false;
};

struct State {
  Tensor h, c;  ///< B x H; c is undefined but for an LSTM
};

/// One step of a layer: from W x + b (B x gates H) and the state before to the state after.
using Step = State (*)(const Direction&, const Tensor& gates, const State&);

Tensor recurrent_product(const Direction& d, const Tensor& h) {
  return at::matmul(h, d.recurrent_weight) + d.recurrent_bias;
}

State rnn_step(const Direction& d, const Tensor& gates, const State& state) {
  return {d.activations[0](gates + recurrent_product(d, state.h)), {}};
}

State lstm_step(const Direction& d, const Tensor& gates, const State& state) {
  std::vector<Tensor> iofc = (gates + recurrent_product(d, state.h)).chunk(4, -1);
  const auto p = d.peepholes.defined() ? d.peepholes.chunk(3) : std::vector<Tensor>{};
  if (!p.empty()) {
    iofc[0] = iofc[0] + p[0] * state.c;
    iofc[2] = iofc[2] + p[2] * state.c;
  }
  const Tensor c =
      d.activations[0](iofc[2]) * state.c + d.activations[0](iofc[0]) * d.activations[1](iofc[3]);
  if (!p.empty()) iofc[1] = iofc[1] + p[1] * c;
  return {d.activations[0](iofc[1]) * d.activations[2](c), c};
}

State gru_step(const Direction& d, const Tensor& gates, const State& state) {
  const std::vector<Tensor> x = gates.chunk(3, -1), w = d.recurrent_weight.chunk(3, -1),
                            b = d.recurrent_bias.chunk(3, -1);
  const auto product = [&](const Tensor& h, std::size_t i) { return at::matmul(h, w[i]) + b[i]; };
  const Tensor z = d.activations[0](x[0] + product(state.h, 0));
  const Tensor r = d.activations[0](x[1] + product(state.h, 1));
  const Tensor candidate = d.activations[1](
      x[2] + (d.linear_before_reset ? r * product(state.h, 2) : product(r * state.h, 2)));
  return {(1 - z) * candidate + z * state.h, {}};
}

/// All steps in one direction. Where `running` (T x B x 1) is false a sample keeps its state and
/// puts out zeros. Returns T x B x H.
Tensor run_direction(const Direction& d, Step step, bool backwards, const Tensor& x,
                     const Tensor& running, State& state) {
  const Tensor gates = at::matmul(x, d.input_weight) + d.input_bias;
  const std::int64_t steps = x.size(0);
  std::vector<Tensor> outputs(static_cast<std::size_t>(steps));
  for (std::int64_t i = 0; i < steps; ++i) {
    const std::int64_t t = backwards ? steps - 1 - i : i;
    State next = step(d, gates.select(0, t), state);
    Tensor& output = outputs[static_cast<std::size_t>(t)];
    output = next.h;
    if (running.defined()) {
      const Tensor runs = running.select(0, t);
      output = next.h * runs;
      next.h = at::where(runs, next.h, state.h);
      if (next.c.defined()) next.c = at::where(runs, next.c, state.c);
    }
    state = std::move(next);
  }
  return at::stack(outputs);
}

struct Layer {
  Step step;
  std::int64_t gates;
  std::vector<std::string> activations;  ///< of one direction, where the node names none
};

/// PyTorch's exporter writes a layer with a projection as one without it.
void check_width(const Call& call, std::size_t i, const char* what, std::int64_t width) {
  if (!call.has(i) || (call[i].dim() > 1 && call[i].size(-1) == width)) return;
  const std::int64_t found = call[i].dim() > 0 ? call[i].size(-1) : 1;
  call.refuse(std::string(what) + " of " + std::to_string(found) + " numbers, where R's hidden " +
              "size of " + std::to_string(call[2].size(2)) + " wants " + std::to_string(width) +
              "; LSTMs with projections (proj_size) are accepted as .pt2 after " +
              "run_decompositions()");
}

void check(const Call& call, const Layer& layer, bool both) {
  if (call.has("clip")) call.refuse("attribute clip; cells without clipping are accepted");
  if (call.flag("input_forget", false)) call.refuse("input_forget = 1; 0 is accepted");
  if (!call.numbers("activation_alpha", {}).empty() ||
      !call.numbers("activation_beta", {}).empty()) {
    call.refuse("activation_alpha or activation_beta; activations without parameters are accepted");
  }
  const std::int64_t directions = both ? 2 : 1;
  const Tensor &w = call[1], &r = call[2];
  const bool fits = call[0].dim() == 3 && w.dim() == 3 && r.dim() == 3 && w.size(0) == directions &&
                    r.size(0) == directions && w.size(1) == layer.gates * r.size(2) &&
                    r.size(1) == w.size(1) && w.size(2) == call[0].size(2);
  if (!fits) call.refuse("shapes of X, W and R that do not fit each other or the direction");
  const std::int64_t hidden = r.size(2);
  if (call.integer("hidden_size", hidden) != hidden) {
    call.refuse("hidden_size differs from R's");
  }
  check_width(call, 3, "biases", 2 * layer.gates * hidden);
  check_width(call, 5, "first states h", hidden);
  check_width(call, 6, "first states c", hidden);
  check_width(call, 7, "peepholes", 3 * hidden);
}

Direction direction_of(const Call& call, const Layer& layer, std::int64_t i, bool both) {
  const std::int64_t n = layer.gates * call[2].size(2);
  Direction d;
  d.input_weight = call[1].select(0, i).t();
  d.recurrent_weight = call[2].select(0, i).t();
  const Tensor bias = call.has(3) ? call[3].select(0, i) : at::zeros({2 * n}, call[0].options());
  d.input_bias = bias.narrow(0, 0, n);
  d.recurrent_bias = bias.narrow(0, n, n);
  if (call.has(7)) d.peepholes = call[7].select(0, i);
  d.linear_before_reset = call.flag("linear_before_reset", false);
  std::vector<std::string> names = call.texts("activations");
  const std::size_t each = layer.activations.size();
  if (names.empty()) {
    names = layer.activations;
    names.insert(names.end(), layer.activations.begin(), layer.activations.end());
  }
  if (names.size() < each * (both ? 2 : 1)) call.refuse("too few activations");
  for (std::size_t k = 0; k < each; ++k) {
    d.activations.push_back(activation(call, names[static_cast<std::size_t>(i) * each + k]));
  }
  return d;
}

/// Initial state i of a direction: given (D x B x H, or B x D x H with layout 1) or zeros.
Tensor initial(const Call& call, std::size_t input, std::int64_t i, const Tensor& x) {
  if (call.has(input)) return call[input].select(call.flag("layout", false) ? 1 : 0, i);
  return at::zeros({x.size(1), call[2].size(2)}, x.options());
}

Tensors run(const Call& call, const Layer& layer) {
  const std::string direction = call.text("direction", "forward");
  const bool both = direction == "bidirectional", batch_first = call.flag("layout", false);
  if (!both && direction != "forward" && direction != "reverse") {
    call.refuse("direction = \"" + direction + "\"; forward, reverse and bidirectional are " +
                "accepted");
  }
  check(call, layer, both);
  const Tensor x = batch_first ? call[0].transpose(0, 1) : call[0];
  Tensor running;
  if (call.has(4)) {
    const Tensor lengths = call[4].to(at::kLong);
    running = at::arange(x.size(0), lengths.options()).unsqueeze(1).lt(lengths).unsqueeze(2);
  }
  const bool has_cell = layer.step == lstm_step;
  std::vector<Tensor> outputs, hidden, cells;
  for (std::int64_t i = 0; i < (both ? 2 : 1); ++i) {
    State state{initial(call, 5, i, x), has_cell ? initial(call, 6, i, x) : Tensor()};
    const bool backwards = direction == "reverse" || i == 1;
    const Direction d = direction_of(call, layer, i, both);
    outputs.push_back(run_direction(d, layer.step, backwards, x, running, state));
    hidden.push_back(state.h);
    if (has_cell) cells.push_back(state.c);
  }
  // T x D x B x H and D x B x H, or with the batch first.
  Tensors all{at::stack(outputs, 1), at::stack(hidden, batch_first ? 1 : 0)};
  if (batch_first) all[0] = all[0].permute({2, 0, 1, 3});
  if (has_cell) all.push_back(at::stack(cells, batch_first ? 1 : 0));
  return all;
}

Tensors lstm(const Call& call) { return run(call, {lstm_step, 4, {"Sigmoid", "Tanh", "Tanh"}}); }

Tensors gru(const Call& call) { return run(call, {gru_step, 3, {"Sigmoid", "Tanh"}}); }

Tensors rnn(const Call& call) { return run(call, {rnn_step, 1, {"Tanh"}}); }

const RegisterOperator kRegisterRecurrent{
    {"LSTM", lstm, Sign::unknown, "clip, input_forget, activations with parameters"},
    {"GRU", gru, Sign::unknown, "clip, activations with parameters"},
    {"RNN", rnn, Sign::unknown, "clip, activations with parameters"},
};

}  // namespace
}  // namespace ohmic
