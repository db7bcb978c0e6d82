// Errors of the CUDA runtime as exceptions.
#pragma once

#include <cuda_runtime.h>

#include <string>

#include "simulator/error.hpp"

namespace ohmic::cuda {

inline std::string text(cudaError_t error) {
  return std::string(cudaGetErrorString(error)) + " (" + cudaGetErrorName(error) + ")";
}

/// A call that only a bug or a broken machine makes fail.
inline void check(cudaError_t error, const char* what) {
  if (error != cudaSuccess)
    throw UnsupportedError("CUDA: " + std::string(what) + " failed: " + text(error));
}

}  // namespace ohmic::cuda
