// What LibTorch may hold while a foreign network's shapes are learnt: a file of 300 bytes can ask
// for any amount. Private to nn/.
#pragma once

#include <cstdint>

#include "nn/import/imported_model.hpp"

namespace ohmic {

/// Bytes that the values of a network's few samples may take: more of a large one, or of large
/// samples, but never most of the machine.
std::int64_t memory_limit(const ImportedModel&);

/// While it lives, memory of this thread's tensors that was asked for since is at most `bytes` at
/// any time; what asks for more throws a std::length_error that says so. The first one puts an
/// allocator of its own before LibTorch's, for good.
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
