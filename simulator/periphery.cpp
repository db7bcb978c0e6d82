#include "simulator/periphery.hpp"

namespace ohmic {

const Schema<Dac>& Dac::schema() {
  static const Schema<Dac> schema = [] {
    Schema<Dac> s{"dac",
                  "Converters of a layer's digital inputs to row voltages; \"ideal\": none."};
    s.add("bits", &Dac::bits).unit("bit").range(1, 16).doc("Resolution.");
    s.add("is_signed", &Dac::is_signed)
        .doc("Codes cover [-1, 1] instead of [0, 1]; inputs after a ReLU need no sign.");
    s.add("percentile", &Dac::percentile)
        .unit("%")
        .range(50, 100)
        .doc(
            "Percentile of |input| on calibration images that is mapped to full scale; "
            "larger inputs clip and are counted.");
    return s;
  }();
  return schema;
}

const Schema<Adc>& Adc::schema() {
  static const Schema<Adc> schema = [] {
    Schema<Adc> s{"adc", "Converters of a tile's column currents; \"ideal\": none."};
    s.add("bits", &Adc::bits).unit("bit").range(1, 24).doc("Resolution.");
    s.add_choice(
         "range", &Adc::range,
         {{"max", AdcRange::max}, {"calibrated", AdcRange::calibrated}, {"fixed", AdcRange::fixed}})
        .doc(
            "Full scale: the largest column output that can occur (max), a percentile of what "
            "calibration images produce (calibrated), or a given fraction of max (fixed).");
    s.add("percentile", &Adc::percentile)
        .unit("%")
        .range(50, 100)
        .doc(
            "For range = \"calibrated\": percentile of |column output| at full scale; larger "
            "outputs saturate and are counted.");
    s.add("full_scale", &Adc::full_scale)
        .unit("1")
        .above(0)
        .doc("For range = \"fixed\": full scale as a fraction of the largest possible output.");
    return s;
  }();
  return schema;
}

const Schema<Wires>& Wires::schema() {
  static const Schema<Wires> schema = [] {
    Schema<Wires> s{"wires",
                    "Resistance of the array's wires, solved exactly per programmed tile; columns "
                    "are sensed at the bottom; \"ideal\": none."};
    s.add("row_ohm", &Wires::row_ohm)
        .unit("ohm")
        .at_least(0)
        .doc("Resistance of a row between neighbouring cells.");
    s.add("column_ohm", &Wires::column_ohm)
        .unit("ohm")
        .at_least(0)
        .doc("Resistance of a column between neighbouring cells.");
    s.add("driver_ohm", &Wires::driver_ohm)
        .unit("ohm")
        .at_least(0)
        .doc("Output resistance of a row's driver, in series with the row.");
    s.add("sense_ohm", &Wires::sense_ohm)
        .unit("ohm")
        .at_least(0)
        .doc("Input resistance of a column's sense amplifier, in series with the column.");
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
        .doc("Whether reads of the devices are noisy, where the device model has read noise.");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
