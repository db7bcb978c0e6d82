// What LibTorch may hold while a foreign network's shapes are learnt: a file of 300 bytes can ask
// for any amount. Private to nn/.
#pragma once

#include <cstdint>

namespace ohmic {

/// While it lives, memory of this thread's tensors that was asked for since is at most `bytes` at
/// any time; what asks for more throws a std::exception that says so.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::int64_t bytes);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  std::int64_t limit_before_, held_before_;
};

}  // namespace ohmic
