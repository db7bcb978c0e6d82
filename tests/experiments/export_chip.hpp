// A small chip for the export tests: one layer of 20 x 5 cells in tiles of 8 x 3, awgn devices.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/export/conductances.hpp"
#include "simulator/device_model.hpp"

namespace ohmic::test {

struct SmallChip {
  explicit SmallChip(MappingSettings settings = {}, const std::string& clip = "positive") {
    std::vector<Fault> faults;
    device =
        read_device(parse_toml("model = \"awgn\"\neta = 0.2\nclip = \"" + clip + "\"", "export"),
                    "device", faults);
    if (!faults.empty()) throw ConfigError(faults);
    ConvGeometry geometry;
    geometry.in_channels = 20;
    geometry.out_channels = 5;
    std::vector<float> weights(100);
    fill_normals(noise_key(5, 0), {Stream::initialization}, 0, std::span<float>(weights));
    settings.tile = tile;
    layers.emplace_back("layer1.0.conv", 3, geometry, weights, settings, device->g_min_S,
                        device->g_max_S);
  }

  ProgrammedChip programmed() const { return {layers, tile, device, noise_key(9, 4)}; }

  TileShape tile{8, 3};
  std::shared_ptr<const DeviceModel> device;
  std::vector<MappedLayer> layers;
};

}  // namespace ohmic::test
