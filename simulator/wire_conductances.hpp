// Conductances of an array's wires, as those who solve it meet them on the host and on a GPU.
#pragma once

namespace ohmic {

struct Wires;

/// In siemens; infinite for wires without resistance.
struct WireConductances {
  double row, driver, first;   ///< segment of a row, its driver, both in series
  double column, sense, last;  ///< the same of a column
  bool drives_both_ends;
};

WireConductances wire_conductances(const Wires&);

}  // namespace ohmic
