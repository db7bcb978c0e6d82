// The [model] table.
#include "nn/network/architectures.hpp"
#include "nn/network/tensor_names.hpp"
#include "simulator/error.hpp"

namespace ohmic {

const Schema<ModelSettings>& ModelSettings::schema() {
  static const Schema<ModelSettings> schema = [] {
    using M = ModelSettings;
    Schema<M> s{"model", "The network: trained, or read from a file."};
    s.add("name", &M::name)
        .doc(
            "resnetD with D = 6n+2 layers (resnet8, resnet20, ..., resnet1202), plainD (the same "
            "without shortcuts), vgg11, vgg13, vgg16, mobilenet, densenetD with D = 3n+4.")
        .source(
            "He et al. 2016, section 4.2; Simonyan and Zisserman 2015; Howard et al. 2017; Huang "
            "et "
            "al. 2017; each for 32 x 32 images as nn/network/architectures.hpp says");
    s.add("layout", &M::layout)
        .choices({"keras_v1", "he"})
        .doc(
            "keras_v1: 1x1 convolutions on shortcuts that change shape, convolutions with bias, "
            "TensorFlow padding (the paper's); he: option A shortcuts, convolutions without bias.");
    s.add("width", &M::width)
        .range(1, 1024)
        .doc(
            "Filters of the first stage, of which later ones are multiples; a DenseNet's growth "
            "rate.");
    s.add("norm", &M::norm)
        .choices({"batch", "none", "l1_batch", "top_k_batch"})
        .joined_later()
        .doc(
            "batch: BatchNorm; none: convolutions with bias alone; l1_batch: sqrt(pi/2) times the "
            "mean absolute deviation in place of the standard deviation, so that no root is taken; "
            "top_k_batch: the mean of a channel's norm_k largest absolute deviations instead, "
            "times "
            "what makes that of normal values their standard deviation.")
        .source(
            "Hoffer et al., NeurIPS 2018; Wu et al., L1-Norm Batch Normalization, 2018; of the "
            "largest deviations Hoffer et al. and Fagbohungbe and Qian, arXiv 2205.04886 (2022)");
    s.add("norm_k", &M::norm_k)
        .joined_later()
        .range(1, 1000000)
        .doc(
            "Largest deviations of a channel in a batch that top_k_batch averages; of fewer values "
            "all, which is l1_batch.");
    s.add("weights", &M::weights)
        .doc(
            "File with trained weights (.safetensors or their .index.json, Keras .h5 or .keras, "
            "PyTorch .pt, .pth, .ckpt, .th); empty: train.");
    s.add("tensors", &M::tensors)
        .joined_later()
        .doc(
            "Which tensors of model.weights, where it holds several networks that fit: the "
            "dictionary they lie in or what stands before their names, whole or a part between "
            "dots (\"ema\", \"state_dict.teacher\"); \".\" for those with nothing before them.");
    s.add("file", &M::file)
        .joined_later()
        .doc(
            "A whole network with its weights, instead of a built-in one: ONNX (.onnx, with its "
            ".data beside it), torch.export's .pt2, or Keras (.keras, .h5); see `ohmic inspect`.");
    s.add("inputs", &M::inputs)
        .joined_later()
        .doc(
            "Inputs of the file that samples go to, where it has several; empty: those that its "
            "answer needs. A network that needs more than one takes an array for each: data.test = "
            "{ samples = { NAME = FILE, NAME = FILE } }.");
    s.add("output", &M::output)
        .joined_later()
        .doc("Output of the file that is measured; empty: its first.");
    return s;
  }();
  return schema;
}

Graph build_model(const ModelSettings& model, int classes) {
  for (const auto& build : {resnet, vgg, mobilenet, densenet})
    if (auto graph = build(model, classes)) return std::move(*graph);
  throw ConfigError(
      {Fault{{},
             "model.name",
             "expected resnetD with D = 6n+2 between 8 and 1202 (resnet20, "
             "resnet32, resnet44, resnet56, ...), plainD with such a D, vgg11, vgg13, "
             "vgg16, mobilenet or densenetD with D = 3n+4 between 7 and 250, got " +
                 model.name}});
}

std::string what_can_be_run() {
  return "A network of another kind is read whole, with model.file (ONNX, .pt2, Keras). Built-in "
         "architectures on images of 3 x 32 x 32: resnetD (D = 6n+2), "
         "plainD, vgg11, vgg13, vgg16, mobilenet and densenetD (D = 3n+4), in layout he or "
         "keras_v1";
}

std::vector<std::string> model_names() {
  return {"resnet8", "resnet14", "resnet20", "resnet32", "resnet44",  "resnet56",   "resnet110",
          "plain20", "vgg11",    "vgg13",    "vgg16",    "mobilenet", "densenet22", "densenet40"};
}

}  // namespace ohmic
