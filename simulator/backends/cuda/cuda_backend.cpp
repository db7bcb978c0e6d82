#include "simulator/backends/cuda/cuda_backend.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "simulator/backends/cuda/packed_layer.hpp"
#include "simulator/backends/cuda/wired_matrices.hpp"
#include "simulator/error.hpp"
#include "simulator/range_observer.hpp"
#include "simulator/wires.hpp"

namespace ohmic {

namespace {

constexpr std::size_t kCounters = 2;  // what the DACs clipped, what the ADCs did

int bf16_parts(Products products) {
  if (!are_rounded(products)) return 0;
  return products == Products::bf16 ? 1 : 2;
}

Epilogue identity(int columns) {
  const auto N = static_cast<std::size_t>(columns);
  return {std::vector<float>(N, 1.0f), std::vector<float>(N, 0.0f), false};
}

class MachineActivations final : public Activations {
 public:
  explicit MachineActivations(std::shared_ptr<cuda::Machine> machine)
      : values_(std::move(machine)) {}
  float* at_least(std::size_t values) override { return values_.at_least(values); }

 private:
  cuda::Array<float> values_;
};

}  // namespace

struct CudaBackend::Workspace {
  Workspace(std::shared_ptr<cuda::Machine> m, std::int64_t limit)
      : values_at_once(limit),
        machine(std::move(m)),
        x(machine),
        residual(machine),
        y(machine),
        codes(machine),
        scale(machine),
        shift(machine),
        cells(machine),
        circuits(machine),
        clipped(machine) {}

  /// `host` in the machine's memory: itself, or a copy in `buffer`.
  const float* staged(const float* host, std::size_t size, cuda::Array<float>& buffer) {
    if (!host || machine->holds(host)) return host;
    float* copy = buffer.at_least(size);
    machine->upload(host, copy, size * sizeof(float));
    return copy;
  }

  /// The other way round.
  const float* fetched(const float* x, std::size_t size, std::vector<float>& buffer) {
    if (!machine->holds(x)) return x;
    buffer.resize(size);
    machine->download(x, buffer.data(), size * sizeof(float));
    return buffer.data();
  }

  std::int64_t values_at_once;
  std::shared_ptr<cuda::Machine> machine;
  cuda::Array<float> x, residual, y, codes, scale, shift;
  cuda::Array<double> cells;
  cuda::WiredMatrices circuits;
  cuda::Array<std::uint64_t> clipped;  ///< kCounters
};

class CudaBackend::Layer final : public ResidentLayer {
 public:
  Layer(std::shared_ptr<Workspace> workspace, const LayerOnTiles& layer)
      : workspace_(std::move(workspace)), layer_(layer), keys_{layer.key} {
    const ConvGeometry& g = layer.geometry;
    values_in_ = std::int64_t{g.in_height} * g.in_width * g.in_channels;
    values_out_ = std::int64_t{g.out_height()} * g.out_width() * g.out_channels;
  }

  /// The layer as it was programmed by the host; without ranges that it needs it can only observe.
  void load(const Epilogue& epilogue, const LayerRanges* ranges) {
    if (layer_.periphery.needs_ranges() && (!ranges || ranges->output.empty())) return;
    const LayerPlan plan = plan_layer(layer_, ranges ? *ranges : LayerRanges{});
    input_ = plan.input;
    ready_.emplace(workspace_->machine).load(layer_, {&plan, 1}, epilogue);
  }

  /// The layer with devices of its own.
  void take(const ProgrammingPlan& devices, const LayerRanges* ranges) {
    devices_plan_ = devices;
    if (ranges) ranges_ = *ranges;
  }

  void program(std::span<const NoiseKey> keys, const Epilogue& epilogue) override {
    OHMIC_ASSERT(devices_plan_ && !keys.empty());
    const bool grows = static_cast<int>(keys.size()) > room_;
    if (grows || converters_differ() || epilogue != epilogue_) reload(keys, epilogue, grows);
    keys_.assign(keys.begin(), keys.end());
    devices_->program(keys);
  }

  void forward(const float* x, std::int64_t images, std::uint64_t first_image,
               const float* residual, float* y, Tally& tally) override {
    OHMIC_ASSERT(ready_);
    std::uint64_t* clipped = workspace_->clipped.at_least(kCounters);
    if (counts()) workspace_->machine->clear(clipped, kCounters * sizeof *clipped);
    each_chunk(images, static_cast<int>(keys_.size()), [&](const Chunk& chunk) {
      const std::int64_t at = chunk.first * values_out_;
      run(chunk, x + chunk.first * values_in_, first_image, residual ? residual + at : nullptr,
          y + at, clipped);
    });
    if (counts()) count(images, clipped, tally);
  }

  void observe(const float* x, std::int64_t images, LayerRanges& ranges) override {
    if (!observer_) observer_.emplace(layer_);
    const auto size = static_cast<std::size_t>(images * values_in_);
    std::vector<float> inputs;
    observer_->see_inputs({workspace_->fetched(x, size, inputs), size});
    LayerPlan plan = plan_observation(layer_, observer_->input_range());
    for (Phase& phase : plan.input.phases) phase.weight = 1.0;
    cuda::DeviceLayer device(workspace_->machine);
    device.load(layer_, {&plan, 1}, identity(plan.columns));
    each_chunk(images, 1, [&](const Chunk& chunk) {
      observe_chunk(plan, device, x + chunk.first * values_in_, chunk.images);
    });
    observer_->write(ranges);
  }

 private:
  /// Whether draws differ in more than weights.
  bool converters_differ() const {
    return layer_.periphery.adc && layer_.periphery.adc->has_frozen_errors();
  }

  /// Everything but weights; with room for as many draws where it `grows`.
  void reload(std::span<const NoiseKey> keys, const Epilogue& epilogue, bool grows) {
    std::vector<LayerPlan> plans;
    for (const NoiseKey key : converters_differ() ? keys : keys.first(1)) {
      layer_.key = key;
      plans.push_back(plan_layer(layer_, ranges_));
    }
    input_ = plans.front().input;
    epilogue_ = epilogue;
    if (!ready_) ready_.emplace(workspace_->machine);
    if (grows) room_ = static_cast<int>(keys.size());
    ready_->load(layer_, plans, epilogue, room_);
    if (grows)
      devices_.emplace(workspace_->machine, std::vector{*devices_plan_},
                       std::vector{ready_->place(plans)}, room_);
    else
      devices_->set_factors(0, cuda::factors_of(plans));
  }

  /// Images of one draw, or all images of some.
  struct Chunk {
    std::int64_t first, images;
    int first_draw, draws;
  };
  template <class Run>
  void each_chunk(std::int64_t images, int draws, const Run& run) const {
    OHMIC_ASSERT(images % draws == 0);
    const std::int64_t each = images / draws;
    const std::int64_t at_once =
        std::max<std::int64_t>(1, workspace_->values_at_once / std::max(values_in_, values_out_));
    const auto together = static_cast<int>(
        std::clamp<std::int64_t>(at_once / std::max<std::int64_t>(each, 1), 1, draws));
    for (int draw = 0; draw < draws; draw += together) {
      const int n = std::min(together, draws - draw);
      const std::int64_t count = n > 1 ? n * each : std::min(at_once, each);
      for (std::int64_t first = 0; first < n * each; first += count)
        run(Chunk{draw * each + first, std::min(count, n * each - first), draw, n});
    }
  }

  /// What the rows are driven by: x, or its codes.
  const float* drive(const InputPlan& plan, const float* x, std::int64_t images,
                     std::uint64_t* clipped) {
    const std::int64_t size = images * values_in_;
    x = workspace_->staged(x, static_cast<std::size_t>(size), workspace_->x);
    if (!plan.converts) return x;
    float* codes = workspace_->codes.at_least(static_cast<std::size_t>(size));
    workspace_->machine->run(cuda::ConvertArguments{
        x, codes, size, static_cast<float>(1.0 / plan.step), static_cast<float>(plan.lowest),
        static_cast<float>(plan.highest), clipped});
    return codes;
  }

  void run(const Chunk& chunk, const float* x, std::uint64_t first_image, const float* residual,
           float* y, std::uint64_t* clipped) {
    Workspace& w = *workspace_;
    const auto size = static_cast<std::size_t>(chunk.images * values_out_);
    const bool stays = w.machine->holds(y);
    cuda::TileArguments a = ready_->arguments();
    a.bf16_parts = bf16_parts(layer_.periphery.products);
    a.x = drive(input_, x, chunk.images, clipped);
    a.residual = w.staged(residual, size, w.residual);
    a.y = stays ? y : w.y.at_least(size);
    a.pixels = static_cast<std::int32_t>(chunk.images / chunk.draws) * a.positions;
    a.first_image = first_image + static_cast<std::uint64_t>(chunk.first);
    a.first_draw = chunk.first_draw, a.draws = chunk.draws;
    std::copy(keys_.begin(), keys_.end(), a.keys);
    a.clipped = clipped + 1;
    w.machine->run(a);
    if (!stays) w.machine->download(a.y, y, size * sizeof(float));
  }

  /// Whether anything has to be fetched after a call; without converters nobody waits.
  bool counts() const { return input_.converts || ready_->arguments().converts; }

  void count(std::int64_t images, const std::uint64_t* clipped, Tally& tally) const {
    const cuda::TileArguments& a = ready_->arguments();
    std::uint64_t counted[kCounters];
    workspace_->machine->download(clipped, counted, sizeof counted);
    if (input_.converts)
      tally += {static_cast<std::uint64_t>(images * values_in_), counted[0], 0, 0};
    if (a.converts)
      tally +=
          {0, 0, static_cast<std::uint64_t>(images * values_out_ * a.all_phases * a.end_product),
           counted[1]};
  }

  void observe_chunk(const LayerPlan& plan, const cuda::DeviceLayer& device, const float* x,
                     std::int64_t images) {
    Workspace& w = *workspace_;
    std::vector<float> outputs(static_cast<std::size_t>(images * values_out_));
    cuda::TileArguments a = device.arguments();
    a.x = drive(plan.input, x, images, w.clipped.at_least(kCounters));
    a.y = w.y.at_least(outputs.size());
    a.pixels = static_cast<std::int32_t>(images) * a.positions;
    for (a.first_phase = 0; a.first_phase < a.all_phases; ++a.first_phase)
      for (std::size_t t = 0; t < plan.products.size(); ++t) {
        a.end_phase = a.first_phase + 1;
        a.first_product = static_cast<std::int32_t>(t);
        a.end_product = a.first_product + 1;
        w.machine->run(a);
        w.machine->download(a.y, outputs.data(), outputs.size() * sizeof(float));
        observer_->see_outputs(t, std::span<const float>(outputs));
      }
  }

  std::shared_ptr<Workspace> workspace_;
  LayerOnTiles layer_;
  std::vector<NoiseKey> keys_;  ///< of the draws that it holds
  std::int64_t values_in_, values_out_;
  InputPlan input_;
  std::optional<cuda::DeviceLayer> ready_;  ///< absent until ranges are known
  std::optional<RangeObserver> observer_;

  // Of a layer with devices of its own.
  std::optional<ProgrammingPlan> devices_plan_;
  std::optional<cuda::ResidentDevices> devices_;
  LayerRanges ranges_;
  Epilogue epilogue_;
  int room_ = 0;  ///< for draws
};

CudaBackend::CudaBackend(std::shared_ptr<cuda::Machine> machine, std::int64_t values_at_once)
    : workspace_(std::make_shared<Workspace>(std::move(machine), values_at_once)) {}

CudaBackend::~CudaBackend() = default;

std::string CudaBackend::refusal(const LayerOnTiles& layer) const {
  if (layer.is_solved_per_mvm())
    return "non-linear cells (device.v_read_V) on resistive wires: this back end solves no circuit "
           "at each product; use compute.backend = \"cpu\", device.v_read_V = \"ohmic\" or "
           "periphery.wires = \"ideal\"";
  if (!are_rounded(layer.periphery.products)) return {};
  if (layer.cells)
    return "periphery.products: non-linear cells are computed in float; accepted here: \"auto\", "
           "\"f32\"";
  const std::string why = workspace_->machine->refusal_of_bf16();
  return why.empty() ? why : "periphery.products: " + why + "; accepted here: \"auto\", \"f32\"";
}

std::unique_ptr<Activations> CudaBackend::activations() {
  return std::make_unique<MachineActivations>(workspace_->machine);
}

const float* CudaBackend::on_host(const float* x, std::size_t values, std::vector<float>& buffer) {
  return workspace_->fetched(x, values, buffer);
}

void CudaBackend::apply(const Epilogue& epilogue, const float* x, std::int64_t values,
                        const float* residual, float* y) {
  Workspace& w = *workspace_;
  const auto size = static_cast<std::size_t>(values);
  const bool stays = w.machine->holds(y);
  const EpilogueArguments a{.x = w.staged(x, size, w.x),
                            .residual = w.staged(residual, size, w.residual),
                            .scale = w.scale.assign(epilogue.scale),
                            .shift = w.shift.assign(epilogue.shift),
                            .y = stays ? y : w.y.at_least(size),
                            .values = values,
                            .channels = std::max<std::int64_t>(1, std::ssize(epilogue.scale)),
                            .relu = epilogue.relu};
  w.machine->run(a);
  if (!stays) w.machine->download(a.y, y, size * sizeof(float));
}

int CudaBackend::gpu() const { return workspace_->machine->gpu(); }

void CudaBackend::apply_wires(int K, int N, TileShape tile, const Wires& wires,
                              std::span<double> G_S) {
  OHMIC_ASSERT(std::ssize(G_S) == std::ptrdiff_t{K} * N);
  Workspace& w = *workspace_;
  double* cells = w.cells.assign(G_S);
  w.circuits.assign({{K, N, tile, cells}});
  w.circuits.solve(wire_conductances(wires));
  w.machine->download(cells, G_S.data(), G_S.size_bytes());
  check_wired(G_S);
}

std::unique_ptr<LoadedLayer> CudaBackend::load(const LayerOnTiles& layer, const Epilogue& epilogue,
                                               const LayerRanges* ranges) {
  if (std::string why = refusal(layer); !why.empty()) throw UnsupportedError(why);
  auto loaded = std::make_unique<Layer>(workspace_, layer);
  loaded->load(epilogue, ranges);
  return loaded;
}

std::unique_ptr<ResidentLayer> CudaBackend::load_devices(const LayerOnTiles& layer,
                                                         const ProgrammingPlan& devices,
                                                         const LayerRanges* ranges) {
  if (std::string why = refusal(layer); !why.empty()) throw UnsupportedError(why);
  auto loaded = std::make_unique<Layer>(workspace_, layer);
  loaded->take(devices, ranges);
  return loaded;
}

int CudaBackend::draws_at_once() const { return cuda::kDraws; }

}  // namespace ohmic
