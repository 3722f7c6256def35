#!/usr/bin/env python3
"""kill -9 under load: no acknowledged message is lost, no queue offset is used twice.

Three producers send to one broker, which flushes asynchronously in one round and synchronously in the
next; bodies have 64 bytes to 64 KiB, and some say WAIT=false. Two consumers pull what comes and
commit how far they are. After a random time (sometimes while the broker still recovers, sometimes
right after the first message of a new topic) the process is killed. The ledger of what was
acknowledged and seen lives in this process. After every restart each queue is read from where the
last check ended, and now and then from its start:
  lost      an acknowledged message is not at the offset that was acknowledged;
  changed   an offset holds other content than it did before, also when only a consumer saw it;
  phantom   a message that nobody sent;
  disorder  a producer's messages stand in a queue in another order than it sent them;
  skipped   a group's offset after a restart is one that it never committed, or after a clean stop
            not its last one; or a message was never shown to the group.
"""
import argparse
import hashlib
import os
import random
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import remoting  # noqa: E402
from server import Broker, free_offset  # noqa: E402

TOPIC, GROUP = "CrashTest", "crash-consumers"
QUEUES = 4
FULL_READ_EVERY = 25


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.sent = {}       # serial -> digest of the body, before the send
        self.acked = {}      # (queue, offset) -> serial
        self.seen = {}       # (queue, offset) -> serial, whoever read it
        self.consumed = set()                         # serials shown to the group
        self.committed = [{0} for _ in range(QUEUES)]  # what the group may have committed
        self.new_topics, self.made = [], 0  # By an acknowledged message: not yet looked at; all.
        self.next = 0

    def begin(self, body):
        with self.lock:
            self.next += 1
            self.sent[self.next] = hashlib.sha1(body).digest()
            return self.next

    def ack(self, queue, offset, serial):
        with self.lock:
            old = self.acked.get((queue, offset))
            if old is not None and old != serial:
                raise AssertionError(f"offset {queue}/{offset} acknowledged for {old} and {serial}")
            self.acked[(queue, offset)] = serial

    def saw(self, queue, record):
        """Notes what was read; the problems with it."""
        place = (queue, record["queue_offset"])
        serial = int(record["properties"].get("serial", -1))
        with self.lock:
            if self.sent.get(serial) != hashlib.sha1(record["body"]).digest():
                return [f"{place}: phantom, serial {serial}"]
            old = self.seen.setdefault(place, serial)
            return [] if old == serial else [f"{place}: held {old}, now {serial}"]


def produce(address, ledger, stop, number, seed, failures):
    rng = random.Random(seed)
    filler = rng.randbytes(65536)
    try:
        connection = remoting.Connection(address, timeout_s=5)
        while not stop.is_set():
            size = int(64 * 2 ** rng.uniform(0, 10))
            start = rng.randrange(0, len(filler) - size + 1)
            body = filler[start:start + size]
            serial = ledger.begin(body)
            queue = rng.randrange(QUEUES)
            properties = remoting.properties(
                {"UNIQ_KEY": f"{serial:032X}", "serial": serial, "producer": number,
                 "WAIT": rng.choice(["true", "true", "false"]), "KEYS": f"k{serial}"})
            answer = connection.call(310, remoting.send_fields(TOPIC, queue, properties), body)
            if answer.code == 0:
                ledger.ack(int(answer.fields["queueId"]), int(answer.fields["queueOffset"]), serial)
            elif answer.code not in (2, 14):
                failures.append(f"send answered {answer.code}: {answer.remark}")
    except (OSError, ConnectionError):
        pass  # The kill.
    except AssertionError as error:
        failures.append(str(error))


def make_topic(address, ledger, rng):
    """Its message is the first of a topic, which has to be there as long as the message is."""
    topic = f"Crash-{rng.randrange(10**12)}"
    with remoting.Connection(address, timeout_s=5) as connection:
        answer = connection.call(310, remoting.send_fields(topic, 0, ""), b"first")
    if answer.code == 0:
        ledger.new_topics.append(topic)


def check_topics(connection, ledger):
    problems = []
    for topic in ledger.new_topics:
        answer = remoting.pull(connection, topic, 0, 0)
        if answer.code != 0:
            problems.append(f"{topic}: acknowledged its first message, now {answer.code} "
                            f"{answer.remark}")
    ledger.made += len(ledger.new_topics)
    ledger.new_topics = []
    return problems


def committed_offset(connection, queue):
    answer = connection.call(14, {"consumerGroup": GROUP, "topic": TOPIC, "queueId": queue})
    return int(answer.fields["offset"]) if answer.code == 0 else 0


def take(connection, ledger, queue, offset, wait_ms):
    """One pull for the group: notes and commits what came. Returns where the next one begins."""
    answer = remoting.pull(connection, TOPIC, queue, offset, GROUP, wait_ms=wait_ms)
    if answer.code != 0:
        return offset, []
    problems = []
    for record in remoting.records(answer.body):
        problems += ledger.saw(queue, record)
        ledger.consumed.add(int(record["properties"].get("serial", -1)))
    offset = int(answer.fields["nextBeginOffset"])
    ledger.committed[queue].add(offset)  # Before: the broker may note it and not answer any more.
    connection.call(15, {"consumerGroup": GROUP, "topic": TOPIC, "queueId": queue,
                         "commitOffset": offset})
    return offset, problems


def consume(address, ledger, stop, queues, failures):
    try:
        connection = remoting.Connection(address, timeout_s=5)
        at = {queue: committed_offset(connection, queue) for queue in queues}
        while not stop.is_set():
            for queue in queues:
                at[queue], problems = take(connection, ledger, queue, at[queue], wait_ms=20)
                failures.extend(problems)
    except (OSError, ConnectionError):
        pass  # The kill.


def check_offsets(connection, ledger, after_clean_stop):
    problems = []
    for queue in range(QUEUES):
        offset = committed_offset(connection, queue)
        if offset not in ledger.committed[queue]:
            problems.append(f"{queue}: offset {offset} was never committed")
        if after_clean_stop and offset != max(ledger.committed[queue]):
            problems.append(f"{queue}: offset {offset} after a clean stop, "
                            f"committed was {max(ledger.committed[queue])}")
        ledger.committed[queue] = {each for each in ledger.committed[queue] if each <= offset}
    return problems


def check_all_consumed(address, ledger):
    """The group reads on to the end of every queue: by then it has seen all that was acknowledged."""
    problems = []
    with remoting.Connection(address, timeout_s=30) as connection:
        for queue in range(QUEUES):
            at, moved = committed_offset(connection, queue), -1
            while at != moved:
                moved = at
                at, more = take(connection, ledger, queue, at, wait_ms=0)
                problems += more
    missed = set(ledger.acked.values()) - ledger.consumed
    if missed:
        problems.append(f"never shown to the group: {sorted(missed)[:20]}")
    return problems


def check(address, ledger, since, after_clean_stop):
    """Reads every queue from `since` on; returns problems and the ends of the queues."""
    ends = []
    connection = remoting.Connection(address, timeout_s=30)
    problems = check_offsets(connection, ledger, after_clean_stop) + check_topics(connection, ledger)
    for queue in range(QUEUES):
        expected, last_of = since[queue], {}
        for record in remoting.read_queue(connection, TOPIC, queue, since[queue]):
            offset, serial = record["queue_offset"], int(record["properties"].get("serial", -1))
            if offset != expected:
                problems.append(f"{queue}: offset {offset} where {expected} belongs")
            expected = offset + 1
            problems += ledger.saw(queue, record)
            producer = record["properties"].get("producer")
            if serial < last_of.get(producer, 0):
                problems.append(f"{queue}/{offset}: {serial} of producer {producer} stands behind "
                                f"{last_of[producer]}")
            last_of[producer] = serial
        ends.append(expected)
    connection.close()
    for (queue, offset), serial in ledger.acked.items():
        if offset >= since[queue] and ledger.seen.get((queue, offset)) != serial:
            problems.append(f"{queue}/{offset}: acknowledged {serial} is lost, "
                            f"there is {ledger.seen.get((queue, offset))}")
    return problems, ends


class Server:
    """One store, and one broker on it after the other."""

    def __init__(self, binary, home):
        # Ports that no other suite takes, as it runs beside them.
        self.binary, self.home = binary, home
        self.port = 10911 + free_offset(first=19_000, last=21_800)
        self.broker = f"127.0.0.1:{self.port}"
        self.process = None
        self.was_killed = False
        self.recoveries_ms = []

    def start(self, flush="ASYNC_FLUSH"):
        began = time.monotonic()
        self.process = Broker(self.binary, self.home, self.port, flushDiskType=flush)
        if self.was_killed:
            self.recoveries_ms.append((time.monotonic() - began) * 1000)

    def stop(self):
        self.process.stop()
        self.process, self.was_killed = None, False

    def kill(self):
        self.process.kill()
        self.process, self.was_killed = None, True


def one_round(server, ledger, rng, failures, flush):
    server.start(flush)
    stop = threading.Event()
    threads = [threading.Thread(target=produce, args=(server.broker, ledger, stop, number,
                                                      rng.random(), failures))
               for number in range(3)]
    threads += [threading.Thread(target=consume, args=(server.broker, ledger, stop, queues, failures))
                for queues in ((0, 1), (2, 3))]
    for thread in threads:
        thread.start()
    time.sleep(rng.uniform(0.05, 0.8))
    if rng.random() < 0.5:
        make_topic(server.broker, ledger, rng)
    server.kill()
    stop.set()
    for thread in threads:
        thread.join()
    if rng.random() < 0.2:  # Once more, while it recovers.
        try:
            server.start()
            time.sleep(rng.uniform(0, 0.05))
        finally:
            server.kill()


def stop_and_check(server, ledger, since):
    """A clean stop keeps the group's offsets as well."""
    with remoting.Connection(server.broker) as connection:
        problems = []
        for queue in range(QUEUES):
            _, more = take(connection, ledger, queue, committed_offset(connection, queue), 0)
            problems += more
    server.stop()
    server.start()
    more, _ = check(server.broker, ledger, since, after_clean_stop=True)
    server.stop()
    return problems + more


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", action="store_true", help="keep the data directory")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else int(time.time())
    print(f"seed {seed}, {arguments.rounds} rounds", flush=True)
    rng = random.Random(seed)
    data = tempfile.mkdtemp(prefix="agena-crash-")
    server = Server(arguments.binary, data)
    ledger, failures, since = Ledger(), [], [0] * QUEUES
    passed = 0
    try:
        for turn in range(arguments.rounds):
            flush = ("ASYNC_FLUSH", "SYNC_FLUSH")[turn % 2]
            one_round(server, ledger, rng, failures, flush)
            server.start()
            whole = turn % FULL_READ_EVERY == FULL_READ_EVERY - 1 or turn == arguments.rounds - 1
            problems, since = check(server.broker, ledger, [0] * QUEUES if whole else since,
                                    after_clean_stop=False)
            if turn == arguments.rounds - 1:
                problems += check_all_consumed(server.broker, ledger)
            if rng.random() < 0.8:
                server.kill()
            else:
                problems += stop_and_check(server, ledger, since)
            failures += problems
            if failures:
                print(f"round {turn}:", *failures[:20], sep="\n  ", flush=True)
                break
            passed += 1
    finally:
        if server.process is not None:
            server.kill()
        if failures or arguments.keep:
            print(f"data kept in {data}")
        else:
            shutil.rmtree(data)
    times = sorted(server.recoveries_ms) or [0]
    print(f"{len(ledger.acked)} messages acknowledged, {len(ledger.sent)} sent, "
          f"{len(ledger.consumed)} consumed; {ledger.made} topics made")
    print(f"from start after a kill to an open port: median {times[len(times) // 2]:.0f} ms, "
          f"p99 {times[len(times) * 99 // 100]:.0f} ms, longest {times[-1]:.0f} ms")
    print(f"{passed} passed, {1 if failures else 0} failed")
    return 1 if failures or not ledger.acked else 0


if __name__ == "__main__":
    sys.exit(main())
