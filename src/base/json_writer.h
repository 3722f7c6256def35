// Writes JSON front to back onto a string: no tree is built.
//
// Over:    json.h.  Under: json_fields.h, every body and config file we write.
// Source:  the bytes fastjson2 2.0.59 writes: no blanks in compact output; in pretty output one tab
//          a level, no blank after the colon, empty containers closed at once, no final newline.
//          Control characters below 0x20 as \b \t \n \f \r or \u00xx; everything else raw.
//          Doubles look like Java's Double.toString (0.0, 1.0E7) with the shortest digits that
//          read back as the same number; NaN and infinities become null.
// Use:     Writer w(out); w.begin_object(); w.member("perm", 6); w.end_object();
// Errors:  none; wrong nesting is a broken invariant and asserts.
// Threads: one owner.  Lifetime: `out` outlives the Writer; text before it is left alone.
#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace agena::json {

struct Style {
  bool is_pretty = false;  // As Java's config/*.json.
  // As request 105 answers clients that want standard JSON: integer keys quoted, and integers
  // that a double cannot hold (beyond 2^53 - 1) as text. Object keys have no standard form.
  bool is_strict = false;
};

class Writer {
 public:
  explicit Writer(std::string& out, Style style = {}) : out_(out), style_(style) {}

  void begin_object();
  void end_object();
  void begin_array();
  void end_array();

  void key(std::string_view name);
  void key(const char* name) { key(std::string_view(name)); }
  void key(std::integral auto number) { integer_key(static_cast<int64_t>(number)); }
  // The members of an object that is itself a key follow; its end_object() completes the key.
  void key_begin_object();

  void value(std::string_view text);
  void value(const char* text) { value(std::string_view(text)); }
  void value(std::same_as<bool> auto truth) { raw(truth ? "true" : "false"); }
  void value(std::integral auto number) requires(!std::same_as<decltype(number), bool>) {
    integer(static_cast<int64_t>(number));
  }
  void value(double number);
  // Member names that a document spelled bare go out quoted: the tree keeps them as text.
  void value(const Value& tree);
  void null() { raw("null"); }
  // `json` must be one whole JSON value; it goes out as it is, whatever the style.
  void raw(std::string_view json);

  // key(name), then value(...).
  template <typename T>
  void member(std::string_view name, const T& content) {
    key(name);
    value(content);
  }

  // Everything that was begun has ended, and one value was written.
  bool is_complete() const { return open_.empty() && has_root_; }

 private:
  struct Open {
    bool is_object;
    bool is_key;  // An object in the place of a member name.
    bool has_items = false;
    bool has_key = false;  // A key was written and its value was not.
  };

  void integer(int64_t number);
  void integer_key(int64_t number);
  void members(const Value& tree);
  void before_value();
  void before_key();
  void begin(char bracket, Open open);
  void end(char bracket, bool is_object);
  void new_line();
  void append_quoted(std::string_view text);

  std::string& out_;
  Style style_;
  std::vector<Open> open_;
  bool has_root_ = false;
};

std::string to_text(const Value& tree, Style style = {});

}  // namespace agena::json
