// Parameters are declared once, beside the member they set. From that one declaration come parsing,
// type and range checks, "did you mean", `ohmic describe`, the docs table and the resolved
// configuration that is stored with results.
//
//   struct Dac {
//     std::optional<int> bits;
//     static const Schema<Dac>& schema() {
//       static const Schema<Dac> s = [] {
//         Schema<Dac> s{"dac", "Digital to analog conversion of a layer's inputs."};
//         s.add("bits", &Dac::bits).range(1, 16).doc("Resolution; \"ideal\" means no converter.");
//         return s;
//       }();
//       return s;
//     }
//   };
//
// The default of a parameter is the value of its member in a default-constructed object.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "simulator/config/stage.hpp"
#include "simulator/config/value.hpp"

namespace ohmic {

class SchemaBase;

/// One declared parameter.
struct Parameter {
  std::string key;
  std::string type;    ///< "boolean", "integer", "real", "string", "list of ...", "table", ...
  std::string absent;  ///< the word that says "not there" for optional members, usually "ideal"
  std::string unit;    ///< "S", "s", "ohm", "1"; empty where none applies
  std::string doc;
  std::string source;  ///< paper, figure or table of the default or the equation
  std::vector<std::string> choices;
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool minimum_is_open = false;  ///< the minimum itself is refused
  /// Numbers outside are read only where the file permits them (Value::permitted): most of them are
  /// of another unit.
  double usual_minimum = -std::numeric_limits<double>::infinity();
  double usual_maximum = std::numeric_limits<double>::infinity();
  bool required = false;
  /// Whose results a change of it can change; absent: those of its table, everywhere without one.
  std::optional<Stages> stages;
  /// Left out of identities while it has its default: declared when points existed already, which
  /// are to be found again.
  bool joined_later = false;
  const SchemaBase* nested = nullptr;  ///< the schema of a sub-table

  /// Reads a value into the object; on failure appends faults. Set by Schema::add.
  std::function<void(const Value&, const std::string& key, const Parameter&, void* object,
                     std::vector<Fault>&)>
      read;
  /// The object's present value; monostate where there is none to write, or it is absent.
  std::function<Value(const void* object)> write;

  /// "[0, 10]", "> 0", ... or empty when every number will do.
  std::string interval() const;
  /// "at most 0.01", "200 to 500", ... or empty where every accepted number is usual.
  std::string usual_interval() const;
  /// "a real number in [0, 10]", "one of none, positive, range", ...
  std::string accepted() const;
};

/// Returned by Schema::add to say more about a parameter.
class ParameterBuilder {
 public:
  explicit ParameterBuilder(Parameter& p) : p_(p) {}
  ParameterBuilder& unit(std::string u) {
    p_.unit = std::move(u);
    return *this;
  }
  ParameterBuilder& doc(std::string d) {
    p_.doc = std::move(d);
    return *this;
  }
  ParameterBuilder& source(std::string s) {
    p_.source = std::move(s);
    return *this;
  }
  ParameterBuilder& range(double lo, double hi) {
    p_.minimum = lo;
    p_.maximum = hi;
    return *this;
  }
  ParameterBuilder& at_least(double lo) {
    p_.minimum = lo;
    return *this;
  }
  ParameterBuilder& above(double lo) {
    p_.minimum = lo;
    p_.minimum_is_open = true;
    return *this;
  }
  /// What numbers usually are; see Parameter::usual_minimum.
  ParameterBuilder& usual(double lo, double hi) {
    p_.usual_minimum = lo;
    p_.usual_maximum = hi;
    return *this;
  }
  ParameterBuilder& choices(std::vector<std::string> c) {
    p_.choices = std::move(c);
    return *this;
  }
  /// Another word than "ideal" for an optional member that is not there.
  ParameterBuilder& absent(std::string word) {
    p_.absent = std::move(word);
    return *this;
  }
  ParameterBuilder& required() {
    p_.required = true;
    return *this;
  }
  /// At these stages and at no other, whatever is said of its table. Who is in doubt says nothing:
  /// what is left out of a key makes a stale result believed.
  ParameterBuilder& counts(Stages stages) {
    p_.stages = stages;
    return *this;
  }
  /// Changes no result: threads, folders, titles.
  ParameterBuilder& keeps_numbers() { return counts({}); }
  /// For a parameter whose default is what was done before it existed.
  ParameterBuilder& joined_later() {
    p_.joined_later = true;
    return *this;
  }

 private:
  Parameter& p_;
};

/// The type-erased part: everything but the member pointers.
class SchemaBase {
 public:
  SchemaBase(std::string title, std::string doc) : title(std::move(title)), doc(std::move(doc)) {}

  const std::vector<Parameter>& parameters() const { return parameters_; }
  const Parameter* find(std::string_view key) const;

  /// Reads `table` into `object`: unknown keys, wrong types and values out of range become faults,
  /// all of them. `prefix` is the dotted key of the table itself. Keys in `ignored` are skipped.
  void read(const Value& table, const std::string& prefix, void* object, std::vector<Fault>& faults,
            const std::vector<std::string>& ignored = {}) const;
  /// Every parameter with its present value, in declared order.
  Value write(const void* object) const;
  /// The same of what counts at a stage. Parameters of which nothing counts are left out; in a
  /// sub-table of which something does they have their defaults. Defaults of what joined later are
  /// left out.
  Value write(const void* object, Stage) const;
  /// Where a key, or anything below it, counts; of a key that is not declared, what is around it.
  Stages stages_of(std::string_view dotted_key) const;

  std::string title;
  std::string doc;
  std::string manual;  ///< what tables do not say: a file format with an example, as it is printed
  /// A default-constructed object of the schema's type, whose members are the parameters' defaults.
  std::function<std::shared_ptr<void>()> make_default;

 protected:
  std::vector<Parameter> parameters_;
};

/// Runs a check that throws ConfigError and appends what it throws, each fault at its key's place
/// in `table` where it has none, and with `prefix` before its key.
void append_faults(const Value& table, const std::string& prefix, std::vector<Fault>& faults,
                   const std::function<void()>& check);

/// The nearest of `candidates` to a misspelt `word`, or empty when none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

namespace schema_detail {
// Readers and writers for each member type that may be declared; defined in schema.cpp for bool,
// int, std::int64_t, std::uint64_t, double, std::string, std::filesystem::path, std::vector of
// double / int / std::string, and std::optional<int> / std::optional<double> (absent: the word of
// Parameter::absent).
template <class M>
struct Access {
  static const char* type();
  static void read(const Value&, const std::string& key, const Parameter&, M& out,
                   std::vector<Fault>&);
  static Value write(const M&);
};

template <class M>
struct is_optional : std::false_type {};
template <class M>
struct is_optional<std::optional<M>> : std::true_type {};
template <class M>
concept HasSchema = requires {
  M::schema();
};

void read_enum(const Value&, const std::string& key, const Parameter&, int& index,
               std::vector<Fault>&);
/// Appends the fault "expected ..., got ...".
void refuse(const Value&, const std::string& key, const Parameter&, std::vector<Fault>&);
bool is_absent(const Value&, const Parameter&);
Value text_value(const std::string&);
/// Appends a fault that says how to permit what is unusual: "MESSAGE. If it is meant, ...".
void refuse_unusual(const Value&, const std::string& key, const std::string& message,
                    std::vector<Fault>&);
}  // namespace schema_detail

template <class T>
class Schema : public SchemaBase {
 public:
  Schema(std::string title, std::string doc) : SchemaBase(std::move(title), std::move(doc)) {
    make_default = [] { return std::static_pointer_cast<void>(std::make_shared<T>()); };
  }

  /// Plain members, optional numbers ("ideal" when absent), nested tables (types with a static
  /// schema()), and optional nested tables ("ideal" or a table).
  template <class M, class Owner>
  ParameterBuilder add(std::string key, M Owner::*member) {
    using namespace schema_detail;
    Parameter& p = append(std::move(key));
    if constexpr (HasSchema<M>) {
      p.type = "table";
      p.nested = &M::schema();
      p.read = [member](const Value& v, const std::string& k, const Parameter&, void* o,
                        std::vector<Fault>& f) { M::schema().read(v, k, &(self(o)->*member), f); };
      p.write = [member](const void* o) { return M::schema().write(&(self(o)->*member)); };
    } else if constexpr (is_optional<M>::value) {
      using Inner = typename M::value_type;
      p.absent = "ideal";
      if constexpr (HasSchema<Inner>) {
        p.type = "table";
        p.nested = &Inner::schema();
        p.read = [member](const Value& v, const std::string& k, const Parameter& q, void* o,
                          std::vector<Fault>& f) {
          if (is_absent(v, q)) return (self(o)->*member).reset();
          if (!v.is_table()) return refuse(v, k, q, f);
          Inner inner{};
          Inner::schema().read(v, k, &inner, f);
          self(o)->*member = std::move(inner);
        };
        p.write = [member](const void* o) {
          const auto& m = self(o)->*member;
          return m ? Inner::schema().write(&*m) : Value{};
        };
      } else {
        bind_plain(p, member);
      }
    } else {
      bind_plain(p, member);
    }
    return ParameterBuilder(p);
  }

  /// An enumeration, written in TOML as one of the names. The names are in the enum's order of
  /// values as given.
  template <class E, class Owner>
  ParameterBuilder add_choice(std::string key, E Owner::*member,
                              std::vector<std::pair<std::string, E>> names) {
    using namespace schema_detail;
    Parameter& p = append(std::move(key));
    p.type = "string";
    for (const auto& [name, value] : names) p.choices.push_back(name);
    p.read = [member, names](const Value& v, const std::string& k, const Parameter& self_p, void* o,
                             std::vector<Fault>& f) {
      int index = -1;
      read_enum(v, k, self_p, index, f);
      if (index >= 0) self(o)->*member = names[static_cast<std::size_t>(index)].second;
    };
    p.write = [member, names](const void* o) {
      for (const auto& [name, value] : names)
        if (value == self(o)->*member) return text_value(name);
      return Value{};
    };
    return ParameterBuilder(p);
  }

  /// Anything else: the caller reads and writes the member itself.
  ParameterBuilder add_custom(
      std::string key, std::string type,
      std::function<void(const Value&, const std::string& key, T&, std::vector<Fault>&)> read,
      std::function<Value(const T&)> write) {
    Parameter& p = append(std::move(key));
    p.type = std::move(type);
    p.read = [read](const Value& v, const std::string& k, const Parameter&, void* o,
                    std::vector<Fault>& f) { read(v, k, *self(o), f); };
    p.write = [write](const void* o) { return write(*self(o)); };
    return ParameterBuilder(p);
  }

  /// Reads a table into a T; faults are appended.
  void read_into(const Value& table, const std::string& prefix, T& object,
                 std::vector<Fault>& faults, const std::vector<std::string>& ignored = {}) const {
    read(table, prefix, &object, faults, ignored);
  }

 private:
  static T* self(void* o) { return static_cast<T*>(o); }
  static const T* self(const void* o) { return static_cast<const T*>(o); }

  Parameter& append(std::string key) {
    parameters_.emplace_back();
    parameters_.back().key = std::move(key);
    return parameters_.back();
  }

  template <class M, class Owner>
  void bind_plain(Parameter& p, M Owner::*member) {
    using A = schema_detail::Access<M>;
    p.type = A::type();
    if constexpr (std::is_same_v<M, std::uint64_t>) p.minimum = 0;
    p.read = [member](const Value& v, const std::string& k, const Parameter& q, void* o,
                      std::vector<Fault>& f) { A::read(v, k, q, self(o)->*member, f); };
    p.write = [member](const void* o) { return A::write(self(o)->*member); };
  }
};

}  // namespace ohmic
