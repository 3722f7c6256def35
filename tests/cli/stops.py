"""How servers and commands end: what they were asked is answered, and nobody else is disturbed."""
import os
import pathlib
import signal
import subprocess
import threading
import time

import remoting
from cli import ENVIRONMENT, expect, run
from server import Broker, Dev, Namesrv, free_offset


def a_stop_answers_long_polls(agena, home):
    """Consumers that wait for messages are answered before their connections end."""
    waiters = []
    with Dev(agena, str(home / "data"), log=str(home / "dev.log")) as dev:
        expect(run(agena, "pub", "-n", dev.namesrv, "hello", "x"), "/", "offset 0")
        for address in (dev.broker, dev.fast) * 4:
            peer = remoting.Connection(address)
            pull = {"consumerGroup": "G", "topic": "hello", "queueId": 3, "queueOffset": 1,
                    "maxMsgNums": 32, "sysFlag": 6, "commitOffset": 0, "subscription": "*",
                    "suspendTimeoutMillis": 20000, "subVersion": 0, "expressionType": "TAG"}
            # Its end is known only by asking: messages go to some queue of the topic.
            pull["queueOffset"] = peer.call(30, {"topic": "hello", "queueId": 3}).fields["offset"]
            waiters.append((peer, peer.send(11, pull)))
        time.sleep(0.5)
        began = time.monotonic()
    took = time.monotonic() - began
    for peer, opaque in waiters:
        answer = peer.receive()
        if (answer.opaque, answer.code) != (opaque, 19):
            raise AssertionError(f"instead of 19 came {answer.header}")
        if peer.socket.recv(1) != b"":
            raise AssertionError("the connection goes on")
    if took > 3:
        raise AssertionError(f"waiting consumers held the stop up for {took:.1f} s")


class Flood(threading.Thread):
    """Sends far ahead of the answers until the connection ends, and counts the answers."""

    AHEAD, AT_ONCE = 4000, 100

    def __init__(self, address, topic, queue):
        super().__init__(daemon=True)
        self.peer = remoting.Connection(address)
        self.fields = remoting.send_fields(topic, queue, "")
        self.answered = 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.start()

    def run(self):
        burst = remoting.encode(310, self.fields, b"x" * 1000) * self.AT_ONCE
        sent = 0
        try:
            while True:
                if sent - self.answered > self.AHEAD:
                    time.sleep(0.001)
                    continue
                self.peer.socket.sendall(burst)
                sent += self.AT_ONCE
        except OSError:
            pass

    def _read(self):
        try:
            while True:
                self.answered += self.peer.receive().code == 0
        except (OSError, ConnectionError):
            pass


def a_stop_answers_what_it_stored(agena, home):
    """Also to producers that go on sending: a reset would throw answers away."""
    dev = Dev(agena, str(home / "data")).start()
    run(agena, "pub", "-n", dev.namesrv, "hello", "x")
    before = ends(dev.broker, "hello")
    floods = [Flood(dev.broker, "hello", queue) for queue in range(4)]
    time.sleep(1)
    if status := dev.stop():
        raise AssertionError(f"it ended with {status}")
    for flood in floods:
        flood.reader.join(10)
    with dev:
        stored = [after - was for after, was in zip(ends(dev.broker, "hello"), before)]
    answered = [flood.answered for flood in floods]
    if sum(answered) < 100 or stored != answered:
        raise AssertionError(f"stored {stored}, answered {answered}")


def ends(address, topic):
    with remoting.Connection(address) as peer:
        return [int(peer.call(30, {"topic": topic, "queueId": queue}).fields["offset"])
                for queue in range(4)]


def cpu_seconds(process):
    user, system = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def who_waits_says_so_and_rests(agena, home):
    """`agena sub` before there is anything to read, and at a topic that is not there yet."""
    with Dev(agena, str(home / "data")) as dev:
        run(agena, "pub", "-n", dev.namesrv, "hello", "old")
        run(agena, "sub", "-n", dev.namesrv, "hello", "--from", "first", "--count", "1")
        for topic, said in (("hello", "--from first shows the old ones"), ("later", "does not exist yet")):
            waiting = subprocess.Popen([agena, "sub", "-n", dev.namesrv, topic, "--count", "1"],
                                       env=ENVIRONMENT, text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            expect(waiting.stderr.readline(), said)
            time.sleep(2)
            used = cpu_seconds(waiting)
            run(agena, "pub", "-n", dev.namesrv, topic, "new")
            told = waiting.communicate(timeout=30)[0]
            expect(told, "\nnew\n")
            if used > 0.5:
                raise AssertionError(f"agena sub used {used} s of CPU in 2 s of waiting for {topic}")


def commands_end_when_told(agena, home):
    with Dev(agena, str(home / "data")) as dev:
        for how in (signal.SIGINT, signal.SIGTERM):
            waiting = subprocess.Popen([agena, "sub", "-n", dev.namesrv, "hello"], env=ENVIRONMENT,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.5)
            if waiting.poll() is not None:
                raise AssertionError(f"agena sub ended with {waiting.returncode} by itself")
            waiting.send_signal(how)
            if waiting.wait(5) != -how:
                raise AssertionError(f"agena sub ended with {waiting.returncode}")
        run(agena, "pub", "-n", dev.namesrv, "hello", "x", "--count", "5")
        piped = subprocess.Popen([agena, "sub", "-n", dev.namesrv, "hello", "--from", "first"],
                                 env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        piped.stdout.readline()
        piped.stdout.close()  # As `agena sub hello | head -1`.
        for _ in range(100):
            run(agena, "pub", "-n", dev.namesrv, "hello", "x")
            if piped.poll() is not None:
                return
        piped.kill()
        raise AssertionError("agena sub goes on although nobody reads what it prints")


def a_broker_that_cannot_start_leaves_the_running_one(agena, home):
    """Same name, same port, another store: the second may not unregister the first."""
    offset = free_offset()
    with Namesrv(agena, home / "namesrv", 9876 + offset) as names, \
            Broker(agena, home / "one", 10911 + offset, names.address):
        expect(run(agena, "pub", "-n", names.address, "hello", "x"), "sent ")
        config = (home / "one" / "broker.conf").read_text()
        (home / "two.conf").write_text(config.replace(str(home / "one"), str(home / "two")))
        expect(run(agena, "broker", "-c", home / "two.conf", code=1), str(10911 + offset))
        expect(run(agena, "pub", "-n", names.address, "hello", "x"), "sent ")


def a_group_goes_on_where_it_was(agena, home):
    """Also when the name server has just started and knows nothing yet."""
    offset = free_offset()
    names = Namesrv(agena, home / "namesrv", 9876 + offset)
    with Broker(agena, home / "broker", 10911 + offset, names.address,
                registerNameServerPeriod=10000):
        run(agena, "pub", "-n", names.address, "hello", "old", "--count", "8")
        text = run(agena, "sub", "-n", names.address, "hello", "-g", "G", "--from", "first",
                   "--count", "8")
        expect(text, "old")
        address = names.address
        names.stop()
        names = Namesrv(agena, home / "namesrv", 9876 + offset)
        late = subprocess.Popen([agena, "sub", "-n", address, "hello", "-g", "G", "--count", "1",
                                 "--timeout", "40"], env=ENVIRONMENT, stdout=subprocess.PIPE,
                                text=True)
        deadline = time.monotonic() + 30
        while True:
            sent = subprocess.run([agena, "pub", "-n", address, "hello", "new"], env=ENVIRONMENT,
                                  capture_output=True, check=False)
            if sent.returncode == 0:
                break
            if time.monotonic() > deadline:
                raise AssertionError("the broker does not come back to the name server")
            time.sleep(0.2)
        text = late.communicate(timeout=50)[0]
        if "new" not in text or "old" in text:
            raise AssertionError(f"the group began anew: {text}")
    names.stop()


CHECKS = (a_stop_answers_long_polls, a_stop_answers_what_it_stored, who_waits_says_so_and_rests,
          commands_end_when_told, a_broker_that_cannot_start_leaves_the_running_one,
          a_group_goes_on_where_it_was)
