#include "experiments/commands/samples_option.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

namespace ohmic {
namespace {

/// NAME=FILE, where the network has an input of this name; names and files may have a = of their
/// own.
std::optional<InputFile> file_of_input(const std::string& entry, const LoweredNetwork& network) {
  for (std::size_t sign = entry.find('='); sign != std::string::npos;
       sign = entry.find('=', sign + 1))
    if (std::ranges::find(network.inputs, entry.substr(0, sign), &SampleInput::name) !=
        network.inputs.end())
      return InputFile{entry.substr(0, sign), entry.substr(sign + 1)};
  return {};
}

}  // namespace

SampleFiles sample_files(const std::vector<std::string>& given, const LoweredNetwork& network,
                         const std::string& option) {
  SampleFiles files;
  if (given.size() == 1 && !file_of_input(given.front(), network)) {
    files.samples = given.front();
    return files;
  }
  for (const std::string& entry : given) {
    const auto named = file_of_input(entry, network);
    if (!named) {
      std::vector<std::string> names;
      for (const SampleInput& input : network.inputs) names.push_back(input.name);
      throw CLI::ValidationError(option,
                                 fmt::format("expected NAME=FILE for each input ({}), got {}",
                                             fmt::join(names, ", "), entry));
    }
    const std::string& input = named->input;
    if (std::ranges::find(files.inputs, input, &InputFile::input) != files.inputs.end())
      throw CLI::ValidationError(option, "names the input " + input + " more than once");
    files.inputs.push_back(*named);
  }
  return files;
}

}  // namespace ohmic
