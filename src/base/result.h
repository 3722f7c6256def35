// Errors as values: a function that can fail returns Result<T> or Status, and the compiler
// complains when the caller drops it.
//
// Over:   errc.def (the catalogue: code on the wire, remark, hint).  Under: everything.
// Use:    `Result<Frame> r = decode(bytes); if (!r) return r.error();`, or TRY(frame,
// decode(bytes)). Errors: an Error is an Errc plus an optional text that says what was wrong with
// this input.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace agena {

enum class Errc : uint16_t {
#define ERRC(name, code, remark, hint) name,
#include "base/errc.def"
#undef ERRC
};

struct ErrcInfo {
  const char* name;
  int32_t response_code;  // RocketMQ response code sent to a remoting client.
  const char* remark;     // Default text for the client.
  const char* hint;       // What an operator should check.
};
const ErrcInfo& errc_info(Errc code) noexcept;
int errc_count() noexcept;  // Rows of the catalogue; every smaller number is an Errc.

struct Error {
  Errc code = Errc::system_error;
  std::string text;  // May be empty: then the catalogue's remark speaks.

  int32_t response_code() const noexcept { return errc_info(code).response_code; }
  std::string_view remark() const noexcept {
    return text.empty() ? std::string_view(errc_info(code).remark) : std::string_view(text);
  }
};

// "name: text", for logs and terminals.
std::string describe(const Error& error);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}     // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {  // NOLINT: implicit
    ASSERT(this->error().code != Errc::ok);
  }
  Result(Errc code) : Result(Error{code, {}}) {}  // NOLINT: implicit

  explicit operator bool() const noexcept { return state_.index() == 0; }
  T& value() & {
    ASSERT(*this, "value() of an error");
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    ASSERT(*this, "value() of an error");
    return *std::get_if<0>(&state_);
  }
  T&& value() && { return std::move(value()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    ASSERT(!*this, "error() of a value");
    return *std::get_if<1>(&state_);
  }
  T value_or(T other) const { return *this ? value() : std::move(other); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit
  Result(Errc code) : error_{code, {}} {}            // NOLINT: implicit

  explicit operator bool() const noexcept { return error_.code == Errc::ok; }
  const Error& error() const {
    ASSERT(!*this, "error() of a value");
    return error_;
  }

 private:
  Error error_{Errc::ok, {}};
};
using Status = Result<void>;
inline Status ok() {
  return {};
}

}  // namespace agena

// Returns the error to the caller, or names the value: TRY(frame, decode(bytes));
#define AGENA_JOIN2(a, b) a##b
#define AGENA_JOIN(a, b) AGENA_JOIN2(a, b)
#define TRY(name, ...)                                                        \
  auto AGENA_JOIN(name, _result_) = (__VA_ARGS__);                            \
  if (!AGENA_JOIN(name, _result_)) return AGENA_JOIN(name, _result_).error(); \
  auto& name = AGENA_JOIN(name, _result_).value()
// The same for a Status: TRY_OK(file.write(...));
#define TRY_OK(...)                                                                          \
  do {                                                                                       \
    if (auto status_of_try_ = (__VA_ARGS__); !status_of_try_) return status_of_try_.error(); \
  } while (false)
