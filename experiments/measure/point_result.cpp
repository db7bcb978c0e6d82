#include "experiments/measure/point_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiments/measure/files.hpp"
#include "experiments/measure/point_check.hpp"
#include "experiments/measure/recorded.hpp"
#include "nn/io/sha256.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Json = RecordedJson;

/// Most of what one file can count: test images, filters of a layer, conversions.
constexpr std::int64_t kMostImages = 100'000'000, kMostFilters = 1'000'000'000,
                       kMostAnswers = std::int64_t{1} << 50,
                       kMostConversions = std::int64_t{1} << 60;

/// Scores under the names of right answers, or of values.
struct CountNames {
  const char *scores, *baseline, *noise_free;
};
constexpr CountNames kCounts{"correct", "baseline_correct", "noise_free_correct"};
constexpr CountNames kValues{"values", "baseline", "noise_free"};

const CountNames& names_of(const Metric& metric) { return metric.counts ? kCounts : kValues; }

/// JSON has no infinity: it is a word.
Json score_json(const Metric& metric, double score) {
  if (metric.counts) return static_cast<std::int64_t>(score);
  if (std::isnan(score)) return Json("nan");  // of either sign
  return std::isfinite(score) ? Json(score) : Json(fmt::format("{}", score));
}

double score_from(const Metric& metric, const Json& json, const char* key, std::int64_t most,
                  const std::string& place) {
  if (metric.counts) return static_cast<double>(whole_of(json, key, 0, most, place));
  for (const auto& [word, value] :
       {std::pair("inf", HUGE_VAL), {"-inf", -HUGE_VAL}, {"nan", Estimate::kNone}})
    if (json == word) return value;
  if (!json.is_number()) say_damaged(place, fmt::format("{} is no number", key));
  return json.get<double>();
}

Json to_json(const Metric& metric, const DrawResult& draw) {
  Json scores = Json::array();
  for (const double score : draw.scores) scores.push_back(score_json(metric, score));
  return {{names_of(metric).scores, scores},
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

/// What kind of metric a draw's scores are of.
const Metric& kind_of(const Json& draw) {
  return metric_named(draw.is_object() && draw.contains(kValues.scores) ? "mse" : "accuracy");
}

DrawResult draw_from(const Json& json, const Metric& metric, const std::string& place) {
  DrawResult draw;
  const char* key = names_of(metric).scores;
  for (const Json& score : list_of(json, key, place))
    draw.scores.push_back(score_from(metric, score, key, kMostImages, place));
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
  visit("products_error_lsb", l.products_error_lsb);
  visit("writes_per_device", l.writes_per_device);
}

double number_from(const Json& json, const char* key, const std::string& place) {
  if (json.is_null()) return Estimate::kNone;
  for (const double infinite : {HUGE_VAL, -HUGE_VAL})
    if (json == fmt::format("{}", infinite)) return infinite;
  if (!json.is_number()) say_damaged(place, fmt::format("{} is no number", key));
  return json.get<double>();
}

/// JSON has no NaN, which is null, and no infinity, which is a text.
Json to_json(const LayerResult& layer) {
  Json json{{"layer", layer.layer}};
  const auto put = [&](const char* key, double value) {
    json[key] = std::isinf(value) ? Json(fmt::format("{}", value)) : Json(value);
  };
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
  const Metric& metric = *point.metric;
  Json json{{"identity", point.identity}, {"images", point.images}, {"batch", point.batch}};
  if (metric.name != "accuracy") json["metric"] = metric.name;
  if (!point.answers.empty()) json["answers"] = point.answers;
  json[names_of(metric).baseline] = score_json(metric, point.baseline_score);
  json[names_of(metric).noise_free] = score_json(metric, point.noise_free_score);
  json["draws"] = Json::array();
  for (const DrawResult& draw : point.draws) json["draws"].push_back(to_json(metric, draw));
  json["layers"] = to_array(point.layers);
  json["warnings"] = point.warnings;
  return json;
}

std::int64_t strata(const PointResult& point) {
  return point.batch == 0 ? 1 : (point.images + point.batch - 1) / point.batch;
}

/// Points of accuracies do not name it.
const Metric& metric_from(const Json& json, const std::string& place) {
  if (!json.is_object() || !json.contains("metric")) return metric_named("accuracy");
  const std::string name = text_of(json, "metric", place);
  const Metric* metric = find_metric(name);
  if (!metric) say_damaged(place, fmt::format("metric \"{}\" is none", name));
  return *metric;
}

/// Answers that count in each stratum.
std::vector<std::int64_t> answers_of(const PointResult& point) {
  if (!point.answers.empty()) return point.answers;
  if (point.batch == 0) return {point.images};
  std::vector<std::int64_t> sizes;
  for (std::int64_t first = 0; first < point.images; first += point.batch)
    sizes.push_back(std::min(point.batch, point.images - first));
  return sizes;
}

void read_answers(const Json& json, PointResult& point, const std::string& place) {
  if (!json.contains("answers")) return;
  for (const Json& count : list_of(json, "answers", place))
    point.answers.push_back(whole_of(count, "answers", 0, kMostAnswers, place));
  if (std::ssize(point.answers) != strata(point))
    say_damaged(place, fmt::format("answers has {} numbers; expected {}", point.answers.size(),
                                   strata(point)));
}

PointResult point_from(const Json& json, const std::string& place) {
  PointResult point;
  point.identity = text_of(json, "identity", place);
  point.images = whole_number(json, "images", 0, kMostImages, place);
  point.batch = whole_number(json, "batch", 0, kMostImages, place);
  const Metric& metric = *(point.metric = &metric_from(json, place));
  read_answers(json, point, place);
  const auto score = [&](const char* key) {
    return score_from(metric, member(json, key, place), key, point.all_answers(), place);
  };
  point.baseline_score = score(names_of(metric).baseline);
  point.noise_free_score = score(names_of(metric).noise_free);
  for (const Json& draw : list_of(json, "draws", place)) {
    point.draws.push_back(draw_from(draw, metric, place));
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

constexpr char kCheck[] = "check";  ///< of a line's other members, and of whose draw it is

std::string check_of(const std::string& identity, const Json& line) {
  return sha256(identity + "\n" + line.dump()).substr(0, 16);
}

/// Takes the check out. Lines of earlier versions have none.
void check_line(Json& line, const std::string& identity, const std::string& place) {
  const auto check = line.is_object() ? line.find(kCheck) : line.end();
  if (check == line.end()) return;
  const Json said = *check;
  line.erase(kCheck);
  if (said != check_of(identity, line))
    say_damaged(place, "its numbers are not those that were written there");
}

/// Lines of draws 0, 1, ...; the last one may have been cut off by the death of its process.
DrawLog read_log(const std::filesystem::path& path) {
  DrawLog log;
  if (!std::filesystem::exists(path)) return log;
  log.text = read_whole(path, kMostOfLog);
  for (std::size_t end; (end = log.text.find('\n', log.good)) != std::string::npos;
       log.good = end + 1) {
    const auto draw = static_cast<std::int64_t>(log.draws.size());
    const std::string place = line_of(path, log.draws.size());
    Json line = parse_recorded(std::string_view(log.text).substr(log.good, end - log.good), place);
    check_line(line, path.stem().string(), place);
    whole_number(line, "draw", draw, draw, place);
    log.draws.push_back(draw_from(line, kind_of(line), place));
  }
  return log;
}

double fraction(double part, double whole) { return whole == 0 ? Estimate::kNone : part / whole; }

/// Scores of one image set: of counts the right answers, else the value.
double all_scores(const std::vector<DrawResult>& draws) {
  double sum = 0;
  for (const DrawResult& draw : draws)
    sum = std::accumulate(draw.scores.begin(), draw.scores.end(), sum);
  return sum;
}

}  // namespace

void check_draw(const DrawResult& draw, const PointResult& point, const std::string& place) {
  const Metric& metric = *point.metric;
  if (std::ssize(draw.scores) != strata(point))
    say_damaged(place,
                fmt::format("{} {}; {} images {} have {}", draw.scores.size(),
                            metric.counts ? "counts of right answers" : "values", point.images,
                            point.batch == 0 ? "seen by one draw"
                                             : fmt::format("in batches of {}", point.batch),
                            strata(point)));
  const std::vector<std::int64_t> answers = answers_of(point);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const double score = draw.scores[i];
    if (metric.counts && (score > static_cast<double>(answers[i]) || score != std::floor(score)))
      say_damaged(place, fmt::format("{} right answers to {} {}", score, answers[i],
                                     point.answers.empty() ? "images" : "positions"));
    if (!metric.counts && (score < metric.least || score > metric.most))
      say_damaged(place, fmt::format("{} is {}; it lies from {} to {}", metric.name, score,
                                     metric.least, metric.most));
  }
}

void check_logged(const PointResult& point, const std::filesystem::path& points) {
  const std::filesystem::path log = points / (point.identity + ".draws");
  with_advice(log, [&] {
    for (std::size_t d = 0; d < point.draws.size(); ++d)
      check_draw(point.draws[d], point, line_of(log, d));
  });
}

std::int64_t PointResult::all_answers() const {
  const std::vector<std::int64_t> each = answers_of(*this);
  return std::accumulate(each.begin(), each.end(), std::int64_t{0});
}

double PointResult::baseline() const {
  return metric->counts ? fraction(baseline_score, double(all_answers())) : baseline_score;
}

double PointResult::value() const {
  if (metric->counts)
    return fraction(all_scores(draws), double(all_answers()) * double(draws.size()));
  return mean_estimate(replicates(), 0.95).mean;
}

double PointResult::normalized() const {
  if (!metric->has_normalized) return Estimate::kNone;
  return fraction(all_scores(draws), baseline_score * double(draws.size()));
}

double PointResult::noise_free() const {
  return metric->counts ? fraction(noise_free_score, double(all_answers())) : noise_free_score;
}

Replicates PointResult::replicates() const {
  const std::vector<std::int64_t> sizes = answers_of(*this);
  const auto all = static_cast<double>(all_answers());
  Replicates replicates;
  if (metric->counts) replicates.quantum = 1 / all;
  for (const std::int64_t size : sizes)
    replicates.weights.push_back(static_cast<double>(size) / all);
  for (const DrawResult& draw : draws) {
    std::vector<double> row;
    for (std::size_t j = 0; j < sizes.size(); ++j) {
      const double divisor = metric->counts ? static_cast<double>(sizes[j]) : 1.0;
      row.push_back(sizes[j] == 0 ? 0.0 : draw.scores.at(j) / divisor);
    }
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
    Json json = parse_recorded(read_whole(path), path.string());
    const bool is_as_written = take_digest(json) != Digest::wrong;
    PointResult point = point_from(json, path.string());
    if (point.identity != identity)
      say_damaged(path.string(), fmt::format("it holds the point {}", point.identity));
    if (!is_as_written) say_damaged(path.string(), "its numbers are not those that were written");
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

void PointStore::log_draw(const std::string& identity, const Metric& metric, std::int64_t draw,
                          const DrawResult& result) const {
  Json line{{"draw", draw}};
  line.update(to_json(metric, result));
  line[kCheck] = check_of(identity, line);
  append_line(file(identity, ".draws"), line.dump());
}

void PointStore::publish(const PointResult& point) const {
  Json json = to_json(point);
  add_digest(json);
  write_atomically(file(point.identity, ".json"), json.dump(1) + "\n");
  std::error_code ignored;
  std::filesystem::remove(file(point.identity, ".draws"), ignored);
}

}  // namespace ohmic
