// Rows of tables, one by one and in bags.
#include <cstring>
#include <optional>

#include "nn/import/aten/aten_call.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

void embedding(AtenCall& call) {
  call.result("Gather", {call.tensor("weight"), call.tensor("indices")},
              {{"axis", std::int64_t{0}}});
}

/// The one number of a constant.
std::optional<std::int64_t> whole_number(const AtenCall& call, const std::string& value) {
  const ConstantTensor* tensor = call.find_constant(value);
  if (!tensor || tensor->type != ElementType::i64 || tensor->elements() != 1) return {};
  std::int64_t number = 0;
  std::memcpy(&number, tensor->data.get(), sizeof number);
  return number;
}

/// Bags of a size each: where they begin is 0, n, 2 n, ..., as PyTorch writes it for indices of two
/// axes. Returns their shape, bags x n, which other bags do not have.
std::string shape_of_bags(AtenCall& call) {
  const std::string begins = call.tensor("offsets");
  const ModelNode* maker = call.find_maker(begins);
  std::optional<std::int64_t> first, size;
  if (maker && maker->op == "Range") {
    first = whole_number(call, maker->inputs[0]);
    size = whole_number(call, maker->inputs[2]);
  }
  if (first != 0 || !size || *size < 1 || call.flag("include_last_offset", false))
    throw DataError(
        "has bags of any size (offsets); accepted are indices of two axes, each row a bag");
  return call.emit("Concat", {call.shape_of(begins), call.constant(Integers{*size})},
                   {{"axis", std::int64_t{0}}});
}

/// 1 for what counts, 0 for padding; bags x n x 1.
std::string counted(AtenCall& call, const std::string& bags, ElementType type) {
  const std::string padding = call.cast(call.scalar(call.integer("padding_idx")), ElementType::i64,
                                        call.value(call.tensor("indices")).type);
  const std::string others = call.emit("Not", {call.emit("Equal", {bags, padding})});
  return call.emit("Unsqueeze",
                   {call.cast(others, ElementType::boolean, type), call.constant(Integers{-1})});
}

/// Sums, means or maxima of the rows of each bag.
void embedding_bag(AtenCall& call) {
  const char* ops[] = {"ReduceSum", "ReduceMean", "ReduceMax"};
  const std::int64_t mode = call.integer("mode", 0);
  if (mode < 0 || mode > 2)
    throw DataError("has mode " + std::to_string(mode) + "; accepted are 0, 1 and 2");
  const bool is_padded = call.integer("padding_idx", -1) >= 0;
  if (is_padded && mode == 2)
    throw DataError("has maxima beside a padding_idx; accepted are sums and means beside one");
  const std::string weight = call.tensor("weight"), shape = shape_of_bags(call);
  const ElementType type = call.value(weight).type;
  const std::string bags = call.emit("Reshape", {call.tensor("indices"), shape});
  std::string rows = call.emit("Gather", {weight, bags}, {{"axis", std::int64_t{0}}});
  if (call.has("per_sample_weights")) {
    const std::string shares = call.emit("Reshape", {call.tensor("per_sample_weights"), shape});
    rows = call.emit("Mul", {rows, call.emit("Unsqueeze", {shares, call.constant(Integers{-1})})});
  }
  const std::string axis = call.constant(Integers{1});
  const Attributes drop{{"keepdims", std::int64_t{0}}};
  if (!is_padded) return call.result(ops[mode], {rows, axis}, drop);
  const std::string counts = counted(call, bags, type);
  const Inputs sum{call.emit("Mul", {rows, counts}), axis};
  if (mode == 0) return call.result("ReduceSum", sum, drop);
  const std::string count = call.emit("ReduceSum", {counts, axis}, drop);
  call.result("Div", {call.emit("ReduceSum", sum, drop),
                      call.emit("Max", {count, call.scalar(1.0, type)})});
}

}  // namespace

AtenEntries aten_embeddings() {
  return {{"embedding", embedding},
          {"embedding_bag", embedding_bag},
          {"_embedding_bag", embedding_bag},
          {"_embedding_bag_forward_only", embedding_bag}};
}

}  // namespace ohmic
