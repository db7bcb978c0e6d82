// Small programs as torch.export writes them (.pt2), for tests that make their own.
#pragma once

#include <string>
#include <vector>

#include "tests/nn/zip_writer.hpp"

namespace ohmic::test::pt2 {

inline std::string floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

inline std::string whole_numbers(const std::vector<int>& values) {
  std::string text;
  for (const int value : values)
    text += (text.empty() ? "" : ",") + (value < 0 ? R"({"as_expr":{"expr_str":"s0"}})"
                                                   : R"({"as_int":)" + std::to_string(value) + "}");
  return "[" + text + "]";
}

/// A tensor's facts as torch.export writes them; side -1: free.
inline std::string meta(const std::vector<int>& shape, const std::vector<int>& strides,
                        int type = 7, int offset = 0) {
  return R"({"dtype":)" + std::to_string(type) + R"(,"sizes":)" + whole_numbers(shape) +
         R"(,"strides":)" + whole_numbers(strides) + R"(,"storage_offset":{"as_int":)" +
         std::to_string(offset) + "}}";
}

inline std::string tensor(const char* name) {
  return std::string(R"({"as_tensor":{"name":")") + name + "\"}}";
}

inline std::string argument(const char* name, const std::string& value) {
  return std::string(R"({"name":")") + name + R"(","arg":)" + value + "}";
}

inline std::string node(const char* op, const std::string& inputs, const char* output,
                        const char* module = "") {
  return std::string(R"({"target":"torch.ops.aten.)") + op + R"(","name":")" + output +
         R"(","inputs":[)" + inputs + R"(],"outputs":[)" + tensor(output) +
         R"(],"metadata":{"nn_module_stack":")" + module + "\"}}";
}

/// linear of x (free x 2) with w (3 x 2), then what `more` says; `out` is the output.
struct Program {
  std::string more, values, out = "y";
  std::string calls;  ///< ",\"module_call_graph\":[...]"
  std::string weight_meta = meta({3, 2}, {2, 1});
  std::string weight = floats({1, 2, 3, 4, 5, 6});
  std::string schema = R"({"major":8,"minor":17})";

  std::string json() const {
    const std::string linear = node(
        "linear.default", argument("input", tensor("x")) + "," + argument("weight", tensor("p_w")),
        "y", "L__self__,,Net;L__self__fc,fc,torch.nn.modules.linear.Linear");
    return R"({"schema_version":)" + schema +
           R"(,"torch_version":"2.11.0","graph_module":{"graph":{)" +
           R"("inputs":[],"outputs":[],"nodes":[)" + linear + more + R"(],"tensor_values":{"x":)" +
           meta({-1, 2}, {2, 1}) + R"(,"p_w":)" + meta({3, 2}, {2, 1}) + R"(,"y":)" +
           meta({-1, 3}, {3, 1}) + values + R"(}},"signature":{"input_specs":[{"parameter":{)" +
           R"("arg":{"name":"p_w"},"parameter_name":"fc.weight"}},{"user_input":{"arg":)" +
           tensor("x") + R"(}}],"output_specs":[{"user_output":{"arg":)" + tensor(out.c_str()) +
           "}}]}" + calls + "}}";
  }
  ZipWriter archive() const { return archive(json()); }
  /// An operator that changes its input, and one that reads it afterwards.
  static Program in_place() {
    Program p;
    p.more = "," + node("relu_.default", argument("self", tensor("y")), "relu_") + "," +
             node("neg.default", argument("self", tensor("y")), "z");
    p.values = R"(,"relu_":)" + meta({-1, 3}, {3, 1}) + R"(,"z":)" + meta({-1, 3}, {3, 1});
    p.out = "z";
    return p;
  }
  /// The same around another text for json().
  ZipWriter archive(const std::string& model) const {
    return ZipWriter()
        .add("net/models/model.json", model)
        .add("net/byteorder", "little")
        .add("net/data/weights/weight_0", weight)
        .add("net/data/weights/model_weights_config.json",
             R"({"config":{"fc.weight":{"path_name":"weight_0","use_pickle":false,"tensor_meta":)" +
                 weight_meta + "}}}");
  }
};

}  // namespace ohmic::test::pt2
