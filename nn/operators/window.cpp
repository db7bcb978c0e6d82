#include "nn/operators/window.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/constant_pad_nd.h>

#include <algorithm>

namespace ohmic {
namespace {

using Sides = std::vector<std::int64_t>;

Sides positive(const Call& call, const char* key, Sides values, std::size_t axes) {
  if (values.size() != axes) {
    call.refuse(std::string(key) + " has " + std::to_string(values.size()) + " numbers for " +
                std::to_string(axes) + " spatial axes");
  }
  for (const std::int64_t value : values) {
    if (value < 1) call.refuse(std::string(key) + " holds " + std::to_string(value));
  }
  return values;
}

/// auto_pad SAME_UPPER and SAME_LOWER: as many outputs as there are strides in the input.
void pad_to_same(Window& window, const Sides& sides, bool upper) {
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const std::int64_t outputs = (sides[i] + window.stride[i] - 1) / window.stride[i];
    const std::int64_t all =
        std::max<std::int64_t>(0, (outputs - 1) * window.stride[i] + window.extent(i) - sides[i]);
    window.before[i] = upper ? all / 2 : all - all / 2;
    window.after[i] = all - window.before[i];
  }
}

}  // namespace

bool Window::is_dilated() const {
  return std::any_of(dilation.begin(), dilation.end(), [](std::int64_t d) { return d != 1; });
}

Window window_of(const Call& call, const Sides& kernel, const Sides& sides) {
  const std::size_t n = sides.size();
  const Sides ones(n, 1);
  Window window{positive(call, "kernel_shape", kernel, n),
                positive(call, "strides", call.integers("strides", ones), n),
                positive(call, "dilations", call.integers("dilations", ones), n), Sides(n, 0),
                Sides(n, 0)};
  const std::string automatic = call.text("auto_pad", "NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    pad_to_same(window, sides, automatic == "SAME_UPPER");
  } else if (automatic == "NOTSET") {
    const Sides pads = call.integers("pads", Sides(2 * n, 0));
    if (pads.size() != 2 * n ||
        std::any_of(pads.begin(), pads.end(), [](auto p) { return p < 0; })) {
      call.refuse("pads are not " + std::to_string(2 * n) + " numbers of at least 0");
    }
    std::copy(pads.begin(), pads.begin() + static_cast<int>(n), window.before.begin());
    std::copy(pads.begin() + static_cast<int>(n), pads.end(), window.after.begin());
  } else if (automatic != "VALID") {
    call.refuse("auto_pad = \"" + automatic +
                "\"; NOTSET, SAME_UPPER, SAME_LOWER and VALID are accepted");
  }
  return window;
}

Sides spatial_sides(const Call& call, const at::Tensor& x) {
  if (x.dim() < 3 || x.dim() > 5) {
    call.refuse("an input with " + std::to_string(x.dim()) +
                " axes; N x C and one to three spatial axes are accepted");
  }
  return x.sizes().slice(2).vec();
}

at::Tensor padded(const at::Tensor& x, const Window& window, double value) {
  Sides pads;
  for (std::size_t i = window.axes(); i-- > 0;) {
    pads.push_back(window.before[i]);
    pads.push_back(window.after[i]);
  }
  const bool none = std::all_of(pads.begin(), pads.end(), [](auto pad) { return pad == 0; });
  return none ? x : at::constant_pad_nd(x, pads, value);
}

}  // namespace ohmic
