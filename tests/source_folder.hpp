// Where the checkout is that the tests were built from. A function of one source file, because
// __FILE__ is whatever the compiler was called with.
#pragma once

#include <filesystem>

namespace ohmic::test {

std::filesystem::path source_folder();

}  // namespace ohmic::test
