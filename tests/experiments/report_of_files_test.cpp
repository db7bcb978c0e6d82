// The page of a run speaks of the network that was measured: names and terms of the built-in ones
// are not those of a network from a file.
#include <gtest/gtest.h>

#include "experiments/measure/files.hpp"
#include "experiments/measure/point_result.hpp"
#include "experiments/report/report.hpp"
#include "experiments/study/experiment.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

constexpr char kStudy[] = R"(
[data]
name = "files"
test = { samples = "x.npy", labels = "y.npy" }
[model]
file = "nets/five.pt2"
[device]
model = "awgn"
eta = 0.1
)";

/// The page of a run of one point with one layer.
std::string page_of(const LayerResult& layer) {
  const test::TemporaryFolder folder;
  const std::filesystem::path run = folder.path() / "run";
  make_folder(run / "points");
  write_atomically(run / "resolved.toml", kStudy);
  PointResult result;
  result.identity = expand(parse_toml(kStudy, "test.toml")).front().experiment.identity();
  result.images = 100;
  result.baseline_score = result.noise_free_score = 90;
  for (const double right : {79.0, 80.0, 81.0}) result.draws.push_back({{right}, {}});
  result.layers.push_back(layer);
  PointStore(run / "points").publish(result);
  write_report({run}, {folder.path() / "out", false, true});
  return read_whole(folder.path() / "out" / "report.html");
}

LayerResult layer() {
  LayerResult layer;
  layer.layer = "fc1";
  layer.eta = 0.1;
  layer.sigma_w = layer.w_max = layer.measured_eta = 0.1;
  return layer;
}

TEST(ReportOfFiles, CallsLayersByTheirNetwork) {
  const std::string html = page_of(layer());
  EXPECT_NE(html.find("<summary>five.pt2, noise at η = 10 %</summary>"), std::string::npos) << html;
  EXPECT_EQ(html.find("resnet20"), std::string::npos);
}

std::string layers_of(const std::string& page) {
  const std::size_t from = page.find("<h2>Layers</h2>");
  return page.substr(from, page.find("</section>", from) - from);
}

TEST(ReportOfFiles, SpeaksOfBatchNormWhereThereIsOne) {
  const std::string without = layers_of(page_of(layer()));
  EXPECT_NE(without.find("σ_noise: the std of what draw 0 adds"), std::string::npos);
  for (const char* term : {"BatchNorm", "dead filters", "Gain"})
    EXPECT_EQ(without.find(term), std::string::npos) << term;
  LayerResult normed = layer();
  normed.batch_norm = "bn1";
  normed.filters = 16;
  normed.dead_filters = 2;
  const std::string with = layers_of(page_of(normed));
  for (const char* term : {"of the BatchNorm behind a layer", "dead filters", "Gain"})
    EXPECT_NE(with.find(term), std::string::npos) << term;
}

// A folder of `ohmic budget` is no run: nothing of it is touched, and the message has the way.
TEST(ReportOfBudgets, IsRefusedWithTheWayToTheirOwn) {
  const test::TemporaryFolder temporary;
  const std::filesystem::path folder = temporary.path() / "budget";
  make_folder(folder / "evaluations");
  write_atomically(folder / "resolved.toml", kStudy);
  write_atomically(folder / "report.html", "its own");
  write_atomically(folder / "lifetime.csv", "a\n1\n");
  const std::string error = test::error_of<DataError>([&] {
    write_report({folder}, {folder, false, true});
  });
  EXPECT_NE(error.find("holds answers of `ohmic budget`"), std::string::npos) << error;
  EXPECT_NE(error.find("lifetime.csv; `ohmic budget "), std::string::npos) << error;
  EXPECT_EQ(read_whole(folder / "report.html"), "its own");
  EXPECT_FALSE(std::filesystem::exists(folder / "tables"));
}

}  // namespace
}  // namespace ohmic
