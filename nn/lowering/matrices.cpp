// Layers whose matrix is a constant of the file: convolutions and dense layers.
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "nn/lowering/lowering.hpp"
#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Shape = std::vector<std::int64_t>;

std::string without_suffix(const std::string& name) {
  for (const char* suffix : {".weight", ".bias", "/kernel", "/bias", ".kernel"})
    if (const std::string_view s = suffix; name.ends_with(s) && name.size() > s.size())
      return name.substr(0, name.size() - s.size());
  return {};
}

/// Names as ohmic writes them: dots between parts. TensorFlow's fused names ("a;b;c") begin with
/// what they end in.
std::string dotted(std::string name) {
  name = name.substr(0, name.find(';'));
  std::replace(name.begin(), name.end(), '/', '.');
  const auto begin = name.find_first_not_of('.');
  return begin == std::string::npos ? "layer" : name.substr(begin);
}

/// Attributes of a convolution with as many spatial axes as its kernel has, 1 as 2 with a height
/// of 1.
struct Window {
  Shape strides, dilations, before, after;
};

int number(std::int64_t v) { return static_cast<int>(v); }

/// Padding of "SAME": what is odd goes to the end, or to the start.
void pad_same(const Shape& sides, const Shape& kernel, bool upper, Window& w) {
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const std::int64_t outputs = (sides[i] + w.strides[i] - 1) / w.strides[i];
    const std::int64_t reach = (kernel[i] - 1) * w.dilations[i] + 1;
    const std::int64_t total =
        std::max<std::int64_t>(0, (outputs - 1) * w.strides[i] + reach - sides[i]);
    w.before[i] = upper ? total / 2 : total - total / 2;
    w.after[i] = total - w.before[i];
  }
}

/// Values of an attribute by axis; one axis is the second of two.
Shape by_axis(const Shape& values, std::int64_t of_missing_axis) {
  if (values.size() == 1) return {of_missing_axis, values[0]};
  return values;
}

Window window_of(const Call& call, const Shape& sides, const Shape& kernel) {
  const std::size_t axes = sides.size();
  const Shape ones(axes, 1), pads = call.integers("pads", Shape(2 * axes, 0));
  Window w{call.integers("strides", ones), call.integers("dilations", ones), Shape(axes, 0),
           Shape(axes, 0)};
  if (w.strides.size() != axes || w.dilations.size() != axes || pads.size() != 2 * axes)
    call.refuse("its strides, dilations or pads are not those of " + std::to_string(axes) +
                " axes");
  const std::string automatic = call.text("auto_pad", "NOTSET");
  for (std::size_t i = 0; i < axes && automatic == "NOTSET"; ++i) {
    w.before[i] = pads[i];
    w.after[i] = pads[axes + i];
  }
  if (automatic.starts_with("SAME")) pad_same(sides, kernel, automatic == "SAME_UPPER", w);
  return {by_axis(w.strides, 1), by_axis(w.dilations, 1), by_axis(w.before, 0),
          by_axis(w.after, 0)};
}

ConvGeometry geometry_of(const Tensor& x, const Tensor& kernel, const Window& w, int groups) {
  ConvGeometry g;
  g.in_channels = number(x.size(1));
  g.in_height = number(x.size(2));
  g.in_width = number(x.size(3));
  g.out_channels = number(kernel.size(0));
  g.kernel_height = number(kernel.size(2));
  g.kernel_width = number(kernel.size(3));
  g.stride_height = number(w.strides[0]);
  g.stride_width = number(w.strides[1]);
  g.dilation_height = number(w.dilations[0]);
  g.dilation_width = number(w.dilations[1]);
  g.pad_top = number(w.before[0]);
  g.pad_left = number(w.before[1]);
  g.pad_bottom = number(w.after[0]);
  g.pad_right = number(w.after[1]);
  g.groups = groups;
  return g;
}

/// A shape whose samples have an axis of their own, `samples` long.
Shape split(Shape shape, const SamplePlace& place, std::int64_t samples) {
  const auto at = shape.begin() + place.axis;
  *at = place.after;
  if (place.is_whole() || place.after == 1)
    *at = samples;
  else
    shape.insert(shape.begin() + place.axis, samples);
  if (place.before > 1) shape.insert(shape.begin() + place.axis, place.before);
  return shape;
}

Shape sides_of(const Tensor& t) { return {t.sizes().begin() + 2, t.sizes().end()}; }

}  // namespace

std::string Lowering::layer_name(const ModelNode& node, const std::string& weight,
                                 const std::string& bias) {
  std::string base;
  for (const std::string* tensor : {&weight, &bias})
    if (base.empty()) base = without_suffix(*tensor);
  base = dotted(base.empty() ? node.name : base);
  std::string name = base;
  for (int i = 2; !layers_.insert(name).second; ++i) name = base + "_" + std::to_string(i);
  return name;
}

bool Lowering::stays_digital(const std::string& layer, const ModelNode& node,
                             const std::string& why) {
  const bool is_asked =
      !options_.crossbar.empty() || std::ranges::any_of(options_.digital, [&](const auto& pattern) {
        return matches(pattern, layer);
      });
  out_.digital.push_back({layer, node.op, why, is_asked});
  return false;
}

void Lowering::refuse_contradiction(const std::string& layer) const {
  for (const std::string& pattern : options_.crossbar) {
    const bool is_in_both = std::ranges::count(options_.digital, pattern) > 0;
    if (pattern != layer && !(is_in_both && matches(pattern, layer))) continue;
    throw ConfigError({{{},
                        "mapping.crossbar",
                        "\"" + pattern + "\" names layer " + layer +
                            ", which mapping.digital names too; expected it in one of them"}});
  }
}

bool Lowering::is_on_crossbar(const std::string& layer, const ModelNode& node) {
  const auto named = [&](const std::vector<std::string>& patterns) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& p) { return matches(p, layer); });
  };
  if (named(options_.digital)) {
    refuse_contradiction(layer);
    return stays_digital(layer, node, "mapping.digital names it");
  }
  if (!options_.crossbar.empty() && !named(options_.crossbar))
    return stays_digital(layer, node, "mapping.crossbar does not name it");
  return true;
}

void Lowering::set_matrix(const std::string& layer, const Tensor& weight, const Tensor& bias) {
  const auto numbers = [](const Tensor& t) {  // the one copy of what the file holds
    HostTensor host{t.sizes().vec(), std::vector<float>(static_cast<std::size_t>(t.numel()))};
    at::from_blob(host.values.data(), host.shape, at::kFloat).copy_(t);
    return host;
  };
  out_.weights[layer + ".weight"] = numbers(weight);
  if (bias.defined()) out_.weights[layer + ".bias"] = numbers(bias);
}

Node Lowering::convolution_node(const std::string& name, const Convolved& c) {
  Node node;
  node.op = Op::convolution;
  node.name = name;
  node.inputs = {c.from};
  node.conv = c.geometry;
  node.has_bias = out_.weights.count(name + ".bias") > 0;
  return node;
}

bool Lowering::convolution(const ModelNode& node) {
  const std::string &input = node.inputs[0], &weight = node.inputs[1];
  const std::string bias = node.inputs.size() > 2 ? node.inputs[2] : std::string{};
  if (!trace_.is_constant(weight)) return false;
  const std::string layer = layer_name(node, weight, bias);
  Tensor kernel = trace_.value(weight);
  const Shape sides = sides_of(kernel);
  if (sides.size() > 2) return stays_digital(layer, node, "it has three spatial axes");
  if (trace_.sample_axis(input) != 0)
    return stays_digital(layer, node, "its input has no axis of samples in front");
  if (!bias.empty() && !trace_.is_constant(bias))
    return stays_digital(layer, node, "its bias is computed");
  if (!is_on_crossbar(layer, node)) return false;
  const Call call(node, model_.opset, {});
  const Window w = window_of(call, sides_of(trace_.value(input)), sides);
  int from = node_of(input);
  Tensor answer = trace_.value(node.outputs[0]);
  const bool is_line = sides.size() == 1;
  if (is_line) {
    from = reshape(from, {few(from).size(1), 1, few(from).size(2)});
    kernel = kernel.unsqueeze(2);
    answer = answer.unsqueeze(2);
  }
  set_matrix(layer, kernel, bias.empty() ? Tensor() : trace_.value(bias));
  const auto groups = number(call.integer("group", 1));
  int made =
      push(convolution_node(layer, {from, geometry_of(few(from), kernel, w, groups)}), answer, 0);
  if (is_line) made = reshape(made, {answer.size(1), answer.size(3)});
  name(node.outputs[0], made);
  return true;
}

/// strides - 1 zeros between the pixels of an image.
int Lowering::pad_between(int from, const Shape& strides) {
  const Tensor& x = few(from);
  const std::int64_t C = x.size(1), H = x.size(2), W = x.size(3);
  if (strides[0] == 1 && strides[1] == 1) return from;
  int y = reshape(from, {C, H, 1, W, 1});
  y = apply("Pad", {y, integers({0, 0, 0, 0, 0, 0, 0, 0, 0, strides[0] - 1, 0, strides[1] - 1})},
            {}, 0);
  y = reshape(y, {C, H * strides[0], W * strides[1]});
  y = slice(y, 2, 0, (H - 1) * strides[0] + 1, 1, 0);
  return slice(y, 3, 0, (W - 1) * strides[1] + 1, 1, 0);
}

/// y = sum of the kernel wherever an input lies: a convolution of the input, zeros between its
/// pixels, with the kernel turned around.
bool Lowering::transposed_convolution(const ModelNode& node) {
  const std::string &input = node.inputs[0], &weight = node.inputs[1];
  const std::string bias = node.inputs.size() > 2 ? node.inputs[2] : std::string{};
  if (!trace_.is_constant(weight)) return false;
  const std::string layer = layer_name(node, weight, bias);
  const Tensor kernel = trace_.value(weight);  // in, out of a group, height, width
  const Call call(node, model_.opset, {});
  const std::int64_t groups = call.integer("group", 1);
  if (kernel.dim() != 4) return stays_digital(layer, node, "it does not have two spatial axes");
  if (trace_.sample_axis(input) != 0 || (!bias.empty() && !trace_.is_constant(bias)) ||
      call.text("auto_pad", "NOTSET") != "NOTSET" || call.has("output_shape"))
    return stays_digital(layer, node, "its padding or bias is computed");
  const Shape sides = sides_of(kernel);
  const Window asked = window_of(call, sides_of(trace_.value(input)), sides);
  const Shape more = call.integers("output_padding", {0, 0});
  Window w = asked;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t reach = (sides[i] - 1) * asked.dilations[i];
    w.strides[i] = 1;
    w.before[i] = reach - asked.before[i];
    w.after[i] = reach - asked.after[i] + more[i];
    if (w.before[i] < 0 || w.after[i] < 0)
      return stays_digital(layer, node, "it is cropped by more than its kernel reaches");
  }
  if (!is_on_crossbar(layer, node)) return false;
  const std::int64_t in = kernel.size(0) / groups, out = kernel.size(1);
  const Tensor turned = kernel.view({groups, in, out, sides[0], sides[1]})
                            .transpose(1, 2)
                            .flip({3, 4})
                            .reshape({groups * out, in, sides[0], sides[1]});
  set_matrix(layer, turned, bias.empty() ? Tensor() : trace_.value(bias));
  const int from = pad_between(node_of(input), asked.strides);
  name(node.outputs[0],
       push(convolution_node(layer, {from, geometry_of(few(from), turned, w, number(groups))}),
            trace_.value(node.outputs[0]), 0));
  return true;
}

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

void Lowering::dense(const std::string& layer, const Tensor& weight, const Tensor& bias,
                     const std::string& input, const std::string& output) {
  set_matrix(layer, weight, bias);
  const SamplePlace place = *trace_.samples_of(input);
  const int axis = place.axis + (place.before > 1 ? 1 : 0);
  int from = node_of(input);
  if (!place.is_whole()) from = regroup(from, split(few(from).sizes().vec(), place, -1), axis);
  Node node;
  node.op = Op::dense;
  node.name = layer;
  node.inputs = {rows_of(from, axis)};
  node.has_bias = bias.defined();
  const Tensor& x = few(node.inputs[0]);
  node.conv.in_channels = number(weight.size(1));
  node.conv.out_channels = number(weight.size(0));
  node.conv.in_height = number(x.dim() == 3 ? x.size(1) : 1);
  const Tensor& whole = trace_.value(output);
  const Tensor answer =
      whole.reshape(split(whole.sizes().vec(), place, x.size(0))).movedim(axis, 0);
  Shape shape{answer.size(0)};
  if (x.dim() == 3) shape.push_back(x.size(1));
  shape.push_back(node.conv.out_channels);
  int made = push(std::move(node), answer.reshape(shape), 0);
  if (answer.dim() > 3)
    made = reshape(made, Shape(answer.sizes().begin() + 1, answer.sizes().end()));
  made = samples_on(made, axis);
  if (!place.is_whole()) {
    Shape together = whole.sizes().vec();
    together[static_cast<std::size_t>(place.axis)] = -1;
    made = regroup(made, together, -1);
  }
  name(output, made);
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
    return stays_digital(layer, node, "its rows cannot be told by samples, or its bias is computed");
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
  dense(layer, W, b, input, node.outputs[0]);
  return true;
}

std::optional<Lowering::Sum> Lowering::added_after(const std::string& value,
                                                   std::int64_t columns) const {
  if (trace_.readers(value) != 1) return std::nullopt;
  for (const ModelNode& node : trace_.nodes()) {
    if (node.op != "Add" || node.inputs.size() != 2) continue;
    for (const std::size_t i : {0u, 1u}) {
      const std::string& other = node.inputs[1 - i];
      if (node.inputs[i] != value || !trace_.is_constant(other)) continue;
      const Tensor& bias = trace_.value(other);
      const bool is_row = bias.numel() == columns && bias.dim() > 0 && bias.size(-1) == columns;
      if (is_row && bias.is_floating_point()) return Sum{node.outputs[0], other};
    }
  }
  return std::nullopt;
}

bool Lowering::matmul(const ModelNode& node) {
  const std::string &input = node.inputs[0], &weight = node.inputs[1];
  if (!trace_.is_constant(weight)) {
    if (trace_.is_constant(input) && trace_.value(input).dim() > 1)
      return stays_digital(layer_name(node, input, ""), node,
                           "its constant matrix stands on the left");
    return false;
  }
  const Tensor w = trace_.value(weight);
  const auto added = w.dim() == 2 ? added_after(node.outputs[0], w.size(1)) : std::nullopt;
  const std::string layer = layer_name(node, weight, added ? added->bias : "");
  if (w.dim() != 2) return stays_digital(layer, node, "it is a stack of matrices");
  const auto rows = trace_.samples_of(input);
  if (!rows || rows->axis + 1 == trace_.value(input).dim())
    return stays_digital(layer, node, "its rows cannot be told by samples");
  if (!is_on_crossbar(layer, node)) return false;
  dense(layer, w.t(), added ? trace_.value(added->bias).reshape({-1}) : Tensor(), input,
        added ? added->output : node.outputs[0]);
  return true;
}

}  // namespace ohmic
