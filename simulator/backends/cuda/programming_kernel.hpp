// The kernels that program devices: a thread takes all devices of one weight from their targets to
// what they hold and writes the weight, or one per plane, so that no conductance is ever stored.
// Where wires come between the two, one kernel stores conductances and another one decodes them.
#pragma once

#include <cstdint>

#include "simulator/backends/cuda/arguments.hpp"
#include "simulator/random/element.hpp"

namespace ohmic::cuda {

/// What one device holds, and the std with which it is read.
struct Held {
  double G_S = 0.0, sigma_S = 0.0;
};

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
        return exact ? Held{l_.roles[role].target_S[device]} : programmed(role, device);
      });
      return;
    }
    const bool exact = l_.spared && l_.spared[cell / l_.K] != 0;
    for (int role = 0; role < l_.role_count; ++role) {
      const Held held = exact ? Held{l_.roles[role].target_S[cell]} : programmed(role, cell);
      const std::int64_t at = stored(role, cell);
      l_.stored_S[at] = held.G_S;
      if (!l_.sigma_S) continue;
      l_.alone_S[at] = held.G_S;
      l_.sigma_S[at] = held.sigma_S;
    }
  }

  /// Writes the weight of what is stored; 1 where that is no number.
  OHMIC_HOST_DEVICE std::uint32_t decode_stored(std::int64_t cell) const {
    return decode(cell, [&](int role, std::int64_t device, bool) {
      const std::int64_t at = stored(role, device);
      const double wired_S = l_.stored_S[at];
      if (!l_.sigma_S) return Held{wired_S};
      return Held{wired_S, behind_wires(l_.sigma_S[at], l_.alone_S[at], wired_S)};
    });
  }

 private:
  OHMIC_HOST_DEVICE std::int64_t stored(int role, std::int64_t device) const {
    return (std::int64_t{draw_} * l_.role_count + role) * cells() + device;
  }

  /// The weight, of held(role, device, exactly its target); 1 where it is no number.
  template <class Holding>
  OHMIC_HOST_DEVICE std::uint32_t decode(std::int64_t cell, const Holding& held) const {
    const auto n = static_cast<std::int32_t>(cell / l_.K);
    const auto k = static_cast<std::int32_t>(cell % l_.K);
    const std::int64_t reference = std::int64_t{n / l_.tile_columns} * l_.K + k;
    const bool spared = l_.spared && l_.spared[n] != 0;
    const double* factor =
        l_.factors + draw_ * l_.factors_per_draw + std::int64_t{k / l_.tile_rows} * l_.N + n;
    double sum = 0, variance = 0;
    std::uint32_t unsolved = 0;
    for (int p = 0; p < l_.plane_count; ++p, factor += l_.factors_per_plane) {
      const PlaneArguments& plane = l_.planes[p];
      double G_S = -plane.reference_S, variance_S2 = 0;
      for (int role = plane.first_role; role < plane.end_role; ++role) {
        const bool in_reference = l_.roles[role].is_reference != 0;
        const Held h = held(role, in_reference ? reference : cell, spared && !in_reference);
        G_S += l_.roles[role].sign * h.G_S;
        variance_S2 += h.sigma_S * h.sigma_S;
      }
      sum += *factor * G_S;
      variance += *factor * *factor * variance_S2;
      if (!l_.by_plane && p + 1 < l_.plane_count) continue;
      if (!(sum - sum == 0)) unsolved = 1;
      write(l_.by_plane ? p : 0, k, n, sum, variance);
      sum = variance = 0;
    }
    return unsolved;
  }

  OHMIC_HOST_DEVICE void write(int matrix, std::int32_t k, std::int32_t n, double sum,
                               double variance) const {
    const std::int64_t at =
        l_.rows[std::int64_t{matrix} * l_.K + k] + n * l_.column_stride + draw_ * l_.draw_stride;
    const auto weight = static_cast<float>(sum);
    l_.weights[at] = l_.scale ? weight * l_.scale[n] : weight;
    if (l_.variances) l_.variances[at] = static_cast<float>(variance);
  }

  OHMIC_HOST_DEVICE Held programmed(int role, std::int64_t device) const {
    double target_S = l_.roles[role].target_S[device];
    Held held{target_S};
    int stage = 0, read = 0;
    const auto enter = [&](int next) {
      if (next != stage) target_S = held.G_S;
      stage = next;
    };
    const auto read_before = [&](int end) {
      for (; read < l_.read_count && l_.reads[read].stage < end; ++read) {
        enter(l_.reads[read].stage);
        const double own_S =
            l_.reads[read].with([&](const auto& r) { return r.sigma_S(target_S, held.G_S); });
        held.sigma_S = in_quadrature(held.sigma_S, own_S);
      }
    };
    for (int i = 0; i < l_.effect_count; ++i) {
      const DeviceEffect& effect = l_.effects[i];
      read_before(effect.stage);
      enter(effect.stage);
      const double drawn = draw(effect, role, device);
      held.G_S = effect.with([&](const auto& e) { return e.apply(target_S, held.G_S, drawn); });
    }
    read_before(kStages);
    return held;
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
