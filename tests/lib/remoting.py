"""RocketMQ's remoting protocol and its records, for tests that must not share code with agena.

Standard library only. Headers are JSON; one connection carries one request at a time unless the
caller pipelines. docs/formats/remoting.md describes the frames, docs/formats/record.md the records.
"""

import json
import socket
import struct
import zlib

VERSION_5_5_0 = 513
VERSION_4_9_3 = 399
RESPONSE, ONEWAY = 1, 2


def frame(header, body=b""):
    return struct.pack(">iI", 4 + len(header) + len(body), len(header)) + header + body


def encode(code, fields=None, body=b"", opaque=0, flag=0, remark=None, language="JAVA",
           version=VERSION_5_5_0):
    """A frame; None as fields or remark leaves the member out."""
    header = {"code": code, "flag": flag, "language": language, "opaque": opaque,
              "serializeTypeCurrentRPC": "JSON", "version": version}
    if remark is not None:
        header["remark"] = remark
    if fields is not None:
        header["extFields"] = {name: None if value is None else str(value)
                               for name, value in fields.items()}
    return frame(json.dumps(header).encode(), body)


class Answer:
    """What the server sent: an answer, or a request of its own."""

    def __init__(self, header, body):
        self.code = header.get("code")
        self.remark = header.get("remark")
        self.fields = header.get("extFields") or {}
        self.flag = header.get("flag")
        self.opaque = header.get("opaque")
        self.header = header
        self.body = body


class Connection:
    def __init__(self, address, timeout_s=10):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.unread = b""
        self.opaque = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, code, fields=None, body=b"", flag=0, **more):
        self.opaque += 1
        self.socket.sendall(encode(code, fields, body, self.opaque, flag, **more))
        return self.opaque

    def reply(self, opaque, code, fields=None, body=b"", remark=None):
        """Answers a request that the server sent."""
        self.socket.sendall(encode(code, fields, body, opaque, RESPONSE, remark))

    def oneway(self, code, fields=None, body=b"", **more):
        self.send(code, fields, body, ONEWAY, **more)

    def call(self, code, fields=None, body=b"", **more):
        opaque = self.send(code, fields, body, **more)
        while True:
            answer = self.receive()
            if answer.flag & RESPONSE and answer.opaque == opaque:
                return answer

    def receive(self):
        (length,) = struct.unpack(">i", self._take(4))
        payload = self._take(length)
        (word,) = struct.unpack_from(">I", payload)
        if word >> 24 != 0:
            raise ValueError("answered in another serialization")
        size = word & 0xFFFFFF
        return Answer(json.loads(payload[4:4 + size]), payload[4 + size:])

    def _take(self, count):
        while len(self.unread) < count:
            more = self.socket.recv(1 << 20)
            if not more:
                raise ConnectionError("the server closed the connection")
            self.unread += more
        taken, self.unread = self.unread[:count], self.unread[count:]
        return taken


def crc32(body):
    """As RocketMQ counts it: without the highest bit."""
    return zlib.crc32(body) & 0x7FFFFFFF


def properties(pairs):
    return "".join(f"{name}\x01{value}\x02" for name, value in pairs.items())


def send_fields(topic, queue, properties_text, group="tests", queues=4):
    return {"a": group, "b": topic, "c": "TBW102", "d": queues, "e": queue, "f": 0, "g": 1,
            "h": 0, "i": properties_text, "j": 0, "k": "false", "m": "false"}


def records(body):
    """The records in a body, each a dict; `raw` holds its bytes."""
    at = 0
    while at < len(body):
        record = record_at(body, at)
        yield record
        at += record["size"]


def record_at(body, at):
    begin = at
    size, magic, crc, queue, flag, queue_offset, physical, sys_flag, born = struct.unpack_from(
        ">iIIiiqqiq", body, at)
    at += 48 + (16 if sys_flag & 0x10 else 4) + 4
    (stored,) = struct.unpack_from(">q", body, at)
    at += 8 + (16 if sys_flag & 0x20 else 4) + 4
    reconsumed, prepared, length = struct.unpack_from(">iqi", body, at)
    at += 16
    content = body[at:at + length]
    at += length
    wide = magic != 0xDAA320A7  # The second version of the record has longer topics.
    (length,) = struct.unpack_from(">H" if wide else ">B", body, at)
    at += 2 if wide else 1
    topic = body[at:at + length].decode()
    at += length
    (length,) = struct.unpack_from(">H", body, at)
    text = body[at + 2:at + 2 + length].decode()
    if at + 2 + length != begin + size:
        raise ValueError(f"record at {begin} does not add up")
    if crc32(content) != crc:
        raise ValueError(f"record at {begin} fails its CRC")
    pairs = {name: value if separator else None
             for name, separator, value in (each.partition("\x01")
                                            for each in text.split("\x02") if each)}
    return {"size": size, "magic": magic, "crc": crc, "queue": queue, "flag": flag,
            "queue_offset": queue_offset, "physical": physical, "sys_flag": sys_flag,
            "born": born, "stored": stored, "reconsumed": reconsumed, "prepared": prepared,
            "body": content, "topic": topic, "properties": pairs,
            "raw": body[begin:begin + size]}


def pull(connection, topic, queue, offset, group="tests", count=32, tags="*", wait_ms=0):
    return connection.call(11, {
        "consumerGroup": group, "topic": topic, "queueId": queue, "queueOffset": offset,
        "maxMsgNums": count, "sysFlag": 4 | (2 if wait_ms else 0), "commitOffset": 0,
        "suspendTimeoutMillis": wait_ms, "subscription": tags, "subVersion": 0,
        "expressionType": "TAG"})


def read_queue(connection, topic, queue, offset=0):
    """Every record of a queue from `offset` on."""
    out = []
    while True:
        answer = pull(connection, topic, queue, offset)
        if answer.code == 0:
            got = list(records(answer.body))
            out += got
            offset = int(answer.fields["nextBeginOffset"])
        elif answer.code in (20, 21):
            moved = int(answer.fields["nextBeginOffset"])
            if moved == offset:
                return out
            offset = moved
        elif answer.code == 19:
            return out
        else:
            raise ValueError(f"pull answered {answer.code}: {answer.remark}")
