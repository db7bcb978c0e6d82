// Models in ONNX's format, with the files of numbers beside them.
#include <unordered_set>

#include "nn/import/draft.hpp"
#include "nn/import/onnx_nodes.hpp"
#include "nn/import/readers.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::int64_t kOldestOpset = 7, kNewestOpset = 1000;

int checked_opset(const OnnxModel& model) {
  const std::int64_t opset = default_opset(model.opsets);
  if (opset < kOldestOpset || opset > kNewestOpset)
    throw DataError(
        "is written for opset " + std::to_string(opset) +
        " of ONNX; accepted are 7 and later (Python's onnx.version_converter converts)");
  return static_cast<int>(opset);
}

std::string producer_of(const OnnxModel& model) {
  const std::string name = printable(model.producer), version = printable(model.producer_version);
  return version.empty() ? name : name + " " + version;
}

void read_constants(const OnnxGraph& graph, OnnxFiles& files, Draft& draft) {
  std::unordered_set<std::string> names;
  const auto take_name = [&](const std::string& name) {
    if (!names.insert(name).second)
      throw DataError("constant " + in_quotes(name) + " is there twice");
  };
  for (const std::string_view message : graph.initializers) {
    OnnxTensor t = read_onnx_tensor(message, files);
    take_name(t.name);
    if (t.problem.empty())
      draft.model.constants.emplace(std::move(t.name), std::move(t.tensor));
    else
      draft.problems.emplace(std::move(t.name), std::move(t.problem));
  }
  for (const std::string_view message : graph.sparse_initializers) {
    std::string name = onnx_sparse_name(message);
    take_name(name);
    draft.problems.emplace(std::move(name), "is sparse; expected a dense tensor");
  }
}

/// Before IR 4, constants had to be listed among the inputs.
void read_interface(const OnnxGraph& graph, Draft& draft) {
  for (const std::string_view message : graph.inputs) {
    const std::string name = onnx_value_name(message);
    if (draft.model.constants.count(name) == 0 && draft.problems.count(name) == 0)
      draft.model.inputs.push_back(read_onnx_value(message));
  }
  for (const std::string_view message : graph.outputs)
    draft.model.outputs.push_back(read_onnx_value(message));
}

/// Protobuf has no signature. A model begins with its IR version wherever it was made by protobuf
/// itself; then what is damaged is worth telling.
OnnxModel read_messages(std::string_view bytes) {
  const std::string foreign =
      std::string("is no model file that is known, or damaged; ") + kModelFiles;
  try {
    OnnxModel model = read_onnx_model(bytes);
    if (!model.has_graph) throw DataError(foreign);
    return model;
  } catch (const DataError&) {
    if (bytes.starts_with('\x08')) throw;
    throw DataError(foreign);
  }
}

}  // namespace

ImportedModel read_onnx(const std::filesystem::path& path) {
  OnnxFiles files(path);
  const OnnxModel onnx = read_messages(files.model().text());
  Draft draft;
  draft.model.file = path;
  draft.model.format = "ONNX";
  draft.model.producer = producer_of(onnx);
  draft.model.opset = checked_opset(onnx);
  read_constants(onnx.graph, files, draft);
  read_interface(onnx.graph, draft);
  draft.nodes = onnx_nodes(onnx, files);
  draft.model.files = files.all();
  return finish(std::move(draft));
}

}  // namespace ohmic
