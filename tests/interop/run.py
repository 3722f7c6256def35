#!/usr/bin/env python3
"""Runs the interop suites against a server and closes with "N passed, N failed".

  run.py --server agena --binary build/release/agena
  run.py --server external --namesrv 127.0.0.1:9876 [--restart-command 'CMD {how}' [--data DIR]]

Options: --suite java-5.5.0,java-4.9.3,go,admin,restart   --only REGEX   --cache build/interop
         --skip-missing (exit 77 when a tool is not installed)   --fetch-only

The clients come from their registries and are built once into the cache; a stamp of the sources
says whether that is still up to date. The server is stopped by its process id, whatever happens.
"""

import argparse
import ctypes
import glob
import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
JAVA_VERSIONS = ("5.5.0", "4.9.3")
SUITES = tuple(f"java-{version}" for version in JAVA_VERSIONS) + ("go", "admin", "restart")
TOOLS = {
    "java": ("java", "mvn"),
    "go": ("go",),
    "admin": ("java", "mvn"),
    "restart": ("java", "mvn"),
}
SUITE_LIMIT_S = 900
READY_S = 60
STOP_S = 60
# Short-lived JVMs on a busy machine: the small compiler and collector cost the least.
JVM = ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8"]


class Trouble(Exception):
    """Ends the run with a sentence instead of a stack trace."""


# ---- the clients ----


def digest(*parts):
    """Of files below folders, and of words."""
    result = hashlib.sha256()
    for part in parts:
        if not os.path.isdir(part):
            result.update(part.encode())
            continue
        for path in sorted(glob.glob(os.path.join(part, "**", "*"), recursive=True)):
            if os.path.isfile(path) and "__pycache__" not in path:
                result.update(os.path.relpath(path, part).encode())
                with open(path, "rb") as file:
                    result.update(file.read())
    return result.hexdigest()


def once(folder, stamp, build):
    """Calls build() unless the folder was built from the same stamp."""
    path = os.path.join(folder, "stamp")
    if os.path.exists(path) and open(path).read() == stamp:
        return
    print(f"building {os.path.relpath(folder, ROOT)}", flush=True)
    os.makedirs(folder, exist_ok=True)
    build()
    with open(path, "w") as file:
        file.write(stamp)


def checked(command, **options):
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    if done.returncode != 0:
        raise Trouble(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}")


def maven(project, folder, *properties):
    command = [
        "mvn",
        "-B",
        "-q",
        "-f",
        os.path.join(project, "pom.xml"),
        f"-Dinterop.build={folder}",
        *properties,
        "process-classes",
    ]
    try:
        checked(command[:1] + ["-o"] + command[1:])  # Whatever was fetched before is good enough.
    except Trouble:
        checked(command)


def build_java(cache, version):
    folder = os.path.join(cache, f"java-{version}")
    project = os.path.join(HERE, "java")
    once(
        folder,
        digest(project, version),
        lambda: maven(project, folder, f"-Drocketmq.version={version}"),
    )
    return f"{folder}/classes:{folder}/lib/*"


def build_admin(cache):
    folder = os.path.join(cache, "admin")
    project = os.path.join(HERE, "admin")
    once(folder, digest(project), lambda: maven(project, folder))
    return f"{folder}/classes:{folder}/lib/*"


def build_go(cache):
    folder = os.path.join(cache, "go")
    project = os.path.join(HERE, "go")
    binary = os.path.join(folder, "interop-go")
    once(folder, digest(project), lambda: checked(["go", "build", "-o", binary, "."], cwd=project))
    return binary


# ---- the server ----


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def routable(namesrv, topic="TBW102"):
    """Asks the name server for a route (request 105) the way a client does."""
    host, port = namesrv.split(";")[0].rsplit(":", 1)
    header = json.dumps(
        {
            "code": 105,
            "language": "JAVA",
            "version": 513,
            "opaque": 1,
            "flag": 0,
            "serializeTypeCurrentRPC": "JSON",
            "extFields": {"topic": topic},
        }
    ).encode()
    try:
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(struct.pack(">II", 4 + len(header), len(header)) + header)
            file = connection.makefile("rb")
            length = struct.unpack(">I", file.read(4))[0]
            frame = file.read(length)
            size = struct.unpack(">I", frame[:4])[0] & 0xFFFFFF
            return json.loads(frame[4 : 4 + size]).get("code") == 0
    except (OSError, struct.error, ValueError):
        return False


def wait_for(what, seconds, condition):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Trouble(f"after {seconds} s still not: {what}")
        time.sleep(0.02)


def die_with_parent():
    """For the server's process: ends it should this script be killed before it can say so."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class External:
    """A server that somebody else runs; it restarts by command, if there is one."""

    def __init__(self, namesrv, restart_command, data):
        self.namesrv = namesrv
        self.restart_command = restart_command
        self.data = data

    def can_restart(self):
        return self.restart_command is not None

    def start(self):
        wait_for(f"a route of TBW102 at {self.namesrv}", READY_S, lambda: routable(self.namesrv))

    def restart(self, how):
        checked(["sh", "-c", self.restart_command.replace("{how}", how)])
        self.start()

    def stop(self):
        return []

    def clean_up(self, failed):
        pass


class Agena:
    """`agena dev` on free ports with a data folder of its own."""

    PORTS = (9876, 10909, 10911, 10912)  # name server, fast port, broker, replication

    def __init__(self, binary, keep):
        if not os.access(binary, os.X_OK):
            raise Trouble(f"{binary} is not there or not executable; build it first")
        self.binary = os.path.abspath(binary)
        self.keep = keep
        self.folder = tempfile.mkdtemp(prefix="agena-interop-")
        self.data = os.path.join(self.folder, "data")
        self.log = open(os.path.join(self.folder, "server.log"), "ab")
        self.offset = self.free_offset()
        self.namesrv = f"127.0.0.1:{9876 + self.offset}"
        self.process = None

    @classmethod
    def free_offset(cls):
        for _ in range(200):
            offset = random.randrange(1000, 20000, 10)
            if not any(listens(port + offset) for port in cls.PORTS):
                return offset
        raise Trouble("no free ports")

    def can_restart(self):
        return True

    def start(self):
        began = time.monotonic()
        self.process = subprocess.Popen(
            [self.binary, "dev", "--data", self.data, "--port-offset", str(self.offset)],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            cwd=self.folder,
            preexec_fn=die_with_parent,
        )

        def ready():
            if self.process.poll() is not None:
                raise Trouble(
                    f"the server ended with {self.process.returncode} at its start:\n{self.tail()}"
                )
            return (
                listens(9876 + self.offset)
                and listens(10911 + self.offset)
                and routable(self.namesrv)
            )

        wait_for("the server's ports accept and its default topic is routable", READY_S, ready)
        print(
            f"agena dev (pid {self.process.pid}, name server {self.namesrv}) ready after "
            f"{(time.monotonic() - began) * 1000:.0f} ms, data in {self.data}",
            flush=True,
        )

    def end(self, how):
        """Ends the process; what a clean end owes is returned as complaints."""
        process, self.process = self.process, None
        if process is None:
            return []
        if process.poll() is not None:
            return [f"the server had ended before, with {process.returncode}:\n{self.tail()}"]
        process.send_signal(signal.SIGKILL if how == "kill" else signal.SIGTERM)
        try:
            process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return [f"SIGTERM did not end the server within {STOP_S} s"]
        complaints = []
        if how == "term":
            if process.returncode != 0:
                complaints.append(
                    f"SIGTERM ended the server with {process.returncode}:\n{self.tail()}"
                )
            left = glob.glob(os.path.join(self.data, "**", "abort"), recursive=True)
            if left:
                complaints.append(f"a clean stop left {left[0]}")
        return complaints

    def restart(self, how):
        complaints = self.end(how)
        if complaints:
            raise Trouble("; ".join(complaints))
        self.start()

    def stop(self):
        return self.end("term")

    def tail(self):
        self.log.flush()
        with open(self.log.name, errors="replace") as file:
            return "".join(file.readlines()[-20:])

    def clean_up(self, failed):
        if failed or self.keep:
            print(f"the server's log and data stay in {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


# ---- the suites ----

SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed$")


RUNNING = set()


def end_at_signal(number, _frame):
    """`finally` wants an exception, and a thread that reads a suite's output wants its end."""
    for process in list(RUNNING):
        process.kill()
    sys.exit(128 + number)


def show(suite, line):
    """Each line names its suite, because mqadmin runs beside the others."""
    sys.stdout.write(f"{suite:<11} {line}\n")
    sys.stdout.flush()


def run_counted(suite, command, answer=None, **options):
    """Streams a suite's output, returns (passed, failed); `answer` may reply to a line of it."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE if answer else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        errors="replace",
        **options,
    )
    killer = subprocess.Popen(
        ["sh", "-c", f"sleep {SUITE_LIMIT_S}; kill -9 {process.pid}"], start_new_session=True
    )
    counts = None
    RUNNING.add(process)
    try:
        for line in process.stdout:
            line = line.rstrip("\n")
            found = SUMMARY.match(line)
            if found:
                counts = int(found.group(1)), int(found.group(2))
                continue
            reply = answer(line) if answer else None
            if reply:
                process.stdin.write(reply + "\n")
                process.stdin.flush()
            else:
                show(suite, line)
        process.wait()
    finally:
        RUNNING.discard(process)
        os.killpg(killer.pid, signal.SIGKILL)
        killer.wait()
        if process.poll() is None:
            process.kill()
            process.wait()
    if counts is None:
        show(suite, f"FAIL  ended with {process.returncode} before its summary")
        return 0, 1
    if counts[1] == 0 and process.returncode != 0:
        show(suite, f"FAIL  ended with {process.returncode} after its summary")
        return counts[0], 1
    return counts


def add(left, right):
    return left[0] + right[0], left[1] + right[1]


class Suites:
    def __init__(self, cache, server, only, short_heartbeats):
        self.cache = cache
        self.short_heartbeats = short_heartbeats
        self.server = server
        self.only = only
        self.results = {}
        self.table = []
        self.homes = tempfile.mkdtemp(prefix="agena-interop-home-")

    def home(self, name):
        """Clients log and keep offsets below their home, which must not be the user's."""
        path = os.path.join(self.homes, name)
        os.makedirs(path, exist_ok=True)
        return path

    def java_command(self, version, arguments, serialization="JSON", short_heartbeats=False):
        home = self.home(f"java-{version}")
        return JVM + [
            f"-Duser.home={home}",
            f"-Drocketmq.client.localOffsetStoreDir={home}/offsets",
            f"-Drocketmq.serialize.type={serialization}",
            f"-Dcom.rocketmq.heartbeat.v2={str(short_heartbeats).lower()}",
            f"-Dinterop.namesrv={self.server.namesrv}",
            f"-Dinterop.only={self.only}",
            "-cp",
            build_java(self.cache, version),
            "agena.interop.Runner",
            *arguments,
        ]

    def java(self, version):
        suite = f"java-{version}"
        counts = run_counted(suite, self.java_command(version, ["all"]))
        # Clients before 5.1 do not know the short heartbeats, and send the long ones all the same.
        show(suite, "now with the ROCKETMQ serialization and heartbeats "
             + ("V2" if self.short_heartbeats else "V1"))
        return add(counts, run_counted(suite, self.java_command(
            version, ["core"], "ROCKETMQ", short_heartbeats=self.short_heartbeats)))

    def go(self):
        environment = dict(os.environ, HOME=self.home("go"))
        return run_counted(
            "go", [build_go(self.cache), "-only", self.only, self.server.namesrv], env=environment
        )

    def admin(self):
        return run_counted(
            "admin",
            [
                sys.executable,
                os.path.join(HERE, "admin", "admin_test.py"),
                self.server.namesrv,
                build_admin(self.cache),
                self.home("admin"),
            ],
        )

    def restart(self):
        counts = (0, 0)
        for how in ("term", "kill"):
            state = os.path.join(self.homes, f"phase-{how}")
            first = run_counted("restart", self.java_command("5.5.0", ["phase1", state]))
            counts = add(counts, first)
            if first[1] == 0:
                mode = "exact" if how == "term" or self.committed(state) else "repeated"
                show(
                    "restart",
                    f"{how}, then messages may come {'once' if mode == 'exact' else 'again'}",
                )
                self.server.restart(how)
                counts = add(
                    counts,
                    run_counted("restart", self.java_command("5.5.0", ["phase2", state, mode])),
                )

        def answer(line):
            if not line.startswith("RESTART "):
                return None
            self.server.restart(line.split()[1])
            return "DONE"

        # Short heartbeats reach a broker that has forgotten the long one: it has to ask for it.
        for short in (False, True):
            counts = add(counts, run_counted(
                "restart", self.java_command("5.5.0", ["live"], short_heartbeats=short), answer))
        return counts

    def committed(self, state):
        """Waits until the group's offsets are on disk, so that even kill -9 must not lose them."""
        if not self.server.data:
            return False
        with open(state) as file:
            known = dict(line.strip().split("=", 1) for line in file if "=" in line)
        entry = re.compile(
            re.escape(f'"{known["topic"]}@{known["group"]}"') + r"\s*:\s*\{([^}]*)\}"
        )

        def on_disk():
            for path in glob.glob(
                os.path.join(self.server.data, "**", "consumerOffset.json"), recursive=True
            ):
                try:
                    with open(path, errors="replace") as file:
                        found = entry.search(file.read())
                except FileNotFoundError:
                    continue  # It is being replaced at this moment.
                if found and re.findall(r":\s*(\d+)", found.group(1)) == ["10"] * 4:
                    return True
            return False

        try:
            wait_for("the committed offsets are on disk", 30, on_disk)
            return True
        except Trouble:
            show("restart", "the committed offsets did not reach the disk within 30 s")
            return False

    def run(self, name):
        """One suite, whatever goes wrong in it; keeps its line for the closing table."""
        began = time.monotonic()
        try:
            counts = (
                self.java(name[len("java-") :])
                if name.startswith("java-")
                else getattr(self, name)()
            )
        except Trouble as trouble:
            show(name, f"FAIL  {trouble}")
            counts = (0, 1)
        self.results[name] = counts
        seconds = time.monotonic() - began
        self.table.append(f"{name:<11} {counts[0]:4} passed {counts[1]:4} failed {seconds:7.1f} s")
        print(self.table[-1], flush=True)

    def run_all(self, names):
        """mqadmin mostly waits, so it runs beside the clients; restarts come at the end."""
        beside = threading.Thread(target=self.run, args=("admin",)) if "admin" in names else None
        if beside:
            beside.start()
        try:
            for name in names:
                if name not in ("admin", "restart"):
                    self.run(name)
        finally:
            if beside:
                beside.join()
        if "restart" in names:
            self.run("restart")


def main():
    parser = argparse.ArgumentParser(description="interop suites", usage=__doc__)
    parser.add_argument("--server", choices=("agena", "external"), default="agena")
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "release", "agena"))
    parser.add_argument("--namesrv")
    parser.add_argument("--restart-command")
    parser.add_argument("--data")
    parser.add_argument("--suite", default="")
    parser.add_argument("--only", default="")
    # The Java broker and client now and then lose a group's subscriptions over the short form, and
    # then the group gets nothing: which is theirs to mend, and no scenario's to show.
    parser.add_argument("--long-heartbeats", action="store_true")
    parser.add_argument("--cache", default=os.path.join(ROOT, "build", "interop"))
    parser.add_argument("--skip-missing", action="store_true")
    parser.add_argument("--fetch-only", action="store_true")
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()

    names = [name for name in arguments.suite.split(",") if name] or list(SUITES)
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        parser.error(f"unknown suite {unknown[0]}; there are {', '.join(SUITES)}")
    missing = sorted(
        {tool for name in names for tool in TOOLS[name.split("-")[0]] if not shutil.which(tool)}
    )
    if missing:
        print(f"not installed: {', '.join(missing)}")
        return 77 if arguments.skip_missing else 1
    cache = os.path.abspath(arguments.cache)
    os.makedirs(cache, exist_ok=True)
    for name in names:
        if name.startswith("java-"):
            build_java(cache, name[len("java-") :])
        else:
            {"go": build_go, "admin": build_admin, "restart": lambda c: build_java(c, "5.5.0")}[
                name
            ](cache)
    if arguments.fetch_only:
        return 0

    if arguments.server == "external":
        if not arguments.namesrv:
            parser.error("--server external needs --namesrv HOST:PORT")
        server = External(arguments.namesrv, arguments.restart_command, arguments.data)
    else:
        server = Agena(arguments.binary, arguments.keep)
    if not server.can_restart() and "restart" in names:
        names.remove("restart")
        print("restart: left out, because there is no --restart-command")

    signal.signal(signal.SIGTERM, end_at_signal)
    signal.signal(signal.SIGINT, end_at_signal)
    complaints = []
    suites = Suites(cache, server, arguments.only, not arguments.long_heartbeats)
    try:
        server.start()
        suites.run_all(names)
    finally:
        complaints = server.stop()
        for complaint in complaints:
            print(f"FAIL  {complaint}")
        total = (0, len(complaints))
        for counts in suites.results.values():
            total = add(total, counts)
        good = total[1] == 0 and len(suites.results) == len(names)
        server.clean_up(not good)
        shutil.rmtree(suites.homes, ignore_errors=True)
    print("\n".join(suites.table))
    print(f"{total[0]} passed, {total[1]} failed")
    return 0 if good and total[0] > 0 else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Trouble as trouble:
        print(trouble)
        sys.exit(1)
