// Files of a run folder: what `ohmic report` reads, and what a run that is started again does.
#include "experiments/measure/point_check.hpp"
#include "experiments/measure/provenance.hpp"
#include "experiments/measure/run_folder.hpp"
#include "experiments/measure/setup.hpp"
#include "experiments/measure/timing.hpp"
#include "experiments/report/report.hpp"
#include "experiments/results/run_record.hpp"
#include "nn/io/checkpoint.hpp"
#include "nn/io/file.hpp"
#include "nn/network/builder.hpp"
#include "nn/train/training_state.hpp"
#include "simulator/error.hpp"
#include "tests/fuzz/target.hpp"

namespace ohmic::test {
namespace {

namespace fs = std::filesystem;

constexpr char kExperiment[] = R"(
[data]
train_images = 100
test_images = 100
[train]
epochs = 3
[device]
model = "awgn"
[output]
figures = false
[sweep]
train.learning_rate = [0.001, 0.01]
device.eta = [0.1, 0.2]
)";

/// A run whose first three points are finished and whose last is under way.
class Run {
 public:
  Run() {
    fs::remove_all(folder());
    const Value root = parse_toml(kExperiment, "e.toml");
    points_ = expand(root);
    write("resolved.toml", to_toml(resolved_file(root, points_)));
    fs::create_directories(folder() / "points");
    std::string lines;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      const PointResult result = result_of(i);
      if (i < 3) store().publish(result);
      for (std::int64_t d = 0; i == 3 && d < 3; ++d)
        store().log_draw(result.identity, *result.metric, d,
                         result.draws[static_cast<std::size_t>(d)]);
      lines += "{\"train.learning_rate\":0.001,\"device.eta\":0.1,\"identity\":\"" +
               result.identity + "\",\"training\":\"" + points_[i].experiment.training_identity() +
               "\",\"energy_nJ\":3.5}\n";
    }
    write("results.jsonl", lines);
    write("provenance.json", R"({"ohmic":"0.1.0","seed":1,"data_sha256":{"test":"00"}})");
    write("timing.jsonl", "{\"work\":\"draw resnet8\",\"units\":3,\"seconds\":0.5}\n");
    write(history(),
          "epoch,loss,accuracy,test_accuracy,learning_rate,dead_filters\n"
          "0,2.1,0.3,0.31,0.001,0\n1,1.9,0.4,,0.001,1\n");
  }
  fs::path folder() const { return scratch_folder() / "run"; }
  PointStore store() const { return PointStore(folder() / "points"); }
  std::string identity(std::size_t point) const { return points_[point].experiment.identity(); }
  std::string finished() const { return "points/" + identity(0) + ".json"; }
  std::string log() const { return "points/" + identity(3) + ".draws"; }
  std::string history() const {
    const fs::path file = training_folder("training", points_[0].experiment.training_identity());
    return (file / "history.csv").string();
  }
  void write(const std::string& name, const std::string& bytes) const {
    scratch(bytes, "run/" + name);
  }

 private:
  PointResult result_of(std::size_t i) const {
    PointResult r;
    r.identity = identity(i);
    r.images = 100;
    r.baseline_score = r.noise_free_score = 80;
    for (std::int64_t d = 0; d < 3; ++d) r.draws.push_back({{70.0 + static_cast<double>(d)}, {}});
    LayerResult layer;
    layer.layer = "conv1";
    layer.eta = 0.1;
    r.layers.push_back(layer);
    return r;
  }
  std::vector<Point> points_;
};

/// A target that replaces one file of the run and looks at the whole.
Target replacing(std::string (Run::*name)() const, std::vector<std::string> words) {
  const auto run = std::make_shared<Run>();
  const std::string file = ((*run).*name)();
  return {.seeds = {read_bytes(run->folder() / file)},
          .read =
              [=](const std::string& bytes) {
                run->write(file, bytes);
                read_run(run->folder());
                write_report({run->folder()},
                             {.folder = scratch_folder() / "page", .figures = false});
              },
          .words = std::move(words),
          .cost = 40};
}

OHMIC_FUZZ(RunPoint) {
  return replacing(&Run::finished, {"\"identity\":", "\"images\":", "\"batch\":", "\"draws\":",
                                    "\"correct\":", "\"layers\":", "null", "true", "{}", "[]"});
}

OHMIC_FUZZ(RunHistory) {
  return replacing(&Run::history, {"nan", "inf", ",", "\n", "-1", "dead_filters"});
}

/// A log of draws as a run takes it up again.
OHMIC_FUZZ(RunDraws) {
  const auto run = std::make_shared<Run>();
  return {.seeds = {read_bytes(run->folder() / run->log())},
          .read =
              [run](const std::string& bytes) {
                run->write(run->log(), bytes);
                PointResult point;
                point.identity = run->identity(3);
                point.images = 100;
                run->store().count_logged(point.identity);
                point.draws = run->store().logged_draws(point.identity);
                check_logged(point, run->folder() / "points");
              },
          .words = {"\"draw\":", "\"correct\":", "{\"draw\":3", "null", "[]", "\n"},
          .cost = 4};
}

OHMIC_FUZZ(RunResults) {
  const auto run = std::make_shared<Run>();
  const std::string seed = read_bytes(run->folder() / "results.jsonl");
  fs::remove(run->folder() / run->finished());  // so that it is looked up
  return {.seeds = {seed},
          .read =
              [run](const std::string& bytes) {
                run->write("results.jsonl", bytes);
                read_run(run->folder());
              },
          .words = {"\"identity\":", "\"training\":", "\"energy_nJ\":", "../", "\\u0000", "null",
                    "{}", "\n"},
          .cost = 20};
}

OHMIC_FUZZ(RunProvenance) {
  return {.seeds = {R"({"ohmic":"0.1.0","seed":1,"data_sha256":{"test":"00"}})"},
          .read =
              [](const std::string& bytes) {
                const fs::path file = scratch(bytes, "provenance.json");
                Provenance provenance;
                provenance.data = {{"train", "11"}};
                write_provenance(file, provenance, [](const std::string&) {});
                read_provenance(scratch_folder());
                for (const auto& entry : fs::directory_iterator(scratch_folder()))
                  if (entry.path().string().find(".damaged") != std::string::npos)
                    fs::remove(entry.path());
                scratch(bytes, "provenance.json");
                read_provenance(scratch_folder());
              },
          .words = {"\"data_sha256\":", "{", "}", "null", "[["},
          .cost = 4};
}

OHMIC_FUZZ(RunTiming) {
  return {.seeds = {"{\"work\":\"draw resnet8\",\"units\":3,\"seconds\":0.5}\n"},
          .read =
              [](const std::string& bytes) {
                Speeds(scratch(bytes, "timing.jsonl")).seconds_per("draw resnet8");
              },
          .words = {"\"work\":", "\"units\":", "\"seconds\":", "null", "1e308"}};
}

Graph small_graph() {
  GraphBuilder b(ModelSettings{}, 2);
  b.classify("linear", b.layer("first", "norm", 0, 2, 3, 2));
  Graph graph = b.take();
  graph.model = "small";
  return graph;
}

/// A training that goes on. Its hash is made good: a stranger can do that as well.
OHMIC_FUZZ(TrainingState) {
  const Graph graph = small_graph();
  const fs::path seed = scratch_folder() / "seed.safetensors";
  TrainingState state;
  state.epochs_done = 1;
  state.weights = initialize(graph, "he_normal", 1);
  state.steps = 5;
  state.moments = {{1, 2}, {3, 4}};
  state.curves.history = "0,2.1,0.3,0.31,0.001,0\n";
  write_state(seed, state, "i");
  return {.seeds = {read_bytes(seed)},
          .read =
              [graph](const std::string& bytes) {
                const fs::path file = scratch(bytes, "state.safetensors");
                Checkpoint content = read_safetensors(file);
                content.metadata.erase(kContentHash);
                content.metadata[kContentHash] = content_hash(content);
                write_safetensors(file, content);
                read_state(file, graph, "i");
              },
          .words = {"\"identity\":", "\"epochs_done\":", "\"steps\":", "\"best_epoch\":",
                    "\"history\":", "\"theory\":", "weights.", "moment."},
          .part = [](const std::string& file, std::mt19937_64&) -> std::optional<Part> {
            if (file.size() < 8) return std::nullopt;
            return part_with_length(file, 0, 8);
          },
          .cost = 10};
}

}  // namespace
}  // namespace ohmic::test
