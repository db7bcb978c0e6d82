// One call of Python into the library, which computes without Python's lock.
#pragma once

#include <pybind11/pybind11.h>

#include <exception>
#include <memory>
#include <mutex>

namespace ohmic {

/// What device models written in Python raised: the first, kept for the call that they work for.
class DeviceErrors {
 public:
  void keep(std::exception_ptr);
  /// Throws what was kept, once.
  void raise();
  void forget();

 private:
  std::mutex mutex_;
  std::exception_ptr first_;
};

/// The call of this thread, as long as it lives. Device models belong to the call that makes them.
class PythonCall {
 public:
  /// `keeps_results`: in a folder, for others to take.
  explicit PythonCall(std::shared_ptr<DeviceErrors>, bool keeps_results = false);
  ~PythonCall();
  PythonCall(const PythonCall&) = delete;
  PythonCall& operator=(const PythonCall&) = delete;

  bool keeps_results() const { return keeps_results_; }

  static PythonCall* current();
  /// Those of the current call; without one some that nobody raises.
  static std::shared_ptr<DeviceErrors> errors_of_current();

 private:
  friend void let_python_speak();
  std::shared_ptr<DeviceErrors> errors_;
  bool keeps_results_;
  PythonCall* before_;
};

/// Raises what Python has to say (Ctrl-C), and what device models of the current call raised.
/// To be called without the GIL.
void let_python_speak();

/// What the work of one call gives, then whatever a device model raised meanwhile. To be called
/// without the GIL.
template <class Work>
auto in_call(const Work& work, std::shared_ptr<DeviceErrors> errors, bool keeps_results = false) {
  const PythonCall call(std::move(errors), keeps_results);
  auto result = work();
  let_python_speak();
  return result;
}

/// The same by itself, for whoever has the GIL.
template <class Work>
auto without_gil(const Work& work, bool keeps_results = false) {
  const pybind11::gil_scoped_release released;
  return in_call(work, std::make_shared<DeviceErrors>(), keeps_results);
}

}  // namespace ohmic
