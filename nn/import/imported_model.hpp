// A model file as it was read: nodes in the words of ONNX, whichever format they came from. Readers
// (one file per format) end here; lower() makes a Graph of it. Nothing here needs LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "nn/io/mapped_file.hpp"

namespace ohmic {

enum class ElementType { f32, f64, f16, bf16, i8, u8, i16, u16, i32, u32, i64, u64, boolean };

/// Bytes of one element.
std::size_t size_of(ElementType);
/// Whether its numbers may have a fraction.
bool is_real(ElementType);
/// Whether its numbers may be negative.
bool is_signed(ElementType);
/// "float32", "int64", ...
const char* name_of(ElementType);

/// Numbers of a file, row-major and little-endian, where they lie: `data` keeps what holds them (a
/// mapped file, say) alive and is as aligned as the file left it.
struct ConstantTensor {
  ElementType type = ElementType::f32;
  std::vector<std::int64_t> shape;
  std::shared_ptr<const std::byte> data;  ///< elements() * size_of(type) bytes
  std::int64_t elements() const;
};

using Attribute = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>,
                               std::vector<double>, std::vector<std::string>, ConstantTensor>;

/// One call of an operator. Its meaning is ONNX's at ImportedModel::opset (default domain).
struct ModelNode {
  std::string op;    ///< "Conv"; "DOMAIN.Name" outside the default domain
  std::string name;  ///< as in the file; never empty: readers number nodes without one
  std::vector<std::string> inputs;  ///< names of values; empty for an optional one that is absent
  std::vector<std::string> outputs;
  std::map<std::string, Attribute> attributes;
};

/// An input or output of the whole.
struct ModelValue {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<std::int64_t> shape;  ///< -1: free
  bool shaped = true;               ///< false: the file says nothing of the shape
};

/// Inputs that a file stores, with the outputs that it stores for them (perhaps none).
struct StoredSample {
  std::vector<ConstantTensor> inputs, outputs;
};

struct ImportedModel {
  std::filesystem::path file;
  std::string format;    ///< "ONNX", "PyTorch (pt2)", "Keras"
  std::string producer;  ///< "pytorch 2.11.0"; may be empty
  int opset = 20;
  std::vector<ModelValue> inputs;  ///< without constants
  std::vector<ModelValue> outputs;
  std::vector<ModelNode> nodes;                     ///< in an order in which they can run
  std::map<std::string, ConstantTensor> constants;  ///< by the name of the value
  std::vector<StoredSample> samples;
  std::vector<MappedFile> files;  ///< in which constants lie
};

/// The nodes that `output` needs, in their order, without what lies behind `known` values.
std::vector<ModelNode> needed_nodes(const std::vector<ModelNode>&, const std::string& output,
                                    const std::set<std::string>& known = {});

/// Reads a model file by what it holds, whatever it is called: ONNX (with the data beside it),
/// .pt2, .keras. Data only, never code. Throws DataError naming the file, the node and what would
/// be accepted; checks that every input of a node is there before it and that no size goes beyond
/// the bytes of the file.
ImportedModel read_model(const std::filesystem::path& file);

}  // namespace ohmic
