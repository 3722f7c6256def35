#include "wire/json_header.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

#include "base/byte_scan.h"
#include "base/utf8.h"

namespace agena::wire {
namespace {

constexpr int kDepthMax = 64;

bool is_blank(char c) {
  return c <= ' ' && (c == ' ' || c == '\t' || c == '\n' || c == '\r');
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Walks one JSON text. Any failure leaves ok_ false; the caller reports it once.
class Cursor {
 public:
  Cursor(std::string_view json, char* room)
      : at_(json.data()), end_(json.data() + json.size()), room_(room) {}

  bool ok() const { return ok_; }
  void fail() { ok_ = false; }

  bool take(char c) {
    if (peek() != c || at_ == end_) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail();
  }
  char peek() {
    while (at_ != end_ && is_blank(*at_)) ++at_;
    return at_ == end_ ? '\0' : *at_;
  }

  bool at_end() {
    peek();
    return at_ == end_;
  }

  std::string_view string() {
    const char quote = peek();
    if (quote != '"' && quote != '\'') return fail_text();
    const char* from = ++at_;
    at_ = find_either(at_, end_, quote, '\\');
    if (at_ == end_) return fail_text();
    if (*at_ == quote) return {from, static_cast<size_t>(at_++ - from)};
    at_ = from;
    return escaped_string(quote);
  }

  // The name of a member, and the colon behind it. Names of one letter come a dozen to a send.
  std::string_view name() {
    peek();
    if (end_ - at_ >= 4 && at_[0] == '"' && at_[2] == '"' && at_[3] == ':' && at_[1] >= 'a') {
      at_ += 4;
      return {at_ - 3, 1};
    }
    auto name = string();
    expect(':');
    return name;
  }

  // A number, true, false or null, as it is written; a string without its quotes. Null is nothing.
  std::optional<std::string_view> scalar() {
    char c = peek();
    if (c == '"' || c == '\'') return string();
    const char* from = at_;
    while (at_ != end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && !is_blank(*at_)) ++at_;
    std::string_view text(from, static_cast<size_t>(at_ - from));
    if (text == "null") return std::nullopt;
    bool plain = !text.empty() && (text == "true" || text == "false" || text[0] == '-' ||
                                   (text[0] >= '0' && text[0] <= '9'));
    if (!plain) return fail_text();
    return text;
  }

  // Any value that we do not know, objects and arrays included.
  void skip_value() {
    int depth = 0;
    do {
      char c = peek();
      if (c == '{' || c == '[') {
        if (++depth > kDepthMax) return fail();
        ++at_;
      } else if (c == '}' || c == ']') {
        if (--depth < 0) return fail();
        ++at_;
      } else if (c == ',' || c == ':') {
        if (depth == 0) return fail();
        ++at_;
      } else if (c == '"' || c == '\'') {
        string();
      } else {
        skip_word();
      }
    } while (ok_ && depth > 0);
  }

 private:
  void skip_word() {
    const char* from = at_;
    while (at_ != end_ &&
           std::string_view(",:{}[]\"' \t\r\n").find(*at_) == std::string_view::npos) {
      ++at_;
    }
    if (at_ == from) fail();
  }
  std::string_view fail_text() {
    fail();
    return {};
  }

  // What is written is never longer than what was read, so the room is always enough.
  std::string_view escaped_string(char quote) {
    const char* text = room_;
    while (ok_) {
      const char* stop = copy_to_either(at_, end_, quote, '\\', room_);
      room_ += stop - at_;
      at_ = stop;
      if (at_ == end_) return fail_text();
      if (*at_++ == quote) return {text, static_cast<size_t>(room_ - text)};
      escape();
    }
    return {};
  }

  void escape() {
    if (at_ == end_) return fail();
    const char c = *at_++;
    switch (c) {
      case 'u':
        return unicode();
      case 'n':
        return put('\n');
      case 't':
        return put('\t');
      case 'r':
        return put('\r');
      case 'b':
        return put('\b');
      case 'f':
        return put('\f');
      case '"':
      case '\'':
      case '\\':
      case '/':
        return put(c);
      default:
        fail();
    }
  }

  void put(char c) { *room_++ = c; }

  uint32_t hex4() {
    if (end_ - at_ < 4) return fail(), 0;
    int value = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_digit(at_[i]);
      if (digit < 0) return fail(), 0;
      value = value * 16 + digit;
    }
    at_ += 4;
    return static_cast<uint32_t>(value);
  }

  void unicode() {
    uint32_t c = hex4();
    if (!ok_) return;
    if (c < 0x80) return put(static_cast<char>(c));  // The separators of properties, above all.
    if (c >= 0xD800 && c < 0xDC00 && end_ - at_ >= 2 && at_[0] == '\\' && at_[1] == 'u') {
      const char* before = at_;
      at_ += 2;
      uint32_t low = hex4();
      if (ok_ && low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = before;
      }
    }
    if (c >= 0xD800 && c < 0xE000) c = 0xFFFD;  // Half a pair; three bytes for six, so it fits.
    std::string utf8;
    append_utf8(utf8, c);
    room_ = std::copy(utf8.begin(), utf8.end(), room_);
  }

  const char* at_;
  const char* end_;
  char* room_;
  bool ok_ = true;
};

int32_t number(Cursor& cursor) {
  auto text = cursor.scalar();
  if (!text) return 0;
  int64_t value = 0;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  bool fits = value >= INT32_MIN && value <= INT32_MAX;
  if (error != std::errc() || end != text->data() + text->size() || !fits) cursor.fail();
  return static_cast<int32_t>(value);
}

Language language(Cursor& cursor) {
  auto text = cursor.scalar();
  if (!text || text->empty()) return Language::other;
  if ((*text)[0] < '0' || (*text)[0] > '9') return language_of(*text);
  int value = static_cast<int>(Language::other);
  std::from_chars(text->data(), text->data() + text->size(), value);
  return value <= static_cast<int>(Language::node_js) ? Language(value) : Language::other;
}

Status ext_fields(Cursor& cursor, Header& out) {
  if (cursor.peek() != '{') {
    if (cursor.scalar()) cursor.fail();  // Only null may stand for no fields.
    return ok();
  }
  cursor.expect('{');
  while (cursor.ok() && !cursor.take('}')) {
    auto name = cursor.name();
    char c = cursor.peek();
    if (c == '{' || c == '[') {
      cursor.skip_value();
    } else if (auto value = cursor.scalar(); value && cursor.ok()) {
      if (!out.ext.add(name, *value)) return Error{Errc::bad_frame, "too many ext fields"};
    }
    if (!cursor.take(',') && cursor.peek() != '}') cursor.fail();
  }
  return ok();
}

}  // namespace

Status read_json_header(std::string_view json, char* room, Header& out) {
  Cursor cursor(json, room);
  cursor.expect('{');
  while (cursor.ok() && !cursor.take('}')) {
    auto name = cursor.name();
    if (name == "code") {
      out.code = number(cursor);
    } else if (name == "extFields") {
      TRY_OK(ext_fields(cursor, out));
    } else if (name == "flag") {
      out.flag = number(cursor);
    } else if (name == "opaque") {
      out.opaque = number(cursor);
    } else if (name == "version") {
      out.version = number(cursor);
    } else if (name == "language") {
      out.language = language(cursor);
    } else if (name == "remark") {
      out.remark = cursor.scalar().value_or(std::string_view());
    } else {
      cursor.skip_value();
    }
    if (!cursor.take(',') && cursor.peek() != '}') cursor.fail();
  }
  if (!cursor.at_end()) cursor.fail();
  if (!cursor.ok()) return Error{Errc::bad_frame, "the JSON header cannot be read"};
  return ok();
}

void append_json_string(Buffer& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  if (is_plain_json(text)) {  // Nearly always: room for all of it at once.
    std::byte* at = out.extend(text.size() + 2);
    at[0] = std::byte{'"'};
    if (!text.empty()) std::memcpy(at + 1, text.data(), text.size());
    at[text.size() + 1] = std::byte{'"'};
    return;
  }
  out.append("\"");
  size_t from = 0;
  for (size_t i = 0, next = 0; i < text.size(); i = next) {
    const auto [point, bytes, is_whole] = next_code_point(text.substr(i));
    next = i + bytes;
    const bool is_as_it_is = is_whole && point >= 0x20 && point != '"' && point != '\\';
    if (is_as_it_is) continue;
    const auto c = static_cast<unsigned char>(text[i]);
    out.append(text.substr(from, i - from));
    from = next;
    if (!is_whole) {
      out.append(kReplacement);
    } else if (c == '"' || c == '\\') {
      char pair[2] = {'\\', static_cast<char>(c)};
      out.append(std::string_view(pair, 2));
    } else if (c == '\n') {
      out.append("\\n");
    } else {
      char six[6] = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
      out.append(std::string_view(six, 6));
    }
  }
  out.append(text.substr(from));
  out.append("\"");
}

}  // namespace agena::wire
