// Experiment files, and single keys as --set gives them.
#include <sstream>
#include <stdexcept>

#include "experiments/measure/setup.hpp"
#include "experiments/report/budget/run_budget.hpp"
#include "experiments/study/experiment.hpp"
#include "experiments/study/remarks.hpp"
#include "nn/io/file.hpp"
#include "simulator/error.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/source_folder.hpp"

namespace ohmic::test {
namespace {

/// What every command does with a file before it computes. What it resolves to means the same.
void examine(const Value& root) {
  const BudgetRequest request = read_request(root);
  const std::vector<Point>& points = request.points;
  remarks_on(request);
  if (points.size() > 100 || root.at("budget")) return;
  const std::string resolved = to_toml(resolved_file(root, points));
  const std::vector<Point> again = expand(parse_toml(resolved, "resolved.toml"));
  if (again.size() != points.size()) throw std::logic_error("resolved.toml has other points");
  for (std::size_t i = 0; i < points.size(); ++i)
    if (again[i].experiment.identity() != points[i].experiment.identity())
      throw std::logic_error("resolved.toml means something else:\n" + resolved);
}

std::string experiment(const char* name) {
  return read_bytes(source_folder() / "experiments" / name);
}

const std::string kDevices = R"(
title = "t\n\u00e9"
[data]
test_images = 50
[device]
model = "stack"
[[device.models]]
model = "pcm"
[[device.models]]
model = "stuck"
min_rate = 0.01
[device.layers.linear]
model = "awgn"
[mapping]
tile = [64, 32]
[periphery]
adc.bits = 8
dac.bits = 6
wires.row_ohm = 1.5
[evaluation]
stop = { half_width = 0.01 }
[sweep]
seed = [1, 2]
device = [{ time_s = 10 }, { time_s = 1e4 }]
)";

const std::string kInputs = R"(
[model]
file = "none.onnx"
inputs = ["input.1", "mask"]
[data]
name = "files"
test = { samples = { mask = "m.npy", "input.1" = "x.npz:x" }, labels = "y.npy" }
train = { samples = { mask = "m.npy", "input.1" = "x.npz:x" } }
[device]
model = "awgn"
[sweep]
"device.eta" = [0.1, 0.2]
)";

std::vector<std::string> words() {
  return {"[sweep]",
          "[device]",
          "[budget]",
          "[budget.find]",
          "[budget.yield]",
          "[periphery]",
          "[mapping]",
          "[evaluation]",
          "[cost]",
          "[noise]",
          "[device.layers.conv1]",
          "[[device.models]]",
          "preset = \"isaac-like\"",
          "model = \"lookup\"",
          "model = \"stack\"",
          "device.eta",
          "= [",
          "]",
          "{",
          "}",
          "\"\"\"",
          "'''",
          "\\u0000",
          "\\u202e",
          "\xEF\xBB\xBF",
          "1979-05-27T07:32:00Z",
          "0x",
          "1e400",
          "nan",
          "inf",
          "allow = [\"device.eta\"]",
          "/dev/zero",
          "/proc/self/mem"};
}

OHMIC_FUZZ(ExperimentText) {
  return {.seeds = {experiment("quickstart.toml"), experiment("budget_eta.toml"),
                    experiment("hardware_pcm.toml"), kDevices, kInputs},
          .read = [](const std::string& bytes) { examine(read_toml(scratch(bytes, "e.toml"))); },
          .words = words(),
          .cost = 10};
}

OHMIC_FUZZ(Overrides) {
  static const std::string quickstart = experiment("quickstart.toml");
  return {.seeds = {"device.eta=0.2\nperiphery.adc.bits=6\nsweep.device.eta=[0.1, 0.2]",
                    "device={ model = \"awgn\", eta = 0.3 }\nseed=3\nmodel.name=resnet20",
                    "evaluation.stop={ half_width = 0.01 }\ntitle=a b"},
          .read =
              [](const std::string& bytes) {
                Value root = parse_toml(quickstart, "quickstart.toml");
                std::istringstream lines(bytes);
                for (std::string line; std::getline(lines, line);) apply_override(root, line);
                examine(root);
              },
          .words = words(),
          .cost = 10};
}

}  // namespace
}  // namespace ohmic::test
