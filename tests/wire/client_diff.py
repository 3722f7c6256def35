#!/usr/bin/env python3
"""Sends the same client requests to two brokers, right ones and wrong ones, and compares what they
answer.

    client_diff.py REFERENCE OURS           compare; REFERENCE is an address or a recording
    client_diff.py REFERENCE --record FILE  write one broker's answers down

Both brokers must be fresh and have the same broker and cluster name. EXPECTED_DIFFERENCES lists the
steps on which we mean to differ; docs/compatibility.md tells the same to users.
client_java_5_5_0.json holds what the Java broker answered.
"""

import pathlib
import struct
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]
import broker_answers  # noqa: E402
from broker_diff import Client, as_json, topic_fields  # noqa: E402
from remoting import Connection, properties, send_fields  # noqa: E402

T, ONE, EMPTY, AUTO = "client-topic", "client-one", "client-empty", "client-auto"
DOUBTFUL, SHORT = "client-doubtful", "client-short"
READ_ONLY, WRITE_ONLY = "client-read-only", "client-write-only"
G, OFF, LONELY = "client-group", "client-group-off", "client-group-lonely"
HAS_COMMIT, MAY_WAIT, HAS_SUBSCRIPTION = 1, 2, 4

# Step name: why our answer may differ.
_BY_NAME = "a field that is missing or bad is refused by its name"
_NOT_STORED = "what cannot be stored is refused with 13 and a reason, not with a stack trace"
EXPECTED_DIFFERENCES = {
    "send, with an empty body": _NOT_STORED,
    "send, batch of none": _NOT_STORED,
    "send, batch cut short": _NOT_STORED,
    "send, batch of rubbish": _NOT_STORED,
    "send, queue that is not there": "the same in fewer words",
    "send, batch by code, no flag": "Java stores the encoded batch as one message",
    "pull, few bytes": "Java does not read maxMsgBytes",
    "pull, some bytes": "Java does not read maxMsgBytes",
    "pull, no bytes": "Java does not read maxMsgBytes",
    "pull, flags, times and bad properties": "Java drops properties that are none; we keep the text",
    "pull, addresses that are not as long as said": "Java acknowledges these and never delivers them",
    "commit without consumerGroup": _BY_NAME,
    "commit without queueId": _BY_NAME,
    "commit without commitOffset": _BY_NAME,
    "commit of a word": _BY_NAME,
    "heartbeat, nothing in it": _BY_NAME,
    "goodbye without a name": _BY_NAME,
    "check, empty": "Java takes no filter for a good one",
    "unlock, nothing in it": "Java answers with an exception, and nothing was to be unlocked",
}

LONG_NAMES = {"a": "producerGroup", "b": "topic", "c": "defaultTopic", "d": "defaultTopicQueueNums",
              "e": "queueId", "f": "sysFlag", "g": "bornTimestamp", "h": "flag", "i": "properties",
              "j": "reconsumeTimes", "k": "unitMode", "m": "batch"}


def without(fields, *names):
    return {name: value for name, value in fields.items() if name not in names}


def to(topic, queue=0, text="", **more):
    return {**send_fields(topic, queue, text), **more}


def pull_fields(topic, queue=0, offset=0, **more):
    fields = {"consumerGroup": G, "topic": topic, "queueId": queue, "queueOffset": offset,
              "maxMsgNums": 32, "sysFlag": HAS_SUBSCRIPTION, "commitOffset": 0,
              "suspendTimeoutMillis": 0, "subscription": "*", "subVersion": 0,
              "expressionType": "TAG"}
    return {name: value for name, value in {**fields, **more}.items() if value != ""}


def batch(*items):
    """As clients encode the body of a batch: (body, properties) each."""
    out = b""
    for body, pairs in items:
        text = properties(pairs).encode()
        out += struct.pack(">iiiii", 22 + len(body) + len(text), 0, 0, 0, len(body)) + body
        out += struct.pack(">h", len(text)) + text
    return out


def subscription(topic, text="*", version=100, kind="TAG"):
    tags = [] if text == "*" else [tag.strip() for tag in text.split("||")]
    return {"classFilterMode": False, "codeSet": [ord(tag) for tag in tags if len(tag) == 1],
            "expressionType": kind, "subString": text, "subVersion": version, "tagsSet": tags,
            "topic": topic}


def heartbeat(client, *subscriptions, group=G, model="CLUSTERING", fingerprint=0, is_short=False):
    return as_json({
        "clientID": client, "producerDataSet": [{"groupName": "client-producers"}],
        "consumerDataSet": [{
            "consumeFromWhere": "CONSUME_FROM_FIRST_OFFSET", "consumeType": "CONSUME_PASSIVELY",
            "groupName": group, "messageModel": model, "unitMode": False,
            "subscriptionDataSet": list(subscriptions)}],
        "heartbeatFingerprint": fingerprint, "withoutSub": is_short})


def queues(client, *ids, group=G, topic=T, broker="broker-a"):
    return as_json({"clientId": client, "consumerGroup": group, "onlyThisBroker": False,
                    "mqSet": [{"brokerName": broker, "queueId": each, "topic": topic}
                              for each in ids]})


class Script(broker_answers.Steps):
    """The steps of clients, in an order that each builds on."""

    def run(self):
        self.prepare()
        self.sends()
        self.bad_sends()
        self.batches()
        self.offsets_of_queues()
        self.pulls()
        self.bad_pulls()
        self.filters()
        self.commits()
        self.heartbeats()
        self.pulls_of_members()
        self.long_polls()
        self.locks()
        self.goodbyes()
        self.unknown()
        self.admin.close()
        return self.answers

    def prepare(self):
        for name, queue_count, perm in ((T, 4, 6), (ONE, 1, 6), (EMPTY, 2, 6), (DOUBTFUL, 1, 6),
                                        (SHORT, 1, 6), (READ_ONLY, 1, 4),
                                        (WRITE_ONLY, 1, 2)):
            self.admin.call(17, topic_fields(name, queues=queue_count, perm=str(perm)))
        self.admin.call(200, body=as_json({"groupName": OFF, "consumeEnable": False}))
        self.admin.call(200, body=as_json({"groupName": LONELY, "consumeBroadcastEnable": False}))
        time.sleep(0.5)

    def send(self, title, fields, body=b"body", code=310):
        return self.step("send, " + title, code, fields, body)

    def sends(self):
        text = properties({"KEYS": "k1 k2", "TAGS": "A", "UNIQ_KEY": "CLIENT0000000000000001",
                           "WAIT": "true"})
        self.send("plain", to(T, 0, text))
        long_form = {LONG_NAMES[name]: value for name, value in to(T, 0, text).items()}
        self.send("in the long form", long_form, code=10)
        self.send("without properties", without(to(T), "i"))
        self.send("of tag B", to(T, 0, properties({"TAGS": "B", "UNIQ_KEY": "CLIENT2"})))
        self.send("with an empty body", to(T, 1), b"")
        self.send("any queue of one", to(ONE, -1))
        self.send("to a topic that is not there", to(AUTO))
        self.step("topic made by that", 351, {"topic": AUTO})
        self.send("to another, with many queues", to(AUTO + "2", d=100))
        self.step("topic made with many queues", 351, {"topic": AUTO + "2"})
        self.send("made after no topic", to(AUTO + "3", c="client-nobody"))
        self.send("made after a plain topic", to(AUTO + "4", c=T))
        self.send("unit mode", to(T, 2, k="true"))
        self.send("a flag", to(T, 2, h=-7))
        self.send("born long ago", to(T, 2, g=-1))
        self.send("consumed before", to(T, 2, j=3, l=16))
        self.send("with a field more", to(T, 2, z="z"))
        self.send("said to be compressed", to(T, 2, f=1), b"not compressed")
        self.send("born at a long address", to(SHORT, 0, f=16))
        self.send("stored at a long address", to(SHORT, 0, f=32))
        self.send("without waiting", to(T, 2, properties({"WAIT": "false"})))
        self.send("with the broker's name", to(T, 2, n="broker-a"))
        self.admin.oneway(310, to(T, 3), b"one way")
        time.sleep(0.5)
        self.step("one way came", 30, {"topic": T, "queueId": 3})

    def bad_sends(self):
        for letter in "abcdefgh":
            self.send(f"without {letter}", without(to(DOUBTFUL), letter))
        for letter in "defgh":
            self.send(f"bad {letter}", to(T, **{letter: "x"}))
        self.send("no fields", None)
        self.send("queue that is not there", to(T, 99))
        self.send("queue below any", to(DOUBTFUL, -2))
        for title, topic in {"blank": " ", "empty": "", "with a blank": "a b", "long": "t" * 128,
                             "longest": "t" * 127, "of the broker": "SCHEDULE_TOPIC_XXXX",
                             "default": "TBW102", "of half messages": "RMQ_SYS_TRANS_HALF_TOPIC",
                             "of the cluster": "DefaultCluster"}.items():
            self.send(f"to a topic, {title}", to(topic))
        self.send("to a read-only topic", to(READ_ONLY))
        self.send("to a write-only topic", to(WRITE_ONLY))
        self.send("group, blank", to(T, 2, a=" "))
        self.send("group, with a blank", to(T, 2, a="a b"))
        self.send("body too long", to(T), b"x" * ((4 << 20) + 1))
        self.send("properties too long", to(T, 0, "k\1" + "v" * 32766 + "\2"))
        for title, text in {"without a value": "a", "with half": "a\1", "with no name": "\1b\2",
                            "unfinished": "a\1b", "twice": "a\1b\2a\1c\2",
                            "with an empty value": "a\1\2c\1d\2"}.items():
            self.send(f"properties {title}", to(T, 2, text))

    def batches(self):
        three = batch((b"one", {"TAGS": "A"}), (b"two", {"KEYS": "k"}), (b"", {}))
        self.send("batch by flag", to(ONE, 0, m="true"), three)
        self.send("batch by code", to(ONE, 0, m="true"), three, code=320)
        self.send("batch by code, no flag", to(DOUBTFUL, 0), three, code=320)
        self.send("batch to any queue", to(ONE, -1, m="true"), three)
        self.send("batch with unique keys", to(ONE, 0, properties({"UNIQ_KEY": "U1,U2"}), m="true"),
                  batch((b"one", {"UNIQ_KEY": "U1"}), (b"two", {"UNIQ_KEY": "U2"})))
        self.send("batch of none", to(ONE, 0, m="true"), b"")
        self.send("batch cut short", to(ONE, 0, m="true"), three[:-3])
        self.send("batch of rubbish", to(ONE, 0, m="true"), b"rubbish that is no batch at all")
        self.send("batch to a long topic", to("t" * 128, 0, m="true"), three)
        self.send("batch to a retry topic", to("%RETRY%" + G, 0, m="true"), three)
        self.send("batch to no topic", to("client-none", 0, m="true", c="client-nobody"), three)

    def offsets_of_queues(self):
        time.sleep(0.5)
        now = int(time.time() * 1000)
        places = {"": (T, 0), " of one": (ONE, 0), " never written": (EMPTY, 1),
                  " not there": (T, 99), " below any": (T, -1), " of no topic": ("client-none", 0)}
        for title, (topic, queue) in places.items():
            fields = {"topic": topic, "queueId": queue}
            self.step("max offset" + title, 30, fields)
            self.step("committed max offset" + title, 30, {**fields, "committed": "false"})
            self.step("min offset" + title, 31, fields)
            self.step("earliest time" + title, 32, fields)
            for moment, at in {"0": 0, "now": now, "far": now + 10**9, "before": -1}.items():
                self.step(f"offset at {moment}{title}", 29, {**fields, "timestamp": at})
        for boundary in ("LOWER", "UPPER", "lower", "upper", "MIDDLE", ""):
            for moment, at in {"0": 0, "far": now + 10**9}.items():
                self.step(f"offset at {moment}, boundary {boundary}", 29, {
                    "topic": T, "queueId": 0, "timestamp": at, "boundaryType": boundary})
        for code in (29, 30, 31, 32):
            self.step(f"{code} without topic", code, {"queueId": 0, "timestamp": 0})
            self.step(f"{code} without queue", code, {"topic": T, "timestamp": 0})
            self.step(f"{code} with a bad queue", code, {"topic": T, "queueId": "x",
                                                        "timestamp": 0})
        self.step("offset at no time", 29, {"topic": T, "queueId": 0})

    def pull(self, title, fields, code=11, by=None):
        return self.step("pull, " + title, code, fields, by=by)

    def pulls(self):
        self.pull("all", pull_fields(T))
        self.pull("all, lite", pull_fields(T), code=361)
        self.pull("from the second on", pull_fields(T, 0, 1))
        self.pull("what batches became", pull_fields(ONE))
        for title, count in {"one": 1, "none": 0, "fewer than none": -1, "very many": 100_000}.items():
            self.pull(title, pull_fields(T, maxMsgNums=count))
        for title, size in {"few bytes": 1, "some bytes": 200, "no bytes": 0}.items():
            self.pull(title, pull_fields(T, maxMsgBytes=size))
        end = int(self.answers["max offset"]["ext"]["offset"])
        self.pull("at the end", pull_fields(T, 0, end))
        self.pull("one past the end", pull_fields(T, 0, end + 1))
        self.pull("far past the end", pull_fields(T, 0, end + 10**9))
        self.pull("before the start", pull_fields(T, 0, -1))
        self.pull("never written", pull_fields(EMPTY, 1))
        self.pull("never written, further on", pull_fields(EMPTY, 1, 7))
        self.pull("never written, before", pull_fields(EMPTY, 1, -3))
        self.pull("flags, times and bad properties", pull_fields(T, 2))

    def bad_pulls(self):
        for name in ("consumerGroup", "topic", "queueId", "queueOffset", "maxMsgNums", "sysFlag",
                     "commitOffset", "suspendTimeoutMillis", "subscription", "subVersion",
                     "expressionType"):
            self.pull(f"without {name}", without(pull_fields(T), name))
        for name in ("queueId", "queueOffset", "maxMsgNums", "sysFlag"):
            self.pull(f"bad {name}", pull_fields(T, **{name: "x"}))
        self.pull("no fields", None)
        self.pull("no topic", pull_fields("client-none"))
        self.pull("queue not there", pull_fields(T, 99))
        self.pull("queue below any", pull_fields(T, -1))
        self.pull("read-only topic", pull_fields(READ_ONLY))
        self.pull("write-only topic", pull_fields(WRITE_ONLY))
        self.pull("a group that is off", pull_fields(T, consumerGroup=OFF))
        self.pull("a new group", pull_fields(T, consumerGroup="client-new"))
        self.pull("a blank group", pull_fields(T, consumerGroup=" "))
        self.pull("an illegal group", pull_fields(T, consumerGroup="a b"))
        self.pull("a long group", pull_fields(T, consumerGroup="g" * 256))
        self.pull("topic with a blank", pull_fields("a b"))

    def filters(self):
        for title, text in {"A": "A", "B": "B", "A or B": "A || B", "squeezed": "A||B", "bars": "||",
                            "bar": "|", "no such": "none", "blank": " ", "star and more": "* || A",
                            "unfinished": "A ||"}.items():
            self.pull(f"tag {title}", pull_fields(T, subscription=text))
        self.pull("tag, no kind", without(pull_fields(T, subscription="A"), "expressionType"))
        self.pull("unknown kind", pull_fields(T, expressionType="X"))
        self.pull("kind in small letters", pull_fields(T, expressionType="tag"))
        self.pull("SQL that does not parse", pull_fields(T, subscription="a = ",
                                                         expressionType="SQL92"))

    def commits(self):
        place = {"consumerGroup": G, "topic": T, "queueId": 0}
        self.step("no offset yet", 14, place)
        self.step("no offset, no zero", 14, {**place, "setZeroIfNotFound": "false"})
        self.step("no offset, zero", 14, {**place, "setZeroIfNotFound": "true"})
        self.step("no offset of an empty queue", 14, {**place, "topic": EMPTY})
        self.step("no offset of no topic", 14, {**place, "topic": "client-none"})
        self.step("no offset of a bad queue", 14, {**place, "queueId": 99})
        self.step("no offset of a queue below any", 14, {**place, "queueId": -1})
        self.step("no offset of nobody", 14, {**place, "consumerGroup": "client-nobody"})
        self.step("commit", 15, {**place, "commitOffset": 2})
        self.step("committed", 14, place)
        self.step("commit less", 15, {**place, "commitOffset": 1})
        self.step("committed less", 14, place)
        self.step("commit past the end", 15, {**place, "commitOffset": 10**6})
        self.step("committed past the end", 14, place)
        self.step("commit before the start", 15, {**place, "commitOffset": -1})
        self.step("committed before the start", 14, place)
        self.step("commit for no topic", 15, {**place, "topic": "client-none", "commitOffset": 1})
        self.step("commit for a bad queue", 15, {**place, "queueId": 99, "commitOffset": 1})
        self.step("committed for a bad queue", 14, {**place, "queueId": 99})
        self.step("commit for a queue below any", 15, {**place, "queueId": -1, "commitOffset": 1})
        self.step("commit for nobody", 15, {**place, "consumerGroup": "client-nobody",
                                            "commitOffset": 1})
        self.step("commit for a blank group", 15, {**place, "consumerGroup": " ",
                                                   "commitOffset": 1})
        for name in ("consumerGroup", "topic", "queueId", "commitOffset"):
            self.step(f"commit without {name}", 15, without({**place, "commitOffset": 1}, name))
        self.step("commit of a word", 15, {**place, "commitOffset": "x"})
        self.step("commit by long", 15, {**place, "commitOffset": 2**62})
        self.step("commit again", 15, {**place, "commitOffset": 2})
        self.pull("with a commit", pull_fields(T, 0, 1, commitOffset=3,
                                               sysFlag=HAS_SUBSCRIPTION | HAS_COMMIT))
        self.step("committed by a pull", 14, place)
        self.pull("with a commit nobody asked for", pull_fields(T, 0, 1, commitOffset=1))
        self.step("not committed by that", 14, place)
        self.step("all offsets", 43)

    def beat(self, title, body, by):
        return self.step("heartbeat, " + title, 34, None, body, by=by)

    def heartbeats(self):
        self.first, self.second = Client(self.address), Client(self.address)
        self.step("members of nobody", 38, {"consumerGroup": G})
        self.step("members of no group", 38)
        self.pull("no subscription, no members", pull_fields(T, sysFlag=0))
        self.beat("first", heartbeat("c1", subscription(T, "A")), self.first)
        self.beat("first again", heartbeat("c1", subscription(T, "A")), self.first)
        self.step("one member", 38, {"consumerGroup": G})
        self.beat("second", heartbeat("c2", subscription(T, "A")), self.second)
        self.step("two members", 38, {"consumerGroup": G})
        self.step("who they are", 203, {"consumerGroup": G})
        self.beat("with another topic", heartbeat("c2", subscription(T, "A"), subscription(ONE)),
                  self.second)
        self.step("who they are now", 203, {"consumerGroup": G})
        self.beat("second form", heartbeat("c2", subscription(T, "A"), fingerprint=7), self.second)
        self.beat("second form again", heartbeat("c2", fingerprint=7, is_short=True), self.second)
        self.beat("second form, changed", heartbeat("c2", fingerprint=8, is_short=True), self.second)
        self.step("who they are after all", 203, {"consumerGroup": G})
        self.beat("broadcast that is off", heartbeat("c1", subscription(T), group=LONELY,
                                                     model="BROADCASTING"), self.first)
        self.beat("of a new group", heartbeat("c1", subscription(T), group="client-beat"),
                  self.first)
        self.step("retry topic of a new group", 351, {"topic": "%RETRY%client-beat"})
        for title, body in {"empty": b"", "no object": b"[]", "rubbish": b"{]",
                            "nothing in it": b"{}"}.items():
            self.beat(title, body, self.first)
        for title, fields in {"tags": ("A || B", "TAG"), "bad SQL": ("a = ", "SQL92"),
                              "no kind": ("A", None), "odd kind": ("A", "X")}.items():
            text, kind = fields
            self.step(f"check, {title}", 46, None, as_json(
                {"clientId": "c1", "group": G, "namespace": "",
                 "subscriptionData": subscription(T, text, kind=kind)}))
        self.step("check, empty", 46)
        self.step("check, nothing in it", 46, None, b"{}")

    def pulls_of_members(self):
        self.pull("as subscribed", pull_fields(T, sysFlag=0))
        self.pull("as subscribed, newer", pull_fields(T, sysFlag=0, subVersion=101))
        self.pull("not subscribed", pull_fields(EMPTY, sysFlag=0))
        self.pull("broadcast that is off", pull_fields(T, sysFlag=0, consumerGroup=LONELY))
        self.pull("broadcast that is off, with a subscription", pull_fields(T, consumerGroup=LONELY))
        self.step("forbid", 353, {"group": G, "topic": T, "readable": "false"})
        self.pull("forbidden", pull_fields(T, sysFlag=0))
        self.pull("forbidden, with a subscription", pull_fields(T))
        self.step("allow", 353, {"group": G, "topic": T, "readable": "true"})

    def long_polls(self):
        end = int(self.step("end before the wait", 30, {"topic": T, "queueId": 1}).fields["offset"])
        waits = {"sysFlag": HAS_SUBSCRIPTION | MAY_WAIT, "suspendTimeoutMillis": 800}
        began = time.monotonic()
        self.pull("waited in vain", pull_fields(T, 1, end, **waits))
        assert time.monotonic() - began > 0.5, "it did not wait"
        with Connection(self.address, timeout_s=20) as waiter:
            waits["suspendTimeoutMillis"] = 15_000
            opaque = waiter.send(11, pull_fields(T, 1, end, **waits))
            time.sleep(0.3)
            self.send("while somebody waits", to(T, 1, properties({"TAGS": "A"})), b"woken")
            woken = waiter.receive()
            assert woken.opaque == opaque
            self.keep("pull, woken", 11, woken)
            opaque = waiter.send(11, pull_fields(T, 1, end + 1, **{**waits, "subscription": "B",
                                                                  "suspendTimeoutMillis": 3_000}))
            time.sleep(0.3)
            self.send("another tag while somebody waits", to(T, 1, properties({"TAGS": "A"})))
            self.send("the tag that somebody waits for", to(T, 1, properties({"TAGS": "B"})))
            woken = waiter.receive()
            assert woken.opaque == opaque
            self.keep("pull, woken by its tag", 11, woken)

    def keep(self, title, request, answer):
        self.answers[title] = {"request": request, "code": answer.code, "remark": answer.remark,
                              "ext": answer.fields, "body": answer.body.decode("latin-1")}

    def lock(self, title, code, body):
        self.step(("lock, " if code == 41 else "unlock, ") + title, code, None, body)

    def locks(self):
        self.lock("two", 41, queues("c1", 0, 1))
        self.lock("two again", 41, queues("c1", 0, 1))
        self.lock("taken", 41, queues("c2", 0, 1))
        self.lock("one taken, one free", 41, queues("c2", 1, 2))
        self.lock("of another's", 42, queues("c2", 0))
        self.lock("still taken", 41, queues("c2", 0))
        self.lock("of one's own", 42, queues("c1", 0))
        self.lock("free now", 41, queues("c2", 0))
        self.lock("of another group", 41, queues("c3", 0, group="client-other"))
        self.lock("not there", 41, queues("c1", 99))
        self.lock("of no topic", 41, queues("c1", 0, topic="client-none"))
        self.lock("of another broker", 41, queues("c1", 3, broker="broker-z"))
        self.lock("none", 41, queues("c1"))
        self.lock("none", 42, queues("c1"))
        for code in (41, 42):
            self.lock("no body", code, b"")
            self.lock("rubbish", code, b"{]")
            self.lock("nothing in it", code, b"{}")

    def goodbyes(self):
        self.step("goodbye of a producer", 35, {"clientID": "c1",
                                               "producerGroup": "client-producers"}, by=self.first)
        self.step("producers after it", 204, {"producerGroup": "client-producers"})
        self.step("goodbye of a consumer", 35, {"clientID": "c1", "consumerGroup": G},
                  by=self.first)
        self.step("members after it", 38, {"consumerGroup": G})
        self.step("goodbye again", 35, {"clientID": "c1", "consumerGroup": G}, by=self.first)
        self.step("goodbye of nobody", 35, {"clientID": "nobody", "consumerGroup": "client-nobody"},
                  by=self.first)
        self.step("goodbye to no group", 35, {"clientID": "c1"}, by=self.first)
        self.step("goodbye without a name", 35, {"consumerGroup": G}, by=self.first)
        notices = {push.fields.get("consumerGroup") for push in self.second.pushed
                   if push.code == 40}
        assert G in notices, "nobody told the other member"
        self.second.close()
        time.sleep(1.5)
        self.step("members in the end", 38, {"consumerGroup": G})
        self.first.close()

    def unknown(self):
        self.pull("addresses that are not as long as said", pull_fields(SHORT))
        self.step("no such code", 9999, {"topic": T})
        self.step("code below any", -5)


def run(address):
    """What one broker answers, by step, without what differs from run to run."""
    return broker_answers.comparable_all(Script(address).run())


if __name__ == "__main__":
    sys.exit(broker_answers.main(__doc__, run, EXPECTED_DIFFERENCES))
