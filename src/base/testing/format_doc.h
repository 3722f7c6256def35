// For tests only: reads the annotated hexdump and the stated values out of a format document, so
// that documents in docs/formats/ cannot drift away from the code.
//
// Over:   base/bytes.h.  Under: tests of message/, wire/ and storage/.
// Format: a fenced block marked `hexdump` holds lines `0000: 00 ff ; what this is`, and one marked
//         `values` holds lines `name = value`. One marked `json` is taken as it stands. A document
//         may hold several; they are numbered.
#pragma once
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace agena::testing {

struct FormatDoc {
  std::vector<std::string> dumps;  // Raw bytes.
  std::vector<std::string> texts;  // Of formats that are text.
  std::vector<std::map<std::string, std::string>> values;
  std::string fault;  // Empty when the document could be read.
};

inline std::string text_of_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// "0010: 0a ff ; note": appends the bytes; says what is wrong with the line, if anything.
inline std::string read_dump_line(const std::string& line, std::string& bytes) {
  const size_t colon = line.find(':');
  if (colon == std::string::npos) return "no offset in: " + line;
  if (std::stoul(line.substr(0, colon), nullptr, 16) != bytes.size()) return "bad offset: " + line;
  std::istringstream rest(line.substr(colon + 1, line.find(';', colon) - colon - 1));
  for (std::string pair; rest >> pair;) {
    if (pair.size() != 2 || pair.find_first_not_of("0123456789abcdef") != std::string::npos) {
      return "not a byte: " + line;
    }
    bytes.push_back(static_cast<char>(std::stoul(pair, nullptr, 16)));
  }
  return {};
}

inline FormatDoc read_format_doc(const std::string& path) {
  FormatDoc doc;
  std::ifstream in(path);
  if (!in) doc.fault = "cannot open " + path;
  enum { prose, dump, text, values } mode = prose;
  for (std::string line; doc.fault.empty() && std::getline(in, line);) {
    if (line == "```hexdump") {
      mode = dump;
      doc.dumps.emplace_back();
    } else if (line == "```json") {
      mode = text;
      doc.texts.emplace_back();
    } else if (line == "```values") {
      mode = values;
      doc.values.emplace_back();
    } else if (line.starts_with("```")) {
      mode = prose;
    } else if (mode == text) {
      doc.texts.back() += (doc.texts.back().empty() ? "" : "\n") + line;
    } else if (mode == dump) {
      doc.fault = read_dump_line(line, doc.dumps.back());
    } else if (mode == values) {
      const size_t split = line.find(" = ");
      if (split == std::string::npos) {
        doc.fault = "no value in: " + line;
      } else {
        doc.values.back()[line.substr(0, split)] = line.substr(split + 3);
      }
    }
  }
  return doc;
}

}  // namespace agena::testing
