#!/usr/bin/env python3
"""Compares agena's servers with the Java server, request by request.

    run.py --binary build/release/agena            against the recorded answers of Java 5.5.0
    run.py --binary build/release/agena --java     against a Java server started here, too

The last line says how many suites passed and failed; each runs against a fresh server.
"""

import argparse
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib"), str(HERE.parent / "peer")]

import broker_answers  # noqa: E402
import broker_diff  # noqa: E402
import client_diff  # noqa: E402
import namesrv_diff  # noqa: E402
import peer  # noqa: E402
from server import Broker, Namesrv, free_port  # noqa: E402

# What both brokers of a comparison are told alike.
BROKER_SETTINGS = {"traceTopicEnable": "true"}


def agena_namesrv(binary, home):
    return Namesrv(binary, home, free_port())


def agena_broker(binary, home):
    return Broker(binary, home, free_port(), **BROKER_SETTINGS)


def namesrv_against_recording(binary):
    reference = namesrv_diff.reference_of(str(HERE / "namesrv_java_5_5_0.json"))
    with tempfile.TemporaryDirectory() as home, agena_namesrv(binary, home) as ours:
        return namesrv_diff.compare(reference, namesrv_diff.Script(ours.address).run())


def namesrv_against_java(binary):
    with tempfile.TemporaryDirectory() as home, peer.start_namesrv(home, free_port()) as java:
        reference = namesrv_diff.Script(java.address).run()
    with tempfile.TemporaryDirectory() as home, agena_namesrv(binary, home) as ours:
        return namesrv_diff.compare(reference, namesrv_diff.Script(ours.address).run())


def against_recording(binary, script, name):
    reference = broker_answers.reference_of(str(HERE / name), script.run)
    with tempfile.TemporaryDirectory() as home, agena_broker(binary, home) as ours:
        return broker_answers.compare(reference, script.run(ours.address),
                                      script.EXPECTED_DIFFERENCES)


def against_java(binary, script, **settings):
    with tempfile.TemporaryDirectory() as home, \
            peer.start_namesrv(home, free_port()) as namesrv, \
            peer.start_broker(home, namesrv.address, free_port(), **BROKER_SETTINGS,
                              **settings) as java:
        reference = script.run(java.address)
    with tempfile.TemporaryDirectory() as home, agena_broker(binary, home) as ours:
        return broker_answers.compare(reference, script.run(ours.address),
                                      script.EXPECTED_DIFFERENCES)


def operators_against_recording(binary):
    return against_recording(binary, broker_diff, "broker_java_5_5_0.json")


def operators_against_java(binary):
    return against_java(binary, broker_diff)


def clients_against_recording(binary):
    return against_recording(binary, client_diff, "client_java_5_5_0.json")


def clients_against_java(binary):
    # SQL92 is off in Java, too, unless one asks for it.
    return against_java(binary, client_diff, enablePropertyFilter="false")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--server", choices=["agena"], default="agena")
    parser.add_argument("--java", action="store_true", help="start the Java server as well")
    args = parser.parse_args()
    suites = [namesrv_against_recording, operators_against_recording, clients_against_recording]
    if args.java:
        suites += [namesrv_against_java, operators_against_java, clients_against_java]
    failed = 0
    for suite in suites:
        print(f"== {suite.__name__.replace('_', ' ')}")
        failed += 1 if suite(args.binary) else 0
    print(f"{len(suites) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
