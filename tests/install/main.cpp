// Programs one weight's two devices with the paper's noise and prints what they hold, in uS.
#include <array>
#include <cstdio>
#include <vector>

#include "mapping/conversions.hpp"
#include "mapping/mapped_layer.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/config/value.hpp"
#include "simulator/device_model.hpp"
#include "simulator/version.hpp"

int main() {
  std::vector<ohmic::Fault> faults;
  const auto table = ohmic::parse_toml("model = \"awgn\"\neta = 0.1\n", "consumer");
  const auto device = ohmic::read_device(table, "device", faults);
  if (!device || !faults.empty()) return 1;

  ohmic::ConvGeometry geometry;
  geometry.in_channels = 4;
  const std::array<float, 4> weights{0.5f, -0.25f, 0.0f, 1.0f};
  const ohmic::MappedLayer layer("dense", 0, geometry, weights, {}, device->g_min_S,
                                 device->g_max_S);
  const auto programmed_S = layer.programmed_S(0, *device, ohmic::noise_key(1, 0));
  std::printf("ohmic %s, LibTorch %s: G+ =", ohmic::version(), ohmic::libtorch_version().c_str());
  for (const double G_S : programmed_S) std::printf(" %.4f", G_S * 1e6);
  std::printf(" uS\n");
}
