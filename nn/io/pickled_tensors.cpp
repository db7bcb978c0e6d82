#include "nn/io/pickled_tensors.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "nn/io/weight_file.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Kind = PickledValue::Kind;

constexpr int kDeepest = 64;               ///< dictionaries within dictionaries that are looked at
constexpr std::size_t kLongestName = 512;  ///< with those of the dictionaries around it
constexpr std::size_t kMostTensors = 100000;  ///< in one file
constexpr std::size_t kMostPlaces = 100000;   ///< containers that wait to be looked at
constexpr std::size_t kMostUnread = 16;       ///< that are named

std::string joined(const std::string& a, std::string_view b) {
  return a.empty() ? std::string(b) : a + "." + std::string(b);
}

/// "Float" of "torch FloatStorage", "torch.cuda FloatStorage" or "torch float32".
std::string element_type(const std::string& global) {
  static const std::map<std::string, std::string> dtypes{
      {"float32", "Float"}, {"float64", "Double"}, {"float16", "Half"}, {"bfloat16", "BFloat16"},
      {"int64", "Long"},    {"int32", "Int"},      {"int16", "Short"},  {"int8", "Char"},
      {"uint8", "Byte"},    {"bool", "Bool"}};
  std::string name = global.substr(global.rfind(' ') + 1);
  if (const auto it = dtypes.find(name); it != dtypes.end()) return it->second;
  if (name.ends_with("Storage")) name.resize(name.size() - 7);
  return name;
}

bool is_float(const std::string& type) {
  return type == "Float" || type == "Double" || type == "Half" || type == "BFloat16";
}

/// Storages are ("storage", type, key, place, elements[, (root key, offset, elements)]).
struct Storage {
  std::string key, type;
  std::int64_t offset = 0;
};

std::optional<Storage> storage_of(const Pickle& pickle, PickledValue v) {
  if (v.kind != Kind::reference) return std::nullopt;
  const PickledValue id = pickle.node(v).arguments;
  if (pickle.text(pickle.item(id, 0)) != "storage") return std::nullopt;
  Storage storage{std::string(pickle.text(pickle.item(id, 2))),
                  element_type(pickle.global_of(pickle.item(id, 1))), 0};
  const PickledValue view = pickle.item(id, 5);
  if (view.kind != Kind::sequence) return storage;
  storage.key = pickle.text(pickle.item(view, 0));
  storage.offset = pickle.item(view, 1).at;
  return storage;
}

class Collector {
 public:
  explicit Collector(const Pickle& pickle) : pickle_(pickle) {}

  std::optional<PickledTensor> tensor(PickledValue v) {
    if (!take_tensor({}, "", unwrapped(v))) return std::nullopt;
    return result_.tensors.back();
  }

  PickledTensors collect() {
    queue_.push_back({pickle_.root(), "", "", false, 0});
    while (!queue_.empty()) {
      const Place place = std::move(queue_.front());
      queue_.pop_front();
      look(place);
    }
    return std::move(result_);
  }

 private:
  struct Place {
    PickledValue value;
    std::string dictionary;  ///< that it lies in
    std::string name;        ///< in a module: of the module within the outermost one, with its dot
    bool in_module = false;
    int depth = 0;
  };

  /// Each container counts where it is met first, so that shared and cyclic ones end.
  void look(const Place& p) {
    if (!pickle_.has_node(p.value) || p.depth > kDeepest) return;
    if (!is_new(p.value)) return;
    const Pickle::Node& node = pickle_.node(p.value);
    if (p.value.kind == Kind::sequence)
      for (std::size_t i = 0; i < node.items.size(); ++i) take(p, std::to_string(i), node.items[i]);
    if (p.value.kind == Kind::dictionary || p.value.kind == Kind::object) look_at_pairs(p, node);
    if (p.value.kind == Kind::object) look_at_object(p, node);
  }

  bool is_new(PickledValue v) { return seen_.insert(v.at).second; }

  void look_at_pairs(const Place& p, const Pickle::Node& node) {
    for (std::size_t i = 0; i + 1 < node.items.size(); i += 2)
      take(p, key_of(node.items[i]), node.items[i + 1]);
    if (p.value.kind != Kind::dictionary) return;
    const PickledValue pairs = pickle_.item(node.arguments, 0);  // OrderedDict([(key, value), ...])
    if (pairs.kind != Kind::sequence || !is_new(pairs)) return;
    for (const PickledValue& pair : pickle_.node(pairs).items)
      take(p, key_of(pickle_.item(pair, 0)), pickle_.item(pair, 1));
  }

  std::string key_of(PickledValue key) const {
    if (key.kind == Kind::integer) return std::to_string(key.at);
    return std::string(pickle_.text(key).substr(0, kLongestName + 1));
  }

  /// A module's tensors and modules, or what TorchScript keeps of one; other objects are not read.
  void look_at_object(const Place& p, const Pickle::Node& node) {
    PickledValue state = node.state;
    if (state.kind == Kind::sequence) state = pickle_.item(state, 0);  // (dictionary, slots)
    const std::string global = pickle_.global_of(p.value);
    if (state.kind != Kind::dictionary || !is_new(state)) return leave(global);
    Place inside = p;
    inside.in_module = true;
    inside.value = state;
    if (global.starts_with("__torch__")) return look_at_pairs(inside, pickle_.node(state));
    if (pickle_.find(state, "_modules").kind != Kind::dictionary) return leave(global);
    for (const char* part : {"_parameters", "_buffers", "_modules"}) {
      inside.value = pickle_.find(state, part);
      if (inside.value.kind == Kind::dictionary && is_new(inside.value))
        look_at_pairs(inside, pickle_.node(inside.value));
    }
  }

  void leave(const std::string& global) {
    auto& unread = result_.unread;
    if (global.empty() || unread.size() == kMostUnread) return;
    if (std::find(unread.begin(), unread.end(), global) == unread.end()) unread.push_back(global);
  }

  void take(const Place& p, const std::string& key, PickledValue value) {
    if (key.empty() || !pickle_.has_node(value) || queue_.size() == kMostPlaces) return;
    if (p.dictionary.size() + p.name.size() + key.size() > kLongestName) return;
    value = unwrapped(value);
    if (take_tensor(p, p.name + key, value)) return;
    if (p.in_module)
      queue_.push_back({value, p.dictionary, p.name + key + ".", true, p.depth + 1});
    else
      queue_.push_back({value, joined(p.dictionary, key), "", false, p.depth + 1});
  }

  /// What a parameter or a typed list is made of.
  PickledValue unwrapped(PickledValue v) const {
    for (int level = 0; level < 4 && v.kind == Kind::object; ++level) {
      const std::string global = pickle_.global_of(v);
      const bool wraps = global == "torch._utils _rebuild_parameter" ||
                         global == "torch._utils _rebuild_parameter_with_state" ||
                         global.starts_with("torch.jit._pickle build_");
      if (!wraps) break;
      v = pickle_.item(pickle_.node(v).arguments, 0);
    }
    return v;
  }

  bool take_tensor(const Place& p, std::string name, PickledValue v) {
    if (v.kind != Kind::object) return false;
    std::string global = pickle_.global_of(v);
    PickledValue arguments = pickle_.node(v).arguments;
    if (global == "torch._tensor _rebuild_from_type_v2") {  // (function, class, arguments, state)
      global = pickle_.global_of(pickle_.item(arguments, 0));
      arguments = pickle_.item(arguments, 2);
    }
    PickledTensor tensor;
    tensor.file.dictionary = p.dictionary;
    tensor.file.name = std::move(name);
    const bool is_dense =
        global.starts_with("torch._utils _rebuild_tensor") && fill(arguments, tensor);
    if (!is_dense && !fill_foreign(global, v, arguments, tensor)) return false;
    if (result_.tensors.size() == kMostTensors)
      throw DataError("holds more than " + std::to_string(kMostTensors) + " tensors");
    result_.tensors.push_back(std::move(tensor));
    return true;
  }

  /// From (storage, offset, shape, strides, ..., [6]: type).
  bool fill(PickledValue arguments, PickledTensor& t) const {
    const std::optional<Storage> storage = storage_of(pickle_, pickle_.item(arguments, 0));
    const PickledValue offset = pickle_.item(arguments, 1);
    if (!storage || offset.kind != Kind::integer) return false;
    t.storage = storage->key;
    const std::string own_type = pickle_.global_of(pickle_.item(arguments, 6));
    t.type = own_type.starts_with("torch ") ? element_type(own_type) : storage->type;
    t.file.foreign_type = is_float(t.type) ? "" : "of type " + t.type;
    if (__builtin_add_overflow(storage->offset, offset.at, &t.offset)) t.offset = -1;
    t.file.shape = integers(t, pickle_.item(arguments, 2));
    t.strides = integers(t, pickle_.item(arguments, 3));
    return true;
  }

  std::vector<std::int64_t> integers(const PickledTensor& t, PickledValue sequence) const {
    std::vector<std::int64_t> values;
    if (sequence.kind != Kind::sequence) return values;
    const auto& items = pickle_.node(sequence).items;
    if (items.size() > kMostDimensions)
      throw DataError("damaged: " + shown(t.file.name) + " has " + std::to_string(items.size()) +
                      " dimensions; at most " + std::to_string(kMostDimensions) + " can be");
    for (const PickledValue& v : items) values.push_back(v.kind == Kind::integer ? v.at : -1);
    return values;
  }

  /// Tensors whose values are not read, so that they can be called by what they are.
  bool fill_foreign(const std::string& global, PickledValue v, PickledValue arguments,
                    PickledTensor& t) const {
    const PickledValue second = pickle_.item(arguments, 1);
    PickledValue shape;
    if (global == "torch._utils _rebuild_qtensor") {
      t.file.foreign_type = "a quantised tensor";
      shape = pickle_.item(arguments, 2);
    } else if (global.starts_with("torch._utils _rebuild_sparse")) {
      t.file.foreign_type = "a sparse tensor";
      shape = pickle_.item(second, 2);
    } else if (global == "torch._utils _rebuild_meta_tensor_no_storage") {
      t.file.foreign_type = "a tensor without values (device meta)";
      shape = second;
    } else if (global.ends_with(".multiarray _reconstruct")) {
      t.file.foreign_type = "a NumPy array";
      shape = pickle_.item(pickle_.node(v).state, 1);
    } else if (global.starts_with("torch._utils _rebuild_")) {
      t.file.foreign_type = "a tensor made by " + global;
    } else {
      return false;
    }
    t.file.shape =
        shape.kind == Kind::sequence ? integers(t, shape) : std::vector<std::int64_t>{-1};
    return true;
  }

  const Pickle& pickle_;
  std::deque<Place> queue_;
  std::set<std::int64_t> seen_;
  PickledTensors result_;
};

}  // namespace

PickledTensors tensors_of(const Pickle& pickle) { return Collector(pickle).collect(); }

std::optional<PickledTensor> tensor_at(const Pickle& pickle, PickledValue v) {
  return Collector(pickle).tensor(v);
}

std::map<std::string, std::string> storage_types(const Pickle& pickle) {
  std::map<std::string, std::string> types;
  for (const Pickle::Node& node : pickle.nodes()) {
    const PickledValue id = node.arguments;
    if (pickle.text(pickle.item(id, 0)) == "storage")
      types[std::string(pickle.text(pickle.item(id, 2)))] =
          element_type(pickle.global_of(pickle.item(id, 1)));
  }
  return types;
}

}  // namespace ohmic
