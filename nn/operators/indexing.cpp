// What picks numbers by place, or puts them there.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/grid_sampler.h>
#include <ATen/ops/where.h>

#include <algorithm>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using at::Tensor;
using Sides = std::vector<std::int64_t>;

/// Elements start, start + step, ... before end of one axis, as Python's slices.
Tensor sliced(const Tensor& x, std::int64_t axis, std::int64_t start, std::int64_t end,
              std::int64_t step) {
  const std::int64_t n = x.size(axis);
  const auto place = [&](std::int64_t at, std::int64_t low, std::int64_t high) {
    return std::clamp(at < 0 && at >= -n ? at + n : at, low, high);
  };
  if (step > 0) {
    const std::int64_t from = place(start, 0, n);
    return x.slice(axis, from, std::max(from, place(end, 0, n)), std::min(step, n + 1));
  }
  const std::int64_t from = place(start, -1, n - 1);
  const std::int64_t to = std::min(from, end < -n ? -1 : place(end, -1, n - 1));
  return x.slice(axis, to + 1, from + 1)
      .flip(axis)
      .slice(axis, 0, from - to, step < -n ? n + 1 : -step);
}

Tensors slice(const Call& call) {
  const auto starts = call.integers(1, "starts"), ends = call.integers(2, "ends");
  if (!starts || !ends) call.refuse("starts or ends are missing");
  Sides all(starts->size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
  const Sides axes = call.axes(call.integers(3, "axes").value_or(all), call[0].dim());
  const Sides steps = call.integers(4, "steps").value_or(Sides(all.size(), 1));
  if (ends->size() != all.size() || axes.size() != all.size() || steps.size() != all.size()) {
    call.refuse("starts, ends, axes and steps are not equally many");
  }
  Tensor x = call[0];
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (steps[i] == 0) call.refuse("a step of 0");
    x = sliced(x, axes[i], (*starts)[i], (*ends)[i], steps[i]);
  }
  return {x};
}

/// Places that may count from the end of n, as 0 to n - 1.
Tensor from_start(const Tensor& index, std::int64_t n) {
  const Tensor place = index.to(at::kLong);
  return at::where(place < 0, place + n, place);
}

Tensors gather(const Call& call) {
  const Tensor& x = call[0];
  const std::int64_t axis = call.axis(call.integer("axis", 0), x.dim());
  const Tensor index = from_start(call[1], x.size(axis));
  Sides shape = x.sizes().vec();
  shape.erase(shape.begin() + axis);
  shape.insert(shape.begin() + axis, index.sizes().begin(), index.sizes().end());
  return {x.index_select(axis, index.flatten()).reshape(shape)};
}

Tensors gather_elements(const Call& call) {
  const std::int64_t axis = call.axis(call.integer("axis", 0), call[0].dim());
  return {call[0].gather(axis, from_start(call[1], call[0].size(axis)))};
}

/// Rows of places (last axis of `index`) as one place each in the flattened first axes of x.
Tensor flat_places(const Call& call, const Tensor& index, at::IntArrayRef sides) {
  Tensor flat;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const Tensor place = from_start(index.select(-1, static_cast<std::int64_t>(i)), sides[i]);
    if ((place < 0).logical_or(place >= sides[i]).any().item().toBool()) {
      call.refuse("a place outside of an axis of " + std::to_string(sides[i]));
    }
    flat = flat.defined() ? flat * sides[i] + place : place;
  }
  return flat;
}

/// How many of the axes of x, from `first` on, a row of indices addresses.
std::size_t addressed(const Call& call, std::int64_t first) {
  const Tensor& index = call[1];
  const std::int64_t k = index.dim() > 0 ? index.size(-1) : 0;
  if (k < 1 || first < 0 || first + k > call[0].dim()) {
    call.refuse("indices whose last axis does not fit the data's axes");
  }
  return static_cast<std::size_t>(k);
}

Tensors gather_nd(const Call& call) {
  const Tensor& x = call[0];
  const std::int64_t batch = call.integer("batch_dims", 0);
  const std::size_t k = addressed(call, batch);
  const auto first = static_cast<std::size_t>(batch);
  const at::IntArrayRef sides = x.sizes();
  Tensor places = flat_places(call, call[1], sides.slice(first, k));
  Sides shape = places.sizes().vec();
  std::int64_t batches = 1, size = 1;
  for (std::size_t i = 0; i < first; ++i) batches *= sides[i];
  for (std::size_t i = first; i < first + k; ++i) size *= sides[i];
  places = places.reshape({batches, -1});
  places = places + (at::arange(batches, places.options()) * size).unsqueeze(1);
  const at::IntArrayRef rest = sides.slice(first + k);
  shape.insert(shape.end(), rest.begin(), rest.end());
  Sides rows{batches * size};
  rows.insert(rows.end(), rest.begin(), rest.end());
  return {x.reshape(rows).index_select(0, places.flatten()).reshape(shape)};
}

/// scatter() with ONNX's word for what happens to the number that is there.
Tensor scattered(const Call& call, const Tensor& x, std::int64_t axis, const Tensor& index,
                 const Tensor& updates) {
  const std::string reduction = call.text("reduction", "none");
  if (reduction == "none") return x.scatter(axis, index, updates);
  if (reduction == "add") return x.scatter_add(axis, index, updates);
  if (reduction == "mul") return x.scatter_reduce(axis, index, updates, "prod");
  if (reduction == "max") return x.scatter_reduce(axis, index, updates, "amax");
  if (reduction == "min") return x.scatter_reduce(axis, index, updates, "amin");
  call.refuse("reduction = \"" + reduction + "\"; none, add, mul, max and min are accepted");
}

Tensors scatter_elements(const Call& call) {
  const std::int64_t axis = call.axis(call.integer("axis", 0), call[0].dim());
  return {scattered(call, call[0], axis, from_start(call[1], call[0].size(axis)), call[2])};
}

Tensors scatter_nd(const Call& call) {
  const Tensor& x = call[0];
  const std::size_t k = addressed(call, 0);
  const Tensor places = flat_places(call, call[1], x.sizes().slice(0, k)).flatten();
  std::int64_t rows = 1, rest = 1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(x.dim()); ++i) {
    (i < k ? rows : rest) *= x.sizes()[i];
  }
  const Tensor updates = call[2].reshape({places.numel(), rest});
  const Tensor index = places.unsqueeze(1).expand_as(updates);
  return {scattered(call, x.reshape({rows, rest}), 0, index, updates).reshape(x.sizes())};
}

Tensors non_zero(const Call& call) { return {call[0].nonzero().t()}; }

Tensors compress(const Call& call) {
  const Tensor x = call.has("axis") ? call[0] : call[0].flatten();
  const std::int64_t axis = call.axis(call.integer("axis", 0), x.dim());
  return {x.index_select(axis, call[1].nonzero().flatten())};
}

Tensors trilu(const Call& call) {
  const auto k = call.has(1) ? static_cast<std::int64_t>(call.scalar(1)) : 0;
  return {call.flag("upper", true) ? call[0].triu(k) : call[0].tril(k)};
}

/// The first lengths[i] steps of sample i in reverse; what follows stays.
Tensors reverse_sequence(const Call& call) {
  const Tensor& x = call[0];
  const std::int64_t time = call.axis(call.integer("time_axis", 0), x.dim());
  const std::int64_t batch = call.axis(call.integer("batch_axis", 1), x.dim());
  Sides along_time(static_cast<std::size_t>(x.dim()), 1), along_batch = along_time;
  along_time[static_cast<std::size_t>(time)] = x.size(time);
  along_batch[static_cast<std::size_t>(batch)] = x.size(batch);
  const Tensor length = call[1].to(at::kLong).reshape(along_batch);
  const Tensor step = at::arange(x.size(time), length.options()).reshape(along_time);
  const Tensor source = at::where(step < length, length - 1 - step, step);
  return {x.gather(time, source.expand_as(x))};
}

/// The place of a word in a list, which is the number that ATen gives it.
std::int64_t choice(const Call& call, const std::string& key, const std::vector<std::string>& words,
                    const std::string& otherwise) {
  const std::string word = call.text(key, otherwise);
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) call.refuse(key + " = \"" + word + "\" is not known");
  return found - words.begin();
}

Tensors grid_sample(const Call& call) {
  const std::int64_t mode =
      choice(call, "mode", {"bilinear", "nearest", "bicubic", "linear", "cubic"}, "linear");
  const std::int64_t padding =
      choice(call, "padding_mode", {"zeros", "border", "reflection"}, "zeros");
  if (call[0].dim() == 5 && mode != 0 && mode != 3) {
    call.refuse("mode = \"" + call.text("mode", "") +
                "\" with three spatial axes; linear is accepted there");
  }
  return {at::grid_sampler(call[0], call[1], mode < 3 ? mode : (mode - 3) * 2, padding,
                           call.flag("align_corners", false))};
}

constexpr const char* kDataDependent =
    "its shape depends on data: only where its inputs are constants";

const RegisterOperator kRegisterIndexing{
    {"Slice", slice, Sign::as_inputs},
    {"Gather", gather, Sign::as_inputs},
    {"GatherElements", gather_elements, Sign::as_inputs},
    {"GatherND", gather_nd, Sign::as_inputs},
    {"ScatterElements", scatter_elements, Sign::as_inputs},
    {"Scatter", scatter_elements, Sign::as_inputs},
    {"ScatterND", scatter_nd, Sign::as_inputs},
    {"NonZero", non_zero, Sign::non_negative, kDataDependent},
    {"Compress", compress, Sign::as_inputs, kDataDependent},
    {"Trilu", trilu, Sign::as_inputs},
    {"ReverseSequence", reverse_sequence, Sign::as_inputs},
    {"GridSample", grid_sample, Sign::unknown, "nearest and cubic with three spatial axes"},
};

}  // namespace
}  // namespace ohmic
