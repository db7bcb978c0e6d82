// All convolutions of ResNet-20 (32 x 32 images, 16/32/64 channels) and its dense layer on the cpu
// back end, 100 images per iteration, one thread: what each effect of the periphery costs. Compare
// with LibTorchForward of network_benchmark.cpp in the same run.
#include <benchmark/benchmark.h>
#include <omp.h>

#include <cmath>

#include "tests/simulator/backend_cases.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kImages = 100;

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

struct LoadedNetwork {
  struct Layer {
    std::unique_ptr<LoadedLayer> loaded;
    std::vector<float> x, y;
  };

  LoadedNetwork(const Periphery& periphery, bool reads_noisily) {
    for (const ConvGeometry& g : resnet20()) {
      LayerOnTiles layer =
          test::layer_of(g, test::normals(static_cast<std::size_t>(g.rows()) * g.columns(), 1));
      layer.tile = {256, 256};
      layer.periphery = periphery;
      if (reads_noisily) layer.planes[0].read_variance_S2.assign(layer.planes[0].G_S.size(), 1e-2);
      std::vector<float> x = test::normals(kImages * test::values_in(g), 2);
      for (float& v : x) v = std::max(v, 0.0f);
      Epilogue epilogue = test::identity_epilogue(g.out_channels);
      epilogue.relu = true;
      LayerRanges ranges;
      if (periphery.needs_ranges()) backend->load(layer, epilogue)->observe(x.data(), 4, ranges);
      layers.push_back({backend->load(layer, epilogue, &ranges), std::move(x),
                        std::vector<float>(kImages * test::values_out(g))});
    }
  }

  std::unique_ptr<Backend> backend = make_backend("cpu");
  std::vector<Layer> layers;
};

void MvmsOfResNet20(benchmark::State& state, const Periphery& periphery, bool reads_noisily) {
  omp_set_num_threads(1);
  LoadedNetwork network(periphery, reads_noisily);
  std::uint64_t first_image = 0;
  for (auto _ : state) {
    Tally tally;
    for (auto& layer : network.layers)
      layer.loaded->forward(layer.x.data(), kImages, first_image, nullptr, layer.y.data(), tally);
    first_image += kImages;
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kImages);
}

Periphery converters(Products products) {
  Periphery p;
  p.dac = Dac{};
  p.adc = Adc{};
  p.products = products;
  return p;
}

const bool registered = [] {
  const auto add = [](const std::string& name, const Periphery& p, bool reads = false) {
    benchmark::RegisterBenchmark(("MvmsOfResNet20/" + name).c_str(), [=](benchmark::State& s) {
      MvmsOfResNet20(s, p, reads);
    })->Unit(benchmark::kMillisecond);
  };
  add("ideal", {});
  for (const auto& [format, products] :
       {std::pair{"f32", Products::f32}, std::pair{"bf16", Products::bf16},
        std::pair{"bf16x2", Products::bf16x2}}) {
    Periphery p = converters(products);
    LayerOnTiles probe;
    probe.periphery = p;
    if (!make_backend("cpu")->refusal(probe).empty()) continue;
    const std::string suffix = std::string("/") + format;
    add("converters" + suffix, p);
    Periphery serial = p;
    serial.dac->slice_bits = 1;
    add("bit_serial" + suffix, serial);
    p.output_noise = OutputNoise{0.01};
    add("converters_and_output_noise" + suffix, p);
    add("converters_output_and_read_noise" + suffix, p, true);
  }
  return true;
}();

}  // namespace
}  // namespace ohmic
