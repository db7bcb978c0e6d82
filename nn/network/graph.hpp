// A network described once: training (LibTorch), analog evaluation (back ends) and checks of loaded
// weights all run over the same list of nodes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nn/import/imported_model.hpp"
#include "nn/network/weights.hpp"
#include "simulator/config/schema.hpp"
#include "simulator/layer.hpp"

namespace ohmic {

/// What arrays and the digital epilogue behind them do; everything else is an operator.
enum class Op {
  input,
  convolution,  ///< parameters: weight [out,in/groups,kh,kw], bias [out] if has_bias
  dense,        ///< weight [out,in], bias [out]; at every position of an image or sequence
  recurrent,    ///< weight [gates*H, H], bias [gates*H]; see RecurrentCell
  batch_norm,   ///< weight, bias, running_mean, running_var (running_dev if l1) [channels]
  relu,
  add,       ///< two inputs of the same shape
  constant,  ///< the same for every sample: Node::constant
  digital,   ///< an operator of nn/operators: Node::call
  part,      ///< one of several outputs of a digital node: Node::output
};

/// The cell of a recurrent node. Its input is what the input matrix gives for all time steps, N x T
/// x gates*H, gates in ONNX's order; its output N x T x H, for an LSTM N x T x 2H: h, then c. Both
/// begin at 0. GRU: the recurrent product, with its bias, is gated after it is made.
enum class RecurrentCell {
  lstm,  ///< gates i, o, f, c
  gru,   ///< gates z, r, h
  tanh,  ///< a plain cell: h = tanh(x + R h)
  relu,  ///< a plain cell: h = max(x + R h, 0)
};
/// Gates of a cell: 4, 3 or 1.
int gates(RecurrentCell);

struct Node {
  Op op = Op::input;
  std::string name;                         ///< prefix of its parameters; empty for nodes without
  std::vector<int> inputs;                  ///< indices of earlier nodes
  int height = 0, width = 0, channels = 0;  ///< of the node's output
  ConvGeometry conv;                        ///< convolution, dense
  bool has_bias = false;
  double epsilon = 0.0;  ///< batch_norm
  /// batch_norm with sqrt(pi/2) times the mean absolute deviation in place of the standard
  /// deviation: y = gamma (x - mean)/(deviation + epsilon) + beta (Hoffer et al. 2018, Wu et al.
  /// 2018).
  bool l1 = false;
  /// Of l1: the mean of so many of the largest deviations instead, times what makes that of normal
  /// values their standard deviation (Hoffer et al. 2018). 0: of all.
  int top_k = 0;

  /// Of the value, without the axis of samples. In memory a value with three axes (channels,
  /// height, width) lies channels-last, any other as it is read. Empty: an image of channels x
  /// height x width (never of constant, digital, part and recurrent nodes).
  std::vector<std::int64_t> shape;
  std::shared_ptr<const ModelNode> call;           ///< digital
  std::shared_ptr<const ConstantTensor> constant;  ///< constant; null: an optional input left out
  int output = 0;                                  ///< part
  RecurrentCell cell = RecurrentCell::lstm;        ///< recurrent
  /// The earlier node whose matrix, bit by bit, this one multiplies by again: both are one
  /// crossbar, with the devices of that node's name. -1: it has a crossbar of its own.
  int shares = -1;
};

/// Whether a node multiplies by a matrix that a crossbar holds.
inline bool has_matrix(const Node& node) {
  return node.op == Op::convolution || node.op == Op::dense || node.op == Op::recurrent;
}

/// Whether a node has a crossbar that is not an earlier one's.
inline bool has_own_crossbar(const Node& node) { return has_matrix(node) && node.shares < 0; }

/// ONNX's opset that the operators of built-in networks are written in.
constexpr int kOpset = 17;

struct Graph {
  std::string model;   ///< "resnet20"
  std::string layout;  ///< "keras_v1" | "he"
  int classes = 10;
  double batch_norm_momentum = 0.01;  ///< weight of the new batch in the running statistics
  std::vector<Node> nodes;            ///< in order of execution; the last one gives the logits
  int opset = kOpset;                 ///< of digital nodes
};

/// One tensor that a graph needs.
struct ParameterShape {
  std::string name;                 ///< "layer1.0.conv1.weight"
  std::vector<std::int64_t> shape;  ///< convolutions [out, in, kh, kw], dense [out, in]
  int node = 0;                     ///< whose parameter it is
  bool trainable = true;            ///< false: running statistics
};

/// The tensor with a batch_norm's spread: NAME.running_var, for l1 NAME.running_dev.
std::string spread_name(const Node& norm);
/// What a batch_norm divides by where its spread is `spread`: NaN for a variance below -epsilon.
double divisor(const Node& norm, double spread);
/// The spread as a variance, so that both kinds compare: that of a normal distribution for l1.
double variance_of(const Node& norm, double spread);

/// Every parameter of the graph, in the order of nodes, then as listed at Op.
std::vector<ParameterShape> parameter_shapes(const Graph&);

/// The [model] table.
struct ModelSettings {
  std::string name = "resnet20";    ///< resnetD (D = 6n+2), vggD, plainD, mobilenet, densenetD
  std::string layout = "keras_v1";  ///< keras_v1 (the paper's) | he (option A shortcuts)
  int width = 16;                   ///< filters of the first stage; 16 in the paper
  std::string norm = "batch";       ///< batch | none | l1_batch | top_k_batch
  int norm_k = 10;                  ///< of top_k_batch: largest deviations that are averaged
  std::string weights;              ///< file; empty: the network is trained
  std::string tensors;              ///< of it: the dictionary that is meant (TensorChoice)
  std::string file;                 ///< of a whole network (nn/lowering); empty: a built-in one
  std::vector<std::string> inputs;  ///< of the file; empty: those that its answer needs
  std::string output;               ///< of the file, where it has several
  static const Schema<ModelSettings>& schema();
};

/// A built-in network. Throws ConfigError for a name or depth that does not exist.
Graph build_model(const ModelSettings&, int classes);
std::vector<std::string> model_names();

/// Kernels by `init` with F = kh kw times channels in or out of a group: glorot_uniform in
/// +-sqrt(6/(F_in + F_out)) (Glorot and Bengio 2010), he_normal of std sqrt(2/F_in) (He et al.
/// 2015). Biases 0, BatchNorm (1, 0, 0, 1). Addressed by seed.
Weights initialize(const Graph&, const std::string& init, std::uint64_t seed);

/// Every parameter present with the right shape, nothing left over. Throws DataError that names
/// `file`, the first tensors that do not fit, and the architecture that would.
void check_weights(const Graph&, const Weights&, const std::string& file);

}  // namespace ohmic
