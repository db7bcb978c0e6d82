// ohmic._ohmic: the library as Python calls it. ohmic/__init__.py is what users see.
#include <pybind11/functional.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <memory>
#include <mutex>

#include "experiments/manual/json_schema.hpp"
#include "experiments/manual/manual.hpp"
#include "experiments/python/call.hpp"
#include "experiments/python/options.hpp"
#include "experiments/python/values.hpp"
#include "experiments/report/run_report.hpp"
#include "experiments/study/experiment_file.hpp"
#include "nn/torch/torch_evaluation.hpp"
#include "simulator/call_error.hpp"
#include "simulator/config/value.hpp"
#include "simulator/version.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace ohmic {
namespace {

/// A dict: an array for each input of a network.
Samples samples_of_dict(const py::dict& x, const py::object& labels) {
  std::vector<InputArray> arrays;
  for (const auto& [key, value] : x) {
    const auto input = py::cast<std::string>(py::str(key));
    arrays.push_back({input, array_of(value, input)});
  }
  if (labels.is_none()) return Samples(arrays);
  return Samples(arrays, array_of(labels, "labels"));
}

Samples samples_of_python(const py::object& x, const py::object& labels) {
  if (py::isinstance<py::dict>(x)) return samples_of_dict(py::cast<py::dict>(x), labels);
  const StoredArray samples = array_of(x, "samples");
  if (labels.is_none()) return Samples(samples);
  return Samples(samples, array_of(labels, "labels"));
}

py::dict dict_of(const LayerResult& l) {
  return py::dict("layer"_a = l.layer, "eta"_a = l.eta, "snr_dB"_a = l.snr_dB,
                  "sigma_G_uS"_a = l.sigma_G_uS, "sigma_w"_a = l.sigma_w, "w_max"_a = l.w_max,
                  "measured_eta"_a = l.measured_eta, "measured_bias"_a = l.measured_bias);
}

py::dict dict_of(const Measurement& m) {
  py::list layers;
  for (const LayerResult& layer : m.layers) layers.append(dict_of(layer));
  return py::dict("metric"_a = m.metric, "value"_a = m.value,
                  "interval"_a = py::make_tuple(m.lo, m.hi), "draws"_a = m.draws,
                  "baseline"_a = m.baseline, "noise_free"_a = m.noise_free,
                  "normalized"_a = m.normalized.mean,
                  "normalized_interval"_a = py::make_tuple(m.normalized.lo, m.normalized.hi),
                  "layers"_a = layers, "warnings"_a = m.warnings);
}

py::dict dict_of(const Budget& b) {
  py::list probes;
  for (const BudgetProbe& p : b.probes)
    probes.append(py::dict("value"_a = p.value, "metric"_a = p.metric.mean, "lo"_a = p.metric.lo,
                           "hi"_a = p.metric.hi, "draws"_a = p.draws));
  return py::dict("knob"_a = b.knob, "baseline"_a = b.baseline, "limit"_a = b.limit,
                  "tolerated"_a = b.tolerated, "not_tolerated"_a = b.not_tolerated,
                  "estimate"_a = b.estimate, "probes"_a = probes, "warnings"_a = b.warnings);
}

py::dict measure_python(const Network& network, const Samples& samples, const Hardware& hardware,
                        const py::dict& options, const py::object& progress) {
  const MeasureOptions asked = measure_options(options, progress);
  return dict_of(without_gil([&] { return measure(network, samples, hardware, asked); }));
}

py::dict budget_python(const Network& network, const Samples& samples, const Hardware& hardware,
                       const std::string& knob, const py::dict& search, const py::dict& options,
                       const py::object& progress) {
  const BudgetOptions asked = budget_options(search, options, progress);
  return dict_of(without_gil([&] { return find_budget(network, samples, hardware, knob, asked); }));
}

Value experiment_file(const std::filesystem::path& file, const py::dict& overrides) {
  std::vector<std::string> assignments;
  for (const auto& [key, value] : overrides) {
    const auto name = py::cast<std::string>(key);
    assignments.push_back(name + "=" + value_of(value, name).text());
  }
  return read_experiment_file(file, assignments);
}

/// Lets Python speak, and speaks where it prints.
class PythonProgress final : public Progress {
 public:
  void update(double, const std::string&) override { let_python_speak(); }
  void wait() override { let_python_speak(); }
  void say(const std::string& line) override {
    const py::gil_scoped_acquire gil;
    py::print(line, "file"_a = py::module_::import("sys").attr("stderr"));
  }
};

py::dict run_python(const std::filesystem::path& file, const py::dict& overrides,
                    const std::filesystem::path& folder, const std::vector<std::string>& only,
                    bool fresh) {
  const Value root = experiment_file(file, overrides);
  RunOptions options;
  options.folder = folder;
  options.only = only;
  options.fresh = fresh;
  PythonProgress progress;
  options.progress = &progress;
  const RunOutcome outcome = without_gil([&] { return run_with_report(root, options); }, true);
  return py::dict("folder"_a = outcome.folder, "points"_a = outcome.points,
                  "finished"_a = outcome.finished, "computed"_a = outcome.computed,
                  "left_out"_a = outcome.left_out, "summary"_a = outcome.summary);
}

py::array_t<float> numpy_of(const Answers& answers, const Network& network) {
  std::vector<std::int64_t> shape{answers.samples};
  std::int64_t size = 1;
  for (const std::int64_t side : network.answer_shape()) size *= side;
  if (size == answers.size)
    shape.insert(shape.end(), network.answer_shape().begin(), network.answer_shape().end());
  else
    shape.push_back(answers.size);
  return ohmic::numpy_of(answers.numbers, shape);
}

/// A chip that any thread may use: one at a time does.
class PythonChip {
 public:
  PythonChip(const Network& network, const Hardware& hardware, const py::dict& options)
      : network_(network), chip_(made(hardware, chip_options(options))) {}

  template <class Work>
  auto alone(const Work& work) {
    const py::gil_scoped_release released;
    const std::lock_guard lock(mutex_);
    return in_call([&] { return work(chip_); }, errors_);
  }

  const Network& network() const { return network_; }

 private:
  Chip made(const Hardware& hardware, const ChipOptions& options) {
    const py::gil_scoped_release released;
    return in_call([&] { return Chip(network_, hardware, options); }, errors_);
  }

  std::shared_ptr<DeviceErrors> errors_ = std::make_shared<DeviceErrors>();
  Network network_;
  Chip chip_;
  std::mutex mutex_;
};

void bind_errors(py::module_& m) {
  static py::exception<Error> base(m, "Error", PyExc_ValueError);
  py::register_exception<ConfigError>(m, "ConfigError", base);
  py::register_exception<DataError>(m, "DataError", base);
  py::register_exception<UnsupportedError>(m, "UnsupportedError", base);
  py::register_exception<OutputError>(m, "OutputError", base);
  py::register_exception<CallError>(m, "CallError", base);
}

void bind_values(py::module_& m) {
  py::class_<Network>(m, "Network", py::dynamic_attr())
      .def_property_readonly("name", &Network::name)
      .def_property_readonly("sample_shape",
                             [](const Network& n) { return py::tuple(py::cast(n.sample_shape())); })
      .def_property_readonly("answer_shape",
                             [](const Network& n) { return py::tuple(py::cast(n.answer_shape())); })
      .def_property_readonly("inputs", &Network::inputs)
      .def_property_readonly("layers", &Network::layers);
  py::class_<Samples>(m, "Samples")
      .def(py::init(&samples_of_python), "x"_a, "labels"_a = py::none())
      .def("__len__", &Samples::size)
      .def_property_readonly("shape",
                             [](const Samples& s) { return py::tuple(py::cast(s.shape())); })
      .def_property_readonly("has_labels", &Samples::has_labels)
      .def("with_calibration", &Samples::with_calibration);
  py::class_<Hardware>(m, "Hardware")
      .def_static("read", [](const py::dict& d) { return read_hardware(value_of(d)); })
      .def("with_setting",
           [](const Hardware& h, const std::string& key, const py::object& value) {
             return with_setting(h, key, value_of(value, key));
           })
      .def("toml", [](const Hardware& h) { return to_toml(table_of(h)); });
}

void bind_chip(py::module_& m) {
  py::class_<PythonChip>(m, "Chip")
      .def(py::init<const Network&, const Hardware&, const py::dict&>(), "network"_a, "hardware"_a,
           "options"_a)
      .def_property_readonly("needs_calibration",
                             [](PythonChip& c) {
                               return c.alone([](Chip& chip) { return chip.needs_calibration(); });
                             })
      .def("calibrate",
           [](PythonChip& c, const Samples& x) {
             c.alone([&](Chip& chip) { return chip.calibrate(x), 0; });
           })
      .def("program",
           [](PythonChip& c, const py::object& draw) {
             c.alone([asked = draw_of(draw)](Chip& chip) { return chip.program(asked), 0; });
           })
      .def("__call__",
           [](PythonChip& c, const Samples& x) {
             return numpy_of(c.alone([&](Chip& chip) { return chip(x); }), c.network());
           })
      .def("digital", [](PythonChip& c, const Samples& x) {
        return numpy_of(c.alone([&](Chip& chip) { return chip.digital(x); }), c.network());
      });
}

}  // namespace

}  // namespace ohmic

PYBIND11_MODULE(_ohmic, m) {
  using namespace ohmic;
  m.attr("__version__") = version();
  m.attr("libtorch_folder") = OHMIC_LIBTORCH_FOLDER;
  m.attr("libtorch_version") = libtorch_version();
  bind_errors(m);
  bind_values(m);
  bind_chip(m);
  bind_device(m);
  m.def("load", [](const std::filesystem::path& file, const std::string& weights,
                   const std::vector<std::string>& inputs, const std::string& output) {
    ModelSettings model;
    model.file = file.string();
    model.weights = weights;
    model.inputs = inputs;
    model.output = output;
    return without_gil([&] { return load_network(model); });
  });
  m.def("matrix", [](const py::object& matrix) {
    const StoredArray array = array_of(matrix, "matrix");
    if (array.shape.size() != 2) throw DataError("matrix: expected an array with two axes");
    return matrix_network(array.whole().values, static_cast<int>(array.shape[0]),
                          static_cast<int>(array.shape[1]));
  });
  m.def("measure", &measure_python);
  m.def("find_budget", &budget_python);
  m.def("run", &run_python);
  m.def("schema", &json_schema);
  m.def("describe", &manual_page);
  m.def("keys", &keys_text);
}
