"""Devices and clients that Vigil did not make: pymodbus servers on RTU and TCP, zmq from Python.

The one thing that must never happen is a wrong value: each number on the stream is looked up among
the answers the server gave, together with the number published beside it, and the age that was
published must not be smaller than the true one.
"""
import importlib.util
import json
import os
import time

import zmq

import vigil_system as vs

OTHER_BUS_GAP_S = 1.3
# A unit that is late at random is believed only when it is in step again, so how long it is without
# a value is chance; in 45 s it must have had some.
LATE_UNIT_VALUES = 3
VM2 = "options: { map: vm2 }"
FLOAT_MAP = """name: two-floats
title: saturation and pulse as floats
max_regs: 125
max_fill: 0
age_max: 3s
unproven_after: 15
points:
  - {role: vital, vital: spo2, area: input, addr: 100, type: f32, order: ABCD, min: 0, max: 100}
  - {role: vital, vital: pulse_rate, area: input, addr: 102, type: f32, order: CDAB, max: 350}
"""


def need_pymodbus():
    for module in ("pymodbus", "serial", "serial_asyncio"):
        if importlib.util.find_spec(module) is None:
            raise vs.Skip(f"python module {module} is missing: python3-pymodbus, python3-serial and"
                          " python3-serial-asyncio are needed")


class Server(vs.Process):
    def __init__(self, kind, where, *units):
        script = os.path.join(vs.HERE, "modbus_server.py")
        super().__init__(["/usr/bin/python3", script, kind, str(where), *map(str, units)])
        self.wait_line("ready")

    def say(self, words):
        self.child.stdin.write(words + "\n")
        self.child.stdin.flush()

    def answers(self, unit, address):
        """(time, values) of each answer about the block that begins at address, probes left out."""
        out = []
        for _, line in list(self.lines):
            if line.startswith("{"):
                a = json.loads(line)
                if (a["unit"] == unit and a["address"] == address and
                        len(a.get("values", [])) > 1):
                    out.append((a["at"], a["values"]))
        return out

    def late_count(self):
        return sum(1 for _, line in list(self.lines) if '"late": 0.0}' not in line and
                   '"late"' in line)


def rtu_bus(b, name, *units):
    b.keep(vs.PtyPair(b.path(name), b.path(name + "-far")))
    return b.keep(Server("rtu", b.path(name + "-far"), *units))


def tcp_bus(b, *units):
    port = vs.free_port()
    return b.keep(Server("tcp", port, *units)), port


def published(stream, bed, since):
    """SpO2 and pulse rate of one poll, which leave with the same time: (frame, spo2, pulse)."""
    pulses = {f.body["mono_ms"]: f for f in stream.select(f"v1.{bed}.vital.pulse_rate", since)
              if vs.is_value(f.body)}
    for f in list(stream.select(f"v1.{bed}.vital.spo2", since)):
        if vs.is_value(f.body):
            other = pulses.get(f.body["mono_ms"])
            vs.check(other is not None, "SpO2 without the pulse rate of the same answer:", f)
            yield f, f.body["value_milli"] // 1000, other.body["value_milli"] // 1000


def check_never_wrong(b, stream, bed, server, unit, since):
    """How many values were checked. The server says an answer a moment after it is on the wire, so
    the last frame may be here before the line about it."""
    frames = list(published(stream, bed, since))
    if frames:
        newest = max(f.body["mono_ms"] for f, _, _ in frames) / 1000
        vs.wait_for(lambda: server.answers(unit, 0)[-1][0] > newest, f"a later answer of {unit}")
    answers = server.answers(unit, 0)
    count = 0
    for f, spo2, pulse in frames:
        said_at = f.body["mono_ms"] / 1000
        fitting = [at for at, v in answers if v[0] == spo2 and v[1] == pulse and
                   said_at - 5 <= at <= said_at + 0.01]
        vs.check(fitting, "never held by the server:", f, answers[-3:])
        true_age = said_at - fitting[-1]
        b.worst.add(f"true_age_{bed}_s", true_age)
        vs.check(f.body["age_ms"] / 1000 >= true_age - 0.02, "younger than true,", true_age, f)
        count += 1
    return count


def gap(b, stream, bed, since, limit):
    times = [f.at for f, _, _ in published(stream, bed, since)]
    vs.check(len(times) > 1, bed, "has no values")
    widest = max(y - x for x, y in zip(times, times[1:]))
    b.worst.add(f"gap_{bed}_s", widest)
    vs.check(widest <= limit, f"{bed}: no value for {widest:.2f} s; at most {limit} s are allowed")


def modbus_device(name, bed, link, unit, options=VM2):
    return (name, bed, "modbus", link, f"unit: {unit}", "poll: 1s", "timeout: 300ms", options)


def test_right_values(b):
    """RTU and TCP beside each other, two units on one line, floats of both word orders."""
    need_pymodbus()
    with open(b.path("two-floats.yaml"), "w", encoding="ascii") as f:
        f.write(FLOAT_MAP)
    rtu = rtu_bus(b, "rtu", 17, 18)
    tcp, port = tcp_bus(b, 17, 18)
    own_map = f"options: {{ map: {b.path('two-floats.yaml')} }}"
    b.daemon(b.config([
        modbus_device("a", "bed-a", f"modbus-rtu:{b.path('rtu')}", 17),
        modbus_device("b", "bed-b", f"modbus-rtu:{b.path('rtu')}", 18),
        modbus_device("c", "bed-c", f"modbus-tcp:127.0.0.1:{port}", 17),
        modbus_device("d", "bed-d", f"modbus-tcp:127.0.0.1:{port}", 18, own_map)]))
    stream = b.stream()
    for bed in "abcd":
        stream.wait(f"v1.bed-{bed}.vital.spo2", test=vs.is_value)
    since = stream.mark()
    time.sleep(8)
    counts = [check_never_wrong(b, stream, "bed-a", rtu, 17, since),
              check_never_wrong(b, stream, "bed-b", rtu, 18, since),
              check_never_wrong(b, stream, "bed-c", tcp, 17, since)]
    vs.check(min(counts) >= 6, "values in 8 s:", counts)
    for bed in ("bed-a", "bed-b", "bed-c", "bed-d"):
        gap(b, stream, bed, since, OTHER_BUS_GAP_S)
    for f, spo2, pulse in published(stream, "bed-d", since):
        vs.check(70 <= spo2 <= 79 and 60 <= pulse <= 99 and pulse % 10 == spo2 % 10, f)
    vs.equal([line for _, line in rtu.lines + tcp.lines if "written" in line], [], "writes")
    for kind in (zmq.REQ, zmq.DEALER):
        beds = b.snapshot(b.client(kind, view=True))["beds"]
        vs.equal([d["online"] for bed in beds for d in bed["devices"]], [True] * 4, "online")


def test_late_answers(b):
    """A unit that is late at random never makes a wrong or too young value, and disturbs nobody."""
    need_pymodbus()
    late_rtu = rtu_bus(b, "late", 17, 18)
    good_rtu = rtu_bus(b, "good", 17)
    late_tcp, late_port = tcp_bus(b, 17)
    good_tcp, good_port = tcp_bus(b, 17)
    b.daemon(b.config([
        modbus_device("a", "bed-a", f"modbus-rtu:{b.path('late')}", 17),
        modbus_device("b", "bed-b", f"modbus-rtu:{b.path('late')}", 18),
        modbus_device("c", "bed-c", f"modbus-tcp:127.0.0.1:{late_port}", 17),
        modbus_device("d", "bed-d", f"modbus-rtu:{b.path('good')}", 17),
        modbus_device("e", "bed-e", f"modbus-tcp:127.0.0.1:{good_port}", 17)]))
    stream = b.stream()
    for bed in "abcde":
        stream.wait(f"v1.bed-{bed}.vital.spo2", test=vs.is_value)
    since = stream.mark()
    late_rtu.say("late 40")
    late_tcp.say("late 40")
    time.sleep(45)
    vs.check(late_rtu.late_count() > 3 and late_tcp.late_count() > 3, "nobody was late")
    counts = {}
    for bed, server, unit in (("bed-a", late_rtu, 17), ("bed-b", late_rtu, 18),
                              ("bed-c", late_tcp, 17), ("bed-d", good_rtu, 17),
                              ("bed-e", good_tcp, 17)):
        counts[bed] = check_never_wrong(b, stream, bed, server, unit, since)
    for bed in ("bed-d", "bed-e"):
        gap(b, stream, bed, since, OTHER_BUS_GAP_S)
    for bed in ("bed-a", "bed-b", "bed-c"):
        vs.check(counts[bed] >= LATE_UNIT_VALUES, f"{bed}: only {counts[bed]} values in 45 s")
    print(f"late {late_rtu.late_count()} and {late_tcp.late_count()} times, values {counts}")


def test_silent_unit(b):
    """An address where nobody lives: its neighbour waits a little, other buses not at all."""
    need_pymodbus()
    shared = rtu_bus(b, "shared", 17)
    other, port = tcp_bus(b, 17)
    b.daemon(b.config([
        modbus_device("a", "bed-a", f"modbus-rtu:{b.path('shared')}", 17),
        modbus_device("x", "bed-x", f"modbus-rtu:{b.path('shared')}", 44),
        modbus_device("b", "bed-b", f"modbus-tcp:127.0.0.1:{port}", 17)]))
    stream = b.stream()
    for bed in "ab":
        stream.wait(f"v1.bed-{bed}.vital.spo2", test=vs.is_value)
    since = stream.mark()
    time.sleep(15)
    gap(b, stream, "bed-a", since, 2.5)
    gap(b, stream, "bed-b", since, OTHER_BUS_GAP_S)
    check_never_wrong(b, stream, "bed-a", shared, 17, since)
    check_never_wrong(b, stream, "bed-b", other, 17, since)
    state = stream.wait("v1.bed-x.device.x", snapshots=True, event="state")
    vs.check(not state.body["online"], state)
    vs.equal([f for f in stream.select("v1.bed-x.vital.spo2") if vs.is_value(f.body)], [], "values")


def test_exceptions_and_sentinels(b):
    """Refusals and "no value" in each form: never a number, and right again afterwards."""
    need_pymodbus()
    with open(b.path("two-floats.yaml"), "w", encoding="ascii") as f:
        f.write(FLOAT_MAP)
    server, port = tcp_bus(b, 17, 18)
    rtu = rtu_bus(b, "rtu", 17)
    own_map = f"options: {{ map: {b.path('two-floats.yaml')} }}"
    b.daemon(b.config([
        modbus_device("a", "bed-a", f"modbus-tcp:127.0.0.1:{port}", 17),
        modbus_device("d", "bed-d", f"modbus-tcp:127.0.0.1:{port}", 18, own_map),
        modbus_device("r", "bed-r", f"modbus-rtu:{b.path('rtu')}", 17)]))
    stream = b.stream()
    topics = [f"v1.bed-{bed}.vital.spo2" for bed in "adr"]
    for topic in topics:
        stream.wait(topic, test=vs.is_value)
    start = stream.mark()
    for mode, silent in (("exception", topics), ("sentinel", [topics[0], topics[2]]),
                         ("nan", [topics[1]]), ("inf", [topics[1]])):
        server.say(f"mode {mode}")
        rtu.say(f"mode {mode}")
        time.sleep(1.5)
        mark = stream.mark()
        for topic in silent:
            stream.wait(topic, mark, test=lambda m: not vs.is_value(m))
        time.sleep(3)
        for topic in silent:
            vs.equal([f for f in stream.select(topic, mark) if vs.is_value(f.body)], [],
                     f"values in mode {mode}")
        mark = stream.mark()
        server.say("mode normal")
        rtu.say("mode normal")
        for topic in topics:
            stream.wait(topic, mark, test=vs.is_value)
    check_never_wrong(b, stream, "bed-a", server, 17, start)
    check_never_wrong(b, stream, "bed-r", rtu, 17, start)


vs.main(test_right_values, test_late_answers, test_silent_unit, test_exceptions_and_sentinels)
