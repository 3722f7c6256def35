#include "wire/header.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "base/byte_scan.h"
#include "wire/json_header.h"

namespace agena::wire {
namespace {

constexpr size_t kNumberBytesMax = 20;

void append_number(Buffer& out, int64_t value) {
  const size_t before = out.size();
  char* at = reinterpret_cast<char*>(out.extend(kNumberBytesMax));
  char* end = std::to_chars(at, at + kNumberBytesMax, value).ptr;
  out.truncate(before + static_cast<size_t>(end - at));
}

// ,"name":"value" in one piece: every answer has a handful.
void append_plain_json_field(Buffer& out, bool has_comma, std::string_view name,
                             std::string_view value) {
  char* at = reinterpret_cast<char*>(out.extend(name.size() + value.size() + (has_comma ? 6 : 5)));
  if (has_comma) *at++ = ',';
  *at++ = '"';
  at = std::copy(name.begin(), name.end(), at);
  at = std::copy_n("\":\"", 3, at);
  at = std::copy(value.begin(), value.end(), at);
  *at = '"';
}

void append_counted(Buffer& out, std::string_view text) {
  out.append_be<int32_t>(static_cast<int32_t>(text.size()));
  out.append(text);
}

}  // namespace

Status HeaderReader::read(Bytes bytes, Serialization serialization, Header& out) {
  out.code = out.version = out.opaque = out.flag = 0;
  out.language = Language::other;
  out.remark = {};
  out.serialization = serialization;
  out.ext.clear();
  if (serialization == Serialization::binary) return read_binary(bytes, out);
  unescaped_.clear();
  unescaped_.reserve(bytes.size());  // Unescaping only shrinks, so no view below ever moves.
  return read_json_header(as_text(bytes), reinterpret_cast<char*>(unescaped_.data()), out);
}

Status HeaderReader::read_binary(Bytes bytes, Header& out) {
  ByteReader reader(bytes);
  out.code = reader.take<uint16_t>();
  auto language = reader.take<uint8_t>();
  out.language =
      language <= static_cast<uint8_t>(Language::node_js) ? Language(language) : Language::other;
  out.version = reader.take<int16_t>();
  out.opaque = reader.take<int32_t>();
  out.flag = reader.take<int32_t>();
  out.remark = reader.take_text(reader.take<int32_t>());
  ByteReader ext(reader.take_counted(reader.take<int32_t>()));
  if (!reader.ok()) return Error{Errc::bad_frame, "binary header shorter than its lengths say"};
  while (ext.left() > 0) {
    auto name = ext.take_text(ext.take<int16_t>());
    auto value = ext.take_text(ext.take<int32_t>());
    if (!ext.ok()) return Error{Errc::bad_frame, "ext field longer than the header"};
    if (!out.ext.add(name, value)) return Error{Errc::bad_frame, "too many ext fields"};
  }
  return ok();
}

void ExtWriter::add(std::string_view name, std::string_view value) {
  if (serialization_ == Serialization::binary) {
    ASSERT(name.size() <= INT16_MAX, "names of fields are our own");
    out_.append_be<int16_t>(static_cast<int16_t>(name.size()));
    out_.append(name);
    append_counted(out_, value);
  } else if (is_plain_json(name) && is_plain_json(value)) {
    append_plain_json_field(out_, any_, name, value);
  } else {
    if (any_) out_.append(",");
    append_json_string(out_, name);
    out_.append(":");
    append_json_string(out_, value);
  }
  any_ = true;
}

void ExtWriter::add(std::string_view name, int64_t value) {
  char text[kNumberBytesMax];
  auto end = std::to_chars(text, text + sizeof text, value).ptr;
  add(name, std::string_view(text, end));
}

namespace detail {

// Returns where the ext fields' length (binary) or list (JSON) starts.
size_t begin_header(Buffer& out, const Header& header) {
  out.append_be<int32_t>(0);  // Frame length, set by finish_frame().
  out.append_be<int32_t>(0);  // Serialization and header length, set by end_header().
  if (header.serialization == Serialization::binary) {
    out.append_be<uint16_t>(static_cast<uint16_t>(header.code));
    out.append_be<uint8_t>(static_cast<uint8_t>(header.language));
    out.append_be<int16_t>(static_cast<int16_t>(header.version));
    out.append_be<int32_t>(header.opaque);
    out.append_be<int32_t>(header.flag);
    append_counted(out, header.remark);
    out.append_be<int32_t>(0);
    return out.size() - 4;
  }
  out.append("{\"code\":");
  append_number(out, header.code);
  size_t mark = out.size();
  out.append(",\"extFields\":{");
  return mark;
}

size_t after_ext(Buffer& out, const Header& header, size_t mark, bool any) {
  if (header.serialization == Serialization::binary) {
    ASSERT(mark + 4 <= out.size(), "the length stands before the fields");
    store_be<int32_t>(out.data() + mark, static_cast<int32_t>(out.size() - mark - 4));
    return out.size();
  }
  if (any) {
    out.append("}");
  } else {
    out.truncate(mark);
  }
  out.append(",\"flag\":");
  append_number(out, header.flag);
  out.append(",\"language\":\"");
  out.append(language_name(header.language));
  out.append("\",\"opaque\":");
  append_number(out, header.opaque);
  if (!header.remark.empty()) {
    out.append(",\"remark\":");
    append_json_string(out, header.remark);
  }
  out.append(",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":");
  append_number(out, header.version);
  out.append("}");
  return out.size();
}

void end_header(Buffer& out, const Header& header, size_t start) {
  auto length = static_cast<uint32_t>(out.size() - start - 8);
  ASSERT(length <= 0xFFFFFF, "a header length has 24 bits");
  auto kind = static_cast<uint32_t>(header.serialization) << 24;
  store_be<uint32_t>(out.data() + start + 4, kind | length);
}

}  // namespace detail

void finish_frame(Buffer& out, FrameStart start) {
  ASSERT(start.at + 8 <= out.size() && out.size() - start.at <= size_t{INT32_MAX});
  store_be<int32_t>(out.data() + start.at, static_cast<int32_t>(out.size() - start.at - 4));
}

}  // namespace agena::wire
