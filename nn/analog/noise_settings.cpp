#include "nn/analog/noise_settings.hpp"

#include <algorithm>

namespace ohmic {
namespace {

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : tensor_kinds()) names.push_back(name);
  return names;
}

Fault fault(std::string message) {
  Fault f;
  f.key = "noise.tensors";
  f.message = std::move(message);
  return f;
}

Fault unknown_kind(const std::string& name) {
  std::string message = name + " is not a kind of tensor; accepted:";
  for (const std::string& known : kind_names()) message.append(" ").append(known);
  const std::string near = did_you_mean(name, kind_names());
  if (!near.empty()) message.append("; did you mean ").append(near).append("?");
  return fault(std::move(message));
}

}  // namespace

const std::vector<std::pair<std::string, TensorKind>>& tensor_kinds() {
  static const std::vector<std::pair<std::string, TensorKind>> kinds = {
      {"kernel", TensorKind::kernel},
      {"bias", TensorKind::bias},
      {"gamma", TensorKind::gamma},
      {"beta", TensorKind::beta},
      {"moving_mean", TensorKind::moving_mean},
      {"moving_variance", TensorKind::moving_variance}};
  return kinds;
}

bool NoiseSettings::perturbs(TensorKind kind) const {
  if (!tensors.empty())
    return std::any_of(tensor_kinds().begin(), tensor_kinds().end(), [&](const auto& named) {
      return named.second == kind && std::count(tensors.begin(), tensors.end(), named.first) > 0;
    });
  if (kind == TensorKind::kernel) return true;
  if (kind == TensorKind::moving_mean || kind == TensorKind::moving_variance)
    return semantics == Semantics::keras_get_weights;
  return semantics == Semantics::trainable || semantics == Semantics::keras_get_weights;
}

bool NoiseSettings::perturbs_digital() const {
  return std::any_of(tensor_kinds().begin(), tensor_kinds().end(), [&](const auto& named) {
    return named.second != TensorKind::kernel && perturbs(named.second);
  });
}

bool NoiseSettings::leaves_statistics() const {
  return semantics != Semantics::folded && !perturbs(TensorKind::moving_mean) &&
         !perturbs(TensorKind::moving_variance);
}

void NoiseSettings::validate() const {
  std::vector<Fault> faults;
  const auto known = kind_names();
  for (const std::string& name : tensors)
    if (std::find(known.begin(), known.end(), name) == known.end())
      faults.push_back(unknown_kind(name));
  if (!tensors.empty() && semantics == Semantics::folded)
    faults.push_back(
        fault("semantics = \"folded\" leaves only folded kernels to perturb; accepted with it: "
              "tensors = [] (or leave semantics out)"));
  if (!faults.empty()) throw ConfigError(std::move(faults));
}

const Schema<NoiseSettings>& NoiseSettings::schema() {
  static const Schema<NoiseSettings> schema = [] {
    Schema<NoiseSettings> s{"noise",
                            "Which tensors are perturbed, each with its own population std."};
    s.add_choice("semantics", &NoiseSettings::semantics,
                 {{"kernels", Semantics::kernels},
                  {"trainable", Semantics::trainable},
                  {"keras_get_weights", Semantics::keras_get_weights},
                  {"folded", Semantics::folded}})
        .doc(
            "kernels: convolution and dense weights, what lives on crossbars; trainable: + biases, "
            "BatchNorm gamma and beta; keras_get_weights: + moving mean and variance; folded: "
            "BatchNorm folded first, then the folded kernels. Tensors other than kernels are "
            "digital.")
        .source("Fagbohungbe and Qian 2022, eqs 4-6, and Keras get_weights()");
    s.add("tensors", &NoiseSettings::tensors)
        .choices(kind_names())
        .doc(
            "Explicit kinds instead of semantics; [] follows semantics. Kernels that are not named "
            "are held exactly.");
    s.add_choice("negative_variance", &NoiseSettings::negative_variance,
                 {{"nan", NegativeVariance::nan},
                  {"dead", NegativeVariance::dead},
                  {"clamp0", NegativeVariance::clamp0},
                  {"abs", NegativeVariance::abs}})
        .doc(
            "When noise pushes a moving variance to -epsilon or below: nan, every answer is class "
            "0 (Keras today); dead, only that channel dies (TensorFlow on GPU up to 2.3); clamp0 "
            "and abs keep every variance non-negative.");
    s.add("spare_dead_filters", &NoiseSettings::spare_dead_filters)
        .joined_later()
        .doc(
            "Filters whose BatchNorm has a running variance below 1e-6 get no noise, neither on "
            "their column of devices nor on bias and BatchNorm: what of a network's fragility is "
            "theirs. No hardware does this.");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
