// What Python's keyword arguments ask for. Throws ConfigError with the key, the value and what is
// expected.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>

#include "experiments/ohmic.hpp"

namespace ohmic {

/// `progress` is None or called with what is computed and how much of all is done.
MeasureOptions measure_options(const pybind11::dict&, const pybind11::object& progress);
/// `search` holds what a search has beside them.
BudgetOptions budget_options(const pybind11::dict& search, const pybind11::dict&,
                             const pybind11::object& progress);
/// Of a chip whose work lets Python speak.
ChipOptions chip_options(const pybind11::dict&);
/// The number of a draw.
std::uint64_t draw_of(const pybind11::handle&);

}  // namespace ohmic
