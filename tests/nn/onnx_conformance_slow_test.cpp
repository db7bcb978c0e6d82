// ONNX's own conformance cases, which come with PyPI's `onnx` in onnx/backend/test/data/node:
// OHMIC_ONNX_CASES names that folder. Every case of the operators that are claimed must pass.
// OHMIC_UPDATE=1 writes what passed into docs/operators.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <set>

#include "nn/import/onnx_values.hpp"
#include "nn/operators/evaluate.hpp"
#include "nn/operators/operator.hpp"
#include "simulator/error.hpp"
#include "tests/nn/operator_cases.hpp"
#include "tests/nn/operators_document.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

/// Why a case of operators that are claimed must be refused; empty: it must pass.
std::string refused(const std::string& name) {
  const auto holds = [&](const char* part) { return name.find(part) != std::string::npos; };
  const bool drops = name.starts_with("test_training_dropout") && !holds("zero_ratio");
  if (drops || (name.starts_with("test_batchnorm") && holds("training_mode"))) {
    return "networks in training mode";
  }
  if (holds("col2im_5d")) return "Col2Im, with three spatial axes";
  if (holds("gridsample_volumetric_nearest")) return "GridSample, nearest with three spatial axes";
  return "";
}

ConstantTensor read_tensor(const fs::path& file) {
  OnnxFiles files(file);
  OnnxTensor tensor = read_onnx_tensor(files.model().text(), files);
  if (!tensor.problem.empty()) throw DataError(tensor.problem);
  return tensor.tensor;
}

std::vector<ConstantTensor> read_tensors(const fs::path& folder, const std::string& kind) {
  std::vector<ConstantTensor> tensors;
  for (std::size_t i = 0;; ++i) {
    const fs::path file = folder / (kind + "_" + std::to_string(i) + ".pb");
    if (!fs::exists(file)) return tensors;
    tensors.push_back(read_tensor(file));
  }
}

/// Types that LibTorch lacks are wider here.
ElementType type_here(ElementType type) {
  if (type == ElementType::u16) return ElementType::i32;
  return type == ElementType::u32 || type == ElementType::u64 ? ElementType::i64 : type;
}

/// What differs, in words; empty: nothing. Tolerances are those of ONNX's own runner.
std::string difference(const ConstantTensor& seen, const ConstantTensor& expected) {
  if (seen.shape != expected.shape) return "another shape";
  if (seen.type != type_here(expected.type)) return "another type";
  const std::vector<double> a = test::numbers_of(seen), b = test::numbers_of(expected);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    if (std::abs(a[i] - b[i]) <= 1e-7 + 1e-3 * std::abs(b[i])) continue;
    return "number " + std::to_string(i) + " is " + std::to_string(a[i]) + " instead of " +
           std::to_string(b[i]);
  }
  return "";
}

std::string run_case(const fs::path& folder, const ImportedModel& model) {
  std::size_t sets = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!entry.is_directory()) continue;
    ++sets;
    const auto expected = read_tensors(entry.path(), "output");
    const auto seen = evaluate(model, read_tensors(entry.path(), "input"));
    if (seen.size() != expected.size()) return "another number of outputs";
    for (std::size_t i = 0; i < seen.size(); ++i) {
      const std::string what = difference(seen[i], expected[i]);
      if (!what.empty()) return "output " + std::to_string(i) + ": " + what;
    }
  }
  return sets > 0 ? "" : "no data";
}

/// A reader's message by its kind: without the names of file, node and value.
std::string reason_of(const std::string& message) {
  const auto holds = [&](const char* part) { return message.find(part) != std::string::npos; };
  if (holds("is written for opset")) return "training operators (opset 1 of their own domain)";
  if (holds("holds a graph of its own")) return "sub-graphs (If, Loop, Scan)";
  if (holds("is no tensor")) return "sequences and optional values";
  if (holds("has elements of string")) return "strings";
  if (holds("has elements of")) return "types of 4 and 8 bits other than int8 and uint8";
  return message;
}

TEST(OnnxConformance, EveryCaseOfTheOperatorsThatAreClaimedPasses) {
  const char* const root = std::getenv("OHMIC_ONNX_CASES");
  if (root == nullptr || !fs::is_directory(root)) {
    GTEST_SKIP() << "OHMIC_ONNX_CASES names no folder; it is onnx/backend/test/data/node of PyPI's "
                    "onnx";
  }
  std::set<fs::path> folders;
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    if (fs::exists(entry.path() / "model.onnx")) folders.insert(entry.path());
  }
  test::Conformance result;
  for (const fs::path& folder : folders) {
    const std::string name = folder.filename().string();
    try {
      const ImportedModel model = read_model(folder / "model.onnx");
      const auto unknown =
          std::find_if(model.nodes.begin(), model.nodes.end(),
                       [](const ModelNode& node) { return find_operator(node.op) == nullptr; });
      if (unknown != model.nodes.end()) {
        result.left_out["operator " + unknown->op].push_back(name);
        continue;
      }
      if (const std::string why = refused(name); !why.empty()) {
        EXPECT_THROW(run_case(folder, model), DataError) << name;
        result.left_out[why].push_back(name);
        continue;
      }
      try {
        const std::string what = run_case(folder, model);
        EXPECT_EQ(what, "") << name;
        result.passed += what.empty();
      } catch (const DataError& error) {
        ADD_FAILURE() << name << ": " << error.what();
      }
    } catch (const DataError& error) {
      result.left_out[reason_of(error.what())].push_back(name);
    }
  }
  EXPECT_GT(result.passed, 0U);
  test::compare_document(test::operators_document(result));
}

}  // namespace
}  // namespace ohmic
