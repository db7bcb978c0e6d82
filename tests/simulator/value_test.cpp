#include "simulator/config/value.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;

TEST(Value, KnowsWhereKeysAndValuesWereWritten) {
  const Value root = parse_toml("seed = 7\n[device]\n  eta = 0.25\n", "f.toml");
  const Table::Entry& device = root.table().entries()[1];
  EXPECT_EQ(root.table().entries()[0].where.text(), "f.toml:1:1");
  EXPECT_EQ(root.at("seed")->where.text(), "f.toml:1:8");
  EXPECT_EQ(device.value.table().entries()[0].where.text(), "f.toml:3:3");
  EXPECT_EQ(root.at("device.eta")->where.text(), "f.toml:3:9");
}

TEST(Value, KeepsTheOrderOfTheFile) {
  const Value root = parse_toml("z = 1\na = 2\n[m]\n[b]\n", "f.toml");
  std::string keys;
  for (const auto& entry : root.table().entries()) keys += entry.key;
  EXPECT_EQ(keys, "zamb");
}

TEST(Value, PrintsRealsThatReadBackToTheSameBits) {
  for (const double x : {0.1, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, -0.0, 25e-6, 1e22, 3.0}) {
    const Value back = parse_toml("x = " + Value{x}.text(), "f.toml");
    const double y = std::get<double>(back.at("x")->data);
    EXPECT_EQ(std::memcmp(&x, &y, sizeof x), 0) << Value{x}.text();
  }
  EXPECT_EQ(Value{0.1}.text(), "0.1");
  EXPECT_EQ(Value{3.0}.text(), "3.0");
}

TEST(Value, WritesWhatItReads) {
  const std::string text =
      "title = \"a \\\"b\\\" \\\\ c\\n\"\n"
      "list = [1, 2.5, \"x\", { a = true }]\n"
      "\n[sweep]\n\"device.eta\" = [0.1, 0.2]\n"
      "\n[periphery.adc]\nbits = 8\n";
  EXPECT_EQ(to_toml(parse_toml(text, "f.toml")), text);
}

TEST(Value, SetMakesTheTablesOnTheWay) {
  Value root{Table{}};
  root.set("periphery.adc.bits", {std::int64_t{6}});
  EXPECT_EQ(to_toml(root), "[periphery.adc]\nbits = 6\n");
  EXPECT_EQ(root.at("periphery.dac.bits"), nullptr);
  EXPECT_EQ(root.at("periphery.adc.bits.more"), nullptr);
}

TEST(Value, ElementsOfArraysHaveTheirNumber) {
  Value v = parse_toml("models = [{ a = 1 }, { a = 2, b = [7, 8] }]", "f");
  EXPECT_EQ(v.at("models.1.a")->text(), "2");
  v.set("models.1.b.0", {std::int64_t{9}});
  v.set("models.0.c", {true});
  EXPECT_EQ(v.at("models")->text(), "[{ a = 1, c = true }, { a = 2, b = [9, 8] }]");
  apply_override(v, "models.1.b.1=6");
  apply_override(v, "models.0.d.e=5");
  EXPECT_EQ(v.at("models")->text(), "[{ a = 1, c = true, d = { e = 5 } }, { a = 2, b = [9, 6] }]");
  for (const char* absent : {"models.2", "models.x", "models.-1", "models.1.b.2", "models.1.a.0"})
    EXPECT_EQ(v.at(absent), nullptr) << absent;
}

TEST(Value, KeysWithDotsAreThoseOfTheirParts) {
  Value root = parse_toml("[a]\nb.c = 1\n\"b.d\" = { e = 2 }\n\"b.d.e\" = 3\n", "x.toml");
  EXPECT_EQ(root.at("a.b.c")->text(), "1");
  EXPECT_EQ(root.at("a.b.d.e")->text(), "3");
  EXPECT_EQ(root.at("a.b.d.f"), nullptr);
  root.set("a.b.d.e", {std::int64_t{4}});
  root.set("a.b.d.f", {std::int64_t{5}});
  apply_override(root, "a.b.d.g=6");
  apply_override(root, "a.b.h=7");
  apply_override(root, "a.\"b.d.e\"=8");
  apply_override(root, "a.b={ d={ g=9, k={} }, i=10 }");
  EXPECT_EQ(root.text(),
            "{ a = { b = { c = 1, h = 7, i = 10 }, \"b.d\" = { e = 2, f = 5, g = 9, k = {} }, "
            "\"b.d.e\" = 8 } }");
}

TEST(Value, OverridesTakeTomlOrABareWord) {
  Value root = parse_toml("[device]\nmodel = \"ideal\"\n", "f.toml");
  for (const char* assignment :
       {"device.model=awgn", "device.eta=0.1", "model.weights=../a=b.safetensors",
        "sweep.\"device.eta\"=[0.1, 0.2]", "title=\"two words\""})
    apply_override(root, assignment);
  EXPECT_EQ(to_toml(root),
            "title = \"two words\"\n"
            "\n[device]\nmodel = \"awgn\"\neta = 0.1\n"
            "\n[model]\nweights = \"../a=b.safetensors\"\n"
            "\n[sweep]\n\"device.eta\" = [0.1, 0.2]\n");
  EXPECT_EQ(root.at("device.eta")->where.text(), "--set");
}

TEST(ValueErrors, BadOverridesSayWhatIsExpected) {
  Value root{Table{}};
  const auto message = [&](const char* assignment) {
    return error_of<ConfigError>([&] { apply_override(root, assignment); });
  };
  EXPECT_EQ(message("device.eta"),
            "--set: error: device.eta: expected table.key=value, as in device.eta=0.1");
  EXPECT_EQ(message("=3"), "--set: error: =3: expected table.key=value, as in device.eta=0.1");
  EXPECT_EQ(message("device.=3"),
            "--set: error: device.=3: expected table.key=value, as in device.eta=0.1");
  EXPECT_EQ(message("periphery.layers.f*.adc.bits=3"),
            "--set: error: periphery.layers.f*.adc.bits=3: expected table.key=value, as in "
            "device.eta=0.1; names of other characters than letters, digits, _ and - stand in "
            "quotes: periphery.layers.\"f*\".adc.bits=3");
  apply_override(root, "periphery.layers.\"f*\".adc.bits=3");
  EXPECT_EQ(message("device.eta=[0.1"),
            "--set: error: device.eta=[0.1: the value is neither TOML nor a bare word");
  EXPECT_EQ(message("device.eta="),
            "--set: error: device.eta=: the value is neither TOML nor a bare word");
}

TEST(ValueErrors, SyntaxErrorsHaveLineAndColumn) {
  EXPECT_EQ(error_of<ConfigError>([] { parse_toml("seed = 1\n[device\neta = 1\n", "f.toml"); }),
            "f.toml:2:8: error: in a table header: expected ']', got the end of the line");
  EXPECT_EQ(error_of<ConfigError>([] { parse_toml("a = 1\na = 2\n", "f.toml"); }),
            "f.toml:2:5: error: in a key-value pair: a stands here for the second time");
  EXPECT_EQ(error_of<ConfigError>([] { parse_toml("a = 2020-01-01\n", "f.toml"); }),
            "f.toml:1:5: error: dates and times are not used here");
}

// What is most often mistyped, in words that are not the parser's.
TEST(ValueErrors, SyntaxErrorsSayWhatIsExpected) {
  const auto said = [](const std::string& text) {
    const std::string all = error_of<ConfigError>([&] { parse_toml(text, "f"); });
    return all.substr(all.find("error: ") + 7);
  };
  const std::string value =
      "expected a value: a number, true, false, \"a text in quotes\", [a list] or { a = table }";
  EXPECT_EQ(said("a = awgn\n"), value);
  EXPECT_EQ(said("a == 1\n"), value);
  EXPECT_EQ(said("a = tru\n"), value);
  EXPECT_EQ(said("a = \n"), "in a key-value pair: expected a value, got the end of the line");
  EXPECT_EQ(said("a 1\n"), "in a key-value pair: expected '=', got '1'");
  EXPECT_EQ(said("a = 1 b = 2\n"), "in a key-value pair: expected the end of the line, got 'b'");
  EXPECT_EQ(said("a = 1\n[a]\n"), "in a table header: a stands here for the second time");
  EXPECT_EQ(said("a = \"awgn\nb = 1\n"),
            "in a string: a text ends on the line on which it begins: expected a closing quote "
            "(control characters are written \\uXXXX)");
  EXPECT_EQ(
      said("a = \"C:\\data\"\n"),
      "in a string: \\d is no escape in a text; expected \\\\ for a backslash, or the text in "
      "single quotes");
  EXPECT_EQ(said("a = 01\n"), "in a decimal integer: expected a number without leading zeros");
  EXPECT_EQ(said("a = 1e400\n"), "in a floating-point: 1e400 is no number that fits");
  EXPECT_EQ(said("{ \"a\": 1 }\n"),
            "in a root table: expected key = value, [table] or # comment, got '{'");
  EXPECT_EQ(said("\xff = 1\n"), "expected UTF-8, got other bytes");
}

TEST(ValueErrors, UnreadableFilesAreNamedWithTheReason) {
  try {
    read_toml("no/such/file.toml");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "no/such/file.toml: cannot be read: No such file or directory");
  }
  EXPECT_THROW(read_toml("."), DataError);
}

}  // namespace
}  // namespace ohmic
