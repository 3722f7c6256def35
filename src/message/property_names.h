// The names of message properties that brokers and clients give a meaning, spelled as on the wire.
//
// Over:   nothing.  Under: properties.h and whoever reads one property.
// Source: RocketMQ 5.5.0. is_reserved() is the set that a producer must not use for properties of
//         its own; brokers store what comes.
#pragma once
#include <string_view>

namespace agena::message {
namespace property {

using Name = std::string_view;
// Set by producers.
inline constexpr Name keys = "KEYS";
inline constexpr Name tags = "TAGS";
inline constexpr Name wait = "WAIT";
inline constexpr Name uniq_key = "UNIQ_KEY";
inline constexpr Name extend_uniq_info = "EXTEND_UNIQ_INFO";
inline constexpr Name delay_level = "DELAY";
inline constexpr Name producer_group = "PGROUP";
inline constexpr Name sharding_key = "__SHARDINGKEY";
inline constexpr Name lite_topic = "__LITE_TOPIC";
inline constexpr Name priority = "_SYS_MSG_PRIORITY_";
inline constexpr Name buyer_id = "BUYER_ID";
inline constexpr Name instance_id = "INSTANCE_ID";
inline constexpr Name trace_context = "TRACE_CONTEXT";
inline constexpr Name born_host = "__BORNHOST";
inline constexpr Name born_timestamp = "BORN_TIMESTAMP";
// Transactions.
inline constexpr Name transaction_prepared = "TRAN_MSG";
inline constexpr Name transaction_id = "__transactionId__";
inline constexpr Name transaction_check_times = "TRANSACTION_CHECK_TIMES";
inline constexpr Name check_immunity_seconds = "CHECK_IMMUNITY_TIME_IN_SECONDS";
inline constexpr Name prepared_queue_offset = "TRAN_PREPARED_QUEUE_OFFSET";
inline constexpr Name trans_offset = "TRANS_OFFSET";
// Where a message came from and goes to.
inline constexpr Name real_topic = "REAL_TOPIC";
inline constexpr Name real_queue_id = "REAL_QID";
inline constexpr Name retry_topic = "RETRY_TOPIC";
inline constexpr Name origin_group = "ORIGIN_GROUP";
inline constexpr Name origin_message_id = "ORIGIN_MESSAGE_ID";
inline constexpr Name reconsume_time = "RECONSUME_TIME";
inline constexpr Name max_reconsume_times = "MAX_RECONSUME_TIMES";
inline constexpr Name dlq_origin_topic = "DLQ_ORIGIN_TOPIC";
inline constexpr Name dlq_origin_message_id = "DLQ_ORIGIN_MESSAGE_ID";
inline constexpr Name cluster = "CLUSTER";
inline constexpr Name region = "MSG_REGION";
inline constexpr Name trace_switch = "TRACE_ON";
inline constexpr Name forward_queue_id = "PROPERTY_FORWARD_QUEUE_ID";
inline constexpr Name redirect = "REDIRECT";
inline constexpr Name dup_info = "DUP_INFO";
inline constexpr Name transfer_flag = "TRANSFER_FLAG";
inline constexpr Name correction_flag = "CORRECTION_FLAG";
inline constexpr Name mq2_flag = "MQ2_FLAG";
// Request and reply.
inline constexpr Name message_type = "MSG_TYPE";
inline constexpr Name correlation_id = "CORRELATION_ID";
inline constexpr Name reply_to_client = "REPLY_TO_CLIENT";
inline constexpr Name time_to_live = "TTL";
inline constexpr Name reply_arrive_time = "ARRIVE_TIME";
inline constexpr Name push_reply_time = "PUSH_REPLY_TIME";
// Consuming.
inline constexpr Name min_offset = "MIN_OFFSET";
inline constexpr Name max_offset = "MAX_OFFSET";
inline constexpr Name consume_start_time = "CONSUME_START_TIME";
inline constexpr Name pop_check_point = "POP_CK";
inline constexpr Name pop_check_point_offset = "POP_CK_OFFSET";
inline constexpr Name first_pop_time = "1ST_POP_TIME";
// Batches and multi-dispatch.
inline constexpr Name inner_num = "INNER_NUM";
inline constexpr Name inner_base = "INNER_BASE";
inline constexpr Name inner_multi_dispatch = "INNER_MULTI_DISPATCH";
inline constexpr Name inner_multi_queue_offset = "INNER_MULTI_QUEUE_OFFSET";
// Timers.
inline constexpr Name timer_delay_sec = "TIMER_DELAY_SEC";
inline constexpr Name timer_delay_ms = "TIMER_DELAY_MS";
inline constexpr Name timer_deliver_ms = "TIMER_DELIVER_MS";
inline constexpr Name timer_out_ms = "TIMER_OUT_MS";
inline constexpr Name timer_enqueue_ms = "TIMER_ENQUEUE_MS";
inline constexpr Name timer_dequeue_ms = "TIMER_DEQUEUE_MS";
inline constexpr Name timer_roll_times = "TIMER_ROLL_TIMES";
inline constexpr Name timer_roll_label = "TIMER_ROLL_LABEL";
inline constexpr Name timer_delete_uniq_key = "TIMER_DEL_UNIQKEY";
inline constexpr Name timer_delay_level = "TIMER_DELAY_LEVEL";
inline constexpr Name timer_engine_type = "E_T";
// Integrity: see check_property_crc() in record_format.h.
inline constexpr Name crc32 = "__CRC32#";

// Names with this prefix live in memory only; no broker stores them.
inline constexpr Name transient_prefix = "__RMQ.TRANSIENT.";
inline constexpr Name transient_topic_flag = "__RMQ.TRANSIENT.TOPIC_SYS_FLAG";
inline constexpr Name transient_group_flag = "__RMQ.TRANSIENT.GROUP_SYS_FLAG";

}  // namespace property

bool is_reserved(std::string_view property_name);

}  // namespace agena::message
