// Residual networks for 32 x 32 images (He et al. 2016, section 4.2): depth 6n+2, three stages of n
// basic blocks. Layout keras_v1 follows the Keras CIFAR ResNet v1 example, he the original paper's
// option A.
#include <charconv>
#include <utility>

#include "nn/network/graph.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr int kSide = 32, kStages = 3;

/// n of "resnetD", D = 6n+2, n >= 1; 0 when the name is not of this form.
int blocks_per_stage(const std::string& name) {
  const std::string prefix = "resnet";
  if (!name.starts_with(prefix)) return 0;
  int depth = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + prefix.size(), end, depth);
  const bool fits = error == std::errc() && stop == end && depth >= 8 && depth <= 1202;
  return fits && depth % 6 == 2 ? (depth - 2) / 6 : 0;
}

class ResNet {
 public:
  ResNet(const ModelSettings& model, int classes) : keras_(model.layout == "keras_v1") {
    graph_.model = model.name;
    graph_.layout = model.layout;
    graph_.classes = classes;
    graph_.batch_norm_momentum = keras_ ? 0.01 : 0.1;
    Node input;
    input.height = input.width = kSide;
    input.channels = 3;
    push(input);
  }

  Graph build(int blocks, int width) {
    int x = relu(norm("bn1", convolution("conv1", 0, width, 3, 1)));
    for (int stage = 0; stage < kStages; ++stage)
      for (int i = 0; i < blocks; ++i)
        x = block("layer" + std::to_string(stage + 1) + "." + std::to_string(i) + ".", x,
                  width << stage, stage > 0 && i == 0 ? 2 : 1);
    dense("linear", global_average(x));
    return std::move(graph_);
  }

 private:
  int block(const std::string& prefix, int x, int channels, int stride) {
    int y = relu(norm(prefix + "bn1", convolution(prefix + "conv1", x, channels, 3, stride)));
    y = norm(prefix + "bn2", convolution(prefix + "conv2", y, channels, 3, 1));
    if (stride == 1) return relu(add(x, y));
    return relu(add(keras_ ? convolution(prefix + "proj", x, channels, 1, stride)
                           : subsample(x, channels, stride),
                    y));
  }

  int convolution(const std::string& name, int from, int channels, int kernel, int stride) {
    const Node& in = graph_.nodes[static_cast<std::size_t>(from)];
    Node node = next(Op::convolution, {from});
    node.name = name;
    node.has_bias = keras_;
    const auto [before, after] = padding(in.height, kernel, stride);
    node.conv = {in.height, in.width, in.channels, channels, kernel, kernel,
                 stride,    before,   before,      after,    after};
    node.height = node.conv.out_height();
    node.width = node.conv.out_width();
    node.channels = channels;
    return push(node);
  }

  /// TensorFlow's "same" puts what is odd at the end; option A pads both sides alike.
  std::pair<int, int> padding(int side, int kernel, int stride) const {
    if (!keras_) return {kernel / 2, kernel / 2};
    const int outputs = (side + stride - 1) / stride;
    const int total = std::max((outputs - 1) * stride + kernel - side, 0);
    return {total / 2, total - total / 2};
  }

  int norm(const std::string& name, int from) {
    Node node = next(Op::batch_norm, {from});
    node.name = name;
    node.epsilon = keras_ ? 1e-3 : 1e-5;
    return push(node);
  }

  int relu(int from) { return push(next(Op::relu, {from})); }
  int add(int a, int b) { return push(next(Op::add, {a, b})); }

  int subsample(int from, int channels, int stride) {
    Node node = next(Op::subsample_pad, {from});
    node.stride = stride;
    node.height = (node.height + stride - 1) / stride;
    node.width = (node.width + stride - 1) / stride;
    node.channels = channels;
    return push(node);
  }

  int global_average(int from) {
    Node node = next(Op::global_average, {from});
    node.height = node.width = 1;
    return push(node);
  }

  int dense(const std::string& name, int from) {
    Node node = next(Op::dense, {from});
    node.name = name;
    node.has_bias = true;
    node.conv.in_channels = node.channels;
    node.conv.out_channels = node.channels = graph_.classes;
    return push(node);
  }

  /// A node whose output has the shape of its first input.
  Node next(Op op, std::vector<int> inputs) const {
    const Node& first = graph_.nodes[static_cast<std::size_t>(inputs[0])];
    Node node;
    node.op = op;
    node.inputs = std::move(inputs);
    node.height = first.height;
    node.width = first.width;
    node.channels = first.channels;
    return node;
  }

  int push(Node node) {
    graph_.nodes.push_back(std::move(node));
    return static_cast<int>(graph_.nodes.size()) - 1;
  }

  bool keras_;
  Graph graph_;
};

}  // namespace

const Schema<ModelSettings>& ModelSettings::schema() {
  static const Schema<ModelSettings> schema = [] {
    using M = ModelSettings;
    Schema<M> s{"model", "The network: trained, or read from a file."};
    s.add("name", &M::name)
        .doc("resnetD with D = 6n+2 layers: resnet8, resnet14, resnet20, ..., resnet1202.")
        .source("He et al., Deep Residual Learning for Image Recognition, CVPR 2016, section 4.2");
    s.add("layout", &M::layout)
        .choices({"keras_v1", "he"})
        .doc(
            "keras_v1: 1x1 convolutions on shortcuts that change shape, convolutions with bias, "
            "TensorFlow padding (the paper's); he: option A shortcuts, convolutions without bias.");
    s.add("width", &M::width)
        .range(1, 1024)
        .doc("Filters of the first stage; the second has twice, the third four times as many.");
    s.add("weights", &M::weights)
        .doc("File with trained weights (.safetensors, Keras .h5, PyTorch .pt); empty: train.");
    return s;
  }();
  return schema;
}

Graph build_model(const ModelSettings& model, int classes) {
  const int blocks = blocks_per_stage(model.name);
  if (blocks == 0)
    throw ConfigError({Fault{{},
                             "model.name",
                             "expected resnetD with D = 6n+2 between 8 and 1202 (resnet20, "
                             "resnet32, resnet44, resnet56, ...), got " +
                                 model.name}});
  return ResNet(model, classes).build(blocks, model.width);
}

std::vector<std::string> model_names() {
  return {"resnet8", "resnet14", "resnet20", "resnet32", "resnet44", "resnet56", "resnet110"};
}

}  // namespace ohmic
