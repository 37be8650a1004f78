"""vigilctl and the client of docs/wire.md against a real daemon: what they print and how they exit."""
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import vigil_system as vs
from vigil_ctl import CTL_DONE, CTL_NO_ANSWER, CTL_REFUSED, CTL_UNSAVED, CTL_USAGE, Ctl


def two_beds(b, env=None):
    for name in ("ox-1", "ox-2"):
        b.oximeter(name)
    b.cuff("cuff-1", "--determination-s", "12")
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}", "test: yes"),
                       ("cuff-1", "bed-1", "suntech", f"tty:{b.path('cuff-1')}", "test: yes"),
                       ("ox-2", "bed-2", "nonin", f"tty:{b.path('ox-2')}", "test: yes")])
    daemon = b.daemon(config, env)
    stream = b.stream(keep_waves=False)
    stream.wait("v1.bed-1.vital.spo2", test=vs.is_value, snapshots=True)
    stream.wait("v1.bed-2.vital.spo2", test=vs.is_value, snapshots=True)
    return daemon, stream, Ctl(b)


class FakeSink:
    """Says that it is well, as every sink must each second."""

    def __init__(self, b, name):
        self.b, self.name = b, name
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._live, daemon=True)
        self.thread.start()

    def _live(self):
        client = vs.Client(self.b.context, self.b.operate_at)
        while not self.stop.wait(0.5):
            reply = client.ask({"op": "sink_alive", "sink": self.name, "healthy": True})
            vs.check(reply == {"v": 1, "ok": True}, "sink_alive:", reply)
        client.close()

    def close(self):
        self.stop.set()
        self.thread.join(5)


SINKS = """
profiles: [{name: hypertensive}, {name: cautious}]
sinks:
  - {id: desk, role: remote}
  - {id: room-1, role: room, bed: bed-1}
"""


def wait_sinks(ctl):
    vs.wait_for(lambda: all(s["ok"] for s in json.loads(ctl.run("sinks", "--json"))), "sinks well",
                step=0.2)


def one_bed(b, sinks=("room-1", "desk"), ready=True):
    """A bed with an oximeter, a cuff and two sinks, of which the named ones live; the last of them."""
    os.symlink(os.path.join(vs.ROOT, "config", "limits"), b.path("limits"))
    ox = b.oximeter("ox-1")
    b.cuff("cuff-1", "--determination-s", "6")
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}", "test: yes"),
                       ("cuff-1", "bed-1", "suntech", f"tty:{b.path('cuff-1')}", "test: yes")],
                      limits=SINKS)
    b.daemon(config)
    sink = [b.keep(FakeSink(b, name)) for name in sinks][-1]
    stream = b.stream(keep_waves=False)
    stream.wait("v1.bed-1.vital.spo2", test=vs.is_value, snapshots=True)
    ctl = Ctl(b)
    if ready:
        wait_sinks(ctl)
    return ox, sink, stream, ctl


DOSE = ["--drug", "esketamine", "--route", "iv"]


def test_commands(b):
    """Every verb that changes something: done, refused, repeated, and not understood."""
    daemon, stream, ctl = two_beds(b)
    ctl.run("dose", "bolus", "bed-1", *DOSE, "--amount", "5", "--unit", "mg", code=CTL_REFUSED,
            stderr="no_session")
    out = ctl.run("session", "open", "bed-1", "--patient", "P-1", "--json")
    vs.check(json.loads(out)["recorded"], "session open is not recorded")
    ctl.run("session", "open", "bed-1", "--patient", "P-2", code=CTL_REFUSED, stderr="session_open")
    rid = vs.request_id()
    give = ["dose", "bolus", "bed-1", *DOSE, "--amount", "12.5", "--unit", "mg", "--request-id", rid]
    first = json.loads(ctl.run(*give, "--json"))
    again = json.loads(ctl.run("--json", *give))
    vs.equal((again["receipt"], again["duplicate"]), (first["receipt"], True), "the repeat")
    vs.check("nothing was repeated" in ctl.run(*give), "a repeat is not called one")
    for amount, unit in (("0,5", "mg"), ("5", "ml"), ("-5", "mg"), ("5", "mg/h")):
        ctl.run("dose", "bolus", "bed-1", *DOSE, "--amount", amount, "--unit", unit,
                code=CTL_REFUSED)
    ctl.run("dose", "infusion-start", "bed-1", *DOSE, "--amount", "30", "--unit", "mg/h")
    ctl.run("dose", "rate-change", "bed-1", *DOSE, "--amount", "0.5", "--unit", "mg/min")
    ctl.run("dose", "stop", "bed-1", *DOSE, "--given-at",
            time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    ctl.run("ack", "bed-1", "999999", code=CTL_REFUSED, stderr="no_instance")
    ctl.run("nibp", "start", "bed-1", "ox-1", code=CTL_REFUSED, stderr="not_a_cuff")
    ctl.run("nibp", "start", "bed-1", "cuff-1")
    ctl.run("nibp", "start", "bed-1", "cuff-1", code=CTL_REFUSED, stderr="cuff_busy")
    ctl.run("nibp", "abort", "bed-1", "cuff-1")
    ctl.run("session", "open", "bed-9", "--patient", "P", code=CTL_REFUSED, stderr="bed-9")
    status = ctl.run("status")
    for word in ("P-1", "ox-1", "cuff-1", "bed-2", "TEST", "4 recorded", "vigild 0"):
        vs.check(word in status, "status does not show", word, "but", status)
    rows = json.loads(ctl.run("range", "--limit", "500", "--bed", "bed-1", "--json"))["rows"]
    vs.equal(len([r for r in rows if r["kind"] == "dose"]), 4, "doses in the range")
    vs.wait_for(lambda: b.record().one("SELECT count(*) FROM reading WHERE seq > ? AND bed = 'bed-1'"
                                       " AND vital = 'spo2'", first["receipt"]), "a reading on disk")
    ctl.run("session", "close", "bed-1", "--reason", "end of test, \"quoted\"")
    vs.equal(len(b.record().doses()), 4, "doses in the record")
    check_export(ctl, b, first["receipt"])
    vs.equal(daemon.terminate(), 0, "exit code")


def check_export(ctl, b, receipt):
    import csv
    import io
    text = ctl.run("export", "csv", "--db", b.record().path)
    rows = list(csv.DictReader(io.StringIO(text)))
    seqs = [int(r["seq"]) for r in rows]
    vs.equal(seqs, sorted(seqs), "order of the export")
    dose = [r for r in rows if r["kind"] == "dose" and int(r["seq"]) == receipt][0]
    vs.equal((dose["drug"], dose["amount_ug"], dose["event"], dose["operator"]),
             ("esketamine", "12500", "bolus", "anna"), "the dose")
    close = [r for r in rows if r["kind"] == "session" and r["event"] == "close"][0]
    vs.equal(close["reason"], "end of test, \"quoted\"", "the reason")
    reading = [r for r in rows if r["vital"] == "spo2" and r["value"]][0]
    vs.equal(int(reading["value"]) * 1000, int(reading["value_milli"]), "the value")
    vs.equal(reading["unit"], "%", "the unit")
    session = close["session"]
    only = list(csv.DictReader(io.StringIO(
        ctl.run("export", "csv", "--db", b.record().path, "--session", session))))
    vs.equal({r["session"] for r in only}, {session}, "sessions of one session's export")
    vs.equal({r["bed"] for r in only}, {"bed-1"}, "beds of one session's export")
    vs.check(any(r["vital"] == "spo2" for r in only), "a session's export has no readings")
    vs.check(int(only[0]["seq"]) >= int(session) and only[-1]["event"] == "close",
             "the export goes beyond the session")
    ctl.run("export", "csv", "--db", b.path("nothing"), code=CTL_REFUSED, stderr="state_dir")


def test_usage(b):
    """What cannot be meant is refused before anything is sent: no daemon runs here."""
    ctl = Ctl(b)
    for words, says in (
            (("staus",), "'status'"),
            (("session", "opn", "bed-1"), "'session open'"),
            (("dose", "bolus", "bed-1", "--drug", "k"), "--amount"),
            (("dose", "stop", "bed-1", *DOSE, "--amount", "5"), "--amount"),
            (("session", "open"), "--patient"),
            (("session", "open", "--patient", "P"), "1 word"),
            (("ack", "bed-1", "x"), "instance number"),
            (("ack", "bed-1", "1", "2"), "too much"),
            (("watch", "--seconds", "1.5"), "whole number"),
            (("range", "--limit", "501"), "501"),
            (("status", "--colour"), "--colour"),
            (("status", "--bed"), "needs a value"),
            (("status", "--bed", "a", "--bed", "b"), "twice"),
            (("status", "--json=yes"), "no value"),
            ((), "usage")):
        ctl.run(*words, code=CTL_USAGE, stderr=says)
    vs.check("exit:" in ctl.run("help"), "help has no exit codes")
    vs.check("--patient" in ctl.run("session", "open", "--help"), "no help for a verb")
    vs.check("wire version 1" in ctl.run("--version"), "no version")


def test_no_answer(b):
    """No daemon; a daemon that hangs: exit 3, and a command says that it may have been taken."""
    ctl = Ctl(b)
    ctl.run("status", code=CTL_NO_ANSWER, stderr="is vigild running")
    daemon, _, ctl = two_beds(b)
    ctl.argv[ctl.argv.index("--timeout") + 1] = "1"
    daemon.child.send_signal(signal.SIGSTOP)
    ctl.run("status", code=CTL_NO_ANSWER, stderr="no answer")
    rid = vs.request_id()
    ctl.run("session", "open", "bed-1", "--patient", "P-1", "--request-id", rid,
            code=CTL_NO_ANSWER, stderr=rid)
    daemon.child.send_signal(signal.SIGCONT)
    ctl.run("session", "open", "bed-1", "--patient", "P-1", "--request-id", rid)
    vs.equal(b.record().one("SELECT count(*) FROM session"), 1, "sessions opened")


def test_unsaved(b):
    """A disk that refuses: exit 4, and 0 for the same id when it is healed."""
    faults = vs.Faults(b.dir, b.state_dir)
    daemon, stream, ctl = two_beds(b, faults.env())
    ctl.run("session", "open", "bed-1", "--patient", "P-1")
    faults.write_fails()
    rid = vs.request_id()
    give = ["dose", "bolus", "bed-1", *DOSE, "--amount", "5", "--unit", "mg", "--request-id", rid]
    ctl.run(*give, code=CTL_UNSAVED, stderr="state_dir")
    watch = ctl.run("watch", "--plain", "--seconds", "1", "--bed", "bed-1")
    vs.check("RECORD-NOT-WRITTEN" in watch and "STORAGE" in watch, "watch says only", watch)
    faults.heal()
    vs.wait_for(lambda: rid in b.record().doses(), "the dose on disk")
    ctl.run(*give)


def test_watch(b):
    """Lines with values; MONITOR LINK LOST while the daemon hangs; values again; ends by itself."""
    daemon, stream, ctl = two_beds(b)
    ctl.run("session", "open", "bed-1", "--patient", "P-1")
    w = ctl.start("watch", "--plain", "--seconds", "12")
    time.sleep(2.5)
    daemon.child.send_signal(signal.SIGSTOP)
    time.sleep(5)
    daemon.child.send_signal(signal.SIGCONT)
    lines = w.communicate(timeout=30)[0].splitlines()
    vs.equal(w.returncode, 0, "exit code of watch")
    form = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ bed-1 TEST session=P-1 spo2=\d+\(\d+s\) "
                      r"pr=\d+\(\d+s\) nibp=-- ")
    good = [bool(form.match(line)) for line in lines if " bed-1 " in line]
    vs.check(good[0] and good[-1], "the first or the last line has no values:", lines)
    lost = [line for line in lines if "MONITOR LINK LOST" in line]
    vs.check(len(lost) >= 2, "a hanging daemon is not seen:", lines)
    vs.check(all("spo2" not in line for line in lost), "a lost link shows values:", lost)
    w = ctl.start("watch", "--json", "--bed", "bed-2")
    first = json.loads(w.stdout.readline())
    vs.equal((first["bed"], first["link"]), ("bed-2", "ok"), "the first object")
    w.send_signal(signal.SIGINT)
    w.communicate(timeout=10)
    vs.equal(w.returncode, 0, "exit code after an interrupt")


def test_watch_restart(b):
    """A restarted daemon is found again, with the session it restored."""
    daemon, stream, ctl = two_beds(b)
    ctl.run("session", "open", "bed-1", "--patient", "P-1")
    w = ctl.start("watch", "--plain", "--seconds", "12", "--bed", "bed-1")
    time.sleep(2)
    daemon.kill()
    time.sleep(4)
    b.daemon(b.path("vigil.yaml"))
    lines = w.communicate(timeout=30)[0].splitlines()
    vs.check(any("LINK LOST" in line for line in lines), "the death is not seen:", lines)
    vs.check("session=P-1 spo2=" in lines[-1], "it is not found again:", lines)
    vs.check("RESTARTED" in lines[-1], "the interruption is not told:", lines)


def test_session_close_empties_the_bed(b):
    """The next person starts with nothing of this one, on the screen too."""
    daemon, stream, ctl = two_beds(b)
    ctl.run("session", "open", "bed-1", "--patient", "P-1")
    ctl.run("nibp", "start", "bed-1", "cuff-1")
    stream.wait("v1.bed-1.vital.nibp_sys", test=vs.is_value, ceiling=60)
    w = ctl.start("watch", "--plain", "--seconds", "5", "--bed", "bed-1")
    time.sleep(2)
    ctl.run("session", "close", "bed-1", "--reason", "test")
    lines = w.communicate(timeout=30)[0].splitlines()
    vs.check(re.search(r"nibp=\d+/\d+\(\d+\)@\d\d:\d\d:\d\dZ", lines[0]), "no pressure:", lines)
    vs.check("session=- " in lines[-1] and "nibp=-- " in lines[-1], "still shown:", lines)


def test_wire_client(b):
    """The Python client of docs/wire.md, as it stands there."""
    with open(os.path.join(vs.ROOT, "docs", "wire.md"), encoding="utf-8") as f:
        code = re.search(r"```python\n(.*?)```", f.read(), re.S).group(1)
    vs.check(len(code.splitlines()) <= 30, "the client has", len(code.splitlines()), "lines")
    path = b.path("client.py")
    with open(path, "w", encoding="utf-8") as f:
        f.write(code)
    daemon, stream, ctl = two_beds(b)
    p = subprocess.run([sys.executable, path, b.stream_at, b.view_at, b.operate_at, "bed-2", "anna",
                        "P-7", "3"], capture_output=True, text=True, timeout=60, check=False)
    vs.equal(p.returncode, 0, f"exit code of the client, which said {p.stderr}: it")
    for word in ("v1.bed-2.vital.spo2", "v1.bed-2.alarms", "session_open {'v': 1, 'ok': True",
                 "dose {'v': 1, 'ok': True"):
        vs.check(word in p.stdout, "the client does not print", word, "but", p.stdout)
    vs.equal(b.record().one("SELECT drug || amount_ug FROM dose"), "ketamine12500", "the dose")


def test_inhibit(b):
    """Pauses, off and on: what is in force is said afterwards, refusals name the cure."""
    ox, sink, stream, ctl = one_bed(b)
    ctl.run("pause", code=CTL_REFUSED, stderr="nothing_sounds")
    ctl.run("session", "open", "bed-1", "--patient", "P-1")
    out = ctl.run("pause", "--vital", "pulse_rate", "--reason", "motion")
    vs.check("alarms of pulse_rate" in out and "anna: motion" in out, "pause says only", out)
    ctl.run("pause", "--vital", "pulse_rate", "--reason", "again", code=CTL_REFUSED,
            stderr="inhibited")
    ctl.run("off", "--vital", "spo2", "--reason", "no", code=CTL_REFUSED, stderr="required")
    off = json.loads(ctl.run("off", "--vital", "nibp_sys", "--reason", "cuff moves", "--json"))
    states = {i["scope"]: i["state"] for i in off["inhibited"]}
    vs.equal(states, {"pulse_rate": "alarm_paused", "nibp_sys": "alarm_off"}, "inhibited")
    ctl.run("sedation", "2")
    stream.wait_alarm("bed-1", "SED_DEEP")
    vs.check("audio pause is ON" in ctl.run("pause"), "the first press does not pause")
    vs.check("NOT HEARD: audio_paused" in ctl.run("alarms"), "alarms does not say that it is paused")
    watch = ctl.run("watch", "--plain", "--seconds", "1")
    for word in ("INHIBITED(audio,audio_paused,1", "INHIBITED(nibp_sys,alarm_off,-,anna)",
                 "inhibited=audio_paused"):
        vs.check(word in watch, "watch does not show", word, "but", watch)
    vs.check("audio pause is ENDED" in ctl.run("pause"), "the second press does not end it")
    ctl.run("on", "--vital", "pulse_rate")
    vs.check("nothing is paused" in ctl.run("on", "--vital", "nibp_sys"), "something is left")
    ctl.run("on", "--vital", "nibp_sys", code=CTL_REFUSED, stderr="not_inhibited")
    ctl.run("on", "--vital", "warmth", code=CTL_REFUSED, stderr="warmth")


def test_quiet(b):
    """Staff first: who watches is shown, the route of an alarm, and a sink that is lost."""
    ox, sink, stream, ctl = one_bed(b)
    ctl.run("quiet", "on", code=CTL_REFUSED, stderr="no_session")
    ctl.run("session", "open", "bed-1", "--patient", "P-1")
    vs.check("anna watches" in ctl.run("quiet", "on"), "quiet does not say who watches")
    ctl.run("test-alarm", "low")
    vs.equal(stream.wait("v1.bed-1.alarms", test=lambda f: f["test_signal"]).body["test_signal"]
             ["priority"], "low", "the test signal")
    watch = ctl.run("watch", "--plain", "--seconds", "1")
    vs.check(re.search(r" QUIET\(anna,[56]\d\ds\) .*TEST-SIGNAL alarms=0", watch), "watch says", watch)
    ox.say("spo2 80")
    found, _ = stream.wait_alarm("bed-1", "SPO2_DESAT", route="sent")
    vs.check("told staff, not confirmed" in ctl.run("alarms"), "alarms does not say who was told")
    reply = b.client().ask({"op": "receipt", "sink": "desk", "bed": "bed-1",
                            "instance": found["instance"]})
    vs.equal(reply, {"v": 1, "ok": True}, "the receipt")
    out = ctl.run("alarms")
    vs.check("told staff, confirmed" in out and "confirmed by desk" in out, "alarms says only", out)
    vs.check("route=confirmed" in ctl.run("watch", "--plain", "--seconds", "1"), "no route on watch")
    sink.close()
    stream.wait_alarm("bed-1", "SINK_LOST", sink="desk")
    for verb in (("sinks",), ("status",)):
        vs.check(re.search(r"desk .*LOST", ctl.run(*verb)), verb, "does not say that it is lost")
    watch = ctl.run("watch", "--json", "--seconds", "1").splitlines()
    bed = json.loads(watch[0])
    vs.equal((bed["sinks_lost"], bed["quiet"]["operator"]), (["desk"], "anna"), "the bed")
    quiet = json.loads(ctl.run("quiet", "off", "--json"))
    vs.equal((quiet["quiet"], quiet["recorded"]), (None, True), "quiet off")
    vs.check(" QUIET(" not in ctl.run("watch", "--plain", "--seconds", "1"), "still quiet")
    log = ctl.run("alarms", "--session", "current")
    instance = f"#{found['instance']} SPO2_DESAT"
    for line in (r"anna opens the session of P-1, dosing", r"quiet mode is on, anna watches",
                 instance + r" ox-1 high OPENED: 8\d, alarm below 85 %", instance + " told staff",
                 instance + " confirmed by desk", instance + " sounds in the room",
                 r"SINK_LOST desk medium OPENED", r"anna: ends quiet mode"):
        vs.check(re.search(r"Z \(\d\d:\d\d:\d\d [+-]\d{4}\) bed-1 .*" + line + "\n", log),
                 "the log does not tell", line, "but", log)
    vs.check("sink desk is LOST" in ctl.run("alarms", "--history"), "the log has no lost sink")


def test_limits(b):
    """Limits in force; one set, a profile, the formula shown before it is taken; the log tells it."""
    ox, sink, stream, ctl = one_bed(b)
    vs.check("no session is open" in ctl.run("limits"), "limits does not say whose they are")
    ctl.run("limits", "set", "SPO2_LOW", "88", "--reason", "lung", code=CTL_REFUSED,
            stderr="no_session")
    ctl.run("session", "open", "bed-1", "--patient", "P-1")
    ctl.run("limits", "set", "spo2_low", "92.5", "--reason", "lung")
    ctl.run("limits", "set", "SYS_HIGH", "300", "--reason", "x", code=CTL_REFUSED, stderr="limit:")
    ctl.run("limits", "set", "LINK_DEVICE", "3", "--reason", "x", code=CTL_REFUSED,
            stderr="LINK_DEVICE")
    vs.check(re.search(r"SPO2_LOW +medium +spo2 +below +92.50 %", ctl.run("limits")), "no new limit")
    ctl.run("limits", "profile", "hypertensive", "--reason", "treated")
    rows = {r["condition"]: r for r in json.loads(ctl.run("limits", "--json"))["beds"][0]["limits"]}
    vs.equal([rows[c]["limit_milli"] for c in ("SYS_HIGH", "DIA_HIGH", "SPO2_LOW", "SYS_XHIGH")],
             [170000, 105000, 90000, 179000], "limits of the profile")
    ctl.run("limits", "profile", "frail", "--reason", "x", code=CTL_REFUSED, stderr="frail")
    ctl.run("limits", "formula", "--reason", "base", "--yes", code=CTL_REFUSED, stderr="baseline")
    ctl.run("nibp", "start", "bed-1", "cuff-1")
    stream.wait("v1.bed-1.vital.nibp_sys", test=vs.is_value, ceiling=60)
    out = ctl.run("baseline")
    vs.check(re.search(r"systolic +\d+ mmHg\n", out) and re.search(r"SpO2 +\d+ %", out),
             "baseline says only", out)
    wanted = json.loads(ctl.run("limits", "--json"))["beds"][0]["formula"]
    out = ctl.run("limits", "formula", "--reason", "base", code=CTL_USAGE, stderr="--yes")
    vs.check(re.search(r"SYS_HIGH +170 -> +1\d\d mmHg", out), "what would change is not shown:", out)
    ctl.run("limits", "formula", "--reason", "base", "--yes")
    vs.equal(json.loads(ctl.run("limits", "--json"))["beds"][0]["limits"], wanted, "limits")
    log = ctl.run("alarms", "--session")
    for line in ("anna sets SPO2_LOW to 92.50 %: lung\n", "profile hypertensive: treated\n",
                 "limit SYS_HIGH 170 mmHg, changed, was 160, by anna\n", "baseline: systolic 1",
                 "anna takes the limits of the formula: base\n"):
        vs.check(line in log, "the log does not tell", line, "but", log)


def test_installed_profiles(b):
    """Every profile that is installed is a good one; adult says what is built in."""
    folder = os.path.join(vs.ROOT, "config", "limits")
    os.symlink(folder, b.path("limits"))

    def printed(profile):
        config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}")], limits=profile)
        p = subprocess.run([os.path.join(b.bin, "vigild"), "--print-config", config],
                           capture_output=True, text=True, timeout=30, check=False)
        vs.equal(p.returncode, 0, f"exit code with '{profile}', which said {p.stderr}: it")
        return p.stdout

    built_in = printed("")
    names = sorted(name[:-len(".yaml")] for name in os.listdir(folder))
    vs.check({"adult", "cautious", "hypertensive"} <= set(names), "only", names)
    for name in names:
        same = printed(f"profile: {name}\n") == built_in
        vs.equal(same, name == "adult", f"{name} being the built-in limits")


def test_observe(b):
    """Scores and schedule; words that cannot be meant are refused before they are sent."""
    ox, sink, stream, ctl = one_bed(b)
    ctl.run("session", "open", "bed-1", "--patient", "P-1")
    ctl.run("schedule", "--vital", "nibp_sys", "--every", "5min")
    vs.equal(stream.wait("v1.bed-1.session", event="schedule", request_id="").body["every_s"], 300,
             "the schedule")
    ctl.run("schedule", "--vital", "nibp_sys", "--every", "off")
    for words in (("schedule", "--vital", "nibp_sys", "--every", "5"), ("sedation", "6"),
                  ("schedule", "--vital", "nibp_sys", "--every", "25h"), ("sedation", "2.5"),
                  ("test-alarm", "loud"), ("pause", "--reason", "x"), ("pause", "--vital", "spo2"),
                  ("limits", "set", "SPO2_LOW", "--reason", "x"), ("alarms", "--from", "1"),
                  ("alarms", "--session", "P-1"), ("limits", "profile", "cautious"),
                  ("off", "--vital", "spo2")):
        ctl.run(*words, code=CTL_USAGE)
    ctl.run("sedation", "4")
    ctl.run("test-alarm", "--bed", "bed-1")
    ctl.run("alarms", "--session", "current", "--bed", "bed-9", code=CTL_REFUSED, stderr="bed-9")
    ctl.run("session", "close", "bed-1", "--reason", "end")
    ctl.run("alarms", "--session", "current", code=CTL_REFUSED, stderr="--history")
    log = ctl.run("alarms", "--history", "--json").splitlines()
    seqs = [json.loads(line)["seq"] for line in log]
    vs.equal(seqs, sorted(set(seqs)), "rows of the log")
    half = ctl.run("alarms", "--history", "--json", "--from", str(seqs[len(seqs) // 2]))
    vs.equal(half.splitlines()[:len(log) - len(log) // 2], log[len(log) // 2:], "the second half")


def test_which_bed(b):
    """With two beds a command says which there are; --bed decides."""
    daemon, stream, ctl = two_beds(b)
    ctl.run("quiet", "on", code=CTL_USAGE, stderr="--bed: bed-1, bed-2")
    ctl.run("session", "open", "bed-2", "--patient", "P-2")
    ctl.run("sedation", "5", "--bed", "bed-2")
    ctl.run("quiet", "on", "--bed", "bed-2", code=CTL_REFUSED, stderr="no_sink")
    vs.check("no sinks" in ctl.run("sinks"), "sinks says nothing")
    vs.equal([json.loads(o)["bed"] for o in ctl.run("alarms", "--json").splitlines()],
             ["bed-1", "bed-2"], "beds")
    log = ctl.run("alarms", "--session", "--bed", "bed-2")
    vs.check("anna: score moaas 5" in log and "bed-1" not in log, "the log of one session:", log)


def test_wire_sink(b):
    """The sink of docs/wire.md, as it stands there: told, confirmed, and heard when the daemon hangs."""
    with open(os.path.join(vs.ROOT, "docs", "wire.md"), encoding="utf-8") as f:
        code = re.findall(r"```python\n(.*?)```", f.read(), re.S)[1]
    vs.check(len(code.splitlines()) <= 60, "the sink has", len(code.splitlines()), "lines")
    path = b.path("sink.py")
    with open(path, "w", encoding="utf-8") as f:
        f.write(code)
    ox, room, stream, ctl = one_bed(b, ("room-1",), ready=False)
    sink = b.keep(vs.Process([sys.executable, "-u", path, b.stream_at, b.operate_at, "desk", "remote",
                              "bed-1", "120"]))
    wait_sinks(ctl)
    ctl.run("session", "open", "bed-1", "--patient", "P-1")
    ctl.run("quiet", "on")
    ctl.run("test-alarm", "low")
    sink.wait_line("'priority': 'low', 'category': 'general'")
    ox.say("spo2 80")
    found, _ = stream.wait_alarm("bed-1", "SPO2_DESAT", route="confirmed")
    sink.wait_line(f"sounding {{'instance': {found['instance']}, 'telling': 1, 'priority': 'high', "
                   "'category': 'oxygen'}")
    mark = sink.mark()
    ctl.run("ack", "bed-1", str(found["instance"]))
    sink.wait_line("sounding", mark)
    b.daemons[0].child.send_signal(signal.SIGSTOP)
    sink.wait_line("'instance': 0, 'telling': 0, 'priority': 'high', 'category': 'equipment'")
    b.daemons[0].child.send_signal(signal.SIGCONT)
    mark = sink.mark()
    sink.wait_line("'category': 'oxygen'", mark)
    vs.check(sink.is_running(), "the sink ended:", sink.tail())


vs.main(test_commands, test_usage, test_no_answer, test_unsaved, test_watch, test_watch_restart,
        test_session_close_empties_the_bed, test_inhibit, test_quiet, test_limits,
        test_installed_profiles, test_observe, test_which_bed, test_wire_client,
        test_wire_sink)
