// The header of a remoting frame, read from and written in both serializations.
//
// Over:     base/.  Under: request.h (typed fields), rpc/ (connections), client side.
// Source:   docs/formats/remoting.md.
// Lifetime: a Header read by HeaderReader holds views into the frame and into the reader; both
//           end with the next read().
// Limits:   512 ext fields, 64 levels of nesting; the frame splitter bounds the length.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/result.h"
#include "wire/codes.h"
#include "wire/ext_fields.h"

namespace agena::wire {

enum class Serialization : uint8_t { json = 0, binary = 1 };

inline constexpr int32_t kFlagResponse = 1;
inline constexpr int32_t kFlagOneway = 2;
struct Header {
  int32_t code = 0;
  Language language = Language::cpp;
  int32_t version = kWireVersion;
  int32_t opaque = 0;
  int32_t flag = 0;
  std::string_view remark;
  Serialization serialization = Serialization::json;
  ExtFields ext;

  bool is_response() const { return (flag & kFlagResponse) != 0; }
  bool is_oneway() const { return (flag & kFlagOneway) != 0; }
  std::optional<std::string_view> find(std::string_view name) const { return ext.find(name); }
};

class HeaderReader {
 public:
  // `out` is overwritten; its memory is used again.
  Status read(Bytes bytes, Serialization serialization, Header& out);

 private:
  Status read_binary(Bytes bytes, Header& out);
  Buffer unescaped_;  // Room for texts that had escapes; never grows while views into it live.
};

// Appends ext fields of a header being written, in either serialization.
class ExtWriter {
 public:
  ExtWriter(Buffer& out, Serialization serialization) : out_(out), serialization_(serialization) {}
  void add(std::string_view name, std::string_view value);
  void add(std::string_view name, int64_t value);
  void add(std::string_view name, bool value) {
    add(name, std::string_view(value ? "true" : "false"));
  }
  bool any() const { return any_; }

 private:
  Buffer& out_;
  Serialization serialization_;
  bool any_ = false;
};

// Writes a whole frame but its body: `write_ext(ExtWriter&)` adds the fields. Returns where the
// frame starts in `out`; the caller appends the body and then calls finish_frame().
struct FrameStart {
  size_t at;
};
template <typename WriteExt>
FrameStart start_frame(Buffer& out, const Header& header, WriteExt&& write_ext);
void finish_frame(Buffer& out, FrameStart start);

namespace detail {
size_t begin_header(Buffer& out, const Header& header);
size_t after_ext(Buffer& out, const Header& header, size_t mark, bool any);
void end_header(Buffer& out, const Header& header, size_t start);
}  // namespace detail

template <typename WriteExt>
FrameStart start_frame(Buffer& out, const Header& header, WriteExt&& write_ext) {
  size_t start = out.size();
  size_t mark = detail::begin_header(out, header);
  ExtWriter writer(out, header.serialization);
  write_ext(writer);
  detail::after_ext(out, header, mark, writer.any());
  detail::end_header(out, header, start);
  return {start};
}

}  // namespace agena::wire
