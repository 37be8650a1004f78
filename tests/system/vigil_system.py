"""What the system tests share: real daemons, simulators, sockets, and a look at the record.

A test is a list of functions handed to main(); each gets a Bench, a temporary directory that starts
processes and ends them again whatever happens. Times are CLOCK_BOOTTIME in seconds, the daemon's
own axis (`mono_ms` in frames). Waiting is always for a condition with a generous ceiling; only what
the requirements bound is measured, through within() and Worst.
"""
import errno
import json
import mmap
import os
import random
import select
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import tty
import uuid

import zmq

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CEILING = 30.0


def now():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Skip(Exception):
    """The machine cannot run this; the reason is the message."""


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in what))


def equal(got, wanted, what):
    check(got == wanted, what, "is", repr(got), "instead of", repr(wanted))


def within(seconds, limit, what):
    check(seconds <= limit, f"{what} took {seconds:.2f} s; at most {limit} s are allowed")


def wait_for(condition, what, ceiling=CEILING, step=0.01):
    """Poll until condition() is true; its value. Failing is the test's failure."""
    end = now() + ceiling
    while True:
        value = condition()
        if value:
            return value
        check(now() < end, "never happened:", what() if callable(what) else what)
        time.sleep(step)


class Worst:
    """The largest value seen under each name, for the report and for assertions."""

    def __init__(self):
        self.of = {}
        self.lock = threading.Lock()

    def add(self, name, value):
        with self.lock:
            self.of[name] = max(value, self.of.get(name, value))

    def __str__(self):
        return ", ".join(f"{k} {v:.3f}" for k, v in sorted(self.of.items()))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def request_id():
    return str(uuid.uuid4())


# --- processes --------------------------------------------------------------------------------


class Process:
    """A child whose lines (stdout and stderr together) are kept with their time."""

    def __init__(self, argv, env=None):
        self.argv = argv
        self.lines = []
        self.started = now()
        self.child = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=env, text=True, bufsize=1, errors="replace")
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.append((now(), line.rstrip("\n")))

    def mark(self):
        return len(self.lines)

    def find(self, word, since=0):
        for at, line in self.lines[since:]:
            if word in line:
                return at, line
        return None

    def wait_line(self, word, since=0, ceiling=CEILING):
        def look():
            ended = not self.reader.is_alive()
            found = self.find(word, since)
            check(found or not ended, f"{self.argv[0]} ended without '{word}':\n" + self.tail())
            return found
        return wait_for(look, lambda: f"'{word}' from {self.argv[0]}:\n" + self.tail(), ceiling)

    def tail(self, count=30):
        return "\n".join(line for _, line in self.lines[-count:])

    def count(self, word, since=0):
        return sum(1 for _, line in self.lines[since:] if word in line)

    def is_running(self):
        return self.child.poll() is None

    def wait(self, ceiling=CEILING):
        code = self.child.wait(ceiling)
        self.reader.join(5)
        return code

    def kill(self):
        if self.is_running():
            self.child.kill()
        code = self.wait()
        self.child.stdin.close()
        return code

    def terminate(self, ceiling=CEILING):
        if self.is_running():
            self.child.send_signal(signal.SIGTERM)
        code = self.wait(ceiling)
        self.child.stdin.close()
        return code

    # What the kernel says about it.

    def fds(self):
        return sorted(os.readlink(f"/proc/{self.child.pid}/fd/{fd}")
                      for fd in os.listdir(f"/proc/{self.child.pid}/fd"))

    def thread_count(self):
        return len(os.listdir(f"/proc/{self.child.pid}/task"))

    def cpu_s(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_kib(self):
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        return 0


class Sim(Process):
    """vigil-sim; `say` takes the words of the fault script."""

    def say(self, words):
        mark = self.mark()
        self.child.stdin.write(words + "\n")
        self.child.stdin.flush()
        return mark

    def unplug(self):
        mark = self.say("unplug")
        return self.wait_line("unplugged", mark)[0]

    def replug(self):
        mark = self.say("replug")
        return self.wait_line("replugged", mark)[0]

    def received(self, since=0):
        """Every `rx` line as bytes: what the daemon sent to the device."""
        out = []
        for _, line in self.lines[since:]:
            at = line.find("rx ")
            if at >= 0:
                out.append(bytes.fromhex(line[at + 3:].replace(" ", "")))
        return out


class Daemon(Process):
    def ready(self, ceiling=CEILING):
        self.wait_line("vigild: monitoring", ceiling=ceiling)
        return self


class PtyPair:
    """Two terminals joined by a wire: what goes into one comes out of the other."""

    def __init__(self, near, far):
        self.masters = []
        self.slaves = []
        for link in (near, far):
            master, slave = os.openpty()
            tty.setraw(slave)
            os.symlink(os.ttyname(slave), link)
            self.masters.append(master)
            self.slaves.append(slave)  # kept open: else the master reports EIO between two users
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def _carry(self):
        while not self.stop.is_set():
            for master in select.select(self.masters, [], [], 0.1)[0]:
                data = os.read(master, 4096)
                os.write(self.masters[1 - self.masters.index(master)], data)

    def close(self):
        self.stop.set()
        self.thread.join(5)
        for fd in self.masters + self.slaves:
            os.close(fd)


# --- faults of disk and clock -----------------------------------------------------------------


class Faults:
    """The control file of tests/support/faults/vigil_faults.c; see there."""

    LAYOUT = "<qiiiii"
    SIZE = struct.calcsize(LAYOUT) + 256 + 4

    def __init__(self, folder, prefix):
        self.library = os.path.join(folder, "faults.so")
        self.path = os.path.join(folder, "faults.control")
        source = os.path.join(ROOT, "tests", "support", "faults", "vigil_faults.c")
        subprocess.run(["cc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-fPIC",
                        "-shared", "-o", self.library, source, "-ldl"], check=True)
        with open(self.path, "wb") as f:
            f.write(bytes(self.SIZE))
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), self.SIZE)
        at = struct.calcsize(self.LAYOUT)
        self.map[at:at + len(prefix)] = prefix.encode()

    def env(self):
        return {"LD_PRELOAD": self.library, "VIGIL_FAULTS": self.path}

    def _set(self, form, at, value):
        struct.pack_into(form, self.map, at, value)

    def clock_offset(self, seconds):
        self._set("<q", 0, int(seconds * 1_000_000_000))

    def sync_delay(self, ms):
        self._set("<i", 8, ms)

    def sync_fails(self, err=errno.EIO):
        self._set("<i", 12, err)

    def write_fails(self, err=errno.ENOSPC):
        self._set("<i", 16, err)

    def syncs(self):
        return struct.unpack_from("<i", self.map, 20)[0]

    def refused(self):
        return struct.unpack_from("<i", self.map, 24)[0]

    def heal(self):
        self.sync_delay(0)
        self.sync_fails(0)
        self.write_fails(0)


# --- sockets ----------------------------------------------------------------------------------


class Frame:
    __slots__ = ("at", "topic", "body")

    def __init__(self, at, topic, body):
        self.at = at
        self.topic = topic
        self.body = body

    def __repr__(self):
        return f"{self.at:.3f} {self.topic} {json.dumps(self.body)}"


class Stream:
    """A subscriber on its own thread; frames are kept in order of arrival."""

    def __init__(self, endpoint, topics=("v1.",), keep_waves=True):
        self.frames = []
        self.keep_waves = keep_waves
        self.stop = threading.Event()
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.SUB)
        self.socket.setsockopt(zmq.RCVHWM, 0)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RECONNECT_IVL, 20)
        for topic in topics:
            self.socket.setsockopt(zmq.SUBSCRIBE, topic.encode())
        self.socket.connect(endpoint)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stop.is_set():
            if not self.socket.poll(50):
                continue
            try:
                while True:
                    topic, body = self.socket.recv_multipart(zmq.NOBLOCK)
                    if self.keep_waves or b".wave." not in topic:
                        self.frames.append(Frame(now(), topic.decode(), json.loads(body)))
            except zmq.Again:
                pass
        self.socket.close()

    def close(self):
        self.stop.set()
        self.thread.join(5)
        self.context.term()

    def mark(self):
        return len(self.frames)

    def select(self, topic=None, since=0, snapshots=False, **members):
        for f in self.frames[since:]:
            if topic is not None and f.topic != topic:
                continue
            if not snapshots and f.body.get("snapshot"):
                continue
            if all(f.body.get(k) == v for k, v in members.items()):
                yield f

    def wait(self, topic, since=0, ceiling=CEILING, snapshots=False, test=None, **members):
        """The first frame after mark `since` that fits."""
        at = [since]

        def look():
            end = len(self.frames)
            for f in self.frames[at[0]:end]:
                if (f.topic == topic and (snapshots or not f.body.get("snapshot")) and
                        all(f.body.get(k) == v for k, v in members.items()) and
                        (test is None or test(f.body))):
                    return f
            at[0] = end
            return None
        return wait_for(look, lambda: f"frame {topic} {members}, last: {self.last(topic)}",
                        ceiling, 0.005)

    def last(self, topic):
        for f in reversed(self.frames):
            if f.topic == topic:
                return f
        return None

    def alarms(self, bed):
        f = self.last(f"v1.{bed}.alarms")
        return f.body["instances"] if f is not None else []

    def wait_alarm(self, bed, condition, since=0, ceiling=CEILING, **members):
        """An instance of the condition in the state of the bed."""
        def has(body):
            return any(i["condition"] == condition and
                       all(i.get(k) == v for k, v in members.items()) for i in body["instances"])
        f = self.wait(f"v1.{bed}.alarms", since, ceiling, test=has)
        return [i for i in f.body["instances"] if i["condition"] == condition][0], f

    def wait_no_alarm(self, bed, condition, since=0, ceiling=CEILING):
        return self.wait(f"v1.{bed}.alarms", since, ceiling, test=lambda body: all(
            i["condition"] != condition for i in body["instances"]))


def is_value(body):
    return body.get("value_milli") is not None


def check_gapless(frames, what):
    """Frames of one topic and one run: `n` counts without a hole. The number of frames."""
    last = None
    count = 0
    for f in frames:
        n = f.body["n"]
        if f.body.get("snapshot"):
            continue
        check(last is None or n == last + 1, what, f"lost frames between {last} and {n}")
        last = n
        count += 1
    return count


def widest_gap(frames):
    times = [f.at for f in frames]
    return max((b - a for a, b in zip(times, times[1:])), default=float("inf"))


class Client:
    """Request and reply over a DEALER (or REQ) socket; the client is free to repeat itself."""

    def __init__(self, context, endpoint, kind=zmq.DEALER):
        self.kind = kind
        self.socket = context.socket(kind)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RECONNECT_IVL, 20)
        self.socket.connect(endpoint)

    def send(self, body):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        try:
            if self.kind == zmq.DEALER:
                self.socket.send_multipart([b"", body], zmq.NOBLOCK)
            else:
                self.socket.send(body, zmq.NOBLOCK)
        except zmq.Again:
            pass

    def receive(self, ceiling):
        if not self.socket.poll(int(ceiling * 1000)):
            return None
        return json.loads(self.socket.recv_multipart()[-1])

    def ask(self, body, ceiling=CEILING):
        """The reply; one that belongs to an earlier request is passed over."""
        self.send(body)
        end = now() + ceiling
        while True:
            reply = self.receive(max(0.0, end - now()))
            check(reply is not None, "no answer to", body)
            if "request_id" not in body or reply.get("request_id") in (None, body["request_id"]):
                return reply

    def close(self):
        self.socket.close()


# --- the record -------------------------------------------------------------------------------


class Record:
    """The database, read only, as another program would look at it."""

    def __init__(self, state_dir):
        self.path = os.path.join(state_dir, "vigil.db")

    def rows(self, sql, *args):
        db = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=20)
        try:
            return db.execute(sql, args).fetchall()
        finally:
            db.close()

    def one(self, sql, *args):
        return self.rows(sql, *args)[0][0]

    def doses(self):
        return {r[0]: r[1] for r in self.rows("SELECT request_id, seq FROM dose")}

    def check_integrity(self):
        equal(self.rows("PRAGMA integrity_check"), [("ok",)], "integrity")
        equal(self.rows("SELECT request_id FROM event WHERE request_id IS NOT NULL"
                        " GROUP BY request_id HAVING count(*) > 1"), [], "repeated request ids")


# --- the bench --------------------------------------------------------------------------------


class Bench:
    def __init__(self, build_dir):
        self.bin = os.path.join(build_dir, "bin")
        self.dir = tempfile.mkdtemp(prefix="vg", dir="/tmp")
        self.state_dir = os.path.join(self.dir, "state")
        self.stream_at = f"ipc://{self.dir}/stream"
        self.view_at = f"ipc://{self.dir}/view"
        self.operate_at = f"ipc://{self.dir}/operate"
        os.symlink(os.path.join(ROOT, "config", "modbus"), os.path.join(self.dir, "modbus"))
        self.context = zmq.Context()
        self.things = []
        self.daemons = []
        self.worst = Worst()

    def path(self, name):
        return os.path.join(self.dir, name)

    def keep(self, thing):
        self.things.append(thing)
        return thing

    # Configuration: one bed of each name that a device uses.

    def review(self, config):
        """The record played again must make the same alarms. Returns the summary line."""
        done = subprocess.run([os.path.join(self.bin, "vigild"), "--review", config],
                              capture_output=True, text=True, timeout=300)
        check(done.returncode == 0, "the record played again differs:", done.stdout, done.stderr)
        return done.stdout.strip().splitlines()[-1]

    def verify(self, path=None, *options):
        """Exit code and words of vigilctl verify, for the record when no other file is named."""
        done = subprocess.run([os.path.join(self.bin, "vigilctl"), "verify",
                               path or os.path.join(self.state_dir, "vigil.db"), *options],
                              capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def check_chain(self, state_dir=None):
        """The record is sound, whatever happened to the daemon and its disk."""
        code, text = self.verify(os.path.join(state_dir or self.state_dir, "vigil.db"))
        check(code == 0, "the record is not sound:", text)
        return text

    def config(self, devices, name="vigil.yaml", state_dir=None, limits="", beds=None,
               sockets=""):
        """devices: (id, bed, driver, link, extra lines...); the path of the file."""
        seen = list(beds or [])
        for d in devices:
            if d[1] not in seen:
                seen.append(d[1])
        lines = ["version: 1", "node: system-test", "require_clock_sync: no", f"state_dir: {state_dir or self.state_dir}",
                 "endpoints:", f"  stream: {self.stream_at}{sockets}",
                 f"  view: {self.view_at}{sockets}", f"  operate: {self.operate_at}{sockets}",
                 "beds:"]
        lines += [f"  - {{ id: {bed}, name: {bed} }}" for bed in seen]
        lines += ["devices:"]
        for d in devices:
            lines += [f"  - id: {d[0]}", f"    bed: {d[1]}", f"    driver: {d[2]}",
                      f"    link: \"{d[3]}\""]
            lines += [f"    {extra}" for extra in d[4:]]
        path = self.path(name)
        with open(path, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n" + limits)
        return path

    def oximeter(self, name, *options, tcp=None):
        return self.sim("oximeter", name, *options, tcp=tcp)

    def cuff(self, name, *options):
        return self.sim("cuff", name, *options)

    def modbus(self, name, *options, tcp=None):
        return self.sim("modbus", name, *options, tcp=tcp)

    def sim(self, kind, name, *options, tcp=None):
        line = ["--tcp", str(tcp)] if tcp is not None else ["--pty", self.path(name)]
        s = self.keep(Sim([os.path.join(self.bin, "vigil-sim"), kind, *line, *options]))
        s.wait_line("ready ")
        return s

    def daemon(self, config, env=None, ready=True):
        full = dict(os.environ)
        full.update(env or {})
        d = Daemon([os.path.join(self.bin, "vigild"), "--config", config], full)
        self.daemons.append(d)
        self.things.append(d)
        return d.ready() if ready else d

    def stream(self, *topics, **options):
        return self.keep(Stream(self.stream_at, topics or ("v1.",), **options))

    def client(self, kind=zmq.DEALER, view=False):
        return self.keep(Client(self.context, self.view_at if view else self.operate_at, kind))

    def record(self, state_dir=None):
        return Record(state_dir or self.state_dir)

    # Requests that many tests make.

    def open_session(self, client, bed, patient="pat-1"):
        reply = client.ask({"op": "session_open", "request_id": request_id(), "bed": bed,
                            "operator": "anna", "patient_ref": patient})
        check(reply["ok"], "session_open:", reply)
        return reply["receipt"]

    @staticmethod
    def dose(bed, rid=None, **members):
        body = {"op": "dose", "request_id": rid or request_id(), "bed": bed, "operator": "anna",
                "kind": "bolus", "drug": "esketamine", "amount": "12.5", "unit": "mg",
                "route": "iv"}
        body.update(members)
        return body

    def ack(self, client, bed, instance):
        return client.ask({"op": "ack", "request_id": request_id(), "bed": bed,
                           "operator": "anna", "instance": instance})

    def snapshot(self, client, bed=None):
        reply = client.ask({"op": "snapshot"} if bed is None else {"op": "snapshot", "bed": bed})
        check(reply["ok"], "snapshot:", reply)
        return reply["beds"][0] if bed is not None else reply

    # The end of everything.

    def close(self, failed):
        for thing in reversed(self.things):
            try:
                if isinstance(thing, Process):
                    thing.kill()
                else:
                    thing.close()
            except Exception:  # the first failure is the one to report
                traceback.print_exc()
        self.context.destroy(0)
        if failed:
            for d in self.daemons[-2:]:
                print(f"--- last lines of {' '.join(d.argv)}\n{d.tail()}")
        if failed and os.environ.get("VIGIL_KEEP"):
            print(f"kept {self.dir}")
        else:
            shutil.rmtree(self.dir, ignore_errors=True)


def run_one(build_dir, test):
    bench = Bench(build_dir)
    started = now()
    failed = True
    try:
        test(bench)
        failed = False
        verdict = "ok"
    except Skip as why:
        failed = False
        verdict = f"skipped: {why}"
    except Exception:
        traceback.print_exc(file=sys.stdout)
        verdict = "FAILED"
    finally:
        bench.close(failed)
    figures = f"; worst: {bench.worst}" if bench.worst.of else ""
    print(f"{test.__name__}: {verdict} ({now() - started:.1f} s){figures}", flush=True)
    return verdict


def main(*tests):
    """Run the tests named after BUILD_DIR, or all of them; exit 0, 1 or 77."""
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} BUILD_DIR [TEST...]")
    if "VIGIL_SEED" in os.environ:
        seed = int(os.environ["VIGIL_SEED"])
    else:
        seed = random.SystemRandom().randrange(1 << 32)
    print(f"VIGIL_SEED={seed}", flush=True)
    chosen = [t for t in tests if len(sys.argv) == 2 or t.__name__ in sys.argv[2:]]
    verdicts = []
    for test in chosen:
        random.seed(seed)
        verdicts.append(run_one(os.path.abspath(sys.argv[1]), test))
    if "FAILED" in verdicts:
        sys.exit(1)
    sys.exit(77 if verdicts and all(v.startswith("skipped") for v in verdicts) else 0)
