#include "nn/io/pickle.hpp"

#include <bit>
#include <cstring>
#include <unordered_map>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Kind = Pickled::Kind;

[[noreturn]] void fail(const std::string& why) { throw DataError(why); }

Pickled make(Kind kind) {
  Pickled p;
  p.kind = kind;
  if (kind == Kind::sequence) p.items = std::make_shared<std::vector<Pickled>>();
  if (kind == Kind::dictionary)
    p.entries = std::make_shared<std::vector<std::pair<Pickled, Pickled>>>();
  return p;
}

Pickled number(double value) {
  Pickled p = make(Kind::number);
  p.number = value;
  return p;
}

Pickled text(Kind kind, std::string value) {
  Pickled p = make(kind);
  p.text = std::move(value);
  return p;
}

const Pickled& expect(const Pickled& p, Kind kind) {
  if (p.kind != kind) fail("damaged: an object is not of the kind that is needed");
  return p;
}

const Pickled& item(const Pickled& sequence, std::size_t i) {
  expect(sequence, Kind::sequence);
  if (i >= sequence.items->size()) fail("damaged: too few arguments");
  return (*sequence.items)[i];
}

std::vector<std::int64_t> integers(const Pickled& sequence) {
  std::vector<std::int64_t> values;
  for (const Pickled& p : *expect(sequence, Kind::sequence).items)
    values.push_back(static_cast<std::int64_t>(expect(p, Kind::number).number));
  return values;
}

/// ("storage", global of its type, key, device, elements)
Pickled storage_of(const Pickled& id) {
  if (expect(item(id, 0), Kind::text).text != "storage") fail("damaged: an unknown persistent id");
  Pickled p = make(Kind::storage);
  p.tensor = std::make_shared<PickledTensor>();
  p.tensor->storage_type = expect(item(id, 1), Kind::global).text;
  p.tensor->storage = expect(item(id, 2), Kind::text).text;
  return p;
}

Pickled rebuild_tensor(const Pickled& arguments) {
  Pickled p = make(Kind::tensor);
  p.tensor = std::make_shared<PickledTensor>(*expect(item(arguments, 0), Kind::storage).tensor);
  p.tensor->offset = static_cast<std::int64_t>(expect(item(arguments, 1), Kind::number).number);
  p.tensor->shape = integers(item(arguments, 2));
  p.tensor->strides = integers(item(arguments, 3));
  return p;
}

/// What calling a global would give, for those that only make data.
Pickled call(const Pickled& global, const Pickled& arguments) {
  const std::string& name = expect(global, Kind::global).text;
  if (name == "collections OrderedDict") return make(Kind::dictionary);
  if (name == "torch._utils _rebuild_tensor" || name == "torch._utils _rebuild_tensor_v2")
    return rebuild_tensor(arguments);
  const bool wraps_its_first_argument =
      name == "torch._utils _rebuild_parameter" || name.starts_with("torch.jit._pickle build_");
  if (wraps_its_first_argument) return item(arguments, 0);
  if (name.starts_with("__torch__")) return make(Kind::dictionary);
  fail("holds more than tensors (" + name +
       "); it could run code, so it is not read. In Python: torch.save(model.state_dict(), FILE)");
}

class Machine {
 public:
  explicit Machine(std::string_view& bytes) : bytes_(bytes) {}

  Pickled run() {
    while (true) {
      const char op = take<char>();
      if (op == '.') return pop();
      if (!constant(op) && !container(op)) other(op);
    }
  }

 private:
  template <class T>
  T take() {
    T value;
    std::memcpy(&value, take_bytes(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view take_bytes(std::size_t n) {
    if (n > bytes_.size()) fail("truncated");
    const std::string_view part = bytes_.substr(0, n);
    bytes_.remove_prefix(n);
    return part;
  }
  std::string take_line() {
    const std::size_t end = bytes_.find('\n');
    if (end == std::string_view::npos) fail("truncated");
    const std::string line(take_bytes(end));
    take_bytes(1);
    return line;
  }

  void push(Pickled p) { stack_.push_back(std::move(p)); }
  Pickled pop() {
    Pickled p = top();
    stack_.pop_back();
    return p;
  }
  const Pickled& top() const {
    if (stack_.empty()) fail("damaged: nothing on the stack");
    return stack_.back();
  }
  /// Everything above the last mark; the mark goes too.
  std::vector<Pickled> pop_to_mark() {
    std::size_t at = stack_.size();
    while (at > 0 && stack_[at - 1].kind != Kind::mark) --at;
    if (at == 0) fail("damaged: no mark on the stack");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(at);
    std::vector<Pickled> items(begin, stack_.end());
    stack_.erase(begin - 1, stack_.end());
    return items;
  }
  void push_tuple(std::size_t n) {
    Pickled p = make(Kind::sequence);
    p.items->resize(n);
    while (n-- > 0) (*p.items)[n] = pop();
    push(std::move(p));
  }

  double big_endian_double() {
    return std::bit_cast<double>(__builtin_bswap64(take<std::uint64_t>()));
  }
  double long_integer() {
    const std::string_view digits = take_bytes(take<std::uint8_t>());
    double value = 0;
    for (std::size_t i = digits.size(); i-- > 0;)
      value = value * 256 + static_cast<unsigned char>(digits[i]);
    return value;
  }

  bool constant(char op) {
    switch (op) {
      case 'N':
        return push(make(Kind::none)), true;
      case '\x88':
        return push(number(1)), true;
      case '\x89':
        return push(number(0)), true;
      case 'J':
        return push(number(take<std::int32_t>())), true;
      case 'K':
        return push(number(take<std::uint8_t>())), true;
      case 'M':
        return push(number(take<std::uint16_t>())), true;
      case '\x8a':
        return push(number(long_integer())), true;
      case 'G':
        return push(number(big_endian_double())), true;
      case 'X':
        return push(text(Kind::text, std::string(take_bytes(take<std::uint32_t>())))), true;
      case 'U':
        return push(text(Kind::text, std::string(take_bytes(take<std::uint8_t>())))), true;
      default:
        return false;
    }
  }

  bool container(char op) {
    switch (op) {
      case '(':
        return push(make(Kind::mark)), true;
      case '}':
        return push(make(Kind::dictionary)), true;
      case ']':
      case ')':
        return push(make(Kind::sequence)), true;
      case '\x85':
        return push_tuple(1), true;
      case '\x86':
        return push_tuple(2), true;
      case '\x87':
        return push_tuple(3), true;
      case 't':
        return close_tuple(), true;
      case 's':
        return set_items({second(), pop_value()}), true;
      case 'u':
        return set_items(pop_to_mark()), true;
      case 'a':
        return append({pop()}), true;
      case 'e':
        return append(pop_to_mark()), true;
      default:
        return false;
    }
  }

  void other(char op) {
    switch (op) {
      case '\x80':
        take<std::uint8_t>();
        return;
      case 'q':
        memo_[take<std::uint8_t>()] = top();
        return;
      case 'r':
        memo_[take<std::uint32_t>()] = top();
        return;
      case 'h':
        return recall(take<std::uint8_t>());
      case 'j':
        return recall(take<std::uint32_t>());
      case 'c':
        return global();
      case 'Q':
        return push(storage_of(pop()));
      case 'R':
      case '\x81':
        return reduce();
      case 'b':
        return build();
      default:
        fail("holds the unknown pickle code " + std::to_string(static_cast<unsigned char>(op)));
    }
  }

  // SETITEM has its key and value above the dictionary.
  Pickled second() {
    if (stack_.size() < 3) fail("damaged: nothing on the stack");
    return stack_[stack_.size() - 2];
  }
  Pickled pop_value() {
    Pickled value = pop();
    pop();
    return value;
  }

  void close_tuple() {
    Pickled p = make(Kind::sequence);
    *p.items = pop_to_mark();
    push(std::move(p));
  }
  void set_items(const std::vector<Pickled>& items) {
    auto& entries = *expect(top(), Kind::dictionary).entries;
    if (items.size() % 2) fail("damaged: a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2) entries.emplace_back(items[i], items[i + 1]);
  }
  void append(const std::vector<Pickled>& items) {
    auto& list = *expect(top(), Kind::sequence).items;
    list.insert(list.end(), items.begin(), items.end());
  }
  void recall(std::uint32_t index) {
    const auto it = memo_.find(index);
    if (it == memo_.end()) fail("damaged: a reference to nothing");
    push(it->second);
  }
  void global() {
    const std::string module = take_line();
    push(text(Kind::global, module + " " + take_line()));
  }
  void reduce() {
    const Pickled arguments = pop();
    push(call(pop(), arguments));
  }
  /// The state of an object: that of a TorchScript module is its attributes; a dictionary's own
  /// (state_dict()._metadata) is of no use here.
  void build() {
    const Pickled state = pop();
    if (top().kind == Kind::dictionary && top().entries->empty() && state.kind == Kind::dictionary)
      *top().entries = *state.entries;
  }

  std::string_view& bytes_;
  std::vector<Pickled> stack_;
  std::unordered_map<std::uint32_t, Pickled> memo_;
};

}  // namespace

const Pickled* Pickled::find(std::string_view key) const {
  if (kind != Kind::dictionary) return nullptr;
  for (const auto& [name, value] : *entries)
    if (name.kind == Kind::text && name.text == key) return &value;
  return nullptr;
}

Pickled read_pickle(std::string_view& bytes) { return Machine(bytes).run(); }

}  // namespace ohmic
