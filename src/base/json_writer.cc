#include "base/json_writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/utf8.h"

namespace agena::json {
namespace {

// Below 2^53 every integer has a double of its own; JavaScript calls this the safe range.
constexpr int64_t kSafeInteger = (int64_t{1} << 53) - 1;

void append_integer(std::string& out, int64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

// Double.toString: plain between 1e-3 and 1e7, otherwise one digit, a point, and an exponent
// without plus or leading zeros; always at least one digit behind the point.
void append_double(std::string& out, double number) {
  const double size = std::fabs(number);
  const bool is_plain = size == 0 || (size >= 1e-3 && size < 1e7);
  char text[40];
  const auto format = is_plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(text, text + sizeof text, number, format).ptr;
  std::string_view mantissa(text, static_cast<size_t>(end - text));
  std::string_view exponent;
  if (const size_t e = mantissa.find('e'); e != mantissa.npos) {
    exponent = mantissa.substr(e + 1);
    mantissa = mantissa.substr(0, e);
  }
  out.append(mantissa);
  if (mantissa.find('.') == mantissa.npos) out.append(".0");
  if (exponent.empty()) return;
  out.append(exponent.starts_with('-') ? "E-" : "E");
  exponent.remove_prefix(std::min(exponent.find_first_not_of("+-0"), exponent.size()));
  out.append(exponent);
}

}  // namespace

void Writer::begin_object() {
  before_value();
  begin('{', {.is_object = true, .is_key = false});
}
void Writer::end_object() {
  end('}', true);
}

void Writer::begin_array() {
  before_value();
  begin('[', {.is_object = false, .is_key = false});
}
void Writer::end_array() {
  end(']', false);
}

void Writer::key(std::string_view name) {
  before_key();
  append_quoted(name);
  out_.push_back(':');
}

void Writer::integer_key(int64_t number) {
  before_key();
  if (style_.is_strict) out_.push_back('"');
  append_integer(out_, number);
  out_.append(style_.is_strict ? "\":" : ":");
}

void Writer::key_begin_object() {
  before_key();
  begin('{', {.is_object = true, .is_key = true});
}

void Writer::value(std::string_view text) {
  before_value();
  append_quoted(text);
}

void Writer::integer(int64_t number) {
  const bool is_text = style_.is_strict && (number > kSafeInteger || number < -kSafeInteger);
  before_value();
  if (is_text) out_.push_back('"');
  append_integer(out_, number);
  if (is_text) out_.push_back('"');
}

void Writer::value(double number) {
  if (!std::isfinite(number)) return null();
  before_value();
  append_double(out_, number);
}

void Writer::value(const Value& tree) {
  switch (tree.kind()) {
    case Value::Kind::null:
      return null();
    case Value::Kind::boolean:
      return value(tree.to_bool().value_or(false));
    case Value::Kind::integer:
      return value(tree.to_int64().value_or(0));
    case Value::Kind::real:
      return value(tree.to_double().value_or(0));
    case Value::Kind::text:
      return value(std::string_view(*tree.text()));
    case Value::Kind::array:
      begin_array();
      for (const Value& item : tree.items()) value(item);
      return end_array();
    case Value::Kind::object:
      begin_object();
      members(tree);
      return end_object();
  }
}

void Writer::members(const Value& tree) {
  for (const Member& member : tree.members()) {
    if (member.key.is_object()) {
      key_begin_object();
      members(member.key);
      end_object();
    } else {
      key(member.name());
    }
    value(member.value);
  }
}

void Writer::raw(std::string_view json) {
  ASSERT(!json.empty());
  before_value();
  out_.append(json);
}

void Writer::before_value() {
  if (open_.empty()) {
    ASSERT(!has_root_, "a document is one value");
    has_root_ = true;
    return;
  }
  Open& open = open_.back();
  if (open.is_object) {
    ASSERT(open.has_key, "a value inside an object needs a key");
    open.has_key = false;
    return;
  }
  if (open.has_items) out_.push_back(',');
  open.has_items = true;
  new_line();
}

void Writer::before_key() {
  ASSERT(!open_.empty() && open_.back().is_object, "a key belongs into an object");
  Open& open = open_.back();
  ASSERT(!open.has_key, "the last key has no value");
  if (open.has_items) out_.push_back(',');
  open.has_items = true;
  open.has_key = true;
  new_line();
}

void Writer::begin(char bracket, Open open) {
  out_.push_back(bracket);
  open_.push_back(open);
}

void Writer::end(char bracket, bool is_object) {
  ASSERT(!open_.empty() && open_.back().is_object == is_object, "end of what was not begun");
  const Open closed = open_.back();
  ASSERT(!closed.has_key, "the last key has no value");
  open_.pop_back();
  if (closed.has_items) new_line();
  out_.push_back(bracket);
  if (closed.is_key) out_.push_back(':');
}

void Writer::new_line() {
  if (!style_.is_pretty) return;
  out_.push_back('\n');
  out_.append(open_.size(), '\t');
}

void Writer::append_quoted(std::string_view text) {
  constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
  constexpr std::string_view kNames = "\"\\bfnrt";
  constexpr char kHex[] = "0123456789abcdef";
  out_.push_back('"');
  size_t done = 0;
  for (size_t at = 0, next = 0; at < text.size(); at = next) {
    const auto [point, bytes, is_whole] = next_code_point(text.substr(at));
    next = at + bytes;
    const bool is_as_it_is = is_whole && point >= 0x20 && point != '"' && point != '\\';
    if (is_as_it_is) continue;
    const auto c = static_cast<unsigned char>(text[at]);
    out_.append(text.substr(done, at - done));
    done = next;
    if (!is_whole) {
      out_.append(kReplacement);
      continue;
    }
    out_.push_back('\\');
    if (const size_t which = kShort.find(text[at]); which != kShort.npos) {
      out_.push_back(kNames[which]);
    } else {
      out_.append("u00");
      out_.push_back(kHex[c >> 4]);
      out_.push_back(kHex[c & 0xF]);
    }
  }
  out_.append(text.substr(done));
  out_.push_back('"');
}

std::string to_text(const Value& tree, Style style) {
  std::string text;
  Writer(text, style).value(tree);
  return text;
}

}  // namespace agena::json
