#!/usr/bin/env python3
"""agena and the Java server side by side and in each other's place; needs Java, Maven and its jars.

    store_exchange.py   one store, handed to and fro between the two brokers; also with Java 4.9.3
    views.py            name servers and brokers of both kinds under each other

Where the jars cannot be had this ends with 77, skipped; with CI=true it fails.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "peer"))
import peer  # noqa: E402

SUITES = ("store_exchange.py", "views.py")
OLD = "4.9.3"
SKIPPED = 77


def with_old():
    """An environment in which Java is of the older release."""
    out = {**os.environ, "AGENA_PEER_VERSION": OLD}
    out.pop("AGENA_PEER_LIB", None)  # Those of the newer.
    return out


def fetch():
    """Java's jars and the official clients."""
    peer.require()
    subprocess.run([sys.executable, str(HERE.parent / "peer" / "peer.py")], env=with_old(), check=True)
    subprocess.run([sys.executable, str(HERE.parent / "interop" / "run.py"), "--fetch-only",
                    "--suite", "java-5.5.0,admin"], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.environ.get("AGENA", ROOT / "build/release/agena"))
    parser.add_argument("--suite", choices=SUITES, action="append", help="only this one")
    options = parser.parse_args()
    try:
        fetch()
    except (peer.Unavailable, subprocess.CalledProcessError) as missing:
        print(f"mixed: not run, {missing}")
        return 1 if os.environ.get("CI") == "true" else SKIPPED
    runs = []
    for suite in options.suite or SUITES:
        runs.append((suite, suite, None))
        if suite == "store_exchange.py":
            runs.append((f"{suite} with Java {OLD}", suite, with_old()))
    failed = 0
    for name, suite, environment in runs:
        print(f"== {name}", flush=True)
        began = time.monotonic()
        done = subprocess.run([sys.executable, str(HERE / suite), "--binary", options.binary],
                              env=environment, check=False)
        failed += done.returncode != 0
        print(f"{name}: {'failed' if done.returncode else 'passed'} after "
              f"{time.monotonic() - began:.0f} s", flush=True)
    print(f"{len(runs) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
