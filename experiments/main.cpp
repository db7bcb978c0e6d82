// The program `ohmic`, and how long its threads look for one another before they sleep.
//
// LibGOMP's threads look for milliseconds. Beside another busy process that is ruinous; on a quiet
// machine a few microseconds cost nothing (docs/decisions/016-short-spinning.md). LibGOMP reads
// GOMP_SPINCOUNT in a constructor, when it is loaded, whichever LibGOMP it is that LibTorch brings.
// So everything that there is of the program is a library, which is loaded once the variable is
// set.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

namespace {

/// What the user says of how threads wait goes first.
void spin_shortly() {
  if (!std::getenv("OMP_WAIT_POLICY")) ::setenv("GOMP_SPINCOUNT", "5000", 0);
}

}  // namespace

int main(int argc, char** argv) {
  spin_shortly();
  // Plug-ins find the device models there.
  void* library = ::dlopen(OHMIC_PROGRAM_LIBRARY, RTLD_LAZY | RTLD_GLOBAL);
  using Program = int (*)(int, const char* const*);
  const auto program =
      library ? reinterpret_cast<Program>(::dlsym(library, "ohmic_program")) : nullptr;
  if (!program) {
    std::fprintf(stderr, "ohmic: error: %s\n", ::dlerror());
    return 1;
  }
  return program(argc, argv);
}
