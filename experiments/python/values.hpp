// Between Python's objects and the library's.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiments/ohmic.hpp"

namespace ohmic {

/// dict, list, tuple, bool, int, float, str, paths and numpy's numbers; None is the word "ideal".
/// `key` is the value's own. Throws py::type_error for anything else, ConfigError for an integer
/// that no file can hold.
Value value_of(const pybind11::handle&, const std::string& key = "");

/// A numpy array or anything that makes one (a torch tensor), as it lies in memory; kept alive.
/// Throws DataError for dtypes that are no numbers.
StoredArray array_of(const pybind11::handle&, const std::string& name);

/// Numbers as a numpy array of this shape.
pybind11::array_t<float> numpy_of(const std::vector<float>&, std::vector<std::int64_t> shape);

/// Declares the device model "python".
void bind_device(pybind11::module_&);

}  // namespace ohmic
