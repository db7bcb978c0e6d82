// A reader of Python pickles that holds data only. Whatever a pickle would call or construct is
// kept as the name and arguments of the call and never executed; what is not needed is dropped.
// Source: Python's pickletools (protocols 2 to 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace ohmic {

struct PickledValue {
  enum class Kind : std::uint8_t {
    none,
    integer,  ///< whole numbers of 64 bits and booleans
    text,
    sequence,    ///< list or tuple
    dictionary,  ///< also OrderedDict and defaultdict
    object,      ///< anything else that a global would make when called
    global,      ///< a class or function, by its name
    reference,   ///< what lies elsewhere in the file: a storage
    other,       ///< floats, bytes, sets, ...: not kept
    mark,
  };
  Kind kind = Kind::none;
  std::uint32_t length = 0;  ///< of a text
  std::int64_t at = 0;       ///< an integer itself; where a text begins; a node's number
};

/// One pickle. Nodes refer to each other by number, so that cycles and shared parts cost nothing.
class Pickle {
 public:
  using Kind = PickledValue::Kind;
  struct Node {
    PickledValue callee;     ///< of an object: what makes it, a global as a rule
    PickledValue arguments;  ///< of that call; of a reference: its identity
    PickledValue state;      ///< that an object was given afterwards
    /// Of a sequence; keys and values in turn of a dictionary or object; module and name of a
    /// global.
    std::vector<PickledValue> items;
  };

  /// Operations that a pickle may have, and so the nodes that one can make: 100 tensors need 3000.
  static constexpr std::size_t kMostOperations = std::size_t{1} << 22;

  /// Reads one pickle and moves `bytes`, which must outlive this, past it. Throws DataError
  /// (without a file's name) for what is damaged.
  explicit Pickle(std::string_view& bytes);

  PickledValue root() const { return root_; }
  const Node& node(PickledValue v) const { return nodes_[static_cast<std::size_t>(v.at)]; }
  const std::deque<Node>& nodes() const { return nodes_; }
  /// Of a text; empty for others.
  std::string_view text(PickledValue) const;

  bool has_node(PickledValue v) const {
    return v.kind >= Kind::sequence && v.kind <= Kind::reference;
  }
  /// "module name" of a global or of what an object is made by; empty for others.
  std::string global_of(PickledValue v) const;
  /// Item i of a sequence; none where it has fewer or is no sequence.
  PickledValue item(PickledValue sequence, std::size_t i) const;
  /// The value of a text key, in a dictionary; none where there is none.
  PickledValue find(PickledValue dictionary, std::string_view key) const;

 private:
  class Machine;
  std::string_view bytes_;
  std::deque<Node> nodes_;
  PickledValue root_;
};

}  // namespace ohmic
