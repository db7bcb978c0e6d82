// A network on crossbars with additive white Gaussian device noise, as tests want it.
#pragma once

#include <memory>
#include <string>

#include "nn/analog/analog_network.hpp"
#include "tests/devices/device_test.hpp"

namespace ohmic::test {

/// The model that a [device] table describes, as networks hold it.
inline std::shared_ptr<const DeviceModel> shared_device(const std::string& toml) {
  return make_device(toml);
}

/// [device] model = "awgn" with `eta` on sigma_w and what `more` adds or replaces, as TOML lines.
inline std::shared_ptr<const DeviceModel> awgn(double eta, const std::string& more = {}) {
  const std::string text = "model = 'awgn'\neta = " + std::to_string(eta) + "\n" + more;
  return shared_device(text);
}

/// With ranges of `images` images of the set, where it needs some.
inline AnalogNetwork calibrated(const MappedNetwork& mapped, Backend& backend, const ImageSet& set,
                                std::int64_t images) {
  return AnalogNetwork(mapped, backend, calibrate(mapped, backend, set, {}, images));
}

/// Owns the back end that a network needs; `seen` is what its ranges are found on.
struct Chip {
  Chip(const Graph& graph, const Weights& weights, const NoiseSettings& noise, double eta,
       const std::string& device = {}, const MappingSettings& mapping = {},
       const std::string& backend_name = "reference", const ImageSet& seen = {})
      : backend(make_backend(backend_name)),
        network(calibrated({graph, weights, mapping, noise, Periphery{}, awgn(eta, device)},
                           *backend, seen, seen.size())) {}

  std::unique_ptr<Backend> backend;
  AnalogNetwork network;
};

}  // namespace ohmic::test
