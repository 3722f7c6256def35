// `agena pub` and `agena sub`: a message out, messages in.
#include <fmt/core.h>

#include <cstdio>
#include <iostream>

#include "base/log.h"
#include "client/producer.h"
#include "client/puller.h"
#include "cmd/commands.h"
#include "cmd/print.h"
#include "cmd/target.h"
#include "io/env.h"

namespace agena::cmd {
namespace {

struct PubOptions {
  Target target;
  client::OutgoingMessage message;
  std::vector<std::string> properties;
  int count = 1;
};

std::string read_standard_input() {
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

Status run_pub(PubOptions options) {
  set_log_level(LogLevel::error);
  if (options.message.body == "-") options.message.body = read_standard_input();
  for (const std::string& pair : options.properties) {
    size_t equals = pair.find('=');
    if (equals == std::string::npos) return Error{Errc::usage, "-P wants NAME=VALUE"};
    options.message.properties.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  auto env = io::make_posix_env(1);
  rpc::Client rpc(*env->loops().front(), env->clock());
  client::Routes routes(rpc, client::split_addresses(options.target.name_servers));
  client::Producer producer(rpc, routes, env->clock(), own_identity(*env));
  for (int n = 0; n < options.count; ++n) {
    MonoNanos begin = env->clock().mono();
    TRY(receipt, producer.send(options.message));
    double ms = double(env->clock().mono() - begin) / kNanosPerMilli;
    if (receipt.topic_is_new) print("created topic {}\n", options.message.topic);
    print("sent {} to {}/{} offset {} in {:.1f} ms\n", receipt.message_id,
          receipt.queue.broker_name, receipt.queue.queue_id.value, receipt.queue_offset.value, ms);
  }
  return ok();
}

struct SubOptions {
  Target target;
  client::PullerOptions puller;
  std::string group;
  std::string from = "last";
  int count = 0;  // 0: until stopped.
  int timeout_s = 0;
};

// False when nobody reads what is printed any more.
bool print_message(const client::IncomingMessage& message) {
  print("{}/{} offset {} {}{}{}\n{}\n", message.topic, message.queue_id.value,
        message.queue_offset.value, message.unique_key,
        message.tags.empty() ? "" : " tag=" + message.tags,
        message.keys.empty() ? "" : " keys=" + message.keys,
        message.unreadable ? fmt::format("(the body of {} bytes cannot be unpacked: {})",
                                         message.body.size(), describe(*message.unreadable))
                           : message.body);
  return bool(flush_output());
}

// Whoever sees nothing should know what would have to happen, or what to type instead.
void print_waiting(const SubOptions& options, bool topic_exists) {
  const std::string& topic = options.puller.topic;
  if (!topic_exists) {
    print_note("{} does not exist yet: waiting for its first message\n", topic);
  } else if (!options.group.empty()) {
    print_note("{}: going on where group {} has committed\n", topic, options.group);
  } else if (options.puller.start == client::StartAt::last) {
    print_note("{}: waiting for new messages; --from first shows the old ones, too\n", topic);
  }
}

Status run_sub(SubOptions options) {
  set_log_level(LogLevel::error);
  options.puller.start = options.from == "first" ? client::StartAt::first : client::StartAt::last;
  if (!options.group.empty()) {
    options.puller.group = options.group;
    options.puller.commits = true;
  }
  auto env = io::make_posix_env(1);
  rpc::Client rpc(*env->loops().front(), env->clock());
  client::Routes routes(rpc, client::split_addresses(options.target.name_servers));
  client::Puller puller(rpc, routes, env->clock(), options.puller);
  TRY_OK(puller.open());
  print_waiting(options, puller.topic_exists());
  MonoNanos deadline = env->clock().mono() + options.timeout_s * kNanosPerSecond;
  int seen = 0;
  while (options.count == 0 || seen < options.count) {
    TRY(messages, puller.poll(1000));
    for (const auto& message : messages) {
      if (!print_message(message)) return ok();
      if (++seen == options.count) break;
    }
    bool late = options.timeout_s > 0 && env->clock().mono() > deadline;
    if (late && seen < options.count) {
      return Error{Errc::timed_out, fmt::format("{} of {} messages came", seen, options.count)};
    }
    if (late) break;
  }
  return ok();
}

}  // namespace

std::function<int()> setup_pub(CLI::App& app) {
  auto options = std::make_shared<PubOptions>();
  add_target(app, options->target);
  app.add_option("TOPIC", options->message.topic, "Where to send")->required();
  app.add_option("BODY", options->message.body, "What to send; - reads standard input")->required();
  app.add_option("-t,--tag", options->message.tags, "Tag");
  app.add_option("-k,--key", options->message.keys, "Keys, separated by blanks");
  app.add_option("-P,--property", options->properties, "A property, NAME=VALUE; may be repeated");
  app.add_option("--count", options->count, "Send it so many times")->check(CLI::PositiveNumber);
  return [options] {
    Status status = run_pub(*options);
    return status ? 0 : report(status.error());
  };
}

std::function<int()> setup_sub(CLI::App& app) {
  auto options = std::make_shared<SubOptions>();
  add_target(app, options->target);
  app.add_option("TOPIC", options->puller.topic, "What to read")->required();
  app.add_option("-g,--group", options->group,
                 "Go on where this consumer group has committed, and commit");
  app.add_option("--from", options->from, "first or last, where nothing was committed")
      ->check(CLI::IsMember({"first", "last"}))
      ->capture_default_str();
  app.add_option("-t,--tag", options->puller.tags, "Tags, as in A||B")->capture_default_str();
  app.add_option("--count", options->count, "End after so many messages");
  app.add_option("--timeout", options->timeout_s, "End after so many seconds");
  return [options] {
    Status status = run_sub(*options);
    return status ? 0 : report(status.error());
  };
}

}  // namespace agena::cmd
