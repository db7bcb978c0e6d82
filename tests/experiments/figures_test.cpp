// What figures show of groups made up here, and how they are laid out.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "experiments/figures/accuracy_figure.hpp"
#include "experiments/figures/axis_figure.hpp"
#include "experiments/figures/heat_maps.hpp"
#include "experiments/figures/panels.hpp"
#include "experiments/figures/plot.hpp"
#include "experiments/figures/plot_area.hpp"

namespace ohmic {
namespace {

Estimate within(double mean, double half_width) {
  return {mean, mean - half_width, mean + half_width, half_width / 2, 9};
}

/// Groups with these axes and an A_avr of 0.9, 0.89, ...
std::vector<Group> groups_at(const std::vector<Axes>& all) {
  std::vector<Group> groups;
  for (const Axes& axes : all) {
    Group group;
    group.axes = axes;
    group.average = within(0.9 - 0.01 * double(groups.size()), 0.01);
    groups.push_back(group);
  }
  return groups;
}

/// The numbers of "set yrange [a:b]".
std::pair<double, double> range_in(const std::string& script, char axis) {
  const std::size_t at = script.find(fmt::format("set {}range [", axis)) + 12;
  const std::size_t colon = script.find(':', at);
  return {std::stod(script.substr(at, colon - at)), std::stod(script.substr(colon + 1))};
}

TEST(Words, SayKeysWithUnitAndReference) {
  EXPECT_EQ(key_title("periphery.adc.bits", nullptr), "ADC bits");
  EXPECT_EQ(key_title("device.time_s", nullptr), "time (s)");
  EXPECT_EQ(key_title("periphery.wires.row_ohm", nullptr), "row wire (Ω per cell)");
  EXPECT_EQ(setting_words("periphery.adc.bits", "5"), "ADC bits = 5");
  EXPECT_EQ(setting_words("device.time_s", "3600"), "time = 3600 s");
  EXPECT_EQ(setting_words("model.weights", "a/b/net.h5"), "net.h5");
  std::vector<Fault> faults;
  const Experiment e = Experiment::read(
      parse_toml("[device]\nmodel = \"awgn\"\nreference = \"g_max\"\n", "test.toml"), faults);
  ASSERT_TRUE(faults.empty());
  EXPECT_EQ(key_title("device.eta", &e), "noise η, fraction of g_max");
  EXPECT_EQ(key_title("device.eta", nullptr),
            "noise η, fraction of σ_w, the std of a layer's weights");
}

TEST(PanelNames, SayWhatIsTrue) {
  const Axes axes{{"train.learning_rate", "0.001"},
                  {"noise.semantics", "kernels"},
                  {"noise.spare_dead_filters", "true"}};
  EXPECT_EQ(panel_name(axes), "kernels, spare dead filters");
  EXPECT_EQ(panel_name({axes[0], axes[1], {"noise.spare_dead_filters", "false"}}),
            "kernels, no spare dead filters");
  EXPECT_EQ(curve_name(axes), "0.001");
  EXPECT_EQ(panel_name({{"periphery.adc.bits", "5"}, {"mapping.tile", "[64, 64]"}}),
            "ADC bits = 5");
}

std::string files_axis(const std::vector<std::string>& names) {
  std::vector<Axes> axes;
  for (const std::string& name : names) axes.push_back({{"device.file", name}});
  return axis_figure("device.file", groups_at(axes)).script;
}

TEST(AxisFigure, NamesTooLongToStandSideBySideSlantAndKeepTheirEnds) {
  const std::string longer = files_axis({"measured/at/the/institute/0.001.csv", "0.002.csv"});
  EXPECT_NE(longer.find("rotate by 45 right ('measured/at/t...tute/0.001.csv' 0, '0.002.csv' 1)"),
            std::string::npos)
      << longer;
  EXPECT_EQ(files_axis({"0.001.csv", "0.002.csv"}).find("rotate by"), std::string::npos);
}

TEST(AxisFigure, KeysThatAreEqualThroughoutAreOneAxis) {
  const auto wires = [](const std::vector<std::pair<std::string, std::string>>& ohms) {
    std::vector<Axes> axes;
    for (const auto& [row, column] : ohms)
      axes.push_back({{"periphery.wires.row_ohm", row}, {"periphery.wires.column_ohm", column}});
    return groups_at(axes);
  };
  const std::vector<Group> equal = wires({{"1", "1"}, {"3", "3"}});
  EXPECT_EQ(figure_axes(equal), std::vector<std::string>{"periphery.wires.row_ohm"});
  const std::string script = axis_figure("periphery.wires.row_ohm", equal).script;
  EXPECT_NE(script.find("'row wire (Ω per cell) = column wire (Ω per cell)'"), std::string::npos)
      << script;
  EXPECT_EQ(script.find("$p0s1"), std::string::npos) << "one curve\n" << script;
  const std::vector<Group> others = wires({{"1", "1"}, {"3", "6"}});
  EXPECT_EQ(figure_axes(others).size(), 2u);
  EXPECT_NE(axis_figure("periphery.wires.row_ohm", others).script.find("$p0s1"), std::string::npos);
}

TEST(AxisFigure, OneCurveHasTheColourOfWhatIsUnderNoise) {
  const std::string script =
      axis_figure("periphery.adc.bits",
                  groups_at({{{"periphery.adc.bits", "4"}}, {{"periphery.adc.bits", "5"}}}))
          .script;
  EXPECT_NE(script.find(kNoisy), std::string::npos) << script;
  EXPECT_EQ(script.find(color_of(0, 1)), std::string::npos) << script;
}

TEST(AxisFigure, ALineBreaksWhereNothingWasMeasured) {
  const auto at = [](const char* bits, const char* tile) {
    return Axes{{"periphery.adc.bits", bits}, {"mapping.rows", tile}};
  };
  const std::string script =
      axis_figure("periphery.adc.bits", groups_at({at("4", "64"), at("5", "64"), at("6", "64"),
                                                   at("4", "128"), at("6", "128")}))
          .script;
  EXPECT_NE(script.find("$p0s1 << EOD\n4 87 86 88\n\n6 86 85 87\nEOD"), std::string::npos)
      << script;
}

/// What experiments/hardware_training.toml sweeps.
std::vector<Axes> trained_axes() {
  std::vector<Axes> all;
  for (const auto& [eta, device, temperature] :
       {std::tuple{"0", "", ""}, {"0.1", "", ""}, {"0", "pcm", ""}, {"0", "pcm", "4"}})
    for (const char* age : {"60", "3600"}) {
      const std::string bits = *device ? "6" : "", ages = *device ? "[60.0, 3600.0, 86400.0]" : "";
      all.push_back({{"train.noise_eta", eta},
                     {"train.hardware.device.model", device},
                     {"train.hardware.times_s", ages},
                     {"train.hardware.periphery.dac.bits", bits},
                     {"train.hardware.periphery.adc.bits", bits},
                     {"train.distill.temperature", temperature},
                     {"train.distill.weight", *temperature ? "0.9" : ""},
                     {"device.time_s", age}});
    }
  return all;
}

TEST(Legends, SayWhatTellsCurvesApart) {
  const std::string script = axis_figure("device.time_s", groups_at(trained_axes())).script;
  for (const char* name : {"'training noise η = 0'", "'training noise η = 0.1'",
                           "'training noise η = 0, training’s device = pcm'",
                           "'training noise η = 0, training’s device = pcm, teacher’s T = 4'"})
    EXPECT_NE(script.find(std::string("title ") + name), std::string::npos) << name << script;
  EXPECT_EQ(script.find("..."), std::string::npos) << "nothing is cut out\n" << script;
}

TEST(Legends, NameAllThatIsSweptWhereThatIsShort) {
  const std::vector<Axes> wires{{{"periphery.wires.row_ohm", "1"}, {"mapping.rows", "64"}},
                                {{"periphery.wires.row_ohm", "2"}, {"mapping.rows", "64"}}};
  EXPECT_EQ(telling_names(wires), (std::vector<std::string>{"row wire = 1 Ω per cell, rows = 64",
                                                            "row wire = 2 Ω per cell, rows = 64"}));
  std::vector<Axes> longer = wires;
  for (Axes& axes : longer) axes.push_back({"device.file", std::string(60, 'f')});
  EXPECT_EQ(telling_names(longer),
            (std::vector<std::string>{"row wire = 1 Ω per cell", "row wire = 2 Ω per cell"}));
}

TEST(Legends, NameAnEntryByWhatItLacks) {
  const std::vector<Axes> all{{{"train.hardware.device.model", ""}},
                              {{"train.hardware.device.model", "pcm"}}};
  EXPECT_EQ(telling_names(all),
            (std::vector<std::string>{"no training's device", "training's device = pcm"}));
  EXPECT_EQ(telling_names({{}, {}}), (std::vector<std::string>{"", ""})) << "nothing is swept";
  EXPECT_EQ(curve_name({{"train.distill.temperature", ""}, {"train.distill.weight", ""}}), "none");
}

TEST(AccuracyFigure, ItsRangeShowsASmallLoss) {
  const auto range = [](double smallest, double largest) {
    Group group;
    group.axes = {{"train.learning_rate", "0.001"}};
    group.points = {{0.1, {}}, {0.4, {}}};
    group.points[0].summary.normalized = within(largest, 0.002);
    group.points[1].summary.normalized = within(smallest, 0.002);
    return range_in(accuracy_figure({group}).script, 'y');
  };
  for (const auto& [smallest, largest] :
       {std::pair{0.99, 1.0}, {0.97, 1.25}, {0.1, 0.9}, {0.995, 0.995}, {0.0, 0.0}}) {
    const auto [low, high] = range(smallest, largest);
    EXPECT_LE(low, 100 * smallest - 0.2);
    EXPECT_GE(high, 100 * largest + 0.2);
    EXPECT_LE(high - low, 1.2 * (100 * (largest - smallest) + 0.4) + 1e-9);
  }
}

TEST(HeatMaps, HaveACellForEveryPairOfNumbers) {
  std::vector<Axes> axes;
  for (const char* adc : {"6", "8"})
    for (const char* dac : {"10", "4", "8"})
      axes.push_back({{"periphery.adc.bits", adc}, {"periphery.dac.bits", dac}});
  std::vector<Group> groups = groups_at(axes);
  groups.pop_back();
  const std::vector<HeatMap> maps = heat_maps(groups);
  ASSERT_EQ(maps.size(), 1u);
  EXPECT_EQ(maps[0].x, "DAC bits");
  EXPECT_EQ(maps[0].y, "ADC bits");
  EXPECT_EQ(maps[0].columns, (std::vector<std::string>{"4", "8", "10"})) << "ascending";
  EXPECT_NEAR(maps[0].values[1][2].mean, 0.87, 1e-12);
  EXPECT_TRUE(std::isnan(maps[0].values[1][1].mean)) << "not measured";
  EXPECT_TRUE(heat_maps(groups_at({axes[0], axes[4]})).empty()) << "two points are no grid";
  EXPECT_TRUE(
      heat_maps(groups_at({{{"device.model", "pcm"}}, {{"device.model", "sonos"}}})).empty());
}

TEST(HeatMaps, HaveNoiseAsAnAxis) {
  std::vector<Group> groups =
      groups_at({{{"periphery.adc.bits", "6"}}, {{"periphery.adc.bits", "8"}}});
  for (Group& group : groups)
    for (const double eta : {0.1, 0.2}) {
      group.points.push_back({eta, {}});
      group.points.back().summary.normalized = within(1 - eta, 0.01);
    }
  const std::vector<HeatMap> maps = heat_maps(groups);
  ASSERT_EQ(maps.size(), 1u);
  EXPECT_EQ(maps[0].x, "noise η, fraction of σ_w, the std of a layer's weights");
  EXPECT_NEAR(maps[0].values[0][1].mean, 0.8, 1e-12);
}

/// A crowd of marks, each with a text beside it.
TEST(Remarks, LieOnNothing) {
  Panel panel{"", {"x"}, {"y"}};
  Series series{"s", {}, {}};
  std::vector<Remark> remarks;
  for (int i = 0; i < 40; ++i) {
    const double x = 10 + 3 * std::sin(i * 1.7), y = 50 + 20 * std::cos(i * 2.3);
    series.data.push_back({x, y, y - 1, y + 1});
    remarks.push_back({x, y, std::to_string(i % 9), kInk});
  }
  panel.series = {series};
  Plot plot{"crowd", "", {panel}};
  const std::size_t without = add_remarks(remarks, 0, plot);
  const std::vector<Note>& notes = plot.panels[0].notes;
  EXPECT_EQ(notes.size() + without, 40u);
  EXPECT_GE(notes.size(), 20u);
  const PlotArea area = PanelGrid(plot).area(0);
  const Range x = x_range(plot.panels[0]), y = y_range(plot, 0);
  const auto pixel_x = [&](double v) {
    return (v - x.low) / (x.high - x.low) * (area.right - area.left);
  };
  const auto pixel_y = [&](double v) {
    return (v - y.low) / (y.high - y.low) * (area.bottom - area.top);
  };
  for (std::size_t a = 0; a < notes.size(); ++a) {
    for (std::size_t b = a + 1; b < notes.size(); ++b)
      EXPECT_TRUE(std::abs(pixel_x(notes[a].x) - pixel_x(notes[b].x)) >= 6.9 ||
                  std::abs(pixel_y(notes[a].y) - pixel_y(notes[b].y)) >= 13.9)
          << a << " " << b;
    for (const Datum& d : series.data)  // the text begins right of the mark, or ends left of it
      EXPECT_FALSE(std::abs(pixel_y(notes[a].y) - pixel_y(d.y)) < 7 &&
                   pixel_x(d.x) > pixel_x(notes[a].x) && pixel_x(d.x) < pixel_x(notes[a].x) + 7)
          << a;
  }
}

TEST(Plots, KeepTheLegendBesideTheirPanels) {
  Panel panel{"title", {"x"}, {"y"}};
  panel.series = {{"a curve", {}, {{0, 1}, {1, 2}}}};
  Plot plot{"p", "legend", {panel, panel, panel, panel}};
  const Figure figure = figure_of(plot);
  const PanelGrid grid(plot);
  EXPECT_GT(figure.width, grid.width());
  const std::string margin =
      fmt::format("set lmargin at screen {:.5f}", double(grid.width()) / figure.width);
  EXPECT_NE(figure.script.find(margin + "; "), std::string::npos) << figure.script;
  plot.panels[0].series[0].name.clear();
  plot.panels.resize(1);
  EXPECT_EQ(figure_of(plot).width, PanelGrid(plot).width()) << "none without names";
}

TEST(Plots, GiveEveryCurveAColourOfItsOwn) {
  for (std::size_t n = 1; n <= 12; ++n) {
    std::set<std::string> colors;
    for (std::size_t i = 0; i < n; ++i) colors.insert(color_of(i, n));
    EXPECT_EQ(colors.size(), n);
  }
}

TEST(Plots, BreakTitlesThatAreLongerThanTheirPanelIsHigh) {
  Panel panel{"", {"x"}, {"noise η, fraction of σ_w, the std of a layer's weights"}};
  panel.series = {{"", {}, {{0, 1}, {1, 2}}}};
  const Plot plot{"p", "", {panel}};
  EXPECT_NE(figure_of(plot).script.find("set ylabel 'noise η, fraction of σ_w, the "
                                        "std'.\"\\n\".'of a layer’s weights' offset -0.9,0;"),
            std::string::npos)
      << figure_of(plot).script;
  EXPECT_EQ(wrapped("a word", 1), (std::vector<std::string>{"a", "word"}));
  EXPECT_EQ(wrapped("", 9), std::vector<std::string>{""});
  Plot plain = plot;
  plain.panels[0].y.title = "accuracy (%)";
  EXPECT_GT(PanelGrid(plot).area(0).left, PanelGrid(plain).area(0).left);
  Plot narrow = plain;
  narrow.panel_width = 220;
  narrow.panels[0].x.title = "time since programming (s)";
  EXPECT_NE(figure_of(narrow).script.find("set xlabel 'time since programming'.\"\\n\".'(s)'"),
            std::string::npos)
      << figure_of(narrow).script;
  EXPECT_EQ(PanelGrid(narrow).height(), PanelGrid(plain).height() + 16);
}

// Decades alone leave a single number on the axis of a search.
TEST(Plots, NumberLogarithmicAxesOfFewDecadesAtOneTwoAndFive) {
  Panel panel{"", {"noise", true}, {"accuracy"}};
  panel.x.low = 0.018;
  panel.x.high = 0.66;
  panel.series = {{"", {}, {{0.02, 1}, {0.6, 2}}}};
  Plot plot{"p", "", {panel}};
  EXPECT_NE(
      figure_of(plot).script.find("set xtics norotate (0.02, 0.05, 0.1, 0.2, 0.5) format '%g'\n"),
      std::string::npos)
      << figure_of(plot).script;
  plot.panels[0].x.low = 0.0044;
  EXPECT_NE(figure_of(plot).script.find("set xtics norotate (0.01, 0.03, 0.1, 0.3) format '%g'\n"),
            std::string::npos);
  plot.panels[0].x.low = 1e-4;
  EXPECT_NE(figure_of(plot).script.find("set xtics norotate autofreq format '%g'\n"),
            std::string::npos);
}

// 1 and 3 in one map, 3 and 5 in the next: 3 is in the middle of one scale, or at two of its ends.
TEST(Plots, ColourTilesOfOneQuantityAlike) {
  const auto color_of_3 = [](const std::string& first, const std::string& second) {
    std::vector<Panel> panels;
    for (const auto& [quantity, low] : {std::pair{first, 1.0}, {second, 3.0}}) {
      panels.push_back({"", named_axis("x", {"a", "b"}), named_axis("y", {"c"})});
      panels.back().tiles = {{0, 0, low, "", ""}, {1, 0, low + 2, "", ""}};
      panels.back().quantity = quantity;
    }
    const std::string script = figure_of({"p", "", panels}).script;
    std::vector<std::string> colors;
    for (auto at = script.find("fillcolor rgb '"); at != std::string::npos;
         at = script.find("fillcolor rgb '", at + 1))
      colors.push_back(script.substr(at + 15, 7));
    return std::pair{colors.at(1), colors.at(2)};
  };
  const auto shared = color_of_3("A", "A"), own = color_of_3("A", "B");
  EXPECT_EQ(shared.first, shared.second);
  EXPECT_NE(own.first, own.second);
}

TEST(Plots, NameLayersWithoutWhatAllOfThemLieIn) {
  const auto tics = [](std::vector<std::string> names) {
    std::vector<std::string> shown;
    for (const auto& [at, name] : layer_axis(std::move(names)).tics) shown.push_back(name);
    return shown;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(tics({"net/a.conv.1", "net/a.conv.2"}), (Names{"1", "2"}));
  EXPECT_EQ(tics({"net.conv1", "net.conv10", "net.dense"}), (Names{"conv1", "conv10", "dense"}));
  EXPECT_EQ(tics({"conv1", "linear"}), (Names{"conv1", "linear"}));
  EXPECT_EQ(tics({"a.b"}), Names{"a.b"});
  EXPECT_EQ(tics({"a.b", "a.b"}), (Names{"b", "b"}));
}

TEST(Plots, LeaveNoStripAboveAxesWithoutATitle) {
  Panel panel{"", {"x"}, {"y"}};
  panel.series = {{"", {}, {{0, 1}, {1, 2}}}};
  EXPECT_LE(PanelGrid({"p", "", {panel}}).area(0).top, 16);
}

}  // namespace
}  // namespace ohmic
