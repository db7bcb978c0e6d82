// The targets under libFuzzer: OHMIC_FUZZ_TARGET names the one that runs; without it, all are
// listed and nothing is done. OHMIC_FUZZ_WRITE=FOLDER writes its seeds and its dictionary there, as
// libFuzzer takes them, and ends.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>

#include "simulator/error.hpp"
#include "tests/fuzz/target.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

namespace fs = std::filesystem;
using ohmic::test::Target;

/// A word as a dictionary of libFuzzer has it.
std::string quoted(const std::string& word) {
  std::string text = "\"";
  for (const char c : word) {
    char hexadecimal[5];
    std::snprintf(hexadecimal, sizeof hexadecimal, "\\x%02x", static_cast<unsigned char>(c));
    text += hexadecimal;
  }
  return text + "\"";
}

void write_seeds(const Target& target, const fs::path& folder) {
  fs::create_directories(folder / "seeds");
  for (std::size_t i = 0; i < target.seeds.size(); ++i)
    std::ofstream(folder / "seeds" / std::to_string(i), std::ios::binary) << target.seeds[i];
  std::ofstream words(folder / "words");
  for (const std::string& word : target.words)
    if (!word.empty()) words << quoted(word) << '\n';
}

const Target& target() {
  static const Target target = [] {
    const char* name = std::getenv("OHMIC_FUZZ_TARGET");
    for (const auto& known : ohmic::test::targets())
      if (name && std::strcmp(known.name, name) == 0) return known.make();
    for (const auto& known : ohmic::test::targets()) std::cout << known.name << '\n';
    std::exit(name && *name ? 2 : 0);
  }();
  return target;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (const char* folder = std::getenv("OHMIC_FUZZ_WRITE")) {
    write_seeds(target(), folder);
    std::exit(0);
  }
  target();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    target().read({reinterpret_cast<const char*>(data), size});
  } catch (const ohmic::Error&) {
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  std::mt19937_64 random(seed);
  const auto part = target().part && random() % 2
                        ? target().part({reinterpret_cast<const char*>(data), size}, random)
                        : std::nullopt;
  if (!part) return LLVMFuzzerMutate(data, size, most);
  std::string inside = part->bytes;
  inside.resize(inside.size() + 256);
  inside.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(inside.data()), part->bytes.size(),
                                 inside.size()));
  const std::string whole = part->around(inside);
  if (whole.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::copy(whole.begin(), whole.end(), data);
  return whole.size();
}
