#include "experiments/results/point_result.hpp"

#include <nlohmann/json.hpp>
#include <numeric>

#include "experiments/results/files.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const DrawResult& draw) {
  return {{"correct", draw.correct},
          {"dac", {draw.tally.dac_samples, draw.tally.dac_clipped}},
          {"adc", {draw.tally.adc_samples, draw.tally.adc_clipped}}};
}

DrawResult draw_from(const Json& json) {
  DrawResult draw;
  draw.correct = json.at("correct").get<std::vector<std::int64_t>>();
  draw.tally.dac_samples = json.at("dac").at(0);
  draw.tally.dac_clipped = json.at("dac").at(1);
  draw.tally.adc_samples = json.at("adc").at(0);
  draw.tally.adc_clipped = json.at("adc").at(1);
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

/// JSON has no NaN and no infinity: they are null, and read back as NaN.
Json to_json(const LayerResult& layer) {
  Json json{{"layer", layer.layer}};
  visit_numbers(layer, [&](const char* key, double value) { json[key] = value; });
  json["batch_norm"] = layer.batch_norm;
  json["filters"] = layer.filters;
  json["dead_filters"] = layer.dead_filters;
  return json;
}

LayerResult layer_from(const Json& json) {
  LayerResult layer;
  layer.layer = json.at("layer");
  visit_numbers(layer, [&](const char* key, double& value) {
    value = json.at(key).is_null() ? Estimate::kNone : json.at(key).get<double>();
  });
  layer.batch_norm = json.at("batch_norm");
  layer.filters = json.at("filters");
  layer.dead_filters = json.at("dead_filters");
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
          {"layers", to_array(point.layers)}};
}

PointResult point_from(const Json& json) {
  PointResult point;
  point.identity = json.at("identity");
  point.images = json.at("images");
  point.batch = json.at("batch");
  point.baseline_correct = json.at("baseline_correct");
  point.noise_free_correct = json.at("noise_free_correct");
  for (const Json& draw : json.at("draws")) point.draws.push_back(draw_from(draw));
  for (const Json& layer : json.at("layers")) point.layers.push_back(layer_from(layer));
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

struct DrawLog {
  std::vector<DrawResult> draws;
  std::string text;
  std::size_t good = 0;  ///< bytes that hold whole lines
};

DrawLog read_log(const std::filesystem::path& path) {
  DrawLog log;
  if (!std::filesystem::exists(path)) return log;
  log.text = read_whole(path);
  for (std::size_t end; (end = log.text.find('\n', log.good)) != std::string::npos;
       log.good = end + 1) {
    const Json line = Json::parse(log.text.substr(log.good, end - log.good), nullptr, false);
    if (!line.is_object() || line.value("draw", -1) != static_cast<int>(log.draws.size())) break;
    log.draws.push_back(draw_from(line));
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
  try {
    return point_from(Json::parse(read_whole(path)));
  } catch (const Json::exception& error) {
    throw OutputError(path.string() + ": damaged (" + error.what() +
                      "); delete it to measure the point again");
  }
}

std::vector<DrawResult> PointStore::logged_draws(const std::string& identity) const {
  const auto path = file(identity, ".draws");
  DrawLog log = read_log(path);
  if (log.good < log.text.size())
    write_atomically(path, std::string_view(log.text).substr(0, log.good));
  return std::move(log.draws);
}

std::int64_t PointStore::count_logged(const std::string& identity) const {
  return static_cast<std::int64_t>(read_log(file(identity, ".draws")).draws.size());
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
