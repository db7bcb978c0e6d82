// What runs the kernels: a GPU (gpu_machine.cu) or, in tests, an emulation of its grid on the host.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "simulator/backends/cuda/arguments.hpp"
#include "simulator/backends/cuda/wires_kernel.hpp"
#include "simulator/epilogue.hpp"

namespace ohmic::cuda {

/// Calls are executed in order; those that hand something to the host wait for it.
class Machine {
 public:
  virtual ~Machine() = default;

  /// Empty when bf16 numbers can be multiplied, else why not.
  virtual std::string refusal_of_bf16() const = 0;

  /// Throws UnsupportedError that says how much was asked for and how much there is.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void release(void*) noexcept = 0;
  /// Whether a pointer lies in this machine's memory.
  virtual bool holds(const void*) const = 0;
  virtual void upload(const void* host, void* to, std::size_t bytes) = 0;
  virtual void clear(void* values, std::size_t bytes) = 0;  ///< all bits 0
  virtual void download(const void* from, void* host, std::size_t bytes) = 0;
  /// Returns when every call is executed.
  virtual void wait() = 0;

  virtual void run(const ConvertArguments&) = 0;
  virtual void run(const TileArguments&) = 0;
  virtual void run(const WiresArguments&) = 0;
  /// On `stream` (a cudaStream_t; null: as everything else).
  virtual void run(const ProgrammingArguments&, void* stream) = 0;
  virtual void run(const EpilogueArguments&) = 0;

  /// The GPU that it is, as the CUDA runtime counts; -1: none.
  virtual int gpu() const { return -1; }
};

/// The GPU that the CUDA runtime calls `index`. Throws UnsupportedError when there is no driver, no
/// such GPU, or one that this build has no code for.
std::shared_ptr<Machine> gpu_machine(int index = 0);

/// The one that LibTorch calls `device`: null for "cpu", and in a build without this back end.
std::shared_ptr<Machine> machine_of(const std::string& device);

/// GPUs that the CUDA runtime finds; 0 without a driver.
int gpu_count();

/// Values in a machine's memory; grows and is used again.
template <class T>
class Array {
 public:
  explicit Array(std::shared_ptr<Machine> machine) : machine_(std::move(machine)) {}
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { machine_->release(values_); }

  /// Room for `size` values; what was there is lost.
  T* at_least(std::size_t size) {
    if (size <= size_) return values_;
    machine_->release(values_);
    values_ = nullptr;
    size_ = 0;
    values_ = static_cast<T*>(machine_->allocate(size * sizeof(T)));
    size_ = size;
    return values_;
  }

  T* values() const { return values_; }

  /// The same values as `host`, or null for none.
  template <class Host>
  T* assign(const Host& host) {
    if (host.empty()) return nullptr;
    at_least(host.size());
    machine_->upload(host.data(), values_, host.size() * sizeof(T));
    return values_;
  }

 private:
  std::shared_ptr<Machine> machine_;
  T* values_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace ohmic::cuda
