// A network of a file on hardware with converters: the accuracy over 5 chips.
// Usage: own_network [folder with network.pt2 and waves.npz, as in experiments/your_network]
#include <cstdio>
#include <string>

#include "experiments/ohmic.hpp"

int main(int count, char** arguments) {
  const std::string folder = count > 1 ? arguments[1] : "experiments/your_network";
  const ohmic::Network net = ohmic::load_network(folder + "/network.pt2");
  const std::string waves = folder + "/waves.npz:";
  ohmic::DataSettings data{.name = "files"};
  data.test_samples = {.samples = waves + "test_x", .labels = waves + "test_y"};
  data.train_samples = {.samples = waves + "train_x"};  // finds the converters' ranges
  data.normalize = "given";
  data.scale = 1.0 / 128;
  data.mean = {1.0};
  const ohmic::Samples samples = ohmic::load_samples(data);
  const ohmic::Hardware hardware{.mapping = {.tile = {128, 128}},
                                 .device = ohmic::make_device("awgn", {{"eta", 0.2}}),
                                 .periphery = {.dac = ohmic::Dac{}, .adc = ohmic::Adc{}}};
  const ohmic::Measurement m = ohmic::measure(net, samples, hardware, {.draws = 5});
  std::printf("%s %.4f, 95 %% interval %.4f to %.4f; without noise %.4f\n", m.metric.c_str(),
              m.value, m.lo, m.hi, m.baseline);
}
