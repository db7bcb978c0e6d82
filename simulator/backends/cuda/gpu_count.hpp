#pragma once

namespace ohmic {

/// GPUs that the back end cuda finds; 0 without a driver, and in a build without it.
int gpu_count();

}  // namespace ohmic
