#include "nn/io/npy.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "simulator/error.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;
using test::TemporaryFolder;

std::string number(std::size_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i);
  return text;
}

std::string npy(const std::string& header, const std::string& data, char version = 1) {
  return std::string("\x93NUMPY") + version + '\0' + number(header.size(), version == 1 ? 2 : 4) +
         header + data;
}

std::string header(const std::string& type, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }      \n";
}

template <class T>
std::string raw(std::initializer_list<T> values, bool swapped = false) {
  std::string bytes{reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
  for (std::size_t at = 0; swapped && at < bytes.size(); at += sizeof(T))
    std::reverse(bytes.begin() + static_cast<long>(at),
                 bytes.begin() + static_cast<long>(at + sizeof(T)));
  return bytes;
}

TEST(Npy, ReadsFloatsAndDoubles) {
  const TemporaryFolder folder;
  const auto f4 =
      folder.write("a.npy", npy(header("<f4", "(2, 1, 2)"), raw<float>({1, -2, 0.5f, 4})));
  EXPECT_EQ(read_npy(f4).shape, (std::vector<std::int64_t>{2, 1, 2}));
  EXPECT_EQ(read_npy(f4).values, (std::vector<float>{1, -2, 0.5f, 4}));
  const auto f8 = folder.write("b.npy", npy(header("<f8", "(3,)"), raw<double>({1, 2, 3})));
  EXPECT_EQ(read_npy(f8).values, (std::vector<float>{1, 2, 3}));
}

TEST(Npy, ReadsEitherByteOrderHalvesAndEveryVersion) {
  const TemporaryFolder folder;
  const auto swapped =
      folder.write("a.npy", npy(header(">f4", "(3,)"), raw<float>({1, -2, 0.1f}, true)));
  EXPECT_EQ(read_npy(swapped).values, (std::vector<float>{1, -2, 0.1f}));
  const auto doubles = folder.write("b.npy", npy(header(">f8", "(1,)"), raw<double>({2.5}, true)));
  EXPECT_EQ(read_npy(doubles).values, (std::vector<float>{2.5f}));
  // IEEE 754 halves: 1, -2, 2^-24 (the smallest), 65504 (the largest).
  const auto halves = folder.write(
      "c.npy", npy(header("<f2", "(4,)"), raw<std::uint16_t>({0x3c00, 0xc000, 0x0001, 0x7bff}), 2));
  EXPECT_EQ(read_npy(halves).values, (std::vector<float>{1, -2, 5.9604644775390625e-8f, 65504}));
  const auto third =
      folder.write("d.npy", npy(header("<f4", "(3L, 1L)"), raw<float>({1, 2, 3}), 3));
  EXPECT_EQ(read_npy(third).shape, (std::vector<std::int64_t>{3, 1}));
}

TEST(Npy, TurnsFortranOrder) {
  const TemporaryFolder folder;
  // a[i][j][k] = 100 i + 10 j + k, the first index fastest.
  const auto file =
      folder.write("a.npy", npy(header("<f4", "(2, 2, 3)", true),
                                raw<float>({0, 100, 10, 110, 1, 101, 11, 111, 2, 102, 12, 112})));
  EXPECT_EQ(read_npy(file).values,
            (std::vector<float>{0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112}));
}

TEST(Npy, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& bytes) {
    const auto file = folder.write("a.npy", bytes);
    return error_of([&] { read_npy(file); }).substr(file.string().size());
  };
  const auto of_header = [&](const std::string& text) {
    return message(npy(text, raw<float>({1, 2})));
  };
  const std::string accepted = "; expected float16, float32 or float64 (<f2, <f4, <f8, >f2, ...)";
  const std::string unreadable =
      ": has an unreadable .npy header; expected {'descr': '<f4', 'fortran_order': False, 'shape': "
      "(3, 32, 32)}";
  EXPECT_EQ(of_header(header("<i4", "(2,)")), ": has elements of type <i4" + accepted);
  EXPECT_EQ(of_header(header("|O", "(2,)")),
            ": holds Python objects (dtype object, a pickle), which are never unpickled; save it "
            "with a dtype of numbers: numpy.save(file, numpy.asarray(array, dtype=\"float32\")), "
            "which needs rows of one length");
  EXPECT_EQ(of_header("{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': "
                      "(1,), }"),
            ": has elements of type [('a', '<f4'), ('b', '<f4')]" + accepted);
  EXPECT_EQ(of_header(header("<f4", "(3,)")),
            ": is truncated or damaged: its header needs 12 bytes of data, it has 8");
  EXPECT_EQ(of_header(header("<f4", "(4294967296, 4294967296, 4294967296)")),
            ": is truncated or damaged: its header needs more than 2^64 bytes of data, it has 8");
  EXPECT_EQ(of_header(header("<f4", "(-2,)")), unreadable);
  EXPECT_EQ(of_header(header("<f4", "(2,")), unreadable);
  EXPECT_EQ(of_header("{'descr': '<f4', 'shape': (2,), }"), unreadable);
  EXPECT_EQ(of_header("__import__('os').system('true')"), unreadable);
  EXPECT_EQ(message("no array at all"), ": is not a .npy file");
  EXPECT_EQ(message(npy(header("<f4", "(2,)"), "", 9)),
            ": is a .npy file of version 9; expected 1, 2 or 3");
  EXPECT_EQ(message(std::string("\x93NUMPY\x01\x00\xff\xff  ", 12)),
            ": is truncated in its header");
}

TEST(Npy, RefusesHeadersBeyondNumPysLimit) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.npy", npy(std::string(100000, ' '), "", 2));
  EXPECT_EQ(error_of([&] { read_npy(file); }),
            file.string() + ": has a header of 100000 bytes; expected at most 10000");
}

}  // namespace
}  // namespace ohmic
