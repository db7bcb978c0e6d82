#include "nn/io/pickle.hpp"

#include <cstring>
#include <unordered_map>
#include <utility>

#include "simulator/error.hpp"

namespace ohmic {
namespace {

using Kind = PickledValue::Kind;

[[noreturn]] void fail(const std::string& why) { throw DataError(why); }

PickledValue integer(std::int64_t value) { return {Kind::integer, 0, value}; }

bool is_dictionary_class(const std::string& global) {
  return global == "collections OrderedDict" || global == "collections defaultdict" ||
         global == "builtins dict" || global == "__builtin__ dict";
}

}  // namespace

/// Python's pickle machine: a stack, a memo, and operations of one byte.
class Pickle::Machine {
 public:
  Machine(Pickle& pickle, std::string_view bytes) : pickle_(pickle), bytes_(bytes) {}

  PickledValue run() {
    for (std::size_t n = 0; n < kMostOperations; ++n) {
      const char op = take<char>();
      if (op == '.') return pop();
      if (!constant(op) && !text_or_bytes(op) && !container(op) && !memo(op)) call(op);
    }
    fail("has a pickle of more than " + std::to_string(kMostOperations) + " operations");
  }
  std::size_t at() const { return at_; }

 private:
  template <class T>
  T take() {
    T value;
    std::memcpy(&value, take_bytes(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::string_view take_bytes(std::uint64_t n) {
    if (n > bytes_.size() - at_) fail("truncated");
    const std::string_view part = bytes_.substr(at_, n);
    at_ += n;
    return part;
  }
  PickledValue take_text(std::uint64_t n) {
    const auto begin = static_cast<std::int64_t>(at_);
    if (n > UINT32_MAX) fail("truncated");
    take_bytes(n);
    return {Kind::text, static_cast<std::uint32_t>(n), begin};
  }
  PickledValue take_line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) fail("truncated");
    const PickledValue line = take_text(end - at_);
    ++at_;
    return line;
  }
  /// Two's complement, least significant byte first; other where 64 bits do not hold it.
  PickledValue take_long(std::uint64_t n) {
    const std::string_view digits = take_bytes(n);
    if (n > 8) return {Kind::other, 0, 0};
    std::uint64_t value = n > 0 && (digits[n - 1] & 0x80) ? ~std::uint64_t{0} : 0;
    for (std::size_t i = n; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(digits[i]);
    return integer(static_cast<std::int64_t>(value));
  }

  PickledValue make(Kind kind) {
    pickle_.nodes_.emplace_back();
    return {kind, 0, static_cast<std::int64_t>(pickle_.nodes_.size() - 1)};
  }
  Node& node(PickledValue v) { return pickle_.nodes_[static_cast<std::size_t>(v.at)]; }

  void push(PickledValue v) { stack_.push_back(v); }
  PickledValue top() const {
    if (stack_.empty()) fail("damaged: nothing on the stack");
    return stack_.back();
  }
  PickledValue pop() {
    const PickledValue v = top();
    stack_.pop_back();
    return v;
  }
  /// Everything above the last mark; the mark goes too.
  std::vector<PickledValue> pop_to_mark() {
    std::size_t at = stack_.size();
    while (at > 0 && stack_[at - 1].kind != Kind::mark) --at;
    if (at == 0) fail("damaged: no mark on the stack");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(at);
    std::vector<PickledValue> items(begin, stack_.end());
    stack_.erase(begin - 1, stack_.end());
    return items;
  }
  std::vector<PickledValue> pop_several(std::size_t n) {
    if (stack_.size() < n) fail("damaged: nothing on the stack");
    const auto begin = stack_.end() - static_cast<std::ptrdiff_t>(n);
    std::vector<PickledValue> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    return items;
  }

  bool constant(char op) {
    switch (op) {
      case 'N':
        return push({}), true;
      case '\x88':
      case '\x89':
        return push(integer(op == '\x88')), true;
      case 'J':
        return push(integer(take<std::int32_t>())), true;
      case 'K':
        return push(integer(take<std::uint8_t>())), true;
      case 'M':
        return push(integer(take<std::uint16_t>())), true;
      case '\x8a':
        return push(take_long(take<std::uint8_t>())), true;
      case '\x8b':
        return push(take_long(take<std::uint32_t>())), true;
      case 'G':
        return push_other(8), true;
      default:
        return false;
    }
  }
  void push_other(std::uint64_t bytes) {
    take_bytes(bytes);
    push({Kind::other, 0, 0});
  }

  bool text_or_bytes(char op) {
    switch (op) {
      case 'X':
      case 'T':
        return push(take_text(take<std::uint32_t>())), true;
      case 'U':
      case '\x8c':
        return push(take_text(take<std::uint8_t>())), true;
      case '\x8d':
        return push(take_text(take<std::uint64_t>())), true;
      case 'B':
        return push_other(take<std::uint32_t>()), true;
      case 'C':
        return push_other(take<std::uint8_t>()), true;
      case '\x8e':
      case '\x96':
        return push_other(take<std::uint64_t>()), true;
      default:
        return false;
    }
  }

  bool container(char op) {
    switch (op) {
      case '(':
        return push({Kind::mark, 0, 0}), true;
      case '}':
        return push(make(Kind::dictionary)), true;
      case ']':
      case ')':
        return push(make(Kind::sequence)), true;
      case '\x85':
      case '\x86':
      case '\x87':
        return push_filled(Kind::sequence, pop_several(static_cast<unsigned char>(op) - 0x84u)),
               true;
      case 't':
      case 'l':
        return push_filled(Kind::sequence, pop_to_mark()), true;
      case 'd':
        return push_filled(Kind::dictionary, pop_to_mark()), true;
      case '\x8f':
        return push_other(0), true;
      case '\x91':
        return pop_to_mark(), push_other(0), true;
      case 's':
        return add(Kind::dictionary, pop_several(2)), true;
      case 'u':
        return add(Kind::dictionary, pop_to_mark()), true;
      case 'a':
        return add(Kind::sequence, pop_several(1)), true;
      case 'e':
        return add(Kind::sequence, pop_to_mark()), true;
      case '\x90':
        return add(Kind::other, pop_to_mark()), true;
      default:
        return false;
    }
  }
  void push_filled(Kind kind, std::vector<PickledValue> items) {
    if (kind == Kind::dictionary && items.size() % 2) fail("damaged: a key without a value");
    const PickledValue v = make(kind);
    node(v).items = std::move(items);
    push(v);
  }
  /// Adds items to what is on top. Objects keep keys and values, what is not kept keeps nothing.
  void add(Kind kind, const std::vector<PickledValue>& items) {
    const PickledValue to = top();
    const bool pairs = kind == Kind::dictionary;
    if (pairs && items.size() % 2) fail("damaged: a key without a value");
    if (to.kind == kind || (pairs && to.kind == Kind::object)) {
      if (kind != Kind::other)
        node(to).items.insert(node(to).items.end(), items.begin(), items.end());
    } else if (to.kind == Kind::sequence || to.kind == Kind::dictionary) {
      fail("damaged: an object is not of the kind that is needed");
    }
  }

  bool memo(char op) {
    switch (op) {
      case 'q':
        return remember(take<std::uint8_t>()), true;
      case 'r':
        return remember(take<std::uint32_t>()), true;
      case '\x94':
        return remember(static_cast<std::uint32_t>(memo_.size())), true;
      case 'h':
        return recall(take<std::uint8_t>()), true;
      case 'j':
        return recall(take<std::uint32_t>()), true;
      case '0':
        return pop(), true;
      case '1':
        return pop_to_mark(), true;
      case '2':
        return push(top()), true;
      case '\x80':
        return take_bytes(1), true;
      case '\x95':
        return take_bytes(8), true;
      default:
        return false;
    }
  }
  void remember(std::uint32_t index) { memo_[index] = top(); }
  void recall(std::uint32_t index) {
    const auto it = memo_.find(index);
    if (it == memo_.end()) fail("damaged: a reference to nothing");
    push(it->second);
  }

  void call(char op) {
    switch (op) {
      case 'c': {
        const PickledValue module = take_line();
        return push_filled(Kind::global, {module, take_line()});
      }
      case '\x93':
        return push_filled(Kind::global, pop_several(2));
      case '\x82':
        return push_other(1);
      case '\x83':
        return push_other(2);
      case '\x84':
        return push_other(4);
      case 'Q':
        return push_reference(pop());
      case 'R':
      case '\x81': {
        const std::vector<PickledValue> of = pop_several(2);
        return push_object(of[0], of[1]);
      }
      case '\x92': {
        const std::vector<PickledValue> of = pop_several(3);
        return push_object(of[0], of[1]);
      }
      case 'o':
      case 'i':
        return push_instance(op == 'i');
      case 'b':
        return build();
      default:
        fail("holds the unknown pickle code " + std::to_string(static_cast<unsigned char>(op)));
    }
  }
  void push_object(PickledValue callee, PickledValue arguments) {
    const PickledValue v =
        make(is_dictionary_class(pickle_.global_of(callee)) ? Kind::dictionary : Kind::object);
    node(v).callee = callee;
    node(v).arguments = arguments;
    push(v);
  }
  void push_instance(bool is_named) {
    PickledValue callee;
    if (is_named) {
      callee = make(Kind::global);
      node(callee).items = {take_line(), take_line()};
    }
    std::vector<PickledValue> arguments = pop_to_mark();
    if (!is_named) {
      if (arguments.empty()) fail("damaged: nothing on the stack");
      callee = arguments.front();
      arguments.erase(arguments.begin());
    }
    push_filled(Kind::sequence, std::move(arguments));
    push_object(callee, pop());
  }
  /// A storage, or in files of old a class with its source: ("module", class, file, source).
  void push_reference(PickledValue identity) {
    if (pickle_.text(pickle_.item(identity, 0)) == "module") return push(pickle_.item(identity, 1));
    const PickledValue v = make(Kind::reference);
    node(v).arguments = identity;
    push(v);
  }
  void build() {
    const PickledValue state = pop(), of = top();
    if (of.kind == Kind::object || of.kind == Kind::dictionary) node(of).state = state;
  }

  Pickle& pickle_;
  std::string_view bytes_;
  std::size_t at_ = 0;
  std::vector<PickledValue> stack_;
  std::unordered_map<std::uint32_t, PickledValue> memo_;
};

Pickle::Pickle(std::string_view& bytes) : bytes_(bytes) {
  Machine machine(*this, bytes);
  root_ = machine.run();
  bytes.remove_prefix(machine.at());
}

std::string_view Pickle::text(PickledValue v) const {
  if (v.kind != Kind::text) return {};
  return bytes_.substr(static_cast<std::size_t>(v.at), v.length);
}

std::string Pickle::global_of(PickledValue v) const {
  if (v.kind == Kind::object) v = node(v).callee;
  if (v.kind != Kind::global) return {};
  constexpr std::size_t kLongest = 100;  // of either name; none that is known is longer
  return std::string(text(node(v).items[0]).substr(0, kLongest)) + " " +
         std::string(text(node(v).items[1]).substr(0, kLongest));
}

PickledValue Pickle::item(PickledValue sequence, std::size_t i) const {
  if (sequence.kind != Kind::sequence || i >= node(sequence).items.size()) return {};
  return node(sequence).items[i];
}

PickledValue Pickle::find(PickledValue dictionary, std::string_view key) const {
  if (dictionary.kind != Kind::dictionary) return {};
  const std::vector<PickledValue>& items = node(dictionary).items;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2)
    if (items[i].kind == Kind::text && text(items[i]) == key) return items[i + 1];
  return {};
}

}  // namespace ohmic
