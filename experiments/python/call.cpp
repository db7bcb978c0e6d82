#include "experiments/python/call.hpp"

#include <utility>

namespace py = pybind11;

namespace ohmic {
namespace {

thread_local PythonCall* current_call = nullptr;

}  // namespace

void DeviceErrors::keep(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  if (!first_) first_ = std::move(error);
}

void DeviceErrors::raise() {
  std::unique_lock lock(mutex_);
  const std::exception_ptr error = std::exchange(first_, nullptr);
  lock.unlock();
  if (error) std::rethrow_exception(error);
}

void DeviceErrors::forget() {
  std::unique_lock lock(mutex_);
  std::exception_ptr error = std::exchange(first_, nullptr);
  lock.unlock();
  if (!error) return;
  const py::gil_scoped_acquire gil;  // it holds objects of Python's
  error = nullptr;
}

PythonCall::PythonCall(std::shared_ptr<DeviceErrors> errors, bool keeps_results)
    : errors_(std::move(errors)),
      keeps_results_(keeps_results),
      before_(std::exchange(current_call, this)) {}

PythonCall::~PythonCall() {
  current_call = before_;
  errors_->forget();
}

PythonCall* PythonCall::current() { return current_call; }

std::shared_ptr<DeviceErrors> PythonCall::errors_of_current() {
  return current_call ? current_call->errors_ : std::make_shared<DeviceErrors>();
}

void let_python_speak() {
  const py::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  if (const PythonCall* call = PythonCall::current()) call->errors_->raise();
}

}  // namespace ohmic
