#include "experiments/study/remarks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "experiments/study/device_files.hpp"
#include "experiments/study/exactness.hpp"
#include "experiments/study/idle_keys.hpp"
#include "experiments/study/measured_age.hpp"
#include "experiments/study/sampled_devices.hpp"
#include "experiments/study/training_images.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kManyDraws = 100'000;
constexpr std::int64_t kSmallTile = 64;  // cells
constexpr int kLargeTile = 4096;         // cells of a side
constexpr std::int64_t kFewImages = 16;
constexpr double kThinWire_ohm = 0.01, kThickWire_ohm = 100;  // per cell
constexpr double kWideStop = 0.05, kShift = 0.01, kLargeEta = 1.0;
constexpr double kMicro = 1e-6, kNano = 1e-9;
// RRAM and PCM have 1 to some 100 uS; flash cells below threshold and ECRAM end at a few nS.
constexpr double kLowConductance_S = 100e-9;
constexpr double kLowPart = 0.05;  // of the range that a model was measured in
constexpr double kYoung_s = 60;
constexpr double kLeft = 0.05;  // of a range, between its ends
// Stuck at g_min or g_max were 1.75 and 9.04 % of a measured array (Chen et al., IEEE Trans.
// Comput. 64(1), 2015).
constexpr double kManyStuck = 0.2;

std::string sorted_list(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool has_ideal_reference(const MappingSettings& m) {
  const bool is_offset = m.encoding == Encoding::offset ||
                         (m.encoding == Encoding::bit_sliced && m.slices == Encoding::offset);
  return is_offset && m.reference == Reference::ideal;
}

struct Used {
  double g_min_S, g_max_S, time_s;
  double least_g_max_S;
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
    about_norms();
    about_training();
    about_permissions();
    return std::move(texts_);
  }

 private:
  void say(std::string text) { texts_.push_back(std::move(text)); }

  void look_at(const Experiment& e) {
    look_at_device(e, e.device_model, *e.device);
    for (const auto& [layer, own] : e.layer_devices) look_at_device(e, own.model_name, *own.model);
    look_at_draws(e);
    if (e.evaluation.stop && e.evaluation.choice().metric().counts)
      widest_stop_ = std::max(widest_stop_, e.evaluation.stop->half_width);
    const TileShape& tile = e.mapping.tile;
    if (tile.rows > 0 && std::int64_t{tile.rows} * tile.columns < kSmallTile)
      small_tile_ = fmt::format("[{}, {}]", tile.rows, tile.columns);
    if (std::max(tile.rows, tile.columns) > kLargeTile)
      large_tile_ = fmt::format("[{}, {}]", tile.rows, tile.columns);
    if (e.mapping.writes > 1 && e.mapping.write_tolerance == 0)
      vain_writes_ = std::max(vain_writes_, e.mapping.writes);
    look_at_periphery(e);
    if (e.evaluation.batch_norm_images)
      fewest_norm_images_ =
          std::min(fewest_norm_images_, std::int64_t{*e.evaluation.batch_norm_images});
    keeps_best_ |= e.is_trained() && e.train.keep == "best";
    if (const TrainSettings& t = e.train; e.trains() && t.schedule == "steps")
      for (const double step : t.schedule_epochs)
        if (step >= static_cast<double>(t.epochs))
          late_steps_.insert(fmt::format("{:g} (train.epochs = {})", step, t.epochs));
    moves_fitted_norms_ |= e.evaluation.batch_norm_images && e.trains() && e.train.hardware &&
                           e.train.hardware->acts();
    permitted_.insert(e.allow.begin(), e.allow.end());
    if (!e.is_trained())
      if (std::string file = file_of_both_sets(e); !file.empty()) tested_.insert(std::move(file));
  }

  /// A draw that gives every batch a chip of its own is many.
  void look_at_draws(const Experiment& e) {
    const std::int64_t draws =
        e.evaluation.stop ? e.evaluation.stop->max_draws : e.evaluation.draws;
    most_draws_ = std::max(most_draws_, draws);
    most_chips_ = std::max(most_chips_, e.evaluation.estimator == Estimator::per_batch ? 2 : draws);
    const NetworkPeriphery& p = e.periphery;
    random_ =
        random_ || p.output_noise || std::ranges::any_of(p.kinds(), [](const Periphery& kind) {
          const std::optional<Adc>& adc = kind.adc;
          return adc &&
                 (adc->has_frozen_errors() || adc->enob || adc->rounding == Rounding::stochastic);
        });
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
    least_g_max_S_ = std::min(least_g_max_S_, device.g_max_S);
    differ_ = differ_ || differs_between_chips(device);
    deviate_ = deviate_ || (!differ_ && !holds_within(device, 0));
    const Value written = write_device(model, device);
    look_at_heat(written);
    const Value* parts = model == "stack" ? written.at("models") : nullptr;
    has_empty_stack_ |= parts && parts->array().empty();
    look_at_range(model, device);
    const HeldAtEnds held = held_at_ends(device);
    if (held.high_S < held.low_S)
      falling_.insert(fmt::format(
          "Devices of {} hold less where more is asked of them: written to {:g} uS they "
          "hold {:.3g} uS on average, to {:g} uS {:.3g} uS. Every weight has the other "
          "sign.",
          model, device.g_min_S / kMicro, held.low_S / kMicro, device.g_max_S / kMicro,
          held.high_S / kMicro));
    else if (held.high_S - held.low_S < kLeft * (device.g_max_S - device.g_min_S) &&
             stuck_share(device) < kManyStuck)
      falling_.insert(fmt::format(
          "Devices of {} have lost what was written: at {} those written to {:g} uS hold {:.3g} uS "
          "on average, those written to {:g} uS {:.3g} uS.",
          model, age_text(device.time_s), device.g_min_S / kMicro, held.low_S / kMicro,
          device.g_max_S / kMicro, held.high_S / kMicro));
    const bool drowns = device.form_factor() > kLargeEta;  // devices end at a limit; said anyway
    if (const double share = drowns ? 0 : stuck_share(device); share > most_stuck_) {
      most_stuck_ = share;
      stuck_model_ = model;
      stuck_by_rates_ = has_rates(written);
    }
    latest_s_ = std::max(latest_s_, device.time_s);
    if (device.time_s <= 0) return;
    if (device.measured().until_s > 0 && !ages(device))
      ageless_.insert(model);
    else
      look_at_age(model, device);
    const double shift = is_offset ? shift_of_mid_range(device) : 0;
    if (std::abs(shift) <= std::max(std::abs(shift_), kShift)) return;
    shift_ = shift;
    shift_age_s_ = device.time_s;
  }

  /// A temperature that nothing follows.
  void look_at_heat(const Value& written) {
    const auto of = [&](const char* key) {
      const Value* value = written.at(key);
      const auto* number = value ? std::get_if<double>(&value->data) : nullptr;
      return number ? *number : 0.0;
    };
    if (of("temperature_K") == of("reference_K")) return;
    const bool follows = of("activation_eV") != 0 || of("conductance_per_K") != 0;
    (follows ? follows_heat_ : ignores_heat_) = true;
  }

  /// The latest age of a model counts: those before it may be meant for comparison.
  void look_at_age(const std::string& model, const DeviceModel& device) {
    auto& [age_s, aged] = oldest_[model];
    if (device.time_s < age_s) return;
    age_s = device.time_s;
    aged = device.measured().until_s <= 0 || has_aged(device);
  }

  void look_at_range(const std::string& model, const DeviceModel& device) {
    const MeasuredRange range = device.measured();
    const auto [entry, is_new] = used_.insert(
        {model, {range, {device.g_min_S, device.g_max_S, device.time_s, device.g_max_S}}});
    if (is_new) return;
    Used& used = entry->second.second;
    used.g_min_S = std::min(used.g_min_S, device.g_min_S);
    used.g_max_S = std::max(used.g_max_S, device.g_max_S);
    used.time_s = std::max(used.time_s, device.time_s);
    used.least_g_max_S = std::min(used.least_g_max_S, device.g_max_S);
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
      if (used.least_g_max_S < kLowPart * range.g_max_S && std::isfinite(range.g_max_S))
        say(
            fmt::format("{} was measured for targets of {:g} to {:g} uS; here devices are written "
                        "to {:g} uS at most (g_max_S), the lowest {:.2g} % of that.",
                        model, range.g_min_S / kMicro, range.g_max_S / kMicro,
                        used.least_g_max_S / kMicro, 100 * used.least_g_max_S / range.g_max_S));
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
    for (const auto& [model, oldest] : oldest_)
      if (!oldest.second)
        say(
            fmt::format("Devices of {} are at {} as right after programming: what ages them begins "
                        "later, and device.time_s changes nothing yet.",
                        model, age_text(oldest.first)));
    if (latest_s_ > 0 && latest_s_ < kYoung_s)
      say(fmt::format(
          "The oldest devices are read {:g} s after programming (device.time_s is in seconds): an "
          "hour is 3600, a day 86400, a year 3.156e7.",
          latest_s_));
  }

  void about_faults() {
    for (const std::string& falling : falling_) say(falling);
    if (most_stuck_ < kManyStuck) return;
    say(
        fmt::format("About {:.0f} % of the devices of {} do not follow what is written to them; "
                    "arrays that are measured have less than 1 to some 10 %.{}",
                    100 * most_stuck_, stuck_model_,
                    stuck_by_rates_ ? " Rates are fractions, and 1 % is 0.01." : ""));
  }

  void about_numbers() {
    if (most_chips_ == 1 && differ_)
      say("evaluation.draws = 1: one chip has no interval, and the next one may have another "
          "number; "
          "20 draws show how far they lie apart.");
    if (most_draws_ > 1 && deviate_ && !differ_ && !random_)
      say("Nothing here differs from one chip to the next: devices of one target are all alike "
          "(std "
          "0), so that draws are the same number again, and intervals over them say nothing.");
    if (ignores_heat_ && !follows_heat_)
      say("device.temperature_K changes nothing while device.activation_eV and "
          "device.conductance_per_K are 0.");
    if (has_empty_stack_)
      say("device.model = \"stack\" has no [[device.models]]: its devices are perfect.");
    if (largest_eta_ > kLargeEta)
      say(
          fmt::format("device.eta = {:g} is noise of {:g} % of its reference; eta is a fraction, "
                      "and 5 % is 0.05.",
                      largest_eta_, 100 * largest_eta_));
    if (least_g_max_S_ < kLowConductance_S)
      say(fmt::format(
          "device.g_max_S = {:g} is {:g} nS: resistive and phase-change memories have 1 "
          "to some 100 uS (25 uS is 25e-6), and only flash cells and ECRAM so little. "
          "Wires, currents and energy depend on it.",
          least_g_max_S_, least_g_max_S_ / kNano));
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
    if (vain_writes_ > 0)
      say(
          fmt::format("mapping.write_tolerance = 0: devices with errors are never close enough, so "
                      "that verifying writes them {} times and leaves them as one write would.",
                      vain_writes_));
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

  void about_norms() {
    if (moves_fitted_norms_)
      say("evaluation.batch_norm_images moves BatchNorms by what differs between the chip and the "
          "digital network, and a network trained through a chip ([train.hardware]) has BatchNorms "
          "that fit it already: moved once more they may fit no longer.");
  }

  void about_training() {
    if (!late_steps_.empty())
      say(fmt::format("train.schedule_epochs: a step after epoch {} never comes.",
                      sorted_list(late_steps_)));
    if (keeps_best_)
      say("train.keep = \"best\" keeps the epoch that answers the test images best, and the same "
          "images are measured: baselines are a little better than those of other images.");
    if (tested_.empty()) return;
    say(
        fmt::format("data.test and data.train name the same samples ({}): if the network was "
                    "trained on them, right answers to them promise nothing for others.",
                    sorted_list(tested_)));
  }

  void about_permissions() {
    if (permitted_.empty()) return;
    say(fmt::format("The file allows what is unusual or beyond measurements for {}.",
                    sorted_list(permitted_)));
  }

  const std::vector<const Experiment*>& experiments_;
  std::vector<std::string> texts_;
  std::set<std::string> seen_, ageless_, permitted_, tested_, falling_, late_steps_;
  std::map<std::string, std::pair<double, bool>> oldest_;  ///< age, and whether it shows
  std::map<std::string, std::pair<MeasuredRange, Used>> used_;
  std::int64_t most_draws_ = 0;
  bool keeps_best_ = false, moves_fitted_norms_ = false, follows_heat_ = false,
       ignores_heat_ = false;
  bool differ_ = false;   ///< devices, from one chip to the next
  bool deviate_ = false;  ///< from what is written
  bool random_ = false;   ///< what is behind them
  std::int64_t most_chips_ = 0;
  bool stuck_by_rates_ = false;
  int vain_writes_ = 0;
  double widest_stop_ = 0, largest_eta_ = 0, shift_ = 0, shift_age_s_ = 0, latest_s_ = 0,
         most_stuck_ = 0, least_g_max_S_ = kLowConductance_S;
  std::string small_tile_, large_tile_, stuck_model_;
  std::set<std::string> odd_wires_;
  std::int64_t fewest_calibrating_ = kFewImages, fewest_norm_images_ = kFewImages;
  bool exact_outputs_ = false, has_empty_stack_ = false;
};

}  // namespace

std::vector<std::string> remarks_on(const std::vector<const Experiment*>& experiments,
                                    const std::vector<const Experiment*>& study) {
  std::vector<std::string> all = Remarks(experiments).all();
  if (std::string exact = exact_chips_remark(experiments); !exact.empty())
    all.insert(all.begin(), std::move(exact));
  else if (std::string idle = idle_entries_remark(experiments); !idle.empty())
    all.push_back(std::move(idle));
  if (std::string outputs = other_outputs_remark(experiments); !outputs.empty())
    all.push_back(std::move(outputs));
  for (std::string& digital : digital_matrices_remarks(experiments))
    all.push_back(std::move(digital));
  for (std::string& batch : batch_remarks(experiments)) all.push_back(std::move(batch));
  for (std::string& rounded : rounded_inputs_remarks(experiments))
    all.push_back(std::move(rounded));
  if (!experiments.empty() && !study.empty())
    if (std::string idle = idle_keys_remark(study); !idle.empty()) all.push_back(std::move(idle));
  return all;
}

std::vector<std::string> remarks_on(const std::vector<const Experiment*>& study) {
  return remarks_on(study, study);
}

std::vector<const Experiment*> experiments_of(const std::vector<Point>& points) {
  std::vector<const Experiment*> experiments;
  for (const Point& point : points) experiments.push_back(&point.experiment);
  return experiments;
}

}  // namespace ohmic
