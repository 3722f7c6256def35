#include "base/java_properties.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "base/utf8.h"

namespace agena {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\f';
}
bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

// One logical line: continuations joined, leading blanks and comments gone, escapes still there.
struct LogicalLine {
  std::string text;
  int line = 0;
  size_t begin = 0;
  size_t end = 0;
};

class LineReader {
 public:
  explicit LineReader(std::string_view text) : text_(text) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  }

  std::optional<LogicalLine> next() {
    while (at_ < text_.size()) {
      LogicalLine line{.text = {}, .line = line_, .begin = at_, .end = at_};
      read(line);
      if (!line.text.empty()) return line;
    }
    return std::nullopt;
  }

 private:
  // Reads natural lines as long as each ends with an odd number of backslashes.
  void read(LogicalLine& line) {
    bool continues = true;
    while (continues && at_ < text_.size()) {
      skip_blanks();
      bool is_comment =
          line.text.empty() && at_ < text_.size() && (text_[at_] == '#' || text_[at_] == '!');
      size_t from = at_;
      bool escaped = false;
      while (at_ < text_.size() && !is_line_end(text_[at_])) {
        escaped = text_[at_] == '\\' && !escaped;
        ++at_;
      }
      continues = escaped && !is_comment;
      if (!is_comment) {
        std::string_view part = text_.substr(from, at_ - from);
        if (continues) part.remove_suffix(1);
        line.text += part;
      }
      take_line_end();
    }
    line.end = at_;
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  void take_line_end() {
    if (at_ == text_.size()) return;
    bool is_pair = text_.substr(at_).starts_with("\r\n");
    at_ += is_pair ? 2 : 1;
    ++line_;
  }

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
};

// The four digits behind a `\u`, or nothing.
std::optional<uint32_t> hex4(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  uint32_t value = 0;
  for (char c : text.substr(0, 4)) {
    uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<uint32_t>(c - 'A' + 10);
    } else {
      return std::nullopt;
    }
    value = value * 16 + digit;
  }
  return value;
}

// `text` starts behind a `\u`. Joins a surrogate pair; half a pair becomes U+FFFD. Returns how
// many bytes it took, 0 when they are no hexadecimal number.
size_t append_unicode_escape(std::string& out, std::string_view text) {
  std::optional<uint32_t> unit = hex4(text);
  if (!unit) return 0;
  bool is_high = *unit >= 0xD800 && *unit < 0xDC00;
  if (is_high && text.substr(4).starts_with("\\u")) {
    std::optional<uint32_t> low = hex4(text.substr(6));
    if (low && *low >= 0xDC00 && *low < 0xE000) {
      append_utf8(out, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00));
      return 10;
    }
  }
  bool is_half = *unit >= 0xD800 && *unit < 0xE000;
  append_utf8(out, is_half ? 0xFFFD : *unit);
  return 4;
}

Result<std::string> unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    if (++i == text.size()) break;  // A lone backslash at the end of the text.
    switch (text[i]) {
      case 't':
        out.push_back('\t');
        break;
      case 'n':
        out.push_back('\n');
        break;
      case 'r':
        out.push_back('\r');
        break;
      case 'f':
        out.push_back('\f');
        break;
      case 'u': {
        size_t taken = append_unicode_escape(out, text.substr(i + 1));
        if (taken == 0) return Error{Errc::bad_config, "\\u needs four hexadecimal digits"};
        i += taken;
        break;
      }
      default:
        out.push_back(text[i]);
    }
  }
  return out;
}

struct Split {
  std::string_view key;
  std::string_view value;
};
Split split(std::string_view line) {
  size_t key_end = 0;
  bool escaped = false;
  while (key_end < line.size()) {
    char c = line[key_end];
    if (!escaped && (c == '=' || c == ':' || is_blank(c))) break;
    escaped = c == '\\' && !escaped;
    ++key_end;
  }
  size_t value_begin = key_end;
  bool has_separator = false;
  while (value_begin < line.size()) {
    char c = line[value_begin];
    bool is_separator = !has_separator && (c == '=' || c == ':');
    if (!is_separator && !is_blank(c)) break;
    has_separator |= is_separator;
    ++value_begin;
  }
  return {line.substr(0, key_end), line.substr(value_begin)};
}

std::string escape(std::string_view text, bool is_key) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool is_special = c == '\\' || (c == ' ' && (is_key || i == 0)) ||
                      (is_key && (c == '=' || c == ':' || c == '#' || c == '!'));
    if (is_special) out.push_back('\\');
    switch (c) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

}  // namespace

Result<Properties> parse_properties(std::string_view text) {
  Properties out;
  LineReader lines(text);
  while (std::optional<LogicalLine> line = lines.next()) {
    Split parts = split(line->text);
    Result<std::string> key = unescape(parts.key);
    Result<std::string> value = unescape(parts.value);
    const Status bad = !key ? Status(key.error()) : !value ? Status(value.error()) : ok();
    if (!bad) {
      return Error{bad.error().code, fmt::format("line {}: {}", line->line, bad.error().text)};
    }
    out.push_back({.key = std::move(*key),
                   .value = std::move(*value),
                   .line = line->line,
                   .begin = line->begin,
                   .end = line->end});
  }
  return out;
}

std::string properties_text(const KeyValues& values) {
  std::string out;
  for (const auto& [key, value] : values) {
    out += key;
    out += '=';
    out += value;
    out += '\n';
  }
  return out;
}

Result<std::string> replace_properties(std::string_view text, const KeyValues& values) {
  TRY(properties, parse_properties(text));
  std::map<std::string_view, std::string> lines;
  for (const auto& [key, value] : values) {
    lines[key] = escape(key, true) + "=" + escape(value, false) + "\n";
  }
  std::string out;
  size_t copied = 0;
  std::map<std::string_view, bool> written;
  for (const Property& property : properties) {
    auto line = lines.find(property.key);
    if (line == lines.end()) continue;
    out += text.substr(copied, property.begin - copied);
    out += line->second;
    copied = property.end;
    written[line->first] = true;
  }
  out += text.substr(copied);
  for (const auto& [key, line] : lines) {
    if (written.contains(key)) continue;
    if (!out.empty() && out.back() != '\n') out += '\n';
    out += line;
  }
  return out;
}

}  // namespace agena
