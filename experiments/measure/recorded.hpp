// What a run folder's own files hold, read as strictly as a stranger's: any of them may be damaged.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ohmic {

using RecordedJson = nlohmann::ordered_json;

/// JSON of at most 32 levels, each key once in its object. Throws DataError "PLACE: damaged: ..."
/// for anything else; `place` is the file, or "file:line" of a file with a value per line.
RecordedJson parse_recorded(std::string_view text, const std::string& place);

/// What the member sha256 of an object says of its other members, as one line.
enum class Digest { absent, right, wrong };
/// Adds it, in the last place.
void add_digest(RecordedJson& object);
/// Takes it out. Files of earlier versions have none.
Digest take_digest(RecordedJson& object);

/// Throws the DataError "PLACE: damaged: WHAT".
[[noreturn]] void say_damaged(const std::string& place, const std::string& what);

/// Moves a damaged file to NAME.damaged beside it, or NAME.damaged-2 and so on where that is taken,
/// and returns where it is. Throws OutputError.
std::filesystem::path set_damaged_aside(const std::filesystem::path&);

/// A member of an object. Throws as parse_recorded when it is absent.
const RecordedJson& member(const RecordedJson& object, const char* key, const std::string& place);
/// A value called `what`. Throws where it is no whole number in [least, most].
std::int64_t whole_of(const RecordedJson& value, const std::string& what, std::int64_t least,
                      std::int64_t most, const std::string& place);
/// Members that are whole numbers in [least, most], texts, lists.
std::int64_t whole_number(const RecordedJson& object, const char* key, std::int64_t least,
                          std::int64_t most, const std::string& place);
std::string text_of(const RecordedJson& object, const char* key, const std::string& place);
const RecordedJson& list_of(const RecordedJson& object, const char* key, const std::string& place);

/// Rows of a CSV whose rows are lines, under its header; a last line that is not whole is
/// left out. Throws DataError for a row that has not as many cells as the header, and as below.
class RecordedTable {
 public:
  /// Empty where there is no file.
  explicit RecordedTable(const std::filesystem::path& file);
  /// Of the text of that file.
  RecordedTable(const std::filesystem::path& file, const std::string& text);

  std::size_t rows() const { return cells_.size(); }
  const std::vector<std::string>& columns() const { return columns_; }
  /// Throws where there is no such column.
  const std::string& cell(std::size_t row, const std::string& column) const;
  /// NaN for an empty cell, and what "nan" and "inf" say; throws for what is no number.
  double real(std::size_t row, const std::string& column) const;
  /// A whole number in [least, most].
  std::int64_t whole(std::size_t row, const std::string& column, std::int64_t least,
                     std::int64_t most) const;
  /// "file:line" of a row.
  std::string place(std::size_t row) const;

 private:
  std::filesystem::path file_;
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> cells_;
};

}  // namespace ohmic
