#!/usr/bin/env python3
"""Goal: what a real client of another language writes is served as that client expects.
Method: eight programs of rocketmq-client-cpp 2.2.0 (remoting) were recorded in front of a stub; their
requests are sent again, byte by byte as JsonCpp writes them, to a fresh `agena dev` each. Every
answer's code is checked, and what the requests should have left behind.

    tests/replay/run.py --binary build/release/agena [--only SCENARIO]

remoting_cpp_2_2_0.jsonl has a request a line, in the recorded order: scenario, seconds since its
start, code, flag, extFields with their JSON types, body (Latin-1) and the answer's code if it is not
0. One-way requests, flag 2, are not answered. The recording was cut after 160 bytes of a body; the
ends of long bodies follow from their recorded lengths, but for the version in the heartbeat of
`pull`. Topics are made beforehand, as the stub knew every topic.

The recordings of the three gRPC clients (C++ and Python 5.1.1, Node 1.0.8) wait for the gRPC proxy,
which does not exist yet: nothing below it takes what they write.
"""
import argparse
import json
import pathlib
import struct
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
import fastjson  # noqa: E402
import remoting  # noqa: E402
from server import Dev  # noqa: E402

ROUTE, CREATE_TOPIC, PULL, SEND, END_TRANSACTION, QUERY_OFFSET = 105, 17, 11, 310, 37, 14
MAX_OFFSET, MEMBERS, LOCK = 30, 38, 41
CPP, VERSION = "CPP", 333
MAY_WAIT = 2  # In the sysFlag of a pull.
QUEUES = 2
TOPICS = {"sync": ["TopicA"], "push": ["TopicA", "%RETRY%CG1"], "order": ["TopicO", "%RETRY%CGO"],
          "tx": ["Topictx"], "batch": ["Topicbatch"], "delay": ["Topicdelay"],
          "async": ["Topicasync"], "pull": ["Topicpull"]}
# What the sends leave in queue 0 and 1. Delayed and transactional messages are refused as yet.
STORED = {"sync": (2, 2), "push": (2, 2), "order": (0, 4), "tx": (0, 0), "batch": (6, 3),
          "delay": (0, 0), "async": (2, 2), "pull": (0, 0)}
COMMITTED = {"push": {("TopicA", 0): 3, ("TopicA", 1): 2, ("%RETRY%CG1", 0): 0},
             "order": {("TopicO", 0): 1, ("TopicO", 1): 4, ("%RETRY%CGO", 0): 0}}


class Failed(Exception):
    pass


def expect_equal(seen, wanted, what):
    if seen != wanted:
        raise Failed(f"{what}: {seen!r}, not {wanted!r}")


def recorded():
    scenarios = {}
    with open(HERE / "remoting_cpp_2_2_0.jsonl", encoding="ascii") as lines:
        for line in lines:
            request = json.loads(line)
            scenarios.setdefault(request["scenario"], []).append(request)
    return scenarios


def frame_of(request, opaque, flag=None):
    """As JsonCpp's FastWriter has it: sorted members, no blanks, a newline at the end."""
    header = {"code": request["code"], "extFields": request["extFields"],
              "flag": request.get("flag", 0) if flag is None else flag, "language": CPP,
              "opaque": opaque, "remark": "", "version": VERSION}
    text = json.dumps(header, separators=(",", ":")) + "\n"
    return remoting.frame(text.encode(), request.get("body", "").encode("latin-1"))


class Client:
    """A connection whose answers may come in another order than the requests went."""

    def __init__(self, address):
        self.connection = remoting.Connection(address, timeout_s=25)
        self.opaque = 0
        self.answers = {}

    def send(self, request, flag=None):
        self.opaque += 1
        self.connection.socket.sendall(frame_of(request, self.opaque, flag))
        return self.opaque

    def answer(self, opaque):
        while opaque not in self.answers:
            got = self.connection.receive()
            if not got.flag & remoting.RESPONSE:
                continue  # The server tells members that their group has changed.
            if not 0 < got.opaque <= self.opaque or got.opaque in self.answers:
                raise Failed(f"an answer to {got.opaque}, which was not asked")
            self.answers[got.opaque] = got
        return self.answers[opaque]

    def close(self):
        self.connection.close()


def create_topics(broker, topics):
    with remoting.Connection(broker) as admin:
        for topic in topics:
            answer = admin.call(CREATE_TOPIC, {
                "topic": topic, "defaultTopic": "TBW102", "readQueueNums": QUEUES,
                "writeQueueNums": QUEUES, "perm": 6, "topicFilterType": "SINGLE_TAG",
                "topicSysFlag": 0, "order": "false"})
            expect_equal(answer.code, 0, f"creating {topic}: {answer.remark}")


def check_answer(request, answer):
    what = f"{request['at']} {request['code']} {request['extFields'].get('topic', '')}"
    expect_equal(answer.code, request.get("answer", 0), f"{what}: {answer.remark}")
    expect_equal(answer.header["version"], remoting.VERSION_5_5_0, f"{what}: version")
    if request["code"] == ROUTE and request["extFields"]["topic"] != "TBW102":
        queues = fastjson.loads(answer.body)["queueDatas"]
        expect_equal([each["writeQueueNums"] for each in queues], [QUEUES], f"{what}: queues")


def places_of(queues):
    return sorted((each["topic"], each["brokerName"], each["queueId"]) for each in queues)


def check_fields(request, answer, sent):
    """The parts of an answer that this client reads. `sent` counts what each queue holds."""
    fields = request["extFields"]
    what = f"{request['at']} {request['code']} {fields.get('topic', fields.get('b', ''))}"
    code = request["code"]
    if code == SEND and answer.code == 0:
        place = (fields["b"], fields["e"])
        expect_equal((answer.fields["queueId"], answer.fields["queueOffset"]),
                     (str(fields["e"]), str(sent.get(place, 0))), f"{what}: the message's place")
        # A batch is answered with an id for each message.
        count = request["body"].count("UNIQ_KEY") if fields["m"] == "true" else 1
        ids = answer.fields["msgId"].split(",")
        expect_equal([len(ids), *{len(each) for each in ids}], [count, 32], f"{what}: message ids")
        sent[place] = sent.get(place, 0) + count
    elif code == PULL:
        end = sent.get((fields["topic"], fields["queueId"]), 0)
        expect_equal((answer.fields["minOffset"], answer.fields["maxOffset"]), ("0", str(end)),
                     f"{what}: the queue's ends")
        begin = int(fields["queueOffset"])
        stored = list(remoting.records(answer.body))
        expect_equal([each["queue_offset"] for each in stored],
                     list(range(begin, end)) if answer.code == 0 else [], f"{what}: messages")
        expect_equal(answer.fields["nextBeginOffset"], str(min(begin + len(stored), end)),
                     f"{what}: nextBeginOffset")
        expect_equal(answer.fields["suggestWhichBrokerId"], "0", f"{what}: suggestWhichBrokerId")
    elif code == MAX_OFFSET:
        expect_equal(answer.fields["offset"],
                     str(sent.get((fields["topic"], fields["queueId"]), 0)), f"{what}: offset")
    elif code == QUERY_OFFSET and answer.code == 0:
        expect_equal(int(answer.fields["offset"]) >= 0, True, f"{what}: offset")
    elif code == MEMBERS:
        members = json.loads(answer.body)["consumerIdList"]
        expect_equal(len(members), 1, f"{what}: members {members}")
    elif code == LOCK:
        asked = json.loads(request["body"])["mqSet"]
        locked = json.loads(answer.body)["lockOKMQSet"]
        expect_equal(places_of(locked), places_of(asked), f"{what}: locked queues")


def replay(namesrv, broker, requests):
    """Returns how many were answered and how long the longest waiting pull took."""
    clients = {True: Client(namesrv), False: Client(broker)}
    waiting, answered, sent = [], 0, {}
    for request in requests:
        client = clients[request["code"] == ROUTE]
        opaque = client.send(request)
        if request.get("flag", 0) & remoting.ONEWAY:
            continue
        if request["code"] == PULL and request["extFields"]["sysFlag"] & MAY_WAIT:
            waiting.append((request, opaque, time.monotonic()))
            continue
        check_answer(request, client.answer(opaque))
        check_fields(request, client.answer(opaque), sent)
        answered += 1
    longest = 0
    for request, opaque, since in waiting:
        check_answer(request, clients[False].answer(opaque))
        check_fields(request, clients[False].answer(opaque), sent)
        answered += 1
        longest = max(longest, time.monotonic() - since)
    leftover = set(clients[False].answers) & one_way_opaques(requests)
    expect_equal(leftover, set(), "answers to one-way requests")
    for client in clients.values():
        client.close()
    return answered, longest


def one_way_opaques(requests):
    at_broker = [request for request in requests if request["code"] != ROUTE]
    return {i for i, request in enumerate(at_broker, 1) if request.get("flag", 0)}


def keys_sent(requests):
    """The unique keys of the messages that should be stored, single or in a batch."""
    keys = set()
    for request in requests:
        if request["code"] == SEND and not request.get("answer"):
            text = request["extFields"]["i"] + request.get("body", "")
            keys |= {each[:32] for each in text.split("UNIQ_KEY\x01")[1:]}
    return keys


def check_stored(broker, scenario, requests):
    topic = TOPICS[scenario][0]
    keys = set()
    with remoting.Connection(broker) as reader:
        for queue, wanted in enumerate(STORED[scenario]):
            messages = remoting.read_queue(reader, topic, queue)
            expect_equal(len(messages), wanted, f"messages in {topic}/{queue}")
            for each in messages:
                expect_equal(each["body"], b"msgbody for test", f"a body in {topic}/{queue}")
                keys.add(each["properties"]["UNIQ_KEY"])
        expect_equal(keys, keys_sent(requests), f"unique keys in {topic}")
        for (name, queue), wanted in COMMITTED.get(scenario, {}).items():
            group = "CG1" if scenario == "push" else "CGO"
            answer = reader.call(QUERY_OFFSET, {"consumerGroup": group, "topic": name,
                                                "queueId": queue})
            expect_equal((answer.code, answer.fields.get("offset")), (0, str(wanted)),
                         f"{group}'s offset of {name}/{queue}")


def check_unserved(broker, requests):
    """What is recorded one-way shows its refusal when an answer is asked for."""
    client = Client(broker)
    for request in requests:
        if request["code"] == END_TRANSACTION:
            answer = client.answer(client.send(request, flag=0))
            expect_equal((answer.code, "END_TRANSACTION" in (answer.remark or "")), (3, True),
                         f"END_TRANSACTION: {answer.remark}")
    client.close()


def run(binary, scenario, requests):
    with tempfile.TemporaryDirectory() as home:
        dev = Dev(binary, home, log=str(pathlib.Path(home) / "dev.log")).start()
        try:
            create_topics(dev.broker, TOPICS[scenario])
            answered, longest = replay(dev.namesrv, dev.broker, requests)
            check_stored(dev.broker, scenario, requests)
            check_unserved(dev.broker, requests)
        finally:
            status = dev.stop()
        expect_equal(status, 0, "the exit status")
    waited = f", a pull waited {longest:.1f} s" if longest else ""
    print(f"ok: {scenario}: {len(requests)} requests, {answered} answers{waited}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only")
    args = parser.parse_args()
    scenarios = {name: requests for name, requests in recorded().items()
                 if args.only in (None, name)}
    failed = 0
    for scenario, requests in scenarios.items():
        try:
            run(args.binary, scenario, requests)
        except (Failed, OSError, RuntimeError, ValueError, KeyError) as error:
            failed += 1
            print(f"FAILED: {scenario}: {error!r}", flush=True)
    print(f"{len(scenarios) - failed} passed, {failed} failed")
    return 1 if failed or not scenarios else 0


if __name__ == "__main__":
    sys.exit(main())
