// Numbers of another unit than the parameter's.
#include <gtest/gtest.h>

#include "simulator/config/describe.hpp"
#include "simulator/config/schema.hpp"

namespace ohmic {
namespace {

struct Usual {
  double g_S = 1e-5;
  std::optional<double> v_V;
  double warm_K = 300;
  double share = 0;
  double percentile = 100;
  double read_s = 1e-9;
  static const Schema<Usual>& schema() {
    static const Schema<Usual> s = [] {
      Schema<Usual> s{"usual", "What is usual."};
      s.add("g_S", &Usual::g_S).unit("S").above(0).usual(0, 0.01).doc("A conductance.");
      s.add("v_V", &Usual::v_V).unit("V").range(0.001, 0.5);
      s.add("warm_K", &Usual::warm_K).unit("K").range(1, 1000).usual(200, 500);
      s.add("share", &Usual::share).unit("1").range(0, 1);
      s.add("percentile", &Usual::percentile).unit("%").range(50, 100);
      s.add("read_s", &Usual::read_s).unit("s").above(0).usual(0, 1);
      return s;
    }();
    return s;
  }
};

std::string fault_of(const std::string& text, bool permitted = false) {
  Value root = parse_toml(text, "f.toml");
  for (auto& entry : root.table().entries()) entry.value.permitted = permitted;
  Usual usual;
  std::vector<Fault> faults;
  Usual::schema().read_into(root, "", usual, faults);
  return faults.empty() ? "none" : ConfigError(faults).what();
}

TEST(UnusualValues, HaveToBePermitted) {
  EXPECT_EQ(fault_of("g_S = 225"),
            "f.toml:1:7: error: g_S: 225 S is more than the usual 0.01 S; did you mean 225e-6? If "
            "it is meant, write allow = [\"g_S\"] above the first table");
  EXPECT_EQ(fault_of("g_S = 0.225"),
            "f.toml:1:7: error: g_S: 0.225 S is more than the usual 0.01 S; did you mean "
            "0.225e-3? If it is meant, write allow = [\"g_S\"] above the first table");
  EXPECT_EQ(
      fault_of("warm_K = 25"),
      "f.toml:1:10: error: warm_K: 25 K is less than the usual 200 K; did you mean 298.15? If "
      "it is meant, write allow = [\"warm_K\"] above the first table");
  EXPECT_EQ(fault_of("read_s = 250"),
            "f.toml:1:10: error: read_s: 250 s is more than the usual 1 s; did you mean 250e-9? If "
            "it is meant, write allow = [\"read_s\"] above the first table");
  EXPECT_EQ(fault_of("g_S = 225\nwarm_K = 77", true), "none");
  EXPECT_EQ(fault_of("g_S = 0.01\nwarm_K = 200"), "none");
}

TEST(UnusualValues, OutOfRangeMayBeOfAnotherUnit) {
  EXPECT_EQ(fault_of("v_V = 200"),
            "f.toml:1:7: error: v_V: expected a real number in [0.001, 0.5] or \"ideal\", got the "
            "integer 200; did you mean 0.2?");
  EXPECT_EQ(
      fault_of("share = 5"),
      "f.toml:1:9: error: share: expected a real number in [0, 1], got the integer 5; did you "
      "mean 0.05?");
  EXPECT_EQ(fault_of("percentile = 0.999"),
            "f.toml:1:14: error: percentile: expected a real number in [50, 100], got the real "
            "number 0.999; did you mean 99.9?");
  EXPECT_EQ(fault_of("share = -5"),
            "f.toml:1:9: error: share: expected a real number in [0, 1], got the integer -5");
}

TEST(UnusualValues, AreDescribed) {
  EXPECT_NE(describe_text(Usual::schema(), "usual")
                .find("Usually at most 0.01 S; else `allow` must name it."),
            std::string::npos);
  EXPECT_NE(describe_markdown(Usual::schema(), "usual").find("Usually 200 to 500 K; else"),
            std::string::npos);
}

}  // namespace
}  // namespace ohmic
