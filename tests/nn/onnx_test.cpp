#include <gtest/gtest.h>

#include <cstring>

#include "nn/import/imported_model.hpp"
#include "tests/nn/protobuf_writer.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;
using test::Message;
using test::Names;
using test::onnx_int;
using test::onnx_model;
using test::onnx_node;
using test::onnx_opset;
using test::onnx_tensor;
using test::onnx_value;
using test::raw;

template <class T>
std::vector<T> values_of(const ConstantTensor& t) {
  EXPECT_EQ(sizeof(T), size_of(t.type));
  std::vector<T> values(static_cast<std::size_t>(t.elements()));
  std::memcpy(values.data(), t.data.get(), values.size() * sizeof(T));
  return values;
}

class Onnx : public ::testing::Test {
 protected:
  std::filesystem::path write(const Message& model) {
    return folder_.write("net.onnx", model.bytes());
  }
  ImportedModel read(const Message& model) { return read_model(write(model)); }
  /// What is said of a graph, without the file's name.
  std::string said(const Message& model) {
    const std::string error = error_of([&] { read(model); });
    const std::string file = (folder_.path() / "net.onnx").string() + ": ";
    EXPECT_TRUE(error.starts_with(file)) << error;
    return error.substr(std::min(file.size(), error.size()));
  }
  std::string said_of(const Message& graph) { return said(onnx_model(graph)); }

  test::TemporaryFolder folder_;
};

/// x -> MatMul with w -> Relu -> y
Message dense() {
  return Message()
      .message(1, onnx_node("MatMul", {"x", "w"}, {"h"}, "fc"))
      .message(1, onnx_node("Relu", {"h"}, {"y"}))
      .message(5, onnx_tensor("w", {2, 3}, raw<float>({1, 2, 3, 4, 5, 6})))
      .message(11, onnx_value("x", {-1, 2}))
      .message(12, onnx_value("y", {-1, 3}));
}

TEST_F(Onnx, IsReadAsItStands) {
  const ImportedModel m = read(onnx_model(dense(), 13));
  EXPECT_EQ(m.format, "ONNX");
  EXPECT_EQ(m.producer, "test 1.0");
  EXPECT_EQ(m.opset, 13);
  ASSERT_EQ(m.inputs.size(), 1u);
  EXPECT_EQ(m.inputs[0].name, "x");
  EXPECT_EQ(m.inputs[0].shape, (std::vector<std::int64_t>{-1, 2}));
  ASSERT_EQ(m.outputs.size(), 1u);
  EXPECT_EQ(m.outputs[0].name, "y");
  ASSERT_EQ(m.nodes.size(), 2u);
  EXPECT_EQ(m.nodes[0].op, "MatMul");
  EXPECT_EQ(m.nodes[0].name, "fc");
  EXPECT_EQ(m.nodes[0].inputs, (std::vector<std::string>{"x", "w"}));
  EXPECT_EQ(m.nodes[1].name, "Relu_1");
  EXPECT_EQ(values_of<float>(m.constants.at("w")), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_F(Onnx, ATensorHasItsNumbersOnce) {
  const Message twice = onnx_tensor("v", {2}, raw<float>({1, 2})).text(4, raw<float>({3, 4}));
  EXPECT_EQ(said_of(Message()
                        .message(1, onnx_node("Add", {"x", "v"}, {"y"}, "sum"))
                        .message(5, twice)
                        .message(11, onnx_value("x", {-1, 2}))
                        .message(12, onnx_value("y", {-1, 2}))),
            "constant \"v\" has numbers in more than one place; which are meant is not said");
}

/// A graph whose constant is the given tensor.
Message with_constant(const Message& tensor) {
  return Message()
      .message(1, onnx_node("Add", {"x", "c"}, {"y"}, "add"))
      .message(5, tensor)
      .message(11, onnx_value("x", {2}))
      .message(12, onnx_value("y", {2}));
}

TEST_F(Onnx, NumbersMayLieInFieldsOfTheirType) {
  const auto constant = [&](const Message& tensor) {
    return read(onnx_model(with_constant(tensor))).constants.at("c");
  };
  const Message named = Message().number(1, 2).text(8, "c");
  EXPECT_EQ(values_of<float>(constant(Message(named).number(2, 1).text(4, raw<float>({3, -4})))),
            (std::vector<float>{3, -4}));
  EXPECT_EQ(
      values_of<std::int64_t>(constant(Message(named).number(2, 7).number(7, -1).number(7, 9))),
      (std::vector<std::int64_t>{-1, 9}));
  EXPECT_EQ(values_of<std::int64_t>(
                constant(Message(named).number(2, 7).text(7, std::string_view("\x05\x07")))),
            (std::vector<std::int64_t>{5, 7}));
  EXPECT_EQ(
      values_of<std::int8_t>(constant(Message(named).number(2, 3).number(5, -3).number(5, 4))),
      (std::vector<std::int8_t>{-3, 4}));
  EXPECT_EQ(values_of<std::uint16_t>(
                constant(Message(named).number(2, 10).number(5, 0x3c00).number(5, 0x4000))),
            (std::vector<std::uint16_t>{0x3c00, 0x4000}));
  EXPECT_EQ(values_of<double>(constant(Message(named).number(2, 11).text(10, raw<double>({1, 2})))),
            (std::vector<double>{1, 2}));
}

TEST_F(Onnx, WeightsAreViewsOfTheFile) {
  const ImportedModel first = read(onnx_model(dense()));
  const ImportedModel copy = first;
  EXPECT_EQ(first.constants.at("w").data.get(), copy.constants.at("w").data.get());
  ASSERT_EQ(first.files.size(), 1u);
  EXPECT_GT(first.constants.at("w").data.get(), first.files[0].data.get());
}

Message external(const char* location, const char* offset, const char* length) {
  Message t = Message().number(1, 2).number(2, 1).text(8, "c").number(14, 1);
  t.message(13, Message().text(1, "location").text(2, location));
  if (*offset) t.message(13, Message().text(1, "offset").text(2, offset));
  if (*length) t.message(13, Message().text(1, "length").text(2, length));
  return t;
}

TEST_F(Onnx, NumbersMayLieInAFileBeside) {
  folder_.write("parts/net.data", raw<float>({0, 5, 6, 7}));
  const Message model = onnx_model(with_constant(external("parts/net.data", "4", "8")));
  EXPECT_EQ(values_of<float>(read(model).constants.at("c")), (std::vector<float>{5, 6}));
  const Message rest = onnx_model(with_constant(external("parts/net.data", "8", "")));
  EXPECT_EQ(values_of<float>(read(rest).constants.at("c")), (std::vector<float>{6, 7}));
}

TEST_F(Onnx, AFileBesideMustBeThereAndLongEnough) {
  folder_.write("net.data", raw<float>({0, 5}));
  const auto say = [&](const char* location, const char* offset, const char* length) {
    return said_of(with_constant(external(location, offset, length)));
  };
  EXPECT_EQ(say("other.data", "0", "8"),
            "constant \"c\" has its numbers in \"other.data\", which is not in the model's folder; "
            "keep both files together");
  EXPECT_EQ(say("net.data", "4", "8"),
            "constant \"c\" should be bytes 4 to 12 of \"net.data\", which has 8 bytes "
            "(truncated?)");
  EXPECT_EQ(say("net.data", "4", "4"),
            "constant \"c\" should have 2 numbers of 4 bytes, but only 4 bytes are there");
  EXPECT_EQ(say("net.data", "18446744073709551615", "8"),
            "constant \"c\" should be bytes 18446744073709551615 to 7 of \"net.data\", which has 8 "
            "bytes (truncated?)");
  EXPECT_EQ(say("net.data", "-1", "8"),
            "constant \"c\" has an offset of \"-1\" in its external data; expected a whole number");
}

TEST_F(Onnx, NoFileOutsideTheFolderIsRead) {
  folder_.write("secret", raw<float>({1, 2}));
  folder_.write("in/net.onnx", "");
  std::filesystem::create_symlink(folder_.path() / "secret", folder_.path() / "in" / "link");
  const std::string absolute = (folder_.path() / "secret").string();
  for (const std::string& location :
       {std::string("../secret"), absolute, std::string("a/../../secret"), std::string("link"),
        std::string("")}) {
    const auto file = folder_.write(
        "in/net.onnx", onnx_model(with_constant(external(location.c_str(), "0", "8"))).bytes());
    EXPECT_EQ(error_of([&] { read_model(file); }),
              file.string() + ": constant \"c\" has its numbers in \"" + location +
                  "\"; only files in the model's folder are read");
  }
}

TEST_F(Onnx, LinksToAModelAndItsDataInOneFolderAreFollowed) {
  folder_.write("blobs/a", onnx_model(with_constant(external("net.data", "0", "8"))).bytes());
  folder_.write("blobs/b", raw<float>({1, 2}));
  folder_.write("snapshot/x", "");
  std::filesystem::create_symlink("../blobs/a", folder_.path() / "snapshot" / "net.onnx");
  std::filesystem::create_symlink("../blobs/b", folder_.path() / "snapshot" / "net.data");
  const ImportedModel m = read_model(folder_.path() / "snapshot" / "net.onnx");
  EXPECT_EQ(values_of<float>(m.constants.at("c")), (std::vector<float>{1, 2}));
}

TEST_F(Onnx, ConstantsAmongTheInputsAreConstants) {
  const Message graph = dense().message(11, onnx_value("w", {2, 3}));
  EXPECT_EQ(read(onnx_model(graph)).inputs.size(), 1u);
}

TEST_F(Onnx, TensorsThatDoNotFitAreRefused) {
  const auto say = [&](const std::vector<std::int64_t>& shape, const std::string& bytes, int type) {
    return said_of(with_constant(onnx_tensor("c", shape, bytes, type)));
  };
  EXPECT_EQ(say({1'000'000'000'000, 1'000'000}, raw<float>({1}), 1),
            "constant \"c\" should have 1000000000000 x 1000000 numbers of 4 bytes, but only 4 "
            "bytes are there");
  EXPECT_EQ(say({1}, raw<float>({1, 2}), 1),
            "constant \"c\" has 8 bytes of numbers; its shape, 1, needs 4");
  EXPECT_EQ(say({-2}, raw<float>({1}), 1), "constant \"c\" has a shape of -2");
  EXPECT_EQ(say({1}, raw<float>({1}), 8),
            "constant \"c\" has elements of string; accepted are float32, float64, float16, "
            "bfloat16, int8 to int64, uint8 to uint64 and bool");
  EXPECT_TRUE(say({1}, raw<float>({1}), 17)
                  .starts_with("constant \"c\" has elements of float8e4m3fn; accepted are "));
  EXPECT_EQ(said_of(with_constant(onnx_tensor("c", {2}, raw<float>({1, 2})))
                        .message(5, onnx_tensor("c", {2}, raw<float>({1, 2})))),
            "constant \"c\" is there twice");
}

TEST_F(Onnx, NodesAreNumberedNamedOnceAndPrintable) {
  const ImportedModel m =
      read(onnx_model(Message()
                          .message(1, onnx_node("Relu", {"x"}, {"a"}))
                          .message(1, onnx_node("Relu", {"a"}, {"b"}, "same"))
                          .message(1, onnx_node("Relu", {"b"}, {"c"}, "same"))
                          .message(1, onnx_node("Relu", {"c"}, {"y"}, "l\n\xff"))
                          .message(11, onnx_value("x", {2}))
                          .message(12, onnx_value("y", {2}))));
  ASSERT_EQ(m.nodes.size(), 4u);
  EXPECT_EQ(m.nodes[0].name, "Relu_0");
  EXPECT_EQ(m.nodes[1].name, "same");
  EXPECT_EQ(m.nodes[2].name, "same_1");
  EXPECT_EQ(m.nodes[3].name, "l__");
}

TEST_F(Onnx, OrderIsMadeAndWhatIsNotNeededDropped) {
  const ImportedModel m =
      read(onnx_model(Message()
                          .message(1, onnx_node("Relu", {"h"}, {"y"}, "second"))
                          .message(1, onnx_node("If", {"missing"}, {"unused"}, "branch"))
                          .message(1, onnx_node("Neg", {"x"}, {"h"}, "first"))
                          .message(5, onnx_tensor("unused constant", {1}, raw<float>({1})))
                          .message(11, onnx_value("x", {2}))
                          .message(12, onnx_value("y", {2}))));
  ASSERT_EQ(m.nodes.size(), 2u);
  EXPECT_EQ(m.nodes[0].name, "first");
  EXPECT_EQ(m.nodes[1].name, "second");
  EXPECT_TRUE(m.constants.empty());
}

TEST_F(Onnx, ValuesNeedOneOrigin) {
  const Message ends =
      Message().message(11, onnx_value("x", {2})).message(12, onnx_value("y", {2}));
  EXPECT_EQ(said_of(Message(ends).message(1, onnx_node("Relu", {"h"}, {"y"}, "r"))),
            "r (Relu): its input \"h\" is made by no node, and is no input or constant");
  EXPECT_EQ(said_of(Message(ends)
                        .message(1, onnx_node("Relu", {"x"}, {"y"}, "r"))
                        .message(1, onnx_node("Neg", {"x"}, {"y"}, "n"))),
            "n (Neg): makes \"y\", which is there already; every value must have one origin");
  EXPECT_EQ(said_of(Message(ends).message(1, onnx_node("Relu", {"x"}, {"z"}, "r"))),
            "output \"y\" is made by no node");
  EXPECT_EQ(said_of(Message().message(1, onnx_node("Relu", {"x"}, {"z"}, "r"))), "has no outputs");
  EXPECT_EQ(said_of(Message(ends)
                        .message(11, onnx_value("x", {2}))
                        .message(1, onnx_node("Relu", {"x"}, {"y"}, "r"))),
            "input \"x\" is there twice");
}

TEST_F(Onnx, CyclesAreRefused) {
  EXPECT_EQ(said_of(Message()
                        .message(11, onnx_value("x", {2}))
                        .message(12, onnx_value("y", {2}))
                        .message(1, onnx_node("Relu", {"b"}, {"y"}, "r"))
                        .message(1, onnx_node("Add", {"x", "c"}, {"b"}, "a"))
                        .message(1, onnx_node("Neg", {"b"}, {"c"}, "n"))),
            "a (Add): its inputs depend on its own outputs; a network must have no cycles "
            "(recurrence is an LSTM, GRU or RNN node)");
}

TEST_F(Onnx, SubGraphsAreRefusedWhereTheyAreNeeded) {
  const Message branch = Message().text(1, "then_branch").message(6, Message()).number(20, 5);
  EXPECT_EQ(said_of(Message()
                        .message(11, onnx_value("x", {}))
                        .message(12, onnx_value("y", {2}))
                        .message(1, onnx_node("If", {"x"}, {"y"}, "if", {branch}))),
            "if (If): its attribute \"then_branch\" holds a graph of its own; export the model so "
            "that it has no branches or loops");
}

TEST_F(Onnx, AttributesOfEveryKindAreRead) {
  const Message list =
      Message().text(1, "pads").text(8, std::string_view("\x01\x02")).number(20, 7);
  const Message reals = Message().text(1, "scales").real(7, 0.5f).real(7, 2).number(20, 6);
  const Message texts = Message().text(1, "names").text(9, "a").text(9, "b").number(20, 8);
  const Message tensor =
      Message().text(1, "value").message(5, onnx_tensor("", {1}, raw<float>({4}))).number(20, 4);
  const Message untyped = Message().text(1, "old").number(3, 3);  // before IR 2
  const ImportedModel m = read(onnx_model(
      Message()
          .message(11, onnx_value("x", {2}))
          .message(12, onnx_value("y", {2}))
          .message(1, onnx_node("Odd", {"x"}, {"y"}, "",
                                {list, reals, texts, tensor, untyped, onnx_int("axis", -1)}))));
  const auto& a = m.nodes.at(0).attributes;
  EXPECT_EQ(std::get<std::int64_t>(a.at("axis")), -1);
  EXPECT_EQ(std::get<std::int64_t>(a.at("old")), 3);
  EXPECT_EQ(std::get<std::vector<std::int64_t>>(a.at("pads")), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(std::get<std::vector<double>>(a.at("scales")), (std::vector<double>{0.5, 2}));
  EXPECT_EQ(std::get<std::vector<std::string>>(a.at("names")),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(values_of<float>(std::get<ConstantTensor>(a.at("value"))), (std::vector<float>{4}));
}

/// twice(a) = Scale(Scale(a)) with attribute `factor`, 3 unless given.
Message twice() {
  const Message reference = Message().text(1, "by").text(21, "factor").number(20, 2);
  return Message()
      .text(1, "twice")
      .text(4, "a")
      .text(5, "c")
      .message(7, onnx_node("Scale", {"a"}, {"b"}, "one", {reference}))
      .message(7, onnx_node("Scale", {"b"}, {"c"}, "two", {reference}))
      .message(11, onnx_int("factor", 3))
      .message(9, onnx_opset(17))
      .text(10, "own");
}

TEST_F(Onnx, FunctionsAreWrittenOut) {
  Message first = onnx_node("twice", {"x"}, {"h"}, "f").text(7, "own");
  Message second = onnx_node("twice", {"h"}, {"y"}, "g", {onnx_int("factor", 5)}).text(7, "own");
  const ImportedModel m = read(onnx_model(Message()
                                              .message(11, onnx_value("x", {2}))
                                              .message(12, onnx_value("y", {2}))
                                              .message(1, first)
                                              .message(1, second))
                                   .message(25, twice()));
  ASSERT_EQ(m.nodes.size(), 4u);
  EXPECT_EQ(m.nodes[0].name, "f/one");
  EXPECT_EQ(m.nodes[0].inputs, std::vector<std::string>{"x"});
  EXPECT_EQ(m.nodes[0].outputs, std::vector<std::string>{"f/b"});
  EXPECT_EQ(m.nodes[1].outputs, std::vector<std::string>{"h"});
  EXPECT_EQ(std::get<std::int64_t>(m.nodes[1].attributes.at("by")), 3);
  EXPECT_EQ(m.nodes[3].name, "g/two");
  EXPECT_EQ(m.nodes[3].outputs, std::vector<std::string>{"y"});
  EXPECT_EQ(std::get<std::int64_t>(m.nodes[3].attributes.at("by")), 5);
}

/// A function that calls `callee` twice, one after the other.
Message calls(const std::string& name, const std::string& callee) {
  return Message()
      .text(1, name)
      .text(4, "a")
      .text(5, "c")
      .message(7, onnx_node(callee.c_str(), {"a"}, {"b"}, "one").text(7, "own"))
      .message(7, onnx_node(callee.c_str(), {"b"}, {"c"}, "two").text(7, "own"))
      .text(10, "own");
}

TEST_F(Onnx, FunctionsThatNeverEndAreRefused) {
  const Message graph = Message()
                            .message(11, onnx_value("x", {2}))
                            .message(12, onnx_value("y", {2}))
                            .message(1, onnx_node("f0", {"x"}, {"y"}, "f").text(7, "own"));
  EXPECT_EQ(said(onnx_model(graph).message(25, calls("f0", "f0"))), "function \"f0\" calls itself");
  Message bomb = onnx_model(graph);
  for (int i = 0; i < 40; ++i)
    bomb.message(25, calls("f" + std::to_string(i), "f" + std::to_string(i + 1)));
  Message chain = onnx_model(graph);
  for (int i = 0; i < 100; ++i)
    chain.message(25,
                  Message()
                      .text(1, "f" + std::to_string(i))
                      .text(10, "own")
                      .message(7, Message().text(4, "f" + std::to_string(i + 1)).text(7, "own")));
  EXPECT_EQ(said(chain), "function \"f64\" is called through more than 64 others");
  EXPECT_EQ(said(bomb), "has more than 1000000 nodes when its functions are written out");
}

TEST_F(Onnx, OldOpsetsAreRefused) {
  EXPECT_EQ(said(onnx_model(dense(), 6)),
            "is written for opset 6 of ONNX; accepted are 7 and later (Python's "
            "onnx.version_converter converts)");
}

TEST_F(Onnx, ACutFileSaysSo) {
  const std::string whole = onnx_model(dense()).bytes();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto file = folder_.write("cut.onnx", whole.substr(0, size));
    const std::string error = error_of([&] { read_model(file); });
    EXPECT_TRUE(error.starts_with(file.string() + ": is ")) << size << ": " << error;
  }
  const auto file = folder_.write("cut.onnx", whole.substr(0, 60));
  EXPECT_EQ(error_of([&] { read_model(file); }),
            file.string() +
                ": is damaged: a field should have 128 bytes, but 44 follow "
                "(truncated?)");
}

TEST_F(Onnx, ManyNodesAreReadAtOnce) {
  Message graph =
      Message().message(11, onnx_value("v0", {2})).message(12, onnx_value("v100000", {2}));
  for (int i = 100'000; i > 0; --i)
    graph.message(1, onnx_node("Relu", {("v" + std::to_string(i - 1)).c_str()},
                               {("v" + std::to_string(i)).c_str()}));
  const ImportedModel m = read(onnx_model(graph));
  ASSERT_EQ(m.nodes.size(), 100'000u);
  EXPECT_EQ(m.nodes.front().outputs.at(0), "v1");
}

}  // namespace
}  // namespace ohmic
