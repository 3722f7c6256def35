// Answers a request once configuration files hold its change.
//
// Over:     config_file.h, rpc/call.h.  Under: handlers/ (topics, groups, reset).
// Threads:  any; `done` and answers come from the saving thread.
// Lifetime: the files outlive the saves.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "broker/config_file.h"
#include "rpc/call.h"

namespace agena::broker {

// One file after the other; stops at the first that cannot be saved.
inline void when_all_saved(std::vector<ConfigFile*> files,
                           std::function<void(const Status&)> done) {
  if (files.empty()) {
    done(ok());
    return;
  }
  ConfigFile* next = files.back();
  files.pop_back();
  next->when_saved([files = std::move(files), done = std::move(done)](const Status& saved) {
    if (!saved) {
      done(saved);
    } else {
      when_all_saved(files, done);
    }
  });
}

// A change that cannot be saved is in force all the same: the answer says so.
inline void fail_unsaved(const rpc::Responder& later, const Error& error) {
  later.fail({error.code, "in force, but not saved: " + error.text});
}

inline void answer_when_saved(rpc::Call& call, std::vector<ConfigFile*> files,
                              std::string body = {}) {
  auto later = call.defer();
  when_all_saved(std::move(files), [later, body = std::move(body)](const Status& saved) {
    if (saved) {
      later.reply(0, {}, as_bytes(body));
    } else {
      fail_unsaved(later, saved.error());
    }
  });
}

}  // namespace agena::broker
