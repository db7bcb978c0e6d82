// The normals of weight noise in training, for all kernels of a network in one launch on a GPU
// (weight_noise.hpp). They are those of (Stream::training_noise, number of the kernel, event), by
// element of a kernel [out, in, height, width]; in memory kernels lie as [out, height, width, in].
#pragma once

#include <cstdint>

#include "simulator/host_device.hpp"
#include "simulator/random/element.hpp"

namespace ohmic {

/// Where a kernel lies in a flat buffer of parameters.
struct NoisyKernel {
  std::int64_t first, size;
  std::int64_t inputs, positions;  ///< per output; positions: height * width
};

/// Pointers into one GPU's memory. The event lies there so that a recorded step can be repeated.
struct KernelNormals {
  NoiseKey key;
  const std::int64_t* event;
  const NoisyKernel* kernels;
  std::int32_t kernel_count;
  std::int64_t largest;  ///< size of a kernel
  float* z;              ///< as the parameters
};

/// Value `place` of kernel `number` as it lies in memory.
OHMIC_HOST_DEVICE void draw_normal(const KernelNormals& a, int number, std::int64_t place) {
  const NoisyKernel& kernel = a.kernels[number];
  const std::int64_t per_output = kernel.inputs * kernel.positions;
  const std::int64_t output = place / per_output, rest = place % per_output;
  const std::int64_t position = rest / kernel.inputs, input = rest % kernel.inputs;
  const std::int64_t element = (output * kernel.inputs + input) * kernel.positions + position;
  const Address address{Stream::training_noise, static_cast<std::uint16_t>(number), 0,
                        static_cast<std::uint64_t>(*a.event)};
  a.z[kernel.first + place] =
      normal_of_element(a.key, address, static_cast<std::uint64_t>(element));
}

/// On `stream` (a cudaStream_t; null: the default one) of GPU `gpu`. Only in a build with
/// OHMIC_CUDA. Throws UnsupportedError when the launch is refused.
void draw_on_gpu(const KernelNormals&, int gpu, void* stream);

}  // namespace ohmic
