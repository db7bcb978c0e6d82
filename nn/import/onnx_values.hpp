// Numbers of an ONNX file: tensors, wherever they are stored, and attributes.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "nn/import/imported_model.hpp"
#include "nn/io/mapped_file.hpp"

namespace ohmic {

/// An ONNX file and those beside it that its tensors name.
class OnnxFiles {
 public:
  explicit OnnxFiles(const std::filesystem::path& model);

  const MappedFile& model() const { return model_; }
  /// A file that a tensor names, which must lie in the model's folder or below. Throws DataError
  /// (without the model's name) for a path that leaves it and for a file that cannot be read.
  const MappedFile& beside(std::string_view location);
  /// The model and what was read beside it.
  std::vector<MappedFile> all() const;

 private:
  std::filesystem::path file_;
  MappedFile model_;
  std::map<std::string, MappedFile, std::less<>> beside_;
};

/// "float8e4m3fn" for the number that ONNX gives a type of element; "type 99" for an unknown one.
std::string onnx_type_name(std::int64_t type);
/// The type of element, or DataError (without a name) that says what would be accepted.
ElementType onnx_element_type(std::int64_t type);

struct OnnxTensor {
  std::string name;
  ConstantTensor tensor;
  std::string problem;  ///< why it cannot be taken; empty: it can
};

/// TensorProto. Numbers stay where they lie where they lie there as such. What is damaged throws
/// DataError (without the file's name); what is only not accepted is a problem.
OnnxTensor read_onnx_tensor(std::string_view message, OnnxFiles&);

/// AttributeProto's value. Throws DataError (without a name) for what is not accepted, a sub-graph
/// say.
Attribute read_onnx_attribute(std::string_view message, OnnxFiles&);

/// ValueInfoProto. Throws DataError (without the file's name) for what is no tensor of numbers.
ModelValue read_onnx_value(std::string_view message);
std::string onnx_value_name(std::string_view message);

/// Name of a SparseTensorProto.
std::string onnx_sparse_name(std::string_view message);

}  // namespace ohmic
