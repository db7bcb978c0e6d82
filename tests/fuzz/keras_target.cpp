#include "nn/import/imported_model.hpp"
#include "nn/io/file.hpp"
#include "nn/io/hdf5/hdf5.hpp"
#include "nn/io/keras/keras.hpp"
#include "nn/network/builder.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/nn/keras_file.hpp"
#include "tests/nn/zip_writer.hpp"

namespace ohmic::test {
namespace {

const std::string kConfig =
    R"({"class_name":"Sequential","config":{"name":"net","layers":[)"
    R"({"class_name":"InputLayer","config":{"name":"i","batch_shape":[null,4,4,1]}},)"
    R"({"class_name":"Conv2D","config":{"name":"conv","kernel_size":[1,2],"strides":[1,1],)"
    R"("padding":"same","activation":"relu","use_bias":false}},)"
    R"({"class_name":"Flatten","config":{"name":"flat"}},)"
    R"({"class_name":"Dense","config":{"name":"dense","activation":"softmax"}}]}})";

/// A model as HDF5's library writes it, in the older layout or the later one.
std::string model_file(bool later, const std::string& config = kConfig) {
  const auto file = scratch_folder() / "seed.h5";
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS), chunks = H5Pcreate(H5P_DATASET_CREATE);
  if (later) H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST);
  const hsize_t chunk[] = {16, 2};
  H5Pset_chunk(chunks, 2, chunk);
  H5Pset_shuffle(chunks);
  H5Pset_deflate(chunks, 6);
  {
    KerasFile h5(file, access);
    h5.put("model_weights/conv/conv/kernel:0", {1, 2, 1, 3});
    h5.put("model_weights/dense/dense/kernel:0", {48, 2}, 6, H5T_IEEE_F32LE,
           later ? H5P_DEFAULT : chunks);
    h5.put("model_weights/dense/dense/bias:0", {2}, 102, later ? H5T_IEEE_F64BE : H5T_IEEE_F32LE);
    h5.config(config);
  }
  H5Pclose(access);
  H5Pclose(chunks);
  return read_bytes(file);
}

/// Weights alone, in Keras's way.
std::string weight_file() {
  const auto file = scratch_folder() / "seed.h5";
  {
    KerasFile h5(file);
    h5.put("conv/conv/kernel:0", {3, 3, 3, 2});
    h5.put("conv/conv/bias:0", {2});
    h5.put("norm/norm/gamma:0", {2});
    h5.put("norm/norm/beta:0", {2});
    h5.put("norm/norm/moving_mean:0", {2});
    h5.put("norm/norm/moving_variance:0", {2});
    h5.put("dense/dense/kernel:0", {2, 2});
    h5.put("dense/dense/bias:0", {2});
    h5.text("", "layer_names", {"conv", "norm", "dense"});
    h5.text("conv", "weight_names", {"conv/kernel:0", "conv/bias:0"});
    h5.text("norm", "weight_names",
            {"norm/gamma:0", "norm/beta:0", "norm/moving_mean:0", "norm/moving_variance:0"});
    h5.text("dense", "weight_names", {"dense/kernel:0", "dense/bias:0"});
  }
  return read_bytes(file);
}

Graph small_graph() {
  GraphBuilder b(ModelSettings{}, 2);
  b.classify("linear", b.layer("first", "norm", 0, 2, 3, 2));
  Graph graph = b.take();
  graph.model = "small";
  return graph;
}

std::string archive_of(const std::string& config, const std::string& weights) {
  return ZipWriter()
      .add("metadata.json", R"({"keras_version":"3.4.0"})")
      .add("config.json", config)
      .add("model.weights.h5", weights)
      .bytes();
}

const std::vector<std::string> kHdf5Words{"TREE",
                                          "SNOD",
                                          "HEAP",
                                          "OHDR",
                                          "OCHK",
                                          "FRHP",
                                          "BTHD",
                                          "FHDB",
                                          "FHIB",
                                          "GCOL",
                                          "BTLF",
                                          "BTIN",
                                          "\x89HDF\r\n\x1a\n"};
const std::vector<std::string> kConfigWords{"\"class_name\":",
                                            "\"config\":",
                                            "\"inbound_nodes\":",
                                            "\"axis\":",
                                            "\"padding\":",
                                            "\"same\"",
                                            "\"strides\":",
                                            "\"dilation_rate\":",
                                            "\"kernel_size\":",
                                            "\"LSTM\"",
                                            "\"BatchNormalization\"",
                                            "\"Bidirectional\"",
                                            "\"Reshape\"",
                                            "\"target_shape\":",
                                            "\"units\":",
                                            "\"GRU\"",
                                            "\"Functional\"",
                                            "\"groups\":",
                                            "null",
                                            "true",
                                            "[]",
                                            "{}"};

OHMIC_FUZZ(Hdf5) {
  return {.seeds = {model_file(false), model_file(true), weight_file()},
          .read =
              [](const std::string& bytes) {
                Hdf5File file("F", bytes);
                for (const std::string& data : file.datasets()) {
                  file.shape(data);
                  file.read(data);
                }
                for (const std::string& group : file.groups())
                  for (const char* name : {"model_config", "layer_names", "weight_names"})
                    file.texts(group, name);
              },
          .words = kHdf5Words,
          .cost = 2};
}

OHMIC_FUZZ(KerasModelH5) {
  return {.seeds = {model_file(false), model_file(true)},
          .read = [](const std::string& bytes) { read_model(scratch(bytes)); },
          .words = kHdf5Words,
          .cost = 2};
}

OHMIC_FUZZ(KerasModelConfig) {
  static const std::string weights = model_file(true);
  return {
      .seeds = {kConfig},
      .read = [](const std::string& config) { read_model(scratch(archive_of(config, weights))); },
      .words = kConfigWords,
      .cost = 2};
}

OHMIC_FUZZ(KerasArchive) {
  return {.seeds = {archive_of(kConfig, model_file(true))},
          .read = [](const std::string& bytes) { read_model(scratch(bytes)); },
          .words = {"PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "config.json", "model.weights.h5"},
          .cost = 2};
}

OHMIC_FUZZ(KerasWeights) {
  return {.seeds = {weight_file()},
          .read =
              [](const std::string& bytes) {
                Graph graph = small_graph();
                read_keras_h5(scratch(bytes), graph);
              },
          .words = kHdf5Words,
          .cost = 2};
}

}  // namespace
}  // namespace ohmic::test
