#include "nn/lowering/known_operators.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "nn/operators/operator.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::string_view kAten = "aten.";

constexpr const char* kRandom =
    "draws random numbers, and a network that is measured answers a sample always alike: export it "
    "as it is used, in evaluation, or with the mean of what is drawn";
constexpr const char* kComplex =
    "computes with complex numbers, which no operator here has: take spectra as samples, or write "
    "them as products with matrices of cosines and sines";

/// "randn_like" of "aten.randn_like.default", without the mark of what is done in place.
std::string_view bare_name(std::string_view op) {
  if (!op.starts_with(kAten)) return op;
  op.remove_prefix(kAten.size());
  op = op.substr(0, op.find('.'));
  if (op.ends_with('_')) op.remove_suffix(1);
  return op;
}

/// Why no way of exporting brings an operator here; null: one may.
const char* never(const std::string& op) {
  static const std::set<std::string_view> random{
      "Bernoulli",       "Multinomial", "RandomNormal",      "RandomNormalLike",
      "RandomUniform",   "bernoulli",   "RandomUniformLike", "cauchy",
      "exponential",     "geometric",   "log_normal",        "multinomial",
      "normal",          "poisson",     "normal_functional", "rand",
      "rand_like",       "randint",     "randint_like",      "randn",
      "randn_like",      "random",      "randperm",          "uniform",
      "rrelu_with_noise"};
  static const std::set<std::string_view> complex{
      "DFT",  "STFT",  "_conj", "_conj_physical", "angle",           "complex", "conj",
      "imag", "istft", "polar", "stft",           "view_as_complex", "real",    "view_as_real"};
  const std::string_view name = bare_name(op);
  if (random.contains(name)) return kRandom;
  const bool is_spectrum = name.starts_with("fft_") || name.starts_with("_fft_");
  return is_spectrum || complex.contains(name) ? kComplex : nullptr;
}

using Missing = std::map<std::string, std::vector<std::string>>;  // nodes by operator

std::string way_out(const Missing& missing) {
  std::map<const char*, std::string> reasons;  // with the first operator of each
  bool has_others = false;
  for (const auto& [op, nodes] : missing) {
    if (const char* reason = never(op))
      reasons.emplace(reason, op);
    else
      has_others = true;
  }
  std::string text;
  for (const char* reason : {kRandom, kComplex})
    if (reasons.contains(reason)) text += ". " + reasons.at(reason) + " " + reason;
  if (!has_others) return text;
  const auto is_aten = [](const auto& entry) { return entry.first.starts_with(kAten); };
  if (std::ranges::none_of(missing, is_aten))
    return text + ". `ohmic list operators` says which are";
  return text + (reasons.empty() ? ". These are" : ". The others are") +
         " PyTorch's own, of which `ohmic list aten` says which are supported; "
         "torch.onnx.export(..., dynamo=True) writes many as ONNX's, and run_decompositions() "
         "before saving, or leaving it out, others";
}

}  // namespace

void check_operators(const ImportedModel& model, const std::vector<ModelNode>& nodes) {
  Missing missing;
  for (const ModelNode& node : nodes)
    if (!find_operator(node.op)) missing[node.op].push_back(node.name);
  if (missing.empty()) return;
  std::string message = model.file.string() + ": operators that are not supported (opset " +
                        std::to_string(model.opset) + "): ";
  bool first = true;
  for (const auto& [op, names] : missing) {
    message += (first ? "" : "; ") + op + " (" + names.front();
    if (names.size() > 1) message += " and " + std::to_string(names.size() - 1) + " more";
    message += ")";
    first = false;
  }
  throw DataError(message + way_out(missing));
}

}  // namespace ohmic
