"""A session by protocol, from the command line: what is asked back, what is private, what is exported."""
import csv
import io
import json
import os
import re
import shutil
import subprocess

import vigil_system as vs
from vigil_ctl import CTL_REFUSED, CTL_USAGE, Ctl

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROTOCOLS = os.path.join(SOURCE, "config", "protocols")
SECRET = "wept when the song about her mother began"
FACTS = ("identity", "consent", "fasting", "escort", "contraindications", "equipment", "alarm_test",
         "room_air")


def start(b, protocols=("iv-40", "im")):
    folder = b.path("protocols")
    if not os.path.isdir(folder):
        shutil.copytree(PROTOCOLS, folder)
    b.oximeter("ox-1")
    b.cuff("cuff-1", "--determination-s", "2")
    listed = "protocols: [" + ", ".join(f"{{name: {p}}}" for p in protocols) + "]\n"
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}", "test: yes"),
                       ("cuff-1", "bed-1", "suntech", f"tty:{b.path('cuff-1')}", "test: yes")],
                      limits=listed)
    daemon = b.daemon(config)
    stream = b.stream(keep_waves=False)
    stream.wait("v1.bed-1.vital.spo2", test=vs.is_value, snapshots=True)
    return config, daemon, stream, Ctl(b)


def plan(ctl):
    return json.loads(ctl.run("plan", "--json"))["beds"][0]


def receipt(text):
    return int(re.search(r"receipt (\d+)", text).group(1))


def open_session(ctl):
    return receipt(ctl.run("session", "open", "bed-1", "--patient", "P-1", "--protocol", "im",
                           "--course", "C-1"))


def test_asked_back(b):
    """What was converted, or is far from the range, is shown before it is taken."""
    _, _, stream, ctl = start(b)
    open_session(ctl)
    ctl.run("weight", "154", "lb", code=CTL_REFUSED, stderr="pounds")
    ctl.run("weight", "154", "kg", code=CTL_REFUSED, stderr="--confirm '154.000 kg'")
    ctl.run("weight", "70", "kg")
    give = ("dose", "bolus", "bed-1", "--drug", "ketamine", "--route", "im", "--checked-by", "bob")
    half = (*give, "--amount", "0.5", "--unit", "mg/kg")
    ctl.run(*half, code=CTL_REFUSED, stderr="--confirm '35 mg'")
    ctl.run(*half, "--confirm", "3.5 mg", code=CTL_REFUSED, stderr="confirm")
    ctl.run(*give, "--amount", "350", "--unit", "mg", code=CTL_REFUSED, stderr="--confirm '350 mg'")
    ctl.run(*give, "--amount", "0.7", "--unit", "mL", code=CTL_REFUSED, stderr="concentration")
    vs.equal(plan(ctl)["doses"], [], "doses after four refusals")
    row = receipt(ctl.run(*half, "--confirm", "35 mg", "--lot", "L7", "--site", "left deltoid"))
    frame = stream.wait("v1.bed-1.dose", amount_ug=35000, typed="0.5 mg/kg", weight_g=70000, lot="L7",
                        site="left deltoid", checked_by="bob").body
    vs.check("gate_closed" in frame["deviation"] and "consent" in frame["gate_missing"], frame)
    # 0.7 mL of 50 mg/mL: the same dose typed otherwise.
    ctl.run("dose", "amend", "bed-1", str(row), "bolus", "--drug", "ketamine", "--route", "im",
            "--checked-by", "bob", "--amount", "0.7", "--unit", "mL", "--concentration", "50 mg/mL",
            "--confirm", "35 mg", "--reason", "volume was read")
    ctl.run("dose", "void", "bed-1", str(row), "--reason", "again", code=CTL_REFUSED,
            stderr="already_corrected")
    bed = plan(ctl)
    vs.equal([t["given_ug"] for t in bed["totals"]], [35000], "given")
    vs.equal(len(bed["doses"]), 1, "doses")
    vs.check(bed["doses"][0]["first_row"] == row and bed["doses"][0]["row"] > row, bed["doses"])
    vs.check("bolus" in ctl.run("plan") and "35 mg" in ctl.run("plan"), "plan in words")


def test_gate_and_plan(b):
    _, _, stream, ctl = start(b)
    open_session(ctl)
    ctl.run("weight", "70", "kg")
    for fact in FACTS:
        ctl.run("fact", fact, "yes")
    ctl.run("reading", "118/74", "--limb", "left arm")
    ctl.run("reading", "117/73")
    ctl.run("reading", "119/75")
    ctl.run("reading", "74/118", code=CTL_REFUSED, stderr="systolic above diastolic")
    mark = stream.mark()
    for vital in ("spo2", "pulse_rate"):
        stream.wait(f"v1.bed-1.vital.{vital}", since=mark, test=vs.is_value, fresh="fresh")
    ctl.run("baseline")
    missing = [i["item"] for i in plan(ctl)["gate"]["items"] if not i["holds"]]
    vs.equal(missing, ["sink"], "what the gate misses (no sink is configured)")
    ctl.run("override", "sink", "--reason", "no", code=CTL_REFUSED, stderr="not_soft")
    ctl.run("dose", "bolus", "bed-1", "--drug", "ketamine", "--route", "im", "--amount", "35", "--unit",
            "mg", "--checked-by", "bob")
    bed = plan(ctl)
    vs.equal(bed["phase"], "onset", "phase")
    due = [(m["due"], m["state"]) for m in bed["marks"]]
    vs.equal(due.count(("nibp", "waiting")), 9, f"pressures to come of {due}")
    ctl.run("score", "moaas", "4")
    ctl.run("score", "moaas", "6", code=CTL_REFUSED, stderr="outside")
    ctl.run("score", "nothing", "1", code=CTL_REFUSED, stderr="there is no scale")
    ctl.run("symptom", "nausea", "--severity", "2")
    ctl.run("handover", "carol")
    vs.equal(plan(ctl)["responsible"], "carol", "responsible")
    stream.wait("v1.bed-1.session", event="symptom", symptom="nausea", severity=2)
    ctl.run("session", "close", "bed-1", code=CTL_REFUSED, stderr="discharge")
    ctl.run("session", "close", "bed-1", "--reason", "moved to the ward")


def test_private(b):
    """What a therapist writes is in the record, and never on the stream or the view socket."""
    config, daemon, stream, ctl = start(b)
    session = open_session(ctl)
    ctl.run("marker", "insight", "--theme", "mother", "--quote", SECRET)
    ctl.run("note", SECRET)
    stream.wait("v1.bed-1.session", event="note")
    vs.check(not any(SECRET in json.dumps(f.body) for f in stream.select("v1.")), "text on the stream")
    vs.check(SECRET in ctl.run("notes") and "mother" in ctl.run("notes", "--session", str(session)),
             "the notes themselves")
    vs.check(SECRET not in ctl.run("alarms", "--history"), "text in the alarm log")
    vs.check(SECRET not in ctl.run("range", "--limit", "500"), "text in a range")
    view = vs.Client(b.context, b.view_at)
    vs.equal(view.ask({"op": "notes"})["error"], "DENIED", "notes at the view socket")
    ctl.run("session", "close", "bed-1", "--reason", "done")
    daemon.terminate()
    record = os.path.join(b.path("state"), "vigil.db")
    env = {**os.environ, "TZ": "Europe/Berlin"}
    text = subprocess.run([os.path.join(b.bin, "vigilctl"), "export", "csv", "--db", record,
                           "--session", str(session)], capture_output=True, text=True, check=True,
                          env=env).stdout
    vs.check(SECRET not in text, "text in the export")
    rows = list(csv.DictReader(io.StringIO(text)))
    vs.check(all(r["utc"].endswith("Z") and re.search(r"\+0[12]00$", r["local"]) for r in rows),
             "both times in every row")
    vs.check(any(r["kind"] == "care" and json.loads(r["data"])["event"] == "note" for r in rows), "care rows")


def test_protocol_kept(b):
    """A session keeps the bytes it began with; the record proves them."""
    config, daemon, stream, ctl = start(b)
    open_session(ctl)
    before = plan(ctl)["protocol_hash"]
    daemon.kill()
    with open(os.path.join(b.path("protocols"), "im.yaml"), "a", encoding="utf-8") as f:
        f.write("# a later revision\n")
    b.daemon(config)
    vs.equal(plan(ctl)["protocol_hash"], before, "protocol of the running session")
    offered = {p["protocol"]: p["hash"] for p in json.loads(ctl.run("plan", "--json"))["protocols"]}
    vs.check(offered["im"] != before, "what a new session would begin with")
    ctl.run("session", "close", "bed-1", "--reason", "done")
    b.check_chain()


def test_protocol_files(b):
    ctl = Ctl(b)
    for name in sorted(os.listdir(PROTOCOLS)):
        path = os.path.join(PROTOCOLS, name)
        vs.check("sound" in ctl.run("protocol", "check", path), name)
        shown = ctl.run("protocol", "show", path)
        vs.check("Timeline" in shown and "blood pressure" in shown and "Before leaving" in shown, name)
    text = open(os.path.join(PROTOCOLS, "iv-40.yaml"), encoding="utf-8").read()
    for old, new, word in (
            ("[10, 20, 30, 40, 55", "[10, 26, 40, 55", "readings"),
            ("after_last_min: 60", "after_last_min: 59", "at least 60 min"),
            ("approver: not yet approved", "", "approver"),
            ("  consent: hard", "  consent: soft", "gate"),
            ("  - {check: fact, fact: escort}\n", "", "checks"),
            ("hard: 2,", "hard: 0.5,", "soft_low"),
            ("scale: moaas", "scale: moass", "no scale"),
            ("name: infusion,", "name: infusion, live: no,", "live"),
            ("peak_min: 40", "peak_min: forty", "peak_min"),
            ("route: iv", "route: vein", "route"),
            ("version: 1", "version: 1\ncolour: red", "colour")):
        vs.check(old in text, old)
        path = b.path("changed.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new, 1))
        ctl.run("protocol", "check", path, code=CTL_REFUSED, stderr=word)
    ctl.run("protocol", "check", b.path("absent.yaml"), code=CTL_REFUSED, stderr="absent.yaml")
    ctl.run("protocol", "check", code=CTL_USAGE)


vs.main(test_asked_back, test_gate_and_plan, test_private, test_protocol_kept, test_protocol_files)
