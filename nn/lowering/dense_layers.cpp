// Products with a constant matrix at any rank: rows drive it, or columns do.
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <ranges>
#include <utility>

#include "nn/lowering/lowering.hpp"
#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Shape = std::vector<std::int64_t>;

/// A shape whose samples have an axis of their own; -1 stands for them.
Shape split(Shape shape, const SamplePlace& place) {
  const auto at = shape.begin() + place.axis;
  *at = place.after > 1 ? place.after : -1;
  if (place.after > 1) shape.insert(at, -1);
  if (place.before > 1) shape.insert(shape.begin() + place.axis, place.before);
  return shape;
}

std::int64_t product(const Shape& sides) {
  return std::accumulate(sides.begin(), sides.end(), std::int64_t{1}, std::multiplies<>());
}

/// Without axes in front along which it is the same matrix throughout, where the other side has
/// them too.
Tensor one_matrix(Tensor w, const Tensor& other) {
  while (w.dim() > 2 && other.dim() >= w.dim()) {
    const std::int64_t sides = w.size(0), beside = other.size(other.dim() - w.dim());
    if (sides != 1 && (sides != beside || !at::equal(w, w.narrow(0, 0, 1).expand_as(w)))) break;
    w = w.select(0, 0);
  }
  return w;
}

const char* not_one_matrix(const Tensor& w) {
  return w.dim() < 2 ? "it is a vector, not a matrix" : "it is a stack of matrices";
}

/// The letters of "btd,dhe->bthe" where one side is a matrix: x has rest and K, the matrix K and
/// N, the answer rest and N, each once and in any order.
struct RowsByMatrix {
  std::string x, w, y, rest, K, N;
};

/// `axes`: of x, as many as its letters with those that "..." stands for.
std::optional<RowsByMatrix> rows_by_matrix(std::string equation, bool matrix_is_first,
                                           std::int64_t axes) {
  std::erase(equation, ' ');
  const std::size_t dots = equation.find("...");
  if (dots != std::string::npos) {
    const std::string term = equation.substr(
        matrix_is_first ? equation.find(',') + 1 : 0,
        matrix_is_first ? equation.find("->") - equation.find(',') - 1 : equation.find(','));
    std::string hidden;
    for (char c = 'A'; std::ssize(hidden) < axes - (std::ssize(term) - 3) && c <= 'Z'; ++c)
      if (equation.find(c) == std::string::npos) hidden += c;
    for (std::size_t at = dots; at != std::string::npos; at = equation.find("..."))
      equation.replace(at, 3, hidden);
  }
  const std::size_t comma = equation.find(','), arrow = equation.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || comma > arrow) return {};
  RowsByMatrix r{equation.substr(0, comma),
                 equation.substr(comma + 1, arrow - comma - 1),
                 equation.substr(arrow + 2),
                 {},
                 {},
                 {}};
  if (matrix_is_first) std::swap(r.x, r.w);
  const auto has = [](const std::string& text, char c) { return text.find(c) < text.size(); };
  for (const char c : r.w) (has(r.x, c) ? r.K : r.N) += c;
  for (const char c : r.x)
    if (!has(r.K, c)) r.rest += c;
  std::string answer = r.rest + r.N, asked = r.y, left = r.x + r.N;
  for (std::string* text : {&answer, &asked, &left}) std::ranges::sort(*text);
  const bool is_once = std::ranges::adjacent_find(left) == left.end();
  if (answer != asked || !is_once || r.K.empty() || r.N.empty() || std::ssize(r.x) != axes)
    return {};
  return r;
}

/// Whether the matrix has an axis for each of its letters, once, and as long as that of x.
bool fits(const RowsByMatrix& r, const Tensor& w, const Tensor& x) {
  std::string letters = r.w;
  std::ranges::sort(letters);
  if (std::ssize(letters) != w.dim() || std::ranges::adjacent_find(letters) != letters.end())
    return false;
  return std::ranges::all_of(r.K, [&](char c) {
    return w.size(static_cast<std::int64_t>(r.w.find(c))) ==
           x.size(static_cast<std::int64_t>(r.x.find(c)));
  });
}

/// Where each letter of `to` is in `from`.
Shape order_of(const std::string& to, const std::string& from) {
  Shape order;
  for (const char c : to) order.push_back(static_cast<std::int64_t>(from.find(c)));
  return order;
}

}  // namespace

int Lowering::rows_of(int from, int sample_axis) {
  if (sample_axis > 0) {
    Shape order{sample_axis};
    for (std::int64_t i = 0; i < few(from).dim(); ++i)
      if (i != sample_axis) order.push_back(i);
    from = transpose(from, order, 0);
  }
  const Tensor& x = few(from);
  if (x.dim() <= 3) return from;
  return reshape(from, {-1, x.size(x.dim() - 1)});
}

int Lowering::samples_on(int made, int axis) {
  if (axis == 0) return made;
  Shape order;
  for (std::int64_t i = 1; i <= axis; ++i) order.push_back(i);
  order.push_back(0);
  for (std::int64_t i = axis + 1; i < few(made).dim(); ++i) order.push_back(i);
  return transpose(made, order, axis);
}

int Lowering::dense(const std::string& layer, const Tensor& weight, const Tensor& bias, int from,
                    const SamplePlace& place) {
  set_matrix(layer, weight, bias);
  Shape together = few(from).sizes().vec();
  together.back() = weight.size(0);
  const int axis = place.axis + (place.before > 1 ? 1 : 0);
  if (!place.is_whole()) from = regroup(from, split(few(from).sizes().vec(), place), axis);
  Node node;
  node.op = Op::dense;
  node.name = layer;
  node.inputs = {rows_of(from, axis)};
  node.has_bias = bias.defined();
  const Tensor& x = few(node.inputs[0]);
  node.conv.in_channels = number(weight.size(1));
  node.conv.out_channels = number(weight.size(0));
  node.conv.in_height = number(x.dim() == 3 ? x.size(1) : 1);
  Shape rows = x.sizes().vec(), apart = few(from).sizes().vec();
  rows.back() = apart.back() = weight.size(0);
  apart.erase(apart.begin() + axis);
  int made = push(std::move(node), at::zeros({1}).expand(rows), 0);
  if (apart.size() > 2) made = reshape(made, apart);
  made = samples_on(made, axis);
  if (!place.is_whole()) {
    together[static_cast<std::size_t>(place.axis)] = -1;
    made = regroup(made, together, -1);
  }
  return made;
}

bool Lowering::gemm(const ModelNode& node) {
  const std::string &input = node.inputs[0], &weight = node.inputs[1];
  const std::string bias = node.inputs.size() > 2 ? node.inputs[2] : std::string{};
  if (!trace_.is_constant(weight)) return false;
  const std::string layer = layer_name(node, weight, bias);
  const Call call(node, model_.opset, {});
  const auto rows = trace_.samples_of(input);
  if (call.integer("transA", 0) != 0 || !rows || rows->axis != 0 ||
      (!bias.empty() && !trace_.is_constant(bias)))
    return stays_digital(layer, node,
                         "its rows cannot be told by samples, or its bias is computed");
  Tensor W = trace_.value(weight), b;
  if (call.integer("transB", 0) == 0) W = W.t();
  if (const double alpha = call.number("alpha", 1.0); alpha != 1.0) W = W.mul(alpha);
  if (!bias.empty()) {
    b = trace_.value(bias).mul(call.number("beta", 1.0));
    if (b.dim() > 1 && b.size(0) != 1)
      return stays_digital(layer, node, "what it adds differs from sample to sample");
    b = b.reshape({-1}).expand({W.size(0)});
  }
  if (!is_on_crossbar(layer, node)) return false;
  name(node.outputs[0], dense(layer, W, b, node_of(input), *rows));
  return true;
}

std::optional<Lowering::Sum> Lowering::added_after(const std::string& value,
                                                   std::int64_t columns) const {
  const ModelNode* node = trace_.only_reader(value);
  if (!node || node->op != "Add" || node->inputs.size() != 2) return std::nullopt;
  const std::string& other = node->inputs[node->inputs[0] == value ? 1 : 0];
  if (!trace_.is_constant(other)) return std::nullopt;
  const Tensor& bias = trace_.value(other);
  const bool is_row = bias.numel() == columns && bias.dim() > 0 && bias.size(-1) == columns;
  if (is_row && bias.is_floating_point()) return Sum{node->outputs[0], other};
  return std::nullopt;
}

/// A constant, or what a file makes of one by moving and repeating its numbers, for two samples;
/// undefined for anything else.
Tensor Lowering::moved_constant(const std::string& value) const {
  constexpr std::int64_t kMost = std::int64_t{1} << 28;  // numbers
  std::vector<const ModelNode*> moves;
  std::string at = value;
  for (; !trace_.is_constant(at); at = moves.back()->inputs.front()) {
    const auto producer = producers_.find(at);
    if (producer == producers_.end() || !only_moves(*producer->second)) return {};
    moves.push_back(producer->second);
  }
  if (trace_.value(value).numel() > kMost) return {};
  const at::NoGradGuard no_gradients;
  Tensor made = trace_.value(at);
  for (const ModelNode* move : moves | std::views::reverse) {
    std::vector<Tensor> inputs{made};
    for (std::size_t i = 1; i < move->inputs.size(); ++i)
      inputs.push_back(move->inputs[i].empty() ? Tensor() : trace_.value(move->inputs[i]));
    made = find_operator(move->op)->run(Call(*move, model_.opset, inputs)).at(0);
  }
  return made;
}

/// The matrix that a value is to every row of the other side; of more axes where a constant is no
/// such matrix, and undefined where a value is none.
Tensor Lowering::matrix_in(const std::string& value, const std::string& other) {
  const Tensor moved = moved_constant(value);
  if (!moved.defined()) return moved;
  const Tensor w = one_matrix(moved, trace_.value(other));
  if (trace_.is_constant(value)) return w;
  if (w.dim() != 2 || !w.is_floating_point()) return {};
  roots_.insert(root_of(value));
  return w;
}

/// y = W x, columns of x that drive the rows of a constant matrix: (x^T W^T)^T.
bool Lowering::matmul_from_left(const ModelNode& node, const Tensor& w) {
  const std::string &weight = node.inputs[0], &input = node.inputs[1];
  const std::string layer = layer_name(node, root_if_moved(weight), "");
  const std::int64_t last = trace_.value(input).dim() - 1;
  const auto columns = trace_.samples_of(input);
  if (w.dim() != 2) return stays_digital(layer, node, not_one_matrix(w));
  if (!columns || columns->axis + 1 >= last)
    return stays_digital(layer, node, "its columns cannot be told by samples");
  if (!is_on_crossbar(layer, node)) return false;
  Shape order(static_cast<std::size_t>(last) + 1);
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  const int axis = trace_.sample_axis(input);
  const int rows = transpose(node_of(input), order, axis);
  name(node.outputs[0], transpose(dense(layer, w, Tensor(), rows, *columns), order, axis));
  return true;
}

bool Lowering::matmul(const ModelNode& node) {
  const std::string &input = node.inputs[0], &weight = node.inputs[1];
  const Tensor w = matrix_in(weight, input);
  if (!w.defined()) {
    const Tensor left = matrix_in(input, weight);
    return left.defined() && matmul_from_left(node, left);
  }
  const auto added = w.dim() == 2 ? added_after(node.outputs[0], w.size(1)) : std::nullopt;
  const std::string layer = layer_name(node, root_if_moved(weight), added ? added->bias : "");
  if (w.dim() != 2) return stays_digital(layer, node, not_one_matrix(w));
  const auto rows = trace_.samples_of(input);
  if (!rows || rows->axis + 1 == trace_.value(input).dim())
    return stays_digital(layer, node, "its rows cannot be told by samples");
  if (!is_on_crossbar(layer, node)) return false;
  const Tensor bias = added ? trace_.value(added->bias).reshape({-1}) : Tensor();
  name(added ? added->output : node.outputs[0], dense(layer, w.t(), bias, node_of(input), *rows));
  return true;
}

/// Rows that a formula multiplies with a constant matrix, as heads of attention are often written.
bool Lowering::einsum(const ModelNode& node) {
  if (node.inputs.size() != 2) {
    for (const std::string& input : node.inputs)
      if (trace_.is_constant(input) && trace_.value(input).dim() > 1)
        return stays_digital(layer_name(node, input, ""), node,
                             "its formula is no product of rows with one matrix");
    return false;
  }
  const bool is_first = trace_.is_constant(node.inputs[0]);
  const std::string &weight = node.inputs[is_first ? 0 : 1], &input = node.inputs[is_first ? 1 : 0];
  if (!trace_.is_constant(weight) || trace_.value(weight).dim() < 2) return false;
  const std::string layer = layer_name(node, weight, "");
  const auto r = rows_by_matrix(Call(node, model_.opset, {}).text("equation", ""), is_first,
                                trace_.value(input).dim());
  if (!r || !fits(*r, trace_.value(weight), trace_.value(input)))
    return stays_digital(layer, node, "its formula is no product of rows with one matrix");
  auto rows = trace_.samples_of(input);
  const std::size_t at =
      rows ? r->rest.find(r->x[static_cast<std::size_t>(rows->axis)]) : std::string::npos;
  if (at == std::string::npos)
    return stays_digital(layer, node, "its rows cannot be told by samples");
  if (!is_on_crossbar(layer, node)) return false;
  rows->axis = static_cast<int>(at);
  const auto axis_of = [&](std::size_t i) { return rows->is_whole() ? static_cast<int>(i) : -1; };
  const Tensor w = trace_.value(weight).permute(order_of(r->N + r->K, r->w));
  const auto n = static_cast<std::ptrdiff_t>(r->N.size());
  const Shape sides = w.sizes().vec(), of_answer(sides.begin(), sides.begin() + n);
  const std::int64_t inputs = product(Shape(sides.begin() + n, sides.end()));
  const int from = transpose(node_of(input), order_of(r->rest + r->K, r->x), axis_of(at));
  Shape shape(few(from).sizes().begin(), few(from).sizes().begin() + std::ssize(r->rest));
  shape[at] = -1;
  shape.push_back(inputs);
  const int made =
      dense(layer, w.reshape({-1, inputs}), Tensor(), regroup(from, shape, axis_of(at)), *rows);
  shape.pop_back();
  shape.insert(shape.end(), of_answer.begin(), of_answer.end());
  const std::size_t to = r->y.find(r->rest[at]);
  name(node.outputs[0],
       transpose(regroup(made, shape, axis_of(at)), order_of(r->y, r->rest + r->N), axis_of(to)));
  return true;
}

}  // namespace ohmic
