"""Names of topics and groups that no path may take, and topics that only the broker writes."""
import json

from check import HEARTBEAT, SEND, TOPIC, Bystander, expect, files_below, send_one
from lib import remoting

BAD = ["../../escaped", "..", ".", "a/b", "/etc/passwd", "a\\b", "a b", "a.b", "a\nb", "a\0b",
       "naïve", "topic$(id)", "`id`", "%2e%2e", "a" * 128, "%RETRY%" + "a" * 249, "%RETRY%../../x",
       "%DLQ%/x", "", " "]
BAD_TOPICS = [name for name in BAD if name != "%2e%2e"]  # Only percent signs and letters: legal.
GOOD_TOPICS = ["a" * 127, "%RETRY%" + "g" * 120, "A-b_c|d%9"]
BAD_GROUPS = ["../../escaped", "a/b", "a b", "a.b", "a\0b", "naïve", "a" * 121, "", " "]
CLOSED_TOPICS = ["SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC",
                 "TRANS_CHECK_MAX_TIME_TOPIC", "SELF_TEST_TOPIC", "OFFSET_MOVED_EVENT",
                 "RMQ_SYS_ROCKSDB_TRANS_HALF_TOPIC", "RMQ_SYS_ROCKSDB_TRANS_OP_HALF_TOPIC",
                 "rmq_sys_wheel_timer", "rmq_sys_REVIVE_LOG_DefaultCluster", "rmq_sys_anything"]


def sends(connection, topic):
    """The three forms of a send, each answered."""
    fields = remoting.send_fields(topic, 0, "")
    yield "send v2", connection.call(SEND, fields, b"x")
    yield "send", connection.call(10, {
        "producerGroup": "tests", "topic": topic, "defaultTopic": "TBW102",
        "defaultTopicQueueNums": 4, "queueId": 0, "sysFlag": 0, "bornTimestamp": 1, "flag": 0,
        "properties": "", "reconsumeTimes": 0, "unitMode": "false", "batch": "false"}, b"x")
    yield "batch", connection.call(320, {**fields, "m": "true"}, batch_body())


def batch_body():
    return b"".join(n.to_bytes(4, "big") for n in (23, 0, 0, 0, 1)) + b"x" + bytes(2)


def topic_fields(topic):
    return {"topic": topic, "defaultTopic": "TBW102", "readQueueNums": 4, "writeQueueNums": 4,
            "perm": 6, "topicFilterType": "SINGLE_TAG", "topicSysFlag": 0, "order": "false"}


def known_topics(connection):
    return connection.call(21).body.decode()


def known_groups(connection):
    return connection.call(201).body.decode()


def bad_topics_are_refused_everywhere(place):
    with place.broker() as broker, remoting.Connection(broker.address) as connection, \
            Bystander(broker.address):
        topics = known_topics(connection)
        for topic in BAD_TOPICS:
            for what, answer in sends(connection, topic):
                expect(answer.code != 0, f"{what} to {topic!r} was taken")
            for wait_ms in (0, 1000):
                answer = remoting.pull(connection, topic, 0, 0, wait_ms=wait_ms)
                expect(answer.code not in (0, 19), f"a pull of {topic!r}: {answer.code}")
            answer = connection.call(17, topic_fields(topic))
            expect(answer.code != 0, f"topic {topic!r} was made")
            listed = json.dumps({"topicConfigList": [{"topicName": topic, "readQueueNums": 1,
                                                      "writeQueueNums": 1, "perm": 6}]}).encode()
            expect(connection.call(18, {}, listed).code != 0, f"topic {topic!r} was made by a list")
            answer = connection.call(15, {"consumerGroup": "tests", "topic": topic, "queueId": 0,
                                          "commitOffset": 1})
            expect(answer.code != 0, f"an offset of {topic!r} was committed")
            for code, more in [(215, {}), (29, {"timestamp": 1}), (30, {}), (31, {}), (32, {}),
                               (12, {"key": "k", "maxNum": 1, "beginTimestamp": 0,
                                     "endTimestamp": 1})]:
                connection.call(code, {"topic": topic, "queueId": 0, **more})
        expect(known_topics(connection) == topics, "the table of topics changed")
        for topic in GOOD_TOPICS:
            answer = send_one(connection, topic)
            expect(answer.code == 0, f"a send to {topic!r}: {answer.code} {answer.remark}")
    check_folders(place)


def check_folders(place):
    """Nothing was made outside of the store, nor inside under such a name."""
    outside = {path for path in files_below(place.home) if not path.startswith("broker/store")}
    allowed = {"broker", "broker/broker.log", "broker/broker.conf"}
    expect(outside <= allowed, f"made outside of the store: {outside - allowed}")
    queues = place.home / "broker" / "store" / "consumequeue"
    made = {path.name for path in queues.iterdir()}
    expect(not made & set(BAD_TOPICS) and not any("." in name for name in made),
           f"queues of {made}")
    expect(set(GOOD_TOPICS) <= made, f"no queues of {set(GOOD_TOPICS) - made}")


def heartbeat_of(group, topic=TOPIC):
    return json.dumps({
        "clientID": "limits@1", "producerDataSet": [{"groupName": "p"}],
        "consumerDataSet": [{
            "groupName": group, "consumeType": "CONSUME_PASSIVELY", "messageModel": "CLUSTERING",
            "consumeFromWhere": "CONSUME_FROM_FIRST_OFFSET", "unitMode": False,
            "subscriptionDataSet": [{"topic": topic, "subString": "*", "tagsSet": [], "codeSet": [],
                                     "subVersion": 1, "expressionType": "TAG"}]}]}).encode()


def bad_groups_are_refused_everywhere(place):
    with place.broker() as broker, remoting.Connection(broker.address) as connection:
        expect(send_one(connection).code == 0, "the topic")
        groups, topics = known_groups(connection), known_topics(connection)
        for group in BAD_GROUPS:
            connection.call(HEARTBEAT, {}, heartbeat_of(group))
            answer = connection.call(38, {"consumerGroup": group})
            expect(answer.code != 0, f"group {group!r} has members")
            answer = remoting.pull(connection, TOPIC, 0, 0, group=group)
            expect(answer.code != 0, f"group {group!r} was served")
            answer = connection.call(200, {}, json.dumps({"groupName": group}).encode())
            expect(answer.code != 0, f"group {group!r} was made")
            answer = connection.call(15, {"consumerGroup": group, "topic": TOPIC, "queueId": 0,
                                          "commitOffset": 1})
            expect(answer.code != 0, f"an offset of group {group!r} was committed")
            connection.call(207, {"groupName": group})
        connection.call(HEARTBEAT, {}, heartbeat_of("fine", "../../escaped"))
        expect("escaped" not in known_topics(connection), "a subscription made a topic")
        answer = connection.call(38, {"consumerGroup": "fine"})
        expect(answer.code == 0, f"a good group: {answer.code} {answer.remark}")
        expect(len(json.loads(known_groups(connection))["subscriptionGroupTable"]) ==
               len(json.loads(groups)["subscriptionGroupTable"]) + 1, "the table of groups")
        expect(len(json.loads(known_topics(connection))["topicConfigTable"]) ==
               len(json.loads(topics)["topicConfigTable"]) + 1, "retry topics of bad groups")


def what_only_the_broker_writes_is_closed(place):
    with place.broker() as broker, remoting.Connection(broker.address) as connection:
        topics = known_topics(connection)
        for topic in CLOSED_TOPICS:
            for what, answer in sends(connection, topic):
                expect(answer.code == 16, f"{what} to {topic}: {answer.code} {answer.remark}")
        expect(known_topics(connection) == topics, "a refused send made a topic")
        for topic in ("TBW102", "SCHEDULE_TOPIC_XXXX", "rmq_sys_wheel_timer"):
            expect(connection.call(17, topic_fields(topic)).code != 0, f"{topic} was changed")


def bad_names_in_files_are_not_followed(place):
    """Somebody else's topics.json may name anything."""
    with place.broker() as broker, remoting.Connection(broker.address) as connection:
        expect(send_one(connection).code == 0, "a topic")
    table = place.home / "broker" / "store" / "config" / "topics.json"
    saved = json.loads(table.read_text())
    good = saved["topicConfigTable"][TOPIC]
    for name in ("../../escaped", "a/b"):
        saved["topicConfigTable"][name] = {**good, "topicName": name}
    table.write_text(json.dumps(saved))
    try:
        with place.broker() as broker, remoting.Connection(broker.address) as connection:
            for name in ("../../escaped", "a/b"):
                expect(send_one(connection, name).code != 0, f"a send to {name} was taken")
            expect(send_one(connection).code == 0, "the good topic")
            how = "started without them"
    except RuntimeError as error:
        how = f"refused to start: {error}"
    made = {path for path in files_below(place.home) if "escaped" in path or "consumequeue/a" in path}
    expect(not made, f"made: {made}")
    print(f"  {how}")


SUITES = [bad_topics_are_refused_everywhere, bad_groups_are_refused_everywhere,
          what_only_the_broker_writes_is_closed, bad_names_in_files_are_not_followed]
