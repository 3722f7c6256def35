#include "wire/json_header.h"

#include <array>
#include <charconv>
#include <cstring>

#include "base/assert.h"
#include "base/utf8.h"

namespace agena::wire {
namespace {

constexpr int kDepthMax = 64;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Walks one JSON text. Any failure leaves ok_ false; the caller reports it once.
class Cursor {
 public:
  Cursor(std::string_view json, std::string& unescaped) : rest_(json), unescaped_(unescaped) {}

  bool ok() const { return ok_; }
  void fail() { ok_ = false; }

  bool take(char c) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail();
  }
  char peek() {
    skip_blanks();
    return rest_.empty() ? '\0' : rest_.front();
  }

  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }

  std::string_view string() {
    skip_blanks();
    if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) return fail_text();
    char quote = rest_.front();
    rest_.remove_prefix(1);
    size_t plain = 0;
    while (plain < rest_.size() && rest_[plain] != quote && rest_[plain] != '\\') ++plain;
    if (plain == rest_.size()) return fail_text();
    if (rest_[plain] == quote) {
      std::string_view text = rest_.substr(0, plain);
      rest_.remove_prefix(plain + 1);
      return text;
    }
    return escaped_string(quote);
  }

  // A number, true, false or null, as it is written; a string without its quotes. Null is nothing.
  std::optional<std::string_view> scalar() {
    char c = peek();
    if (c == '"' || c == '\'') return string();
    size_t length = 0;
    while (length < rest_.size() && rest_[length] != ',' && rest_[length] != '}' &&
           rest_[length] != ']' && !is_blank(rest_[length])) {
      ++length;
    }
    std::string_view text = rest_.substr(0, length);
    rest_.remove_prefix(length);
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
        rest_.remove_prefix(1);
      } else if (c == '}' || c == ']') {
        if (--depth < 0) return fail();
        rest_.remove_prefix(1);
      } else if (c == ',' || c == ':') {
        if (depth == 0) return fail();
        rest_.remove_prefix(1);
      } else if (c == '"' || c == '\'') {
        string();
      } else {
        skip_word();
      }
    } while (ok_ && depth > 0);
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }
  void skip_word() {
    size_t length = 0;
    while (length < rest_.size() &&
           std::string_view(",:{}[]\"' \t\r\n").find(rest_[length]) == std::string_view::npos) {
      ++length;
    }
    if (length == 0) return fail();
    rest_.remove_prefix(length);
  }
  std::string_view fail_text() {
    fail();
    return {};
  }

  std::string_view escaped_string(char quote) {
    size_t start = unescaped_.size();
    ASSERT(unescaped_.capacity() - start >= rest_.size(), "or views into it would move");
    while (ok_) {
      size_t plain = 0;
      while (plain < rest_.size() && rest_[plain] != quote && rest_[plain] != '\\') ++plain;
      if (plain == rest_.size()) return fail_text();
      unescaped_.append(rest_.data(), plain);
      const char c = rest_[plain];
      rest_.remove_prefix(plain + 1);
      if (c == quote) return std::string_view(unescaped_).substr(start);
      escape();
    }
    return {};
  }

  void escape() {
    if (rest_.empty()) return fail();
    char c = rest_.front();
    rest_.remove_prefix(1);
    switch (c) {
      case 'n':
        unescaped_.push_back('\n');
        break;
      case 't':
        unescaped_.push_back('\t');
        break;
      case 'r':
        unescaped_.push_back('\r');
        break;
      case 'b':
        unescaped_.push_back('\b');
        break;
      case 'f':
        unescaped_.push_back('\f');
        break;
      case 'u':
        unicode();
        break;
      case '"':
      case '\'':
      case '\\':
      case '/':
        unescaped_.push_back(c);
        break;
      default:
        fail();
    }
  }

  uint32_t hex4() {
    uint32_t value = 0;
    if (rest_.size() < 4) return fail(), 0;
    auto [end, error] = std::from_chars(rest_.data(), rest_.data() + 4, value, 16);
    if (error != std::errc() || end != rest_.data() + 4) return fail(), 0;
    rest_.remove_prefix(4);
    return value;
  }

  void unicode() {
    uint32_t c = hex4();
    if (c >= 0xD800 && c < 0xDC00 && rest_.starts_with("\\u")) {
      std::string_view before = rest_;
      rest_.remove_prefix(2);
      uint32_t low = hex4();
      if (ok_ && low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
      } else {
        rest_ = before;
      }
    }
    if (c >= 0xD800 && c < 0xE000) c = 0xFFFD;  // Half a pair; three bytes for six, so it fits.
    append_utf8(unescaped_, c);
  }

  std::string_view rest_;
  std::string& unescaped_;
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
    auto name = cursor.string();
    cursor.expect(':');
    char c = cursor.peek();
    if (c == '{' || c == '[') {
      cursor.skip_value();
    } else if (auto value = cursor.scalar(); value && cursor.ok()) {
      if (out.ext.size() == kExtFieldsMax) return Error{Errc::bad_frame, "too many ext fields"};
      out.ext.push_back({name, *value});
    }
    if (!cursor.take(',') && cursor.peek() != '}') cursor.fail();
  }
  return ok();
}

bool needs_escape(char c) {
  // Without branches: this looks at every byte that is sent as JSON.
  return static_cast<bool>(int{static_cast<unsigned char>(c) < 0x20} | int{c == '"'} |
                           int{c == '\\'});
}

}  // namespace

Status read_json_header(std::string_view json, std::string& unescaped, Header& out) {
  Cursor cursor(json, unescaped);
  cursor.expect('{');
  while (cursor.ok() && !cursor.take('}')) {
    auto name = cursor.string();
    cursor.expect(':');
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
  bool is_plain = true;
  for (char each : text) is_plain &= !needs_escape(each);
  if (is_plain) {  // Nearly always: room for all of it at once.
    std::byte* at = out.extend(text.size() + 2);
    at[0] = std::byte{'"'};
    if (!text.empty()) std::memcpy(at + 1, text.data(), text.size());
    at[text.size() + 1] = std::byte{'"'};
    return;
  }
  out.append("\"");
  size_t from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!needs_escape(text[i])) continue;
    const auto c = static_cast<unsigned char>(text[i]);
    out.append(text.substr(from, i - from));
    from = i + 1;
    if (c == '"' || c == '\\') {
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
