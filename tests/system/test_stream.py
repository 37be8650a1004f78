"""The three sockets under clients that are slow, wrong, hostile or merely repeat themselves."""
import json
import os
import random
import socket
import time

import zmq

import vigil_system as vs

GAP_LIMIT_S = 1.5
# Frames the daemon keeps for one reader; when they are full, the reader loses frames.
HIGH_WATER = 4096
# The journal's ring, touched for the first time, is within this; queues without a bound are not.
MEMORY_LIMIT_KIB = 6144


def start(b, waves=True, sims=1):
    b.sim("oximeter", "ox-%d", "--count", str(sims), "--quiet")
    devices = [(f"ox-{i}", f"bed-{i}", "nonin", f"tty:{b.path(f'ox-{i}')}") for i in range(sims)]
    daemon = b.daemon(b.config(devices))
    stream = b.stream(keep_waves=waves)
    for i in range(sims):
        stream.wait(f"v1.bed-{i}.vital.spo2", test=vs.is_value)
    return daemon, stream


def check_reader(stream, since, sims=1):
    for i in range(sims):
        values = list(stream.select(f"v1.bed-{i}.vital.spo2", since))
        vs.check_gapless(values, "values")
        vs.check(vs.widest_gap(values) <= GAP_LIMIT_S, "values paused")
        vs.check_gapless(list(stream.select(f"v1.bed-{i}.wave.pleth", since)), "waves")
        vs.check_gapless(list(stream.select(f"v1.bed-{i}.alarms", since)), "alarms")


def test_reader_that_never_reads(b):
    """Four of them beside the load of 48 oximeters: their queues fill, then nothing grows."""
    sims = 48
    daemon, stream = start(b, sims=sims)
    time.sleep(1)
    since = stream.mark()
    for _ in range(4):
        s = b.context.socket(zmq.SUB)
        s.setsockopt(zmq.RCVHWM, 1)
        s.setsockopt(zmq.RCVBUF, 2048)
        s.setsockopt(zmq.SUBSCRIBE, b"")
        s.connect(b.stream_at)
        b.keep(s)
    cpu, began = daemon.cpu_s(), vs.now()
    vs.wait_for(lambda: stream.mark() - since > 2 * HIGH_WATER, "frames")
    filled = daemon.rss_kib()
    vs.wait_for(lambda: stream.mark() - since > 6 * HIGH_WATER, "frames", 2 * vs.CEILING)
    check_reader(stream, since, sims)
    growth = daemon.rss_kib() - filled
    b.worst.add("rss_growth_kib", growth)
    b.worst.add("rss_kib", daemon.rss_kib())
    b.worst.add("cpu_share", (daemon.cpu_s() - cpu) / (vs.now() - began))
    vs.check(growth < MEMORY_LIMIT_KIB, "memory grew by", growth, "KiB over", filled)


def test_receiver_that_never_reads(b):
    """A client that asks and never takes its answers."""
    daemon, stream = start(b)
    since, before = stream.mark(), daemon.rss_kib()
    deaf = b.client(view=True)
    deaf.socket.setsockopt(zmq.RCVHWM, 1)
    end = vs.now() + 5
    asked = 0
    while vs.now() < end:
        deaf.send({"op": "snapshot"})
        asked += 1
        if asked % 200 == 0:
            time.sleep(0.01)
    check_reader(stream, since)
    other = b.client(view=True)
    started = vs.now()
    b.snapshot(other)
    b.worst.add("snapshot_beside_s", vs.now() - started)
    b.worst.add("rss_growth_kib", daemon.rss_kib() - before)
    print(f"asked {asked} times")
    vs.check(daemon.rss_kib() - before < 4 * MEMORY_LIMIT_KIB, "memory grew to", daemon.rss_kib())


def garbage(b):
    """One multipart message of nonsense."""
    dose = b.dose("bed-0")
    choice = random.randrange(12)
    if choice == 0:
        return [b"", random.randbytes(random.randrange(0, 64))]
    if choice == 1:
        return [b"", random.randbytes(5 * 1024)]
    if choice == 2:
        return [random.randbytes(8) for _ in range(random.randrange(1, 9))]
    if choice == 3:
        return [b"", json.dumps(dict(dose, surprise=1)).encode()]
    if choice == 4:
        return [b"", b'{"op":"dose","op":"ack"}']
    if choice == 5:
        return [b"", b"[" * random.randrange(1, 4000)]
    if choice == 6:
        return [b"", json.dumps(dict(dose, amount=random.choice(
            ["0,5", "-1", "1e3", "0x10", " 5", "", "9" * 30, None, [], {}, 1.5, 0]))).encode()]
    if choice == 7:
        bed = random.choice(["bed-9", "", "bed-0\0", 5])
        return [b"", json.dumps(dict(dose, bed=bed)).encode()]
    if choice == 8:
        return [b"", json.dumps(dose).encode()[:random.randrange(0, 100)]]
    if choice == 9:
        return [b"", b"", b""]
    if choice == 10:
        return [b"", json.dumps({"op": "ack", "request_id": vs.request_id(), "bed": "bed-0",
                                 "operator": "anna", "instance": random.choice(
                                     [-1, 2**63, 1.5, "1", None, 10**30])}).encode()]
    member = random.choice(list(dose))
    return [b"", json.dumps({k: v for k, v in dose.items() if k != member}).encode()]


def send_garbage(b, endpoint, count):
    """How many were answered; every answer is a JSON object that says no."""
    s = b.context.socket(zmq.DEALER)
    s.setsockopt(zmq.LINGER, 0)
    s.connect(endpoint)
    b.keep(s)
    answers = 0
    for _ in range(count):
        s.send_multipart(garbage(b))
        while s.poll(2):
            reply = json.loads(s.recv_multipart()[-1])
            vs.check(reply["ok"] is False and reply["status"] and reply["text"], reply)
            answers += 1
    while s.poll(300):
        s.recv_multipart()
        answers += 1
    return answers


def shout(path, count):
    """Bytes that are not even ZeroMQ, and connections that say nothing."""
    for i in range(count):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)
            try:
                s.sendall(random.randbytes(i * 100))
            except OSError:
                pass  # thrown out in the middle: rightly so


def test_garbage(b):
    daemon, stream = start(b)
    client = b.client()
    since, before = stream.mark(), daemon.rss_kib()
    # Without a session no dose can be recorded, whatever slips through.
    answers = [send_garbage(b, at, 1500) for at in (b.operate_at, b.view_at)]
    for path in ("stream", "view", "operate"):
        shout(b.path(path), 20)
    check_reader(stream, since)
    b.worst.add("rss_growth_kib", daemon.rss_kib() - before)
    vs.check(all(a > 500 for a in answers), "answers", answers)
    b.open_session(client, "bed-0")
    for endpoint in (b.operate_at, b.view_at):
        send_garbage(b, endpoint, 300)
    reply = client.ask(b.dose("bed-0"))
    vs.check(reply["ok"] and reply["recorded"], "a dose after all that:", reply)
    vs.equal(len(b.record().doses()), 1, "doses")
    vs.check(not stream.alarms("bed-0"), stream.alarms("bed-0"))


def test_wrong_socket(b):
    start(b)
    view, operate = b.client(view=True), b.client()
    reply = view.ask(b.dose("bed-0"))
    vs.check(not reply["ok"] and reply["status"] == "DENIED", reply)
    reply = operate.ask({"op": "snapshot"})
    vs.check(not reply["ok"] and reply["status"] == "DENIED", reply)
    for path in ("stream", "view", "operate"):
        mode = os.stat(b.path(path)).st_mode & 0o777
        vs.check(mode in (0o600, 0o660), path, oct(mode))


def test_req_and_dealer(b):
    start(b)
    b.open_session(b.client(), "bed-0")
    for kind in (zmq.REQ, zmq.DEALER):
        client = b.client(kind)
        reply = client.ask(b.dose("bed-0"))
        vs.check(reply["ok"] and reply["recorded"] and not reply["duplicate"], reply)
        view = b.client(kind, view=True)
        vs.equal(b.snapshot(view, "bed-0")["bed"], "bed-0", "bed")
    plain = b.context.socket(zmq.DEALER)  # without the empty frame that REQ adds
    plain.setsockopt(zmq.LINGER, 0)
    plain.connect(b.operate_at)
    b.keep(plain)
    plain.send(json.dumps(b.dose("bed-0")).encode())
    vs.check(plain.poll(int(vs.CEILING * 1000)), "no answer without an envelope")
    parts = plain.recv_multipart()
    vs.equal(len(parts), 1, "frames of the answer")
    vs.check(json.loads(parts[0])["recorded"], parts)


def test_repeated_request(b):
    """The same id from several clients, at once and later: one receipt, one row, one event."""
    daemon, stream = start(b)
    b.open_session(b.client(), "bed-0")
    clients = [b.client(random.choice((zmq.REQ, zmq.DEALER))) for _ in range(6)]
    since = stream.mark()
    for _ in range(20):
        rid = vs.request_id()
        dose = b.dose("bed-0", rid)
        for c in clients:
            c.send(dose)
        replies = [c.receive(vs.CEILING) for c in clients]
        replies += [c.ask(dose) for c in clients[:2]]
        vs.check(all(r["ok"] and r["recorded"] for r in replies), replies)
        vs.equal(len({r["receipt"] for r in replies}), 1, f"receipts {replies}")
        vs.equal(sum(1 for r in replies if not r["duplicate"]), 1, f"first ones {replies}")
    stream.wait("v1.bed-0.dose", since, request_id=rid)
    time.sleep(0.3)
    vs.equal(len(list(stream.select("v1.bed-0.dose", since))), 20, "dose frames")
    vs.equal(len(b.record().doses()), 20, "doses in the record")
    vs.equal(b.snapshot(b.client(view=True), "bed-0")["session"]["doses"], 20, "doses counted")
    daemon.kill()
    b.daemon(daemon.argv[2])
    reply = b.client().ask(dose)
    vs.check(reply["duplicate"] and reply["receipt"] == replies[0]["receipt"], reply)
    vs.equal(len(b.record().doses()), 20, "doses in the record after a restart")


def test_snapshot_and_heartbeat(b):
    """A late subscriber gets the present state at once, then .alarms once a second."""
    start(b, sims=2)
    late = b.keep(vs.Stream(b.stream_at, ("v1.bed-1.",), keep_waves=False))
    started = vs.now()
    f = late.wait("v1.bed-1.vital.spo2", snapshots=True, snapshot=True)
    b.worst.add("snapshot_s", f.at - started)
    vs.check(vs.is_value(f.body) and f.body["age_ms"] < 2000, f)
    state = late.wait("v1.bed-1.device.ox-1", snapshots=True, snapshot=True)
    vs.check(state.body["online"], state)
    late.wait("v1.bed-1.alarms", snapshots=True)
    vs.check(all(f.topic.startswith("v1.bed-1.") for f in late.frames), "of another bed")
    since = late.mark()
    time.sleep(6.2)
    beats = list(late.select("v1.bed-1.alarms", since))
    vs.check_gapless(beats, "alarms")
    vs.check(6 <= len(beats) <= 8, len(beats), "beats in 6 s")
    gap = vs.widest_gap(beats)
    b.worst.add("beat_gap_s", gap)
    vs.check(gap <= 1.3, "the heartbeat paused for", gap)
    values = [f.body["seq"] for f in late.frames if f.topic == "v1.bed-1.vital.spo2"]
    vs.check(values == sorted(values), "seq of one topic goes back")
    narrow = b.keep(vs.Stream(b.stream_at, ("v1.bed-0.vital.spo2",)))
    narrow.wait("v1.bed-0.vital.spo2", snapshots=True, snapshot=True)
    time.sleep(1.0)
    vs.equal({f.topic for f in narrow.frames}, {"v1.bed-0.vital.spo2"}, "topics")


def test_mark_of_simulators(b):
    """Everything that comes from a pseudo-terminal or the loopback says so, everywhere."""
    tcp_ox, tcp_vm = vs.free_port(), vs.free_port()
    ox = b.oximeter("ox-1")
    b.oximeter("ox-2", tcp=tcp_ox)
    b.modbus("vm-1")
    b.modbus("vm-2", tcp=tcp_vm)
    b.cuff("cuff-1")
    unit = ("unit: 17", "options: { map: vm2 }")
    daemon = b.daemon(b.config([
        ("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}"),
        ("cuff-1", "bed-1", "suntech", f"tty:{b.path('cuff-1')}"),
        ("ox-2", "bed-2", "nonin", f"tcp:127.0.0.1:{tcp_ox}"),
        ("vm-1", "bed-3", "modbus", f"modbus-rtu:{b.path('vm-1')}", *unit),
        ("vm-2", "bed-4", "modbus", f"modbus-tcp:127.0.0.1:{tcp_vm}", *unit)]))
    stream = b.stream()
    for bed in (1, 2, 3, 4):
        stream.wait(f"v1.bed-{bed}.vital.spo2", test=vs.is_value)
    since = stream.mark()
    client = b.client()
    b.open_session(client, "bed-1")
    vs.check(client.ask(b.dose("bed-1"))["recorded"], "dose")
    ox.say("spo2 80")
    stream.wait_alarm("bed-1", "SPO2_DESAT", test=True)
    time.sleep(1.5)
    frames = [f for f in stream.frames[since:] if f.topic != "v1.node.head"]  # about no bed
    vs.equal([f for f in frames if f.body.get("test") is not True], [], "frames without the mark")
    groups = {f.topic.split(".")[2] for f in frames}
    vs.equal(groups - {"device"}, {"vital", "wave", "alarm", "alarms", "session", "dose"},
             "kinds of frames")
    vs.equal(daemon.terminate(), 0, "exit code")
    equal = b.record().rows("SELECT kind, count(*) FROM event WHERE (flags & 1) = 0"
                            " AND bed IS NOT NULL AND kind NOT IN (4) GROUP BY kind")
    vs.equal(equal, [], "rows without the mark")


vs.main(test_reader_that_never_reads, test_receiver_that_never_reads, test_garbage,
        test_wrong_socket, test_req_and_dealer, test_repeated_request, test_snapshot_and_heartbeat,
        test_mark_of_simulators)
