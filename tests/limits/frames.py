"""Broken frames end their connection at once, and nothing else."""
import json
import os
import random
import struct
import zlib

from check import (REGISTER, Bystander, expect,
                   expect_closed, header_frame, memory_mib, raw, send_one)
from lib import remoting

FRAME_MAX = 16 << 20  # With its length field.
HEADER_MAX = 1 << 20
FIELDS_MAX = 512
DEPTH_MAX = 64
MEMORY_GROWTH_MIB = 96

GOOD = {"code": 105, "flag": 0, "language": "JAVA", "opaque": 7, "version": 513,
        "serializeTypeCurrentRPC": "JSON", "extFields": {"topic": "nobody"}}


def json_header(**changes):
    return json.dumps({**GOOD, **changes}).encode()


def nested(depth):
    return b'{"code":105,"more":' + b"[" * depth + b"]" * depth + b',"opaque":7}'


def binary_header(name_length=5, value_length=6, ext_length=None, remark_length=0):
    ext = struct.pack(">h", name_length) + b"topic" + struct.pack(">i", value_length) + b"nobody"
    ext_length = len(ext) if ext_length is None else ext_length
    return struct.pack(">hbhiiii", 105, 0, 513, 7, 0, remark_length, ext_length) + ext


def broken_frames():
    noise = random.Random(20)
    many = {f"field{i}": "" for i in range(FIELDS_MAX + 1)}
    yield "a length one over the limit", struct.pack(">i", FRAME_MAX - 3)
    yield "the greatest length", struct.pack(">i", 0x7FFFFFFF)
    yield "a negative length", struct.pack(">i", -1) + b"more"
    yield "the least length", struct.pack(">i", -0x80000000)
    yield "length 0", struct.pack(">i", 0)
    yield "a length below the header word's", struct.pack(">i", 3) + bytes(16)
    yield "a header longer than the frame", header_frame(json_header(), header_length=4096)
    yield "no header", header_frame(b"", b"body")
    yield "a header over its limit", struct.pack(">iI", HEADER_MAX + 64, HEADER_MAX + 1)
    yield "an unknown serialization", header_frame(json_header(), kind=2)
    yield "the greatest serialization", header_frame(json_header(), kind=255)
    yield "JSON that ends early", header_frame(json_header()[:-3])
    yield "JSON that is no object", header_frame(b"[1, 2, 3]")
    yield "something behind the JSON", header_frame(json_header() + b"{}")
    yield "text for a number", header_frame(json_header(code="many"))
    yield "a code that does not fit", header_frame(json_header(code=1 << 40))
    yield "too many ext fields", header_frame(json_header(extFields=many))
    yield "nesting too deep", header_frame(nested(DEPTH_MAX + 1))
    yield "nesting to break a stack", header_frame(nested(250_000))
    yield "a binary header that ends early", header_frame(binary_header()[:12], kind=1)
    yield "a binary name past the end", header_frame(binary_header(name_length=900), kind=1)
    yield "a negative binary name", header_frame(binary_header(name_length=-5), kind=1)
    yield "a negative binary value", header_frame(binary_header(value_length=-6), kind=1)
    yield "binary ext fields past the end", header_frame(binary_header(ext_length=1 << 20), kind=1)
    yield "a negative binary remark", header_frame(binary_header(remark_length=-1), kind=1)
    yield "an HTTP request", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield "the start of TLS", bytes.fromhex("16030100c2010000be0303") + noise.randbytes(32)
    yield "a line of SSH", b"SSH-2.0-OpenSSH_9.2\r\n"
    for i in range(8):
        # Noise may look like the start of a long frame, which is waited for: not this one.
        yield f"noise {i}", bytes([noise.randrange(1, 256)]) + noise.randbytes(4095)


def send_all(sock, data):
    try:
        sock.sendall(data)
    except ConnectionError:
        pass  # Closed at the first words already.


def check_broken_frames(address):
    for what, data in broken_frames():
        with raw(address) as sock:
            send_all(sock, data)
            expect_closed(sock, what)
        with raw(address) as sock:  # Behind a good one, too.
            send_all(sock, header_frame(json_header()) + data)
            expect_closed(sock, f"{what}, behind a good frame")


def broken_frames_end_their_connection(place):
    with place.broker() as broker, Bystander(broker.address) as bystander:
        check_broken_frames(broker.address)
    print(f"  broker: {len(list(broken_frames()))} kinds; the bystander had {bystander.calls} calls,"
          f" the longest {1000 * bystander.longest_s:.0f} ms")
    with place.namesrv() as namesrv, Bystander.of_routes(namesrv) as bystander:
        check_broken_frames(namesrv.address)
    print(f"  namesrv: the bystander had {bystander.calls} calls, the longest "
          f"{1000 * bystander.longest_s:.0f} ms")


def what_is_within_the_limits_is_taken(place):
    with place.namesrv() as namesrv, remoting.Connection(namesrv.address) as connection:
        header = json_header()
        body = bytes(FRAME_MAX - 8 - len(header))
        fields = {**{f"field{i}": "" for i in range(FIELDS_MAX - 1)}, "topic": "nobody"}
        wide = json_header(remark="r" * (HEADER_MAX - len(json_header(remark=""))))
        expect(len(wide) == HEADER_MAX, "the widest header")
        for what, data in [
                ("a frame of exactly 16 MiB", header_frame(header, body)),
                ("a header of exactly 1 MiB", header_frame(wide)),
                ("512 ext fields", header_frame(json_header(extFields=fields))),
                ("64 levels", header_frame(json_header()[:-1] + b', "more": ' +
                                           b"[" * (DEPTH_MAX - 1) + b"]" * (DEPTH_MAX - 1) + b"}")),
                ("a binary header", header_frame(binary_header(), kind=1))]:
            connection.socket.sendall(data)
            if what == "a binary header":
                (length,) = struct.unpack(">i", connection._take(4))
                code, _, _, opaque = struct.unpack_from(">hbhi", connection._take(length), 4)
            else:
                answer = connection.receive()
                code, opaque = answer.code, answer.opaque
            expect((code, opaque) == (17, 7), f"{what}: answered {code}, opaque {opaque}")
        one_by_one = header_frame(header)
        for i in range(len(one_by_one)):  # A frame may come byte by byte.
            connection.socket.sendall(one_by_one[i:i + 1])
        expect(connection.receive().code == 17, "a frame in single bytes")


def lengths_that_are_only_claimed_cost_nothing(place):
    """Buffers grow with what came, never with what was announced."""
    with place.broker() as broker, Bystander(broker.address):
        before = memory_mib(broker.process)
        held = []
        try:
            for _ in range(400):
                sock = raw(broker.address)
                sock.sendall(struct.pack(">iI", FRAME_MAX - 4, HEADER_MAX) + bytes(1000))
                held.append(sock)
            with remoting.Connection(broker.address) as connection:
                expect(send_one(connection).code == 0, "a send beside them")
            grown = memory_mib(broker.process) - before
        finally:
            for sock in held:
                sock.close()
        print(f"  400 announcements of 16 MiB each cost {grown} MiB")
        expect(grown < MEMORY_GROWTH_MIB, f"announced lengths cost {grown} MiB")


def counted(text):
    return struct.pack(">i", len(text)) + text


VERSION = counted(b'{"timestamp":1,"counter":1,"stateVersion":0}')


def hostile_bodies():
    """Bodies of registerBroker, packed."""
    bits = os.urandom(72 << 20).translate(bytes(48 + (i & 1) for i in range(256)))
    yield "200 MiB of zeros, 1000:1", zlib.compress(bytes(200 << 20), 1)
    yield "72 MiB at 6:1", zlib.compress(bits, 1)
    yield "a bomb behind a good start", zlib.compress(VERSION + struct.pack(">i", 1) + counted(
        b" " * (80 << 20)), 9)
    yield "a stream that ends early", zlib.compress(os.urandom(4096))[:-50]
    yield "no stream", b"\x78\x9c" + os.urandom(500)
    yield "2^31 - 1 topics", zlib.compress(VERSION + struct.pack(">i", 0x7FFFFFFF))
    yield "-1 topics", zlib.compress(VERSION + struct.pack(">i", -1))
    yield "a topic of 2^31 - 1 bytes", zlib.compress(VERSION + struct.pack(">ii", 1, 0x7FFFFFFF))
    yield "a topic of -1 bytes", zlib.compress(VERSION + struct.pack(">ii", 1, -1))
    yield "deep JSON", zlib.compress(counted(b"[" * 100_000) + bytes(4))
    yield "a million values", zlib.compress(counted(b"[" + b"0," * 1_100_000 + b"0]") + bytes(4))


def registration_fields(**changes):
    return {"brokerName": "broker-x", "brokerAddr": "127.0.0.1:1", "clusterName": "DefaultCluster",
            "haServerAddr": "127.0.0.1:2", "brokerId": 0, "compressed": "true", **changes}


def hostile_registrations_are_refused(place):
    # Made before, so that only the server works while the bystander waits.
    bodies = [(what, body) for what, body in hostile_bodies()]
    with place.namesrv() as namesrv, Bystander.of_routes(namesrv) as bystander:
        before = memory_mib(namesrv.process)
        for what, body in bodies:
            with remoting.Connection(namesrv.address) as connection:
                try:
                    answer = connection.call(REGISTER, registration_fields(), body)
                    expect(answer.code != 0, f"{what}: a registration")
                except ConnectionError:
                    pass
        grown = memory_mib(namesrv.process) - before
        expect(grown < 2 * MEMORY_GROWTH_MIB, f"hostile registrations left {grown} MiB behind")
        with remoting.Connection(namesrv.address) as connection:
            listed = connection.call(106).body
            expect(b"broker-x" not in listed, "a hostile registration made a route")
    print(f"  {len(bodies)} kinds left {grown} MiB; the bystander's longest wait was "
          f"{1000 * bystander.longest_s:.0f} ms")


SUITES = [broken_frames_end_their_connection, what_is_within_the_limits_is_taken,
          lengths_that_are_only_claimed_cost_nothing, hostile_registrations_are_refused]
