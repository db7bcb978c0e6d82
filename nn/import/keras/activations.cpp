#include <string_view>
#include <unordered_map>

#include "nn/import/keras/keras_layer.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

struct Function {
  const char* op;
  KerasAttributes attributes;
};

const std::unordered_map<std::string_view, Function>& functions() {
  static const std::unordered_map<std::string_view, Function> table{
      {"relu", {"Relu", {}}},
      {"sigmoid", {"Sigmoid", {}}},
      {"tanh", {"Tanh", {}}},
      {"elu", {"Elu", {{"alpha", 1.0}}}},
      {"selu", {"Selu", {}}},
      {"celu", {"Celu", {}}},
      {"gelu", {"Gelu", {}}},
      {"softplus", {"Softplus", {}}},
      {"softsign", {"Softsign", {}}},
      {"mish", {"Mish", {}}},
      {"exponential", {"Exp", {}}},
      {"hard_silu", {"HardSwish", {}}},
      {"hard_swish", {"HardSwish", {}}},
      {"leaky_relu", {"LeakyRelu", {{"alpha", 0.2}}}}};
  return table;
}

}  // namespace

KerasValue KerasLayer::activated(KerasValue value) {
  const Json* given = find_key("activation");
  if (!given) return value;
  if (!given->is_string()) refuse("has an activation of its own; expected one of Keras by name");
  return activated(std::move(value), given->get<std::string>());
}

KerasValue KerasLayer::activated(KerasValue value, const std::string& activation) {
  if (activation == "linear") return value;
  const bool along_channels = activation == "softmax" || activation == "log_softmax";
  if (along_channels)
    return made_last(emit(activation == "softmax" ? "Softmax" : "LogSoftmax", {last(value)},
                          {{"axis", std::int64_t{-1}}}),
                     value.rank);
  const auto [x, is_first] = any(value);
  const auto found = functions().find(activation);
  std::string made;
  if (activation == "swish" || activation == "silu")
    made = emit("Mul", {x, emit("Sigmoid", {x})});
  else if (activation == "relu6")
    made = emit("Clip", {x, scalar(0), scalar(6)});
  else if (activation == "hard_sigmoid")
    made =
        emit("HardSigmoid", {x}, {{"alpha", graph_.before_keras_3 ? 0.2 : 1.0 / 6}, {"beta", 0.5}});
  else if (found != functions().end())
    made = emit(found->second.op, {x}, found->second.attributes);
  else
    refuse("has activation " + in_quotes(activation) + ", which is not known");
  return is_first ? made_first(made, value.rank) : made_last(made, value.rank);
}

}  // namespace ohmic
