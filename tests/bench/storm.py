"""An alarm storm: 16 beds, 64 oximeters, every condition of a pulse oximeter flapping.

Each device says three packets a second in the rhythm of the real thing (75 frames a second); what it
says changes every second between good, low saturation, slow and fast pulse, sensor off and low
battery. All limits act at once and clear at once, nothing latches. A client acknowledges one open
instance twice a second. Figures: processor, memory at a fifth and at the end, how long an
acknowledgement takes (with its sync), transitions and rows, and what was dropped or is missing.
"""
import json
import os
import resource
import sqlite3
import threading
import time
import tty
import uuid

import zmq

BEDS, PER_BED = 16, 4
FRAMES_S = 75
PACKET = 25
MOODS = [(97, 72, 0x80), (80, 72, 0x80), (97, 35, 0x80), (97, 165, 0x80), (0x7F, 0x7F, 0x88), (84, 45, 0x80)]
LIMITS = "limits:\n" + "".join(
    f"  {name}: {{ delay: 0s, clear: 0s, latch: none }}\n"
    for name in ("spo2_low", "spo2_desat", "pr_low", "pr_high", "pr_xlow", "pr_xhigh"))


def frame(number, mood, battery):
    spo2, rate, status = mood
    pleth = 100 + number
    third = {1: rate & 0x7F, 2: spo2, 8: spo2, 9: spo2, 10: 1 if battery else 0}.get(number, 0)
    status |= 1 if number == 0 else 0
    body = [1, status, pleth, third if number else (rate >> 7) & 3]
    return bytes(body + [sum(body) & 0xFF])


class Devices(threading.Thread):
    """All oximeters on one thread: a frame time is a write to each terminal."""

    def __init__(self, count):
        super().__init__(daemon=True)
        self.masters, self.slaves, self.paths = [], [], []
        for _ in range(count):
            master, slave = os.openpty()
            tty.setraw(slave)
            os.set_blocking(master, False)
            self.masters.append(master)
            self.slaves.append(slave)
            self.paths.append(os.ttyname(slave))
        self.stop = threading.Event()
        self.packets = [[b"".join(frame(n, mood, battery) for n in range(PACKET)) for mood in MOODS]
                        for battery in (False, True)]
        self.late = 0

    def run(self):
        start, tick = time.monotonic(), 0
        step = 5  # frames in one write: as a USB adapter hands them over
        while not self.stop.is_set():
            for i, master in enumerate(self.masters):
                mood = (tick * step // FRAMES_S + i * 7) % len(MOODS)
                at = (tick * step) % PACKET * 5
                packet = self.packets[(tick // 150 + i) % 2][mood]
                try:
                    os.write(master, packet[at:at + step * 5])
                except BlockingIOError:
                    self.late += 1
            tick += 1
            ahead = start + tick * step / FRAMES_S - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            else:
                self.late += 1

    def close(self):
        self.stop.set()
        self.join()
        for fd in self.masters + self.slaves:
            os.close(fd)


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_kb(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * resource.getpagesize() // 1024


class Nurse:
    """Sees the stream of one bed and acknowledges what is open."""

    def __init__(self, b):
        self.zmq = zmq.Context()
        self.stream = self.zmq.socket(zmq.SUB)
        self.stream.connect("ipc://" + b.path("stream"))
        self.stream.subscribe("v1.")
        self.operate = self.zmq.socket(zmq.REQ)
        self.operate.connect("ipc://" + b.path("operate"))
        self.took_ms, self.refused, self.frames, self.told, self.gaps = [], 0, 0, 0, 0
        self.open, self.counters = [], {}

    def look(self, until):
        while time.monotonic() < until:
            if not self.stream.poll(20):
                continue
            topic, body = self.stream.recv_multipart()
            frame_body = json.loads(body)
            self.frames += 1
            last = self.counters.get(topic)
            if not frame_body.get("snapshot"):
                self.gaps += 0 if last is None or frame_body["n"] == last + 1 else 1
                self.counters[topic] = frame_body["n"]
            if topic.endswith(b".alarm"):
                self.told += 1
            elif topic.endswith(b".alarms") and frame_body["instances"]:
                self.open = [(frame_body["bed"], x["instance"]) for x in frame_body["instances"] if not x["ack"]]

    def acknowledge(self):
        if not self.open:
            return
        bed, instance = self.open[-1]
        before = time.monotonic()
        self.operate.send_json({"op": "ack", "bed": bed, "operator": "nurse", "instance": instance,
                                "request_id": str(uuid.uuid4())})
        reply = self.operate.recv_json()
        self.took_ms.append((time.monotonic() - before) * 1e3)
        self.refused += 0 if reply["ok"] else 1  # it had closed by itself meanwhile

    def close(self):
        self.stream.close(0)
        self.operate.close(0)
        self.zmq.term()


def run(b, seconds):
    b.fresh_state()
    devices = Devices(BEDS * PER_BED)
    b.configure(BEDS, [f"{{ id: ox-{i}, bed: b-{i % BEDS}, driver: nonin, link: 'tty:{path}' }}"
                       for i, path in enumerate(devices.paths)], LIMITS)
    daemon, _ = b.start_vigild()
    nurse = Nurse(b)
    devices.start()
    for bed in range(BEDS):
        nurse.operate.send_json({"op": "session_open", "bed": f"b-{bed}", "operator": "nurse",
                                 "patient_ref": f"P{bed}", "request_id": str(uuid.uuid4())})
        nurse.operate.recv_json()
    start = time.monotonic()
    nurse.look(start + seconds / 5)
    cpu, rss, at = cpu_s(daemon.pid), rss_kb(daemon.pid), time.monotonic()
    while time.monotonic() < start + seconds:
        nurse.acknowledge()
        nurse.look(time.monotonic() + 0.5)
    spent = (cpu_s(daemon.pid) - cpu) / (time.monotonic() - at)
    after = rss_kb(daemon.pid)
    devices.close()
    nurse.look(time.monotonic() + 1.5)
    b.end(daemon)
    nurse.close()
    with sqlite3.connect(b.path("state", "vigil.db")) as db:
        rows = db.execute("SELECT count(*) FROM event").fetchone()[0]
        transitions = db.execute("SELECT count(*) FROM alarm").fetchone()[0]
        dropped = db.execute("SELECT coalesce(max(payload ->> 'dropped'), 0) FROM event WHERE kind = 14").fetchone()[0]
    nurse.took_ms.sort()
    return {"cpu_pct": round(spent * 100, 2), "rss_kb": after, "rss_growth_kb": after - rss,
            "transitions_per_s": round(transitions / seconds, 1), "rows": rows, "dropped": dropped,
            "told": nurse.told, "recorded": transitions, "frame_gaps": nurse.gaps, "acks": len(nurse.took_ms),
            "ack_p50_ms": round(nurse.took_ms[len(nurse.took_ms) // 2], 2), "ack_max_ms": round(nurse.took_ms[-1], 2),
            "load_late": devices.late}
