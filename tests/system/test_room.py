#!/usr/bin/env python3
"""The quiet room with everything in it: vigild, the room's sounder, staff and a second person.

Staff are vigil-exec-sinks whose command writes what it is given to a file; the room is vigil-annunciator
playing through the real ALSA library into a file. Every program is killed in turn.
"""
import array
import json
import os
import stat

import vigil_system as vs

RATE = 44100
TONES = os.path.join(vs.ROOT, "config", "tones", "iec-60601-1-8.yaml")
LIMITS = """sinks:
  - { id: desk, role: remote }
  - { id: pager, role: second }
  - { id: room-1, role: room }
quiet_room: { high_second: 2s, high_local: 4s, medium_second: 3s, medium_local: 6s }
limits:
  spo2_low: { delay: 0s }
"""


class Room:
    """One bed, three sinks."""

    def __init__(self, b):
        self.b = b
        self.ox = b.oximeter("ox-1")
        self.config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}", "test: yes")], limits=LIMITS)
        self.raw = b.path("speaker.raw")
        with open(b.path("alsa.conf"), "w", encoding="ascii") as f:
            f.write('pcm.null { type null }\n'
                    f'pcm.speaker {{ type file slave.pcm "null" file "{self.raw}" format "raw" }}\n')
        self.daemon = b.daemon(self.config)
        self.stream = b.stream(keep_waves=False)
        self.client = b.client()
        self.desk = self.staff("desk", "remote")
        self.pager = self.staff("pager", "second")
        self.sounder = self.annunciator()
        for name in ("desk", "pager", "room-1"):
            self.daemon.wait_line(f"sinks: {name}: is well")
        b.open_session(self.client, "bed-1")
        self.stream.wait("v1.bed-1.vital.spo2", test=vs.is_value)

    def staff(self, name, role):
        """A sink whose command adds the alarm it is given to a file of its own."""
        script = self.b.path(f"{name}.sh")
        with open(script, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\ncat >>{self.b.path(name + '.told')}\necho >>{self.b.path(name + '.told')}\n")
        os.chmod(script, stat.S_IRWXU)
        p = vs.Process([os.path.join(self.b.bin, "vigil-exec-sink"), "--sink", name, "--role", role,
                        "--stream", self.b.stream_at, "--operate", self.b.operate_at, "--command", script])
        return self.b.keep(p)

    def annunciator(self):
        p = vs.Process([os.path.join(self.b.bin, "vigil-annunciator"), "--device", "speaker", "--tones", TONES,
                        "--stream", self.b.stream_at, "--operate", self.b.operate_at],
                       {**os.environ, "ALSA_CONFIG_PATH": self.b.path("alsa.conf")})
        self.b.keep(p)
        p.wait_line("listening")
        return p

    def told(self, name):
        path = self.b.path(name + ".told")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.strip()]

    def wait_told(self, name, condition, ceiling=vs.CEILING):
        vs.wait_for(lambda: any(a["condition"] == condition for a in self.told(name)), f"{name} told {condition}",
                    ceiling)
        return vs.now()

    def heard(self):
        return os.path.getsize(self.raw) // 2 if os.path.exists(self.raw) else 0

    def sounds_since(self, mark):
        part = array.array("h")
        with open(self.raw, "rb") as f:
            f.seek(2 * mark)
            data = f.read()
        part.frombytes(data[:len(data) & ~1])
        return len(part) > 0 and max(part) > 300

    def wait_sound(self, mark, ceiling=vs.CEILING):
        vs.wait_for(lambda: self.sounds_since(mark), "sound in the room", ceiling)
        return vs.now()

    def ask(self, op, **members):
        reply = self.client.ask({"op": op, "request_id": vs.request_id(), "bed": "bed-1", "operator": "anna",
                                 **members})
        vs.check(reply["ok"], op, reply)
        return reply

    def instance(self, condition):
        found = [i for i in self.stream.alarms("bed-1") if i["condition"] == condition]
        return found[0] if found else None

    def wait_route(self, condition, route):
        vs.wait_for(lambda: (self.instance(condition) or {}).get("route") == route, f"{condition} {route}")
        return vs.now()

    def state(self):
        return self.stream.last("v1.bed-1.alarms").body

    def acknowledge_all(self):
        for one in self.stream.alarms("bed-1"):
            if not one["ack"]:
                self.b.ack(self.client, "bed-1", one["instance"])


def test_staff_first(b):
    """Quiet: staff, a second person, then the room; an acknowledgement ends it everywhere."""
    room = Room(b)
    room.ask("quiet_on")
    mark = room.heard()
    room.ox.say("spo2 80")
    alarm, frame = room.stream.wait_alarm("bed-1", "SPO2_DESAT")
    room.wait_told("desk", "SPO2_DESAT")
    room.wait_route("SPO2_DESAT", "confirmed")
    vs.check(not room.sounds_since(mark), "the room sounds at once")
    at = room.wait_route("SPO2_DESAT", "escalated")
    vs.check(at - frame.at >= 1.9, "the second person was called after", at - frame.at)
    room.wait_told("pager", "SPO2_DESAT")
    sounded = room.wait_sound(mark)
    vs.check(sounded - frame.at >= 3.9, "the room sounded after", sounded - frame.at)
    vs.within(sounded - frame.at, 4.0 + 2.0, "the room")
    b.worst.add("room_s", sounded - frame.at)
    room.ox.say("spo2 97")
    room.acknowledge_all()
    vs.wait_for(lambda: room.state()["sounds"]["room"] is None, "silence ordered")
    events = [tuple(r) for r in b.record().rows("SELECT event, sink FROM route WHERE condition = 'SPO2_DESAT'"
                                                " ORDER BY seq")]
    vs.equal([e for e, _ in events if e != "confirmed"], ["sent", "escalated", "local_on", "done"], "the way")
    vs.check(("confirmed", "desk") in events and ("confirmed", "pager") in events
             and ("confirmed", "room-1") in events, "confirmations", events)
    vs.equal(alarm["category"], "oxygen", "category")


def test_staff_lost(b):
    """The desk dies: SINK_LOST, and what is open goes to the room at once."""
    room = Room(b)
    room.ask("quiet_on")
    room.ox.say("spo2 88")
    room.stream.wait_alarm("bed-1", "SPO2_LOW")
    room.wait_route("SPO2_LOW", "confirmed")
    mark = room.heard()
    at = vs.now()
    room.desk.kill()
    room.stream.wait_alarm("bed-1", "SINK_LOST")
    vs.within(room.wait_route("SPO2_LOW", "local") - at, 4.0, "loss of the desk")
    vs.within(room.wait_sound(mark) - at, 6.0, "sound in the room after the loss of the desk")
    room.desk = room.staff("desk", "remote")
    vs.wait_for(lambda: room.instance("SINK_LOST") is None, "SINK_LOST over")
    vs.equal(room.instance("SPO2_LOW")["route"], "local", "never steps back")
    refused = room.client.ask({"op": "quiet_on", "request_id": vs.request_id(), "bed": "bed-1", "operator": "anna"})
    vs.check(refused["ok"], "quiet again", refused)


def test_sounder_lost(b):
    """The room's sounder dies: SINK_LOST, told to staff; what staff had alone goes to a second person."""
    room = Room(b)
    room.ask("quiet_on")
    room.ox.say("spo2 88")
    room.stream.wait_alarm("bed-1", "SPO2_LOW")
    room.wait_route("SPO2_LOW", "confirmed")
    at = vs.now()
    room.sounder.kill()
    lost, frame = room.stream.wait_alarm("bed-1", "SINK_LOST")
    vs.within(frame.at - at, 4.0, "SINK_LOST")
    b.worst.add("sink_lost_s", frame.at - at)
    vs.equal((lost["sink"], lost["priority"]), ("room-1", "medium"), "what is lost")
    room.wait_told("pager", "SPO2_LOW")
    room.wait_told("desk", "SINK_LOST", ceiling=60)


def test_daemon_restarted(b):
    """A HIGH alarm is open, the daemon is killed and comes back: the room sounds within two seconds."""
    room = Room(b)
    room.ask("quiet_on")
    room.ox.say("spo2 80")
    room.stream.wait_alarm("bed-1", "SPO2_DESAT")
    room.wait_route("SPO2_DESAT", "confirmed")
    vs.wait_for(lambda: b.record().one("SELECT count(*) FROM alarm WHERE condition = 'SPO2_DESAT'"
                                       " AND event = 'open'") == 1, "on disk")
    mark = room.heard()
    room.daemon.kill()
    room.daemon = b.daemon(room.config)
    heard = room.wait_sound(mark) - room.daemon.started
    vs.within(heard, 2.0, "the room after the restart")
    b.worst.add("restart_s", heard)
    seen = room.stream.mark()
    room.stream.wait("v1.bed-1.alarms", since=seen)
    vs.equal(room.instance("SPO2_DESAT")["route"], "local", "route of the restored alarm")
    vs.check(not room.instance("SPO2_DESAT")["ack"], "the restored alarm is acknowledged")
    print(b.review(room.config) if room.daemon.terminate() == 0 else "")


def test_paused_and_new(b):
    """A pause silences what there is; what comes later sounds; a second press ends the pause."""
    room = Room(b)
    room.ox.say("spo2 88")
    old, _ = room.stream.wait_alarm("bed-1", "SPO2_LOW")
    vs.wait_for(lambda: (room.state()["sounds"]["room"] or {}).get("instance") ==
                old["instance"], "the room told")
    room.ask("audio_pause")
    vs.wait_for(lambda: room.state()["inhibited"], "the sign of the pause")
    frame = room.state()
    vs.equal([i["scope"] for i in frame["inhibited"]], ["audio"], "sign of the pause")
    vs.check(115000 < frame["inhibited"][0]["left_ms"] <= 120000, "countdown", frame["inhibited"])
    vs.equal(frame["sounds"]["room"], None, "sound while paused")
    room.ox.say("spo2 80")
    new, _ = room.stream.wait_alarm("bed-1", "SPO2_DESAT")
    vs.wait_for(lambda: (room.state()["sounds"]["room"] or {}).get("instance") ==
                new["instance"], "the new one told to the room")
    room.ask("audio_pause")
    vs.wait_for(lambda: not room.state()["inhibited"], "no sign after the second press")


vs.main(test_staff_first, test_staff_lost, test_sounder_lost, test_daemon_restarted, test_paused_and_new)
