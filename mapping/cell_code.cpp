#include "mapping/cell_code.hpp"

#include <algorithm>
#include <cmath>

namespace ohmic {
namespace {

bool is_sliced(const MappingSettings& s) { return s.encoding == Encoding::bit_sliced; }

bool is_offset(const MappingSettings& s) {
  return (is_sliced(s) ? s.slices : s.encoding) == Encoding::offset;
}

}  // namespace

CellCode::CellCode(const MappingSettings& settings, double g_min_S, double g_max_S)
    : settings_(settings),
      offset_(is_offset(settings)),
      g_min_S_(g_min_S),
      g_range_S_(g_max_S - g_min_S),
      g_mid_S_(0.5 * (g_min_S + g_max_S)) {
  is_sliced(settings) ? add_slices() : add_cell(1.0 / g_range_S_, 0);
  replicate();
}

void CellCode::add_cell(double value_per_S, int digit) {
  offset_ ? add_offset(2.0 * value_per_S, digit) : add_differential(value_per_S, digit);
}

void CellCode::add_slices() {
  const int b = settings_.slice_bits;
  const int magnitude_bits = offset_ ? settings_.weight_bits : settings_.weight_bits - 1;
  digits_ = std::max(1, (magnitude_bits + b - 1) / b);
  const double highest = std::exp2(offset_ ? digits_ * b : magnitude_bits) - 1.0;
  for (int digit = 0; digit < digits_; ++digit)
    add_cell(std::exp2(b * digit) * (std::exp2(b) - 1.0) / (highest * g_range_S_), digit);
}

// A cell as it is by itself becomes the first of several in the same planes.
void CellCode::replicate() {
  const int n = settings_.replicas;
  const std::vector<Role> cell = roles_;
  for (int replica = 1; replica < n; ++replica)
    for (Role role : cell) {
      role.replica = replica;
      roles_.push_back(role);
    }
  for (PlaneCode& plane : planes_) {
    plane.value_per_S /= n;
    plane.span_S *= n;
    plane.reference_S *= n;
  }
}

int CellCode::add_plane(double value_per_S, double span_S, bool unipolar) {
  planes_.push_back({value_per_S, span_S, 0.0, unipolar});
  return static_cast<int>(planes_.size()) - 1;
}

void CellCode::add_differential(double value_per_S, int digit) {
  if (settings_.subtraction == Subtraction::analog) {
    const int plane = add_plane(value_per_S, g_range_S_, false);
    roles_.push_back({plane, 1.0, digit, false});
    roles_.push_back({plane, -1.0, digit, false});
    return;
  }
  const double g_max_S = g_min_S_ + g_range_S_;
  for (const double polarity : {1.0, -1.0})
    roles_.push_back({add_plane(polarity * value_per_S, g_max_S, true), 1.0, digit, false});
}

void CellCode::add_offset(double value_per_S, int digit) {
  const bool ideal = settings_.reference == Reference::ideal;
  const bool analog = ideal || settings_.subtraction == Subtraction::analog;
  const double g_max_S = g_min_S_ + g_range_S_;
  const int plane = add_plane(value_per_S, analog ? 0.5 * g_range_S_ : g_max_S, !analog);
  roles_.push_back({plane, 1.0, digit, false});
  if (ideal)
    planes_.back().reference_S = g_mid_S_;
  else if (analog)
    roles_.push_back({plane, -1.0, digit, true});
  else
    roles_.push_back({add_plane(-value_per_S, g_max_S, true), 1.0, digit, true});
}

void CellCode::slice(int digit, double side, std::span<const double> v,
                     std::span<double> out_S) const {
  const int b = settings_.slice_bits;
  const double highest = std::exp2(offset_ ? digits_ * b : settings_.weight_bits - 1) - 1.0;
  const std::int64_t last_state = (std::int64_t{1} << b) - 1;
  const double step_S = g_range_S_ / static_cast<double>(last_state);
  for (std::size_t i = 0; i < v.size(); ++i) {
    const double share = offset_ ? 0.5 * (v[i] + 1.0) : std::max(side * v[i], 0.0);
    const auto code = static_cast<std::int64_t>(share * highest + 0.5);
    out_S[i] = g_min_S_ + step_S * static_cast<double>(code >> (b * digit) & last_state);
  }
}

// What one replica holds of v.
std::vector<double> CellCode::share(int replica, std::span<const double> v) const {
  std::vector<double> own(v.size());
  const double n = settings_.replicas;
  const auto filled = [&](double full) { return std::clamp(full * n - replica, 0.0, 1.0); };
  for (std::size_t i = 0; i < v.size(); ++i)
    own[i] = offset_ ? 2.0 * filled(0.5 * (v[i] + 1.0)) - 1.0
                     : std::copysign(filled(std::abs(v[i])), v[i]);
  return own;
}

void CellCode::targets(const Role& role, std::span<const double> v, std::span<double> out_S) const {
  if (settings_.replicas == 1 || settings_.fill == Fill::equal)
    cell_targets(role, v, out_S);
  else
    cell_targets(role, share(role.replica, v), out_S);
}

void CellCode::cell_targets(const Role& role, std::span<const double> v,
                            std::span<double> out_S) const {
  if (role.is_reference) {
    std::fill(out_S.begin(), out_S.end(), g_mid_S_);
    return;
  }
  const double polarity = planes_[static_cast<std::size_t>(role.plane)].value_per_S * role.sign;
  const double side = polarity < 0 ? -1.0 : 1.0;
  if (is_sliced(settings_)) {
    slice(role.digit, side, v, out_S);
  } else if (offset_ || settings_.form == DifferentialForm::two_sided) {
    for (std::size_t i = 0; i < v.size(); ++i) out_S[i] = g_mid_S_ + 0.5 * side * v[i] * g_range_S_;
  } else {
    for (std::size_t i = 0; i < v.size(); ++i)
      out_S[i] = g_min_S_ + std::max(side * v[i], 0.0) * g_range_S_;
  }
}

bool CellCode::keeps_roles_together() const {
  return std::ranges::is_sorted(roles_, {}, &Role::plane);
}

double CellCode::value_per_S() const {
  double largest = 0;
  for (const PlaneCode& p : planes_) largest = std::max(largest, std::abs(p.value_per_S));
  return largest * settings_.replicas;
}

double CellCode::devices() const {
  double sum = 0;
  for (const Role& role : roles_) {
    const double part = planes_[static_cast<std::size_t>(role.plane)].value_per_S / value_per_S();
    sum += part * part;
  }
  return sum * settings_.replicas;
}

}  // namespace ohmic
