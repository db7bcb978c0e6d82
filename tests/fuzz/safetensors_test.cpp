#include "tests/fuzz/mutations.hpp"
#include "tests/fuzz/weights.hpp"
#include "tests/stored_zip.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

std::string file_of(const std::string& header, const std::string& data) {
  return test::little_endian(header.size(), 8) + header + data;
}

TEST(Fuzz, Safetensors) {
  const test::TemporaryFolder folder;
  test::expect_no_surprise(
      {file_of(R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
               R"("b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]},)"
               R"("__metadata__":{"format":"pt"}})",
               "0123456789ab"),
       file_of(R"({"c":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)"
               R"("d":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[8,11]},)"
               R"("e":{"dtype":"F64","shape":[0,5],"data_offsets":[11,11]}})",
               "0123456789a")},
      [&](const std::string& bytes) {
        test::read_all_but_the_network(open_safetensors(folder.write("f", bytes)));
      });
}

TEST(Fuzz, SafetensorsIndex) {
  const test::TemporaryFolder folder;
  const std::string tensor = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  folder.write("1.safetensors", file_of(tensor, "0123"));
  test::expect_no_surprise(
      {R"({"metadata": {"total_size": 4}, "weight_map": {"a": "1.safetensors"}})"},
      [&](const std::string& bytes) {
        test::read_all_but_the_network(open_safetensors_index(folder.write("i.json", bytes)));
      });
}

}  // namespace
}  // namespace ohmic
