"""Ten clients behind bad lines repeat themselves while the daemon is killed: every dose is one dose.

The lines lose a third of the exchanges, repeat, delay, reorder and break; vigil_lossy.py. What is
required is what docs/wire.md says under Idempotency and of `.dose` frames. VIGIL_SEED repeats a run's
choices; how they meet depends on the machine, so no count of losses is asserted, only what must hold.
"""
import bisect
import random
import threading

import vigil_lossy
import vigil_system as vs

CLIENTS = 10
SHARE = 100
KILLS = 5
PATIENCE_S = (0.01, 0.08)
BEDS = ("bed-1", "bed-2")
UNIT_UG = {"ug": 1, "mg": 1000, "g": 1_000_000}


class Repeater(threading.Thread):
    """A client behind one line. Subclasses say what it sends; it notes every answer."""

    def __init__(self, bench, link, number):
        super().__init__(daemon=True)
        self.bench = bench
        self.link = link
        self.name = f"client-{number}"
        self.random = random.Random(random.random())
        self.client = vs.Client(bench.context, link.endpoint)
        self.receipts = {}  # request id: receipts of replies that say it is on disk
        self.first_at = {}  # request id: when the first of these came
        self.sent = self.replies = self.unrecorded = self.busy = 0
        self.error = None

    def run(self):
        try:
            self.work()
        except Exception as e:
            self.error = e
        self.client.close()

    def send(self, body):
        self.sent += 1
        self.client.send(body)

    def listen(self, patience_s, rid):
        """Answers until one for `rid` came, or patience ended. Anything may come late or twice."""
        end = vs.now() + patience_s
        while True:
            reply = self.client.receive(max(0.0, end - vs.now()))
            if reply is None:
                return
            self.note(reply)
            if reply["request_id"] == rid:
                return

    def note(self, reply):
        self.replies += 1
        if not reply["ok"]:
            vs.equal(reply.get("error"), "busy", "refusal")
            self.busy += 1
        elif not reply["recorded"]:
            self.unrecorded += 1
        else:
            rid = reply["request_id"]
            self.receipts.setdefault(rid, set()).add(reply["receipt"])
            self.first_at.setdefault(rid, vs.now())

    def insist(self, body, at_least, copies=1):
        """Send `body` so often, and on until there is a receipt."""
        rid = body["request_id"]
        end = vs.now() + vs.CEILING
        while at_least > 0 or rid not in self.receipts:
            vs.check(vs.now() < end, self.name, "has no receipt of", rid)
            for _ in range(copies):
                self.send(body)
            at_least -= copies
            self.listen(self.random.uniform(*PATIENCE_S), rid)
            if self.random.random() < 0.03:
                self.client.close()  # what is on its way to the old socket is lost
                self.client = vs.Client(self.bench.context, self.link.endpoint)


class SameDose(Repeater):
    def __init__(self, bench, link, number, body):
        super().__init__(bench, link, number)
        self.body = body

    def work(self):
        self.insist(self.body, SHARE)


class OwnDoses(Repeater):
    """Each dose several times, and now and then an older one again."""

    def __init__(self, bench, link, number):
        super().__init__(bench, link, number)
        self.given = []

    def work(self):
        for _ in range(SHARE):
            unit = self.random.choice(list(UNIT_UG))
            body = self.bench.dose(self.random.choice(BEDS), operator=self.name, unit=unit,
                                   amount=self.random.choice(AMOUNTS[unit]))
            self.given.append(body)
            self.insist(body, 1, self.random.randint(1, 4))
            if self.random.random() < 0.2:
                self.send(self.random.choice(self.given))


AMOUNTS = {"ug": [1, 7, "250", 999], "mg": ["0.001", "12.5", 35, "0.25"], "g": ["0.000001", "0.5"]}


def amount_ug(body):
    whole, _, part = str(body["amount"]).partition(".")
    exact = int(whole + part) * UNIT_UG[body["unit"]]
    vs.equal(exact % 10 ** len(part), 0, "rest of an amount")
    return exact // 10 ** len(part)


def start(b):
    b.oximeter("ox-1")
    b.lines = vigil_lossy.lines(b, CLIENTS)
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}"),
                       ("ox-2", "bed-2", "nonin", f"tty:{b.path('none')}")])
    b.daemon(config)
    stream = b.stream(keep_waves=False)
    for bed in BEDS:
        stream.wait(f"v1.{bed}.alarms")  # subscribed: what is told from here on is seen
        b.open_session(b.client(), bed)
    return config, stream


def kill_on_the_way(b, config, clients, marks):
    """SIGKILL when so many requests in all were sent: by progress, not by time."""
    for mark in sorted(marks):
        vs.wait_for(lambda m=mark: sum(c.sent for c in clients) >= m or
                    not any(c.is_alive() for c in clients), "enough requests", step=0.001)
        b.daemons[-1].kill()
        b.daemon(config)


def kill_marks(count, upto):
    return [random.randint(1, upto) for _ in range(count)]


def run_clients(b, config, stream, clients, marks, first=lambda: None):
    """Until all have done their share. `first` is waited for before the first kill."""
    links, cutter = b.lines
    for c in clients:
        c.start()
    first()
    kill_on_the_way(b, config, clients, marks)
    for c in clients:
        c.join(vs.CEILING)
    for x in clients + links + [cutter]:
        vs.check(x.error is None, getattr(x, "name", "cutter"), x.error)
    vs.check(not any(c.is_alive() for c in clients), "a client did not end")
    end_ms = vs.now() * 1000
    for bed in BEDS:
        stream.wait(f"v1.{bed}.alarms", test=lambda body: body["mono_ms"] > end_ms)
    print(f"sent {sum(c.sent for c in clients)}, answers {sum(c.replies for c in clients)}"
          f" (not on disk yet {sum(c.unrecorded for c in clients)}, busy {sum(c.busy for c in clients)});"
          f" on the lines lost {sum(x.lost for x in links)}, repeated {sum(x.repeated for x in links)},"
          f" passed {sum(x.passed for x in links)}, cut {sum(x.cuts for x in links)} and"
          f" {cutter.cuts} times")


def check_receipts(b, clients, bodies):
    """Every answer to an id, before and after a kill, now and in the end, has one receipt: the row's."""
    rows = b.record().doses()
    for c in clients:
        for rid, receipts in c.receipts.items():
            vs.equal(receipts, {rows.get(rid)}, f"receipts of {rid}")
    direct = b.client()
    for rid, body in bodies.items():
        reply = direct.ask(body)
        vs.equal((reply["ok"], reply["recorded"], reply["duplicate"], reply["receipt"]),
                 (True, True, True, rows[rid]), f"the last answer to {rid}")


def check_frames(b, stream, clients):
    """A dose is told once on the stream, not counting frames that are `unsaved` or `snapshot`. It may
    be told not at all only by a daemon that was killed then: heard before it and after its receipt,
    the stream must have brought it."""
    starts = [d.started for d in b.daemons]
    beats = {(bed, run): [] for bed in BEDS for run in range(len(starts))}
    told = {}
    for f in stream.frames:
        if f.body.get("snapshot"):
            continue
        if f.topic.endswith(".alarms"):
            at = f.body["mono_ms"] / 1000
            beats[f.body["bed"], bisect.bisect(starts, at) - 1].append(at)
        elif f.topic.endswith(".dose"):
            told.setdefault(f.body["request_id"], []).append(f.body)
    receipt_at = {}
    for c in clients:
        for rid, at in c.first_at.items():
            receipt_at[rid] = min(at, receipt_at.get(rid, at))
    certain = 0
    for rid, seq, bed, mono_ns in b.record().rows("SELECT request_id, seq, bed, mono_ns FROM dose"):
        at = mono_ns / 1e9
        frames = told.pop(rid, [])
        saved = [f["seq"] for f in frames if not f.get("unsaved")]
        vs.check(saved in ([], [seq]), "dose", rid, "row", seq, "was told as", frames)
        heard = beats[bed, bisect.bisect(starts, at) - 1]
        if heard and heard[0] < at - 0.002 and heard[-1] > receipt_at[rid] + 0.002:
            certain += 1
            vs.check(frames, "dose", rid, "row", seq, "was never told")
    vs.check(all(f.get("unsaved") for frames in told.values() for f in frames),
             "told as saved, but not in the record:", told)
    print(f"kills {len(starts) - 1}, frames that had to come {certain}")
    return certain


def check_total(b, bed, count, total_ug):
    session = b.snapshot(b.client(view=True), bed)["session"]
    vs.equal((session["doses"], session["bolus_total_ug"]), (count, total_ug), f"totals of {bed}")


def finish(b, config):
    vs.equal(b.daemons[-1].terminate(), 0, "exit code")
    b.record().check_integrity()
    print(b.review(config))


def one_dose(b, marks, told_first):
    """Frames of the dose that was sent a thousand times, when every kill came after the first one;
    if not told_first, kills are from the beginning on."""
    config, stream = start(b)
    body = b.dose("bed-1")
    rid = body["request_id"]
    clients = [SameDose(b, link, i, body) for i, link in enumerate(b.lines[0])]
    run_clients(b, config, stream, clients, marks, (lambda: stream.wait(
        "v1.bed-1.dose", request_id=rid)) if told_first else (lambda: None))
    vs.check(sum(c.sent for c in clients) >= CLIENTS * SHARE, "not enough was sent")
    vs.equal(b.record().rows("SELECT bed, request_id, amount_ug FROM dose"),
             [("bed-1", rid, 12500)], "doses in the record")
    vs.equal(b.record().one("SELECT count(*) FROM event WHERE request_id = ?", rid), 1,
             "rows of that id")
    check_receipts(b, clients, {rid: body})
    check_frames(b, stream, clients)
    check_total(b, "bed-1", 1, 12500)
    check_total(b, "bed-2", 0, 0)
    finish(b, config)
    return [f.body for f in stream.frames if f.topic.endswith(".dose")]


def test_one_dose_sent_a_thousand_times(b):
    frames = one_dose(b, kill_marks(KILLS, CLIENTS * SHARE), told_first=True)
    vs.equal(len([f for f in frames if not f.get("unsaved")]), 1, "frames of the dose")


def test_one_dose_killed_while_it_is_new(b):
    """The first requests meet a daemon that dies before, while and after it writes the dose."""
    one_dose(b, kill_marks(KILLS, 4 * CLIENTS) + kill_marks(2, CLIENTS * SHARE), told_first=False)


def test_a_thousand_doses_sent_often(b):
    config, stream = start(b)
    clients = [OwnDoses(b, link, i) for i, link in enumerate(b.lines[0])]
    run_clients(b, config, stream, clients, kill_marks(KILLS, CLIENTS * SHARE))
    bodies = {body["request_id"]: body for c in clients for body in c.given}
    vs.equal(len(bodies), CLIENTS * SHARE, "ids")
    vs.equal(b.record().one("SELECT count(*) FROM dose"), len(bodies), "doses in the record")
    rows = b.record().rows("SELECT request_id, bed, operator, amount_ug FROM dose")
    vs.equal({r[0]: r[1:] for r in rows},
             {rid: (x["bed"], x["operator"], amount_ug(x)) for rid, x in bodies.items()}, "doses")
    vs.equal(b.record().one("SELECT sum(amount_ug) FROM dose"),
             sum(amount_ug(x) for x in bodies.values()), "sum of all amounts")
    check_receipts(b, clients, bodies)
    # Most doses are given while no kill is near: an empty check would prove nothing.
    vs.check(check_frames(b, stream, clients) > 0, "no frame could be required")
    for bed in BEDS:
        mine = [amount_ug(x) for x in bodies.values() if x["bed"] == bed]
        check_total(b, bed, len(mine), sum(mine))
    finish(b, config)


vs.main(test_one_dose_sent_a_thousand_times, test_one_dose_killed_while_it_is_new,
        test_a_thousand_doses_sent_often)
