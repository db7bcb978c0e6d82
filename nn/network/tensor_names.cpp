#include "nn/network/tensor_names.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

#include "nn/network/shape_text.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kMostNetworks = 16;  ///< in one file, that fit; no more are looked at

using Shape = std::vector<std::int64_t>;
using Shapes = std::map<std::string, Shape>;

/// A few of `items`, then how many there are besides.
std::string some(const std::vector<std::string>& items, std::size_t shown, const char* separator) {
  std::string s;
  for (std::size_t i = 0; i < std::min(items.size(), shown); ++i)
    s += (i > 0 ? separator : "") + items[i];
  if (items.size() > shown)
    s += separator + std::string("and ") + std::to_string(items.size() - shown) + " more";
  return s;
}

/// A name without what is put between its parts when modules are compiled or sharded.
std::string plain(const std::string& name) {
  std::string s = "." + name;
  for (const std::string_view part :
       {"._orig_mod", "._fsdp_wrapped_module", "._checkpoint_wrapped_module"}) {
    std::size_t at = 0;
    while ((at = s.find(part, at)) != std::string::npos) {
      const std::size_t end = at + part.size();
      if (end < s.size() && s[end] == '.')
        s.erase(at, part.size());
      else
        at = end;
    }
  }
  return s.substr(1);
}

std::size_t elements(const Shape& shape) {
  std::size_t n = 1;
  for (const std::int64_t extent : shape) n *= static_cast<std::size_t>(extent);
  return n;
}

std::string joined(const std::string& dictionary, const std::string& name) {
  return dictionary.empty() ? name : dictionary + "." + name;
}

bool is_counter(const FileTensor& t) {
  if (t.name.ends_with("num_batches_tracked")) return true;
  const bool one = std::all_of(t.shape.begin(), t.shape.end(), [](auto n) { return n == 1; });
  return one && !t.foreign_type.empty();
}

/// A criterion with weights of its own is saved with the network but is no part of it.
bool is_criterion(std::string_view name) {
  for (const std::string_view module : {"criterion.", "loss.", "loss_fn.", "loss_func."})
    if (name.starts_with(module)) return true;
  return false;
}

/// What weights look like by their names and shapes: "resnet20, layout he, width 16, 10 classes".
std::string architecture_of(const Shapes& tensors) {
  const auto first = tensors.find("conv1.weight"), last = tensors.find("linear.weight");
  if (first == tensors.end() || last == tensors.end() || first->second.empty() ||
      last->second.empty())
    return "";
  std::size_t blocks = 0;
  while (tensors.contains("layer1." + std::to_string(blocks) + ".conv1.weight")) ++blocks;
  if (blocks == 0) return "";
  return "resnet" + std::to_string(6 * blocks + 2) + ", layout " +
         (tensors.contains("conv1.bias") ? "keras_v1" : "he") + ", width " +
         std::to_string(first->second[0]) + ", " + std::to_string(last->second[0]) + " classes";
}

std::string network(const Graph& graph) {
  return graph.model + ", layout " + graph.layout + ", " + std::to_string(graph.classes) +
         " classes";
}

/// Whether `part` is among the parts of a prefix: "ema" of "state_dict.ema.".
bool has_part(const std::string& prefix, const std::string& part) {
  return ("." + prefix).find("." + part + ".") != std::string::npos;
}

/// "state_dict.ema" of "state_dict.ema."; "." of nothing: what a choice is called.
std::string choice_of(const std::string& prefix) {
  return prefix.empty() ? "." : prefix.substr(0, prefix.size() - 1);
}

/// One way to read the file: what stands before every name, and what is wrong then.
struct Reading {
  std::string prefix;
  std::map<std::string, std::size_t> found;  ///< by the graph's names
  std::vector<std::string> faults;
  bool shapes_fit = false;  ///< every parameter is there in its shape, as floats
};

class Fitting {
 public:
  Fitting(const std::vector<FileTensor>& tensors, const Graph& graph, const std::string& file,
          TensorChoice choice = {})
      : tensors_(tensors),
        graph_(graph),
        file_(file),
        choice_(std::move(choice)),
        parameters_(parameter_shapes(graph)) {
    for (std::size_t i = 0; i < tensors.size(); ++i) add(i);
    if (index_.empty()) fail("holds no tensors");
  }

  std::map<std::string, std::size_t> result() {
    const std::map<std::string, std::size_t> all = matches_by_prefix();
    for (const auto& [prefix, count] : all)
      if (count == parameters_.size()) networks_.push_back(prefix);
    const std::map<std::string, std::size_t> matches = chosen(all);
    std::vector<Reading> fitting;  // by shape too
    Reading best;
    std::size_t most = 0;
    for (const auto& [prefix, count] : matches) {
      if (count < parameters_.size() && count <= most) continue;
      Reading reading = read(prefix);
      if (reading.shapes_fit) fitting.push_back(reading);
      if (fitting.size() > kMostNetworks) refuse_several(fitting);
      if (count > most) best = std::move(reading);
      most = std::max(most, count);
    }
    const auto leftovers = [](const Reading& r) { return !r.faults.empty(); };
    if (!std::all_of(fitting.begin(), fitting.end(), leftovers)) std::erase_if(fitting, leftovers);
    if (fitting.size() > 1) refuse_several(fitting);
    if (fitting.size() == 1) best = fitting[0];
    if (best.shapes_fit && best.faults.empty()) return best.found;
    refuse(best, most);
  }

  /// The same for names without any prefix.
  std::map<std::string, std::size_t> result_as_named() const {
    const Reading reading = read("");
    if (reading.faults.empty()) return reading.found;
    refuse(reading, reading.found.size());
  }

 private:
  [[noreturn]] void fail(const std::string& why) const { throw DataError(file_ + ": " + why); }

  void add(std::size_t i) {
    std::string full = plain(joined(tensors_[i].dictionary, tensors_[i].name));
    const auto [it, is_new] = index_.emplace(std::move(full), i);
    if (!is_new) fail("holds two tensors called " + shown(it->first));
  }

  /// How many of the graph's names follow each prefix.
  std::map<std::string, std::size_t> matches_by_prefix() const {
    std::set<std::string, std::less<>> names;
    std::ptrdiff_t dots = 0;
    for (const ParameterShape& p : parameters_) {
      names.insert(p.name);
      dots = std::max(dots, std::count(p.name.begin(), p.name.end(), '.'));
    }
    std::map<std::string, std::size_t> matches;
    for (const auto& [full, i] : index_) {
      std::size_t start = full.size();
      for (std::ptrdiff_t d = 0; d <= dots && start > 0; ++d) {
        const std::size_t dot = full.rfind('.', start - 1);
        start = dot == std::string::npos ? 0 : dot;
        const std::size_t begin = dot == std::string::npos ? 0 : dot + 1;
        if (names.contains(std::string_view(full).substr(begin))) ++matches[full.substr(0, begin)];
      }
    }
    return matches;
  }

  /// Of these prefixes those that the choice names: the one that it is, else all that it is part
  /// of.
  std::map<std::string, std::size_t> chosen(std::map<std::string, std::size_t> matches) const {
    if (choice_.name.empty()) return matches;
    const auto whole = std::find_if(matches.begin(), matches.end(), [&](const auto& match) {
      return choice_of(match.first) == choice_.name;
    });
    if (whole != matches.end()) return {*whole};
    std::map<std::string, std::size_t> named = matches;
    std::erase_if(named, [&](const auto& match) { return !has_part(match.first, choice_.name); });
    if (named.empty()) refuse_choice(matches);
    return named;
  }

  [[noreturn]] void refuse_choice(const std::map<std::string, std::size_t>& matches) const {
    std::vector<std::string> names;
    for (const auto& match : matches)
      if (read(match.first).shapes_fit) names.push_back(quoted_choice(match.first));
    fail("holds no tensors of " + network(graph_) + " under \"" + shown(choice_.name) + "\" (" +
         choice_.key + "); " +
         (names.empty() ? "nor under another name" + calls_them("")
                        : "expected " + some(names, 6, ", ")));
  }

  static std::string quoted_choice(const std::string& prefix) {
    return "\"" + shown(choice_of(prefix)) + "\"";
  }

  Reading read(const std::string& prefix) const {
    Reading reading{prefix, {}, {}, true};
    std::set<std::string> homes;
    std::set<std::size_t> used;
    for (const ParameterShape& p : parameters_) {
      const auto it = index_.find(prefix + p.name);
      const std::string fault = it == index_.end() ? p.name + " is missing" : misfit(p, it->second);
      reading.shapes_fit = reading.shapes_fit && fault.empty();
      if (!fault.empty()) reading.faults.push_back(fault);
      if (it == index_.end()) continue;
      reading.found[p.name] = it->second;
      used.insert(it->second);
      homes.insert(tensors_[it->second].dictionary);
    }
    add_leftovers(homes, used, reading);
    return reading;
  }

  std::string misfit(const ParameterShape& p, std::size_t i) const {
    const FileTensor& t = tensors_[i];
    if (!t.foreign_type.empty())
      return p.name + " is " + shown(t.foreign_type) + ", not 16-, 32- or 64-bit floats";
    if (t.shape != p.shape)
      return p.name + " is " + shape_text(t.shape) + " instead of " + shape_text(p.shape);
    return "";
  }

  /// Tensors of the network's own dictionary that the graph does not have. Where a network lies in
  /// one dictionary per layer, that is everything below the prefix.
  void add_leftovers(const std::set<std::string>& homes, const std::set<std::size_t>& used,
                     Reading& reading) const {
    std::vector<std::string> names;
    for (const auto& [full, i] : index_) {
      const FileTensor& t = tensors_[i];
      if (used.contains(i) || is_counter(t)) continue;
      const bool below = full.starts_with(reading.prefix);
      if (homes.size() > 1 ? !below : !homes.contains(t.dictionary)) continue;
      if (!choice_.name.empty() && (!below || is_of_another(full, reading.prefix))) continue;
      if (!below && is_criterion(t.name)) continue;
      names.push_back(shown(below ? full.substr(reading.prefix.size()) : full) +
                      " is not part of the network");
    }
    std::sort(names.begin(), names.end());
    reading.faults.insert(reading.faults.end(), names.begin(), names.end());
  }

  /// Whether a tensor below a prefix belongs to a network below it: "ema.conv1.weight" of "".
  bool is_of_another(const std::string& full, const std::string& prefix) const {
    return std::any_of(networks_.begin(), networks_.end(), [&](const std::string& other) {
      return other.size() > prefix.size() && other.starts_with(prefix) && full.starts_with(other);
    });
  }

  std::string calls_them(const std::string& start) const {
    std::vector<std::string> names;
    for (const FileTensor& t : tensors_) {
      const std::string full = joined(t.dictionary, t.name);
      if (!is_counter(t) && full.starts_with(start))
        names.push_back(shown(full) + " " + shape_text(t.shape));
    }
    std::sort(names.begin(), names.end());
    return ". The file's tensors are called " + some(names, 4, ", ");
  }

  [[noreturn]] void refuse_several(const std::vector<Reading>& readings) const {
    std::vector<std::string> names;
    for (const Reading& r : readings) names.push_back(quoted_choice(r.prefix));
    fail("holds several networks that fit " + network(graph_) + ": " + some(names, 6, ", ") +
         ". Name the one that is meant: " + choice_.key + " = " + names.front() + ", say");
  }

  [[noreturn]] void refuse(const Reading& best, std::size_t matches) const {
    Shapes bare;
    for (const auto& [full, i] : index_)
      if (full.starts_with(best.prefix)) bare[full.substr(best.prefix.size())] = tensors_[i].shape;
    std::string message;
    const std::string looks_like = architecture_of(bare);
    const bool foreign = 2 * matches < parameters_.size() && looks_like.empty();
    if (foreign)
      message = "does not hold " + network(graph_) + ": of that network's " +
                std::to_string(parameters_.size()) + " tensors it has " +
                (matches == 0 ? "none" : std::to_string(matches)) + " by name";
    else
      message = "does not fit " + network(graph_) + ": " + some(best.faults, 5, "; ");
    if (!looks_like.empty()) message += ". Its tensors are those of " + looks_like;
    message += calls_them("");
    if (foreign) message += ". " + what_can_be_run();
    fail(message);
  }

  const std::vector<FileTensor>& tensors_;
  const Graph& graph_;
  const std::string file_;
  const TensorChoice choice_;
  const std::vector<ParameterShape> parameters_;
  std::unordered_map<std::string, std::size_t> index_;  ///< by full name
  std::vector<std::string> networks_;  ///< prefixes before all of the graph's names
};

}  // namespace

std::string shown(const std::string& text) {
  constexpr std::size_t kLongest = 80;
  std::string s = text.substr(0, kLongest);
  for (char& c : s)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  if (text.size() <= kLongest) return s;
  while (!s.empty() && (static_cast<unsigned char>(s.back()) & 0xc0) == 0x80) s.pop_back();
  if (!s.empty() && (static_cast<unsigned char>(s.back()) & 0x80)) s.pop_back();
  return s + "...";
}

std::map<std::string, std::size_t> fit_names(const std::vector<FileTensor>& tensors,
                                             const Graph& graph, const std::string& file,
                                             const TensorChoice& choice) {
  return Fitting(tensors, graph, file, choice).result();
}

void check_weights(const Graph& graph, const Weights& weights, const std::string& file) {
  std::vector<FileTensor> tensors;
  for (const auto& [name, tensor] : weights) tensors.push_back({"", name, tensor.shape, ""});
  Fitting(tensors, graph, file).result_as_named();
  for (const auto& [name, tensor] : weights)
    if (tensor.values.size() != elements(tensor.shape))
      throw DataError(file + ": " + name + " has " + std::to_string(tensor.values.size()) +
                      " values instead of " + shape_text(tensor.shape));
}

}  // namespace ohmic
