// Operators of PyTorch in small programs as torch.export writes them. Each program begins with
// y = x w', w = ((1, 2), (3, 4), (5, 6)): y = (1, 3, 5) for x = (1, 0).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "nn/operators/evaluate.hpp"
#include "tests/nn/pt2_program.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic::test::pt2 {
using Numbers = std::vector<float>;

inline std::string whole(int value) { return R"({"as_int":)" + std::to_string(value) + "}"; }
inline std::string flag(bool value) {
  return R"({"as_bool":)" + std::string(value ? "true" : "false") + "}";
}
inline std::string wholes(const std::vector<int>& values) {
  std::string text;
  for (const int value : values) text += (text.empty() ? "" : ",") + std::to_string(value);
  return R"({"as_ints":[)" + text + "]}";
}

/// node() with an output that is a whole number.
inline std::string number_node(const char* op, const std::string& inputs,
                               const std::string& output) {
  return R"({"target":"torch.ops.aten.)" + std::string(op) + R"(","name":")" + output +
         R"(","inputs":[)" + inputs + R"(],"outputs":[{"as_sym_int":{"as_name":")" + output +
         R"("}}],"metadata":{}})";
}

constexpr int kInt64 = 5, kFloat = 7, kFlag = 12;  // PyTorch's numbers of types

class AtenOperator : public ::testing::Test {
 protected:
  /// A node more, of that shape and type; the last is the program's output.
  void add(const std::string& node, const std::string& output, const std::vector<int>& shape,
           int type = kFloat) {
    program_.more += "," + node;
    program_.values +=
        ",\"" + output + "\":" + meta(shape, std::vector<int>(shape.size(), 1), type);
    program_.out = output;
  }
  void add_number(const std::string& node) { program_.more += "," + node; }

  ImportedModel model() { return read_model(folder_.write("net.pt2", program_.archive().bytes())); }
  std::string said() {
    const std::string error = test::error_of([&] { model(); });
    return error.substr(std::min(error.size(), error.find(": ") + 2));
  }
  /// The answers to x, rows of two.
  Numbers answers(const Numbers& x) {
    const ConstantTensor sample{
        ElementType::f32,
        {static_cast<std::int64_t>(x.size() / 2), 2},
        {std::shared_ptr<void>(), reinterpret_cast<const std::byte*>(x.data())}};
    const ConstantTensor out = evaluate(model(), {sample}).at(0);
    EXPECT_EQ(out.type, ElementType::f32);
    Numbers values(static_cast<std::size_t>(out.elements()));
    std::memcpy(values.data(), out.data.get(), values.size() * sizeof(float));
    return values;
  }
  /// The last output, of another type, as floats.
  void as_floats(const std::string& of, const std::vector<int>& shape) {
    add(node("to.dtype",
             argument("self", tensor(of.c_str())) + "," +
                 argument("dtype", R"({"as_scalar_type":7})"),
             "floats"),
        "floats", shape);
  }
  /// `bags`: where x is whole numbers, rows of w for each row of them, by what `more` says.
  void add_bags(const std::string& more, const std::string& begins = "begins",
                const char* op = "embedding_bag.padding_idx") {
    add(node("_to_copy.default",
             argument("self", tensor("x")) + "," + argument("dtype", R"({"as_scalar_type":5})"),
             "whole"),
        "whole", {-1, 2}, kInt64);
    add_number(number_node("sym_numel.default", argument("self", tensor("whole")), "count"));
    add(node("arange.start_step",
             argument("start", whole(0)) + "," +
                 argument("end", R"({"as_sym_int":{"as_name":"count"}})") + "," +
                 argument("step", whole(2)) + "," + argument("dtype", R"({"as_scalar_type":5})"),
             "begins"),
        "begins", {-1}, kInt64);
    add(node("reshape.default",
             argument("self", tensor("whole")) + "," + argument("shape", wholes({-1})), "flat"),
        "flat", {-1}, kInt64);
    add(node(op,
             argument("weight", tensor("p_w")) + "," + argument("indices", tensor("flat")) + "," +
                 argument("offsets", tensor(begins.c_str())) + more,
             "bags"),
        "bags", {-1, 2});
  }
  void add_part_of_y(int columns) {
    add(node("slice.Tensor",
             argument("self", tensor("y")) + "," + argument("dim", whole(1)) + "," +
                 argument("start", whole(0)) + "," + argument("end", whole(columns)),
             "part"),
        "part", {-1, columns});
  }

  Program program_;
  test::TemporaryFolder folder_;
};

}  // namespace ohmic::test::pt2
