// The safetensors format: 8 bytes length of the header, JSON header, then the tensors' bytes.
// Source: https://github.com/huggingface/safetensors, README "Format".
#include <algorithm>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "nn/io/checkpoint.hpp"
#include "nn/io/file.hpp"
#include "nn/io/float_format.hpp"
#include "nn/io/weight_file.hpp"
#include "simulator/error.hpp"

namespace ohmic {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMostHeaderBytes = 100'000'000;  ///< the format's own limit

[[noreturn]] void refuse_damaged(const fs::path& file, const std::string& why) {
  throw DataError(file.string() + ": damaged or not safetensors: " + why);
}

struct Entry {
  std::string name, type;
  std::vector<std::int64_t> shape;
  std::vector<std::uint64_t> place;  ///< begin and end in the data
};

/// Takes the header as it is parsed: {"NAME": {"dtype": "F32", "shape": [...], "data_offsets":
/// [begin, end]}, "__metadata__": {"key": "text"}}. Anything else stops it with `why` set.
class SafetensorsHeader : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::vector<Entry> entries;
  Metadata metadata;
  std::string why;

  bool start_object(std::size_t) override {
    if (++depth_ > 2 || in_array_) return refuse("it is nested too deeply");
    return true;
  }
  bool key(string_t& key) override {
    if (depth_ == 1) return begin_entry(key);
    key_ = key;
    if (!keys_.insert(key).second) return refuse(here() + " has \"" + shown(key) + "\" twice");
    return true;
  }
  bool end_object() override {
    if (--depth_ == 1 && !is_metadata_) return end_entry();
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_array_ || is_metadata_ || (key_ != "shape" && key_ != "data_offsets"))
      return refuse(where() + " is a list");
    in_array_ = true;
    return true;
  }
  bool end_array() override {
    in_array_ = false;
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (!in_array_) return refuse(where() + " is a number");
    if (key_ == "data_offsets") {
      entries.back().place.push_back(value);
      return entries.back().place.size() <= 2 || refuse(where() + " has more than two numbers");
    }
    if (value > INT64_MAX) return refuse(where() + " is out of range");
    entries.back().shape.push_back(static_cast<std::int64_t>(value));
    return entries.back().shape.size() <= kMostDimensions ||
           refuse(where() + " has more than " + std::to_string(kMostDimensions) + " dimensions");
  }
  bool number_integer(number_integer_t value) override {
    return refuse(where() + " has the negative number " + std::to_string(value));
  }
  bool number_float(number_float_t, const string_t& text) override {
    return refuse(where() + " has " + shown(text) + ", which is no whole number");
  }
  bool string(string_t& value) override {
    if (in_array_ || depth_ != 2) return refuse(where() + " is a text");
    if (is_metadata_)
      metadata[key_] = value;
    else if (key_ == "dtype")
      entries.back().type = value;
    else
      return refuse(where() + " is a text");
    return true;
  }
  bool null() override { return refuse(where() + " is null"); }
  bool boolean(bool) override { return refuse(where() + " is no number or text"); }
  bool binary(binary_t&) override { return refuse(where() + " is binary"); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return refuse("its header is not a JSON object");
  }

 private:
  bool refuse(const std::string& reason) {
    if (why.empty()) why = depth_ == 0 ? "its header is not a JSON object" : reason;
    return false;
  }
  std::string here() const {
    if (depth_ < 1 || keys_at_top_.empty()) return "its header";
    return is_metadata_ ? "__metadata__" : "tensor " + shown(entries.back().name);
  }
  std::string where() const { return depth_ == 2 ? here() + ": \"" + shown(key_) + "\"" : here(); }

  bool begin_entry(const std::string& name) {
    if (!keys_at_top_.insert(name).second)
      return refuse("it has two tensors called " + shown(name));
    keys_.clear();
    is_metadata_ = name == "__metadata__";
    if (!is_metadata_) entries.push_back({name, {}, {}, {}});
    return true;
  }
  bool end_entry() {
    for (const char* needed : {"dtype", "shape", "data_offsets"})
      if (!keys_.contains(needed)) return refuse(here() + " has no \"" + needed + "\"");
    if (entries.back().place.size() != 2) return refuse(here() + " has no begin and end");
    return true;
  }

  int depth_ = 0;
  bool in_array_ = false, is_metadata_ = false;
  std::string key_;
  std::set<std::string> keys_, keys_at_top_;
};

/// Bits of one element; 0: unknown.
std::size_t bits_of(const std::string& type) {
  if (type == "BOOL") return 8;
  const std::size_t digit = type.find_first_of("0123456789");
  if (digit == std::string::npos || digit > 2) return 0;
  const std::string bits = type.substr(digit, type.find_first_not_of("0123456789", digit) - digit);
  for (const char* known : {"4", "6", "8", "16", "32", "64", "128"})
    if (bits == known) return static_cast<std::size_t>(std::stoi(bits));
  return 0;
}

const FloatFormat* format_of(const std::string& type) {
  return type == "F32"    ? &kFloat32
         : type == "F64"  ? &kFloat64
         : type == "F16"  ? &kFloat16
         : type == "BF16" ? &kBfloat16
                          : nullptr;
}

/// Without bytes where the type is none of these.
NumberFormat number_format_of(const std::string& type) {
  if (const FloatFormat* format = format_of(type)) return real_format(*format);
  for (const auto& [name, bytes] : {std::pair("8", 1), {"16", 2}, {"32", 4}, {"64", 8}}) {
    if (type == std::string("I") + name) return integer_format(true, bytes, false);
    if (type == std::string("U") + name) return integer_format(false, bytes, false);
  }
  return integer_format(false, type == "BOOL" ? 1 : 0, false);
}

/// Bytes that a tensor's shape needs, refused when they cannot be in `limit` bytes.
std::uint64_t needed_bytes(const fs::path& file, const Entry& e, std::uint64_t limit) {
  const std::size_t bits = bits_of(e.type);
  if (bits == 0)
    refuse_damaged(file, "tensor " + shown(e.name) + " has the unknown type " + shown(e.type));
  std::uint64_t n = 1;
  for (const std::int64_t extent : e.shape) {
    if (__builtin_mul_overflow(n, static_cast<std::uint64_t>(extent), &n) || n > 8 * limit)
      refuse_damaged(file, "tensor " + shown(e.name) + " is larger than the file");
  }
  return (n * bits + 7) / 8;
}

void check_place(const fs::path& file, const Entry& e, std::uint64_t data_bytes) {
  const std::uint64_t begin = e.place[0], end = e.place[1];
  if (begin > end || end > data_bytes)
    refuse_damaged(file, "tensor " + shown(e.name) + " lies at bytes " + std::to_string(begin) +
                             " to " + std::to_string(end) + ", but the file holds " +
                             std::to_string(data_bytes) + " bytes of data (truncated?)");
  const std::uint64_t needed = needed_bytes(file, e, data_bytes);
  if (end - begin != needed)
    refuse_damaged(file, "tensor " + shown(e.name) + " has " + std::to_string(end - begin) +
                             " bytes; its shape needs " + std::to_string(needed));
}

/// Every byte of the data belongs to one tensor.
void check_places(const fs::path& file, const std::vector<Entry>& entries,
                  std::uint64_t data_bytes) {
  std::vector<const Entry*> sorted;
  for (const Entry& e : entries) {
    check_place(file, e, data_bytes);
    sorted.push_back(&e);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const Entry* a, const Entry* b) { return a->place < b->place; });
  std::uint64_t at = 0;
  std::string before = "the header";
  for (const Entry* e : sorted) {
    if (e->place[0] != at)
      refuse_damaged(file, "tensor " + shown(e->name) + " begins at byte " +
                               std::to_string(e->place[0]) + ", but " + before + " ends at " +
                               std::to_string(at) + " (tensors neither overlap nor leave holes)");
    at = e->place[1];
    before = "tensor " + shown(e->name);
  }
  if (at != data_bytes)
    refuse_damaged(file, std::to_string(data_bytes - at) + " bytes follow the last tensor");
}

/// A file that was read, with what its header says.
struct Safetensors {
  fs::path file;
  std::string bytes;
  std::string_view data;
  std::vector<Entry> entries;
  Metadata metadata;

  explicit Safetensors(const fs::path& path) : file(path), bytes(read_bytes(path)) {
    const std::string_view header = header_text();
    data = std::string_view(bytes).substr(kLengthBytes + header.size());
    SafetensorsHeader reader;
    nlohmann::json::sax_parse(header, &reader);
    if (!reader.why.empty()) refuse_damaged(file, reader.why);
    check_places(file, reader.entries, data.size());
    entries = std::move(reader.entries);
    metadata = std::move(reader.metadata);
  }

  std::string_view header_text() const {
    if (bytes.size() < kLengthBytes)
      refuse_damaged(file, "it has " + std::to_string(bytes.size()) + " bytes");
    std::uint64_t length;
    std::memcpy(&length, bytes.data(), sizeof length);
    if (length > bytes.size() - kLengthBytes)
      refuse_damaged(file, "its header should have " + std::to_string(length) +
                               " bytes, but only " + std::to_string(bytes.size() - kLengthBytes) +
                               " follow");
    if (length > kMostHeaderBytes)
      refuse_damaged(file, "its header has " + std::to_string(length) + " bytes; at most " +
                               std::to_string(kMostHeaderBytes) + " are allowed");
    return std::string_view(bytes).substr(kLengthBytes, length);
  }

  HostTensor read(const Entry& e) const {
    const FloatFormat* format = format_of(e.type);
    OHMIC_ASSERT(format);
    return {e.shape, decode_floats(*format, data.substr(e.place[0], e.place[1] - e.place[0]))};
  }
};

bool is_integer(const std::string& type) {
  return type.starts_with("I") || type.starts_with("U") || type == "BOOL";
}

std::string make_header(const Checkpoint& checkpoint) {
  Json header = Json::object();
  if (!checkpoint.metadata.empty()) header["__metadata__"] = checkpoint.metadata;
  std::size_t at = 0;
  for (const auto& [name, tensor] : checkpoint.weights) {
    const std::size_t end = at + tensor.values.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

/// Which file beside the index holds each tensor, by {"weight_map": {NAME: FILE}}.
std::map<std::string, std::string> weight_map(const fs::path& index) {
  const auto fail = [&](const std::string& why) {
    throw DataError(index.string() + ": is no index of safetensors files: " + why);
  };
  if (std::error_code error; fs::file_size(index, error) > kMostHeaderBytes && !error)
    fail("it has more than " + std::to_string(kMostHeaderBytes) + " bytes");
  const nlohmann::json json = nlohmann::json::parse(
      read_bytes(index),
      [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
        if (depth > 8) fail("it is nested too deeply");
        return true;
      },
      false);
  const auto map = json.is_object() ? json.find("weight_map") : json.end();
  if (!json.is_object() || map == json.end() || !map->is_object() || map->empty())
    fail("expected {\"weight_map\": {\"TENSOR\": \"FILE\", ...}}");
  std::map<std::string, std::string> files;
  for (const auto& [name, file] : map->items()) {
    const std::string text = file.is_string() ? file.get<std::string>() : "";
    if (text.empty() || text == "." || text == ".." || text.find('/') != std::string::npos ||
        text.find('\0') != std::string::npos)
      fail(shown(name) + " lies in \"" + shown(text) + "\"; expected the name of a file beside it");
    files[name] = text;
  }
  return files;
}

}  // namespace

WeightFile open_safetensors(const fs::path& file) {
  const auto opened = std::make_shared<const Safetensors>(file);
  WeightFile result;
  result.metadata = opened->metadata;
  for (const Entry& e : opened->entries)
    result.tensors.push_back({"", e.name, e.shape, format_of(e.type) ? "" : "of type " + e.type});
  result.read = [opened](std::size_t i) { return opened->read(opened->entries.at(i)); };
  return result;
}

std::vector<StoredArray> safetensors_arrays(const fs::path& file) {
  const auto opened = std::make_shared<const Safetensors>(file);
  std::vector<StoredArray> arrays;
  for (const Entry& e : opened->entries)
    arrays.push_back({e.name, e.shape, number_format_of(e.type), false,
                      opened->data.substr(e.place[0], e.place[1] - e.place[0]), opened});
  return arrays;
}

std::vector<fs::path> shards_of(const fs::path& index) {
  std::set<fs::path> files;
  for (const auto& [name, file] : weight_map(index)) files.insert(index.parent_path() / file);
  return {files.begin(), files.end()};
}

WeightFile open_safetensors_index(const fs::path& index) {
  std::map<std::string, std::string> wanted = weight_map(index);
  WeightFile all;
  const auto place = std::make_shared<std::vector<std::pair<WeightFile, std::size_t>>>();
  for (const fs::path& shard : shards_of(index)) {
    const WeightFile part = open_safetensors(shard);
    all.metadata = part.metadata;
    for (std::size_t i = 0; i < part.tensors.size(); ++i) {
      const auto it = wanted.find(part.tensors[i].name);
      if (it == wanted.end() || it->second != shard.filename()) continue;
      wanted.erase(it);
      all.tensors.push_back(part.tensors[i]);
      place->push_back({{{}, part.read, {}}, i});
    }
  }
  if (!wanted.empty())
    throw DataError(index.string() + ": " + shown(wanted.begin()->first) + " should be in " +
                    shown(wanted.begin()->second) + ", which does not hold it");
  all.read = [place](std::size_t i) { return place->at(i).first.read(place->at(i).second); };
  return all;
}

Checkpoint read_safetensors(const fs::path& file) {
  const Safetensors opened(file);
  Checkpoint checkpoint{{}, opened.metadata};
  for (const Entry& e : opened.entries) {
    if (format_of(e.type))
      checkpoint.weights[e.name] = opened.read(e);
    else if (!is_integer(e.type))
      throw DataError(file.string() + ": tensor " + shown(e.name) + " has type " + shown(e.type) +
                      "; expected F32, F16, BF16 or F64");
  }
  return checkpoint;
}

void write_safetensors(const fs::path& file, const Checkpoint& checkpoint) {
  const std::string header = make_header(checkpoint);
  const std::uint64_t length = header.size();
  std::string data;
  for (const auto& [name, tensor] : checkpoint.weights)
    data.append(reinterpret_cast<const char*>(tensor.values.data()),
                tensor.values.size() * sizeof(float));
  replace_file(file, {{reinterpret_cast<const char*>(&length), sizeof length}, header, data});
}

}  // namespace ohmic
