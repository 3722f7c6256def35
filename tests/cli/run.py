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
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
from server import Broker, Dev, Namesrv, free_offset  # noqa: E402

ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "NAMESRV_ADDR"}


def run(*line, code=0, stdin=None):
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True, check=False,
                          timeout=60, input=stdin, env=ENVIRONMENT)
    text = done.stdout + done.stderr
    if done.returncode != code:
        raise AssertionError(f"{line} ended with {done.returncode} instead of {code}: {text}")
    return text


def expect(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError(f"'{part}' is missing in: {text}")


def explains_and_versions(agena, _home):
    expect(run(agena, "version"), "agena", "5.5.0")
    expect(run(agena, "explain", "17"), "TOPIC_NOT_EXIST")
    expect(run(agena, "--help"), "dev", "namesrv", "broker", "pub", "sub", "bench", "explain")
    expect(run(agena, "broker", "--explain-config", "flushDiskType"), "ASYNC_FLUSH")


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
    checks = (explains_and_versions, configuration, names_of_the_scripts, a_first_message,
              a_dead_name_server, the_first_minute)
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
