#include "nn/io/keras/layers.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "simulator/error.hpp"

namespace ohmic::keras {
namespace {

using Json = nlohmann::json;

constexpr int kLargest = 1 << 20;  // of sides, filters, strides

const Json& at(const Json& config, const char* key) {
  static const Json none;
  if (!config.is_object()) return none;
  const auto it = config.find(key);
  return it == config.end() ? none : *it;
}

/// A value as the file has it, shortened.
std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

/// Turns a layer into operations.
class Builder {
 public:
  Builder(const std::string& file, Operation layer, const Json& config, Network& network)
      : file_(file), layer_(std::move(layer)), config_(config), network_(network) {
    if (layer_.inputs.empty()) return;
    const Operation& before = input(0);
    layer_.height = before.height;
    layer_.width = before.width;
    layer_.channels = before.channels;
  }

  int build() {
    using Make = int (Builder::*)();
    static const std::map<std::string, Make> known = {
        {"InputLayer", &Builder::make_input},
        {"Conv2D", &Builder::make_convolution},
        {"DepthwiseConv2D", &Builder::make_convolution},
        {"Dense", &Builder::make_dense},
        {"BatchNormalization", &Builder::make_norm},
        {"BatchNormalizationV1", &Builder::make_norm},
        {"Activation", &Builder::make_activation},
        {"ReLU", &Builder::make_relu},
        {"LeakyReLU", &Builder::make_leaky},
        {"ELU", &Builder::make_elu},
        {"Softmax", &Builder::make_probabilities},
        {"Add", &Builder::make_sum},
        {"Concatenate", &Builder::make_concatenation},
        {"AveragePooling2D", &Builder::make_pool},
        {"MaxPooling2D", &Builder::make_pool},
        {"GlobalAveragePooling2D", &Builder::make_global_average},
        {"ZeroPadding2D", &Builder::make_padding},
        {"Flatten", &Builder::make_flatten},
        {"Rescaling", &Builder::make_rescaling},
        {"Normalization", &Builder::make_normalization}};
    static const std::set<std::string> nothing = {
        "Dropout",         "SpatialDropout2D",  "GaussianNoise",
        "GaussianDropout", "AlphaDropout",      "ActivityRegularization",
        "RandomFlip",      "RandomTranslation", "RandomRotation",
        "RandomZoom",      "RandomContrast",    "RandomBrightness"};
    if (nothing.contains(layer_.type) && layer_.inputs.size() == 1) return layer_.inputs[0];
    const auto it = known.find(layer_.type);
    if (it == known.end()) return push(Kind::other);
    const std::size_t wanted = layer_.type == "InputLayer" ? 0 : 1;
    if (layer_.inputs.size() != wanted && layer_.type != "Add" && layer_.type != "Concatenate")
      fail("has " + std::to_string(layer_.inputs.size()) + " inputs; expected one");
    return (this->*it->second)();
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw DataError(file_ + ": layer \"" + layer_.layer + "\" (" + layer_.type + ") " + why);
  }

  const Operation& input(std::size_t i) const {
    return network_.operations[static_cast<std::size_t>(layer_.inputs[i])];
  }

  int push(Kind kind) {
    layer_.kind = kind;
    network_.operations.push_back(layer_);
    return static_cast<int>(network_.operations.size()) - 1;
  }

  void differs(const std::string& key, const std::string& in_file, const std::string& expected) {
    layer_.differences.push_back({key, in_file, expected});
  }
  void differs(const char* key, const std::string& expected) {
    differs(key, shown(at(config_, key)), expected);
  }

  int whole(const Json& value, const char* key) const {
    if (value.is_number_integer() && value >= 0 && value <= kLargest) return value.get<int>();
    fail("has " + std::string(key) + " = " + shown(value) + "; expected a count");
  }

  double real(const char* key, double otherwise) const {
    const Json& value = at(config_, key);
    if (value.is_null()) return otherwise;
    if (!value.is_number())
      fail("has " + std::string(key) + " = " + shown(value) + "; expected a number");
    return value.get<double>();
  }

  bool flag(const char* key, bool otherwise) const {
    const Json& value = at(config_, key);
    return value.is_boolean() ? value.get<bool>() : otherwise;
  }

  /// One count for both sides or one for each.
  std::pair<int, int> sides(const char* key, std::pair<int, int> otherwise) const {
    const Json& value = at(config_, key);
    if (value.is_null()) return otherwise;
    if (!value.is_array()) return {whole(value, key), whole(value, key)};
    if (value.size() != 2)
      fail("has " + std::string(key) + " = " + shown(value) + "; expected two counts");
    return {whole(value[0], key), whole(value[1], key)};
  }

  void check_data_format() {
    const Json& format = at(config_, "data_format");
    if (format == "channels_first") differs("data_format", "\"channels_last\"");
  }

  int make_input() {
    const char* key = config_.contains("batch_shape") ? "batch_shape" : "batch_input_shape";
    Json shape = at(config_, key);
    if (shape.is_null()) return push(Kind::input);
    if (!shape.is_array() || shape.size() != 4) {
      differs(key, "[null, 32, 32, 3]");
      return push(Kind::input);
    }
    const int usual[] = {0, 32, 32, 3};
    int sides[4] = {0, 32, 32, 3};
    for (std::size_t d = 1; d < 4; ++d)
      if (!shape[d].is_null()) sides[d] = whole(shape[d], key);
    if (!std::equal(sides + 1, sides + 4, usual + 1)) differs(key, "[null, 32, 32, 3]");
    layer_.height = sides[1];
    layer_.width = sides[2];
    layer_.channels = sides[3];
    return push(Kind::input);
  }

  /// Pads and the size of the output of a window, after the pads of layers before.
  void slide(std::pair<int, int> window, std::pair<int, int> stride) {
    layer_.kernel_height = window.first, layer_.kernel_width = window.second;
    layer_.stride_height = stride.first, layer_.stride_width = stride.second;
    const Json& padding = at(config_, "padding");
    if (stride.first < 1 || stride.second < 1 || window.first < 1 || window.second < 1)
      fail("has a window or stride of 0");
    if (padding != "same" && padding != "valid" && !padding.is_null())
      differs("padding", "same or valid");
    const bool same = padding == "same";
    const auto side = [same](int in, int window, int stride, int& before, int& after) {
      const int out = same ? (in + stride - 1) / stride : std::max(in - window, 0) / stride + 1;
      const int total = same ? std::max((out - 1) * stride + window - in, 0) : 0;
      before += total / 2, after += total - total / 2;
      return out;
    };
    layer_.height =
        side(layer_.height, window.first, stride.first, layer_.pads.top, layer_.pads.bottom);
    layer_.width =
        side(layer_.width, window.second, stride.second, layer_.pads.left, layer_.pads.right);
  }

  int make_convolution() {
    take_padding();
    check_data_format();
    const auto dilation = sides("dilation_rate", {1, 1});
    if (dilation != std::pair(1, 1)) differs("dilation_rate", "[1, 1]");
    layer_.use_bias = flag("use_bias", true);
    layer_.depthwise = layer_.type == "DepthwiseConv2D";
    const int in = layer_.channels;
    slide(sides("kernel_size", {1, 1}), sides("strides", {1, 1}));
    if (layer_.depthwise) {
      layer_.groups = in;
      layer_.channels = std::min<std::int64_t>(
          std::int64_t{in} * whole(at(config_, "depth_multiplier"), "depth_multiplier"), kLargest);
    } else {
      const Json& groups = at(config_, "groups");
      layer_.groups = groups.is_null() ? 1 : whole(groups, "groups");
      layer_.channels = whole(at(config_, "filters"), "filters");
    }
    return with_activation(push(Kind::convolution));
  }

  int make_dense() {
    layer_.use_bias = flag("use_bias", true);
    layer_.channels = whole(at(config_, "units"), "units");
    return with_activation(push(Kind::dense));
  }

  int make_norm() {
    const Json& axis = at(config_, "axis");
    const Json& one = axis.is_array() && axis.size() == 1 ? axis[0] : axis;
    if (!one.is_null() && one != -1 && one != 3) differs("axis", "-1");
    layer_.center = flag("center", true);
    layer_.scale = flag("scale", true);
    layer_.epsilon = real("epsilon", 1e-3);
    if (!(layer_.epsilon >= 0 && layer_.epsilon <= 1e3))
      fail("has epsilon = " + shown(at(config_, "epsilon")) + "; expected a number from 0 on");
    return push(Kind::batch_norm);
  }

  /// The name of an activation: a string, or an object that has one.
  std::string activation_name() const {
    const Json& value = at(config_, "activation");
    if (value.is_null()) return "linear";
    if (value.is_string()) return value.get<std::string>();
    if (value.is_object()) {
      if (at(value, "class_name") == "ReLU" || at(value, "class_name") == "function")
        return at(value, "class_name") == "ReLU" ? shown(value) : shown(at(value, "config"));
    }
    return shown(value);
  }

  int activation(int of) {
    const std::string name = activation_name();
    static const std::set<std::string> ordered = {"softmax", "log_softmax", "sigmoid"};
    if (name == "linear") return of;
    if (of != layer_.inputs[0] || layer_.kind != Kind::other) {
      layer_.inputs = {of};
      layer_.differences.clear();
    }
    if (ordered.contains(name)) {
      layer_.differences.push_back({"activation", "\"" + name + "\"", "relu"});
      return push(Kind::probabilities);
    }
    if (name != "relu") differs("activation", "\"" + name + "\"", "\"relu\"");
    return push(Kind::activation);
  }
  int with_activation(int of) { return activation(of); }
  int make_activation() { return activation(layer_.inputs[0]); }

  int make_relu() {
    const Json& most = at(config_, "max_value");
    if (!most.is_null()) differs("max_value", "null");
    if (real("negative_slope", 0) != 0) differs("negative_slope", "0");
    if (real("threshold", 0) != 0) differs("threshold", "0");
    return push(Kind::activation);
  }

  int make_leaky() {
    const char* key = config_.contains("negative_slope") ? "negative_slope" : "alpha";
    if (real(key, 0.3) != 0) differs(key, "0");
    return push(Kind::activation);
  }

  int make_elu() {
    differs("alpha", "0 (a ReLU)");
    return push(Kind::activation);
  }

  int make_probabilities() { return push(Kind::probabilities); }

  int make_sum() {
    if (layer_.inputs.size() != 2)
      fail("has " + std::to_string(layer_.inputs.size()) + " inputs; expected 2");
    return push(Kind::add);
  }

  int make_concatenation() {
    if (layer_.inputs.size() != 2)
      fail("has " + std::to_string(layer_.inputs.size()) + " inputs; expected 2");
    const Json& axis = at(config_, "axis");
    if (!axis.is_null() && axis != -1 && axis != 3) differs("axis", "-1");
    layer_.channels += input(1).channels;
    return push(Kind::concatenate);
  }

  int make_pool() {
    take_padding();
    check_data_format();
    const auto window = sides("pool_size", {2, 2});
    slide(window, sides("strides", window));
    return push(layer_.type == "MaxPooling2D" ? Kind::max_pool : Kind::average_pool);
  }

  int make_global_average() {
    check_data_format();
    layer_.kernel_height = layer_.stride_height = layer_.height;
    layer_.kernel_width = layer_.stride_width = layer_.width;
    layer_.height = layer_.width = 1;
    return push(Kind::average_pool);
  }

  /// Zeros around an image; those of a convolution after it are one with them.
  int make_padding() {
    check_data_format();
    const Json& value = at(config_, "padding");
    Json rows = value, columns = value;
    if (value.is_array() && value.size() == 2) rows = value[0], columns = value[1];
    const auto both = [&](const Json& v) {
      return v.is_array() && v.size() == 2
                 ? std::pair(whole(v[0], "padding"), whole(v[1], "padding"))
                 : std::pair(whole(v, "padding"), whole(v, "padding"));
    };
    std::tie(layer_.pads.top, layer_.pads.bottom) = both(rows);
    std::tie(layer_.pads.left, layer_.pads.right) = both(columns);
    layer_.height += layer_.pads.top + layer_.pads.bottom;
    layer_.width += layer_.pads.left + layer_.pads.right;
    return push(Kind::other);
  }

  void take_padding() {
    const Operation& before = input(0);
    if (before.type != "ZeroPadding2D") return;
    layer_.pads = before.pads;
    layer_.inputs = before.inputs;
    layer_.differences.insert(layer_.differences.end(), before.differences.begin(),
                              before.differences.end());
  }

  int make_flatten() {
    if (layer_.height == 1 && layer_.width == 1) return layer_.inputs[0];
    if (layer_.height == 0) return layer_.inputs[0];
    return push(Kind::flatten);
  }

  std::vector<double> numbers(const char* key, double otherwise) const {
    const Json* value = &at(config_, key);
    while (value->is_array() && value->size() == 1) value = &(*value)[0];
    if (value->is_null()) return {otherwise};
    std::vector<double> all;
    if (value->is_number()) all.push_back(value->get<double>());
    for (std::size_t i = 0; value->is_array() && i < std::min<std::size_t>(value->size(), 4); ++i)
      if ((*value)[i].is_number()) all.push_back((*value)[i].get<double>());
    if (all.size() != 1 && all.size() != 3)
      fail("has " + std::string(key) + " = " + shown(*value) + "; expected one number or three");
    return all;
  }

  int make_rescaling() {
    layer_.factors = numbers("scale", 1);
    layer_.offsets = numbers("offset", 0);
    return push(Kind::scaling);
  }

  int make_normalization() {
    if (flag("invert", false)) differs("invert", "false");
    if (at(config_, "mean").is_null() || at(config_, "variance").is_null())
      return push(Kind::scaling);
    std::vector<double> mean = numbers("mean", 0), variance = numbers("variance", 1);
    mean.resize(3, mean[0]), variance.resize(3, variance[0]);
    for (std::size_t c = 0; c < 3; ++c) {
      const double std = std::max(std::sqrt(variance[c]), 1e-7);
      layer_.factors.push_back(1 / std);
      layer_.offsets.push_back(-mean[c] / std);
    }
    return push(Kind::scaling);
  }

  const std::string& file_;
  Operation layer_;
  const Json& config_;
  Network& network_;
};

}  // namespace

int add_layer(const std::string& file, Operation layer, const Json& config, Network& network) {
  return Builder(file, std::move(layer), config, network).build();
}

}  // namespace ohmic::keras
