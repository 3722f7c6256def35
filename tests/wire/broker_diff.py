#!/usr/bin/env python3
"""Sends the same operator requests to two brokers and compares what they answer.

    broker_diff.py REFERENCE OURS           compare; REFERENCE is an address or a recording
    broker_diff.py REFERENCE --record FILE  write one broker's answers down

Both brokers must be fresh and have the same broker and cluster name. Compared are the code, the
remark of refusals, the ext fields and the body, as broker_answers.py says. EXPECTED_DIFFERENCES
lists the steps on which we mean to differ; docs/compatibility.md tells the same to users.
broker_java_5_5_0.json holds what the Java broker answered.
"""

import json
import pathlib
import socket
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]
import broker_answers  # noqa: E402
from remoting import Connection  # noqa: E402

T, T2, G, G2, G3 = "diff-one", "diff-two", "diff-group", "diff-group2", "diff-group3"
CLIENT, PRODUCER = "127.0.0.1@diff", "diff-producers"

# Step name: why our answer may differ.
EXPECTED_DIFFERENCES = {
    "forbidden, no topic": "a question without a topic has no answer",
    "query colliding key": "Java also returns messages whose keys only share the hash",
    "get config": "our configuration has keys of its own, and Java leaves out unset ones",
    "update black list": "the remark says what to do instead",
    "update home": "the remark says what to do instead",
    "update restart key": "Java takes every key, also those it applies at the next start only",
    "update bad value": "Java ignores values that it cannot read",
    "reset without time": "Java takes a missing time as 0 and resets to the start",
    "topics of that clone": "Java clones nothing when no topic is named",
    "groups in the end": "Java makes a deleted group anew, with defaults, in the deletion itself",
}


def topic_fields(name, queues=4, **more):
    fields = {"topic": name, "defaultTopic": "TBW102", "readQueueNums": str(queues),
              "writeQueueNums": str(queues), "perm": "6", "topicFilterType": "SINGLE_TAG",
              "topicSysFlag": "0", "order": "false"}
    fields.update({key: value for key, value in more.items() if value is not None})
    return {key: value for key, value in fields.items() if value != ""}


def topic_config(name, queues=2, **more):
    return dict({"attributes": {}, "order": False, "perm": 6, "readQueueNums": queues,
                 "topicFilterType": "SINGLE_TAG", "topicName": name, "topicSysFlag": 0,
                 "writeQueueNums": queues}, **more)


def as_json(value):
    return json.dumps(value).encode()


def send_fields(queue, keys, tags, unique, topic=T):
    properties = "".join(f"{k}\1{v}\2" for k, v in (("KEYS", keys), ("TAGS", tags),
                                                  ("UNIQ_KEY", unique), ("WAIT", "true")))
    return {"a": PRODUCER, "b": topic, "c": "TBW102", "d": "4", "e": str(queue), "f": "0",
            "g": "1700000000000", "h": "0", "i": properties, "j": "0", "k": "false", "m": "false"}


class Client:
    """A consumer and producer that answers what the broker asks of it."""

    RUNNING = {"properties": {"PROP_CLIENT_VERSION": "V5_5_0"}, "subscriptionSet": []}
    DIRECT = {"autoCommit": True, "consumeResult": "CR_SUCCESS", "order": False,
              "remark": None, "spentTimeMills": 1}

    def __init__(self, address):
        self.connection = Connection(address, timeout_s=30)
        self.pushed = []
        self.answers = {}
        self.arrived = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def call(self, code, ext=None, body=b""):
        opaque = self.connection.send(code, ext, body)
        with self.arrived:
            assert self.arrived.wait_for(lambda: opaque in self.answers, 10), code
            return self.answers.pop(opaque)

    def close(self):
        # The reading thread keeps the socket: only a shutdown ends the connection.
        self.connection.socket.shutdown(socket.SHUT_RDWR)
        self.connection.close()

    def _read(self):
        try:
            while True:
                self._take(self.connection.receive())
        except (OSError, ConnectionError):
            pass

    def _take(self, frame):
        with self.arrived:
            if frame.flag & 1:
                self.answers[frame.opaque] = frame
            else:
                self.pushed.append(frame)
                self._answer(frame)
            self.arrived.notify_all()

    def _answer(self, frame):
        if frame.flag & 2:
            return
        if frame.code == 307:
            self.connection.reply(frame.opaque, 0, body=as_json(self.RUNNING))
        elif frame.code == 309:
            self.connection.reply(frame.opaque, 0, body=as_json(self.DIRECT))
        elif frame.code == 221:
            self.connection.reply(frame.opaque, 0, body=(
                '{"messageQueueTable":{{"brokerName":"broker-a","queueId":0,"topic":"%s"}:7},'
                '"consumerTable":{}}' % T).encode())
        else:
            self.connection.reply(frame.opaque, 1, remark="what is this?")


class Script(broker_answers.Steps):
    """The steps of an operator."""

    def run(self):
        self.topics()
        self.groups()
        self.messages()
        self.client_joins()
        self.views()
        self.relay()
        self.resets()
        self.client_leaves()
        self.settings()
        self.deletions()
        self.admin.close()
        return self.answers

    def topics(self):
        self.step("create topic", 17, topic_fields(T))
        self.step("create the same topic", 17, topic_fields(T))
        self.step("change topic", 17, topic_fields(T, readQueueNums="4", order="true"))
        self.step("change it back", 17, topic_fields(T))
        self.step("create without topic", 17, topic_fields(None))
        self.step("create blank topic", 17, topic_fields(" "))
        self.step("create illegal topic", 17, topic_fields("bad topic"))
        self.step("create long topic", 17, topic_fields("t" * 128))
        self.step("create system topic", 17, topic_fields("TBW102"))
        self.step("create prefixed system topic", 17, topic_fields("rmq_sys_x"))
        self.step("create topic of the cluster's name", 17, topic_fields("DefaultCluster"))
        self.step("create with bad filter", 17, topic_fields(T2, topicFilterType="X"))
        self.step("create with bad number", 17, topic_fields(T2, perm="x"))
        self.step("create with attribute", 17,
                  topic_fields(T2, attributes="+message.type=FIFO", queues=2))
        self.step("change attribute", 17,
                  topic_fields(T2, attributes="+message.type=NORMAL", queues=2))
        self.step("delete missing attribute", 17,
                  topic_fields(T2, attributes="-cleanup.policy", queues=2))
        self.step("mixed attribute", 17, topic_fields(T2, attributes="+message.type=MIXED"))
        self.step("unknown attribute", 17, topic_fields("diff-attr", attributes="+no.such=1"))
        self.step("attribute without sign", 17,
                  topic_fields("diff-attr", attributes="message.type=FIFO"))
        self.step("attribute with bad value", 17,
                  topic_fields("diff-attr", attributes="+message.type=ODD"))
        self.step("reserve time", 17, topic_fields("diff-attr", attributes="+reserve.time=10"))
        self.step("topic config", 351, {"topic": T})
        self.step("topic config with attribute", 351, {"topic": T2})
        self.step("topic config, missing", 351, {"topic": "diff-none"})
        self.step("topic config, no field", 351)
        self.step("create list", 18, None, as_json(
            {"topicConfigList": [topic_config("diff-l1"), topic_config("diff-l2", future=1)]}))
        self.step("create list again", 18, None, as_json(
            {"topicConfigList": [topic_config("diff-l1")]}))
        self.step("create list with a bad name", 18, None, as_json(
            {"topicConfigList": [topic_config("diff-l3"), topic_config("bad topic")]}))
        self.step("nothing of it was made", 351, {"topic": "diff-l3"})
        self.step("create list, no body", 18)
        self.step("create list, bad body", 18, None, b"{]")
        self.step("all topics", 21)
        self.step("all topics, two", 21, {"topicSeq": "0", "maxTopicNum": "2"})
        self.step("all topics, stale version", 21,
                  {"topicSeq": "2", "maxTopicNum": "2", "dataVersion": "{}"})
        self.step("all topics, past the end", 21, {"topicSeq": "0", "maxTopicNum": "1000"})
        self.step("system topics", 305)
        self.step("stats of a new topic", 202, {"topic": T2})
        self.step("stats of a missing topic", 202, {"topic": "diff-none"})

    def groups(self):
        self.step("create group", 200, None, as_json(
            {"groupName": G, "consumeEnable": True, "consumeFromMinEnable": False, "brokerId": 0,
             "retryQueueNums": 2, "retryMaxTimes": 5, "whichBrokerWhenConsumeSlowly": 1,
             "futureMember": {"a": [1]}}))
        self.step("group config", 352, {"group": G})
        self.step("create group, illegal name", 200, None, as_json({"groupName": "bad group"}))
        self.step("create group, no name", 200, None, as_json({"brokerId": 0}))
        self.step("create group, long name", 200, None, as_json({"groupName": "g" * 121}))
        self.step("create group, no body", 200)
        self.step("create group, bad body", 200, None, b"{]")
        self.step("create group with attribute", 200, None, as_json(
            {"groupName": G2, "attributes": {"+priority.factor": "3"}}))
        self.step("group config with attribute", 352, {"group": G2})
        self.step("create group with bad attribute", 200, None, as_json(
            {"groupName": "diff-g9", "attributes": {"+no.such": "3"}}))
        self.step("create group with retry policy", 200, None, as_json(
            {"groupName": "diff-g4", "groupRetryPolicy": {
                "type": "EXPONENTIAL", "exponentialRetryPolicy":
                {"initial": 5000, "max": 7200000, "multiplier": 2}}}))
        self.step("group config with retry policy", 352, {"group": "diff-g4"})
        self.step("create group list", 225, None, as_json(
            {"groupConfigList": [{"groupName": "diff-g5"}, {"groupName": "diff-g6"}]}))
        self.step("create group list with a bad name", 225, None, as_json(
            {"groupConfigList": [{"groupName": "diff-g7"}, {"groupName": "bad group"}]}))
        self.step("create group list, no body", 225)
        self.step("group config, new name", 352, {"group": "diff-auto"})
        self.step("group config, illegal name", 352, {"group": "bad group"})
        self.step("all groups", 201)
        self.step("all groups, two", 201, {"groupSeq": "0", "maxGroupNum": "2"})
        self.step("forbid reading", 353, {"group": G2, "topic": T, "readable": "false"})
        self.step("ask whether it is readable", 353, {"group": G2, "topic": T})
        self.step("all groups with a forbidden topic", 201)
        self.step("allow reading", 353, {"group": G2, "topic": T, "readable": "true"})
        self.step("forbidden, no topic", 353, {"group": G2})

    def messages(self):
        for i in range(8):
            self.step(f"send {i}", 310, send_fields(i % 4, f"key{i} common", f"Tag{'AB'[i % 2]}",
                                                  f"7F0000010000000000000000000{i:05}"),
                      f"body {i}".encode())
        # Hash codes that collide in Java: only a look at the key itself tells them apart.
        for i, key in enumerate(("Aa", "BB")):
            self.step(f"send colliding {i}", 310,
                      send_fields(i, key, "TagC", f"7F00000100000000000000001000{i:04}"), b"c")
        time.sleep(1.5)
        span = {"beginTimestamp": "0", "endTimestamp": str(2 ** 62)}
        self.step("query by key", 12, {"topic": T, "key": "key3", "maxNum": "32", **span})
        self.step("query common key", 12, {"topic": T, "key": "common", "maxNum": "32", **span})
        self.step("query, one", 12, {"topic": T, "key": "key5", "maxNum": "1", **span})
        self.step("query colliding key", 12, {"topic": T, "key": "Aa", "maxNum": "32", **span})
        self.step("query by unique key", 12, {"topic": T, "key": "7F000001000000000000000000000003",
                                             "maxNum": "32", "_UNIQUE_KEY_QUERY": "true", **span})
        self.step("query by index type", 12, {"topic": T, "key": "7F000001000000000000000000000003",
                                             "maxNum": "32", "indexType": "U", **span})
        self.step("query missing key", 12, {"topic": T, "key": "nope", "maxNum": "32", **span})
        self.step("query past", 12, {"topic": T, "key": "key3", "maxNum": "32",
                                    "beginTimestamp": "0", "endTimestamp": "1000"})
        self.step("query without key", 12, {"topic": T, "maxNum": "32", **span})
        self.step("view first", 33, {"offset": "0"})
        self.step("view past the end", 33, {"offset": str(2 ** 40)})
        self.step("view negative", 33, {"offset": "-1"})
        self.step("view without offset", 33)
        self.step("topic stats", 202, {"topic": T})
        for name, fields in {
                "queue": {"index": "0", "count": "10"}, "from the second": {"index": "1", "count": "1"},
                "past the end": {"index": "9", "count": "10"},
                "with group": {"index": "0", "count": "1", "consumerGroup": G}}.items():
            self.step(f"consume queue, {name}", 321, {"topic": T, "queueId": "0", **fields})
        self.step("consume queue, missing", 321, {"topic": "diff-none", "queueId": "0",
                                                 "index": "0", "count": "10"})

    def client_joins(self):
        self.step("consumers of nobody", 203, {"consumerGroup": G})
        self.step("producers of nobody", 204, {"producerGroup": PRODUCER})
        self.step("all producers, none", 328)
        self.client = Client(self.address)
        subscription = {"classFilterMode": False, "codeSet": [], "expressionType": "TAG",
                        "subString": "*", "subVersion": 1700000000000, "tagsSet": [], "topic": T}
        retry = dict(subscription, topic="%RETRY%" + G)
        self.client.call(34, None, as_json(
            {"clientID": CLIENT, "producerDataSet": [{"groupName": PRODUCER}],
             "consumerDataSet": [{"consumeFromWhere": "CONSUME_FROM_FIRST_OFFSET",
                                  "consumeType": "CONSUME_PASSIVELY", "groupName": G,
                                  "messageModel": "CLUSTERING", "unitMode": False,
                                  "subscriptionDataSet": [subscription, retry]}],
             "heartbeatFingerprint": 0, "withoutSub": False}))
        for queue, offset in ((0, 1), (1, 2)):
            self.client.call(15, {"consumerGroup": G, "topic": T, "queueId": str(queue),
                                  "commitOffset": str(offset)})
        self.client.call(15, {"consumerGroup": G, "topic": "%RETRY%" + G, "queueId": "0",
                              "commitOffset": "0"})

    def views(self):
        self.step("consumers", 203, {"consumerGroup": G})
        self.step("producers", 204, {"producerGroup": PRODUCER})
        self.step("all producers", 328)
        self.step("consume stats", 208, {"consumerGroup": G})
        self.step("consume stats of a topic", 208, {"consumerGroup": G, "topic": T})
        self.step("consume stats of a topic not subscribed", 208, {"consumerGroup": G, "topic": T2})
        self.step("consume stats of a list", 208, {"consumerGroup": G, "topicList": f"{T};{T2};"})
        self.step("consume stats of nobody", 208, {"consumerGroup": "diff-nobody"})
        self.step("consume stats without group", 208, {"topic": T})
        self.step("who consumes", 300, {"topic": T})
        self.step("who consumes nothing", 300, {"topic": "diff-none"})
        self.step("time span", 303, {"topic": T, "group": G})
        self.step("time span of a missing topic", 303, {"topic": "diff-none", "group": G})
        self.step("topics of the group", 343, {"group": G})
        self.step("topics of nobody", 343, {"group": "diff-nobody"})
        self.step("subscription", 345, {"group": G, "topic": T})
        self.step("subscription of nobody", 345, {"group": "diff-nobody", "topic": T})
        self.step("consume queue, of a subscriber", 321, {
            "topic": T, "queueId": "0", "index": "0", "count": "1", "consumerGroup": G})
        self.step("all consume stats", 317, {"isOrder": "false"})
        self.step("all ordered consume stats", 317, {"isOrder": "true"})
        self.step("stats data", 315, {"statsName": "TOPIC_PUT_NUMS", "statsKey": T})
        self.step("stats data of nothing", 315, {"statsName": "TOPIC_PUT_NUMS", "statsKey": "none"})
        self.step("stats data of no name", 315, {"statsName": "NO_NAME", "statsKey": T})
        self.step("stats data of the cluster", 315,
                  {"statsName": "BROKER_PUT_NUMS", "statsKey": "DefaultCluster"})
        self.step("clone", 314, {"srcGroup": G, "destGroup": G3, "topic": T, "offline": "false"})
        self.step("consume stats of the clone", 208, {"consumerGroup": G3})
        self.step("clone a missing topic", 314,
                  {"srcGroup": G, "destGroup": G3, "topic": "diff-none", "offline": "false"})
        self.step("correction", 308, {"topic": T, "compareGroup": G, "filterGroups": ""})
        self.step("correction against nobody", 308, {"topic": T, "compareGroup": "diff-nobody"})
        self.step("runtime info", 28)

    def relay(self):
        self.step("running info", 307, {"consumerGroup": G, "clientId": CLIENT,
                                       "jstackEnable": "false"})
        self.relayed("running info")
        self.step("running info of nobody", 307, {"consumerGroup": G, "clientId": "nobody"})
        self.step("running info without client", 307, {"consumerGroup": G})
        self.step("consume directly", 309,
                  {"consumerGroup": G, "clientId": CLIENT, "topic": T,
                   "msgId": self.answers["send 0"]["ext"]["msgId"]})
        self.relayed("consume directly")
        self.step("consume directly by nobody", 309,
                  {"consumerGroup": G, "clientId": "nobody", "topic": T,
                   "msgId": self.answers["send 0"]["ext"]["msgId"]})
        self.step("client status", 223, {"topic": T, "group": G})
        self.relayed("client status")
        self.step("client status of one", 223, {"topic": T, "group": G, "clientAddr": CLIENT})
        self.relayed("client status of one")
        self.step("client status of another", 223, {"topic": T, "group": G, "clientAddr": "other"})
        self.step("client status of nobody", 223, {"topic": T, "group": "diff-nobody"})

    def relayed(self, title):
        """What the client was asked while a step ran is part of the step's answer."""
        got = [{"code": p.header["code"], "ext": p.fields, "body": p.body.decode("latin-1")}
               for p in self.client.pushed if p.header["code"] not in (40,)]
        self.client.pushed = []
        self.answers[title]["pushed"] = got

    def resets(self):
        self.step("reset all to the start", 222,
                  {"topic": T, "group": G, "timestamp": "0", "isForce": "true"})
        self.step("consume stats after reset", 208, {"consumerGroup": G, "topic": T})
        self.step("reset all to the end", 222,
                  {"topic": T, "group": G, "timestamp": "-1", "isForce": "true"})
        self.step("reset one queue", 222, {"topic": T, "group": G, "timestamp": "-1",
                                          "isForce": "true", "queueId": "1", "offset": "1"})
        self.step("reset one queue by time", 222, {"topic": T, "group": G, "timestamp": "0",
                                                  "isForce": "true", "queueId": "2"})
        self.step("reset too far", 222, {"topic": T, "group": G, "timestamp": "-1",
                                        "isForce": "true", "queueId": "1", "offset": "99"})
        self.step("reset missing topic", 222, {"topic": "diff-none", "group": G,
                                              "timestamp": "-1", "isForce": "true"})
        self.step("reset missing group", 222, {"topic": T, "group": "diff-nobody",
                                              "timestamp": "-1", "isForce": "true"})
        self.step("offset after resets", 14, {"topic": T, "consumerGroup": G, "queueId": "1"})
        self.step("switch to the clients' reset", 25, None, b"useServerSideResetOffset=false\n")
        self.step("client reset", 222,
                  {"topic": T, "group": G, "timestamp": "0", "isForce": "true"})
        time.sleep(0.5)
        self.relayed("client reset")
        self.step("client reset, not forced", 222,
                  {"topic": T, "group": G, "timestamp": "-1", "isForce": "false"})
        time.sleep(0.5)
        self.relayed("client reset, not forced")
        self.step("client reset, missing topic", 222,
                  {"topic": "diff-none", "group": G, "timestamp": "0", "isForce": "true"})
        self.step("client reset, missing group", 222,
                  {"topic": T, "group": "diff-nobody", "timestamp": "0", "isForce": "true"})
        self.step("client reset, offline group", 222,
                  {"topic": T, "group": G3, "timestamp": "0", "isForce": "true"})
        self.step("switch back", 25, None, b"useServerSideResetOffset=true\n")

    def client_leaves(self):
        self.client.close()
        time.sleep(1.0)
        self.step("consumers after the goodbye", 203, {"consumerGroup": G})
        self.step("running info after it", 307, {"consumerGroup": G, "clientId": CLIENT})
        self.step("all offsets", 43)
        self.step("delay offsets", 45)
        self.step("request modes", 402)

    def settings(self):
        self.step("get config", 26)
        self.step("update live key", 25, None, b"longPollingEnable=true\nshortPollingTimeMills=900\n")
        self.step("update black list", 25, None, b"brokerConfigPath=/tmp/x\n")
        self.step("update home", 25, None, b"rocketmqHome=/tmp/x\n")
        self.step("update unknown key", 25, None, b"noSuchKey=1\n")
        self.step("update restart key", 25, None, b"channelExpiredTimeout=60000\n")
        self.step("update bad value", 25, None, b"shortPollingTimeMills=x\n")
        self.step("update nothing", 25)
        self.step("update permission", 25, None, b"brokerPermission=4\n")
        self.step("update permission back", 25, None, b"brokerPermission=6\n")

    def deletions(self):
        self.step("clean queues", 306)
        self.step("clean log", 329)
        self.step("clean topics", 316)
        self.step("delete topic", 215, {"topic": T2})
        self.step("it is gone", 351, {"topic": T2})
        self.step("delete it again", 215, {"topic": T2})
        self.step("delete blank topic", 215, {"topic": " "})
        self.step("delete without topic", 215)
        self.step("delete system topic", 215, {"topic": "SELF_TEST_TOPIC"})
        self.step("reset without time", 222, {"topic": T, "group": G, "isForce": "true"})
        self.step("clone all topics", 314,
                  {"srcGroup": G, "destGroup": "diff-group5", "offline": "true"})
        self.step("topics of that clone", 343, {"group": "diff-group5"})
        self.step("delete topic with messages", 215, {"topic": T})
        self.step("its offsets are gone", 343, {"group": G})
        self.step("its stats are gone", 315, {"statsName": "TOPIC_PUT_NUMS", "statsKey": T})
        self.step("its queues are gone", 321, {"topic": T, "queueId": "0", "index": "0",
                                              "count": "10"})
        self.step("delete group", 207, {"groupName": G2, "cleanOffset": "false"})
        self.step("delete group and offsets", 207, {"groupName": G, "cleanOffset": "true"})
        self.step("delete missing group", 207, {"groupName": "diff-nobody"})
        self.step("delete group without name", 207)
        self.step("offsets after the group", 343, {"group": G})
        self.step("groups in the end", 201)
        self.step("topics in the end", 21)


def run(address):
    """What one broker answers, by step, without what differs from run to run."""
    return broker_answers.comparable_all(Script(address).run())


if __name__ == "__main__":
    sys.exit(broker_answers.main(__doc__, run, EXPECTED_DIFFERENCES))
