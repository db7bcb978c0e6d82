// Parts of tensors.
#include <limits>

#include "nn/import/aten/aten_call.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

SymbolicInteger bound(const AtenCall& call, const char* name, std::int64_t otherwise) {
  return call.has(name) ? call.sizes(name).at(0) : SymbolicInteger{otherwise, {}};
}

void slice(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t axis = call.axis("dim", call.rank(x), 0);
  const SymbolicInteger start = bound(call, "start", 0), end = bound(call, "end", kEnd);
  const SymbolicInteger step = bound(call, "step", 1);
  const bool whole = start.written() && start.value == 0 && end.written() && end.value == kEnd &&
                     step.written() && step.value == 1;
  if (whole) return call.result("Identity", {x});
  call.result("Slice", {x, call.size_tensor(start), call.size_tensor(end),
                        call.constant(Integers{axis}), call.size_tensor(step)});
}

void narrow(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t axis = call.axis("dim", call.rank(x));
  const std::string start = call.size_tensor(call.sizes("start").at(0));
  const std::string end = call.emit("Add", {start, call.size_tensor(call.sizes("length").at(0))});
  call.result("Slice", {x, start, end, call.constant(Integers{axis})});
}

void select(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t axis = call.axis("dim", call.rank(x));
  const SymbolicInteger index = call.sizes("index").at(0);
  const std::string at =
      index.written() ? call.scalar(index.value) : call.emit("Squeeze", {index.name});
  call.result("Gather", {x, at}, {{"axis", axis}});
}

void index_select(AtenCall& call) {
  call.result("Gather", {call.tensor("self"), call.tensor("index")},
              {{"axis", call.integer("dim")}});
}

void gather(AtenCall& call) {
  call.result("GatherElements", {call.tensor("self"), call.tensor("index")},
              {{"axis", call.integer("dim")}});
}

void embedding(AtenCall& call) {
  call.result("Gather", {call.tensor("weight"), call.tensor("indices")},
              {{"axis", std::int64_t{0}}});
}

/// x[:, indices]: one axis is indexed, by whole numbers.
void index(AtenCall& call) {
  const std::vector<std::string> indices = call.tensors("indices");
  std::int64_t axis = -1;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i].empty()) continue;
    if (axis >= 0) throw DataError("indexes several axes at once; accepted is one");
    axis = static_cast<std::int64_t>(i);
  }
  if (axis < 0) throw DataError("has no index");
  const std::string at = indices[static_cast<std::size_t>(axis)];
  if (call.value(at).type == ElementType::boolean)
    throw DataError("indexes by flags; accepted are whole numbers");
  call.result("Gather", {call.tensor("self"), at}, {{"axis", axis}});
}

void triangle(AtenCall& call, std::int64_t upper) {
  call.result("Trilu", {call.tensor("self"), call.scalar(call.integer("diagonal", 0))},
              {{"upper", upper}});
}

void tril(AtenCall& call) { triangle(call, 0); }
void triu(AtenCall& call) { triangle(call, 1); }

std::string part(AtenCall& call, const std::string& x, std::int64_t start, std::int64_t end,
                 std::int64_t axis) {
  return call.emit("Slice", {x, call.constant(Integers{start}), call.constant(Integers{end}),
                             call.constant(Integers{axis})});
}

void roll(AtenCall& call) {
  std::string x = call.tensor("self");
  const Integers shifts = call.integers("shifts"), axes = call.integers("dims", Integers{});
  if (axes.size() != shifts.size()) throw DataError("rolls without axes; expected one per shift");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t side = call.side(call.tensor("self"), axes[i]);
    const std::int64_t shift = side == 0 ? 0 : ((shifts[i] % side) + side) % side;
    if (shift == 0) continue;
    x = call.emit("Concat",
                  {part(call, x, -shift, kEnd, axes[i]), part(call, x, 0, -shift, axes[i])},
                  {{"axis", axes[i]}});
  }
  call.result("Identity", {x});
}

void flip(AtenCall& call) {
  const Integers axes = call.integers("dims");
  const std::string starts = call.constant(Integers(axes.size(), -1));
  const std::string ends =
      call.constant(Integers(axes.size(), std::numeric_limits<std::int64_t>::min()));
  call.result("Slice", {call.tensor("self"), starts, ends, call.constant(axes), starts});
}

void scatter(AtenCall& call) {
  if (!call.is_tensor("src")) throw DataError("scatters a number; expected a tensor");
  call.result("ScatterElements", {call.tensor("self"), call.tensor("index"), call.tensor("src")},
              {{"axis", call.integer("dim")}});
}

}  // namespace

AtenEntries aten_indexing() {
  return {{"embedding", embedding},
          {"flip", flip},
          {"gather", gather},
          {"index", index},
          {"index_select", index_select},
          {"narrow", narrow},
          {"roll", roll},
          {"scatter", scatter},
          {"select", select},
          {"slice", slice},
          {"tril", tril},
          {"triu", triu}};
}

}  // namespace ohmic
