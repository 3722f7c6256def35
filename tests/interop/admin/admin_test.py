"""Runs unmodified mqadmin commands against a name server and broker and checks what they print.

Usage: admin_test.py NAMESRV CLASSPATH HOME   (run.py calls it; ends with "N passed, N failed")

The checks hold for the Java server as well: they look at columns and values that a person would
look at, not at widths or at the rows that only one implementation has.
"""

import os
import re
import subprocess
import sys
import threading
import time

PATIENCE_S = 60
COMMAND_LIMIT_S = 120
CHECKS = []


class Wrong(Exception):
    """A check that does not hold; carries what was seen."""


def check(function):
    CHECKS.append(function)
    return function


def that(holds, what, output=""):
    if not holds:
        raise Wrong(what + ("\n" + output if output else ""))


def equal(wanted, got, what, output=""):
    that(wanted == got, f"{what}: wanted {wanted!r}, got {got!r}", output)


def eventually(action):
    """Repeats until the action no longer raises Wrong; its last complaint becomes the failure."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return action()
        except Wrong:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


class Shell:
    """One JVM that runs mqadmin commands one after the other (AdminShell.java)."""

    def __init__(self, namesrv, classpath, home):
        self.namesrv = namesrv
        os.makedirs(home, exist_ok=True)
        self.process = subprocess.Popen(
            [
                "java",
                "-Xmx512m",
                f"-Duser.home={home}",
                f"-Drocketmq.home.dir={home}",
                f"-Dinterop.namesrv={namesrv}",
                "-Dfile.encoding=UTF-8",
                "-Drmq.logback.configurationFile=rmq.tools.logback.xml",
                "-cp",
                classpath,
                "agena.interop.AdminShell",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def run(self, *words):
        watchdog = threading.Timer(COMMAND_LIMIT_S, self.process.kill)
        watchdog.start()
        try:
            self.process.stdin.write(("\t".join(words) + "\n").encode())
            self.process.stdin.flush()
            header = self.process.stdout.readline()
            that(
                header,
                f"the JVM ended, or was ended after {COMMAND_LIMIT_S} s, in: {' '.join(words)}",
            )
            return self.process.stdout.read(int(header)).decode()
        finally:
            watchdog.cancel()

    def admin(self, command, *words):
        return self.run(command, "-n", self.namesrv, *words)

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # It is gone already, and the check that noticed said so.
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()


def no_error(output):
    that("Exception" not in output, "the command failed", output)
    return output


def fails_with(code, output):
    that(f"CODE: {code} " in output, f"should fail with code {code}", output)


def rows(output):
    """The cells of each line that is neither blank nor a heading."""
    return [
        line.split() for line in output.splitlines() if line.strip() and not line.startswith("#")
    ]


def pairs(output, separator):
    """`name <separator> value` lines as a dictionary."""
    result = {}
    for line in output.splitlines():
        name, found, value = line.partition(separator)
        if found:
            result[name.strip()] = value.strip()
    return result


class World:
    """What the checks share: the server's names, one topic of eight messages, one group."""

    def __init__(self, shell):
        mark = f"{int(time.time())}_{os.getpid()}"
        self.shell = shell
        self.topic = f"adm_T_{mark}"
        self.one_broker_topic = f"adm_U_{mark}"
        self.group = f"adm_G_{mark}"
        self.other_group = f"adm_H_{mark}"
        self.cluster = self.broker = self.address = None
        self.sent = []
        self.before_ms = 0

    def admin(self, *words):
        return self.shell.admin(*words)

    def progress(self, group, *words):
        """{(topic, queue): (broker offset, consumer offset, diff)} of a group."""
        output = no_error(self.admin("consumerProgress", "-g", group, *words))
        found = {}
        for cells in rows(output):
            if len(cells) >= 7 and cells[2].isdigit():
                found[(cells[0], int(cells[2]))] = tuple(int(cell) for cell in cells[3:6])
        total = re.search(r"Consume Diff Total: (-?\d+)", output)
        that(total, "a total of differences", output)
        equal(
            sum(row[2] for row in found.values()), int(total.group(1)), "sum of differences", output
        )
        return found


@check
def cluster_list(w):
    def look():
        output = no_error(w.admin("clusterList"))
        found = [cells for cells in rows(output) if len(cells) > 5 and cells[2] == "0"]
        that(found, "a master in the list", output)
        w.cluster, w.broker, w.address = found[0][0], found[0][1], found[0][3]
        return output

    output = eventually(look)
    for heading in (
        "#Cluster Name",
        "#Broker Name",
        "#BID",
        "#Addr",
        "#Version",
        "#InTPS(LOAD)",
        "#OutTPS(LOAD)",
        "#ACTIVATED",
    ):
        that(heading in output, heading, output)
    that(re.match(r"^[\w.\-]+:\d+$", w.address), "an address", output)
    that("V5_5_0" in output, "the version that the tools know", output)
    more = no_error(w.admin("clusterList", "-m"))
    row = [cells for cells in rows(more) if cells[1] == w.broker][0]
    equal(6, len(row), "columns of -m", more)
    that(all(cell.isdigit() for cell in row[2:]), "four counters", more)
    only = no_error(w.admin("clusterList", "-c", w.cluster))
    that(w.address in only, "the named cluster's broker", only)


@check
def update_topic(w):
    output = no_error(w.admin("updateTopic", "-c", w.cluster, "-t", w.topic, "-r", "4", "-w", "4"))
    that(f"create topic to {w.address} success" in output, "creation by cluster", output)
    that(
        f"topicName={w.topic}, readQueueNums=4, writeQueueNums=4, perm=RW-" in output,
        "echo",
        output,
    )
    output = no_error(
        w.admin(
            "updateTopic",
            "-b",
            w.address,
            "-t",
            w.one_broker_topic,
            "-r",
            "2",
            "-w",
            "3",
            "-p",
            "6",
            "-o",
            "false",
        )
    )
    that(f"create topic to {w.address} success" in output, "creation by broker", output)
    fails_with(29, w.admin("updateTopic", "-b", w.address, "-t", "bad topic"))
    fails_with(29, w.admin("updateTopic", "-b", w.address, "-t", "TBW102"))


@check
def topic_list(w):
    def look():
        output = no_error(w.admin("topicList"))
        names = set(output.split())
        that(
            {w.topic, w.one_broker_topic, "TBW102"} <= names,
            "the topics in the list",
            output[-3000:],
        )
        # The broker and its cluster are topics too; older admins ask for the latter's route.
        that({w.cluster, w.broker} <= names, "topics named like cluster and broker", output[-3000:])

    eventually(look)
    output = no_error(w.admin("topicList", "-c"))
    that("#Cluster Name" in output, "heading", output[-3000:])
    that(
        [w.cluster, w.topic] in [cells[:2] for cells in rows(output)],
        "row of the topic",
        output[-3000:],
    )


@check
def topic_route(w):
    output = eventually(lambda: no_error(w.admin("topicRoute", "-t", w.topic)))
    for fragment in (
        f'"brokerName":"{w.broker}"',
        f'"cluster":"{w.cluster}"',
        f'"{w.address}"',
        '"perm":6',
        '"readQueueNums":4',
        '"writeQueueNums":4',
    ):
        that(fragment in output, fragment, output)
    output = no_error(w.admin("topicRoute", "-t", w.one_broker_topic, "-l"))
    that(
        [w.cluster, w.broker, "{0=" + w.address + "}", "2", "3", "6"] in rows(output), "row", output
    )
    fails_with(17, w.admin("topicRoute", "-t", w.topic + "_missing"))


@check
def topic_cluster_list(w):
    output = no_error(w.admin("topicClusterList", "-t", w.topic))
    equal([[w.cluster]], rows(output), "clusters", output)


@check
def topic_permission(w):
    no_error(
        w.admin(
            "updateTopic",
            "-b",
            w.address,
            "-t",
            w.one_broker_topic,
            "-r",
            "2",
            "-w",
            "3",
            "-p",
            "4",
        )
    )
    eventually(
        lambda: that(
            '"perm":4' in w.admin("topicRoute", "-t", w.one_broker_topic), "perm 4 in the route"
        )
    )
    output = w.admin("sendMessage", "-t", w.one_broker_topic, "-p", "refused")
    that("Exception" in output and "SEND_OK" not in output, "a send to a read-only topic", output)
    no_error(
        w.admin(
            "updateTopic",
            "-b",
            w.address,
            "-t",
            w.one_broker_topic,
            "-r",
            "2",
            "-w",
            "3",
            "-p",
            "6",
        )
    )
    eventually(
        lambda: that(
            '"perm":6' in w.admin("topicRoute", "-t", w.one_broker_topic), "perm 6 in the route"
        )
    )


@check
def update_sub_group(w):
    output = no_error(
        w.admin("updateSubGroup", "-c", w.cluster, "-g", w.group, "-s", "true", "-m", "false")
    )
    that(
        f"create subscription group to {w.address} success" in output, "creation by cluster", output
    )
    that(f"groupName={w.group}, consumeEnable=true" in output, "echo", output)
    output = no_error(
        w.admin("updateSubGroup", "-b", w.address, "-g", w.other_group, "-q", "2", "-r", "5")
    )
    that("retryQueueNums=2, retryMaxTimes=5" in output, "echo", output)


@check
def traffic(w):
    """Eight messages over four queues, tags A B C in turn, and a consumer of A and B."""
    w.before_ms = int(time.time() * 1000) - 1000
    for i in range(8):
        words = w.shell.run(
            "@send", w.topic, str(i % 4), "Tag" + "ABC"[i % 3], f"key{i}", f"body-{i} größe"
        ).split()
        equal(4, len(words), "words of a send result", " ".join(words))
        equal((str(i % 4), str(i // 4)), (words[0], words[1]), "queue and offset", " ".join(words))
        w.sent.append(words)
    equal("", w.shell.run("@consumer", w.group, w.topic), "start of the consumer")
    eventually(
        lambda: equal("6", w.shell.run("@consumed", w.group).strip(), "messages of TagA || TagB")
    )


@check
def stats_all(w):
    def look():
        output = no_error(w.admin("statsAll", "-t", w.topic))
        mine = [cells for cells in rows(output) if cells[0] == w.topic and w.group in cells]
        that(mine, "row of topic and group", output)
        equal(7, len(mine[0]), "columns", output)
        equal("8", mine[0][5], "messages in since yesterday", output)

    # Java samples every ten seconds and shows young counts for a minute only, so this comes first.
    eventually(look)
    output = no_error(w.admin("statsAll", "-a"))
    that("#Topic" in output and "#Accumulation" in output, "heading", output[-3000:])


@check
def topic_status(w):
    output = no_error(w.admin("topicStatus", "-t", w.topic))
    that("#Broker Name" in output and "#QID" in output, "heading", output)
    found = [cells for cells in rows(output) if cells[0] == w.broker]
    equal(
        [[w.broker, str(q), "0", "2"] for q in range(4)],
        [cells[:4] for cells in found],
        "rows",
        output,
    )
    today = time.strftime("%Y-%m-%d")
    that(all(cells[4].startswith(today[:7]) for cells in found), "times of the last update", output)
    output = no_error(w.admin("topicStatus", "-t", w.one_broker_topic))
    equal(
        3,
        len([cells for cells in rows(output) if cells[0] == w.broker]),
        "max(read, write) rows of a topic without messages",
        output,
    )


@check
def broker_status(w):
    output = no_error(w.admin("brokerStatus", "-b", w.address))
    values = pairs(output, ":")
    for name in (
        "bootTimestamp",
        "brokerVersionDesc",
        "commitLogMaxOffset",
        "commitLogMinOffset",
        "putTps",
        "getTransferredTps",
        "msgPutTotalTodayNow",
        "msgGetTotalTodayNow",
        "msgPutTotalTodayMorning",
        "msgGetTotalTodayMorning",
        "sendThreadPoolQueueSize",
        "pullThreadPoolQueueSize",
        "earliestMessageTimeStamp",
        "commitLogDiskRatio",
        "putMessageTimesTotal",
        "pageCacheLockTimeMills",
        "dispatchBehindBytes",
        "runtime",
    ):
        that(name in values, name, output)
    equal("V5_5_0", values["brokerVersionDesc"], "version", output)
    that(int(values["commitLogMaxOffset"]) > 0, "the log holds something", output)
    that(int(values["msgPutTotalTodayNow"]) >= 8, "messages put", output)
    that(int(values["bootTimestamp"]) <= time.time() * 1000, "boot time", output)
    by_cluster = no_error(w.admin("brokerStatus", "-c", w.cluster))
    that(w.address in by_cluster and "putTps" in by_cluster, "status by cluster", by_cluster)


@check
def consumer_progress(w):
    def look():
        found = w.progress(w.group, "-t", w.topic)
        equal({(w.topic, q): (2, 2, 0) for q in range(4)}, found, "progress")

    eventually(look)
    everything = eventually(lambda: w.progress(w.group))
    that((w.topic, 0) in everything, "the topic among all topics of the group", repr(everything))

    def listed():
        output = w.admin("consumerProgress")
        mine = [cells for cells in rows(output) if cells[0] == w.group]
        that(mine, "the group in the list of all groups", output[-3000:])
        equal(
            ["1", "V5_5_0", "PUSH", "CLUSTERING"],
            mine[0][1:5],
            "member, version, type, model",
            output[-3000:],
        )

    eventually(listed)


@check
def consumer_connection(w):
    output = eventually(lambda: no_error(w.admin("consumerConnection", "-g", w.group)))
    that(re.search(rf"@{w.group}\s+[\d.]+:\d+\s+JAVA\s+V5_5_0", output), "the connection", output)
    subscriptions = dict(
        line.split(None, 1) for line in output.splitlines() if len(line.split(None, 1)) == 2
    )
    equal("TagA || TagB", subscriptions.get(w.topic, "").strip(), "expression", output)
    that("%RETRY%" + w.group in subscriptions, "subscription of the retry topic", output)
    values = pairs(output, ":")
    equal("CONSUME_PASSIVELY", values.get("ConsumeType"), "type", output)
    equal("CLUSTERING", values.get("MessageModel"), "model", output)
    equal("CONSUME_FROM_FIRST_OFFSET", values.get("ConsumeFromWhere"), "where", output)


@check
def producer_connection(w):
    def look():
        output = no_error(
            w.admin("producerConnection", "-g", "interop_admin_sender", "-t", w.topic)
        )
        that(
            re.search(r"@interop_admin_sender\s+[\d.]+:\d+\s+JAVA\s+V5_5_0", output),
            "the connection",
            output,
        )

    eventually(look)
    fails_with(1, w.admin("producerConnection", "-g", "nobody", "-t", w.topic))


@check
def get_broker_config(w):
    output = no_error(w.admin("getBrokerConfig", "-b", w.address))
    that(f"============{w.address}============" in output, "heading", output)
    values = pairs(output, "=  ")
    equal(w.broker, values.get("brokerName"), "brokerName", output)
    equal(w.cluster, values.get("brokerClusterName"), "brokerClusterName", output)
    equal(w.address.rsplit(":", 1)[1], values.get("listenPort"), "listenPort", output)
    for name in (
        "brokerId",
        "flushDiskType",
        "maxMessageSize",
        "fileReservedTime",
        "autoCreateTopicEnable",
    ):
        that(name in values, name, output)
    by_cluster = no_error(w.admin("getBrokerConfig", "-c", w.cluster))
    that(w.address in by_cluster and "brokerName" in by_cluster, "by cluster", by_cluster)


@check
def update_broker_config(w):
    """With a key whose value matters to nobody for the moment it is changed."""
    key = "registerNameServerPeriod"

    def configured():
        return pairs(no_error(w.admin("getBrokerConfig", "-b", w.address)), "=  ")[key]

    before = configured()
    try:
        output = no_error(w.admin("updateBrokerConfig", "-b", w.address, "-k", key, "-v", "31000"))
        that(f"update broker config success, {w.address}" in output, "success", output)
        equal("31000", configured(), "the new value")
        no_error(w.admin("updateBrokerConfig", "-c", w.cluster, "-k", key, "-v", "32000"))
        equal("32000", configured(), "the new value by cluster")
    finally:
        w.admin("updateBrokerConfig", "-b", w.address, "-k", key, "-v", before)
    equal(before, configured(), "the old value again")
    refused = w.admin("updateBrokerConfig", "-b", w.address, "-k", "brokerConfigPath", "-v", "/x")
    fails_with(16, refused)


@check
def get_namesrv_config(w):
    output = no_error(w.admin("getNamesrvConfig"))
    that(f"============{w.shell.namesrv}============" in output, "heading", output)
    values = pairs(output, "=  ")
    equal(w.shell.namesrv.rsplit(":", 1)[1], values.get("listenPort"), "listenPort", output)
    for name in ("kvConfigPath", "scanNotActiveBrokerInterval", "orderMessageEnable"):
        that(name in values, name, output)


def expect_message(w, i, output):
    no_error(output)
    values = pairs(output, ":")
    equal(w.topic, values.get("Topic"), "topic", output)
    equal(f"[Tag{'ABC'[i % 3]}]", values.get("Tags"), "tags", output)
    equal(f"[key{i}]", values.get("Keys"), "keys", output)
    equal(str(i % 4), values.get("Queue ID"), "queue", output)
    equal(str(i // 4), values.get("Queue Offset"), "offset", output)
    equal("0", values.get("Reconsume Times"), "reconsume times", output)
    equal(w.address, values.get("Store Host"), "store host", output)
    that(f"UNIQ_KEY={w.sent[i][2]}" in values.get("Properties", ""), "unique key", output)
    path = values.get("Message Body Path")
    with open(path, encoding="utf-8") as body:
        equal(f"body-{i} größe", body.read(), "body in " + path)


@check
def query_msg_by_id(w):
    output = w.admin("queryMsgById", "-t", w.topic, "-i", w.sent[3][3])
    expect_message(w, 3, output)
    equal(w.sent[3][3], pairs(output, ":").get("OffsetID"), "offset id", output)
    that(
        re.search(rf"consumerGroup={w.group}, trackType=CONSUMED", output),
        "what the group did with it",
        output,
    )
    filtered = w.admin("queryMsgById", "-t", w.topic, "-i", w.sent[2][3])
    expect_message(w, 2, filtered)
    that(
        re.search(rf"consumerGroup={w.group}, trackType=CONSUMED_BUT_FILTERED", filtered),
        "that the group's filter dropped it",
        filtered,
    )


@check
def query_msg_by_key(w):
    def look():
        output = no_error(w.admin("queryMsgByKey", "-t", w.topic, "-k", "key5"))
        equal([[w.sent[5][2], "1", "1"]], [cells[:3] for cells in rows(output)], "rows", output)

    eventually(look)
    fails_with(208, w.admin("queryMsgByKey", "-t", w.topic, "-k", "no-such-key"))


@check
def query_msg_by_unique_key(w):
    eventually(
        lambda: expect_message(
            w, 6, w.admin("queryMsgByUniqueKey", "-t", w.topic, "-i", w.sent[6][2])
        )
    )


@check
def query_msg_by_offset(w):
    expect_message(
        w, 7, w.admin("queryMsgByOffset", "-t", w.topic, "-b", w.broker, "-i", "3", "-o", "1")
    )
    output = w.admin("queryMsgByOffset", "-t", w.topic, "-b", w.broker, "-i", "3", "-o", "99")
    that("OffsetID" not in output, "nothing at offset 99", output)


@check
def print_msg(w):
    output = no_error(w.admin("printMsg", "-t", w.topic, "-d", "true"))
    for i in range(8):
        that(f"MSGID: {w.sent[i][2]}" in output, f"message {i}", output)
        that(f"BODY: body-{i} größe" in output, f"body of message {i}", output)
    equal(4, output.count("minOffset=0, maxOffset=2"), "queues", output)
    output = no_error(
        w.admin("printMsg", "-t", w.topic, "-s", "TagA || TagB", "-b", str(w.before_ms))
    )
    ids = set(re.findall(r"MSGID: (\w+)", output))
    equal({w.sent[i][2] for i in range(8) if i % 3 != 2}, ids, "messages of TagA || TagB", output)
    output = no_error(
        w.admin(
            "printMsg",
            "-t",
            w.topic,
            "-b",
            str(w.before_ms + 1000 - 7_200_000),
            "-e",
            str(w.before_ms - 3_600_000),
        )
    )
    that("MSGID" not in output, "nothing from another hour", output)


@check
def send_message(w):
    output = no_error(
        w.admin(
            "sendMessage", "-t", w.one_broker_topic, "-p", "from mqadmin", "-k", "mk", "-c", "T"
        )
    )
    row = rows(output)[-1]
    equal((w.broker, "SEND_OK"), (row[0], row[2]), "broker and result", output)
    output = no_error(
        w.admin(
            "sendMessage", "-t", w.one_broker_topic, "-p", "to a queue", "-b", w.broker, "-i", "1"
        )
    )
    row = rows(output)[-1]
    equal((w.broker, "1", "SEND_OK"), (row[0], row[1], row[2]), "broker, queue and result", output)
    expected = w.admin("queryMsgByUniqueKey", "-t", w.one_broker_topic, "-i", row[3])
    eventually(
        lambda: that(
            "Queue ID:            1"
            in w.admin("queryMsgByUniqueKey", "-t", w.one_broker_topic, "-i", row[3]),
            "found again",
            expected,
        )
    )
    output = w.admin("sendMessage", "-t", "bad topic", "-p", "x")
    that("Exception" in output and "SEND_OK" not in output, "an illegal topic", output)


@check
def consume_message(w):
    output = no_error(
        w.admin("consumeMessage", "-t", w.topic, "-b", w.broker, "-i", "2", "-o", "1", "-c", "1")
    )
    equal(
        [w.sent[6][2]],
        re.findall(r"MSGID: (\w+)", output),
        "the message at offset 1 of queue 2",
        output,
    )
    output = no_error(
        w.admin(
            "consumeMessage",
            "-t",
            w.topic,
            "-b",
            w.broker,
            "-i",
            "0",
            "-s",
            str(w.before_ms),
            "-g",
            w.other_group,
        )
    )
    equal(
        [w.sent[0][2], w.sent[4][2]],
        re.findall(r"MSGID: (\w+)", output),
        "queue 0 since the start",
        output,
    )
    output = no_error(w.admin("consumeMessage", "-t", w.topic))
    equal(8, len(re.findall(r"MSGID: (\w+)", output)), "everything", output)


@check
def clone_group_offset(w):
    # Progress and clone need the retry topic of a group, which its first heartbeat makes.
    equal(
        "",
        w.shell.run("@consumer", w.other_group, w.one_broker_topic),
        "start of the other consumer",
    )
    eventually(
        lambda: that(
            "Exception" not in w.admin("consumerConnection", "-g", w.other_group), "connected"
        )
    )
    w.shell.run("@close", w.other_group)

    def clone():
        output = no_error(
            w.admin("cloneGroupOffset", "-s", w.group, "-d", w.other_group, "-t", w.topic)
        )
        that(
            f"clone group offset success. srcGroup[{w.group}], destGroup=[{w.other_group}]"
            in output,
            "success",
            output,
        )

    eventually(clone)
    eventually(
        lambda: equal(
            {(w.topic, q): (2, 2, 0) for q in range(4)},
            w.progress(w.other_group, "-t", w.topic),
            "progress of the clone",
        )
    )


@check
def reset_offset_by_time(w):
    # Online: the broker tells the members to go back, and they see everything again.
    output = no_error(
        w.admin("resetOffsetByTime", "-g", w.group, "-t", w.topic, "-s", str(w.before_ms))
    )
    that("start reset consumer offset by specified" in output, "heading", output)
    equal(
        {(w.broker, str(q), "0") for q in range(4)},
        {tuple(cells) for cells in rows(output) if cells[0] == w.broker and len(cells) == 3},
        "rows",
        output,
    )
    eventually(
        lambda: that(
            int(w.shell.run("@consumed", w.group)) >= 12, "the messages come a second time"
        )
    )
    eventually(
        lambda: equal(
            {(w.topic, q): (2, 2, 0) for q in range(4)},
            w.progress(w.group, "-t", w.topic),
            "progress after the second time",
        )
    )
    # Offline: the stored offsets move.
    equal("", w.shell.run("@close", w.group), "end of the consumer")
    eventually(lambda: fails_with(206, w.admin("consumerConnection", "-g", w.group)))
    no_error(w.admin("resetOffsetByTime", "-g", w.group, "-t", w.topic, "-s", str(w.before_ms)))
    equal(
        {(w.topic, q): (2, 0, 2) for q in range(4)},
        w.progress(w.group, "-t", w.topic),
        "back to the start",
    )
    output = no_error(
        w.admin(
            "resetOffsetByTime",
            "-g",
            w.group,
            "-t",
            w.topic,
            "-s",
            str(w.before_ms),
            "-b",
            w.address,
            "-q",
            "1",
            "-o",
            "1",
        )
    )
    that("reset consumer offset to 1" in output, "one queue to one offset", output)
    wanted = {(w.topic, q): (2, 1 if q == 1 else 0, 1 if q == 1 else 2) for q in range(4)}
    equal(wanted, w.progress(w.group, "-t", w.topic), "one queue moved")
    no_error(w.admin("resetOffsetByTime", "-g", w.group, "-t", w.topic, "-s", "now"))
    equal(
        {(w.topic, q): (2, 2, 0) for q in range(4)}, w.progress(w.group, "-t", w.topic), "on to now"
    )


@check
def delete_sub_group(w):
    output = no_error(w.admin("deleteSubGroup", "-c", w.cluster, "-g", w.group))
    that(
        f"delete subscription group [{w.group}] from broker [{w.address}]" in output,
        "success",
        output,
    )
    output = no_error(w.admin("deleteSubGroup", "-b", w.address, "-g", w.other_group, "-r", "true"))
    that(
        f"delete subscription group [{w.other_group}] from broker [{w.address}] success" in output,
        "success",
        output,
    )
    eventually(
        lambda: that(
            "Exception" in w.admin("consumerProgress", "-g", w.group), "no progress of it any more"
        )
    )


@check
def delete_topic(w):
    for topic in (w.topic, w.one_broker_topic):
        output = no_error(w.admin("deleteTopic", "-c", w.cluster, "-t", topic))
        that(
            f"delete topic [{topic}] from cluster [{w.cluster}] success" in output,
            "from the cluster",
            output,
        )
        that(
            f"delete topic [{topic}] from NameServer success" in output,
            "from the name server",
            output,
        )
        eventually(lambda: fails_with(17, w.admin("topicRoute", "-t", topic)))
    output = no_error(w.admin("topicList"))
    that(w.topic not in output.split(), "gone from the list", output[-3000:])


def main():
    shell = Shell(*sys.argv[1:4])
    world = World(shell)
    passed = failed = 0
    for function in CHECKS:
        name = "admin." + function.__name__
        began = time.monotonic()
        try:
            function(world)
            passed += 1
            print(f"ok    {name:<40} {time.monotonic() - began:5.1f} s", flush=True)
        except Exception as trouble:  # One line for each check, whatever went wrong in it.
            failed += 1
            text = str(trouble) if isinstance(trouble, Wrong) else repr(trouble)
            print(
                f"FAIL  {name:<40} {time.monotonic() - began:5.1f} s\n      "
                + text.strip().replace("\n", "\n      "),
                flush=True,
            )
            if world.address is None or shell.process.poll() is not None:
                failed += len(CHECKS) - passed - failed
                print("      nothing else can be checked after this", flush=True)
                break
    shell.close()
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
