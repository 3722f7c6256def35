#!/usr/bin/env python3
"""A broker of ours on the stores that Java 5.5.0 left: everything listed is served over the wire.

Each archive of stores/ is unpacked and given to `agena broker` with the settings it was made with.
Every record of the list is asked for by queue offset, by position and by key. What lies in the
files byte for byte is compared by src/storage/golden_test.cc.
"""
import argparse
import json
import os
import pathlib
import shutil
import sys
import tarfile
import tempfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
import remoting  # noqa: E402
from server import Broker, free_offset  # noqa: E402

SETTINGS = {"mappedFileSizeCommitLog": 1048576, "mappedFileSizeConsumeQueue": 2000,
            "maxHashSlotNum": 500, "maxIndexNum": 2000, "fileReservedTime": 100_000}


def compare(listed, record, where):
    seen = {"topic": record["topic"], "queueId": record["queue"],
            "queueOffset": record["queue_offset"], "physicalOffset": record["physical"],
            "size": record["size"], "storeTimestamp": record["stored"],
            "bodyCrc32": zlib.crc32(record["body"]), "bodyLength": len(record["body"]),
            "properties": record["properties"]}
    wrong = {name: (listed[name], value) for name, value in seen.items() if listed[name] != value}
    if wrong:
        raise AssertionError(f"{where}: {wrong}")


def keys_of(listed):
    """(key, further fields of the query) for everything the message is indexed by."""
    for key in listed["keys"]:
        yield key, {}
    unique = listed["properties"].get("UNIQ_KEY")
    if unique:
        yield unique, {"_UNIQUE_KEY_QUERY": "true"}
    tag = listed["properties"].get("TAGS")
    if tag:
        yield tag, {"indexType": "T"}


def check(connection, name, listed):
    queues = {}
    for each in listed:
        if each["inQueue"]:
            queues.setdefault((each["topic"], each["queueId"]), []).append(each)
    raw = {}
    for (topic, queue), wanted in queues.items():
        where = f"{name}: {topic}/{queue}"
        served = remoting.read_queue(connection, topic, queue)
        if len(served) != len(wanted):
            raise AssertionError(f"{where} serves {len(served)} of {len(wanted)}")
        for each, record in zip(wanted, served):
            compare(each, record, where)
            raw[each["physicalOffset"]] = record["raw"]
    for each in listed:
        where = f"{name} at {each['physicalOffset']}"
        answer = connection.call(33, {"offset": each["physicalOffset"]})
        if answer.code != 0:
            raise AssertionError(f"{where}: {answer.code} {answer.remark}")
        compare(each, next(remoting.records(answer.body)), where)
        for key, more in keys_of(each):
            moment = each["storeTimestamp"]
            answer = connection.call(12, {"topic": each["topic"], "key": key, "maxNum": 64,
                                          "beginTimestamp": moment, "endTimestamp": moment, **more})
            found = [r["physical"] for r in remoting.records(answer.body)] if not answer.code else []
            if each["physicalOffset"] not in found:
                raise AssertionError(f"{where} is not found by {key}: {found}")
    return len(raw)


def run(binary, name, home):
    with tarfile.open(HERE / "stores" / f"{name}.tar.gz") as archive:
        archive.extractall(home)
    with open(HERE / "stores" / f"{name}.expected.jsonl", encoding="utf-8") as lines:
        listed = [json.loads(line) for line in lines]
    port = 10911 + free_offset()
    broker = Broker(binary, home, port, f"127.0.0.1:{port - 5}", storePathRootDir=home / name,
                    **SETTINGS)
    try:
        in_queues = check(remoting.Connection(broker.address, timeout_s=30), name, listed)
    finally:
        broker.stop()
    said = pathlib.Path(broker.log).read_text(encoding="utf-8", errors="replace")
    end = listed[-1]["physicalOffset"] + listed[-1]["size"]
    if f"end={end} " not in said:
        raise AssertionError(f"{name}: no line says that the log ends at {end}:\n{said}")
    if (name == "torn") == ("erased_bytes=0 " in said):
        raise AssertionError(f"{name}: what was cut is not told:\n{said}")
    print(f"{name}: {len(listed)} records, {in_queues} of them in queues")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=os.environ.get("AGENA", "build/release/agena"))
    options = parser.parse_args()
    for name in ("clean", "killed", "torn"):
        home = pathlib.Path(tempfile.mkdtemp(prefix="agena-golden-"))
        try:
            run(options.binary, name, home)
        except AssertionError as error:
            print(f"golden: {error}\nfiles are kept in {home}", file=sys.stderr)
            return 1
        shutil.rmtree(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
