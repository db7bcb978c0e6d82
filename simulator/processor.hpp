// What the processor can do that decides how something is computed.
#pragma once

namespace ohmic {

/// Whether it multiplies bf16 numbers in hardware (AMX or AVX512-BF16). Where it has AVX-512 alone,
/// they are multiplied as the floats that they round to, slower than float products.
bool multiplies_bf16();

}  // namespace ohmic
