// Metrics from an experiment file to a run's tables and a budget's answers.
#include <gtest/gtest.h>

#include <cmath>

#include "experiments/run/run.hpp"
#include "experiments/study/metric_words.hpp"
#include "tests/experiments/budget_run.hpp"

namespace ohmic {
namespace {

Value tiny(const std::string& more) {
  return test::tiny_experiment(128, 2, 3, "model = \"awgn\"\n" + more);
}

std::string error_of(const std::string& more) {
  return test::error_of<ConfigError>([&] { expand(tiny(more)); });
}

class MetricBudget : public test::BudgetRun {
 protected:
  BudgetOutcome run(const std::string& more) const { return BudgetRun::run(tiny(more)); }
  double number(const char* file, const std::string& column) const {
    return std::stod(table(file).at(column).at(0));
  }
};

TEST(MetricSettings, AreCheckedBeforeAnythingIsComputed) {
  EXPECT_NE(
      error_of("[evaluation]\nmetric = \"f1\"\n")
          .find("evaluation.metric: expected one of accuracy, agreement, cross_entropy, "
                "perplexity, top_k, auc, cosine_similarity, mae, mse, snr, got the string \"f1\""),
      std::string::npos)
      << error_of("[evaluation]\nmetric = \"f1\"\n");
  EXPECT_NE(
      error_of("[evaluation]\nmetric = \"auc\"\nestimator = \"per_batch\"\n")
          .find("evaluation.estimator: \"per_batch\" gives every batch a chip of its own, and "
                "\"auc\" is of all samples together; expected \"per_draw\""),
      std::string::npos);
  EXPECT_NE(error_of("[evaluation]\nagainst = \"samples\"\n")
                .find("evaluation.against: is for metrics that compare numbers (mse, mae, "
                      "cosine_similarity, snr); accuracy does not: expected \"labels\", its "
                      "default"),
            std::string::npos);
  EXPECT_NE(error_of("[sweep]\n\"evaluation.metric\" = [\"accuracy\", \"cross_entropy\"]\n")
                .find("evaluation.metric: the points of the sweep have accuracy and cross-entropy; "
                      "expected one metric, and a run of its own for each"),
            std::string::npos);
}

TEST(MetricSettings, FollowTheDataWhereTheFileIsSilent) {
  const auto read = [](const std::string& data, const std::string& evaluation) {
    const std::string text = "[data]\nname = \"files\"\n" + data + "[evaluation]\n" + evaluation;
    return expand(parse_toml(text, "test.toml")).front().experiment.evaluation;
  };
  const std::string without = "test = { samples = \"x.npy\" }\n",
                    with = "test = { samples = \"x.npy\", labels = \"y.npy\" }\n";
  EXPECT_EQ(read(without, "").metric, "agreement");
  EXPECT_EQ(read(with, "").metric, "accuracy");
  EXPECT_EQ(read(without, "metric = \"mse\"\n").against, Against::answers);
  EXPECT_EQ(read(with, "metric = \"mse\"\n").against, Against::labels);
  EXPECT_EQ(test::error_of<ConfigError>([&] { read(without, "metric = \"accuracy\"\n"); }),
            "test.toml:5:10: error: evaluation.metric: \"accuracy\" needs labels, and data.test "
            "names none; expected \"agreement\"");
}

TEST(MetricWordsOf, SayUnitsAndLimits) {
  const MetricWords accuracy(MetricChoice{}), five(MetricChoice{"top_k", 5}),
      snr(MetricChoice{"snr"}), mse(MetricChoice{"mse"});
  EXPECT_EQ(accuracy.axis(), "accuracy (%)");
  EXPECT_EQ(five.axis(), "top-5 accuracy (%)");
  EXPECT_EQ(snr.axis(), "signal-to-noise ratio (dB)");
  EXPECT_EQ(mse.axis(), "mean squared error");
  EXPECT_EQ(accuracy.text_with_unit(0.9), "90.00 %");
  EXPECT_EQ(snr.text_with_unit(HUGE_VAL), "inf dB");
  EXPECT_EQ(mse.text(Estimate{0.012345, 0.0121, 0.0126, 0, 0}), "0.01235 ± 0.00025");
  EXPECT_EQ(mse.limit_column(), "most_mse");
  EXPECT_EQ(accuracy.limit_column(), "least_accuracy");
  EXPECT_EQ(snr.loss_unit(), "dB");
  EXPECT_EQ(five.loss_unit(), "points of top-5 accuracy");
}

TEST(Allowances, AreDropsRisesOrLimits) {
  BudgetSettings settings;
  settings.max_drop = {2};
  settings.max_rise = {10};
  const Metric &accuracy = metric_named("accuracy"), &mse = metric_named("mse"),
               &snr = metric_named("snr");
  const auto limit = [&](const Metric& m, double baseline) {
    return settings.limit_of(settings.allowances(m).front(), m, baseline);
  };
  EXPECT_DOUBLE_EQ(limit(accuracy, 0.5), 0.49);
  EXPECT_DOUBLE_EQ(limit(mse, 0.5), 0.55);
  settings.drop = DropUnit::points;
  EXPECT_DOUBLE_EQ(limit(accuracy, 0.5), 0.48);
  settings.drop = DropUnit::unit;
  EXPECT_DOUBLE_EQ(limit(snr, 30), 28);
  settings.limit = {20};
  EXPECT_DOUBLE_EQ(limit(snr, HUGE_VAL), 20);
  const MetricWords words(MetricChoice{"snr"});
  EXPECT_EQ(settings.phrase(settings.allowances(snr).front(), words),
            "signal-to-noise ratio of at least 20 dB");
}

TEST(Allowances, HaveToMeanSomethingForTheMetric) {
  const auto error = [](const std::string& evaluation, const std::string& budget) {
    return test::budget_error(
        tiny("[evaluation]\n" + evaluation + "[budget]\n" + budget + "[budget.yield]\n"));
  };
  EXPECT_NE(error("metric = \"cross_entropy\"\n", "drop = \"points\"\n")
                .find("budget.drop: \"points\" are per cent of the images, and cross-entropy is no "
                      "share of them; expected \"percent_of_baseline\" or \"unit\""),
            std::string::npos);
  EXPECT_NE(error("", "limit = 91\n")
                .find("budget.limit: 91 is no value of accuracy, which lies from 0 to 1 (90 % is "
                      "0.9)"),
            std::string::npos);
  EXPECT_NE(error("metric = \"mse\"\nagainst = \"answers\"\n", "")
                .find("budget.drop: the mean squared error of the network's answers against "
                      "themselves is 0, of which there is no per cent; expected budget.limit, or "
                      "drop = \"unit\""),
            std::string::npos);
  EXPECT_EQ(error("metric = \"mse\"\nagainst = \"answers\"\n", "limit = 0.5\n"), "");
  EXPECT_NE(error("metric = \"cross_entropy\"\n", "max_drop = [10]\n")
                .find("budget.max_drop: [10] is for metrics where higher is better, and of "
                      "cross-entropy lower is; expected budget.max_rise, by how much it may rise, "
                      "or budget.limit, the value itself"),
            std::string::npos);
  EXPECT_NE(error("", "max_drop = 2\nmax_rise = 3\n")
                .find("budget.max_rise: 3 is for metrics where lower is better, and of accuracy "
                      "higher is; expected budget.max_drop, by how much it may fall, or "
                      "budget.limit, the value itself"),
            std::string::npos);
  EXPECT_EQ(error("metric = \"cross_entropy\"\n", "max_rise = [10]\n"), "");
  EXPECT_EQ(error("", "max_drop = [10]\n"), "");
  EXPECT_NE(test::budget_error(
                tiny("[evaluation]\nmetric = \"mse\"\nagainst = \"answers\"\n[budget]\nlimit = "
                     "1\n[budget.prediction]\n"))
                .find("budget.prediction: propagates noise linearly to the classes that are "
                      "answered and says nothing of mean squared error; expected evaluation.metric "
                      "accuracy or agreement"),
            std::string::npos);
}

TEST_F(MetricBudget, FindsHowMuchNoiseACrossEntropyTakes) {
  const BudgetOutcome outcome = run(R"(
[evaluation]
metric = "cross_entropy"
[budget]
max_rise = 20
max_draws = 12
[budget.find]
range = [0.01, 10]
steps = 8
[budget.yield]
draws = 4
)");
  const double baseline = number("budget.csv", "baseline");
  EXPECT_NEAR(number("budget.csv", "most_cross_entropy"), 1.2 * baseline, 1e-12);
  EXPECT_EQ(number("budget.csv", "max_rise"), 20);
  const auto values = table("budget_probes.csv").at("cross_entropy"),
             verdicts = table("budget_probes.csv").at("verdict");
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool within = std::stod(values[i]) <= 1.2 * baseline;
    if (verdicts[i] != "undecided") {
      EXPECT_EQ(verdicts[i] == "tolerated", within) << i;
    }
  }
  EXPECT_EQ(verdicts.back(), "not tolerated");
  EXPECT_NE(outcome.text.find("rise up to"), std::string::npos) << outcome.text;
  EXPECT_NE(outcome.text.find("cross-entropy there nat"), std::string::npos) << outcome.text;
  EXPECT_GE(number("yield.csv", "worst"), number("yield.csv", "best"));
  EXPECT_NE(content("budget.md").find("cross-entropy nat"), std::string::npos);
  EXPECT_EQ(content("report.html").find("accuracy (%)"), std::string::npos);
}

TEST_F(MetricBudget, SensitivityOfLayersIsInTheMetric) {
  run(R"(
[evaluation]
metric = "cross_entropy"
[budget.sensitivity]
draws = 3
snr_images = 4
[sweep]
device.eta = [0.5]
)");
  EXPECT_EQ(table("sensitivity.csv").at("linear_share").at(0), "");
  double most = 0;
  const auto losses = table("sensitivity.csv").at("alone_loss");
  for (const std::string& loss : losses) most = std::max(most, std::stod(loss));
  EXPECT_GT(most, 0);  // noise makes the cross-entropy larger: a loss
}

// Without noise the numbers are the network's own; with it they are not.
TEST(MetricRun, OfItsOwnAnswersNeedsNoLabels) {
  const test::TemporaryFolder folder;
  RunOptions options;
  options.folder = folder.path();
  run_experiment(tiny(R"(
[evaluation]
metric = "mse"
against = "answers"
draws = 2
[sweep]
device.eta = [0.0, 0.3]
)"),
                 options);
  const std::string csv = read_whole(folder.path() / "results.csv");
  std::istringstream lines(csv);
  std::string head, exact, noisy;
  std::getline(lines, head);
  std::getline(lines, exact);
  std::getline(lines, noisy);
  EXPECT_TRUE(head.starts_with("device.eta,images,draws,baseline,mse,mse_lo,mse_hi,std_draws,"))
      << head;
  EXPECT_TRUE(exact.starts_with("0,40,2,")) << csv;
  const auto cell = [](const std::string& line, int column) {
    std::istringstream cells(line);
    std::string text;
    for (int i = 0; i <= column; ++i) std::getline(cells, text, ',');
    return std::stod(text);
  };
  EXPECT_NEAR(cell(exact, 4), 0, 1e-9) << csv;
  EXPECT_GT(cell(noisy, 4), 1e-4) << csv;
}

}  // namespace
}  // namespace ohmic
