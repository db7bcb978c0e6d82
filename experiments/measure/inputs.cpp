#include "experiments/measure/inputs.hpp"

#include <algorithm>
#include <sstream>
#include <string>

#include "experiments/measure/networks.hpp"
#include "simulator/error.hpp"

namespace ohmic {

void check_inputs(const std::vector<const Experiment*>& experiments) {
  Progress silent;
  Networks networks("", silent);   // nothing is trained, so no folder is made
  std::vector<std::string> wrong;  // lines, each once
  for (const Experiment* experiment : experiments) {
    try {
      networks.check(*experiment);
    } catch (const DataError& error) {
      std::istringstream said(error.what());
      for (std::string line; std::getline(said, line);)
        if (std::find(wrong.begin(), wrong.end(), line) == wrong.end()) wrong.push_back(line);
    }
  }
  if (wrong.empty()) return;
  std::string text;
  for (const std::string& line : wrong) text += (text.empty() ? "" : "\n") + line;
  throw DataError(text);
}

}  // namespace ohmic
