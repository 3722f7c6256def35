"""The Java RocketMQ server as a peer in tests: its name server, its broker and mqadmin, each a
process on the loopback address.

    peer.require()                     fetch the jars once (Maven Central), or say why not
    ns = peer.start_namesrv(home, 19876)
    broker = peer.start_broker(home, ns.address, port=20911)
    print(peer.admin(ns.address, "clusterList", home=home))
    broker.stop(); ns.stop()           or kill(), as a crash would

Every process keeps its files below `home`. The jars lie in build/peer/VERSION/lib, or where
AGENA_PEER_LIB points. Run as a program, it fetches the jars.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

VERSION = os.environ.get("AGENA_PEER_VERSION", "5.5.0")
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
START_LIMIT_S = 90
STOP_LIMIT_S = 30

# What Java 17 keeps closed and the server reaches for: unmapping buffers, asking which pages are in
# memory, and reading fields by reflection.
_OPEN_PACKAGES = ["java.lang", "java.util", "java.math", "java.nio", "sun.nio.ch", "jdk.internal.ref"]


class Unavailable(Exception):
    """There is no Java, no Maven or no registry: a caller may skip what needs the peer."""


def lib():
    given = os.environ.get("AGENA_PEER_LIB")
    return pathlib.Path(given) if given else ROOT / "build" / "peer" / VERSION / "lib"


def require():
    """The folder with the jars, fetched if it is not there yet."""
    folder = lib()
    if any(folder.glob("rocketmq-broker-*.jar")):
        return folder
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            raise Unavailable(f"{tool} is not installed")
    partial = folder.with_name("lib.partial")
    shutil.rmtree(partial, ignore_errors=True)
    fetched = subprocess.run(
        ["mvn", "-B", "-q", "-f", str(HERE / "pom.xml"), f"-Drocketmq.version={VERSION}",
         "dependency:copy-dependencies", f"-DoutputDirectory={partial}", "-DincludeScope=runtime"],
        capture_output=True, text=True, check=False)
    if fetched.returncode != 0:
        raise Unavailable("the jars cannot be fetched: " + (fetched.stdout + fetched.stderr)[-2000:])
    partial.rename(folder)
    return folder


# The JVM of a server that is measured, and of one that only has to be up soon.
_LONG_RUN = ("-XX:+UseG1GC",)
_SHORT_RUN = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


def command(main_class, home, heap="512m", properties=(), arguments=(), jvm=_LONG_RUN):
    """The command line of one of the server's main classes."""
    line = ["java", *jvm, f"-Xms{heap}", f"-Xmx{heap}", "-Djava.net.preferIPv4Stack=true",
            "-Dtls.server.mode=disabled"]  # To make a certificate takes seconds.
    for package in _OPEN_PACKAGES:
        line += ["--add-opens", f"java.base/{package}=ALL-UNNAMED"]
    for package in ("sun.nio.ch", "jdk.internal.ref"):
        line += ["--add-exports", f"java.base/{package}=ALL-UNNAMED"]
    line += [f"-Duser.home={home}", f"-Drocketmq.home.dir={home}"]
    line += [f"-D{item}" for item in properties]
    return line + ["-cp", f"{require()}/*", main_class, *arguments]


class Running:
    """A started server. `out` is the file that holds what it printed."""

    def __init__(self, name, line, home, port):
        self.name, self.port, self.address = name, port, f"127.0.0.1:{port}"
        home = pathlib.Path(home)
        home.mkdir(parents=True, exist_ok=True)
        self.out = home / f"{name}.out"
        environment = {**os.environ, "ROCKETMQ_HOME": str(home)}
        environment.pop("NAMESRV_ADDR", None)
        with open(self.out, "ab") as out:
            self.process = subprocess.Popen(line, stdout=out, stderr=out, env=environment)
        try:
            self._await_port()
        except Exception:
            self.kill()
            raise

    def _await_port(self):
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended at once: " + self.tail())
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} does not listen on {self.port}: " + self.tail())
            time.sleep(0.1)

    def tail(self):
        return self.out.read_text(errors="replace")[-2000:] if self.out.exists() else ""

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        """As an operator would; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    def kill(self):
        """As a crash would."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def _log_nowhere(home):
    """What releases before 5.0 do not start without: their log configuration, here an empty one."""
    for what in ("namesrv", "broker"):
        path = pathlib.Path(home) / "conf" / f"logback_{what}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<configuration/>\n")


def _write_config(path, settings):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    return path


def start_namesrv(home, port, heap="256m", short_run=False, **settings):
    home = pathlib.Path(home)
    if VERSION.startswith("4."):
        _log_nowhere(home)
    config = _write_config(home / "namesrv.conf", {
        "listenPort": port, "bindAddress": "127.0.0.1",
        "kvConfigPath": home / "namesrv" / "kvConfig.json", **settings})
    line = command("org.apache.rocketmq.namesrv.NamesrvStartup", home, heap,
                   ["rmq.logback.configurationFile=rmq.namesrv.logback.xml"], ["-c", str(config)],
                   _SHORT_RUN if short_run else _LONG_RUN)
    return Running("namesrv", line, home, port)


def start_broker(home, namesrv, port, name="broker-a", broker_id=0, role="ASYNC_MASTER",
                 cluster="DefaultCluster", store=None, heap="512m", short_run=False, **settings):
    """`settings` are further keys of broker.conf, by their Java names. Takes port - 2 to port + 1.
    A short run starts sooner and works slower."""
    home = pathlib.Path(home)
    store = pathlib.Path(store) if store else home / f"store-{name}-{broker_id}"
    config = _write_config(home / f"{name}-{broker_id}.conf", {
        "brokerClusterName": cluster, "brokerName": name, "brokerId": broker_id,
        "brokerRole": role, "flushDiskType": "ASYNC_FLUSH", "namesrvAddr": namesrv,
        "brokerIP1": "127.0.0.1", "brokerIP2": "127.0.0.1", "bindAddress": "127.0.0.1",
        "listenPort": port, "haListenPort": port + 1,
        "storePathRootDir": store, "storePathCommitLog": store / "commitlog",
        "mappedFileSizeCommitLog": 64 << 20, "diskMaxUsedSpaceRatio": 95,
        "enablePropertyFilter": "true",
        # The default of 200 ms answers "busy" whenever a small machine hesitates.
        "waitTimeMillsInSendQueue": 2000, **settings})
    store.mkdir(parents=True, exist_ok=True)
    if VERSION.startswith("4."):
        _log_nowhere(home)
    line = command("org.apache.rocketmq.broker.BrokerStartup", home, heap,
                   ["rmq.logback.configurationFile=rmq.broker.logback.xml",
                    "rocketmq.broker.diskSpaceWarningLevelRatio=0.98",
                    "rocketmq.broker.diskSpaceCleanForciblyRatio=0.97"],
                   ["-c", str(config), "-n", namesrv], _SHORT_RUN if short_run else _LONG_RUN)
    return Running(f"{name}-{broker_id}", line, home, port)


def admin(namesrv, *arguments, home, limit_s=60):
    """Runs one mqadmin command; returns what it printed."""
    pathlib.Path(home).mkdir(parents=True, exist_ok=True)
    line = command("org.apache.rocketmq.tools.command.MQAdminStartup", home, "128m",
                   ["rmq.logback.configurationFile=rmq.tools.logback.xml"],
                   [*arguments, "-n", namesrv], _SHORT_RUN)
    done = subprocess.run(line, capture_output=True, text=True, timeout=limit_s, check=False,
                          env={**os.environ, "ROCKETMQ_HOME": str(home)})
    return done.stdout + done.stderr


if __name__ == "__main__":
    try:
        print(require())
    except Unavailable as missing:
        sys.exit(str(missing))
