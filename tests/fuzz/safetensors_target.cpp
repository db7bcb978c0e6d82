#include "tests/fuzz/target.hpp"
#include "tests/fuzz/weights.hpp"
#include "tests/stored_zip.hpp"

namespace ohmic::test {
namespace {

std::string file_of(const std::string& header, const std::string& data) {
  return little_endian(header.size(), 8) + header + data;
}

const std::vector<std::string> kWords{"\"dtype\":",
                                      "\"shape\":",
                                      "\"data_offsets\":",
                                      "\"__metadata__\":",
                                      "F32",
                                      "F64",
                                      "F16",
                                      "BF16",
                                      "I64",
                                      "BOOL",
                                      "F8_E4M3",
                                      "F8_E5M2",
                                      "[0,8]",
                                      "\\u0000",
                                      "{",
                                      "}"};

OHMIC_FUZZ(Safetensors) {
  return {.seeds = {file_of(R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
                            R"("b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]},)"
                            R"("__metadata__":{"format":"pt"}})",
                            "0123456789ab"),
                    file_of(R"({"c":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
                            R"("d":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[8,11]},)"
                            R"("e":{"dtype":"F64","shape":[0,5],"data_offsets":[11,11]}})",
                            "0123456789a")},
          .read =
              [](const std::string& bytes) {
                read_all_but_the_network(open_safetensors(scratch(bytes)));
              },
          .words = kWords,
          .part = [](const std::string& file, std::mt19937_64&) -> std::optional<Part> {
            if (file.size() < 8) return std::nullopt;
            return part_with_length(file, 0, 8);
          }};
}

OHMIC_FUZZ(SafetensorsIndex) {
  return {.seeds = {R"({"metadata": {"total_size": 4}, "weight_map": {"a": "1.safetensors"}})"},
          .read =
              [](const std::string& bytes) {
                scratch(
                    file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "0123"),
                    "1.safetensors");
                read_all_but_the_network(open_safetensors_index(scratch(bytes, "i.json")));
              },
          .words = {"\"weight_map\":", "\"metadata\":", "1.safetensors", "../", "\\u0000",
                    "/dev/zero"}};
}

}  // namespace
}  // namespace ohmic::test
