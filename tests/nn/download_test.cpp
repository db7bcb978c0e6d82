#include "nn/data/download.hpp"

#include <gtest/gtest.h>

#include "nn/io/sha256.hpp"
#include "simulator/error.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::TemporaryFolder;

/// CIFAR-100's files in small, packed as the authors do, in a folder that stands for their server.
class GetCifar : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"train.bin", "test.bin"})
      folder_.write(std::string("made/cifar-100-binary/") + name, name);
    pack("made", "cifar-100-binary");
  }

  /// Packs `what` in `from` as the archive on the server.
  void pack(const std::string& from, const std::string& what) {
    fs::create_directories(folder_.path() / "server");
    const fs::path archive = folder_.path() / "server" / format_.archive;
    const std::string command =
        "tar -P -C " + (folder_.path() / from).string() + " -czf " + archive.string() + " " + what;
    if (std::system(command.c_str()) != 0) GTEST_SKIP() << "tar is not installed";
    format_.md5 = md5_of_file(archive);
  }

  fs::path get(Download more = {}) {
    more.url = "file://" + (folder_.path() / "server").string() + "/";
    return get_cifar(format_, root(), more);
  }
  fs::path root() const { return folder_.path() / "data"; }
  fs::path part() const { return root() / (format_.archive + ".part"); }
  std::string archive_bytes() const {
    return test::bytes_of(folder_.path() / "server" / format_.archive);
  }

  TemporaryFolder folder_;
  CifarFormat format_ = cifar_format("cifar100");
};

TEST_F(GetCifar, UnpacksAVerifiedArchiveAndLeavesNothingElse) {
  EXPECT_EQ(get(), root() / "cifar-100-binary");
  EXPECT_EQ(test::bytes_of(root() / "cifar-100-binary" / "train.bin"), "train.bin");
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(root())) left.push_back(entry.path().filename());
  EXPECT_EQ(left, (std::vector<std::string>{"cifar-100-binary"}));
}

TEST_F(GetCifar, DoesNothingWhenTheDataAreThere) {
  get();
  fs::remove_all(folder_.path() / "server");
  EXPECT_EQ(get(), root() / "cifar-100-binary");
}

TEST_F(GetCifar, ContinuesAPartialDownload) {
  const std::string whole = archive_bytes();
  const std::size_t had = whole.size() / 3;
  folder_.write("data/" + part().filename().string(), whole.substr(0, had));
  std::int64_t last = 0;
  Download download;
  download.on_progress = [&](std::int64_t done, std::int64_t) { last = done; };
  get(download);
  EXPECT_TRUE(fs::exists(root() / "cifar-100-binary" / "test.bin"));
  EXPECT_EQ(last, static_cast<std::int64_t>(whole.size()));
  // The part was kept, not fetched again: with other bytes at its start the checksum is wrong.
  fs::remove_all(root());
  folder_.write("data/" + part().filename().string(), std::string(had, 'x'));
  EXPECT_NE(error_of([&] { get(); }).find("is not the published archive"), std::string::npos);
}

TEST_F(GetCifar, UsesAnArchiveThatWasPutThereByHand) {
  folder_.write("data/" + format_.archive, archive_bytes());
  fs::remove_all(folder_.path() / "server");
  EXPECT_EQ(get(), root() / "cifar-100-binary");
}

TEST_F(GetCifar, RefusesAWrongChecksum) {
  const std::string found = format_.md5;
  format_.md5 = std::string(32, '0');
  EXPECT_EQ(error_of([&] { get(); }),
            part().string() + ": is not the published archive: its MD5 is " + found +
                ", expected " + format_.md5 + "; remove it and try again");
  EXPECT_FALSE(fs::exists(root() / "cifar-100-binary"));
}

TEST_F(GetCifar, RefusesAnArchiveThatWouldLeaveItsFolder) {
  folder_.write("victim.txt", "untouched");
  fs::create_directories(folder_.path() / "made2");
  pack("made2", "../victim.txt");
  EXPECT_NE(error_of([&] {
              get();
            }).find(": refused: its entry \"../victim.txt\" would leave the folder"),
            std::string::npos);
  pack("made2", (folder_.path() / "victim.txt").string());
  fs::remove(root() / format_.archive);
  EXPECT_NE(error_of([&] { get(); }).find("would leave the folder"), std::string::npos);
  EXPECT_EQ(test::bytes_of(folder_.path() / "victim.txt"), "untouched");
}

TEST_F(GetCifar, RefusesLinksInAnArchive) {
  fs::create_directories(folder_.path() / "made3");
  fs::create_symlink("/etc", folder_.path() / "made3" / "link");
  pack("made3", "link");
  EXPECT_NE(error_of([&] { get(); }).find(": refused: its entry \"link\" is not a regular file"),
            std::string::npos);
}

TEST_F(GetCifar, NamesUrlAndFolderWithoutAConnection) {
  Download download;
  download.url = "http://127.0.0.1:1/";  // nobody listens there
  const std::string message = error_of([&] { get_cifar(format_, root(), download); });
  EXPECT_TRUE(message.starts_with("cannot download cifar100: ")) << message;
  EXPECT_NE(
      message.find("\n  Download http://127.0.0.1:1/cifar-100-binary.tar.gz\n  by hand (MD5 " +
                   format_.md5 + ") and put it, as it is, into " + root().string() + "\n"),
      std::string::npos)
      << message;
  EXPECT_FALSE(fs::exists(part()));
}

TEST(CifarFormat, NamesTheOfficialArchives) {
  EXPECT_EQ(Download{}.url + cifar_format("cifar10").archive,
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz");
  EXPECT_EQ(error_of<ConfigError>([] { cifar_format("mnist"); }),
            "error: \"mnist\" is not a data set to get; expected cifar10 or cifar100");
}

}  // namespace
}  // namespace ohmic
