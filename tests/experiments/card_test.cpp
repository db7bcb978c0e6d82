// Budget cards: what is written is what was found, weights are told apart as they should be, and a
// damaged card is refused with its key.
#include "experiments/budget/card.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "experiments/budget/card_check.hpp"
#include "nn/import/imported_model.hpp"
#include "nn/io/checkpoint.hpp"
#include "simulator/version.hpp"
#include "tests/experiments/budget_run.hpp"
#include "tests/experiments/command_line.hpp"
#include "tests/experiments/started_run.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using test::ohmic;
using test::Result;
using namespace std::string_literals;

constexpr char kFind[] = R"(eta = 0.1
[periphery.adc]
range = "calibrated"
[budget]
max_drop = 5
drop = "points"
max_draws = 40
[budget.find]
knob = "device.eta"
range = [0.02, 2]
steps = 16
)";

constexpr char kFindBits[] = R"(eta = 0.1
[periphery.adc]
range = "calibrated"
[budget]
max_drop = 5
drop = "points"
[budget.find]
knob = "periphery.adc.bits"
range = [2, 8]
scale = "linear"
tolerate = "fewest"
)";

class Card : public ::testing::Test {
 protected:
  /// The network of experiments/your_network with these words in its file.
  std::string file(const std::string& more) const {
    return folder_.write("waves.toml", to_toml(test::waves(more))).string();
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string card() const { return path("card.json"); }

  Result find(const std::string& more = kFind, std::vector<std::string> words = {}) const {
    words.insert(words.begin(), {"budget", file(more), "--out", path("run"), "--card", card()});
    return ohmic(words);
  }
  Result check(std::vector<std::string> words = {}) const {
    words.insert(words.begin(), {"budget", "--check", card(), path("waves.toml")});
    return ohmic(words);
  }
  Json json() const { return Json::parse(test::bytes_of(card())); }
  /// A card whose first answer, of eta, is this one.
  void say_tolerated(double eta) const {
    Json changed = json();
    Json& entry = changed["tolerances"][0];
    entry["tolerated"] = eta;
    entry["not_tolerated"] = entry["about"] = nullptr;
    entry["settings"]["device.eta"] = Json(eta).dump();
    folder_.write("card.json", changed.dump());
  }

  /// The network's weights with noise of so many of each kernel's root mean square, as a file.
  std::string with_noise(const std::string& name, double eta) const {
    Checkpoint checkpoint;
    std::mt19937 generator(7);
    for (const auto& [tensor, constant] :
         read_model(test::source_folder() / "experiments/your_network/network.pt2").constants) {
      if (constant.type != ElementType::f32) continue;
      const auto* first = reinterpret_cast<const float*>(constant.data.get());
      std::vector<float> values(first, first + constant.elements());
      double squares = 0;
      for (const float v : values) squares += double{v} * v;
      std::normal_distribution<double> noise(
          0, std::sqrt(squares / static_cast<double>(values.size())));
      for (float& v : values)
        if (constant.shape.size() > 1) v += static_cast<float>(eta * noise(generator));
      checkpoint.weights[tensor] = {constant.shape, values};
    }
    write_safetensors(path(name), checkpoint);
    return path(name);
  }

  test::TemporaryFolder folder_;
};

TEST_F(Card, HoldsWhatTheBudgetFound) {
  ASSERT_EQ(find().status, 0);
  const auto budget = test::columns_of(test::bytes_of(path("run/budget.csv")));
  const auto found = [&](const char* column) { return std::stod(budget.at(column).at(0)); };
  const Json whole = json(), entry = whole["tolerances"].at(0);
  EXPECT_EQ(entry["knob"], Json::array({"device.eta"}));
  EXPECT_DOUBLE_EQ(entry["tolerated"].get<double>(), found("tolerated"));
  EXPECT_DOUBLE_EQ(entry["not_tolerated"].get<double>(), found("not_tolerated"));
  EXPECT_DOUBLE_EQ(entry["about"].get<double>(), found("estimate"));
  EXPECT_DOUBLE_EQ(entry["value"].get<double>(), found("accuracy"));
  EXPECT_DOUBLE_EQ(entry["value_lo"].get<double>(), found("accuracy_lo"));
  EXPECT_DOUBLE_EQ(entry["limit"].get<double>(), found("least_accuracy"));
  EXPECT_EQ(entry["allowed"], "loss of at most 5 points");
  EXPECT_EQ(entry["settings"]["device.model"], "\"awgn\"");
  EXPECT_EQ(whole["network"]["weights_sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(whole["data"]["images"], 200);
  const std::string before = test::bytes_of(card());
  write_card(card(), read_card(card()));
  EXPECT_EQ(test::bytes_of(card()), before);
}

// Another source joins the first; the same question again takes the place of its older answer.
TEST_F(Card, GathersSourcesOfOneNetwork) {
  ASSERT_EQ(find().status, 0);
  const Result second = ohmic({"budget", file(kFindBits), "--out", path("bits"), "--card", card()});
  ASSERT_EQ(second.status, 0) << second.err;
  ASSERT_EQ(json()["tolerances"].size(), 2u);
  EXPECT_EQ(json()["tolerances"][1]["knob"], Json::array({"periphery.adc.bits"}));
  ASSERT_EQ(find(kFind, {"--set", "seed=2"}).status, 0);
  EXPECT_EQ(json()["tolerances"].size(), 2u);
  EXPECT_EQ(json()["tolerances"][0]["seed"], 2);
  EXPECT_EQ(check().status, 0) << "both are of the chip that one file describes";
}

// Each reads the card before it searches, and writes it afterwards.
TEST_F(Card, GathersWhatTwoFindAtTheSameTime) {
  const auto started = [&](const char* name, const std::string& question) {
    std::filesystem::rename(file(question), path(name) + ".toml");
    return test::start(
        {OHMIC_PROGRAM, "budget", path(name) + ".toml", "--out", path(name), "--card", card()});
  };
  const pid_t eta = started("eta", kFind), bits = started("bits", kFindBits);
  EXPECT_EQ(test::wait_for(eta), 0);
  EXPECT_EQ(test::wait_for(bits), 0);
  EXPECT_EQ(json()["tolerances"].size(), 2u);
}

TEST_F(Card, IsOfOneChip) {
  ASSERT_EQ(find().status, 0);
  const auto before = test::bytes_of(card());
  const Result other = ohmic({"budget", file(kFindBits), "--out", path("bits"), "--card", card(),
                              "--set", "device.g_max_S=5e-5"});
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(other.err.find("card.json: settings.device.g_max_S: the card is of 2.5e-05, this file "
                           "of 5e-05; expected a new card, or device.g_max_S = 2.5e-05\n"),
            std::string::npos)
      << other.err;
  EXPECT_EQ(test::bytes_of(card()), before);
  // Nor does the same question take the card over to another chip.
  const Result same = find(kFind, {"--set", "device.g_max_S=5e-5"});
  EXPECT_EQ(same.status, 2);
  EXPECT_NE(same.err.find("card.json: settings.device.g_max_S: the card is of 2.5e-05, this file "
                          "of 5e-05; expected a new card, or device.g_max_S = 2.5e-05\n"),
            std::string::npos)
      << same.err;
  EXPECT_EQ(test::bytes_of(card()), before);
}

// Found out before the search, which a test sees by the run folder that has no evaluations.
TEST_F(Card, IsRefusedWhereItCannotBeBeforeAnySearch) {
  const auto refused = [&](const std::string& place, const std::string& why) {
    const Result result = ohmic({"budget", file(kFind), "--out", path("run"), "--card", place});
    EXPECT_EQ(result.status, 2) << result.out;
    EXPECT_NE(result.err.find("--card " + place + ": " + why), std::string::npos) << result.err;
    EXPECT_FALSE(fs::exists(path("run/evaluations")));
  };
  refused(path("no/such/card.json"),
          path("no/such") + " is no folder; expected a file in one that is there\n");
  fs::create_directory(card());
  refused(card(), "is a folder; expected a file\n");
  fs::remove(card());
  EXPECT_EQ(
      ohmic({"budget", file(kFind), "--out", path("run"), "--card", path("run/card.json")}).status,
      0)
      << "the run folder is made before";
}

class LosesItsCard : public Progress {
 public:
  explicit LosesItsCard(fs::path folder) : folder_(std::move(folder)) {}
  void say(const std::string&) override {
    std::error_code gone;
    fs::remove_all(folder_, gone);
  }

 private:
  fs::path folder_;
};

// What was computed is not lost with a card that cannot be written in the end.
TEST_F(Card, ThatCannotBeWrittenInTheEndCostsNoAnswer) {
  fs::create_directory(path("cards"));
  LosesItsCard progress(path("cards"));
  const BudgetOutcome outcome =
      run_budget(test::waves(kFind), path("run"), progress, path("cards/card.json"));
  EXPECT_TRUE(outcome.card_failure);
  EXPECT_NE(outcome.text.find("tolerated"), std::string::npos) << outcome.text;
  EXPECT_TRUE(fs::exists(path("run/budget.md")));
  EXPECT_TRUE(fs::exists(path("run/provenance.json")));
}

// An answer that no longer is one does not stay beside those that are.
TEST_F(Card, LosesWhatIsNoLongerTolerated) {
  ASSERT_EQ(find().status, 0);
  ASSERT_EQ(ohmic({"budget", file(kFindBits), "--out", path("bits"), "--card", card()}).status, 0);
  ASSERT_EQ(json()["tolerances"].size(), 2u);
  say_tolerated(3.5);
  const Result lost = find(kFind, {"--set", "budget.find.range=[3, 4]"});
  ASSERT_EQ(lost.status, 0) << lost.err;
  EXPECT_NE(lost.out.find("Nothing is tolerated any more: the card's older answer to a loss of at "
                          "most 5 points, 3.5, is contradicted and removed.\n"),
            std::string::npos)
      << lost.out;
  ASSERT_EQ(json()["tolerances"].size(), 1u);
  EXPECT_EQ(json()["tolerances"][0]["knob"], Json::array({"periphery.adc.bits"}));
}

// That 3 is too much says nothing against 0.2.
TEST_F(Card, KeepsWhatANewAnswerDoesNotContradict) {
  ASSERT_EQ(find().status, 0);
  const std::string before = test::bytes_of(card());
  const Result higher = find(kFind, {"--set", "budget.find.range=[3, 4]"});
  EXPECT_EQ(higher.status, 0) << higher.err;
  EXPECT_EQ(test::bytes_of(card()), before);
  const std::size_t said = higher.out.find(
      "Nothing is tolerated here: the card's older answer to "
      "a loss of at most 5 points, 0.");
  ASSERT_NE(said, std::string::npos) << higher.out;
  EXPECT_GT(said, higher.out.find("\nBudget of device.eta\n")) << higher.out;
}

// With its last answer a card goes, which a check would go on to ask.
TEST_F(Card, GoesWithItsLastAnswer) {
  const std::vector<std::string> too_much{"--set", "budget.find.range=[3, 4]"};
  const Result none = find(kFind, too_much);
  EXPECT_NE(none.out.find("Nothing is tolerated: " + card() + " is not written.\n"),
            std::string::npos)
      << none.out;
  ASSERT_EQ(find().status, 0);
  say_tolerated(3.5);
  const Result gone = find(kFind, too_much);
  EXPECT_EQ(gone.status, 0) << gone.err;
  EXPECT_NE(gone.out.find("Nothing is tolerated any more: " + card() +
                          " held the older answer and is removed.\n"),
            std::string::npos)
      << gone.out;
  EXPECT_FALSE(fs::exists(card()));
  EXPECT_EQ(check().status, 2);
}

TEST_F(Card, FitsItsWeightsAndRefusesDamagedOnes) {
  ASSERT_EQ(find().status, 0);
  const auto with = [&](const std::string& weights) {
    return check({"--set", "model.weights=" + weights});
  };
  const Result own = check();
  EXPECT_EQ(own.status, 0) << own.err << own.out;
  EXPECT_EQ(own.out.rfind("fits: noise η = ", 0), 0u) << own.out;
  EXPECT_NE(own.out.find(" % asked; accuracy "), std::string::npos) << own.out;
  EXPECT_EQ(std::ranges::count(own.out, '\n'), 1) << own.out;
  const Result same = with(with_noise("same.safetensors", 0));
  EXPECT_EQ(same.status, 0) << same.err;
  EXPECT_EQ(same.out, own.out) << "the same weights in another file";
  const Result damaged = with(with_noise("bad.safetensors", 0.6));
  EXPECT_EQ(damaged.status, 3) << damaged.err << damaged.out;
  EXPECT_EQ(damaged.out.rfind("does not fit: noise η = ", 0), 0u) << damaged.out;
  EXPECT_NE(damaged.err.find(" is not shown to fit " + card() + "\n"), std::string::npos)
      << damaged.err;
}

TEST_F(Card, IsNotForAnswersOfOthers) {
  ASSERT_EQ(find().status, 0);
  const Result other =
      ohmic({"budget", path("waves.toml"), "--out", path("other"), "--card", card(), "--set",
             "model.weights=" + with_noise("w.safetensors", 0.01)});
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(other.err.find("card.json: network.weights_sha256: the card is of "), std::string::npos)
      << other.err;
}

// Draws of a check begin at a million, where no search has been: as `run` draws them.
TEST_F(Card, MeasuresOnFreshDraws) {
  ASSERT_EQ(find().status, 0);
  const Result own = check();
  const std::string eta = json()["tolerances"][0]["tolerated"].dump();
  const std::string draws = own.out.substr(own.out.find("noise, ") + 7);
  Value root = test::waves(
      "eta = " + eta +
      "\n[periphery.adc]\nrange = \"calibrated\"\n[evaluation]\nfirst_draw = 1000000\ndraws = " +
      std::to_string(std::stoi(draws)) + "\n");
  RunOptions options;
  options.folder = path("fresh");
  run_experiment(root, options);
  const auto results = test::columns_of(test::bytes_of(path("fresh/results.csv")));
  const double percent = 100 * std::stod(results.at("accuracy").at(0));
  const std::size_t at = own.out.find("accuracy ") + 9;
  EXPECT_NEAR(std::stod(own.out.substr(at)), percent, 0.006) << own.out;
}

TEST_F(Card, SaysWhatIsAnotherQuestion) {
  ASSERT_EQ(find().status, 0);
  const auto refused = [&](const std::string& set, const std::string& why) {
    const Result result = check({"--set", set});
    EXPECT_EQ(result.status, 2) << result.out;
    EXPECT_NE(result.err.find(why), std::string::npos) << result.err;
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
  };
  refused("device.g_max_S=5e-5",
          "card.json: tolerances[0]: settings.device.g_max_S: the card is "
          "of 2.5e-05, this file of 5e-05; expected device.g_max_S = 2.5e-05");
  refused("periphery.adc=ideal", "settings.periphery.adc");
  refused("data.test_images=100", "card.json: data.test_sha256: the card is of ");
  refused("data.train_images=50", "card.json: data.train_sha256: the card is of ");
  refused("evaluation.metric=cross_entropy",
          "metric: the card is of accuracy, this file of "
          "cross_entropy; expected evaluation.metric = accuracy");
  refused("model.weights=nowhere.safetensors", "nowhere.safetensors");
  refused("sweep.device.eta=[0.1,0.2]", "has 2 points");
  const Result trained =
      ohmic({"budget", "--check", card(),
             folder_
                 .write("t.toml",
                        to_toml(test::tiny_experiment(16, 2, 1, "model = \"awgn\"\neta = 0.1\n")))
                 .string()});
  EXPECT_EQ(trained.status, 2);
  EXPECT_NE(trained.err.find("expected --set model.weights=FILE"), std::string::npos)
      << trained.err;
}

// Each number alone could be: of one answer they cannot.
TEST_F(Card, ThatContradictsItselfIsDamaged) {
  ASSERT_EQ(find().status, 0);
  const Json sound = json();
  const auto said = [&](const std::vector<std::pair<const char*, Json>>& changes) {
    Json damaged = sound;
    for (const auto& [key, value] : changes) damaged["tolerances"][0][key] = value;
    folder_.write("card.json", damaged.dump());
    const Result result = check();
    EXPECT_EQ(result.status, 2) << result.out;
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
    return result.err.substr(result.err.find("tolerances"));
  };
  EXPECT_EQ(said({{"limit", 0}})
                .find("tolerances[0]: damaged: limit is 0; expected what \"loss of "
                      "at most 5 points\" makes of baseline, "),
            0u);
  EXPECT_EQ(said({{"limit", 0.01}, {"baseline", nullptr}})
                .find("tolerances[0]: damaged: limit is 0.01; expected what \"loss of at most 5 "
                      "points\" makes of baseline, "),
            0u);
  EXPECT_EQ(
      said({{"allowed", "accuracy of at least 20.00 %"}}).find("tolerances[0]: damaged: limit"),
      0u);
  EXPECT_EQ(said({{"value", 0.1}, {"value_lo", 0.05}, {"value_hi", 0.2}})
                .find("tolerances[0]: damaged: value is 0.1; expected at least limit, 0."),
            0u);
  EXPECT_EQ(said({{"allowed", ""}, {"limit", 0.1}})
                .find("tolerances[0]: damaged: allowed is \"\"; expected what may be lost, in "
                      "words, which limit is of\n"),
            0u);
  EXPECT_EQ(said({{"max_draws", 1}, {"draws", 40}})
                .find("tolerances[0]: damaged: max_draws is 1; expected draws, 40, at least"),
            0u);
  EXPECT_EQ(
      said({{"not_tolerated", 0.01}})
          .find("tolerances[0]: damaged: not_tolerated is 0.01; expected more than tolerated"),
      0u);
  Json fewer = sound;
  fewer["data"]["images"] = 5;
  folder_.write("card.json", fewer.dump());
  const Result samples = check();
  EXPECT_EQ(samples.status, 2) << samples.out;
  EXPECT_NE(samples.err.find("card.json: data: damaged: images is 5; expected 200, as many as the "
                             "samples of its test_sha256\n"),
            std::string::npos)
      << samples.err;
  const std::string metric = said({{"metric", "acc\n\x1b[31m\0"s}});
  EXPECT_EQ(metric.find("tolerances[0]: metric: the card is of acc "), 0u) << metric;
  EXPECT_NE(metric.find("this file of accuracy"), std::string::npos) << metric;
}

// The limit of a search may be missed by the rounding of sums.
TEST_F(Card, MayMissItsLimitByRounding) {
  ASSERT_EQ(find().status, 0);
  Json card = json();
  Json& entry = card["tolerances"][0];
  entry["value"] = entry["limit"].get<double>() - 5e-13;
  entry["value_lo"] = entry["value"].get<double>() - 0.01;
  folder_.write("card.json", card.dump());
  const Result result = check();
  EXPECT_EQ(result.err.find("damaged"), std::string::npos) << result.err;
}

/// A card that is sound but for one change.
class DamagedCard : public Card {
 protected:
  void SetUp() override {
    file("eta = 0.1\n");
    BudgetCard sound;
    sound.network = "waves";
    sound.weights_sha256 = sound.test_sha256 = sound.train_sha256 = std::string(64, 'a');
    sound.images = 200;
    CardEntry entry;
    entry.knob = {"device.eta"};
    entry.tolerated = 0.1;
    entry.metric = "accuracy";
    entry.allowed = "accuracy of at least 90.00 %";
    entry.limit = 0.9;
    entry.draws = 10;
    entry.max_draws = 40;
    sound.entries = {entry};
    write_card(card(), sound);
    sound_ = test::bytes_of(card());
  }
  /// The message for a card in which `from` has become `to`.
  std::string error(const std::string& from, const std::string& to) {
    std::string text = sound_;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    return refused(text);
  }
  std::string refused(const std::string& text) {
    folder_.write("card.json", text);
    const Result result = check();
    EXPECT_EQ(result.status, 2) << text;
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
    EXPECT_EQ(result.out, "");
    const std::size_t name = result.err.find("card.json: ");
    return name == std::string::npos ? result.err : result.err.substr(name);
  }
  std::string sound_;
};

TEST_F(DamagedCard, IsRefusedWithItsKey) {
  EXPECT_EQ(error("\"ohmic_card\": 1", "\"ohmic_card\": 2"),
            "card.json: a card of a newer ohmic (" + std::string(version()) +
                "): ohmic_card is 2, and this "
                "one, " +
                version() + ", reads 1; expected that ohmic, or a new card\n");
  EXPECT_EQ(error("\"ohmic_card\": 1", "\"ohmic_card\": 0"),
            "card.json: damaged: ohmic_card is 0; expected a whole number in [1, 1]\n");
  EXPECT_EQ(error("\"tolerated\": 0.1", "\"tolerated\": \"much\""),
            "card.json: tolerances[0]: damaged: tolerated is \"much\"; expected a number in "
            "[-1e+300, 1e+300]\n");
  EXPECT_EQ(error("\"tolerated\": 0.1,", ""),
            "card.json: tolerances[0]: damaged: \"tolerated\" is missing\n");
  EXPECT_EQ(error("\"max_draws\": 40", "\"max_draws\": 0"),
            "card.json: tolerances[0]: damaged: max_draws is 0; expected a whole number in [1, "
            "1000000000]\n");
  EXPECT_EQ(error("\"confidence\": 0.95", "\"confidence\": 1"),
            "card.json: tolerances[0]: damaged: confidence is 1; expected a number in [0.5, "
            "0.9999]\n");
  EXPECT_EQ(error("\"device.eta\"\n", "7\n"),
            "card.json: tolerances[0]: damaged: knob is [7]; expected a list of dotted keys\n");
  EXPECT_EQ(error("\"device.eta\"\n", "\"output.dir\"\n"),
            "card.json: tolerances[0]: knob is \"output.dir\", no number of this file's hardware; "
            "expected a number of mapping, device, periphery or noise\n");
  EXPECT_EQ(error("\"device.eta\"\n", "\"device.clip\"\n"),
            "card.json: tolerances[0]: knob is \"device.clip\", no number of this file's hardware; "
            "expected a number of mapping, device, periphery or noise\n");
  EXPECT_NE(error("\"tolerated\": 0.1", "\"tolerated\": -3").find("cannot be applied: device.eta"),
            std::string::npos);
  EXPECT_EQ(error("\"limit\": 0.9", "\"limit\": 90"),
            "card.json: tolerances[0]: damaged: limit is 90; expected a value of accuracy, from 0 "
            "to 1\n");
  EXPECT_EQ(error("\"weights_sha256\": \"aaa", "\"weights_sha256\": \"xyz"),
            "card.json: network: damaged: weights_sha256 is \"xyz" + std::string(36, 'a') +
                "...; expected a SHA-256 of 64 hexadecimal digits\n");
  EXPECT_EQ(
      error("\"seed\": 1", "\"sead\": 2, \"seed\": 1")
          .find("card.json: tolerances[0]: damaged: \"sead\" is unknown; expected knob, toler"),
      0u);
  EXPECT_EQ(error("\"images\": 200", "\"images\": 200, \"more\": 1"),
            "card.json: data: damaged: \"more\" is unknown; expected name, images, test_sha256, "
            "train_sha256\n");
  EXPECT_EQ(error("\"settings\": {}", "\"settings\": {\"device.eta\": \"0.2\"}"),
            "card.json: tolerances[0]: damaged: settings.device.eta is \"0.2\"; expected "
            "tolerated, 0.1\n");
  EXPECT_EQ(error("\"seed\": 1", "\"seed\": 1, \"seed\": 2"),
            "card.json: damaged: it has two members \"seed\"\n");
  EXPECT_EQ(refused("[]"), "card.json: damaged: a list where an object was expected\n");
  EXPECT_EQ(refused("{\"ohmic_card\": 1,\n"), "card.json: damaged: not JSON from line 2 on\n");
  EXPECT_EQ(refused(std::string(40, '[')),
            "card.json: damaged: its JSON has more than 32 levels\n");
  EXPECT_EQ(refused(sound_ + std::string(1 << 20, ' ')),
            "card.json: damaged: it has " + std::to_string(sound_.size() + (1 << 20)) +
                " bytes; expected a card of at most 1048576\n");
}

// More than memory holds, of a file without blocks.
TEST_F(DamagedCard, ThatIsHugeIsNotRead) {
  fs::resize_file(card(), std::uintmax_t{1} << 40);
  const Result result = check();
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.err.find("it has 1099511627776 bytes; expected a card of at most 1048576"),
            std::string::npos)
      << result.err;
}

TEST_F(DamagedCard, ThatIsNotThereIsNoVerdict) {
  fs::remove(card());
  EXPECT_EQ(check().status, 2);
}

// Every cut and every changed byte of a sound card ends in a message of status 2, never in a crash
// or a verdict: its hash of the samples is none that this file has.
TEST_F(DamagedCard, NeverGivesAVerdict) {
  for (std::size_t cut = 1; cut < sound_.size(); cut += 97)
    EXPECT_NE(refused(sound_.substr(0, cut)), "");
  std::mt19937 generator(1);
  for (int i = 0; i < 40; ++i) {
    std::string text = sound_;
    text[generator() % text.size()] = static_cast<char>(generator() % 256);
    EXPECT_NE(refused(text), "");
  }
}

TEST(CardSchema, RequiresWhatCardsHave) {
  const Json schema = Json::parse(card_schema());
  const Json entry = schema["properties"]["tolerances"]["items"];
  EXPECT_EQ(schema["required"].size(), schema["properties"].size());
  EXPECT_EQ(entry["required"].size() + 1, entry["properties"].size()) << "but for layers";
  EXPECT_EQ(ohmic({"describe", "--card-schema"}).out, card_schema());
}

TEST_F(Card, HasTheKeysOfItsSchema) {
  ASSERT_EQ(find().status, 0);
  const Json schema = Json::parse(card_schema());
  const auto expect_keys = [](const Json& object, const Json& of) {
    for (const auto& item : object.items())
      EXPECT_TRUE(of["properties"].contains(item.key())) << item.key();
    for (const auto& key : of["required"]) EXPECT_TRUE(object.contains(key.get<std::string>()));
  };
  expect_keys(json(), schema);
  expect_keys(json()["network"], schema["properties"]["network"]);
  expect_keys(json()["data"], schema["properties"]["data"]);
  expect_keys(json()["tolerances"][0], schema["properties"]["tolerances"]["items"]);
}

// Chips of 500 images whose mean over all chips is known: skewed, counted in whole images.
Replicates chips(std::mt19937& generator, std::int64_t draws, double mean) {
  std::gamma_distribution<double> loss(4.0, 1.0);  // of mean 4
  Replicates r{{1.0}, {}, 1.0 / 500};
  for (std::int64_t d = 0; d < draws; ++d)
    r.values.push_back({std::round(500 * (mean + 0.01 * (1 - loss(generator) / 4))) / 500});
  return r;
}

/// How many of 400 checkpoints with this mean at the tolerance are said to fit a limit of 0.9.
int fitting(double mean) {
  CardEntry entry;
  entry.metric = "accuracy";
  entry.limit = 0.9;
  entry.max_draws = 40;
  int fits = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    std::mt19937 generator(seed);
    Replicates all = chips(generator, card_search(entry).max_draws, mean);
    const Probe probe =
        decide_at(0, card_search(entry), 1 - entry.confidence, [&](std::size_t, std::int64_t n) {
          Replicates some = all;
          some.values.resize(static_cast<std::size_t>(n));
          return some;
        });
    fits += probe.verdict == Tolerance::tolerated;
  }
  return fits;
}

// At the limit itself at most 5 % may pass: of 400 more than 35 would by chance with a probability
// of 1e-4. A std of 0.5 % between chips, 160 of them: the interval of the last look is 0.09 %.
TEST(CardConfidence, WhatMissesTheLimitPassesRarely) {
  EXPECT_LE(fitting(0.9), 35);
  EXPECT_EQ(fitting(0.898), 0);
  EXPECT_GE(fitting(0.902), 396);
}

}  // namespace
}  // namespace ohmic
