#include "nn/io/hdf5/hdf5.hpp"

#include <gtest/gtest.h>

#include <random>

#include "simulator/error.hpp"
#include "tests/nn/keras_file.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::bytes_of;
using test::error_of;
using test::KerasFile;
using test::TemporaryFolder;

std::vector<float> counted(std::size_t n) {
  std::vector<float> values(n);
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

/// HDF5's own types of sixteen bits.
hid_t half() {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(type, 15, 10, 5, 0, 10);
  H5Tset_size(type, 2);
  H5Tset_ebias(type, 15);
  return type;
}

TEST(Hdf5File, ReadsWhatTheLibraryWrites) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.h5";
  {
    KerasFile file(path);
    file.put("layers/conv2d/vars/0", {3, 4});
    file.put("big_endian", {5}, 0, H5T_IEEE_F32BE);
    file.put("double", {5}, 0, H5T_IEEE_F64LE);
    file.put("half", {5}, 0, half());
    file.put("empty", {0, 3});
    const std::uint16_t bfloat16[] = {0x3f80, 0xc000, 0x3e80};  // 1, -2, 0.25
    const hid_t opaque = H5Tcreate(H5T_OPAQUE, 2);
    file.write("bfloat16", {3}, bfloat16, opaque, opaque);
    H5Tclose(opaque);
    file.text("layers", "names", {"a", "", "bcd"});
    file.text("", "long", {std::string(100000, 'x')}, true);
  }
  const std::string bytes = bytes_of(path);
  Hdf5File file("a.h5", bytes);
  EXPECT_EQ(file.datasets(), (std::vector<std::string>{"bfloat16", "big_endian", "double", "empty",
                                                       "half", "layers/conv2d/vars/0"}));
  EXPECT_EQ(file.groups(),
            (std::vector<std::string>{"", "layers", "layers/conv2d", "layers/conv2d/vars"}));
  EXPECT_EQ(file.read("layers/conv2d/vars/0").shape, (std::vector<std::int64_t>{3, 4}));
  EXPECT_EQ(file.read("layers/conv2d/vars/0").values, counted(12));
  for (const char* name : {"big_endian", "double", "half"})
    EXPECT_EQ(file.read(name).values, counted(5)) << name;
  EXPECT_EQ(file.read("bfloat16").values, (std::vector<float>{1, -2, 0.25f}));
  EXPECT_EQ(file.read("empty").shape, (std::vector<std::int64_t>{0, 3}));
  EXPECT_TRUE(file.read("empty").values.empty());
  EXPECT_EQ(*file.texts("layers", "names"), (std::vector<std::string>{"a", "", "bcd"}));
  EXPECT_EQ(file.text("", "long")->size(), 100000u);
  EXPECT_FALSE(file.text("layers", "absent"));
  EXPECT_FALSE(file.text("absent", "names"));
}

/// Creates data sets in chunks of 4 x 3 behind the filters that `add` names.
template <class Add>
hid_t chunked(const Add& add) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[] = {4, 3};
  H5Pset_chunk(creation, 2, chunk);
  add(creation);
  return creation;
}

TEST(Hdf5File, PutsChunksTogether) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.h5";
  {
    KerasFile file(path);
    file.put("plain", {10, 7}, 0, H5T_IEEE_F32LE, chunked([](hid_t) {}));
    file.put("gzip", {10, 7}, 0, H5T_IEEE_F64BE, chunked([](hid_t c) { H5Pset_deflate(c, 4); }));
    file.put("all", {10, 7}, 0, H5T_IEEE_F32LE, chunked([](hid_t c) {
               H5Pset_fletcher32(c);
               H5Pset_shuffle(c);
               H5Pset_deflate(c, 4);
             }));
    file.put("one", {4, 3}, 0, H5T_IEEE_F32LE, chunked([](hid_t c) { H5Pset_fletcher32(c); }));
    const hid_t compact = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(compact, H5D_COMPACT);
    file.put("compact", {10, 7}, 0, H5T_IEEE_F32LE, compact);
  }
  const std::string bytes = bytes_of(path);
  Hdf5File file("a.h5", bytes);
  for (const char* name : {"plain", "gzip", "all", "compact"})
    EXPECT_EQ(file.read(name).values, counted(70)) << name;
  EXPECT_EQ(file.read("one").values, counted(12));
}

TEST(Hdf5File, ReadsTheLaterFormatWithItsHeapsAndTrees) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.h5";
  {
    const hid_t latest = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(latest, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    KerasFile file(path, latest);
    for (int i = 0; i < 3000; ++i)  // a B-tree of several levels, a heap of indirect blocks
      file.put("many/data set number " + std::to_string(i), {2}, static_cast<float>(i));
    for (int i = 0; i < 20; ++i) file.text("few", "a" + std::to_string(i), {std::to_string(i)});
    file.text("few", "long", std::vector<std::string>(2000, "text"));  // beyond a heap's blocks
    file.put("one", {4, 3}, 0, H5T_IEEE_F32LE, chunked([](hid_t c) { H5Pset_deflate(c, 4); }));
  }
  const std::string bytes = bytes_of(path);
  Hdf5File file("a.h5", bytes);
  EXPECT_EQ(file.datasets().size(), 3001u);
  EXPECT_EQ(file.read("many/data set number 2987").values, (std::vector<float>{2987, 2988}));
  EXPECT_EQ(file.read("one").values, counted(12));
  EXPECT_EQ(*file.text("few", "a17"), "17");
  EXPECT_EQ(file.texts("few", "long")->size(), 2000u);
}

class Hdf5Damage : public ::testing::Test {
 protected:
  /// What reading every data set and attribute says.
  static std::string message(const std::string& bytes) {
    return error_of([&] {
      Hdf5File file("a.h5", bytes);
      for (const std::string& group : file.groups()) file.texts(group, "names");
      for (const std::string& dataset : file.datasets()) file.read(dataset);
    });
  }
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "a.h5";
};

TEST_F(Hdf5Damage, IsNamed) {
  { KerasFile(path_).put("w", {100}); }
  const std::string sound = bytes_of(path_);
  EXPECT_EQ(message(sound), "");
  EXPECT_EQ(message(sound.substr(0, sound.size() - 1)),
            "a.h5: is truncated: it has " + std::to_string(sound.size() - 1) + " of " +
                std::to_string(sound.size()) + " bytes");
  EXPECT_EQ(message(sound.substr(0, 40)),
            "a.h5: is damaged or truncated: the superblock ends beyond its block");
}

TEST_F(Hdf5Damage, NothingIsAllocatedOnTheWordOfAHeader) {
  {
    KerasFile file(path_);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[] = {1 << 16};
    H5Pset_chunk(creation, 1, chunk);
    file.write("w", {hsize_t{1} << 31}, nullptr, H5T_NATIVE_FLOAT, H5T_IEEE_F32LE, creation);
  }
  EXPECT_EQ(message(bytes_of(path_)),
            "a.h5: \"w\" declares more data than a file of its size can hold");
}

TEST_F(Hdf5Damage, DataThatWereNeverWrittenAreNoZeros) {
  { KerasFile(path_).write("w", {5}, nullptr, H5T_NATIVE_FLOAT, H5T_IEEE_F32LE); }
  EXPECT_EQ(message(bytes_of(path_)), "a.h5: \"w\" has data that were never written");
  {
    KerasFile(path_).write("w", {5, 5}, nullptr, H5T_NATIVE_FLOAT, H5T_IEEE_F32LE,
                           chunked([](hid_t) {}));
  }
  EXPECT_EQ(message(bytes_of(path_)), "a.h5: \"w\" has chunks of data that were never written");
}

TEST_F(Hdf5Damage, WhatIsNotReadIsCalledByItsName) {
  { KerasFile(path_).put("w", {5}, 0, H5T_STD_I32LE); }
  EXPECT_EQ(message(bytes_of(path_)),
            "a.h5: \"w\" holds integers, which is not read; expected float16, bfloat16, float32 or "
            "float64");
}

TEST_F(Hdf5Damage, AWrongChecksumIsNoticed) {
  {
    KerasFile(path_).put("w", {4, 3}, 0, H5T_IEEE_F32LE,
                         chunked([](hid_t c) { H5Pset_fletcher32(c); }));
  }
  std::string bytes = bytes_of(path_);
  const float eleven = 11;
  bytes[bytes.find(std::string(reinterpret_cast<const char*>(&eleven), 4)) + 2] ^= 1;
  EXPECT_EQ(message(bytes),
            "a.h5: \"w\" is damaged or truncated: the checksum of a chunk is wrong");
}

/// Bytes changed, copied and cut at random, the same in every run.
std::string mutated(std::string bytes, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return random() % std::max<std::size_t>(n, 1); };
  for (std::size_t changes = 1 + below(6); changes > 0; --changes) {
    const std::size_t at = below(bytes.size());
    switch (below(5)) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << below(8));
        break;
      case 2:
        bytes[at] = static_cast<char>(below(2) ? 0xff : 0);
        break;
      case 3:
        bytes.replace(at, 8, bytes.substr(below(bytes.size()), 8));
        break;
      default:
        bytes.replace(at, 8, std::string(below(9), '\xff'));
        break;
    }
  }
  return bytes;
}

TEST_F(Hdf5Damage, OfAnyKindEndsInAMessageOrInNumbers) {
  for (const bool latest : {false, true}) {
    {
      const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
      if (latest) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
      KerasFile file(path_, access);
      for (int i = 0; i < 12; ++i) file.put("g/" + std::to_string(i), {2});
      file.put("c", {10, 7}, 0, H5T_IEEE_F32LE, chunked([](hid_t c) {
                 H5Pset_shuffle(c);
                 H5Pset_deflate(c, 4);
               }));
      file.text("g", "names", {"a", "b"});
    }
    const std::string sound = bytes_of(path_);
    std::mt19937 random(latest);
    for (int i = 0; i < 3000; ++i) message(mutated(sound, random));
  }
}

}  // namespace
}  // namespace ohmic
