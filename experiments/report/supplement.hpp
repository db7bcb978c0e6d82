// What one publication adds to runs that repeat it: sections of their report, words of warning,
// files. Whoever has such things registers them; reports know of no publication.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/report/sections.hpp"

namespace ohmic {

struct Supplement {
  /// After the results; sections without content are left out.
  std::vector<Section> (*sections)(const std::vector<Group>&, ReportWriter&);
  /// One sentence each, after all others.
  std::vector<std::string> (*warnings)(const std::vector<Group>&);
  /// Files of a finished run's folder. Throws OutputError.
  void (*write_files)(const std::vector<Group>&, const std::filesystem::path& run);
};

/// At namespace scope: adds to every report when the library is loaded.
struct RegisterSupplement {
  explicit RegisterSupplement(const Supplement&);
};

/// In the order of registration.
const std::vector<Supplement>& supplements();

}  // namespace ohmic
