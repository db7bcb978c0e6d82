#include "nn/data/cifar.hpp"

#include <gtest/gtest.h>

#include "nn/io/archive.hpp"
#include "simulator/error.hpp"
#include "tests/nn/shared_data.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;
using test::TemporaryFolder;

const CifarFormat& cifar10() { return cifar_format("cifar10"); }

std::string record(const std::string& labels, char fill) {
  return labels + std::string(3072, fill);
}

TEST(CifarRecords, AreALabelThenPlanarPixels) {
  const TemporaryFolder folder;
  std::string second = record("\x09", '\x02');
  second[1 + 1024] = '\x7f';  // green of the first pixel
  const auto a = folder.write("a.bin", record(std::string(1, '\0'), '\x01'));
  const auto b = folder.write("b.bin", second);
  const ImageSet set = read_records(cifar10(), {a, b});
  EXPECT_EQ(set.classes, 10);
  EXPECT_EQ(set.labels, (std::vector<std::int32_t>{0, 9}));
  EXPECT_EQ(set.image(0)[3071], 1);
  EXPECT_EQ(set.image(1)[1024], 127);
  EXPECT_EQ(set.image(1)[1023], 2);
}

TEST(CifarRecords, OfCifar100TakeTheFineLabel) {
  const TemporaryFolder folder;
  const auto file = folder.write("train.bin", record("\x13\x63", 'p') + record("\x01\x02", 'q'));
  const ImageSet set = read_records(cifar_format("cifar100"), {file});
  EXPECT_EQ(set.classes, 100);
  EXPECT_EQ(set.labels, (std::vector<std::int32_t>{99, 2}));
  EXPECT_EQ(set.image(1)[0], 'q');
}

TEST(CifarRecords, ReadTheSamePackedWithGzipAndXz) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.bin", record("\x03", 'x') + record("\x04", 'y'));
  const std::string name = file.string();
  if (std::system(("gzip -k " + name + " && xz -k " + name).c_str()) != 0)
    GTEST_SKIP() << "gzip or xz is not installed";
  const auto plain = read_records(cifar10(), {file}).hash();
  EXPECT_EQ(read_records(cifar10(), {name + ".gz"}).hash(), plain);
  EXPECT_EQ(read_records(cifar10(), {name + ".xz"}).hash(), plain);
  const std::string gz = test::bytes_of(name + ".gz");
  const auto cut = folder.write("cut.bin.gz", gz.substr(0, gz.size() / 2));
  EXPECT_NE(error_of([&] { read_records(cifar10(), {cut}); })
                .find("cut.bin.gz: is damaged or "
                      "truncated"),
            std::string::npos);
  const std::string xz = test::bytes_of(name + ".xz");
  const auto cut_xz = folder.write("cut.bin.xz", xz.substr(0, xz.size() / 2));
  EXPECT_NE(error_of([&] { read_records(cifar10(), {cut_xz}); }).find("is damaged or truncated"),
            std::string::npos);
}

TEST(CifarRecords, SayWhatATruncatedFileShouldHave) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.bin", record("\x03", 'x').substr(0, 3000));
  EXPECT_EQ(error_of([&] { read_records(cifar10(), {file}); }),
            file.string() +
                ": is truncated or not cifar10: 3000 bytes (decompressed); expected a multiple of "
                "3073 (1 label byte + 3072 pixels per image)");
  const auto empty = folder.write("empty.bin", "");
  EXPECT_EQ(error_of([&] { read_records(cifar10(), {empty}); }),
            empty.string() +
                ": is empty, not cifar10: 0 bytes (decompressed); expected a multiple of 3073 (1 "
                "label byte + 3072 pixels per image)");
}

TEST(CifarRecords, RefuseALabelOutOfRange) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.bin", record("\x03", 'x') + record("\x0a", 'y'));
  EXPECT_EQ(error_of([&] { read_records(cifar10(), {file}); }),
            file.string() + ": record 1 has label 10; labels of cifar10 are 0 to 9");
}

TEST(CifarRecords, NameAFileThatIsAbsent) {
  EXPECT_EQ(error_of([&] { read_records(cifar10(), {"nowhere/a.bin"}); }),
            "nowhere/a.bin: no such file");
}

TEST(FindCifar, TakesTheFolderOrItsParent) {
  const TemporaryFolder folder;
  const CifarFormat& format = cifar_format("cifar100");
  for (const char* name : {"train.bin", "test.bin"})
    folder.write(std::string("cifar-100-binary/") + name, "");
  const auto inside = folder.path() / "cifar-100-binary";
  EXPECT_EQ(find_cifar(format, folder.path()), inside);
  EXPECT_EQ(find_cifar(format, inside), inside);
}

TEST(FindCifar, NamesTheFolderAndTheCommandThatGetsTheData) {
  const std::string message = error_of([] { find_cifar(cifar10(), "no-data"); });
  EXPECT_EQ(message, "cifar10 is not in " + std::filesystem::absolute("no-data").string() +
                         " or its folder cifar-10-batches-bin (looked for data_batch_1.bin ... "
                         "test_batch.bin); get it with `ohmic data get cifar10 --root no-data`");
}

TEST(SharedData, HoldsTheLosslessPrefixesOfCifar10) {
  const auto data = test::shared_data();
  if (!std::filesystem::exists(data / "cifar10-lossless-test.bin.xz"))
    GTEST_SKIP() << "no real data in " << data << " (OHMIC_SHARED_DATA names it)";
  const ImageSet test_set = read_records(cifar10(), {data / "cifar10-lossless-test.bin.xz"});
  EXPECT_EQ(test_set.size(), 500);
  // The original test batch begins with a cat, two ships and an aeroplane.
  EXPECT_EQ(std::vector<std::uint8_t>(test_set.labels.begin(), test_set.labels.begin() + 4),
            (std::vector<std::uint8_t>{3, 8, 8, 0}));
  EXPECT_EQ(read_records(cifar10(), {data / "cifar10-lossless-train.bin.xz"}).size(), 5085);
}

}  // namespace
}  // namespace ohmic
