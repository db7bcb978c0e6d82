#include "experiments/commands/bench.hpp"

#include <gtest/gtest.h>

#include "simulator/error.hpp"
#include "tests/nn/shared_data.hpp"

namespace ohmic {
namespace {

TEST(Bench, MeasuresTheNetworkOfAFile) {
  const auto file = test::shared_data() / "networks" / "mnist_lenet.onnx";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file;
  BenchOptions options;
  options.model = file.string();
  options.images = 3;
  options.repetitions = 1;
  const std::vector<BenchRow> rows = measure_model(options, 1);
  ASSERT_GE(rows.size(), 2u);
  for (const BenchRow& row : rows) {
    EXPECT_GT(row.seconds, 0.0) << row.what;
    EXPECT_GT(row.base_seconds, 0.0) << row.what;
    EXPECT_EQ(row.target, 0.0) << row.what;
  }
}

TEST(Bench, SaysWhatIsWrongWithAFile) {
  BenchOptions options;
  options.model = "nothing.onnx";
  EXPECT_THROW(network_of(options), DataError);
}

}  // namespace
}  // namespace ohmic
