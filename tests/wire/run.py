#!/usr/bin/env python3
"""Compares agena's servers with the Java server, request by request.

    run.py --binary build/release/agena            against the recorded answers of Java 5.5.0
    run.py --binary build/release/agena --java     against a Java server started here, too

The last line says how many suites passed and failed; each runs against a fresh server.
"""

import argparse
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "peer")]

import namesrv_diff  # noqa: E402
import peer  # noqa: E402

START_LIMIT_S = 10
STOP_LIMIT_S = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Agena:
    """`agena namesrv` with a configuration of its own."""

    def __init__(self, binary, home):
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        config = pathlib.Path(home) / "namesrv.conf"
        config.write_text(f"listenPort={port}\nkvConfigPath={home}/kvConfig.json\n")
        self.process = subprocess.Popen([binary, "namesrv", "-c", str(config)],
                                        stdout=subprocess.DEVNULL)
        self._await_port(port)

    def _await_port(self, port):
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.process.kill()
        raise RuntimeError("the name server does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise RuntimeError("SIGTERM did not end the name server")
        if code != 0:
            raise RuntimeError(f"the name server ended with {code}")


def namesrv_against_recording(binary):
    reference = namesrv_diff.reference_of(str(HERE / "namesrv_java_5_5_0.json"))
    with tempfile.TemporaryDirectory() as home, Agena(binary, home) as ours:
        return namesrv_diff.compare(reference, namesrv_diff.Script(ours.address).run())


def namesrv_against_java(binary):
    with tempfile.TemporaryDirectory() as home, peer.start_namesrv(home, free_port()) as java:
        reference = namesrv_diff.Script(java.address).run()
    with tempfile.TemporaryDirectory() as home, Agena(binary, home) as ours:
        return namesrv_diff.compare(reference, namesrv_diff.Script(ours.address).run())


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--server", choices=["agena"], default="agena")
    parser.add_argument("--java", action="store_true", help="start the Java server as well")
    args = parser.parse_args()
    suites = [namesrv_against_recording] + ([namesrv_against_java] if args.java else [])
    failed = 0
    for suite in suites:
        print(f"== {suite.__name__.replace('_', ' ')}")
        failed += 1 if suite(args.binary) else 0
    print(f"{len(suites) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
