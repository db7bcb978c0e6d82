// The trained networks of a run: data loaded once, each network trained once for all its points.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "experiments/measure/claims.hpp"
#include "experiments/measure/progress.hpp"
#include "experiments/study/experiment.hpp"

namespace ohmic {

struct LoweredNetwork;

struct TrainedNetwork {
  Graph graph;
  std::shared_ptr<const Weights> weights;  ///< of a file: those of everybody who uses it
  std::shared_ptr<const Dataset> data;     ///< with what its answers are compared with
  Measure measure{10};                     ///< of its answers to the test images
  std::string label;                       ///< network_label
  std::string data_name;                   ///< "cifar10"
  std::string identity;                    ///< Experiment::training_identity
  std::string weights_hash;                ///< SHA-256 of the weight file
  std::string given_for;  ///< chip that weights of a file say they were trained on; empty: none
  /// Of train.hardware.chip = "each": the network as it is trained on that chip, which happens now
  /// if it has not; empty elsewhere. What it gives stays with the Networks.
  std::function<const TrainedNetwork&(std::int64_t chip)> on_chip;
};

/// The metric that is asked for, and the test samples with what answers are compared with. Throws
/// DataError where they do not go together.
void take_measure(const Experiment&, TrainedNetwork&);

/// Throws DataError where images are asked for that the training set does not have; the default
/// number means as many as there are.
void check_counts(const Experiment&, const ImageSet& train);

/// Both sets as the network of a file takes them. Throws DataError that says what does not fit.
void fit_to(const LoweredNetwork&, Dataset&);

/// One line for a person: "resnet20 on cifar10, rate 0.0005", or the weight file's name.
std::string network_label(const Experiment&);

/// Why the training of an experiment's network, or of its teacher, was given up; nothing where it
/// was not. `all_training` holds every training's folder.
std::optional<std::string> divergence_of(const Experiment&,
                                         const std::filesystem::path& all_training);

/// Epochs that a training folder has behind it; 0 where there is none.
std::int64_t epochs_recorded(const std::filesystem::path& training_folder);

class Networks {
 public:
  /// Networks are trained in `folder`/<first 12 digits of their identity>, each by one process at a
  /// time.
  Networks(std::filesystem::path folder, Progress& progress)
      : folder_(std::move(folder)), progress_(progress) {}

  /// Loads data and given weights of an experiment and asks for what is to compute it: throws what
  /// is wrong with them, or missing, before any long work; DataError has a line for each. What was
  /// opened before is not opened again.
  void check(const Experiment&);
  /// Loads the weights the experiment names, or trains (or goes on training) the network. Waits
  /// while another process trains it. Throws TrainingDiverged, with the network's label.
  const TrainedNetwork& get(const Experiment&);
  /// The same, but null while another process trains it.
  const TrainedNetwork* try_get(const Experiment&);
  /// Every network that was got.
  const std::map<std::string, TrainedNetwork>& all() const { return networks_; }

 private:
  std::string wrong_with_inputs(const Experiment&);
  std::shared_ptr<const Dataset> data_of(const Experiment&);
  /// Whether it could: not while another process trains it.
  bool train_or_load(const Experiment&, TrainedNetwork&);
  void take_given(const Experiment&, TrainedNetwork&) const;
  /// What every chip begins with, and how it is trained there; null while another process trains.
  const TrainedNetwork* try_before_chips(const Experiment&, const std::string& key);
  /// Null: first kernels.
  std::shared_ptr<const Weights> start_of(const Experiment&, const TrainedNetwork&);
  Checkpoint train_in(const std::filesystem::path& folder, const Experiment&,
                      const TrainedNetwork&);
  /// Of train.distill, trained if need be; null without it.
  std::shared_ptr<const Weights> teacher_of(const Experiment&, const TrainedNetwork& student);

  std::filesystem::path folder_;
  Progress& progress_;
  std::optional<Claims> claims_;  ///< on trainings, from the first one
  std::map<std::string, std::shared_ptr<const Dataset>> data_;
  std::map<std::string, TrainedNetwork> networks_;
  std::map<std::string, std::string> checked_;  ///< what was wrong with inputs, empty for nothing
};

}  // namespace ohmic
