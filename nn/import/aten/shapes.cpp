// The same numbers in another shape or order.
#include <algorithm>
#include <limits>
#include <numeric>

#include "nn/import/aten/aten_call.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

void identity(AtenCall& call) {
  call.result("Identity", {call.tensor(call.has("input") ? "input" : "self")});
}

void dropout(AtenCall& call) {
  if (call.flag("train", false))
    throw DataError("was exported in training; call model.eval() before torch.export.export");
  identity(call);
}

/// The same values with the type of element that the file says of the output.
void convert(AtenCall& call) {
  const std::string x = call.tensor("self");
  const ElementType to = call.output_value().type;
  if (call.value(x).type == to) return call.result("Identity", {x});
  call.result("Cast", {x}, {{"to", onnx_number(to)}});
}

/// To sides that the call gives; one that is computed is what the others leave.
void reshape_to(AtenCall& call, std::vector<SymbolicInteger> sizes) {
  const auto computed = [](const SymbolicInteger& s) { return !s.written(); };
  const auto open = [](const SymbolicInteger& s) { return s.written() && s.value == -1; };
  const bool empty = std::any_of(sizes.begin(), sizes.end(), [](const SymbolicInteger& s) {
    return s.written() && s.value == 0;
  });
  if (std::count_if(sizes.begin(), sizes.end(), computed) == 1 && !empty &&
      std::none_of(sizes.begin(), sizes.end(), open))
    *std::find_if(sizes.begin(), sizes.end(), computed) = {-1, {}};
  call.result("Reshape", {call.tensor("self"), call.size_tensor(sizes)},
              {{"allowzero", std::int64_t{empty}}});
}

void view(AtenCall& call) { reshape_to(call, call.sizes(call.has("size") ? "size" : "shape")); }

/// To the sides that the file says of the output, of which one may be free.
void reshape_as_said(AtenCall& call) {
  const std::string x = call.tensor("self");
  const Integers& shape = call.output_value().shape;
  if (std::count(shape.begin(), shape.end(), -1) > 1)
    throw DataError(
        "has more than one side that is not written in the file; export with fixed "
        "sizes but of the batch");
  call.result("Reshape", {x, call.constant(shape)});
}

void flatten(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t rank = call.rank(x);
  const std::int64_t start = call.axis("start_dim", rank, 0), end = call.axis("end_dim", rank, -1);
  if (start == 1 && end == rank - 1)
    return call.result("Flatten", {x}, {{"axis", std::int64_t{1}}});
  Integers shape;  // 0: as it was
  for (std::int64_t i = 0; i < start; ++i) shape.push_back(0);
  shape.push_back(-1);
  const Integers& out = call.output_value().shape;
  shape.insert(shape.end(), out.begin() + std::min<std::int64_t>(start + 1, std::ssize(out)),
               out.end());
  if (std::count(shape.begin(), shape.end(), -1) > 1) return reshape_as_said(call);
  call.result("Reshape", {x, call.constant(shape)});
}

void unflatten(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t axis = call.axis("dim", call.rank(x));
  const Integers sizes = call.integers("sizes");
  Integers shape(static_cast<std::size_t>(axis), 0);
  shape.insert(shape.end(), sizes.begin(), sizes.end());
  for (std::int64_t i = axis + 1; i < call.rank(x); ++i) shape.push_back(call.side(x, i));
  call.result("Reshape", {x, call.constant(shape)});
}

void transposed(AtenCall& call, const Integers& order) {
  call.result("Transpose", {call.tensor("self")}, {{"perm", order}});
}

Integers in_order(std::int64_t rank) {
  Integers order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

void permute(AtenCall& call) {
  const std::int64_t rank = call.rank(call.tensor("self"));
  Integers order = call.integers("dims");
  for (std::int64_t& axis : order) axis += axis < 0 ? rank : 0;
  transposed(call, order);
}

void transpose(AtenCall& call) {
  const std::int64_t rank = call.rank(call.tensor("self"));
  Integers order = in_order(rank);
  const auto a = static_cast<std::size_t>(call.axis("dim0", rank));
  const auto b = static_cast<std::size_t>(call.axis("dim1", rank));
  if (!order.empty()) std::swap(order[a], order[b]);
  transposed(call, order);
}

void t(AtenCall& call) {
  Integers order = in_order(call.rank(call.tensor("self")));
  std::reverse(order.begin(), order.end());
  transposed(call, order);
}

void unsqueeze(AtenCall& call) {
  call.result("Unsqueeze", {call.tensor("self"), call.constant(Integers{call.integer("dim")})});
}

/// PyTorch leaves axes alone whose side is not 1.
void squeeze(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t rank = call.rank(x);
  Integers wanted = call.has("dim") ? call.integers("dim") : in_order(rank), axes;
  for (std::int64_t axis : wanted) {
    axis += axis < 0 ? rank : 0;
    if (axis < 0 || axis >= std::max<std::int64_t>(rank, 1))
      throw DataError("squeezes axis " + std::to_string(axis) + " of " + std::to_string(rank));
    if (rank > 0 && call.value(x).shape[static_cast<std::size_t>(axis)] == 1) axes.push_back(axis);
  }
  if (axes.empty()) return call.result("Identity", {x});
  call.result("Squeeze", {x, call.constant(axes)});
}

/// -1 keeps a side, which is what ONNX's 1 does.
void expand(AtenCall& call) {
  std::vector<SymbolicInteger> sizes = call.sizes("size");
  for (SymbolicInteger& size : sizes)
    if (size.written() && size.value == -1) size.value = 1;
  call.result("Expand", {call.tensor("self"), call.size_tensor(sizes)});
}

/// Numbers by their place in memory: accepted where these are the tensor's own, as a decomposed
/// mean of images is written.
void as_strided(AtenCall& call) {
  const std::string x = call.tensor("self");
  const AtenValue &from = call.value(x), &to = call.output_value();
  const Integers strides = call.integers("stride");
  bool is_same = from.shape == to.shape && from.strides.size() == from.shape.size() &&
                 strides.size() == from.shape.size() && call.integer("storage_offset", 0) == 0;
  for (std::size_t i = 0; is_same && i < strides.size(); ++i)
    is_same = from.shape[i] == 1 || (strides[i] >= 0 && strides[i] == from.strides[i]);
  if (!is_same)
    throw DataError(
        "reads memory in an order of its own; accepted is that of its tensor, which changes "
        "nothing");
  call.result("Identity", {x});
}

void like_other(AtenCall& call, const char* op) {
  call.result(op, {call.tensor("self"), call.shape_of(call.tensor("other"))});
}

void expand_as(AtenCall& call) { like_other(call, "Expand"); }
void view_as(AtenCall& call) { like_other(call, "Reshape"); }

void repeat(AtenCall& call) {
  std::string x = call.tensor("self");
  const std::vector<SymbolicInteger>& times = call.sizes(call.has("repeats") ? "repeats" : "dims");
  const auto rank = static_cast<std::size_t>(call.rank(x));
  if (times.size() > rank) {
    Integers front(times.size() - rank);
    std::iota(front.begin(), front.end(), 0);
    x = call.emit("Unsqueeze", {x, call.constant(front)});
  }
  std::vector<SymbolicInteger> all(rank > times.size() ? rank - times.size() : 0, {1, {}});
  all.insert(all.end(), times.begin(), times.end());
  call.result("Tile", {x, call.size_tensor(all)});
}

void cat(AtenCall& call) {
  call.result("Concat", call.tensors("tensors"), {{"axis", call.integer("dim", 0)}});
}

void stack(AtenCall& call) {
  const std::int64_t axis = call.axis("dim", std::ssize(call.output_value().shape), 0);
  const std::string at = call.constant(Integers{axis});
  Inputs parts;
  for (const std::string& part : call.tensors("tensors"))
    parts.push_back(call.emit("Unsqueeze", {part, at}));
  call.result("Concat", parts, {{"axis", axis}});
}

/// The parts' sizes stand in the file with the outputs.
void split(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t axis = call.axis("dim", call.rank(x), 0);
  Integers sizes;
  for (const std::string& part : call.outputs()) sizes.push_back(call.side(part, axis));
  call.results("Split", {x, call.constant(sizes)}, {{"axis", axis}});
}

void unbind(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t axis = call.axis("dim", call.rank(x), 0);
  for (std::size_t i = 0; i < call.outputs().size(); ++i)
    call.output(i, "Gather", {x, call.scalar(static_cast<std::int64_t>(i))}, {{"axis", axis}});
}

void pixel_shuffle(AtenCall& call) {
  call.result("DepthToSpace", {call.tensor("self")},
              {{"blocksize", call.integer("upscale_factor")}, {"mode", std::string("CRD")}});
}

/// Channels outermost, then the place in the block.
void pixel_unshuffle(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t factor = call.integer("downscale_factor");
  if (call.rank(x) != 4 || factor < 1) throw DataError("expected a batch of images and a factor");
  const std::int64_t c = call.side(x, 1), h = call.side(x, 2), w = call.side(x, 3);
  const std::string blocks = call.reshaped(x, {0, c, h / factor, factor, w / factor, factor});
  const std::string turned =
      call.emit("Transpose", {blocks}, {{"perm", Integers{0, 1, 3, 5, 2, 4}}});
  call.result("Reshape", {turned, call.constant(Integers{0, -1, h / factor, w / factor})});
}

void channel_shuffle(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t groups = call.integer("groups");
  if (call.rank(x) != 4) throw DataError("expected a batch of images");
  const std::int64_t h = call.side(x, 2), w = call.side(x, 3);
  const std::string split = call.reshaped(x, {0, groups, -1, h, w});
  const std::string turned = call.emit("Transpose", {split}, {{"perm", Integers{0, 2, 1, 3, 4}}});
  call.result("Reshape", {turned, call.constant(Integers{0, -1, h, w})});
}

void swapaxes(AtenCall& call) {
  const std::int64_t rank = call.rank(call.tensor("self"));
  const bool says_dim = call.has("dim0");
  Integers order = in_order(rank);
  std::swap(order[static_cast<std::size_t>(call.axis(says_dim ? "dim0" : "axis0", rank))],
            order[static_cast<std::size_t>(call.axis(says_dim ? "dim1" : "axis1", rank))]);
  transposed(call, order);
}

/// Axes that move, each to its place; the others keep their order.
void movedim(AtenCall& call) {
  const std::int64_t rank = call.rank(call.tensor("self"));
  Integers from = call.integers("source"), to = call.integers("destination");
  Integers order(static_cast<std::size_t>(rank), -1);
  if (from.size() != to.size()) throw DataError("does not move as many axes as places");
  for (std::size_t i = 0; i < from.size(); ++i) {
    from[i] += from[i] < 0 ? rank : 0;
    to[i] += to[i] < 0 ? rank : 0;
    if (std::min(from[i], to[i]) < 0 || std::max(from[i], to[i]) >= rank)
      throw DataError("moves an axis that is not there");
    order[static_cast<std::size_t>(to[i])] = from[i];
  }
  std::int64_t next = 0;
  for (std::int64_t& axis : order) {
    if (axis >= 0) continue;
    while (std::count(from.begin(), from.end(), next)) ++next;
    axis = next++;
  }
  transposed(call, order);
}

void repeat_interleave(AtenCall& call) {
  std::string x = call.tensor("self");
  if (!call.has("dim")) throw DataError("repeats without an axis; expected one");
  const std::int64_t rank = call.rank(x), axis = call.axis("dim", rank);
  Integers times(static_cast<std::size_t>(rank) + 1, 1);
  times[static_cast<std::size_t>(axis) + 1] = call.integer("repeats");
  x = call.emit("Tile", {call.emit("Unsqueeze", {x, call.constant(Integers{axis + 1})}),
                         call.constant(times)});
  Integers shape;
  for (std::int64_t i = 0; i < rank; ++i) {
    const std::int64_t side = call.output_value().shape[static_cast<std::size_t>(i)];
    shape.push_back(i < axis ? 0 : side);
  }
  if (std::count(shape.begin(), shape.end(), -1) > 1)
    throw DataError("has more than one side that is not written in the file");
  call.result("Reshape", {x, call.constant(shape)});
}

/// Differences of neighbours.
void diff(AtenCall& call) {
  std::string x = call.tensor("self");
  if (call.has("prepend") || call.has("append")) throw DataError("joins tensors; expected one");
  const std::int64_t axis = call.axis("dim", call.rank(x), -1);
  constexpr std::int64_t kMostTimes = 64;
  if (call.integer("n", 1) > kMostTimes) throw DataError("takes differences too often");
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::string at = call.constant(Integers{axis});
  const auto places = [&](std::int64_t begin, std::int64_t end) {
    return call.emit("Slice",
                     {x, call.constant(Integers{begin}), call.constant(Integers{end}), at});
  };
  for (std::int64_t i = call.integer("n", 1); i > 0; --i)
    x = call.emit("Sub", {places(1, most), places(0, -1)});
  call.result("Identity", {x});
}

}  // namespace

AtenEntries aten_shapes() {
  return {{"alias", identity},
          {"alpha_dropout", dropout},
          {"as_strided", as_strided},
          {"cat", cat},
          {"channel_shuffle", channel_shuffle},
          {"chunk", split},
          {"clone", identity},
          {"concat", cat},
          {"contiguous", identity},
          {"detach", identity},
          {"dropout", dropout},
          {"expand", expand},
          {"expand_as", expand_as},
          {"feature_dropout", dropout},
          {"flatten", flatten},
          {"lift_fresh_copy", identity},
          {"native_dropout", dropout},
          {"numpy_T", t},
          {"permute", permute},
          {"pixel_shuffle", pixel_shuffle},
          {"pixel_unshuffle", pixel_unshuffle},
          {"repeat", repeat},
          {"reshape", view},
          {"reshape_as", view_as},
          {"split", split},
          {"split_with_sizes", split},
          {"squeeze", squeeze},
          {"stack", stack},
          {"t", t},
          {"tile", repeat},
          {"to", convert},
          {"_to_copy", convert},
          {"transpose", transpose},
          {"type_as", convert},
          {"unbind", unbind},
          {"unflatten", unflatten},
          {"_unsafe_view", view},
          {"unsqueeze", unsqueeze},
          {"view", view},
          {"view_as", view_as},
          {"diff", diff},
          {"moveaxis", movedim},
          {"movedim", movedim},
          {"repeat_interleave.self_int", repeat_interleave},
          {"swapaxes", swapaxes},
          {"swapdims", swapaxes},
          {"tensor_split", split}};
}

}  // namespace ohmic
