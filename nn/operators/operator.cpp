#include "nn/operators/operator.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <new>

#include "nn/import/draft.hpp"
#include "nn/operators/libtorch_error.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

std::map<std::string, Operator>& registry() {
  static std::map<std::string, Operator> operators;
  return operators;
}

/// The attribute, or null where it is absent.
template <class T>
const T* attribute(const Call& call, const std::string& key, const char* accepted) {
  const auto found = call.node().attributes.find(key);
  if (found == call.node().attributes.end()) return nullptr;
  const T* value = std::get_if<T>(&found->second);
  if (value == nullptr) call.refuse("attribute '" + key + "' is not " + accepted);
  return value;
}

bool is_half(const at::Tensor& x) {
  return x.defined() && x.is_cpu() &&
         (x.scalar_type() == at::kHalf || x.scalar_type() == at::kBFloat16);
}

/// Runs with half floats widened; outputs are rounded to the type of the first half input.
Tensors run_widened(const Operator& op, const ModelNode& node, int opset, Tensors inputs,
                    const Tensors& on_host) {
  const auto half = std::find_if(inputs.begin(), inputs.end(), is_half);
  if (half == inputs.end() || op.chooses_types) return op.run(Call(node, opset, inputs, on_host));
  const at::ScalarType type = half->scalar_type();
  for (at::Tensor& x : inputs) {
    if (is_half(x)) x = x.to(at::kFloat);
  }
  Tensors outputs = op.run(Call(node, opset, inputs));
  for (at::Tensor& y : outputs) {
    if (y.defined() && y.scalar_type() == at::kFloat) y = y.to(type);
  }
  return outputs;
}

Tensors inputs_of(const Call& call, const std::map<std::string, at::Tensor>& values) {
  Tensors inputs;
  for (const std::string& name : call.node().inputs) {
    const auto found = values.find(name);
    if (found == values.end() && !name.empty()) {
      call.refuse("its input '" + name + "' is computed nowhere before it");
    }
    inputs.push_back(name.empty() ? at::Tensor() : found->second);
  }
  return inputs;
}

}  // namespace

bool Call::has(std::size_t i) const { return i < inputs_.size() && inputs_[i].defined(); }

bool Call::wants(std::size_t i) const {
  return i < node_.outputs.size() && !node_.outputs[i].empty();
}

const at::Tensor& Call::operator[](std::size_t i) const {
  if (!has(i)) refuse("input " + std::to_string(i) + " is missing");
  return inputs_[i];
}

const at::Tensor& Call::on_host(std::size_t i) const {
  return i < on_host_.size() && on_host_[i].defined() ? on_host_[i] : (*this)[i];
}

std::optional<std::vector<std::int64_t>> Call::integers(std::size_t i,
                                                        const std::string& key) const {
  if (has(i)) {
    const at::Tensor& x = on_host(i);
    if (!at::isIntegralType(x.scalar_type(), false) || x.dim() > 1) {
      refuse("input " + std::to_string(i) + " ('" + key + "') is not a list of whole numbers");
    }
    const at::Tensor list = x.to(at::kCPU, at::kLong).contiguous();
    const std::int64_t* const numbers = list.data_ptr<std::int64_t>();
    return std::vector<std::int64_t>(numbers, numbers + list.numel());
  }
  if (!has(key)) return std::nullopt;
  return integers(key, {});
}

double Call::scalar(std::size_t i) const {
  const at::Tensor& x = on_host(i);
  if (x.numel() != 1) {
    refuse("input " + std::to_string(i) + " has " + std::to_string(x.numel()) +
           " numbers; one is expected");
  }
  return x.item().toDouble();
}

std::int64_t Call::integer(const std::string& key, std::int64_t otherwise) const {
  const auto* value = attribute<std::int64_t>(*this, key, "a whole number");
  return value != nullptr ? *value : otherwise;
}

bool Call::flag(const std::string& key, bool otherwise) const {
  return integer(key, otherwise ? 1 : 0) != 0;
}

double Call::number(const std::string& key, double otherwise) const {
  const auto found = node_.attributes.find(key);
  if (found != node_.attributes.end()) {
    if (const auto* whole = std::get_if<std::int64_t>(&found->second)) {
      return static_cast<double>(*whole);
    }
  }
  const auto* value = attribute<double>(*this, key, "a number");
  return value != nullptr ? *value : otherwise;
}

std::string Call::text(const std::string& key, const std::string& otherwise) const {
  const auto* value = attribute<std::string>(*this, key, "a text");
  return value != nullptr ? *value : otherwise;
}

std::vector<std::int64_t> Call::integers(const std::string& key,
                                         std::vector<std::int64_t> otherwise) const {
  const auto* value = attribute<std::vector<std::int64_t>>(*this, key, "a list of whole numbers");
  return value != nullptr ? *value : otherwise;
}

std::vector<double> Call::numbers(const std::string& key, std::vector<double> otherwise) const {
  const auto* value = attribute<std::vector<double>>(*this, key, "a list of numbers");
  return value != nullptr ? *value : otherwise;
}

std::vector<std::string> Call::texts(const std::string& key) const {
  const auto* value = attribute<std::vector<std::string>>(*this, key, "a list of texts");
  return value != nullptr ? *value : std::vector<std::string>{};
}

std::int64_t Call::axis(std::int64_t value, std::int64_t rank) const {
  if (value < -rank || value >= rank) {
    refuse("axis " + std::to_string(value) + " of a tensor with " + std::to_string(rank) +
           (rank == 1 ? " axis" : " axes"));
  }
  return value < 0 ? value + rank : value;
}

std::vector<std::int64_t> Call::axes(std::vector<std::int64_t> values, std::int64_t rank) const {
  for (auto one = values.begin(); one != values.end(); ++one) {
    *one = axis(*one, rank);
    if (std::find(values.begin(), one, *one) != one) {
      refuse("axis " + std::to_string(*one) + " is named twice");
    }
  }
  return values;
}

const std::vector<std::int64_t>& Call::checked(const std::vector<std::int64_t>& shape) const {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  std::int64_t n = 1;
  for (const std::int64_t side : shape) {
    if (side < 0) refuse("a side of " + std::to_string(side) + "; it must not be negative");
    if (side > 0 && n > kMost / side) refuse("its output would hold more than 2^31 numbers");
    n *= side;
  }
  return shape;
}

void Call::refuse(const std::string& message) const {
  throw DataError(title(node_) + ": " + message);
}

const Operator* find_operator(const std::string& name) {
  const auto found = registry().find(name);
  return found == registry().end() ? nullptr : &found->second;
}

std::vector<std::string> operator_names() {
  std::vector<std::string> names;
  for (const auto& [name, op] : registry()) names.push_back(name);
  return names;
}

RegisterOperator::RegisterOperator(std::initializer_list<Operator> operators) {
  for (const Operator& op : operators) {
    const bool is_new = registry().emplace(op.name, op).second;
    OHMIC_ASSERT(is_new);
  }
}

std::string said_by_libtorch(const std::exception& error) {
  const auto* const of_c10 = dynamic_cast<const c10::Error*>(&error);
  const std::string text = of_c10 ? of_c10->what_without_backtrace() : error.what();
  return text.substr(0, text.find('\n'));
}

Tensors run_operator(const ModelNode& node, int opset, Tensors inputs, const Tensors& on_host) {
  const Call call(node, opset, {});
  const Operator* const op = find_operator(node.op);
  if (op == nullptr)
    call.refuse("no such operator is supported (opset " + std::to_string(opset) + ")");
  try {
    return run_widened(*op, node, opset, std::move(inputs), on_host);
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    call.refuse(said_by_libtorch(error));
  }
}

void run_node(const ModelNode& node, int opset, std::map<std::string, at::Tensor>& values) {
  const Call call(node, opset, {});
  const Tensors outputs = run_operator(node, opset, inputs_of(call, values));
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i].empty()) continue;
    if (i >= outputs.size() || !outputs[i].defined()) {
      call.refuse("its output " + std::to_string(i) + " ('" + node.outputs[i] +
                  "') is not computed");
    }
    values[node.outputs[i]] = outputs[i];
  }
}

}  // namespace ohmic
