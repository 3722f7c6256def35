"""What the suites share: servers in a folder of their own, peers, and the bystander."""
import os
import select
import socket
import struct
import threading
import time

from lib import remoting, server

SEND, HEARTBEAT, PULL, REGISTER, ROUTE = 310, 34, 11, 103, 105
NO_PERMISSION = 16
CLOSE_LIMIT_S = 1.0
WAIT_LIMIT_S = 1.0
TOPIC = "LimitsTest"


class Failed(Exception):
    pass


def expect(is_so, what):
    if not is_so:
        raise Failed(what)


class Place:
    """Where a suite's servers live."""

    def __init__(self, binary, home):
        self.binary, self.home = binary, home

    def broker(self, **settings):
        return server.Broker(self.binary, self.home / "broker", self._ports(), **settings)

    def namesrv(self, **settings):
        return server.Namesrv(self.binary, self.home / "namesrv", server.free_port(), **settings)

    @staticmethod
    def _ports():
        return server.free_offset() + 10_911


def memory_mib(process):
    with open(f"/proc/{process.pid}/status") as text:
        for line in text:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) >> 10
    raise Failed("the server has no memory figure: is it gone?")


def connect_from(ip, address, timeout_s=10):
    """A remoting connection whose own address is `ip`, another one of this machine's loopback."""
    host, port = address.rsplit(":", 1)
    connection = remoting.Connection.__new__(remoting.Connection)
    connection.socket = socket.create_connection((host, int(port)), timeout_s, (ip, 0))
    connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.unread = b""
    connection.opaque = 0
    return connection


def raw(address, timeout_s=10):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout_s)


def closed_after(sock, limit_s):
    """Seconds until the server closes; whatever it still sends is read. None: it did not."""
    begin = time.monotonic()
    while (left := begin + limit_s - time.monotonic()) > 0:
        if not select.select([sock], [], [], left)[0]:
            break
        try:
            if not sock.recv(1 << 20):
                return time.monotonic() - begin
        except ConnectionError:
            return time.monotonic() - begin
    return None


def expect_closed(sock, what, limit_s=CLOSE_LIMIT_S):
    took = closed_after(sock, limit_s)
    expect(took is not None, f"{what}: the connection is open after {limit_s} s")
    return took


def send_one(connection, topic=TOPIC, queue=0, body=b"x", **more):
    return connection.call(SEND, remoting.send_fields(topic, queue, ""), body, **more)


class Bystander:
    """Calls without a pause while others misbehave."""

    def __init__(self, address, code=SEND, fields=None, body=b"bystander"):
        self.fields = remoting.send_fields(TOPIC, 0, "") if fields is None else fields
        self.code, self.body = code, body
        self.connection = remoting.Connection(address)
        self._call()
        self.longest_s = 0.0
        self.calls = 0
        self.error = None
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._run)

    @classmethod
    def of_routes(cls, namesrv):
        return cls(namesrv.address, ROUTE, {"topic": TOPIC}, b"")

    def _call(self):
        answer = self.connection.call(self.code, self.fields, self.body)
        expect(answer.code == (0 if self.code == SEND else 17),
               f"a bystander is answered {answer.code}: {answer.remark}")

    def _run(self):
        try:
            while not self.done.is_set():
                begin = time.monotonic()
                self._call()
                self.longest_s = max(self.longest_s, time.monotonic() - begin)
                self.calls += 1
                time.sleep(0.001)
        except Exception as error:  # Told in the thread that waits for it.
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.done.set()
        self.thread.join()
        self.connection.close()
        if kind is not None:
            return
        expect(self.error is None, f"the bystander failed: {self.error!r}")
        expect(self.longest_s <= WAIT_LIMIT_S, f"the bystander waited {self.longest_s:.2f} s")
        expect(self.calls > 0, "the bystander was never served")


def header_frame(header, body=b"", kind=0, header_length=None, length=None):
    """A frame that may lie about its lengths."""
    header_length = len(header) if header_length is None else header_length
    length = 4 + len(header) + len(body) if length is None else length
    return struct.pack(">iI", length, kind << 24 | header_length & 0xFFFFFF) + header + body


def files_below(folder):
    return {os.path.relpath(os.path.join(where, name), folder)
            for where, folders, files in os.walk(folder) for name in [*folders, *files]}
