// Real data to test against, where a user has it: the folder in OHMIC_SHARED_DATA, else
// ../shared/data beside the checkout. Tests skip without it.
#pragma once

#include <cstdlib>
#include <filesystem>

#include "tests/source_folder.hpp"

namespace ohmic::test {

inline std::filesystem::path shared_data() {
  if (const char* folder = std::getenv("OHMIC_SHARED_DATA")) return folder;
  return source_folder().parent_path() / "shared" / "data";
}

}  // namespace ohmic::test
