#!/usr/bin/env python3
"""agena and the Java broker side by side: the same frames, in turn, as ratios.

  B1  sending: messages a broker-CPU-second, throughput, latency; 8 connections x 16 and 64 x 1
  B6  from send to delivery at 1,000, 10,000 and 50,000 messages a second
  B9  from the start of the process to the first answered send
  B10 memory, idle and after the load

Both brokers stand on this machine, each under a name server of its own kind, with fresh stores on
the same disk and the same flush setting. Windows alternate A B B A; the broker that is not measured
is stopped with SIGSTOP, because an idle Java broker wakes hundreds of times a second. The page cache
is full before, as on a server that has run for a day. Messages are counted from the queues' ends,
CPU from /proc. Ratios are of medians. One machine's absolute figures say little; the ratios of one
run say more.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE.parent / "peer")]
import peer  # noqa: E402
import remoting  # noqa: E402
from server import free_offset, wait_port  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
QUEUES = 16


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mib(pid):
    """Resident memory that is not a mapped file: heap, stacks, code's private pages."""
    out = {}
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(("VmRSS", "RssAnon")):
            out[line.split(":")[0]] = int(line.split()[1]) / 1024
    return out


class Side:
    """One broker under test."""

    def __init__(self, name, pid, broker, namesrv_pid, ready_ms, stop):
        self.name, self.pid, self.broker = name, pid, broker
        self.namesrv_pid, self.ready_ms, self.stop = namesrv_pid, ready_ms, stop
        self.idle = memory_mib(pid)

    def pause(self):
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)
        time.sleep(0.2)

    def make_topic(self, topic, queues):
        connection = remoting.Connection(self.broker)
        answer = connection.call(17, {
            "topic": topic, "defaultTopic": "TBW102", "readQueueNums": queues,
            "writeQueueNums": queues, "perm": 6, "topicFilterType": "SINGLE_TAG",
            "topicSysFlag": 0, "order": "false"})
        assert answer.code == 0, answer.remark
        connection.close()

    def stored(self, topic, queues):
        connection = remoting.Connection(self.broker, timeout_s=60)
        total = sum(int(connection.call(30, {"topic": topic, "queueId": q}).fields["offset"])
                    for q in range(queues))
        connection.close()
        return total


def first_send_ms(start, broker_port, timeout_s=90):
    """From just before `start()` to the first send that is answered with 0."""
    begin = time.monotonic()
    process = start()
    deadline = begin + timeout_s
    while time.monotonic() < deadline:
        try:
            connection = remoting.Connection(f"127.0.0.1:{broker_port}", timeout_s=5)
            answer = connection.call(310, remoting.send_fields("BenchmarkTest", 0, ""), b"ready")
            connection.close()
            if answer.code == 0:
                return process, (time.monotonic() - begin) * 1000
        except (OSError, ValueError):
            pass
        time.sleep(0.002)
    raise RuntimeError("no send was answered")


def start_agena(binary, home, namesrv_port, broker_port):
    home.mkdir(parents=True)
    (home / "namesrv.conf").write_text(
        f"listenPort={namesrv_port}\nkvConfigPath={home}/kvConfig.json\n")
    (home / "broker.conf").write_text(
        f"brokerName=broker-a\nbrokerIP1=127.0.0.1\nlistenPort={broker_port}\n"
        f"storePathRootDir={home}/store\nnamesrvAddr=127.0.0.1:{namesrv_port}\n")
    log = open(home / "log", "ab")
    namesrv = subprocess.Popen([binary, "namesrv", "-c", str(home / "namesrv.conf")], stdout=log,
                               stderr=log)
    wait_port(namesrv_port, namesrv)
    broker, ready = first_send_ms(
        lambda: subprocess.Popen([binary, "broker", "-c", str(home / "broker.conf")], stdout=log,
                                 stderr=log), broker_port)

    def stop():
        for process in (broker, namesrv):
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait()
    return Side("agena", broker.pid, f"127.0.0.1:{broker_port}", namesrv.pid, ready, stop)


def start_java(home, namesrv_port, broker_port):
    namesrv = peer.start_namesrv(home / "namesrv", namesrv_port)
    broker, ready = first_send_ms(
        lambda: peer.start_broker(home / "broker", namesrv.address, port=broker_port, heap="2g",
                                  mappedFileSizeCommitLog=1 << 30),
        broker_port)

    def stop():
        for one in (broker, namesrv):
            if one.process.poll() is None:
                one.process.send_signal(signal.SIGCONT)
            one.stop()
    return Side("Java", broker.pid, f"127.0.0.1:{broker_port}", namesrv.pid, ready, stop)


def load(side, line, may_refuse=False):
    """Runs the generator; its report. Java may be overloaded at a rate that agena holds."""
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    overloaded = may_refuse and side.name == "Java"
    if not done.stdout or (done.returncode != 0 and not overloaded):
        raise RuntimeError(f"{side.name}: {done.stderr}")
    return json.loads(done.stdout)


class OtherWork:
    """How much processor time goes to neither the broker nor the generator: a noisy machine's
    figures are worth little, so they are shown beside each result."""

    def __init__(self, side):
        self.side, self.began = side, time.monotonic()
        self.before = self._other()

    def _other(self):
        fields = [int(n) for n in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        busy = (sum(fields) - fields[3] - fields[4]) / TICKS  # Without idle and iowait.
        generator = resource.getrusage(resource.RUSAGE_CHILDREN)
        return busy - cpu_seconds(self.side.pid) - generator.ru_utime - generator.ru_stime

    def cores(self):
        return (self._other() - self.before) / (time.monotonic() - self.began)


def fill_page_cache(folder, share=0.8):
    """Has the kernel hold as many clean pages as it can, by reading a file of holes. A guest's free
    memory is with its host and comes back page by page, at ten times what writing it costs: in
    windows that write gigabytes, that would be most of what is measured."""
    available_kib = next(int(line.split()[1]) for line in
                         pathlib.Path("/proc/meminfo").read_text().splitlines()
                         if line.startswith("MemAvailable:"))
    path = folder / "holes"
    with open(path, "wb") as file:
        file.truncate(int(available_kib * 1024 * share))
    with open(path, "rb", buffering=0) as file:
        chunk = bytearray(1 << 20)
        while file.readinto(chunk):
            pass


def settle():
    """Waits until the disk has what the last window wrote."""
    for _ in range(200):
        lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
        dirty_kib = sum(int(line.split()[1]) for line in lines
                        if line.startswith(("Dirty:", "Writeback:")))
        if dirty_kib < 64 << 10:
            return
        time.sleep(0.1)


def send_window(binary, side, connections, depth, body, seconds):
    topic = "BenchSend"
    before, cpu, others = side.stored(topic, QUEUES), cpu_seconds(side.pid), OtherWork(side)
    line = [binary, "bench", "send", side.broker, "--topic", topic, "--queues", str(QUEUES),
            "--connections", str(connections), "--depth", str(depth), "--body", str(body),
            "--warm-up", "0", "--time", str(int(seconds * 1000))]
    report = load(side, line)
    used = cpu_seconds(side.pid) - cpu
    noise = others.cores()
    stored = side.stored(topic, QUEUES) - before
    if stored < report["answered"]:
        raise RuntimeError(f"{side.name} answered {report['answered']} and stored {stored}")
    return {"per_cpu_second": stored / used, "rate": stored / report["seconds"],
            "p50_us": report["p50_us"], "p99_us": report["p99_us"], "noise": noise}


def delivery_window(binary, side, rate, seconds):
    line = [binary, "bench", "delivery", side.broker, "--topic", "BenchDelivery",
            "--queues", "4", "--rate", str(rate), "--time", str(int(seconds * 1000))]
    others = OtherWork(side)
    report = load(side, line, may_refuse=True)
    report["delivered_share"] = 100 * report["delivered"] / report["sent"]
    report["noise"] = others.cores()
    return report


def alternate(sides, rounds, window):
    """window(side) in the order A B B A ...; the other side sleeps. A list a side."""
    out = {side.name: [] for side in sides}
    for turn in range(rounds):
        for side in (sides if turn % 2 == 0 else sides[::-1]):
            for other in sides:
                if other is not side:
                    other.pause()
            if len(sides) > 1:
                settle()
            side.go_on()
            out[side.name].append(window(side))
    for side in sides:
        side.go_on()
    return out


def median(windows, key):
    return statistics.median(w[key] for w in windows)


def compare(title, results, keys):
    print(f"\n{title}")
    print(f"  {'':18}{'agena':>14}{'Java':>14}{'ratio':>9}")
    for key, label, higher_is_better in keys:
        ours = median(results["agena"], key)
        if "Java" in results:
            theirs = median(results["Java"], key)
            ratio = ours / theirs if higher_is_better else theirs / ours
            print(f"  {label:18}{ours:14,.1f}{theirs:14,.1f}{ratio:8.1f}x")
        else:
            print(f"  {label:18}{ours:14,.1f}{'-':>14}{'-':>9}")
    noise = max(w["noise"] for windows in results.values() for w in windows)
    print(f"  up to {noise:.2f} cores were busy with other work")
    sys.stdout.flush()


SEND_KEYS = [("per_cpu_second", "msg/CPU-s", True), ("rate", "msg/s", True),
             ("p50_us", "p50 us", False), ("p99_us", "p99 us", False)]
DELIVERY_KEYS = [("p50_us", "p50 us", False), ("p99_us", "p99 us", False),
                 ("p999_us", "p99.9 us", False), ("delivered_share", "delivered %", True)]


def first_look(binary, namesrv_port):
    """`agena bench` by itself, as `make run` recommends it."""
    done = subprocess.run([binary, "bench", "-n", f"127.0.0.1:{namesrv_port}"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0 or done.stdout.count(" messages/s ") != 4:
        raise RuntimeError(f"agena bench: {done.stdout}{done.stderr}")


def run(arguments, home):
    binary = str(pathlib.Path(arguments.binary).resolve())
    sides = [start_agena(binary, home / "agena", arguments.port, arguments.port + 100)]
    try:
        if not arguments.agena_only:
            peer.require()
            sides.append(start_java(home / "java", arguments.port + 1000, arguments.port + 1100))
        if arguments.smoke:
            first_look(binary, arguments.port)
        for side in sides:
            side.make_topic("BenchSend", QUEUES)
            side.make_topic("BenchDelivery", 4)
        print("B9  time to the first answered send: " +
              ", ".join(f"{s.name} {s.ready_ms:.0f} ms" for s in sides))
        print("B10 idle: " + ", ".join(f"{s.name} {s.idle['VmRSS']:.0f} MiB" for s in sides))
        if not arguments.smoke:
            fill_page_cache(home)
        for side in sides:  # Page cache and JIT warm before anything counts.
            for other in sides:
                if other is not side:
                    other.pause()
            side.go_on()
            send_window(binary, side, 8, 16, 1024,
                        arguments.warm_up if side.name == "Java" else min(3, arguments.warm_up))
        for connections, depth, body in arguments.shapes:
            results = alternate(sides, arguments.rounds, lambda side: send_window(
                binary, side, connections, depth, body, arguments.seconds))
            compare(f"B1  send, {body} B, {connections} connections x {depth}", results, SEND_KEYS)
        for rate in arguments.rates:
            results = alternate(sides, arguments.rounds, lambda side: delivery_window(
                binary, side, rate, arguments.seconds))
            compare(f"B6  send to delivery, 1 KiB, {rate:,} messages/s", results, DELIVERY_KEYS)
        print("\nB10 after the load: " + ", ".join(
            f"{s.name} {memory_mib(s.pid)['RssAnon']:.0f} MiB anonymous" for s in sides))
    finally:
        for side in sides:
            side.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="build/release/agena")
    parser.add_argument("--rounds", type=int, help="windows a side and shape (5)")
    parser.add_argument("--seconds", type=float, help="a window's length (10)")
    parser.add_argument("--warm-up", type=float, help="seconds of load for the JVM (60)")
    parser.add_argument("--port", type=int, default=21876)
    parser.add_argument("--agena-only", action="store_true")
    parser.add_argument("--smoke", action="store_true",
                        help="agena only, a second each: shows that it works, measures nothing")
    parser.add_argument("--quick", action="store_true",
                        help="2 windows of 4 s: a first look, kind to agena, as the JVM is not warm")
    arguments = parser.parse_args()
    arguments.shapes = [(8, 16, 1024), (64, 1, 1024), (8, 16, 128)]
    arguments.rates = [1_000, 10_000, 50_000]
    usual = {"rounds": 5, "seconds": 10, "warm_up": 60}
    if arguments.quick:
        usual = {"rounds": 2, "seconds": 4, "warm_up": 20}
        arguments.shapes, arguments.rates = arguments.shapes[:2], [10_000]
    if arguments.smoke:
        usual = {"rounds": 1, "seconds": 1, "warm_up": 1}
        arguments.agena_only, arguments.rates = True, [1_000]
        arguments.port = 9876 + free_offset()
    for name, value in usual.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, value)
    home = pathlib.Path(tempfile.mkdtemp(prefix="agena-bench-"))
    try:
        run(arguments, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
