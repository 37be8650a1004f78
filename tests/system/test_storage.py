"""A disk that is full, broken, slow, read-only or holds garbage: monitoring goes on, people are
told, and nothing that was confirmed is lost.

The faults come from tests/support/faults; two tests mount a tmpfs and are skipped where that is
not allowed.
"""
import errno
import os
import subprocess
import time

import vigil_system as vs

UNSAVED_LIMIT_S = 1.5
GAP_LIMIT_S = 1.5
TOPIC = "v1.bed-1.vital.spo2"


class Bedside:
    """One oximeter, one session, and the doses that were given with what was answered."""

    def __init__(self, b, env=None, session=True, keep_waves=False):
        self.b = b
        if not os.path.exists(b.path("ox-1")):
            self.ox = b.oximeter("ox-1")
        config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}")])
        self.daemon = b.daemon(config, env)
        self.stream = b.stream(keep_waves=keep_waves)
        self.client = b.client()
        self.confirmed = []
        self.unsaved = []
        self.stream.wait(TOPIC, test=vs.is_value)
        self.start = self.stream.mark()
        if session:
            self.session = b.open_session(self.client, "bed-1")

    def give(self):
        rid = vs.request_id()
        started = vs.now()
        reply = self.client.ask(self.b.dose("bed-1", rid))
        vs.check(reply["ok"], "dose:", reply)
        (self.confirmed if reply["recorded"] else self.unsaved).append((rid, reply["receipt"]))
        return rid, reply, vs.now() - started

    def give_saved(self):
        rid, reply, took = self.give()
        vs.check(reply["recorded"], "the disk works, but the dose is not recorded:", reply)
        return took

    def give_unsaved(self):
        """A dose while the disk is broken: answered in time, told to all as not saved."""
        mark = self.stream.mark()
        rid, reply, took = self.give()
        vs.check(not reply["recorded"], "confirmed on a broken disk:", reply)
        vs.check("text" in reply, "no sentence for the nurse:", reply)
        self.b.worst.add("unsaved_answer_s", took)
        vs.within(took, UNSAVED_LIMIT_S, "the answer to a dose on a broken disk")
        self.stream.wait("v1.bed-1.dose", mark, request_id=rid, unsaved=True)
        return rid

    def wait_storage(self, since):
        alarm, f = self.stream.wait_alarm("bed-1", "STORAGE", since, state="active")
        return alarm["instance"]

    def wait_latched(self, since):
        self.stream.wait_alarm("bed-1", "STORAGE", since, state="latched", ack=False)

    def check_monitoring(self):
        """Values came the whole time, without a hole."""
        frames = list(self.stream.select(TOPIC, self.start))
        vs.check_gapless(frames, TOPIC)
        gap = vs.widest_gap(frames)
        self.b.worst.add("gap_s", gap)
        vs.check(gap <= GAP_LIMIT_S, f"no value for {gap:.2f} s")
        beats = list(self.stream.select("v1.bed-1.alarms", self.start))
        vs.check_gapless(beats, "alarms")
        vs.check(vs.widest_gap(beats) <= GAP_LIMIT_S, "the alarm state paused")

    def check_record(self, state_dir=None):
        """Every dose once, under the number it was answered with, in the order it was given."""
        record = self.b.record(state_dir)
        record.check_integrity()
        self.b.check_chain(state_dir)
        doses = record.doses()
        given = sorted(self.confirmed + self.unsaved, key=lambda d: d[1])
        for rid, seq in given:
            vs.equal(doses.get(rid), seq, f"receipt of {rid}")
        times = record.rows("SELECT mono_ns FROM event ORDER BY seq")
        vs.check(times == sorted(times), "the order by seq is not the order of time")
        vs.check(record.one("SELECT count(*) FROM alarm WHERE condition = 'STORAGE'") > 0,
                 "STORAGE is not in the record")
        for rid, _ in self.unsaved:
            saved = [f for f in self.stream.select("v1.bed-1.dose", request_id=rid)
                     if not f.body.get("unsaved")]
            vs.equal(len(saved), 1, f"frames that say {rid} is saved")

    def all_recorded(self, state_dir=None):
        doses = self.b.record(state_dir).doses()
        return all(rid in doses for rid, _ in self.unsaved)


def break_and_heal(b, break_it, heal):
    """The course all faults have in common."""
    faults = vs.Faults(b.dir, b.state_dir)
    bed = Bedside(b, faults.env())
    for _ in range(3):
        bed.give_saved()
    mark = bed.stream.mark()
    break_it(faults)
    bed.give_unsaved()
    bed.wait_storage(mark)
    for _ in range(2):
        bed.give_unsaved()
    time.sleep(2.0)
    vs.check(faults.refused() > 0, "the fault was never met")
    mark = bed.stream.mark()
    heal(faults)
    bed.wait_latched(mark)
    vs.wait_for(bed.all_recorded, "all unsaved doses in the record")
    bed.give_saved()
    time.sleep(1.2)
    bed.check_monitoring()
    vs.equal(bed.daemon.terminate(), 0, "exit code")
    bed.check_record()


def test_no_space(b):
    break_and_heal(b, lambda f: f.write_fails(errno.ENOSPC), lambda f: f.heal())


def test_write_error(b):
    break_and_heal(b, lambda f: f.write_fails(errno.EIO), lambda f: f.heal())


def test_failing_sync(b):
    break_and_heal(b, lambda f: f.sync_fails(errno.EIO), lambda f: f.heal())


def test_repeat_while_unsaved(b):
    """The same request again, before and after the disk heals: one receipt, one row."""
    faults = vs.Faults(b.dir, b.state_dir)
    bed = Bedside(b, faults.env())
    faults.write_fails()
    rid = bed.give_unsaved()
    reply = bed.client.ask(b.dose("bed-1", rid))
    vs.check(reply["ok"] and reply["duplicate"] and not reply["recorded"], "repeat:", reply)
    vs.equal(reply["receipt"], bed.unsaved[0][1], "receipt")
    mark = bed.stream.mark()
    faults.heal()
    bed.wait_latched(mark)
    reply = bed.client.ask(b.dose("bed-1", rid))
    vs.check(reply["duplicate"] and reply["recorded"], "repeat after healing:", reply)
    vs.equal(reply["receipt"], bed.unsaved[0][1], "receipt")
    vs.equal(bed.daemon.terminate(), 0, "exit code")
    bed.check_record()


# --- slow -------------------------------------------------------------------------------------


def measure(bed, seconds):
    """Frames a second, widest gap and worst delay of the values; worst time of a receipt."""
    mark = bed.stream.mark()
    end = vs.now() + seconds
    receipt = 0.0
    while vs.now() < end:
        receipt = max(receipt, bed.give_saved())
        time.sleep(0.1)
    frames = list(bed.stream.select(since=mark))
    values = [f for f in frames if f.topic == TOPIC]
    waves = [f for f in frames if f.topic == "v1.bed-1.wave.pleth"]
    vs.check_gapless(values, "values")
    vs.check_gapless(waves, "waves")
    delay = max(f.at - f.body["mono_ms"] / 1000 for f in values)
    return (len(values) + len(waves)) / seconds, vs.widest_gap(values), delay, receipt


def test_slow_sync(b):
    """150 ms a sync delays receipts and nothing else; 1.5 s opens STORAGE, yet no value waits."""
    faults = vs.Faults(b.dir, b.state_dir)
    bed = Bedside(b, faults.env(), keep_waves=True)
    rate, gap, delay, receipt = measure(bed, 6)
    faults.sync_delay(150)
    slow_rate, slow_gap, slow_delay, slow_receipt = measure(bed, 6)
    print(f"fast: {rate:.1f}/s gap {gap:.2f} s delay {delay:.3f} s receipt {receipt:.3f} s;"
          f" slow: {slow_rate:.1f}/s gap {slow_gap:.2f} s delay {slow_delay:.3f} s"
          f" receipt {slow_receipt:.3f} s")
    vs.check(slow_rate > 0.9 * rate, "the rate fell from", rate, "to", slow_rate)
    vs.check(slow_gap <= GAP_LIMIT_S, "gap", slow_gap)
    vs.check(slow_receipt >= 0.1, "the delay was not met", slow_receipt)
    vs.check(not bed.stream.alarms("bed-1"), "alarms:", bed.stream.alarms("bed-1"))

    mark = bed.stream.mark()
    faults.sync_delay(1500)
    bed.give_unsaved()
    bed.wait_storage(mark)
    bed.give_unsaved()
    time.sleep(3.0)
    vs.equal(bed.stream.alarms("bed-1")[0]["state"], "active", "STORAGE on a slow disk")
    mark = bed.stream.mark()
    faults.heal()
    bed.wait_latched(mark)
    vs.wait_for(bed.all_recorded, "all unsaved doses in the record")
    bed.give_saved()
    bed.check_monitoring()
    vs.equal(bed.daemon.terminate(), 0, "exit code")
    bed.check_record()


# --- a small disk -----------------------------------------------------------------------------


class Mount:
    def __init__(self, where, options):
        os.makedirs(where, exist_ok=True)
        self.where = where
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "vigil-test", where],
                          capture_output=True, check=False).returncode != 0:
            raise vs.Skip("mounting a tmpfs is not allowed here")

    def again(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", self.where], check=True)

    def close(self):
        subprocess.run(["umount", "-l", self.where], check=False)


def fill(folder):
    with open(os.path.join(folder, "filler"), "ab", buffering=0) as f:
        for size in (1 << 16, 1 << 12, 1 << 8, 1):
            try:
                while True:
                    f.write(bytes(size))
            except OSError as e:
                vs.equal(e.errno, errno.ENOSPC, "errno")


def test_full_disk(b):
    """First the ballast is given up and all goes on; when that is used up, too, memory holds."""
    b.keep(Mount(b.state_dir, "size=8m"))
    bed = Bedside(b)
    bed.give_saved()
    ballast = os.path.join(b.state_dir, "vigil.ballast")
    vs.wait_for(lambda: os.path.exists(ballast), "ballast")
    mark = bed.stream.mark()
    fill(b.state_dir)
    vs.wait_for(lambda: not os.path.exists(ballast), "ballast given up")
    bed.wait_latched(mark)
    bed.give_saved()

    mark = bed.stream.mark()
    fill(b.state_dir)
    vs.wait_for(lambda: (fill(b.state_dir), bed.stream.alarms("bed-1")[0]["state"] == "active")[1],
                "STORAGE", step=0.1)
    bed.give_unsaved()
    bed.give_unsaved()
    mark = bed.stream.mark()
    os.unlink(os.path.join(b.state_dir, "filler"))
    bed.wait_latched(mark)
    vs.wait_for(bed.all_recorded, "all unsaved doses in the record")
    bed.give_saved()
    vs.wait_for(lambda: os.path.exists(ballast), "ballast again")
    bed.check_monitoring()
    vs.equal(bed.daemon.terminate(), 0, "exit code")
    bed.check_record()


def test_read_only(b):
    """No record at the start: monitoring all the same; it begins as soon as it can."""
    mount = b.keep(Mount(b.state_dir, "size=16m"))
    mount.again("ro")
    bed = Bedside(b, session=False)
    bed.wait_storage(0)
    reply = bed.client.ask({"op": "session_open", "request_id": vs.request_id(), "bed": "bed-1",
                            "operator": "anna", "patient_ref": "pat-1"})
    vs.check(reply["ok"] and not reply["recorded"], "session_open:", reply)
    bed.give_unsaved()
    mark = bed.stream.mark()
    mount.again("rw")
    bed.wait_latched(mark)
    vs.wait_for(bed.all_recorded, "all unsaved doses in the record")
    bed.give_saved()
    second = b.daemon(b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}")],
                               "second.yaml", sockets="-2"), ready=False)
    vs.equal(second.wait(), 3, "a second daemon on the record that was opened late")
    bed.check_monitoring()
    vs.equal(bed.daemon.terminate(), 0, "exit code")
    bed.check_record()


def test_read_only_restart(b):
    """A disk that turned read-only before the daemon died: what was open is open again."""
    mount = b.keep(Mount(b.state_dir, "size=16m"))
    bed = Bedside(b)
    bed.ox.say("spo2 80")
    alarm, _ = bed.stream.wait_alarm("bed-1", "SPO2_DESAT")
    bed.give_saved()
    time.sleep(1.2)
    bed.daemon.kill()
    mount.again("ro")
    again = Bedside(b, session=False)
    again.wait_storage(0)
    vs.equal(b.snapshot(b.client(view=True), "bed-1")["session"]["id"], bed.session, "session")
    same, _ = again.stream.wait_alarm("bed-1", "SPO2_DESAT")
    vs.equal(same["instance"], alarm["instance"], "instance")
    again.give_unsaved()
    mark = again.stream.mark()
    mount.again("rw")
    again.wait_latched(mark)
    vs.wait_for(again.all_recorded, "all unsaved doses in the record")
    again.give_saved()
    vs.equal(again.daemon.terminate(), 0, "exit code")
    again.check_record()


# --- garbage ----------------------------------------------------------------------------------


def damaged_files(b):
    return sorted(n for n in os.listdir(b.state_dir) if ".damaged-" in n)


def spoil_and_start(b, spoil, doses=1):
    bed = Bedside(b)
    for _ in range(doses):
        bed.give_saved()
    vs.equal(bed.daemon.terminate(), 0, "exit code")
    path = os.path.join(b.state_dir, "vigil.db")
    size = os.path.getsize(path)
    with open(path, "r+b") as f:
        spoil(f, size)
    again = Bedside(b, session=False)
    again.stream.wait_alarm("bed-1", "STORAGE")
    vs.wait_for(lambda: damaged_files(b), "the damaged file is kept under another name")
    again.wait_latched(0)
    view = b.client(view=True)
    if b.snapshot(view, "bed-1")["session"] is None:
        b.open_session(again.client, "bed-1", "pat-2")
    again.give_saved()
    time.sleep(1.5)
    again.check_monitoring()
    vs.equal(again.daemon.terminate(), 0, "exit code")
    again.check_record()
    kept = [n for n in damaged_files(b) if not n.endswith(("-wal", "-shm"))]
    vs.equal(len(kept), 1, f"files that were kept, of {damaged_files(b)}")
    vs.equal(os.path.getsize(os.path.join(b.state_dir, kept[0])), size, "size of the kept file")
    vs.check(min(s for _, s in again.confirmed) > max(s for _, s in bed.confirmed),
             "numbers of the damaged record are used again")


def test_garbage_file(b):
    spoil_and_start(b, lambda f, size: f.write(os.urandom(size)))


def spoil_behind(f, start, size):
    f.seek(start)
    f.write(os.urandom(size - start))


def test_garbage_pages(b):
    """The first page is sound."""
    spoil_and_start(b, lambda f, size: spoil_behind(f, 4096, size))


def test_garbage_rows(b):
    """The tables are sound, their last rows are not: it shows only when those are needed."""
    spoil_and_start(b, lambda f, size: spoil_behind(f, size * 6 // 10 // 4096 * 4096, size), 150)


vs.main(test_no_space, test_write_error, test_failing_sync, test_repeat_while_unsaved,
        test_slow_sync, test_full_disk, test_read_only, test_read_only_restart,
        test_garbage_file, test_garbage_pages, test_garbage_rows)
