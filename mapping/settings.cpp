#include "mapping/settings.hpp"

namespace ohmic {
namespace {

constexpr int kMostReplicas = 8;  // roles have numbers of 8 bits: 30 of the finest slices
constexpr int kMostWrites = 255;  // so have rounds (DeviceBlock::round)

/// Which layers a network has on crossbars is part of the network.
constexpr Stages kOfNetwork = Stages::from(Stage::network) | Stage::inputs;

void refuse_tile(const Value& v, const std::string& key, std::vector<Fault>& faults) {
  faults.push_back(
      {v.where, key,
       "expected [rows, columns], both at least 1, or \"unlimited\", got " + v.text()});
}

const std::int64_t* cells(const Value& v) {
  const auto* n = std::get_if<std::int64_t>(&v.data);
  return n && *n >= 1 && *n <= 1 << 20 ? n : nullptr;
}

void read_tile(const Value& v, const std::string& key, MappingSettings& settings,
               std::vector<Fault>& faults) {
  if (const auto* word = std::get_if<std::string>(&v.data); word && *word == "unlimited") {
    settings.tile = {0, 0};
    return;
  }
  if (!v.is_array() || v.array().size() != 2) return refuse_tile(v, key, faults);
  const std::int64_t* rows = cells(v.array()[0]);
  const std::int64_t* columns = cells(v.array()[1]);
  if (!rows || !columns) return refuse_tile(v, key, faults);
  settings.tile = {static_cast<int>(*rows), static_cast<int>(*columns)};
}

Value write_tile(const MappingSettings& settings) {
  const TileShape& t = settings.tile;
  if (t.rows <= 0) return Value{std::string("unlimited")};
  return Value{Array{Value{std::int64_t{t.rows}}, Value{std::int64_t{t.columns}}}};
}

}  // namespace

const Schema<DenoiseSettings>& DenoiseSettings::schema() {
  static const Schema<DenoiseSettings> schema = [] {
    Schema<DenoiseSettings> s{"denoise", "Weights as they are estimated from what devices hold."};
    s.add("lambda", &DenoiseSettings::lambda)
        .range(-100, 1)
        .doc(
            "How far weights are left alone: 1 takes what devices hold as it is (the most likely "
            "weights), 0 has the least mean square error for weights of a normal distribution.");
    s.add("beta", &DenoiseSettings::beta)
        .unit("1/weight")
        .range(-1e6, 1e6)
        .doc("sigma_w^2 times it is the mean that weights are drawn to.");
    return s;
  }();
  return schema;
}

const Schema<MappingSettings>& MappingSettings::schema() {
  static const Schema<MappingSettings> schema = [] {
    Schema<MappingSettings> s{"mapping", "How weights become conductances and where they lie."};
    s.add_choice("encoding", &MappingSettings::encoding,
                 {{"differential", Encoding::differential},
                  {"offset", Encoding::offset},
                  {"bit_sliced", Encoding::bit_sliced}})
        .doc(
            "How a cell holds a weight: two devices subtracted, one device against a reference, or "
            "several cells of a few bits each.");
    s.add_choice(
         "form", &MappingSettings::form,
         {{"one_sided", DifferentialForm::one_sided}, {"two_sided", DifferentialForm::two_sided}})
        .doc(
            "Differential cells: the idle device stays at g_min, or both move oppositely about "
            "mid-range. Slices are one-sided.");
    s.add_choice("subtraction", &MappingSettings::subtraction,
                 {{"analog", Subtraction::analog}, {"digital", Subtraction::digital}})
        .doc(
            "The two columns of a weight meet before one converter, or after one each. An ideal "
            "reference is subtracted before the converter.");
    s.add_choice("reference", &MappingSettings::reference,
                 {{"ideal", Reference::ideal}, {"physical", Reference::physical}})
        .doc(
            "Offset cells are measured against exactly mid-range, or against a column of devices "
            "per tile that is programmed like any other, furthest from the drivers on its wires.");
    s.add_choice("slices", &MappingSettings::slices,
                 {{"differential", Encoding::differential}, {"offset", Encoding::offset}})
        .doc("Bit-sliced cells: sign and magnitude in differential pairs, or offset cells.");
    s.add("weight_bits", &MappingSettings::weight_bits)
        .unit("bit")
        .range(2, 16)
        .doc("Bit-sliced weights: bits of a weight, the sign included.");
    s.add("slice_bits", &MappingSettings::slice_bits)
        .unit("bit")
        .range(1, 8)
        .doc("Bit-sliced weights: bits of one cell.");
    s.add_custom("tile", "[rows, columns] or \"unlimited\"", read_tile, write_tile)
        .unit("cells")
        .doc("Size of one array; larger layers are cut, partial results are added digitally.");
    s.add("weight_percentile", &MappingSettings::weight_percentile)
        .unit("%")
        .range(50, 100)
        .doc("Percentile of |W| that is mapped to g_max; larger weights are clipped and counted.");
    s.add_choice(
         "weight_scale", &MappingSettings::weight_scale,
         {{"layer", ScaleGroup::layer}, {"tile", ScaleGroup::tile}, {"column", ScaleGroup::column}})
        .doc(
            "The weights that share one scale: the layer's, a tile's, a tile's column's. What "
            "refers to w_max or to weight noise elsewhere means the layer's scale.");
    s.add("replicas", &MappingSettings::replicas)
        .joined_later()
        .range(1, kMostReplicas)
        .doc(
            "Cells that hold one weight, each in arrays of its own: their currents are added "
            "before "
            "the converter, so that the weight is their mean. What a model says of one weight's "
            "noise (awgn's sigma_w) is that of one cell; what whole arrays differ by (variation) "
            "is "
            "the same for all.")
        .source("Le Gallo et al., Neuromorph. Comput. Eng. 2, 014009 (2022)");
    s.add_choice("fill", &MappingSettings::fill,
                 {{"equal", Fill::equal}, {"maximal", Fill::maximal}})
        .joined_later()
        .doc(
            "Replicas all hold the weight, or one after the other is filled to w_max and the last "
            "that is needed holds the rest, so that fewer devices are between their ends (of "
            "one-sided pairs and offset cells).")
        .source("Le Gallo et al., Neuromorph. Comput. Eng. 2, 014009 (2022)");
    s.add("writes", &MappingSettings::writes)
        .joined_later()
        .range(1, kMostWrites)
        .doc(
            "Program and verify: a device that is further than write_tolerance from its target is "
            "written again, so many times at most; the last write stands. 1 is without verifying. "
            "What is not an error of writing stays (stuck devices, variation between devices, "
            "drift), though such devices are written again in vain, and the reads that verify are "
            "exact.");
    s.add("write_tolerance", &MappingSettings::write_tolerance)
        .joined_later()
        .unit("1")
        .range(0, 1)
        .doc(
            "Of program and verify, over g_max - g_min. At 0 no device is ever close enough, so "
            "that all are written as often as they may be and the last write, no better than the "
            "first, stands.");
    s.add_choice("repair", &MappingSettings::repair,
                 {{"none", Repair::none}, {"partners", Repair::partners}})
        .joined_later()
        .doc(
            "partners: devices that are stuck are known before writing, and other devices of the "
            "same cell (the other of a pair, replicas, slices) take up what is missing, as far as "
            "[g_min, g_max] goes. In a stack that holds for what the entry that is stuck says, so "
            "that "
            "it should be the last.")
        .source("Zhang et al., arXiv 1811.02187 (2018), whose partner is that of a pair");
    s.add_choice("compensation", &MappingSettings::compensation,
                 {{"none", Compensation::none},
                  {"tile", Compensation::tile},
                  {"column", Compensation::column}})
        .doc(
            "Digital factor against drift: the response of a tile, or of each of its columns, to "
            "the identity right after programming over that at the device's age, both read once.");
    s.add("compensation_s", &MappingSettings::compensation_s)
        .joined_later()
        .absent("every age")
        .unit("s")
        .above(0)
        .doc(
            "Age of the devices at which the factors of compensation are read, to be used from "
            "then "
            "on; chips that are younger have none. \"every age\": read again at whatever age a "
            "chip is measured.");
    s.add("denoise", &MappingSettings::denoise)
        .joined_later()
        .absent("none")
        .doc(
            "Weights r that a layer's devices hold, read after programming and ageing, count as (r "
            "+ sigma_w^2 beta e^2) / (1 + (1 - lambda) e^2), where e is their root mean square "
            "error over sigma_w: a digital factor per layer (of a bias row too) and beta's share "
            "of the digital sum of its inputs.")
        .source("Shao, Liew, Gündüz, IEEE Trans. Signal Process. 71, 2670 (2023)");
    s.add_choice("bias", &MappingSettings::bias,
                 {{"digital", BiasPlace::digital}, {"analog", BiasPlace::analog}})
        .joined_later()
        .doc(
            "Biases are added digitally, or held by one more row of devices that is driven at the "
            "full scale of the layer's inputs (found by calibration): mapped, programmed, read and "
            "converted like weights, w_max included. The shift of a folded BatchNorm is a bias.");
    s.add("digital", &MappingSettings::digital)
        .joined_later()
        .counts(kOfNetwork)
        .doc(
            "Layers of model.file that stay digital, by name; * and ? stand for any characters "
            "and for one: [\"classifier*\"].");
    s.add("crossbar", &MappingSettings::crossbar)
        .joined_later()
        .counts(kOfNetwork)
        .doc(
            "Layers of model.file that are on crossbars, by name; empty: all that digital leaves.");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
