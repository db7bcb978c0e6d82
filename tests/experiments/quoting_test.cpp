// Text that tries to leave the line, string or comment it stands in, through every writer.
#include "experiments/text/quoting.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "experiments/export/netlist.hpp"
#include "experiments/figures/gnuplot.hpp"
#include "experiments/measure/files.hpp"
#include "experiments/text/table.hpp"
#include "simulator/error.hpp"
#include "tests/experiments/export_chip.hpp"
#include "tests/experiments/started_run.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kNasty{"a\n!touch pwned\n",
                                      "a\r\n!touch pwned",
                                      "`touch pwned`",
                                      "$(touch pwned)",
                                      "'; system('touch pwned'); '",
                                      "''.system(\"touch pwned\").''",
                                      "\"; !touch pwned; \"",
                                      "'",
                                      "' . system('touch pwned') . '",
                                      "';!touch pwned",
                                      "%s 100 % %d %%",
                                      "\"",
                                      "\\",
                                      "\\'",
                                      "a\\",
                                      "\\n!touch pwned",
                                      "@macro $var %s %n {} {0}",
                                      "EOD\n!touch pwned",
                                      "<script>alert(1)</script>",
                                      "</style></svg></pre>",
                                      "&lt; & \" onload='x'",
                                      "a | b , c ; d",
                                      "Größe η · 漢字 🙂",
                                      "x\u202Egnp.exe\u200F\u2066",
                                      "line\u2028separator",
                                      std::string("a\0b", 3),
                                      "\x1b[2J\x1b]0;title\a",
                                      "\x9b\x33\x31m \xff\xfe \xc0\xaf \xed\xa0\x80 \xf8",
                                      std::string("\n.control\nshell touch pwned\n.endc\n"),
                                      "-rf",
                                      "../../up/and/away",
                                      "",
                                      std::string(10'000, 'x') + "\n!touch pwned"};

/// No control character but those allowed, no mark of direction, only UTF-8.
void expect_harmless(const std::string& text, const std::string& allowed = "") {
  for (const char c : text) {
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    EXPECT_FALSE(is_control && allowed.find(c) == std::string::npos) << int{c};
  }
  EXPECT_EQ(lines(text), text);
}

std::ptrdiff_t count(const std::string& text, const std::string& part) {
  std::ptrdiff_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

TEST(Quoting, ShowsWhatALineHolds) {
  EXPECT_EQ(one_line("a\nb\tc\r\nd"), "a b c  d");
  EXPECT_EQ(lines("a\nb\tc\r\nd"), "a\nb\tc \nd");
  EXPECT_EQ(one_line("Größe η · 漢字 🙂"), "Größe η · 漢字 🙂");
  EXPECT_EQ(one_line(std::string("a\0b\x1b\x7f", 5)), "a\uFFFDb\uFFFD\uFFFD");
  EXPECT_EQ(one_line("x\u202Ey\u200F\u2028\u0085\uFEFF"), "x\uFFFDy\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(one_line("\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80 \xe2\x82"),
            "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD \uFFFD\uFFFD")
      << "a lone byte, too long, a surrogate, beyond the last, cut off";
}

TEST(Quoting, ShortensInTheMiddle) {
  EXPECT_EQ(shortened("0123456789", 10), "0123456789");
  EXPECT_EQ(shortened("0123456789a", 10), "012...789a");
  EXPECT_EQ(shortened("ηηηηηηηηηηη", 10), "ηηη...ηηηη") << "whole characters";
}

TEST(Quoting, GivesEveryWriterItsOwn) {
  EXPECT_EQ(gnuplot_string("it's `a` \"b\""), "'it’s `a` \"b\"'");
  EXPECT_EQ(html_text("<a href=\"x\" b='y'> &"),
            "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt; &amp;");
  EXPECT_EQ(csv_cell("a"), "a");
  EXPECT_EQ(csv_cell("a,\"b\"\nc"), "\"a,\"\"b\"\" c\"");
  EXPECT_EQ(markdown_line("a|b\n<c>\\"), "a\\|b &lt;c>\\\\");
  EXPECT_EQ(shell_word("runs/a-1"), "runs/a-1");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("n\n!cmd\n"), "$'n\\012!cmd\\012'");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(file_name_part("cifar10, resnet20"), "cifar10_resnet20");
  EXPECT_EQ(file_name_part("../../etc"), "etc");
  EXPECT_EQ(file_name_part("\n"), "unnamed");
}

TEST(Quoting, AShellReadsWordsBack) {
  for (const std::string& text : kNasty) {
    const std::string word = text.substr(0, text.find('\0'));
    if (word.size() > 1000) continue;
    expect_harmless(shell_word(text));
    const std::string command =
        "bash -c " + shell_word("printf %s:%s " + shell_word(text) + " end");
    FILE* pipe = ::popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::array<char, 4096> out{};
    const std::size_t bytes = std::fread(out.data(), 1, out.size(), pipe);
    ::pclose(pipe);
    EXPECT_EQ(std::string(out.data(), bytes), word + ":end") << command;
  }
}

TEST(Quoting, TablesKeepTheirShape) {
  for (const std::string& text : kNasty) {
    DataTable table;
    table.add({{{"name", "name"}, text}, {{"value", "value"}, 1}});
    for (const std::string& written : {csv_text(table), terminal_text(table)}) {
      EXPECT_EQ(count(written, "\n"), 2) << written;
      expect_harmless(written, "\n");
    }
    const std::string markdown = markdown_text(table);
    EXPECT_EQ(count(markdown, "\n"), 3);
    EXPECT_EQ(count(markdown, "|") - count(markdown, "\\|"), 9) << markdown;
    EXPECT_EQ(markdown.find('<'), std::string::npos);
    expect_harmless(markdown, "\n");
    EXPECT_EQ(file_name_part(text).find_first_of("/\n\\$`'\"!<>| "), std::string::npos);
    EXPECT_LE(file_name_part(text).size(), 100u);
  }
}

TEST(Quoting, ALayersNameStaysInItsComment) {
  const test::SmallChip chip;
  ProgrammedTile tile = chip.programmed().tile_at("layer1.0.conv", 0, 0, "plus");
  const std::vector<double> volts(static_cast<std::size_t>(tile.rows), 0.1);
  const std::ptrdiff_t expected = count(spice_netlist(tile, {}, volts), "\n");
  for (const std::string& text : kNasty) {
    tile.layer = text;
    const std::string netlist = spice_netlist(tile, {}, volts);
    EXPECT_EQ(count(netlist, "\n"), expected);
    expect_harmless(netlist, "\n");
  }
}

/// A figure whose every text is from outside.
Figure figure_of(const std::string& text) {
  Figure figure{"nasty", 400, 300, "$d << EOD\n1 2\nEOD\n"};
  const std::string constant = gnuplot_string(text);
  figure.script += "set title " + constant + "\nset xlabel " + constant + "\nset xtics (" +
                   gnuplot_tic(text) + " 1)\nset label 1 " + constant +
                   " at 1,2\nplot $d using 1:2 title " + constant + "\n";
  return figure;
}

class Drawing : public test::StartedRun {};

TEST_F(Drawing, NoTextGivesGnuplotAnOrder) {
  for (const std::string& text : kNasty) {
    const Drawn drawn = draw(figure_of(text), folder_);
    if (drawn == Drawn::no_gnuplot) GTEST_SKIP() << "gnuplot is not installed";
    EXPECT_EQ(drawn, Drawn::yes) << read_whole(folder_ / "nasty.gp");
    EXPECT_FALSE(fs::exists(folder_ / "pwned")) << text;
    const std::string svg = read_whole(folder_ / "nasty.svg");
    EXPECT_EQ(svg.find("<script"), std::string::npos);
    EXPECT_EQ(svg.find("</style>"), std::string::npos);
    EXPECT_EQ(lines(svg), svg);
  }
}

/// Whether anything below the folder is called so.
bool holds(const fs::path& folder, const std::string& name) {
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().filename() == name) return true;
  return false;
}

// Of a run folder that somebody else made: its links lead anywhere.
TEST_F(Drawing, WritesThroughNoLink) {
  const fs::path figures = folder_ / "figures", target = folder_ / "precious";
  write_atomically(target, "kept");
  fs::create_directories(figures);
  for (const char* name : {"f.svg", "f.png"}) fs::create_symlink(target, figures / name);
  const Drawn drawn = draw({"f", 200, 150, "plot x"}, figures);
  EXPECT_EQ(read_whole(target), "kept");
  EXPECT_NE(drawn, Drawn::failed);
  for (const char* name : {"f.svg", "f.png"}) EXPECT_FALSE(fs::is_symlink(figures / name));
  fs::create_directories(folder_ / "elsewhere");
  fs::create_symlink(folder_ / "elsewhere", folder_ / "linked");
  EXPECT_THROW(draw({"f", 200, 150, "plot x"}, folder_ / "linked"), OutputError);
  EXPECT_TRUE(fs::is_empty(folder_ / "elsewhere"));
}

// The same of hard links, as `cp -al` makes them, and of pipes, which would wait for a reader.
TEST_F(Drawing, WritesIntoFilesOfItsOwn) {
  const fs::path target = folder_ / "precious";
  write_atomically(target, "kept");
  fs::create_hard_link(target, folder_ / "f.svg");
  ASSERT_EQ(::mkfifo((folder_ / "f.png").c_str(), 0600), 0);
  if (draw({"f", 200, 150, "plot x"}, folder_) == Drawn::no_gnuplot)
    GTEST_SKIP() << "gnuplot is not installed";
  EXPECT_EQ(read_whole(target), "kept");
  EXPECT_NE(read_whole(folder_ / "f.svg").find("<svg"), std::string::npos);
  EXPECT_TRUE(fs::is_regular_file(folder_ / "f.png"));
}

TEST_F(Drawing, WhatWasDrawnStaysWhereNothingCanBeDrawn) {
  write_atomically(folder_ / "f.svg", "drawn before");
  const std::string path = std::getenv("PATH") ? std::getenv("PATH") : "";
  ::setenv("PATH", "/nonexistent", 1);
  EXPECT_EQ(draw({"f", 200, 150, "plot x"}, folder_), Drawn::no_gnuplot);
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(read_whole(folder_ / "f.svg"), "drawn before");
}

TEST_F(Drawing, RunsAndReportsWithNastyNamesDoWhatTheyAreAskedAndNoMore) {
  const std::string run = "n\n!touch pwned\n`touch pwned`\x1b[2J";
  write_atomically(folder_ / "tiny.toml",
                   "title = \"a\\n!touch pwned\\n<script>'$(touch pwned)\\u001b[2J\"\n" +
                       std::string(test::kTiny));
  const std::vector<std::string> figures{"--set", "output.figures=true",
                                         "--set", "train.epochs=1",
                                         "--set", "sweep.train.learning_rate=[0.001]"};
  const test::Said ran = test::call(command(run, figures));
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(test::call(command("plain", figures)).status, 0);
  const test::Said reported =
      test::call({"ohmic", "report", folder_ / run, folder_ / "plain", "--out", folder_ / "both"});
  EXPECT_EQ(reported.status, 0) << reported.err;
  for (const std::string& said : {ran.out, ran.err, reported.out, reported.err})
    EXPECT_EQ(said.find('\x1b'), std::string::npos) << said;
  EXPECT_FALSE(holds(folder_, "pwned"));
  for (const fs::path& page : {folder_ / run / "report.html", folder_ / "both" / "report.html"}) {
    const std::string html = read_whole(page);
    EXPECT_EQ(lines(html), html);
    EXPECT_EQ(html.find("<script"), std::string::npos);
  }
}

}  // namespace
}  // namespace ohmic
