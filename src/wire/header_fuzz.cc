// Any bytes as a frame: never a crash, and what reads as a header writes back to the same header.
#include <cstdlib>

#include "wire/frame.h"
#include "wire/requests/pull.h"
#include "wire/requests/send.h"

using namespace agena;
using namespace agena::wire;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes input(reinterpret_cast<const std::byte*>(data), size);
  auto split = next_frame(input);
  HeaderReader reader;
  Header header;
  auto kind = size > 0 && (data[0] & 1) ? Serialization::binary : Serialization::json;
  Bytes bytes = input;
  if (split && *split) {
    kind = (*split)->serialization;
    bytes = (*split)->header;
  }
  if (!reader.read(bytes, kind, header)) return 0;
  if (auto sent = decode_fields<SendMessageV2>(header); !sent && sent.error().text.empty()) abort();
  if (auto pull = decode_fields<PullMessage>(header); !pull && pull.error().text.empty()) abort();
  for (const auto& field : header.ext) {
    if (field.name.size() > INT16_MAX) return 0;
  }
  Buffer out;
  finish_frame(out, start_frame(out, header, [&](ExtWriter& ext) {
                 for (const auto& field : header.ext) ext.add(field.name, field.value);
               }));
  auto again = next_frame(out.view());
  if (!again) return 0;  // Grew beyond the limits by escapes.
  HeaderReader second;
  Header back;
  if (!second.read((*again)->header, (*again)->serialization, back)) abort();
  bool same = back.code == (kind == Serialization::binary ? header.code & 0xFFFF : header.code) &&
              back.opaque == header.opaque && back.ext.size() == header.ext.size();
  if (!same) abort();
  for (size_t i = 0; i < back.ext.size(); ++i) {
    if (back.ext[i].name != header.ext[i].name && header.serialization == Serialization::binary)
      abort();
    if (back.ext[i].value != header.ext[i].value) abort();
  }
  return 0;
}
