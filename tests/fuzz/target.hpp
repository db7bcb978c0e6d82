// Readers under files that were damaged on purpose. A target is what one reader does with the bytes
// of a file: a few small seeds that it accepts, the words of its format, and, where most damage
// would end at a length or a checksum, the parts inside. The same targets run in several ways
// (docs/reliability.md):
//
//   fuzz_tests               as ordinary tests: each run changes a seed as its number says
//     OHMIC_FUZZ_RUNS=N        runs per target (2000 otherwise), or
//     OHMIC_FUZZ_SECONDS=N     seconds per target
//     OHMIC_FUZZ_FIRST=4711    number of the first run (0 otherwise)
//   ohmic_fuzz               with libFuzzer (CMake: OHMIC_FUZZ=ON, clang); OHMIC_FUZZ_TARGET names
//   one
//   ./ohmic test --fuzz 10   the same program, as long as one likes
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace ohmic::test {

/// Bytes inside a file, and the file around others in their place: with lengths made good.
struct Part {
  std::string bytes;
  std::function<std::string(const std::string&)> around;
};

struct Target {
  std::vector<std::string> seeds;
  /// Reads a file's bytes; throws one of ohmic's errors for what it refuses. Anything else is a
  /// finding, as are a crash, a leak and more memory than a gibibyte.
  std::function<void(const std::string&)> read;
  std::vector<std::string> words = {};
  /// Some part of a file; nothing where the bytes have none.
  std::function<std::optional<Part>(const std::string&, std::mt19937_64&)> part = {};
  /// Runs as an ordinary test are divided by this: what a reader costs beside the cheapest.
  std::uint64_t cost = 1;
};

struct NamedTarget {
  const char* name;
  Target (*make)();
};
/// All targets of the program.
std::vector<NamedTarget>& targets();
bool add_target(const char* name, Target (*make)());

/// OHMIC_FUZZ(Npy) { return {.seeds = ..., .read = ...}; }
#define OHMIC_FUZZ(NAME)                                                                \
  static Target make_##NAME();                                                          \
  [[maybe_unused]] static const bool NAME##_is_added = add_target(#NAME, &make_##NAME); \
  static Target make_##NAME()

/// A file of this process's own folder, which goes with it.
std::filesystem::path scratch_folder();
std::filesystem::path scratch(std::string_view bytes, const std::string& name = "input");

/// A part whose first `size_bytes` bytes at `size_at` hold its length, little-endian.
Part part_with_length(const std::string& file, std::size_t size_at, int size_bytes);

}  // namespace ohmic::test
