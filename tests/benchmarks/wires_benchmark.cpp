// One array on wires of 1 ohm a segment, against its size: seconds of the clock, with the exponent
// that theory gives (simulator/wires_dissection.hpp: 3) fitted through all.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <vector>

#include "simulator/random/noise.hpp"
#include "simulator/wires.hpp"

namespace ohmic {
namespace {

void OneArray(benchmark::State& state) {
  const int n = static_cast<int>(state.range(0)), threads = static_cast<int>(state.range(1));
  const std::size_t cells = static_cast<std::size_t>(n) * static_cast<std::size_t>(n);
  std::vector<float> uniforms(cells);
  fill_uniforms(noise_key(7, 0), {Stream::programming}, 0, uniforms);
  std::vector<double> G_S(cells), W_S(cells);
  for (std::size_t i = 0; i < cells; ++i) G_S[i] = 25e-6 * double{uniforms[i]};
  for (auto _ : state) wired_effective_S(n, n, G_S, Wires{}, W_S, threads);
  state.SetComplexityN(n);
}

void sizes(benchmark::internal::Benchmark* b, int threads) {
  for (int n = 64; n <= 2048; n *= 2) b->Args({n, threads});
}

BENCHMARK(OneArray)->Apply([](auto* b) { sizes(b, 1); }) -> ArgNames({"cells", "threads"})
    -> Complexity(benchmark::oNCubed) -> UseRealTime() -> Unit(benchmark::kMillisecond);
BENCHMARK(OneArray)
    ->Name("OneArrayOnAllThreads")
    ->Apply([](auto* b) { sizes(b, omp_get_num_procs()); }) -> ArgNames({"cells", "threads"})
        -> Complexity(benchmark::oNCubed) -> UseRealTime() -> Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ohmic
