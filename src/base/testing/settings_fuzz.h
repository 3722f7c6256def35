// What fuzz targets ask of a component's settings file: any text is taken or refused with a reason,
// and what was taken is taken again as it is printed.
//
// Over: base/options.h.  Under: the fuzz targets of broker/ and namesrv/.  Threads: the caller's.
#pragma once
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/host_facts.h"
#include "base/java_properties.h"
#include "base/options.h"

namespace agena::testing {

// `load(text)` is the component's load_options().
template <typename Options, typename Load>
void try_settings(std::string_view text, const OptionTable<Options>& table, const Load& load) {
  const auto loaded = load(text);
  if (!loaded) {
    ASSERT(!loaded.error().text.empty());
    return;
  }
  const KeyValues printed = table.values(loaded->options);
  const auto file = replace_properties("", printed);
  ASSERT(file);
  const auto again = load(*file);
  ASSERT(again && table.values(again->options) == printed);
}

// The text as the value of the key that its first byte chooses: no fuzzer guesses their names.
template <typename Options>
std::string with_key(std::string_view text, const OptionTable<Options>& table) {
  static const KeyValues kKeys = table.values(Options{});
  if (text.empty()) return {};
  const auto choice = static_cast<uint8_t>(text[0]);
  return kKeys[choice % kKeys.size()].first + "=" + std::string(text.substr(1));
}

}  // namespace agena::testing
