#include "base/json_fields.h"

#include "base/utf8.h"

namespace agena::json {
namespace {

// Names come from input: long ones are cut so that an error text stays short.
constexpr size_t kNameBytes = 64;

void append_path(std::string& out, const Path& at) {
  if (at.parent == nullptr) return;  // The document itself.
  append_path(out, *at.parent);
  if (at.name.empty()) {
    out += "[" + std::to_string(at.index) + "]";
    return;
  }
  if (!out.empty()) out += ".";
  out += utf8_front(at.name, kNameBytes);
}

std::string path_text(const Path& at) {
  std::string out;
  append_path(out, at);
  return out.empty() ? "document" : out;
}

}  // namespace

Error missing_field(const Path& at) {
  return {Errc::missing_field, path_text(at) + ": required"};
}

Error bad_field(const Path& at, std::string_view expected, const Value& got) {
  std::string text = path_text(at) + ": expected " + std::string(expected) + ", got ";
  text += kind_name(got.kind());
  return {Errc::bad_field, std::move(text)};
}

}  // namespace agena::json
