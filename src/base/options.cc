#include "base/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/nearest.h"
#include "base/text.h"

namespace agena {
namespace {

std::string unknown_key(std::string_view key, std::string_view nearest) {
  std::string hint = nearest.empty() ? std::string("docs/config.md lists all of them")
                                     : fmt::format("did you mean {}?", nearest);
  return fmt::format("unknown key {}: {}", key, hint);
}

// A table cell must not end early.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}
std::string code(std::string_view text) {
  return text.empty() ? std::string() : fmt::format("`{}`", cell(text));
}

bool same_value(const KnownKey& known, std::string_view value) {
  if (known.default_text == nullptr) return false;
  bool is_bool = known.type == "bool";
  return is_bool ? text::equal_ignoring_case(value, known.default_text)
                 : value == std::string_view(known.default_text);
}

}  // namespace

OptionRows::OptionRows(std::vector<OptionRow> rows, std::span<const KnownKey> known,
                       std::span<const UnsafeKey> unsafe)
    : rows_(std::move(rows)), known_(known), unsafe_(unsafe) {
  std::sort(rows_.begin(), rows_.end(),
            [](const OptionRow& a, const OptionRow& b) { return a.facts.key < b.facts.key; });
  for (size_t i = 0; i < rows_.size(); ++i) {
    ASSERT(i == 0 || rows_[i - 1].facts.key != rows_[i].facts.key, "a key has two rows");
    ASSERT(!rows_[i].facts.why.empty(), "a row says why one would change it");
    bool is_javas = find_known(rows_[i].facts.key) != nullptr;
    ASSERT(is_javas == (rows_[i].facts.origin == Origin::java), "Origin and known keys disagree");
  }
}

const OptionRow* OptionRows::find(std::string_view key) const {
  auto row = std::lower_bound(
      rows_.begin(), rows_.end(), key,
      [](const OptionRow& a, std::string_view wanted) { return a.facts.key < wanted; });
  return row != rows_.end() && row->facts.key == key ? &*row : nullptr;
}

const KnownKey* OptionRows::find_known(std::string_view key) const {
  auto known = std::find_if(known_.begin(), known_.end(),
                            [key](const KnownKey& each) { return each.key == key; });
  return known != known_.end() ? &*known : nullptr;
}

std::string_view OptionRows::nearest(std::string_view key) const {
  std::vector<std::string_view> keys;
  for (const OptionRow& row : rows_) keys.push_back(row.facts.key);
  for (const KnownKey& known : known_) keys.push_back(known.key);
  const auto found = nearest_words(key, keys, 1);
  return found.empty() ? std::string_view() : found.front();
}

Status OptionRows::read(void* options, const OptionRow& row, std::string_view value) const {
  void* owner = row.owner ? row.owner(options) : options;
  std::string_view trimmed = text::trim(value);
  Status status = row.type->read(row.member(owner), row.facts, trimmed);
  if (status) return status;
  std::string why = status.error().text.empty() ? fmt::format("it must be {}", allowed(row))
                                                : status.error().text;
  return Error{Errc::bad_config, fmt::format("{}={}: {}", row.facts.key, trimmed, why)};
}

std::string OptionRows::text_of(const void* options, const OptionRow& row) const {
  // The accessors take and give a mutable address; nothing is written through it here.
  void* mutable_options = const_cast<void*>(options);
  void* owner = row.owner ? row.owner(mutable_options) : mutable_options;
  return row.type->write(row.member(owner), row.facts);
}

Status OptionRows::check_unserved(const Property& property, LoadReport& report) const {
  std::string value(text::trim(property.value));
  for (const UnsafeKey& unsafe : unsafe_) {
    if (unsafe.key != property.key || text::equal_ignoring_case(value, unsafe.harmless)) continue;
    return Error{Errc::bad_config,
                 fmt::format("{}={}: not served yet, and it cannot be ignored: {}", property.key,
                             value, unsafe.why)};
  }
  const KnownKey* known = find_known(property.key);
  if (known == nullptr) {
    return Error{Errc::bad_config, unknown_key(property.key, nearest(property.key))};
  }
  if (same_value(*known, value)) return ok();
  const char* why = known->type == "gone"
                        ? "a key of older releases, which the Java server 5.5.0 ignores too"
                        : "a key of the Java server that is known but not served yet";
  report.warnings.push_back(
      fmt::format("line {}: {}={} has no effect: {}", property.line, property.key, value, why));
  return ok();
}

Result<LoadReport> OptionRows::load(void* options, const Properties& properties) const {
  LoadReport report;
  std::string problems;
  std::map<std::string_view, int> seen;
  for (const Property& property : properties) {
    auto [first, is_new] = seen.emplace(property.key, property.line);
    if (!is_new) {
      report.warnings.push_back(
          fmt::format("line {}: {} was already set in line {}; this one holds", property.line,
                      property.key, first->second));
    }
    const OptionRow* row = find(property.key);
    Status status = row ? read(options, *row, property.value) : check_unserved(property, report);
    if (status) continue;
    if (!problems.empty()) problems += '\n';
    problems += fmt::format("line {}: {}", property.line, status.error().text);
  }
  if (!problems.empty()) return Error{Errc::bad_config, std::move(problems)};
  return report;
}

Status OptionRows::set(void* options, std::string_view key, std::string_view value) const {
  if (const OptionRow* row = find(key)) return read(options, *row, value);
  return Error{Errc::bad_config, unknown_key(key, nearest(key))};
}

Result<LiveUpdate> OptionRows::update(void* options, void* scratch,
                                      const Properties& properties) const {
  LiveUpdate update;
  std::set<const OptionRow*> changed;
  for (const Property& property : properties) {
    const OptionRow* row = find(property.key);
    if (row == nullptr) {
      const KnownKey* known = find_known(property.key);
      if (known != nullptr && !same_value(*known, text::trim(property.value))) {
        return Error{Errc::no_permission,
                     fmt::format("{} is known but not served yet", property.key)};
      }
      if (known == nullptr) update.ignored.push_back(property.key);
      continue;
    }
    TRY_OK(read(scratch, *row, property.value));
    if (text_of(scratch, *row) == text_of(options, *row)) continue;
    if (row->facts.reload != Reload::live) {
      return Error{Errc::no_permission,
                   fmt::format("{} cannot be changed while the server runs: change it in the "
                               "configuration file and restart",
                               property.key)};
    }
    changed.insert(row);
  }
  for (const OptionRow* row : changed) {
    std::string value = text_of(scratch, *row);
    TRY_OK(read(options, *row, value));
    update.applied.emplace_back(row->facts.key, std::move(value));
  }
  return update;
}

KeyValues OptionRows::values(const void* options) const {
  KeyValues out;
  for (const OptionRow& row : rows_) out.emplace_back(row.facts.key, text_of(options, row));
  return out;
}

KeyValues OptionRows::values_with_known(const void* options) const {
  KeyValues out = values(options);
  for (const KnownKey& known : known_) {
    if (known.default_text == nullptr || find(known.key) != nullptr) continue;
    out.emplace_back(known.key, known.default_text);
  }
  std::sort(out.begin(), out.end());
  return out;
}

namespace {

std::string_view change_text(const OptionRow& row, std::string_view live, std::string_view no) {
  if (!row.facts.has_effect) return "no effect";
  return row.facts.reload == Reload::live ? live : no;
}

std::string explain_row(const OptionRow& row, std::string_view default_text) {
  return fmt::format("{}\n  default  {}\n  allowed  {}\n  change   {}\n  {}\n", row.facts.key,
                     default_text, allowed(row),
                     change_text(row, "while running, by updateBrokerConfig or updateNamesrvConfig",
                                 "in the file, then restart"),
                     row.facts.why);
}

}  // namespace

Result<std::string> OptionRows::explain(const void* defaults, std::string_view key) const {
  std::string out;
  for (const OptionRow& row : rows_) {
    if (!key.empty() && key != row.facts.key) continue;
    if (!out.empty()) out += '\n';
    out += explain_row(
        row, row.facts.default_text.empty() ? text_of(defaults, row) : row.facts.default_text);
  }
  if (!out.empty()) return out;
  const KnownKey* known = find_known(key);
  if (known == nullptr) return Error{Errc::bad_config, unknown_key(key, nearest(key))};
  return fmt::format(
      "{}\n  Java     {}, default {}\n  Known, but not served yet: it has no effect here.\n",
      known->key, known->type, known->default_text ? known->default_text : "none");
}

std::string OptionRows::markdown(const void* defaults) const {
  std::string out =
      "| Key | Default | Allowed | Change | Why you would change it |\n|---|---|---|---|---|\n";
  for (const OptionRow& row : rows_) {
    std::string shown = row.facts.default_text.empty() ? code(text_of(defaults, row))
                                                       : cell(row.facts.default_text);
    out +=
        fmt::format("| `{}`{} | {} | {} | {} | {} |\n", row.facts.key,
                    row.facts.origin == Origin::agena ? " (ours)" : "", shown, cell(allowed(row)),
                    change_text(row, "live", "restart"), cell(row.facts.why));
  }
  out += "\nKnown but not served; another value than Java's default warns at the start:\n\n";
  out += "| Key | Type | Java's default |\n|---|---|---|\n";
  std::vector<const KnownKey*> unserved;
  for (const KnownKey& known : known_) {
    if (find(known.key) == nullptr) unserved.push_back(&known);
  }
  std::sort(unserved.begin(), unserved.end(),
            [](const KnownKey* a, const KnownKey* b) { return a->key < b->key; });
  for (const KnownKey* known : unserved) {
    out += fmt::format("| `{}` | {} | {} |\n", known->key, known->type,
                       known->default_text ? code(known->default_text) : "");
  }
  if (unsafe_.empty()) return out;
  out += "\nNot served, and any other value than this one stops the start:\n\n";
  out += "| Key | Value | Why |\n|---|---|---|\n";
  for (const UnsafeKey& unsafe : unsafe_) {
    out += fmt::format("| `{}` | {} | {} |\n", unsafe.key, code(unsafe.harmless), cell(unsafe.why));
  }
  return out;
}

}  // namespace agena
