// What a model computes on a few samples: shapes, what is constant, where the axis of samples is.
// Private to nn/lowering: at::Tensor appears by name only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "nn/import/imported_model.hpp"
#include "nn/lowering/lower.hpp"

namespace at {
class Tensor;
}

namespace ohmic {

/// A large tensor's shape and type with zeros that take no memory.
at::Tensor shape_alone(const at::Tensor&);

/// Where a value has a place per sample: `axis` has before * samples * after places, row-major in
/// that order, where a file regrouped its rows.
struct SamplePlace {
  int axis = 0;
  std::int64_t before = 1, after = 1;
  bool is_whole() const { return before == 1 && after == 1; }  ///< the axis is that of samples
};

class Trace {
 public:
  /// Runs the nodes that `output` needs. Throws as lower() does.
  /// `inputs`: those that are used, one at least; empty: those that `output` needs.
  Trace(const ImportedModel&, const std::vector<std::string>& inputs, const std::string& output);
  ~Trace();

  /// What samples go to.
  const std::vector<ModelValue>& inputs() const;
  /// The nodes that are left to run for every batch, in order.
  const std::vector<ModelNode>& nodes() const;
  /// Whether a value is the same for any samples.
  bool is_constant(const std::string& value) const;
  /// A value for two samples, of large ones the shape alone; that of a constant otherwise.
  const at::Tensor& value(const std::string&) const;
  /// The axis that has a place per sample; -1 where no axis, or more than the samples alone, grows.
  int sample_axis(const std::string& value) const;
  /// The same, also where the samples share their axis with steps, positions or windows; absent
  /// where no axis or several grow, and where the numbers do not tell.
  std::optional<SamplePlace> samples_of(const std::string& value) const;
  /// Whether it hangs on nothing but the number of samples and is 0 throughout.
  bool is_zero(const std::string& value) const;
  /// Nodes that make one value of the samples of a batch together, which others read.
  std::vector<const ModelNode*> over_batch() const;
  /// How often nodes read it; whoever asks for the answer counts.
  int readers(const std::string& value) const;
  /// The node that reads it, where it is read once; else nullptr.
  const ModelNode* only_reader(const std::string& value) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ohmic
