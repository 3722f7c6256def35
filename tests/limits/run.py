#!/usr/bin/env python3
"""Goal: no peer, broken, greedy or hostile, costs others more than its own connection.
Method: raw sockets against whole servers. While one peer misbehaves, a bystander keeps sending
(or asking for routes) on a connection of its own and may see no error and no wait over a second.

    tests/limits/run.py --binary build/release/agena [--only PART_OF_A_NAME]
"""
import argparse
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
sys.dont_write_bytecode = True

import abuse  # noqa: E402
import access  # noqa: E402
import frames  # noqa: E402
import names  # noqa: E402
import timing  # noqa: E402
from check import Failed, Place  # noqa: E402

SUITES = [*frames.SUITES, *timing.SUITES, *abuse.SUITES, *access.SUITES, *names.SUITES]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    failed = 0
    begin = time.monotonic()
    suites = [suite for suite in SUITES if args.only in suite.__name__]
    for suite in suites:
        name = suite.__name__.replace("_", " ")
        since = time.monotonic()
        with tempfile.TemporaryDirectory() as home:
            try:
                suite(Place(args.binary, pathlib.Path(home)))
                print(f"ok: {name} ({time.monotonic() - since:.1f} s)", flush=True)
            except (Failed, OSError, RuntimeError, ValueError) as error:
                failed += 1
                print(f"FAILED: {name}: {error!r}", flush=True)
    print(f"{len(suites) - failed} passed, {failed} failed in {time.monotonic() - begin:.0f} s")
    return 1 if failed or not suites else 0


if __name__ == "__main__":
    sys.exit(main())
