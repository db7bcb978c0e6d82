// The [cost] table.
#include "mapping/cost.hpp"

namespace ohmic {
namespace {

constexpr char kIsaac[] = "Shafiee et al., ISAAC, ISCA 2016, table I (32 nm)";
constexpr char kRegression[] = "Andrulis et al., arXiv 2404.06553 (2024)";
constexpr char kDriver[] =
    "Shafiee et al., ISAAC, ISCA 2016, table I (32 nm): 4 mW and 0.00017 mm^2 for 1,024 one-bit "
    "drivers and a read in 100 ns; an estimate, not silicon, taken for rows that are all driven";
constexpr char kDac[] =
    "capacitors that share charge, as in Saberi et al., IEEE TCAS-I 58 (2011), and what switches "
    "them";

/// What published circuits have with room to both sides; most numbers beyond are of another unit.
struct Usual {
  double least, most;
};

template <class Price>
ParameterBuilder declare_price(Schema<CostSettings>& s, const char* key, Price CostSettings::*price,
                               const char* unit, Usual usual, const char* doc) {
  return s.add(key, price)
      .unit(unit)
      .at_least(0)
      .usual(usual.least, usual.most)
      .doc(doc)
      .source(kIsaac);
}

void declare_arrays(Schema<CostSettings>& s) {
  using C = CostSettings;
  s.add("tech_nm", &C::tech_nm)
      .unit("nm")
      .range(1, 1000)
      .usual(3, 500)
      .doc("Feature size F: of the cells' area and of the converters' regression.")
      .source(kIsaac);
  s.add("read_V", &C::read_V)
      .unit("V")
      .range(0, 10)
      .usual(0.01, 3)
      .doc("Voltage of a row at full drive.")
      .source("a choice");
  s.add("read_s", &C::read_s)
      .unit("s")
      .above(0)
      .usual(1e-9, 1e-3)
      .doc("Time for which the rows are driven in one read.")
      .source("Shafiee et al., ISAAC, ISCA 2016: a read takes 100 ns");
  s.add_choice("cell", &C::cell,
               {{"transistor", CellArea::transistor}, {"crossbar", CellArea::crossbar}})
      .doc(
          "One transistor and one device, 12 F along the row and 4 F along the column; or a bare "
          "crossing of 2 F x 2 F.")
      .source("Chen et al., NeuroSim, IEEE TCAD 37 (2018)");
  s.add("wire_fF_per_um", &C::wire_fF_per_um)
      .unit("fF/um")
      .at_least(0)
      .usual(0.01, 10)
      .doc("Capacitance of a row's wire, charged in every read.")
      .source("a usual value of intermediate metal layers");
  s.add("mean_square_drive", &C::mean_square_drive)
      .unit("1")
      .range(0, 1)
      .absent("measured")
      .doc(
          "Mean square of a row's drive over full drive; measured: of every row, on the images of "
          "evaluation.calibration_images.");
}

void declare_converters(Schema<CostSettings>& s) {
  using C = CostSettings;
  s.add("adc_rate_Hz", &C::adc_rate_Hz)
      .unit("Hz")
      .above(0)
      .usual(1e5, 1e11)
      .doc("Conversions of one ADC per second.")
      .source(kIsaac);
  declare_price(
      s, "adc_pJ", &C::adc_pJ, "pJ", {1e-3, 1e3},
      "Energy of one conversion; regression: over published converters, from tech_nm, "
      "adc_rate_Hz and the bits (the effective ones where periphery.adc.enob gives them; below "
      "4 as for 4).")
      .absent("regression")
      .source(kRegression);
  declare_price(s, "adc_um2", &C::adc_um2, "um^2", {1, 1e7}, "Area of one ADC.")
      .absent("regression")
      .source(kRegression);
  declare_price(s, "shift_add_pJ", &C::shift_add_pJ, "pJ", {1e-4, 10},
                "Energy of adding one conversion to the digital sum.");
  declare_price(s, "shift_add_um2", &C::shift_add_um2, "um^2", {0.1, 1e5},
                "Area of that adder, one per ADC.");
}

/// Rows that one bit drives at a time (periphery.dac.slice_bits = 1).
void declare_drivers(Schema<CostSettings>& s) {
  using C = CostSettings;
  declare_price(s, "driver_pJ", &C::driver_pJ, "pJ", {1e-4, 100},
                "Energy of driving one row for one bit, where one bit is applied at a time: of a "
                "one; zeros cost nothing.")
      .source(kDriver);
  declare_price(s, "driver_um2", &C::driver_um2, "um^2", {1e-3, 1e4},
                "Area of one row's driver, where one bit is applied at a time.")
      .source(kDriver);
}

/// Rows that several bits drive at a time.
void declare_dacs(Schema<CostSettings>& s) {
  using C = CostSettings;
  declare_price(s, "dac_conversion_pJ", &C::dac_conversion_pJ, "pJ", {1e-4, 1e3},
                "Energy of one conversion of a DAC of several bits; model: dac_V^2 (bits "
                "dac_bit_fF + 2^bits dac_unit_fF (d - d^2)), d the root of the row's mean square "
                "drive, which is the most that its capacitors can take. No amplifier between DAC "
                "and row is in it.")
      .absent("model")
      .source(kDac);
  declare_price(s, "dac_area_um2", &C::dac_area_um2, "um^2", {0.1, 1e6},
                "Area of one DAC of several bits; model: 2^bits dac_unit_um2.")
      .absent("model")
      .source(kDac);
  s.add("dac_V", &C::dac_V)
      .unit("V")
      .range(0, 10)
      .usual(0.1, 5)
      .doc("Supply and reference of DACs of several bits.")
      .source("the usual supply in 28 to 32 nm; a choice");
  declare_price(s, "dac_bit_fF", &C::dac_bit_fF, "fF", {0.1, 1e4},
                "Capacitance that a conversion charges for each bit of a DAC: its register, its "
                "switches and what drives them.")
      .source(
          "ZigZag-IMC (KU Leuven, github.com/KULeuven-MICAS/zigzag-imc): k0 of its DACs, of "
          "SRAM macros in 28 nm");
  declare_price(s, "dac_unit_fF", &C::dac_unit_fF, "fF", {0.01, 1e3},
                "One of the 2^bits capacitors of a DAC.")
      .source("Harpe et al., IEEE JSSC 46 (2011): 0.5 fF in a converter of 8 bits and 10 MS/s");
  declare_price(s, "dac_unit_um2", &C::dac_unit_um2, "um^2", {1e-3, 1e4},
                "Area of one of the 2^bits capacitors of a DAC with its share of the switches; "
                "does not shrink with tech_nm.")
      .source(
          "Song et al., BRAHMS, DAC 2021, as Accelergy's library has it: 438 um^2 for the "
          "capacitors of 8 bits in a converter of 40 nm (Chen et al., VLSI 2018), read off its "
          "photograph");
}

void declare_memory(Schema<CostSettings>& s) {
  using C = CostSettings;
  s.add("activation_bits", &C::activation_bits)
      .unit("bit")
      .range(1, 64)
      .doc("Bits of an activation in the buffers.")
      .source("a choice");
  declare_price(s, "buffer_pJ", &C::buffer_pJ, "pJ", {0.01, 1e4},
                "Energy of 256 bits from or to a buffer.");
  declare_price(s, "buffer_um2", &C::buffer_um2, "um^2", {10, 1e9}, "Area of a buffer.");
  s.add("tiles_per_buffer", &C::tiles_per_buffer)
      .at_least(1)
      .doc("Arrays that share a buffer; layers count their share of one.")
      .source(kIsaac);
  declare_price(s, "router_pJ", &C::router_pJ, "pJ", {0.01, 1e4},
                "Energy of moving 256 bits to the next layer.");
  declare_price(s, "router_um2", &C::router_um2, "um^2", {10, 1e9}, "Area of a router.");
  s.add("buffers_per_router", &C::buffers_per_router)
      .at_least(1)
      .doc("Buffers that share a router.")
      .source(kIsaac);
}

}  // namespace

const Schema<CostSettings>& CostSettings::schema() {
  static const Schema<CostSettings> schema = [] {
    Schema<CostSettings> s{"cost",
                           "Energy, latency and area per image, first order, from these constants; "
                           "\"none\": not reported. Not in it: leakage, clocks, control and "
                           "digital work behind the layers' sums."};
    declare_arrays(s);
    declare_drivers(s);
    declare_dacs(s);
    declare_converters(s);
    declare_memory(s);
    return s;
  }();
  return schema;
}

std::string instead_of_price(const std::string& key) {
  const bool area = key == "dac_um2";
  if (!area && key != "dac_pJ") return {};
  return std::string(
             "is no price any more, as drivers of one bit and DACs of several differ; "
             "expected ") +
         (area ? "driver_um2, of a driver of one bit, or dac_area_um2, of a whole DAC"
               : "driver_pJ, of a row that one bit drives, or dac_conversion_pJ, of a whole "
                 "conversion of several bits");
}

}  // namespace ohmic
