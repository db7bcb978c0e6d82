#include "simulator/periphery.hpp"

namespace ohmic {
namespace {

/// Ranges are those of columns without noise, whatever converts them then.
constexpr Stages kBehindRanges = Stages::from(Stage::exact);

template <class Converter>
ParameterBuilder declare_bits(Schema<Converter>& s) {
  return s.add("bits", &Converter::bits).unit("bit").range(1, 16).doc("Resolution.");
}

template <class Converter>
void declare_percentile(Schema<Converter>& s, const char* doc) {
  s.add("percentile", &Converter::percentile).unit("%").range(50, 100).doc(doc);
}

void declare_ohms(Schema<Wires>& s, const char* key, double Wires::*member, const char* doc) {
  s.add(key, member).unit("ohm").at_least(0).usual(0, 1e6).doc(doc);
}

}  // namespace

const Schema<Dac>& Dac::schema() {
  static const Schema<Dac> schema = [] {
    Schema<Dac> s{"dac",
                  "Converters of a layer's digital inputs to row voltages; \"ideal\": none."};
    declare_bits(s);
    s.add("is_signed", &Dac::is_signed)
        .doc(
            "Codes cover [-1, 1] instead of [0, 1], in every layer; false: only in layers whose "
            "inputs may be negative, as those of the network itself.");
    declare_percentile(s,
                       "Percentile of |input| on calibration images that is mapped to full scale; "
                       "larger inputs clip and are counted.");
    s.add_choice("drive", &Dac::drive,
                 {{"bipolar", SignedDrive::bipolar}, {"two_phase", SignedDrive::two_phase}})
        .doc(
            "Inputs of either sign: drivers of either sign, or the positive inputs first and the "
            "negative ones in a second product that is subtracted digitally.");
    s.add("slice_bits", &Dac::slice_bits)
        .unit("bit")
        .range(1, 16)
        .absent("all")
        .doc(
            "Bits of an input that drive the rows at a time, lowest first; every slice is a "
            "product "
            "and a conversion of its own, shifted and added digitally. 1 is bit-serial.");
    return s;
  }();
  return schema;
}

namespace {

void declare_errors(Schema<Adc>& s) {
  s.add("offset_lsb", &Adc::offset_lsb)
      .unit("LSB")
      .counts(kBehindRanges)
      .at_least(0)
      .doc("Std over converters of their offset, drawn once per chip.");
  s.add("gain_error", &Adc::gain_error)
      .unit("1")
      .counts(kBehindRanges)
      .range(0, 1)
      .doc("Std over converters of their relative gain error, drawn once per chip.");
  s.add("inl_lsb", &Adc::inl_lsb)
      .unit("LSB")
      .counts(kBehindRanges)
      .range(-1e6, 1e6)
      .doc(
          "Integral non-linearity: largest deviation of a cubic transfer curve that is exact at 0 "
          "and at both ends.");
  s.add("enob", &Adc::enob)
      .unit("bit")
      .counts(kBehindRanges)
      .range(0, 24)
      .doc(
          "Effective number of bits that thermal noise leaves: variance (4^(bits - enob) - 1)/12 "
          "LSB^2, drawn at each conversion.")
      .source("IEEE Std 1241: SINAD = 6.02 ENOB + 1.76 dB");
  s.add("capacitor_mismatch", &Adc::capacitor_mismatch)
      .unit("1")
      .counts(kBehindRanges)
      .range(0, 0.5)
      .doc(
          "Successive approximation over binary-weighted capacitors whose unit has this relative "
          "std; 2^i units in parallel err by it over sqrt(2^i). Drawn once per converter.");
  s.add_choice("rounding", &Adc::rounding,
               {{"nearest", Rounding::nearest}, {"stochastic", Rounding::stochastic}})
      .counts(kBehindRanges)
      .doc("To the nearest code, or up with a probability equal to the fraction (dithered).");
}

}  // namespace

const Schema<Adc>& Adc::schema() {
  static const Schema<Adc> schema = [] {
    Schema<Adc> s{"adc", "Converters of a tile's column currents; \"ideal\": none."};
    declare_bits(s).counts(kBehindRanges);
    s.add_choice(
         "range", &Adc::range,
         {{"max", AdcRange::max}, {"calibrated", AdcRange::calibrated}, {"fixed", AdcRange::fixed}})
        .counts(kBehindRanges)
        .doc(
            "Full scale: the largest column output that can occur (max), a percentile of what "
            "calibration images produce (calibrated), or a given fraction of max (fixed).");
    declare_percentile(
        s,
        "For range = \"calibrated\": percentile of |column output| at full scale; larger "
        "outputs saturate and are counted.");
    s.add("full_scale", &Adc::full_scale)
        .unit("1")
        .counts(kBehindRanges)
        .above(0)
        .doc("For range = \"fixed\": full scale as a fraction of the largest possible output.");
    s.add_choice(
         "per", &Adc::per,
         {{"layer", RangePer::layer}, {"tile", RangePer::tile}, {"column", RangePer::column}})
        .doc("For range = \"calibrated\": what shares one full scale.");
    s.add("columns_per_adc", &Adc::columns_per_adc)
        .at_least(1)
        .doc(
            "Neighbouring columns of a tile that take turns on one converter and share its "
            "errors.");
    declare_errors(s);
    return s;
  }();
  return schema;
}

const Schema<Wires>& Wires::schema() {
  static const Schema<Wires> schema = [] {
    Schema<Wires> s{"wires",
                    "Resistance of the array's wires, solved exactly per programmed tile; columns "
                    "are sensed at the bottom; \"ideal\": none."};
    declare_ohms(s, "row_ohm", &Wires::row_ohm, "Resistance of a row between neighbouring cells.");
    declare_ohms(s, "column_ohm", &Wires::column_ohm,
                 "Resistance of a column between neighbouring cells.");
    declare_ohms(s, "driver_ohm", &Wires::driver_ohm,
                 "Output resistance of a row's driver, in series with the row.");
    declare_ohms(s, "sense_ohm", &Wires::sense_ohm,
                 "Input resistance of a column's sense amplifier, in series with the column.");
    s.add_choice("drive", &Wires::drive, {{"left", RowDrive::left}, {"both", RowDrive::both}})
        .doc("Whether a row is driven at its left end or by equal drivers at both ends.");
    return s;
  }();
  return schema;
}

const Schema<OutputNoise>& OutputNoise::schema() {
  static const Schema<OutputNoise> schema = [] {
    Schema<OutputNoise> s{"output_noise",
                          "Gaussian noise added to each column output before its converter, drawn "
                          "again at each MVM; \"ideal\": none."};
    s.add("relative", &OutputNoise::relative)
        .unit("1")
        .counts(kBehindRanges)
        .at_least(0)
        .doc("Standard deviation as a fraction of the converter's full scale.");
    return s;
  }();
  return schema;
}

const Schema<Periphery>& Periphery::schema() {
  static const Schema<Periphery> schema = [] {
    Schema<Periphery> s{"periphery", "What stands around the arrays: converters, noise and wires."};
    s.add("dac", &Periphery::dac).doc("Digital to analog converters of the rows.");
    s.add("adc", &Periphery::adc).doc("Analog to digital converters of the columns.");
    s.add("wires", &Periphery::wires).doc("Wire resistance.");
    s.add("output_noise", &Periphery::output_noise).doc("Noise at the converters' inputs.");
    s.add("read_noise", &Periphery::read_noise)
        .counts(kBehindRanges)
        .doc("Whether reads of the devices are noisy, where the device model has read noise.");
    s.add_choice("products", &Periphery::products,
                 {{"auto", Products::automatic},
                  {"f32", Products::f32},
                  {"bf16", Products::bf16},
                  {"bf16x2", Products::bf16x2}})
        .counts(kBehindRanges)
        .doc(
            "Number format of the products on the cpu back end: float; bf16 (8 bits, faster on "
            "processors that multiply it in hardware, slower than float on others); or "
            "weights as a sum of two bf16. Inputs applied bit by bit are added up from tables: of "
            "floats, or, with bf16 and tiles of up to 512 rows, of sums of four weights in 16 "
            "bits. Processors that have AVX-512 VNNI multiply 3 x 3 kernels as 16-bit integers, "
            "which rounds less than bf16: with bf16 where that is as fast (no AMX). auto: float, "
            "and these 16 bits (with AMX weights of two bf16, where drives are 256 at most, as "
            "behind DACs of 8 bits, and channels are in one group) where no input could move a "
            "sum, or the standard deviation of its reads, by more than a "
            "step of its ADC, or the latter by more than a sixteenth of what it is at full drive; "
            "on ideal arrays kernels of 3 x 3 may be computed in float by "
            "Winograd's minimal filtering, which rounds two to three times as much as f32. What is "
            "digital is computed as on such arrays, whatever this key "
            "says.");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
