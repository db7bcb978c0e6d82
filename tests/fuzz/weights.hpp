// What targets do with a file of weights, and pickles for their seeds.
#pragma once

#include <filesystem>
#include <string>

#include "nn/io/weight_file.hpp"

namespace ohmic::test {

using namespace std::string_literals;

/// Reads every tensor that can be, and looks for a network.
inline void read_everything(const WeightFile& file) {
  for (std::size_t i = 0; i < file.tensors.size(); ++i)
    if (file.tensors[i].foreign_type.empty()) file.read(i);
  static const Graph graph = [] {
    ModelSettings model;
    model.name = "resnet8";
    return build_model(model, 10);
  }();
  fit_names(file.tensors, graph, "F");
}

/// read_everything(), which refuses files of no network; these are sound all the same.
inline void read_all_but_the_network(const WeightFile& file) {
  try {
    read_everything(file);
  } catch (const DataError& error) {
    if (std::string(error.what()).find("F: does not hold resnet8") != 0) throw;
  }
}

inline std::string pickled_text(const std::string& s) {
  return std::string("X") + static_cast<char>(s.size()) + std::string(3, '\0') + s;
}

/// A tensor of shape (2, 2) over 4 numbers of storage `key`.
inline std::string pickled_tensor(const std::string& key, const std::string& type) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + pickled_text("storage") + "ctorch\n" + type +
         "\n" + pickled_text(key) + pickled_text("cpu") +

         "K\x04tQK\x00K\x02K\x02\x86K\x02K\x01\x86\x89"
         "ccollections\nOrderedDict\n)RtR"s;
}

/// A checkpoint with two tensors and what else there is in one.
inline std::string pickled_checkpoint() {
  return "\x80\x02}(" + pickled_text("state_dict") + "ccollections\nOrderedDict\n)Rq\x01(" +
         pickled_text("module.conv1.weight") + pickled_tensor("0", "FloatStorage") + "q\x02" +
         pickled_text("b") + pickled_tensor("1", "HalfStorage") + "u" + pickled_text("args") +
         "cargparse\nNamespace\n)\x81}" + pickled_text("lr") + "K\x01s"s + "b" +
         pickled_text("history") + "](K\x01M\x01\x01J\x01\x01\x01\x01\x8a\x01\x05\x88Ne" +
         pickled_text("best") + "h\x01u.";
}

}  // namespace ohmic::test
