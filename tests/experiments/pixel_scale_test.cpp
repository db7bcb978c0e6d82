// Whole pixels, to networks of whole pixels and to those of pixels from 0 to 1, on real ones.
#include <gtest/gtest.h>

#include "tests/experiments/command_line.hpp"
#include "tests/nn/shared_data.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

class PixelScale : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(data_ / "networks" / "mlperf_resnet8.onnx"))
      GTEST_SKIP() << "no networks in " << data_;
  }
  std::string check(const std::string& network, const std::string& data) const {
    const std::string text = "model.file = \"" + (data_ / "networks" / network).string() +
                             "\"\n[data]\ntest_images = 100\n" + data;
    const test::Result result = test::ohmic({"check", folder_.write("f.toml", text)});
    return result.out + result.err;
  }
  std::string quoted(const char* file) const { return "\"" + (data_ / file).string() + "\""; }

  const std::filesystem::path data_ = test::shared_data();
  const test::TemporaryFolder folder_;
};

constexpr char kFed[] =
    ": the network is fed numbers up to 255; divided by 255 "
    "(data.normalize.scale) they make its labels far likelier: ";

TEST_F(PixelScale, IsNamedWhereItIsMissingWithoutBatchNorm) {
  const std::string mnist =
      "name = \"files\"\ntest = { samples = " + quoted("mnist/t10k-images-idx3-ubyte.gz") +
      ", labels = " + quoted("mnist/t10k-labels-idx1-ubyte.gz") + " }\n";
  for (const char* network : {"mnist_lenet.onnx", "mnist_vit.onnx", "mnist_lstm.onnx"}) {
    const std::string whole = check(network, mnist + "normalize = \"none\"\n");
    EXPECT_NE(whole.find(kFed), std::string::npos) << whole;
    const std::string scaled = check(network, mnist + "normalize = { scale = 0.00392156862745 }\n");
    EXPECT_EQ(scaled.find("warning: "), std::string::npos) << scaled;
    EXPECT_TRUE(scaled.ends_with("f.toml: ok, 1 point\n")) << scaled;
  }
}

TEST_F(PixelScale, IsNotMissedByANetworkOfWholePixels) {
  const std::string said = check("mlperf_resnet8.onnx", "name = \"cifar10\"\ntest = [" +
                                                            quoted("cifar10-lossless-test.bin.xz") +
                                                            "]\nnormalize = { scale = 1 }\n");
  EXPECT_EQ(said.find("warning: "), std::string::npos) << said;
  EXPECT_TRUE(said.ends_with("f.toml: ok, 1 point\n")) << said;
}

}  // namespace
}  // namespace ohmic
