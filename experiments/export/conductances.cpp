#include "experiments/export/conductances.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "experiments/text/quoting.hpp"
#include "simulator/column_places.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// Copies rows x columns cells at (top, left) out of a matrix of K rows.
std::vector<double> cut(const std::vector<double>& matrix, int K, const ProgrammedTile& t) {
  std::vector<double> cells;
  cells.reserve(static_cast<std::size_t>(t.rows) * static_cast<std::size_t>(t.columns));
  for (int j = 0; j < t.columns; ++j) {
    const auto first = matrix.begin() + (t.first_column + j) * std::ptrdiff_t{K} + t.first_row;
    cells.insert(cells.end(), first, first + t.rows);
  }
  return cells;
}

/// The tiles of one role of one layer.
void cut_role(const MappedLayer& layer, int role, const ProgrammedChip& chip,
              const std::function<void(const MappedLayer&, const ProgrammedTile&)>& take) {
  const int K = layer.geometry().rows(), N = layer.geometry().columns();
  std::vector<double> target_S(static_cast<std::size_t>(K) * static_cast<std::size_t>(N));
  layer.target_S(role, 0, target_S);
  const auto programmed_S = layer.programmed_S(role, chip.devices.of(layer.name()), chip.key);
  const CellCode::Role& code = layer.code().roles()[static_cast<std::size_t>(role)];
  const double side = layer.code().planes()[static_cast<std::size_t>(code.plane)].value_per_S;
  const int height = chip.tile.within(K, N).rows;
  const ColumnPlaces places(layer.geometry(), chip.tile, 1);
  for (int r = 0; r < chip.tile.row_tiles(K); ++r)
    for (int c = 0; c < places.tiles; ++c) {
      ProgrammedTile t{layer.name(), r,          c,  r * height, places.first(c), 0, 0,
                       {},           code.digit, {}, {}};
      t.rows = std::min(height, K - t.first_row);
      t.columns = places.columns(c);
      t.replica = code.replica;
      t.polarity = side * code.sign > 0 ? "plus" : "minus";
      t.target_S = cut(target_S, K, t);
      t.programmed_S = cut(programmed_S, K, t);
      take(layer, t);
    }
}

void append_lines(const ProgrammedTile& t, bool with_replica, fmt::memory_buffer& out) {
  const std::string layer = csv_cell(t.layer);
  const std::string end = with_replica ? fmt::format(",{}\n", t.replica) : "\n";
  for (int j = 0; j < t.columns; ++j)
    for (int i = 0; i < t.rows; ++i) {
      const auto k = static_cast<std::size_t>(j * t.rows + i);
      fmt::format_to(std::back_inserter(out), "{},{},{},{},{},{},{},{},{}{}", layer, t.tile_row,
                     t.tile_column, i, j, t.polarity, t.slice, t.target_S[k], t.programmed_S[k],
                     end);
    }
}

}  // namespace

void Negatives::add(std::span<const double> programmed_S) {
  of += std::ssize(programmed_S);
  count += std::count_if(programmed_S.begin(), programmed_S.end(), [](double G) { return G < 0; });
}

std::string Negatives::text() const {
  if (count == 0) return "";
  return fmt::format(
      "{} of {} devices have a negative conductance, which no real one has: the model's noise is "
      "not clipped; device.clip = \"positive\" ends it at 0, \"range\" at g_min_S and g_max_S",
      count, of);
}

std::vector<const MappedLayer*> ProgrammedChip::crossbars() const {
  std::vector<const MappedLayer*> once;
  for (const MappedLayer& layer : layers)
    if (std::ranges::none_of(once, [&](const auto* o) { return o->name() == layer.name(); }))
      once.push_back(&layer);
  return once;
}

bool ProgrammedChip::has_replicas() const {
  return std::ranges::any_of(
      layers, [](const MappedLayer& layer) { return layer.code().roles().back().replica > 0; });
}

void ProgrammedChip::for_each_tile(
    const std::function<void(const MappedLayer&, const ProgrammedTile&)>& take) const {
  for (const MappedLayer* layer : crossbars())
    for (int role = 0; role < layer->roles(); ++role) cut_role(*layer, role, *this, take);
}

ProgrammedTile ProgrammedChip::tile_at(const std::string& layer, int tile_row, int tile_column,
                                       const std::string& polarity, int slice) const {
  ProgrammedTile found;
  std::string there_are;
  for (const MappedLayer& candidate : layers) {
    const ConvGeometry& g = candidate.geometry();
    there_are += fmt::format("\n  {}: {} x {} tiles", candidate.name(), tile.row_tiles(g.rows()),
                             ColumnPlaces(g, tile, 1).tiles);
    if (candidate.name() != layer) continue;
    for (int role = 0; role < candidate.roles(); ++role)
      cut_role(candidate, role, *this, [&](const MappedLayer&, const ProgrammedTile& t) {
        if (t.tile_row == tile_row && t.tile_column == tile_column && t.polarity == polarity &&
            t.slice == slice && t.replica == 0)
          found = t;
      });
  }
  if (found.rows == 0)
    throw UnsupportedError(fmt::format("there is no tile {}:{}:{}:{}; the layers are{}", layer,
                                       tile_row, tile_column, polarity, there_are));
  return found;
}

ProgrammedTile with_reference_column(ProgrammedTile cells, const ProgrammedTile& references) {
  const auto append = [rows = cells.rows](const std::vector<double>& from,
                                          std::vector<double>& to) {
    to.insert(to.end(), from.begin(), from.begin() + rows);
  };
  append(references.target_S, cells.target_S);
  append(references.programmed_S, cells.programmed_S);
  ++cells.columns;
  return cells;
}

Negatives write_conductances_csv(const std::filesystem::path& path, const ProgrammedChip& chip) {
  const std::filesystem::path part = path.string() + ".part";
  std::ofstream file(part);
  const bool with_replica = chip.has_replicas();
  file << "layer,tile_row,tile_column,row,column,polarity,slice,target_S,programmed_S"
       << (with_replica ? ",replica\n" : "\n");
  fmt::memory_buffer lines;
  Negatives negatives;
  chip.for_each_tile([&](const MappedLayer&, const ProgrammedTile& tile) {
    lines.clear();
    append_lines(tile, with_replica, lines);
    negatives.add(tile.programmed_S);
    file.write(lines.data(), static_cast<std::streamsize>(lines.size()));
  });
  file.close();
  if (!file) throw OutputError(path.string() + ": writing failed");
  std::filesystem::rename(part, path);
  return negatives;
}

}  // namespace ohmic
