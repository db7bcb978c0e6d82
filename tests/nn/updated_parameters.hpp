// What an optimiser makes of parameters, computed in one of several ways.
#pragma once

#include <string>
#include <vector>

#include "nn/train/optimizer.hpp"
#include "simulator/random/noise.hpp"

namespace ohmic::test {

/// Three updates of normal parameters with normal gradients and both kinds of decay, where every
/// third parameter decays. As many as no block of a GPU or vector of a processor divides.
inline std::vector<float> updated_with_decay(const std::string& optimizer, Update how,
                                             const std::string& device = "cpu") {
  TrainSettings settings;
  settings.optimizer = optimizer;
  settings.l2 = 0.01;
  settings.weight_decay = 0.1;
  const auto updating = make_optimizer(settings, how);
  std::vector<float> w(40001), g(w.size()), decays(w.size());
  fill_normals(noise_key(3, 0), {Stream::initialization}, 0, std::span<float>(w));
  for (std::size_t i = 0; i < w.size(); i += 3) decays[i] = 1;
  for (std::uint64_t step = 0; step < 3; ++step) {
    fill_normals(noise_key(3, 0), {Stream::training_noise, 0, 0, step}, 0, std::span<float>(g));
    updating->step(w, g, 0.1, decays, device);
  }
  return w;
}

}  // namespace ohmic::test
