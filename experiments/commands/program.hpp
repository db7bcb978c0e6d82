// The program `ohmic` as a function, so that tests can call it.
#pragma once

#include <functional>

namespace ohmic {

/// Runs one command line and returns the exit status.
int run_program(int argc, const char* const* argv);

/// The same by a name that main.cpp finds in the library.
extern "C" int ohmic_program(int argc, const char* const* argv);

/// Runs an action; what it throws becomes one message on stderr and the status 2 for a faulty
/// configuration, 3 for data, 4 for what a back end or build cannot do, 5 for output, 1 for
/// anything else.
int guarded(const std::function<int()>& action);

}  // namespace ohmic
