// What an experiment file is made into, one thing out of the others. Every parameter counts at some
// of these stages (ParameterBuilder::counts); what a kept result depends on is written from that
// (SchemaBase::write), nowhere by hand.
#pragma once

#include <cstdint>

namespace ohmic {

/// In order: what counts at a stage counts at those behind it, `inputs` and `cost` apart.
enum class Stage : std::uint8_t {
  inputs,    ///< which files are opened and whether they go together; nothing is made of it
  images,    ///< training and test images as networks see them
  training,  ///< trained weights
  network,   ///< the network that is measured, with its images and the measure of its answers
  ranges,    ///< of converters, found by calibration
  exact,     ///< answers of a chip whose devices are exact
  cost,      ///< tiles, energy, ...; nothing is made of it
  draw,      ///< answers of one programmed chip
  point,     ///< a point of a sweep: all draws and their statistics
};

/// A set of them.
class Stages {
 public:
  constexpr Stages() = default;
  constexpr Stages(Stage stage) : bits_(bit(stage)) {}
  static constexpr Stages from(Stage first) { return Stages(kAll & ~(bit(first) - 1)); }
  static constexpr Stages all() { return Stages(kAll); }

  constexpr bool has(Stage stage) const { return (bits_ & bit(stage)) != 0; }
  friend constexpr Stages operator|(Stages a, Stages b) { return Stages(a.bits_ | b.bits_); }
  friend constexpr bool operator==(Stages, Stages) = default;

 private:
  static constexpr unsigned bit(Stage stage) { return 1u << static_cast<unsigned>(stage); }
  static constexpr unsigned kAll = (1u << (static_cast<unsigned>(Stage::point) + 1)) - 1;
  explicit constexpr Stages(unsigned bits) : bits_(bits) {}

  unsigned bits_ = 0;
};

constexpr Stages operator|(Stage a, Stage b) { return Stages(a) | Stages(b); }

}  // namespace ohmic
