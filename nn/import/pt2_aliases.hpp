// Operators that change a tensor in place: from then on the old name means the new value. Where the
// same numbers are also seen through a view that is used later, that is not enough, and the node is
// refused. Private to nn/import/.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "nn/import/json.hpp"
#include "nn/import/pt2_names.hpp"

namespace ohmic {

class Pt2Aliases {
 public:
  explicit Pt2Aliases(const Json& nodes);

  /// The value that a name means by now.
  std::string current(const std::string& name) const;
  /// After node i: its tensors as they were current, and its outputs. Returns what is wrong with
  /// it, or nothing.
  std::string follow(std::size_t i, const Pt2Target&, const std::vector<std::string>& inputs,
                     const std::vector<std::string>& outputs);

 private:
  std::string root(const std::string& value) const;
  void share(const std::string& base, const std::string& view);

  std::unordered_map<std::string, std::size_t> last_use_;     ///< node, by the file's names
  mutable std::unordered_map<std::string, std::string> now_;  ///< of names whose value was changed
  std::unordered_map<std::string, std::string> base_;  ///< of views: the tensor that they view
  std::unordered_map<std::string, std::vector<std::string>> views_;  ///< of a base
};

}  // namespace ohmic
