"""RocketMQ's remoting protocol in a few lines, for tests that must not share code with agena.

Frames are JSON-headed; one connection answers one request at a time unless the caller pipelines.
"""
import json
import socket
import struct
import zlib

VERSION = 513


def encode(code, fields, body=b"", opaque=0, flag=0, language="OTHER", version=VERSION):
    header = {"code": code, "language": language, "version": version, "opaque": opaque,
              "flag": flag, "extFields": {k: str(v) for k, v in fields.items()},
              "serializeTypeCurrentRPC": "JSON"}
    text = json.dumps(header).encode()
    return struct.pack(">ii", 4 + len(text) + len(body), len(text)) + text + body


class Answer:
    def __init__(self, header, body):
        self.code = header["code"]
        self.remark = header.get("remark")
        self.fields = header.get("extFields") or {}
        self.opaque = header["opaque"]
        self.header = header
        self.body = body


class Connection:
    def __init__(self, address, timeout_s=10):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.opaque = 0

    def send(self, code, fields, body=b"", flag=0, **more):
        self.opaque += 1
        self.socket.sendall(encode(code, fields, body, self.opaque, flag, **more))
        return self.opaque

    def receive(self):
        while True:
            if len(self.buffer) >= 4:
                length = struct.unpack(">i", self.buffer[:4])[0]
                if len(self.buffer) >= 4 + length:
                    frame, self.buffer = self.buffer[4:4 + length], self.buffer[4 + length:]
                    word = struct.unpack(">I", frame[:4])[0]
                    if word >> 24 != 0:
                        raise ValueError("answered in another serialization")
                    size = word & 0xFFFFFF
                    return Answer(json.loads(frame[4:4 + size]), frame[4 + size:])
            chunk = self.socket.recv(1 << 20)
            if not chunk:
                raise ConnectionError("closed by the server")
            self.buffer += chunk

    def call(self, code, fields, body=b"", **more):
        opaque = self.send(code, fields, body, **more)
        while True:
            answer = self.receive()
            if answer.opaque == opaque:
                return answer

    def close(self):
        self.socket.close()


def properties(pairs):
    return "".join(f"{name}\x01{value}\x02" for name, value in pairs.items())


def send_fields(topic, queue, properties_text, group="tests", queues=4):
    return {"a": group, "b": topic, "c": "TBW102", "d": queues, "e": queue, "f": 0, "g": 1,
            "h": 0, "i": properties_text, "j": 0, "k": "false", "m": "false"}


def records(body):
    """The records of a pull answer: dicts of what a consumer sees."""
    at = 0
    while at < len(body):
        size, magic, crc, queue, flag = struct.unpack_from(">iIiii", body, at)
        queue_offset, physical, sys_flag, born = struct.unpack_from(">qqiq", body, at + 20)
        p = at + 48
        born_host = 4 if not sys_flag & 0x10 else 16
        p += born_host + 4
        stored = struct.unpack_from(">q", body, p)[0]
        p += 8 + (4 if not sys_flag & 0x20 else 16) + 4 + 4 + 8
        length = struct.unpack_from(">i", body, p)[0]
        content = body[p + 4:p + 4 + length]
        p += 4 + length
        if magic == 0xDAA320A7:
            topic_length = body[p]
            p += 1
        else:
            topic_length = struct.unpack_from(">H", body, p)[0]
            p += 2
        topic = body[p:p + topic_length].decode()
        p += topic_length
        n = struct.unpack_from(">H", body, p)[0]
        text = body[p + 2:p + 2 + n].decode()
        if p + 2 + n != at + size:
            raise ValueError(f"record at {at} does not add up")
        if zlib.crc32(content) & 0x7FFFFFFF != crc:
            raise ValueError(f"record at {at} fails its CRC")
        pairs = dict(e.split("\x01", 1) for e in text.split("\x02") if "\x01" in e)
        yield {"size": size, "queue": queue, "queue_offset": queue_offset, "physical": physical,
               "stored": stored, "body": content, "topic": topic, "properties": pairs,
               "raw": body[at:at + size]}
        at += size


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
