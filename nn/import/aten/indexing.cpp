// Parts of tensors.
#include <algorithm>
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

/// x[rows, columns]: the first axes are indexed together.
void index_together(AtenCall& call, const std::vector<std::string>& indices) {
  Inputs places;
  const std::string last = call.constant(Integers{-1});
  for (const std::string& index : indices) {
    if (index.empty() || call.value(index).type == ElementType::boolean ||
        call.rank(index) != call.rank(indices[0]))
      throw DataError(
          "indexes several axes at once; accepted are whole numbers of one shape for the first "
          "axes");
    places.push_back(call.emit("Unsqueeze", {index, last}));
  }
  const std::string all = call.emit("Concat", places, {{"axis", std::int64_t{-1}}});
  call.result("GatherND", {call.tensor("self"), all});
}

/// The places that indices of the axes from `first` on take on one axis that joins these.
std::string places_together(AtenCall& call, const std::vector<std::string>& indices,
                            std::size_t first) {
  std::string places;
  for (std::size_t i = first; i < indices.size(); ++i) {
    if (indices[i].empty() || call.value(indices[i]).type == ElementType::boolean)
      throw DataError(
          "indexes several axes at once; accepted are whole numbers for neighbouring axes");
    const std::int64_t axis = static_cast<std::int64_t>(i);
    const std::string side = call.scalar(call.side(call.tensor("self"), axis));
    const std::string own = call.cast(indices[i], call.value(indices[i]).type, ElementType::i64);
    const std::string at = call.emit("Mod", {own, side});  // -1 is the last
    places = i == first ? at : call.emit("Add", {call.emit("Mul", {places, side}), at});
  }
  return places;
}

/// x[:, rows, columns]: neighbouring axes are indexed together; joined, they are one axis.
void index_neighbours(AtenCall& call, const std::vector<std::string>& indices, std::size_t first) {
  const std::string x = call.tensor("self");
  Integers joined(first, 0);
  joined.push_back(-1);
  const std::string places = places_together(call, indices, first);
  for (auto i = static_cast<std::int64_t>(indices.size()); i < call.rank(x); ++i)
    joined.push_back(call.side(x, i));
  call.result("Gather", {call.reshaped(x, joined), places},
              {{"axis", static_cast<std::int64_t>(first)}});
}

/// x[:, indices]: one axis is indexed, by whole numbers.
void index(AtenCall& call) {
  const std::vector<std::string> indices = call.tensors("indices");
  const auto all = std::ranges::count(indices, std::string());
  if (all > 0 && all + 1 < std::ssize(indices)) {
    const auto first = std::ranges::find_if(indices, [](const auto& i) { return !i.empty(); });
    return index_neighbours(call, indices, static_cast<std::size_t>(first - indices.begin()));
  }
  if (all + 1 < std::ssize(indices)) return index_together(call, indices);
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

void slice_scatter(AtenCall& call) {
  const std::string x = call.tensor("self");
  if (call.has("step") && call.integer("step") != 1)
    throw DataError("writes places apart from each other; accepted is a step of 1");
  call.written(x, call.tensor("src"), call.axis("dim", call.rank(x), 0), bound(call, "start", 0),
               bound(call, "end", kEnd));
}

void select_scatter(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t axis = call.axis("dim", call.rank(x)), at = call.integer("index");
  const std::string part =
      call.emit("Unsqueeze", {call.tensor("src"), call.constant(Integers{axis})});
  call.written(x, part, axis, {at, {}}, {at == -1 ? kEnd : at + 1, {}});
}

void scatter(AtenCall& call) {
  if (!call.is_tensor("src")) throw DataError("scatters a number; expected a tensor");
  call.result("ScatterElements", {call.tensor("self"), call.tensor("index"), call.tensor("src")},
              {{"axis", call.integer("dim")}});
}

void scatter_add(AtenCall& call) {
  call.result("ScatterElements", {call.tensor("self"), call.tensor("index"), call.tensor("src")},
              {{"axis", call.integer("dim")}, {"reduction", std::string("add")}});
}

/// Files say large numbers in a few bytes.
void expect_few(std::int64_t places, std::int64_t of_each = 1) {
  constexpr std::int64_t kMost = std::int64_t{1} << 20;
  std::int64_t all = 0;
  if (places < 0 || of_each < 0 || __builtin_mul_overflow(places, of_each, &all) || all > kMost)
    throw DataError("takes " + std::to_string(places) + " x " + std::to_string(of_each) +
                    " places; accepted are at most " + std::to_string(kMost));
}

/// The call's first output: x with `part` put at, or added to, places of the axes from `first` to
/// `end`, joined. `part` has the axes of the places instead of these, or is repeated to that.
void put_at(AtenCall& call, std::int64_t first, std::int64_t end, const std::string& places,
            const std::string& part, bool adds) {
  const std::string x = call.tensor("self");
  const std::int64_t rank = call.rank(x);
  const std::string whole = call.shape_of(x), one = call.constant(Integers{-1});
  const auto with = [&](const std::string& middle) {
    const auto sides = [&](std::int64_t from, std::int64_t to) {
      return call.emit("Shape", {x}, {{"start", from}, {"end", to}});
    };
    return call.emit("Concat", {sides(0, first), middle, sides(end, rank)},
                     {{"axis", std::int64_t{0}}});
  };
  const std::string parts =
      call.emit("Reshape", {call.emit("Expand", {part, with(call.shape_of(places))}), with(one)});
  Integers along(static_cast<std::size_t>(rank - (end - first) + 1), 1);
  along[static_cast<std::size_t>(first)] = -1;
  const std::string at = call.emit("Expand", {call.reshaped(places, along), call.shape_of(parts)});
  const std::string made =
      call.emit("ScatterElements", {call.emit("Reshape", {x, with(one)}), at, parts},
                {{"axis", first}, {"reduction", std::string(adds ? "add" : "none")}});
  call.result("Reshape", {made, whole});
}

void index_add(AtenCall& call) {
  const std::string x = call.tensor("self");
  const ElementType type = call.value(x).type;
  std::string part = call.operand("source", type);
  if (call.number("alpha", 1) != 1) part = call.emit("Mul", {part, call.operand("alpha", type)});
  const std::int64_t axis = call.axis("dim", call.rank(x));
  put_at(call, axis, axis + 1, call.reshaped(call.tensor("index"), {-1}), part, true);
}

void one_hot(AtenCall& call) {
  const std::int64_t classes = call.integer("num_classes", -1);
  if (classes < 1) throw DataError("finds the number of classes itself; expected num_classes");
  call.result("OneHot", {call.tensor("self"), call.scalar(classes), call.constant(Integers{0, 1})});
}

void index_copy(AtenCall& call) {
  const std::int64_t axis = call.axis("dim", call.rank(call.tensor("self")));
  put_at(call, axis, axis + 1, call.reshaped(call.tensor("index"), {-1}), call.tensor("source"),
         false);
}

/// x[:, rows, columns] = numbers, or +=.
void put_numbers(AtenCall& call, const std::vector<std::string>& indices, std::size_t first) {
  const std::string value = call.tensor("values");
  const std::string part = call.cast(value, call.value(value).type, call.output_value().type);
  put_at(call, static_cast<std::int64_t>(first), std::ssize(indices),
         places_together(call, indices, first), part, call.flag("accumulate", false));
}

/// x[flags] = number, x[:, places] = numbers.
void index_put(AtenCall& call) {
  const std::string x = call.tensor("self"), value = call.tensor("values");
  std::vector<std::string> indices = call.tensors("indices");
  while (!indices.empty() && indices.back().empty()) indices.pop_back();
  if (indices.empty()) throw DataError("has no index");
  const auto given = [](const std::string& i) { return !i.empty(); };
  const auto first = std::find_if(indices.begin(), indices.end(), given);
  std::string flags = *first;
  const std::int64_t axis = first - indices.begin();
  const bool has_flags = call.value(flags).type == ElementType::boolean;
  if (has_flags && (call.flag("accumulate", false) || call.rank(value) != 0))
    throw DataError("puts several numbers by flags; accepted is one, or places that are numbers");
  if (!has_flags) return put_numbers(call, indices, static_cast<std::size_t>(axis));
  if (axis + 1 < std::ssize(indices))
    throw DataError("indexes several axes at once; accepted is one, or flags");
  Integers behind;  // axes that the flags do not have
  for (std::int64_t i = axis + call.rank(flags); i < call.rank(x); ++i) behind.push_back(i - axis);
  if (!behind.empty()) flags = call.emit("Unsqueeze", {flags, call.constant(behind)});
  const ElementType type = call.output_value().type;
  call.result("Where", {flags, call.cast(value, call.value(value).type, type), x});
}

/// Windows of one axis, their places last.
void unfold(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t rank = call.rank(x), axis = call.axis("dimension", rank);
  const std::int64_t size = call.integer("size"), step = call.integer("step");
  expect_few(call.side(x, axis));
  if (size < 1 || step < 1 || size > call.side(x, axis))
    throw DataError("has windows of " + std::to_string(size) + " every " + std::to_string(step) +
                    "; expected some inside the axis");
  const std::int64_t windows = (call.side(x, axis) - size) / step + 1;
  expect_few(windows, size);
  Integers places;
  for (std::int64_t w = 0; w < windows; ++w)
    for (std::int64_t i = 0; i < size; ++i) places.push_back(w * step + i);
  const std::string at = call.reshaped(call.constant(places), {windows, size});
  Integers order;
  for (std::int64_t i = 0; i <= rank; ++i)
    if (i != axis + 1) order.push_back(i);
  order.push_back(axis + 1);
  call.result("Transpose", {call.emit("Gather", {x, at}, {{"axis", axis}})}, {{"perm", order}});
}

void diagonal(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t rank = call.rank(x), offset = call.integer("offset", 0);
  const std::int64_t a = call.axis("dim1", rank, 0), b = call.axis("dim2", rank, 1);
  const std::int64_t rows = call.side(x, a), columns = call.side(x, b);
  expect_few(rows, columns);
  if (rank < 2 || a == b) throw DataError("has no two axes");
  Integers order, shape, places;
  for (std::int64_t i = 0; i < rank; ++i)
    if (i != a && i != b) {
      order.push_back(i);
      shape.push_back(0);
    }
  order.insert(order.end(), {a, b});
  shape.push_back(-1);
  for (std::int64_t i = 0; i < rows; ++i)
    if (i + offset >= 0 && i + offset < columns) places.push_back(i * columns + i + offset);
  const std::string turned = call.emit("Transpose", {x}, {{"perm", order}});
  call.result("Gather", {call.reshaped(turned, shape), call.constant(places)},
              {{"axis", rank - 2}});
}

/// What a kernel sees of an image: channels x places of the kernel x places of the image.
void im2col(AtenCall& call) {
  const std::string x = call.tensor("self");
  const Integers kernel = call.integers("kernel_size", {}, 2),
                 dilation = call.integers("dilation", {}, 2),
                 padding = call.integers("padding", {}, 2), stride = call.integers("stride", {}, 2);
  if (call.rank(x) != 4) throw DataError("expected a batch of images");
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t side = call.side(x, static_cast<std::int64_t>(i) + 2);
    for (const std::int64_t size : {side, kernel[i], dilation[i], padding[i], stride[i]})
      expect_few(size);
    if (kernel[i] < 1 || dilation[i] < 1 || stride[i] < 1)
      throw DataError("has a kernel, dilation or stride of 0");
    if (side + 2 * padding[i] <= dilation[i] * (kernel[i] - 1))
      throw DataError("has a kernel that is larger than its padded input");
  }
  constexpr std::int64_t kMostInKernel = 4096;
  if (kernel[0] * kernel[1] > kMostInKernel)
    throw DataError("has a kernel of " + std::to_string(kernel[0] * kernel[1]) +
                    " places; accepted are at most " + std::to_string(kMostInKernel));
  const std::string padded = call.emit(
      "Pad",
      {x, call.constant(Integers{0, 0, padding[0], padding[1], 0, 0, padding[0], padding[1]})});
  const std::string axes = call.constant(Integers{2, 3}), steps = call.constant(stride);
  Integers places;
  for (std::size_t i = 0; i < 2; ++i)
    places.push_back((call.side(x, static_cast<std::int64_t>(i) + 2) + 2 * padding[i] -
                      dilation[i] * (kernel[i] - 1) - 1) /
                     stride[i]);
  Inputs seen;
  for (std::int64_t k = 0; k < kernel[0] * kernel[1]; ++k) {
    const Integers at{k / kernel[1] * dilation[0], k % kernel[1] * dilation[1]};
    const Integers end{at[0] + places[0] * stride[0] + 1, at[1] + places[1] * stride[1] + 1};
    const std::string part =
        call.emit("Slice", {padded, call.constant(at), call.constant(end), axes, steps});
    seen.push_back(call.emit("Unsqueeze", {part, call.constant(Integers{2})}));
  }
  const std::string all = call.emit("Concat", seen, {{"axis", std::int64_t{2}}});
  const std::int64_t rows = call.side(x, 1) * kernel[0] * kernel[1];
  call.result("Reshape", {all, call.constant(Integers{0, rows, -1})});
}

void col2im(AtenCall& call) {
  const Integers padding = call.integers("padding", {}, 2);
  call.result("Col2Im",
              {call.tensor("self"), call.constant(call.integers("output_size", {}, 2)),
               call.constant(call.integers("kernel_size", {}, 2))},
              {{"dilations", call.integers("dilation", {}, 2)},
               {"pads", Integers{padding[0], padding[1], padding[0], padding[1]}},
               {"strides", call.integers("stride", {}, 2)}});
}

}  // namespace

AtenEntries aten_indexing() {
  return {{"flip", flip},
          {"gather", gather},
          {"index", index},
          {"index_add", index_add},
          {"index_copy", index_copy},
          {"index_select", index_select},
          {"narrow", narrow},
          {"roll", roll},
          {"scatter", scatter},
          {"select", select},
          {"select_scatter", select_scatter},
          {"slice", slice},
          {"slice_scatter", slice_scatter},
          {"tril", tril},
          {"triu", triu},
          {"diagonal", diagonal},
          {"col2im", col2im},
          {"im2col", im2col},
          {"index_put", index_put},
          {"_unsafe_index", index},
          {"_unsafe_index_put", index_put},
          {"one_hot", one_hot},
          {"scatter_add", scatter_add},
          {"unfold", unfold}};
}

}  // namespace ohmic
