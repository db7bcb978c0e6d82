#include <gtest/gtest.h>

#include "nn/data/check_preprocessing.hpp"
#include "simulator/error.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

std::string message(double factor, double offset, const Normalization& n) {
  const Preprocessing p{"\"r\" (Rescaling)", {factor, factor, factor}, {offset, offset, offset}};
  return test::error_of([&] { check_preprocessing("w.h5", p, n); });
}

TEST(Preprocessing, AgreesWithNormalisationOfBytesOrOfFractions) {
  const Normalization none{"none", {}, {}};
  const Normalization half{"given", {0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}};
  EXPECT_EQ(message(1.0 / 255, 0, none), "");     // pixels of 0..255 to 0..1
  EXPECT_EQ(message(1.0 / 127.5, -1, half), "");  // to -1..1
  EXPECT_EQ(message(2, -1, half), "");            // of 0..1 to -1..1
}

TEST(Preprocessing, SaysWhichNormalisationWould) {
  const Normalization none{"none", {}, {}};
  EXPECT_EQ(message(1.0 / 127.5, -1, none),
            "w.h5: \"r\" (Rescaling) prepares the images inside the network, and data.normalize = "
            "none does not do the same; expected normalize = { mean = [0.5, 0.5, 0.5], std = [0.5, "
            "0.5, 0.5] }");
  EXPECT_EQ(message(0, 1, none),
            "w.h5: \"r\" (Rescaling) scales its input by 0 or by what is no number");
}

}  // namespace
}  // namespace ohmic
