// A device model that is a Python function over blocks of devices.
//   Title:    python
//   Equation: G = function(target_S, normals, *parameters)
// The function gets the target conductances of a block in siemens and as many standard normals,
// addressed as those of every model: the same whatever the tile, batch or thread. It is called a
// few times per layer and draw, with Python's lock held, which is slower than a model in C++.
#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/python/call.hpp"
#include "experiments/python/values.hpp"

namespace py = pybind11;

namespace ohmic {
namespace {

/// Functions by name, for whoever holds Python's lock; never destroyed, as the interpreter may be
/// gone before.
std::map<std::string, py::object>& functions() {
  static auto* const all = new std::map<std::string, py::object>();
  return *all;
}

class PythonDevice final : public DeviceModel {
 public:
  std::string function;
  std::vector<double> parameters;

  void program(const DeviceBlock& block, std::span<const double> target_S,
               std::span<double> G_S) const override {
    std::vector<double> normals(G_S.size());
    block.normals(Stream::programming, 0, std::span<double>(normals));
    const py::gil_scoped_acquire gil;
    try {
      call(target_S, normals, G_S);
    } catch (...) {
      std::ranges::copy(target_S, G_S.begin());
      errors_->keep(std::current_exception());  // threads of a layer's loop must not throw
    }
  }

  void validate() const override {
    DeviceModel::validate();
    const PythonCall* call = PythonCall::current();
    if (call && call->keeps_results())
      throw ConfigError(
          {{{},
            "model",
            "\"python\" is a function of this process, of which a run folder keeps nothing: its "
            "results would be taken for those of any function of that name; use ohmic.measure() or "
            "ohmic.Chip"}});
    const py::gil_scoped_acquire gil;
    if (functions().contains(function)) return;
    throw ConfigError(
        {{{},
          "function",
          "\"" + function + "\" is not known; ohmic.device(\"NAME\") gives it a function"}});
  }

  static const Schema<PythonDevice>& schema() {
    static const Schema<PythonDevice> schema = [] {
      Schema<PythonDevice> s{"python", "A function of Python over blocks of devices; slower."};
      declare_common(s);
      s.add("function", &PythonDevice::function).doc("Its name, as ohmic.device has it.");
      s.add("parameters", &PythonDevice::parameters).doc("Further arguments of the function.");
      return s;
    }();
    return schema;
  }

 private:
  void call(std::span<const double> target_S, const std::vector<double>& normals,
            std::span<double> G_S) const {
    const auto size = static_cast<py::ssize_t>(G_S.size());
    py::tuple arguments(2 + parameters.size());
    arguments[0] = py::array_t<double>(size, target_S.data());
    arguments[1] = py::array_t<double>(size, normals.data());
    for (std::size_t i = 0; i < parameters.size(); ++i) arguments[2 + i] = parameters[i];
    const auto made = py::array_t<double, py::array::c_style | py::array::forcecast>::ensure(
        functions().at(function)(*arguments));
    if (!made || made.size() != size)
      throw py::value_error("device function \"" + function + "\": expected " +
                            std::to_string(size) + " conductances, one for each target");
    const double* wrong = std::find_if_not(made.data(), made.data() + size,
                                           [](double G) { return std::isfinite(G); });
    if (wrong != made.data() + size)
      throw py::value_error("device function \"" + function + "\": gave " + Value{*wrong}.text() +
                            "; expected finite conductances, in siemens");
    std::copy(made.data(), made.data() + size, G_S.begin());
  }

  std::shared_ptr<DeviceErrors> errors_ = PythonCall::errors_of_current();
};

OHMIC_REGISTER_DEVICE("python", PythonDevice);

}  // namespace

void bind_device(py::module_& module) {
  module.def("register_function", [](const std::string& name, py::object function) {
    functions()[name] = std::move(function);
  });
}

}  // namespace ohmic
