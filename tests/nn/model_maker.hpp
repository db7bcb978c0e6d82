// Small models, written node by node, and what the lowered network has to answer.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "nn/analog/analog_network.hpp"
#include "nn/lowering/lower.hpp"
#include "nn/operators/evaluate.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/error.hpp"
#include "simulator/random/noise.hpp"
#include "tests/nn/chip.hpp"
#include "tests/nn/network_outputs.hpp"

namespace ohmic::test {

using Shape = std::vector<std::int64_t>;
using Floats = std::vector<float>;

template <class T>
ConstantTensor tensor(ElementType type, Shape shape, const std::vector<T>& values) {
  auto bytes = std::make_shared<std::vector<std::byte>>(values.size() * sizeof(T));
  std::memcpy(bytes->data(), values.data(), bytes->size());
  return {type, std::move(shape), {bytes, bytes->data()}};
}

/// A model that is written node by node, with weights of normal numbers.
struct ModelMaker {
  ImportedModel model;

  ModelMaker(Shape sample, const std::string& output) {
    model.file = "made.onnx";
    model.opset = 17;
    sample.insert(sample.begin(), -1);
    model.inputs = {{"x", ElementType::f32, sample}};
    model.outputs = {{output, ElementType::f32, {}}};
  }
  void weight(const std::string& name, Shape shape) {
    std::size_t size = 1;
    for (const std::int64_t side : shape) size *= static_cast<std::size_t>(side);
    Floats values(size);
    fill_normals(noise_key(7, model.constants.size()), {Stream::synthetic_data}, 0,
                 std::span<float>(values));
    for (float& v : values) v *= 0.3f;
    model.constants[name] = tensor(ElementType::f32, std::move(shape), values);
  }
  void integers(const std::string& name, const Shape& values) {
    model.constants[name] = tensor(ElementType::i64, {std::ssize(values)}, values);
  }
  void node(const std::string& op, std::vector<std::string> inputs,
            std::vector<std::string> outputs, std::map<std::string, Attribute> attributes = {}) {
    const std::string name = op + "_" + std::to_string(model.nodes.size());
    model.nodes.push_back({op, name, std::move(inputs), std::move(outputs), std::move(attributes)});
  }
};

constexpr std::int64_t kSamples = 3;

inline Floats samples_of(const Shape& sample) {
  std::size_t size = kSamples;
  for (const std::int64_t side : sample) size *= static_cast<std::size_t>(side);
  Floats x(size);
  fill_normals(noise_key(3, 1), {Stream::synthetic_data}, 0, std::span<float>(x));
  return x;
}

inline Floats answers_of_operators(const ImportedModel& model, const Floats& x, Shape sample) {
  sample.insert(sample.begin(), kSamples);
  const auto outputs = evaluate(model, {tensor(ElementType::f32, sample, x)});
  const auto* values = reinterpret_cast<const float*>(outputs.at(0).data.get());
  return {values, values + outputs[0].elements()};
}

inline void expect_near(const Floats& got, const Floats& wanted) { expect_near(got, wanted, 3e-5); }

/// Lowers the model and compares; returns it for further questions.
inline LoweredNetwork expect_same(const ModelMaker& maker, const LoweringOptions& options = {}) {
  LoweredNetwork network = lower(maker.model, options);
  const Floats x = samples_of(network.sample), memory = in_memory(x, network.sample);
  const Floats wanted = answers_of_operators(maker.model, x, network.sample);
  expect_near(TorchNetwork(network.graph, network.weights, "cpu").logits(memory.data(), kSamples),
              wanted);
  for (const char* name : {"reference", "cpu"}) {
    SCOPED_TRACE(name);
    const auto backend = make_backend(name);
    MappingSettings mapping;
    mapping.tile = {20, 8};
    AnalogNetwork chip({network.graph, network.weights, mapping, {}, {}, awgn(0)}, *backend);
    expect_near(chip.load_ideal().logits(memory.data(), kSamples, 0), wanted);
    expect_near(chip.load_noise_free().logits(memory.data(), kSamples, 0), wanted);
  }
  return network;
}

/// What lower() says of a model that it does not take.
inline std::string refusal(const ImportedModel& model, const LoweringOptions& options = {}) {
  try {
    lower(model, options);
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

inline std::vector<std::string> layers_of(const LoweredNetwork& network) {
  std::vector<std::string> names;
  for (const Node& node : network.graph.nodes)
    if (node.op == Op::convolution || node.op == Op::dense || node.op == Op::recurrent)
      names.push_back(node.name);
  return names;
}

/// What a layer with that name looks like.
inline const Node& layer_of(const LoweredNetwork& network, const std::string& name) {
  return *std::ranges::find(network.graph.nodes, name, &Node::name);
}

}  // namespace ohmic::test
