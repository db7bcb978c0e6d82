#include <algorithm>

#include "nn/train/trainer.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr double kPaperEpochs = 200;
const std::vector<double> kPaperSteps = {80, 120, 160, 180};
const std::vector<double> kPaperFactors = {1e-1, 1e-2, 1e-3, 0.5e-3};

[[noreturn]] void refuse_train(const std::string& key, const std::string& message) {
  throw ConfigError(std::vector<Fault>{{{}, "train." + key, message}});
}

void check_hardware(const TrainingHardware& hardware) {
  try {
    hardware.validate();
  } catch (const ConfigError& error) {
    std::vector<Fault> faults = error.faults();
    for (Fault& fault : faults) fault.key = "train.hardware." + fault.key;
    throw ConfigError(std::move(faults));
  }
}

void declare_optimizer(Schema<TrainSettings>& s) {
  using T = TrainSettings;
  s.add("optimizer", &T::optimizer)
      .choices(optimizer_names())
      .doc(
          "Equations and defaults are Keras's; adamx is Tran and Phong's, adamax Kingma and Ba's.");
  s.add("learning_rate", &T::learning_rate).above(0).doc("Before the schedule's first step.");
  s.add("momentum", &T::momentum).range(0, 1).doc("For momentum and nesterov.");
  s.add("beta1", &T::beta1).range(0, 1).doc("Decay of the first moment in Adam's family.");
  s.add("beta2", &T::beta2).range(0, 1).doc("Decay of the second moment in Adam's family.");
  s.add("epsilon", &T::epsilon).at_least(0).doc("Added to the root, outside the bias correction.");
  s.add("beta1_decay", &T::beta1_decay)
      .range(0, 1)
      .doc("lambda of adamx: beta1 is multiplied by it at every update.")
      .source("Tran and Phong, IEEE Access 7 (2019); value of Kingma and Ba 2015, section 4");
}

void declare_schedule(Schema<TrainSettings>& s) {
  using T = TrainSettings;
  s.add("schedule", &T::schedule)
      .choices({"paper", "constant", "steps"})
      .doc(
          "paper: the rate times 0.1, 0.01, 0.001 and 0.0005 after 0.4, 0.6, 0.8 and 0.9 of all "
          "epochs; steps: as schedule_epochs and schedule_factors say.")
      .source("Keras CIFAR-10 ResNet example: epochs 80, 120, 160, 180 of 200");
  s.add("schedule_epochs", &T::schedule_epochs)
      .doc("Ascending, from 0; a step holds in the epochs after the one it names.");
  s.add("schedule_factors", &T::schedule_factors)
      .doc("The rate is learning_rate times the last factor whose step holds.");
}

void declare_start(Schema<TrainSettings>& s) {
  using T = TrainSettings;
  s.add_choice("start", &T::start, {{"init", TrainingStart::init}, {"given", TrainingStart::given}})
      .counts(Stages::from(Stage::training) | Stage::inputs)
      .joined_later()
      .doc(
          "init: a network without weights is trained from first kernels (init), one with "
          "weights "
          "is not trained; given: training goes on from model.weights, with fresh moments and "
          "the schedule from its beginning.");
  s.add("only", &T::only)
      .joined_later()
      .doc(
          "Patterns (* and ?) of the parameters that are trained, as [\"*bn*\", \"*.bias\"]; "
          "all others keep their values; statistics of BatchNorms follow in any case. Empty: all "
          "are "
          "trained.");
}

void declare_disturbances(Schema<TrainSettings>& s) {
  using T = TrainSettings;
  s.add("noise_eta", &T::noise_eta)
      .unit("1")
      .range(0, 10)
      .joined_later()
      .doc(
          "Noise-injection training: in each batch's forward pass convolution and dense kernels "
          "carry normal noise of std noise_eta * sigma_w, sigma_w the layer's std at the time.")
      .source("Joshi et al., Nature Communications 11 (2020)");
  s.add("clip_sigma", &T::clip_sigma)
      .absent("none")
      .above(0)
      .joined_later()
      .doc("After each update kernels are clipped to +- so many of their own standard deviations.")
      .source("Joshi et al., Nature Communications 11 (2020): alpha = 2");
  s.add("hardware", &T::hardware)
      .absent("none")
      .counts(Stages::from(Stage::training))
      .joined_later()
      .doc("Train through a simulated chip: [train.hardware.device], .mapping and .periphery.");
}

}  // namespace

const Schema<DistillSettings>& DistillSettings::schema() {
  static const Schema<DistillSettings> schema = [] {
    using D = DistillSettings;
    Schema<D> s{"distill",
                "(1 - weight) cross-entropy with the labels + weight T^2 cross-entropy with the "
                "teacher's answers softmax(logits/T)."};
    s.add("teacher", &D::teacher)
        .doc(
            "File with weights of the same network; empty: the weights that training starts from "
            "(start = \"given\"), else it is trained first, by the same recipe without weight "
            "noise, "
            "hardware and teacher.");
    s.add("tensors", &D::tensors)
        .joined_later()
        .doc("Which of the teacher's tensors, as model.tensors says it of model.weights.");
    s.add("temperature", &D::temperature).unit("1").above(0).doc("T.");
    s.add("weight", &D::weight).unit("1").range(0, 1).doc("Of the teacher's answers.");
    return s;
  }();
  return schema;
}

const Schema<TrainSettings>& TrainSettings::schema() {
  static const Schema<TrainSettings> schema = [] {
    using T = TrainSettings;
    Schema<T> s{"train", "How a network is trained; the defaults are the paper's recipe."};
    s.add("epochs", &T::epochs).at_least(1).doc("Passes over the training images.");
    s.add("batch", &T::batch).range(1, 65536).doc("Images per update.");
    declare_optimizer(s);
    declare_schedule(s);
    s.add("l2", &T::l2)
        .at_least(0)
        .doc("l2 times the sum of squares of all convolution kernels is added to the loss.");
    s.add("weight_decay", &T::weight_decay)
        .at_least(0)
        .joined_later()
        .doc(
            "Decoupled from the loss: before each update every convolution kernel is multiplied by "
            "1 - learning rate * weight_decay, so that no optimizer rescales it; beside l2.")
        .source("Loshchilov and Hutter, ICLR 2019, with the learning rate as PyTorch and Keras");
    declare_start(s);
    s.add("init", &T::init).choices({"glorot_uniform", "he_normal"}).doc("First kernels.");
    s.add("augment", &T::augment).doc("Shift and flip training images.");
    s.add("shift", &T::shift)
        .unit("1")
        .range(0, 1)
        .doc(
            "Largest shift as a fraction of the side, in each direction; the nearest pixel fills.");
    s.add("flip", &T::flip).doc("Flip every other image from left to right.");
    s.add("keep", &T::keep)
        .choices({"last", "best"})
        .doc("best keeps the epoch of best test accuracy, which selects on test data.");
    s.add("precision", &T::precision)
        .choices({"f32", "bf16"})
        .doc("bf16 computes convolutions in bfloat16: twice as fast with AMX, slow without.");
    declare_disturbances(s);
    s.add("distill", &T::distill)
        .absent("none")
        .counts(Stages::from(Stage::training) | Stage::inputs)
        .joined_later()
        .doc("Train on a teacher's answers beside the labels.")
        .source("Hinton et al., Distilling the Knowledge in a Neural Network, 2015");
    s.add("measure", &T::measure)
        .absent("none")
        .joined_later()
        .doc("Gradient noise and the state of layers, written beside the learning curves.")
        .source("Fagbohungbe and Qian 2022, eqs 1-3; McCandlish et al. 2018, appendix A.1");
    return s;
  }();
  return schema;
}

void TrainSettings::validate() const {
  if (hardware) {
    if (noise_eta > 0)
      refuse_train("noise_eta",
                   "is weight noise without devices; beside [train.hardware] expected 0, and "
                   "a device model with the noise that is meant");
    if (precision != "f32") refuse_train("precision", "expected \"f32\" beside [train.hardware]");
    check_hardware(*hardware);
    if (hardware->chip && keep == "best")
      refuse_train("keep",
                   "\"best\" chooses an epoch by what the digital network answers, and what is "
                   "trained fits a chip (train.hardware.chip); expected \"last\"");
  }
  if (measure && measure->images < 2 * batch)
    refuse_train("measure.images", "expected two batches of train.batch at least, " +
                                       std::to_string(2 * batch) + ", got " +
                                       std::to_string(measure->images));
  if (schedule != "steps") {
    if (!schedule_epochs.empty() || !schedule_factors.empty())
      refuse_train("schedule", "is " + schedule +
                                   ", which takes no schedule_epochs and schedule_factors; "
                                   "schedule = \"steps\" does");
    return;
  }
  if (schedule_epochs.empty() || schedule_epochs.size() != schedule_factors.size())
    refuse_train("schedule_epochs", "needs as many values as schedule_factors, one at least");
  if (!std::is_sorted(schedule_epochs.begin(), schedule_epochs.end()))
    refuse_train("schedule_epochs", "must ascend");
  if (*std::min_element(schedule_factors.begin(), schedule_factors.end()) <= 0)
    refuse_train("schedule_factors", "must be above 0");
}

double TrainSettings::rate_in(std::int64_t epoch) const {
  if (schedule == "constant") return learning_rate;
  const bool paper = schedule == "paper";
  const std::vector<double>& steps = paper ? kPaperSteps : schedule_epochs;
  const std::vector<double>& factors = paper ? kPaperFactors : schedule_factors;
  const double scale = paper ? static_cast<double>(epochs) / kPaperEpochs : 1.0;
  double factor = 1;
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (static_cast<double>(epoch) > steps[i] * scale) factor = factors[i];
  return learning_rate * factor;
}

}  // namespace ohmic
