// One crossbar: a matrix on noisy devices, multiplied by a vector.
#include <cstdio>

#include "experiments/ohmic.hpp"

int main() {
  const ohmic::Network matrix = ohmic::matrix_network({0.5f, -1.0f, 0.25f, 1.0f}, 2, 2);
  ohmic::Chip crossbar(matrix, {.device = ohmic::make_device("awgn", {{"eta", 0.05}})},
                       {.seed = 1, .draw = 0});
  const ohmic::Answers y = crossbar(ohmic::Samples({1.0f, 2.0f}, {1, 2}));
  std::printf("y = %.4f %.4f; exact -1.5000 2.2500\n", y.numbers[0], y.numbers[1]);
}
