#include "nn/import/pt2_graph.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "nn/import/pt2_aliases.hpp"
#include "nn/import/pt2_names.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Kind = AtenArgument::Kind;

std::string name_in(const Json& tensor) { return member(tensor, "name").get<std::string>(); }

/// Infinities and NaN are texts in JSON.
double number_of(const Json& number) {
  if (!number.is_string()) return number.get<double>();
  const auto text = number.get<std::string>();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

SymbolicInteger symbolic(const Json& integer) {
  if (const Json* written = find(integer, "as_int")) return {whole_number(*written), {}};
  return {0, member(integer, "as_name").get<std::string>()};
}

std::string optional_tensor(const Json& tensor) {
  const Json* given = find(tensor, "as_tensor");
  return given ? name_in(*given) : std::string();
}

AtenArgument read_argument(const Json& json) {
  AtenArgument a;
  if (!json.is_object() || json.size() != 1) throw DataError("is damaged: an argument has no kind");
  const std::string& kind = json.begin().key();
  const Json& value = json.begin().value();
  const auto is = [&](Kind k) { a.kind = k; };
  if (kind == "as_none") {
    is(Kind::none);
  } else if (kind == "as_tensor") {
    is(Kind::tensor), a.tensors = {name_in(value)};
  } else if (kind == "as_tensors") {
    is(Kind::tensors);
    for (const Json& tensor : value) a.tensors.push_back(name_in(tensor));
  } else if (kind == "as_optional_tensors") {
    is(Kind::tensors);
    for (const Json& tensor : value) a.tensors.push_back(optional_tensor(tensor));
  } else if (kind == "as_optional_tensor") {
    const std::string name = optional_tensor(value);
    is(name.empty() ? Kind::none : Kind::tensor), a.tensors = {name};
  } else if (kind == "as_int") {
    is(Kind::integer), a.integers = {{whole_number(value), {}}};
  } else if (kind == "as_ints") {
    is(Kind::integers);
    for (const Json& integer : value) a.integers.push_back({whole_number(integer), {}});
  } else if (kind == "as_sym_int") {
    is(Kind::integer), a.integers = {symbolic(value)};
  } else if (kind == "as_sym_ints") {
    is(Kind::integers);
    for (const Json& integer : value) a.integers.push_back(symbolic(integer));
  } else if (kind == "as_bool") {
    is(Kind::flag), a.integers = {{value.get<bool>(), {}}};
  } else if (kind == "as_scalar_type") {
    is(Kind::type), a.integers = {{whole_number(value), {}}};
  } else if (kind == "as_float") {
    is(Kind::number), a.numbers = {number_of(value)};
  } else if (kind == "as_floats") {
    is(Kind::numbers);
    for (const Json& number : value) a.numbers.push_back(number_of(number));
  } else if (kind == "as_string") {
    is(Kind::text), a.text = value.get<std::string>();
  } else {
    is(Kind::other);
  }
  return a;
}

void append_output(const Json& json, std::vector<std::string>& outputs) {
  if (const Json* symbol = find(json, "as_sym_int")) {
    outputs.push_back(symbolic(*symbol).name);
    return;
  }
  const AtenArgument a = read_argument(json);
  outputs.insert(outputs.end(), a.tensors.begin(), a.tensors.end());
  if (a.kind == Kind::none) outputs.emplace_back();
}

AtenValue read_value(const Json& meta) {
  AtenValue value;
  const auto type = torch_type(whole_number(member(meta, "dtype")));
  if (!type) throw DataError("has elements of another type");
  value.type = *type;
  const auto numbers = [&](const char* key) {
    std::vector<std::int64_t> all;
    for (const Json& number : member(meta, key)) {
      const Json* written = find(number, "as_int");
      all.push_back(written ? whole_number(*written) : -1);
    }
    return all;
  };
  value.shape = numbers("sizes");
  if (find(meta, "strides")) value.strides = numbers("strides");
  return value;
}

void read_values(const Json& json, AtenGraph& graph) {
  for (const auto& [name, meta] : member(json, "tensor_values").items()) {
    try {
      graph.values.emplace(name, read_value(meta));
    } catch (const DataError&) {
      // complex numbers, say: refused where a node asks for it
    }
  }
}

class Translation {
 public:
  Translation(const Json& graph_module, const std::map<std::string, Pt2Tensor>& tensors,
              AtenGraph& graph)
      : json_(member(graph_module, "graph")), tensors_(tensors), graph_(graph) {
    read_values(json_, graph_);
    read_signature(member(graph_module, "signature"));
    const Json& nodes = member(json_, "nodes");
    const Pt2Names names(nodes);
    Pt2Aliases aliases(nodes, renamed_);
    for (std::size_t i = 0; i < nodes.size(); ++i) translate(nodes[i], i, names, aliases);
    for (const std::string& output : outputs_) add_output(aliases.current(output), output);
    name_outputs(output_keys(graph_module));
  }

 private:
  void read_signature(const Json& signature) {
    for (const Json& spec : member(signature, "input_specs")) read_input(spec);
    for (const Json& spec : member(signature, "output_specs")) {
      const Json* output = find(spec, "user_output");
      if (!output) continue;
      const Json* tensor = find(member(*output, "arg"), "as_tensor");
      if (tensor) outputs_.push_back(name_in(*tensor));
    }
  }

  void read_input(const Json& spec) {
    if (const Json* input = find(spec, "user_input")) {
      const Json* tensor = find(member(*input, "arg"), "as_tensor");
      if (!tensor) return;
      const std::string name = name_in(*tensor);
      const auto found = graph_.values.find(name);
      if (found == graph_.values.end())
        throw DataError("input " + in_quotes(name) + " is no tensor of numbers");
      graph_.draft.model.inputs.push_back({name, found->second.type, found->second.shape, true});
    }
    for (const auto& [kind, key] :
         {std::pair{"parameter", "parameter_name"}, std::pair{"buffer", "buffer_name"},
          std::pair{"tensor_constant", "tensor_constant_name"}})
      if (const Json* constant = find(spec, kind))
        add_constant(name_in(member(*constant, "arg")), member(*constant, key).get<std::string>());
  }

  /// Constants have the model's names ("layer1.conv.weight") where no value has that name.
  void add_constant(const std::string& value, const std::string& name) {
    const std::string shown = graph_.values.count(name) == 0 ? name : value;
    const auto found = tensors_.find(name);
    if (found == tensors_.end())
      graph_.draft.problems[shown] = "is not in the archive";
    else if (!found->second.problem.empty())
      graph_.draft.problems[shown] = found->second.problem;
    else
      graph_.draft.model.constants[shown] = found->second.tensor;
    if (shown == value) return;
    renamed_[value] = shown;
    const auto meta = graph_.values.find(value);
    if (meta != graph_.values.end()) graph_.values[shown] = meta->second;
  }

  std::string current(const std::string& name, const Pt2Aliases& aliases) const {
    const auto constant = renamed_.find(name);
    return aliases.current(constant == renamed_.end() ? name : constant->second);
  }

  AtenArguments read_arguments(const Json& node, const Pt2Aliases& aliases) const {
    AtenArguments arguments;
    for (const Json& input : member(node, "inputs")) {
      AtenArgument a = read_argument(member(input, "arg"));
      for (std::string& tensor : a.tensors) tensor = current(tensor, aliases);
      arguments.emplace_back(member(input, "name").get<std::string>(), std::move(a));
    }
    return arguments;
  }

  void translate(const Json& node, std::size_t i, const Pt2Names& names, Pt2Aliases& aliases) {
    const std::string target = member(node, "target").get<std::string>();
    auto arguments = read_arguments(node, aliases);
    std::vector<std::string> outputs;
    for (const Json& output : member(node, "outputs")) append_output(output, outputs);
    if (outputs.empty()) return;  // assertions
    const Pt2Target op(target);
    const std::optional<Pt2Part> part = part_of(op, arguments);
    Inputs inputs;
    for (const auto& [key, a] : arguments)
      inputs.insert(inputs.end(), a.tensors.begin(), a.tensors.end());
    const std::size_t before = graph_.draft.nodes.size();
    DraftNode unknown;
    unknown.op = op.shown;
    unknown.name = names.name(i);
    unknown.inputs = inputs;
    unknown.outputs = outputs;
    const AtenEntry* entry = find_aten(op.looked_up);
    if (!entry) {
      graph_.draft.nodes.push_back(std::move(unknown));
    } else {
      try {
        AtenCall call(graph_, op.looked_up, names.name(i), std::move(arguments), outputs);
        entry->translate(call);
      } catch (const DataError& error) {
        graph_.draft.nodes.resize(before);
        unknown.problem = error.what();
        graph_.draft.nodes.push_back(std::move(unknown));
      }
    }
    try {
      for (const Pt2Write& w : aliases.follow(i, op, inputs, outputs, part)) write(w);
    } catch (const DataError& error) {
      throw DataError(names.name(i) + " (" + op.shown + "): " + error.what());
    }
  }

  void write(const Pt2Write& w) {
    AtenCall call(graph_, "slice", w.result, {}, {w.result});
    const std::string part =
        w.part.drops_axis ? call.emit("Unsqueeze", {w.value, call.constant(Integers{w.part.axis})})
                          : w.value;
    call.written(w.whole, part, w.part.axis, {w.part.begin, {}}, {w.part.end, {}});
    const auto whole = graph_.values.find(w.whole);
    if (whole != graph_.values.end()) graph_.values[w.result] = whole->second;
  }

  void add_output(const std::string& value, const std::string& name) {
    const std::string shown = renamed_.count(value) ? renamed_.at(value) : value;
    ModelValue output{shown, ElementType::f32, {}, false};
    const auto found = graph_.values.find(name);
    if (found != graph_.values.end())
      output = {shown, found->second.type, found->second.shape, true};
    graph_.draft.model.outputs.push_back(std::move(output));
  }

  /// Outputs by the keys of the dictionary that the model returns, where each is a value of its own
  /// that a node makes, and its key nothing else's name.
  void name_outputs(const std::vector<std::string>& keys) {
    std::vector<ModelValue>& outputs = graph_.draft.model.outputs;
    if (keys.size() != outputs.size()) return;
    std::unordered_set<std::string> made, taken;
    for (const DraftNode& node : graph_.draft.nodes) {
      made.insert(node.outputs.begin(), node.outputs.end());
      taken.insert(node.inputs.begin(), node.inputs.end());
    }
    taken.insert(made.begin(), made.end());
    for (const ModelValue& input : graph_.draft.model.inputs) taken.insert(input.name);
    for (const auto& [name, tensor] : graph_.draft.model.constants) taken.insert(name);
    for (const auto& [name, problem] : graph_.draft.problems) taken.insert(name);
    std::unordered_map<std::string, std::string> named;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const bool is_free = !keys[i].empty() && taken.insert(keys[i]).second;
      if (!is_free || made.count(outputs[i].name) == 0 ||
          !named.emplace(outputs[i].name, keys[i]).second)
        return;
    }
    const auto rename = [&](std::string& value) {
      if (const auto found = named.find(value); found != named.end()) value = found->second;
    };
    for (DraftNode& node : graph_.draft.nodes) {
      for (std::string& value : node.inputs) rename(value);
      for (std::string& value : node.outputs) rename(value);
    }
    for (ModelValue& output : outputs) rename(output.name);
  }

  const Json& json_;
  const std::map<std::string, Pt2Tensor>& tensors_;
  AtenGraph& graph_;
  std::unordered_map<std::string, std::string> renamed_;  ///< constants
  std::vector<std::string> outputs_;
};

}  // namespace

void read_pt2_graph(const Json& graph_module, const std::map<std::string, Pt2Tensor>& tensors,
                    AtenGraph& graph) {
  Translation(graph_module, tensors, graph);
}

}  // namespace ohmic
