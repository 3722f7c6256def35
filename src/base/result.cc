#include "base/result.h"

#include <array>

namespace agena {
namespace {
constexpr std::array kCatalogue = {
#define ERRC(name, code, remark, hint) ErrcInfo{#name, code, remark, hint},
#include "base/errc.def"
#undef ERRC
};
}  // namespace

const ErrcInfo& errc_info(Errc code) noexcept {
  auto at = static_cast<size_t>(code);
  ASSERT(at < kCatalogue.size());
  return kCatalogue[at];
}

int errc_count() noexcept {
  return static_cast<int>(kCatalogue.size());
}

std::string describe(const Error& error) {
  std::string out = errc_info(error.code).name;
  if (auto text = error.remark(); !text.empty()) out.append(": ").append(text);
  return out;
}

}  // namespace agena
