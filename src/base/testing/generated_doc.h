// For tests only: holds a part of a document against the text that the code generates for it, so
// that the document cannot go stale. With AGENA_UPDATE_DOCS=1 in the environment the part is
// written instead.
//
// Over:   format_doc.h (reading files).  Under: tests that generate documents.
// Format: the part stands between the lines `<!-- begin NAME -->` and `<!-- end NAME -->`; what is
//         around them is written by people.
#pragma once
#include <cstdlib>
#include <fstream>
#include <string>

#include "base/testing/format_doc.h"

namespace agena::testing {

// Empty when the document agrees; otherwise what to do.
inline std::string check_generated_part(const std::string& path, const std::string& name,
                                        const std::string& generated) {
  const std::string begin = "<!-- begin " + name + " -->\n";
  const std::string end = "<!-- end " + name + " -->\n";
  const std::string document = text_of_file(path);
  const size_t from = document.find(begin);
  const size_t to = document.find(end);
  if (from == document.npos || to == document.npos || to < from) {
    return path + " lacks the lines " + begin + "and " + end;
  }
  const size_t part = from + begin.size();
  if (document.substr(part, to - part) == generated) return {};
  const char* update = std::getenv("AGENA_UPDATE_DOCS");
  if (update == nullptr || std::string(update) != "1") {
    return path + ", part " + name +
           ", is stale: run this test again with AGENA_UPDATE_DOCS=1 and commit the document";
  }
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << document.substr(0, part) << generated << document.substr(to);
  out.flush();
  return out ? std::string() : "cannot write " + path;
}

}  // namespace agena::testing
