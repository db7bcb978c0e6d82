#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "nn/io/checkpoint.hpp"
#include "nn/io/weight_file.hpp"
#include "simulator/error.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;
using test::TemporaryFolder;

std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + data;
}

std::string hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

TEST(Safetensors, ReadBackWhatWasWritten) {
  const TemporaryFolder folder;
  Checkpoint checkpoint;
  checkpoint.weights["conv1.weight"] = {{1, 2, 1, 2}, {1, -0.0f, 3.5f, 1e-30f}};
  checkpoint.weights["linear.bias"] = {{1}, {std::nanf("")}};
  checkpoint.metadata = {{"layout", "keras_v1"}, {"quote", "\"\n\xc3\xa9"}};
  const auto file = folder.path() / "weights.safetensors";
  write_safetensors(file, checkpoint);
  const Checkpoint again = read_safetensors(file);
  EXPECT_EQ(again.metadata, checkpoint.metadata);
  EXPECT_EQ(again.weights.at("conv1.weight").shape, (std::vector<std::int64_t>{1, 2, 1, 2}));
  EXPECT_EQ(0, std::memcmp(again.weights.at("conv1.weight").values.data(),
                           checkpoint.weights["conv1.weight"].values.data(), 16));
  EXPECT_TRUE(std::isnan(again.weights.at("linear.bias").values[0]));
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".tmp"));
}

// The bytes were worked out from the format's description, not by this program.
TEST(Safetensors, ReadEveryFloatingTypeAndSkipIntegers) {
  const TemporaryFolder folder;
  const auto file = folder.write(
      "a.safetensors",
      file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
              R"("b":{"dtype":"F16","shape":[4],"data_offsets":[4,12]},)"
              R"("c":{"dtype":"BF16","shape":[2],"data_offsets":[12,16]},)"
              R"("d":{"dtype":"F64","shape":[],"data_offsets":[16,24]},)"
              R"("bn.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[24,32]}}  )",
              hex("0000c03f") + hex("003c00c0010000fc") + hex("803f40c0") +
                  hex("000000000000e0bf") + hex("0500000000000000")));
  const Weights weights = read_safetensors(file).weights;
  EXPECT_EQ(weights.size(), 4u);
  EXPECT_EQ(weights.at("a").values, (std::vector<float>{1.5f}));
  EXPECT_EQ(weights.at("b").values, (std::vector<float>{1, -2, 0x1p-24f, -INFINITY}));
  EXPECT_EQ(weights.at("c").values, (std::vector<float>{1, -3}));
  EXPECT_EQ(weights.at("d").values, (std::vector<float>{-0.5f}));
  EXPECT_TRUE(weights.at("d").shape.empty());
}

TEST(Safetensors, SayWhatIsDamaged) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& bytes) {
    const auto file = folder.write("a.safetensors", bytes);
    const std::string start = file.string() + ": damaged or not safetensors: ";
    const std::string what = error_of([&] { read_safetensors(file); });
    return what.starts_with(start) ? what.substr(start.size()) : "otherwise: " + what;
  };
  EXPECT_EQ(message("abc"), "it has 3 bytes");
  EXPECT_EQ(message(std::string(8, '\xff') + "{}"),
            "its header should have 18446744073709551615 bytes, but only 2 follow");
  EXPECT_EQ(message(file_of("[1, 2]", "")), "its header is not a JSON object");
  EXPECT_EQ(message(file_of("{broken", "")), "its header is not a JSON object");
  const auto entry = [](const std::string& shape, const std::string& offsets) {
    return file_of(
        "{\"w\":{\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}",
        std::string(8, 'x'));
  };
  EXPECT_EQ(message(entry("[2]", "[4,12]")),
            "tensor w lies at bytes 4 to 12, but the file holds 8 bytes of data (truncated?)");
  EXPECT_EQ(message(entry("[1]", "[0,8]")), "tensor w has 8 bytes; its shape needs 4");
  EXPECT_EQ(message(entry("[-1]", "[0,4]")), "tensor w: \"shape\" has the negative number -1");
  EXPECT_EQ(message(entry("[4294967296, 4294967296, 4]", "[0,8]")),
            "tensor w is larger than the file");
  EXPECT_EQ(message(entry("[4294967296, 0]", "[0,8]")), "tensor w is larger than the file");
  EXPECT_EQ(message(entry("[8, 0]", "[0,8]")), "tensor w has 8 bytes; its shape needs 0");
  EXPECT_EQ(message(entry("\"x\"", "[0,8]")), "tensor w: \"shape\" is a text");
  EXPECT_EQ(message(entry("[[2]]", "[0,8]")), "tensor w: \"shape\" is a list");
  EXPECT_EQ(message(file_of(R"({"__metadata__":{"shape":[7]}})", "")),
            "__metadata__: \"shape\" is a list");
  EXPECT_EQ(message(entry("[1e300]", "[0,8]")),
            "tensor w: \"shape\" has 1e300, which is no whole number");
  EXPECT_EQ(message(entry("[99999999999999999999]", "[0,8]")),
            "tensor w: \"shape\" has 99999999999999999999, which is no whole number");
  EXPECT_EQ(message(entry("[true]", "[0,8]")), "tensor w: \"shape\" is no number or text");
  EXPECT_EQ(message(entry("[2]", "[0]")), "tensor w has no begin and end");
  EXPECT_EQ(message(entry("[2]", "[0,8,9]")),
            "tensor w: \"data_offsets\" has more than two numbers");
  EXPECT_EQ(message(entry("{}", "[0,8]")), "it is nested too deeply");
  std::string ones = "[1";
  for (int i = 0; i < 64; ++i) ones += ",1";
  EXPECT_EQ(message(entry(ones + "]", "[0,8]")), "tensor w: \"shape\" has more than 64 dimensions");
  EXPECT_EQ(message(file_of(std::string(100000, '['), "")), "its header is not a JSON object");
  EXPECT_EQ(message(file_of("{\"w\":3}", "")), "tensor w is a number");
  EXPECT_EQ(message(file_of("{\"w\":{\"dtype\":\"F32\"}}", "")), "tensor w has no \"shape\"");
}

// The format: tensors lie one after the other and fill the file; names are unique.
TEST(Safetensors, HaveEveryByteInOneTensor) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& tensors) {
    const auto file =
        folder.write("a.safetensors", file_of("{" + tensors + "}", std::string(8, 'x')));
    const std::string what = error_of([&] { open_safetensors(file); });
    const std::string start = file.string() + ": damaged or not safetensors: ";
    return what.starts_with(start) ? what.substr(start.size()) : what;
  };
  const auto tensor = [](const std::string& name, int begin, int end) {
    return "\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[" + std::to_string(end - begin) +
           "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
  };
  EXPECT_EQ(message(tensor("b", 4, 8) + "," + tensor("a", 0, 4) + "," + tensor("e", 4, 4)), "");
  EXPECT_EQ(message(tensor("a", 0, 5) + "," + tensor("b", 4, 8)),
            "tensor b begins at byte 4, but tensor a ends at 5 (tensors neither overlap nor leave "
            "holes)");
  EXPECT_EQ(message(tensor("a", 0, 3) + "," + tensor("b", 4, 8)),
            "tensor b begins at byte 4, but tensor a ends at 3 (tensors neither overlap nor leave "
            "holes)");
  EXPECT_EQ(
      message(tensor("a", 1, 8)),
      "tensor a begins at byte 1, but the header ends at 0 (tensors neither overlap nor leave "
      "holes)");
  EXPECT_EQ(message(tensor("a", 0, 6)), "2 bytes follow the last tensor");
  EXPECT_EQ(message(tensor("a", 0, 4) + "," + tensor("a", 4, 8)), "it has two tensors called a");
  EXPECT_EQ(message("\"a\":{\"dtype\":\"U8\",\"dtype\":\"F32\"}"), "tensor a has \"dtype\" twice");
  EXPECT_EQ(message("\"a\":{\"dtype\":\"F7\",\"shape\":[8],\"data_offsets\":[0,8]}"),
            "tensor a has the unknown type F7");
}

TEST(Safetensors, NameTheTypesThatHoldNoWeights) {
  const TemporaryFolder folder;
  const auto file = folder.write(
      "a.safetensors", file_of(R"({"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},)"
                               R"("b":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[2,4]},)"
                               R"("c":{"dtype":"F4","shape":[8],"data_offsets":[4,8]}})",
                               "01234567"));
  const WeightFile opened = open_safetensors(file);
  EXPECT_EQ(opened.tensors.at(0).foreign_type, "of type I8");
  EXPECT_EQ(opened.tensors.at(1).foreign_type, "of type F8_E4M3");
  EXPECT_EQ(error_of([&] { read_safetensors(file); }),
            file.string() + ": tensor b has type F8_E4M3; expected F32, F16, BF16 or F64");
}

class SafetensorsIndex : public ::testing::Test {
 protected:
  SafetensorsIndex() {
    write_safetensors(folder_.path() / "1.safetensors", {{{"a", {{2}, {1, 2}}}}, {}});
    write_safetensors(folder_.path() / "2.safetensors",
                      {{{"b", {{1}, {3}}}, {"c", {{}, {4}}}}, {}});
  }
  std::filesystem::path write(const std::string& map) {
    return folder_.write("m.safetensors.index.json", "{\"weight_map\": " + map + "}");
  }
  std::string refusal(const std::string& map) {
    const auto index = write(map);
    const std::string what = error_of([&] { open_safetensors_index(index); });
    return what.starts_with(index.string()) ? what.substr(index.string().size() + 2) : what;
  }
  TemporaryFolder folder_;
};

TEST_F(SafetensorsIndex, FindsEachTensorInItsFile) {
  const WeightFile opened =
      open_safetensors_index(write(R"({"b": "2.safetensors", "a": "1.safetensors"})"));
  ASSERT_EQ(opened.tensors.size(), 2u);
  EXPECT_EQ(opened.tensors[0].name, "a");
  EXPECT_EQ(opened.read(0).values, (std::vector<float>{1, 2}));
  EXPECT_EQ(opened.tensors[1].name, "b");
  EXPECT_EQ(opened.read(1).values, (std::vector<float>{3}));
}

TEST_F(SafetensorsIndex, NamesWhatIsMissingAndStaysInItsFolder) {
  EXPECT_EQ(refusal(R"({"a": "2.safetensors"})"),
            "a should be in 2.safetensors, which does not hold it");
  EXPECT_EQ(refusal(R"({"a": "3.safetensors"})"),
            (folder_.path() / "3.safetensors").string() + ": no such file");
  EXPECT_EQ(
      refusal(R"({"a": "../1.safetensors"})"),
      "is no index of safetensors files: a lies in \"../1.safetensors\"; expected the name of "
      "a file beside it");
  EXPECT_EQ(refusal("{}"),
            "is no index of safetensors files: expected {\"weight_map\": {\"TENSOR\": \"FILE\", "
            "...}}");
  EXPECT_EQ(refusal(std::string(100000, '[')),
            "is no index of safetensors files: it is nested too deeply");
}

TEST_F(SafetensorsIndex, CountsWithTheContentOfItsFiles) {
  const auto index = write(R"({"a": "1.safetensors"})");
  const std::string before = sha256_of_weights(index);
  EXPECT_EQ(before, sha256_of_weights(index));
  write_safetensors(folder_.path() / "1.safetensors", {{{"a", {{2}, {1, 3}}}}, {}});
  EXPECT_NE(before, sha256_of_weights(index));
}

TEST(Safetensors, KeepTheOldFileWhenTheNewOneCannotBeWritten) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "absent" / "weights.safetensors";
  EXPECT_EQ(error_of<OutputError>([&] { write_safetensors(file, {}); }),
            file.string() + ": cannot be written: No such file or directory");
}

}  // namespace
}  // namespace ohmic
