#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "nn/import/keras/keras_layer.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr int kMatrix = 2;  ///< axes of a batch of vectors

/// Keras's "same" is ONNX's SAME_UPPER; Conv1D also has "causal".
void add_padding(KerasLayer& layer, KerasAttributes& attributes) {
  const std::string padding = layer.text("padding", "valid");
  if (padding == "same")
    attributes["auto_pad"] = std::string("SAME_UPPER");
  else if (padding != "valid")
    layer.refuse("has padding " + in_quotes(padding) + "; accepted are \"valid\" and \"same\"");
}

KerasAttributes window(KerasLayer& layer, const KerasIntegers& kernel, std::int64_t group) {
  const int axes = layer.spatial_axes();
  KerasAttributes attributes{{"kernel_shape", kernel},
                             {"strides", layer.per_axis("strides", 1, axes)},
                             {"dilations", layer.per_axis("dilation_rate", 1, axes)},
                             {"group", group}};
  add_padding(layer, attributes);
  return attributes;
}

/// [kh, kw, in, out] as [out, in, kh, kw].
KerasIntegers kernel_order(int axes) {
  KerasIntegers order{axes + 1, axes};
  for (int i = 0; i < axes; ++i) order.push_back(i);
  return order;
}

/// The kernel's sides along the axes of the image.
KerasIntegers sides(KerasLayer& layer, const HostTensor& kernel, int axes) {
  if (kernel.shape.size() != static_cast<std::size_t>(axes) + 2)
    layer.refuse("its kernel has " + std::to_string(kernel.shape.size()) + " axes; expected " +
                 std::to_string(axes + 2));
  return {kernel.shape.begin(), kernel.shape.begin() + axes};
}

std::vector<std::string> with_bias(KerasLayer& layer, std::vector<std::string> items) {
  if (layer.flag("use_bias", true)) items.push_back("bias");
  return items;
}

KerasValue conv(KerasLayer& layer) {
  layer.need_channels_last();
  const int axes = layer.spatial_axes();
  const auto w = layer.weights(with_bias(layer, {"kernel"}));
  const KerasAttributes attributes =
      window(layer, sides(layer, w[0], axes), layer.integer("groups", 1));
  KerasInputs inputs{layer.first(), layer.constant(w[0], "kernel", kernel_order(axes))};
  if (w.size() > 1) inputs.push_back(layer.constant(w[1], "bias"));
  return layer.activated(layer.made_first(layer.emit("Conv", inputs, attributes), layer.rank()));
}

/// [kh, kw, in, multiplier] as [in * multiplier, 1, kh, kw], a group per channel.
std::string depthwise(KerasLayer& layer, const HostTensor& kernel, const std::string& item,
                      const std::string& bias) {
  const int axes = layer.spatial_axes();
  const KerasIntegers size = sides(layer, kernel, axes);
  KerasIntegers order{axes, axes + 1};
  for (int i = 0; i < axes; ++i) order.push_back(i);
  const auto channels = kernel.shape[static_cast<std::size_t>(axes)];
  const auto multiplier = kernel.shape[static_cast<std::size_t>(axes) + 1];
  const std::string turned = layer.constant(kernel, item, order);
  KerasIntegers shape{channels * multiplier, 1};
  shape.insert(shape.end(), size.begin(), size.end());
  const std::string grouped = layer.constant_of_shape(turned, shape);
  KerasInputs inputs{layer.first(), grouped};
  if (!bias.empty()) inputs.push_back(bias);
  return layer.emit("Conv", inputs, window(layer, size, channels));
}

KerasValue depthwise_conv(KerasLayer& layer) {
  layer.need_channels_last();
  const auto w = layer.weights(with_bias(layer, {"depthwise_kernel"}));
  const std::string bias = w.size() > 1 ? layer.constant(w[1], "bias") : std::string();
  return layer.activated(
      layer.made_first(depthwise(layer, w[0], "depthwise_kernel", bias), layer.rank()));
}

KerasValue separable_conv(KerasLayer& layer) {
  layer.need_channels_last();
  const int axes = layer.spatial_axes();
  const auto w = layer.weights(with_bias(layer, {"depthwise_kernel", "pointwise_kernel"}));
  KerasInputs inputs{depthwise(layer, w[0], "depthwise_kernel", {}),
                     layer.constant(w[1], "pointwise_kernel", kernel_order(axes))};
  if (w.size() > 2) inputs.push_back(layer.constant(w[2], "bias"));
  return layer.activated(layer.made_first(layer.emit("Conv", inputs), layer.rank()));
}

/// [kh, kw, out, in] as [in, out, kh, kw].
KerasValue conv_transpose(KerasLayer& layer) {
  layer.need_channels_last();
  const int axes = layer.spatial_axes();
  if (!layer.integers("output_padding").empty())
    layer.refuse("has an output_padding; expected none");
  const auto w = layer.weights(with_bias(layer, {"kernel"}));
  const KerasAttributes attributes = window(layer, sides(layer, w[0], axes), 1);
  KerasInputs inputs{layer.first(), layer.constant(w[0], "kernel", kernel_order(axes))};
  if (w.size() > 1) inputs.push_back(layer.constant(w[1], "bias"));
  return layer.activated(
      layer.made_first(layer.emit("ConvTranspose", inputs, attributes), layer.rank()));
}

KerasValue dense(KerasLayer& layer) {
  const auto w = layer.weights(with_bias(layer, {"kernel"}));
  const std::string kernel = layer.constant(w[0], "kernel");
  const std::string bias = w.size() > 1 ? layer.constant(w[1], "bias") : std::string();
  const std::string x = layer.last();
  std::string y;
  if (layer.rank() == kMatrix) {
    y = layer.emit("Gemm", bias.empty() ? KerasInputs{x, kernel} : KerasInputs{x, kernel, bias});
  } else {
    y = layer.emit("MatMul", {x, kernel});
    if (!bias.empty()) y = layer.emit("Add", {y, bias});
  }
  return layer.activated(layer.made_last(y, layer.rank()));
}

KerasValue batch_norm(KerasLayer& layer) {
  const KerasIntegers axis = layer.integers("axis");
  if (!axis.empty() && axis[0] != -1 && axis[0] != layer.rank() - 1)
    layer.refuse("normalises axis " + std::to_string(axis[0]) + "; expected the last");
  std::vector<std::string> items;
  const bool scale = layer.flag("scale", true), center = layer.flag("center", true);
  if (scale) items.push_back("gamma");
  if (center) items.push_back("beta");
  items.insert(items.end(), {"moving_mean", "moving_variance"});
  std::vector<HostTensor> w = layer.weights(items);
  HostTensor ones = w.back(), zeros = w.back();
  std::fill(ones.values.begin(), ones.values.end(), 1.0f);
  std::fill(zeros.values.begin(), zeros.values.end(), 0.0f);
  if (!scale) w.insert(w.begin(), ones);
  if (!center) w.insert(w.begin() + 1, zeros);
  const KerasInputs inputs{layer.first(), layer.constant(w[0], "gamma"),
                           layer.constant(w[1], "beta"), layer.constant(w[2], "moving_mean"),
                           layer.constant(w[3], "moving_variance")};
  return layer.made_first(
      layer.emit("BatchNormalization", inputs, {{"epsilon", layer.number("epsilon", 1e-3)}}),
      layer.rank());
}

KerasValue layer_norm(KerasLayer& layer) {
  const KerasIntegers axis = layer.integers("axis");
  if (axis.size() > 1 || (!axis.empty() && axis[0] != -1 && axis[0] != layer.rank() - 1))
    layer.refuse("normalises other axes than the last; expected the last");
  const bool scale = layer.flag("scale", true), center = layer.flag("center", true);
  if (!scale) layer.refuse("has no scale; expected one");
  const auto w = layer.weights(center ? std::vector<std::string>{"gamma", "beta"}
                                      : std::vector<std::string>{"gamma"});
  KerasInputs inputs{layer.last(), layer.constant(w[0], "gamma")};
  if (center) inputs.push_back(layer.constant(w[1], "beta"));
  return layer.made_last(
      layer.emit("LayerNormalization", inputs,
                 {{"axis", std::int64_t{-1}}, {"epsilon", layer.number("epsilon", 1e-3)}}),
      layer.rank());
}

KerasValue pool(KerasLayer& layer, const char* op) {
  layer.need_channels_last();
  const int axes = layer.spatial_axes();
  const KerasIntegers size = layer.per_axis("pool_size", 2, axes);
  const KerasIntegers strides = layer.has("strides") ? layer.per_axis("strides", 2, axes) : size;
  KerasAttributes attributes{{"kernel_shape", size}, {"strides", strides}};
  add_padding(layer, attributes);
  return layer.made_first(layer.emit(op, {layer.first()}, attributes), layer.rank());
}

KerasValue max_pool(KerasLayer& layer) { return pool(layer, "MaxPool"); }
KerasValue average_pool(KerasLayer& layer) { return pool(layer, "AveragePool"); }

KerasValue global_pool(KerasLayer& layer, const char* op) {
  layer.need_channels_last();
  layer.spatial_axes();
  const std::string y = layer.emit(op, {layer.first()});
  if (layer.flag("keepdims", false)) return layer.made_first(y, layer.rank());
  return layer.made_last(layer.emit("Flatten", {y}, {{"axis", std::int64_t{1}}}), kMatrix);
}

KerasValue global_average(KerasLayer& layer) { return global_pool(layer, "GlobalAveragePool"); }
KerasValue global_max(KerasLayer& layer) { return global_pool(layer, "GlobalMaxPool"); }

KerasValue flatten(KerasLayer& layer) {
  return layer.made_last(layer.emit("Flatten", {layer.last()}, {{"axis", std::int64_t{1}}}),
                         kMatrix);
}

KerasValue reshape(KerasLayer& layer) {
  KerasIntegers shape = layer.integers("target_shape");
  shape.insert(shape.begin(), 0);
  const int rank = static_cast<int>(shape.size());
  return layer.made_last(layer.emit("Reshape", {layer.last(), layer.constant(shape)}), rank);
}

KerasValue permute(KerasLayer& layer) {
  KerasIntegers order = layer.integers("dims");
  order.insert(order.begin(), 0);
  return layer.made_last(layer.emit("Transpose", {layer.last()}, {{"perm", order}}), layer.rank());
}

KerasValue identity(KerasLayer& layer) { return layer.input(); }

KerasValue activation(KerasLayer& layer) { return layer.activated(layer.input()); }

KerasValue relu(KerasLayer& layer) {
  const double slope = layer.number("negative_slope", 0);
  if (layer.number("threshold", 0) != 0) layer.refuse("has a threshold; expected 0");
  if (layer.has("max_value") && slope != 0)
    layer.refuse("has a max_value and a negative_slope; expected one of them");
  if (slope != 0) return layer.elementwise("LeakyRelu", {{"alpha", slope}});
  if (!layer.has("max_value")) return layer.elementwise("Relu");
  const auto [x, is_first] = layer.any(layer.input());
  const std::string y =
      layer.emit("Clip", {x, layer.scalar(0), layer.scalar(layer.number("max_value", 6))});
  return is_first ? layer.made_first(y, layer.rank()) : layer.made_last(y, layer.rank());
}

KerasValue leaky_relu(KerasLayer& layer) {
  const double slope = layer.number(layer.has("alpha") ? "alpha" : "negative_slope", 0.3);
  return layer.elementwise("LeakyRelu", {{"alpha", slope}});
}

KerasValue elu(KerasLayer& layer) {
  return layer.elementwise("Elu", {{"alpha", layer.number("alpha", 1)}});
}

KerasValue prelu(KerasLayer& layer) {
  const auto w = layer.weights({"alpha"});
  return layer.made_last(layer.emit("PRelu", {layer.last(), layer.constant(w[0], "alpha")}),
                         layer.rank());
}

KerasValue softmax(KerasLayer& layer) {
  return layer.made_last(
      layer.emit("Softmax", {layer.last()}, {{"axis", layer.integer("axis", -1)}}), layer.rank());
}

/// Sums and the like of several inputs, which are in one order afterwards.
KerasValue merged(KerasLayer& layer, const char* op) {
  bool all_first = true, same_rank = true;
  for (std::size_t i = 0; i < layer.count(); ++i) {
    all_first = all_first && !layer.input(i).first.empty();
    same_rank = same_rank && layer.input(i).rank == layer.rank();
  }
  if (layer.count() < 2 || !same_rank) layer.refuse("expected two inputs or more of one rank");
  KerasInputs inputs;
  for (std::size_t i = 0; i < layer.count(); ++i)
    inputs.push_back(all_first ? layer.first(layer.input(i)) : layer.last(layer.input(i)));
  std::string y = inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) y = layer.emit(op, {y, inputs[i]});
  return all_first ? layer.made_first(y, layer.rank()) : layer.made_last(y, layer.rank());
}

KerasValue add(KerasLayer& layer) { return merged(layer, "Add"); }
KerasValue subtract(KerasLayer& layer) { return merged(layer, "Sub"); }
KerasValue multiply(KerasLayer& layer) { return merged(layer, "Mul"); }
KerasValue maximum(KerasLayer& layer) { return merged(layer, "Max"); }
KerasValue minimum(KerasLayer& layer) { return merged(layer, "Min"); }

KerasValue average(KerasLayer& layer) {
  KerasValue sum = merged(layer, "Add");
  std::string& name = sum.first.empty() ? sum.last : sum.first;
  name = layer.emit("Div", {name, layer.scalar(static_cast<double>(layer.count()))});
  return sum;
}

KerasValue concatenate(KerasLayer& layer) {
  KerasInputs inputs;
  for (std::size_t i = 0; i < layer.count(); ++i) {
    if (layer.input(i).rank != layer.rank()) layer.refuse("expected inputs of one rank");
    inputs.push_back(layer.last(layer.input(i)));
  }
  return layer.made_last(layer.emit("Concat", inputs, {{"axis", layer.integer("axis", -1)}}),
                         layer.rank());
}

/// Beginnings and ends of each axis, from one number for all, one per axis or two per axis.
KerasIntegers begin_and_end(KerasLayer& layer, const char* key, int axes) {
  KerasIntegers given = layer.integers(key);
  const auto n = static_cast<std::size_t>(axes);
  if (given.size() == 1) given.assign(2 * n, given[0]);
  if (given.size() == n && n == 2) given = {given[0], given[0], given[1], given[1]};
  if (given.size() != 2 * n) layer.refuse(std::string(key) + " does not fit its input");
  return given;
}

KerasValue zero_padding(KerasLayer& layer) {
  layer.need_channels_last();
  const int axes = layer.spatial_axes();
  const KerasIntegers given = begin_and_end(layer, "padding", axes);
  const auto rank = static_cast<std::size_t>(layer.rank());
  KerasIntegers pads(2 * rank, 0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(axes); ++i) {
    pads[2 + i] = given[2 * i];
    pads[rank + 2 + i] = given[2 * i + 1];
  }
  return layer.made_first(layer.emit("Pad", {layer.first(), layer.constant(pads)}), layer.rank());
}

KerasValue up_sampling(KerasLayer& layer) {
  layer.need_channels_last();
  const int axes = layer.spatial_axes();
  const std::string mode = layer.text("interpolation", "nearest");
  if (mode != "nearest" && mode != "bilinear")
    layer.refuse("interpolation is " + in_quotes(mode) + "; accepted are nearest and bilinear");
  HostTensor scales{{axes + 2}, {1, 1}};
  for (const std::int64_t factor : layer.per_axis("size", 2, axes))
    scales.values.push_back(static_cast<float>(factor));
  const bool nearest = mode == "nearest";
  KerasAttributes attributes{
      {"mode", std::string(nearest ? "nearest" : "linear")},
      {"coordinate_transformation_mode", std::string(nearest ? "asymmetric" : "half_pixel")}};
  if (nearest) attributes["nearest_mode"] = std::string("floor");
  return layer.made_first(
      layer.emit("Resize", {layer.first(), "", layer.constant(scales, "scales")}, attributes),
      layer.rank());
}

/// One number, or one per channel.
std::string per_channel(KerasLayer& layer, const std::vector<double>& values,
                        const std::string& item) {
  HostTensor t;
  if (values.size() != 1) t.shape = {static_cast<std::int64_t>(values.size())};
  t.values.assign(values.begin(), values.end());
  return layer.constant(t, item);
}

KerasValue rescaling(KerasLayer& layer) {
  const std::vector<double> scale = layer.numbers("scale"), offset = layer.numbers("offset");
  if (scale.empty()) layer.refuse("has no scale");
  std::string y = layer.emit("Mul", {layer.last(), per_channel(layer, scale, "scale")});
  const bool moves =
      std::any_of(offset.begin(), offset.end(), [](double value) { return value != 0; });
  if (moves) y = layer.emit("Add", {y, per_channel(layer, offset, "offset")});
  return layer.made_last(y, layer.rank());
}

/// (x - mean) / max(sqrt(variance), 1e-7)
KerasValue normalization(KerasLayer& layer) {
  std::vector<double> mean = layer.numbers("mean"), deviation = layer.numbers("variance");
  if (mean.empty() || deviation.empty()) {
    const auto w = layer.weights({"mean", "variance"});
    mean.assign(w[0].values.begin(), w[0].values.end());
    deviation.assign(w[1].values.begin(), w[1].values.end());
  }
  for (double& value : deviation) value = std::max(std::sqrt(value), 1e-7);
  const std::string centred = layer.emit("Sub", {layer.last(), per_channel(layer, mean, "mean")});
  return layer.made_last(layer.emit("Div", {centred, per_channel(layer, deviation, "deviation")}),
                         layer.rank());
}

KerasValue embedding(KerasLayer& layer) {
  const auto w = layer.weights({"embeddings"});
  return layer.made_last(layer.emit("Gather", {layer.constant(w[0], "embeddings"), layer.last()},
                                    {{"axis", std::int64_t{0}}}),
                         layer.rank() + 1);
}

using Translate = KerasValue (*)(KerasLayer&);

const std::unordered_map<std::string, Translate>& table() {
  static const std::unordered_map<std::string, Translate> entries{
      {"Activation", activation},
      {"ActivityRegularization", identity},
      {"Add", add},
      {"AlphaDropout", identity},
      {"Average", average},
      {"AveragePooling1D", average_pool},
      {"AveragePooling2D", average_pool},
      {"BatchNormalization", batch_norm},
      {"Concatenate", concatenate},
      {"Conv1D", conv},
      {"Conv1DTranspose", conv_transpose},
      {"Conv2D", conv},
      {"Conv2DTranspose", conv_transpose},
      {"Dense", dense},
      {"DepthwiseConv1D", depthwise_conv},
      {"DepthwiseConv2D", depthwise_conv},
      {"Dropout", identity},
      {"ELU", elu},
      {"Embedding", embedding},
      {"Flatten", flatten},
      {"GaussianDropout", identity},
      {"GaussianNoise", identity},
      {"GlobalAveragePooling1D", global_average},
      {"GlobalAveragePooling2D", global_average},
      {"GlobalMaxPooling1D", global_max},
      {"GlobalMaxPooling2D", global_max},
      {"Identity", identity},
      {"LayerNormalization", layer_norm},
      {"LeakyReLU", leaky_relu},
      {"MaxPooling1D", max_pool},
      {"MaxPooling2D", max_pool},
      {"Maximum", maximum},
      {"Minimum", minimum},
      {"Multiply", multiply},
      {"Normalization", normalization},
      {"PReLU", prelu},
      {"Permute", permute},
      {"ReLU", relu},
      {"Rescaling", rescaling},
      {"Reshape", reshape},
      {"SeparableConv1D", separable_conv},
      {"SeparableConv2D", separable_conv},
      {"Softmax", softmax},
      {"SpatialDropout1D", identity},
      {"SpatialDropout2D", identity},
      {"Subtract", subtract},
      {"UpSampling1D", up_sampling},
      {"UpSampling2D", up_sampling},
      {"ZeroPadding1D", zero_padding},
      {"ZeroPadding2D", zero_padding}};
  return entries;
}

}  // namespace

KerasValue translate(KerasLayer& layer) {
  const auto found = table().find(layer.type());
  if (found == table().end())
    layer.refuse("is a class of layers that is not read; tf2onnx makes ONNX of such a model");
  return found->second(layer);
}

}  // namespace ohmic
