#include <fmt/format.h>
#include <hdf5.h>

#include "experiments/export/conductances.hpp"
#include "experiments/export/hdf5_handle.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

void check(herr_t status, const std::string& what) {
  if (status < 0) throw OutputError("HDF5 cannot write " + what);
}

/// What a call opened; a call that failed becomes an OutputError.
Hdf5Handle opened(hid_t id, herr_t (*close)(hid_t), const std::string& what) {
  check(id < 0 ? -1 : 0, what);
  return {id, close};
}

void write_attribute(hid_t object, const char* name, double value) {
  const Hdf5Handle space = opened(H5Screate(H5S_SCALAR), H5Sclose, name);
  const Hdf5Handle attribute = opened(
      H5Acreate2(object, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, name);
  check(H5Awrite(attribute, H5T_NATIVE_DOUBLE, &value), name);
}

void write_text(hid_t object, const char* name, const std::string& text) {
  const Hdf5Handle type = opened(H5Tcopy(H5T_C_S1), H5Tclose, name);
  check(H5Tset_size(type, text.size() + 1), name);
  const Hdf5Handle space = opened(H5Screate(H5S_SCALAR), H5Sclose, name);
  const Hdf5Handle attribute =
      opened(H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, name);
  check(H5Awrite(attribute, type, text.c_str()), name);
}

void write_negatives(hid_t file, const Negatives& negatives) {
  write_attribute(file, "devices", static_cast<double>(negatives.of));
  write_attribute(file, "negative_devices", static_cast<double>(negatives.count));
  if (negatives.count > 0) write_text(file, "note", negatives.text());
}

/// rows x columns, indexed [row][column], from our column by column order.
void write_matrix(hid_t group, const char* name, const ProgrammedTile& t,
                  const std::vector<double>& cells) {
  std::vector<double> by_row(cells.size());
  for (int i = 0; i < t.rows; ++i)
    for (int j = 0; j < t.columns; ++j)
      by_row[static_cast<std::size_t>(i * t.columns + j)] =
          cells[static_cast<std::size_t>(j * t.rows + i)];
  const hsize_t shape[] = {static_cast<hsize_t>(t.rows), static_cast<hsize_t>(t.columns)};
  const Hdf5Handle space = opened(H5Screate_simple(2, shape, nullptr), H5Sclose, name);
  const Hdf5Handle set =
      opened(H5Dcreate2(group, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
             H5Dclose, name);
  check(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, by_row.data()), name);
}

void write_tile(hid_t file, hid_t with_parents, const ProgrammedTile& t) {
  std::string name =
      fmt::format("/{}/tile_{}_{}/{}_{}", t.layer, t.tile_row, t.tile_column, t.polarity, t.slice);
  if (t.replica > 0) name += fmt::format("_replica_{}", t.replica);
  const Hdf5Handle group = opened(
      H5Gcreate2(file, name.c_str(), with_parents, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, name);
  write_attribute(group, "first_row", t.first_row);
  write_attribute(group, "first_column", t.first_column);
  write_matrix(group, "target_S", t, t.target_S);
  write_matrix(group, "programmed_S", t, t.programmed_S);
}

void write_layers(hid_t file, const ProgrammedChip& chip) {
  double index = 0;
  for (const MappedLayer* layer : chip.crossbars()) {
    const std::string name = "/" + layer->name();
    const Hdf5Handle group = opened(
        H5Gcreate2(file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose, name);
    write_attribute(group, "index", index++);
    write_attribute(group, "weight_per_S", layer->scale().weight_per_S);
  }
}

}  // namespace

Negatives write_conductances_hdf5(const std::filesystem::path& path, const ProgrammedChip& chip) {
  const std::filesystem::path part = path.string() + ".part";
  Negatives negatives;
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // errors are ours to report
  {
    const Hdf5Handle file = opened(H5Fcreate(part.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT),
                                   H5Fclose, path.string());
    const Hdf5Handle with_parents = opened(H5Pcreate(H5P_LINK_CREATE), H5Pclose, path.string());
    check(H5Pset_create_intermediate_group(with_parents, 1), path.string());
    write_layers(file, chip);
    chip.for_each_tile([&](const MappedLayer&, const ProgrammedTile& tile) {
      write_tile(file, with_parents, tile);
      negatives.add(tile.programmed_S);
    });
    write_negatives(file, negatives);
    check(H5Fflush(file, H5F_SCOPE_GLOBAL), path.string());
  }
  std::filesystem::rename(part, path);
  return negatives;
}

}  // namespace ohmic
