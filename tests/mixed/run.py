#!/usr/bin/env python3
"""agena and the Java server side by side and in each other's place; needs Java, Maven and its jars.

    store_exchange.py   one store, handed to and fro between the two brokers
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
SKIPPED = 77


def fetch():
    """Java's jars and the official clients."""
    peer.require()
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
    suites = options.suite or SUITES
    failed = []
    for suite in suites:
        print(f"== {suite}", flush=True)
        began = time.monotonic()
        done = subprocess.run([sys.executable, str(HERE / suite), "--binary", options.binary],
                              check=False)
        if done.returncode != 0:
            failed.append(suite)
        print(f"{suite}: {'failed' if done.returncode else 'passed'} after "
              f"{time.monotonic() - began:.0f} s", flush=True)
    print(f"{len(suites) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
