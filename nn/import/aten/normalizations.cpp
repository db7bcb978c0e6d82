// Normalisation of batches, layers, groups and instances.
#include <algorithm>
#include <limits>

#include "nn/import/aten/aten_call.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// A parameter, or `otherwise` for each number of `like` where it is None.
std::string parameter(AtenCall& call, const char* name, double otherwise, const std::string& like,
                      ElementType type) {
  if (call.has(name)) return call.tensor(name);
  if (call.value(like).shape.at(0) >= 0) return call.filled(otherwise, {call.side(like, 0)}, type);
  return call.emit("Expand", {call.scalar(otherwise, type), call.shape_of(like)});
}

/// A parameter, or as many of `otherwise` where it is None.
std::string parameter(AtenCall& call, const char* name, double otherwise, std::int64_t count,
                      ElementType type) {
  return call.has(name) ? call.tensor(name) : call.filled(otherwise, {count}, type);
}

void batch_norm(AtenCall& call) {
  if (call.flag("training", false))
    throw DataError("was exported in training; call model.eval() before torch.export.export");
  const std::string x = call.tensor("input");
  if (!call.has("running_mean") || !call.has("running_var"))
    throw DataError("has no running statistics; expected a BatchNorm that keeps them");
  const ElementType type = call.value(x).type;
  const std::string mean = call.tensor("running_mean");
  if (call.rank(mean) != 1) throw DataError("has running statistics that are no list of numbers");
  call.result("BatchNormalization",
              {x, parameter(call, "weight", 1, mean, type), parameter(call, "bias", 0, mean, type),
               mean, call.tensor("running_var")},
              {{"epsilon", call.number("eps", 1e-5)}});
}

void layer_norm(AtenCall& call) {
  const std::string x = call.tensor("input");
  const Integers shape = call.integers("normalized_shape");
  const auto axes = static_cast<std::int64_t>(shape.size());
  std::string scale = call.tensor("weight", false);
  if (scale.empty()) scale = call.filled(1, shape, call.value(x).type);
  Inputs inputs{x, scale};
  if (call.has("bias")) inputs.push_back(call.tensor("bias"));
  call.results("LayerNormalization", inputs,
               {{"axis", -axes}, {"epsilon", call.number("eps", 1e-5)}});
}

/// A parameter per channel, beside a tensor whose axis 1 is the channels.
std::string per_channel(AtenCall& call, const std::string& parameter, std::int64_t rank) {
  Integers sides(static_cast<std::size_t>(std::max<std::int64_t>(rank - 1, 1)), 1);
  sides[0] = -1;
  return call.reshaped(parameter, sides);
}

/// Groups are instances of fewer, longer channels. GroupNormalization itself has a scale per group
/// before opset 21.
void group_norm(AtenCall& call) {
  const std::string x = call.tensor("input");
  const ElementType type = call.value(x).type;
  const std::int64_t groups = call.integer(call.has("group") ? "group" : "num_groups"),
                     rank = call.rank(x);
  const std::string joined = call.reshaped(x, {0, groups, -1});
  const std::string normal =
      call.emit("InstanceNormalization",
                {joined, call.filled(1, {groups}, type), call.filled(0, {groups}, type)},
                {{"epsilon", call.number("eps", 1e-5)}});
  std::string y = call.emit("Reshape", {normal, call.shape_of(x)});
  if (call.has("weight")) y = call.emit("Mul", {y, per_channel(call, call.tensor("weight"), rank)});
  if (call.has("bias"))
    return call.result("Add", {y, per_channel(call, call.tensor("bias"), rank)});
  call.result("Identity", {y});
}

void instance_norm(AtenCall& call) {
  if (!call.flag("use_input_stats", true)) return batch_norm(call);
  const std::string x = call.tensor("input");
  const ElementType type = call.value(x).type;
  const std::int64_t channels = call.side(x, 1);
  call.result(
      "InstanceNormalization",
      {x, parameter(call, "weight", 1, channels, type), parameter(call, "bias", 0, channels, type)},
      {{"epsilon", call.number("eps", 1e-5)}});
}

/// Statistics of what is there: of samples, where each has channels of its own beside one another,
/// as an instance norm is decomposed.
void norm_without_statistics(AtenCall& call) {
  const std::string x = call.tensor("input");
  if (call.rank(x) < 2 || call.value(x).shape[0] != 1)
    throw DataError("has no running statistics; expected a BatchNorm that keeps them");
  const std::string channels =
      call.emit("Shape", {x}, {{"start", std::int64_t{1}}, {"end", std::int64_t{2}}});
  const auto given = [&](const char* name, double otherwise) {
    if (call.has(name)) return call.tensor(name);
    return call.emit("Expand", {call.scalar(otherwise, call.value(x).type), channels});
  };
  call.result("InstanceNormalization", {x, given("weight", 1), given("bias", 0)},
              {{"epsilon", call.number("eps", 1e-5)}});
}

void rms_norm(AtenCall& call) {
  const std::string x = call.tensor("input");
  const ElementType type = call.value(x).type;
  Integers axes;
  for (std::size_t i = call.integers("normalized_shape").size(); i > 0; --i)
    axes.push_back(-static_cast<std::int64_t>(i));
  const double epsilon = type == ElementType::f64   ? std::numeric_limits<double>::epsilon()
                         : type == ElementType::f16 ? 0x1p-10
                         : type == ElementType::bf16
                             ? 0x1p-7
                             : static_cast<double>(std::numeric_limits<float>::epsilon());
  const std::string square =
      call.emit("ReduceMean", {call.emit("Mul", {x, x}), call.constant(axes)});
  const std::string floor = call.scalar(call.number("eps", epsilon), type);
  const std::string root = call.emit("Sqrt", {call.emit("Add", {square, floor})});
  if (!call.has("weight")) return call.result("Div", {x, root});
  call.result("Mul", {call.emit("Div", {x, root}), call.tensor("weight")});
}

}  // namespace

AtenEntries aten_normalizations() {
  return {{"_native_batch_norm_legit.no_stats", norm_without_statistics},
          {"batch_norm", batch_norm},
          {"_native_batch_norm_legit_no_training", batch_norm},
          {"native_batch_norm", batch_norm},
          {"group_norm", group_norm},
          {"native_group_norm", group_norm},
          {"instance_norm", instance_norm},
          {"layer_norm", layer_norm},
          {"native_layer_norm", layer_norm},
          {"rms_norm", rms_norm}};
}

}  // namespace ohmic
