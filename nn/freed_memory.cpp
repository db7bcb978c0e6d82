#include "nn/freed_memory.hpp"

#include <malloc.h>

#include <cstddef>

namespace ohmic {

void give_back_freed_memory() {
#ifdef __GLIBC__
  constexpr std::size_t kMuch = std::size_t{1} << 24;  // bytes
  if (::mallinfo2().fordblks > kMuch) ::malloc_trim(0);
#endif
}

}  // namespace ohmic
