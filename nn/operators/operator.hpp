// Operators that run digitally, as LibTorch's ATen computes them: autograd, CUDA and every layout
// come with it. One registered Operator per name, in files of this folder that register themselves:
// adding one is one file and one test. Their meaning is ONNX's at the opset of the call.
//
// Private to nn/: at::Tensor appears by name only, so that the header stays free of LibTorch.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/import/imported_model.hpp"

namespace at {
class Tensor;
}

namespace ohmic {

using Tensors = std::vector<at::Tensor>;

/// What is known of the sign of an operator's outputs: drivers of unsigned DACs ask.
enum class Sign {
  unknown,
  non_negative,  ///< whatever the inputs
  as_inputs,     ///< non-negative where all inputs of numbers are
};

/// One call: the node's attributes, and inputs of which optional ones may be undefined. Accessors
/// throw DataError that names node, operator, key, the value and what would be accepted.
class Call {
 public:
  /// `on_host`: inputs that lie on the host as well, the others undefined; may be shorter.
  Call(const ModelNode& node, int opset, std::span<const at::Tensor> inputs,
       std::span<const at::Tensor> on_host = {})
      : node_(node), opset_(opset), inputs_(inputs), on_host_(on_host) {}

  int opset() const { return opset_; }
  const ModelNode& node() const { return node_; }
  std::size_t size() const { return inputs_.size(); }
  /// Whether input i is given.
  bool has(std::size_t i) const;
  /// Input i, which must be given.
  const at::Tensor& operator[](std::size_t i) const;
  std::span<const at::Tensor> inputs() const { return inputs_; }
  /// Input i where its numbers can be read, if that is known without waiting for a GPU.
  const at::Tensor& on_host(std::size_t i) const;
  /// Whether anybody asks for output i.
  bool wants(std::size_t i) const;
  /// Input i as whole numbers (axes, shapes, ...), or the attribute `key` where older opsets have
  /// it there; nothing where neither is given.
  std::optional<std::vector<std::int64_t>> integers(std::size_t i, const std::string& key) const;

  /// A tensor of one number, as that number.
  double scalar(std::size_t i) const;

  bool has(const std::string& key) const { return node_.attributes.count(key) > 0; }
  std::int64_t integer(const std::string& key, std::int64_t otherwise) const;
  double number(const std::string& key, double otherwise) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  std::vector<std::int64_t> integers(const std::string& key,
                                     std::vector<std::int64_t> otherwise) const;
  std::vector<double> numbers(const std::string& key, std::vector<double> otherwise) const;
  std::vector<std::string> texts(const std::string& key) const;  ///< empty where absent
  bool flag(const std::string& key, bool otherwise) const;

  /// An axis of a tensor of `rank` axes, which may count from the end, as 0 to rank - 1.
  std::int64_t axis(std::int64_t value, std::int64_t rank) const;
  /// The same for each, in their order; no axis twice.
  std::vector<std::int64_t> axes(std::vector<std::int64_t> values, std::int64_t rank) const;
  /// `shape` itself, where a tensor of it can be made: no negative side, at most 2^31 numbers.
  const std::vector<std::int64_t>& checked(const std::vector<std::int64_t>& shape) const;
  /// Throws DataError "NODE (OP): MESSAGE".
  [[noreturn]] void refuse(const std::string& message) const;

 private:
  const ModelNode& node_;
  int opset_;
  std::span<const at::Tensor> inputs_, on_host_;
};

struct Operator {
  std::string name;  ///< "MaxPool"
  Tensors (*run)(const Call&) = nullptr;
  Sign sign = Sign::unknown;
  std::string limits{};  ///< what is refused, for docs/operators.md; empty: nothing
  bool chooses_types =
      false;  ///< types of outputs are not those of inputs: sees half floats itself
};

/// Null where there is none of that name.
const Operator* find_operator(const std::string& name);
/// All names, sorted.
std::vector<std::string> operator_names();

/// At namespace scope: registers operators when the library is loaded.
struct RegisterOperator {
  RegisterOperator(std::initializer_list<Operator>);
};

/// The outputs of one call. On the CPU, float16 and bfloat16 are computed in float32 and rounded.
/// Throws DataError "NODE (OP): ..." for what is not supported, or what the operator cannot take (a
/// token beyond the vocabulary). `on_host` as in Call.
Tensors run_operator(const ModelNode&, int opset, Tensors inputs, const Tensors& on_host = {});

/// Runs one node on named tensors: `values` holds inputs and constants and receives the outputs.
/// On the CPU, float16 and bfloat16 are computed in float32 and rounded. Throws DataError
/// "NODE (OP): ..." for what is not supported.
void run_node(const ModelNode&, int opset, std::map<std::string, at::Tensor>& values);

/// The numbers as a tensor that shares their memory where that is aligned, else a copy. LibTorch
/// has no uint16, uint32 and uint64: they become int32, int64 and int64.
at::Tensor tensor_of(const ConstantTensor&);
/// The numbers of a tensor, which they keep alive: a copy where they do not lie in order.
ConstantTensor constant_of(const at::Tensor&);

}  // namespace ohmic
