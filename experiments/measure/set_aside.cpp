#include "experiments/measure/set_aside.hpp"

#include <fmt/chrono.h>

#include <ctime>

#include "experiments/measure/folder_owner.hpp"
#include "experiments/measure/run_folder.hpp"
#include "experiments/study/chip_training.hpp"
#include "nn/io/file.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

/// Everything of a run that measuring again makes anew.
constexpr const char* kMeasured[] = {
    "points",        "results.csv",     "results.jsonl", "layers.csv", "cost.csv",
    "cases.csv",     "theory.csv",      "plausibility",  "figures",    "tables",
    "resolved.toml", "provenance.json", "report.html",   kOwnerFile};

fs::path new_folder(const fs::path& folder) {
  const std::string name = fmt::format("before-{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::time(nullptr)));
  fs::path path = folder / name;
  for (int i = 2; fs::exists(path); ++i) path = folder / fmt::format("{}-{}", name, i);
  return path;
}

class Mover {
 public:
  explicit Mover(const fs::path& folder) : from_(folder), to_(new_folder(folder)) {}

  void move(const fs::path& name) {
    if (!fs::exists(from_ / name)) return;
    make_folder((to_ / name).parent_path());
    std::error_code error;
    fs::rename(from_ / name, to_ / name, error);
    if (error)
      throw OutputError((from_ / name).string() + ": cannot be set aside: " + error.message());
    moved_ = true;
  }
  fs::path result() const { return moved_ ? to_ : fs::path(); }

 private:
  fs::path from_, to_;
  bool moved_ = false;
};

}  // namespace

fs::path set_aside(const fs::path& folder, const std::vector<const Experiment*>& experiments,
                   bool all, bool training) {
  Mover mover(folder);
  if (all)
    for (const char* name : kMeasured) mover.move(name);
  for (const Experiment* e : experiments) {
    const fs::path point = fs::path("points") / e->identity();
    mover.move(point.string() + ".json");
    mover.move(point.string() + ".draws");
    if (!training) continue;
    for (const std::string& identity : training_identities(*e))
      mover.move(training_folder("training", identity));
  }
  return mover.result();
}

}  // namespace ohmic
