// The program `ohmic` as a function, so that tests can call it.
#pragma once

namespace ohmic {

/// Runs one command line and returns the exit status: 0, or 2 for a faulty configuration, 3 for
/// data, 4 for what a back end or build cannot do, 5 for output, 1 for anything else. Failures are
/// one message on stderr.
int run_program(int argc, const char* const* argv);

}  // namespace ohmic
