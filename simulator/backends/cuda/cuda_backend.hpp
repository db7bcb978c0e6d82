// The back end for GPUs: every layer is one kernel over the whole batch (tile_kernel.hpp).
#pragma once

#include <memory>

#include "simulator/backend.hpp"
#include "simulator/backends/cuda/machine.hpp"

namespace ohmic {

class CudaBackend final : public Backend {
 public:
  /// At most `values_at_once` inputs or outputs of a layer are in the machine's memory at a time,
  /// or one image's: so that they are counted in 32 bits and still fill any GPU.
  explicit CudaBackend(std::shared_ptr<cuda::Machine>,
                       std::int64_t values_at_once = std::int64_t{1} << 27);
  ~CudaBackend() override;
  std::string_view name() const override { return "cuda"; }
  std::string refusal(const LayerOnTiles&) const override;
  std::unique_ptr<LoadedLayer> load(const LayerOnTiles&, const Epilogue&,
                                    const LayerRanges* ranges) override;
  std::unique_ptr<ResidentLayer> load_devices(const LayerOnTiles&, const ProgrammingPlan&,
                                              const LayerRanges* ranges) override;
  int draws_at_once() const override;
  std::unique_ptr<Activations> activations() override;
  const float* on_host(const float* x, std::size_t values, std::vector<float>& buffer) override;
  void apply(const Epilogue&, const float* x, std::int64_t values, const float* residual,
             float* y) override;
  int gpu() const override;
  void apply_wires(int K, int N, TileShape, const Wires&, std::span<double> G_S) override;
  std::int64_t images_at_once(const ConvGeometry&) const override { return 4096; }

 private:
  struct Workspace;
  class Layer;
  std::shared_ptr<Workspace> workspace_;  ///< of all layers, which run one after the other
};

}  // namespace ohmic
