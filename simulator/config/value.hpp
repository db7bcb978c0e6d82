// A parsed experiment file: TOML values that remember where they were written.
// toml++ stays behind value.cpp so that no other file pays for it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "simulator/error.hpp"

namespace ohmic {

class Value;
using Array = std::vector<Value>;

/// Keys in the order of the file, each once.
class Table {
 public:
  struct Entry;

  // Defined where an Entry is complete.
  Table();
  Table(const Table&);
  Table(Table&&) noexcept;
  Table& operator=(const Table&);
  Table& operator=(Table&&) noexcept;
  ~Table();

  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  /// The value of `key`, inserted at the end when absent.
  Value& operator[](std::string_view key);
  bool erase(std::string_view key);
  bool empty() const;
  std::size_t size() const;

  const std::vector<Entry>& entries() const { return entries_; }
  std::vector<Entry>& entries() { return entries_; }

 private:
  std::vector<Entry> entries_;
};

class Value {
 public:
  using Data = std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Table>;

  Value() = default;
  Value(Data data, Position where = {}) : data(std::move(data)), where(std::move(where)) {}

  bool is_table() const { return std::holds_alternative<Table>(data); }
  bool is_array() const { return std::holds_alternative<Array>(data); }
  const Table& table() const { return std::get<Table>(data); }
  Table& table() { return std::get<Table>(data); }
  const Array& array() const { return std::get<Array>(data); }

  /// The value at a dotted key below this table, or null; `models.0` is an array's first element.
  /// `set` makes the tables on the way; `key_where` is the place of keys that it makes. Of keys
  /// that have dots themselves ("a.b" in a file) the longest that is there goes first.
  const Value* at(std::string_view dotted_key) const;
  void set(std::string_view dotted_key, Value value, const Position& key_where = {});

  /// "a boolean", "an integer", "a real number", "a string", "an array", "a table".
  std::string kind() const;
  /// The value as TOML on one line, reals in the shortest form that reads back to the same bits.
  std::string text() const;

  Data data;
  Position where;
  bool permitted = false;  ///< what is unusual for its key is meant: the file says so
};

struct Table::Entry {
  std::string key;
  Value value;
  Position where;  ///< of the key itself
};

/// Parts of a dotted key that a file may hold, and the bytes of a file.
inline constexpr std::size_t kMostKeyParts = 32, kMostTomlBytes = std::size_t{16} << 20;
/// The parts of a dotted key.
std::size_t key_parts(std::string_view dotted_key);

/// Reads a TOML file. Throws ConfigError (syntax, with line and column; limits above) or DataError
/// (unreadable, no regular file, too large).
Value read_toml(const std::filesystem::path& file);
/// Parses TOML text; `name` stands for the file in messages.
Value parse_toml(std::string_view text, const std::string& name);
/// Applies "table.key=value"; the value is TOML, or a bare word taken as a string.
void apply_override(Value& root, std::string_view assignment);
/// A whole table as TOML text, nested tables as [headers], in the order of the tables.
std::string to_toml(const Value& root);

}  // namespace ohmic
