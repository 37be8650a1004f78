"""serial: links on real drivers: USB adapters pulled out of their hub, the cable of a UART pulled.

usage: test_serial.py BUILD_DIR [TEST...], with VIGIL_KERNEL naming an unpacked kernel package;
./dev qemu fetches one. VIGIL_REPLUGS sets how often each is pulled (50).
"""
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))

import vigil_system as vs
from vigil_guest import UART, USB, Guest
from vigil_puller import Puller

STEADY_GAP_LIMIT_S = 1.5
PULLS = 40  # of a loose plug
HANGS = 4
# device: its bed, kind of simulator, driver, line
PULLED = {"ox-usb": ("bed-a", "oximeter", "nonin", USB[0]),
          "cuff": ("bed-b", "cuff", "suntech", USB[1]),
          "ox-uart": ("bed-c", "oximeter", "nonin", UART)}
STEADY = ("ox-s1", "bed-s1", "nonin", "tty:/run/ox-s1")
DOSES = """ctl() { vigilctl --operate ipc:///run/operate --operator anna "$@"; }
ctl session open bed-s1 --patient pat-1
touch /run/load
while [ -e /run/load ]; do
    ctl dose bolus bed-s1 --drug esketamine --amount 12.5 --unit mg --route iv || exit
    sleep 0.2
done >/run/doses 2>&1 &
"""
END_DOSES = "rm /run/load; while pidof vigilctl; do sleep 0.1; done >/dev/null; cat /run/doses"
# Another program on the line, for 8 s. root is not kept out by the lock.
STEAL = """touch /run/steal
for i in 1 2 3; do while [ -e /run/steal ]; do cat /dev/{line} >/dev/null; done & done
sleep 8; rm /run/steal; killall cat
"""


def start(b):
    """A running guest, all cables in, every device online."""
    kernel = os.environ.get("VIGIL_KERNEL")
    if not kernel:
        raise vs.Skip("VIGIL_KERNEL is not set; ./dev qemu sets it")
    pulled = [(name, bed, driver, f"serial:/dev/{line[1]}")
              for name, (bed, _, driver, line) in PULLED.items()]
    guest = Guest(b, kernel, [*pulled, STEADY]).ready()
    cables = {name: guest.cable(line[0], kind) for name, (_, kind, _, line) in PULLED.items()}
    for cable in cables.values():
        cable.replug()
    stream = b.stream(keep_waves=False)
    for name, bed, *_ in (*pulled, STEADY):
        stream.wait(f"v1.{bed}.device.{name}", snapshots=True, event="state", online=True)
    return guest, cables, stream


def open_things(guest):
    """Descriptors and threads of the daemon."""
    lines = guest.run("cd /proc/$(pidof vigild) && ls -l fd task").splitlines()
    files = [line.split(" -> ")[1] for line in lines if " -> " in line]
    threads = [line for line in lines if line.startswith("d")]
    vs.check(files and threads, "what the daemon has open:", lines)
    # A socket or an adapter may have another number by now.
    return sorted(f.split(":")[0].rstrip("0123456789") for f in files), len(threads)


def numbers_of(guest):
    """Which socket of the hub was which ttyUSB in turn."""
    words = [line.split() for _, line in guest.lines if " now attached to ttyUSB" in line]
    return sorted({f"{line[line.index('usb') + 1]} {line[-1]}" for line in words})


def check_nothing_left(guest, before):
    vs.wait_for(lambda: open_things(guest) == before, lambda: f"{open_things(guest)} was {before}")


def check_steady(stream, since):
    """The device nobody touched: no frame lost, no pause. The widest gap."""
    gaps = []
    for topic in ("v1.bed-s1.vital.spo2", "v1.bed-s1.vital.pulse_rate"):
        frames = list(stream.select(topic, since))
        vs.check_gapless(frames, topic)
        vs.check(all(vs.is_value(f.body) for f in frames), topic, "lost its value")
        gaps.append(vs.widest_gap(frames))
        vs.check(gaps[-1] <= STEADY_GAP_LIMIT_S, topic, f"paused for {gaps[-1]:.2f} s")
    vs.equal(list(stream.select("v1.bed-s1.device.ox-s1", since, online=False)), [], "losses")
    return max(gaps)


def test_replug(b):
    """All pulled again and again, at once, while doses are recorded beside them."""
    guest, cables, stream = start(b)
    before = open_things(guest)
    guest.run(DOSES)
    time.sleep(1.5)
    mark = stream.mark()
    times = int(os.environ.get("VIGIL_REPLUGS", "50"))
    pullers = [Puller(stream, cables[n], n, PULLED[n][0], times, b.worst) for n in cables]
    for p in pullers:
        p.start()
    for p in pullers:
        p.join()
        vs.check(p.error is None, p.device, "after", p.done, "times:", p.error)
    b.worst.add("steady_gap_s", check_steady(stream, mark))
    doses = guest.run(END_DOSES).splitlines()
    vs.check(doses and all("recorded" in line for line in doses), "doses:", doses[-3:])
    check_nothing_left(guest, before)
    hang_ups = guest.count("USB disconnect")
    vs.equal(hang_ups, times * len(USB), "adapters the kernel saw go")
    print(f"replugs {[p.done for p in pullers]}, hang-ups {hang_ups}, doses {len(doses)},"
          f" descriptors {len(before[0])}, threads {before[1]}, {numbers_of(guest)}")


def is_online(stream, name):
    topic = f"v1.{PULLED[name][0]}.device.{name}"
    states = list(stream.select(topic, snapshots=True, event="state"))
    return states[-1].body["online"]


def test_loose_plug(b):
    """Adapters that come and go, at times before they are open; then they stay."""
    guest, cables, stream = start(b)
    before, mark = open_things(guest), stream.mark()
    for _ in range(PULLS):
        cable = cables[random.choice(("ox-usb", "cuff"))]
        cable.unplug()
        time.sleep(random.uniform(0, 0.3))
        cable.replug()
        time.sleep(random.uniform(0.2, 0.9))
    vs.wait_for(lambda: is_online(stream, "ox-usb") and is_online(stream, "cuff"), "both online")
    time.sleep(1.0)
    for name in ("ox-usb", "cuff"):
        vs.check(is_online(stream, name), name, "did not stay")
    b.worst.add("steady_gap_s", check_steady(stream, mark))
    check_nothing_left(guest, before)
    print(f"pulls {PULLS}, losses told {len(list(stream.select(since=mark, online=False)))}")


def hang(stream, cables):
    """Pull ox-usb so that the daemon opens it once more while the kernel has not seen it go.

    The kernel's hub thread serves one socket after the other: while it sets up the cuff's adapter,
    the other one is a terminal that answers nothing. Its driver waits 5 s for the answer.
    """
    topic = "v1.bed-a.device.ox-usb"
    mark = stream.mark()
    for name in ("ox-usb", "cuff"):
        cables[name].unplug()
    lost = stream.wait(topic, mark, event="state", online=False)
    time.sleep(0.9)
    cables["ox-usb"].replug()
    # It is tried 0.25, 0.75 and 1.75 s after the loss.
    time.sleep(max(0.0, lost.at + 1.60 - vs.now()))
    cables["cuff"].replug()
    time.sleep(0.08)
    cables["ox-usb"].unplug()
    time.sleep(0.5)
    cables["ox-usb"].replug()


def test_hung_adapter(b):
    """An adapter that does not answer while it is opened is nobody else's trouble."""
    guest, cables, stream = start(b)
    before, mark = open_things(guest), stream.mark()
    for _ in range(HANGS):
        hang(stream, cables)
        stream.wait("v1.bed-a.vital.spo2", stream.mark(), test=vs.is_value)
        vs.wait_for(lambda: is_online(stream, "cuff"), "the cuff online")
        time.sleep(1.0)
    b.worst.add("steady_gap_s", check_steady(stream, mark))
    check_nothing_left(guest, before)
    hung = guest.count("urb failed to set baudrate")
    vs.check(hung > 0, "the adapter never hung: the timing no longer fits")
    print(f"openings without an answer: {hung} of {HANGS}")


def test_stolen_bytes(b):
    """What another program reads is missing here: silence at worst, never a pulled cable."""
    guest, _, stream = start(b)
    for name in ("ox-usb", "ox-uart"):
        bed, _, _, line = PULLED[name]
        mark = stream.mark()
        guest.run(STEAL.format(line=line[1]))
        topic = f"v1.{bed}.device.{name}"
        vs.equal(list(stream.select(topic, mark, state="backoff")), [], "cables pulled")
        f = stream.wait(f"v1.{bed}.vital.spo2", stream.mark(), test=vs.is_value)
        vs.equal(f.body["quality"], "ok", "quality")


vs.main(test_replug, test_loose_plug, test_hung_adapter, test_stolen_bytes)
