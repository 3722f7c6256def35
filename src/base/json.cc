#include "base/json.h"

#include <charconv>
#include <cmath>

#include "base/json_writer.h"
#include "base/utf8.h"

namespace agena::json {
namespace {

constexpr double kInt64Bound = 9223372036854775808.0;  // 2^63: the first double above int64_t.

// std::from_chars knows no plus sign.
std::string_view without_plus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return text;
}

std::optional<int64_t> text_to_int64(std::string_view text) {
  text = without_plus(text);
  int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> text_to_double(std::string_view text) {
  text = without_plus(text);
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!std::isfinite(number)) return std::nullopt;
  return number;
}

bool is_bare(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         c == '$' || c == '-' || c == '+' || c == '.';
}

// Recursive descent; the depth limit bounds the stack. Every function leaves `at_` behind what it
// consumed, and every byte is looked at a constant number of times.
class Parser {
 public:
  Parser(std::string_view text, Limits limits) : text_(text), limits_(limits) {}

  Result<Value> document() {
    Value root;
    TRY_OK(value(root, 0));
    skip_blanks();
    if (at_ != text_.size()) return bad("text after the end of the document");
    return root;
  }

 private:
  Error bad(std::string_view why) const {
    return {Errc::bad_json, "at byte " + std::to_string(at_) + ": " + std::string(why)};
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool eat(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return;
      ++at_;
    }
  }

  Status value(Value& into, uint32_t depth) {
    if (++nodes_ > limits_.nodes_max) {
      return Error{Errc::limit_exceeded,
                   "JSON has more than " + std::to_string(limits_.nodes_max) + " values"};
    }
    skip_blanks();
    switch (peek()) {
      case '{':
      case '[':
        if (depth >= limits_.depth_max) {
          return Error{Errc::limit_exceeded,
                       "JSON nests deeper than " + std::to_string(limits_.depth_max)};
        }
        return peek() == '{' ? object(into, depth + 1) : array(into, depth + 1);
      case '"':
      case '\'': {
        std::string text;
        TRY_OK(quoted(text));
        into = Value(std::move(text));
        return ok();
      }
      default:
        return word(into);
    }
  }

  Status array(Value& into, uint32_t depth) {
    Value::Array items;
    ++at_;
    for (skip_blanks(); !eat(']'); skip_blanks()) {
      TRY_OK(value(items.emplace_back(), depth));
      skip_blanks();
      if (!eat(',') && peek() != ']') return bad("expected , or ]");
    }
    into = Value(std::move(items));
    return ok();
  }

  Status object(Value& into, uint32_t depth) {
    Value::Object members;
    ++at_;
    for (skip_blanks(); !eat('}'); skip_blanks()) {
      Member& member = members.emplace_back();
      TRY_OK(key(member.key, depth));
      skip_blanks();
      if (!eat(':')) return bad("expected :");
      TRY_OK(value(member.value, depth));
      skip_blanks();
      if (!eat(',') && peek() != '}') return bad("expected , or }");
    }
    into = Value(std::move(members));
    return ok();
  }

  Status key(Value& into, uint32_t depth) {
    const char first = peek();
    if (first == '{' || first == '"' || first == '\'') {
      if (first != '{') --nodes_;  // A name counts together with its value.
      return value(into, depth);
    }
    const std::string_view name = bare();
    if (name.empty()) return bad("expected a member name");
    into = Value(std::string(name));
    return ok();
  }

  std::string_view bare() {
    const size_t begin = at_;
    while (at_ < text_.size() && is_bare(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  // A number, true, false or null.
  Status word(Value& into) {
    const size_t begin = at_;
    const std::string_view name = bare();
    if (name == "null") {
      into = Value();
    } else if (name == "true" || name == "false") {
      into = Value(name == "true");
    } else if (!number(name, into)) {
      at_ = begin;
      return bad(at_ == text_.size() ? "unexpected end" : "expected a value");
    }
    return ok();
  }

  static bool number(std::string_view name, Value& into) {
    if (name.empty() || name.find_first_not_of("+-.0123456789eE") != name.npos) return false;
    if (const auto integer = text_to_int64(name)) {
      into = Value(*integer);
    } else if (const auto real = text_to_double(name)) {
      into = Value(*real);
    } else {
      return false;
    }
    return true;
  }

  Status quoted(std::string& into) {
    const char quote = text_[at_++];
    while (true) {
      const size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\\') ++at_;
      append_whole(into, text_.substr(begin, at_ - begin));
      if (at_ == text_.size()) return bad("a string does not end");
      if (text_[at_++] == quote) return ok();
      TRY_OK(escape(into));
    }
  }

  // Behind the backslash. \v, \0, \' and \xHH are JavaScript's; old writers used them.
  Status escape(std::string& into) {
    constexpr std::string_view kNames = "\"\\/'bfnrtv0";
    constexpr std::string_view kMeant("\"\\/'\b\f\n\r\t\v\0", 11);
    const char name = peek();
    if (at_ < text_.size() && (name == 'u' || name == 'x')) {
      ++at_;
      return escaped_point(into, name == 'u' ? 4 : 2);
    }
    const size_t which = at_ < text_.size() ? kNames.find(name) : kNames.npos;
    if (which == kNames.npos) return bad("unknown escape");
    into.push_back(kMeant[which]);
    ++at_;
    return ok();
  }

  Status escaped_point(std::string& into, size_t digits) {
    auto first = hex(digits);
    if (!first) return bad("expected hexadecimal digits");
    uint32_t point = *first;
    if (point >= 0xD800 && point < 0xE000) {
      const size_t behind = at_;
      std::optional<uint32_t> low;
      if (point < 0xDC00 && eat('\\') && eat('u')) low = hex(4);
      if (low && *low >= 0xDC00 && *low < 0xE000) {
        point = 0x10000 + ((point - 0xD800) << 10) + (*low - 0xDC00);
      } else {
        point = 0xFFFD;  // Half a pair; what follows it is read on its own.
        at_ = behind;
      }
    }
    append_utf8(into, point);
    return ok();
  }

  std::optional<uint32_t> hex(size_t digits) {
    const std::string_view text = text_.substr(at_, digits);
    uint32_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (text.size() != digits || code != std::errc() || end != text.data() + digits) {
      return std::nullopt;
    }
    at_ += digits;
    return number;
  }

  std::string_view text_;
  Limits limits_;
  size_t at_ = 0;
  uint32_t nodes_ = 0;
};

}  // namespace

Value::Value() = default;
Value::~Value() = default;
Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;

Value::Value(double number) : state_(std::in_place_type<double>, number) {}
Value::Value(std::string text) : state_(std::in_place_type<std::string>, std::move(text)) {}
Value::Value(const char* text) : Value(std::string(text)) {}
Value::Value(Array items) : state_(std::in_place_type<Array>, std::move(items)) {}
Value::Value(Object members) : state_(std::in_place_type<Object>, std::move(members)) {}

std::span<const Value> Value::items() const {
  const auto* items = std::get_if<Array>(&state_);
  return items != nullptr ? std::span<const Value>(*items) : std::span<const Value>();
}

std::span<const Member> Value::members() const {
  const auto* members = std::get_if<Object>(&state_);
  return members != nullptr ? std::span<const Member>(*members) : std::span<const Member>();
}

const Value* Value::find(std::string_view name) const {
  const auto all = members();
  for (size_t i = all.size(); i-- > 0;) {
    const std::string* text = all[i].key.text();
    if (text != nullptr && *text == name) return &all[i].value;
  }
  return nullptr;
}

std::optional<int64_t> Value::to_int64() const {
  if (const auto* number = std::get_if<int64_t>(&state_)) return *number;
  if (const auto* truth = std::get_if<bool>(&state_)) return *truth ? 1 : 0;
  if (const auto* digits = text()) return text_to_int64(*digits);
  if (const auto* real = std::get_if<double>(&state_)) {
    if (*real < -kInt64Bound || *real >= kInt64Bound || std::trunc(*real) != *real) {
      return std::nullopt;
    }
    return static_cast<int64_t>(*real);
  }
  return std::nullopt;
}

std::optional<double> Value::to_double() const {
  if (const auto* real = std::get_if<double>(&state_)) return *real;
  if (const auto* number = std::get_if<int64_t>(&state_)) return static_cast<double>(*number);
  if (const auto* digits = text()) return text_to_double(*digits);
  return std::nullopt;
}

std::optional<bool> Value::to_bool() const {
  if (const auto* truth = std::get_if<bool>(&state_)) return *truth;
  if (const auto* name = text()) {
    if (*name == "true" || *name == "1") return true;
    if (*name == "false" || *name == "0") return false;
    return std::nullopt;
  }
  const auto number = to_int64();
  if (number == 0 || number == 1) return *number == 1;
  return std::nullopt;
}

std::optional<std::string> Value::to_text() const {
  if (const auto* text = this->text()) return *text;
  if (is_null() || is_array() || is_object()) return std::nullopt;
  return json::to_text(*this);
}

bool operator==(const Value& a, const Value& b) {
  return a.state_ == b.state_;
}

std::string_view Member::name() const {
  const std::string* text = key.text();
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

std::string_view kind_name(Value::Kind kind) {
  constexpr std::string_view kNames[] = {"null", "boolean", "integer", "real",
                                         "text", "array",   "object"};
  return kNames[static_cast<size_t>(kind)];
}

Result<Value> parse(std::string_view text, Limits limits) {
  return Parser(text, limits).document();
}

}  // namespace agena::json
