#include "nn/io/archive.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "nn/io/zip.hpp"
#include "simulator/error.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;

/// Files that Python's own gzip and lzma write.
class Decompressed : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("python3 -c ''") != 0) GTEST_SKIP() << "python3 is not installed";
  }
  std::filesystem::path make(const std::string& expression) {
    folder_.write("make.py", "import gzip, lzma\nopen('f', 'wb').write(" + expression + ")\n");
    const std::string command = "cd " + folder_.path().string() + " && python3 make.py";
    EXPECT_EQ(std::system(command.c_str()), 0);
    return folder_.path() / "f";
  }
  std::string content(const std::string& expression) {
    const auto bytes = read_decompressed(make(expression));
    return {bytes.begin(), bytes.end()};
  }
  std::string refusal(const std::filesystem::path& file) {
    const std::string what = error_of([&] { read_decompressed(file); });
    return what.starts_with(file.string() + ": ") ? what.substr(file.string().size() + 2) : what;
  }
  test::TemporaryFolder folder_;
};

TEST_F(Decompressed, ReadsPlainGzipAndXz) {
  EXPECT_EQ(content("b'abc'"), "abc");
  EXPECT_EQ(content("b''"), "");
  EXPECT_EQ(content("gzip.compress(b'abc' * 100000)").size(), 300000u);
  EXPECT_EQ(content("gzip.compress(b'abc') + gzip.compress(b'de')"), "abcde");
  EXPECT_EQ(content("lzma.compress(b'abc')"), "abc");
}

TEST_F(Decompressed, FindsEveryFlippedBitAndCutOfAGzipFile) {
  const std::string sound = test::bytes_of(make("gzip.compress(bytes(range(200)), 0)"));
  for (std::size_t at = 10; at < sound.size(); ++at) {
    std::string damaged = sound;
    damaged[at] ^= 4;
    EXPECT_TRUE(refusal(folder_.write("f", damaged)).starts_with("is damaged or truncated: "))
        << at;
    EXPECT_TRUE(
        refusal(folder_.write("f", sound.substr(0, at))).starts_with("is damaged or truncated: "))
        << at;
  }
  std::string damaged = sound;
  damaged[sound.size() - 8] ^= 4;
  EXPECT_EQ(refusal(folder_.write("f", damaged)), "is damaged or truncated: incorrect data check");
}

TEST_F(Decompressed, UnpacksOnceAndNoMoreThanImagesCouldBe) {
  EXPECT_EQ(refusal(make("lzma.compress(lzma.compress(bytes(1000)))")), "is packed more than once");
  for (const std::string how : {"lzma", "gzip"}) {
    const auto file = make(how + ".compress(bytes(80 << 20))");
    EXPECT_EQ(refusal(file),
              "would unpack to more than " +
                  std::to_string(unpacked_limit(std::filesystem::file_size(file))) +
                  " bytes (64 MiB and 20 times its own size), which no file of images does");
  }
}

TEST_F(Decompressed, ReadsFilesOnly) {
  const auto pipe = folder_.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(refusal(pipe), "is not a file");
  EXPECT_EQ(refusal(folder_.path()), "is a folder, not a file");
  EXPECT_EQ(refusal("nowhere"), "no such file");
}

}  // namespace
}  // namespace ohmic
