#include "experiments/measure/recorded.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <sstream>

#include "experiments/measure/files.hpp"
#include "experiments/text/table.hpp"
#include "nn/io/sha256.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr int kDeepest = 32;
constexpr char kDigest[] = "sha256";
constexpr std::size_t kLongestQuote = 40;

/// A value as a message shows it.
std::string in_message(std::string text) {
  if (text.size() > kLongestQuote) text = text.substr(0, kLongestQuote) + "...";
  return text;
}

std::string in_message(const RecordedJson& value) {
  return value.is_structured()
             ? (value.is_array() ? "a list" : "an object")
             : in_message(value.dump(-1, ' ', true, RecordedJson::error_handler_t::replace));
}

std::int64_t line_of(std::string_view text, std::size_t byte) {
  return 1 + std::count(text.begin(), text.begin() + std::min(byte, text.size()), '\n');
}

}  // namespace

void say_damaged(const std::string& place, const std::string& what) {
  throw DataError(place + ": damaged: " + what);
}

std::filesystem::path set_damaged_aside(const std::filesystem::path& path) {
  const std::string name = path.string() + ".damaged";
  std::filesystem::path aside = name;
  for (int i = 2; std::filesystem::exists(aside); ++i) aside = fmt::format("{}-{}", name, i);
  std::error_code error;
  std::filesystem::rename(path, aside, error);
  if (error) throw OutputError(path.string() + ": cannot be set aside: " + error.message());
  return aside;
}

RecordedJson parse_recorded(std::string_view text, const std::string& place) {
  using Event = RecordedJson::parse_event_t;
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto within = [&](int depth, Event event, RecordedJson& parsed) {
    if (depth > kDeepest)
      say_damaged(place, fmt::format("its JSON has more than {} levels", kDeepest));
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key && !keys.back().insert(parsed.get<std::string>()).second)
      say_damaged(place, fmt::format("it has two members {}", in_message(parsed)));
    return true;
  };
  try {
    return RecordedJson::parse(text, within);
  } catch (const RecordedJson::parse_error& error) {
    const std::int64_t line = line_of(text, error.byte == 0 ? 0 : error.byte - 1);
    say_damaged(place, line > 1 ? fmt::format("not JSON from line {} on", line) : "not JSON");
  } catch (const RecordedJson::exception&) {
    say_damaged(place, "it has a number that no double holds");
  }
}

void add_digest(RecordedJson& object) { object[kDigest] = sha256(object.dump()); }

Digest take_digest(RecordedJson& object) {
  const auto digest = object.is_object() ? object.find(kDigest) : object.end();
  if (digest == object.end()) return Digest::absent;
  const RecordedJson said = *digest;
  object.erase(kDigest);
  return said == sha256(object.dump(-1, ' ', false, RecordedJson::error_handler_t::replace))
             ? Digest::right
             : Digest::wrong;
}

const RecordedJson& member(const RecordedJson& object, const char* key, const std::string& place) {
  if (!object.is_object())
    say_damaged(place, fmt::format("{} where an object was expected", in_message(object)));
  const auto found = object.find(key);
  if (found == object.end()) say_damaged(place, fmt::format("\"{}\" is missing", key));
  return *found;
}

std::int64_t whole_of(const RecordedJson& value, const std::string& what, std::int64_t least,
                      std::int64_t most, const std::string& place) {
  const bool fits = value.is_number_unsigned()
                        ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(most)
                        : value.is_number_integer();
  const std::int64_t number = fits ? value.get<std::int64_t>() : least - 1;
  if (number < least || number > most)
    say_damaged(place, fmt::format("{} is {}; expected a whole number in [{}, {}]", what,
                                   in_message(value), least, most));
  return number;
}

std::int64_t whole_number(const RecordedJson& object, const char* key, std::int64_t least,
                          std::int64_t most, const std::string& place) {
  return whole_of(member(object, key, place), key, least, most, place);
}

std::string text_of(const RecordedJson& object, const char* key, const std::string& place) {
  const RecordedJson& value = member(object, key, place);
  if (!value.is_string())
    say_damaged(place, fmt::format("{} is {}; expected text", key, in_message(value)));
  return value.get<std::string>();
}

const RecordedJson& list_of(const RecordedJson& object, const char* key, const std::string& place) {
  const RecordedJson& value = member(object, key, place);
  if (!value.is_array())
    say_damaged(place, fmt::format("{} is {}; expected a list", key, in_message(value)));
  return value;
}

RecordedTable::RecordedTable(const std::filesystem::path& file)
    : RecordedTable(file, std::filesystem::exists(file) ? read_whole(file, kMostOfLog) : "") {}

RecordedTable::RecordedTable(const std::filesystem::path& file, const std::string& text)
    : file_(file) {
  std::istringstream lines(text);
  std::string line;
  if (!std::getline(lines, line) || lines.eof()) return;
  columns_ = csv_cells(line);
  while (std::getline(lines, line) && !lines.eof()) {
    cells_.push_back(csv_cells(line));
    if (cells_.back().size() != columns_.size())
      say_damaged(place(rows() - 1),
                  fmt::format("\"{}\" has {} cells, the header {}", in_message(line),
                              cells_.back().size(), columns_.size()));
  }
}

std::string RecordedTable::place(std::size_t row) const {
  return fmt::format("{}:{}", file_.string(), row + 2);
}

const std::string& RecordedTable::cell(std::size_t row, const std::string& column) const {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found == columns_.end())
    say_damaged(file_.string() + ":1", fmt::format("there is no column {}", column));
  return cells_.at(row)[static_cast<std::size_t>(found - columns_.begin())];
}

double RecordedTable::real(std::size_t row, const std::string& column) const {
  const std::string& text = cell(row, column);
  if (text.empty()) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    say_damaged(place(row),
                fmt::format("{} is \"{}\"; expected a number", column, in_message(text)));
  return value;
}

std::int64_t RecordedTable::whole(std::size_t row, const std::string& column, std::int64_t least,
                                  std::int64_t most) const {
  const std::string& text = cell(row, column);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    say_damaged(place(row), fmt::format("{} is \"{}\"; expected a whole number in [{}, {}]", column,
                                        in_message(text), least, most));
  return value;
}

}  // namespace ohmic
