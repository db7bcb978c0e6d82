// How much noise a network tolerates for a loss of at most 2 % of its accuracy.
// Usage: budget [folder with network.pt2 and waves.npz, as in experiments/your_network]
#include <cstdio>
#include <string>

#include "experiments/ohmic.hpp"

int main(int count, char** arguments) {
  const std::string folder = count > 1 ? arguments[1] : "experiments/your_network";
  const std::string waves = folder + "/waves.npz:";
  ohmic::DataSettings data{.name = "files"};
  data.test_samples = {.samples = waves + "test_x", .labels = waves + "test_y"};
  data.normalize = "given";
  data.scale = 1.0 / 128;
  data.mean = {1.0};
  const ohmic::Hardware hardware{.device = ohmic::make_device("awgn", {{"eta", 0.1}})};
  const ohmic::Budget budget =
      ohmic::find_budget(ohmic::load_network(folder + "/network.pt2"), ohmic::load_samples(data),
                         hardware, "device.eta", {.max_drop = 2, .steps = 16, .max_draws = 20});
  std::printf("tolerated up to %g, not from %g; %zu values looked at\n",
              budget.tolerated.value_or(0), budget.not_tolerated.value_or(0), budget.probes.size());
}
