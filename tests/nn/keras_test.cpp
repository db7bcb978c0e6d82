#include "nn/io/keras/keras.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "nn/network/builder.hpp"
#include "simulator/error.hpp"
#include "tests/nn/keras_file.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;
using test::KerasFile;
using test::TemporaryFolder;

/// 32 x 32 x 3 -> convolution, BatchNorm, ReLU, the sum with a 1 x 1 shortcut, average, dense.
Graph small_graph() {
  GraphBuilder b(ModelSettings{}, 2);
  const int first = b.layer("first", "norm", 0, 2, 3, 2);
  const int second = b.convolution("second", first, 2, 3, 1);
  const int sum = b.relu(b.add(second, b.convolution("proj", first, 2, 1, 1)));
  b.classify("linear", sum);
  Graph graph = b.take();
  graph.model = "small";
  return graph;
}

/// The layers of a network, of whose description single words are replaced.
class Description {
 public:
  Description& replace(const std::string& what, const std::string& with) {
    const std::size_t at = text_.find(what);
    EXPECT_NE(at, text_.npos) << what;
    if (at != text_.npos) text_.replace(at, what.size(), with);
    return *this;
  }
  operator std::string() const { return text_; }

 private:
  static std::string layer(const std::string& type, const std::string& name,
                           const std::string& config, const std::string& inbound) {
    return R"({"class_name": ")" + type + R"(", "name": ")" + name + R"(", "config": {"name": ")" +
           name + "\"" + config + R"(}, "inbound_nodes": [)" + inbound + "]}, ";
  }
  static std::string after(const std::string& name) { return "[[\"" + name + "\", 0, 0, {}]]"; }
  static std::string convolution(int side, int stride) {
    const auto pair = [](int n) {
      return "[" + std::to_string(n) + ", " + std::to_string(n) + "]";
    };
    return R"(, "filters": 2, "kernel_size": )" + pair(side) + R"(, "strides": )" + pair(stride) +
           R"(, "padding": "same", "data_format": "channels_last", "dilation_rate": [1, 1], )" +
           R"("activation": "linear", "use_bias": true)";
  }

  std::string text_ =
      R"({"class_name": "Functional", "config": {"name": "model", "layers": [)" +
      layer("InputLayer", "input_1", R"(, "batch_input_shape": [null, 32, 32, 3])", "") +
      layer("Conv2D", "conv2d", convolution(3, 2), after("input_1")) +
      layer("BatchNormalization", "norm_a",
            R"(, "axis": [3], "epsilon": 0.001, "center": true, "scale": true)", after("conv2d")) +
      layer("ReLU", "re_lu", R"(, "max_value": null, "negative_slope": 0.0, "threshold": 0.0)",
            after("norm_a")) +
      layer("Conv2D", "conv2d_1", convolution(3, 1), after("re_lu")) +
      layer("Conv2D", "conv2d_2", convolution(1, 1), after("re_lu")) +
      layer("Add", "add", "", R"([["conv2d_2", 0, 0, {}], ["conv2d_1", 0, 0, {}]])") +
      layer("Activation", "activation", R"(, "activation": "relu")", after("add")) +
      layer("AveragePooling2D", "pool",
            R"(, "pool_size": [16, 16], "strides": [16, 16], "padding": "valid")",
            after("activation")) +
      layer("Flatten", "flatten", "", after("pool")) +
      layer("Dense", "dense", R"(, "units": 2, "activation": "softmax", "use_bias": true)",
            after("flatten")) +
      R"({"class_name": "Dropout", "name": "unused", "config": {}, "inbound_nodes": []}], )"
      R"("input_layers": [["input_1", 0, 0]], "output_layers": [["dense", 0, 0]]}})";
};

struct Place {
  const char *conv2d, *norm, *conv2d_1, *conv2d_2, *dense;
};

void put_weights(KerasFile& file, const std::string& root, const Place& at,
                 const std::vector<std::string>& items) {
  const auto put = [&](const char* layer, std::size_t item, std::vector<hsize_t> shape,
                       float start) {
    if (!items[item].empty()) file.put(root + layer + "/" + items[item], shape, start);
  };
  put(at.conv2d, 0, {3, 3, 3, 2}, 0);
  put(at.conv2d, 1, {2}, 100);
  for (std::size_t i = 0; i < 4; ++i) put(at.norm, 2 + i, {2}, 10.0f * static_cast<float>(i + 1));
  put(at.conv2d_1, 0, {3, 3, 2, 2}, 200);
  put(at.conv2d_1, 1, {2}, 300);
  put(at.conv2d_2, 0, {1, 1, 2, 2}, 400);
  put(at.conv2d_2, 1, {2}, 500);
  put(at.dense, 0, {2, 2}, 600);
  put(at.dense, 1, {2}, 700);
}

const std::vector<std::string> kItems = {"kernel:0", "bias:0",        "gamma:0",
                                         "beta:0",   "moving_mean:0", "moving_variance:0"};
const std::vector<std::string> kNumbers = {"0", "1", "0", "1", "2", "3"};
const Place kPlace = {"conv2d/conv2d", "norm_a/norm_a", "conv2d_1/conv2d_1", "conv2d_2/conv2d_2",
                      "dense/dense"};
const Place kVars = {"conv2d/vars", "batch_normalization/vars", "conv2d_1/vars", "conv2d_2/vars",
                     "dense/vars"};

/// Every tensor of put_weights, turned by hand.
void expect_weights(const Weights& w) {
  ASSERT_EQ(w.size(), 12u);
  EXPECT_EQ(w.at("first.weight").shape, (std::vector<std::int64_t>{2, 3, 3, 3}));
  // Keras [kh, kw, in, out] counts out fastest: (out 1, in 2, row 1, column 0) is (1*3+0)*6 +
  // 2*2+1.
  EXPECT_EQ(w.at("first.weight").values[static_cast<std::size_t>(((1 * 3 + 2) * 3 + 1) * 3)], 23);
  EXPECT_EQ(w.at("first.bias").values, (std::vector<float>{100, 101}));
  EXPECT_EQ(w.at("norm.weight").values, (std::vector<float>{10, 11}));
  EXPECT_EQ(w.at("norm.bias").values, (std::vector<float>{20, 21}));
  EXPECT_EQ(w.at("norm.running_mean").values, (std::vector<float>{30, 31}));
  EXPECT_EQ(w.at("norm.running_var").values, (std::vector<float>{40, 41}));
  EXPECT_EQ(w.at("second.bias").values, (std::vector<float>{300, 301}));
  EXPECT_EQ(w.at("proj.weight").values, (std::vector<float>{400, 402, 401, 403}));
  EXPECT_EQ(w.at("linear.weight").values, (std::vector<float>{600, 602, 601, 603}));
  EXPECT_EQ(w.at("linear.bias").values, (std::vector<float>{700, 701}));
}

class Keras : public ::testing::Test {
 protected:
  /// A whole model of this description; its weights are all there.
  void write(const std::string& description) {
    KerasFile file(path_);
    put_weights(file, "/model_weights/", kPlace, kItems);
    file.put("/optimizer_weights/training/conv2d/kernel/m:0", {4});
    file.config(description);
  }
  std::string message(const std::string& description) {
    write(description);
    return error_of([&] { read_keras_h5(path_, graph_); });
  }
  std::string other(const std::string& what) const {
    return path_.string() + ": describes another network than small, layout keras_v1: " + what;
  }
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "model.h5";
  Graph graph_ = small_graph();
};

TEST_F(Keras, ReadsAModelThatDescribesTheGraph) {
  write(Description());
  const LoadedCheckpoint loaded = read_keras_h5(path_, graph_);
  expect_weights(loaded.weights);
  EXPECT_FALSE(loaded.preprocessing);
}

TEST_F(Keras, TakesOverTheEpsilonOfBatchNorm) {
  write(Description().replace("0.001", "0.5"));
  read_keras_h5(path_, graph_);
  EXPECT_EQ(graph_.nodes[2].epsilon, 0.5);
  const Graph fixed = small_graph();
  EXPECT_EQ(error_of([&] { load_checkpoint(path_, fixed); }),
            path_.string() + ": norm has epsilon = 0.500000, expected 0.001000");
}

TEST_F(Keras, FillsInWhatIsAbsentByIntention) {
  {
    KerasFile file(path_);
    put_weights(file, "/model_weights/", kPlace,
                {"kernel:0", "", "", "", "moving_mean:0", "moving_variance:0"});
    std::string text = Description().replace(R"("center": true, "scale": true)",
                                             R"("center": false, "scale": false)");
    for (std::size_t at; (at = text.find(R"("use_bias": true)")) != text.npos;)
      text.replace(at, 16, R"("use_bias": false)");
    file.config(text);
  }
  const Weights w = read_keras_h5(path_, graph_).weights;
  EXPECT_EQ(w.at("first.bias").values, (std::vector<float>{0, 0}));
  EXPECT_EQ(w.at("norm.weight").values, (std::vector<float>{1, 1}));
  EXPECT_EQ(w.at("norm.bias").values, (std::vector<float>{0, 0}));
  EXPECT_EQ(w.at("norm.running_var").values, (std::vector<float>{40, 41}));
  EXPECT_EQ(w.at("linear.bias").values, (std::vector<float>{0, 0}));
}

TEST_F(Keras, NamesLayerKeyAndValuesOfWhatDiffers) {
  using D = Description;
  const std::string conv2d = "layer \"conv2d\" (Conv2D) has ";
  EXPECT_EQ(message(D().replace("\"negative_slope\": 0.0", "\"negative_slope\": 0.3")),
            other("layer \"re_lu\" (ReLU) has negative_slope = 0.3, expected 0"));
  EXPECT_EQ(message(D().replace("\"max_value\": null", "\"max_value\": 6.0")),
            other("layer \"re_lu\" (ReLU) has max_value = 6.0, expected null"));
  EXPECT_EQ(message(D().replace("\"relu\"", "\"elu\"")),
            other("layer \"activation\" (Activation) has activation = \"elu\", expected \"relu\""));
  EXPECT_EQ(message(D().replace("\"ReLU\"", "\"LeakyReLU\"")
                        .replace("\"negative_slope\": 0.0", "\"negative_slope\": 0.1")),
            other("layer \"re_lu\" (LeakyReLU) has negative_slope = 0.1, expected 0"));
  EXPECT_EQ(message(D().replace("\"activation\": \"linear\"", "\"activation\": \"tanh\"")),
            other("layer \"conv2d\" (Conv2D) with activation = \"tanh\" after layer \"conv2d\" "
                  "(Conv2D), expected BatchNorm norm"));
  EXPECT_EQ(message(D().replace("[2, 2]", "[1, 1]").replace("[16, 16]", "[32, 32]")),
            other(conv2d + "strides = [1, 1], expected [2, 2]; and 1 more"));
  EXPECT_EQ(message(D().replace("\"dilation_rate\": [1, 1]", "\"dilation_rate\": [2, 2]")),
            other(conv2d + "dilation_rate = [2,2], expected [1, 1]"));
  EXPECT_EQ(message(D().replace("\"padding\": \"same\"", "\"padding\": \"valid\"")),
            other(conv2d + "padding = top 0, bottom 0, left 0, right 0, expected top 0, bottom 1, "
                           "left 0, right 1"));
  EXPECT_EQ(message(D().replace("channels_last", "channels_first")),
            other(conv2d + "data_format = \"channels_first\", expected \"channels_last\""));
  EXPECT_EQ(message(D().replace("\"filters\": 2", "\"filters\": 5")),
            other(conv2d + "filters = 5, expected 2"));
  EXPECT_EQ(message(D().replace("[3]", "[1]")),
            other("layer \"norm_a\" (BatchNormalization) has axis = [1], expected -1"));
  EXPECT_EQ(message(D().replace("32, 32, 3]", "96, 96, 3]")),
            other("layer \"input_1\" (InputLayer) has batch_input_shape = [null,96,96,3], expected "
                  "[null, 32, 32, 3]"));
  EXPECT_EQ(message(D().replace("[16, 16]", "[8, 8]")),
            other("layer \"pool\" (AveragePooling2D) has pool_size = [8, 8], expected [16, 16]"));
}

TEST_F(Keras, NamesLayersInAnotherPlace) {
  using D = Description;
  EXPECT_EQ(message(D().replace("BatchNormalization", "LayerNormalization")),
            other("layer \"norm_a\" (LayerNormalization) after layer \"conv2d\" (Conv2D), expected "
                  "BatchNorm norm"));
  EXPECT_EQ(message(D().replace("\"AveragePooling2D\"", "\"MaxPooling2D\"")),
            other("layer \"pool\" (MaxPooling2D) after layer \"activation\" (Activation), expected "
                  "the average of all pixels"));
  EXPECT_EQ(message(D().replace("\"Flatten\"", "\"Lambda\"")),
            other("layer \"flatten\" (Lambda) after layer \"pool\" (AveragePooling2D), expected "
                  "dense layer linear"));
  EXPECT_EQ(
      message(D().replace("\"output_layers\": [[\"dense\"", "\"output_layers\": [[\"pool\"")),
      other("nothing follows layer \"pool\" (AveragePooling2D), expected dense layer linear"));
}

TEST_F(Keras, ReadsModelsInModelsUnderNamesOfTheirOwn) {
  const std::string inner = Description().replace("\"Dropout\", \"name\": \"unused\"",
                                                  "\"Dropout\", \"name\": \"other\"");
  const std::string model = inner.substr(0, inner.size() - 1) +
                            R"(, "name": "body", "inbound_nodes": [[["in", 0, 0, {}]]]})";
  const std::string outer =
      R"({"class_name": "Functional", "config": {"layers": [{"class_name": "InputLayer", "name": )"
      R"("in", "config": {"batch_shape": [null, 32, 32, 3]}, "inbound_nodes": []}, )" +
      model + R"(], "input_layers": ["in", 0, 0], "output_layers": ["body", 1, 0]}})";
  {
    KerasFile file(path_);
    put_weights(file, "/model_weights/body/", {"conv2d", "norm_a", "conv2d_1", "conv2d_2", "dense"},
                kItems);
    file.config(outer);
  }
  expect_weights(read_keras_h5(path_, graph_).weights);
}

TEST_F(Keras, ReadsWeightsAloneInTheOrderLayersWereMade) {
  const Place numbered = {"conv2d_9/conv2d_9", "batch_normalization_4/batch_normalization_4",
                          "conv2d_10/conv2d_10", "conv2d_11/conv2d_11", "dense_1/dense_1"};
  {
    KerasFile file(path_);
    put_weights(file, "/", numbered, kItems);  // conv2d_9 was made before conv2d_10
  }
  expect_weights(read_keras_h5(path_, graph_).weights);
}

TEST_F(Keras, ReadsWeightsAloneInTheOrderThatTheFileLists) {
  const Place named = {"stem/stem", "b/b", "body/body", "aside/aside", "head/head"};
  {
    KerasFile file(path_);
    put_weights(file, "/", named, kItems);
    file.text("", "layer_names", {"in", "stem", "b", "body", "aside", "head"});
  }
  expect_weights(read_keras_h5(path_, graph_).weights);
}

TEST_F(Keras, ReadsWeightFilesOfKeras3) {
  for (const char* root : {"/layers/", "/_layer_checkpoint_dependencies/"}) {
    {
      KerasFile file(path_);
      put_weights(file, root, kVars, kNumbers);
      file.put("/optimizer/vars/0", {4});
    }
    expect_weights(read_keras_h5(path_, graph_).weights);
  }
}

TEST_F(Keras, ReadsArchivesOfKeras3) {
  {
    KerasFile file(folder_.path() / "model.weights.h5");
    put_weights(file, "/layers/", kVars, kNumbers);
  }
  folder_.write("config.json", std::string(Description()));
  folder_.write("metadata.json", "{}");
  const std::string zip =
      "cd " + folder_.path().string() +
      " && python3 -m zipfile -c a.keras metadata.json config.json model.weights.h5";
  ASSERT_EQ(std::system(zip.c_str()), 0);
  const auto archive = folder_.path() / "a.keras";
  expect_weights(load_checkpoint(archive, graph_).weights);
  folder_.write("config.json", std::string(Description().replace("\"relu\"", "\"elu\"")));
  ASSERT_EQ(std::system(zip.c_str()), 0);
  EXPECT_EQ(error_of([&] { load_checkpoint(archive, graph_); }),
            archive.string() +
                ", model.weights.h5: describes another network than small, layout keras_v1: layer "
                "\"activation\" (Activation) has activation = \"elu\", expected \"relu\"");
}

TEST_F(Keras, HandsOverWhatTheNetworkDoesWithPixels) {
  const std::string rescaling =
      R"({"class_name": "Rescaling", "name": "r", "config": {"name": "r", "scale": 0.5, "offset": )"
      R"(-1}, "inbound_nodes": [[["input_1", 0, 0, {}]]]}, {"class_name": "Conv2D", "name": "conv2d")";
  write(Description()
            .replace(R"({"class_name": "Conv2D", "name": "conv2d")", rescaling)
            .replace(R"("inbound_nodes": [[["input_1", 0, 0, {}]]]}, {"class_name": "BatchN)",
                     R"("inbound_nodes": [[["r", 0, 0, {}]]]}, {"class_name": "BatchN)"));
  const auto loaded = read_keras_h5(path_, graph_);
  ASSERT_TRUE(loaded.preprocessing);
  EXPECT_EQ(loaded.preprocessing->layers, "\"r\" (Rescaling)");
  EXPECT_EQ(loaded.preprocessing->factor, (std::vector<double>{0.5, 0.5, 0.5}));
  EXPECT_EQ(loaded.preprocessing->offset, (std::vector<double>{-1, -1, -1}));
}

TEST_F(Keras, SaysWhatWeightsAloneLackOrHaveTooMany) {
  { KerasFile(path_).put("/model_weights/conv2d/conv2d/kernel:0", {1, 1, 1, 1}); }
  EXPECT_EQ(
      error_of([&] { read_keras_h5(path_, graph_); }),
      path_.string() +
          ": has 1 convolutions (conv2d_N), small in layout keras_v1 has 3; resnetD has D + 1 "
          "convolutions");
  { KerasFile(path_).put("/lstm/lstm/recurrent_kernel:0", {2, 2}); }
  EXPECT_EQ(
      error_of([&] { read_keras_h5(path_, graph_); }),
      path_.string() +
          ": has layer \"lstm/lstm\" of tensors recurrent_kernel, which no layer of small has");
  { KerasFile(path_).put("/dense/kernel:0", {0, hsize_t{1} << 40, hsize_t{1} << 40}); }
  EXPECT_EQ(
      error_of([&] { read_keras_h5(path_, graph_); }),
      path_.string() + ": has layer \"dense\" of tensors kernel, which no layer of small has");
}

TEST_F(Keras, SaysWhatIsDamagedOrOfAnotherLayout) {
  folder_.write("model.h5", "\x89HDF\r\n\x1a\n and nothing more");
  EXPECT_EQ(error_of([&] { read_keras_h5(path_, graph_); }),
            path_.string() + ": holds HDF5 of version 32, which is not read; expected 0 to 3");
  graph_.layout = "he";
  EXPECT_EQ(
      error_of([&] { read_keras_h5(path_, graph_); }),
      path_.string() + ": is a Keras file, which needs model.layout = \"keras_v1\", not \"he\"");
}

TEST_F(Keras, SaysWhatIsWrongWithADescription) {
  const auto at = [&](const std::string& what) { return path_.string() + ": " + what; };
  EXPECT_EQ(message("{"), at("its model_config is no JSON object"));
  EXPECT_EQ(message(std::string(100000, '[')), at("its model_config is nested too deeply"));
  EXPECT_EQ(message(R"({"class_name": "Mine", "config": {}})"),
            at("describes a network of class Mine; expected Functional, Model or Sequential with a "
               "list of layers"));
  EXPECT_EQ(message(Description().replace("[[\"norm_a\", 0", "[[\"nowhere\", 0")),
            at("layer \"re_lu\" has inputs that no layer gives"));
  EXPECT_EQ(message(Description().replace("\"filters\": 2", "\"filters\": -1")),
            at("layer \"conv2d\" (Conv2D) has filters = -1; expected a count"));
}

}  // namespace
}  // namespace ohmic
