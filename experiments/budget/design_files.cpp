#include "experiments/budget/design_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <string>

#include "experiments/budget/written_experiment.hpp"
#include "experiments/measure/files.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

using Texts = std::map<std::string, std::string>;  ///< by the name of the file

constexpr char kStart[] = "design_", kEnd[] = ".toml";

std::string suffix_of(std::size_t question) {
  return question == 1 ? "" : fmt::format("_question_{}", question);
}

std::string name_of(const DesignFile& design, std::size_t question) {
  return fmt::format("{}{}{}{}", kStart, design.number, suffix_of(question), kEnd);
}

Texts texts_of(const fs::path& folder, const std::vector<DesignFile>& designs,
               std::size_t question) {
  Texts texts;
  for (const DesignFile& design : designs) {
    const std::string name = name_of(design, question);
    texts[name] = experiment_text(design.experiment, folder / name, design.sweep);
  }
  return texts;
}

/// Whether a file, or the folder of its run, is called as a design of this question is.
bool is_of(const std::string& stem, std::size_t question) {
  const std::string suffix = suffix_of(question);
  if (!stem.starts_with(kStart) || !stem.ends_with(suffix)) return false;
  const std::size_t start = sizeof(kStart) - 1, end = stem.size() - suffix.size();
  return start < end && std::all_of(stem.begin() + static_cast<std::ptrdiff_t>(start),
                                    stem.begin() + static_cast<std::ptrdiff_t>(end),
                                    [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// Whether all that is there under these names is of the same designs.
bool is_free(const fs::path& folder, const Texts& texts, std::size_t question) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool is_run = entry.is_directory();
    if (!is_run && !name.ends_with(kEnd)) continue;
    if (!is_of(is_run ? name : entry.path().stem().string(), question)) continue;
    const auto ours = texts.find(is_run ? name + kEnd : name);
    const bool is_same = ours != texts.end() && (is_run ? fs::exists(folder / ours->first)
                                                        : read_whole(entry.path()) == ours->second);
    if (!is_same) return false;
  }
  return true;
}

}  // namespace

WrittenDesigns write_designs(const fs::path& folder, const std::vector<DesignFile>& designs) {
  WrittenDesigns written;
  Texts texts = texts_of(folder, designs, written.question);
  while (!is_free(folder, texts, written.question))
    texts = texts_of(folder, designs, ++written.question);
  for (const auto& [name, text] : texts) write_atomically(folder / name, text);
  for (const DesignFile& design : designs)
    written.files.push_back(folder / name_of(design, written.question));
  return written;
}

}  // namespace ohmic
