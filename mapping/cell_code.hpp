// How a cell holds a number: from v = w / w_max in [-1, 1] to the target conductances of its
// devices, and the planes that give v back:
//
//   v = sum over planes p of value_per_S[p] (sum over the plane's devices of sign G - reference)
//
//   differential   v = (G+ - G-) / g_range, one-sided or two-sided
//   offset         v = 2 (G - g_mid) / g_range
//   bit_sliced     q = round(v (2^(B-1) - 1)), |q| in digits of b bits, one differential pair (of
//                  which one device is idle) per digit d: G = g_min + d/(2^b - 1) g_range; or
//                  u = round((v + 1)/2 (2^B - 1)) in digits of b bits, one offset cell per digit
//
// with g_range = g_max - g_min, g_mid = (g_min + g_max)/2, B bits of weight, digits counted from
// the lowest. Offset slices use all bits of their cells: B is rounded up to a multiple of b, and 0
// lies half a step from the nearest state.
//
// Replicas: n such cells in the same planes, value_per_S of one cell over n, which hold v_1 .. v_n
// with sum n v:
//
//   equal    v_r = v
//   maximal  |v_r| = min(max(|v| n - (r - 1), 0), 1); offset cells so from their lowest state
#pragma once

#include <span>
#include <vector>

#include "mapping/settings.hpp"

namespace ohmic {

class CellCode {
 public:
  CellCode(const MappingSettings& settings, double g_min_S, double g_max_S);

  /// One device of a cell.
  struct Role {
    int plane = 0;
    double sign = 1.0;
    int digit = 0;
    bool is_reference = false;  ///< one per row and tile instead of one per cell
    int replica = 0;
  };

  /// What is sensed by itself.
  struct PlaneCode {
    double value_per_S = 1.0;
    double span_S = 0.0;       ///< largest |sum of G| of an element by design
    double reference_S = 0.0;  ///< subtracted exactly
    bool unipolar = false;
  };

  const std::vector<Role>& roles() const { return roles_; }
  const std::vector<PlaneCode>& planes() const { return planes_; }

  /// Target conductances of one role's devices for the numbers v, in siemens.
  void targets(const Role& role, std::span<const double> v, std::span<double> out_S) const;

  /// Whether the roles of each plane are neighbours.
  bool keeps_roles_together() const;

  double g_max_S() const { return g_min_S_ + g_range_S_; }
  double g_min_S() const { return g_min_S_; }
  // Of one cell, whatever its replicas:
  /// |value_per_S| of the plane that counts most.
  double value_per_S() const;
  /// Devices of that weight whose noise would be that of a whole cell: sum over the devices of
  /// (value_per_S / the largest)^2.
  double devices() const;

 private:
  void add_cell(double value_per_S, int digit);
  void add_slices();
  void add_differential(double value_per_S, int digit);
  void add_offset(double value_per_S, int digit);
  int add_plane(double value_per_S, double span_S, bool unipolar);
  void replicate();
  std::vector<double> share(int replica, std::span<const double> v) const;
  void cell_targets(const Role& role, std::span<const double> v, std::span<double> out_S) const;
  void slice(int digit, double side, std::span<const double> v, std::span<double> out_S) const;

  MappingSettings settings_;
  bool offset_;  ///< offset cells, sliced or not
  double g_min_S_, g_range_S_, g_mid_S_;
  int digits_ = 1;
  std::vector<Role> roles_;
  std::vector<PlaneCode> planes_;
};

}  // namespace ohmic
