// Which ohmic this is: what provenance.json and `ohmic --version` say about the program itself.
#pragma once

/// This release as a function. Whatever registers a device model calls it, so the loader refuses a
/// plug-in that was built against the headers of another release before any of its code runs.
#define OHMIC_RELEASE ohmic_release_0_1_0
extern "C" bool OHMIC_RELEASE();  ///< true

namespace ohmic {

/// "0.1.0".
const char* version();
/// Full hash of the commit the sources were built from, followed by "-dirty" when tracked files
/// differed from it; "unknown" when the sources were not a git checkout.
const char* commit();
/// Compiler, its version and the build type: "GNU 12.2.0, Release".
const char* compiler();

}  // namespace ohmic
