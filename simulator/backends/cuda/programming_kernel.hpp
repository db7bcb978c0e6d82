// The kernels that program devices: a thread takes all devices of one weight from their targets to
// what they hold and writes the weight, or one per plane, so that no conductance is ever stored.
// Where wires come between the two, one kernel stores conductances and another one decodes them.
#pragma once

#include <cstdint>

#include "simulator/backends/cuda/arguments.hpp"
#include "simulator/random/element.hpp"

namespace ohmic::cuda {

/// One draw of a layer.
class ProgrammedLayer {
 public:
  OHMIC_HOST_DEVICE ProgrammedLayer(const DeviceArguments& layer, NoiseKey key, int draw)
      : l_(layer), key_(key), draw_(draw) {}

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
      l_.stored_S[stored(role, cell)] =
          exact ? l_.roles[role].target_S[cell] : conductance_S(role, cell);
  }

  /// Writes the weight of what is stored; 1 where that is no number.
  OHMIC_HOST_DEVICE std::uint32_t decode_stored(std::int64_t cell) const {
    return decode(cell, [&](int role, std::int64_t device, bool) {
      return l_.stored_S[stored(role, device)];
    });
  }

 private:
  OHMIC_HOST_DEVICE std::int64_t stored(int role, std::int64_t device) const {
    return (std::int64_t{draw_} * l_.role_count + role) * cells() + device;
  }

  /// The weight, of conductances held_S(role, device, exactly its target); 1 where it is no number.
  template <class Held>
  OHMIC_HOST_DEVICE std::uint32_t decode(std::int64_t cell, const Held& held_S) const {
    const auto n = static_cast<std::int32_t>(cell / l_.K);
    const auto k = static_cast<std::int32_t>(cell % l_.K);
    const std::int64_t reference = std::int64_t{n / l_.tile_columns} * l_.K + k;
    const bool spared = l_.spared && l_.spared[n] != 0;
    double sum = 0;
    std::uint32_t unsolved = 0;
    for (int p = 0; p < l_.plane_count; ++p) {
      const PlaneArguments& plane = l_.planes[p];
      double G_S = -plane.reference_S;
      for (int role = plane.first_role; role < plane.end_role; ++role) {
        const bool in_reference = l_.roles[role].is_reference != 0;
        const std::int64_t device = in_reference ? reference : cell;
        const bool exact = spared && !in_reference;
        G_S += l_.roles[role].sign * held_S(role, device, exact);
      }
      sum += factor(p, k, n) * G_S;
      if (!l_.by_plane && p + 1 < l_.plane_count) continue;
      if (!(sum - sum == 0)) unsolved = 1;
      write(l_.by_plane ? p : 0, k, n, static_cast<float>(sum));
      sum = 0;
    }
    return unsolved;
  }

  OHMIC_HOST_DEVICE double factor(int plane, std::int32_t k, std::int32_t n) const {
    const int row_tiles = (l_.K + l_.tile_rows - 1) / l_.tile_rows;
    const std::int64_t slot = (std::int64_t{plane} * row_tiles + k / l_.tile_rows) * l_.N + n;
    return l_.factors[draw_ * l_.factors_per_draw + slot];
  }

  OHMIC_HOST_DEVICE void write(int matrix, std::int32_t k, std::int32_t n, float weight) const {
    float* first = l_.weights + draw_ * l_.draw_stride + n * l_.column_stride;
    first[l_.rows[std::int64_t{matrix} * l_.K + k]] = l_.scale ? weight * l_.scale[n] : weight;
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
  int draw_;
};

}  // namespace ohmic::cuda
