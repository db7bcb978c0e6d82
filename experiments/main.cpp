// The program `ohmic`, and how long its threads look for one another before they sleep.
//
// LibGOMP's threads look for milliseconds. Beside another busy process that is ruinous; on a quiet
// machine a few microseconds cost nothing (docs/decisions/016-short-spinning.md). LibGOMP reads
// GOMP_SPINCOUNT in a constructor of its own, before main(), whichever LibGOMP it is that LibTorch
// brings. So the program starts itself again, once, with the variable set, at the one moment that
// is earlier: when its libraries are loaded and none of their constructors has run.
#include <sys/auxv.h>
#include <unistd.h>

#include <string_view>

#include "experiments/commands/program.hpp"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

char spin_count[] = "GOMP_SPINCOUNT=5000";

bool is_about_waiting(std::string_view variable) {
  return variable.starts_with("GOMP_SPINCOUNT=") || variable.starts_with("OMP_WAIT_POLICY=");
}

/// Does nothing where the user has said how threads wait, nor where the dynamic loader was started
/// with the program's name, since /proc/self/exe is then the loader. What the C library sets up in
/// constructors is not there yet.
void start_again(int, char** argv, char** environment) {
  std::size_t count = 0;
  for (; environment[count]; ++count)
    if (is_about_waiting(environment[count])) return;
  if (::getauxval(AT_BASE) == 0) return;
  auto** more = static_cast<char**>(__builtin_alloca((count + 2) * sizeof(char*)));
  for (std::size_t i = 0; i < count; ++i) more[i] = environment[i];
  more[count] = spin_count;
  more[count + 1] = nullptr;
  ::execve("/proc/self/exe", argv, more);
}

__attribute__((section(".preinit_array"),
               used)) void (*const before_constructors)(int, char**, char**) = start_again;

}  // namespace
#endif

int main(int argc, char** argv) { return ohmic::run_program(argc, argv); }
