#include "mapping/cost.hpp"

#include <algorithm>
#include <cmath>

#include "simulator/call_error.hpp"
#include "simulator/converters.hpp"

namespace ohmic {
namespace {

constexpr double kPico = 1e12, kBitsPerAccess = 256;

struct CellSize {
  double width_F, height_F;
};

CellSize cell_size(CellArea cell) {
  return cell == CellArea::transistor ? CellSize{12, 4} : CellSize{2, 2};
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// What of a layer's mapping decides its cost.
struct Placement {
  explicit Placement(const MappedLayer& layer)
      : K(layer.geometry().rows()),
        N(layer.geometry().columns()),
        groups(layer.geometry().groups),
        inputs(groups * layer.geometry().kernel_rows()),
        row_tiles(layer.tile().row_tiles(static_cast<int>(K))),
        column_tiles(groups * layer.tile().column_tiles(static_cast<int>(N / groups))),
        R(layer.tile().rows > 0 ? layer.tile().rows : K),
        C(layer.tile().columns > 0 ? layer.tile().columns : N / groups) {
    std::vector<char> is_matrix(layer.code().planes().size());
    for (const CellCode::Role& role : layer.code().roles()) {
      ++(role.is_reference ? references : devices);
      if (!role.is_reference) is_matrix[static_cast<std::size_t>(role.plane)] = 1;
    }
    planes = std::count(is_matrix.begin(), is_matrix.end(), 1);
    reference_planes = static_cast<std::int64_t>(is_matrix.size()) - planes;
  }

  std::int64_t grid() const { return row_tiles * column_tiles; }

  std::int64_t K, N, groups;
  std::int64_t inputs;  ///< of all groups: all rows but those of biases
  std::int64_t row_tiles;
  std::int64_t column_tiles;  ///< of all groups
  std::int64_t R, C;
  std::int64_t devices = 0, references = 0;       ///< per cell; per row and tile
  std::int64_t planes = 0, reference_planes = 0;  ///< N columns wide; one per tile
};

/// Sum over columns and devices of every row's target conductances, group by group.
std::vector<double> row_conductances_S(const MappedLayer& layer, const Placement& at) {
  const auto K = static_cast<std::size_t>(at.K);
  std::vector<double> sums(K * static_cast<std::size_t>(at.groups), 0.0);
  for (int role = 0; role < layer.roles(); ++role) {
    const bool shared = layer.code().roles()[static_cast<std::size_t>(role)].is_reference;
    const auto columns = static_cast<std::size_t>(shared ? at.column_tiles : at.N);
    std::vector<double> G_S(K * columns);
    layer.target_S(role, 0, G_S);
    for (std::size_t i = 0; i < G_S.size(); ++i)
      sums[i / K * static_cast<std::size_t>(at.groups) / columns * K + i % K] += G_S[i];
  }
  return sums;
}

/// d_k of every row, group by group.
std::vector<double> mean_squares(const Placement& at, const CostSettings& s,
                                 std::span<const double> row_drive) {
  if (!row_drive.empty()) return {row_drive.begin(), row_drive.end()};
  return std::vector<double>(static_cast<std::size_t>(at.K * at.groups),
                             s.mean_square_drive.value_or(1.0));
}

double array_energy_pJ(const MappedLayer& layer, const Placement& at, const CostSettings& s,
                       std::span<const double> drive) {
  const double lines = static_cast<double>(at.column_tiles / at.groups * at.devices);
  const double wire_F = s.wire_fF_per_um * 1e-15 * static_cast<double>(at.C) *
                        cell_size(s.cell).width_F * s.tech_nm * 1e-3;
  const std::vector<double> G_S = row_conductances_S(layer, at);
  double sum = 0;
  for (std::size_t k = 0; k < G_S.size(); ++k)
    sum += drive[k] * (s.read_s * G_S[k] + lines * wire_F);
  return sum * s.read_V * s.read_V * kPico;
}

ConverterCost adc_cost(const Adc& adc, const CostSettings& s) {
  const double bits = std::min<double>(adc.bits, adc.enob.value_or(adc.bits));
  const ConverterCost regression = adc_regression(bits, s.adc_rate_Hz, s.tech_nm);
  return {s.adc_pJ.value_or(regression.energy_pJ), s.adc_um2.value_or(regression.area_um2)};
}

/// One conversion of so many bits.
double conversion_pJ(int bits, double mean_square, const CostSettings& s) {
  if (bits == 1) return mean_square * s.driver_pJ;
  return s.dac_conversion_pJ.value_or(dac_energy_pJ(bits, mean_square, s));
}

double driver_area_um2(int bits, const CostSettings& s) {
  return bits == 1 ? s.driver_um2 : s.dac_area_um2.value_or(std::exp2(bits) * s.dac_unit_um2);
}

void add_drivers(const Placement& at, const Dac& dac, const CostSettings& s,
                 std::span<const double> drive, LayerCost& cost) {
  const int bits = std::min(dac.slice_bits.value_or(dac.bits), dac.bits);  // at a time
  cost.dac_conversions = cost.mvms * cost.phases * at.K * at.column_tiles;
  const double of_a_row =
      static_cast<double>(cost.mvms * cost.phases * (at.column_tiles / at.groups));
  for (const double mean_square : drive)
    cost.energy_pJ.dac += of_a_row * conversion_pJ(bits, mean_square, s);
  cost.area_um2.dac = static_cast<double>(at.grid() * at.R) * driver_area_um2(bits, s);
}

void add_adcs(const Placement& at, const Periphery& periphery, const CostSettings& s,
              std::int64_t steps, LayerCost& cost) {
  const double reads_of_step = static_cast<double>(cost.mvms / steps * cost.phases);
  const ConverterCost one = adc_cost(*periphery.adc, s);
  const std::int64_t shared = periphery.adc->columns_per_adc;
  cost.adcs = at.grid() * (at.planes * ceil_div(at.C, shared) + at.reference_planes);
  cost.adc_conversions =
      cost.mvms * cost.phases * (at.planes * at.N * at.row_tiles + at.reference_planes * at.grid());
  cost.energy_pJ.adc = static_cast<double>(cost.adc_conversions) * one.energy_pJ;
  cost.energy_pJ.shift_add = static_cast<double>(cost.adc_conversions) * s.shift_add_pJ;
  cost.area_um2.adc = static_cast<double>(cost.adcs) * one.area_um2;
  cost.area_um2.shift_add = static_cast<double>(cost.adcs) * s.shift_add_um2;
  const double convert_s =
      static_cast<double>(std::min({shared, at.C, at.N / at.groups})) / s.adc_rate_Hz;
  cost.latency_s = static_cast<double>(steps) *
                   (s.read_s + (reads_of_step - 1) * std::max(s.read_s, convert_s) + convert_s);
}

void add_memory(const Placement& at, const CostSettings& s, LayerCost& cost) {
  const double accesses = static_cast<double>(cost.mvms * s.activation_bits) / kBitsPerAccess;
  cost.energy_pJ.buffer = accesses * static_cast<double>(at.inputs + at.N) * s.buffer_pJ;
  cost.energy_pJ.router = accesses * static_cast<double>(at.N) * s.router_pJ;
  const double buffers = static_cast<double>(cost.tiles) / s.tiles_per_buffer;
  cost.area_um2.buffer = buffers * s.buffer_um2;
  cost.area_um2.router = buffers / s.buffers_per_router * s.router_um2;
}

}  // namespace

ConverterCost adc_regression(double bits, double rate_Hz, double tech_nm) {
  const double B = std::max(bits, 4.0);
  const double SNDR = 6.0206 * B + 1.761;
  const double FOM =
      std::min(213.7807 - 2.8719 * std::log(rate_Hz), 128.307 + 3.2205 * std::ceil(B));
  const double E =
      std::exp(26.0496 + 1.88004 * std::log(tech_nm) - 2.82913 * std::log(B) - 1.4702) /
      (2 * std::pow(10.0, (FOM - SNDR) / 10));
  return {E, std::exp(1.3462 + 0.99328 * std::log(tech_nm) + 0.18072 * std::log(rate_Hz) +
                      0.29912 * std::log(E))};
}

double dac_energy_pJ(int bits, double mean_square, const CostSettings& s) {
  constexpr double kPicoPerFemto = 1e-3;
  const double d = std::sqrt(mean_square);
  return kPicoPerFemto * s.dac_V * s.dac_V *
         (bits * s.dac_bit_fF + std::exp2(bits) * s.dac_unit_fF * (d - mean_square));
}

double CostParts::total() const {
  double sum = 0;
  for (const CostPart& part : kCostParts) sum += this->*part.value;
  return sum;
}

CostParts& CostParts::operator+=(const CostParts& other) {
  for (const CostPart& part : kCostParts) this->*part.value += other.*part.value;
  return *this;
}

LayerCost layer_cost(const MappedLayer& layer, const Periphery& periphery, const CostSettings& s,
                     std::span<const double> row_drive, std::int64_t steps) {
  const Placement at(layer);
  const ConvGeometry& g = layer.geometry();
  require_call(row_drive.empty() || static_cast<std::int64_t>(row_drive.size()) == at.K * at.groups,
               "layer_cost: needs a drive for every row, group by group, or none");
  LayerCost cost;
  cost.layer = layer.name();
  cost.tiles = at.grid() * at.devices;
  cost.devices = at.K * (at.N * at.devices + at.column_tiles * at.references);
  cost.cells = cost.tiles * at.R * at.C + at.grid() * at.R * at.references;
  cost.macs = steps * g.macs();
  cost.mvms = steps * g.positions();
  cost.phases = static_cast<std::int64_t>(plan_input(periphery, 1.0, false).phases.size());
  const double reads = static_cast<double>(cost.mvms * cost.phases);
  const std::vector<double> drive = mean_squares(at, s, row_drive);
  cost.energy_pJ.arrays = reads * array_energy_pJ(layer, at, s, drive);
  const double F_um = s.tech_nm * 1e-3;
  const CellSize cell = cell_size(s.cell);
  cost.area_um2.arrays =
      static_cast<double>(cost.cells) * cell.width_F * cell.height_F * F_um * F_um;
  cost.latency_s = reads * s.read_s;
  if (periphery.dac) add_drivers(at, *periphery.dac, s, drive, cost);
  if (periphery.adc) add_adcs(at, periphery, s, steps, cost);
  if (periphery.dac) cost.dac_bits = periphery.dac->bits;
  if (periphery.adc) cost.adc_bits = periphery.adc->bits;
  add_memory(at, s, cost);
  return cost;
}

LayerCost total_cost(std::span<const LayerCost> layers) {
  LayerCost sum;
  sum.layer = "total";
  for (const LayerCost& l : layers) {
    sum.tiles += l.tiles;
    sum.devices += l.devices;
    sum.cells += l.cells;
    sum.adcs += l.adcs;
    sum.macs += l.macs;
    sum.mvms += l.mvms;
    sum.phases = std::max(sum.phases, l.phases);
    sum.dac_conversions += l.dac_conversions;
    sum.adc_conversions += l.adc_conversions;
    sum.energy_pJ += l.energy_pJ;
    sum.area_um2 += l.area_um2;
    sum.latency_s += l.latency_s;
  }
  return sum;
}

}  // namespace ohmic
