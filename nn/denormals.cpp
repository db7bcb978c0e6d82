#include "nn/denormals.hpp"

#include <ATen/Context.h>

namespace ohmic {
namespace {

void take_for_zero(bool on) {
#pragma omp parallel
  at::globalContext().setFlushDenormal(on);
}

}  // namespace

DenormalsAreZero::DenormalsAreZero() { take_for_zero(true); }
DenormalsAreZero::~DenormalsAreZero() { take_for_zero(false); }

}  // namespace ohmic
