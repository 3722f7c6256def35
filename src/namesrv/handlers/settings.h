// Serves what administrators keep here: key-value settings (100, 101, 102, 219) and the name
// server's own configuration (318, 319).
//
// Over:    kv_config.h, options.h.  Under: namesrv.h.
// Threads: any loop; whatever writes a file does so on the background loop, and its answer follows
//          the save.
// Source:  RocketMQ 5.5.0, remarks included. Live updates go by the allow list that the option
//          table holds; other keys, paths among them, are refused with 16.
#pragma once
#include "io/files.h"
#include "io/loop.h"
#include "namesrv/kv_config.h"
#include "namesrv/options.h"
#include "rpc/router.h"

namespace agena::namesrv {

struct SettingDeps {
  KvConfig& kv;
  Options& options;
  io::Files& files;
  io::Loop& background;
};

void add_setting_handlers(rpc::Router& router, const SettingDeps& deps);

}  // namespace agena::namesrv
