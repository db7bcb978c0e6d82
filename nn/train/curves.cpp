#include "nn/train/curves.hpp"

#include <array>
#include <optional>

#include "nn/io/file.hpp"
#include "nn/io/sha256.hpp"
#include "nn/io/weight_file.hpp"
#include "nn/train/measurement.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

constexpr char kHistoryHeader[] = "epoch,loss,accuracy,test_accuracy,learning_rate,dead_filters\n";

struct CurveFile {
  std::string name, header;
  std::string TrainingCurves::*rows;
};

const std::array<CurveFile, 3> kFiles{
    {{"history", kHistoryHeader, &TrainingCurves::history},
     {"theory", kTheoryHeader, &TrainingCurves::theory},
     {"theory_layers", kTheoryLayersHeader, &TrainingCurves::theory_layers}}};

std::string hash_key(const std::string& name) { return name + "_sha256"; }

template <class Do>
void for_each_written(const TrainingCurves& curves, const Do& what) {
  for (const CurveFile& file : kFiles)
    if (const std::string& rows = curves.*file.rows; !rows.empty()) what(file, rows);
}

/// What the file `name` beside `curve` says under `key`.
std::optional<std::string> said_by(const char* name, const fs::path& curve,
                                   const std::string& key) {
  const fs::path file = curve.parent_path() / name;
  if (!fs::exists(file)) return std::nullopt;
  const Metadata metadata = open_safetensors(file).metadata;
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::nullopt : std::make_optional(found->second);
}

[[noreturn]] void say_changed(const fs::path& curve, const char* witness) {
  refuse_file(curve, std::string("damaged: it is not what the training wrote, as ") + witness +
                         " beside it shows");
}

}  // namespace

void write_curves(const fs::path& folder, const TrainingCurves& curves) {
  for_each_written(curves, [&](const CurveFile& file, const std::string& rows) {
    replace_file(folder / (file.name + ".csv"), {file.header, rows});
  });
}

void put_rows(const TrainingCurves& curves, Metadata& metadata) {
  for_each_written(
      curves, [&](const CurveFile& file, const std::string& rows) { metadata[file.name] = rows; });
}

void put_hashes(const TrainingCurves& curves, Metadata& metadata) {
  for_each_written(curves, [&](const CurveFile& file, const std::string& rows) {
    metadata[hash_key(file.name)] = sha256(file.header + rows);
  });
}

void check_curve(const fs::path& curve, std::string_view text) {
  for (const CurveFile& file : kFiles) {
    if (curve.filename() != file.name + ".csv") continue;
    if (const auto hash = said_by(kWeightsFile, curve, hash_key(file.name))) {
      if (*hash != sha256(text)) say_changed(curve, kWeightsFile);
    } else if (const auto rows = said_by(kStateFile, curve, file.name)) {
      if (!(file.header + *rows).starts_with(text)) say_changed(curve, kStateFile);
    }
  }
}

}  // namespace ohmic
