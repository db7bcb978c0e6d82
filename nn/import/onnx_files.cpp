#include <algorithm>

#include "nn/import/draft.hpp"
#include "nn/import/onnx_values.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

bool lies_in(const fs::path& folder, const fs::path& file) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first ==
         folder.end();
}

/// Symbolic links are followed: caches of downloads keep a model and its data in one folder and
/// links to both in another.
bool stays_beside(const fs::path& model, const fs::path& file) {
  std::error_code error;
  const fs::path target = fs::weakly_canonical(file, error);
  if (error) return false;
  return lies_in(fs::weakly_canonical(folder_of(model), error), target) ||
         lies_in(folder_of(fs::weakly_canonical(model, error)), target);
}

}  // namespace

OnnxFiles::OnnxFiles(const fs::path& model) : file_(model), model_(map_file(model)) {}

std::vector<MappedFile> OnnxFiles::all() const {
  std::vector<MappedFile> files{model_};
  for (const auto& [location, file] : beside_) files.push_back(file);
  return files;
}

const MappedFile& OnnxFiles::beside(std::string_view location) {
  const auto known = beside_.find(location);
  if (known != beside_.end()) return known->second;
  const fs::path path(location);
  const bool leaves = path.empty() || path.is_absolute() ||
                      location.find('\0') != std::string_view::npos ||
                      std::find(path.begin(), path.end(), "..") != path.end();
  const fs::path file = folder_of(file_) / path;
  if (leaves || !stays_beside(file_, file))
    throw DataError("has its numbers in " + in_quotes(location) +
                    "; only files in the model's folder are read");
  std::error_code error;
  if (!fs::exists(file, error))
    throw DataError("has its numbers in " + in_quotes(location) +
                    ", which is not in the model's folder; keep both files together");
  return beside_.emplace(std::string(location), map_file(file)).first->second;
}

}  // namespace ohmic
