// Convolutions whose kernel is a constant of the file.
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <utility>

#include "nn/lowering/lowering.hpp"
#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Shape = std::vector<std::int64_t>;

/// Attributes of a convolution with as many spatial axes as its kernel has, 1 as 2 with a height
/// of 1.
struct Window {
  Shape strides, dilations, before, after;
};

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

Shape sides_of(const Tensor& t) { return {t.sizes().begin() + 2, t.sizes().end()}; }

constexpr double kMostInPatches = 1 << 28;

/// A kernel's inputs at each of its places; a double does not overflow.
double numbers_in_patches(const Tensor& kernel, const Tensor& answer) {
  const auto inputs =
      static_cast<double>(kernel.numel() / std::max<std::int64_t>(1, kernel.size(0)));
  return inputs * static_cast<double>(answer.numel() / std::max<std::int64_t>(1, answer.size(1)));
}

}  // namespace

Node Lowering::convolution_node(const std::string& name, const Convolved& c) {
  Node node;
  node.op = Op::convolution;
  node.name = name;
  node.inputs = {c.from};
  node.conv = c.geometry;
  node.has_bias = out_.weights.count(name + ".bias") > 0;
  return node;
}

/// What each place of a kernel sees, as rows: samples x C x sides to samples x places x (kernel C).
int Lowering::patches(int from, const Patches& p, int axis) {
  const std::size_t axes = p.places.size();
  Shape pads(2 * (axes + 2), 0), all(axes), at(axes, 0), to_rows{0};
  for (std::size_t i = 0; i < axes; ++i) {
    pads[i + 2] = p.before[i];
    pads[axes + i + 4] = p.after[i];
    all[i] = static_cast<std::int64_t>(i) + 2;
    to_rows.push_back(all[i]);
  }
  if (std::ranges::any_of(pads, [](auto pad) { return pad != 0; }))
    from = apply("Pad", {from, integers(pads)}, {}, axis);
  std::vector<int> seen;
  for (bool is_more = true; is_more;) {
    Shape first(axes), end(axes);
    for (std::size_t i = 0; i < axes; ++i) {
      first[i] = at[i] * p.dilations[i];
      end[i] = first[i] + (p.places[i] - 1) * p.strides[i] + 1;
    }
    seen.push_back(apply("Slice",
                         {from, integers(first), integers(end), integers(all), integers(p.strides)},
                         {}, axis));
    is_more = false;
    for (std::size_t i = axes; i-- > 0 && !is_more;) {
      is_more = ++at[i] < p.kernel[i];
      if (!is_more) at[i] = 0;
    }
  }
  if (seen.size() > 1) seen = {apply("Concat", seen, {{"axis", std::int64_t{1}}}, axis)};
  to_rows.push_back(1);
  return transpose(seen.front(), to_rows, axis);
}

/// A convolution as a dense layer over what its kernel sees.
int Lowering::dense_convolution(const std::string& layer, int from, const SamplePlace& place,
                                const Patches& p, const Tensor& kernel, const Tensor& bias) {
  Shape in_front{0}, back{0, kernel.dim() - 1};
  for (std::int64_t i = 2; i < kernel.dim(); ++i) {
    in_front.push_back(i);
    back.push_back(i - 1);
  }
  in_front.push_back(1);
  const Tensor weight = kernel.permute(in_front).reshape({kernel.size(0), -1});
  const int axis = place.is_whole() ? 0 : -1;
  return transpose(dense(layer, weight, bias, patches(from, p, axis), place), back, axis);
}

bool Lowering::convolution(const ModelNode& node) {
  const std::string &input = node.inputs[0], &weight = node.inputs[1];
  const std::string bias = node.inputs.size() > 2 ? node.inputs[2] : std::string{};
  if (!trace_.is_constant(weight)) return false;
  const std::string layer = layer_name(node, weight, bias);
  Tensor kernel = trace_.value(weight);
  const Shape sides = sides_of(kernel);
  const auto place = trace_.samples_of(input);
  if (!place || place->axis != 0)
    return stays_digital(layer, node, "its images cannot be told by samples");
  if (!bias.empty() && !trace_.is_constant(bias))
    return stays_digital(layer, node, "its bias is computed");
  const Call call(node, model_.opset, {});
  const auto groups = number(call.integer("group", 1));
  const bool is_window = place->is_whole() && sides.size() <= 2;
  if (!is_window && groups != 1)
    return stays_digital(layer, node,
                         sides.size() > 2 ? "it has groups and three spatial axes"
                                          : "it has groups, and samples share an axis");
  if (!is_window && numbers_in_patches(kernel, trace_.value(node.outputs[0])) > kMostInPatches)
    return stays_digital(layer, node,
                         "what its kernel sees of two samples is more than 2^28 numbers");
  if (!is_on_crossbar(layer, node)) return false;
  const Window w = window_of(call, sides_of(trace_.value(input)), sides);
  int from = node_of(input);
  Tensor answer = trace_.value(node.outputs[0]);
  const bool is_line = sides.size() == 1;
  if (is_line) {
    from = regroup(from, {-1, few(from).size(1), 1, few(from).size(2)}, is_window ? 0 : -1);
    kernel = kernel.unsqueeze(2);
    answer = answer.unsqueeze(2);
  }
  const Tensor b = bias.empty() ? Tensor() : trace_.value(bias);
  int made;
  if (is_window) {
    set_matrix(layer, kernel, b);
    made =
        push(convolution_node(layer, {from, geometry_of(few(from), kernel, w, groups)}), answer, 0);
  } else {
    const Patches p{sides_of(kernel), w.strides, w.dilations, w.before, w.after, sides_of(answer)};
    made = dense_convolution(layer, from, *place, p, kernel, b);
  }
  if (is_line) made = regroup(made, {-1, answer.size(1), answer.size(3)}, is_window ? 0 : -1);
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
  Tensor kernel = trace_.value(weight);  // in, out of a group, height, width
  const Call call(node, model_.opset, {});
  const std::int64_t groups = call.integer("group", 1);
  if (kernel.dim() > 4) return stays_digital(layer, node, "it has three spatial axes");
  if (trace_.sample_axis(input) != 0 || (!bias.empty() && !trace_.is_constant(bias)) ||
      call.text("auto_pad", "NOTSET") != "NOTSET" || call.has("output_shape"))
    return stays_digital(layer, node, "its padding or bias is computed");
  const bool is_line = kernel.dim() == 3;
  const Window asked = window_of(call, sides_of(trace_.value(input)), sides_of(kernel));
  if (is_line) kernel = kernel.unsqueeze(2);
  const Shape sides = sides_of(kernel);
  const Shape more = by_axis(call.integers("output_padding", Shape(is_line ? 1 : 2, 0)), 0);
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
  int from = node_of(input);
  Tensor answer = trace_.value(node.outputs[0]);
  if (is_line) {
    from = reshape(from, {few(from).size(1), 1, few(from).size(2)});
    answer = answer.unsqueeze(2);
  }
  from = pad_between(from, asked.strides);
  int made =
      push(convolution_node(layer, {from, geometry_of(few(from), turned, w, number(groups))}),
           answer, 0);
  if (is_line) made = reshape(made, {answer.size(1), answer.size(3)});
  name(node.outputs[0], made);
  return true;
}

}  // namespace ohmic
