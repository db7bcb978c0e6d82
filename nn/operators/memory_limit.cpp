#include "nn/operators/memory_limit.hpp"

#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>

namespace ohmic {
namespace {

constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

thread_local std::int64_t limit = kNone;  // bytes
thread_local std::int64_t held = 0;  // of blocks that this thread asked for, less those it freed

c10::Allocator* plain = nullptr;  // LibTorch's own

void give_back(void* block) {
  held -= static_cast<std::int64_t>(malloc_usable_size(block));
  plain->raw_deleter()(block);
}

/// LibTorch's own blocks, counted.
class CountingAllocator final : public c10::Allocator {
 public:
  // LibTorch 1.13 asks for the first, 2.x for the second.
  c10::DataPtr allocate(std::size_t bytes) const { return counted(bytes); }
  c10::DataPtr allocate(std::size_t bytes) { return counted(bytes); }
  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }
  void copy_data(void* to, const void* from, std::size_t count) const {
    std::memcpy(to, from, count);
  }

 private:
  static c10::DataPtr counted(std::size_t bytes) {
    if (limit != kNone && (bytes > static_cast<std::size_t>(limit) ||
                           held > limit - static_cast<std::int64_t>(bytes)))
      throw std::length_error("would take " + std::to_string(bytes >> 20) +
                              " MiB more of memory than a file of its size may "
                              "(docs/reliability.md, Limits)");
    c10::DataPtr block = plain->allocate(bytes);
    if (block.get() != nullptr && block.compare_exchange_deleter(plain->raw_deleter(), &give_back))
      held += static_cast<std::int64_t>(malloc_usable_size(block.get()));
    return block;
  }
};

/// Stays, as blocks outlive every limit.
void count_blocks() {
  static const bool done = [] {
    static CountingAllocator counting;
    plain = c10::GetCPUAllocator();
    c10::SetCPUAllocator(&counting, std::numeric_limits<std::uint8_t>::max());
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

std::int64_t memory_limit(const ImportedModel& model) {
  constexpr double kAnyFile = double{1 << 30}, kOfConstants = 64, kOfSample = 512;
  double constants = 0, samples = 0;
  for (const auto& [name, constant] : model.constants)
    constants +=
        static_cast<double>(constant.elements()) * static_cast<double>(size_of(constant.type));
  for (const ModelValue& input : model.inputs) {
    double numbers = 1;
    for (std::size_t i = 1; i < input.shape.size(); ++i)
      numbers *= static_cast<double>(std::max<std::int64_t>(input.shape[i], 1));
    samples += numbers * sizeof(float);
  }
  const double machine =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return static_cast<std::int64_t>(
      std::min(machine / 2, kAnyFile + kOfConstants * constants + kOfSample * samples));
}

MemoryLimit::MemoryLimit(std::int64_t bytes) : limit_before_(limit), held_before_(held) {
  count_blocks();
  held = 0;
  limit = bytes;
}

MemoryLimit::~MemoryLimit() {
  limit = limit_before_;
  held += held_before_;
}

}  // namespace ohmic
