#!/usr/bin/env python3
"""Goal: a disk that fills up or fails costs nothing that was acknowledged, in the whole program.
Method: a broker on a small disk of its own (a tmpfs, which takes root to mount), and one whose
flushes fail from a moment on (a library in front of libc's fdatasync).

    tests/disk/run.py --binary build/release/agena
"""
import argparse
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

from lib import remoting, server

TOPIC = "DiskTest"
BODY_BYTES = 32 << 10
DISK_MIB = 64
SEND, COMMIT_OFFSET, MIN_OFFSET, RUNTIME = 310, 15, 31, 28
NOT_AVAILABLE, FENCED = 14, 75
RECOVERY_LIMIT_S = 30

# Flushes fail while the file named in the environment is there.
SHIM = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
static int flush(long how, int fd) {
  const char* sign = getenv("FAIL_FLUSHES_WHEN");
  if (sign && access(sign, F_OK) == 0) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(how, fd);
}
int fdatasync(int fd) { return flush(SYS_fdatasync, fd); }
int fsync(int fd) { return flush(SYS_fsync, fd); }
"""


class Failed(Exception):
    pass


def expect(is_so, what):
    if not is_so:
        raise Failed(what)


class NeedsRoot(Exception):
    pass


@contextlib.contextmanager
def small_disk():
    if os.geteuid() != 0:
        raise NeedsRoot()
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", place],
                       check=True)
        try:
            yield pathlib.Path(place)
        finally:
            subprocess.run(["umount", place], check=True)


def broker_on(disk, binary, **settings):
    return server.Broker(binary, disk, 20_911 + os.getpid() % 20_000, **{
        "mappedFileSizeCommitLog": 4 << 20, "mappedFileSizeConsumeQueue": 20_000,
        "messageIndexEnable": "false", "cleanResourceInterval": 100, **settings})


class Sender:
    def __init__(self, broker):
        self.connection = remoting.Connection(broker.address)
        self.acknowledged = {}  # Offset: body.
        self.count = 0

    def send(self):
        self.count += 1
        body = f"{self.count:08}".encode() * (BODY_BYTES // 8)
        answer = self.connection.call(SEND, remoting.send_fields(TOPIC, 0, ""), body)
        if answer.code == 0:
            self.acknowledged[int(answer.fields["queueOffset"])] = body
        return answer


def check_all_there(broker, acknowledged, since=0):
    connection = remoting.Connection(broker.address)
    found = {r["queue_offset"]: r["body"] for r in remoting.read_queue(connection, TOPIC, 0, since)}
    missing = [at for at, body in acknowledged.items() if at >= since and found.get(at) != body]
    expect(not missing, f"{len(missing)} acknowledged messages are missing: {missing[:5]}")


def a_full_disk_refuses_and_takes_again(binary):
    with small_disk() as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(DISK_MIB // 3 << 20))
        acknowledged = {}
        with broker_on(disk, binary, cleanFileForciblyEnable="false") as broker:
            sender = Sender(broker)
            for _ in range(2 * (DISK_MIB << 20) // BODY_BYTES):
                answer = sender.send()
                if answer.code != 0:
                    break
            expect(answer.code == NOT_AVAILABLE, f"a full disk answered {answer.code}")
            print(f"  {len(sender.acknowledged)} stored, then: {answer.remark}")
            check_all_there(broker, sender.acknowledged)
            time.sleep(0.5)  # The watermark is looked at each 100 ms.
            answer = sender.send()
            expect(answer.code == NOT_AVAILABLE and "diskSpaceWarningLevelRatio" in answer.remark,
                   f"the remark names no limit: {answer.code} {answer.remark}")
            print(f"  {answer.remark}")
            ballast.unlink()
            deadline = time.monotonic() + RECOVERY_LIMIT_S
            while sender.send().code != 0:
                expect(time.monotonic() < deadline, "it takes nothing though there is room again")
                time.sleep(0.05)
            check_all_there(broker, sender.acknowledged)
            acknowledged = sender.acknowledged
        with broker_on(disk, binary) as broker:
            check_all_there(broker, acknowledged)


def the_oldest_go_and_what_was_missed_is_told(binary):
    with small_disk() as disk, broker_on(disk, binary) as broker:
        sender = Sender(broker)
        expect(sender.send().code == 0, "the first message")
        remoting.pull(sender.connection, TOPIC, 0, 0, group="slow")  # Makes the group.
        answer = sender.connection.call(COMMIT_OFFSET, {
            "consumerGroup": "slow", "topic": TOPIC, "queueId": 0, "commitOffset": 0})
        expect(answer.code == 0, f"the slow group's offset: {answer.code} {answer.remark}")
        deadline = time.monotonic() + 120
        while len(sender.acknowledged) < 3 * (DISK_MIB << 20) // BODY_BYTES:
            expect(time.monotonic() < deadline, "old files do not go")
            if sender.send().code != 0:
                time.sleep(0.02)
        answer = sender.connection.call(MIN_OFFSET, {"topic": TOPIC, "queueId": 0})
        first = int(answer.fields["offset"])
        expect(first > 0, "the minimum offset did not move")
        check_all_there(broker, sender.acknowledged, since=first + 500)
        table = sender.connection.call(RUNTIME, {}).body.decode()
        expect('"expiredUnconsumedBytes":"0"' not in table and "expiredUnconsumedBytes" in table,
               f"nothing is counted: {table}")
        log = broker.log.read_text()
        expect("group slow, topic DiskTest, queue 0" in log, "the log does not say who missed it")
        print(f"  {len(sender.acknowledged)} stored on {DISK_MIB} MiB, from {first} on still there")


def a_flush_that_fails_stops_the_broker(binary):
    with tempfile.TemporaryDirectory() as place:
        home = pathlib.Path(place)
        source, shim, sign = home / "shim.c", home / "shim.so", home / "fail"
        source.write_text(SHIM)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, source], check=True)
        os.environ.update(LD_PRELOAD=str(shim), FAIL_FLUSHES_WHEN=str(sign))
        try:
            broker = broker_on(home, binary, flushDiskType="SYNC_FLUSH")
        finally:
            del os.environ["LD_PRELOAD"], os.environ["FAIL_FLUSHES_WHEN"]
        try:
            sender = Sender(broker)
            for _ in range(20):
                expect(sender.send().code == 0, "a sound disk")
            sign.touch()
            answer = None
            with contextlib.suppress(ConnectionError):
                answer = sender.send()
            expect(answer is None, f"answered {answer and answer.code} after a failed flush")
            status = broker.process.wait(10)
        finally:
            broker.kill()
        expect(status == FENCED, f"it ended with {status}, not {FENCED}")
        with broker_on(home, binary) as again:
            check_all_there(again, sender.acknowledged)
        print(f"  ended with {status}; {len(sender.acknowledged)} acknowledged messages are there")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    args = parser.parse_args()
    failed = skipped = 0
    cases = [a_full_disk_refuses_and_takes_again, the_oldest_go_and_what_was_missed_is_told,
             a_flush_that_fails_stops_the_broker]
    for case in cases:
        print(f"== {case.__name__.replace('_', ' ')}", flush=True)
        try:
            case(os.path.abspath(args.binary))
        except NeedsRoot:
            skipped += 1
            print("  skipped: it takes root to mount a small disk")
        except (Failed, OSError, RuntimeError, subprocess.SubprocessError) as error:
            failed += 1
            print(f"  FAILED: {error}")
    print(f"{len(cases) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
