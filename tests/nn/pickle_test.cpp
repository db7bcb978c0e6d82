// Pickles as bytes: what a writer of ill will would send. What Python writes is in
// torch_zip_test.cpp.
#include "nn/io/pickle.hpp"

#include <gtest/gtest.h>

#include "nn/io/pickled_tensors.hpp"
#include "simulator/error.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;
using Kind = PickledValue::Kind;

std::string refusal(std::string_view bytes) {
  return error_of([&] { Pickle{bytes}; });
}

std::string repeated(std::string_view what, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += what;
  return all;
}

std::string text(const std::string& s) {
  return std::string("\x8c") + static_cast<char>(s.size()) + s;
}

/// A float tensor of shape (2) over storage "0".
const std::string kTensor = "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") +
                            "ctorch\nFloatStorage\n" + text("0") + text("cpu") +
                            "K\x10tQK\x01K\x02\x85K\x01\x85tR";

std::vector<std::string> names_in(std::string_view bytes) {
  std::vector<std::string> names;
  for (const PickledTensor& t : tensors_of(Pickle(bytes)).tensors)
    names.push_back(t.file.dictionary + "|" + t.file.name);
  return names;
}

TEST(Pickle, ReadsWholeNumbersOfEverySize) {
  const std::string bytes =
      std::string("(K\x07M\x01\x02J\xff\xff\xff\xff\x8a\x01\x80\x8a\x00\x8a\x08", 18) +
      std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8) +
      std::string("\x8b\x02\x00\x00\x00\x00\x01\x88t.", 10);
  std::string_view view = bytes;
  const Pickle pickle(view);
  std::vector<std::int64_t> values;
  for (const PickledValue& v : pickle.node(pickle.root()).items) values.push_back(v.at);
  EXPECT_EQ(values, (std::vector<std::int64_t>{7, 513, -1, -128, 0, INT64_MAX, 256, 1}));
  EXPECT_TRUE(view.empty());
}

TEST(Pickle, SaysWhatIsDamaged) {
  EXPECT_EQ(refusal(""), "truncated");
  EXPECT_EQ(refusal("K"), "truncated");
  EXPECT_EQ(refusal("X\xff\xff\xff\xffshort"), "truncated");
  EXPECT_EQ(refusal("\x8d\xff\xff\xff\xff\xff\xff\xff\xffshort"), "truncated");
  EXPECT_EQ(refusal("cmodule\nname"), "truncated");
  EXPECT_EQ(refusal("."), "damaged: nothing on the stack");
  EXPECT_EQ(refusal("K\x01s"), "damaged: nothing on the stack");
  EXPECT_EQ(refusal("h\x05."), "damaged: a reference to nothing");
  EXPECT_EQ(refusal("K\x01t."), "damaged: no mark on the stack");
  EXPECT_EQ(refusal("}(K\x01u."), "damaged: a key without a value");
  EXPECT_EQ(refusal("]K\x01K\x02s."), "damaged: an object is not of the kind that is needed");
  EXPECT_EQ(refusal("\x97."), "holds the unknown pickle code 151");
}

TEST(Pickle, EndsAtAThousandTimesWhatACheckpointNeeds) {
  EXPECT_EQ(refusal(std::string(Pickle::kMostOperations, 'N') + "."),
            "has a pickle of more than 4194304 operations");
}

TEST(Pickle, KeepsCyclesAndDeepNests) {
  EXPECT_EQ(names_in("]q\x01h\x01"
                     "a."),
            std::vector<std::string>{});
  EXPECT_EQ(names_in("}q\x01" + text("self") + "h\x01s" + text("w") + kTensor + "s."),
            std::vector<std::string>{"|w"});
  EXPECT_EQ(names_in(")" + repeated("\x85", 1000000) + "."), std::vector<std::string>{});
  EXPECT_EQ(names_in(repeated("}" + text("a"), 200000) + "N" + repeated("s", 200000) + "."),
            std::vector<std::string>{});
}

/// Ten dictionaries deep, each holding the one below ten times: 10^10 paths, eleven dictionaries.
TEST(Pickle, LooksAtSharedDictionariesOnce) {
  std::string bytes = "}" + text("w") + kTensor + "sq" + '\x00';
  for (char level = 0; level < 10; ++level) {
    bytes += "}";
    for (char key = '0'; key <= '9'; ++key) bytes += text(std::string(1, key)) + "h" + level + "s";
    bytes += std::string("q") + static_cast<char>(level + 1);
  }
  EXPECT_EQ(names_in(bytes + "."), std::vector<std::string>{"0.0.0.0.0.0.0.0.0.0|w"});
}

TEST(Pickle, BuildsWithoutCopies) {
  std::string bytes = "cm\nC\n)Rq" + std::string(1, '\x01') + "0}(" +
                      repeated(text("k") + "N", 100000) +
                      "uq\x02"
                      "0h\x01";
  EXPECT_EQ(names_in(bytes +
                     repeated("h\x02"
                              "b",
                              100000) +
                     "."),
            std::vector<std::string>{});
  // Many modules that share one dictionary of modules.
  bytes = "}(" + repeated(text("k") + "N", 100000) + text("_modules") +
          "}uq\x02"
          "0](" +
          repeated(
              "cm\nC\n)Rh\x02"
              "b",
              50000) +
          "e.";
  EXPECT_EQ(names_in(bytes), std::vector<std::string>{});
}

TEST(Pickle, LimitsNamesAndTensors) {
  const std::string key(255, 'k');
  EXPECT_EQ(names_in("}" + text(key) + "}" + text(key) + "}" + text("ww") + kTensor + "sss."),
            std::vector<std::string>{});
  std::string bytes = kTensor + std::string("q\x01") + "0](" + repeated("h\x01", 100001) + "e.";
  EXPECT_EQ(error_of([&] { names_in(bytes); }), "holds more than 100000 tensors");
}

}  // namespace
}  // namespace ohmic
