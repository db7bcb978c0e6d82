// Sums, means and extremes along axes.
#include "nn/import/aten/aten_call.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// ONNX takes no axes at all for all of them.
Inputs reduced(AtenCall& call, const std::string& x) {
  Inputs inputs{x};
  if (!call.has("dim")) return inputs;
  const Integers axes = call.integers("dim");
  if (!axes.empty()) inputs.push_back(call.constant(axes));
  return inputs;
}

std::int64_t keeps(const AtenCall& call) { return call.flag("keepdim", false) ? 1 : 0; }

void reduce(AtenCall& call, const char* op) {
  const std::string x = call.tensor("self");
  const std::string from = call.cast(x, call.value(x).type, call.output_value().type);
  call.result(op, reduced(call, from), {{"keepdims", keeps(call)}});
}

void mean(AtenCall& call) { reduce(call, "ReduceMean"); }
void sum(AtenCall& call) { reduce(call, "ReduceSum"); }
void prod(AtenCall& call) { reduce(call, "ReduceProd"); }
void amax(AtenCall& call) { reduce(call, "ReduceMax"); }
void amin(AtenCall& call) { reduce(call, "ReduceMin"); }
void logsumexp(AtenCall& call) { reduce(call, "ReduceLogSumExp"); }

/// Flags of what is not 0. Unlike of the other reductions, an empty list of axes is none of them.
void flags(AtenCall& call, const char* op) {
  const std::string x = call.tensor("self");
  const ElementType from = call.value(x).type, to = call.output_value().type;
  const std::string set = call.cast(x, from, ElementType::boolean);
  const bool is_each = call.has("dim") && call.integers("dim").empty();
  const std::string all =
      is_each ? set : call.emit(op, reduced(call, set), {{"keepdims", keeps(call)}});
  call.result("Identity", {call.cast(all, ElementType::boolean, to)});
}

void any(AtenCall& call) { flags(call, "ReduceMax"); }
void all(AtenCall& call) { flags(call, "ReduceMin"); }

void arg(AtenCall& call, const char* op) {
  const std::string x = call.tensor("self");
  if (call.has("dim"))
    return call.result(op, {x}, {{"axis", call.integer("dim")}, {"keepdims", keeps(call)}});
  call.result(op, {call.reshaped(x, {-1})}, {{"axis", std::int64_t{0}}, {"keepdims", keeps(call)}});
}

void argmax(AtenCall& call) { arg(call, "ArgMax"); }
void argmin(AtenCall& call) { arg(call, "ArgMin"); }

/// Values and indices along one axis.
void extreme(AtenCall& call, const char* value, const char* index) {
  const std::string x = call.tensor("self");
  call.output(0, value, reduced(call, x), {{"keepdims", keeps(call)}});
  if (call.outputs().size() > 1)
    call.output(1, index, {x}, {{"axis", call.integer("dim")}, {"keepdims", keeps(call)}});
}

void max(AtenCall& call) { extreme(call, "ReduceMax", "ArgMax"); }
void min(AtenCall& call) { extreme(call, "ReduceMin", "ArgMin"); }

void topk(AtenCall& call) {
  call.results("TopK", {call.tensor("self"), call.size_tensor(call.sizes("k").at(0))},
               {{"axis", call.integer("dim", -1)},
                {"largest", std::int64_t{call.flag("largest", true)}},
                {"sorted", std::int64_t{call.flag("sorted", true)}}});
}

/// Bessel's correction needs the number of values, which the file must say.
std::string variance(AtenCall& call) {
  const std::string x = call.tensor("self");
  const ElementType type = call.output_value().type;
  const bool unbiased = call.flag("unbiased", true);
  const double correction = call.has("correction") ? call.number("correction") : unbiased;
  Integers axes = call.has("dim") ? call.integers("dim") : Integers{};
  if (axes.empty())
    for (std::int64_t i = 0; i < call.rank(x); ++i) axes.push_back(i);
  double count = 1;
  for (const std::int64_t axis : axes) count *= static_cast<double>(call.side(x, axis));
  const std::string along = call.constant(axes);
  const std::string off = call.emit("Sub", {x, call.emit("ReduceMean", {x, along})});
  const std::string sum =
      call.emit("ReduceSum", {call.emit("Mul", {off, off}), along}, {{"keepdims", keeps(call)}});
  return call.emit("Div", {sum, call.scalar(count - correction, type)});
}

void var(AtenCall& call) { call.result("Identity", {variance(call)}); }
void std_deviation(AtenCall& call) { call.result("Sqrt", {variance(call)}); }

void norm(AtenCall& call) {
  const double order = call.has("ord") ? call.number("ord") : call.number("p", 2);
  if (order != 1 && order != 2)
    throw DataError("is a norm of order " + std::to_string(order) + "; accepted are 1 and 2");
  reduce(call, order == 1 ? "ReduceL1" : "ReduceL2");
}

void cumsum(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::string from = call.cast(x, call.value(x).type, call.output_value().type);
  call.result("CumSum", {from, call.scalar(call.integer("dim"))});
}

void var_mean(AtenCall& call) {
  const std::string x = call.tensor("self");
  call.output(0, "Identity", {variance(call)});
  call.output(1, "ReduceMean", reduced(call, x), {{"keepdims", keeps(call)}});
}

/// All of an axis in order: values and places.
std::vector<std::string> ordered(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t axis = call.axis("dim", call.rank(x), -1);
  return call.emit("TopK", {x, call.constant(Integers{call.side(x, axis)})},
                   {{"axis", axis}, {"largest", std::int64_t{call.flag("descending", false)}}}, 2);
}

void sort(AtenCall& call) {
  const std::vector<std::string> both = ordered(call);
  for (std::size_t i = 0; i < 2; ++i) call.output(i, "Identity", {both[i]});
}

void argsort(AtenCall& call) { call.result("Identity", {ordered(call)[1]}); }

/// The lower one of two in the middle, with its place.
void median(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t axis = call.axis("dim", call.rank(x), -1);
  const std::int64_t middle = (call.side(x, axis) + 1) / 2;
  const std::vector<std::string> least =
      call.emit("TopK", {x, call.constant(Integers{middle})},
                {{"axis", axis}, {"largest", std::int64_t{0}}}, 2);
  const std::string last = call.constant(Integers{middle - 1}),
                    end = call.constant(Integers{middle}), at = call.constant(Integers{axis});
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string one = call.emit("Slice", {least[i], last, end, at});
    if (keeps(call))
      call.output(i, "Identity", {one});
    else
      call.output(i, "Squeeze", {one, at});
  }
}

void cosine_similarity(AtenCall& call) {
  const std::string a = call.tensor("x1"), b = call.tensor("x2");
  const ElementType type = call.output_value().type;
  const std::int64_t along = call.axis("dim", call.rank(a), 1);
  if (call.rank(a) != call.rank(b) || call.side(a, along) != call.side(b, along))
    throw DataError("compares tensors of other shapes; expected the same axes");
  const std::string axis = call.constant(Integers{call.integer("dim", 1)});
  const Attributes drop{{"keepdims", std::int64_t{0}}};
  const std::string least = call.scalar(call.number("eps", 1e-8), type);
  const auto length = [&](const std::string& x) {
    return call.emit("Max", {call.emit("ReduceL2", {x, axis}, drop), least});
  };
  const std::string product = call.emit("ReduceSum", {call.emit("Mul", {a, b}), axis}, drop);
  call.result("Div", {product, call.emit("Mul", {length(a), length(b)})});
}

/// Distances of every row of one to every row of the other.
void cdist(AtenCall& call) {
  if (call.number("p", 2) != 2) throw DataError("is no Euclidean distance; accepted is p = 2");
  const std::string a = call.emit("Unsqueeze", {call.tensor("x1"), call.constant(Integers{-2})});
  const std::string b = call.emit("Unsqueeze", {call.tensor("x2"), call.constant(Integers{-3})});
  call.result("ReduceL2", {call.emit("Sub", {a, b}), call.constant(Integers{-1})},
              {{"keepdims", std::int64_t{0}}});
}

/// Of vectors: with an order, that of two axes is a matrix's.
void linalg_norm(AtenCall& call) {
  const std::size_t axes = call.has("dim")
                               ? call.integers("dim").size()
                               : static_cast<std::size_t>(call.rank(call.tensor("self")));
  if (call.has("ord") && axes != 1)
    throw DataError("is a norm of matrices; accepted are norms of vectors");
  norm(call);
}

void vdot(AtenCall& call) {
  call.result("ReduceSum", {call.emit("Mul", {call.tensor("self"), call.tensor("other")})},
              {{"keepdims", std::int64_t{0}}});
}

}  // namespace

AtenEntries aten_reductions() {
  return {{"all", all},
          {"amax", amax},
          {"amin", amin},
          {"any", any},
          {"argmax", argmax},
          {"argmin", argmin},
          {"cumsum", cumsum},
          {"linalg_vector_norm", norm},
          {"logsumexp", logsumexp},
          {"max.default", max},
          {"max.dim", max},
          {"mean", mean},
          {"min.default", min},
          {"min.dim", min},
          {"norm", norm},
          {"prod", prod},
          {"std", std_deviation},
          {"sum", sum},
          {"topk", topk},
          {"var", var},
          {"argsort", argsort},
          {"cdist", cdist},
          {"_cdist_forward", cdist},
          {"cosine_similarity", cosine_similarity},
          {"dot", vdot},
          {"linalg_norm", linalg_norm},
          {"median.dim", median},
          {"sort", sort},
          {"var_mean", var_mean},
          {"vdot", vdot}};
}

}  // namespace ohmic
