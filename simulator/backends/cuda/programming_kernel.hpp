// The kernels that program devices: a thread takes all devices of one weight from their targets to
// what they hold and writes the effective weight, so that no conductance is ever stored. Where
// wires come between the two, one kernel stores conductances and another one decodes them.
#pragma once

#include <cstdint>

#include "simulator/backends/cuda/arguments.hpp"
#include "simulator/random/element.hpp"

namespace ohmic::cuda {

class ProgrammedLayer {
 public:
  OHMIC_HOST_DEVICE ProgrammedLayer(const DeviceArguments& layer, NoiseKey key)
      : l_(layer), key_(key) {}

  OHMIC_HOST_DEVICE std::int64_t cells() const { return std::int64_t{l_.K} * l_.N; }

  /// Writes the weight of row k and column n, cell = n*K + k; or its devices' conductances.
  OHMIC_HOST_DEVICE void program(std::int64_t cell) const {
    if (!l_.stored_S) {
      decode(cell, [&](int role, std::int64_t device, bool exact) {
        return exact ? l_.roles[role].target_S[device] : conductance_S(role, device);
      });
      return;
    }
    const bool exact = l_.spared && l_.spared[cell / l_.K] != 0;
    for (int role = 0; role < l_.role_count; ++role)
      l_.stored_S[role * cells() + cell] =
          exact ? l_.roles[role].target_S[cell] : conductance_S(role, cell);
  }

  /// Writes the weight of what is stored; 1 where that is no number.
  OHMIC_HOST_DEVICE std::uint32_t decode_stored(std::int64_t cell) const {
    const double sum = decode(cell, [&](int role, std::int64_t device, bool) {
      return l_.stored_S[role * cells() + device];
    });
    return sum - sum == 0 ? 0 : 1;
  }

 private:
  /// The weight, of conductances held_S(role, device, exactly its target).
  template <class Held>
  OHMIC_HOST_DEVICE double decode(std::int64_t cell, const Held& held_S) const {
    const auto n = static_cast<std::int32_t>(cell / l_.K);
    const auto k = static_cast<std::int32_t>(cell % l_.K);
    const std::int64_t reference = std::int64_t{n / l_.tile_columns} * l_.K + k;
    const double gain = l_.gain ? l_.gain[std::int64_t{k / l_.tile_rows} * l_.N + n] : 1.0;
    const bool spared = l_.spared && l_.spared[n] != 0;
    double sum = 0;
    for (int p = 0; p < l_.plane_count; ++p) {
      const PlaneArguments& plane = l_.planes[p];
      double G_S = -plane.reference_S;
      for (int role = plane.first_role; role < plane.end_role; ++role) {
        const bool in_reference = l_.roles[role].is_reference != 0;
        const std::int64_t device = in_reference ? reference : cell;
        const bool exact = spared && !in_reference;
        G_S += l_.roles[role].sign * held_S(role, device, exact);
      }
      sum += plane.weight_per_S * gain * G_S;
    }
    const auto weight = static_cast<float>(sum);
    l_.weights[place(n, k)] = l_.scale ? weight * l_.scale[n] : weight;
    return sum;
  }

  OHMIC_HOST_DEVICE std::int64_t place(std::int32_t n, std::int32_t k) const {
    const std::int32_t channels = l_.K / l_.positions;
    return std::int64_t{n} * l_.K + std::int64_t{k % l_.positions} * channels + k / l_.positions;
  }

  OHMIC_HOST_DEVICE double conductance_S(int role, std::int64_t device) const {
    double target_S = l_.roles[role].target_S[device];
    double G_S = target_S;
    for (int i = 0; i < l_.effect_count; ++i) {
      const DeviceEffect& effect = l_.effects[i];
      if (i > 0 && effect.stage != l_.effects[i - 1].stage) target_S = G_S;
      const double drawn = draw(effect, role, device);
      G_S = effect.with([&](const auto& e) { return e.apply(target_S, G_S, drawn); });
    }
    return G_S;
  }

  OHMIC_HOST_DEVICE double draw(const DeviceEffect& effect, int role, std::int64_t device) const {
    const Address address{effect.stream(), l_.layer, static_cast<std::uint8_t>(role),
                          event_of(effect.stage, 0)};
    const auto element = static_cast<std::uint64_t>(device);
    return double{effect.draws_uniforms() ? uniform_of_element(key_, address, element)
                                          : normal_of_element(key_, address, element)};
  }

  const DeviceArguments& l_;
  NoiseKey key_;
};

}  // namespace ohmic::cuda
