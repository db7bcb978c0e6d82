#include "nn/io/npy.hpp"

#include <charconv>
#include <map>
#include <string>
#include <string_view>

#include "nn/io/file.hpp"
#include "nn/io/float_format.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDimensions = 64;  // NumPy's limit
constexpr const char* kAcceptedTypes =
    "expected float16, float32 or float64 (<f2, <f4, <f8, >f2, ...)";

struct Header {
  std::string type;  ///< as Python writes it, without quotes
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

/// Reads the header, a Python dictionary of a string or list, a bool and a tuple of integers.
class NpyHeaderReader {
 public:
  NpyHeaderReader(const fs::path& file, std::string_view text) : file_(file), text_(text) {}

  Header read() {
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      expect(':');
      if (!fields_.emplace(key, raw_value()).second) unreadable();
      if (!take(',') && peek() != '}') unreadable();
    }
    if (peek() != '\0' || fields_.size() != 3) unreadable();
    return {type(), flag(), shape()};
  }

 private:
  [[noreturn]] void unreadable() const {
    refuse_file(file_,
                "has an unreadable .npy header; expected {'descr': '<f4', 'fortran_order': False, "
                "'shape': (3, 32, 32)}");
  }

  void skip_blanks() {
    const std::size_t n = text_.find_first_not_of(" \t\r\n");
    text_.remove_prefix(n == text_.npos ? text_.size() : n);
  }
  char peek() {
    skip_blanks();
    return text_.empty() ? '\0' : text_[0];
  }
  bool take(char c) {
    const bool there = peek() == c && c != '\0';
    if (there) text_.remove_prefix(1);
    return there;
  }
  void expect(char c) {
    if (!take(c)) unreadable();
  }

  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') unreadable();
    const std::size_t end = text_.find(quote, 1);
    if (end == text_.npos) unreadable();
    const std::string inside(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return inside;
  }

  /// The text up to the comma or brace that ends a value, brackets and quotes closed.
  std::string raw_value() {
    skip_blanks();
    std::size_t n = 0;
    int depth = 0;
    char quote = '\0';
    for (; n < text_.size(); ++n) {
      const char c = text_[n];
      if (quote) {
        if (c == quote) quote = '\0';
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == '(' || c == '[' || c == '{') {
        ++depth;
      } else if (depth == 0 && (c == ',' || c == '}')) {
        break;
      } else if (c == ')' || c == ']' || c == '}') {
        --depth;
      }
    }
    std::string value(text_.substr(0, n));
    text_.remove_prefix(n);
    while (value.ends_with(' ')) value.pop_back();
    return value;
  }

  const std::string& field(const char* key) const {
    const auto it = fields_.find(key);
    if (it == fields_.end()) unreadable();
    return it->second;
  }

  std::string type() const {
    const std::string& text = field("descr");
    const bool is_quoted = text.size() >= 2 && (text[0] == '\'' || text[0] == '"');
    return is_quoted ? text.substr(1, text.size() - 2) : text;
  }

  bool flag() const {
    const std::string& text = field("fortran_order");
    if (text != "True" && text != "False") unreadable();
    return text == "True";
  }

  std::vector<std::int64_t> shape() const {
    NpyHeaderReader tuple(file_, field("shape"));
    std::vector<std::int64_t> sides;
    tuple.expect('(');
    while (!tuple.take(')')) {
      sides.push_back(tuple.integer());
      if (!tuple.take(',') && tuple.peek() != ')') unreadable();
    }
    if (tuple.peek() != '\0' || sides.size() > kDimensions) unreadable();
    return sides;
  }

  std::int64_t integer() {
    std::int64_t value = 0;
    skip_blanks();
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) unreadable();
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    take('L');  // Python 2
    return value;
  }

  const fs::path& file_;
  std::string_view text_;
  std::map<std::string, std::string> fields_;
};

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

/// Splits off the header; `bytes` keeps the data.
std::string_view take_header(const fs::path& file, std::string_view& bytes) {
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 12) refuse_file(file, "is not a .npy file");
  const int version = static_cast<std::uint8_t>(bytes[6]);
  if (version < 1 || version > 3)
    refuse_file(file,
                "is a .npy file of version " + std::to_string(version) + "; expected 1, 2 or 3");
  const std::size_t digits = version == 1 ? 2 : 4;
  const std::size_t length = little_endian(bytes.substr(8, digits));
  bytes.remove_prefix(8 + digits);
  if (length > bytes.size()) refuse_file(file, "is truncated in its header");
  if (length > kNpyHeaderBytes)
    refuse_file(file, "has a header of " + std::to_string(length) + " bytes; expected at most " +
                          std::to_string(kNpyHeaderBytes));
  const std::string_view header = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return header;
}

FloatFormat format_of(const fs::path& file, const std::string& type) {
  static const std::map<std::string, FloatFormat> known = {
      {"f2", kFloat16}, {"f4", kFloat32}, {"f8", kFloat64}};
  if (type.find('O') != type.npos)
    refuse_file(
        file,
        "holds Python objects (dtype object, a pickle), which are never unpickled; save it with a "
        "dtype of numbers: numpy.save(file, numpy.asarray(array, dtype=\"float32\")), which needs "
        "rows of one length");
  const auto it = known.find(type.empty() ? type : type.substr(1));
  if (it == known.end() || (type[0] != '<' && type[0] != '>' && type[0] != '='))
    refuse_file(file, "has elements of type " + type + "; " + kAcceptedTypes);
  FloatFormat format = it->second;
  format.big_endian = type[0] == '>';
  return format;
}

/// Bytes of a whole number of such a type; 0 where it is none.
int integer_bytes(const std::string& type) {
  static const std::string kinds = "iub";
  if (type.size() != 3 || kinds.find(type[1]) == kinds.npos) return 0;
  const int bytes = type[2] - '0';
  const bool known = bytes == 1 || (type[1] != 'b' && (bytes == 2 || bytes == 4 || bytes == 8));
  return known && std::string("<>=|").find(type[0]) != std::string::npos ? bytes : 0;
}

StoredArray array_in(const fs::path& name, std::string_view bytes, bool takes_integers,
                     std::shared_ptr<const void> owner) {
  const Header header = NpyHeaderReader(name, take_header(name, bytes)).read();
  const int whole = takes_integers ? integer_bytes(header.type) : 0;
  const NumberFormat format =
      whole > 0 ? integer_format(header.type[1] == 'i', whole, header.type[0] == '>')
                : real_format(format_of(name, header.type));
  StoredArray array{name.string(),        header.shape, format,
                    header.fortran_order, bytes,        std::move(owner)};
  check_size(array);
  return array;
}

}  // namespace

HostTensor read_npy(const fs::path& file) {
  const std::string content = read_bytes(file);
  return array_in(file, content, false, nullptr).whole();
}

StoredArray npy_array(const std::string& name, std::string_view bytes,
                      std::shared_ptr<const void> owner) {
  return array_in(name, bytes, true, std::move(owner));
}

}  // namespace ohmic
