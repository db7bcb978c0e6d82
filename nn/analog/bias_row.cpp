#include "nn/analog/bias_row.hpp"

#include "simulator/error.hpp"

namespace ohmic {

std::vector<float> with_bias_row(std::span<const float> kernel, std::span<const float> bias,
                                 double input) {
  const std::size_t K = kernel.size() / bias.size();
  std::vector<float> matrix;
  matrix.reserve(kernel.size() + bias.size());
  for (std::size_t n = 0; n < bias.size(); ++n) {
    const auto column = kernel.subspan(n * K, K);
    matrix.insert(matrix.end(), column.begin(), column.end());
    matrix.push_back(static_cast<float>(bias[n] / input));
  }
  return matrix;
}

void check_biases(const MappingSettings& mapping, const NoiseSettings& noise) {
  if (mapping.bias == BiasPlace::digital || !noise.perturbs(TensorKind::bias)) return;
  std::vector<Fault> faults(1);
  faults[0].key = "mapping.bias";
  faults[0].message = "\"analog\" holds biases on devices, and ";
  faults[0].message +=
      noise.tensors.empty()
          ? "noise.semantics perturbs them in digital memory; accepted together: \"digital\", or "
            "noise.semantics \"kernels\" or \"folded\""
          : "noise.tensors perturbs them in digital memory; accepted together: \"digital\", or "
            "noise.tensors without \"bias\"";
  throw ConfigError(std::move(faults));
}

}  // namespace ohmic
