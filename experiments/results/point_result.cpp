#include "experiments/results/point_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "experiments/results/files.hpp"
#include "experiments/results/point_check.hpp"
#include "experiments/results/recorded.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Json = RecordedJson;

/// Most of what one file can count: test images, filters of a layer, conversions.
constexpr std::int64_t kMostImages = 100'000'000, kMostFilters = 1'000'000'000,
                       kMostConversions = std::int64_t{1} << 60;

Json to_json(const DrawResult& draw) {
  return {{"correct", draw.correct},
          {"dac", {draw.tally.dac_samples, draw.tally.dac_clipped}},
          {"adc", {draw.tally.adc_samples, draw.tally.adc_clipped}}};
}

/// Samples and how many of them were clipped.
void read_pair(const Json& json, const char* key, std::uint64_t& samples, std::uint64_t& clipped,
               const std::string& place) {
  const Json& pair = list_of(json, key, place);
  if (pair.size() != 2) say_damaged(place, fmt::format("{} has not two numbers", key));
  const std::int64_t all = whole_of(pair[0], key, 0, kMostConversions, place);
  samples = static_cast<std::uint64_t>(all);
  clipped = static_cast<std::uint64_t>(whole_of(pair[1], key, 0, all, place));
}

DrawResult draw_from(const Json& json, const std::string& place) {
  DrawResult draw;
  for (const Json& count : list_of(json, "correct", place))
    draw.correct.push_back(whole_of(count, "correct", 0, kMostImages, place));
  read_pair(json, "dac", draw.tally.dac_samples, draw.tally.dac_clipped, place);
  read_pair(json, "adc", draw.tally.adc_samples, draw.tally.adc_clipped, place);
  return draw;
}

/// Every number of a LayerResult with its name.
template <class Layer, class Visit>
void visit_numbers(Layer& l, const Visit& visit) {
  visit("eta", l.eta);
  visit("snr", l.snr);
  visit("snr_dB", l.snr_dB);
  visit("sigma_G_uS", l.sigma_G_uS);
  visit("sigma_G_percent", l.sigma_G_percent);
  visit("bits", l.bits);
  visit("sigma_w", l.sigma_w);
  visit("w_max", l.w_max);
  visit("measured_eta", l.measured_eta);
  visit("measured_bias", l.measured_bias);
  visit("signed_bias", l.signed_bias);
}

/// Numbers that points of earlier versions do not have.
template <class Layer, class Visit>
void visit_later_numbers(Layer& l, const Visit& visit) {
  visit("smallest_variance", l.smallest_variance);
  visit("largest_gain", l.largest_gain);
  visit("median_gain", l.median_gain);
  visit("unused_adc_bits", l.unused_adc_bits);
}

double number_from(const Json& json, const char* key, const std::string& place) {
  if (json.is_null()) return Estimate::kNone;
  if (!json.is_number()) say_damaged(place, fmt::format("{} is no number", key));
  return json.get<double>();
}

/// JSON has no NaN and no infinity: they are null, and read back as NaN.
Json to_json(const LayerResult& layer) {
  Json json{{"layer", layer.layer}};
  const auto put = [&](const char* key, double value) { json[key] = value; };
  visit_numbers(layer, put);
  json["batch_norm"] = layer.batch_norm;
  json["filters"] = layer.filters;
  json["dead_filters"] = layer.dead_filters;
  visit_later_numbers(layer, put);
  return json;
}

LayerResult layer_from(const Json& json, const std::string& place) {
  LayerResult layer;
  layer.layer = text_of(json, "layer", place);
  visit_numbers(layer, [&](const char* key, double& value) {
    value = number_from(member(json, key, place), key, place);
  });
  visit_later_numbers(layer, [&](const char* key, double& value) {
    if (json.contains(key)) value = number_from(json[key], key, place);
  });
  layer.batch_norm = text_of(json, "batch_norm", place);
  layer.filters = static_cast<int>(whole_number(json, "filters", 0, kMostFilters, place));
  layer.dead_filters = static_cast<int>(whole_number(json, "dead_filters", 0, kMostFilters, place));
  return layer;
}

template <class T>
Json to_array(const std::vector<T>& items) {
  Json array = Json::array();
  for (const T& item : items) array.push_back(to_json(item));
  return array;
}

Json to_json(const PointResult& point) {
  return {{"identity", point.identity},
          {"images", point.images},
          {"batch", point.batch},
          {"baseline_correct", point.baseline_correct},
          {"noise_free_correct", point.noise_free_correct},
          {"draws", to_array(point.draws)},
          {"layers", to_array(point.layers)},
          {"warnings", point.warnings}};
}

std::int64_t strata(const PointResult& point) {
  return point.batch == 0 ? 1 : (point.images + point.batch - 1) / point.batch;
}

PointResult point_from(const Json& json, const std::string& place) {
  PointResult point;
  point.identity = text_of(json, "identity", place);
  point.images = whole_number(json, "images", 0, kMostImages, place);
  point.batch = whole_number(json, "batch", 0, kMostImages, place);
  point.baseline_correct = whole_number(json, "baseline_correct", 0, point.images, place);
  point.noise_free_correct = whole_number(json, "noise_free_correct", 0, point.images, place);
  for (const Json& draw : list_of(json, "draws", place)) {
    point.draws.push_back(draw_from(draw, place));
    check_draw(point.draws.back(), point, place);
  }
  for (const Json& layer : list_of(json, "layers", place))
    point.layers.push_back(layer_from(layer, place));
  if (json.contains("warnings"))  // points of earlier versions have none
    for (const Json& warning : list_of(json, "warnings", place)) {
      if (!warning.is_string()) say_damaged(place, "warnings holds something else than text");
      point.warnings.push_back(warning.get<std::string>());
    }
  return point;
}

/// Share of the images that fall in each stratum.
std::vector<double> stratum_sizes(const PointResult& point) {
  if (point.batch == 0) return {static_cast<double>(point.images)};
  std::vector<double> sizes;
  for (std::int64_t first = 0; first < point.images; first += point.batch)
    sizes.push_back(static_cast<double>(std::min(point.batch, point.images - first)));
  return sizes;
}

std::string line_of(const std::filesystem::path& log, std::size_t draw) {
  return fmt::format("{}:{}", log.string(), draw + 1);
}

/// Says beside what is wrong with a file how the point is measured again.
template <class Read>
auto with_advice(const std::filesystem::path& path, const Read& read) {
  try {
    return read();
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}; move {} away to measure the point again", error.what(),
                                path.filename().string()));
  }
}

struct DrawLog {
  std::vector<DrawResult> draws;
  std::string text;
  std::size_t good = 0;  ///< bytes that hold whole lines
};

/// Lines of draws 0, 1, ...; the last one may have been cut off by the death of its process.
DrawLog read_log(const std::filesystem::path& path) {
  DrawLog log;
  if (!std::filesystem::exists(path)) return log;
  log.text = read_whole(path);
  for (std::size_t end; (end = log.text.find('\n', log.good)) != std::string::npos;
       log.good = end + 1) {
    const auto draw = static_cast<std::int64_t>(log.draws.size());
    const std::string place = line_of(path, log.draws.size());
    const Json line =
        parse_recorded(std::string_view(log.text).substr(log.good, end - log.good), place);
    whole_number(line, "draw", draw, draw, place);
    log.draws.push_back(draw_from(line, place));
  }
  return log;
}

double fraction(std::int64_t correct, std::int64_t images) {
  return images == 0 ? Estimate::kNone : static_cast<double>(correct) / static_cast<double>(images);
}

std::int64_t all_correct(const std::vector<DrawResult>& draws) {
  std::int64_t sum = 0;
  for (const DrawResult& draw : draws)
    sum = std::accumulate(draw.correct.begin(), draw.correct.end(), sum);
  return sum;
}

}  // namespace

void check_draw(const DrawResult& draw, const PointResult& point, const std::string& place) {
  const auto counts = static_cast<std::int64_t>(draw.correct.size());
  if (counts != strata(point))
    say_damaged(
        place, fmt::format("{} counts of right answers; {} images {} have {}", counts, point.images,
                           point.batch == 0 ? "seen by one draw"
                                            : fmt::format("in batches of {}", point.batch),
                           strata(point)));
  for (std::int64_t i = 0; i < counts; ++i) {
    const std::int64_t seen =
        point.batch == 0 ? point.images : std::min(point.batch, point.images - i * point.batch);
    const std::int64_t correct = draw.correct[static_cast<std::size_t>(i)];
    if (correct > seen)
      say_damaged(place, fmt::format("{} right answers to {} images", correct, seen));
  }
}

void check_logged(const PointResult& point, const std::filesystem::path& points) {
  const std::filesystem::path log = points / (point.identity + ".draws");
  with_advice(log, [&] {
    for (std::size_t d = 0; d < point.draws.size(); ++d)
      check_draw(point.draws[d], point, line_of(log, d));
  });
}

double PointResult::baseline() const { return fraction(baseline_correct, images); }

double PointResult::accuracy() const {
  return fraction(all_correct(draws), images * static_cast<std::int64_t>(draws.size()));
}

double PointResult::normalized() const {
  return fraction(all_correct(draws), baseline_correct * static_cast<std::int64_t>(draws.size()));
}

double PointResult::noise_free() const { return fraction(noise_free_correct, images); }

Replicates PointResult::replicates() const {
  const std::vector<double> sizes = stratum_sizes(*this);
  Replicates replicates;
  replicates.quantum = 1 / static_cast<double>(images);
  for (const double size : sizes) replicates.weights.push_back(size / static_cast<double>(images));
  for (const DrawResult& draw : draws) {
    std::vector<double> row;
    for (std::size_t j = 0; j < sizes.size(); ++j)
      row.push_back(static_cast<double>(draw.correct.at(j)) / sizes[j]);
    replicates.values.push_back(std::move(row));
  }
  return replicates;
}

Tally PointResult::tally() const {
  Tally total;
  for (const DrawResult& draw : draws) total += draw.tally;
  return total;
}

int PointResult::dead_filters() const {
  return std::accumulate(layers.begin(), layers.end(), 0, [](int sum, const LayerResult& layer) {
    return sum + layer.dead_filters;
  });
}

std::filesystem::path PointStore::file(const std::string& identity, const char* extension) const {
  return folder_ / (identity + extension);
}

std::optional<PointResult> PointStore::find(const std::string& identity) const {
  const auto path = file(identity, ".json");
  if (!std::filesystem::exists(path)) return std::nullopt;
  return with_advice(path, [&] {
    PointResult point = point_from(parse_recorded(read_whole(path), path.string()), path.string());
    if (point.identity != identity)
      say_damaged(path.string(), fmt::format("it holds the point {}", point.identity));
    return std::optional(std::move(point));
  });
}

std::vector<DrawResult> PointStore::logged_draws(const std::string& identity) const {
  const auto path = file(identity, ".draws");
  DrawLog log = with_advice(path, [&] { return read_log(path); });
  if (std::optional<PointResult> point = find(identity)) {  // budgets know its images beforehand
    point->draws = log.draws;
    check_logged(*point, folder_);
  }
  if (log.good < log.text.size())
    write_atomically(path, std::string_view(log.text).substr(0, log.good));
  return std::move(log.draws);
}

std::int64_t PointStore::count_logged(const std::string& identity) const {
  const auto path = file(identity, ".draws");
  const DrawLog log = with_advice(path, [&] { return read_log(path); });
  return static_cast<std::int64_t>(log.draws.size());
}

void PointStore::log_draw(const std::string& identity, std::int64_t draw,
                          const DrawResult& result) const {
  Json line{{"draw", draw}};
  line.update(to_json(result));
  append_line(file(identity, ".draws"), line.dump());
}

void PointStore::publish(const PointResult& point) const {
  write_atomically(file(point.identity, ".json"), to_json(point).dump(1) + "\n");
  std::error_code ignored;
  std::filesystem::remove(file(point.identity, ".draws"), ignored);
}

}  // namespace ohmic
