// One layer of a Keras model and the nodes of ONNX (opset 20) that say the same. Each class of
// layers is one small function over a KerasLayer. Private to nn/import/.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nn/import/draft.hpp"
#include "nn/import/json.hpp"
#include "nn/io/hdf5/hdf5.hpp"
#include "nn/io/keras/tensors.hpp"

namespace ohmic {

using KerasInputs = std::vector<std::string>;
using KerasIntegers = std::vector<std::int64_t>;
using KerasAttributes = std::map<std::string, Attribute>;

/// A value that Keras has with channels last and ONNX with channels first: under either name, made
/// when it is first asked for.
struct KerasValue {
  std::string last, first;  ///< empty: not made yet
  int rank = 0;             ///< with the batch
};

/// The model as it is translated.
struct KerasGraph {
  Draft draft;
  Hdf5File* weights = nullptr;
  std::vector<keras::StoredLayer> stored;
  bool before_keras_3 = false;
  int made = 0;  ///< values beside those of layers
};

/// Accessors throw DataError (without the file's name) that names the layer, the key and what would
/// be accepted.
class KerasLayer {
 public:
  KerasLayer(KerasGraph& graph, std::string type, std::string path, std::string group,
             const Json& config, std::vector<KerasValue*> inputs)
      : graph_(graph),
        type_(std::move(type)),
        path_(std::move(path)),
        group_(std::move(group)),
        config_(config),
        inputs_(std::move(inputs)) {}

  const std::string& type() const { return type_; }
  [[noreturn]] void refuse(const std::string& why) const;

  // The layer's configuration.
  bool has(const char* key) const;  ///< given, and not null
  std::int64_t integer(const char* key, std::int64_t otherwise) const;
  double number(const char* key, double otherwise) const;
  bool flag(const char* key, bool otherwise) const;
  std::string text(const char* key, const std::string& otherwise) const;
  /// A list of whole numbers, of lists as well (((1, 2), (3, 4)) is 1, 2, 3, 4).
  KerasIntegers integers(const char* key) const;
  /// One number per spatial axis, from a list or one number for all.
  KerasIntegers per_axis(const char* key, std::int64_t otherwise, int axes) const;
  std::vector<double> numbers(const char* key) const;
  void need_channels_last() const;

  // Inputs.
  std::size_t count() const { return inputs_.size(); }
  KerasValue& input(std::size_t i = 0) const;
  int rank() const { return input().rank; }
  /// Spatial axes of an input; refuses other than 1 and 2.
  int spatial_axes() const;
  std::string last(KerasValue&);
  std::string last() { return last(input()); }
  std::string first(KerasValue&);
  std::string first() { return first(input()); }
  /// The name under which a value is there already, and whether that is channels first.
  std::pair<std::string, bool> any(KerasValue&);

  // Weights: those of the layer in Keras's order.
  std::vector<HostTensor> weights(const std::vector<std::string>& items) const;
  /// Turned so that axis i is Keras's axis order[i].
  std::string constant(const HostTensor&, const std::string& item, const KerasIntegers& order);
  std::string constant(const HostTensor&, const std::string& item);
  std::string constant(const KerasIntegers&);
  /// The same constant with other sides.
  std::string constant_of_shape(const std::string& constant, const KerasIntegers& shape);
  std::string scalar(double);

  // New nodes. The first has the layer's name.
  std::string emit(const std::string& op, KerasInputs inputs, KerasAttributes attributes = {});
  KerasValue made_last(std::string name, int rank) const { return {std::move(name), {}, rank}; }
  KerasValue made_first(std::string name, int rank) const { return {{}, std::move(name), rank}; }
  /// A function of every number by itself, in whichever order the input is there.
  KerasValue elementwise(const std::string& op, KerasAttributes attributes = {});
  /// What follows with the layer's activation applied.
  KerasValue activated(KerasValue value);
  KerasValue activated(KerasValue value, const std::string& activation);

 private:
  const Json* find_key(const char* key) const;
  std::string fresh();

  KerasGraph& graph_;
  std::string type_, path_, group_;
  const Json& config_;
  std::vector<KerasValue*> inputs_;
  bool named_ = false;
};

/// Appends the layer's nodes; what it makes. Throws DataError for a class that is not known.
KerasValue translate(KerasLayer&);

}  // namespace ohmic
