// Hardware whose speed is measured.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/statistics/estimate.hpp"
#include "mapping/settings.hpp"
#include "simulator/device_model.hpp"
#include "simulator/periphery.hpp"

namespace ohmic {

struct BenchHardware {
  std::string name;
  std::string device;  ///< TOML
  Periphery periphery;
  /// What a draw and inference on it may cost, as ratios to LibTorch's eager and its fastest run.
  double eager_target = Estimate::kNone, fastest_target = Estimate::kNone;
  TileShape tile = MappingSettings{}.tile;
  bool is_inference_alone = false;  ///< its draw is a row of its own
};

inline const std::string kBenchAwgn = "model = 'awgn'\neta = 0.1";
inline const std::string kBenchWires = "wires of 1 ohm, 64 x 64 tiles";

/// White noise behind an ideal periphery first.
std::vector<BenchHardware> bench_hardware();
/// The same without what takes long to program or to compute for large networks, and without
/// targets, which are ResNet-20's.
std::vector<BenchHardware> bench_hardware_of_files();

/// Null for models that need parameters of their own.
std::shared_ptr<const DeviceModel> bench_device(const std::string& toml);

/// Whether bf16 products are in this processor's hardware: their targets are meant for that.
bool runs_here(const Periphery&);

}  // namespace ohmic
