"""Starts and stops agena's processes on free ports, for tests."""
import os
import pathlib
import signal
import socket
import subprocess
import time

STOP_LIMIT_S = 30


def free_offset(first=2000, last=30000, step=37):
    """A port offset whose name server, broker and fast ports are all free."""
    start = first + os.getpid() % 499
    for offset in range(start, last, step):
        try:
            for port in (9876 + offset, 10911 + offset, 10909 + offset):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
            return offset
        except OSError:
            continue
    raise RuntimeError("no free ports")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_port(port, process=None, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"port {port} did not open within {seconds} s")


class Dev:
    """`agena dev`: name server and broker in one process."""

    def __init__(self, binary, data, offset=None, log=None):
        self.binary, self.data, self.log = binary, data, log
        self.offset = free_offset() if offset is None else offset
        self.namesrv = f"127.0.0.1:{9876 + self.offset}"
        self.broker = f"127.0.0.1:{10911 + self.offset}"
        self.fast = f"127.0.0.1:{10909 + self.offset}"
        self.process = None

    def start(self, seconds=60):
        out = open(self.log, "ab") if self.log else subprocess.DEVNULL
        self.process = subprocess.Popen(
            [self.binary, "dev", "--data", self.data, "--port-offset", str(self.offset)],
            stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        wait_port(10911 + self.offset, self.process, seconds)
        return self

    def stop(self, how=signal.SIGTERM, seconds=30):
        if self.process is None:
            return None
        self.process.send_signal(how)
        status = self.process.wait(timeout=seconds)
        self.process = None
        return status

    def kill(self):
        return self.stop(signal.SIGKILL)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if status := self.stop():
            raise RuntimeError(f"agena dev ended with {status}")


class Part:
    """One part of agena, `namesrv` or `broker`, as a process with a configuration of its own: keys
    by their Java names, written into `home`. `log` is the file that holds what it printed."""

    def __init__(self, binary, part, home, port, settings):
        self.part, self.port, self.address = part, port, f"127.0.0.1:{port}"
        home = pathlib.Path(home)
        home.mkdir(parents=True, exist_ok=True)
        self.log = home / f"{part}.log"
        config = home / f"{part}.conf"
        config.write_text("".join(f"{key}={value}\n" for key, value in {
            "listenPort": port, "bindAddress": "127.0.0.1", **settings}.items()))
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen([binary, part, "-c", str(config)], stdout=out,
                                            stderr=out, stdin=subprocess.DEVNULL)
        try:
            wait_port(port, self.process)
        except RuntimeError as error:
            self.kill()
            raise RuntimeError(f"{error}: {self.log.read_text(errors='replace')[-500:]}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """As an operator would; anything but a clean end is an error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.kill()
                raise RuntimeError(f"SIGTERM did not end agena {self.part}, see {self.log}")
        if self.process.returncode != 0:
            raise RuntimeError(
                f"agena {self.part} ended with {self.process.returncode}, see {self.log}")

    def kill(self):
        """As a crash would."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Namesrv(Part):
    def __init__(self, binary, home, port, **settings):
        super().__init__(binary, "namesrv", home, port, {
            "kvConfigPath": pathlib.Path(home) / "kvConfig.json", **settings})


class Broker(Part):
    """Takes port - 2 to port + 1. Named as the Java peer's by default."""

    def __init__(self, binary, home, port, namesrv=None, **settings):
        where = {"namesrvAddr": namesrv} if namesrv else {}
        super().__init__(binary, "broker", home, port, {
            "brokerClusterName": "DefaultCluster", "brokerName": "broker-a",
            "brokerIP1": "127.0.0.1", "haListenPort": port + 1,
            "storePathRootDir": pathlib.Path(home) / "store",
            "mappedFileSizeCommitLog": 64 << 20, "diskMaxUsedSpaceRatio": 95,
            "diskSpaceCleanForciblyRatio": 97, "diskSpaceWarningLevelRatio": 98, **where, **settings})
