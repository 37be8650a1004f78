#!/usr/bin/env python3
"""Figures of vigild beside their floors, as JSON lines. Run by ./dev bench.

    bench.py BUILD [NAME...] [--seconds S] [--rounds R] [--devices N,...] [--quick]

NAME: latency alarm storm modbus doses decode replay verify; all without one. --quick: short runs and few devices, to see
that everything works. Each line is {"bench", "n", "vigil", "floor", "ratio"}; figures of several rounds are
medians, rounds of Vigil and floor alternate, so that drift meets both. There is no pass or fail: a figure
means something beside the floor of the same line only.

Everything runs on loopback, pseudo-terminals and a temporary folder (TMPDIR chooses its disk), and ends by
itself (12 minutes for all). An interrupted run ends what it started.
"""
import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import storm

NAMES = ["latency", "alarm", "storm", "modbus", "doses", "decode", "replay", "verify"]

LIMITS = """limits:
  spo2_low: { limit: 90, delay: 0s, clear: 0s, latch: none }
"""

# One read of twelve registers: what a unit says in one answer.
MAP = """name: bench
title: unit of the benchmark
max_regs: 125
max_fill: 16
age_max: 10s
unproven_after: 15
points:
  - {role: vital, vital: spo2, area: input, addr: 0, type: u16, min: 0, max: 100}
  - {role: vital, vital: pulse_rate, area: input, addr: 1, type: u16, min: 0, max: 350}
  - {role: counter, area: input, addr: 2, type: u32, order: ABCD}
  - {role: vital, vital: perfusion_index, area: input, addr: 11, type: u16, scale: 0.01}
"""


class Bench:
    """One run: where things are, and what has to be ended."""

    def __init__(self, build, options):
        self.bin = os.path.join(os.path.abspath(build), "bin")
        self.seconds = options.seconds
        self.rounds = options.rounds
        self.quick = options.quick
        self.devices = options.devices
        self.dir = tempfile.mkdtemp(prefix="vigil-bench.")
        self.processes = []

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def program(self, name):
        return os.path.join(self.bin, name)

    def spawn(self, command, **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("stdout", subprocess.DEVNULL)
        with open(self.path("stderr.log"), "ab") as log:
            process = subprocess.Popen(command, stderr=log, **more)
        self.processes.append(process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.remove(process)

    def close(self):
        for process in list(self.processes):
            self.end(process)
        shutil.rmtree(self.dir, ignore_errors=True)

    def log(self):
        with open(self.path("stderr.log"), encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-5:])

    def output(self, command, timeout, **more):
        """The JSON object a program prints."""
        process = self.spawn(command, stdout=subprocess.PIPE, text=True, **more)
        return self.result(process, timeout)

    def result(self, process, timeout):
        try:
            text, _ = process.communicate(timeout=timeout)
        finally:
            self.end(process)
        if process.returncode != 0:
            raise RuntimeError(f"{process.args[0]} failed: {self.log()}")
        return json.loads(text.strip().splitlines()[-1])

    def fresh_state(self):
        shutil.rmtree(self.path("state"), ignore_errors=True)
        os.mkdir(self.path("state"))

    def configure(self, beds, devices, limits=""):
        lines = ["version: 1", "node: bench", "require_clock_sync: no", f"state_dir: {self.path('state')}", "endpoints:"]
        lines += [f"  {name}: ipc://{self.path(name)}" for name in ("stream", "view", "operate")]
        lines += ["beds:"] + [f"  - {{ id: b-{i} }}" for i in range(beds)]
        lines += ["devices:"] + [f"  - {device}" for device in devices]
        with open(self.path("vigil.yaml"), "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n" + limits)

    def slow_disk(self, sync_ms):
        """The environment of a program whose disk takes so much longer."""
        env = dict(os.environ)
        if sync_ms:
            env.update(LD_PRELOAD=self.program("bench-slowsync.so"), BENCH_SYNC_MS=str(sync_ms))
        return env

    def start_vigild(self, sync_ms=0):
        """Start the daemon; return it and the milliseconds until it said it is ready."""
        env = self.slow_disk(sync_ms)
        notify = self.path("notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(notify)
            s.settimeout(30)
            env["NOTIFY_SOCKET"] = notify
            before = time.monotonic()
            process = self.spawn([self.program("vigild"), "--config", self.path("vigil.yaml")], env=env)
            try:
                while b"READY=1" not in s.recv(4096):
                    pass
            except socket.timeout:
                raise RuntimeError(f"vigild is not ready: {self.log()}") from None
            finally:
                os.unlink(notify)
            return process, (time.monotonic() - before) * 1e3


def median(rows, *keys):
    """Median of a figure over the rounds, or None."""
    values = []
    for row in rows:
        for key in keys:
            row = row.get(key) if isinstance(row, dict) else None
        if row is not None:
            values.append(row)
    return round(statistics.median(values), 3) if values else None


def ratio(a, b):
    return round(a / b, 3) if a is not None and b else None


def say(bench, n, vigil, floor, ratios):
    print(json.dumps({"bench": bench, "n": n, "vigil": vigil, "floor": floor, "ratio": ratios}), flush=True)


def ratios(vigil, floor, *keys):
    return {key: ratio(vigil.get(key), floor.get(key)) for key in keys}


def turn_ratio(rows, keys, others, other_keys):
    """Median of the ratio of two figures of the same round: what drifts drifts for both."""
    pairs = [(median([a], *keys), median([b], *other_keys)) for a, b in zip(rows, others)]
    found = [a / b for a, b in pairs if a is not None and b]
    return round(statistics.median(found), 3) if found else None


def round_ratio(rows, *keys):
    return turn_ratio(rows["vigil"], keys, rows["floor"], keys)


# --- oximeters ---------------------------------------------------------------------------------------


def oximeter_round(b, n, what, alarms, sync_ms):
    """One run of `vigil` or `floor` under the load of n oximeters; what the subscriber saw."""
    b.fresh_state()
    listing = b.path("list")
    warm = 2.0 + n / 128
    command = [b.program("bench-oximeters"), "-n", str(n), "-s", str(b.seconds), "-w", str(warm), "-l", listing,
               "-e", "ipc://" + b.path("stream")] + (["-a"] if alarms else [])
    load = b.spawn(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if load.stdout.readline().strip() != "READY":
        raise RuntimeError(f"no load: {b.log()}")
    with open(listing, encoding="utf-8") as f:
        ptys = [line.split()[1] for line in f]
    if what == "vigil":
        b.configure(n, [f"{{ id: ox-{i}, bed: b-{i}, driver: nonin, link: 'tty:{pty}' }}"
                        for i, pty in enumerate(ptys)], LIMITS if alarms else "")
        process, _ = b.start_vigild(sync_ms)
    else:
        process = b.spawn([b.program("bench-floor-oximeters"), listing, "ipc://" + b.path("stream"),
                           b.path("state", "floor.db")], env=b.slow_disk(sync_ms))
    time.sleep(0.5 + n / 256)
    if process.poll() is not None:
        raise RuntimeError(f"{what} ended: {b.log()}")
    load.stdin.write(f"{process.pid}\n")
    load.stdin.flush()
    seen = b.result(load, b.seconds + warm + 30)
    b.end(process)
    return seen


def oximeter_figures(rows, alarms):
    figures = {}
    for name in ("value", "alarm") if alarms else ("value",):
        for key in ("p50_us", "p99_us", "max_us"):
            figures[f"{name}_{key}"] = median(rows, name, key)
    for key in ("cpu_pct", "rss_kb", "frames_per_s", "missing"):
        figures[key] = median(rows, key)
    figures["samples"] = sum(row["value"]["n"] for row in rows)
    if alarms:
        figures["alarms"] = sum(row["alarm"]["n"] for row in rows)
    return figures


def oximeters(b, name, n, alarms, sync_ms=0):
    rows = {"vigil": [], "floor": []}
    for i in range(b.rounds):
        for what in ("vigil", "floor") if i % 2 == 0 else ("floor", "vigil"):
            rows[what].append(oximeter_round(b, n, what, alarms, sync_ms))
    vigil, floor = (oximeter_figures(rows[what], alarms) for what in ("vigil", "floor"))
    found = {f"{name}_{key}": round_ratio(rows, name, key)
             for name in (("value", "alarm") if alarms else ("value",)) for key in ("p50_us", "p99_us")}
    found.update({key: round_ratio(rows, key) for key in ("cpu_pct", "rss_kb")})
    if alarms:
        found["alarm_to_value_p50"] = ratio(vigil["alarm_p50_us"], vigil["value_p50_us"])
    say(name, n, vigil, floor, found)


def bench_latency(b):
    for n in b.devices or ((1, 16) if b.quick else (1, 16, 64, 256)):
        oximeters(b, "latency", n, False)


def bench_alarm(b):
    for n in (4,) if b.quick else (16, 64):
        oximeters(b, "alarm", n, True)
    oximeters(b, "alarm_slow_disk_150ms", 4 if b.quick else 16, True, 150)


def bench_storm(b):
    figures = storm.run(b, 10 if b.quick else 60)
    say("storm", storm.BEDS * storm.PER_BED, figures, {}, {})


# --- Modbus ------------------------------------------------------------------------------------------


def modbus_round(b, n, what, delay_ms, silent):
    b.fresh_state()
    listing = b.path("list")
    warm = 3.0 + n / 64
    units = b.spawn([b.program("bench-units"), "-n", str(n), "-s", str(b.seconds), "-w", str(warm), "-l", listing,
                     "-y", str(delay_ms), "-x", str(silent)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if units.stdout.readline().strip() != "READY":
        raise RuntimeError(f"no units: {b.log()}")
    with open(listing, encoding="utf-8") as f:
        ports = [line.split()[1] for line in f]
    if what == "vigil":
        with open(b.path("bench.yaml"), "w", encoding="utf-8") as f:
            f.write(MAP)
        b.configure(n, [f"{{ id: vm-{i}, bed: b-{i}, driver: modbus, link: 'modbus-tcp:127.0.0.1:{port}', unit: 1, "
                        f"options: {{ map: {b.path('bench.yaml')} }} }}" for i, port in enumerate(ports)])
        process, _ = b.start_vigild()
    else:
        process = b.spawn([b.program("bench-floor-units"), listing])
    units.stdin.write(f"{process.pid}\n")
    units.stdin.flush()
    seen = b.result(units, b.seconds + warm + 30)
    if process.poll() is not None:
        raise RuntimeError(f"{what} ended: {b.log()}")
    b.end(process)
    return seen


def bench_modbus(b):
    for n in (8,) if b.quick else (64, 256):
        for name, delay_ms, silent in (("modbus", 0, 0), ("modbus_20ms_one_silent", 20, 1)):
            rows = {"vigil": [], "floor": []}
            for _ in range(b.rounds):
                for what in ("vigil", "floor"):
                    rows[what].append(modbus_round(b, n, what, delay_ms, silent))
            keys = ("polls", "missed", "never_polled", "longest_gap_ms", "cpu_pct", "cpu_us_per_poll", "rss_kb")
            vigil, floor = ({key: median(rows[what], key) for key in keys} for what in ("vigil", "floor"))
            say(name, n, vigil, floor,
                {key: round_ratio(rows, key) for key in ("missed", "longest_gap_ms", "cpu_us_per_poll")})


# --- doses -------------------------------------------------------------------------------------------


def doses(b, name, n, sync_ms=0):
    """Two floors on the same file system: bare fdatasync, and the least server that answers after one (server_).
    Slices of all three take turns, for a disk's speed drifts within seconds; a ratio is of one turn.

    Wanted of ratio: one client, p50_us at most 1.5; many clients, receipts_per_sync at least 0.5. Sockets
    and threads cost the same on every disk: where fdatasync takes 0.1 ms they alone miss the first, and
    server_to_sync_p50 says so."""
    slice_s = b.seconds / 6
    env = b.slow_disk(sync_ms)
    b.fresh_state()
    # A device that is never there: a bed needs one in the configuration.
    b.configure(n, ["{ id: ox-0, bed: b-0, driver: nonin, link: 'tty:/dev/vigil-bench-none' }"])
    daemon, _ = b.start_vigild(sync_ms)
    bare = b.spawn([b.program("bench-floor-receipts"), "ipc://" + b.path("bare"), b.path("state")], env=env)

    def receipts(end):
        return b.output([b.program("bench-doses"), "ipc://" + b.path(end), str(n), str(slice_s)], slice_s + 30)
    takers = {"vigil": lambda: receipts("operate"), "bare": lambda: receipts("bare"),
              "floor": lambda: b.output([b.program("bench-floor-sync"), b.path("state"), str(slice_s)],
                                        slice_s + 30, env=env)}
    rows = {what: [] for what in takers}
    for turn in range(4 * b.rounds):
        for what in list(takers) if turn % 2 == 0 else reversed(takers):
            rows[what].append(takers[what]())
    b.end(bare)
    b.end(daemon)
    vigil, floor, server = ({"per_s": median(rows[what], "per_s"), "p50_us": median(rows[what], took, "p50_us"),
                             "p99_us": median(rows[what], took, "p99_us")}
                            for what, took in (("vigil", "receipt"), ("floor", "took"), ("bare", "receipt")))
    vigil["refused"] = sum(row["refused"] for row in rows["vigil"])
    floor.update({f"server_{key}": value for key, value in server.items()})
    found = {f"{key}{to}": turn_ratio(rows["vigil"], ("receipt", key), rows[what], (took, key))
             for what, took, to in (("floor", "took", ""), ("bare", "receipt", "_to_server"))
             for key in ("p50_us", "p99_us")}
    found["receipts_per_sync"] = turn_ratio(rows["vigil"], ("per_s",), rows["floor"], ("per_s",))
    found["server_to_sync_p50"] = turn_ratio(rows["bare"], ("receipt", "p50_us"), rows["floor"], ("took", "p50_us"))
    say(name, n, vigil, floor, found)


def bench_doses(b):
    for n in (1, 4) if b.quick else (1, 32):
        doses(b, "doses", n)
    doses(b, "doses_slow_disk_1ms", 1, 1)


# --- without a daemon --------------------------------------------------------------------------------


def bench_decode(b):
    r = b.output([b.program("bench-decode"), "2", "5" if b.quick else "31"], 120)
    vigil = {"mb_s": r["driver_mb_s"], "by_frame_mb_s": r["driver_by_frame_mb_s"], "values": r["values"]}
    floor = {"parser_mb_s": r["parser_mb_s"], "memcpy_mb_s": r["memcpy_mb_s"]}
    say("decode", r["bytes"], vigil, floor, {"parser_to_driver": ratio(r["parser_mb_s"], r["driver_mb_s"]),
                                             "memcpy_to_driver": ratio(r["memcpy_mb_s"], r["driver_mb_s"])})


def restart_ms(b, hours):
    """Median time from exec to ready, and the size of the record."""
    b.fresh_state()
    if hours:
        b.output([b.program("bench-replay"), "record", str(hours), b.path("state")], 300)
    b.configure(1, ["{ id: ox-0, bed: b-0, driver: nonin, link: 'tty:/dev/vigil-bench-none' }"])
    times = []
    for _ in range(3 if b.quick else 7):
        daemon, ms = b.start_vigild()
        times.append(ms)
        b.end(daemon)
    size = sum(os.path.getsize(b.path("state", f)) for f in os.listdir(b.path("state")) if f.startswith("vigil.db"))
    return round(statistics.median(times), 2), size


def bench_replay(b):
    hours = 0.25 if b.quick else 2
    r = b.output([b.program("bench-replay"), "run", str(hours), "3" if b.quick else "11"], 300)
    vigil = {key: r[key] for key in ("ms", "events", "events_per_s", "frames", "rows", "alarms")}
    floor = {"ms": r["floor_ms"], "crossings": r["floor_crossings"]}
    say("replay", hours, vigil, floor, ratios(vigil, floor, "ms"))
    full_ms, full_bytes = restart_ms(b, hours)
    empty_ms, empty_bytes = restart_ms(b, 0)
    say("restart", hours, {"ready_ms": full_ms, "record_bytes": full_bytes},
        {"ready_ms": empty_ms, "record_bytes": empty_bytes}, {"ready_ms": ratio(full_ms, empty_ms)})


def bench_verify(b):
    n = 100_000 if b.quick else 1_000_000
    b.fresh_state()
    b.output([b.program("bench-verify"), "record", str(n), b.path("state")], 600)
    path = b.path("state", "vigil.db")
    vigil_rows, floor_rows = [], []
    for _ in range(b.rounds):
        floor_rows.append(b.output([b.program("bench-verify"), "floor", path], 60))
        before = time.monotonic()
        subprocess.run([b.program("vigilctl"), "verify", path], stdout=subprocess.DEVNULL, check=True, timeout=120)
        vigil_rows.append({"ms": (time.monotonic() - before) * 1e3})
    vigil = {"ms": median(vigil_rows, "ms"), "record_bytes": os.path.getsize(path)}
    floor = {"ms": median(floor_rows, "ms")}
    say("verify", n, vigil, floor, ratios(vigil, floor, "ms"))


def main():
    parser = argparse.ArgumentParser(description="Figures of vigild beside their floors, as JSON lines.")
    parser.add_argument("build", help="build folder, such as build/release")
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(NAMES))
    parser.add_argument("--seconds", type=float, help="measured seconds of one round (6)")
    parser.add_argument("--rounds", type=int, help="rounds of Vigil and floor (3)")
    parser.add_argument("--devices", type=lambda text: [int(n) for n in text.split(",")],
                        help="latency: oximeters, such as 64,256")
    parser.add_argument("--quick", action="store_true", help="2 s, one round, few devices")
    options = parser.parse_intermixed_args()
    for name in options.names:
        if name not in NAMES:
            parser.error(f"unknown benchmark '{name}'; one of {' '.join(NAMES)}")
    options.seconds = options.seconds or (2 if options.quick else 6)
    options.rounds = options.rounds or (1 if options.quick else 3)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    b = Bench(options.build, options)
    try:
        for name in options.names or NAMES:
            globals()["bench_" + name](b)
    except (RuntimeError, OSError, subprocess.SubprocessError) as e:
        sys.exit(f"bench: {e}")
    finally:
        b.close()


if __name__ == "__main__":
    main()
