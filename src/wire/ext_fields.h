// The ext fields of one header: name and value pairs in the order they came.
//
// Over:     base/.  Under: header.h (reading, writing), request.h (typed fields).
// Lifetime: views into the frame or the reader; the caller of add() says how long they live.
// Of several fields with one name the last counts: signing clients write some twice.
// Names of one small letter, which every send has a dozen of, are found without a search.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/assert.h"

namespace agena::wire {

inline constexpr size_t kExtFieldsMax = 512;

struct ExtField {
  std::string_view name;
  std::string_view value;
};

class ExtFields {
 public:
  // False when there are kExtFieldsMax already.
  [[nodiscard]] bool add(std::string_view name, std::string_view value) {
    if (rows_.size() == kExtFieldsMax) return false;
    rows_.push_back({name, value});
    if (is_letter(name)) row_of_letter_[letter(name)] = static_cast<uint16_t>(rows_.size());
    return true;
  }
  void clear() {
    rows_.clear();
    row_of_letter_ = {};
  }

  std::optional<std::string_view> find(std::string_view name) const {
    if (is_letter(name)) {
      const size_t row = row_of_letter_[letter(name)];
      if (row == 0) return std::nullopt;
      return rows_[row - 1].value;
    }
    for (size_t i = rows_.size(); i-- > 0;) {
      if (rows_[i].name == name) return rows_[i].value;
    }
    return std::nullopt;
  }

  size_t size() const { return rows_.size(); }
  const ExtField& operator[](size_t row) const {
    ASSERT(row < rows_.size());
    return rows_[row];
  }
  auto begin() const { return rows_.begin(); }
  auto end() const { return rows_.end(); }

 private:
  static bool is_letter(std::string_view name) {
    return name.size() == 1 && name[0] >= 'a' && name[0] <= 'z';
  }
  static size_t letter(std::string_view name) { return static_cast<size_t>(name[0] - 'a'); }

  std::vector<ExtField> rows_;
  std::array<uint16_t, 26> row_of_letter_{};  // 1 + the last row of that name; 0: none.
};

}  // namespace agena::wire
