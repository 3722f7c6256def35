"""Starts and stops an agena process on free ports, for tests."""
import os
import signal
import socket
import subprocess
import time


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
