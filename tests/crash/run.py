#!/usr/bin/env python3
"""kill -9 under load: no acknowledged message is lost, no queue offset is used twice.

Three producers send to one broker, which flushes asynchronously in one round and synchronously in the
next; bodies have 64 bytes to 64 KiB, and some say WAIT=false. After a random time (sometimes
while the broker still recovers) the process is killed. The ledger of what was acknowledged lives in
this process. After every restart each queue is read from where the last check ended, and now and
then from its start:
  lost     an acknowledged message is not at the offset that was acknowledged;
  changed  an offset holds other content than it did before;
  phantom  a message that nobody sent.
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

TOPIC = "CrashTest"
QUEUES = 4
FULL_READ_EVERY = 25


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.sent = {}     # serial -> digest of the body, before the send
        self.acked = {}    # (queue, offset) -> serial
        self.seen = {}     # (queue, offset) -> serial, read after some restart
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


def produce(address, ledger, stop, seed, failures):
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
                {"UNIQ_KEY": f"{serial:032X}", "serial": serial, "WAIT": rng.choice(["true", "true", "false"]), "KEYS": f"k{serial}"})
            answer = connection.call(310, remoting.send_fields(TOPIC, queue, properties), body)
            if answer.code == 0:
                ledger.ack(int(answer.fields["queueId"]), int(answer.fields["queueOffset"]), serial)
            elif answer.code not in (2, 14):
                failures.append(f"send answered {answer.code}: {answer.remark}")
    except (OSError, ConnectionError):
        pass  # The kill.
    except AssertionError as error:
        failures.append(str(error))


def check(address, ledger, since):
    """Reads every queue from `since` on; returns problems and the ends of the queues."""
    problems, ends = [], []
    connection = remoting.Connection(address, timeout_s=30)
    for queue in range(QUEUES):
        expected = since[queue]
        for record in remoting.read_queue(connection, TOPIC, queue, since[queue]):
            offset = record["queue_offset"]
            serial = int(record["properties"].get("serial", -1))
            if offset != expected:
                problems.append(f"{queue}: offset {offset} where {expected} belongs")
            expected = offset + 1
            if ledger.sent.get(serial) != hashlib.sha1(record["body"]).digest():
                problems.append(f"{queue}/{offset}: phantom, serial {serial}")
            old = ledger.seen.setdefault((queue, offset), serial)
            if old != serial:
                problems.append(f"{queue}/{offset}: held {old}, now {serial}")
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

    def start(self, flush="ASYNC_FLUSH"):
        self.process = Broker(self.binary, self.home, self.port, flushDiskType=flush)

    def stop(self):
        self.process.stop()
        self.process = None

    def kill(self):
        self.process.kill()
        self.process = None


def one_round(server, ledger, rng, failures, flush):
    server.start(flush)
    stop = threading.Event()
    threads = [threading.Thread(target=produce, args=(server.broker, ledger, stop, rng.random(),
                                                      failures)) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(rng.uniform(0.05, 0.8))
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
            problems, since = check(server.broker, ledger, [0] * QUEUES if whole else since)
            server.kill() if rng.random() < 0.8 else server.stop()
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
    print(f"{len(ledger.acked)} messages acknowledged, {len(ledger.sent)} sent")
    print(f"{passed} passed, {1 if failures else 0} failed")
    return 1 if failures or not ledger.acked else 0


if __name__ == "__main__":
    sys.exit(main())
