#include "nn/analog/plan.hpp"

#include <algorithm>

#include "nn/operators/operator.hpp"

namespace ohmic {
namespace {

using Readers = std::vector<std::vector<int>>;

Readers readers_of(const Graph& graph) {
  Readers readers(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const int input : graph.nodes[i].inputs)
      readers[static_cast<std::size_t>(input)].push_back(static_cast<int>(i));
  return readers;
}

/// Grows crossbar steps over the nodes that follow them.
class Fusion {
 public:
  explicit Fusion(const Graph& graph)
      : graph_(graph), readers_(readers_of(graph)), taken_(graph.nodes.size()) {}

  std::vector<Step> steps() {
    int layers = 0;
    for (int i = 0; i < size(); ++i)
      if (has_matrix(node(i))) crossbar_steps_.push_back(start(i, layers++));
    for (Step& step : crossbar_steps_)
      step.relu = node(step.mvm).op != Op::recurrent && take(step, Op::relu);
    std::vector<Step> all = steps_between();
    all.insert(all.end(), crossbar_steps_.begin(), crossbar_steps_.end());
    std::sort(all.begin(), all.end(), [](const Step& a, const Step& b) { return a.node < b.node; });
    return all;
  }

 private:
  int size() const { return static_cast<int>(graph_.nodes.size()); }
  const Node& node(int i) const { return graph_.nodes[static_cast<std::size_t>(i)]; }

  /// Whether what follows node `i` can be fused into its layer.
  bool has_epilogue(int i) const { return has_matrix(node(i)) && node(i).op != Op::recurrent; }

  /// The one node that reads `i` when it is an `op`, else -1.
  int sole_reader(int i, Op op) const {
    const auto& readers = readers_[static_cast<std::size_t>(i)];
    return readers.size() == 1 && node(readers[0]).op == op ? readers[0] : -1;
  }

  bool take(Step& step, Op op) {
    const int next = sole_reader(step.node, op);
    if (next < 0) return false;
    step.node = next;
    taken_[static_cast<std::size_t>(next)] = true;
    return true;
  }

  Step start(int i, int layer) {
    Step step;
    step.node = step.mvm = i;
    step.layer = layer;
    step.x = node(i).inputs.front();
    if (node(i).op == Op::recurrent) {
      step.slot = -1;
      return step;
    }
    if (take(step, Op::batch_norm)) step.norm = step.node;
    const int sum = sole_reader(step.node, Op::add);
    if (sum >= 0 && fuses_sum(step, sum)) {
      const auto& inputs = node(sum).inputs;
      step.residual = inputs[0] == step.node ? inputs[1] : inputs[0];
      take(step, Op::add);
    }
    return step;
  }

  /// Whether `i` is the last value of a layer (with its BatchNorm) that only a sum reads.
  bool ends_layer(int i) const {
    if (sole_reader(i, Op::add) < 0) return false;
    if (has_epilogue(i)) return true;
    if (node(i).op != Op::batch_norm) return false;
    const int before = node(i).inputs.front();
    return has_epilogue(before) && sole_reader(before, Op::batch_norm) == i;
  }

  /// Of two layers that meet in a sum the one with BatchNorm takes it (then the later one), so that
  /// a channel killed by NegativeVariance::dead is summed and rectified in one epilogue.
  bool fuses_sum(const Step& step, int sum) const {
    const auto& inputs = node(sum).inputs;
    const int other = inputs[0] == step.node ? inputs[1] : inputs[0];
    if (!ends_layer(other)) return true;
    const bool other_has_norm = node(other).op == Op::batch_norm;
    return std::pair(step.norm >= 0, step.node) > std::pair(other_has_norm, other);
  }

  /// What no crossbar step takes over.
  std::vector<Step> steps_between() {
    std::vector<Step> steps;
    for (int i = 0; i < size(); ++i) {
      const bool computes = node(i).op != Op::input && node(i).op != Op::constant;
      if (computes && !has_matrix(node(i)) && !taken_[static_cast<std::size_t>(i)])
        steps.push_back(is_of_operators(node(i)) ? digital_step(i) : epilogue_step(i));
    }
    return steps;
  }

  Step digital_step(int i) const {
    Step step;
    step.node = i;
    step.slot = -1;
    return step;
  }

  Step epilogue_step(int i) {
    Step step;
    step.node = i;
    step.x = node(i).inputs.front();
    if (node(i).op == Op::batch_norm) step.norm = i;
    if (node(i).op == Op::add) step.residual = node(i).inputs.back();
    step.relu = node(i).op == Op::relu || take(step, Op::relu);
    return step;
  }

  const Graph& graph_;
  Readers readers_;
  std::vector<bool> taken_;  ///< nodes that a step computes after its first
  std::vector<Step> crossbar_steps_;
};

/// Gives each value a buffer that is free from its step to its last reader.
class Slots {
 public:
  explicit Slots(Plan& plan, const Graph& graph) : plan_(plan), graph_(graph) {
    plan_.slot.assign(graph.nodes.size(), -1);
    plan.last_reader.assign(graph.nodes.size(), -1);
    for (std::size_t s = 0; s < plan.steps.size(); ++s)
      for (const int node : inputs_of(graph, plan.steps[s]))
        plan.last_reader[static_cast<std::size_t>(node)] = static_cast<int>(s);
  }

  void assign() {
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      Step& step = plan_.steps[s];
      const auto node = static_cast<std::size_t>(step.node);
      if (step.slot >= 0)
        step.slot = plan_.slot[node] = acquire(values_per_image(graph_.nodes[node]));
      for (const int read : inputs_of(graph_, step)) release_after(read, static_cast<int>(s));
    }
  }

 private:
  int acquire(std::int64_t size) {
    if (free_.empty()) {
      free_.push_back(static_cast<int>(plan_.slot_size.size()));
      plan_.slot_size.push_back(0);
    }
    const int slot = free_.back();
    free_.pop_back();
    auto& slot_size = plan_.slot_size[static_cast<std::size_t>(slot)];
    slot_size = std::max(slot_size, size);
    return slot;
  }

  void release_after(int node, int step) {
    if (plan_.last_reader[static_cast<std::size_t>(node)] != step) return;
    const int slot = plan_.slot[static_cast<std::size_t>(node)];
    if (slot >= 0 && std::find(free_.begin(), free_.end(), slot) == free_.end())
      free_.push_back(slot);
  }

  Plan& plan_;
  const Graph& graph_;
  std::vector<int> free_;
};

}  // namespace

Plan make_plan(const Graph& graph) {
  Plan plan;
  plan.steps = Fusion(graph).steps();
  for (const Step& step : plan.steps) plan.layers += step.mvm >= 0;
  Slots(plan, graph).assign();
  return plan;
}

std::vector<int> inputs_of(const Graph& graph, const Step& step) {
  if (step.slot < 0) return graph.nodes[static_cast<std::size_t>(step.node)].inputs;
  std::vector<int> inputs{step.x};
  if (step.residual >= 0) inputs.push_back(step.residual);
  return inputs;
}

bool is_of_operators(const Node& node) { return node.op == Op::digital || node.op == Op::part; }

std::int64_t values_per_image(const Node& node) {
  return std::int64_t{node.height} * node.width * node.channels;
}

namespace {

/// Whether any of the numbers is negative.
bool holds_negative(const ConstantTensor& constant) {
  if (constant.type != ElementType::f32) return false;  // whole numbers: axes, shapes, places
  const auto* values = reinterpret_cast<const float*>(constant.data.get());
  return std::any_of(values, values + constant.elements(), [](float v) { return v < 0; });
}

bool any_may_be_negative(const Graph& graph, const Node& node) {
  return std::any_of(node.inputs.begin(), node.inputs.end(),
                     [&](int input) { return may_be_negative(graph, input); });
}

}  // namespace

bool may_be_negative(const Graph& graph, int i) {
  const Node& node = graph.nodes[static_cast<std::size_t>(i)];
  switch (node.op) {
    case Op::relu:
      return false;
    case Op::add:
    case Op::part:
      return any_may_be_negative(graph, node);
    case Op::constant:
      return node.constant && holds_negative(*node.constant);
    case Op::digital:
      switch (find_operator(node.call->op)->sign) {
        case Sign::non_negative:
          return false;
        case Sign::as_inputs:
          return any_may_be_negative(graph, node);
        default:
          return true;
      }
    default:
      return true;
  }
}

}  // namespace ohmic
