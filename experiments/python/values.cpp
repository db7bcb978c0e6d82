#include "experiments/python/values.hpp"

namespace py = pybind11;

namespace ohmic {
namespace {

Value table_of_dict(const py::dict& dict, const std::string& key) {
  Value table{Table{}};
  for (const auto& [entry, value] : dict) {
    const auto name = py::cast<std::string>(py::str(entry));
    table.set(name, value_of(value, key.empty() ? name : key + "." + name));
  }
  return table;
}

std::int64_t integer_of(const py::handle& object, const std::string& key) {
  const std::int64_t value = PyLong_AsLongLong(object.ptr());
  if (value != -1 || !PyErr_Occurred()) return value;
  PyErr_Clear();
  throw ConfigError({{{},
                      key,
                      "expected an integer of 64 bits, at most 9223372036854775807, got " +
                          py::cast<std::string>(py::repr(object))}});
}

NumberFormat format_of(const py::dtype& type, const std::string& name) {
  const auto bytes = static_cast<int>(type.itemsize());
  switch (type.kind()) {
    case 'f':
      if (bytes == 4) return real_format(kFloat32);
      if (bytes == 8) return real_format(kFloat64);
      if (bytes == 2) return real_format(kFloat16);
      break;
    case 'i':
      return integer_format(true, bytes, false);
    case 'u':
    case 'b':
      return integer_format(false, bytes, false);
    default:
      break;
  }
  throw DataError(name + ": numpy arrays of dtype " + py::cast<std::string>(py::str(type)) +
                  " are not read; expected floats, integers or truth values");
}

}  // namespace

Value value_of(const py::handle& object, const std::string& key) {
  if (object.is_none()) return {std::string("ideal")};
  if (py::isinstance<py::bool_>(object)) return {py::cast<bool>(object)};
  if (py::isinstance<py::int_>(object)) return {integer_of(object, key)};
  if (py::isinstance<py::float_>(object)) return {py::cast<double>(object)};
  if (py::isinstance<py::str>(object)) return {py::cast<std::string>(object)};
  if (py::isinstance<py::dict>(object)) return table_of_dict(py::cast<py::dict>(object), key);
  if (py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object)) {
    Array array;
    for (const auto& element : object) array.push_back(value_of(element, key));
    return {std::move(array)};
  }
  if (py::hasattr(object, "__fspath__")) return {py::cast<std::string>(py::str(object))};
  if (py::hasattr(object, "tolist")) return value_of(object.attr("tolist")(), key);  // numpy's
  throw py::type_error((key.empty() ? "" : key + ": ") +
                       "expected a dict, list, number, text or None, got " +
                       py::cast<std::string>(py::repr(object)));
}

StoredArray array_of(const py::handle& object, const std::string& name) {
  py::object source = py::reinterpret_borrow<py::object>(object);
  if (py::hasattr(source, "detach")) source = source.attr("detach")().attr("cpu")();
  const py::array array =
      py::array::ensure(py::module_::import("numpy").attr("ascontiguousarray")(source));
  if (!array) throw py::error_already_set();
  py::dtype type = array.dtype();
  const py::array native =
      type.attr("isnative").cast<bool>()
          ? array
          : py::array::ensure(array.attr("astype")(type.attr("newbyteorder")("=")));
  StoredArray stored;
  stored.name = name;
  stored.format = format_of(native.dtype(), name);
  stored.shape.assign(native.shape(), native.shape() + native.ndim());
  stored.bytes = {static_cast<const char*>(native.data()),
                  static_cast<std::size_t>(native.nbytes())};
  stored.owner = {new py::array(native), [](const void* held) {
                    const py::gil_scoped_acquire gil;
                    delete static_cast<const py::array*>(held);
                  }};
  return stored;
}

py::array_t<float> numpy_of(const std::vector<float>& numbers, std::vector<std::int64_t> shape) {
  py::array_t<float> array(std::vector<py::ssize_t>(shape.begin(), shape.end()));
  std::copy(numbers.begin(), numbers.end(), array.mutable_data());
  return array;
}

}  // namespace ohmic
