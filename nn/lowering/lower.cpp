#include "nn/lowering/lower.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <new>
#include <numeric>
#include <utility>

#include "nn/lowering/lowering.hpp"
#include "nn/network/operator_node.hpp"
#include "nn/operators/libtorch_error.hpp"
#include "nn/operators/memory_limit.hpp"
#include "nn/operators/operator.hpp"
#include "simulator/error.hpp"

namespace ohmic {

using Shape = std::vector<std::int64_t>;

std::int64_t SampleInput::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies{});
}

Lowering::Lowering(const ImportedModel& model, const LoweringOptions& options, const Trace& trace)
    : model_(model), options_(options), trace_(trace) {
  out_.format = model.format;
  out_.producer = model.producer;
  out_.graph.model = model.file.stem().string();
  out_.graph.layout = kImportedLayout;
  out_.graph.opset = model.opset;
}

Lowering::~Lowering() = default;

const at::Tensor& Lowering::few(int node) const { return few_[static_cast<std::size_t>(node)]; }

int Lowering::push(Node node, Tensor few, int axis) {
  Shape shape = few.sizes().vec();
  if (axis >= 0) shape.erase(shape.begin() + axis);
  set_shape(node, std::move(shape), axis == 0);
  out_.graph.nodes.push_back(std::move(node));
  few_.push_back(axis >= 0 ? shape_alone(few) : std::move(few));
  return static_cast<int>(few_.size()) - 1;
}

int Lowering::constant(const Tensor& value) {
  Node node;
  node.op = Op::constant;
  if (value.defined()) node.constant = std::make_shared<const ConstantTensor>(constant_of(value));
  return push(std::move(node), value.defined() ? value : at::empty({0}), -1);
}

int Lowering::integers(const Shape& values) { return constant(at::tensor(values, at::kLong)); }

int Lowering::node_of(const std::string& value) {
  const auto known = nodes_.find(value);
  if (known != nodes_.end()) return known->second;
  OHMIC_ASSERT(value.empty() || trace_.is_constant(value));
  const int node = constant(value.empty() ? Tensor() : trace_.value(value));
  nodes_[value] = node;
  return node;
}

int Lowering::apply(const std::string& op, std::vector<int> inputs,
                    std::map<std::string, Attribute> attributes, int axis) {
  ModelNode call{op, "of_ohmic." + std::to_string(own_++), {}, {"y"}, std::move(attributes)};
  Tensors values;
  for (const int input : inputs) values.push_back(few(input));
  const at::NoGradGuard no_gradients;
  Tensor result = find_operator(op)->run(Call(call, model_.opset, values)).at(0);
  Node node;
  node.op = Op::digital;
  node.name = call.name;
  node.inputs = std::move(inputs);
  node.call = std::make_shared<const ModelNode>(std::move(call));
  return push(std::move(node), shape_alone(result), axis);
}

/// To another shape of a sample; samples come first.
int Lowering::reshape(int from, const Shape& sample) {
  Shape shape{0};
  shape.insert(shape.end(), sample.begin(), sample.end());
  return apply("Reshape", {from, integers(shape)}, {}, 0);
}

int Lowering::regroup(int from, const Shape& whole, int axis) {
  return apply("Reshape", {from, integers(whole)}, {}, axis);
}

int Lowering::transpose(int from, const Shape& order, int axis) {
  return apply("Transpose", {from}, {{"perm", order}}, axis);
}

int Lowering::slice(int from, std::int64_t axis, std::int64_t first, std::int64_t end,
                    std::int64_t step, int sample_axis) {
  return apply("Slice",
               {from, integers({first}), integers({end}), integers({axis}), integers({step})}, {},
               sample_axis);
}

void Lowering::begin() {
  for (const ModelValue& input : trace_.inputs())
    out_.inputs.push_back({input.name, input.type, {input.shape.begin() + 1, input.shape.end()}});
  if (out_.inputs.size() == 1) {
    const SampleInput& input = out_.inputs.front();
    out_.sample = input.shape;
    return take(input, push({}, trace_.value(input.name), 0));
  }
  // All numbers of a sample in a row, of which every input takes its own.
  std::vector<Tensor> rows;
  for (const SampleInput& input : out_.inputs)
    rows.push_back(trace_.value(input.name)
                       .to(at::kFloat)
                       .reshape({trace_.value(input.name).size(0), input.size()}));
  const int whole = push({}, at::cat(rows, 1), 0);
  out_.sample = few(whole).sizes().slice(1).vec();
  std::int64_t first = 0;
  for (const SampleInput& input : out_.inputs) {
    const int own = slice(whole, 1, first, first + input.size(), 1, 0);
    take(input, input.shape.size() == 1 ? own : reshape(own, input.shape));
    first += input.size();
  }
}

void Lowering::take(const SampleInput& input, int node) {
  constexpr std::int64_t kInt64 = 7, kBool = 9;
  const Tensor& values = trace_.value(input.name);
  if (!values.is_floating_point())
    node = apply("Cast", {node}, {{"to", values.scalar_type() == at::kBool ? kBool : kInt64}}, 0);
  name(input.name, node);
}

void Lowering::lower(const ModelNode& node) {
  const std::string& op = node.op;
  roots_.clear();
  module_.clear();
  for (std::size_t i = 0; i < std::min<std::size_t>(node.inputs.size(), 3); ++i)
    if (!node.inputs[i].empty() && trace_.is_constant(node.inputs[i]) &&
        trace_.value(node.inputs[i]).dim() > 1)
      roots_.insert(root_of(node.inputs[i]));
  const std::size_t listed = out_.digital.size();
  const bool done = op == "Conv"                                 ? convolution(node)
                    : op == "ConvTranspose"                      ? transposed_convolution(node)
                    : op == "Gemm"                               ? gemm(node)
                    : op == "MatMul"                             ? matmul(node)
                    : op == "Einsum"                             ? einsum(node)
                    : op == "BatchNormalization"                 ? batch_norm(node)
                    : op == "Relu"                               ? relu(node)
                    : op == "Add"                                ? add(node)
                    : op == "LSTM" || op == "GRU" || op == "RNN" ? recurrent(node)
                                                                 : false;
  if (done) return;
  digital(node);
  if (out_.digital.size() == listed) list_digital(node);
}

void Lowering::digital(const ModelNode& node) {
  Node made;
  made.op = Op::digital;
  made.name = node.name;
  made.call = std::make_shared<const ModelNode>(node);
  for (const std::string& input : node.inputs) made.inputs.push_back(node_of(input));
  const std::string& first = node.outputs.front();
  const auto is_read = [&](const std::string& o) { return !o.empty() && trace_.readers(o) > 0; };
  const auto read = std::count_if(node.outputs.begin(), node.outputs.end(), is_read);
  const int whole = first.empty()
                        ? push(std::move(made), at::empty({0}), -1)
                        : push(std::move(made), trace_.value(first), trace_.sample_axis(first));
  if (read == 1 && is_read(first)) return name(first, whole);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const std::string& output = node.outputs[i];
    if (!is_read(output) || trace_.is_constant(output)) continue;
    Node part;
    part.op = Op::part;
    part.name = node.name + ":" + std::to_string(i);
    part.inputs = {whole};
    part.output = static_cast<int>(i);
    name(output, push(std::move(part), trace_.value(output), trace_.sample_axis(output)));
  }
}

bool Lowering::batch_norm(const ModelNode& node) {
  const Tensor& x = trace_.value(node.inputs[0]);
  if (trace_.sample_axis(node.inputs[0]) != 0 || (x.dim() != 2 && x.dim() != 4)) return false;
  for (std::size_t i = 1; i < 5; ++i)
    if (node.inputs.size() < 5 || !trace_.is_constant(node.inputs[i])) return false;
  Node norm;
  norm.op = Op::batch_norm;
  norm.name = layer_name(node, node.inputs[1], node.inputs[2]);
  norm.inputs = {node_of(node.inputs[0])};
  norm.epsilon = Call(node, model_.opset, {}).number("epsilon", 1e-5);
  const char* suffixes[] = {".weight", ".bias", ".running_mean", ".running_var"};
  for (std::size_t i = 0; i < 4; ++i) {
    const Tensor values = trace_.value(node.inputs[i + 1]).to(at::kFloat).contiguous();
    const float* v = values.data_ptr<float>();
    out_.weights[norm.name + suffixes[i]] = {values.sizes().vec(), {v, v + values.numel()}};
  }
  name(node.outputs[0], push(std::move(norm), trace_.value(node.outputs[0]), 0));
  return true;
}

// Nodes of the graph have images and rows; one number per sample stays an operator's tensor.
bool Lowering::relu(const ModelNode& node) {
  const Tensor& x = trace_.value(node.inputs[0]);
  if (trace_.sample_axis(node.inputs[0]) != 0 || !x.is_floating_point() || x.dim() < 2)
    return false;
  Node made;
  made.op = Op::relu;
  made.inputs = {node_of(node.inputs[0])};
  name(node.outputs[0], push(std::move(made), trace_.value(node.outputs[0]), 0));
  return true;
}

/// A sum of two values of the same shape, which a layer's epilogue can take over.
bool Lowering::add(const ModelNode& node) {
  const std::string &a = node.inputs[0], &b = node.inputs[1];
  if (a == b || trace_.is_constant(a) || trace_.is_constant(b)) return false;
  const Tensor &x = trace_.value(a), &y = trace_.value(b);
  if (x.sizes() != y.sizes() || x.dim() < 2 || !x.is_floating_point() ||
      trace_.sample_axis(a) != 0 || trace_.sample_axis(b) != 0)
    return false;
  Node made;
  made.op = Op::add;
  made.inputs = {node_of(a), node_of(b)};
  name(node.outputs[0], push(std::move(made), trace_.value(node.outputs[0]), 0));
  return true;
}

void Lowering::drop_unread() {
  std::vector<Node>& nodes = out_.graph.nodes;
  std::vector<bool> is_read(nodes.size());
  is_read.front() = is_read.back() = true;
  for (std::size_t i = nodes.size(); i-- > 0;) {
    if (!is_read[i] && !has_matrix(nodes[i])) continue;
    is_read[i] = true;
    for (const int input : nodes[i].inputs) is_read[static_cast<std::size_t>(input)] = true;
  }
  std::vector<int> now(nodes.size(), -1);
  int kept = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!is_read[i]) continue;
    now[i] = kept;
    for (int& input : nodes[i].inputs) input = now[static_cast<std::size_t>(input)];
    if (nodes[i].shares >= 0) nodes[i].shares = now[static_cast<std::size_t>(nodes[i].shares)];
    if (static_cast<std::size_t>(kept) != i)
      nodes[static_cast<std::size_t>(kept)] = std::move(nodes[i]);
    ++kept;
  }
  nodes.resize(static_cast<std::size_t>(kept));
}

void Lowering::finish() {
  Graph& graph = out_.graph;
  const std::string& output =
      options_.output.empty() ? model_.outputs.front().name : options_.output;
  if (trace_.is_constant(output))
    throw DataError(model_.file.string() + ": output \"" + output +
                    "\" is the same for every sample");
  out_.output = output;
  for (const ModelValue& value : model_.outputs)
    if (value.name != output) out_.others.push_back(value.name);
  int last = node_of(output);
  const Tensor& answers = few(last);
  out_.answer.assign(answers.sizes().begin() + 1, answers.sizes().end());
  if (answers.dim() != 2 || !answers.is_floating_point() ||
      last + 1 != static_cast<int>(graph.nodes.size())) {
    last = answers.is_floating_point() ? last : apply("Cast", {last}, {{"to", std::int64_t{1}}}, 0);
    last = apply("Flatten", {last}, {{"axis", std::int64_t{1}}}, 0);
  }
  graph.classes = at(last).channels;
}

LoweredNetwork Lowering::run() {
  for (const ModelNode& node : model_.nodes)
    for (const std::string& output : node.outputs) producers_[output] = &node;
  begin();
  for (const ModelNode& node : trace_.nodes()) {
    if (!std::all_of(node.outputs.begin(), node.outputs.end(),
                     [&](const std::string& o) { return o.empty() || nodes_.count(o) > 0; }))
      lower(node);
    follow_stored(node);
  }
  share_matrices();
  list_folded();
  for (const ModelNode* node : trace_.over_batch())
    out_.over_batch.push_back(node->name + " (" + node->op + ")");
  finish();
  drop_unread();
  return std::move(out_);
}

LoweredNetwork lower(const ImportedModel& model, const LoweringOptions& options) {
  const MemoryLimit limit(memory_limit(model));
  try {
    const Trace trace(model, options.inputs, options.output);
    return Lowering(model, options, trace).run();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {  // what fits no layer, wherever LibTorch notices it
    throw DataError(model.file.string() + ": " + said_by_libtorch(error));
  }
}

}  // namespace ohmic
