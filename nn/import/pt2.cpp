// Models of torch.export (.pt2): operators of PyTorch (aten) in ONNX's words.
#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "nn/import/aten/aten_call.hpp"
#include "nn/import/draft.hpp"
#include "nn/import/json.hpp"
#include "nn/import/pt2_archive.hpp"
#include "nn/import/pt2_graph.hpp"
#include "nn/import/readers.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

/// "models/NAME.json", of the one model in the archive.
std::string model_name(const Pt2Archive& archive) {
  std::vector<std::string> names;
  for (const std::string& path : archive.below("models/"))
    if (path.ends_with(".json")) names.push_back(path.substr(7, path.size() - 12));
  if (names.size() == 1) return names[0];
  if (std::find(names.begin(), names.end(), "model") != names.end()) return "model";
  if (!names.empty())
    throw DataError("holds " + std::to_string(names.size()) + " models; expected one");
  if (archive.has("serialized_exported_program.json"))
    throw DataError("was exported by a PyTorch before 2.8; export it again with torch.export.save");
  throw DataError("is a zip archive, but holds no model of torch.export (models/model.json)");
}

void check_format(const Pt2Archive& archive, const Json& program) {
  if (archive.has("byteorder") && archive.text("byteorder") != "little")
    throw DataError("holds numbers of another byte order; expected little-endian ones");
  const Json& version = member(program, "schema_version");
  const Json& major = member(version, "major");
  if (!major.is_number_integer() || major.get<std::int64_t>() != 8)
    throw DataError("has schema " + major.dump() +
                    " of torch.export; expected 8 (PyTorch 2.6 and "
                    "later)");
}

std::string producer_of(const Json& program) {
  const Json* version = find(program, "torch_version");
  return version && version->is_string() ? "pytorch " + printable(version->get<std::string>())
                                         : "pytorch";
}

ImportedModel read_program(const std::filesystem::path& file) {
  const Pt2Archive archive(file);
  const std::string name = model_name(archive);
  const Json program = parse_json(archive.text("models/" + name + ".json"), name + ".json");
  check_format(archive, program);
  AtenGraph graph;
  ImportedModel& model = graph.draft.model;
  model.file = file;
  model.format = "PyTorch (pt2)";
  model.producer = producer_of(program);
  model.opset = kOpsetOfDrafts;
  model.files = {archive.file()};
  read_pt2_graph(member(program, "graph_module"), read_pt2_tensors(archive, name), graph);
  ImportedModel finished = finish(std::move(graph.draft));
  std::optional<StoredSample> sample = read_pt2_sample(archive, name);
  if (sample && sample->inputs.size() == finished.inputs.size())
    finished.samples.push_back(std::move(*sample));
  return finished;
}

}  // namespace

ImportedModel read_pt2(const std::filesystem::path& file) {
  try {
    return read_program(file);
  } catch (const Json::exception& error) {
    throw DataError(std::string("is damaged: ") + error.what());
  }
}

}  // namespace ohmic
