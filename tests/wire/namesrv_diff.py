#!/usr/bin/env python3
"""Sends the same requests to two name servers and compares what they answer.

    namesrv_diff.py REFERENCE OURS           compare; REFERENCE is an address or a recording
    namesrv_diff.py REFERENCE --record FILE  write one server's answers down

Servers must be fresh. Compared are the code, the remark of codes 17 and 22, the ext fields and the
body, JSON by content; routes also by style. EXPECTED_DIFFERENCES lists the steps on which we mean
to differ. namesrv_java_5_5_0.json holds what the Java name server answered.
"""

import argparse
import json
import os
import pathlib
import struct
import sys
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import fastjson  # noqa: E402
from remoting import VERSION_4_9_3, Connection, crc32  # noqa: E402

CLUSTER, BROKER = "diff-cluster", "diff-a"
MASTER, SLAVE, OTHER = "127.0.0.1:20911", "127.0.0.1:21911", "127.0.0.1:22911"

# Step name: why our answer may differ. docs/compatibility.md tells the same to users.
EXPECTED_DIFFERENCES = {
    "update config, key that needs a restart": "live updates go by an allow list",
    "register under another cluster": "a broker name keeps its cluster while it is alive",
    "cluster info after refusals": "Java keeps the names of registrations that it refused",
    "route without topic": "a required field that is missing is refused in any request",
    "put without value": "a required field that is missing is refused in any request",
}


def version(counter, state=0):
    return {"counter": counter, "stateVersion": state, "timestamp": 1700000000000}


def topic(name, perm=6, queues=8, flag=0):
    return {"attributes": {}, "order": False, "perm": perm, "readQueueNums": queues,
            "topicFilterType": "SINGLE_TAG", "topicName": name, "topicSysFlag": flag,
            "writeQueueNums": queues}


def registration(topics, data_version, filters=()):
    return json.dumps({
        "filterServerList": list(filters),
        "topicConfigSerializeWrapper": {
            "dataVersion": data_version, "mappingDataVersion": version(0),
            "topicConfigTable": {item["topicName"]: item for item in topics},
            "topicQueueMappingDetailMap": {}, "topicQueueMappingInfoMap": {}}}).encode()


def counted(data):
    return struct.pack(">i", len(data)) + data


def packed_registration(data_version, topic_lines, filter_servers=(), mappings=()):
    """The compressed body of request 103."""
    plain = counted(json.dumps(data_version).encode())
    plain += struct.pack(">i", len(topic_lines))
    plain += b"".join(counted(line.encode()) for line in topic_lines)
    plain += counted(json.dumps(list(filter_servers)).encode())
    plain += struct.pack(">i", len(mappings))
    plain += b"".join(counted(json.dumps(item).encode()) for item in mappings)
    return zlib.compress(plain, 9)


def register_fields(address, broker_id, body, name=BROKER, cluster=CLUSTER, **more):
    fields = {"brokerName": name, "brokerAddr": address, "clusterName": cluster,
              "haServerAddr": address.rsplit(":", 1)[0] + ":29912", "brokerId": str(broker_id),
              "bodyCrc32": str(crc32(body)), "compressed": "false",
              "enableActingMaster": "false"}
    fields.update(more)
    return {key: value for key, value in fields.items() if value is not None}


class Script:
    """The steps, against one server. Answers are kept in order, by step name."""

    def __init__(self, address):
        self.address = address
        self.answers = {}
        self.admin = Connection(address)
        self.brokers = {}

    def step(self, title, code, ext=None, body=b"", via=None, **options):
        assert title not in self.answers, title
        answer = (via or self.admin).call(code, ext, body, **options)
        self.answers[title] = {"code": answer.code, "remark": answer.remark, "ext": answer.fields,
                              "body": answer.body.decode("utf-8", "replace")}
        return answer

    def register(self, title, address, broker_id, body, **more):
        if address not in self.brokers:
            self.brokers[address] = Connection(self.address)
        options = {"version": more.pop("version")} if "version" in more else {}
        return self.step(title, 103, register_fields(address, broker_id, body, **more), body,
                         via=self.brokers[address], **options)

    def views(self, when):
        self.step(f"cluster info {when}", 106)
        self.step(f"all topics {when}", 206)
        self.step(f"members {when}", 901, {"clusterName": CLUSTER, "brokerName": BROKER})
        self.step(f"route {when}", 105, {"topic": "diff-one"})
        self.step(f"data version {when}", 322,
                  {"brokerName": BROKER, "brokerAddr": MASTER, "clusterName": CLUSTER,
                   "brokerId": "0"}, json.dumps(version(1)).encode())

    def run(self):
        self.empty()
        self.settings()
        self.registering()
        self.routes()
        self.slave()
        self.refusals()
        self.leaving()
        for broker in self.brokers.values():
            broker.close()
        self.admin.close()
        return self.answers

    def empty(self):
        self.views("of nothing")
        self.step("unknown code", 9999)
        self.step("route without topic", 105)
        self.step("system topics of nothing", 304)
        self.step("topics of unknown cluster", 224, {"cluster": "nobody"})
        self.step("unregister unknown", 104, {"brokerName": "x", "brokerAddr": "1.2.3.4:1",
                                              "clusterName": "x", "brokerId": "0"})
        self.step("heartbeat of unknown", 904, {"brokerName": "x", "brokerAddr": "1.2.3.4:1",
                                                "clusterName": "x"})
        self.step("wipe unknown", 205, {"brokerName": "x"})

    def settings(self):
        self.step("get missing key", 101, {"namespace": "N", "key": "k"})
        self.step("put key", 100, {"namespace": "N", "key": "k", "value": "v \u00e9"})
        self.step("put without value", 100, {"namespace": "N", "key": "k2"})
        self.step("get key", 101, {"namespace": "N", "key": "k"})
        self.step("list namespace", 219, {"namespace": "N"})
        self.step("list missing namespace", 219, {"namespace": "M"})
        self.step("delete key", 102, {"namespace": "N", "key": "k"})
        self.step("delete missing key", 102, {"namespace": "N", "key": "k"})
        self.step("get deleted key", 101, {"namespace": "N", "key": "k"})
        self.step("list emptied namespace", 219, {"namespace": "N"})
        self.step("put order", 100, {"namespace": "ORDER_TOPIC_CONFIG", "key": "diff-one",
                                     "value": "diff-a:4"})
        self.step("get config", 319)
        self.step("update config, live key", 318, None, b"orderMessageEnable=true\n")
        self.step("update config, path", 318, None, b"kvConfigPath=/tmp/x\n")
        self.step("update config, own black list", 318, None, b"configBlackList=x\n")
        self.step("update config, unknown key", 318, None, b"noSuchKey=1\n")
        self.step("update config, key that needs a restart", 318, None, b"productEnvName=x\n")
        self.step("update config, nothing", 318)

    def registering(self):
        topics = [topic("diff-one"), topic("diff-unit", flag=1), topic("diff-sub", flag=2),
                  topic("diff-both", flag=3), topic("diff-read", perm=4, queues=1)]
        body = registration(topics, version(1))
        self.step("bad checksum", 103,
                  register_fields(MASTER, 0, body, bodyCrc32="12345"), body)
        self.step("bad body", 103, register_fields(MASTER, 0, b"{]", bodyCrc32=None), b"{]")
        self.register("first with one topic", OTHER, 0, registration([topic("x")], version(1)),
                      name="diff-lonely")
        self.step("unregister the lonely", 104,
                  {"brokerName": "diff-lonely", "brokerAddr": OTHER, "clusterName": CLUSTER,
                   "brokerId": "0"})
        time.sleep(0.3)
        self.register("register master", MASTER, 0, body)
        self.views("with a master")
        self.step("same data version", 322,
                  {"brokerName": BROKER, "brokerAddr": MASTER, "clusterName": CLUSTER,
                   "brokerId": "0"}, json.dumps(version(1)).encode())
        self.step("data version without body", 322,
                  {"brokerName": BROKER, "brokerAddr": MASTER, "clusterName": CLUSTER,
                   "brokerId": "0"})
        self.register("one more topic", MASTER, 0,
                      registration([topic("diff-two", queues=4)], version(2)))
        self.step("route of the added topic", 105, {"topic": "diff-two"})
        self.register("topics gone from the body stay", MASTER, 0, body)
        self.step("all topics then", 206)
        packed = packed_registration(
            version(3), ['diff-packed 3 2 6 SINGLE_TAG {"message.type":"FIFO"}',
                         "diff-old 1 1 6 SINGLE_TAG"], ["127.0.0.1:30000"])
        self.register("compressed", MASTER, 0, packed, compressed="true")
        self.step("route of a packed topic", 105, {"topic": "diff-packed"})
        self.step("route of an old line", 105, {"topic": "diff-old"})
        self.register("empty body", MASTER, 0, b"", bodyCrc32="0")

    def routes(self):
        self.step("route, standard JSON", 105, {"topic": "diff-one"})
        self.step("route, bare keys", 105, {"topic": "diff-one"}, version=VERSION_4_9_3)
        self.step("route, standard by wish", 105,
                  {"topic": "diff-one", "acceptStandardJsonOnly": "true"}, version=VERSION_4_9_3)
        self.step("route of missing topic", 105, {"topic": "no-such-topic"})
        self.step("filtered by zone", 105, {"topic": "diff-one", "__ZONE_MODE": "true",
                                           "__ZONE_NAME": "elsewhere"})
        self.step("system topics", 304)
        self.step("topics of cluster", 224, {"cluster": CLUSTER})
        self.step("unit topics", 311)
        self.step("topics with unit subscribers", 312)
        self.step("such that are no unit topics", 313)
        self.step("wipe", 205, {"brokerName": BROKER})
        self.step("route after wipe", 105, {"topic": "diff-one"})
        self.step("add", 327, {"brokerName": BROKER})
        self.step("route after add", 105, {"topic": "diff-read"})
        route = {"brokerDatas": [], "filterServerTable": {},
                 "queueDatas": [{"brokerName": BROKER, "perm": 6, "readQueueNums": 2,
                                 "topicSysFlag": 0, "writeQueueNums": 2}]}
        self.step("register topic", 217, {"topic": "diff-single"}, json.dumps(route).encode())
        self.step("route of that topic", 105, {"topic": "diff-single"})
        route["queueDatas"][0]["brokerName"] = "nobody"
        self.step("register topic of nobody", 217, {"topic": "diff-none"},
                  json.dumps(route).encode())
        self.step("route of nobody's topic", 105, {"topic": "diff-none"})
        self.step("register topic without body", 217, {"topic": "diff-none"})
        self.step("delete topic of another cluster", 216,
                  {"topic": "diff-single", "clusterName": "nobody"})
        self.step("it is still there", 105, {"topic": "diff-single"})
        self.step("delete topic of the cluster", 216,
                  {"topic": "diff-single", "clusterName": CLUSTER})
        self.step("it is gone", 105, {"topic": "diff-single"})
        self.step("delete topic", 216, {"topic": "diff-two"})
        self.step("it is gone too", 105, {"topic": "diff-two"})

    def slave(self):
        body = registration([topic("diff-one"), topic("diff-slave")], version(1))
        self.register("register slave", SLAVE, 1, body)
        self.step("cluster info with a slave", 106)
        self.step("the slave's topics do not count", 105, {"topic": "diff-slave"})
        self.register("slave with acting master", SLAVE, 1, body, enableActingMaster="true")
        self.register("slave that became id 2", SLAVE, 2, body, enableActingMaster="true")
        self.step("members with id 2", 901, {"clusterName": CLUSTER, "brokerName": BROKER})

    def refusals(self):
        self.register("master with a newer state", MASTER, 0,
                      registration([topic("diff-one"), topic("diff-x")], version(4, state=5)))
        body = registration([topic("diff-one"), topic("diff-y")], version(9, state=4))
        self.register("an older state from elsewhere", OTHER, 0, body)
        self.step("members after an older state", 901,
                  {"clusterName": CLUSTER, "brokerName": BROKER})
        self.register("register under another cluster", OTHER, 7, body, cluster="diff-other")
        self.step("unregister from it", 104,
                  {"brokerName": BROKER, "brokerAddr": OTHER, "clusterName": "diff-other",
                   "brokerId": "7"})
        time.sleep(0.3)
        self.step("cluster info after refusals", 106)
        newer = registration([topic("diff-one"), topic("diff-y")], version(9, state=6))
        self.register("a newer state from elsewhere", OTHER, 0, newer)
        self.step("members after a newer state", 901,
                  {"clusterName": CLUSTER, "brokerName": BROKER})

    def leaving(self):
        self.brokers.pop(OTHER).close()
        time.sleep(0.5)
        self.step("members after the master's channel closed", 901,
                  {"clusterName": CLUSTER, "brokerName": BROKER})
        self.step("route without a master", 105, {"topic": "diff-one"})
        self.step("unregister slave", 104, {"brokerName": BROKER, "brokerAddr": SLAVE,
                                            "clusterName": CLUSTER, "brokerId": "2"})
        time.sleep(0.3)
        self.step("members after everybody left", 901,
                  {"clusterName": CLUSTER, "brokerName": BROKER})
        self.step("all topics after everybody left", 206)


def sort_lists(value):
    """Java's lists come from hash tables: their order says nothing."""
    if isinstance(value, dict):
        return {key: sort_lists(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((sort_lists(item) for item in value), key=lambda x: json.dumps(x, sort_keys=True))
    return value


def comparable(name, answer):
    """What must be equal. Other remarks are prose: in Java they name classes, or stay by mistake."""
    body = answer["body"]
    if name == "get config":
        body = sorted(line.split("=")[0] for line in body.splitlines())
    elif body.startswith(("{", "[")):
        body = sort_lists(fastjson.loads(body))
    return {"code": answer["code"], "remark": answer["remark"] if answer["code"] in (17, 22) else "",
            "ext": answer["ext"], "body": body,
            "bare keys": name.startswith("route") and "{0:" in answer["body"]}


def differs(name, theirs, mine):
    theirs, mine = comparable(name, theirs), comparable(name, mine)
    if name == "get config":  # We have keys of our own besides.
        mine["body"] = [key for key in mine["body"] if key in theirs["body"]]
    return theirs != mine


def compare(reference, ours):
    """How many steps differ without a reason; each is printed."""
    failures = 0
    for name, theirs in reference.items():
        why = EXPECTED_DIFFERENCES.get(name)
        if not differs(name, theirs, ours[name]):
            if why:
                failures += 1
                print(f"EQUAL, though expected to differ: {name} ({why})")
            continue
        if why:
            continue
        failures += 1
        print(f"DIFFERS: {name}")
        print("  reference:", json.dumps(theirs, ensure_ascii=False)[:600])
        print("  ours:     ", json.dumps(ours[name], ensure_ascii=False)[:600])
    print(f"{len(reference)} requests compared, {len(EXPECTED_DIFFERENCES)} differ on purpose, "
          f"{failures} unexpectedly")
    return failures


def reference_of(text):
    if os.path.exists(text):
        with open(text, encoding="utf-8") as recording:
            return json.load(recording)
    return Script(text).run()


def record(answers, path):
    # Of the configuration only the keys matter; its values name this machine's folders.
    config = answers["get config"]
    config["body"] = "".join(line.split("=")[0] + "=\n" for line in config["body"].splitlines())
    with open(path, "w", encoding="utf-8") as out:
        json.dump(answers, out, indent=1, ensure_ascii=False)
        out.write("\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("ours", nargs="?")
    parser.add_argument("--record", help="write the reference's answers to this file and stop")
    args = parser.parse_args()
    reference = reference_of(args.reference)
    if args.record:
        record(reference, args.record)
        print(f"{len(reference)} answers written to {args.record}")
        return 0
    if not args.ours:
        parser.error("two addresses, or --record")
    return 1 if compare(reference, Script(args.ours).run()) else 0


if __name__ == "__main__":
    sys.exit(main())
