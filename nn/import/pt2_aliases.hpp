// Operators that change a tensor in place: from then on the old name means the new value. A change
// of a part (slice, select) is written into the whole; where the same numbers are also seen through
// another view that is used later, that is not enough, and the node is refused. Private to
// nn/import/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "nn/import/aten/aten_call.hpp"
#include "nn/import/json.hpp"
#include "nn/import/pt2_names.hpp"

namespace ohmic {

/// Places begin to end of one axis, as PyTorch counts them; end: the largest number for "all".
struct Pt2Part {
  std::int64_t axis = 0, begin = 0, end = 0;
  bool drops_axis = false;
};

using AtenArguments = std::vector<std::pair<std::string, AtenArgument>>;

/// What a slice without steps or a select takes, where the file says numbers; else nothing.
std::optional<Pt2Part> part_of(const Pt2Target&, const AtenArguments&);

/// `result` is `whole` with `value` in the place of its part.
struct Pt2Write {
  std::string whole, value, result;
  Pt2Part part;
};

class Pt2Aliases {
 public:
  /// `renamed`: constants that have another name than in the file.
  Pt2Aliases(const Json& nodes, const std::unordered_map<std::string, std::string>& renamed);

  /// The value that a name means by now.
  std::string current(const std::string& name) const;
  /// After node i: its tensors as they were current, its outputs, and which part of the first
  /// tensor it takes. Returns what has to be written beside. Throws DataError that says what is
  /// wrong with it.
  std::vector<Pt2Write> follow(std::size_t i, const Pt2Target&,
                               const std::vector<std::string>& inputs,
                               const std::vector<std::string>& outputs,
                               const std::optional<Pt2Part>&);

 private:
  std::string root(const std::string& value) const;
  void share(const std::string& base, const std::string& view);
  std::vector<Pt2Write> writes_of(const std::string& changed, const std::string& value) const;

  std::unordered_map<std::string, std::size_t> last_use_;     ///< node, by the file's names
  mutable std::unordered_map<std::string, std::string> now_;  ///< of names whose value was changed
  std::unordered_map<std::string, std::string> base_;  ///< of views: the tensor that they view
  std::unordered_map<std::string, std::vector<std::string>> views_;         ///< of a base
  std::unordered_map<std::string, std::pair<std::string, Pt2Part>> parts_;  ///< of views: of what
};

}  // namespace ohmic
