// Keeps the name servers informed: who this broker is and which topics it has.
//
// Over:    rpc/client.h, topic_table.h, wire/bodies/registration.h.  Under: broker.h.
// When:    at start, every registerNameServerPeriod (30 s), and 10 ms after a topic changed. Each
//          name server is told on its own: a dead one delays nobody. With forceRegister=false the
//          periodic round asks each first (322) whether it knows the topics' version.
// Threads: start() and stop() from the owner, topics_changed() and when_told() from any thread; the
//          rest runs on the loop given.
// Source:  requests 103, 104 and 322; the answer's table of ordered topics sets the topics' order
// flag.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/options.h"
#include "broker/topic_table.h"
#include "io/clock.h"
#include "io/loop.h"
#include "rpc/client.h"

namespace agena::broker {

struct RegistrationDeps {
  io::Loop& loop;
  const io::Clock& clock;
  TopicTable& topics;
  const Options& options;
  std::string broker_address;  // What clients connect to.
  std::string ha_address;
};

class Registration {
 public:
  Registration(RegistrationDeps deps, std::vector<std::string> name_servers);
  ~Registration();

  // `first_round` is called on the loop when every name server has answered or failed once.
  void start(std::function<void()> first_round);
  void topics_changed();
  // Once the name servers know of every change before this call, or have had a second to answer:
  // one that is dead holds nobody up. Any thread; `told` comes on the loop.
  void when_told(std::function<void()> told);
  // Tells every name server that the broker goes; `done` comes on the loop, at the latest after
  // 1 s.
  void stop(std::function<void()> done);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace agena::broker
