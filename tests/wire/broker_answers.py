"""What two brokers answered to the same steps: made comparable, recorded, compared.

An answer is a dict: request (its code), code, remark, ext, body (as latin-1), and what was `pushed`
to a client meanwhile. Times, addresses and positions in the log are masked; stored messages are
compared record by record, JSON by content.
"""
import argparse
import json
import os
import re

import fastjson
import remoting
from remoting import Connection

# Keys of the runtime table that Java 5.5.0 has not: two for older tools, and ours.
MORE_RUNTIME_KEYS = ("brokerVersion", "getTransferedTps", "expiredUnconsumedBytes")

MASKED = {"lastUpdateTimestamp", "lastTimestamp", "minTimeStamp", "maxTimeStamp",
          "consumeTimeStamp", "delayTime", "physicOffset", "indexLastUpdateTimestamp",
          "indexLastUpdatePhyoffset", "msgId", "counter", "minTimeStampStr", "maxTimeStampStr",
          "consumeTimeStampStr", "stateVersion"}
WITH_RECORDS = (11, 12, 33, 309, 361)
# Rates come from samples, whose beat is not ours to set.
SAMPLED = {"timestamp", "tps", "avgpt", "sum", "consumeTps", "topicPutTps"}


class Steps:
    """What one broker answers, in order, by the steps' names."""

    def __init__(self, address):
        self.address = address
        self.answers = {}
        self.admin = Connection(address, timeout_s=15)

    def step(self, title, code, ext=None, body=b"", by=None):
        """`by` is the connection that asks, if it is not the operator's."""
        assert title not in self.answers, title
        answer = (by or self.admin).call(code, ext, body)
        self.answers[title] = {"request": code, "code": answer.code, "remark": answer.remark,
                              "ext": answer.fields, "body": answer.body.decode("latin-1")}
        return answer


def mask(value, key=None):
    """Hides what differs from run to run, and the order of Java's hash tables."""
    if key in SAMPLED:
        return "<n>"
    if key in MASKED and value is not None:
        return "<0>" if value in (0, "0", -1, "-1") else "<n>"
    if isinstance(value, dict):
        return {mask_text(name): mask(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return sorted((mask(item) for item in value), key=lambda x: json.dumps(x, sort_keys=True))
    if isinstance(value, str) and value.startswith('{"counter"'):
        return mask(json.loads(value))
    return mask_text(value) if isinstance(value, str) else value


def mask_text(text):
    # Made by the broker, from time and place; those of the scripts are mostly zeros.
    text = re.sub(r"\b(?!7F00000100000000)[0-9A-F]{32}\b", "<id>", text)
    return re.sub(r"127\.0\.0\.1:\d+", "<address>", text)


def runtime_shape(key, value):
    """Java leaves rates out until it has samples."""
    if key.endswith("Tps") and key.startswith(("put", "get")) or key.endswith("DistributeTime"):
        return "<text>"
    return re.sub(r"<n> (.i)?B", "<bytes>", re.sub(r"\d+(\.\d+(E-?\d+)?)?", "<n>", value))


def comparable_record(record):
    """Not where and when the broker stored it."""
    out = {name: record[name] for name in ("magic", "crc", "queue", "flag", "sys_flag", "born",
                                           "reconsumed", "topic")}
    out["properties"] = mask(record["properties"])
    return {**out, "offset": record["queue_offset"],
            "body": record["body"].decode("utf-8", "replace")}


def comparable_body(answer):
    body = answer["body"]
    if answer["request"] in WITH_RECORDS and answer["code"] == 0 and "\xda\xa3 \xa7" in body:
        return [comparable_record(each) for each in remoting.records(body.encode("latin-1"))]
    if answer["request"] == 28:
        table = fastjson.loads(body)["table"]
        return {re.sub("_/.*", "_<path>", key): runtime_shape(key, value)
                for key, value in table.items() if key not in MORE_RUNTIME_KEYS}
    if answer["request"] == 26 and answer["code"] == 0:
        return sorted(line.split("=")[0] for line in body.splitlines())
    if body.startswith(("{", "[")):
        shown = mask(fastjson.loads(body.encode("latin-1")))
        if answer["request"] == 43 and answer["code"] == 0:
            # Java counts every 500th commit, we count saves: when, is not ours to set.
            shown["dataVersion"]["counter"] = "<n>"
        return shown
    return body


def comparable(answer):
    """What must be equal. Remarks that quote Java's exceptions only count as some text."""
    remark = answer["remark"]
    if answer["code"] == 0:
        remark = None
    elif remark is None or "Exception" in remark or "Lorg/" in remark or "null" in remark:
        remark = "<text>"
    out = {"code": answer["code"], "remark": remark and mask_text(remark),
           "ext": mask(answer["ext"]), "body": comparable_body(answer)}
    for pushed in answer.get("pushed", []):
        out.setdefault("pushed", []).append(
            {"code": pushed["code"], "ext": mask(pushed["ext"]),
             "body": comparable_body({**pushed, "request": pushed["code"], "code": 0})})
    if out["remark"] == "<text>" or (answer["code"] == 1 and answer["request"] in (17, 18, 200)):
        out["remark"] = "<text>"
    return out


def comparable_all(answers):
    return {name: comparable(answer) for name, answer in answers.items()}


def reference_of(text, run):
    """The answers of the broker at an address, by run(address), or those in a file."""
    if not os.path.exists(text):
        return run(text)
    with open(text, encoding="utf-8") as recorded:
        return json.load(recorded)


def record(answers, path):
    """One line a step."""
    lines = (json.dumps(name) + ": " + json.dumps(answer, ensure_ascii=False, sort_keys=True)
             for name, answer in answers.items())
    with open(path, "w", encoding="utf-8") as out:
        out.write("{\n" + ",\n".join(lines) + "\n}\n")


def compare(reference, ours, expected):
    """How many steps differ without a reason in `expected`; each is printed."""
    failures = 0
    for name, left in reference.items():
        right = dict(ours[name])
        if left["remark"] == "<text>" and right["code"] == left["code"]:
            right["remark"] = "<text>"
        if left == right:
            continue
        why = expected.get(name)
        print(f"{'expected' if why else 'DIFFERS'}: {name}" + (f" ({why})" if why else ""))
        if why:
            continue
        failures += 1
        for part in left.keys() | right.keys():
            if left.get(part) != right.get(part):
                show(part, left.get(part), right.get(part))
    print(f"{len(reference)} requests compared, {failures} differ unexpectedly")
    return failures


def show(part, left, right):
    """Only the members that differ, as far as one can tell."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys()):
            if left.get(key) != right.get(key):
                show(f"{part}.{key}", left.get(key), right.get(key))
        return
    if isinstance(left, list) and isinstance(right, list) and len(left) + len(right) > 8:
        both = [json.dumps(x, sort_keys=True) for x in left], [json.dumps(x, sort_keys=True)
                                                              for x in right]
        left = [x for x in both[0] if x not in both[1]]
        right = [x for x in both[1] if x not in both[0]]
    print(f"  {part}\n    reference: {json.dumps(left, ensure_ascii=False)[:900]}\n"
          f"    ours:      {json.dumps(right, ensure_ascii=False)[:900]}")


def main(description, run, expected):
    """The command line that the scripts share; `run(address)` is what one broker answers."""
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference", help="an address, or a recording")
    parser.add_argument("ours", nargs="?")
    parser.add_argument("--record", help="write the reference's answers to this file and stop")
    args = parser.parse_args()
    reference = reference_of(args.reference, run)
    if args.record:
        record(reference, args.record)
        print(f"{len(reference)} answers written to {args.record}")
        return 0
    if not args.ours:
        parser.error("two addresses, or --record")
    return 1 if compare(reference, run(args.ours), expected) else 0
