"""Bodies as the brokers write them: JSON with objects and integers as member names, and records."""

import json
import re
import struct

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
BLANK = re.compile(r"\s*")


def loads(text):
    """JSON as fastjson writes it. A member name that is an object becomes its canonical text."""
    if isinstance(text, bytes):
        text = text.decode()
    value, at = _value(text, 0)
    assert not text[at:].strip(), text[at:]
    return value


def _skip(text, at):
    return BLANK.match(text, at).end()


def _value(text, at):
    at = _skip(text, at)
    if text[at] == "{":
        return _object(text, at)
    if text[at] == "[":
        return _array(text, at)
    number = NUMBER.match(text, at)
    if number:
        return json.loads(number.group()), number.end()
    return json.JSONDecoder().raw_decode(text, at)


def _object(text, at):
    members = {}
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _value(text, at)
        if not isinstance(key, str):
            key = json.dumps(key, sort_keys=True)
        at = _skip(text, at)
        assert text[at] == ":", text[at:]
        members[key], at = _value(text, at + 1)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return members, at + 1


def _array(text, at):
    items = []
    at = _skip(text, at + 1)
    while text[at] != "]":
        item, at = _value(text, at)
        items.append(item)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return items, at + 1


def records(body):
    """The stored messages of an answer; docs/formats/record.md describes them. IPv4 only."""
    out = []
    while body:
        size, magic, crc, queue, flag, queue_offset, position, sys_flag, born = struct.unpack_from(
            ">iIIiiqqiq", body)
        stored, = struct.unpack_from(">q", body, 56)
        reconsumed, _, length = struct.unpack_from(">iqi", body, 72)
        at = 88
        content, at = body[at:at + length], at + length
        topic, at = body[at + 1:at + 1 + body[at]], at + 1 + body[at]
        length, = struct.unpack_from(">h", body, at)
        properties = body[at + 2:at + 2 + length].decode()
        assert at + 2 + length == size, (at, length, size)
        out.append({"magic": magic, "crc": crc, "queue": queue, "flag": flag, "offset": queue_offset,
                    "position": position, "sys_flag": sys_flag, "born": born, "stored": stored,
                    "reconsumed": reconsumed, "body": content.decode("utf-8", "replace"),
                    "topic": topic.decode(),
                    "properties": dict(item.split("\1") for item in properties.split("\2") if item)})
        body = body[size:]
    return out
