// Images of other sizes: interpolation and padding.
#include "nn/import/aten/aten_call.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// A batch of images to sizes or by factors, whichever the call gives.
void resize(AtenCall& call, Attributes attributes) {
  const std::string x = call.tensor(call.has("input") ? "input" : "self");
  const std::int64_t rank = call.rank(x);
  std::vector<double> factors = call.numbers("scale_factors");
  if (!call.has("output_size") && factors.size() + 2 != static_cast<std::size_t>(rank))
    throw DataError("has no size and no factors");
  if (call.has("output_size")) {
    std::vector<SymbolicInteger> sizes = call.sizes("output_size");
    const std::string whole = call.shape_of(x);
    const std::string kept =
        call.emit("Slice", {whole, call.constant(Integers{0}), call.constant(Integers{2})});
    const std::string all =
        call.emit("Concat", {kept, call.size_tensor(sizes)}, {{"axis", std::int64_t{0}}});
    return call.result("Resize", {x, "", "", all}, std::move(attributes));
  }
  Inputs scales;
  const std::string flat = call.constant(Integers{1});
  factors.insert(factors.begin(), {1, 1});
  for (const double factor : factors)
    scales.push_back(call.emit("Reshape", {call.scalar(factor, ElementType::f32), flat}));
  const std::string all = call.emit("Concat", scales, {{"axis", std::int64_t{0}}});
  call.result("Resize", {x, "", all}, std::move(attributes));
}

void nearest(AtenCall& call) {
  resize(call, {{"mode", std::string("nearest")},
                {"coordinate_transformation_mode", std::string("asymmetric")},
                {"nearest_mode", std::string("floor")}});
}

std::string corners(const AtenCall& call) {
  return call.flag("align_corners", false) ? "align_corners" : "pytorch_half_pixel";
}

void resize_linear(AtenCall& call) {
  resize(call,
         {{"mode", std::string("linear")}, {"coordinate_transformation_mode", corners(call)}});
}

void cubic(AtenCall& call) {
  resize(call, {{"mode", std::string("cubic")},
                {"cubic_coeff_a", -0.75},
                {"coordinate_transformation_mode", corners(call)}});
}

/// PyTorch counts pairs from the last axis, ONNX all beginnings and then all ends.
void pad_by(AtenCall& call, const std::string& mode) {
  const std::string x = call.tensor("self");
  const auto rank = static_cast<std::size_t>(call.rank(x));
  const Integers pairs = call.integers(call.has("padding") ? "padding" : "pad");
  if (pairs.size() % 2 != 0 || pairs.size() > 2 * rank)
    throw DataError("pads by " + std::to_string(pairs.size()) +
                    " numbers; expected two for each axis");
  Integers pads(2 * rank, 0);
  for (std::size_t i = 0; i < pairs.size() / 2; ++i) {
    pads[rank - 1 - i] = pairs[2 * i];
    pads[2 * rank - 1 - i] = pairs[2 * i + 1];
  }
  Inputs inputs{x, call.constant(pads)};
  if (mode == "constant" && call.has("value"))
    inputs.push_back(call.operand("value", call.value(x).type));
  call.result("Pad", inputs, {{"mode", mode}});
}

void pad(AtenCall& call) {
  const std::string mode = call.text("mode", "constant");
  if (mode == "constant" || mode == "reflect") return pad_by(call, mode);
  if (mode == "replicate") return pad_by(call, "edge");
  if (mode == "circular") return pad_by(call, "wrap");
  throw DataError("has mode \"" + mode +
                  "\"; accepted are constant, reflect, replicate and circular");
}

void reflection(AtenCall& call) { pad_by(call, "reflect"); }
void replication(AtenCall& call) { pad_by(call, "edge"); }

void grid_sampler(AtenCall& call) {
  const std::int64_t mode = call.integer("interpolation_mode"), pad = call.integer("padding_mode");
  const char* modes[] = {"linear", "nearest", "cubic"};
  const char* pads[] = {"zeros", "border", "reflection"};
  if (mode < 0 || mode > 2 || pad < 0 || pad > 2) throw DataError("has another mode");
  call.result("GridSample", {call.tensor("input"), call.tensor("grid")},
              {{"mode", std::string(modes[mode])},
               {"padding_mode", std::string(pads[pad])},
               {"align_corners", std::int64_t{call.flag("align_corners", false)}}});
}

void affine_grid(AtenCall& call) {
  call.result("AffineGrid", {call.tensor("theta"), call.size_tensor(call.sizes("size"))},
              {{"align_corners", std::int64_t{call.flag("align_corners", false)}}});
}

}  // namespace

AtenEntries aten_resizing() {
  return {{"affine_grid_generator", affine_grid},
          {"constant_pad_nd", pad},
          {"pad", pad},
          {"reflection_pad1d", reflection},
          {"reflection_pad2d", reflection},
          {"replication_pad1d", replication},
          {"replication_pad2d", replication},
          {"upsample_bicubic2d.vec", cubic},
          {"upsample_bilinear2d.vec", resize_linear},
          {"upsample_linear1d.vec", resize_linear},
          {"upsample_nearest1d.vec", nearest},
          {"upsample_nearest2d.vec", nearest},
          {"grid_sampler", grid_sampler},
          {"grid_sampler_2d", grid_sampler},
          {"reflection_pad3d", reflection},
          {"replication_pad3d", replication},
          {"upsample_nearest3d.vec", nearest},
          {"upsample_trilinear3d.vec", resize_linear}};
}

}  // namespace ohmic
