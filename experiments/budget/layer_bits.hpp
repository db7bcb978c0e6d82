// [budget.design] layer_adc_bits: which layers can do with fewer bits of their ADCs.
//
// What the ADC of one layer does by itself is measured: the mean square of what it adds to the
// error of the network's outputs, with exact devices and the most bits in all other layers; where
// that is too small to be seen, the law of rounding takes over from fewer bits (a quarter per bit).
// Rounding errors of different layers have little to do with each other, so their squares add up,
// and so do the costs. Then marginal analysis (Everett, Oper. Res. 11, 399, 1963; in rate
// allocation Shoham and Gersho, IEEE Trans. ASSP 36, 1445, 1988): from the most bits everywhere
// down, the step that saves most for what it adds goes first. Every rung of that ladder has the
// least error of all that cost no more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/budget/analysis.hpp"
#include "experiments/budget/design_settings.hpp"
#include "experiments/study/configure.hpp"

namespace ohmic {

/// What each layer's ADC does and costs, by layer and number of bits.
struct LayerBits {
  std::vector<int> bits;  ///< ascending
  std::vector<std::string> layers;
  std::vector<std::vector<double>> error;  ///< mean square at the outputs; 0 at the most bits
  std::vector<std::vector<double>> cost;   ///< as [budget.design] cost weighs it
  std::int64_t evaluations = 0;            ///< of the samples, without noise
  /// What counts of `error` as it was seen, from 0 to 1; the rest is the law of rounding. NaN at
  /// the most bits, from which errors are counted.
  std::vector<std::vector<double>> seen = {};
};

/// The key of one layer's ADC bits, and the layer of such a key; empty of another one.
std::string adc_bits_key(const std::string& layer);
std::string layer_of_adc_bits(const std::string& key);

/// The place in LayerBits::bits of every layer.
using Rung = std::vector<std::size_t>;

/// From the most bits in all layers down, as long as anything is saved.
std::vector<Rung> marginal_ladder(const LayerBits&);

/// Measured on the point's chip, whose ADCs all have their bits from settings.layer_adc_bits.
LayerBits study_layer_bits(AnalysisContext&, const Point&, const DesignSettings&);

/// What the layers of a chip cost, by layer: a matrix that is used again is its own layer's.
std::vector<double> layer_costs(AnalysisContext&, const Point&, const DesignCost& weights,
                                const std::vector<std::string>& layers, const Experiment& chip);

/// Rungs of the ladder, about equally many steps apart, and the same bits in all layers, as one
/// choice.
DesignChoice layer_bits_choice(const LayerBits&);

/// As many designs, bits of every layer at random and always the same, as one choice: what the
/// ladder is set beside.
DesignChoice random_bits_choice(const LayerBits&, std::size_t count, std::uint64_t seed);

/// What a design of such a choice sets, for a sentence: "5 (but 4 in layers c1, c2; 8 in layer
/// linear)", the bits of most layers and the names of the others, of many the first four.
std::string layer_bits_words(const KeyValues&);

/// Appends what is wrong with layer_adc_bits beside the other choices.
void check_layer_bits(const BudgetRequest&, std::vector<Fault>&);

}  // namespace ohmic
