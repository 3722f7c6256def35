"""JSON as RocketMQ's servers write it: objects and bare integers stand as member names."""

import json
import re

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
BLANK = re.compile(r"\s*")


def loads(text):
    """The value of a text or of bytes. A member name that is no string becomes its text, an object
    its text with sorted members."""
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
