#include "devices/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "simulator/config/text_file.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

[[noreturn]] void fail_at(const std::string& file, int line, const std::string& what) {
  throw DataError(file + ":" + std::to_string(line) + ": " + what);
}

/// UTF-8 without its mark, every line ending in one LF.
std::string plain_lines(std::string text, const std::string& file) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    fail_at(file, 1, "is UTF-16; expected UTF-8 or ASCII");
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  std::string out;
  out.reserve(text.size() + 1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r')
      out += text[i];
    else if (i + 1 == text.size() || text[i + 1] != '\n')
      out += '\n';
  }
  if (!out.empty() && out.back() != '\n') out += '\n';
  return out;
}

/// Takes a table's text apart, record by record.
class Splitter {
 public:
  Splitter(std::string text, std::string file) : text_(std::move(text)), file_(std::move(file)) {}

  /// The cells of the next record that is no comment; none at the end. `line` is where it began.
  std::vector<std::string> next(int& line) {
    skip_comments();
    line = line_;
    std::vector<std::string> cells;
    while (at_ < text_.size()) {
      cells.push_back(cell());
      if (text_[at_++] == ',') continue;
      ++line_;
      break;
    }
    return cells;
  }

 private:
  void skip_comments() {
    while (at_ < text_.size()) {
      const auto first = text_.find_first_not_of(" \t", at_);
      if (text_[first] != '\n' && text_[first] != '#') return;
      at_ = text_.find('\n', first) + 1;
      ++line_;
    }
  }

  /// Up to the comma or the line's end, which is left.
  std::string cell() {
    const auto first = text_.find_first_not_of(" \t", at_);
    if (text_[first] == '"') return quoted(first + 1);
    const auto end = text_.find_first_of(",\n", at_);
    const std::string found = trimmed(text_.substr(at_, end - at_));
    at_ = end;
    return found;
  }

  std::string quoted(std::size_t i) {
    std::string found;
    const int began = line_;
    for (; i < text_.size(); ++i) {
      if (text_[i] == '\n') ++line_;
      if (text_[i] != '"') {
        found += text_[i];
      } else if (text_[i + 1] == '"') {
        found += text_[i++];
      } else {
        at_ = text_.find_first_not_of(" \t", i + 1);
        if (text_[at_] == ',' || text_[at_] == '\n') return found;
        fail_at(file_, line_, "expected a comma behind a quoted cell");
      }
    }
    fail_at(file_, began, "a quote is not closed");
  }

  std::string text_, file_;  ///< the text's last character is a line's end
  std::size_t at_ = 0;
  int line_ = 1;
};

void check_separator(const CsvTable& table, int line) {
  if (table.header.size() > 1) return;
  for (const char other : {';', '\t'})
    if (table.header.front().find(other) != std::string::npos)
      fail_at(table.file, line,
              std::string("cells are parted by ") + (other == ';' ? "semicolons" : "tabs") +
                  "; expected commas, and points in numbers");
}

}  // namespace

int CsvTable::find(const std::string& column) const {
  const auto at = std::find(header.begin(), header.end(), column);
  return at == header.end() ? -1 : static_cast<int>(at - header.begin());
}

void CsvTable::fail(std::size_t row, const std::string& what) const {
  fail_at(file, lines[row], what);
}

double CsvTable::number(std::size_t row, int column) const {
  const std::string& text = rows[row][static_cast<std::size_t>(column)];
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* const behind = text.data() + text.size();
  double value = 0;
  const auto [end, error] = std::from_chars(begin, behind, value);
  if (error != std::errc() || end != behind || !std::isfinite(value))
    fail(row,
         header[static_cast<std::size_t>(column)] + ": expected a number, got \"" + text + "\"");
  return value;
}

CsvTable read_csv(const std::filesystem::path& file) {
  CsvTable table;
  table.file = file.string();
  Splitter splitter(plain_lines(read_text_file(file, kMostBytes), table.file), table.file);
  int line = 0;
  table.header = splitter.next(line);
  if (table.header.empty()) throw DataError(table.file + ": has no header line");
  check_separator(table, line);
  for (auto cells = splitter.next(line); !cells.empty(); cells = splitter.next(line)) {
    table.rows.push_back(std::move(cells));
    table.lines.push_back(line);
    if (table.rows.back().size() != table.header.size())
      table.fail(table.rows.size() - 1, "expected " + std::to_string(table.header.size()) +
                                            " cells as in the header, got " +
                                            std::to_string(table.rows.back().size()));
  }
  return table;
}

std::pair<std::string, std::string> name_and_unit(const std::string& column,
                                                  const std::vector<std::string>& units) {
  const auto open = column.find_first_of("([");
  if (open != std::string::npos && (column.back() == ')' || column.back() == ']'))
    return {trimmed(column.substr(0, open)),
            trimmed(column.substr(open + 1, column.size() - open - 2))};
  const auto underscore = column.rfind('_');
  if (underscore == std::string::npos) return {column, ""};
  const std::string last = column.substr(underscore + 1);
  if (std::find(units.begin(), units.end(), last) == units.end()) return {column, ""};
  return {column.substr(0, underscore), last};
}

}  // namespace ohmic
