// Experiment text from somebody else: endless, deep, with characters that cut messages.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "simulator/config/value.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

std::string fault_of(const std::string& text) {
  return test::error_of<ConfigError>([&] { parse_toml(text, "f.toml"); });
}

std::string dotted(int parts) {
  std::string key = "a";
  for (int i = 1; i < parts; ++i) key += ".a";
  return key;
}

TEST(TextLimits, OnlyRegularFilesOfBoundedSizeAreRead) {
  const test::TemporaryFolder folder;
  const auto fifo = folder.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& name :
       {std::string("/dev/null"), std::string("/dev/zero"), fifo.string()})
    EXPECT_EQ(
        test::error_of([&] { read_toml(name); }),
        name + ": cannot be read: it is a device, a pipe or a socket; expected a regular file");
  const std::string large = folder.write("large.toml", std::string(kMostTomlBytes + 1, ' '));
  EXPECT_EQ(test::error_of([&] { read_toml(large); }),
            large + ": cannot be read: it is longer than 16777216 bytes");
}

TEST(TextLimits, KeysHaveABoundedNumberOfParts) {
  const std::string said = ": error: a key has more than 32 parts";
  EXPECT_EQ(fault_of("[" + dotted(20000) + "]\nx = 1\n"), "f.toml:1:65" + said);
  EXPECT_EQ(fault_of("b = 1\nc = { " + dotted(20000) + " = 1 }\n"), "f.toml:2:70" + said);
  EXPECT_EQ(fault_of(dotted(20000) + "."), "f.toml:1:64" + said);
  EXPECT_NE(parse_toml("[" + dotted(32) + "]\nb = 1.5\n", "f.toml").at(dotted(32)), nullptr);
  Value root{Table{}};
  EXPECT_EQ(test::error_of<ConfigError>([&] { apply_override(root, dotted(20000) + "=1"); }),
            "--set" + said);
}

TEST(TextLimits, DotsInTextAndCommentsAreNoParts) {
  const std::string dots(100, '.');
  for (const std::string& text :
       {"a = \"" + dots + "\"\n", "a = '" + dots + "'\n", "# " + dots + "\na = 1\n",
        "a = \"\"\"\n\\\"" + dots + "\n\"\"\"\n", "a = '''\n" + dots + "'''\n"})
    EXPECT_NO_THROW(parse_toml(text, "f.toml")) << text;
  std::string numbers = "a = [0.1";
  for (int i = 0; i < 100; ++i) numbers += ", 0.1";
  EXPECT_NO_THROW(parse_toml(numbers + "]\n", "f.toml"));
}

TEST(TextLimits, ArraysInEachOtherAreBounded) {
  const std::string text = "a = " + std::string(1000, '[') + std::string(1000, ']');
  EXPECT_NE(fault_of(text).find("exceeded maximum nested"), std::string::npos) << fault_of(text);
}

TEST(TextLimits, NulIsNoCharacterOfAKeyOrText) {
  const std::string said = ": error: a key or text holds the character NUL (\\u0000)";
  EXPECT_EQ(fault_of("a = \"x\\u0000y\"\n"), "f.toml:1:5" + said);
  EXPECT_EQ(fault_of("\"x\\u0000y\" = 1\n"), "f.toml:1:1" + said);
  EXPECT_EQ(fault_of("a = [[\"\\u0000\"]]\n"), "f.toml:1:7" + said);
}

TEST(TextLimits, FaultsShowControlCharactersAsTomlWritesThem) {
  const Fault fault{{"f\n.toml", 1, 2}, "a\x1b[31m", "no\x07"};
  EXPECT_EQ(fault.text(), "f\\u000A.toml:1:2: error: a\\u001B[31m: no\\u0007");
}

}  // namespace
}  // namespace ohmic
