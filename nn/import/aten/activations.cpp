// Functions of one number, and softmax.
#include <cmath>
#include <limits>
#include <optional>

#include "nn/import/aten/aten_call.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

template <const char* op>
void same(AtenCall& call) {
  call.result(op, {call.tensor("self")});
}

constexpr char kAbs[] = "Abs", kCeil[] = "Ceil", kCos[] = "Cos", kErf[] = "Erf", kExp[] = "Exp",
               kFloor[] = "Floor", kHardSwish[] = "HardSwish", kIsNan[] = "IsNaN", kLog[] = "Log",
               kMish[] = "Mish", kNeg[] = "Neg", kReciprocal[] = "Reciprocal", kRelu[] = "Relu",
               kRound[] = "Round", kSelu[] = "Selu", kSigmoid[] = "Sigmoid", kSign[] = "Sign",
               kSin[] = "Sin", kSoftsign[] = "Softsign", kSqrt[] = "Sqrt", kTan[] = "Tan",
               kTanh[] = "Tanh", kAtan[] = "Atan";

void gelu(AtenCall& call) {
  call.result("Gelu", {call.tensor("self")}, {{"approximate", call.text("approximate", "none")}});
}

void silu(AtenCall& call) {
  const std::string x = call.tensor("self");
  call.result("Mul", {x, call.emit("Sigmoid", {x})});
}

void hardsigmoid(AtenCall& call) {
  call.result("HardSigmoid", {call.tensor("self")}, {{"alpha", 1.0 / 6}, {"beta", 0.5}});
}

/// scale (x > 0 ? x : alpha (exp(k x) - 1)), as SELU and CELU are decomposed: an ELU of k x with
/// alpha k, over k.
void elu(AtenCall& call) {
  std::string x = call.tensor("self");
  const ElementType type = call.value(x).type;
  const double scale = call.number("scale", 1), k = call.number("input_scale", 1);
  if (!(k > 0))
    throw DataError("has an input_scale of " + std::to_string(k) + "; expected one > 0");
  if (k != 1) x = call.emit("Mul", {x, call.scalar(k, type)});
  const Attributes alpha{{"alpha", call.number("alpha", 1) * k}};
  if (scale == k) return call.result("Elu", {x}, alpha);
  call.result("Mul", {call.emit("Elu", {x}, alpha), call.scalar(scale / k, type)});
}

void celu(AtenCall& call) {
  call.result("Celu", {call.tensor("self")}, {{"alpha", call.number("alpha", 1)}});
}

void leaky_relu(AtenCall& call) {
  call.result("LeakyRelu", {call.tensor("self")}, {{"alpha", call.number("negative_slope", 0.01)}});
}

/// A slope per channel is broadcast along axis 1.
void prelu(AtenCall& call) {
  const std::string x = call.tensor("self");
  std::string slope = call.tensor("weight");
  if (call.rank(slope) == 1 && call.rank(x) > 2) {
    Integers sides(static_cast<std::size_t>(call.rank(x) - 1), 1);
    sides[0] = -1;
    slope = call.reshaped(slope, sides);
  }
  call.result("PRelu", {x, slope});
}

void softplus(AtenCall& call) {
  const std::string x = call.tensor("self");
  const double beta = call.number("beta", 1);
  if (beta == 1) return call.result("Softplus", {x});
  const std::string factor = call.scalar(beta, call.value(x).type);
  call.result("Div", {call.emit("Softplus", {call.emit("Mul", {x, factor})}), factor});
}

void clip(AtenCall& call, std::optional<double> low, std::optional<double> high) {
  const std::string x = call.tensor("self");
  const ElementType type = call.value(x).type;
  call.result("Clip",
              {x, low ? call.scalar(*low, type) : "", high ? call.scalar(*high, type) : ""});
}

void relu6(AtenCall& call) { clip(call, 0, 6); }

void hardtanh(AtenCall& call) { clip(call, call.number("min_val", -1), call.number("max_val", 1)); }

void clamp(AtenCall& call) {
  const ElementType type = call.output_value().type;
  const std::string x = call.operand("self", type);
  call.result("Clip", {x, call.has("min") ? call.operand("min", type) : "",
                       call.has("max") ? call.operand("max", type) : ""});
}

void rsqrt(AtenCall& call) {
  call.result("Reciprocal", {call.emit("Sqrt", {call.tensor("self")})});
}

void square(AtenCall& call) {
  const std::string x = call.tensor("self");
  call.result("Mul", {x, x});
}

void log_sigmoid(AtenCall& call) {
  const std::string x = call.tensor("self");
  call.result("Neg", {call.emit("Softplus", {call.emit("Neg", {x})})});
}

void tanhshrink(AtenCall& call) {
  const std::string x = call.tensor("self");
  call.result("Sub", {x, call.emit("Tanh", {x})});
}

void shrink(AtenCall& call, double bias) {
  call.result("Shrink", {call.tensor("self")},
              {{"lambd", call.number("lambd", 0.5)}, {"bias", bias}});
}

void hardshrink(AtenCall& call) { shrink(call, 0); }
void softshrink(AtenCall& call) { shrink(call, call.number("lambd", 0.5)); }

void threshold(AtenCall& call) {
  const std::string x = call.tensor("self");
  const ElementType type = call.value(x).type;
  const std::string above = call.emit("Greater", {x, call.operand("threshold", type)});
  call.result("Where", {above, x, call.operand("value", type)});
}

void glu(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t axis = call.axis("dim", call.rank(x), -1);
  const auto halves =
      call.emit("Split", {x}, {{"axis", axis}, {"num_outputs", std::int64_t{2}}}, 2);
  call.result("Mul", {halves[0], call.emit("Sigmoid", {halves[1]})});
}

/// Softmax and its kin, whose input may be converted first.
void along_axis(AtenCall& call, const char* op) {
  const std::string x = call.tensor("self");
  const std::string from = call.cast(x, call.value(x).type, call.output_value().type);
  call.result(op, {from}, {{"axis", call.integer("dim")}});
}

void softmax(AtenCall& call) { along_axis(call, "Softmax"); }
void log_softmax(AtenCall& call) { along_axis(call, "LogSoftmax"); }

void log1p(AtenCall& call) {
  const std::string x = call.tensor("self");
  call.result("Log", {call.emit("Add", {x, call.scalar(1.0, call.value(x).type)})});
}

void expm1(AtenCall& call) {
  const std::string x = call.tensor("self");
  call.result("Sub", {call.emit("Exp", {x}), call.scalar(1.0, call.value(x).type)});
}

void log2(AtenCall& call) {
  const std::string x = call.tensor("self");
  call.result("Div", {call.emit("Log", {x}), call.scalar(std::log(2.0), call.value(x).type)});
}

void exp2(AtenCall& call) {
  const std::string x = call.tensor("self");
  call.result("Pow", {call.scalar(2.0, call.value(x).type), x});
}

void trunc(AtenCall& call) {
  const std::string x = call.tensor("self");
  call.result("Mul", {call.emit("Sign", {x}), call.emit("Floor", {call.emit("Abs", {x})})});
}

void is_finite(AtenCall& call) {
  const std::string x = call.tensor("self");
  call.result("Not", {call.emit("Or", {call.emit("IsNaN", {x}), call.emit("IsInf", {x})})});
}

/// Infinities become the largest numbers where nothing else is said.
void nan_to_num(AtenCall& call) {
  const std::string x = call.tensor("self");
  const ElementType type = call.value(x).type;
  if (type != ElementType::f32)
    throw DataError("replaces infinities by the largest number of its type; accepted is float32");
  const double most = std::numeric_limits<float>::max();
  const auto number = [&](const char* name, double otherwise) {
    return call.scalar(call.has(name) ? call.number(name) : otherwise, type);
  };
  const auto is_infinite = [&](std::int64_t positive) {
    return call.emit("IsInf", {x},
                     {{"detect_positive", positive}, {"detect_negative", 1 - positive}});
  };
  const std::string above = call.emit("Where", {is_infinite(1), number("posinf", most), x});
  const std::string both = call.emit("Where", {is_infinite(0), number("neginf", -most), above});
  call.result("Where", {call.emit("IsNaN", {x}), number("nan", 0), both});
}

/// Outside training the slope is the mean of the two.
void rrelu(AtenCall& call) {
  if (call.flag("training", false)) throw DataError("was exported in training");
  const double slope = (call.number("lower", 1.0 / 8) + call.number("upper", 1.0 / 3)) / 2;
  call.result("LeakyRelu", {call.tensor("self")}, {{"alpha", slope}});
}

}  // namespace

AtenEntries aten_activations() {
  return {{"abs", same<kAbs>},
          {"atan", same<kAtan>},
          {"ceil", same<kCeil>},
          {"celu", celu},
          {"clamp", clamp},
          {"clamp_max", clamp},
          {"clamp_min", clamp},
          {"clip", clamp},
          {"cos", same<kCos>},
          {"elu", elu},
          {"erf", same<kErf>},
          {"exp", same<kExp>},
          {"floor", same<kFloor>},
          {"gelu", gelu},
          {"glu", glu},
          {"hardshrink", hardshrink},
          {"hardsigmoid", hardsigmoid},
          {"hardswish", same<kHardSwish>},
          {"hardtanh", hardtanh},
          {"isnan", same<kIsNan>},
          {"leaky_relu", leaky_relu},
          {"log", same<kLog>},
          {"log_sigmoid", log_sigmoid},
          {"log_softmax", log_softmax},
          {"_log_softmax", log_softmax},
          {"mish", same<kMish>},
          {"neg", same<kNeg>},
          {"prelu", prelu},
          {"_prelu_kernel", prelu},
          {"reciprocal", same<kReciprocal>},
          {"relu", same<kRelu>},
          {"relu6", relu6},
          {"round.default", same<kRound>},
          {"rsqrt", rsqrt},
          {"selu", same<kSelu>},
          {"sigmoid", same<kSigmoid>},
          {"sign", same<kSign>},
          {"silu", silu},
          {"sin", same<kSin>},
          {"softmax", softmax},
          {"_softmax", softmax},
          {"softplus", softplus},
          {"softshrink", softshrink},
          {"softsign", same<kSoftsign>},
          {"sqrt", same<kSqrt>},
          {"square", square},
          {"tan", same<kTan>},
          {"tanh", same<kTanh>},
          {"tanhshrink", tanhshrink},
          {"threshold", threshold},
          {"exp2", exp2},
          {"expm1", expm1},
          {"isfinite", is_finite},
          {"log1p", log1p},
          {"log2", log2},
          {"nan_to_num", nan_to_num},
          {"rrelu", rrelu},
          {"rrelu_with_noise_functional", rrelu},
          {"trunc", trunc}};
}

}  // namespace ohmic
