#include "nn/lowering/trace.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "nn/freed_memory.hpp"
#include "nn/lowering/known_operators.hpp"
#include "nn/lowering/short_products.hpp"
#include "nn/network/tensor_names.hpp"
#include "nn/operators/operator.hpp"
#include "simulator/error.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Values = std::map<std::string, Tensor>;

constexpr std::int64_t kFew = 2, kMore = 3;            // samples
constexpr std::int64_t kMuch = std::int64_t{1} << 27;  // bytes: is given back when it is free
// Of one answer beside other samples and beside fewer; products round differently.
constexpr double kSameAnswer = 1e-3;

std::string text(const std::vector<std::int64_t>& shape) {
  std::string s;
  for (const std::int64_t side : shape)
    s += (s.empty() ? "" : " x ") + (side < 0 ? std::string("?") : std::to_string(side));
  return s.empty() ? "a single number" : s;
}

std::string list(const std::vector<ModelValue>& values) {
  std::string s;
  for (const ModelValue& v : values) s += (s.empty() ? "" : ", ") + v.name;
  return s;
}

/// The value of that name.
const ModelValue& find(const ImportedModel& model, const std::vector<ModelValue>& values,
                       const std::string& name, const char* what) {
  for (const ModelValue& v : values)
    if (v.name == name) return v;
  throw DataError(model.file.string() + ": has no " + what + " \"" + name + "\"; it has " +
                  list(values));
}

const std::string& output_of(const ImportedModel& model, const std::string& name) {
  if (model.outputs.empty()) throw DataError(model.file.string() + ": has no output");
  return name.empty() ? model.outputs.front().name
                      : find(model, model.outputs, name, "output").name;
}

/// Half and double numbers are computed as floats.
Tensor as_float(Tensor t) {
  return t.is_floating_point() && t.scalar_type() != at::kFloat ? t.to(at::kFloat) : t;
}

void cast_to_float(std::vector<ModelNode>& nodes) {
  constexpr std::int64_t kFloat = 1, kHalf = 10, kDouble = 11, kBf16 = 16;
  for (ModelNode& node : nodes) {
    const auto to = node.attributes.find("to");
    if (node.op != "Cast" || to == node.attributes.end()) continue;
    auto* type = std::get_if<std::int64_t>(&to->second);
    if (type && (*type == kHalf || *type == kDouble || *type == kBf16)) *type = kFloat;
  }
}

/// Of one sample, 16 images of 2000 x 2000 pixels: a file says a shape in a few bytes.
constexpr std::int64_t kMostNumbers = std::int64_t{1} << 26;

/// Samples to learn shapes with, others for each `place` among inputs: normal numbers; of whole
/// ones 0 and 1.
Tensor learning_samples(const ModelValue& input, std::uint64_t place, std::int64_t count) {
  std::vector<std::int64_t> shape = input.shape;
  shape.front() = count;
  const Tensor numbers = at::empty(shape, at::kFloat);
  const auto size = static_cast<std::size_t>(numbers.numel());
  fill_normals(noise_key(0, place), {Stream::synthetic_data}, 0,
               std::span<float>(numbers.data_ptr<float>(), size));
  if (is_real(input.type)) return numbers;
  const auto zero = std::make_shared<std::array<std::byte, 8>>();
  const ConstantTensor one{input.type, {}, {zero, zero->data()}};
  return numbers.gt(0).to(tensor_of(one).scalar_type());
}

/// How often nodes read each value.
std::map<std::string, int> reads_of(const std::vector<ModelNode>& nodes) {
  std::map<std::string, int> reads;
  for (const ModelNode& node : nodes)
    for (const std::string& name : node.inputs) ++reads[name];
  return reads;
}

bool gives_counts(const ModelNode& node) { return node.op == "Shape" || node.op == "Size"; }

bool same(const Tensor& a, const Tensor& b) { return a.sizes() == b.sizes() && a.equal(b); }

/// The larger one, or the one that is no number.
double larger(double a, double b) { return std::isnan(a) || b <= a ? a : b; }

/// Whether answers are those that the samples have alone, part by part: they may be large.
bool same_answers(const Tensor& answers, const Tensor& alone) {
  constexpr std::int64_t kAtOnce = std::int64_t{1} << 20;
  const Tensor a = answers.reshape({-1}), b = alone.reshape({-1});
  double scale = 0, furthest = 0;
  for (std::int64_t i = 0; i < b.numel(); i += kAtOnce) {
    const std::int64_t n = std::min(kAtOnce, b.numel() - i);
    const Tensor here = b.narrow(0, i, n).to(at::kDouble);
    scale = larger(scale, here.abs().max().item<double>());
    furthest =
        larger(furthest, a.narrow(0, i, n).to(at::kDouble).sub(here).abs().max().item<double>());
  }
  return !(furthest > kSameAnswer * (scale + 1e-6));
}

/// The only axis that grows with the samples; -1 where none or several do.
int growing_axis(const Tensor& few, const Tensor& more) {
  if (few.dim() != more.dim()) return -1;
  int axis = -1;
  for (std::int64_t i = 0; i < few.dim(); ++i) {
    if (few.size(i) == more.size(i)) continue;
    if (axis >= 0) return -1;
    axis = static_cast<int>(i);
  }
  return axis;
}

/// Some numbers of each place of an axis, to tell places apart.
Tensor some_of_each(const Tensor& t, int axis) {
  constexpr std::int64_t kSome = 16;
  const Tensor places = t.movedim(axis, 0).reshape({t.size(axis), -1});
  return places.narrow(1, 0, std::min(kSome, places.size(1))).to(at::kDouble);
}

/// The place of samples on an axis that has several for each: two of three samples are those of
/// the two in one order alone.
std::optional<SamplePlace> shared_axis(const Tensor& few, const Tensor& more) {
  const int axis = growing_axis(few, more);
  if (axis < 0) return std::nullopt;
  const std::int64_t each = few.size(axis) / kFew;
  if (each < 2 || few.size(axis) != each * kFew || more.size(axis) != each * kMore ||
      few.numel() == 0)
    return std::nullopt;
  const Tensor a = some_of_each(few, axis), b = some_of_each(more, axis);
  std::optional<SamplePlace> found;
  for (std::int64_t before = 1; before <= each; ++before) {
    if (each % before != 0) continue;
    const Tensor ours = b.unflatten(0, {before, kMore, each / before}).narrow(1, 0, kFew);
    if (!same_answers(ours, a)) continue;
    if (found) return std::nullopt;  // places that are alike
    found = SamplePlace{axis, before, each / before};
  }
  return found;
}

}  // namespace

struct Trace::State {
  const ImportedModel& model;
  std::string output;
  std::vector<ModelNode> nodes;
  std::vector<ModelValue> inputs;
  std::set<std::string> constants, counts;  ///< counts: hang on the number of samples alone
  Values few, more;
  struct Reads {
    int count = 0;
    const ModelNode* last = nullptr;
  };
  std::map<std::string, Reads> readers;       ///< of the nodes that are left
  std::map<std::string, SamplePlace> places;  ///< of samples that share their axis
  std::int64_t freed = 0;                     ///< bytes, since they were given back

  std::string file() const { return model.file.string() + ": "; }

  Tensor value_of(const std::string& name, const ConstantTensor& constant) const {
    try {
      return as_float(tensor_of(constant));
    } catch (const DataError& error) {
      throw DataError(file() + "constant " + shown(name) + " holds " + error.what());
    }
  }

  /// What to do about shapes that hold for the number of samples of the file alone; else nothing.
  std::string fixed_batch() const {
    std::int64_t samples = -1;
    for (const ModelValue& input : inputs) samples = std::max(samples, input.shape.front());
    if (samples < 0) return {};
    return "; the file was exported for " + std::to_string(samples) +
           " samples at once, and its nodes may hold for these only: export it with the axis of "
           "samples free (PyTorch: torch.export.export(..., dynamic_shapes=({0: "
           "torch.export.Dim(\"n\")},)), the same in torch.onnx.export)";
  }

  /// The inputs that are asked for, or those that the nodes read; at least one.
  void take_inputs(const std::vector<std::string>& names) {
    if (model.inputs.empty()) throw DataError(file() + "has no input");
    std::set<std::string> read;
    for (const ModelNode& node : nodes) read.insert(node.inputs.begin(), node.inputs.end());
    if (names.empty())
      for (const ModelValue& value : model.inputs)
        if (read.count(value.name) > 0) inputs.push_back(value);
    for (const std::string& name : names) {
      inputs.push_back(find(model, model.inputs, name, "input"));
      if (std::ranges::count(names, name) > 1)
        throw DataError(file() + "input \"" + name + "\" is named more than once in model.inputs");
    }
    if (inputs.empty()) inputs.push_back(model.inputs.front());  // the answer hangs on none
    for (const ModelValue& value : model.inputs)
      if (read.count(value.name) > 0 && !is_input(value.name))
        throw DataError(file() + "the answer needs the input \"" + value.name +
                        "\" too, which model.inputs leaves out; it has " + list(model.inputs));
    for (const ModelValue& input : inputs) check(input);
    check_together();
  }

  bool is_input(const std::string& name) const {
    return std::ranges::any_of(inputs, [&](const ModelValue& input) { return input.name == name; });
  }

  /// An input of one size beside others with any number of samples is no sample's.
  void check_together() const {
    const auto is_free = [](const ModelValue& input) { return input.shape.front() < 0; };
    if (std::ranges::none_of(inputs, is_free)) return;
    for (const ModelValue& input : inputs)
      if (input.shape.front() > 1)
        throw DataError(file() + "input \"" + input.name + "\" is " + text(input.shape) +
                        " for any number of samples; expected samples on the first axis of every "
                        "input (what is the same for all is a constant of the network: PyTorch's "
                        "register_buffer)");
  }

  void check(const ModelValue& input) const {
    if (input.shape.empty())
      throw DataError(file() + "input \"" + input.name + "\" has no axis of samples" +
                      (input.shaped ? "; what is the same for all samples is a constant of the "
                                      "network (PyTorch: register_buffer)"
                                    : ": the file says nothing of its shape"));
    for (std::size_t i = 1; i < input.shape.size(); ++i)
      if (input.shape[i] < 0)
        throw DataError(file() + "input \"" + input.name + "\" is " + text(input.shape) +
                        ": axis " + std::to_string(i) +
                        " is left open; expected a file exported for one sample shape, with only "
                        "the axis of samples (0) free");
    std::int64_t numbers = 1;
    for (std::size_t i = 1; i < input.shape.size(); ++i)
      if (__builtin_mul_overflow(numbers, input.shape[i], &numbers) || numbers > kMostNumbers)
        throw DataError(file() + "input \"" + input.name + "\" is " + text(input.shape) +
                        ": a sample has at most " + std::to_string(kMostNumbers) + " numbers");
  }

  void run() {
    for (const auto& [name, constant] : model.constants) few[name] = value_of(name, constant);
    more = few;
    Reach reach{{}, {}, reads_of(nodes)};
    for (const ModelValue& input : inputs) {
      more[input.name] = learning_samples(input, reach.touched.size(), kMore);
      few[input.name] = more[input.name].narrow(0, 0, kFew).contiguous();
      reach.touched.insert(input.name);
    }
    reach.numbers = reach.touched;
    const at::NoGradGuard no_gradients;
    try {
      for (const ModelNode& node : nodes) run(node, reach);
    } catch (const DataError& error) {
      throw DataError(file() + error.what() + fixed_batch());
    }
  }

  /// While nodes run: what hangs on the samples or their number, what on their numbers, and how
  /// many nodes have yet to read a value.
  struct Reach {
    std::set<std::string> touched, numbers;
    std::map<std::string, int> reads;
  };

  void run(const ModelNode& node, Reach& reach) {
    const auto reads_any = [&](const std::set<std::string>& of) {
      return std::ranges::any_of(node.inputs, [&](const auto& i) { return of.count(i) > 0; });
    };
    const bool is_touched = reads_any(reach.touched);
    const bool has_numbers = reads_any(reach.numbers) && !gives_counts(node);
    const bool is_short =
        has_numbers && node.inputs.size() > 1 && !reach.touched.count(node.inputs[1]);
    const auto run_on = is_short ? run_node_in_short : run_node;
    run_on(node, model.opset, few);
    if (is_touched) run_on(node, model.opset, more);
    for (const std::string& name : node.outputs) {
      if (is_touched) reach.touched.insert(name);
      if (has_numbers) reach.numbers.insert(name);
      if (!is_touched && few.count(name)) more[name] = few.at(name);
      if (has_numbers) find_place(name);
    }
    for (const std::string& name : node.inputs) --reach.reads[name];
    for (const auto* names : {&node.inputs, &node.outputs})
      for (const std::string& name : *names)
        if (reach.reads[name] == 0 && reach.numbers.count(name)) forget(name);
  }

  /// Has to happen while the numbers are there.
  void find_place(const std::string& name) {
    const auto value = few.find(name);
    if (value == few.end() || !value->second.defined()) return;
    const auto place = shared_axis(value->second, more.at(name));
    if (place) places[name] = *place;
  }

  /// Of activations, which no node reads any more, shapes are all that is asked for.
  void forget(const std::string& name) {
    if (name != output) shapes_alone(name);
  }

  void shapes_alone(const std::string& name) {
    for (Values* values : {&few, &more})
      if (const auto value = values->find(name); value != values->end()) {
        if (value->second.defined()) freed += static_cast<std::int64_t>(value->second.nbytes());
        value->second = shape_alone(value->second);
      }
    if (freed < kMuch) return;
    freed = 0;
    give_back_freed_memory();
  }

  /// A file for one sample only has its number of samples written into reshapes and first states.
  void free_samples() {
    for (ModelNode& node : nodes) {
      if (node.op == "Reshape" && node.inputs.size() > 1) free_reshape(node);
      const bool recurs = node.op == "LSTM" || node.op == "GRU" || node.op == "RNN";
      for (std::size_t i = 5; recurs && i < std::min<std::size_t>(node.inputs.size(), 7); ++i)
        if (is_zero_constant(node.inputs[i])) node.inputs[i].clear();
    }
  }

  bool is_zero_constant(const std::string& name) const {
    const auto constant = model.constants.find(name);
    return constant != model.constants.end() && !tensor_of(constant->second).any().item<bool>();
  }

  void free_reshape(ModelNode& node) {
    const auto constant = model.constants.find(node.inputs[1]);
    if (constant == model.constants.end() || constant->second.elements() == 0) return;
    const Tensor shape = tensor_of(constant->second).clone();
    if (shape.select(0, 0).item<std::int64_t>() != 1 || shape.eq(-1).any().item<bool>()) return;
    shape.select(0, 0).fill_(-1);
    node.inputs[1] = node.name + ":samples";
    few[node.inputs[1]] = more[node.inputs[1]] = shape;
    constants.insert(node.inputs[1]);
  }

  void classify() {
    for (const auto& [name, constant] : model.constants) constants.insert(name);
    for (const ModelNode& node : nodes) {
      bool is_constant = true, is_count = true;
      for (const std::string& name : node.inputs) {
        if (name.empty() || constants.count(name)) continue;
        is_constant = false;
        is_count = is_count && counts.count(name) > 0;
      }
      is_count = is_count || gives_counts(node);
      for (const std::string& name : node.outputs) {
        if (name.empty()) continue;
        if (is_constant || (is_count && same(few.at(name), more.at(name))))
          constants.insert(name);
        else if (is_count)
          counts.insert(name);
      }
    }
    nodes = needed_nodes(nodes, output, constants);
    for (const ModelNode& node : nodes)
      for (const std::string& name : node.inputs) {
        Reads& reads = readers[name];
        ++reads.count;
        reads.last = &node;
      }
  }

  bool grows(const std::string& name) const {
    const auto value = few.find(name);
    return value != few.end() && value->second.defined() &&
           value->second.sizes() != more.at(name).sizes();
  }

  /// Whether it is a value of numbers that is as large for any samples.
  bool is_of_batch(const std::string& name) const {
    return readers.count(name) > 0 && !constants.count(name) && !counts.count(name) &&
           few.at(name).defined() && !grows(name);
  }

  std::vector<const ModelNode*> over_batch() const {
    std::vector<const ModelNode*> found;
    for (const ModelNode& node : nodes)
      if (!gives_counts(node) &&
          std::ranges::any_of(node.inputs, [&](const auto& i) { return grows(i); }) &&
          std::ranges::any_of(node.outputs, [&](const auto& o) { return is_of_batch(o); }))
        found.push_back(&node);
    return found;
  }

  /// A range that is that of the few samples by chance would be another with others.
  void check_ranges() const {
    for (const ModelNode* node : over_batch())
      if (node->op == "DynamicQuantizeLinear")
        throw DataError(
            file() + node->name +
            " (DynamicQuantizeLinear): takes its range from all samples of a batch, so that an "
            "answer changes with the samples beside it; such a network cannot be measured sample "
            "by sample. Expected the network before it was quantised, or with ranges that are "
            "written (QuantizeLinear, as static quantisation writes it)");
  }

  void check_answers() const {
    const Tensor &a = few.at(output), &b = more.at(output);
    const std::string start = file() + "output \"" + output + "\" is " + text(a.sizes().vec()) +
                              " for " + std::to_string(kFew) + " samples and " +
                              text(b.sizes().vec()) + " for " + std::to_string(kMore);
    if (a.dim() == 0 || a.numel() == 0 || a.size(0) != kFew || b.size(0) != kMore)
      throw DataError(start + "; expected an answer for each sample on its first axis" +
                      fixed_batch());
    if (!same_answers(b.narrow(0, 0, kFew), a))
      throw DataError(file() +
                      "the answer to a sample changes with the samples beside it; such a "
                      "network cannot be measured sample by sample");
  }
};

Tensor shape_alone(const Tensor& t) {
  constexpr std::int64_t kSmall = 4096;  // numbers
  if (!t.defined() || t.numel() <= kSmall) return t;
  return at::zeros({1}, t.options()).expand(t.sizes());
}

Trace::Trace(const ImportedModel& model, const std::vector<std::string>& inputs,
             const std::string& output)
    : state_(new State{model, output_of(model, output), {}, {}, {}, {}, {}, {}, {}, {}}) {
  State& s = *state_;
  s.nodes = needed_nodes(model.nodes, s.output);
  s.take_inputs(inputs);
  check_operators(model, s.nodes);
  cast_to_float(s.nodes);
  if (std::ranges::any_of(s.inputs, [](const auto& input) { return input.shape.front() == 1; }))
    s.free_samples();
  s.run();
  s.classify();
  s.check_ranges();
  s.check_answers();
  s.shapes_alone(s.output);
}

Trace::~Trace() = default;

const std::vector<ModelValue>& Trace::inputs() const { return state_->inputs; }
const std::vector<ModelNode>& Trace::nodes() const { return state_->nodes; }

bool Trace::is_constant(const std::string& value) const { return state_->constants.count(value); }

const Tensor& Trace::value(const std::string& name) const { return state_->few.at(name); }

int Trace::sample_axis(const std::string& name) const {
  const Tensor &few = state_->few.at(name), &more = state_->more.at(name);
  const int axis = growing_axis(few, more);
  return axis >= 0 && few.size(axis) == kFew && more.size(axis) == kMore ? axis : -1;
}

std::optional<SamplePlace> Trace::samples_of(const std::string& name) const {
  if (const int axis = sample_axis(name); axis >= 0) return SamplePlace{axis};
  const auto shared = state_->places.find(name);
  return shared == state_->places.end() ? std::nullopt : std::optional(shared->second);
}

bool Trace::is_zero(const std::string& name) const {
  const bool known = state_->counts.count(name) || state_->constants.count(name);
  return known && !value(name).any().item<bool>();
}

std::vector<const ModelNode*> Trace::over_batch() const { return state_->over_batch(); }

int Trace::readers(const std::string& name) const {
  const auto reads = state_->readers.find(name);
  return (reads == state_->readers.end() ? 0 : reads->second.count) + (state_->output == name);
}

const ModelNode* Trace::only_reader(const std::string& name) const {
  const auto reads = state_->readers.find(name);
  return reads != state_->readers.end() && readers(name) == 1 ? reads->second.last : nullptr;
}

}  // namespace ohmic
