#pragma once

namespace ohmic::test {

/// The largest product on any thread of 1 and a number below float's normal range: that number, or
/// 0 where threads take it for 0.
inline float denormal_product() {
  float largest = 0;
#pragma omp parallel reduction(max : largest)
  {
    volatile float denormal = 1e-39f;
    largest = denormal * 1.0f;
  }
  return largest;
}

}  // namespace ohmic::test
