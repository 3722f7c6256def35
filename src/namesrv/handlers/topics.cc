#include "namesrv/handlers/topics.h"

#include "wire/requests/namesrv.h"

namespace agena::namesrv {
namespace {

Error disabled() {
  return {Errc::system_error, "disable"};  // Java's remark.
}

Status answer(rpc::Call& call, const wire::TopicList& list) {
  call.reply_body(json::to_json(list));
  return ok();
}

}  // namespace

void add_topic_handlers(rpc::Router& router, const TopicDeps& deps) {
  router.on<wire::GetAllTopicListFromNamesrv>([deps](rpc::Call& call, const auto&) -> Status {
    if (!deps.options.enable_all_topic_list) return disabled();
    return answer(call, deps.routes.all_topics());
  });
  router.on<wire::GetTopicsByCluster>([deps](rpc::Call& call, const auto& request) -> Status {
    if (!deps.options.enable_topic_list) return disabled();
    return answer(call, deps.routes.topics_of_cluster(request.cluster));
  });
  router.on<wire::GetSystemTopicListFromNamesrv>(
      [deps](rpc::Call& call, const auto&) { return answer(call, deps.routes.system_topics()); });
  router.on<wire::GetUnitTopicList>([deps](rpc::Call& call, const auto&) -> Status {
    if (!deps.options.enable_topic_list) return disabled();
    return answer(call, deps.routes.unit_topics());
  });
  router.on<wire::GetHasUnitSubTopicList>([deps](rpc::Call& call, const auto&) -> Status {
    if (!deps.options.enable_topic_list) return disabled();
    return answer(call, deps.routes.unit_sub_topics());
  });
  router.on<wire::GetHasUnitSubUnunitTopicList>([deps](rpc::Call& call, const auto&) -> Status {
    if (!deps.options.enable_topic_list) return disabled();
    return answer(call, deps.routes.unit_sub_ununit_topics());
  });
}

}  // namespace agena::namesrv
