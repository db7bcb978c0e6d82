#include <gtest/gtest.h>

#include "nn/import/imported_model.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using namespace std::string_literals;

struct ReadModel : ::testing::Test {
  /// What is said of a file of these bytes, without its name.
  std::string said(const std::string& bytes) {
    const auto file = folder.write("file", bytes);
    const std::string error = test::error_of([&] { read_model(file); });
    EXPECT_TRUE(error.starts_with(file.string() + ": ")) << error;
    return error.substr(file.string().size() + 2);
  }
  test::TemporaryFolder folder;
};

TEST_F(ReadModel, SaysWhatAForeignFileIs) {
  const std::string accepted = "; accepted are ONNX, PyTorch's .pt2 and Keras's .keras and .h5";
  EXPECT_EQ(said(""), "is empty" + accepted);
  EXPECT_EQ(said("Hello, world"), "is no model file that is known, or damaged" + accepted);
  EXPECT_EQ(said("\x08\x08"s), "is no model file that is known, or damaged" + accepted);
  EXPECT_EQ(said("\x1c\0\0\0TFL3"s),
            "is a TensorFlow Lite model; tflite2onnx and tf2onnx make ONNX of it" + accepted);
  EXPECT_EQ(said("\x80\x02}q\0."s), "holds pickled weights without a network" + accepted);
  EXPECT_EQ(said("\x10\0\0\0\0\0\0\0{\"a\":{}}"s),
            "holds safetensors, weights without a network" + accepted);
}

TEST_F(ReadModel, NamesWhatCannotBeRead) {
  const auto absent = folder.path() / "absent.onnx";
  EXPECT_EQ(test::error_of([&] { read_model(absent); }), absent.string() + ": no such file");
  EXPECT_EQ(test::error_of([&] { read_model(folder.path()); }),
            folder.path().string() + ": is not a file");
}

}  // namespace
}  // namespace ohmic
