#include "nn/denormals.hpp"

#include <ATen/Context.h>

namespace ohmic {
namespace {

void take_for_zero(bool on) {
#pragma omp parallel
  at::globalContext().setFlushDenormal(on);
}

bool are_taken_for_zero() {
  const volatile float denormal = 1e-39f;
  return denormal == 0.0f;
}

}  // namespace

DenormalsAreZero::DenormalsAreZero() : outermost_(!are_taken_for_zero()) {
  if (outermost_) take_for_zero(true);
}

DenormalsAreZero::~DenormalsAreZero() {
  if (outermost_) take_for_zero(false);
}

}  // namespace ohmic
