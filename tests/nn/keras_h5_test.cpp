#include "nn/io/keras_h5.hpp"

#include <gtest/gtest.h>
#include <hdf5.h>

#include <numeric>

#include "simulator/error.hpp"
#include "tests/nn/shared_data.hpp"
#include "tests/temporary_folder.hpp"

namespace ohmic {
namespace {

using test::error_of;
using test::TemporaryFolder;

Node node(Op op, const std::string& name) {
  Node n;
  n.op = op;
  n.name = name;
  return n;
}

/// Two convolutions, a BatchNorm and a dense layer: only names matter here.
Graph small_graph() {
  Graph graph;
  graph.model = "small";
  graph.layout = "keras_v1";
  graph.nodes = {node(Op::input, ""), node(Op::convolution, "first"), node(Op::batch_norm, "norm"),
                 node(Op::convolution, "second"), node(Op::dense, "linear")};
  return graph;
}

/// Writes 0, 1, 2, ... under `path` of an HDF5 file.
void put(hid_t file, const std::string& path, const std::vector<hsize_t>& shape, float start = 0) {
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t data =
      H5Dcreate2(file, path.c_str(), H5T_IEEE_F32LE, space, links, H5P_DEFAULT, H5P_DEFAULT);
  hsize_t n = 1;
  for (const hsize_t extent : shape) n *= extent;
  std::vector<float> values(n);
  std::iota(values.begin(), values.end(), start);
  H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Dclose(data);
  H5Sclose(space);
  H5Pclose(links);
}

void put_small_network(hid_t h5, const std::string& root) {
  // Numbers sort as numbers: conv2d_9 was made before conv2d_10.
  put(h5, root + "conv2d_9/conv2d_9/kernel:0", {1, 2, 2, 3});
  put(h5, root + "conv2d_9/conv2d_9/bias:0", {3}, 50);
  put(h5, root + "conv2d_10/conv2d_10/kernel:0", {1, 1, 3, 1}, 100);
  put(h5, root + "batch_normalization_4/batch_normalization_4/gamma:0", {3}, 1);
  put(h5, root + "batch_normalization_4/batch_normalization_4/moving_variance:0", {3}, 7);
  put(h5, root + "dense_1/dense_1/kernel:0", {2, 3});
}

TEST(KerasH5, TurnsKernelsAndNamesLayersInTheOrderTheyWereMade) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "model.h5";
  const hid_t h5 = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  put_small_network(h5, "/model_weights/");
  put(h5, "/optimizer_weights/training/conv2d_9/kernel/m:0", {4});
  H5Fclose(h5);
  const Weights w = read_keras_h5(file, small_graph()).weights;
  // Keras [kh=1, kw=2, in=2, out=3] counts out fastest; ours is [out, in, kh, kw].
  EXPECT_EQ(w.at("first.weight").shape, (std::vector<std::int64_t>{3, 2, 1, 2}));
  EXPECT_EQ(w.at("first.weight").values,
            (std::vector<float>{0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11}));
  EXPECT_EQ(w.at("first.bias").values, (std::vector<float>{50, 51, 52}));
  EXPECT_EQ(w.at("second.weight").values, (std::vector<float>{100, 101, 102}));
  EXPECT_EQ(w.at("norm.weight").values, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(w.at("norm.running_var").values, (std::vector<float>{7, 8, 9}));
  EXPECT_EQ(w.at("linear.weight").shape, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(w.at("linear.weight").values, (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(w.size(), 6u);
}

TEST(KerasH5, ReadsFilesOfWeightsAlone) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "weights.h5";
  const hid_t h5 = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  put_small_network(h5, "/");
  H5Fclose(h5);
  EXPECT_EQ(read_keras_h5(file, small_graph()).weights.at("second.weight").values[0], 100);
}

TEST(KerasH5, SaysWhichDepthWouldFit) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "model.h5";
  const hid_t h5 = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  put(h5, "/model_weights/conv2d/conv2d/kernel:0", {1, 1, 1, 1});
  H5Fclose(h5);
  EXPECT_EQ(
      error_of([&] { read_keras_h5(file, small_graph()); }),
      file.string() +
          ": has 1 convolutions (conv2d_N), small in layout keras_v1 has 2; resnetD has D + 1 "
          "convolutions");
}

TEST(KerasH5, SaysWhatIsDamagedOrOfAnotherLayout) {
  const TemporaryFolder folder;
  const auto file = folder.write("model.h5", "\x89HDF\r\n\x1a\n and nothing more");
  EXPECT_EQ(error_of([&] { read_keras_h5(file, small_graph()); }),
            file.string() + ": is damaged or truncated: HDF5 cannot open it");
  Graph he = small_graph();
  he.layout = "he";
  EXPECT_EQ(
      error_of([&] { read_keras_h5(file, he); }),
      file.string() + ": is a Keras file, which needs model.layout = \"keras_v1\", not \"he\"");
}

}  // namespace
}  // namespace ohmic
