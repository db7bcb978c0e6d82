#include "mapping/settings.hpp"

namespace ohmic {
namespace {

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

const Schema<MappingSettings>& MappingSettings::schema() {
  static const Schema<MappingSettings> schema = [] {
    Schema<MappingSettings> s{"mapping", "How weights become conductances and where they lie."};
    s.add_choice("encoding", &MappingSettings::encoding, {{"differential", Encoding::differential}})
        .doc("How a cell holds a weight: two devices, G+ and G-, subtracted before the converter.");
    s.add_choice(
         "form", &MappingSettings::form,
         {{"one_sided", DifferentialForm::one_sided}, {"two_sided", DifferentialForm::two_sided}})
        .doc(
            "Differential cells: the idle device stays at g_min, or both move oppositely about "
            "mid-range.");
    s.add_custom("tile", "[rows, columns] or \"unlimited\"", read_tile, write_tile)
        .unit("cells")
        .doc("Size of one array; larger layers are cut, partial results are added digitally.");
    s.add("weight_percentile", &MappingSettings::weight_percentile)
        .unit("%")
        .range(50, 100)
        .doc("Percentile of a layer's |W| that is mapped to g_max; larger weights are clipped.");
    return s;
  }();
  return schema;
}

}  // namespace ohmic
