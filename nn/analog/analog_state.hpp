// What AnalogNetwork holds and how it loads and runs it: shared by the .cpp files of the class.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/analog/analog_network.hpp"
#include "nn/analog/batch_norm.hpp"
#include "nn/analog/exact_device.hpp"
#include "nn/analog/plan.hpp"
#include "nn/torch/digital_nodes.hpp"

namespace ohmic {

/// What the layers hold.
enum class Loaded {
  digital,  ///< weights as they are
  exact,    ///< arrays without noise
  devices,  ///< one draw
};

struct AnalogNetwork::State {
  State(const Graph& g, std::shared_ptr<const Weights> w, const MappingSettings& m,
        const NoiseSettings& n, const Periphery& p, LayerDevices d, Backend& b);

  const Node& node(int i) const { return graph.nodes[static_cast<std::size_t>(i)]; }
  std::span<const float> kernel(const Weights& of, const Step& step) const {
    return of.at(node(step.mvm).name + ".weight").values;
  }
  const MappedLayer& mapped_layer(const Step& step) const {
    return mapped[static_cast<std::size_t>(step.layer)];
  }

  /// The tensor that holds this step's bias, with BatchNorm folded its shift; empty: no bias.
  std::string bias_of(const Step&) const;
  bool has_bias_row(const Step& step) const {
    return mapping.bias == BiasPlace::analog && !bias_of(step).empty();
  }

  /// Maps every layer; biases on devices as soon as ranges say what drives them.
  void map();
  MappedLayer map_layer(const Step&) const;

  Periphery periphery_of(const Step&) const;
  LayerOnTiles digital_layer(const Step&) const;
  WireSolver wire_solver() const;
  /// CallError unless what drives a bias row or non-linear cells is known.
  void require_full_scale(const Step&) const;
  LayerOnTiles programmed_layer(const Step&, const DeviceModel&, NoiseKey) const;
  MappedLayer::Product programmed_product(const Step&, const DeviceModel&, NoiseKey) const;
  /// What holds a layer's weights.
  const DeviceModel& holds(const Step& step, Loaded what) const {
    return what == Loaded::exact ? exact_of(step) : device_of(step);
  }
  Epilogue epilogue(const Step&, const Node* norm, bool relu) const;
  Epilogue epilogue(const Step& step) const {
    return epilogue(step, step.norm >= 0 ? &node(step.norm) : nullptr, step.relu);
  }
  /// The node whose crossbar a step drives: its own, or the one that it shares.
  const Node& owner(const Step& step) const {
    const int shared = node(step.mvm).shares;
    return node(shared < 0 ? step.mvm : shared);
  }
  void part_different_uses();
  /// The number of that crossbar, which addresses what happens to its devices.
  int crossbar_number(const Step&) const;
  const DeviceModel& device_of(const Step& step) const { return devices.of(owner(step).name); }
  const DeviceModel& exact_of(const Step& step) const {
    return exact[static_cast<std::size_t>(step.layer)];
  }
  /// Whether the full scale of the inputs decides what arrays do: it drives a bias row or stands
  /// for the voltage of non-linear cells.
  bool needs_full_scale(const Step& step) const {
    return has_bias_row(step) || device_of(step).non_linear();
  }
  bool needs_full_scales() const;
  /// CallError unless something was loaded; unless ranges are known where they are needed.
  void require_loaded() const;
  void require_ranges() const;
  /// What is to be loaded for a draw.
  struct Contents {
    Loaded what;
    NoiseKey key;
    Weights digital;
  };
  Contents draw_of(std::uint64_t seed, std::uint64_t draw) const;
  void load(Contents);
  /// Steps by the size of their matrices: what a large one is packed from is gone before the others
  /// are there.
  std::vector<std::size_t> large_first() const;
  /// Takes over what a draw has beside the layers.
  void take(Contents);
  /// Loads layers whose devices the back end programs; false where the host has to.
  bool load_devices();
  /// Images that the back end takes through the network at once.
  std::int64_t images_at_once() const;
  /// Draws that program() takes at once.
  int draws_at_once();
  /// Programs draws draw, draw + 1 and so on.
  void program(std::uint64_t seed, std::uint64_t draw, int draws);
  Weights effective_weights(const Contents&) const;
  void load_step(std::size_t s, bool measures);
  /// Whether the back end takes what is loaded of a layer as the weights that it computes with.
  bool loads_product(const Step&) const;
  /// Loads what a layer holds, behind any epilogue.
  using Loader = std::function<std::unique_ptr<LoadedLayer>(const Epilogue&)>;
  Loader loader_of(const Step&) const;

  void measure_norm(const Node& norm, const float* x);
  void load_and_measure();

  /// With the inputs of a layer, values_in() per sample; of a recurrent one at every time step.
  using BeforeLayer = std::function<void(const Step&, const float* x)>;
  const float* run(const float* nhwc, std::int64_t images, std::uint64_t first_image,
                   const BeforeLayer& before = {});
  void run_images(const ImageSet&, const Normalization&, std::int64_t images,
                  const std::function<void(const Step&, const float* x, std::int64_t n)>& before);
  void see_inputs(
      const ImageSet&, const Normalization&, std::int64_t images,
      const std::function<void(const Step&, std::span<const float> x, std::int64_t n)>&);
  void find_input_ranges(const ImageSet&, const Normalization&, std::int64_t images);
  void free_slots();
  /// Whether one image's value fills so much that what is left of others is given back at once.
  bool has_large_values() const;
  /// Whether all matrices together do: what loading leaves is given back layer by layer.
  bool has_large_weights() const;
  /// Makes room for weights: gives back what batches left, and slots for large values.
  void free_large_slots();
  void reserve_slots(std::int64_t images);
  const float* value(int node, const float* nhwc);
  /// Calls see(first, count, y) with the answers to images [first, first + count), as many as are
  /// computed at once, where the host can read them until it returns; NaN where every answer is.
  void answer(
      const float* nhwc, std::int64_t images, std::uint64_t first_image,
      const std::function<void(std::int64_t first, std::int64_t count, const float* y)>& see);
  void begin(std::int64_t images);
  const float* on_host(int node, const float* nhwc);
  void run_digital(const Step&, const float* nhwc);
  void run_recurrent(std::size_t s, const float* nhwc, std::int64_t images,
                     std::uint64_t first_image, const BeforeLayer& before);
  void release_values(std::size_t s);
  /// Values that one MVM call of a step takes and gives per sample.
  std::int64_t values_in(const Step&) const;
  std::int64_t values_out(const Step&) const;
  void run_step(std::size_t s, const float* nhwc, std::int64_t images, std::uint64_t first_image,
                const BeforeLayer& before);

  Graph graph;
  std::shared_ptr<const Weights> weights;   ///< as given
  std::shared_ptr<const Weights> mappable;  ///< what is mapped: BatchNorm folded where the
                                            ///< semantics say so, else as given
  MappingSettings mapping;
  NoiseSettings noise;
  Periphery periphery;
  LayerDevices devices;
  std::vector<ExactDevice> exact;  ///< by layer
  Backend& backend;
  Plan plan;
  std::vector<Step> crossbar;  ///< the crossbar steps, by layer
  std::vector<MappedLayer> mapped;
  std::vector<LayerRanges> ranges;  ///< empty until calibrated
  std::vector<float> measured;      ///< normalised images that BatchNorm is measured on
  std::int64_t measured_images = 0;
  BatchNormStatistics statistics = BatchNormStatistics::moved;
  std::map<std::string, ChannelMoments> undisturbed;  ///< what digital BatchNorms see of them

  // What is loaded at the moment.
  Loaded loaded = Loaded::digital;
  NoiseKey loaded_key;
  Weights digital;  ///< all tensors but kernels, rule for negative variances applied; biases that
                    ///< are on devices 0
  bool every_answer_nan = false;
  std::vector<std::unique_ptr<LoadedLayer>> layers;  ///< by step; null for digital ones
  std::vector<ResidentLayer*> resident;  ///< the same while the back end programs them, else empty
  bool host_programs = false;            ///< as has been found out
  std::vector<Epilogue> epilogues;       ///< by step; of those without a layer
  std::vector<std::unique_ptr<Activations>> slots;
  std::vector<float*> slot_values;  ///< where each slot lies now
  DigitalNodes operators;           ///< values of digital nodes
  std::int64_t samples = 0;         ///< of the batch that is on its way
  std::map<int, std::vector<float>>
      host_values;                   ///< copies for digital nodes; recurrent nodes' own
  std::vector<float> answer_buffer;  ///< of a back end with memory of its own
  Tally tally;
  std::function<void(double images)> on_images;  ///< may be empty
};

}  // namespace ohmic
