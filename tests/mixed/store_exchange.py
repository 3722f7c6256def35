#!/usr/bin/env python3
"""One store, two brokers: agena and the Java broker take a store over from each other, after clean
stops and after kill -9.

Every life of a broker on the store first serves all that earlier lives acknowledged (same queue
offsets, same bytes, found by key; the topics, the group and the committed offsets as they were),
then adds messages of its own, then ends. A ledger in this process holds what was acknowledged and,
once read, its bytes. No life may touch the files that only the other broker knows, and while one
broker has the store the other must refuse to start.

Java forgets keys when it starts after a kill, or on an index file that was not closed: it removes
index files whose last time lies behind the checkpoint. So Java is asked for keys only after a clean
stop. Java also indexes the last message of a file once more when it recovers, and then answers it
twice. agena has to find every message, once, always.

With AGENA_PEER_VERSION=4.9.3 the other broker is that of the release that many still run. It knows no
attributes and no questions about settings, so there agena alone is asked for them.
"""
import argparse
import hashlib
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE.parent / "peer")]
import fastjson  # noqa: E402
import peer  # noqa: E402
import remoting  # noqa: E402
from server import Broker, free_offset  # noqa: E402

TOPICS = ("Exchange", "Ex|change-2")
QUEUES = 4
GROUP = "ExchangeGroup"
EVER = 1 << 52
# Small files, so that the lives roll over each kind of them.
SETTINGS = {"mappedFileSizeCommitLog": 1 << 20, "mappedFileSizeConsumeQueue": 2000,
            "maxHashSlotNum": 500, "maxIndexNum": 400, "fileReservedTime": 100_000,
            "autoCreateTopicEnable": "true"}
LIVES = [("java", "stop"), ("agena", "stop"), ("java", "kill"), ("agena", "kill"),
         ("java", "kill"), ("agena", "stop"), ("java", "stop"), ("agena", "kill"),
         ("agena", "kill"), ("java", "stop"), ("agena", "stop")]
IS_OLD = peer.VERSION.startswith("4.")
if IS_OLD:
    LIVES = [("java", "kill"), ("agena", "kill"), ("java", "stop"), ("agena", "stop"),
             ("java", "kill"), ("agena", "stop")]
# Files of the store that both brokers keep; the others are known to one of them only.
SHARED = ("commitlog/", "consumequeue/", "index/", "checkpoint", "abort", "abort.bak", "lock",
          "config/topics.json", "config/subscriptionGroup.json", "config/consumerOffset.json")
AGENA_ONLY = ("cpp/",)
TOPIC_SETTINGS = ("topicName", "readQueueNums", "writeQueueNums", "perm", "topicFilterType",
                  "topicSysFlag", "order", "attributes")
# A topic that an operator makes.
MADE = {"topic": "ExchangeMade", "defaultTopic": "TBW102", "readQueueNums": 3, "writeQueueNums": 5,
        "perm": 4, "topicFilterType": "SINGLE_TAG", "topicSysFlag": 1, "order": "true",
        "attributes": "+message.type=FIFO"}
# What the group is made with, and what it must still say in every life.
GROUP_SETTINGS = {"groupName": GROUP, "consumeEnable": True, "consumeFromMinEnable": False,
                  "consumeBroadcastEnable": True, "consumeMessageOrderly": True,
                  "retryQueueNums": 3, "retryMaxTimes": 7, "brokerId": 0,
                  "whichBrokerWhenConsumeSlowly": 1, "notifyConsumerIdsChangedEnable": False,
                  "groupSysFlag": 0, "consumeTimeoutMinute": 11, "attributes": {},
                  "groupRetryPolicy": {"type": "EXPONENTIAL", "exponentialRetryPolicy": {
                      "initial": 5000, "max": 7200000, "multiplier": 2}},
                  "subscriptionDataSet": [{"topic": TOPICS[0], "expressionType": "TAG",
                                           "expression": "TagA", "version": 7}]}
if IS_OLD:
    MADE = {name: value for name, value in MADE.items() if name != "attributes"}
    GROUP_SETTINGS = {name: GROUP_SETTINGS[name] for name in (
        "groupName", "consumeEnable", "consumeFromMinEnable", "consumeBroadcastEnable", "brokerId",
        "retryQueueNums", "retryMaxTimes", "whichBrokerWhenConsumeSlowly",
        "notifyConsumerIdsChangedEnable")}
# How each refuses a store that another broker has open.
IN_USE = {"agena": "is in use by another broker", "java": "Lock failed"}


class Ledger:
    def __init__(self):
        self.messages = {}   # (topic, queue) -> list of dicts, by queue offset
        self.offsets = {}    # (topic, queue) -> committed offset
        self.topics = {}     # topic -> its settings
        self.serial = 0

    def queue(self, topic, queue):
        return self.messages.setdefault((topic, queue), [])

    def count(self):
        return sum(len(each) for each in self.messages.values())


def expect(holds, text):
    if not holds:
        raise AssertionError(text)


def answered(answer, what):
    expect(answer.code == 0, f"{what} answered {answer.code}: {answer.remark}")
    return answer


def send(connection, ledger, rng, topic, queue):
    """One message, or a batch of three; the ledger learns what was acknowledged."""
    fresh = []
    for _ in range(3 if rng.random() < 0.1 else 1):
        ledger.serial += 1
        body = rng.randbytes(int(4 ** rng.uniform(0, 7)))
        pairs = {"UNIQ_KEY": f"{ledger.serial:032X}", "KEYS": f"all k{ledger.serial}",
                 "serial": ledger.serial}
        if not IS_OLD:
            pairs["WAIT"] = "true"  # It would leave that out of the record.
        if rng.random() < 0.5:
            pairs["TAGS"] = rng.choice(["TagA", "TagB", "été"])
        fresh.append({"serial": ledger.serial, "body": body, "pairs": pairs, "raw": None})
    if len(fresh) == 1:
        text = remoting.properties(fresh[0]["pairs"])
        fields, body = remoting.send_fields(topic, queue, text), fresh[0]["body"]
    else:
        fields = remoting.send_fields(topic, queue, "")
        fields["m"] = "true"
        body = b"".join(batch_item(each) for each in fresh)
    answer = answered(connection.call(310, fields, body), "send")
    first = int(answer.fields["queueOffset"])
    known = ledger.queue(topic, queue)
    expect(first == len(known), f"{topic}/{queue}: offset {first} instead of {len(known)}")
    known += fresh


def batch_item(message):
    text = remoting.properties(message["pairs"]).encode()
    body = message["body"]
    size = 4 + 4 + 4 + 4 + 4 + len(body) + 2 + len(text)
    return (size.to_bytes(4, "big") + bytes(12) + len(body).to_bytes(4, "big") + body +
            len(text).to_bytes(2, "big") + text)


def end_of(connection, topic, queue, at_least, wait_s):
    """Java fills its queues after it has acknowledged: it is given `wait_s` to reach `at_least`."""
    deadline = time.monotonic() + wait_s
    while True:
        answer = connection.call(30, {"topic": topic, "queueId": queue, "committed": "true"})
        end = int(answered(answer, "the end of a queue").fields["offset"])
        if end >= at_least or time.monotonic() > deadline:
            return end
        time.sleep(0.02)


def check_queue(connection, topic, queue, known, who, wait_s=0):
    end = end_of(connection, topic, queue, len(known), wait_s)
    expect(end == len(known), f"{who}: {topic}/{queue} ends at {end} instead of {len(known)}")
    served = remoting.read_queue(connection, topic, queue)
    expect(len(served) == len(known),
           f"{who}: {topic}/{queue} serves {len(served)} of {len(known)}")
    for offset, (message, record) in enumerate(zip(known, served)):
        where = f"{who}: {topic}/{queue}/{offset}"
        expect(record["queue_offset"] == offset and record["topic"] == topic,
               f"{where} is offset {record['queue_offset']} of {record['topic']}")
        expect(record["body"] == message["body"], f"{where} has another body")
        expect(all(record["properties"].get(name) == str(value)
                   for name, value in message["pairs"].items()),
               f"{where} has other properties: {record['properties']}")
        if message["raw"] is None:
            message["raw"] = record["raw"]
        expect(message["raw"] == record["raw"], f"{where} has changed")


def found_by(connection, topic, key, **more):
    answer = connection.call(12, {"topic": topic, "key": key, "maxNum": 32, "beginTimestamp": 0,
                                  "endTimestamp": EVER, **more})
    return [record["raw"] for record in remoting.records(answer.body)] if answer.code == 0 else []


def check_keys(connection, ledger, rng, who, twice):
    """`twice`: a message may be answered more than once."""
    for (topic, _), known in ledger.messages.items():
        for message in rng.sample(known, min(len(known), 40)):
            key, unique = f"k{message['serial']}", message["pairs"]["UNIQ_KEY"]
            for name, found in ((key, found_by(connection, topic, key)),
                                (unique, found_by(connection, topic, unique,
                                                  _UNIQUE_KEY_QUERY="true"))):
                expect((found[:1] if twice and len(set(found)) == 1 else found)
                       == [message["raw"]],
                       f"{who}: {topic} finds {len(found)} messages by {name}")
    expect(not found_by(connection, TOPICS[0], "nobody"), f"{who}: a key that nobody has is found")


def make_settings(connection):
    answered(connection.call(17, MADE), "making the topic")
    answered(connection.call(200, {}, json.dumps(GROUP_SETTINGS).encode()), "making the group")


def check_settings(connection, ledger, who):
    """The topics as the first life made them, the group as it was asked for."""
    if IS_OLD and who.startswith("java"):
        return
    for topic in (*TOPICS, MADE["topic"]):
        answer = answered(connection.call(351, {"topic": topic}), f"{who}: settings of {topic}")
        told = fastjson.loads(answer.body)
        told = {name: told.get(name) for name in TOPIC_SETTINGS}
        before = ledger.topics.setdefault(topic, told)
        expect(told == before, f"{who}: {topic} was {before} and is {told}")
    answer = answered(connection.call(352, {"group": GROUP}), f"{who}: settings of {GROUP}")
    told = fastjson.loads(answer.body)
    wrong = {name: told.get(name) for name, value in GROUP_SETTINGS.items()
             if told.get(name) != value}
    expect(not wrong, f"{who}: {GROUP} is made otherwise: {wrong}")


def commit_offsets(connection, ledger, rng):
    for (topic, queue), known in ledger.messages.items():
        offset = rng.randrange(len(known) + 1)
        answered(connection.call(15, {"consumerGroup": GROUP, "topic": topic, "queueId": queue,
                                      "commitOffset": offset}), "a commit")
        ledger.offsets[topic, queue] = offset


def check_offsets(connection, ledger, who):
    for (topic, queue), offset in ledger.offsets.items():
        answer = connection.call(14, {"consumerGroup": GROUP, "topic": topic, "queueId": queue,
                                      "setZeroIfNotFound": "false"})
        expect(answer.code == 0 and int(answer.fields["offset"]) == offset,
               f"{who}: {GROUP} is not at {offset} of {topic}/{queue}: "
               f"{answer.code} {answer.fields}")


class Others:
    """The files of a store that this kind of broker does not know, and so must not touch."""

    def __init__(self, store, kind):
        self.store, self.kind = store, kind
        self.files = self._read()

    def _read(self):
        out = {}
        for path in sorted(self.store.rglob("*")):
            name = str(path.relative_to(self.store))
            mine = name.startswith(AGENA_ONLY) == (self.kind == "agena")
            if path.is_file() and not mine and not name.startswith(SHARED):
                out[name] = hashlib.sha1(path.read_bytes()).hexdigest()
        return out

    def check(self, who):
        now = self._read()
        changed = {name for name in self.files | now if self.files.get(name) != now.get(name)}
        expect(not changed, f"{who} changed {sorted(changed)}")

    def renew(self):
        self.files = self._read()


def check_refused(kind, start):
    """A broker of this kind does not start: another one has the store."""
    try:
        intruder = start(kind, 10911 + free_offset())
    except RuntimeError as error:
        expect(IN_USE[kind] in str(error), f"{kind} does not start, but not for the lock: {error}")
        return
    intruder.kill()
    raise AssertionError(f"{kind} has opened a store that another broker has open")


def live(kind, end, before, start, ledger, others, rng, messages, intrude):
    broker = start(kind)
    who = f"{kind} after {before}"
    try:
        connection = remoting.Connection(broker.address, timeout_s=30)
        if before == "nobody":
            make_settings(connection)
        else:
            check_settings(connection, ledger, who)
        for (topic, queue), known in ledger.messages.items():
            check_queue(connection, topic, queue, known, who)
        check_offsets(connection, ledger, who)
        if kind == "agena" or before.endswith("stop"):
            check_keys(connection, ledger, rng, who, kind == "java")
        for _ in range(messages):
            send(connection, ledger, rng, rng.choice(TOPICS), rng.randrange(QUEUES))
        for (topic, queue), known in ledger.messages.items():
            check_queue(connection, topic, queue, known, who + ", its own",
                        wait_s=10 if kind == "java" else 0)
        check_settings(connection, ledger, who + ", its own")
        if intrude:
            others.check(who)
            check_refused("java" if kind == "agena" else "agena", start)
            others.renew()  # Java opens files of its own before it asks for the lock.
        ledger.offsets.clear()
        if end == "stop":
            commit_offsets(connection, ledger, rng)
        connection.close()
    except BaseException:
        broker.kill()
        raise
    broker.stop() if end == "stop" else broker.kill()


def run(binary, home, seed, messages):
    rng = random.Random(seed)
    ledger = Ledger()
    store = home / "store"
    port = 10911 + free_offset()
    namesrv = f"127.0.0.1:{port - 5}"  # Nobody listens there: the store is what matters.

    def start(kind, at=port):
        if kind == "agena":
            return Broker(binary, home, at, namesrv, storePathRootDir=store, **SETTINGS)
        return peer.start_broker(home / "java", namesrv, at, store=store, short_run=True,
                                 **SETTINGS)

    before = "nobody"
    for number, (kind, end) in enumerate(LIVES):
        began = time.monotonic()
        others = Others(store, kind)
        live(kind, end, before, start, ledger, others, rng, messages, intrude=number in (1, 2))
        others.check(f"{kind} after {before}")
        print(f"life {number + 1} of {len(LIVES)}: {kind} after {before}, {ledger.count()} "
              f"messages, {len(others.files)} files of the other, {time.monotonic() - began:.1f} s",
              flush=True)
        before = f"{kind}'s {end}"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("AGENA", "build/release/agena"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--messages", type=int, default=150, help="sends a life")
    options = parser.parse_args()
    peer.require()
    home = pathlib.Path(tempfile.mkdtemp(prefix="agena-exchange-"))
    try:
        run(options.binary, home, options.seed, options.messages)
    except (AssertionError, OSError, RuntimeError, ValueError) as error:
        print(f"store_exchange: {type(error).__name__}: {error}\nfiles are kept in {home}",
              file=sys.stderr)
        return 1
    shutil.rmtree(home)
    print("store_exchange: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
