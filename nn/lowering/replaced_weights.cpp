#include "nn/lowering/replaced_weights.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "nn/network/shape_text.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

bool is_float(ElementType type) { return type == ElementType::f32; }

/// Names of state_dicts have dots; exporters' own do not ("val_3"), or begin so.
bool is_parameter(const std::string& name, const ConstantTensor& constant) {
  return is_float(constant.type) && constant.elements() > 1 &&
         name.find('.') != std::string::npos && !name.starts_with("onnx::");
}

bool is_counter(const FileTensor& tensor) {
  return !tensor.foreign_type.empty() && tensor.name.ends_with("num_batches_tracked");
}

/// What stands before every name of the file: the beginning with which most tensors are found.
std::string prefix_of(const ImportedModel& model, const std::vector<FileTensor>& tensors) {
  std::set<std::string> candidates{""};
  const std::string& first = tensors.front().name;
  for (std::size_t dot = first.find('.'); dot != std::string::npos; dot = first.find('.', dot + 1))
    candidates.insert(first.substr(0, dot + 1));
  const auto found = [&](const std::string& prefix) {
    return std::count_if(tensors.begin(), tensors.end(), [&](const FileTensor& t) {
      return t.name.starts_with(prefix) && model.constants.contains(t.name.substr(prefix.size()));
    });
  };
  return *std::max_element(
      candidates.begin(), candidates.end(),
      [&](const std::string& a, const std::string& b) { return found(a) < found(b); });
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i)
    text += (i ? ", " : "") + shown(names[i]);
  return text +
         (names.size() > kMost ? " and " + std::to_string(names.size() - kMost) + " more" : "");
}

ConstantTensor constant_of(HostTensor tensor) {
  const auto values = std::make_shared<const std::vector<float>>(std::move(tensor.values));
  return {ElementType::f32,
          std::move(tensor.shape),
          {values, reinterpret_cast<const std::byte*>(values->data())}};
}

void check_finite(const HostTensor& tensor, const std::string& name, const std::string& file) {
  for (const float v : tensor.values)
    if (!std::isfinite(v) || (v < 0 && name.ends_with("running_var")))
      throw DataError(file + ": " + name + " has the value " + std::to_string(v) +
                      "; expected finite numbers, variances not negative");
}

}  // namespace

void replace_weights(ImportedModel& model, const WeightFile& weights, const std::string& file,
                     const std::string& dictionary) {
  const std::string network = model.file.filename().string();
  std::vector<FileTensor> tensors;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < weights.tensors.size(); ++i)
    if (!is_counter(weights.tensors[i]) &&
        (dictionary.empty() || weights.tensors[i].dictionary == dictionary)) {
      tensors.push_back(weights.tensors[i]);
      places.push_back(i);
    }
  if (tensors.empty())
    throw DataError(file + ": holds no tensors" +
                    (dictionary.empty() ? "" : " in \"" + shown(dictionary) + "\""));
  const std::string prefix = prefix_of(model, tensors);
  std::vector<std::string> unknown, missing;
  std::map<std::string, HostTensor> found;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const FileTensor& tensor = tensors[i];
    const std::string name =
        tensor.name.starts_with(prefix) ? tensor.name.substr(prefix.size()) : tensor.name;
    const auto constant = model.constants.find(name);
    if (constant == model.constants.end() || !tensor.foreign_type.empty() ||
        !is_float(constant->second.type)) {
      unknown.push_back(tensor.name);
      continue;
    }
    if (constant->second.shape != tensor.shape)
      throw DataError(file + ": " + shown(tensor.name) + " has shape " + shape_text(tensor.shape) +
                      "; in " + network + " it is " + shape_text(constant->second.shape));
    if (!found.emplace(name, weights.read(places[i])).second)
      throw DataError(file + ": holds " + shown(name) +
                      " more than once; model.tensors = \"PREFIX\" says which " +
                      "is meant, by what its name begins with");
    check_finite(found.at(name), name, file);
  }
  for (const auto& [name, constant] : model.constants)
    if (is_parameter(name, constant) && !found.contains(name)) missing.push_back(name);
  if (!unknown.empty() || !missing.empty())
    throw DataError(
        file + ": does not have the tensors of " + network +
        (unknown.empty() ? "" : "; these are not in the network: " + listed(unknown)) +
        (missing.empty() ? "" : "; these are in the network alone: " + listed(missing)) +
        ". Expected its state_dict, by the names of the network's constants (`ohmic inspect`); an "
        "exporter that folded BatchNorm or turned matrices has changed them: export as .pt2");
  for (auto& [name, tensor] : found) model.constants[name] = constant_of(std::move(tensor));
}

}  // namespace ohmic
