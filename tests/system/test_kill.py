"""SIGKILL at random moments: nothing that was confirmed may be missing afterwards.

VIGIL_KILLS sets how often (200), VIGIL_SEED repeats a run.
"""
import os
import random
import threading
import time

import zmq

import vigil_system as vs

CLIENTS = 4
RESTORE_LIMIT_S = 2.0
# Conditions that end by themselves as soon as the device is heard again.
TRANSIENT = ("LINK_DEVICE", "DATA_LOST")


class Giver(threading.Thread):
    """A client that gives doses one after the other and repeats each until it is confirmed."""

    def __init__(self, bench, number, may_give):
        super().__init__(daemon=True)
        self.bench = bench
        self.may_give = may_give
        self.name = f"giver-{number}"
        self.random = random.Random(random.random())
        self.confirmed = {}
        self.sent = 0
        self.repeats = 0
        self.stop = threading.Event()
        self.error = None

    def run(self):
        try:
            while not self.stop.is_set():
                self.may_give.wait(1)
                self.give()
                time.sleep(self.random.uniform(0, 0.04))
        except Exception as e:
            self.error = e

    def give(self):
        rid = vs.request_id()
        bed = self.random.choice(("bed-1", "bed-2"))
        client = None
        self.sent += 1
        end = vs.now() + vs.CEILING
        while not self.stop.is_set() and vs.now() < end:
            if client is None:
                kind = self.random.choice((zmq.DEALER, zmq.REQ))
                client = vs.Client(self.bench.context, self.bench.operate_at, kind)
            client.send(self.bench.dose(bed, rid, operator=self.name))
            reply = client.receive(self.random.uniform(0.02, 0.4))
            if reply is not None and reply.get("request_id") == rid:
                vs.check(reply["ok"], "dose refused:", reply)
                if reply["recorded"]:
                    self.confirmed[rid] = reply["receipt"]
                    break
            self.repeats += 1
            client.close() # an answer to the first sending must not be taken for the second's
            client = None
        if client is not None:
            client.close()
        vs.check(rid in self.confirmed or self.stop.is_set(), "a dose was never confirmed")


def first_alarms(stream, mark, bed, wanted, started):
    """When the state of the bed held all of `wanted` again, all of them not acknowledged."""
    def has(body):
        open_now = {i["instance"]: i for i in body["instances"]}
        return all(i in open_now and not open_now[i]["ack"] for i in wanted)
    f = stream.wait(f"v1.{bed}.alarms", mark, test=has)
    return f.at - started


def open_long_enough(stream, bed, first_seen, at):
    """Instances of the last state before the kill that were then at least a second old."""
    out = {}
    for i in stream.alarms(bed):
        first_seen.setdefault(i["instance"], at)
        if i["condition"] not in TRANSIENT and at - first_seen[i["instance"]] >= 1.0:
            out[i["instance"]] = i
    return out


def note_alarms(stream, since, first_seen):
    for f in stream.frames[since:]:
        if f.topic.endswith(".alarms"):
            for i in f.body["instances"]:
                first_seen.setdefault(i["instance"], f.at)


def test_kill(b):
    kills = int(os.environ.get("VIGIL_KILLS", "200"))
    ox1 = b.oximeter("ox-1")
    b.oximeter("ox-2", "--seed", "7")
    b.cuff("cuff-1")
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}"),
                       ("cuff-1", "bed-1", "suntech", f"tty:{b.path('cuff-1')}"),
                       ("ox-2", "bed-2", "nonin", f"tty:{b.path('ox-2')}")])
    daemon = b.daemon(config)
    stream = b.stream()
    operate = b.client()
    session = b.open_session(operate, "bed-1")
    b.open_session(operate, "bed-2")
    stream.wait("v1.bed-1.vital.spo2", test=vs.is_value)
    ox1.say("spo2 80")
    stream.wait_alarm("bed-1", "SPO2_DESAT")
    may_give = threading.Event()
    may_give.set()
    givers = [Giver(b, i, may_give) for i in range(CLIENTS)]
    for g in givers:
        g.start()

    first_seen = {}
    checked = 0
    acks = 0
    seen = 0
    for kill in range(kills):
        if random.random() < 0.3:
            may_give.clear() # no commands: what was sent stays unrecorded for up to a second
        time.sleep(random.uniform(0.02, 0.8))
        note_alarms(stream, seen, first_seen)
        if random.random() < 0.3 and stream.alarms("bed-1"):
            client = b.client()
            b.ack(client, "bed-1", random.choice(stream.alarms("bed-1"))["instance"])
            acks += 1
            time.sleep(random.uniform(0, 0.05))
        wanted = open_long_enough(stream, "bed-1", first_seen, vs.now())
        daemon.kill()
        may_give.set()
        time.sleep(0.02)
        last_seq = max((f.body["seq"] for f in stream.frames[seen:] if "seq" in f.body),
                       default=0)
        seen = stream.mark()
        daemon = b.daemon(config, ready=False)
        restored_s = first_alarms(stream, seen, "bed-1", wanted, daemon.started)
        b.worst.add("restore_s", restored_s)
        vs.within(restored_s, RESTORE_LIMIT_S, "open alarms back after a restart")
        checked += len(wanted)
        stream.wait("v1.bed-1.vital.spo2", seen)
        fresh = [f.body["seq"] for f in stream.select(since=seen) if "seq" in f.body]
        vs.check(not fresh or min(fresh) > last_seq, "sequence reused: sent up to", last_seq,
                 "before the kill, after it", min(fresh, default=None))
        for g in givers:
            vs.check(g.error is None, g.name, g.error)
        if kill % 20 == 0:
            b.record().check_integrity()
            view = b.client(view=True)
            vs.equal(b.snapshot(view, "bed-1")["session"]["id"], session, "session")

    stream.wait_alarm("bed-1", "RESTARTED")
    for g in givers:
        g.stop.set()
        g.join(vs.CEILING)
    vs.equal(b.snapshot(b.client(view=True), "bed-1")["session"]["id"], session, "session")
    vs.equal(daemon.terminate(), 0, "exit code")

    record = b.record()
    record.check_integrity()
    b.check_chain()
    print(b.review(config))
    doses = record.doses()
    confirmed = {rid: seq for g in givers for rid, seq in g.confirmed.items()}
    for rid, seq in confirmed.items():
        vs.equal(doses.get(rid), seq, f"receipt of confirmed dose {rid}")
    vs.check(len(confirmed) >= kills, "only", len(confirmed), "doses were confirmed")
    vs.equal(record.one("SELECT count(*) FROM session WHERE move = 'close'"), 0, "closes")
    vs.check(record.one("SELECT count(*) FROM event WHERE kind = 14"
                        " AND payload ->> 'event' = 'started'") == kills + 1, "starts recorded")
    restored = record.one("SELECT count(*) FROM alarm WHERE event = 'restored'")
    vs.check(record.one("SELECT count(*) FROM alarm WHERE condition = 'RESTARTED'") > 0,
             "RESTARTED is not in the record")
    print(f"kills {kills}, doses confirmed {len(confirmed)} of {sum(g.sent for g in givers)},"
          f" repeats {sum(g.repeats for g in givers)}, recorded {len(doses)}, acks {acks},"
          f" instances checked {checked}, restored rows {restored}")


vs.main(test_kill)
