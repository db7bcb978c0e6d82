// What the layers of a network hold on a back end.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nn/analog/crossbars.hpp"
#include "nn/analog/layer_loader.hpp"

namespace ohmic {

class LoadedLayers {
 public:
  /// Back end and crossbars must outlive it; without crossbars it takes digital weights only.
  LoadedLayers(MappedNetwork, Backend&, const Crossbars*);

  /// Nothing is loaded any more; from here on steps are loaded with these.
  void begin(LayerContents);
  void load(std::size_t step);
  /// The same of a crossbar step whose weights are there already.
  void load(std::size_t step, const LayerLoader&);
  void load_all();
  /// Whether the host loads draws one by one: set for good, or found out once.
  void leave_to_host();
  /// Draws that program() takes at once.
  int draws_at_once();
  /// Loads draws draw, draw + 1 and so on where the back end programs devices; false where the host
  /// has to.
  bool program(std::uint64_t seed, std::uint64_t draw, int draws);

  const LayerContents& contents() const { return contents_; }
  /// All tensors: kernels decoded from their devices.
  Weights effective_weights() const;
  /// Of tensors that are not on devices, to be changed before the steps that use them are loaded.
  Weights& digital() { return contents_.digital; }
  /// Of a crossbar step that needs some: those of the crossbars again at each begin(), to be
  /// changed before the step is loaded.
  LayerRanges& ranges(const Step& step) { return ranges_[static_cast<std::size_t>(step.layer)]; }
  const Calibration& calibration() const { return ranges_; }
  /// NegativeVariance::nan applies: no layer is computed.
  bool every_answer_is_nan() const { return every_answer_nan_; }
  /// CallError where the last load threw before it came to this one.
  LoadedLayer& of(std::size_t step);
  /// LoadedNetwork::products_errors().
  std::vector<double> products_errors() const;
  /// Of a step without a layer.
  const Epilogue& epilogue_of(std::size_t step) const { return epilogues_[step]; }
  Epilogue epilogue(const Step&, const Node* norm, bool relu) const;
  Epilogue epilogue(const Step&) const;
  LayerLoader loader_of(const Step&) const;

 private:
  void take(LayerContents);
  bool load_devices();
  std::vector<std::size_t> large_first() const;
  bool loads_product(const Step&) const;

  MappedNetwork network_;
  Backend& backend_;
  const Crossbars* crossbars_;
  LayerContents contents_;  ///< rule for negative variances applied; biases that are on devices 0
  Calibration ranges_;
  bool every_answer_nan_ = false;
  std::vector<std::unique_ptr<LoadedLayer>> layers_;  ///< by step; null for digital ones
  std::vector<ResidentLayer*> resident_;  ///< the same while the back end programs them, else empty
  bool host_programs_ = false;
  std::vector<Epilogue> epilogues_;  ///< by step
};

}  // namespace ohmic
