// Maxima and means of windows.
#include <algorithm>
#include <string>

#include "nn/import/aten/aten_call.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// The number of axes that an operator's name says: "max_pool2d_with_indices".
std::size_t spatial_axes(const AtenCall& call) {
  const std::size_t at = call.op().find("pool");
  return static_cast<std::size_t>(call.op().at(at + 4) - '0');
}

/// A stride that is not given is the window's size.
Attributes window(const AtenCall& call) {
  const std::size_t axes = spatial_axes(call);
  const Integers kernel = call.integers("kernel_size", {}, axes);
  Integers strides = kernel;
  if (call.has("stride") && !call.sizes("stride").empty())
    strides = call.integers("stride", {}, axes);
  Integers pads = call.integers("padding", Integers(axes, 0), axes);
  const Integers ends = pads;
  pads.insert(pads.end(), ends.begin(), ends.end());
  return {{"kernel_shape", kernel},
          {"strides", strides},
          {"pads", pads},
          {"ceil_mode", std::int64_t{call.flag("ceil_mode", false)}}};
}

void max_pool(AtenCall& call) {
  const std::size_t axes = spatial_axes(call);
  Attributes attributes = window(call);
  attributes["dilations"] = call.integers("dilation", Integers(axes, 1), axes);
  call.result("MaxPool", {call.tensor("self")}, attributes);
}

void avg_pool(AtenCall& call) {
  if (call.has("divisor_override"))
    throw DataError("has a divisor_override; expected the mean of a window");
  Attributes attributes = window(call);
  attributes["count_include_pad"] = std::int64_t{call.flag("count_include_pad", true)};
  call.result("AveragePool", {call.tensor("self")}, attributes);
}

/// Along one axis, the mean or maximum of `out` windows that cover all of it: from floor(i in/out)
/// to ceil((i + 1) in/out).
std::string adaptive_axis(AtenCall& call, const std::string& x, std::int64_t axis, std::int64_t in,
                          std::int64_t out, const char* reduce) {
  constexpr std::int64_t kMost = 4096;
  if (out < 1 || in < 1 || out > kMost || in > 1'000'000'000)
    throw DataError("gives " + std::to_string(out) + " windows of " + std::to_string(in) +
                    "; accepted are 1 to " + std::to_string(kMost));
  Inputs windows;
  const std::string axes = call.constant(Integers{axis});
  for (std::int64_t i = 0; i < out; ++i) {
    const std::string begin = call.constant(Integers{i * in / out});
    const std::string end = call.constant(Integers{((i + 1) * in + out - 1) / out});
    windows.push_back(call.emit(reduce, {call.emit("Slice", {x, begin, end, axes}), axes}));
  }
  return call.emit("Concat", windows, {{"axis", axis}});
}

void adaptive(AtenCall& call, const char* pool, const char* global, const char* reduce) {
  std::string x = call.tensor("self");
  const std::size_t axes = spatial_axes(call);
  const Integers out = call.integers("output_size", {}, axes);
  if (std::all_of(out.begin(), out.end(), [](std::int64_t side) { return side == 1; }))
    return call.result(global, {x});
  const auto first = call.rank(x) - static_cast<std::int64_t>(axes);
  Integers kernel;
  bool even = true;
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t in = call.side(x, first + static_cast<std::int64_t>(i));
    if (out[i] < 1) throw DataError("gives " + std::to_string(out[i]) + " windows");
    even = even && in % out[i] == 0 && in > 0;
    kernel.push_back(in / out[i]);
  }
  if (even) return call.result(pool, {x}, {{"kernel_shape", kernel}, {"strides", kernel}});
  const std::string source = x;
  for (std::size_t i = 0; i < axes; ++i) {
    const std::int64_t axis = first + static_cast<std::int64_t>(i);
    x = adaptive_axis(call, x, axis, call.side(source, axis), out[i], reduce);
  }
  call.result("Identity", {x});
}

void adaptive_avg(AtenCall& call) {
  adaptive(call, "AveragePool", "GlobalAveragePool", "ReduceMean");
}
void adaptive_max(AtenCall& call) { adaptive(call, "MaxPool", "GlobalMaxPool", "ReduceMax"); }

}  // namespace

AtenEntries aten_pooling() {
  return {{"adaptive_avg_pool1d", adaptive_avg},
          {"adaptive_avg_pool2d", adaptive_avg},
          {"_adaptive_avg_pool2d", adaptive_avg},
          {"adaptive_avg_pool3d", adaptive_avg},
          {"_adaptive_avg_pool3d", adaptive_avg},
          {"adaptive_max_pool1d", adaptive_max},
          {"adaptive_max_pool2d", adaptive_max},
          {"adaptive_max_pool3d", adaptive_max},
          {"avg_pool1d", avg_pool},
          {"avg_pool2d", avg_pool},
          {"avg_pool3d", avg_pool},
          {"max_pool1d", max_pool},
          {"max_pool1d_with_indices", max_pool},
          {"max_pool2d", max_pool},
          {"max_pool2d_with_indices", max_pool},
          {"max_pool3d", max_pool},
          {"max_pool3d_with_indices", max_pool}};
}

}  // namespace ohmic
