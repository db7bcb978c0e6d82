// Figures are gnuplot scripts that hold their own data, so that they can be drawn again by hand.
#pragma once

#include <filesystem>
#include <string>

#include "experiments/text/quoting.hpp"

namespace ohmic {

/// One figure: a script that draws into the terminal and the output that are set before it.
struct Figure {
  std::string name;               ///< of its files, without extension
  int width = 800, height = 600;  ///< pixels of the SVG; the PNG has twice as many
  std::string script;
};

enum class Drawn { yes, no_gnuplot, failed };

/// Writes NAME.gp into the folder and runs gnuplot on it, which makes NAME.svg and NAME.png. Throws
/// OutputError when the script cannot be written.
Drawn draw(const Figure&, const std::filesystem::path& folder);

/// Why `draw` left no figure; empty where it did not.
std::string drawing_problem(Drawn, const Figure&, const std::filesystem::path& folder);

}  // namespace ohmic
