// docs/figures/devices/: of each device model the error that devices are written with, and what
// they hold as they age. Usage: device_figures FOLDER (docs/devices.md shows them)
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include "experiments/figures/plot.hpp"
#include "simulator/config/value.hpp"
#include "simulator/device_model.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDevices = 4096;
constexpr double kMicro = 1e6, kDay_s = 86400;
constexpr LayerScale kScale{0.05, 0.3, 0.3 / 25e-6, 2};

/// What shows the effect of models that do nothing by default.
const std::map<std::string, std::string> kShown = {
    {"awgn", "eta = 0.1\nreference = 'g_max'"},
    {"inverse_proportional", "std_relative = 0.01"},
    {"proportional", "std_relative = 0.05"},
    {"quantized", "rounding = 'stochastic'"},
    {"read_disturb", "reads = 1e13\ntime_s = 1e6\nexponent_std = 0.3"},
    {"retention", "nu = 0.05\nnu_std = 0.02"},
    {"stack", "models = [{ model = 'pcm' }, { model = 'stuck', max_rate = 0.01 }]"},
    {"stuck", "min_rate = 0.01\nmax_rate = 0.01"},
    {"telegraph", "amplitude = 0.05"},
    {"uniform", "size = 0.05"},
    {"variation", "die_std = 0.02\ntile_std = 0.02\nspatial_std = 0.05"}};

std::string in_one_line(std::string toml) {
  for (std::size_t at; (at = toml.find('\n')) != std::string::npos;) toml.replace(at, 1, ", ");
  return toml;
}

std::unique_ptr<DeviceModel> device_of(const std::string& toml) {
  std::vector<Fault> faults;
  auto device = read_device(parse_toml(toml, "devices.cpp"), "device", faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return device;
}

/// Mean and std of what many devices of one target hold, and the std of a read, in µS.
struct Held {
  double mean = 0, std = 0, read = 0;
};

Held held(const DeviceModel& device, double target_S, double age_s) {
  DeviceBlock block{noise_key(1, 0), 1, 0, 0};
  block.scale = &kScale;
  const std::vector<double> target(kDevices, target_S);
  std::vector<double> G(kDevices), sigma(kDevices, 0.0);
  device.program(block, target, G);
  if (age_s > 0) device.drift(block, age_s, target, G);
  if (device.reads_noisily()) device.read_sigma(block, age_s, target, G, sigma);
  Held h;
  for (const double g : G) h.mean += g * kMicro / kDevices;
  for (const double g : G) h.std += std::pow(g * kMicro - h.mean, 2) / (kDevices - 1);
  for (const double s : sigma) h.read += std::pow(s * kMicro, 2) / kDevices;
  h.std = std::sqrt(h.std);
  h.read = std::sqrt(h.read);
  return h;
}

/// One of the two panels' six.
Series line(const std::string& name, std::size_t index) {
  return {name, {.color = color_of(index, 6), .marker = marker_of(index), .line = true}, {}};
}

double target_at(const DeviceModel& device, double part) {
  return device.g_min_S + part * (device.g_max_S - device.g_min_S);
}

bool shows_anything(const Series& series) {
  return std::ranges::any_of(series.data, [](const Datum& d) { return d.y > 0; });
}

/// Std over the target: as written, a day later, and of one read.
Panel error_panel(const DeviceModel& device, const std::string& title) {
  constexpr int kTargets = 20;
  Panel panel{title, {"target (µS)"}, {"std of the error (µS)"}};
  panel.x.low = panel.y.low = 0;
  Series written = line("as written", 0), aged = line("a day later", 1),
         read = line("of a read, then", 2);
  bool ages = false;
  for (int i = 0; i <= kTargets; ++i) {
    const double target_S = target_at(device, i / double{kTargets}), x = target_S * kMicro;
    const Held now = held(device, target_S, 0), later = held(device, target_S, kDay_s);
    written.data.push_back({x, now.std});
    aged.data.push_back({x, later.std});
    read.data.push_back({x, later.read});
    ages = ages || std::abs(later.std - now.std) > 1e-9;
  }
  panel.series.push_back(written);
  if (ages) panel.series.push_back(aged);
  if (shows_anything(read)) panel.series.push_back(read);
  return panel;
}

/// What devices of three targets hold over time, with the std between them.
Panel age_panel(const DeviceModel& device) {
  Panel panel{"mean and std of devices", {"time after writing", true}, {"conductance (µS)"}};
  panel.x.tics = {{1, "1 s"}, {60, "1 min"}, {3600, "1 h"}, {kDay_s, "1 day"}};
  panel.y.least = 0;
  const double parts[] = {1, 0.5, 0.2};
  for (std::size_t i = 0; i < std::size(parts); ++i) {
    const double target_S = target_at(device, parts[i]);
    char name[32];
    std::snprintf(name, sizeof name, "target %.3g µS", target_S * kMicro);
    Series series = line(name, 3 + i);
    for (double age_s = 1; age_s < 2e6; age_s *= 10) {
      const Held h = held(device, target_S, age_s);
      series.data.push_back({age_s, h.mean, h.mean - h.std, h.mean + h.std});
    }
    panel.series.push_back(std::move(series));
  }
  return panel;
}

bool ages(const DeviceModel& device) {
  const double target_S = target_at(device, 0.5);
  const Held now = held(device, target_S, 1), later = held(device, target_S, kDay_s);
  return now.mean != later.mean || now.std != later.std;
}

/// Nothing for models that make no error: of those an equation says all.
void draw_model(const std::string& name, const std::string& parameters, const std::string& title,
                const fs::path& folder) {
  const auto device = device_of("model = '" + name + "'\n" + parameters);
  Plot plot{name, "", {error_panel(*device, title)}};
  if (std::ranges::none_of(plot.panels.front().series, shows_anything)) return;
  if (ages(*device)) plot.panels.push_back(age_panel(*device));
  plot.shares_y = false;
  const Figure figure = figure_of(plot);
  const std::string problem = drawing_problem(draw(figure, folder), figure, folder);
  if (!problem.empty()) throw OutputError(problem);
  for (const char* extension : {".gp", ".png"}) fs::remove(folder / (name + extension));
}

void draw_all(const fs::path& folder) {
  fs::create_directories(folder);
  const fs::path cells = folder / "cells.csv";
  std::ofstream(cells) << "g_target_uS,g_mean_uS,g_std_uS,time_h\n1,1.1,0.3,0.1\n10,9.8,0.6,0.1\n"
                          "25,24.5,0.9,0.1\n1,1,0.4,24\n10,9.1,0.8,24\n25,22.9,1.3,24\n";
  for (const DeviceKind& kind : device_kinds()) {
    const auto shown = kShown.find(kind.name);
    std::string parameters = shown == kShown.end() ? "" : shown->second;
    std::string title = in_one_line(parameters);
    if (kind.schema->find("file")) {
      parameters = "file = '" + cells.string() + "'\nextrapolate = 'nearest'";
      title = "the table that ohmic describe lookup shows";
    }
    draw_model(kind.name, parameters, title, folder);
  }
  fs::remove(cells);
}

}  // namespace
}  // namespace ohmic

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw std::runtime_error("usage: device_figures FOLDER");
    ohmic::draw_all(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
