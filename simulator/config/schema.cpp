#include "simulator/config/schema.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <filesystem>

namespace ohmic {
namespace {

/// A bound as one writes it: 10, not 10.0.
std::string bound_text(double bound) {
  std::string text = Value{bound}.text();
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// The value as a message shows it: the string "big", the integer 3, nothing.
std::string found(const Value& v) {
  const std::string kind = v.kind();
  const auto space = kind.find(' ');
  return space == std::string::npos ? kind : "the" + kind.substr(space) + " " + v.text();
}

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string near = did_you_mean(word, candidates);
  return near.empty() ? "" : "; did you mean \"" + near + "\"?";
}

bool in_range(double x, const Parameter& p) {
  return (p.minimum_is_open ? x > p.minimum : x >= p.minimum) && x <= p.maximum;
}

bool is_usual(double x, const Parameter& p) { return x >= p.usual_minimum && x <= p.usual_maximum; }

std::optional<double> number_of(const Value& v) {
  if (const auto* i = std::get_if<std::int64_t>(&v.data)) return static_cast<double>(*i);
  if (const auto* d = std::get_if<double>(&v.data); d && std::isfinite(*d)) return *d;
  return std::nullopt;
}

/// To ten digits: 0.11, not 0.11000000000000001.
std::string short_text(double x) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.10g", x);
  return buffer;
}

/// How one unit is mistaken for another: what was written times a factor, plus an offset.
struct Mistake {
  const char* unit;
  double factor, offset;
  const char* exponent;  ///< written behind the number instead of multiplying it
};
constexpr Mistake kMistakes[] = {
    {"S", 1e-6, 0, "e-6"},  // microsiemens
    {"S", 1e-3, 0, "e-3"},  // millisiemens
    {"V", 1e-3, 0, ""},     // millivolts
    {"s", 1e-9, 0, "e-9"},  // nanoseconds
    {"s", 1e-6, 0, "e-6"},  // microseconds
    {"Hz", 1e9, 0, "e9"},   // gigahertz
    {"Hz", 1e6, 0, "e6"},   // megahertz
    {"pJ", 1e-3, 0, ""},    // femtojoules
    {"pJ", 1e12, 0, ""},    // joules
    {"um^2", 1e6, 0, ""},   // square millimetres
    {"um^2", 1e12, 0, ""},  // square metres
    {"nm", 1e3, 0, ""},     // micrometres
    {"nm", 1e9, 0, ""},     // metres
    {"ohm", 1e-6, 0, ""},   // microohms
    {"K", 1, 273.15, ""},   // degrees Celsius
    {"1", 1e-2, 0, ""},     // per cent
    {"%", 1e2, 0, ""},      // a fraction
};

/// "; did you mean 225e-6?" where a number is of another unit than the parameter's.
std::string other_unit(const Value& v, const Parameter& p) {
  const auto x = number_of(v);
  if (!x || *x <= 0) return "";
  for (const Mistake& m : kMistakes) {
    const double meant = *x * m.factor + m.offset;
    const bool is_likely = p.unit == m.unit && in_range(meant, p) && is_usual(meant, p) &&
                           (p.unit != "S" || *x >= 1 || m.factor == 1e-3) &&
                           (p.unit != "1" || *x > 1) &&
                           (p.unit != "s" || std::isfinite(p.usual_maximum));
    if (!is_likely) continue;
    return "; did you mean " + (*m.exponent ? bound_text(*x) + m.exponent : short_text(meant)) +
           "?";
  }
  return "";
}

/// "225 S is more than the usual 0.01 S; did you mean 225e-6?"
std::string unusual_text(const Value& v, const Parameter& p) {
  const double x = *number_of(v);
  const bool more = x > p.usual_maximum;
  const std::string unit = p.unit == "1" ? "" : " " + p.unit;
  return bound_text(x) + unit + " is " + (more ? "more" : "less") + " than the usual " +
         bound_text(more ? p.usual_maximum : p.usual_minimum) + unit + other_unit(v, p);
}

template <class Integer>
bool fits(std::int64_t x) {
  return std::in_range<Integer>(x);
}

bool is_choice(const std::string& word, const Parameter& p) {
  return p.choices.empty() ||
         std::find(p.choices.begin(), p.choices.end(), word) != p.choices.end();
}

// take: whether `v` is an M that `p` accepts; if so it is in `out`.
bool take(const Value& v, const Parameter&, bool& out) {
  const bool* b = std::get_if<bool>(&v.data);
  if (b) out = *b;
  return b;
}

template <class Integer>
requires std::is_integral_v<Integer>
bool take(const Value& v, const Parameter& p, Integer& out) {
  const auto* i = std::get_if<std::int64_t>(&v.data);
  if (!i || !fits<Integer>(*i) || !in_range(static_cast<double>(*i), p)) return false;
  out = static_cast<Integer>(*i);
  return true;
}

bool take(const Value& v, const Parameter& p, double& out) {
  const auto* i = std::get_if<std::int64_t>(&v.data);
  const auto* d = std::get_if<double>(&v.data);
  if (!i && !d) return false;
  const double x = i ? static_cast<double>(*i) : *d;
  if (!std::isfinite(x) || !in_range(x, p)) return false;
  out = x;
  return true;
}

bool take(const Value& v, const Parameter& p, std::string& out) {
  const auto* s = std::get_if<std::string>(&v.data);
  if (!s || !is_choice(*s, p)) return false;
  out = *s;
  return true;
}

bool take(const Value& v, const Parameter& p, std::filesystem::path& out) {
  std::string text;
  if (!take(v, p, text)) return false;
  out = text;
  return true;
}

template <class M>
bool take(const Value& v, const Parameter& p, std::optional<M>& out) {
  if (schema_detail::is_absent(v, p)) {
    out.reset();
    return true;
  }
  M inner{};
  if (!take(v, p, inner)) return false;
  out = inner;
  return true;
}

template <class M>
bool take(const Value& v, const Parameter& p, std::vector<M>& out) {
  if (!v.is_array()) return false;
  std::vector<M> elements(v.array().size());
  for (std::size_t i = 0; i < elements.size(); ++i)
    if (!take(v.array()[i], p, elements[i])) return false;
  out = std::move(elements);
  return true;
}

Value give(bool x) { return {x}; }
Value give(int x) { return {std::int64_t{x}}; }
Value give(std::int64_t x) { return {x}; }
Value give(std::uint64_t x) { return {static_cast<std::int64_t>(x)}; }
Value give(double x) { return {x}; }
Value give(const std::string& x) { return {x}; }
Value give(const std::filesystem::path& x) { return {x.string()}; }

template <class M>
Value give(const std::optional<M>& x) {
  return x ? give(*x) : Value{};
}

template <class M>
Value give(const std::vector<M>& x) {
  Array array;
  for (const M& element : x) array.push_back(give(element));
  return {std::move(array)};
}

template <class M>
struct TypeName;
#define OHMIC_TYPE_NAME(M, name)       \
  template <>                          \
  struct TypeName<M> {                 \
    static constexpr auto text = name; \
  }
OHMIC_TYPE_NAME(bool, "boolean");
OHMIC_TYPE_NAME(int, "integer");
OHMIC_TYPE_NAME(std::int64_t, "integer");
OHMIC_TYPE_NAME(std::uint64_t, "integer");
OHMIC_TYPE_NAME(double, "real");
OHMIC_TYPE_NAME(std::string, "string");
OHMIC_TYPE_NAME(std::filesystem::path, "path");
OHMIC_TYPE_NAME(std::vector<double>, "list of reals");
OHMIC_TYPE_NAME(std::vector<int>, "list of integers");
OHMIC_TYPE_NAME(std::vector<std::string>, "list of strings");
OHMIC_TYPE_NAME(std::optional<int>, "integer");
OHMIC_TYPE_NAME(std::optional<double>, "real");
#undef OHMIC_TYPE_NAME

std::vector<std::string> keys_of(const std::vector<Parameter>& parameters) {
  std::vector<std::string> keys;
  for (const Parameter& p : parameters) keys.push_back(p.key);
  return keys;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string dotted(const std::string& prefix, const std::string& key) {
  return prefix.empty() ? key : prefix + "." + key;
}

Fault unknown_key(const Table::Entry& entry, const std::string& prefix,
                  const std::vector<std::string>& keys) {
  const std::string near = suggestion(entry.key, keys);
  return {entry.where, dotted(prefix, entry.key),
          "unknown key" + (near.empty() ? "; known here: " + join(keys) : near)};
}

bool has_default(const Value& table, const Value& defaults, const std::string& key) {
  const Value *value = table.at(key), *preset = defaults.at(key);
  return !value || (preset && value->text() == preset->text());
}

/// Where anything of a parameter counts in a table that counts `around`.
Stages reach(const Parameter& p, Stages around) {
  const Stages own = p.stages.value_or(around);
  Stages all = own;
  if (p.nested)
    for (const Parameter& inner : p.nested->parameters()) all = all | reach(inner, own);
  return all;
}

/// Leaves of a written table, which counts `around`, what counts at the stage. The others have
/// their defaults where the table is inside of another.
void keep(Value& table, const SchemaBase& schema, Stage stage, Stages around, bool is_inside) {
  const Value defaults = schema.write(schema.make_default().get());
  for (const Parameter& p : schema.parameters()) {
    const bool counts = reach(p, around).has(stage);
    const Value* preset = defaults.at(p.key);
    if (!counts && is_inside && preset) table.table()[p.key] = *preset;
    if ((!counts && !(is_inside && preset)) ||
        (p.joined_later && has_default(table, defaults, p.key)))
      table.table().erase(p.key);
    Value* nested = counts && p.nested ? table.table().find(p.key) : nullptr;
    if (nested && nested->is_table())
      keep(*nested, *p.nested, stage, p.stages.value_or(around), true);
  }
}

/// Damerau-Levenshtein distance (insert, delete, replace, swap neighbours), case ignored.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  const auto same = [&](std::size_t i, std::size_t j) {
    return std::tolower(static_cast<unsigned char>(a[i])) ==
           std::tolower(static_cast<unsigned char>(b[j]));
  };
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i)
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min(
          {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (same(i - 1, j - 1) ? 0 : 1)});
      if (i > 1 && j > 1 && same(i - 1, j - 2) && same(i - 2, j - 1))
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

}  // namespace

namespace schema_detail {

template <class M>
const char* Access<M>::type() {
  return TypeName<M>::text;
}

template <class M>
void Access<M>::read(const Value& v, const std::string& key, const Parameter& p, M& out,
                     std::vector<Fault>& faults) {
  if (!take(v, p, out)) return refuse(v, key, p, faults);
  if (const auto x = number_of(v); x && !is_usual(*x, p))
    refuse_unusual(v, key, unusual_text(v, p), faults);
}

template <class M>
Value Access<M>::write(const M& x) {
  return give(x);
}

template struct Access<bool>;
template struct Access<int>;
template struct Access<std::int64_t>;
template struct Access<std::uint64_t>;
template struct Access<double>;
template struct Access<std::string>;
template struct Access<std::filesystem::path>;
template struct Access<std::vector<double>>;
template struct Access<std::vector<int>>;
template struct Access<std::vector<std::string>>;
template struct Access<std::optional<int>>;
template struct Access<std::optional<double>>;

void read_enum(const Value& v, const std::string& key, const Parameter& p, int& index,
               std::vector<Fault>& faults) {
  std::string word;
  if (!take(v, p, word)) return refuse(v, key, p, faults);
  index = static_cast<int>(std::find(p.choices.begin(), p.choices.end(), word) - p.choices.begin());
}

void refuse(const Value& v, const std::string& key, const Parameter& p,
            std::vector<Fault>& faults) {
  const auto* word = std::get_if<std::string>(&v.data);
  faults.push_back({v.where, key,
                    "expected " + p.accepted() + ", got " + found(v) +
                        (word ? suggestion(*word, p.choices) : other_unit(v, p))});
}

void refuse_unusual(const Value& v, const std::string& key, const std::string& message,
                    std::vector<Fault>& faults) {
  if (v.permitted) return;
  faults.push_back({v.where, key,
                    message + (message.ends_with('?') ? " If" : ". If") +
                        " it is meant, write allow = [\"" + key + "\"] above the first table"});
}

bool is_absent(const Value& v, const Parameter& p) {
  const auto* word = std::get_if<std::string>(&v.data);
  return word && !p.absent.empty() && *word == p.absent;
}

Value text_value(const std::string& text) { return {text}; }

}  // namespace schema_detail

std::string Parameter::interval() const {
  const bool low = std::isfinite(minimum), high = std::isfinite(maximum);
  const std::string lo = bound_text(minimum), hi = bound_text(maximum);
  if (low && high) return (minimum_is_open ? "(" : "[") + lo + ", " + hi + "]";
  if (low) return (minimum_is_open ? "> " : ">= ") + lo;
  if (high) return "<= " + hi;
  return "";
}

std::string Parameter::usual_interval() const {
  const bool low = std::isfinite(usual_minimum) && usual_minimum > minimum;
  const bool high = std::isfinite(usual_maximum);
  if (low && high) return bound_text(usual_minimum) + " to " + bound_text(usual_maximum);
  if (low) return "at least " + bound_text(usual_minimum);
  if (high) return "at most " + bound_text(usual_maximum);
  return "";
}

std::string Parameter::accepted() const {
  const auto numbers = [this](const std::string& kind) {
    const std::string bounds = interval();
    const bool is_bracket = bounds.starts_with('[') || bounds.starts_with('(');
    return kind + (bounds.empty() ? "" : is_bracket ? " in " : " ") + bounds;
  };
  const auto one = [&]() -> std::string {
    if (type == "boolean") return "true or false";
    if (type == "integer") return numbers("an integer");
    if (type == "real") return numbers("a real number");
    if (type == "list of integers") return numbers("a list of integers");
    if (type == "list of reals") return numbers("a list of real numbers");
    if (type == "list of strings" && !choices.empty()) return "a list of any of " + join(choices);
    if (type == "list of strings") return "a list of strings";
    if (!choices.empty()) return "one of " + join(choices);
    if (type == "string" || type == "path" || type == "table") return "a " + type;
    return type;
  };
  return absent.empty() ? one() : one() + " or \"" + absent + "\"";
}

const Parameter* SchemaBase::find(std::string_view key) const {
  for (const Parameter& p : parameters_)
    if (p.key == key) return &p;
  return nullptr;
}

void SchemaBase::read(const Value& table, const std::string& prefix, void* object,
                      std::vector<Fault>& faults, const std::vector<std::string>& ignored) const {
  if (!table.is_table()) {
    faults.push_back({table.where, prefix, "expected a table, got " + found(table)});
    return;
  }
  for (const auto& entry : table.table().entries()) {
    if (contains(ignored, entry.key)) continue;
    if (const Parameter* p = find(entry.key))
      p->read(entry.value, dotted(prefix, entry.key), *p, object, faults);
    else
      faults.push_back(unknown_key(entry, prefix, keys_of(parameters_)));
  }
  for (const Parameter& p : parameters_)
    if (p.required && !table.table().find(p.key))
      faults.push_back({table.where, dotted(prefix, p.key), "missing; expected " + p.accepted()});
}

Value SchemaBase::write(const void* object) const {
  Value table{Table{}};
  for (const Parameter& p : parameters_) {
    Value value = p.write(object);
    if (value.data.index() == 0 && !p.absent.empty()) value = {p.absent};
    if (value.data.index() != 0) table.table()[p.key] = std::move(value);
  }
  return table;
}

Value SchemaBase::write(const void* object, Stage stage) const {
  Value table = write(object);
  keep(table, *this, stage, Stages::all(), false);
  return table;
}

Stages SchemaBase::stages_of(std::string_view dotted_key) const {
  Stages around = Stages::all();
  for (const SchemaBase* schema = this; schema;) {
    const auto dot = dotted_key.find('.');
    const Parameter* p = schema->find(dotted_key.substr(0, dot));
    if (!p) break;
    if (dot == std::string_view::npos || !p->nested) return reach(*p, around);
    around = p->stages.value_or(around);
    schema = p->nested;
    dotted_key.remove_prefix(dot + 1);
  }
  return around;
}

void append_faults(const Value& table, const std::string& prefix, std::vector<Fault>& faults,
                   const std::function<void()>& check) {
  try {
    check();
  } catch (const ConfigError& error) {
    for (Fault fault : error.faults()) {
      const Value* value = table.at(fault.key);
      if (fault.where.file.empty()) fault.where = value ? value->where : table.where;
      fault.key = fault.key.empty() ? prefix : dotted(prefix, fault.key);
      faults.push_back(std::move(fault));
    }
  }
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::string::npos;
  for (const std::string& candidate : candidates) {
    if (word.size() > 2 * candidate.size() + 2) continue;  // its edits alone are too many
    const std::size_t distance = edit_distance(word, candidate);
    const bool is_near = distance <= (std::max(word.size(), candidate.size()) + 2) / 4 ||
                         (word.size() >= 3 && candidate.starts_with(word));
    if (!is_near || distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace ohmic
