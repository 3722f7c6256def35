#!/usr/bin/env python3
"""Goal: 5,000 topics with 8 queues each open without a mapping or a descriptor per queue.
Method: makes them, sends a message to each of the 40,000 queues of a fresh `agena dev`, and looks at
the process while it does: descriptors, mappings, memory. Then it starts again after SIGTERM, and
again after a kill with one more message in each queue: every queue has to end where it ended, and
every 100th has to serve its messages.

    tests/topics/run.py --binary build/release/agena [--topics 5000] [--under DIR]

Requests are pipelined over a few connections. The time of each step is printed. The store lies in
memory (/dev/shm) where that has room: some disks take minutes to remove 40,000 files again. --under
says another place.
"""
import argparse
import contextlib
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import remoting  # noqa: E402
from server import Dev  # noqa: E402

MAX_OFFSET, SEND, CREATE_TOPIC, ROUTE = 30, 310, 17, 105
QUEUES = 8
CONNECTIONS = 4
WINDOW = 500  # Requests of a connection that are on their way at once.
SAMPLE_EVERY = 101  # Prime to QUEUES, so that all queue ids are in the sample.
# For 40,000 queues: far below one each.
DESCRIPTORS_MAX, MAPPINGS_MAX, RSS_MAX_MIB = 2000, 2000, 512
CREATE_MAX_S, OPEN_MAX_S = 60, 20
IN_MEMORY, ROOM_BYTES = "/dev/shm", 4 << 30


class Failed(Exception):
    pass


def topic_name(index):
    return f"many-{index:05}"


def message_body(topic, queue, offset):
    return f"{topic}/{queue}/{offset}".encode()


def create_fields(topic):
    return {"topic": topic, "defaultTopic": "TBW102", "readQueueNums": QUEUES,
            "writeQueueNums": QUEUES, "perm": 6, "topicFilterType": "SINGLE_TAG",
            "topicSysFlag": 0, "order": "false"}


def pipelined(address, requests, on_answer):
    """Sends `requests`, each (key, code, fields, body), and calls on_answer(key, answer) for each."""
    with remoting.Connection(address, timeout_s=60) as connection:
        waiting, requests = {}, iter(requests)
        ended = False
        while not ended or waiting:
            frames = []
            while not ended and len(waiting) < WINDOW:
                request = next(requests, None)
                if request is None:
                    ended = True
                    break
                key, code, fields, body = request
                connection.opaque += 1
                waiting[connection.opaque] = key
                frames.append(remoting.encode(code, fields, body, connection.opaque))
            if frames:
                connection.socket.sendall(b"".join(frames))
            # Half a window more before it is filled up: fewer, larger writes.
            for _ in range(len(waiting) if ended else max(1, len(waiting) // 2)):
                answer = connection.receive()
                on_answer(waiting.pop(answer.opaque), answer)


def everywhere(address, requests, on_answer):
    """pipelined() over all connections. The first error ends it."""
    errors = []

    def one(part):
        try:
            pipelined(address, part, on_answer)
        except Exception as error:  # It is raised below.
            errors.append(error)
    threads = [threading.Thread(target=one, args=(requests[i::CONNECTIONS],))
               for i in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class Watch(threading.Thread):
    """The most descriptors, mappings and memory that a process had while it was watched."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.done = pid, threading.Event()
        self.descriptors = self.mappings = self.looks = 0
        self.rss_mib = 0.0

    def look(self):
        proc = pathlib.Path(f"/proc/{self.pid}")
        self.descriptors = max(self.descriptors, len(os.listdir(proc / "fd")))
        with open(proc / "maps", "rb") as lines:
            self.mappings = max(self.mappings, sum(1 for _ in lines))
        for line in (proc / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                self.rss_mib = max(self.rss_mib, int(line.split()[1]) / 1024)
        self.looks += 1

    def run(self):
        while not self.done.wait(0.05):
            with contextlib.suppress(OSError):  # The process may be gone.
                self.look()

    def check(self, what):
        self.look()
        print(f"   {what}: at most {self.descriptors} descriptors, {self.mappings} mappings, "
              f"{self.rss_mib:.0f} MiB in {self.looks} looks", flush=True)
        for seen, limit, name in ((self.descriptors, DESCRIPTORS_MAX, "descriptors"),
                                  (self.mappings, MAPPINGS_MAX, "mappings"),
                                  (self.rss_mib, RSS_MAX_MIB, "MiB of memory")):
            if not 0 < seen <= limit:
                raise Failed(f"{what}: {seen:.0f} {name}, not 1 to {limit}")


class Check:
    def __init__(self, binary, home, topics):
        self.dev = Dev(binary, home, log=str(pathlib.Path(home) / "dev.log"))
        self.home, self.topics = home, topics
        self.queues = [(topic_name(i), queue) for i in range(topics) for queue in range(QUEUES)]

    @contextlib.contextmanager
    def timed(self, what, limit_s=None):
        since = time.monotonic()
        yield
        took = time.monotonic() - since
        print(f"ok: {what}: {took:.1f} s", flush=True)
        if limit_s is not None and took > limit_s:
            raise Failed(f"{what} took {took:.1f} s, more than {limit_s} s")

    @contextlib.contextmanager
    def watched(self, what):
        watch = Watch(self.dev.process.pid)
        watch.start()
        try:
            yield
        finally:
            watch.done.set()
            watch.join()
        watch.check(what)

    def start(self, what):
        with self.timed(f"start {what}", OPEN_MAX_S):
            self.dev.start(seconds=OPEN_MAX_S * 3)

    def create(self):
        made = []
        config = pathlib.Path(self.home) / "store/config/topics.json"

        def on_answer(topic, answer):
            if answer.code != 0:
                raise Failed(f"creating {topic}: {answer.code} {answer.remark}")
            # An answer means that the file is on the disk.
            if len(made) % SAMPLE_EVERY == 0 and f'"{topic}"' not in config.read_text():
                raise Failed(f"{topic} was answered and is not saved")
            made.append(topic)
        with self.timed(f"{self.topics} topics made", CREATE_MAX_S):
            everywhere(self.dev.broker, [(topic, CREATE_TOPIC, create_fields(topic), b"")
                                         for topic in map(topic_name, range(self.topics))],
                       on_answer)
        if len(set(made)) != self.topics:
            raise Failed(f"{len(set(made))} topics made")

    def send(self, offset):
        """A message to each queue, which has to become its `offset`th."""
        sent = []

        def on_answer(queue, answer):
            place = (answer.code, answer.fields.get("queueId"), answer.fields.get("queueOffset"))
            if place != (0, str(queue[1]), str(offset)) or not answer.fields.get("msgId"):
                raise Failed(f"sending to {queue}: {place} {answer.remark}")
            sent.append(queue)
        with self.timed(f"a message to each of {len(self.queues)} queues"):
            everywhere(self.dev.broker, [
                ((topic, queue), SEND,
                 remoting.send_fields(topic, queue, "", queues=QUEUES),
                 message_body(topic, queue, offset)) for topic, queue in self.queues], on_answer)
        if len(set(sent)) != len(self.queues):
            raise Failed(f"{len(set(sent))} messages were sent")

    def ends(self, wanted):
        wrong, seen = [], []

        def on_answer(queue, answer):
            seen.append(queue)
            if (answer.code, answer.fields.get("offset")) != (0, str(wanted)):
                wrong.append((queue, answer.code, answer.fields.get("offset"), answer.remark))
        with self.timed(f"every queue ends at {wanted}"):
            everywhere(self.dev.broker, [
                ((topic, queue), MAX_OFFSET, {"topic": topic, "queueId": queue}, b"")
                for topic, queue in self.queues], on_answer)
        if wrong or len(set(seen)) != len(self.queues):
            raise Failed(f"{len(wrong)} of {len(seen)} queues end elsewhere: {wrong[:3]}")

    def sample(self, messages):
        chosen = self.queues[::SAMPLE_EVERY] + self.queues[-1:]
        with self.timed(f"{len(chosen)} queues serve {messages} message(s)"), \
                remoting.Connection(self.dev.broker) as reader:
            for topic, queue in chosen:
                got = [(each["topic"], each["queue"], each["queue_offset"], each["body"])
                       for each in remoting.read_queue(reader, topic, queue)]
                wanted = [(topic, queue, at, message_body(topic, queue, at))
                          for at in range(messages)]
                if got != wanted:
                    raise Failed(f"{topic}/{queue} serves {got}")

    def routes(self):
        with remoting.Connection(self.dev.namesrv) as namesrv:
            for index in range(0, self.topics, max(1, self.topics // 100)):
                answer = namesrv.call(ROUTE, {"topic": topic_name(index)})
                if answer.code != 0:
                    raise Failed(f"the route of {topic_name(index)}: {answer.code}")

    def all(self):
        self.start("of an empty store")
        with self.watched("making and sending"):
            self.create()
            self.send(0)
            self.ends(1)
            self.sample(1)
            self.routes()
        with self.timed("stop"):
            status = self.dev.stop()
        if status != 0:
            raise Failed(f"SIGTERM ended it with {status}")
        self.start("after SIGTERM")
        with self.watched("after a restart"):
            self.ends(1)
            self.sample(1)
            self.send(1)
        self.dev.kill()
        self.start("after a kill")
        with self.watched("after a kill"):
            self.ends(2)
            self.sample(2)
        self.dev.stop()


def default_place():
    """A place for the store, or None for the usual one."""
    with contextlib.suppress(OSError):
        if os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free >= ROOM_BYTES:
            return IN_MEMORY
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--topics", type=int, default=5000)
    parser.add_argument("--under", default=default_place())
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.under) as home:
        check = Check(args.binary, home, args.topics)
        try:
            check.all()
        except (Failed, OSError, RuntimeError, ValueError, KeyError) as error:
            print(f"FAILED: {error!r}", flush=True)
            with contextlib.suppress(OSError):
                lines = (pathlib.Path(home) / "dev.log").read_text(errors="replace").splitlines()
                print("\n".join(lines[-20:]))
            return 1
        finally:
            if check.dev.process is not None:
                check.dev.kill()
    print("1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
