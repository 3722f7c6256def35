// The JSON form of a remoting header, as clients really write it.
//
// Over: header.h.  Under: header.cc only.
// Reads in one pass without building a tree: values of extFields may be strings, numbers or
// booleans; enums may be names or numbers; unknown members and blanks are passed over.
#pragma once
#include <string_view>

#include "wire/header.h"

namespace agena::wire {

// Texts that contain escapes are written to `room`, which must hold as much as all of `json`.
Status read_json_header(std::string_view json, char* room, Header& out);

void append_json_string(Buffer& out, std::string_view text);

}  // namespace agena::wire
