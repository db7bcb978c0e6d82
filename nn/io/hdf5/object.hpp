// Objects of an HDF5 file: the messages in their headers, and what the messages say.
// Source: HDF5 File Format Specification 3.0, sections IV.A.1 and IV.A.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nn/io/float_format.hpp"
#include "nn/io/hdf5/cursor.hpp"

namespace ohmic::hdf5 {

enum class MessageType : std::uint16_t {
  dataspace = 0x01,
  link_info = 0x02,
  datatype = 0x03,
  link = 0x06,
  layout = 0x08,
  filters = 0x0b,
  attribute = 0x0c,
  continuation = 0x10,
  symbol_table = 0x11,
  attribute_info = 0x15,
};

struct Message {
  MessageType type;
  bool shared = false;  ///< the body lies elsewhere
  std::string_view body;
};

/// Messages of the object whose header lies at `address`.
std::vector<Message> read_messages(const File&, std::uint64_t address);
/// The first message of a type, whose body must lie here.
std::optional<Cursor> find(const std::vector<Message>&, MessageType, const char* what);

/// At most 32 dimensions, as in HDF5.
std::vector<std::int64_t> read_dataspace(const File&, Cursor);

struct Datatype {
  enum class Kind { floating, text, long_text, other } kind = Kind::other;
  std::uint32_t bytes = 0;  ///< of one element
  FloatFormat format;       ///< floating
  std::string name;         ///< of what is not a number with a point: "integer", "opaque", ...
};
/// Opaque elements of two bytes are bfloat16, as Keras stores it.
Datatype read_datatype(Cursor);

struct Attribute {
  std::string name;
  Datatype type;
  std::vector<std::int64_t> shape;
  std::string_view data;
};
Attribute read_attribute(const File&, std::string_view body);

/// Elements of an attribute that holds strings, of fixed or variable length.
std::vector<std::string> texts_of(const File&, const Attribute&);

/// Product of the sides; nothing beyond 2^48.
std::optional<std::uint64_t> elements(const std::vector<std::int64_t>& shape);

}  // namespace ohmic::hdf5
