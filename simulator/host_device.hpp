// Marks small functions that are compiled for the CPU and for CUDA from the same text.
#pragma once

#ifdef __CUDACC__
#define OHMIC_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define OHMIC_HOST_DEVICE inline __attribute__((always_inline))
#endif

// Loops over devices are vectorised by the compiler. A build that does not target this very
// processor (OHMIC_NATIVE=OFF) compiles them three times and picks one when the program starts;
// the results are the same bits, since no operation but the written fma is fused.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__FMA__) && \
    !defined(__CUDACC__)
#define OHMIC_VECTOR_CLONES \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), flatten))
#else
#define OHMIC_VECTOR_CLONES
#endif
