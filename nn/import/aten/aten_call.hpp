// One call of a PyTorch operator in an exported graph, and the nodes of ONNX (opset 20) that say
// the same. Each operator's translation is one small function over an AtenCall.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "nn/import/draft.hpp"

namespace ohmic {

/// A whole number that is written, or that a node computes (as a tensor of one element).
struct SymbolicInteger {
  std::int64_t value = 0;
  std::string name;  ///< of the value; empty: it is written

  bool written() const { return name.empty(); }
};

struct AtenArgument {
  enum class Kind {
    none,
    tensor,
    tensors,
    integer,
    integers,
    number,
    numbers,
    flag,
    text,
    type,
    other
  };
  Kind kind = Kind::none;
  std::vector<std::string> tensors;       ///< empty names: absent ones
  std::vector<SymbolicInteger> integers;  ///< also of a flag (0, 1) and a type (PyTorch's number)
  std::vector<double> numbers;
  std::string text;
};

/// What the file says of a value.
struct AtenValue {
  ElementType type = ElementType::f32;
  std::vector<std::int64_t> shape;    ///< -1: not written
  std::vector<std::int64_t> strides;  ///< in memory; -1: not written
};

/// The graph as it is translated.
struct AtenGraph {
  Draft draft;
  std::unordered_map<std::string, AtenValue> values;
  std::unordered_map<std::string, std::string> made;  ///< constants, by what they were made of
};

/// PyTorch's number of a type of element (c10::ScalarType as torch.export writes it).
std::optional<ElementType> torch_type(std::int64_t number);

/// ONNX's number of it (TensorProto.DataType), as Cast has it.
std::int64_t onnx_number(ElementType);

using Inputs = std::vector<std::string>;
using Integers = std::vector<std::int64_t>;
using Attributes = std::map<std::string, Attribute>;

/// Accessors throw DataError (without a name) that says what would be accepted. Arguments that have
/// their default are not in the file: PyTorch's defaults are given here.
class AtenCall {
 public:
  AtenCall(AtenGraph& graph, std::string op, std::string name,
           std::vector<std::pair<std::string, AtenArgument>> arguments,
           std::vector<std::string> outputs)
      : graph_(graph),
        op_(std::move(op)),
        name_(std::move(name)),
        arguments_(std::move(arguments)),
        outputs_(std::move(outputs)) {}

  const std::string& op() const { return op_; }  ///< "conv2d.default"
  const std::vector<std::string>& outputs() const { return outputs_; }

  // Arguments by PyTorch's names.
  bool has(std::string_view name) const;  ///< given, and not None
  /// Name of a tensor; empty for None where `needed` is false.
  std::string tensor(std::string_view name, bool needed = true) const;
  std::vector<std::string> tensors(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::optional<std::int64_t> otherwise = {}) const;
  /// A list, or one number `rank` times where `rank` is given.
  Integers integers(std::string_view name, std::optional<Integers> otherwise = {},
                    std::size_t rank = 0) const;
  double number(std::string_view name, std::optional<double> otherwise = {}) const;
  std::vector<double> numbers(std::string_view name) const;
  bool flag(std::string_view name, bool otherwise) const;
  std::string text(std::string_view name, const std::string& otherwise) const;
  std::optional<ElementType> type(std::string_view name) const;  ///< of a dtype
  bool is_tensor(std::string_view name) const;
  bool is_integral(std::string_view name) const;  ///< a whole number or a flag, or a tensor of them
  const std::vector<SymbolicInteger>& sizes(std::string_view name) const;

  // What the file says of values.
  const AtenValue& value(const std::string& tensor) const;
  std::int64_t rank(const std::string& tensor) const;
  /// An axis counted from the front.
  std::int64_t axis(std::string_view name, std::int64_t rank,
                    std::optional<std::int64_t> otherwise = {}) const;
  /// One side of a tensor, which must be written in the file.
  std::int64_t side(const std::string& tensor, std::int64_t axis) const;
  const AtenValue& output_value() const { return value(outputs_.at(0)); }

  // New constants; each returns the name of the value.
  std::string constant(const Integers& values);        ///< int64, one axis
  std::string scalar(double value, ElementType type);  ///< no axes
  std::string scalar(std::int64_t value);              ///< int64, no axes
  /// The same number everywhere.
  std::string filled(double value, const Integers& shape, ElementType type);
  std::string constant(ConstantTensor tensor);
  /// The same constant for every call that says `of`: what it was made of.
  std::string constant_of(const std::string& of, ConstantTensor tensor);
  /// The tensor where `value` is a constant of the file, else null.
  const ConstantTensor* find_constant(const std::string& value) const;
  /// The node that makes `value`, else null.
  const ModelNode* find_maker(const std::string& value) const;

  // New nodes.
  /// A value that is only used here.
  std::string emit(const std::string& op, Inputs inputs, Attributes attributes = {});
  std::vector<std::string> emit(const std::string& op, Inputs inputs, Attributes attributes,
                                std::size_t outputs);
  /// The node with the call's name (and a suffix, where there are several) where another one makes
  /// the output: the one with the weights.
  std::vector<std::string> main(const std::string& op, Inputs inputs, Attributes attributes = {},
                                std::size_t outputs = 1, const std::string& suffix = "");
  /// The node that makes the call's first output; it has the call's name unless main() took it.
  void result(const std::string& op, Inputs inputs, Attributes attributes = {});
  /// The node that makes all of the call's outputs.
  void results(const std::string& op, Inputs inputs, Attributes attributes = {});
  /// A node that makes the call's output `i`.
  void output(std::size_t i, const std::string& op, Inputs inputs, Attributes attributes = {});

  // Common phrases.
  /// Sizes as an int64 tensor with one axis, whichever of them are computed.
  std::string size_tensor(const std::vector<SymbolicInteger>&);
  /// A whole number as an int64 tensor with one axis of one element.
  std::string size_tensor(const SymbolicInteger& size) { return size_tensor(std::vector{size}); }
  /// The same value with another type of element.
  std::string cast(const std::string& value, ElementType from, ElementType to);
  /// A tensor argument, or a number as a scalar; of that type of element.
  std::string operand(std::string_view name, ElementType type);
  std::string shape_of(const std::string& tensor) { return emit("Shape", {tensor}); }
  /// The call's first output: `whole` with `part` at places begin to end of an axis (end: INT64_MAX
  /// for all that follow).
  void written(const std::string& whole, const std::string& part, std::int64_t axis,
               const SymbolicInteger& begin, const SymbolicInteger& end);
  /// A tensor with other sides; `shape` may have 0 for "as it was" and one -1.
  std::string reshaped(const std::string& tensor, const Integers& shape);

 private:
  const AtenArgument* find(std::string_view name) const;
  const AtenArgument& at(std::string_view name) const;
  [[noreturn]] void mistyped(std::string_view name, const char* expected) const;
  std::string fresh();
  void add(const std::string& name, const std::string& op, Inputs inputs,
           std::vector<std::string> outputs, Attributes attributes);

  AtenGraph& graph_;
  std::string op_, name_;
  std::vector<std::pair<std::string, AtenArgument>> arguments_;
  std::vector<std::string> outputs_;
  bool named_ = false;  ///< a node has the call's name
  int made_ = 0;        ///< values and nodes beside the result
};

/// How one operator is said in ONNX's words.
struct AtenEntry {
  const char* op;  ///< "linear.default", or "linear" for every overload
  void (*translate)(AtenCall&);
};

/// Null where there is none.
const AtenEntry* find_aten(const std::string& op);

using AtenEntries = std::vector<AtenEntry>;
AtenEntries aten_activations();
AtenEntries aten_arithmetic();
AtenEntries aten_attention();
AtenEntries aten_creation();
AtenEntries aten_embeddings();
AtenEntries aten_indexing();
AtenEntries aten_matrices();
AtenEntries aten_normalizations();
AtenEntries aten_pooling();
AtenEntries aten_recurrent();
AtenEntries aten_reductions();
AtenEntries aten_resizing();
AtenEntries aten_shapes();

/// All names of the table, sorted: "add", or "max.dim" where only that overload is known.
std::vector<std::string> aten_names();

}  // namespace ohmic
