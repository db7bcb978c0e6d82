#include "nn/io/npy.hpp"

#include <gtest/gtest.h>

#include "simulator/error.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;
using test::TemporaryFolder;

std::string npy(const std::string& header, const std::string& data) {
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) +
         std::string(1, '\0') + header + data;
}

template <class T>
std::string raw(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

TEST(Npy, ReadsFloatsAndDoubles) {
  const TemporaryFolder folder;
  const auto f4 =
      folder.write("a.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 2), }",
                                raw<float>({1, -2, 0.5f, 4})));
  EXPECT_EQ(read_npy(f4).shape, (std::vector<std::int64_t>{2, 1, 2}));
  EXPECT_EQ(read_npy(f4).values, (std::vector<float>{1, -2, 0.5f, 4}));
  const auto f8 = folder.write(
      "b.npy",
      npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", raw<double>({1, 2, 3})));
  EXPECT_EQ(read_npy(f8).values, (std::vector<float>{1, 2, 3}));
}

TEST(Npy, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& header) {
    const auto file = folder.write("a.npy", npy(header, raw<float>({1, 2})));
    return error_of([&] { read_npy(file); }).substr(file.string().size());
  };
  EXPECT_EQ(message("{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }"),
            ": has elements of type <i4; expected <f4 or <f8 (float32, float64)");
  EXPECT_EQ(message("{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }"),
            ": is in Fortran order; expected C order (numpy.ascontiguousarray)");
  EXPECT_EQ(message("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"),
            ": is truncated or damaged: its header needs 12 bytes of data, it has 8");
  const auto other = folder.write("b.npy", "no array at all");
  EXPECT_EQ(error_of([&] { read_npy(other); }), other.string() + ": is not a .npy file");
}

}  // namespace
}  // namespace ohmic
