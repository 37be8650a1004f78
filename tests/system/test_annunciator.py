"""vigil-annunciator: its signals measured, and the program with a daemon that dies, freezes, returns.

There is no sound card here: a configuration of the real ALSA library plays into a file, and what is
in the file has reached the pcm.
"""
import array
import os
import select
import signal
import socket
import subprocess
import threading

import vigil_sound as sound
import vigil_system as vs
from vigil_sinks import FakeDaemon

TONES = os.path.join(vs.ROOT, "config", "tones")
RATE = 48000
SOUND_AFTER_FRAME_S = 1.0
SOUND_AFTER_DEATH_S = 4.0
# From the pcm to the file that is looked at: the file plugin writes by the period.
LOOK_S = 0.3

NOTES = {"C4": 262, "D4": 294, "E4": 330, "F4": 349, "G4": 392, "A4": 440, "B4": 494, "C5": 523}
MELODIES = {"general": "C4 C4 C4 C4 C4", "oxygen": "C5 B4 A4 G4 F4",
            "cardiovascular": "C4 E4 G4 G4 C5", "drug": "C5 D4 G4 C5 D4",
            "equipment": "C5 C4 C4 C5 C4"}
# pulses of a burst, pulse, spacing, interburst: least and most, seconds
RANGES = {"high": ((10, 10), (0.075, 0.200), (0.050, 0.125), (2.5, 15.0)),
          "medium": ((3, 3), (0.125, 0.250), (0.125, 0.250), (2.5, 30.0)),
          "low": ((1, 2), (0.125, 0.250), (0.125, 0.250), (15.0, 60.0))}
SECONDS = {"high": 15, "medium": 30, "low": 45}


def in_range(value, limits, *what):
    vs.check(limits[0] <= value <= limits[1], *what, f"is {value:.4f}; allowed are {limits}")


# --- measured signals ---------------------------------------------------------------------------


def check_gaps(burst, priority, what):
    """Silence between the pulses of one burst, end to begin."""
    gaps = [b.begin - a.end for a, b in zip(burst, burst[1:])]
    if priority != "high":
        for g in gaps:
            in_range(g, RANGES[priority][2], what, "spacing")
        return
    x = gaps[0]
    for i, g in enumerate(gaps):
        if i == 4:
            in_range(g, (0.35, 1.30), what, "gap between the fifth and the sixth pulse")
        elif i % 5 == 2:
            in_range(g, (2 * x + burst[0].length - 0.008, 2 * x + burst[0].length + 0.008), what,
                     "gap after the third pulse of five")
        else:
            in_range(g, RANGES["high"][2], what, "spacing")


def check_pulse(p, priority, what):
    in_range(p.length, RANGES[priority][1], what, "pulse")
    in_range(p.rise / p.length, (0.10, 0.40), what, "rise against the pulse")
    in_range(p.hz, (150, 1000), what, "fundamental")
    strong = [k for k, db in p.harmonics.items()
              if 300 <= k * p.hz <= 4000 and -15 <= db <= 15]
    vs.check(len(strong) >= 4, what, f"has {len(strong)} harmonics within 15 dB: {p.harmonics}")


def measure(b, tones, priority, category):
    path = b.path(f"{tones}-{priority}-{category}.wav")
    subprocess.run([b.annunciator, "--tones", os.path.join(TONES, f"{tones}.yaml"), "--wav", path,
                    "--priority", priority, "--category", category, "--seconds",
                    str(SECONDS[priority])], check=True, timeout=vs.CEILING)
    samples, rate = sound.read_wav(path)
    vs.check(-32768 < min(samples) and max(samples) < 32767, path, "clips")
    where = sound.bursts(samples, rate)
    what = f"{tones} {priority} {category}:"
    vs.check(len(where) >= 2, what, "only", len(where), "burst")
    burst = [sound.Pulse(samples, rate, *at) for at in where[0]]
    following = sound.Pulse(samples, rate, *where[1][0], spectrum=False)
    notes = [NOTES[n] for n in MELODIES[category].split()]
    in_range(len(burst), RANGES[priority][0], what, "pulses")
    check_gaps(burst, priority, what)
    levels = [p.level for p in burst]
    in_range(max(levels) / min(levels), (1, 10 ** 0.5), what, "amplitude spread")
    for i, p in enumerate(burst):
        check_pulse(p, priority, what)
        in_range(p.hz / notes[i % 5], (0.99, 1.01), what, f"note {i}")
    ramps = max(p.rise + p.fall for p in burst)
    for a, z in zip(burst, burst[1:]):
        vs.check(ramps <= z.begin - a.end, what, "pulses overlap")
    between = following.begin - burst[-1].end
    in_range(between, RANGES[priority][3], what, "interburst interval")
    first = burst[0]
    return (f"{len(burst)} pulses of {first.length * 1000:.1f} ms, rise "
            f"{100 * first.rise / first.length:.1f} %, fall {first.fall * 1000:.1f} ms, "
            f"interburst {between:.2f} s, harmonics "
            + " ".join(f"{db:.1f}" for db in list(first.harmonics.values())[:5]) + " dB")


def test_signals_measured(b):
    """Every priority, category and shipped tone set against the ranges."""
    for tones in sorted(n[:-5] for n in os.listdir(TONES)):
        for priority in RANGES:
            for category in MELODIES:
                words = measure(b, tones, priority, category)
            print(f"  {tones} {priority}: {words}", flush=True)


def test_volume_rises(b):
    """Over the first three bursts, from --volume to --volume-max, and then no more."""
    path = b.path("rise.wav")
    subprocess.run([b.annunciator, "--tones", b.tones, "--wav", path, "--priority", "high",
                    "--volume", "20", "--volume-max", "80", "--seconds", "60"], check=True)
    samples, rate = sound.read_wav(path)
    heights = [max(max(samples[a:z]) for a, z in group) for group in sound.bursts(samples, rate)]
    vs.check(len(heights) >= 4, "bursts", heights)
    for got, wanted in zip(heights[1:], (50 / 20, 80 / 20, 80 / 20)):
        in_range(got / heights[0], (wanted * 0.97, wanted * 1.03), "height of a burst", heights)


def test_tone_files_are_strict(b):
    """A wrong tone set is refused with its place, key and cure."""
    with open(b.tones, encoding="ascii") as f:
        text = f.read()
    for old, new, words in (
            ("rise: 15", "rise: 5", ("rise", "10")),
            ("rise: 15", "raise: 15", ("raise", "did you mean 'rise'")),
            ("spacing: 100ms, pause", "spacing: 60ms, pause",
             ("signals.high.spacing", "run into each other")),
            ("[-3, -5, -7, -9, -11]", "[-3, -5, -7]", ("fewer than 4 harmonics",)),
            ("general: [262, 262,", "general: [262,", ("melodies.general", "give 5")),
            ("interburst: 30s", "interburst: 10s", ("signals.low.interburst",))):
        vs.check(old in text, "the shipped set has no", old)
        path = b.path("bad.yaml")
        with open(path, "w", encoding="ascii") as f:
            f.write(text.replace(old, new))
        p = subprocess.run([b.annunciator, "--tones", path, "--wav", b.path("no.wav")],
                           capture_output=True, text=True, check=False, timeout=vs.CEILING)
        vs.equal(p.returncode, 1, f"exit code with {new}")
        for word in (f"{path}:", *words):
            vs.check(word in p.stderr, new, "is not refused with", word, "but", p.stderr)


# --- the program --------------------------------------------------------------------------------


class Speaker:
    """What reached the pcm, as a growing file."""

    def __init__(self, b, name="speaker"):
        self.raw = b.path(f"{name}.raw")
        self.config = b.path(f"{name}.conf")

    def configure(self, slave="null", kind="null"):
        with open(self.config, "w", encoding="ascii") as f:
            f.write(f'pcm.null {{ type {kind} }}\n'
                    f'pcm.speaker {{ type file slave.pcm "{slave}" file "{self.raw}"'
                    f' format "raw" }}\n')
        return self

    def env(self, **more):
        return {**os.environ, "ALSA_CONFIG_PATH": self.config, **more}

    def size(self):
        return os.path.getsize(self.raw) // 2 if os.path.exists(self.raw) else 0

    def samples(self, since=0):
        out = array.array("h")
        with open(self.raw, "rb") as f:
            f.seek(2 * since)
            data = f.read()
        out.frombytes(data[:len(data) & ~1])
        return out

    def is_sounding(self, since):
        part = self.samples(since) if self.size() > since else ()
        return len(part) > 0 and (max(part) > 300 or min(part) < -300)

    def wait_sound(self, since, ceiling=vs.CEILING):
        vs.wait_for(lambda: self.is_sounding(since), "sound at the pcm", ceiling)
        return vs.now()

    def wait_silence(self, seconds):
        """Until the last `seconds` of what was played are silent; when that silence began."""
        def look():
            end = self.size()
            return end > seconds * RATE and not self.is_sounding(end - int(seconds * RATE))
        vs.wait_for(look, "silence at the pcm")
        return vs.now() - seconds


def start(b, speaker, *options, env=None, device="speaker"):
    argv = [b.annunciator, "--device", device, "--tones", b.tones, "--stream", b.stream_at,
            "--operate", b.operate_at, *options]
    p = b.keep(vs.Process(argv, env or speaker.env()))
    p.wait_line("listening")
    return p


def test_alarm_is_heard(b):
    """Sound within a second, a receipt once, silence after the acknowledgement."""
    daemon = b.keep(FakeDaemon(b))
    speaker = Speaker(b).configure()
    p = start(b, speaker)
    daemon.wait_request("sink_alive", sink="room-1", healthy=True)
    vs.wait_for(lambda: speaker.size() > RATE, "silence being played")
    vs.check(not speaker.is_sounding(0), "sound without an alarm")

    mark = speaker.size()
    at = daemon.sound(12)
    heard = speaker.wait_sound(mark) - at
    vs.within(heard, SOUND_AFTER_FRAME_S + LOOK_S, "sound after the frame")
    b.worst.add("sound_s", heard)
    r = daemon.wait_request("receipt", sink="room-1", bed="bed-1", instance=12)
    vs.equal(sorted(r), ["at", "bed", "instance", "op", "sink"], "members of a receipt")

    at = daemon.sound()
    quiet = speaker.wait_silence(0.6) - at
    vs.within(quiet, 1.0 + LOOK_S, "silence after the acknowledgement")
    b.worst.add("silence_s", quiet)
    daemon.wait_request("sink_alive", since=daemon.mark())
    vs.equal(len(daemon.requests("receipt")), 1, "receipts")

    beats = [r["at"] for r in daemon.requests("sink_alive")]
    vs.check(all(0.5 < z - a < 2.5 for a, z in zip(beats, beats[1:])), "heartbeats", beats)
    vs.equal(p.terminate(), 0, "exit code")


def test_higher_priority_interrupts(b):
    """A running low burst is left for a high one, of another bed; then the lower one goes on."""
    daemon = b.keep(FakeDaemon(b, "bed-1", "bed-2"))
    speaker = Speaker(b).configure()
    start(b, speaker)
    daemon.sound(5, "medium", "equipment")
    daemon.wait_request("receipt", bed="bed-1", instance=5)
    mark = speaker.size()
    at = daemon.sound(4, "high", "cardiovascular", bed="bed-2")
    r = daemon.wait_request("receipt", bed="bed-2", instance=4)
    vs.within(r["at"] - at, SOUND_AFTER_FRAME_S + LOOK_S, "the higher one after its frame")
    vs.wait_for(lambda: len(sound.stretches(speaker.samples(mark), RATE)) >= 11,
                "ten pulses of the higher one")
    part = speaker.samples(mark)
    whole = [s for s in sound.stretches(part, RATE) if 0.15 < (s[1] - s[0]) / RATE < 0.24][:3]
    for wanted, (first, last) in zip((262, 330, 392), whole):
        got = sound.Pulse(part, RATE, first, last, spectrum=False)
        in_range(got.length, RANGES["high"][1], "pulse of the higher one")
        in_range(got.hz / wanted, (0.98, 1.02), "note of the higher one")
    daemon.sound(bed="bed-2")
    mark = speaker.size()
    vs.wait_for(lambda: len(sound.stretches(speaker.samples(mark), RATE)) >= 3,
                "three pulses of the lower one again")
    vs.equal(len(daemon.requests("receipt")), 2, "receipts")


def test_role_bed_and_test_signal(b):
    """Only its own role and beds; a test signal only while nothing real is to be voiced."""
    daemon = b.keep(FakeDaemon(b, "bed-1", "bed-2"))
    speaker = Speaker(b).configure()
    start(b, speaker, "--role", "second", "--sink", "desk", "--bed", "bed-2")
    daemon.wait_request("sink_alive", sink="desk")
    mark = speaker.size()
    daemon.sound(7, role="room", bed="bed-2")
    daemon.sound(8, role="second", bed="bed-1")
    vs.wait_for(lambda: speaker.size() > mark + 2 * RATE, "two seconds")
    vs.check(not speaker.is_sounding(mark), "another role or bed is voiced")
    daemon.sound(None, bed="bed-2",
                 test_signal={"priority": "low", "category": "general", "remaining_ms": 1500})
    speaker.wait_sound(mark)
    daemon.sound(9, role="second", bed="bed-2", test_signal=None)
    daemon.wait_request("receipt", sink="desk", bed="bed-2", instance=9)
    vs.equal([r["instance"] for r in daemon.requests("receipt")], [9], "receipts")


def test_daemon_killed(b):
    """The daemon's death is heard, goes on being heard, and ends with its return."""
    daemon = b.keep(FakeDaemon(b))
    speaker = Speaker(b).configure()
    p = start(b, speaker)
    daemon.sound(31)
    daemon.wait_request("receipt", instance=31)
    daemon.sound()
    speaker.wait_silence(0.5)
    mark = speaker.size()
    at = vs.now()
    daemon.kill()
    heard = speaker.wait_sound(mark) - at
    vs.within(heard, SOUND_AFTER_DEATH_S, "the daemon's death being heard")
    b.worst.add("death_s", heard)
    vs.wait_for(lambda: len(sound.bursts(speaker.samples(mark), RATE)) >= 3, "three bursts")

    daemon = b.keep(FakeDaemon(b))
    p.wait_line("heard again")
    speaker.wait_silence(1.0)
    daemon.sound(31)
    daemon.wait_request("receipt", instance=31)
    vs.equal(len(daemon.requests("receipt")), 1, "receipts in the new run")


def test_receipt_in_each_run(b):
    """A daemon that restarts between two frames gets the receipt of what still sounds again."""
    daemon = b.keep(FakeDaemon(b))
    speaker = Speaker(b).configure()
    start(b, speaker)
    daemon.sound(40)
    daemon.wait_request("receipt", instance=40)
    daemon.kill()
    daemon = b.keep(FakeDaemon(b))
    daemon.sound(40)
    daemon.wait_request("receipt", instance=40)


def test_daemon_frozen(b):
    """A daemon that hangs with its sockets open is as silent as a dead one."""
    daemon = b.keep(FakeDaemon(b))
    speaker = Speaker(b).configure()
    p = start(b, speaker)
    daemon.wait_request("sink_alive")
    vs.wait_for(lambda: speaker.size() > RATE // 2, "silence being played")
    mark = speaker.size()
    at = daemon.freeze()
    heard = speaker.wait_sound(mark) - at
    vs.within(heard, SOUND_AFTER_DEATH_S, "the freeze being heard")
    b.worst.add("freeze_s", heard)
    daemon.thaw()
    p.wait_line("heard again")
    speaker.wait_silence(1.0)
    since = daemon.mark()
    daemon.wait_request("sink_alive", since=since)


def test_no_daemon_at_all(b):
    """Started before the daemon: silence for three seconds, then the alarm."""
    speaker = Speaker(b).configure()
    at = vs.now()
    p = start(b, speaker)
    heard = speaker.wait_sound(0) - at
    vs.check(heard > 2.5, f"heard already after {heard:.2f} s")
    vs.within(heard, SOUND_AFTER_DEATH_S, "the missing daemon being heard")
    b.keep(FakeDaemon(b))
    p.wait_line("heard again")


def test_answers_do_not_matter(b):
    """No answer, or a refusal: it sounds all the same, says so once, and goes on telling."""
    daemon = b.keep(FakeDaemon(b))
    speaker = Speaker(b).configure()
    p = start(b, speaker)
    daemon.wait_request("sink_alive")
    daemon.say(answer="none")
    mark = speaker.size()
    at = daemon.sound(50)
    vs.within(speaker.wait_sound(mark) - at, SOUND_AFTER_FRAME_S + LOOK_S, "sound unanswered")
    vs.wait_for(lambda: len(daemon.requests("receipt")) >= 2, "the receipt being repeated")
    since = daemon.mark()
    vs.wait_for(lambda: len(daemon.requests("sink_alive", since)) >= 3, "heartbeats unanswered")
    daemon.say(answer="refuse")
    p.wait_line("refused by the daemon: no such sink; name it")
    since = daemon.mark()
    vs.wait_for(lambda: len(daemon.requests("sink_alive", since)) >= 3, "heartbeats refused")
    vs.check(p.count("heartbeat: refused") <= 2, "every refusal is logged:\n" + p.tail())
    daemon.say(answer="ok")
    p.wait_line("accepted again")


def test_foreign_frames(b):
    """A daemon that does not say what to voice is not a calm one."""
    daemon = b.keep(FakeDaemon(b))
    speaker = Speaker(b).configure()
    p = start(b, speaker)
    daemon.wait_request("sink_alive")
    mark = speaker.size()
    at = daemon.say(bed="bed-1", sounds={})
    p.wait_line("does not say what to voice")
    vs.within(speaker.wait_sound(mark) - at, SOUND_AFTER_DEATH_S + LOOK_S, "the alarm")


def test_real_daemon(b):
    """An alarm of vigild is heard, its acknowledgement and its death too."""
    ox = b.oximeter("ox-1")
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}", "test: yes")],
                      limits="sinks:\n  - { id: room-1, role: room }\n")
    daemon = b.daemon(config)
    stream = b.stream(keep_waves=False)
    speaker = Speaker(b).configure()
    p = start(b, speaker)
    daemon.wait_line("sinks: room-1: is well")
    client = b.client()
    b.open_session(client, "bed-1")
    stream.wait("v1.bed-1.vital.spo2", test=vs.is_value)
    mark = speaker.size()
    ox.say("spo2 80")
    alarm, frame = stream.wait_alarm("bed-1", "SPO2_DESAT")
    vs.within(speaker.wait_sound(mark) - frame.at, SOUND_AFTER_FRAME_S + LOOK_S, "sound")
    vs.check(not p.find("refused"), "the daemon refuses:\n" + p.tail())
    p.wait_line(f"instance={alarm['instance']} priority=high category=oxygen")
    ox.say("spo2 97")
    for one in stream.alarms("bed-1"):
        b.ack(client, "bed-1", one["instance"])
    vs.wait_for(lambda: all(i["ack"] for i in stream.alarms("bed-1")), "all acknowledged")
    speaker.wait_silence(1.0)
    mark = speaker.size()
    at = vs.now()
    daemon.kill()
    heard = speaker.wait_sound(mark) - at
    vs.within(heard, SOUND_AFTER_DEATH_S, "the daemon's death being heard")
    b.worst.add("death_s", heard)


def test_device_is_lost(b):
    """A device that is not there, comes, and goes again: told at every turn, and found again."""
    daemon = b.keep(FakeDaemon(b))
    speaker = Speaker(b).configure(slave="nothing")
    p = start(b, speaker)
    daemon.wait_request("sink_alive", healthy=False)
    p.wait_line("cannot play")
    daemon.sound(60)
    speaker.configure()
    daemon.wait_request("sink_alive", healthy=True)
    speaker.wait_sound(0)
    daemon.wait_request("receipt", instance=60)
    vs.check(p.count("cannot play") <= 2, "every attempt is logged:\n" + p.tail())


class Reader:
    """Reads a pipe until it is told to stop."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stop.is_set():
            if not select.select([self.fd], [], [], 0.05)[0] or not os.read(self.fd, 65536):
                self.stop.wait(0.02)

    def close(self):
        self.stop.set()
        self.thread.join(5)
        os.close(self.fd)


def test_device_hangs_and_breaks(b):
    """A device that takes no more, fails, and comes back: told at every turn, heartbeats go on."""
    daemon = b.keep(FakeDaemon(b))
    speaker = Speaker(b).configure()
    os.mkfifo(speaker.raw)
    deaf = os.open(speaker.raw, os.O_RDWR)  # nobody reads: the pipe fills, and a write hangs
    p = start(b, speaker)
    daemon.wait_request("sink_alive", healthy=True)
    daemon.wait_request("sink_alive", healthy=False)
    since = daemon.mark()
    vs.wait_for(lambda: len(daemon.requests("sink_alive", since)) >= 3, "heartbeats go on")
    os.close(deaf)  # the hanging write fails
    p.wait_line("cannot play")
    reader = b.keep(Reader(speaker.raw))
    since = daemon.mark()
    daemon.wait_request("sink_alive", since, healthy=True)
    daemon.sound(61)
    daemon.wait_request("receipt", instance=61)
    vs.check(not reader.stop.is_set(), "the reader ended")
    p.kill()


def test_service_manager(b):
    """READY and WATCHDOG come, and STOPPING at the end."""
    path = b.path("notify")
    box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    box.bind(path)
    box.settimeout(vs.CEILING)
    b.keep(FakeDaemon(b))
    speaker = Speaker(b).configure()
    p = start(b, speaker, env=speaker.env(NOTIFY_SOCKET=path))
    said = [box.recv(256).decode() for _ in range(4)]
    vs.check(any(w.startswith("READY=1") for w in said) and said.count("WATCHDOG=1") >= 2, said)
    p.child.send_signal(signal.SIGTERM)
    vs.wait_for(lambda: box.recv(256) == b"STOPPING=1", "STOPPING")
    vs.equal(p.wait(), 0, "exit code")
    box.close()


def test_command_line(b):
    """Self-test, help, version, and what is refused."""
    def run(*words, code=0, env=None):
        p = subprocess.run([b.annunciator, *words], capture_output=True, text=True, check=False,
                           timeout=vs.CEILING, env=env)
        vs.equal(p.returncode, code, f"exit code of {words}: {p.stdout}{p.stderr}; it")
        return p.stdout + p.stderr

    speaker = Speaker(b).configure()
    out = run("--self-test", "--device", "speaker", "--tones", b.tones, env=speaker.env())
    vs.check("self-test passed" in out, out)
    vs.equal(len(sound.stretches(speaker.samples(), RATE)), 15, "pulses of the self-test")
    out = run("--self-test", "--device", "nothing", "--tones", b.tones, code=1, env=speaker.env())
    vs.check("self-test FAILED: device 'nothing' cannot play" in out, out)
    vs.check("not a certified" in run("--version"), "--version")
    vs.check("usage" in run("--help"), "--help")
    vs.check("is a fault" in run("--volume", "0", code=2), "--volume 0")
    for wrong in (["--volume", "101"], ["--volume", "9", "--volume-max", "5"], ["--role", "x"],
                  ["stray"], ["--nonsense"], ["--priority", "x"], ["--sink", ""]):
        run(*wrong, code=2)
    run("--tones", "nothing", code=1)


def prepared(test):
    def run(b):
        b.annunciator = os.path.join(b.bin, "vigil-annunciator")
        b.tones = os.path.join(TONES, "iec-60601-1-8.yaml")
        test(b)
    run.__name__ = test.__name__
    return run


vs.main(*map(prepared, (
    test_signals_measured, test_volume_rises, test_tone_files_are_strict, test_alarm_is_heard,
    test_higher_priority_interrupts, test_role_bed_and_test_signal, test_daemon_killed,
    test_receipt_in_each_run, test_daemon_frozen, test_no_daemon_at_all,
    test_answers_do_not_matter, test_foreign_frames, test_real_daemon, test_device_is_lost,
    test_device_hangs_and_breaks, test_service_manager, test_command_line)))
