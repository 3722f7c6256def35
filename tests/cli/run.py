#!/usr/bin/env python3
"""What a person types: each command of the README, its output and its exit code.

    tests/cli/run.py --binary build/release/agena

Servers stand on free ports below a temporary folder. Every check compares output or an exit code.
"""
import argparse
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]
from cli import ENVIRONMENT, expect, run  # noqa: E402
import stops  # noqa: E402
from server import Broker, Dev, Namesrv, free_offset  # noqa: E402

def explains_and_versions(agena, _home):
    expect(run(agena, "version"), "agena", "5.5.0")
    expect(run(agena, "explain", "17"), "TOPIC_NOT_EXIST")
    expect(run(agena, "--help"), "dev", "namesrv", "broker", "pub", "sub", "bench", "explain")
    expect(run(agena, "broker", "--explain-config", "flushDiskType"), "ASYNC_FLUSH")


def explains_what_was_meant(agena, _home):
    expect(run(agena, "explain", "topic_not_exist"), "17 TOPIC_NOT_EXIST", "check:", "updateTopic")
    expect(run(agena, "explain", "Send_Message_V2"), "310 SEND_MESSAGE_V2", "(request)")
    expect(run(agena, "explain", "bad_config"), "docs/config.md")
    expect(run(agena, "explain", "TOPIC_NOT_EXITS", code=3), "did you mean TOPIC_NOT_EXIST")
    expect(run(agena, "explain", "bad_confg", code=3), "did you mean bad_config?")
    expect(run(agena, "explain", "pul_message", code=3), "PULL_MESSAGE")
    text = run(agena, "explain", "quark", code=3)
    if "did you mean" in text:
        raise AssertionError(f"nothing is near 'quark': {text}")
    expect(run(agena, "explain", "-77777", code=3), "no code '-77777'")


def wrong_usage_is_always_2(agena, _home):
    for words in ((), ("nonsense",), ("pub",), ("pub", "t"), ("pub", "t", "b", "--count", "0"),
                  ("pub", "t", "b", "--no-such"), ("pub", "t", "b", "-P", "no-equals"),
                  ("sub", "t", "--from", "middle"), ("sub", "t", "--count", "many"),
                  ("dev", "--port-offset", "x"), ("dev", "--port-offset", "60000"), ("dev", "more"),
                  ("explain",), ("explain", ""), ("bench", "send"), ("broker", "--nonsense")):
        text = run(agena, *words, code=2)
        if not text.strip():
            raise AssertionError(f"{words}: not a word about what is wrong")
    for words in (("--help",), ("dev", "--help"), ("bench", "send", "--help")):
        expect(run(agena, *words), "--help")
    expect(run(agena, "--help"), "Exit codes: 0 ok", "7 timed out")
    expect(run(agena, "dev", "--help"), "9876", "10911", "10909")


def output_that_cannot_be_written_is_told(agena, _home):
    for words in (("version",), ("explain", "1"), ("broker", "-p"), ("broker", "--explain-config", "all")):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([str(agena), *words], stdout=full, stderr=subprocess.PIPE, text=True,
                                  check=False, timeout=60, env=ENVIRONMENT)
        if done.returncode != 1:
            raise AssertionError(f"{words} ended with {done.returncode}: {done.stderr}")
        expect(done.stderr, "the output cannot be written")


def configuration(agena, home):
    conf = home / "broker.conf"
    conf.write_text("brokerName=b-1\nflushDiskType=SYNC_FLUSH\nlistenPort=20911\n")
    expect(run(agena, "broker", "-p", "-c", conf), "brokerName=b-1", "flushDiskType=SYNC_FLUSH")
    conf.write_text("flushDiskTyp=SYNC_FLUSH\n")
    expect(run(agena, "broker", "-c", conf, code=2), "flushDiskTyp", "line 1", "flushDiskType")
    conf.write_text("flushDiskType=SOMETIMES\n")
    expect(run(agena, "broker", "-c", conf, code=2), "SOMETIMES", "SYNC_FLUSH")
    expect(run(agena, "broker", "-c", home / "nowhere", code=2), "nowhere")


def names_of_the_scripts(agena, home):
    for name, key in (("mqbroker", "brokerClusterName="), ("mqnamesrv", "kvConfigPath=")):
        script = home / name
        script.symlink_to(agena)
        expect(run(script, "-p"), key)
    expect(run(home / "mqbroker", "-m"), "brokerClusterName=")
    expect(run(home / "mqnamesrv", "-n", "127.0.0.1:1", "-p"), "kvConfigPath=")


def a_first_message(agena, home):
    data = home / "data"
    dev = Dev(agena, str(data), log=str(home / "dev.log")).start()
    try:
        target = ("-n", dev.namesrv)
        expect(run(agena, "pub", *target, "hello", "one", "-t", "A", "-k", "k1"), "created topic hello")
        expect(run(agena, "pub", *target, "hello", "-", stdin="two"), "sent ")
        seen = run(agena, "sub", *target, "hello", "--from", "first", "--count", "2")
        expect(seen, "one", "two", "tag=A", "keys=k1")
        expect(run(agena, "sub", *target, "hello", "-g", "G", "--from", "first", "--count", "2"), "one")
        run(agena, "sub", *target, "hello", "-g", "G", "--count", "1", "--timeout", "1", code=7)
        run(agena, "sub", *target, "later", "--count", "1", "--timeout", "1", code=7)  # It may come.
        expect(run(agena, "pub", *target, "bad topic!", "x", code=1), "29")
        expect(run(agena, "pub", *target, "rmq_sys_wheel_timer", "x", code=5), "16")
        if not (data / "store" / "abort").exists() and not list(data.rglob("abort")):
            raise AssertionError("a running store has no abort file")
    finally:
        status = dev.stop(signal.SIGTERM)
    if status != 0 or list(data.rglob("abort")):
        raise AssertionError(f"SIGTERM: status {status}, abort file: {list(data.rglob('abort'))}")
    expect((home / "dev.log").read_text(), "ready in", dev.namesrv, dev.broker, "agena pub")
    run(agena, "pub", "-n", dev.namesrv, "hello", "x", code=4)


def dev_on_taken_ports(agena, home):
    """Says which ports are taken, and a line to type that works."""
    os.chdir(home)
    with Dev(agena, str(home / "data"), log=str(home / "dev.log")) as dev:
        namesrv, broker = (int(address.rsplit(":", 1)[1]) for address in (dev.namesrv, dev.broker))
        offset = namesrv - 9876
        text = run(agena, "dev", "--port-offset", offset, "--data", home / "data", code=1)
        expect(text, f"{namesrv} (name server)", f"{broker} (broker)", f"{broker - 2} (the broker's",
               "another `agena dev`", "agena dev --port-offset")
        advice = text.split("agena dev --port-offset ", 1)[1].split()
        with Dev(agena, advice[2], offset=int(advice[0]), log=str(home / "second.log")) as second:
            expect(run(agena, "pub", "-n", second.namesrv, "hello", "x"), "sent ")
        free = free_offset()
        text = run(agena, "dev", "--port-offset", free, "--data", home / "data", code=1)
        expect(text, str(home / "data"), "--data DIR")
        with socket.create_server(("127.0.0.1", 10909 + free)):
            text = run(agena, "dev", "--port-offset", free, "--data", home / "third", code=1)
            expect(text, f"{10909 + free} (the broker's fast port) is taken")
        if (home / "third").exists():
            raise AssertionError("a dev that cannot start has left files")
    expect((home / "dev.log").read_text(), f"and {broker - 2}, the fast port")


def log_end(store):
    """Where the last record of a small store ends: its file is zeros from there on."""
    newest = sorted((store / "commitlog").iterdir())[-1]
    with open(newest, "rb") as file:
        return newest, len(file.read(1 << 20).rstrip(b"\0"))


def dev_says_what_it_recovered(agena, home):
    dev = Dev(agena, str(home / "data"), log=str(home / "dev.log")).start()
    for _ in range(3):
        expect(run(agena, "pub", "-n", dev.namesrv, "hello", "x", "--count", "500"), "sent ")
    dev.kill()
    newest, end = log_end(home / "data" / "store")
    with open(newest, "r+b") as file:
        file.seek(end)
        file.write(b"\xab" * 37)
    dev.start()
    seen = run(agena, "sub", "-n", dev.namesrv, "hello", "--from", "first", "--count", "1500")
    if seen.count("hello/") != 1500:
        raise AssertionError("messages are missing after the recovery")
    dev.stop()
    dev.start()
    dev.stop()
    text = (home / "dev.log").read_text()
    expect(text, "recovered after an unclean stop: 1,500 messages read again in ",
           f"37 torn bytes cut at offset {end:,}")
    if text.count("recovered") != 1 or text.count("ready in") != 3:
        raise AssertionError(f"only the second of three starts has recovered something: {text}")


def a_dead_name_server(agena, home):
    """A broker with two name servers, one of them dead, is ready at once and registered at the other."""
    offset = free_offset()
    with Namesrv(agena, home / "namesrv", 9876 + offset) as alive:
        dead = "127.0.0.1:1"
        began = time.monotonic()
        with Broker(agena, home / "broker", 10911 + offset, f"{dead};{alive.address}"):
            expect(run(agena, "pub", "-n", alive.address, "hello", "x"), "sent ")
            expect(run(agena, "pub", "-n", f"{dead};{alive.address}", "hello", "x"), "sent ")
        if time.monotonic() - began > 20:
            raise AssertionError("a dead name server holds the broker up")


def the_first_minute(agena, home):
    os.chdir(home)
    text = run(HERE.parent.parent / "tools" / "first-minute", agena, "--port-offset", free_offset())
    expect(text, "first message", "What to type next", "stopped (cleanly)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=os.environ.get("AGENA", "build/release/agena"))
    agena = pathlib.Path(parser.parse_args().binary).resolve()
    failed = 0
    checks = (explains_and_versions, explains_what_was_meant, wrong_usage_is_always_2,
              output_that_cannot_be_written_is_told, configuration, names_of_the_scripts,
              a_first_message, dev_on_taken_ports, dev_says_what_it_recovered, a_dead_name_server,
              *stops.CHECKS, the_first_minute)
    for check in checks:
        home = pathlib.Path(tempfile.mkdtemp(prefix="agena-cli-"))
        try:
            check(agena, home)
            print(f"ok: {check.__name__}", flush=True)
        except (AssertionError, OSError, RuntimeError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAILED: {check.__name__}: {error}", flush=True)
        finally:
            os.chdir(HERE)
            shutil.rmtree(home, ignore_errors=True)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
