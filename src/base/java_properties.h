// Java .properties text: configuration files and the bodies of the update and get config requests.
//
// Over:   result.h.  Under: options.h, request handlers for codes 25, 26, 318 and 319.
// Source: the rules of java.util.Properties.load: `#` and `!` comments, `=`, `:` or blank between
//         key and value, a backslash continues the line, \t \n \r \f \uXXXX escapes. Bytes above
//         127 are taken as they are, so that both UTF-8 and Latin-1 files pass.
// Errors: a malformed \uXXXX, with its line. Nothing else can be wrong.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace agena {

struct Property {
  std::string key;
  std::string value;  // Unescaped; blanks at its end are part of it, as in Java.
  int line = 0;       // Where it starts, from 1.
  size_t begin = 0;   // The bytes of the text that it was read from, line end included.
  size_t end = 0;
};

// In the order of the text; a key that appears twice is listed twice, and Java takes the last.
using Properties = std::vector<Property>;
Result<Properties> parse_properties(std::string_view text);

using KeyValues = std::vector<std::pair<std::string, std::string>>;

// `key=value\n` for each, unescaped, in the order given: what the Java server puts into the answer
// to a get config request, and what its tools read.
std::string properties_text(const KeyValues& values);

// The text with new values for some keys: their lines are replaced where they stand, comments and
// order stay, new keys follow at the end. Values are escaped so that loading gives them back.
Result<std::string> replace_properties(std::string_view text, const KeyValues& values);

}  // namespace agena
