#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "nn/io/checkpoint.hpp"
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
  EXPECT_EQ(message(entry("[-1]", "[0,4]")), "tensor w has a negative extent");
  EXPECT_EQ(message(entry("[4294967296, 4294967296, 4]", "[0,8]")),
            "tensor w is larger than the file");
  EXPECT_NE(message(entry("\"x\"", "[0,8]")).find("type_error"), std::string::npos);
}

TEST(Safetensors, KeepTheOldFileWhenTheNewOneCannotBeWritten) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "absent" / "weights.safetensors";
  EXPECT_EQ(error_of<OutputError>([&] { write_safetensors(file, {}); }),
            file.string() + ": cannot be written: No such file or directory");
}

}  // namespace
}  // namespace ohmic
