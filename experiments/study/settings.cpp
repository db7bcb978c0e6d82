// The tables [evaluation], [compute] and [output].
#include <algorithm>
#include <cctype>

#include "experiments/study/experiment.hpp"

namespace ohmic {
namespace {

bool is_compute_device(const std::string& name) {
  if (name == "auto" || name == "cpu" || name == "cuda") return true;
  return name.starts_with("cuda:") && name.size() > 5 &&
         std::all_of(name.begin() + 5, name.end(), [](unsigned char c) { return std::isdigit(c); });
}

void read_compute_device(const Value& value, const std::string& key, ComputeSettings& settings,
                         std::vector<Fault>& faults) {
  const auto* device = std::get_if<std::string>(&value.data);
  if (device && is_compute_device(*device))
    settings.device = *device;
  else
    schema_detail::refuse(value, key, *ComputeSettings::schema().find("device"), faults);
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const Metric* metric : all_metrics()) names.push_back(metric->name);
  return names;
}

std::string metric_lines() {
  std::string text;
  for (const Metric* metric : all_metrics())
    text += (text.empty() ? "" : "; ") + metric->name + ": " + metric->doc;
  return text;
}

void declare_metric(Schema<EvaluationSettings>& s) {
  using E = EvaluationSettings;
  s.add("metric", &E::metric)
      .choices(metric_names())
      .joined_later()
      .doc("How good answers are. " + metric_lines() +
           ". Where data have no labels and the file names no metric, agreement is meant.");
  s.add("top_k", &E::top_k)
      .range(1, 1000000)
      .joined_later()
      .doc("Of metric = \"top_k\": among how many of the largest scores the label's class counts.");
  s.add_choice(
       "against", &E::against,
       {{"labels", Against::labels}, {"samples", Against::samples}, {"answers", Against::answers}})
      .joined_later()
      .doc(
          "What metrics that compare numbers (mse, mae, cosine_similarity, snr) compare answers "
          "with: the numbers that data give as labels; the samples as the network sees them, which "
          "an auto-encoder rebuilds; or the network's own answers without noise, which is meant "
          "where data have no labels and the file does not say.");
  s.add_choice(
       "class_axis", &E::class_axis,
       {{"found", ClassAxis::found}, {"first", ClassAxis::first}, {"last", ClassAxis::last}})
      .joined_later()
      .doc(
          "Which axis of an answer to many positions is its classes, samples not counted. found: "
          "the one that labels do not have; where they fit both ways the first, as PyTorch's "
          "losses want it, or the last of Keras's networks; without labels the last, or the first "
          "of several axes that is no longer than the last.");
  s.add_choice("scores", &E::scores,
               {{"found", ScoreKind::found},
                {"logits", ScoreKind::logits},
                {"probabilities", ScoreKind::probabilities},
                {"least_squares", ScoreKind::least_squares}})
      .joined_later()
      .doc(
          "What answers are, for metrics that compare classes: one number is class 1 above 0 as a "
          "logit and above 1/2 as a probability, and cross_entropy takes the softmax of logits. "
          "found: probabilities of a network that ends in a softmax or a sigmoid, or whose answers "
          "without noise are all from 0 to 1 (and, of several classes, add up to 1). "
          "least_squares: one number, trained on 0 and 1 without a sigmoid, is class 1 above 1/2.");
}

}  // namespace

const Schema<StopRule>& StopRule::schema() {
  static const Schema<StopRule> schema = [] {
    Schema<StopRule> s{"stop", "Draw until the metric is known well enough."};
    s.add("half_width", &StopRule::half_width)
        .unit("1")
        .above(0)
        .doc(
            "Stop when half the width of the metric's interval is at most this, in the metric's "
            "own numbers: a fraction for accuracies.");
    s.add("max_draws", &StopRule::max_draws).at_least(2).doc("Stop here in any case.");
    return s;
  }();
  return schema;
}

const Schema<EvaluationSettings>& EvaluationSettings::schema() {
  static const Schema<EvaluationSettings> schema = [] {
    using E = EvaluationSettings;
    Schema<E> s{"evaluation", "How answers under noise are measured."};
    s.add_choice("estimator", &E::estimator,
                 {{"per_draw", Estimator::per_draw}, {"per_batch", Estimator::per_batch}})
        .counts(Stages::from(Stage::exact))
        .doc(
            "per_draw: each draw sees the whole test set, which gives the spread between chips; "
            "per_batch: each batch gets a draw of its own, a far tighter mean for the same work.");
    declare_metric(s);
    s.add("draws", &E::draws)
        .at_least(1)
        .counts(Stage::point)
        .doc("Programmings of the whole chip (per_draw), or passes over the test set (per_batch).");
    s.add("first_draw", &E::first_draw)
        .at_least(0)
        .counts(Stages::from(Stage::draw))
        .doc(
            "Number of the first draw: a range of its own gives noise that decided nothing before, "
            "to verify what was found with the draws from 0.");
    s.add("batch", &E::batch)
        .at_least(1)
        .counts(Stages::from(Stage::exact))
        .doc("Images computed together.");
    s.add("confidence", &E::confidence)
        .unit("1")
        .range(0.5, 0.9999)
        .counts(Stage::point)
        .doc("Coverage of every interval.");
    s.add("stop", &E::stop)
        .absent("none")
        .counts(Stage::point)
        .doc("Draw until the metric is known well enough.");
    s.add("calibration_images", &E::calibration_images)
        .at_least(1)
        .counts(Stages::from(Stage::ranges) | Stage::inputs)
        .doc(
            "Training images that set the converters' ranges: the first so many, or, where they "
            "lie "
            "class by class, so many spread evenly; there have to be as many, and the default "
            "takes all where there are fewer.");
    s.add_choice("calibrate", &E::calibrate,
                 {{"exact", CalibratedChip::exact}, {"chip", CalibratedChip::programmed}})
        .joined_later()
        .counts(Stages::from(Stage::exact))
        .doc(
            "Where calibration images set the converters' ranges. exact: once, from what exact "
            "devices make of the activations of the digital network; chip: in every draw, layer "
            "by layer from what the programmed and aged devices make of the images: a column's "
            "sums without noise, of inputs as the layers before, noisy and converted, give them. "
            "All of the images are held at once. For per_batch, each batch pays for it.");
    s.add("batch_norm_images", &E::batch_norm_images)
        .at_least(1)
        .counts(Stages::from(Stage::exact) | Stage::inputs)
        .absent("none")
        .doc(
            "Training images that every programmed network sees, chosen as calibration_images "
            "are, so that mean and variance of its "
            "BatchNorms follow, layer by layer, as batch_norm_statistics says; none: they stay as "
            "trained. For per_batch, each batch pays for it.");
    s.add_choice(
         "batch_norm_statistics", &E::batch_norm_statistics,
         {{"moved", BatchNormStatistics::moved}, {"measured", BatchNormStatistics::measured}})
        .joined_later()
        .counts(Stages::from(Stage::exact))
        .doc(
            "moved: statistics as trained are changed by what differs on batch_norm_images between "
            "the programmed network and the digital one, mean by the difference and variance by "
            "the ratio, so that a chip without error keeps them; measured: they are replaced by "
            "what the images give in the programmed network, which also replaces what training "
            "knew of augmented images.");
    return s;
  }();
  return schema;
}

const Schema<ComputeSettings>& ComputeSettings::schema() {
  static const Schema<ComputeSettings> schema = [] {
    using C = ComputeSettings;
    Schema<C> s{"compute", "Where the work is done; changes no number beyond rounding."};
    s.add_custom("device", "\"auto\", \"cpu\", \"cuda\" or \"cuda:i\"", read_compute_device,
                 [](const C& c) { return Value{c.device}; })
        .doc(
            "Where networks are trained; auto takes a GPU when LibTorch finds one. Ranks of one "
            "machine take its GPUs in turn unless one is named.");
    s.add("backend", &C::backend)
        .choices({"reference", "cpu", "cuda"})
        .doc(
            "Where crossbars are computed; reference is slow, plain and the truth; cuda takes the "
            "GPU that device names, or this rank's.");
    s.add("threads", &C::threads)
        .range(0, 4096)
        .doc("Processor threads; 0 takes as many as OMP_NUM_THREADS says, or all.");
    return s;
  }();
  return schema;
}

const Schema<OutputSettings>& OutputSettings::schema() {
  static const Schema<OutputSettings> schema = [] {
    Schema<OutputSettings> s{"output", "What a run leaves behind."};
    s.add("dir", &OutputSettings::dir)
        .doc("Run folder; empty takes runs/ and the name of the experiment file.");
    s.add("figures", &OutputSettings::figures).doc("Whether figures are drawn (SVG and PNG).");
    s.add("report", &OutputSettings::report).doc("Whether report.html is written.");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
