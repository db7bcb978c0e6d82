// The program `ohmic`, and how long its threads look for one another before they sleep.
//
// LibGOMP's threads look for milliseconds. Beside another busy process that is ruinous; on a quiet
// machine a few microseconds cost nothing (docs/decisions/016-short-spinning.md). LibGOMP reads
// GOMP_SPINCOUNT in a constructor, when it is loaded, whichever LibGOMP it is that LibTorch brings.
// So everything that there is of the program is a library, which is loaded once the variable is
// set.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

/// What the user says of how threads wait goes first.
void spin_shortly() {
  if (!std::getenv("OMP_WAIT_POLICY")) ::setenv("GOMP_SPINCOUNT", "5000", 0);
}

/// OpenBLAS asks for memory until it gets some, when it is loaded.
bool is_room_to_start() {
  constexpr std::size_t kNeeded = std::size_t{1} << 30;
  void* room =
      ::mmap(nullptr, kNeeded, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return room != MAP_FAILED && ::munmap(room, kNeeded) == 0;
}

/// Else the next file that is opened is the standard output or error, and is written into. The
/// output stays one that cannot be written: what is lost there is an error.
void fill_closed_descriptors() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor)
    if (::fcntl(descriptor, F_GETFD) < 0)
      ::open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY);
}

int fail(const char* why) {
  std::fprintf(stderr, "ohmic: error: %s\n", why);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  fill_closed_descriptors();
  if (!is_room_to_start())
    return fail("needs 1 GiB of address space to start; see the limit that `ulimit -v` names");
  spin_shortly();
  // Plug-ins find the device models there.
  void* library = ::dlopen(OHMIC_PROGRAM_LIBRARY, RTLD_LAZY | RTLD_GLOBAL);
  using Program = int (*)(int, const char* const*);
  const auto program =
      library ? reinterpret_cast<Program>(::dlsym(library, "ohmic_program")) : nullptr;
  return program ? program(argc, argv) : fail(::dlerror());
}
