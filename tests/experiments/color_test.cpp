// --color: what is coloured, and where.
#include "experiments/commands/color.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "tests/experiments/command_line.hpp"

namespace ohmic {
namespace {

using test::ohmic;

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

/// A pseudo-terminal: its two ends.
struct Terminal {
  Terminal() {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) return;
    ours.reset(::fdopen(master, "r+"));
    theirs.reset(std::fopen(::ptsname(master), "r+"));
  }
  File ours, theirs;
};

class Color : public testing::Test {
 protected:
  Color() {
    ::unsetenv("NO_COLOR");
    ::setenv("TERM", "xterm", 1);
  }
  ~Color() override {
    ::unsetenv("NO_COLOR");
    choose_color("auto");
  }
};

TEST_F(Color, IsOnTheWordsThatBeginRemarks) {
  choose_color("always");
  EXPECT_EQ(colored("a.toml:1:1: error: device.eta: no\nwarning: note: 2\n", stderr),
            "a.toml:1:1: \033[1;31merror:\033[0m device.eta: no\n"
            "\033[1;35mwarning:\033[0m note: 2\n");
  EXPECT_EQ(colored("2/4: note: nothing ends this line", stdout),
            "2/4: \033[1;36mnote:\033[0m nothing ends this line");
  for (const char* plain : {"", "\n", "a Library error: in words\n", "footnote: 1\n", "error\n"})
    EXPECT_EQ(colored(plain, stderr), plain);
}

TEST_F(Color, IsForTerminalsThatWantIt) {
  const std::string text = "note: x\n", in_color = "\033[1;36mnote:\033[0m x\n";
  const Terminal terminal;
  if (!terminal.theirs) GTEST_SKIP() << "no pseudo-terminal";
  const File file(std::tmpfile());
  EXPECT_EQ(colored(text, terminal.theirs.get()), in_color);
  EXPECT_EQ(colored(text, file.get()), text);
  ::setenv("TERM", "dumb", 1);
  EXPECT_EQ(colored(text, terminal.theirs.get()), text);
  ::setenv("TERM", "xterm", 1);
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_EQ(colored(text, terminal.theirs.get()), text);
  choose_color("always");
  EXPECT_EQ(colored(text, terminal.theirs.get()), in_color) << "what is asked for goes first";
  EXPECT_EQ(colored(text, file.get()), in_color);
  choose_color("never");
  EXPECT_EQ(colored(text, terminal.theirs.get()), text);
}

TEST_F(Color, OfACommandIsSaidAnywhereOnItsLine) {
  const std::string plain = "ohmic: error: no.toml: cannot be read: No such file or directory\n";
  const std::string in_color =
      "ohmic: \033[1;31merror:\033[0m no.toml: cannot be read: No such file or directory\n";
  EXPECT_EQ(ohmic({"check", "no.toml"}).err, plain);
  EXPECT_EQ(ohmic({"check", "no.toml", "--color", "always"}).err, in_color);
  EXPECT_EQ(ohmic({"--color=always", "check", "no.toml"}).err, in_color);
  EXPECT_EQ(ohmic({"check", "no.toml", "--color", "never"}).err, plain);
  EXPECT_EQ(ohmic({"check", "no.toml"}).err, plain) << "one command's choice is not the next's";
  EXPECT_TRUE(ohmic({"--color", "always", "check"}).err.starts_with("ohmic: \033[1;31merror:"))
      << "usage errors too";
  const test::Result wrong = ohmic({"--color", "red", "check", "no.toml"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.err.find("--color: red not in {auto,always,never}"), std::string::npos)
      << wrong.err;
}

}  // namespace
}  // namespace ohmic
