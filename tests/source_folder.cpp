#include "tests/source_folder.hpp"

std::filesystem::path ohmic::test::source_folder() { return OHMIC_SOURCE_FOLDER; }
