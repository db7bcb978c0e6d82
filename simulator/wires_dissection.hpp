// Arrays whose rows and columns both have resistance, solved by nested dissection.
//
// A part of an array, cut out where wires cross its edges, is known from outside by the currents
// into its ports. Two halves are joined at the ports they share, whose voltages are eliminated:
//
//   S = S_oo - S_os (A_ss + B_ss)^-1 S_so         o: outer ports of both, s: shared ports
//
// (A. George, SIAM J. Numer. Anal. 10, 345 (1973), with dense matrices; S are Schur complements of
// the nodal equations). A part of k x k cells has up to 4 k ports, so that the largest joints cost
// most: O(n^3) for n x n cells, where an elimination row by row costs O(n^4).
#pragma once

#include <Eigen/Dense>

#include "simulator/wire_conductances.hpp"

namespace ohmic {

/// G: conductances in siemens, a row of the array in each column. The same of the effective
/// conductances; no bit depends on `threads`. Resistances of segments above 0.
Eigen::MatrixXd dissected_effective_S(const Eigen::MatrixXd& G, const WireConductances& wires,
                                      int threads);

/// Inverts the symmetric positive definite matrix whose lower half is given; the result is full.
void invert(Eigen::Ref<Eigen::MatrixXd> M);

}  // namespace ohmic
