// The trained networks of a run: data loaded once, each network trained once for all its points.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "experiments/experiment.hpp"
#include "experiments/run/progress.hpp"

namespace ohmic {

struct TrainedNetwork {
  Graph graph;
  Weights weights;
  std::shared_ptr<const Dataset> data;
  std::string label;         ///< network_label
  std::string data_name;     ///< "cifar10"
  std::string identity;      ///< Experiment::training_identity
  std::string weights_hash;  ///< SHA-256 of the weight file
};

/// One line for a person: "resnet20 on cifar10, rate 0.0005", or the weight file's name.
std::string network_label(const Experiment&);

class Networks {
 public:
  /// Networks are trained in `folder`/<first 12 digits of their identity>.
  Networks(std::filesystem::path folder, Progress& progress)
      : folder_(std::move(folder)), progress_(progress) {}

  /// Loads data and given weights of an experiment: throws what is wrong with them before any long
  /// work.
  void check(const Experiment&);
  /// Loads the weights the experiment names, or trains (or goes on training) the network.
  const TrainedNetwork& get(const Experiment&);
  /// Every network that was got.
  const std::map<std::string, TrainedNetwork>& all() const { return networks_; }

 private:
  std::shared_ptr<const Dataset> data_of(const Experiment&);
  void train_or_load(const Experiment&, TrainedNetwork&);
  Checkpoint train_in(const std::filesystem::path& folder, const Experiment&,
                      const TrainedNetwork&);

  std::filesystem::path folder_;
  Progress& progress_;
  std::map<std::string, std::shared_ptr<const Dataset>> data_;
  std::map<std::string, TrainedNetwork> networks_;
};

}  // namespace ohmic
