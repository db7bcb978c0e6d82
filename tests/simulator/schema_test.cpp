#include "simulator/config/schema.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "simulator/config/describe.hpp"

namespace ohmic {
namespace {

struct Lens {
  double focus_m = 0.5;
  static const Schema<Lens>& schema() {
    static const Schema<Lens> s = [] {
      Schema<Lens> s{"lens", "A lens."};
      s.add("focus_m", &Lens::focus_m).unit("m").above(0).doc("Focal length.");
      return s;
    }();
    return s;
  }
};

enum class Film { positive, negative };

struct Camera {
  bool flash = false;
  int bits = 8;
  std::int64_t frames = 1;
  std::uint64_t seed = 1;
  double exposure_s = 0.01;
  std::string maker = "unknown";
  std::filesystem::path folder;
  Film film = Film::positive;
  std::vector<double> stops = {2.8, 4.0};
  std::vector<int> shape = {2, 3};
  std::vector<std::string> filters;
  std::optional<int> depth;
  std::optional<double> gain = 2.0;
  Lens lens;
  std::optional<Lens> spare;
  static const Schema<Camera>& schema() {
    static const Schema<Camera> s = [] {
      Schema<Camera> s{"camera", "Takes pictures."};
      s.add("flash", &Camera::flash);
      s.add("bits", &Camera::bits)
          .unit("bit")
          .range(1, 16)
          .doc("Resolution.")
          .source("Data sheet.");
      s.add("frames", &Camera::frames).at_least(1);
      s.add("seed", &Camera::seed);
      s.add("exposure_s", &Camera::exposure_s).unit("s").range(0, 10);
      s.add("maker", &Camera::maker).choices({"unknown", "zeiss", "leica"});
      s.add("folder", &Camera::folder).keeps_numbers();
      s.add_choice("film", &Camera::film,
                   {{"positive", Film::positive}, {"negative", Film::negative}});
      s.add("stops", &Camera::stops).above(0);
      s.add("shape", &Camera::shape);
      s.add("filters", &Camera::filters).choices({"red", "green"});
      s.add("depth", &Camera::depth).range(1, 16);
      s.add("gain", &Camera::gain).at_least(0);
      s.add("lens", &Camera::lens);
      s.add("spare", &Camera::spare).absent("none");
      return s;
    }();
    return s;
  }
};

Camera read(const std::string& text, std::vector<Fault>& faults) {
  Camera camera;
  Camera::schema().read_into(parse_toml(text, "f.toml"), "camera", camera, faults);
  return camera;
}

/// The only fault of a one-line table.
std::string fault_of(const std::string& text) {
  std::vector<Fault> faults;
  read(text, faults);
  EXPECT_EQ(faults.size(), 1u) << text;
  return faults.empty() ? "" : faults.front().text();
}

TEST(Schema, ReadsEveryKindOfMember) {
  std::vector<Fault> faults;
  const Camera c = read(
      "flash = true\nbits = 12\nframes = 9000000000\nseed = 5\nexposure_s = 2\nmaker = \"leica\"\n"
      "folder = \"a/b\"\nfilm = \"negative\"\nstops = [1, 5.6]\nshape = [7]\nfilters = [\"red\"]\n"
      "depth = 4\ngain = \"ideal\"\nspare = { focus_m = 0.1 }\n[lens]\nfocus_m = 0.2\n",
      faults);
  EXPECT_TRUE(faults.empty()) << faults.front().text();
  EXPECT_TRUE(c.flash);
  EXPECT_EQ(c.bits, 12);
  EXPECT_EQ(c.frames, 9000000000);
  EXPECT_EQ(c.seed, 5u);
  EXPECT_EQ(c.exposure_s, 2.0) << "an integer is a real number";
  EXPECT_EQ(c.maker, "leica");
  EXPECT_EQ(c.folder, "a/b");
  EXPECT_EQ(c.film, Film::negative);
  EXPECT_EQ(c.stops, (std::vector<double>{1.0, 5.6}));
  EXPECT_EQ(c.shape, std::vector<int>{7});
  EXPECT_EQ(c.filters, std::vector<std::string>{"red"});
  EXPECT_EQ(c.depth, 4);
  EXPECT_FALSE(c.gain);
  EXPECT_EQ(c.lens.focus_m, 0.2);
  EXPECT_EQ(c.spare->focus_m, 0.1);
}

TEST(Schema, WritesWhatItReads) {
  std::vector<Fault> faults;
  Camera camera = read("depth = 3\nexposure_s = 0.1\nspare = {}\n", faults);
  const std::string text = to_toml(Camera::schema().write(&camera));
  const Camera again = read(text, faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(to_toml(Camera::schema().write(&again)), text);
  EXPECT_NE(text.find("exposure_s = 0.1\n"), std::string::npos);
}

TEST(Schema, AbsentMembersAreWrittenWithTheirWord) {
  Camera camera;
  camera.gain.reset();
  const Value written = Camera::schema().write(&camera);
  EXPECT_EQ(written.at("depth")->text(), "\"ideal\"");
  EXPECT_EQ(written.at("gain")->text(), "\"ideal\"");
  EXPECT_EQ(written.at("spare")->text(), "\"none\"");
}

TEST(Schema, IdentityLeavesOutWhatKeepsNumbers) {
  const Camera camera;
  EXPECT_NE(Camera::schema().write(&camera).at("folder"), nullptr);
  EXPECT_EQ(Camera::schema().write(&camera, Stage::point).at("folder"), nullptr);
}

struct Grown {
  int old_key = 1, new_key = 2;
  static const Schema<Grown>& schema() {
    static const Schema<Grown> s = [] {
      Schema<Grown> s{"grown", "Has a parameter that it did not always have."};
      s.add("old_key", &Grown::old_key);
      s.add("new_key", &Grown::new_key).joined_later();
      return s;
    }();
    return s;
  }
};

TEST(Schema, IdentityCountsWhatJoinedLaterOnlyWhenItIsNotTheDefault) {
  Grown grown;
  EXPECT_EQ(to_toml(Grown::schema().write(&grown, Stage::point)), "old_key = 1\n");
  EXPECT_EQ(Grown::schema().write(&grown).at("new_key")->text(), "2");
  grown.new_key = 3;
  EXPECT_EQ(to_toml(Grown::schema().write(&grown, Stage::point)), "old_key = 1\nnew_key = 3\n");
}

struct Exposure {
  int shutter = 1, paper = 2;
  static const Schema<Exposure>& schema() {
    static const Schema<Exposure> s = [] {
      Schema<Exposure> s{"exposure", "Of a film and of a print."};
      s.add("shutter", &Exposure::shutter);
      s.add("paper", &Exposure::paper).counts(Stage::draw);
      return s;
    }();
    return s;
  }
};

struct Photograph {
  int sensor = 1;
  Exposure exposure;
  std::optional<Exposure> second;
  std::string title;
  static const Schema<Photograph>& schema() {
    static const Schema<Photograph> s = [] {
      Schema<Photograph> s{"photograph", "From a sensor to paper."};
      s.add("sensor", &Photograph::sensor);
      s.add("exposure", &Photograph::exposure).counts(Stages::from(Stage::cost));
      s.add("second", &Photograph::second).absent("none").counts(Stage::images);
      s.add("title", &Photograph::title).keeps_numbers();
      return s;
    }();
    return s;
  }
};

TEST(Schema, WritesWhatCountsAtAStage) {
  Photograph p;
  p.exposure = {5, 6};
  p.second = Exposure{7, 8};
  const auto at = [&](Stage stage) { return Photograph::schema().write(&p, stage).text(); };
  EXPECT_EQ(at(Stage::training), "{ sensor = 1 }");
  EXPECT_EQ(at(Stage::point), "{ sensor = 1, exposure = { shutter = 5, paper = 2 } }");
  EXPECT_EQ(at(Stage::draw),
            "{ sensor = 1, exposure = { shutter = 5, paper = 6 }, second = { "
            "shutter = 1, paper = 8 } }");
  EXPECT_EQ(at(Stage::images), "{ sensor = 1, second = { shutter = 7, paper = 2 } }");
}

TEST(Schema, AKeyCountsWhereItSaysOrElseItsTable) {
  const auto of = [](const char* key) { return Photograph::schema().stages_of(key); };
  const Stages behind = Stage::cost | Stage::draw | Stage::point;
  EXPECT_EQ(of("sensor"), Stages::all());
  EXPECT_EQ(of("exposure.shutter"), behind);
  EXPECT_EQ(of("exposure.paper"), Stages(Stage::draw));
  EXPECT_EQ(of("exposure"), behind) << "anything of it";
  EXPECT_EQ(of("second"), Stage::images | Stage::draw);
  EXPECT_EQ(of("title"), Stages());
  EXPECT_EQ(of("exposure.unknown"), behind) << "as what is around it";
  EXPECT_EQ(of("unknown"), Stages::all());
}

TEST(SchemaErrors, MisspeltKey) {
  EXPECT_EQ(fault_of("expsoure_s = 1"),
            "f.toml:1:1: error: camera.expsoure_s: unknown key; did you mean \"exposure_s\"?");
  EXPECT_EQ(fault_of("[lens]\naperture = 1"),
            "f.toml:2:1: error: camera.lens.aperture: unknown key; known here: focus_m");
}

TEST(SchemaErrors, WrongType) {
  EXPECT_EQ(fault_of("flash = 1"),
            "f.toml:1:9: error: camera.flash: expected true or false, got the integer 1");
  EXPECT_EQ(fault_of("bits = 8.0"),
            "f.toml:1:8: error: camera.bits: expected an integer in [1, 16], got the real number "
            "8.0");
  EXPECT_EQ(fault_of("exposure_s = \"long\""),
            "f.toml:1:14: error: camera.exposure_s: expected a real number in [0, 10], got the "
            "string \"long\"");
  EXPECT_EQ(fault_of("stops = [1, \"x\"]"),
            "f.toml:1:9: error: camera.stops: expected a list of real numbers > 0, got the array "
            "[1, \"x\"]");
  EXPECT_EQ(fault_of("lens = 3"),
            "f.toml:1:8: error: camera.lens: expected a table, got the integer 3");
  EXPECT_EQ(fault_of("spare = \"ideal\""),
            "f.toml:1:9: error: camera.spare: expected a table or \"none\", got the string "
            "\"ideal\"");
}

TEST(SchemaErrors, OutOfRange) {
  EXPECT_EQ(fault_of("exposure_s = 12"),
            "f.toml:1:14: error: camera.exposure_s: expected a real number in [0, 10], got the "
            "integer 12");
  EXPECT_EQ(fault_of("exposure_s = nan"),
            "f.toml:1:14: error: camera.exposure_s: expected a real number in [0, 10], got the "
            "real number nan");
  EXPECT_EQ(fault_of("lens = { focus_m = 0.0 }"),
            "f.toml:1:20: error: camera.lens.focus_m: expected a real number > 0, got the real "
            "number 0.0");
  EXPECT_EQ(fault_of("lens = { focus_m = inf }"),
            "f.toml:1:20: error: camera.lens.focus_m: expected a real number > 0, got the real "
            "number inf");
  EXPECT_EQ(fault_of("depth = 0"),
            "f.toml:1:9: error: camera.depth: expected an integer in [1, 16] or \"ideal\", got the "
            "integer 0");
  EXPECT_EQ(fault_of("seed = -1"),
            "f.toml:1:8: error: camera.seed: expected an integer >= 0, got the integer -1");
  EXPECT_EQ(fault_of("shape = [5000000000]"),
            "f.toml:1:9: error: camera.shape: expected a list of integers, got the array "
            "[5000000000]");
}

TEST(SchemaErrors, BadChoice) {
  EXPECT_EQ(fault_of("maker = \"zeis\""),
            "f.toml:1:9: error: camera.maker: expected one of unknown, zeiss, leica, got the "
            "string \"zeis\"; did you mean \"zeiss\"?");
  EXPECT_EQ(fault_of("film = \"colour\""),
            "f.toml:1:8: error: camera.film: expected one of positive, negative, got the string "
            "\"colour\"");
  EXPECT_EQ(fault_of("filters = [\"blue\"]"),
            "f.toml:1:11: error: camera.filters: expected a list of any of red, green, got the "
            "array [\"blue\"]");
}

TEST(Faults, BeyondAHundredAreCounted) {
  const std::vector<Fault> faults(102, Fault{{}, "a", "is wrong"});
  const std::string said = ConfigError(faults).what();
  EXPECT_EQ(std::ranges::count(said, '\n'), 100);
  EXPECT_TRUE(said.ends_with("error: a: is wrong\nand 2 more like these")) << said;
}

TEST(SchemaErrors, AllFaultsAreReportedAtOnce) {
  std::vector<Fault> faults;
  read("bit = 8\nflash = 1\n[lens]\nfocus_m = -1\n", faults);
  ASSERT_EQ(faults.size(), 3u);
  EXPECT_EQ(ConfigError(faults).what(),
            faults[0].text() + "\n" + faults[1].text() + "\n" + faults[2].text());
}

struct Needy {
  std::string name;
};

TEST(SchemaErrors, MissingRequiredKey) {
  Schema<Needy> schema{"needy", ""};
  schema.add("name", &Needy::name).required();
  Needy object;
  std::vector<Fault> faults;
  schema.read_into(parse_toml("", "f.toml"), "needy", object, faults);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].text(), "f.toml:1:1: error: needy.name: missing; expected a string");
}

TEST(DidYouMean, FindsSlipsAndNothingFarFetched) {
  const std::vector<std::string> keys = {"eta", "g_max_S", "learning_rate", "semantics"};
  EXPECT_EQ(did_you_mean("eat", keys), "eta");        // neighbours swapped
  EXPECT_EQ(did_you_mean("g_max", keys), "g_max_S");  // unit forgotten
  EXPECT_EQ(did_you_mean("Learning_Rate", keys), "learning_rate");
  EXPECT_EQ(did_you_mean("learningrate", keys), "learning_rate");
  EXPECT_EQ(did_you_mean("voltage", keys), "");
  EXPECT_EQ(did_you_mean("x", keys), "");
}

TEST(Describe, GivesTypeUnitRangeDefaultDocAndSourceInAHundredColumns) {
  const std::string page = describe_text(Camera::schema(), "camera");
  EXPECT_NE(page.find("  bits        integer             bit   [1, 16]  8\n"
                      "      Resolution.\n"
                      "      Source: Data sheet.\n"),
            std::string::npos)
      << page;
  EXPECT_NE(page.find("[camera.lens]\nA lens.\n"), std::string::npos);
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

}  // namespace
}  // namespace ohmic
