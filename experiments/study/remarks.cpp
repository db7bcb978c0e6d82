#include "experiments/study/remarks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "experiments/study/measured_age.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kManyDraws = 100'000;
constexpr std::int64_t kSmallTile = 64;  // cells
constexpr int kLargeTile = 4096;         // cells of a side
constexpr std::int64_t kFewImages = 16;
constexpr double kThinWire_ohm = 0.01, kThickWire_ohm = 100;  // per cell
constexpr double kWideStop = 0.05, kShift = 0.01, kLargeEta = 1.0;
constexpr double kMicro = 1e-6;
constexpr int kSampled = 256;  // devices
constexpr double kLate_s = 1e7;
constexpr double kYoung_s = 60;
// Stuck at g_min or g_max were 1.75 and 9.04 % of a measured array (Chen et al., IEEE Trans.
// Comput. 64(1), 2015).
constexpr double kManyStuck = 0.2;

std::string sorted_list(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// Devices of one layer of usual weights, all asked for the same conductance: mid-range at first.
class Sample {
 public:
  explicit Sample(const DeviceModel& device)
      : Sample(device, (device.g_min_S + device.g_max_S) / 2) {}
  Sample(const DeviceModel& device, double target_S)
      : device_(device),
        scale_{0.1, 0.4, 0.4 / (device.g_max_S - device.g_min_S), 2},
        targets_S_(kSampled, target_S) {}

  double mid_S() const { return targets_S_.front(); }

  std::vector<double> conductances_S(double age_s) const {
    std::vector<double> G_S(kSampled);
    device_.program(block_, targets_S_, G_S);
    if (age_s > 0) device_.drift(block_, age_s, targets_S_, G_S);
    return G_S;
  }

  std::vector<double> read_sigma_S(double age_s) const {
    std::vector<double> sigma_S(kSampled);
    if (device_.reads_noisily()) device_.read_sigma(block_, age_s, targets_S_, targets_S_, sigma_S);
    return sigma_S;
  }

 private:
  const DeviceModel& device_;
  const LayerScale scale_;
  const CellLayout layout_{kSampled, 1, 0, 0};
  const DeviceBlock block_{noise_key(1, 0), 0, 0, 0, &scale_, &layout_};
  const std::vector<double> targets_S_;
};

/// Whether anything of a device ever differs from what it was right after programming.
bool ages(const DeviceModel& device) {
  const Sample sample(device);
  const double late_s = std::max(device.time_s, kLate_s);
  return sample.conductances_S(late_s) != sample.conductances_S(0) ||
         sample.read_sigma_S(late_s) != sample.read_sigma_S(0);
}

/// Mean deviation of devices written to mid-range, as a weight over the largest.
double shift_of_mid_range(const DeviceModel& device) {
  const Sample sample(device);
  const std::vector<double> G_S = sample.conductances_S(device.time_s);
  const double mean_S = std::accumulate(G_S.begin(), G_S.end(), 0.0) / kSampled;
  return 2 * (mean_S - sample.mid_S()) / (device.g_max_S - device.g_min_S);
}

/// Share of devices that are the same whatever is asked of them.
double stuck_share(const DeviceModel& device) {
  const std::vector<double> low_S = Sample(device, device.g_min_S).conductances_S(0);
  const std::vector<double> high_S = Sample(device, device.g_max_S).conductances_S(0);
  int stuck = 0;
  for (std::size_t i = 0; i < kSampled; ++i) stuck += low_S[i] == high_S[i];
  return static_cast<double>(stuck) / kSampled;
}

bool has_ideal_reference(const MappingSettings& m) {
  const bool is_offset = m.encoding == Encoding::offset ||
                         (m.encoding == Encoding::bit_sliced && m.slices == Encoding::offset);
  return is_offset && m.reference == Reference::ideal;
}

struct Used {
  double g_min_S, g_max_S, time_s;
};

class Remarks {
 public:
  explicit Remarks(const std::vector<const Experiment*>& experiments) : experiments_(experiments) {}

  std::vector<std::string> all() {
    for (const Experiment* e : experiments_) look_at(*e);
    about_measurements();
    about_references();
    about_ages();
    about_faults();
    about_numbers();
    about_arrays();
    about_few_images();
    about_batch_norm();
    about_permissions();
    return std::move(texts_);
  }

 private:
  void say(std::string text) { texts_.push_back(std::move(text)); }

  void look_at(const Experiment& e) {
    look_at_device(e, e.device_model, *e.device);
    for (const auto& [layer, own] : e.layer_devices) {
      const Value* model = own.keys.at("model");
      const auto* name = model ? std::get_if<std::string>(&model->data) : nullptr;
      look_at_device(e, name ? *name : e.device_model, *own.model);
    }
    most_draws_ = std::max(most_draws_,
                           e.evaluation.stop ? e.evaluation.stop->max_draws : e.evaluation.draws);
    if (e.evaluation.stop && e.evaluation.choice().metric().counts)
      widest_stop_ = std::max(widest_stop_, e.evaluation.stop->half_width);
    const TileShape& tile = e.mapping.tile;
    if (tile.rows > 0 && std::int64_t{tile.rows} * tile.columns < kSmallTile)
      small_tile_ = fmt::format("[{}, {}]", tile.rows, tile.columns);
    if (std::max(tile.rows, tile.columns) > kLargeTile)
      large_tile_ = fmt::format("[{}, {}]", tile.rows, tile.columns);
    look_at_periphery(e);
    measures_norms_ |= e.evaluation.batch_norm_statistics == BatchNormStatistics::measured;
    if (e.evaluation.batch_norm_images) {
      shows_images_ = true;
      fewest_norm_images_ =
          std::min(fewest_norm_images_, std::int64_t{*e.evaluation.batch_norm_images});
    }
    permitted_.insert(e.allow.begin(), e.allow.end());
  }

  void look_at_periphery(const Experiment& e) {
    const Periphery& p = e.periphery;
    exact_outputs_ |= p.dac && !p.adc;
    if (p.needs_ranges())
      fewest_calibrating_ = std::min(fewest_calibrating_, e.evaluation.calibration_images);
    if (!p.wires) return;
    look_at_wire("row_ohm", p.wires->row_ohm);
    look_at_wire("column_ohm", p.wires->column_ohm);
  }

  void look_at_wire(const char* key, double ohm) {
    if (ohm == 0 || (ohm >= kThinWire_ohm && ohm <= kThickWire_ohm)) return;
    odd_wires_.insert(fmt::format("periphery.wires.{} = {:g}", key, ohm));
  }

  /// What was seen of equal devices before is not sampled again.
  void look_at_device(const Experiment& e, const std::string& model, const DeviceModel& device) {
    const bool is_offset = has_ideal_reference(e.mapping);
    const std::string text = fmt::format("{} {}", is_offset, write_device(model, device).text());
    if (!seen_.insert(text).second) return;
    largest_eta_ = std::max(largest_eta_, device.form_factor());
    const Value written = write_device(model, device);
    const Value* parts = model == "stack" ? written.at("models") : nullptr;
    has_empty_stack_ |= parts && parts->array().empty();
    look_at_range(model, device);
    if (const double share = stuck_share(device); share > most_stuck_) {
      most_stuck_ = share;
      stuck_model_ = model;
    }
    latest_s_ = std::max(latest_s_, device.time_s);
    if (device.time_s <= 0) return;
    if (device.measured().until_s > 0 && !ages(device)) ageless_.insert(model);
    const double shift = is_offset ? shift_of_mid_range(device) : 0;
    if (std::abs(shift) <= std::max(std::abs(shift_), kShift)) return;
    shift_ = shift;
    shift_age_s_ = device.time_s;
  }

  void look_at_range(const std::string& model, const DeviceModel& device) {
    const MeasuredRange range = device.measured();
    const auto [entry, is_new] =
        used_.insert({model, {range, {device.g_min_S, device.g_max_S, device.time_s}}});
    if (is_new) return;
    Used& used = entry->second.second;
    used.g_min_S = std::min(used.g_min_S, device.g_min_S);
    used.g_max_S = std::max(used.g_max_S, device.g_max_S);
    used.time_s = std::max(used.time_s, device.time_s);
  }

  void about_measurements() {
    constexpr double kRounding = 1e-9;
    for (const auto& [model, entry] : used_) {
      const auto& [range, used] = entry;
      if (range.g_min_S > range.g_max_S) {
        say(
            fmt::format("The models of {} were measured for targets that have none in common; here "
                        "they reach from {:g} to {:g} uS, where some numbers are extrapolated.",
                        model, used.g_min_S / kMicro, used.g_max_S / kMicro));
        continue;
      }
      const bool below = used.g_min_S < range.g_min_S * (1 - kRounding);
      const bool above = used.g_max_S > range.g_max_S * (1 + kRounding);
      if (below || above)
        say(
            fmt::format("{} was measured for targets of {:g} to {:g} uS; here they reach from {:g} "
                        "to {:g} uS, where its numbers are extrapolated.",
                        model, range.g_min_S / kMicro, range.g_max_S / kMicro,
                        used.g_min_S / kMicro, used.g_max_S / kMicro));
      if (used.time_s <= range.until_s) continue;
      const std::string& whose = range.model.empty() ? model : range.model;
      if (range.until_s > 0)
        say(
            fmt::format("{} was measured up to {} after programming; here devices are read at up "
                        "to {}, which is extrapolated.",
                        whose, age_text(range.until_s), age_text(used.time_s)));
      else
        say(
            fmt::format("{} was not measured over time; what it says of {} is what it says right "
                        "after programming.",
                        whose, age_text(used.time_s)));
    }
  }

  void about_references() {
    if (shift_ == 0) return;
    say(fmt::format(
        "Offset cells are measured against exactly mid-range (mapping.reference = \"ideal\"), and "
        "at {} devices written to mid-range are off by {:.0f} % of the largest weight: so is every "
        "weight, and outputs are off by up to hundreds of times their size. mapping.reference = "
        "\"physical\" ages with the cells; differential cells need none.",
        age_text(shift_age_s_), 100 * shift_));
  }

  void about_ages() {
    if (!ageless_.empty())
      say(fmt::format("Devices of {} do not age: device.time_s changes nothing for them.",
                      sorted_list(ageless_)));
    if (latest_s_ > 0 && latest_s_ < kYoung_s)
      say(fmt::format(
          "The oldest devices are read {:g} s after programming (device.time_s is in seconds): an "
          "hour is 3600, a day 86400, a year 3.156e7.",
          latest_s_));
  }

  void about_faults() {
    if (most_stuck_ < kManyStuck) return;
    say(
        fmt::format("About {:.0f} % of the devices of {} do not follow what is written to them; "
                    "arrays that are measured have less than 1 to some 10 %. Rates are fractions, "
                    "and 1 % is 0.01.",
                    100 * most_stuck_, stuck_model_));
  }

  void about_numbers() {
    if (has_empty_stack_)
      say("device.model = \"stack\" has no [[device.models]]: its devices are perfect.");
    if (largest_eta_ > kLargeEta)
      say(
          fmt::format("device.eta = {:g} is noise of {:g} % of its reference; eta is a fraction, "
                      "and 5 % is 0.05.",
                      largest_eta_, 100 * largest_eta_));
    if (most_draws_ >= kManyDraws)
      say(
          fmt::format("Up to {:.3g} draws are asked for a point: each programs the whole chip and "
                      "computes the test images; hundreds are many (evaluation.stop ends when the "
                      "interval is narrow enough).",
                      static_cast<double>(most_draws_)));
    if (widest_stop_ > kWideStop)
      say(
          fmt::format("evaluation.stop.half_width = {:g} stops at ± {:g} points of accuracy; it is "
                      "a fraction, and 0.2 points are 0.002.",
                      widest_stop_, 100 * widest_stop_));
    if (!small_tile_.empty())
      say(
          fmt::format("mapping.tile = {} makes arrays of a few cells: nearly every sum is digital, "
                      "and there are about as many conversions as products.",
                      small_tile_));
  }

  void about_arrays() {
    if (!large_tile_.empty())
      say(fmt::format(
          "mapping.tile = {} makes arrays larger than any that are built (sides of 1024 "
          "are large): there is less to convert and to add than on a chip.",
          large_tile_));
    for (const std::string& wire : odd_wires_)
      say(wire +
          " ohm from cell to cell: wires of arrays have about 0.1 to 10 ohm there; the number is "
          "of "
          "one cell's length, in ohm.");
    if (exact_outputs_)
      say("There is a DAC and no ADC: what comes out of arrays is not converted, and costs no "
          "accuracy (periphery.adc).");
  }

  void about_few_images() {
    const auto tell = [&](const char* key, const char* what, std::int64_t images) {
      if (images < kFewImages)
        say(fmt::format("{} = {}: {} of so few images are those of these images.", key, images,
                        what));
    };
    tell("evaluation.calibration_images", "ranges of converters", fewest_calibrating_);
    tell("evaluation.batch_norm_images", "statistics of BatchNorm", fewest_norm_images_);
  }

  void about_batch_norm() {
    if (measures_norms_ && !shows_images_)
      say("evaluation.batch_norm_statistics = \"measured\" changes nothing without "
          "evaluation.batch_norm_images, the number of images to measure.");
  }

  void about_permissions() {
    if (permitted_.empty()) return;
    say(fmt::format("The file allows what is unusual or beyond measurements for {}.",
                    sorted_list(permitted_)));
  }

  const std::vector<const Experiment*>& experiments_;
  std::vector<std::string> texts_;
  std::set<std::string> seen_, ageless_, permitted_;
  std::map<std::string, std::pair<MeasuredRange, Used>> used_;
  std::int64_t most_draws_ = 0;
  double widest_stop_ = 0, largest_eta_ = 0, shift_ = 0, shift_age_s_ = 0, latest_s_ = 0,
         most_stuck_ = 0;
  std::string small_tile_, large_tile_, stuck_model_;
  std::set<std::string> odd_wires_;
  std::int64_t fewest_calibrating_ = kFewImages, fewest_norm_images_ = kFewImages;
  bool exact_outputs_ = false, has_empty_stack_ = false;
  bool measures_norms_ = false, shows_images_ = false;
};

}  // namespace

std::vector<std::string> remarks_on(const std::vector<const Experiment*>& experiments) {
  return Remarks(experiments).all();
}

std::vector<std::string> remarks_on(const std::vector<Point>& points) {
  std::vector<const Experiment*> experiments;
  for (const Point& point : points) experiments.push_back(&point.experiment);
  return remarks_on(experiments);
}

}  // namespace ohmic
