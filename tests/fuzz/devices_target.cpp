// Tables of measured devices and maps of failed cells.
#include "simulator/device_model.hpp"
#include "tests/fuzz/target.hpp"

namespace ohmic::test {
namespace {

std::unique_ptr<DeviceModel> device_of(const std::string& toml) {
  std::vector<Fault> faults;
  auto device = read_device(parse_toml(toml, "device.toml"), "device", faults);
  if (!faults.empty()) throw ConfigError(std::move(faults));
  return device;
}

/// Programs, ages and reads a few devices.
void use(const DeviceModel& device) {
  const LayerScale scale{0.05, 0.3, 0.3 / device.g_max_S, 2};
  const CellLayout layout{3, 2, 0, 0};
  const DeviceBlock block{noise_key(1, 0), 0, 0, 0, &scale, &layout};
  std::vector<double> target(6, (device.g_min_S + device.g_max_S) / 2), G(6), sigma(6);
  device.program(block, target, G);
  device.drift(block, 100, target, G);
  device.read_sigma(block, 100, target, G, sigma);
}

OHMIC_FUZZ(DeviceTable) {
  return {
      .seeds = {"g_target_uS, g_mean_uS, g_std_nS, time_h\n5, 5.0, 200, 1\n15, 14.0, 400, 1\n"
                "5, 4.0, 300, 100\n15, 12.0, 600, 100\n",
                "\"g_target [S]\",\"g_mean [S]\",\"g_std [S]\"\r\n0,0,1e-7\r\n2e-5,2e-5,1e-6\r\n"},
      .read =
          [](const std::string& bytes) {
            use(*device_of("model = \"lookup\"\nfile = \"" + scratch(bytes).string() + "\"\n"));
          },
      .words = {"g_target_uS", "g_mean_uS", "g_std_nS", "time_h", "time_s", "g_read_std_uS", "\"",
                "\"\"", "\r\n", "#", "\xEF\xBB\xBF", "(uS)", "[nS]", ";", "\t"}};
}

OHMIC_FUZZ(StuckMap) {
  return {.seeds = {"# broken row 3\nlayer, role, row, column, state\n0, 0, 2, 0, min\n"
                    "0, 0, 2, 1, short\n0, 1, 1, 1, max\n1, 0, 0, 0, open\n"},
          .read =
              [](const std::string& bytes) {
                const auto device =
                    device_of("model = \"stuck\"\nmap = \"" + scratch(bytes).string() + "\"\n");
                device->check_cells({{"conv1", 3, {2, 2}}, {"linear", 2, {3, 1}}});
                use(*device);
              },
          .words = {"layer", "role", "row", "column", "state", "min", "max", "open", "short", "\r",
                    "#", "\"", "\xEF\xBB\xBF"}};
}

}  // namespace
}  // namespace ohmic::test
