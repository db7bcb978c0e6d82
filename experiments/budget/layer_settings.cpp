#include "experiments/budget/layer_settings.hpp"

namespace ohmic {
namespace {

constexpr char kImagesManual[] =
    "Test images, from the first on (spread evenly where they lie class by class), for which "
    "noise is propagated linearly to the logits.";

}  // namespace

const Schema<SensitivitySettings>& SensitivitySettings::schema() {
  static const Schema<SensitivitySettings> schema = [] {
    using S = SensitivitySettings;
    Schema<S> s{"sensitivity", "What each layer's noise costs: alone, and left out."};
    s.add("draws", &S::draws)
        .at_least(2)
        .doc("Draws of every configuration; draw d has the same noise in all of them.");
    s.add("snr_images", &S::snr_images)
        .range(1, 1000)
        .doc("Test images on which every layer's output is compared with the digital network's.");
    s.add("images", &S::images).at_least(1).doc(kImagesManual);
    return s;
  }();
  return schema;
}

const Schema<PredictionSettings>& PredictionSettings::schema() {
  static const Schema<PredictionSettings> schema = [] {
    using P = PredictionSettings;
    Schema<P> s{"prediction", "Linear propagation of weight noise, beside Monte Carlo."};
    s.add("knob", &P::knob)
        .doc("Dotted key of a number that changes what devices are programmed to.");
    s.add("values", &P::values).doc("Values of the knob.");
    s.add("draws", &P::draws).at_least(2).doc("Draws of Monte Carlo at each value.");
    s.add("images", &P::images).at_least(1).doc(kImagesManual);
    s.add("samples", &P::samples)
        .range(1, 1000000)
        .doc("Normals drawn for the logits of each image.");
    return s;
  }();
  return schema;
}

const Schema<AllocationSettings>& AllocationSettings::schema() {
  static const Schema<AllocationSettings> schema = [] {
    using A = AllocationSettings;
    Schema<A> s{"allocation",
                "An eta for each layer that keeps the loss within max_drop at the least cost; the "
                "cost of layers at eta_l is the sum of cost_l / eta_l^2."};
    s.add_choice("cost", &A::cost, {{"devices", LayerPrice::devices}, {"equal", LayerPrice::equal}})
        .doc(
            "cost_l: devices counts the layer's devices, so that the cost is the number of devices "
            "where each is repeated until its mean error is small enough; equal is 1.");
    s.add("range", &A::range)
        .doc("Lowest and highest geometric mean of the layers' eta, and of the one eta for all.");
    s.add("steps", &A::steps).range(1, 100000).doc("Steps of the grid over the range.");
    s.add("most", &A::most).unit("1").above(0).doc("Largest eta that a layer may get.");
    s.add("verify_draws", &A::verify_draws)
        .at_least(2)
        .doc("Draws, not used by the search, on which what was found is verified.");
    s.add("images", &A::images).at_least(1).doc(kImagesManual);
    return s;
  }();
  return schema;
}

const Schema<ProtectionSettings>& ProtectionSettings::schema() {
  static const Schema<ProtectionSettings> schema = [] {
    using P = ProtectionSettings;
    Schema<P> s{"protection",
                "Layers that are held exactly, each the one that regains most per device beside "
                "those before it."};
    s.add("share", &P::share)
        .unit("1")
        .range(0, 1)
        .above(0)
        .doc("Share of the devices that may be held exactly; 1 tries all layers.");
    s.add("draws", &P::draws)
        .at_least(2)
        .doc("Draws of every trial; draw d has the same noise in all of them.");
    s.add("verify_draws", &P::verify_draws)
        .at_least(2)
        .doc("Draws, not used by the search, on which every step is measured again.");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
