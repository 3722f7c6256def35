"""Silent and slow connections go, in their time and not before; talkative ones stay."""
import threading
import time

from check import (HEARTBEAT, Bystander, Failed, closed_after, expect, header_frame, raw, send_one)
from frames import json_header
from lib import remoting

FIRST_BYTE_S, PARTIAL_S, IDLE_S = 1, 2, 4
SLACK_S = 1.5  # The server looks once a second.
SETTINGS = {"firstByteTimeoutSeconds": FIRST_BYTE_S, "partialFrameTimeoutSeconds": PARTIAL_S,
            "serverChannelMaxIdleTimeSeconds": IDLE_S}
LARGE = header_frame(json_header(), bytes(100_000))


def expect_closes_between(sock, least_s, what):
    took = closed_after(sock, least_s + SLACK_S)
    expect(took is not None, f"{what}: open after {least_s + SLACK_S} s")
    expect(took > least_s - 0.05, f"{what}: closed after {took:.2f} s, not {least_s}")
    return took


def says_nothing(address):
    with raw(address) as sock:
        return expect_closes_between(sock, FIRST_BYTE_S, "says nothing")


def sends_half_a_frame(address):
    with raw(address) as sock:
        sock.sendall(LARGE[:50_000])
        return expect_closes_between(sock, PARTIAL_S, "sends half a frame")


def sends_half_a_length(address):
    with raw(address) as sock:
        sock.sendall(LARGE + LARGE[:2])
        return expect_closes_between(sock, PARTIAL_S, "sends half a length")


def drips(address):
    """Each byte is a sign of life, but the frame must end all the same."""
    with raw(address) as sock:
        begin = time.monotonic()
        sock.sendall(LARGE[:10])
        for i in range(10, 10_000):
            took = closed_after(sock, 0.1)
            if took is not None:
                break
            sock.sendall(LARGE[i:i + 1])
            expect(time.monotonic() - begin < PARTIAL_S + SLACK_S, "drips: still open")
        took = time.monotonic() - begin
        expect(took > PARTIAL_S - 0.15, f"drips: closed after {took:.2f} s")
        return took


def falls_silent(address):
    with remoting.Connection(address) as connection:
        expect(send_one(connection).code == 0, "falls silent: its send")
        return expect_closes_between(connection.socket, IDLE_S, "falls silent")


def beats(address):
    """Stays, as it speaks more often than the idle time, and each frame is whole in time."""
    with remoting.Connection(address) as connection:
        begin = time.monotonic()
        while time.monotonic() - begin < IDLE_S + 2 * SLACK_S:
            body = b'{"clientID":"limits","consumerDataSet":[],"producerDataSet":[]}'
            expect(connection.call(HEARTBEAT, {}, body).code == 0, "a heartbeat")
            time.sleep(1)
        return time.monotonic() - begin


def sends_slowly(address):
    """One frame after the other in pieces: together longer than one may take, each by itself not."""
    with remoting.Connection(address) as connection:
        begin = time.monotonic()
        while time.monotonic() - begin < 2 * PARTIAL_S + SLACK_S:
            for i in range(0, len(LARGE), 10_000):
                connection.socket.sendall(LARGE[i:i + 10_000])
                time.sleep(0.08)
            expect(connection.receive().opaque == 7, "a slow sender's answer")
        return time.monotonic() - begin


def silent_and_slow_connections_go_in_their_time(place):
    peers = [says_nothing, sends_half_a_frame, sends_half_a_length, drips, falls_silent, beats,
             sends_slowly]
    took, failures = {}, []

    def run(peer, address):
        try:
            took[peer.__name__] = peer(address)
        except (Failed, OSError) as error:
            failures.append(f"{peer.__name__}: {error!r}")

    with place.broker(**SETTINGS) as broker, Bystander(broker.address):
        threads = [threading.Thread(target=run, args=(peer, broker.address)) for peer in peers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    expect(not failures, "; ".join(failures))
    print("  " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items()))


def by_default_the_first_byte_has_ten_seconds(place):
    with place.namesrv() as namesrv, raw(namesrv.address) as sock:
        took = closed_after(sock, 10 + SLACK_S)
        expect(took is not None and took > 9.9, f"the first byte's time was {took}")


SUITES = [silent_and_slow_connections_go_in_their_time, by_default_the_first_byte_has_ten_seconds]
