#include "nn/import/keras/keras_layer.hpp"

#include <algorithm>
#include <functional>
#include <span>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

template <class T>
ConstantTensor tensor_of(const std::vector<T>& values, ElementType type, KerasIntegers shape) {
  const auto bytes = std::as_bytes(std::span(values));
  const auto owner = std::make_shared<std::vector<std::byte>>(bytes.size() + 1);
  std::copy(bytes.begin(), bytes.end(), owner->begin());
  return {type, std::move(shape), {owner, owner->data()}};
}

/// Values with axis i of the result along axis order[i].
HostTensor turned(const HostTensor& t, const KerasIntegers& order) {
  const std::size_t rank = t.shape.size();
  std::vector<std::int64_t> strides(rank, 1);
  for (std::size_t d = rank - 1; d-- > 0;) strides[d] = strides[d + 1] * t.shape[d + 1];
  HostTensor out;
  std::vector<std::int64_t> step, at(rank, 0);
  for (const std::int64_t axis : order) {
    out.shape.push_back(t.shape.at(static_cast<std::size_t>(axis)));
    step.push_back(strides.at(static_cast<std::size_t>(axis)));
  }
  out.values.reserve(t.values.size());
  std::int64_t from = 0;
  while (out.values.size() < t.values.size()) {
    out.values.push_back(t.values[static_cast<std::size_t>(from)]);
    for (std::size_t d = rank; d-- > 0;) {
      from += step[d];
      if (++at[d] < out.shape[d]) break;
      from -= step[d] * out.shape[d];
      at[d] = 0;
    }
  }
  return out;
}

void append(const Json& json, KerasIntegers& values) {
  if (json.is_number_integer()) values.push_back(json.get<std::int64_t>());
  if (json.is_array())
    for (const Json& item : json) append(item, values);
}

KerasIntegers channels_first(int rank) {
  KerasIntegers order{0, rank - 1};
  for (int i = 1; i + 1 < rank; ++i) order.push_back(i);
  return order;
}

KerasIntegers channels_last(int rank) {
  KerasIntegers order{0};
  for (int i = 2; i < rank; ++i) order.push_back(i);
  order.push_back(1);
  return order;
}

}  // namespace

void KerasLayer::refuse(const std::string& why) const {
  throw DataError(in_quotes(path_) + " (" + printable(type_) + "): " + why);
}

const Json* KerasLayer::find_key(const char* key) const {
  const Json* found = find(config_, key);
  return found && !found->is_null() ? found : nullptr;
}

bool KerasLayer::has(const char* key) const { return find_key(key) != nullptr; }

std::int64_t KerasLayer::integer(const char* key, std::int64_t otherwise) const {
  const Json* found = find_key(key);
  if (found && !found->is_number_integer())
    refuse(std::string(key) + " is " + printable(found->dump().substr(0, 100)) +
           "; expected a whole number");
  return found ? found->get<std::int64_t>() : otherwise;
}

double KerasLayer::number(const char* key, double otherwise) const {
  const Json* found = find_key(key);
  if (found && !found->is_number())
    refuse(std::string(key) + " is " + printable(found->dump().substr(0, 100)) +
           "; expected a number");
  return found ? found->get<double>() : otherwise;
}

bool KerasLayer::flag(const char* key, bool otherwise) const {
  const Json* found = find_key(key);
  return found && found->is_boolean() ? found->get<bool>() : otherwise;
}

std::string KerasLayer::text(const char* key, const std::string& otherwise) const {
  const Json* found = find_key(key);
  return found && found->is_string() ? found->get<std::string>() : otherwise;
}

KerasIntegers KerasLayer::integers(const char* key) const {
  KerasIntegers values;
  if (const Json* found = find_key(key)) append(*found, values);
  return values;
}

KerasIntegers KerasLayer::per_axis(const char* key, std::int64_t otherwise, int axes) const {
  KerasIntegers values = integers(key);
  if (values.empty()) values = {otherwise};
  if (values.size() == 1) values.assign(static_cast<std::size_t>(axes), values[0]);
  if (values.size() != static_cast<std::size_t>(axes))
    refuse(std::string(key) + " has " + std::to_string(values.size()) + " numbers; expected " +
           std::to_string(axes));
  return values;
}

std::vector<double> KerasLayer::numbers(const char* key) const {
  std::vector<double> values;
  const std::function<void(const Json&)> append = [&](const Json& json) {
    if (json.is_number()) values.push_back(json.get<double>());
    if (json.is_array())
      for (const Json& item : json) append(item);
  };
  if (const Json* found = find_key(key)) append(*found);
  return values;
}

void KerasLayer::need_channels_last() const {
  if (text("data_format", "channels_last") != "channels_last")
    refuse("data_format is channels_first; expected channels_last");
}

KerasValue& KerasLayer::input(std::size_t i) const {
  if (i >= inputs_.size()) refuse("has no input");
  return *inputs_[i];
}

int KerasLayer::spatial_axes() const {
  const int axes = rank() - 2;
  if (axes != 1 && axes != 2)
    refuse("has an input of " + std::to_string(rank()) + " axes with the batch; expected 3 or 4");
  return axes;
}

std::string KerasLayer::last(KerasValue& value) {
  if (value.last.empty()) {
    value.last = value.rank <= 2 ? value.first : fresh();
    if (value.rank > 2)
      graph_.draft.nodes.push_back({{"Transpose",
                                     value.last,
                                     {value.first},
                                     {value.last},
                                     {{"perm", channels_last(value.rank)}}},
                                    {}});
  }
  return value.last;
}

std::string KerasLayer::first(KerasValue& value) {
  if (value.first.empty()) {
    value.first = value.rank <= 2 ? value.last : fresh();
    if (value.rank > 2)
      graph_.draft.nodes.push_back({{"Transpose",
                                     value.first,
                                     {value.last},
                                     {value.first},
                                     {{"perm", channels_first(value.rank)}}},
                                    {}});
  }
  return value.first;
}

std::pair<std::string, bool> KerasLayer::any(KerasValue& value) {
  if (!value.first.empty()) return {value.first, true};
  return {last(value), false};
}

std::vector<HostTensor> KerasLayer::weights(const std::vector<std::string>& items) const {
  keras::Operation place;
  place.layer = path_;
  place.group = group_;
  const keras::StoredLayer* stored = keras::find(graph_.stored, place);
  if (!stored) refuse("has no weights in the file");
  std::vector<HostTensor> tensors;
  for (const std::string& item : items) {
    auto found = stored->items.find(stored->numbered ? std::to_string(tensors.size()) : item);
    if (found == stored->items.end() && item == "depthwise_kernel")
      found = stored->items.find("kernel");  // Keras 3's name of it in DepthwiseConv
    if (found == stored->items.end()) refuse("has no " + item + " in the file");
    tensors.push_back(graph_.weights->read(found->second));
  }
  return tensors;
}

std::string KerasLayer::constant(const HostTensor& t, const std::string& item,
                                 const KerasIntegers& order) {
  if (t.shape.size() != order.size())
    refuse("its " + item + " has " + std::to_string(t.shape.size()) + " axes; expected " +
           std::to_string(order.size()));
  return constant(turned(t, order), item);
}

std::string KerasLayer::constant(const HostTensor& t, const std::string& item) {
  const std::string name = path_ + "/" + item;
  graph_.draft.model.constants.insert_or_assign(name,
                                                tensor_of(t.values, ElementType::f32, t.shape));
  return name;
}

std::string KerasLayer::constant(const KerasIntegers& values) {
  const std::string name = fresh();
  graph_.draft.model.constants.insert_or_assign(
      name, tensor_of(values, ElementType::i64, {static_cast<std::int64_t>(values.size())}));
  return name;
}

std::string KerasLayer::constant_of_shape(const std::string& constant, const KerasIntegers& shape) {
  graph_.draft.model.constants.at(constant).shape = shape;
  return constant;
}

std::string KerasLayer::scalar(double value) {
  const std::string name = fresh();
  graph_.draft.model.constants.insert_or_assign(
      name, tensor_of(std::vector<float>{static_cast<float>(value)}, ElementType::f32, {}));
  return name;
}

std::string KerasLayer::fresh() { return path_ + "/" + std::to_string(++graph_.made); }

std::string KerasLayer::emit(const std::string& op, KerasInputs inputs,
                             KerasAttributes attributes) {
  const std::string name = fresh();
  DraftNode node;
  node.op = op;
  node.name = named_ ? name : path_;
  node.inputs = std::move(inputs);
  node.outputs = {name};
  node.attributes = std::move(attributes);
  graph_.draft.nodes.push_back(std::move(node));
  named_ = true;
  return name;
}

KerasValue KerasLayer::elementwise(const std::string& op, KerasAttributes attributes) {
  const auto [name, is_first] = any(input());
  const std::string made = emit(op, {name}, std::move(attributes));
  return is_first ? made_first(made, rank()) : made_last(made, rank());
}

}  // namespace ohmic
