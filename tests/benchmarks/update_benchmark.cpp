// One update of as many parameters as ResNet-20 has, beside the same by LibTorch's operations.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <vector>

#include "nn/torch/torch_evaluation.hpp"
#include "nn/train/optimizer.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kParameters = 272474;

void update(benchmark::State& state, const char* optimizer, Update how) {
  set_threads(static_cast<int>(state.range(0)));
  omp_set_num_threads(static_cast<int>(state.range(0)));
  TrainSettings settings;
  settings.optimizer = optimizer;
  const auto updating = make_optimizer(settings, how);
  std::vector<float> w(kParameters, 0.1f), g(kParameters, 0.01f), decays(kParameters, 1.0f);
  for (auto _ : state) updating->step(w, g, 1e-3, decays);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kParameters));
}

void threads(benchmark::internal::Benchmark* b) {
  b->Arg(1);
  if (omp_get_num_procs() > 1) b->Arg(omp_get_num_procs());
  b->ArgName("threads")->UseRealTime()->Unit(benchmark::kMicrosecond);
}

BENCHMARK_CAPTURE(update, adam, "adam", Update::fused)->Apply(threads);
BENCHMARK_CAPTURE(update, adam_by_tensors, "adam", Update::tensors)->Apply(threads);
BENCHMARK_CAPTURE(update, momentum, "momentum", Update::fused)->Apply(threads);
BENCHMARK_CAPTURE(update, momentum_by_tensors, "momentum", Update::tensors)->Apply(threads);

}  // namespace
}  // namespace ohmic
