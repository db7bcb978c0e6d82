#include "experiments/export/netlist.hpp"

#include <fmt/format.h>

#include "experiments/text/quoting.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

class Netlist {
 public:
  Netlist(const ProgrammedTile& tile, const Wires& wires, const PolynomialCurve* curve)
      : tile_(tile), wires_(wires), is_bent_(curve), a_(tile.programmed_S.size()), b_(a_.size()) {
    if (curve) curve->coefficients(tile.programmed_S, a_, b_);
  }

  std::string text(std::span<const double> volts) {
    write("* {} tile {},{} {} slice {}: {} rows x {} columns\n", one_line(tile_.layer),
          tile_.tile_row, tile_.tile_column, tile_.polarity, tile_.slice, tile_.rows,
          tile_.columns);
    write("* driver {} ohm, row {} ohm per cell, column {} ohm per cell, sense {} ohm\n",
          wires_.driver_ohm, wires_.row_ohm, wires_.column_ohm, wires_.sense_ohm);
    Negatives negatives;
    negatives.add(tile_.programmed_S);
    if (negatives.count > 0)
      write("* {}\n* they are resistors of negative value\n", negatives.text());
    if (is_bent_) write(".options reltol=1e-9 abstol=1e-18 vntol=1e-15\n");  // of the iteration
    std::vector<std::string> columns;
    for (int j = 0; j < tile_.columns; ++j) columns.push_back(add_sense(j));
    // From the sensed end upwards, so that every segment starts at a node that has its name.
    for (int i = tile_.rows - 1; i >= 0; --i)
      add_row(i, volts[static_cast<std::size_t>(i)], columns);
    write(".control\nset numdgt=15\nop\n");
    for (int j = 0; j < tile_.columns; ++j) write("print i(Vsense_{})\n", j);
    write("quit\n.endc\n.end\n");
    return fmt::to_string(text_);
  }

 private:
  template <class... Args>
  void write(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }

  /// A wire from `from` to a new node; without resistance `from` itself.
  std::string segment(const std::string& from, const std::string& to, double ohm) {
    if (ohm == 0) return from;
    write("R{}_{} {} {} {}\n", from, to, from, to, ohm);
    return to;
  }

  std::string add_sense(int j) {
    const std::string input = fmt::format("s{}", j);
    write("Vsense_{} {} 0 DC 0\n", j, input);
    return segment(input, fmt::format("c{}_{}", tile_.rows - 1, j),
                   wires_.sense_ohm + wires_.column_ohm);
  }

  void add_row(int i, double volt, std::vector<std::string>& columns) {
    const std::string driver = fmt::format("d{}", i);
    const double end_ohm = wires_.driver_ohm + wires_.row_ohm;
    write("Vdrive_{} {} 0 DC {}\n", i, driver, volt);
    std::string row = segment(driver, fmt::format("r{}_0", i), end_ohm);
    for (int j = 0; j < tile_.columns; ++j) {
      std::string& column = columns[static_cast<std::size_t>(j)];
      if (j > 0) row = segment(row, fmt::format("r{}_{}", i, j), wires_.row_ohm);
      if (i + 1 < tile_.rows)
        column = segment(column, fmt::format("c{}_{}", i, j), wires_.column_ohm);
      add_cell(i, j, row, column);
    }
    if (wires_.drive == RowDrive::both && end_ohm > 0)
      write("Rend{} {} {} {}\n", i, row, driver, end_ohm);
  }

  void add_cell(int i, int j, const std::string& row, const std::string& column) {
    const auto k = static_cast<std::size_t>(j * tile_.rows + i);
    const double G_S = tile_.programmed_S[k];
    if (G_S == 0) return;
    if (a_[k] == 0 && b_[k] == 0) return write("Rcell{}_{} {} {} {}\n", i, j, row, column, 1 / G_S);
    const std::string V = fmt::format("V({},{})", row, column);
    write("Bcell{}_{} {} {} I={}*({}+({})*abs({})+({})*{}*{})\n", i, j, row, column, V, G_S, a_[k],
          V, b_[k], V, V);
  }

  const ProgrammedTile& tile_;
  Wires wires_;
  bool is_bent_;
  std::vector<double> a_, b_;  ///< A/V^2, A/V^3; zeros for ohmic cells
  fmt::memory_buffer text_;
};

}  // namespace

std::string spice_netlist(const ProgrammedTile& tile, const std::optional<Wires>& wires,
                          std::span<const double> volts, const PolynomialCurve* curve) {
  OHMIC_ASSERT(std::ssize(volts) == tile.rows);
  return Netlist(tile, wires.value_or(Wires{0, 0, 0, 0, RowDrive::left}), curve).text(volts);
}

}  // namespace ohmic
