"""RocketMQ's remoting protocol over a plain socket, for tests: JSON headers, one request at a time.

Standard library only. docs/formats/remoting.md describes the frames.
"""

import json
import re
import socket
import struct
import zlib

VERSION_5_5_0 = 513
VERSION_4_9_3 = 399


class Answer:
    """One response: code, remark, ext fields and body as the server wrote them."""

    def __init__(self, header, body, serialization):
        self.code = header.get("code")
        self.remark = header.get("remark")
        self.ext = header.get("extFields") or {}
        self.flag = header.get("flag")
        self.opaque = header.get("opaque")
        self.header = header
        self.body = body
        self.serialization = serialization


class Connection:
    def __init__(self, address, timeout=5.0):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout)
        self.socket.settimeout(timeout)
        self.opaque = 0
        self.unread = b""

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, code, ext=None, body=b"", version=VERSION_5_5_0, flag=0):
        self.opaque += 1
        header = {
            "code": code,
            "flag": flag,
            "language": "JAVA",
            "opaque": self.opaque,
            "serializeTypeCurrentRPC": "JSON",
            "version": version,
        }
        if ext is not None:
            header["extFields"] = ext
        self.socket.sendall(frame(json.dumps(header).encode(), body))
        return self.opaque

    def reply(self, opaque, code, ext=None, body=b"", remark=None):
        """Answers a request that the server sent."""
        header = {"code": code, "flag": 1, "language": "JAVA", "opaque": opaque,
                  "serializeTypeCurrentRPC": "JSON", "version": VERSION_5_5_0}
        if remark is not None:
            header["remark"] = remark
        if ext is not None:
            header["extFields"] = ext
        self.socket.sendall(frame(json.dumps(header).encode(), body))

    def call(self, code, ext=None, body=b"", version=VERSION_5_5_0):
        opaque = self.send(code, ext, body, version)
        while True:
            answer = self.receive()
            if answer.flag & 1 and answer.opaque == opaque:
                return answer

    def oneway(self, code, ext=None, body=b"", version=VERSION_5_5_0):
        self.send(code, ext, body, version, flag=2)

    def receive(self):
        (length,) = struct.unpack(">i", self._take(4))
        payload = self._take(length)
        (word,) = struct.unpack(">I", payload[:4])
        size = word & 0xFFFFFF
        header = json.loads(payload[4 : 4 + size])
        return Answer(header, payload[4 + size :], word >> 24)

    def _take(self, count):
        while len(self.unread) < count:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("the server closed the connection")
            self.unread += more
        taken, self.unread = self.unread[:count], self.unread[count:]
        return taken


def frame(header, body=b""):
    return struct.pack(">iI", 4 + len(header) + len(body), len(header)) + header + body


def crc32(body):
    """As RocketMQ counts it: without the highest bit."""
    return zlib.crc32(body) & 0x7FFFFFFF


def loads(text):
    """JSON as fastjson writes it: integers may stand bare as member names."""
    if isinstance(text, bytes):
        text = text.decode()
    return json.loads(re.sub(r'([{,])(-?\d+):', r'\1"\2":', text))


def counted(data):
    return struct.pack(">i", len(data)) + data


def packed_registration(version, topic_lines, filter_servers=(), mappings=()):
    """The compressed body of request 103."""
    plain = counted(json.dumps(version).encode())
    plain += struct.pack(">i", len(topic_lines))
    plain += b"".join(counted(line.encode()) for line in topic_lines)
    plain += counted(json.dumps(list(filter_servers)).encode())
    plain += struct.pack(">i", len(mappings))
    plain += b"".join(counted(json.dumps(item).encode()) for item in mappings)
    return zlib.compress(plain, 9)
