// The [cost] table.
#include "mapping/cost.hpp"

namespace ohmic {
namespace {

constexpr char kIsaac[] = "Shafiee et al., ISAAC, ISCA 2016, table I (32 nm)";
constexpr char kRegression[] = "Andrulis et al., arXiv 2404.06553 (2024)";

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
  declare_price(s, "dac_pJ", &C::dac_pJ, "pJ", {1e-4, 100},
                "Energy of driving one row, per bit that is applied.");
  declare_price(s, "dac_um2", &C::dac_um2, "um^2", {1e-3, 1e4},
                "Area of one row's driver, per bit that is applied at a time.");
  declare_price(s, "shift_add_pJ", &C::shift_add_pJ, "pJ", {1e-4, 10},
                "Energy of adding one conversion to the digital sum.");
  declare_price(s, "shift_add_um2", &C::shift_add_um2, "um^2", {0.1, 1e5},
                "Area of that adder, one per ADC.");
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
                           "\"none\": not reported."};
    declare_arrays(s);
    declare_converters(s);
    declare_memory(s);
    return s;
  }();
  return schema;
}

}  // namespace ohmic
