// A decoder of GPT-2's size, from its file to a result: how much memory the whole program takes.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fstream>
#include <numeric>

#include "simulator/random/noise.hpp"
#include "tests/experiments/started_run.hpp"
#include "tests/nn/protobuf_writer.hpp"
#include "tests/nn/stored_npy.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::Message;
using test::onnx_int;
using test::onnx_node;
using Shape = std::vector<std::int64_t>;

constexpr std::int64_t kTokens = 512, kWidth = 768, kHeads = 12, kLayers = 12, kWords = 50257;

Message integers(const char* name, const Shape& values) {
  Message m = Message().text(1, name).number(20, 7);
  for (const std::int64_t value : values) m.number(8, value);
  return m;
}

/// The decoder as ONNX with its numbers in a file beside it. The table of words is the matrix of
/// the answers, too.
class Decoder {
 public:
  explicit Decoder(const test::TemporaryFolder& folder)
      : numbers_(folder.path() / "net.onnx.data", std::ios::binary) {
    weight("wte", {kWords, kWidth});
    weight("wpe", {kTokens, kWidth});
    whole("split_shape", {0, kTokens, kHeads, kWidth / kHeads});
    whole("join_shape", {0, kTokens, kWidth});
    mask();
    node("Gather", {"wte", "tokens"}, "words");
    node("Add", {"words", "wpe"}, "x0");
    std::string x = "x0";
    for (std::int64_t i = 0; i < kLayers; ++i) x = block(fmt::format("h{}.", i), x);
    norm("ln_f", x);
    node("Transpose", {"wte"}, "wte_turned", {integers("perm", {1, 0})});
    node("MatMul", {"ln_f", "wte_turned"}, "scores");
    Message sides = Message().message(1, Message().text(2, "batch"));
    sides.message(1, Message().number(1, kTokens));
    graph_.message(11,
                   Message()
                       .text(1, "tokens")
                       .message(2, Message().message(1, Message().number(1, 7).message(2, sides))));
    graph_.message(12, test::onnx_value("scores", {-1, kTokens, kWords}));
    folder.write("net.onnx", test::onnx_model(graph_, 20).bytes());
  }

  std::int64_t bytes() const { return bytes_; }

 private:
  using Inputs = std::initializer_list<std::string>;

  void node(const char* op, Inputs inputs, const std::string& output,
            std::initializer_list<Message> attributes = {}) {
    Message m;
    for (const std::string& input : inputs) m.text(1, input);
    m.text(2, output).text(3, output).text(4, op);
    for (const Message& attribute : attributes) m.message(5, attribute);
    graph_.message(1, m);
  }

  void whole(const char* name, const Shape& values) {
    graph_.message(5, test::onnx_tensor(name, {std::ssize(values)}, test::raw(values), 7));
  }

  void mask() {
    std::vector<float> values(kTokens * kTokens, 0.0f);
    for (std::int64_t i = 0; i < kTokens; ++i)
      for (std::int64_t j = i + 1; j < kTokens; ++j)
        values[static_cast<std::size_t>(i * kTokens + j)] = -1e9f;
    graph_.message(5, test::onnx_tensor("mask", {kTokens, kTokens}, test::raw(values)));
    graph_.message(5, test::onnx_tensor("root", {}, test::raw<float>({0.125f})));
  }

  /// Normal numbers of std 0.02.
  void weight(const std::string& name, const Shape& shape) {
    const auto size =
        std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<std::size_t>());
    std::vector<float> values(size);
    fill_normals(noise_key(11, 0), {Stream::initialization, tensor_++}, 0, std::span(values));
    for (float& v : values) v *= 0.02f;
    const std::string raw = test::raw(values);
    Message m;
    for (const std::int64_t side : shape) m.number(1, side);
    m.number(2, 1).text(8, name).number(14, 1);
    const auto entry = [&](const char* key, const std::string& value) {
      m.message(13, Message().text(1, key).text(2, value));
    };
    entry("location", "net.onnx.data");
    entry("offset", std::to_string(bytes_));
    entry("length", std::to_string(raw.size()));
    graph_.message(5, m);
    numbers_.write(raw.data(), static_cast<std::streamsize>(raw.size()));
    bytes_ += std::ssize(raw);
  }

  std::string norm(const std::string& name, const std::string& x) {
    weight(name + ".scale", {kWidth});
    weight(name + ".shift", {kWidth});
    node("LayerNormalization", {x, name + ".scale", name + ".shift"}, name);
    return name;
  }

  std::string dense(const std::string& name, const std::string& x, std::int64_t in,
                    std::int64_t out) {
    weight(name + ".weight", {in, out});
    weight(name + ".bias", {out});
    node("MatMul", {x, name + ".weight"}, name + ".product");
    node("Add", {name + ".product", name + ".bias"}, name);
    return name;
  }

  std::string block(const std::string& h, const std::string& x) {
    const std::string all = dense(h + "attn", norm(h + "ln_1", x), kWidth, 3 * kWidth);
    Message split = Message().text(1, all).text(4, "Split").text(3, h + "split");
    for (const char* part : {"q", "k", "v"}) split.text(2, h + part);
    graph_.message(1,
                   split.message(5, onnx_int("axis", -1)).message(5, onnx_int("num_outputs", 3)));
    for (const char* part : {"q", "k", "v"}) {
      node("Reshape", {h + part, "split_shape"}, h + part + "_split");
      const bool is_key = part[0] == 'k';
      node("Transpose", {h + part + "_split"}, h + part + "_heads",
           {integers("perm", is_key ? Shape{0, 2, 3, 1} : Shape{0, 2, 1, 3})});
    }
    node("MatMul", {h + "q_heads", h + "k_heads"}, h + "products");
    node("Mul", {h + "products", "root"}, h + "scaled");
    node("Add", {h + "scaled", "mask"}, h + "masked");
    node("Softmax", {h + "masked"}, h + "shares", {onnx_int("axis", -1)});
    node("MatMul", {h + "shares", h + "v_heads"}, h + "mixed");
    node("Transpose", {h + "mixed"}, h + "turned", {integers("perm", {0, 2, 1, 3})});
    node("Reshape", {h + "turned", "join_shape"}, h + "joined");
    node("Add", {x, dense(h + "proj", h + "joined", kWidth, kWidth)}, h + "seen");
    const std::string wide = dense(h + "fc", norm(h + "ln_2", h + "seen"), kWidth, 4 * kWidth);
    node("Gelu", {wide}, h + "bent",
         {Message().text(1, "approximate").text(4, "tanh").number(20, 3)});
    node("Add", {h + "seen", dense(h + "out", h + "bent", 4 * kWidth, kWidth)}, h + "x");
    return h + "x";
  }

  std::ofstream numbers_;
  Message graph_;
  std::int64_t bytes_ = 0;
  std::uint16_t tensor_ = 0;
};

/// Whole numbers below kWords as NumPy stores them, one sample of kTokens.
std::string tokens(std::int64_t step) {
  Shape values;
  for (std::int64_t i = 0; i < kTokens; ++i) values.push_back(i * step % kWords);
  return test::npy("<i8", fmt::format("1, {}", kTokens), test::raw(values));
}

TEST(LargeNetwork, TakesLessThanThreeTimesTheBytesOfItsWeights) {
  const test::TemporaryFolder folder;
  const std::int64_t bytes = Decoder(folder).bytes();
  EXPECT_GT(bytes, std::int64_t{4} * 123'000'000);
  const auto samples = folder.write("tokens.npy", tokens(7919));
  const auto labels = folder.write("labels.npy", tokens(104729));
  const auto model = folder.path() / "net.onnx";
  const std::string data = fmt::format(R"(
[data]
name = "files"
test = {{ samples = "{}", labels = "{}" }}
[model]
file = "{}"
)",
                                       samples.string(), labels.string(), model.string());
  const auto file = folder.write("net.toml", data + R"(
[device]
model = "awgn"
eta = 0.1
[evaluation]
metric = "cross_entropy"
draws = 1
[output]
figures = false
)");
  const std::string out = (folder.path() / "run").string(), log = (folder.path() / "log").string();
  const pid_t process = test::start({OHMIC_PROGRAM, "run", file, "--out", out}, log);
  int status = 0;
  rusage used{};
  ASSERT_EQ(::wait4(process, &status, 0, &used), process);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << test::bytes_of(log);
  const std::int64_t most = std::int64_t{1024} * used.ru_maxrss;
  RecordProperty("peak_over_weights",
                 fmt::format("{:.2f}", static_cast<double>(most) / static_cast<double>(bytes)));
  EXPECT_LT(most, 3 * bytes);
}

}  // namespace
}  // namespace ohmic
