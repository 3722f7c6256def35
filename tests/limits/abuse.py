"""Greedy peers are met by not reading from them, and closed when even that is not enough."""
import select
import socket
import time

from check import (PULL, SEND, TOPIC, Bystander, connect_from, expect, expect_closed,
                   memory_mib, raw, send_one)
from lib import remoting

OUTPUT_MAX_MIB = 32
QUERY = 12
FLOOD = "FloodTest"


def refused(address, ip="127.0.0.1"):
    """Whether a connection is closed before anything is said."""
    connection = connect_from(ip, address)
    with connection:
        try:
            return send_one(connection).code is None
        except ConnectionError:
            return True


def connections_are_capped(place):
    per_ip, total = 6, 14
    with place.broker(connectionsPerIpMax=per_ip, connectionsMax=total) as broker:
        with Bystander(broker.address) as bystander:
            held = [raw(broker.address) for _ in range(per_ip - 1)]  # The bystander is one, too.
            expect(refused(broker.address), f"connection {per_ip + 1} of one address was taken")
            others = [connect_from(f"127.0.0.{2 + i // (per_ip - 1)}", broker.address)
                      for i in range(total - per_ip)]
            for connection in others:
                expect(send_one(connection).code == 0, "another address")
            expect(refused(broker.address, "127.0.0.9"), f"connection {total + 1} was taken")
            held.pop().close()
            others.pop().close()
            deadline = time.monotonic() + 2  # A place that gets free is given again.
            while refused(broker.address):
                expect(time.monotonic() < deadline, "a free place is not given again")
                time.sleep(0.05)
            for one in [*held, *others]:
                one.close()
        expect(bystander.calls > 0, "no bystander")


def frame_of_pull(opaque, offset, wait_ms, queue=0, topic=FLOOD):
    return remoting.encode(PULL, {
        "consumerGroup": "greedy", "topic": topic, "queueId": queue, "queueOffset": offset,
        "maxMsgNums": 32, "sysFlag": 4 | (2 if wait_ms else 0), "commitOffset": 0,
        "suspendTimeoutMillis": wait_ms, "subscription": "*", "subVersion": 0,
        "expressionType": "TAG"}, b"", opaque)


def fill(address, messages, size):
    with remoting.Connection(address) as connection:
        for _ in range(messages):
            expect(send_one(connection, FLOOD, 0, bytes(size)).code == 0, "a message to be pulled")


def a_peer_that_does_not_read_is_not_read_from(place):
    """Pulls with large answers, nobody takes the answers: requests stay in the socket."""
    with place.broker() as broker, Bystander(broker.address):
        fill(broker.address, 64, 60_000)
        before = memory_mib(broker.process)
        with raw(broker.address) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 << 10)
            sock.setblocking(False)
            one = b"".join(frame_of_pull(i, 0, 0) for i in range(100))
            taken, stuck_since = 0, time.monotonic()
            while time.monotonic() - stuck_since < 1 and taken < 64 << 20:
                if select.select([], [sock], [], 0.1)[1]:
                    taken += sock.send(one)
                    stuck_since = time.monotonic()
            grown = memory_mib(broker.process) - before
            expect(taken < 64 << 20, "the server read 64 MiB of requests whose answers do not leave")
            expect(grown < 48, f"the server grew by {grown} MiB")
            sock.setblocking(True)
            sock.settimeout(10)
            got = 0  # Once the peer reads, it is served again.
            while got < 16 << 20:
                got += len(sock.recv(1 << 20))
        print(f"  {taken >> 10} KiB of pulls taken, then none; memory grew by {grown} MiB")


def waiting_pulls_that_wake_together_do_not_pile_up(place):
    """Requests that wait are no longer in the socket. Those that there is no room for are told to come
    again; the rest has its message, and nobody loses a connection."""
    pulls = 2_000
    with place.broker() as broker:
        fill(broker.address, 1, 10)
        with Bystander(broker.address), remoting.Connection(broker.address, 20) as slow, \
                remoting.Connection(broker.address) as other:
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
            slow.socket.sendall(b"".join(frame_of_pull(i, 1, 20_000) for i in range(pulls)))
            time.sleep(0.5)
            before = memory_mib(broker.process)
            expect(send_one(other, FLOOD, 0, bytes(200_000)).code == 0, "the message they wait for")
            grown = 0
            for _ in range(20):
                grown = max(grown, memory_mib(broker.process) - before)
                time.sleep(0.02)
            codes = [slow.receive().code for _ in range(pulls)]
            print(f"  memory grew by {grown} MiB; {codes.count(0)} had it, {codes.count(20)} come again")
            expect(grown < OUTPUT_MAX_MIB, f"the server grew by {grown} MiB")
            expect(codes.count(0) > 0, "nobody had the message")
            expect(codes.count(0) + codes.count(20) == pulls, f"answers {set(codes)}")


def answers_that_nobody_reads_end_the_connection(place):
    """Answers that are made behind a request's back meet the output's limit."""
    fields = {"topic": FLOOD, "key": "k", "maxNum": 8, "beginTimestamp": 0, "endTimestamp": 2 ** 62}
    with place.broker() as broker:
        with remoting.Connection(broker.address) as connection:
            for _ in range(8):
                answer = connection.call(SEND, remoting.send_fields(
                    FLOOD, 0, remoting.properties({"KEYS": "k"})), bytes(1 << 20))
                expect(answer.code == 0, "a message to be found")
        with Bystander(broker.address), raw(broker.address) as sock, \
                remoting.Connection(broker.address) as other:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
            sock.sendall(b"".join(remoting.encode(QUERY, fields, b"", i) for i in range(40)))
            time.sleep(0.2)
            # Queries are answered in the order they came, so the 40 are made before anything is read.
            expect(other.call(QUERY, fields).code == 0, "a query behind the 40")
            expect_closed(sock, "40 answers of 8 MiB unread", 5)
            expect(send_one(other, FLOOD, 0, b"y").code == 0, "a send afterwards")


def a_flood_of_sends_is_answered_in_full(place):
    """More requests at once than may be in flight: they wait, none is refused."""
    count = 20_000
    with place.broker(flushDiskType="SYNC_FLUSH") as broker:
        fill(broker.address, 1, 10)
        with Bystander(broker.address), remoting.Connection(broker.address) as connection:
            frames = b"".join(remoting.encode(SEND, remoting.send_fields(FLOOD, i % 4, ""),
                                              bytes(100), i) for i in range(count))
            connection.socket.setblocking(False)
            sent, answers = 0, {}
            deadline = time.monotonic() + 60
            while len(answers) < count:
                expect(time.monotonic() < deadline, f"only {len(answers)} of {count} answers")
                readable, writable, _ = select.select(
                    [connection.socket], [connection.socket] if sent < len(frames) else [], [], 1)
                if writable:
                    sent += connection.socket.send(frames[sent:sent + (256 << 10)])
                if readable:
                    more = connection.socket.recv(1 << 20)
                    expect(more, "the server closed the connection")
                    connection.unread += more
                    take_answers(connection, answers)
            wrong = {opaque: code for opaque, code in answers.items() if code != 0}
            expect(not wrong, f"refused: {list(wrong.items())[:5]}")


def take_answers(connection, answers):
    while len(connection.unread) >= 4:
        length = int.from_bytes(connection.unread[:4], "big")
        if len(connection.unread) < 4 + length:
            return
        answer = connection.receive()
        expect(answer.opaque not in answers, f"{answer.opaque} was answered twice")
        answers[answer.opaque] = answer.code


def a_storm_of_connections_is_survived(place):
    with place.broker() as broker, Bystander(broker.address) as bystander:
        for _ in range(1_500):
            raw(broker.address).close()
        for _ in range(300):
            with raw(broker.address) as sock:
                sock.sendall(frame_of_pull(1, 0, 20_000, topic=TOPIC)[:-3])
        with remoting.Connection(broker.address) as connection:
            expect(send_one(connection).code == 0, "a send after the storm")


SUITES = [connections_are_capped, a_peer_that_does_not_read_is_not_read_from,
          waiting_pulls_that_wake_together_do_not_pile_up,
          answers_that_nobody_reads_end_the_connection, a_flood_of_sends_is_answered_in_full,
          a_storm_of_connections_is_survived]
