// Functions of two tensors or numbers, and comparisons.
#include <algorithm>
#include <numbers>

#include "nn/import/aten/aten_call.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// self + alpha other, or minus.
void sum(AtenCall& call, const char* op) {
  const ElementType type = call.output_value().type;
  const std::string self = call.operand("self", type);
  std::string other = call.operand("other", type);
  if (call.number("alpha", 1) != 1) other = call.emit("Mul", {other, call.operand("alpha", type)});
  call.result(op, {self, other});
}

void add(AtenCall& call) { sum(call, "Add"); }
void sub(AtenCall& call) { sum(call, "Sub"); }

/// other - alpha self
void rsub(AtenCall& call) {
  const ElementType type = call.output_value().type;
  std::string self = call.operand("self", type);
  if (call.number("alpha", 1) != 1) self = call.emit("Mul", {self, call.operand("alpha", type)});
  call.result("Sub", {call.operand("other", type), self});
}

void binary(AtenCall& call, const char* op) {
  const ElementType type = call.output_value().type;
  call.result(op, {call.operand("self", type), call.operand("other", type)});
}

void mul(AtenCall& call) {
  const bool flags = call.output_value().type == ElementType::boolean;
  binary(call, flags ? "And" : "Mul");
}
void minimum(AtenCall& call) { binary(call, "Min"); }
void maximum(AtenCall& call) { binary(call, "Max"); }

void div(AtenCall& call) {
  const std::string mode = call.text("rounding_mode", "none");
  if (mode == "none") return binary(call, "Div");
  const ElementType type = call.output_value().type;
  if (mode != "floor" || !is_real(type))
    throw DataError("rounds by \"" + mode + "\"; expected a true quotient, or a floor of reals");
  const Inputs both{call.operand("self", type), call.operand("other", type)};
  call.result("Floor", {call.emit("Div", both)});
}

void floor_divide(AtenCall& call) {
  const ElementType type = call.output_value().type;
  if (!is_real(type)) throw DataError("divides whole numbers; expected reals");
  const Inputs both{call.operand("self", type), call.operand("other", type)};
  call.result("Floor", {call.emit("Div", both)});
}

/// Of the sign of the divisor: ONNX's Mod of whole numbers, but not of reals.
void remainder(AtenCall& call) {
  const ElementType type = call.output_value().type;
  const Inputs both{call.operand("self", type), call.operand("other", type)};
  if (!is_real(type)) return call.result("Mod", both);
  const std::string floor = call.emit("Floor", {call.emit("Div", both)});
  call.result("Sub", {both[0], call.emit("Mul", {floor, both[1]})});
}

void pow(AtenCall& call) {
  const ElementType type = call.output_value().type;
  call.result("Pow", {call.operand("self", type), call.operand("exponent", type)});
}

/// self + value tensor1 tensor2, or a quotient
void fused(AtenCall& call, const char* op) {
  const ElementType type = call.output_value().type;
  std::string both = call.emit(op, {call.operand("tensor1", type), call.operand("tensor2", type)});
  if (call.number("value", 1) != 1) both = call.emit("Mul", {both, call.operand("value", type)});
  call.result("Add", {call.operand("self", type), both});
}

void addcmul(AtenCall& call) { fused(call, "Mul"); }
void addcdiv(AtenCall& call) { fused(call, "Div"); }

void lerp(AtenCall& call) {
  const ElementType type = call.output_value().type;
  const std::string self = call.operand("self", type);
  const std::string way = call.emit("Sub", {call.operand("end", type), self});
  call.result("Add", {self, call.emit("Mul", {way, call.operand("weight", type)})});
}

/// The type in which two operands are compared. ElementType goes from reals to whole numbers.
ElementType common_type(const AtenCall& call) {
  const ElementType self = call.value(call.tensor("self")).type;
  if (!call.is_tensor("other"))
    return call.is_integral("other") || is_real(self) ? self : ElementType::f32;
  const ElementType other = call.value(call.tensor("other")).type;
  if (self == other) return self;
  if (is_real(self) != is_real(other)) return is_real(self) ? self : other;
  if (is_real(self))
    return size_of(self) == size_of(other)  ? ElementType::f32
           : size_of(self) > size_of(other) ? self
                                            : other;
  return ElementType::i64;
}

std::string compared(AtenCall& call, const char* op) {
  const ElementType type = common_type(call);
  return call.emit(op, {call.operand("self", type), call.operand("other", type)});
}

template <const char* op>
void compare(AtenCall& call) {
  const ElementType type = common_type(call);
  call.result(op, {call.operand("self", type), call.operand("other", type)});
}

constexpr char kEqual[] = "Equal", kGreater[] = "Greater", kLess[] = "Less",
               kGreaterOrEqual[] = "GreaterOrEqual", kLessOrEqual[] = "LessOrEqual", kAnd[] = "And",
               kOr[] = "Or", kXor[] = "Xor";

void not_equal(AtenCall& call) { call.result("Not", {compared(call, "Equal")}); }

template <const char* op>
void logical(AtenCall& call) {
  const ElementType flag = ElementType::boolean;
  if (call.output_value().type != flag) throw DataError("acts on bits; expected flags");
  call.result(op, {call.operand("self", flag), call.operand("other", flag)});
}

void logical_not(AtenCall& call) {
  if (call.output_value().type != ElementType::boolean)
    throw DataError("acts on bits; expected flags");
  call.result("Not", {call.operand("self", ElementType::boolean)});
}

void where(AtenCall& call) {
  const ElementType type = call.output_value().type;
  call.result("Where", {call.operand("condition", ElementType::boolean), call.operand("self", type),
                        call.operand("other", type)});
}

void masked_fill(AtenCall& call) {
  const ElementType type = call.output_value().type;
  call.result("Where", {call.operand("mask", ElementType::boolean), call.operand("value", type),
                        call.operand("self", type)});
}

// Whole numbers that are computed: tensors of one element.
std::string symbol(AtenCall& call, const char* name) {
  return call.size_tensor(call.sizes(name).at(0));
}

template <const char* op>
void symbolic(AtenCall& call) {
  call.result(op, {symbol(call, "a"), symbol(call, "b")});
}

constexpr char kAdd[] = "Add", kSub[] = "Sub", kMul[] = "Mul", kDiv[] = "Div";

void sym_size(AtenCall& call) {
  const std::string x = call.tensor("self");
  const std::int64_t axis = call.axis("dim", call.rank(x));
  call.result("Shape", {x}, {{"start", axis}, {"end", axis + 1}});
}

void sym_numel(AtenCall& call) {
  call.result("ReduceProd", {call.shape_of(call.tensor("self"))}, {{"keepdims", std::int64_t{1}}});
}

/// Of the sign of what is divided.
void fmod(AtenCall& call) {
  const ElementType type = call.output_value().type;
  call.result("Mod", {call.operand("self", type), call.operand("other", type)},
              {{"fmod", std::int64_t{1}}});
}

/// atan(y / x), and half a turn further to the left of the axis.
void atan2(AtenCall& call) {
  const ElementType type = call.output_value().type;
  const auto number = [&](double v) { return call.scalar(v, type); };
  const std::string y = call.operand("self", type);
  const std::string x = call.emit("Add", {call.operand("other", type), number(0)});  // no -0
  const auto is_below = [&](const std::string& v) { return call.emit("Less", {v, number(0)}); };
  const std::string turn =
      call.emit("Where", {is_below(y), number(-std::numbers::pi), number(std::numbers::pi)});
  const std::string further = call.emit("Where", {is_below(x), turn, number(0)});
  const std::string angle =
      call.emit("Add", {call.emit("Atan", {call.emit("Div", {y, x})}), further});
  const std::string none =
      call.emit("And", {call.emit("Equal", {x, number(0)}), call.emit("Equal", {y, number(0)})});
  call.result("Where", {none, number(0), angle});
}

void hypot(AtenCall& call) {
  const ElementType type = call.output_value().type;
  const std::string a = call.operand("self", type), b = call.operand("other", type);
  call.result("Sqrt", {call.emit("Add", {call.emit("Mul", {a, a}), call.emit("Mul", {b, b})})});
}

}  // namespace

AtenEntries aten_arithmetic() {
  return {{"add", add},
          {"addcdiv", addcdiv},
          {"addcmul", addcmul},
          {"bitwise_and", logical<kAnd>},
          {"bitwise_not", logical_not},
          {"bitwise_or", logical<kOr>},
          {"bitwise_xor", logical<kXor>},
          {"__and__", logical<kAnd>},
          {"__or__", logical<kOr>},
          {"div", div},
          {"eq", compare<kEqual>},
          {"floor_divide", floor_divide},
          {"ge", compare<kGreaterOrEqual>},
          {"gt", compare<kGreater>},
          {"le", compare<kLessOrEqual>},
          {"lerp", lerp},
          {"logical_and", logical<kAnd>},
          {"logical_not", logical_not},
          {"logical_or", logical<kOr>},
          {"logical_xor", logical<kXor>},
          {"lt", compare<kLess>},
          {"masked_fill", masked_fill},
          {"max.other", maximum},
          {"maximum", maximum},
          {"min.other", minimum},
          {"minimum", minimum},
          {"mul", mul},
          {"multiply", mul},
          {"ne", not_equal},
          {"_operator.add", symbolic<kAdd>},
          {"_operator.floordiv", symbolic<kDiv>},
          {"_operator.mul", symbolic<kMul>},
          {"_operator.sub", symbolic<kSub>},
          {"pow", pow},
          {"remainder", remainder},
          {"rsub", rsub},
          {"sub", sub},
          {"subtract", sub},
          {"sym_numel", sym_numel},
          {"sym_size.int", sym_size},
          {"true_divide", div},
          {"where", where},
          {"atan2", atan2},
          {"fmod", fmod},
          {"hypot", hypot}};
}

}  // namespace ohmic
