"""A session as a nurse lives it, with real simulators: alarms, acknowledgement, cuff, close.

What the daemon may never do by itself is start a cuff; the simulators' `rx` lines are the witness.
"""
import time

import vigil_system as vs

SPO2_TOPIC = "v1.bed-1.vital.spo2"
CUFF_TOPIC = "v1.bed-1.device.cuff-1"
# SunTech: adult, paediatric and neonatal start; abort.
STARTS = (0x20, 0x87, 0x28)
ABORT = bytes((0x3A, 0x79, 0x01, 0x00, 0x4C))
COOLDOWN_S = 30.0


def starts_in(frames):
    return [f for f in frames if len(f) >= 2 and f[0] == 0x3A and f[1] in STARTS]


def nibp(b, client, what, device="cuff-1", bed="bed-1"):
    return client.ask({"op": f"nibp_{what}", "request_id": vs.request_id(), "bed": bed,
                       "operator": "anna", "device": device})


def close(client, bed="bed-1", reason=None):
    body = {"op": "session_close", "request_id": vs.request_id(), "bed": bed, "operator": "anna"}
    if reason is not None:
        body["reason"] = reason
    return client.ask(body)


def bedside(b, *cuff_options):
    ox = b.oximeter("ox-1")
    cuff = b.cuff("cuff-1", "--determination-s", "6", *cuff_options)
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}"),
                       ("cuff-1", "bed-1", "suntech", f"tty:{b.path('cuff-1')}")])
    daemon = b.daemon(config)
    stream = b.stream(keep_waves=False)
    stream.wait(SPO2_TOPIC, test=vs.is_value)
    stream.wait(CUFF_TOPIC, snapshots=True, event="state", online=True)
    return ox, cuff, config, daemon, stream, b.client()


def refused(reply, error):
    vs.check(not reply["ok"] and reply["error"] == error, "wanted", error, "got", reply)
    vs.check(len(reply.get("text", "")) > 10, "no sentence:", reply)


def test_alarm_walk(b):
    ox, _, _, daemon, stream, client = bedside(b)
    refused(close(client), "no_session")
    refused(client.ask(b.dose("bed-1")), "no_session")
    session = b.open_session(client, "bed-1")
    refused(client.ask({"op": "session_open", "request_id": vs.request_id(), "bed": "bed-1",
                        "operator": "anna", "patient_ref": "pat-2"}), "session_open")

    # The finger leaves the sensor and comes back.
    mark = stream.mark()
    ox.say("sensor_off")
    off, _ = stream.wait_alarm("bed-1", "SENSOR_OFF", mark)
    vs.equal((off["priority"], off["ack"], off["source"]), ("medium", False, "ox-1"), "SENSOR_OFF")
    stream.wait(SPO2_TOPIC, mark, test=lambda m: not vs.is_value(m))
    vs.check(b.ack(client, "bed-1", off["instance"])["ok"], "ack")
    stream.wait_alarm("bed-1", "SENSOR_OFF", mark, ack=True)
    refused(b.ack(client, "bed-1", off["instance"]), "already_acknowledged")
    mark = stream.mark()
    ox.say("clear")
    stream.wait(SPO2_TOPIC, mark, test=vs.is_value)
    stream.wait_no_alarm("bed-1", "SENSOR_OFF", mark)
    refused(b.ack(client, "bed-1", off["instance"]), "no_instance")

    # A desaturation, acknowledged, ends; a second one is a new instance and stays latched.
    mark = stream.mark()
    told = vs.now()
    ox.say("spo2 80")
    desat, f = stream.wait_alarm("bed-1", "SPO2_DESAT", mark, state="active")
    b.worst.add("desat_s", f.at - told)
    vs.equal(desat["priority"], "high", "priority")
    vs.check(desat["value_milli"] < 85000 and desat["limit_milli"] == 85000, desat)
    vs.check(b.ack(client, "bed-1", desat["instance"])["ok"], "ack")
    mark = stream.mark()
    ox.say("clear")
    stream.wait_no_alarm("bed-1", "SPO2_DESAT", mark)
    mark = stream.mark()
    ox.say("spo2 80")
    again, _ = stream.wait_alarm("bed-1", "SPO2_DESAT", mark, state="active", ack=False)
    vs.check(again["instance"] > desat["instance"], "instance used again", again)
    mark = stream.mark()
    ox.say("clear")
    stream.wait_alarm("bed-1", "SPO2_DESAT", mark, state="latched", ack=False)

    # Closing with an alarm open needs a reason.
    refused(close(client), "alarms_open")
    vs.equal(b.snapshot(b.client(view=True), "bed-1")["session"]["id"], session, "session")
    reply = close(client, reason="patient left with escort")
    vs.check(reply["ok"] and reply["recorded"], "close:", reply)
    vs.equal(b.snapshot(b.client(view=True), "bed-1")["session"], None, "session")
    refused(client.ask(b.dose("bed-1")), "no_session")
    time.sleep(1.2)
    vs.equal(daemon.terminate(), 0, "exit code")
    rows = b.record().rows("SELECT move, patient_ref, reason FROM session ORDER BY seq")
    vs.equal(rows, [("open", "pat-1", None), ("close", None, "patient left with escort")], "rows")


def test_cuff(b):
    _, cuff, _, _, stream, client = bedside(b)
    b.open_session(client, "bed-1")
    refused(nibp(b, client, "start", device="ox-1"), "not_a_cuff")
    vs.equal(starts_in(cuff.received()), [], "starts before anybody asked")

    mark = stream.mark()
    vs.check(nibp(b, client, "start")["ok"], "start")
    stream.wait(CUFF_TOPIC, mark, event="determination", state="inflating")
    refused(nibp(b, client, "start"), "cuff_busy")
    result = stream.wait(CUFF_TOPIC, mark, ceiling=60, event="nibp", error="ok")
    done = cuff.wait_line("cuff done")[1].split()
    vs.equal([str(result.body["sys"]), str(result.body["dia"])], done[-2:], "result")
    sys = stream.wait("v1.bed-1.vital.nibp_sys", mark, test=vs.is_value)
    vs.equal(sys.body["value"], result.body["sys"], "nibp_sys")
    vs.equal(len(starts_in(cuff.received())), 1, "starts sent")
    ended = vs.now()
    refused(nibp(b, client, "start"), "cuff_cooldown")

    mark = stream.mark()
    idle = stream.wait(CUFF_TOPIC, mark, ceiling=60, event="determination", state="idle")
    b.worst.add("cooldown_s", idle.at - ended)
    vs.check(COOLDOWN_S - 2 <= idle.at - ended <= COOLDOWN_S + 3, "cooldown", idle.at - ended)
    mark = stream.mark()
    vs.check(nibp(b, client, "start")["ok"], "second start")
    stream.wait(CUFF_TOPIC, mark, event="determination", state="inflating")
    cuff.wait_line("cuff start")
    asked = vs.now()
    seen = cuff.mark()
    vs.check(nibp(b, client, "abort")["ok"], "abort")
    b.worst.add("abort_s", cuff.wait_line("cuff abort", seen)[0] - asked)
    stream.wait(CUFF_TOPIC, mark, event="nibp", error="user_abort")
    stream.wait(CUFF_TOPIC, mark, event="determination", state="cooldown")
    refused(nibp(b, client, "start"), "cuff_cooldown")
    vs.equal(len(starts_in(cuff.received())), 2, "starts sent")


def test_restart_while_measuring(b):
    """The daemon dies with the cuff inflated: the first word of the next one is an abort."""
    _, cuff, config, daemon, stream, client = bedside(b, "--determination-s", "40")
    b.open_session(client, "bed-1")
    mark = stream.mark()
    vs.check(nibp(b, client, "start")["ok"], "start")
    stream.wait(CUFF_TOPIC, mark, event="determination", state="inflating")
    time.sleep(2.0)
    daemon.kill()
    seen, mark = cuff.mark(), stream.mark()
    b.daemon(config)
    b.worst.add("abort_after_restart_s", cuff.wait_line("cuff abort", seen)[0] -
                b.daemons[-1].started)
    sent = cuff.received(seen)
    commands = [f for f in sent if f[:3] != bytes((0x3A, 0x79, 0x05))]  # 79 05: harmless question
    vs.equal(commands[0], ABORT, "first command after the restart")
    stream.wait(CUFF_TOPIC, mark, event="determination", state="cooldown")
    time.sleep(3.0)
    vs.equal(starts_in(cuff.received(seen)), [], "starts after the restart")
    vs.equal(starts_in(cuff.received())[1:], [], "starts beside the one that was asked for")


def test_unplugged_while_measuring(b):
    """The cable comes out with the cuff inflated: the abort is owed and is the first word after."""
    _, cuff, _, _, stream, client = bedside(b, "--determination-s", "60")
    b.open_session(client, "bed-1")
    mark = stream.mark()
    vs.check(nibp(b, client, "start")["ok"], "start")
    stream.wait(CUFF_TOPIC, mark, event="determination", state="inflating")
    time.sleep(1.5)
    cuff.unplug()
    stream.wait(CUFF_TOPIC, mark, event="nibp", error="comm_lost")
    refused(nibp(b, client, "start"), "cuff_offline")
    seen = cuff.mark()
    cuff.replug()
    cuff.wait_line("rx 3A 79 01 00 4C", seen)
    time.sleep(2.0)
    vs.equal(starts_in(cuff.received(seen)), [], "starts after the cable came back")


def test_nobody_asked(b):
    """Connect, reconnect, restart, again and again: a start is never sent."""
    cuff = b.cuff("cuff-1")
    unit = b.modbus("vm-1")
    config = b.config([("cuff-1", "bed-1", "suntech", f"tty:{b.path('cuff-1')}"),
                       ("vm-1", "bed-2", "modbus", f"modbus-rtu:{b.path('vm-1')}", "unit: 17",
                        "poll: 300ms", "options: { map: vm2 }")])
    daemon = b.daemon(config)
    stream = b.stream()
    stream.wait(CUFF_TOPIC, snapshots=True, event="state", online=True)
    stream.wait("v1.bed-2.device.vm-1", snapshots=True, event="state", online=True)
    for turn in range(6):
        mark = stream.mark()
        if turn % 3 == 0:
            cuff.unplug()
            unit.unplug()
            stream.wait(CUFF_TOPIC, mark, event="state", online=False)
            cuff.replug()
            unit.replug()
        elif turn % 3 == 1:
            daemon.kill()
            daemon = b.daemon(config)
        else:
            vs.equal(daemon.terminate(), 0, "exit code")
            daemon = b.daemon(config)
        stream.wait(CUFF_TOPIC, mark, snapshots=True, event="state", online=True)
        stream.wait("v1.bed-2.device.vm-1", mark, snapshots=True, event="state", online=True)
        time.sleep(0.7)
    vs.equal(starts_in(cuff.received()), [], "starts")
    vs.equal(unit.count("cuff start"), 0, "starts of the Modbus unit")


vs.main(test_alarm_walk, test_cuff, test_restart_while_measuring, test_unplugged_while_measuring,
        test_nobody_asked)
