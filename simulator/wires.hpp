// Exact effective matrix of an array with resistive wires.
//
// Rows come from their drivers on the left, columns end in virtual ground at the bottom. One
// segment of row wire lies before each cell and one of column wire after it:
//
//   V_i --driver-- row --+-- row --+-- row --+ (-- row --driver-- V_i with drive = both)
//                      G_i0      G_i1      G_i2        column: cell to cell, then sense, then 0 V
//
// For ohmic cells this is a linear circuit, I = V W, so W is found once per programmed tile and
// nothing is left to do per MVM: by nested dissection (simulator/wires_dissection.hpp), O(n^3) for
// n x n cells, in double precision; agrees with a sparse nodal solution to 1e-10
// (tests/simulator/wires_test.cpp). Limits of zero resistance are exact too. Not for non-linear
// cells: see simulator/wires_newton.hpp.
#pragma once

#include <functional>
#include <span>

#include "simulator/layer.hpp"
#include "simulator/periphery.hpp"

namespace ohmic {

/// Effective conductances of one tile of rows x columns cells: I_j = sum_i V_i out_S(i, j).
/// G_S, out_S: element (i, j) at j*rows + i, siemens; they may be the same memory.
/// Uses `threads` threads. Throws UnsupportedError when negative conductances make the circuit
/// singular.
void wired_effective_S(int rows, int columns, std::span<const double> G_S, const Wires& wires,
                       std::span<double> out_S, int threads = 1);

/// Cuts the K x N matrix of one device role, element (k, n) at n*K + k, into tiles and replaces
/// each by its effective conductances. Tiles are spread over all threads.
void apply_wires(int K, int N, TileShape tile, const Wires& wires, std::span<double> G_S);

/// What does that, here or on a back end.
using WireSolver =
    std::function<void(int K, int N, TileShape, const Wires&, std::span<double> G_S)>;

/// Throws UnsupportedError where a circuit had no solution.
void check_wired(std::span<const double> wired_S);
[[noreturn]] void refuse_unsolved_wires();

}  // namespace ohmic
