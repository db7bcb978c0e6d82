// docs/operators.md: a table of the registered operators, and which conformance cases pass.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "nn/operators/operator.hpp"
#include "tests/source_folder.hpp"

namespace ohmic::test {

struct Conformance {
  std::size_t passed = 0;
  std::map<std::string, std::vector<std::string>> left_out;  ///< names of cases, by reason
};

inline std::filesystem::path operators_file() { return source_folder() / "docs" / "operators.md"; }

inline std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

/// "| name | limits |" of each operator, sorted.
inline std::string operators_table() {
  std::string table = "| operator | what is refused |\n| --- | --- |\n";
  for (const std::string& name : operator_names()) {
    table += "| " + name + " | " + find_operator(name)->limits + " |\n";
  }
  return table;
}

inline std::string operators_document(const Conformance& result) {
  std::ostringstream text;
  text << "# Operators of imported networks\n\n"
          "Generated: OHMIC_UPDATE=1 with the test `OnnxConformance`, which runs the cases of "
          "PyPI's `onnx` in the folder that OHMIC_ONNX_CASES names: "
          "`onnx/backend/test/data/node` of version 1.22.0 (1.23 comes without it; what 1.19 "
          "expects of Attention was corrected since).\n\n"
          "These operators can stand in a network that is imported, with ONNX's meaning at any "
          "opset from 7 to 24 that has them (the cases go up to opset 27). uint16 and uint32 are "
          "computed in int32 and int64, "
          "uint64 in int64; on the CPU, float16 and bfloat16 are computed in float32 and rounded "
          "after each operator. Sub-graphs (If, Loop, Scan), sequences and strings are refused.\n\n"
       << operators_table() << "\n## ONNX's conformance cases\n\n"
       << result.passed
       << " cases pass, all there are of the operators above but for those left out, whose reasons "
          "are these.\n\n";
  for (const auto& [reason, names] : result.left_out) {
    text << "- " << reason << " (" << names.size() << "):";
    for (const std::string& name : names) text << " " << name.substr(name.find('_') + 1);
    text << "\n";
  }
  return text.str();
}

/// With OHMIC_UPDATE writes the document, else compares.
inline void compare_document(const std::string& text) {
  if (std::getenv("OHMIC_UPDATE") != nullptr) {
    std::ofstream(operators_file()) << text;
    return;
  }
  EXPECT_TRUE(text_of(operators_file()) == text)
      << "docs/operators.md is out of date: run this test with OHMIC_UPDATE=1";
}

}  // namespace ohmic::test
