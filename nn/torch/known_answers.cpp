#include "nn/torch/known_answers.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "nn/data/samples.hpp"
#include "nn/io/stored_array.hpp"
#include "nn/operators/evaluate.hpp"
#include "nn/operators/memory_limit.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

NumberFormat format_of(ElementType type) {
  const auto bytes = static_cast<int>(size_of(type));
  if (type == ElementType::f32) return real_format(kFloat32);
  if (type == ElementType::f64) return real_format(kFloat64);
  if (type == ElementType::f16) return real_format(kFloat16);
  if (type == ElementType::bf16) return real_format(kBfloat16);
  return integer_format(is_signed(type), bytes, false);
}

std::vector<float> floats(const ConstantTensor& tensor) {
  StoredArray array;
  array.shape = tensor.shape;
  array.format = format_of(tensor.type);
  array.bytes = {reinterpret_cast<const char*>(tensor.data.get()),
                 static_cast<std::size_t>(tensor.elements()) * size_of(tensor.type)};
  return array.whole().values;
}

/// The sample's numbers in a row, for each that it holds; empty where it is another network's.
std::vector<float> rows_of(const LoweredNetwork& network, const ImportedModel& model,
                           const StoredSample& sample) {
  if (sample.inputs.size() != model.inputs.size()) return {};
  std::vector<std::vector<float>> parts;
  std::int64_t samples = -1;
  for (const SampleInput& input : network.inputs) {
    const auto at = std::ranges::find(model.inputs, input.name, &ModelValue::name);
    const ConstantTensor& stored =
        sample.inputs[static_cast<std::size_t>(at - model.inputs.begin())];
    if (stored.shape.empty() || !std::ranges::equal(stored.shape.begin() + 1, stored.shape.end(),
                                                    input.shape.begin(), input.shape.end()))
      return {};
    if (samples >= 0 && stored.shape.front() != samples) return {};
    samples = stored.shape.front();
    parts.push_back(floats(stored));
    if (!is_real(input.type) && std::ranges::any_of(parts.back(), [](float v) {
          return std::abs(v) > static_cast<float>(WholeNumbers::kMostExact);
        }))
      throw DataError("the sample of " + input.name +
                      " holds whole numbers from 2^24 on, which samples do not tell apart");
  }
  std::vector<float> rows;
  for (std::int64_t i = 0; i < samples; ++i)
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const std::int64_t size = network.inputs[p].size();
      const auto begin = parts[p].begin() + i * size;
      rows.insert(rows.end(), begin, begin + size);
    }
  return rows;
}

/// Of no other output, and in no more memory than learning the network's shapes may take.
ConstantTensor answers_of_operators(const LoweredNetwork& network, const ImportedModel& model,
                                    const StoredSample& sample) {
  ImportedModel asked = model;
  asked.outputs = {*std::ranges::find(model.outputs, network.output, &ModelValue::name)};
  asked.nodes = needed_nodes(model.nodes, network.output);
  const MemoryLimit limit(memory_limit(model));
  try {
    return evaluate(asked, sample.inputs).front();
  } catch (const std::length_error& error) {
    throw DataError(std::string("it ") + error.what());
  }
}

}  // namespace

double AnswerCheck::relative() const { return furthest == 0 ? 0 : furthest / largest; }

bool AnswerCheck::agree() const {
  constexpr double kClose = 0.01;
  return unlike_sample < 0 && relative() <= (are_whole ? 0 : kClose);
}

AnswerCheck check_answers(const LoweredNetwork& network, const Dataset& data,
                          const std::vector<float>& wanted, bool are_whole) {
  constexpr std::int64_t kBatch = 64;
  const ImageSet& set = data.test;
  const std::int64_t size = network.graph.classes;
  if (std::ssize(wanted) != set.size() * size)
    throw DataError(std::to_string(wanted.size()) + " numbers for the answers to " +
                    std::to_string(set.size()) + " samples; expected " + std::to_string(size) +
                    " for each");
  TorchNetwork torch(network.graph, std::shared_ptr<const Weights>(std::shared_ptr<const Weights>(),
                                                                   &network.weights));
  AnswerCheck check;
  check.samples = set.size();
  check.are_whole = are_whole;
  for (std::int64_t first = 0; first < set.size(); first += kBatch) {
    const std::int64_t n = std::min(kBatch, set.size() - first);
    std::vector<float> x(static_cast<std::size_t>(n * set.values()));
    normalized_batch(set, data.normalization, first, n, x.data());
    const std::vector<float> got = torch.logits(x.data(), n);
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double known = wanted[static_cast<std::size_t>(first * size) + i], here = got[i];
      const std::int64_t sample = first + static_cast<std::int64_t>(i) / size;
      if (!std::isfinite(known) || !std::isfinite(here)) {
        const bool alike = known == here || (std::isnan(known) && std::isnan(here));
        if (alike || check.unlike_sample >= 0) continue;
        check.unlike_sample = sample;
        check.known_is_number = std::isfinite(known);
        continue;
      }
      check.largest = std::max(check.largest, std::abs(known));
      if (std::abs(here - known) <= check.furthest) continue;
      check.furthest = std::abs(here - known);
      check.furthest_sample = sample;
    }
  }
  return check;
}

std::optional<AnswerCheck> check_stored_sample(const LoweredNetwork& network,
                                               const ImportedModel& model) {
  if (model.samples.empty()) return {};
  const StoredSample& sample = model.samples.front();
  Dataset data;
  data.test.shape = network.sample;
  data.test.numbers = rows_of(network, model, sample);
  if (data.test.numbers.empty()) return {};
  data.test.labels.assign(data.test.numbers.size() / static_cast<std::size_t>(data.test.values()),
                          ImageSet::kNoLabel);
  const ConstantTensor answers = answers_of_operators(network, model, sample);
  return check_answers(network, data, floats(answers), !is_real(answers.type));
}

}  // namespace ohmic
