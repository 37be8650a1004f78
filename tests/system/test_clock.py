"""The wall clock is stepped by an hour, forward and back, while a session runs.

Ages, delays and the order of the record come from the monotonic clock and must not notice. The
step is made by tests/support/faults inside the daemon's process only.
"""
import datetime
import time

import vigil_system as vs

HOUR_S = 3600
GAP_LIMIT_S = 1.5
SPO2_DELAY_S = 15.0


def utc(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def stated(seconds):
    at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def give(b, client, stream, offset_s, given_at=None):
    """A dose; its frame. recorded_at must be the (stepped) wall clock of now."""
    mark = stream.mark()
    rid = vs.request_id()
    more = {} if given_at is None else {"given_at": given_at}
    reply = client.ask(b.dose("bed-1", rid, **more))
    vs.check(reply["ok"] and reply["recorded"], "dose:", reply)
    f = stream.wait("v1.bed-1.dose", mark, request_id=rid)
    expected = time.time() + offset_s
    vs.check(abs(utc(f.body["recorded_at"]) - expected) < 5, "recorded_at", f.body, expected)
    if given_at is None:
        vs.check(abs(utc(f.body["given_at"]) - expected) < 5, "given_at", f.body, expected)
    else:
        vs.equal(utc(f.body["given_at"]), utc(given_at), "given_at")
    return reply["receipt"]


def step(b, faults, stream, client, offset_s, was_s):
    mark = stream.mark()
    faults.clock_offset(offset_s)
    alarm, f = stream.wait_alarm("bed-1", "CLOCK", mark, state="latched", ack=False)
    b.worst.add("clock_alarm_s", f.at - stream.frames[mark - 1].at)
    receipts = [give(b, client, stream, offset_s)]
    # A time of this session by the daemon's clock is taken. One off a clock that was not stepped is
    # ahead, or of before the session: it is refused, by name, and nothing is recorded.
    receipts.append(give(b, client, stream, offset_s, stated(time.time() + offset_s - 30)))
    reply = client.ask(b.dose("bed-1", vs.request_id(), given_at=stated(time.time() + was_s - 60)))
    vs.equal(reply.get("error"), "before_session" if offset_s > was_s else "in_the_future", reply)
    vs.check("time" in reply["text"], reply)
    vs.check(b.ack(client, "bed-1", alarm["instance"])["ok"], "ack")
    stream.wait_no_alarm("bed-1", "CLOCK", stream.mark())
    return receipts


def check_values(stream, since):
    frames = list(stream.select("v1.bed-1.vital.spo2", since))
    vs.check_gapless(frames, "spo2")
    vs.check(vs.widest_gap(frames) <= GAP_LIMIT_S, "gap", vs.widest_gap(frames))
    for f in frames:
        vs.check(0 <= f.body["age_ms"] <= 2000 and f.body["fresh"] == "fresh", f)
        vs.check(vs.is_value(f.body), f)
    for condition in ("DATA_LOST", "LINK_DEVICE", "SPO2_LOW"):
        opened = [f for f in stream.select("v1.bed-1.alarm", since, alarm=condition)]
        vs.equal(opened, [], condition)


def measure_delay(b, faults, ox, stream, offset_s):
    """A step in the middle of the delay of SPO2_LOW does not shorten or lengthen it."""
    mark = stream.mark()
    low_at = vs.now()
    ox.say("spo2 88")
    f = stream.wait("v1.bed-1.alarm", mark, alarm="SPO2_LOW", event="pending")
    time.sleep(SPO2_DELAY_S / 3)
    faults.clock_offset(offset_s)
    opened = stream.wait("v1.bed-1.alarm", mark, alarm="SPO2_LOW", event="open")
    took = (opened.body["mono_ms"] - f.body["mono_ms"]) / 1000
    b.worst.add("spo2_low_delay_s", took)
    vs.check(SPO2_DELAY_S - 0.5 <= took <= SPO2_DELAY_S + 1.0, "delay of SPO2_LOW:", took)
    vs.check(opened.at - low_at < SPO2_DELAY_S + 8, "opened after", opened.at - low_at)


def test_clock(b):
    faults = vs.Faults(b.dir, b.state_dir)
    ox = b.oximeter("ox-1")
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}")])
    daemon = b.daemon(config, faults.env())
    stream = b.stream(keep_waves=False)
    client = b.client()
    stream.wait("v1.bed-1.vital.spo2", test=vs.is_value)
    start = stream.mark()
    b.open_session(client, "bed-1")
    receipts = [give(b, client, stream, 0)]
    receipts += step(b, faults, stream, client, HOUR_S, 0)
    receipts += step(b, faults, stream, client, -HOUR_S, HOUR_S)
    check_values(stream, start)
    measure_delay(b, faults, ox, stream, 0)

    vs.equal(receipts, sorted(receipts), "receipts in the order of giving")
    time.sleep(1.5)
    vs.equal(daemon.terminate(), 0, "exit code")
    record = b.record()
    record.check_integrity()
    text = b.check_chain()
    vs.check("clock steps 3" in text and "note" not in text, "the steps fit the times of the rows:", text)
    vs.equal([r[0] for r in record.rows("SELECT seq FROM dose ORDER BY seq")], receipts, "doses")
    mono = record.rows("SELECT mono_ns FROM event ORDER BY seq")
    vs.check(mono == sorted(mono), "order by seq is not the order of time")
    steps = [r[0] / 1000 for r in record.rows("SELECT step_ms FROM clock_step ORDER BY seq")]
    wanted = [HOUR_S, -2 * HOUR_S, HOUR_S]
    vs.check(len(steps) == 3 and all(abs(s - w) < 2 for s, w in zip(steps, wanted)),
             "clock_step rows:", steps)


def test_restart_after_step(b):
    """The clock went back an hour while the daemon was down: the session and its alarm are kept."""
    faults = vs.Faults(b.dir, b.state_dir)
    ox = b.oximeter("ox-1")
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}")])
    daemon = b.daemon(config, faults.env())
    stream = b.stream(keep_waves=False)
    client = b.client()
    stream.wait("v1.bed-1.vital.spo2", test=vs.is_value)
    session = b.open_session(client, "bed-1")
    ox.say("spo2 80")
    alarm, _ = stream.wait_alarm("bed-1", "SPO2_DESAT")
    vs.equal(client.ask(b.dose("bed-1"))["ok"], True, "dose")
    time.sleep(1.2)
    daemon.kill()
    faults.clock_offset(-HOUR_S)
    mark = stream.mark()
    b.daemon(config, faults.env())
    again, f = stream.wait_alarm("bed-1", "SPO2_DESAT", mark)
    vs.equal(again["instance"], alarm["instance"], "instance")
    vs.equal(again["since_mono_ms"], alarm["since_mono_ms"], "since")
    vs.equal(b.snapshot(b.client(view=True), "bed-1")["session"]["id"], session, "session")
    vs.check(client.ask(b.dose("bed-1"))["recorded"], "a dose after the restart")


vs.main(test_clock, test_restart_after_step)
