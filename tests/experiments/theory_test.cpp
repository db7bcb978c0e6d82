// theory.csv of a run, from what was measured during each of its trainings; tables of a training
// that are cut or changed are refused by name.
#include <filesystem>
#include <sstream>

#include "tests/experiments/started_run.hpp"

namespace ohmic::test {
namespace {

using Row = std::vector<std::string>;

/// Cells of a CSV without quotes.
std::vector<Row> rows_of(const std::string& text) {
  std::vector<Row> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    rows.emplace_back();
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
  }
  return rows;
}

std::string cell(const std::vector<Row>& rows, std::size_t row, const std::string& column) {
  for (std::size_t i = 0; i < rows.at(0).size(); ++i)
    if (rows[0][i] == column) return rows.at(row).at(i);
  return "no column " + column;
}

class Theory : public StartedRun {
 protected:
  void SetUp() override {
    StartedRun::SetUp();
    std::string text = kTiny;
    text.replace(text.find("[train]\n"), 8,
                 "[train]\nbatch = 16\nmeasure = { every = 1, images = 32 }\n");
    text.replace(text.find("[0.001, 0.01]"), 13, "[0.01]");
    write_atomically(folder_ / "tiny.toml", text);
    const Said said = call(command("a"));
    ASSERT_EQ(said.status, 0) << said.err;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "a" / "training"))
      if (entry.is_directory()) training_ = entry.path();
  }

  /// What the same command says when a file of the training holds `text`.
  std::string said_of(const std::string& file, const std::string& text) {
    const std::filesystem::path path = training_ / file;
    const std::string sound = read_whole(path);
    write_atomically(path, text);
    const Said said = call(command("a"));
    write_atomically(path, sound);
    EXPECT_EQ(said.status, 3) << file << ": " << said.err;
    const std::string head = "ohmic: error: " + path.string();
    const std::size_t at = said.err.find(head);
    EXPECT_NE(at, std::string::npos) << said.err;
    return at == std::string::npos ? "" : said.err.substr(at + head.size());
  }

  std::filesystem::path training_;
};

TEST_F(Theory, IsTheLastEpochOfEachTraining) {
  const auto whole = rows_of(content("a", "theory.csv"));
  const auto epochs = rows_of(read_whole(training_ / "theory.csv"));
  ASSERT_EQ(whole.size(), 2u);
  ASSERT_EQ(epochs.size(), 4u);
  double sum = 0;
  for (std::size_t row = 1; row < 4; ++row) sum += std::stod(cell(epochs, row, "noise_power"));
  for (const char* column : {"epoch", "C", "squared_gradient", "noise_power", "noise_scale"})
    EXPECT_DOUBLE_EQ(std::stod(cell(whole, 1, column)), std::stod(cell(epochs, 3, column)))
        << column;
  EXPECT_NEAR(std::stod(cell(whole, 1, "mean_noise_power")), sum / 3, 1e-5 * sum);
}

TEST_F(Theory, TablesThatAreCutOrChangedAreRefused) {
  const std::string epochs = read_whole(training_ / "theory.csv");
  const std::string layers = read_whole(training_ / "theory_layers.csv");
  const auto header = epochs.substr(0, epochs.find('\n') + 1);
  EXPECT_EQ(said_of("theory.csv", header), ": damaged: its last epoch is not 2\n");
  EXPECT_EQ(said_of("theory.csv", epochs.substr(0, epochs.rfind("\n2,") + 1)),
            ": damaged: its last epoch is not 2\n");
  std::string changed = epochs;
  changed.replace(changed.find("\n1,") + 1, 1, "0");
  EXPECT_EQ(said_of("theory.csv", changed),
            ":3: damaged: epoch is \"0\"; expected a whole number in [1, 2]\n");
  EXPECT_EQ(said_of("theory_layers.csv", layers.substr(0, layers.find("\n2,") + 1)),
            ": damaged: it says nothing of epoch 2\n");
  const auto exchanged = [](std::string table) {
    char& digit = table[table.find_last_of("0123456789")];
    digit = digit == '1' ? '2' : '1';
    return table;
  };
  const std::string not_written =
      ": damaged: it is not what the training wrote, as weights.safetensors beside it shows\n";
  EXPECT_EQ(said_of("theory.csv", exchanged(epochs)), not_written);
  EXPECT_EQ(said_of("theory_layers.csv", exchanged(layers)), not_written);
}

}  // namespace
}  // namespace ohmic::test
