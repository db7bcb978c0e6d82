// All convolutions of ResNet-20 (32 x 32 images, 16/32/64 channels) and its dense layer: what each
// effect of the periphery costs. On cpu with one thread and 100 images per iteration, to be
// compared with LibTorchForward of network_benchmark.cpp in the same run; on cuda, where there is a
// GPU, with 4000, activations in its memory.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <cmath>
#include <iterator>

#include "simulator/error.hpp"
#include "tests/simulator/backend_cases.hpp"

namespace ohmic {
namespace {

std::int64_t images_for(const std::string& backend) { return backend == "cuda" ? 4000 : 100; }

std::vector<ConvGeometry> resnet20() {
  std::vector<ConvGeometry> layers{test::same_padded(32, 3, 16, 3, 1)};
  for (int size = 32, channels = 16; channels <= 64; size /= 2, channels *= 2) {
    for (int i = channels == 16 ? 0 : 1; i < 6; ++i)
      layers.push_back(test::same_padded(size, channels, channels, 3, 1));
    if (channels < 64) layers.push_back(test::same_padded(size, channels, 2 * channels, 3, 2));
  }
  layers.push_back(test::dense(64, 10));
  return layers;
}

/// max(z, 0) of normals, in the back end's memory.
void fill_inputs(Backend& backend, const ConvGeometry& g, std::int64_t images, float* x) {
  const std::vector<float> z = test::normals(images * test::values_in(g), 2);
  backend.apply({{}, {}, true}, z.data(), std::ssize(z), nullptr, x);
}

struct LoadedNetwork {
  struct Layer {
    std::unique_ptr<LoadedLayer> loaded;
    std::unique_ptr<Activations> inputs, outputs;
    float *x, *y;
  };

  LoadedNetwork(const std::string& name, const Periphery& periphery, bool reads_noisily)
      : images(images_for(name)), backend(make_backend(name)) {
    for (const ConvGeometry& g : resnet20()) {
      LayerOnTiles layer =
          test::layer_of(g, test::normals(static_cast<std::size_t>(g.rows()) * g.columns(), 1));
      layer.tile = {256, 256};
      layer.periphery = periphery;
      if (reads_noisily) layer.planes[0].read_variance_S2.assign(layer.planes[0].G_S.size(), 1e-2);
      add(layer);
    }
  }

  void add(const LayerOnTiles& tiles) {
    const ConvGeometry& g = tiles.geometry;
    Epilogue epilogue = test::identity_epilogue(g.out_channels);
    epilogue.relu = true;
    Layer layer{nullptr, backend->activations(), backend->activations(), nullptr, nullptr};
    layer.x = layer.inputs->at_least(images * test::values_in(g));
    layer.y = layer.outputs->at_least(images * test::values_out(g));
    fill_inputs(*backend, g, images, layer.x);
    LayerRanges ranges;
    if (tiles.periphery.needs_ranges()) backend->load(tiles, epilogue)->observe(layer.x, 4, ranges);
    layer.loaded = backend->load(tiles, epilogue, &ranges);
    layers.push_back(std::move(layer));
  }

  std::int64_t images;
  std::unique_ptr<Backend> backend;
  std::vector<Layer> layers;
};

void MvmsOfResNet20(benchmark::State& state, const std::string& backend, const Periphery& periphery,
                    bool reads_noisily) {
  omp_set_num_threads(1);
  LoadedNetwork network(backend, periphery, reads_noisily);
  std::uint64_t first_image = 0;
  std::vector<float> last;
  for (auto _ : state) {
    Tally tally;
    for (auto& layer : network.layers)
      layer.loaded->forward(layer.x, network.images, first_image, nullptr, layer.y, tally);
    first_image += static_cast<std::uint64_t>(network.images);
    benchmark::DoNotOptimize(network.backend->on_host(network.layers.back().y, 1, last));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * network.images);
}

bool runs_here(const std::string& backend, const Periphery& periphery) try {
  LayerOnTiles probe;
  probe.periphery = periphery;
  return make_backend(backend)->refusal(probe).empty();
} catch (const UnsupportedError&) {
  return false;
}

Periphery converters(Products products) {
  Periphery p;
  p.dac = Dac{};
  p.adc = Adc{};
  p.products = products;
  return p;
}

void add(const std::string& backend, const std::string& name, const Periphery& p,
         bool reads = false) {
  if (!runs_here(backend, p)) return;
  benchmark::RegisterBenchmark(("MvmsOfResNet20/" + backend + "/" + name).c_str(),
                               [=](benchmark::State& s) { MvmsOfResNet20(s, backend, p, reads); })
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

const bool registered = [] {
  for (const std::string backend : {"cpu", "cuda"}) {
    add(backend, "ideal", {});
    for (const auto& [format, products] :
         {std::pair{"f32", Products::f32}, std::pair{"bf16", Products::bf16},
          std::pair{"bf16x2", Products::bf16x2}}) {
      Periphery p = converters(products);
      const std::string suffix = std::string("/") + format;
      add(backend, "converters" + suffix, p);
      Periphery serial = p;
      serial.dac->slice_bits = 1;
      add(backend, "bit_serial" + suffix, serial);
      p.output_noise = OutputNoise{0.01};
      add(backend, "converters_and_output_noise" + suffix, p);
      add(backend, "converters_output_and_read_noise" + suffix, p, true);
    }
  }
  return true;
}();

}  // namespace
}  // namespace ohmic
