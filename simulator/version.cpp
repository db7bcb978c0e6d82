#include "simulator/version.hpp"

#include "ohmic_commit.hpp"  // written by git_commit.cmake at every build

namespace ohmic {

const char* version() { return OHMIC_VERSION; }
const char* commit() { return OHMIC_COMMIT; }
const char* compiler() { return OHMIC_COMPILER; }

}  // namespace ohmic
