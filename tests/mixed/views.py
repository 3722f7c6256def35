#!/usr/bin/env python3
"""Name servers and brokers of both kinds under each other: what is asked of them, they answer as
Java's name server with Java's broker does.

Three settings, each with a Java name server and an agena name server that the same brokers
register with: the Java broker, the agena broker, and both in one cluster. In each the same topics
and groups are made through the brokers, then every view is asked from each name server and broker,
raw and through mqadmin, and the official Java client sends and consumes. Then the brokers leave, by
a stop or by kill -9, and must be gone from both name servers.

The answers of the Java pair are the reference of one broker, those of the Java name server that of
two; addresses, versions, times and rates are masked. Nothing else may differ.
"""
import argparse
import contextlib
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
sys.path[:0] = [str(TESTS / each) for each in ("lib", "peer", "wire", "interop/admin")]
import admin_test  # noqa: E402
import broker_answers  # noqa: E402
import peer  # noqa: E402
import remoting  # noqa: E402
from server import Broker, Namesrv, free_offset  # noqa: E402

CLUSTER = "MixedCluster"
MADE, ORDERED, SENT = "MixedTopic", "MixedOrdered", "MixedSent"
GROUP = "MixedGroup"
TOPICS = (MADE, ORDERED, SENT, "TBW102", "broker-a", "SELF_TEST_TOPIC", "RMQ_SYS_TRANS_HALF_TOPIC",
          CLUSTER, f"%RETRY%{GROUP}", "MixedNothing")
# What both kinds of broker are told alike, and must show in their configuration.
SETTINGS = {"defaultTopicQueueNums": 6, "registerNameServerPeriod": 10_000, "fileReservedTime": 48,
            "maxMessageSize": 3_000_000}
SETTINGS_OF_BROKERS = (("java", ("java",)), ("agena", ("agena",)), ("both", ("java", "agena")))
# What the official client does against each pair; tests/interop does all of it against agena.
SCENARIOS = r"^(send\.(sync|batch|fast_port)|push\.clustering|litepull\.subscribe|query\.by_key)$"
PATIENCE_S = 40


class Setting:
    """A name server of each kind, and the brokers that register with both."""

    def __init__(self, name, kinds, binary, home):
        self.name, self.kinds, self.binary, self.home = name, kinds, binary, home / name
        self.running = contextlib.ExitStack()
        self.namesrvs, self.brokers = {}, {}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.running.close()
            raise
        return self

    def start(self):
        self.namesrvs["java"] = self.keep(peer.start_namesrv(
            self.home / "java-namesrv", 9876 + free_offset(), short_run=True))
        self.namesrvs["agena"] = self.keep(Namesrv(
            self.binary, self.home / "agena-namesrv", 9876 + free_offset()))
        addresses = ";".join(each.address for each in self.namesrvs.values())
        for kind, name in zip(self.kinds, ("broker-a", "broker-b")):
            home, port = self.home / f"{kind}-broker", 10911 + free_offset()
            if kind == "java":
                broker = peer.start_broker(home, addresses, port, name=name, cluster=CLUSTER,
                                           short_run=True, **SETTINGS)
            else:
                broker = Broker(self.binary, home, port, addresses, brokerName=name,
                                brokerClusterName=CLUSTER, **SETTINGS)
            self.brokers[name] = self.keep(broker)

    def keep(self, process):
        self.running.callback(process.kill)
        return process

    def __exit__(self, *_):
        self.running.close()

    def mask(self, text):
        """Each server's address becomes its name, on the ports beside it, too."""
        for name, broker in self.brokers.items():
            for more, what in ((0, ""), (-2, "-fast"), (1, "-replication")):
                text = text.replace(f"127.0.0.1:{broker.port + more}", f"<{name}{what}>")
        return text


def main_of(path):
    """A module beside which others of the same name exist."""
    loading = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(loading)
    loading.loader.exec_module(module)
    return module


def expect(holds, text):
    if not holds:
        raise AssertionError(text)


def eventually(what, holds):
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        expect(time.monotonic() < deadline, f"after {PATIENCE_S} s still not: {what}")
        time.sleep(0.05)


def make(broker):
    """What an operator and a first producer make on a broker."""
    common = {"defaultTopic": "TBW102", "topicFilterType": "SINGLE_TAG"}
    calls = [
        (17, {**common, "topic": MADE, "readQueueNums": 4, "writeQueueNums": 6, "perm": 6,
              "topicSysFlag": 0, "order": "false"}, b""),
        (17, {**common, "topic": ORDERED, "readQueueNums": 2, "writeQueueNums": 2, "perm": 4,
              "topicSysFlag": 1, "order": "true", "attributes": "+message.type=FIFO"}, b""),
        (200, {}, json.dumps({"groupName": GROUP, "retryQueueNums": 2, "brokerId": 0}).encode())]
    with remoting.Connection(broker.address, timeout_s=30) as connection:
        for code, fields, body in calls:
            answer = connection.call(code, fields, body)
            expect(answer.code == 0, f"{code} answered {answer.code}: {answer.remark}")
    send(broker, SENT, 1)


def send(broker, topic, queue):
    fields = remoting.send_fields(
        topic, queue, remoting.properties({"KEYS": "k", "TAGS": "TagA"}), queues=3)
    with remoting.Connection(broker.address, timeout_s=30) as connection:
        answer = connection.call(310, fields, b"hello")
    expect(answer.code == 0, f"a send is answered {answer.code}: {answer.remark}")


def knows(namesrv, topic, count):
    with remoting.Connection(namesrv.address) as connection:
        answer = connection.call(105, {"topic": topic})
        return answer.code == 0 and answer.body.count(b'"brokerName"') == 2 * count


def asked(setting, address, code, fields=None, **more):
    with remoting.Connection(address, timeout_s=30) as connection:
        answer = connection.call(code, fields, **more)
    shown = broker_answers.comparable({
        "request": code, "code": answer.code, "remark": answer.remark,
        "ext": {name: setting.mask(value) for name, value in answer.fields.items()},
        "body": setting.mask(answer.body.decode("latin-1"))})
    # Java and the tools read the table of queues by its style of keys.
    return {**shown, "bare keys": '{0:"' in answer.body.decode("latin-1")}


def namesrv_views(setting, namesrv):
    views = {}
    for topic in TOPICS:
        for version in (remoting.VERSION_5_5_0, remoting.VERSION_4_9_3):
            views[f"route of {topic} for {version}"] = asked(
                setting, namesrv.address, 105, {"topic": topic}, version=version)
    views["strict route"] = asked(setting, namesrv.address, 105,
                                  {"topic": MADE, "acceptStandardJsonOnly": "true"})
    views["cluster"] = asked(setting, namesrv.address, 106)
    views["topics"] = asked(setting, namesrv.address, 206)
    views["topics of the cluster"] = asked(setting, namesrv.address, 224, {"cluster": CLUSTER})
    views["topics of no cluster"] = asked(setting, namesrv.address, 224, {"cluster": "Nothing"})
    views["system topics"] = asked(setting, namesrv.address, 304)
    one = views["system topics"]["body"].pop("brokerAddr")  # Whichever comes first.
    expect(one in [f"<{name}>" for name in setting.brokers], f"304 names {one} as broker")
    for name in setting.brokers:
        views[f"members of {name}"] = asked(setting, namesrv.address, 901, {
            "clusterName": CLUSTER, "brokerName": name})
    for code in (311, 312, 313):
        views[f"unit topics, {code}"] = asked(setting, namesrv.address, code)
    return views


def broker_views(setting, broker):
    views = {"topics": asked(setting, broker.address, 21),
             "groups": asked(setting, broker.address, 201),
             "system topics": asked(setting, broker.address, 305)}
    for topic in TOPICS:
        views[f"settings of {topic}"] = asked(setting, broker.address, 351, {"topic": topic})
    views["settings of the group"] = asked(setting, broker.address, 352, {"group": GROUP})
    with remoting.Connection(broker.address) as connection:
        answer = connection.call(26)
    expect(answer.code == 0, f"26 answered {answer.code}: {answer.remark}")
    told = dict(line.split("=", 1) for line in answer.body.decode().splitlines() if "=" in line)
    views["configuration"] = {name: told.get(name) for name in (*SETTINGS, "brokerClusterName")}
    expect(views["configuration"] == {**{name: str(value) for name, value in SETTINGS.items()},
                                      "brokerClusterName": CLUSTER},
           f"the configuration says {views['configuration']}")
    return views


COMMANDS = [("topicRoute", "-t", MADE), ("topicRoute", "-t", ORDERED), ("clusterList",),
            ("clusterList", "-m"), ("topicList",), ("topicList", "-c"),
            ("topicClusterList", "-t", MADE), ("topicStatus", "-t", SENT),
            ("brokerConsumeStats", "-b", "<broker-a>")]


def without_figures(output):
    """Sorted lines, their blanks alike; numbers that are rates, times and loads become <n>."""
    lines = []
    for line in output.splitlines():
        line = re.sub(r"\s+", " ", line).strip()
        line = re.sub(r"V[45]_\d+_\d+(_SNAPSHOT)?", "<version>", line)
        line = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(,\d+)?", "<time>", line)
        line = re.sub(r"-?\d+--?\d+\(", "<n>(", line)
        line = re.sub(r"-?\d+\.\d+", "<n>", line)
        line = re.sub(r"\(\d+,\d+ms(\|\d+,\d+ms)?\)", "(<load>)", line)
        lines.append(line)
    return sorted(line for line in lines if line)


def admin_views(setting, namesrv, shell):
    views = {}
    for words in COMMANDS:
        given = [word if not word.startswith("<") else setting.brokers[word[1:-1]].address
                 for word in words]
        output = shell.run(given[0], "-n", namesrv.address, *given[1:])
        expect("Exception" not in output, f"{' '.join(words)} failed: {output}")
        text = setting.mask(output)
        at = text.find("{")
        if words[0] == "topicRoute" and at >= 0:
            views[" ".join(words)] = broker_answers.mask(broker_answers.fastjson.loads(text[at:]))
        else:
            views[" ".join(words)] = without_figures(text)
    return views


def scenarios(setting, namesrv, interop_cache):
    """The official client's scenarios. They count a topic's queues and so want one broker."""
    heartbeats = ["--long-heartbeats"] if "java" in setting.kinds else []
    done = subprocess.run(
        [sys.executable, str(TESTS / "interop" / "run.py"), "--server", "external", "--namesrv",
         namesrv.address, "--suite", "java-5.5.0", "--only", SCENARIOS, "--cache", interop_cache,
         *heartbeats], capture_output=True, text=True, check=False, timeout=300)
    expect(done.returncode == 0, f"the client failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip().splitlines()[-1]


def across_brokers(setting, namesrv, classes):
    """The official client sends once, and one of its consumers gets what lies on every broker."""
    shell = admin_test.Shell(namesrv.address, classes, str(setting.home / "client"))
    topic, group, wanted = f"across-{namesrv.port}", "across", 3 * len(setting.brokers) + 1
    try:
        for broker in setting.brokers.values():
            for queue in range(3):
                send(broker, topic, queue)
        eventually("the topic is known", lambda: knows(namesrv, topic, len(setting.brokers)))
        expect(shell.run("@send", topic, "1", "TagA", "k", "hello").startswith("1 "),
               "the client cannot send")
        shell.run("@consumer", group, topic)
        eventually(f"{wanted} messages have come",
                   lambda: shell.run("@consumed", group).strip() == str(wanted))
        return f"{wanted} messages of {len(setting.brokers)} brokers"
    finally:
        shell.close()


def differences(reference, views):
    """Lines that say what differs, each member by its name."""
    wrong = []
    for name in sorted(reference.keys() | views.keys()):
        left, right = reference.get(name), views.get(name)
        if left == right:
            continue
        wrong.append(f"  {name}\n    reference: {json.dumps(left, ensure_ascii=False)[:1500]}\n"
                     f"    seen:      {json.dumps(right, ensure_ascii=False)[:1500]}")
    return wrong


def leave(setting):
    """Java's broker stops and agena's is killed where both are; alone each does the other."""
    for name, broker in setting.brokers.items():
        kill = (len(setting.brokers) == 2) == isinstance(broker, Broker)
        broker.kill() if kill else broker.stop()
        for kind, namesrv in setting.namesrvs.items():
            with remoting.Connection(namesrv.address) as connection:
                eventually(f"{name} has left the {kind} name server",
                           lambda: f'"{name}"'.encode() not in connection.call(106).body)
    for kind, namesrv in setting.namesrvs.items():
        with remoting.Connection(namesrv.address) as connection:
            answer = connection.call(105, {"topic": MADE})
            expect(answer.code == 17, f"the {kind} name server still has a route: {answer.code}")


def views_of(setting, shell):
    """{pair: {view: answer}}."""
    for broker in setting.brokers.values():
        make(broker)
    for kind, namesrv in setting.namesrvs.items():
        eventually(f"the {kind} name server knows the topics", lambda: all(
            knows(namesrv, topic, len(setting.brokers)) for topic in (MADE, ORDERED, SENT)))
    seen = {}
    for kind, namesrv in setting.namesrvs.items():
        pair = f"{kind} name server, {' and '.join(setting.kinds)} broker"
        seen[pair] = namesrv_views(setting, namesrv)
        for name, text in admin_views(setting, namesrv, shell).items():
            seen[pair][f"mqadmin {name}"] = text
        for name, broker in setting.brokers.items():
            for view, answer in broker_views(setting, broker).items():
                seen[pair][f"{name}: {view}"] = answer
    return seen


def run_clients(setting, pairs, classes, interop_cache):
    for pair, namesrv in zip(pairs, setting.namesrvs.values()):
        if pair == "java name server, java broker":
            continue
        told = (scenarios(setting, namesrv, interop_cache) if len(setting.brokers) == 1 else
                across_brokers(setting, namesrv, classes))
        print(f"{pair}: client, {told}", flush=True)


def run(binary, interop_cache, home):
    """How many pairs differ from their reference."""
    classes = main_of(TESTS / "interop" / "run.py").build_admin(interop_cache)
    shell = admin_test.Shell("127.0.0.1:1", classes, str(home / "mqadmin"))
    failed = 0
    reference = {}  # By the number of brokers.
    try:
        for name, kinds in SETTINGS_OF_BROKERS:
            began = time.monotonic()
            with Setting(name, kinds, binary, home) as setting:
                seen = views_of(setting, shell)
                run_clients(setting, seen, classes, interop_cache)
                leave(setting)
            for pair, views in seen.items():
                first = reference.setdefault(len(kinds), views)
                wrong = differences(first, views)
                failed += 1 if wrong else 0
                print(f"{pair}: {len(views)} views, "
                      f"{'the reference' if first is views else f'{len(wrong)} differ'}",
                      flush=True)
                print("\n".join(wrong), end="\n" if wrong else "", flush=True)
            print(f"setting {name}: {time.monotonic() - began:.1f} s", flush=True)
    finally:
        shell.close()
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("AGENA", "build/release/agena"))
    parser.add_argument("--interop", default=str(TESTS.parent / "build" / "interop"),
                        help="where tests/interop builds its clients")
    options = parser.parse_args()
    peer.require()
    home = pathlib.Path(tempfile.mkdtemp(prefix="agena-mixed-"))
    try:
        failed = run(options.binary, options.interop, home)
    except (AssertionError, OSError, RuntimeError, ValueError, admin_test.Wrong) as error:
        print(f"views: {type(error).__name__}: {error}\nfiles are kept in {home}", file=sys.stderr)
        return 1
    if failed:
        print(f"views: {failed} pairs differ; files are kept in {home}", file=sys.stderr)
        return 1
    shutil.rmtree(home)
    print("views: ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
