#include "simulator/version.hpp"

#include <string_view>

#include "ohmic_commit.hpp"  // written by git_commit.cmake at every build

#define OHMIC_QUOTED(text) #text
#define OHMIC_EXPANDED(macro) OHMIC_QUOTED(macro)
static_assert(std::string_view(OHMIC_EXPANDED(OHMIC_RELEASE)) == OHMIC_RELEASE_OF_PROJECT,
              "OHMIC_RELEASE in simulator/version.hpp is not the project's version");

extern "C" bool OHMIC_RELEASE() { return true; }

namespace ohmic {

const char* version() { return OHMIC_VERSION; }
const char* commit() { return OHMIC_COMMIT; }
const char* compiler() { return OHMIC_COMPILER; }

}  // namespace ohmic
