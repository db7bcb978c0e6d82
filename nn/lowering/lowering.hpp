// How a traced model becomes a Graph, node by node. Private to nn/lowering: at::Tensor appears by
// name only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "nn/lowering/lower.hpp"
#include "nn/lowering/trace.hpp"

namespace ohmic {

/// A size of a tensor as a layer has it.
inline int number(std::int64_t v) { return static_cast<int>(v); }

class Lowering {
 public:
  Lowering(const ImportedModel&, const LoweringOptions&, const Trace&);
  ~Lowering();
  LoweredNetwork run();

 private:
  using Tensor = at::Tensor;
  using Shape = std::vector<std::int64_t>;

  void begin();
  /// What a node gives becomes the input of the file, in its type.
  void take(const SampleInput&, int node);
  void lower(const ModelNode&);
  void finish();

  // Each returns whether the node became a layer; why not is told by stays_digital().
  bool convolution(const ModelNode&);
  bool transposed_convolution(const ModelNode&);
  bool gemm(const ModelNode&);
  bool matmul(const ModelNode&);
  bool matmul_from_left(const ModelNode&, const at::Tensor& matrix);
  at::Tensor moved_constant(const std::string& value) const;
  at::Tensor matrix_in(const std::string& value, const std::string& other);
  bool einsum(const ModelNode&);
  bool recurrent(const ModelNode&);
  bool batch_norm(const ModelNode&);
  bool relu(const ModelNode&);
  bool add(const ModelNode&);
  void digital(const ModelNode&);

  /// Whether the user's patterns put the layer on crossbars; says so where they do not.
  bool is_on_crossbar(const std::string& layer, const ModelNode&);
  /// Throws ConfigError where mapping.crossbar has the layer's own name, or a pattern for it that
  /// mapping.digital has too; of a wider one mapping.digital takes layers out.
  void refuse_contradiction(const std::string& layer) const;
  bool stays_digital(const std::string& layer, const ModelNode&, const std::string& why);

  /// A matrix of constants whose numbers a value has, although it is no constant.
  struct Stored {
    std::string constant;
    bool is_chosen = false;  ///< which of its numbers depends on the sample
    bool is_scaled = false;  ///< by what the sample gives
    double piece = 0;        ///< numbers that one choice takes
  };
  /// What a value has of a matrix of constants; absent: nothing.
  std::optional<Stored> stored_in(const std::string& value) const;
  std::optional<Stored> chosen_by(const ModelNode&) const;
  std::optional<Stored> scaled_by(const ModelNode&) const;
  /// The same of the node's output, for the nodes after it.
  void follow_stored(const ModelNode&);
  /// Lists the matrices of constants that a node multiplies with and that no layer has.
  void list_digital(const ModelNode&);
  const char* why_digital(const ModelNode&, const std::string& value, const Stored&) const;
  void list_folded();

  /// Whether a node turns, reshapes or repeats numbers and does nothing else.
  static bool only_moves(const ModelNode&);
  /// Parameters of the file that a value was made of by nodes that only move.
  std::string root_of(const std::string& value) const;
  /// That of a value that is no constant, else the value.
  std::string root_if_moved(const std::string& value) const;
  /// Finds layers that multiply by a matrix again, and those that merely have the same numbers.
  void find_twin(const std::string& layer);
  void share_matrices();
  /// Takes out nodes that nothing reads any more: what moved or repeated a matrix that a layer has
  /// now, states of a recurrent layer that nobody asks for.
  void drop_unread();

  /// The layer's name from those of its tensors ("conv1.weight"), else of its node.
  std::string layer_name(const ModelNode&, const std::string& weight, const std::string& bias);
  struct Sum {
    std::string output, bias;
  };
  /// The sum with a constant row that is all that reads a value: its bias; absent: none.
  std::optional<Sum> added_after(const std::string& value, std::int64_t columns) const;

  struct Convolved {
    int from;
    ConvGeometry geometry;
  };
  Node convolution_node(const std::string& name, const Convolved&);
  int pad_between(int from, const Shape& strides);
  /// Rows of a value as a dense layer takes them, samples first.
  int rows_of(int from, int sample_axis);
  /// `made`, samples first, with samples on `axis`.
  int samples_on(int made, int axis);
  /// The layer over rows of a value, with as many places for samples.
  int dense(const std::string& layer, const Tensor& weight, const Tensor& bias, int from,
            const SamplePlace&);
  /// By spatial axis.
  struct Patches {
    Shape kernel, strides, dilations, before, after, places;
  };
  int patches(int from, const Patches&, int axis);
  int dense_convolution(const std::string& layer, int from, const SamplePlace&, const Patches&,
                        const Tensor& kernel, const Tensor& bias);
  int direction(const ModelNode&, const std::string& layer, int rows, int d, bool reverse);
  /// Weight [out, in], of convolutions [out, in of a group, height, width]; bias [out], or
  /// undefined.
  void set_matrix(const std::string& layer, const Tensor& weight, const Tensor& bias);

  /// A node whose value is the two samples' `few`, samples on `axis`.
  int push(Node, Tensor few, int axis);
  /// A digital node of our own.
  int apply(const std::string& op, std::vector<int> inputs, std::map<std::string, Attribute>,
            int axis);
  int reshape(int from, const Shape& sample);
  /// To another shape of the whole, with -1 for what hangs on the samples; they are on `axis`.
  int regroup(int from, const Shape& whole, int axis);
  int transpose(int from, const Shape& order, int axis);
  int slice(int from, std::int64_t axis, std::int64_t first, std::int64_t end, std::int64_t step,
            int sample_axis);
  int constant(const Tensor&);
  int integers(const Shape&);
  /// The node of a value of the file; constants become nodes when they are asked for.
  int node_of(const std::string& value);
  void name(const std::string& value, int node) { nodes_[value] = node; }
  const Tensor& few(int node) const;
  const Node& at(int node) const { return out_.graph.nodes[static_cast<std::size_t>(node)]; }

  const ImportedModel& model_;
  const LoweringOptions& options_;
  const Trace& trace_;
  LoweredNetwork out_;
  std::map<std::string, int> nodes_;                   ///< by value of the file
  std::vector<Tensor> few_;                            ///< by node
  std::set<std::string> layers_;                       ///< names that are taken
  std::map<std::string, const ModelNode*> producers_;  ///< of the file's values
  std::set<std::string> roots_;  ///< of the matrices of the node that is lowered
  std::set<std::string> digital_roots_, crossbar_roots_;  ///< of those that patterns name
  std::string module_;  ///< what its tensors say of its name; empty: nothing
  struct Matrix {
    std::string layer, module;
    std::set<std::string> roots;
  };
  std::vector<Matrix> matrices_;
  std::map<std::string, Stored> stored_;      ///< by value of the file
  std::map<std::string, std::string> twins_;  ///< layers whose crossbar is an earlier one's
  int own_ = 0;                               ///< nodes of our own
};

}  // namespace ohmic
