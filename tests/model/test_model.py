"""The model of the alarm machines, searched in full with spin: every property, every planted fault.

test_model.py BUILD               all of it, as ctest does
test_model.py BUILD NAME...       only these properties
A property that fails prints what happened, one event a line.
"""
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import check_rows  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
JOBS = 2
MEMORY_MB = 8192
SECONDS = 280  # of one search

# What a slice of the model has; README.md says why.
PEOPLE = ("WITH_ROUTES", "WITH_SINKS", "WITH_INHIBIT")
SLICES = {
    "condition": ("WITH_FRESH", "WITH_NUMBERS", "WITH_SESSION", "EXACT_FRESH", "EXACT_DELAY",
                  "EXACT_CLEAR", "EXACT_EXPIRY"),
    "starts": ("WITH_FRESH", "WITH_SESSION", "EXACT_FRESH", "EXACT_DELAY", "EXACT_STARTS"),
    "people": PEOPLE,
    "inhibition": ("WITH_INHIBIT", "WITH_PHASE", "WITH_SESSION", "EXACT_PAUSE"),
    "whole": (*PEOPLE, "WITH_FRESH"),
    "deviations": (*PEOPLE, "WITH_DEVIATIONS"),
}
HOLDS = (  # the longest search first
    ("all_at_once", "whole"),
    ("p01_bounded_silence", "people"),
    ("p02_bounded_detection", "condition"),
    ("p03_third_start", "starts"),
    ("p04_data_loss_cannot_clear", "condition"),
    ("p05_no_loss_over_restart", "people"),
    ("p06_latch", "condition"),
    ("p07_specific_ack", "condition"),
    ("p08_ack_expires", "condition"),
    ("p09_breakthrough", "people"),
    ("p10_bounded_inhibition", "inhibition"),
    ("p11_inhibition_is_shown", "people"),
    ("p12_stale_never_classified", "condition"),
    ("p13_room_when_alone", "people"),
    ("p13_nothing_owed_is_done", "people"),
    ("p14_voice", "people"),
    ("p15_limits_never_clear", "condition"),
    ("p17_session_end", "condition"),
    ("p19_sinks_speak", "people"),
)
# What the tables do and the specification does not say. One that is gone has to leave this list.
DEVIATIONS = (
    ("d12_limits", "condition"),
    ("d13_relapse", "deviations"),
)
FAULTS = (  # planted: the switch, and the properties that must notice it; each property has one
    ("FAULT_ENDLESS_DELAY", "condition", ("p02_bounded_detection",)),
    ("FAULT_NO_THIRD_START", "starts", ("p03_third_start",)),
    ("FAULT_ACK_FOR_EVER", "condition", ("p08_ack_expires",)),
    ("FAULT_PAUSE_FOR_ALL", "people", ("p09_breakthrough",)),
    ("FAULT_PAUSE_EXTENDS", "inhibition", ("p10_bounded_inhibition",)),
    ("FAULT_OFF_STAYS", "inhibition", ("p10_bounded_inhibition",)),
    ("FAULT_STALE_CLASSED", "condition", ("p12_stale_never_classified",)),
    ("FAULT_VOICE_NEWEST", "people", ("p14_voice",)),
    ("FAULT_LIMITS_CLEAR", "condition", ("p15_limits_never_clear",)),
    ("FAULT_END_UNASKED", "condition", ("p17_session_end",)),
    ("FAULT_SINK_WAITS", "people", ("p19_sinks_speak", "p01_bounded_silence")),
    ("FAULT_PAUSE_STAYS", "people", ("p01_bounded_silence", "p11_inhibition_is_shown")),
    ("FAULT_RESTORED_SENT", "people", ("p01_bounded_silence", "p05_no_loss_over_restart",
                                       "p13_room_when_alone")),
    ("FAULT_ACK_ANY", "condition", ("p06_latch", "p07_specific_ack")),
    ("FAULT_STALE_CLEARS", "condition", ("p04_data_loss_cannot_clear",)),
)

STATES = {
    "H": {1: "disarmed", 2: "normal", 4: "pending", 8: "active", 16: "latched"},
    "route": {1: "done", 2: "sent", 4: "confirmed", 8: "escalated", 16: "local"},
    "sound": {1: "on", 2: "audio_paused", 4: "alarm_paused", 8: "alarm_off"},
    "fresh": {1: "never", 2: "fresh", 4: "stale", 8: "lost"},
}
STATES["M"], STATES["vital"] = STATES["H"], STATES["sound"]


class Search:
    """A slice, perhaps with a fault, as a program that searches."""

    def __init__(self, folder, name, fault=None):
        self.folder = folder / (fault or name)
        self.flags = [f"-D{f}" for f in (*SLICES[name], "COVER", *([fault] if fault else []))]
        self.name = name

    def build(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for part in HERE.glob("*.pml"):
            shutil.copy(part, self.folder)
        self.call("spin", "-a", *self.flags, "vigil.pml")
        self.call("gcc", "-O2", "-w", "-DSAFETY", "-DNOREDUCE", f"-DMEMLIM={MEMORY_MB}", "-o", "pan",
                  "pan.c")

    def call(self, *argv):
        p = subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, check=False)
        if p.returncode != 0:
            raise RuntimeError(f"{' '.join(argv)}\n{p.stdout}{p.stderr}")

    def run(self, prop, depth):
        """Searches to this depth. In its own folder, for the trail has always the same name."""
        here = self.folder / prop
        here.mkdir(exist_ok=True)
        hash_bits = 24 if self.name == "whole" else 22
        p = subprocess.run(["../pan", f"-m{depth}", f"-w{hash_bits}", "-N", prop], cwd=here,
                           capture_output=True, text=True, check=False, timeout=SECONDS)
        return Result(prop, p.stdout + p.stderr)

    def full(self, prop):
        return self.run(prop, 20_000_000 if self.name == "whole" else 5_000_000)

    def shortest(self, prop):
        """A violation that is not much deeper than need be."""
        for depth in (50, 100, 150, 200, 300, 500, 1000, 5000, 20000):
            result = self.run(prop, depth)
            if result.violated:
                return result
        return self.full(prop)

    def trail(self, prop):
        """The events of the violation found last, in words."""
        p = subprocess.run(["../pan", "-r", "-N", prop], cwd=self.folder / prop, capture_output=True,
                           text=True, check=False)
        events = mtype()
        for line in p.stdout.splitlines():
            if line.startswith("EV "):
                yield in_words(line, events)


class Result:
    """What pan said of one search."""

    def __init__(self, prop, said):
        self.prop, self.said = prop, said
        self.states = self.number(r"([\d.e+]+) states, stored")
        self.depth = self.number(r"depth reached (\d+)")
        self.memory = self.number(r"([\d.]+)\s+total actual memory usage")
        self.seconds = self.number(r"elapsed time ([\d.]+) seconds")
        self.violated = re.search(r"errors: [1-9]", said) is not None
        self.taken = set(re.findall(r"^taken (\w) (\d+)$", said, re.M))

    def number(self, pattern):
        m = re.search(pattern, self.said)
        return float(m.group(1)) if m else 0.0

    def holds(self):
        """pan exits with 0 whatever it found; and a search that was cut has found nothing."""
        return ("errors: 0" in self.said and "max search depth too small" not in self.said
                and "Search not completed" not in self.said
                and f"ltl formula {self.prop}" in self.said)

    def line(self, verdict, what):
        return (f"{self.prop:28} {verdict:9} {what:20} {self.states:9.0f} states, depth {self.depth:8.0f},"
                f" {self.memory:6.0f} MB, {self.seconds:6.1f} s")


def mtype():
    """Number -> name, as spin gives them: the last is 1."""
    names = re.search(r"mtype = \{(.*?)\}", (HERE / "vigil.pml").read_text(), re.S).group(1)
    names = [n.strip() for n in names.split(",")]
    return {len(names) - i: n for i, n in enumerate(names)}


def in_words(line, events):
    _, ev, who, level, flag, rest = line.split(maxsplit=5)
    words = rest.split()
    names = None
    for i, word in enumerate(words):
        if word in STATES:
            names = STATES[word]
        elif names and word.isdigit():
            words[i] = names[int(word)]
            if words[i - 1] != "route":
                names = None
    return f"    {events[int(ev)]:10} {who} {level} {flag}   {' '.join(words)}"


def wrong_rows(taken):
    """ROW lines of the model that no search has taken, though they are not listed as idle; or the reverse."""
    idle = check_rows.rows_idle()
    for letter, name in (("C", "condition"), ("F", "freshness"), ("Q", "routing"), ("I", "inhibition")):
        for number, text in enumerate((HERE / f"{name}.pml").read_text().splitlines(), 1):
            for row in check_rows.rows_of(text):
                was = (letter, str(number)) in taken
                if was == (row in idle):
                    yield f"{name}.pml:{number} {'taken' if was else 'never taken'}: {text.strip()}"


def main():
    if shutil.which("spin") is None:
        print("spin is not installed")
        return 77
    began = time.monotonic()
    folder = pathlib.Path(sys.argv[1]) / "model"
    only = set(sys.argv[2:])
    wanted = [(p, s) for p, s in HOLDS if not only or p in only]
    odd = [(p, s) for p, s in DEVIATIONS if not only or p in only]
    bad = 0
    taken = set()
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        slices = {s: Search(folder, s) for _, s in wanted + odd}
        planted = [(Search(folder, s, f), f, props) for f, s, props in FAULTS if not only]
        list(pool.map(Search.build, [*slices.values(), *(s for s, _, _ in planted)]))
        holding = [(slices[s], pool.submit(slices[s].full, p)) for p, s in wanted]
        odder = [(slices[s], pool.submit(slices[s].shortest, p)) for p, s in odd]
        found = [(f, pool.submit(s.shortest, p)) for s, f, props in planted for p in props]
        for search, job in holding:
            r = job.result()
            taken |= r.taken
            print(r.line("holds" if r.holds() else "FAILS", search.name), flush=True)
            if not r.holds():
                bad += 1
                if search.shortest(r.prop).violated:
                    print(*search.trail(r.prop), sep="\n")
                else:
                    print(r.said[-2000:])
        for search, job in odder:
            r = job.result()
            print(r.line("deviates" if r.violated else "IS GONE", search.name), flush=True)
            bad += 0 if r.violated else 1
            if only:
                print(*search.trail(r.prop), sep="\n")
        for fault, job in found:
            r = job.result()
            print(r.line("found" if r.violated else "NOT FOUND", fault), flush=True)
            bad += 0 if r.violated else 1
    rows = [] if only else list(wrong_rows(taken))
    print(*rows, sep="\n", end="\n" if rows else "")
    print(f"{len(holding)} properties, {len(odder)} deviations, {len(found)} searches for planted faults,"
          f" {bad} wrong, {len(rows)} rows wrong; {time.monotonic() - began:.0f} s")
    return 1 if bad or rows else 0


if __name__ == "__main__":
    sys.exit(main())
