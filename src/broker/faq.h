// What the Java broker adds to some refusals. People search for these words.
//
// Over:   nothing.  Under: the handlers.
// Source: observed at the Java 5.5.0 broker (tests/wire/client_java_5_5_0.json).
#pragma once
#include <string_view>

namespace agena::broker {

inline constexpr std::string_view kSeeFaq =
    "\nSee https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.";

}  // namespace agena::broker
