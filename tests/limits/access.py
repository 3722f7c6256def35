"""Who may do what while nothing authenticates peers: rules about addresses and keys."""
import pathlib
import struct
import subprocess
import zlib

from check import (NO_PERMISSION, REGISTER, ROUTE, TOPIC, connect_from, expect,
                   send_one)
from frames import registration_fields
from lib import remoting, server

ADMIN, STRANGER = "127.0.0.2", "127.0.0.1"
UPDATE_BROKER, GET_BROKER, UPDATE_NAMESRV, GET_NAMESRV = 25, 26, 318, 319
# What nobody may change from afar, whatever else the lists of live keys say.
NEVER_LIVE = ("path", "addr", "dir", "cidr", "port", "ip1", "ip2", "bind", "allow", "auth", "usetls",
              "home", "name", "filterserver", "flushdisktype", "role", "mapped", "storetype", "halisten")
HARMLESS = {"registerNameServerPeriod", "supportActingMaster"}  # By chance.
LIVE_MAX = 20


def refuses_to_start(place, part, named, **settings):
    home = place.home / "refused"
    home.mkdir(exist_ok=True)
    config = home / f"{part}.conf"
    settings = {"listenPort": server.free_port(), "storePathRootDir": home / "store", **settings}
    if part == "namesrv":
        del settings["storePathRootDir"]
    config.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    done = subprocess.run([place.binary, part, "-c", config], capture_output=True, text=True,
                          timeout=20, check=False)
    said = done.stdout + done.stderr
    expect(done.returncode not in (0, None) and done.returncode > 0,
           f"{part} {settings}: status {done.returncode}")
    expect(named in said, f"{part}: its message does not name {named}: {said[-500:]}")
    return said


def listening(port):
    """The addresses at which this machine listens on a port, as the kernel writes them."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in pathlib.Path(table).read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if state == "0A" and int(local.rsplit(":", 1)[1], 16) == port:
                found.add(local.rsplit(":", 1)[0])
    return found


def only_loopback_is_bound_unless_told(place):
    """192.0.2.1 is nobody's address: were it allowed, listening on it would still fail."""
    for part in ("broker", "namesrv"):
        for address in ("0.0.0.0", "::", "192.0.2.1"):
            refuses_to_start(place, part, "allowUnauthenticatedRemote", bindAddress=address)
        said = refuses_to_start(place, part, "192.0.2.1", bindAddress="192.0.2.1",
                                allowUnauthenticatedRemote="true")
        expect("allowUnauthenticatedRemote" not in said, f"{part}: refused although allowed: {said}")
        for bad in ("10.0.0.0/33", "everyone", "10.0.0.0/-1"):
            refuses_to_start(place, part, "adminAllowCidr", adminAllowCidr=bad)
    dev = server.Dev(place.binary, str(place.home / "dev")).start()
    try:
        for port in (9876, 10911, 10909):
            at = listening(port + dev.offset)
            expect(at == {"0100007F"}, f"port {port} + offset listens at {at}, not 127.0.0.1 alone")
    finally:
        dev.stop()


def key_values(text):
    return dict(line.split("=", 1) for line in text.decode().splitlines() if "=" in line)


def another(value):
    """A value of the same kind: what does not change anything may pass."""
    if value in ("true", "false"):
        return "false" if value == "true" else "true"
    try:
        return str(int(value) - 1 if int(value) > 1 else int(value) + 1)
    except ValueError:
        return value + "x"


def check_keys(address, update, get):
    with connect_from(ADMIN, address) as admin:
        before = key_values(admin.call(get).body)
        live = []
        for key, value in before.items():
            answer = admin.call(update, {}, f"{key}={another(value)}\n".encode())
            if answer.code == NO_PERMISSION:
                expect(key in answer.remark, f"the remark does not name {key}: {answer.remark}")
            if answer.code != 0:  # Some are refused for their value already.
                continue
            live.append(key)
            answer = admin.call(update, {}, f"{key}={value}\n".encode())
            expect(answer.code == 0, f"{key} back to {value}: {answer.code} {answer.remark}")
        expect(0 < len(live) <= LIVE_MAX, f"{len(live)} of {len(before)} keys are live: {live}")
        bad = [key for key in live if key not in HARMLESS
               and any(word in key.lower() for word in NEVER_LIVE)]
        expect(not bad, f"live, but of a kind that may not be: {bad}")
        mixed = f"{live[0]}={another(before[live[0]])}\nlistenPort=1\n"
        expect(admin.call(update, {}, mixed.encode()).code == NO_PERMISSION, "one good, one not")
        after = key_values(admin.call(get).body)
        expect(after == before, f"a refused update changed {set(after.items()) - set(before.items())}")
        return len(live), len(before)


def few_keys_can_be_changed_from_afar(place):
    with place.broker(adminAllowCidr=f"{ADMIN}/32") as broker:
        live, keys = check_keys(broker.address, UPDATE_BROKER, GET_BROKER)
        print(f"  broker: {live} of {keys} keys")
        with connect_from(ADMIN, broker.address) as admin:
            # CVE-2023-33246 and its kin: keys that ended up in a command line or a path.
            for key, value in [("rocketmqHome", "-c $@|sh . echo touch /tmp/x;"),
                               ("filterServerNums", "1"), ("storePathRootDir", "/tmp/elsewhere"),
                               ("brokerConfigPath", "/tmp/elsewhere"), ("namesrvAddr", "127.0.0.1:1"),
                               ("adminAllowCidr", "0.0.0.0/0"), ("bindAddress", "0.0.0.0"),
                               ("allowUnauthenticatedRemote", "true"), ("listenPort", "1"),
                               ("flushDiskType", "SYNC_FLUSH"), ("brokerIP1", "192.0.2.1")]:
                answer = admin.call(UPDATE_BROKER, {}, f"{key}={value}\n".encode())
                expect(answer.code == NO_PERMISSION, f"{key}: {answer.code} {answer.remark}")
            for body in (b"\xff\xfe=1", b"x" * (1 << 20), b"=\n=\n", b"autoCreateTopicEnable=maybe"):
                admin.call(UPDATE_BROKER, {}, body)  # Whatever it answers, it lives.
            mode = key_values(admin.call(GET_BROKER).body)["autoCreateTopicEnable"]
            expect(mode == "true", f"autoCreateTopicEnable became {mode}")
    with place.namesrv(adminAllowCidr=f"{ADMIN}/32") as namesrv:
        live, keys = check_keys(namesrv.address, UPDATE_NAMESRV, GET_NAMESRV)
        print(f"  namesrv: {live} of {keys} keys")


BROKER_ADMIN = {
    17: {"topic": "Made", "defaultTopic": "TBW102", "readQueueNums": 4, "writeQueueNums": 4,
         "perm": 6, "topicFilterType": "SINGLE_TAG", "topicSysFlag": 0, "order": "false"},
    18: {}, 25: {}, 26: {}, 200: {}, 207: {"groupName": "g"}, 215: {"topic": "Gone"},
    222: {"topic": TOPIC, "group": "g", "timestamp": 0, "isForce": "true"},
    223: {"topic": TOPIC, "group": "g"}, 225: {}, 306: {},
    307: {"consumerGroup": "g", "clientId": "c"},
    309: {"consumerGroup": "g", "clientId": "c"}, 314: {"srcGroup": "g", "destGroup": "h"},
    316: {}, 329: {}, 353: {"group": "g", "topic": TOPIC}}
NAMESRV_ADMIN = {
    100: {"namespace": "n", "key": "k", "value": "v"}, 102: {"namespace": "n", "key": "k"},
    205: {"brokerName": "b"}, 216: {"topic": "t"}, 318: {}, 319: {}, 327: {"brokerName": "b"}}
NAMESRV_BROKER = {
    103: registration_fields(compressed="false"), 104: registration_fields(),
    217: {"topic": "t"}, 322: registration_fields(), 904: registration_fields()}


def check_codes(address, requests, may, may_not, key):
    with connect_from(may_not, address) as stranger, connect_from(may, address) as friend:
        for code, fields in requests.items():
            answer = stranger.call(code, fields)
            expect(answer.code == NO_PERMISSION and key in (answer.remark or ""),
                   f"{code} from a stranger: {answer.code} {answer.remark}")
            answer = friend.call(code, fields)
            expect(answer.code != NO_PERMISSION or key not in answer.remark,
                   f"{code} from {may}: {answer.code} {answer.remark}")


def only_named_addresses_may_administer(place):
    with place.broker(adminAllowCidr=f"{ADMIN}/32") as broker:
        with remoting.Connection(broker.address) as client:
            expect(send_one(client).code == 0, "a client's send")
            check_codes(broker.address, BROKER_ADMIN, ADMIN, STRANGER, "adminAllowCidr")
            expect(send_one(client).code == 0, "a client's send afterwards")
            expect(remoting.pull(client, TOPIC, 0, 0).code == 0, "a client's pull")
    # By default an operator on the same machine may.
    with place.broker() as broker, remoting.Connection(broker.address) as admin:
        expect(admin.call(17, BROKER_ADMIN[17]).code == 0, "a local operator makes a topic")


def only_named_addresses_may_register(place):
    with place.namesrv(adminAllowCidr=f"{ADMIN}/32", brokerAllowCidr="127.0.0.3/32") as namesrv:
        check_codes(namesrv.address, NAMESRV_BROKER, "127.0.0.3", STRANGER, "brokerAllowCidr")
        check_codes(namesrv.address, NAMESRV_ADMIN, ADMIN, STRANGER, "adminAllowCidr")
        with remoting.Connection(namesrv.address) as client:
            expect(client.call(ROUTE, {"topic": "t"}).code in (0, 17), "a client's route")
            expect(client.call(106).code == 0, "a client's view of the cluster")


def counted(text):
    return struct.pack(">i", len(text)) + text


def a_living_brokers_name_is_not_taken_over(place):
    topics = [b"Owned 4 4 6 SINGLE_TAG", b"Other 4 4 6 SINGLE_TAG"]
    body = zlib.compress(counted(b'{"timestamp":1,"counter":1,"stateVersion":0}') +
                         struct.pack(">i", len(topics)) + b"".join(map(counted, topics)) +
                         counted(b"[]") + struct.pack(">i", 0))

    def route(connection):
        answer = connection.call(ROUTE, {"topic": "Owned"})
        expect(answer.code == 0, f"the route: {answer.code} {answer.remark}")
        return answer.body

    with place.namesrv() as namesrv, remoting.Connection(namesrv.address) as owner, \
            remoting.Connection(namesrv.address) as thief:
        mine = registration_fields()
        answer = owner.call(REGISTER, mine, body)
        expect(answer.code == 0, f"the first registration: {answer.code} {answer.remark}")
        before = route(thief)
        expect(b"127.0.0.1:1" in before, f"the owner's address: {before}")
        theirs = {**mine, "clusterName": "Another", "brokerAddr": "127.0.0.1:66"}
        answer = thief.call(REGISTER, theirs, body)
        expect(answer.code != 0, "another cluster's broker of that name was taken")
        expect(route(thief) == before, "a refused registration changed the route")
        expect(owner.call(REGISTER, mine, body).code == 0, "the owner registers again")
        print(f"  {answer.remark}")


SUITES = [only_loopback_is_bound_unless_told, few_keys_can_be_changed_from_afar,
          only_named_addresses_may_administer, only_named_addresses_may_register,
          a_living_brokers_name_is_not_taken_over]
