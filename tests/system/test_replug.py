"""Cables pulled and put back, many times, on every kind of link a test can have.

VIGIL_REPLUGS sets how often each cable is pulled (50). A serial: link cannot be a pseudo-terminal,
because libserialport refuses them; tests/qemu/ pulls that one.
"""
import os
import threading
import time

import vigil_system as vs
from vigil_puller import RETURN_LIMIT_S, Puller

STEADY_GAP_LIMIT_S = 1.5
# Log lines of one device: its connection is reported at most once in ten seconds.
LOG_PERIOD_S = 10.0
MODBUS = ("unit: 17", "poll: 500ms", "timeout: 200ms", "options: { map: vm2 }")


class Load(threading.Thread):
    """Doses on the bed that stays, and the time each receipt took."""

    def __init__(self, bench, bed):
        super().__init__(daemon=True)
        self.bench = bench
        self.bed = bed
        self.client = bench.client()
        self.stop = threading.Event()
        self.count = 0
        self.error = None

    def run(self):
        try:
            while not self.stop.is_set():
                started = vs.now()
                reply = self.client.ask(self.bench.dose(self.bed))
                vs.check(reply["ok"] and reply["recorded"], "dose:", reply)
                self.bench.worst.add("receipt_s", vs.now() - started)
                self.count += 1
                time.sleep(0.05)
        except Exception as e:
            self.error = e


def start_pulled(b, tcp_ports):
    return {
        "ox-tty": b.oximeter("ox-tty"),
        "ox-tcp": b.oximeter("ox-tcp", tcp=tcp_ports[0]),
        "vm-rtu": b.modbus("vm-rtu"),
        "vm-tcp": b.modbus("vm-tcp", tcp=tcp_ports[1]),
        "cuff": b.cuff("cuff"),
    }


def pulled_devices(b, tcp_ports):
    return [("ox-tty", "bed-a", "nonin", f"tty:{b.path('ox-tty')}"),
            ("ox-tcp", "bed-b", "nonin", f"tcp:127.0.0.1:{tcp_ports[0]}"),
            ("vm-rtu", "bed-c", "modbus", f"modbus-rtu:{b.path('vm-rtu')}", *MODBUS),
            ("vm-tcp", "bed-d", "modbus", f"modbus-tcp:127.0.0.1:{tcp_ports[1]}", *MODBUS),
            ("cuff", "bed-e", "suntech", f"tty:{b.path('cuff')}")]


def beds_of(devices):
    return {d[0]: d[1] for d in devices}


def wait_all_online(stream, devices, since=0):
    for name, bed in beds_of(devices).items():
        stream.wait(f"v1.{bed}.device.{name}", since, snapshots=True, event="state", online=True)


def check_steady(stream, since):
    """The devices nobody touched: no frame lost, no pause."""
    for topic in ("v1.bed-s1.vital.spo2", "v1.bed-s2.vital.spo2", "v1.bed-s1.vital.pulse_rate"):
        frames = list(stream.select(topic, since))
        vs.check_gapless(frames, topic)
        gap = vs.widest_gap(frames)
        vs.check(gap <= STEADY_GAP_LIMIT_S, topic, f"paused for {gap:.2f} s")
        vs.check(all(vs.is_value(f.body) for f in frames), topic, "lost its value")
        yield gap
    for topic in ("v1.bed-s1.device.ox-s1", "v1.bed-s2.device.vm-s2", "v1.bed-s1.device.cuff-s"):
        vs.equal(list(stream.select(topic, since, online=False)), [], f"losses of {topic}")


def check_absence(b, daemon, stream, sims, devices):
    """All pulled at once and left so: no spinning, no log flood, then all come back."""
    mark = stream.mark()
    for sim in sims.values():
        sim.unplug()
    for name, bed in beds_of(devices).items():
        stream.wait(f"v1.{bed}.device.{name}", mark, event="state", online=False)
    cpu, started = daemon.cpu_s(), vs.now()
    time.sleep(3.0)
    share = (daemon.cpu_s() - cpu) / (vs.now() - started)
    b.worst.add("cpu_share_absent", share)
    vs.check(share < 0.5, f"the daemon uses {share:.0%} of a core while devices are absent")
    mark = stream.mark()
    for sim in sims.values():
        sim.replug()
    wait_all_online(stream, devices, mark)


def check_log(daemon, devices, seconds):
    """Losses and returns are each limited on their own."""
    for name in beds_of(devices):
        lines = daemon.count(f": {name}: ")
        limit = 2 * (seconds / LOG_PERIOD_S + 2)
        vs.check(lines <= limit, f"{lines} log lines about {name} in {seconds:.0f} s:\n",
                 daemon.tail())


def test_replug(b):
    times = int(os.environ.get("VIGIL_REPLUGS", "50"))
    ports = (vs.free_port(), vs.free_port())
    pulled = pulled_devices(b, ports)
    sims = start_pulled(b, ports)
    b.oximeter("ox-s1", "--seed", "3")
    b.cuff("cuff-s")
    steady_port = vs.free_port()
    b.modbus("vm-s2", tcp=steady_port)
    steady = [("ox-s1", "bed-s1", "nonin", f"tty:{b.path('ox-s1')}"),
              ("cuff-s", "bed-s1", "suntech", f"tty:{b.path('cuff-s')}"),
              ("vm-s2", "bed-s2", "modbus", f"modbus-tcp:127.0.0.1:{steady_port}", *MODBUS)]
    daemon = b.daemon(b.config(pulled + steady))
    stream = b.stream(keep_waves=False)
    wait_all_online(stream, pulled + steady)
    b.open_session(b.client(), "bed-s1")
    load = Load(b, "bed-s1")
    load.start()
    time.sleep(1.5)
    fds, threads, start = daemon.fds(), daemon.thread_count(), stream.mark()

    beds = beds_of(pulled)
    pullers = [Puller(stream, sims[n], n, beds[n], times, b.worst) for n in sims]
    for p in pullers:
        p.start()
    for p in pullers:
        p.join(590)
        vs.check(p.error is None, p.device, "after", p.done, "times:", p.error)
    check_absence(b, daemon, stream, sims, pulled)
    gaps = list(check_steady(stream, start))
    load.stop.set()
    load.join(vs.CEILING)
    vs.check(load.error is None, load.error)
    b.worst.add("steady_gap_s", max(gaps))
    vs.wait_for(lambda: len(daemon.fds()) <= len(fds), lambda: f"{daemon.fds()} was {fds}")
    vs.equal(daemon.thread_count(), threads, "threads")
    check_log(daemon, pulled, vs.now() - daemon.started)
    print(f"replugs {sum(p.done for p in pullers)}, doses {load.count}, rss {daemon.rss_kib()} KiB,"
          f" cpu {daemon.cpu_s() / (vs.now() - daemon.started):.1%}")


def test_absent_at_start(b):
    """Started with nothing connected: the daemon serves, and picks each device up."""
    ports = (vs.free_port(), vs.free_port())
    devices = pulled_devices(b, ports)
    daemon = b.daemon(b.config(devices))
    stream = b.stream(keep_waves=False)
    view = b.client(view=True)
    time.sleep(2.0)
    vs.equal([d["online"] for bed in b.snapshot(view)["beds"] for d in bed["devices"]],
             [False] * len(devices), "online")
    mark = stream.mark()
    started = vs.now()
    start_pulled(b, ports)
    for name, bed in beds_of(devices).items():
        f = stream.wait(f"v1.{bed}.device.{name}", mark, event="state", online=True)
        b.worst.add("pick_up_s", f.at - started)
    check_log(daemon, devices, vs.now() - daemon.started)


def test_by_id_symlink(b):
    """The stable name is a link to a link; after a replug it leads to another terminal."""
    by_id = b.path("usb-FTDI_A1-if00-port0")
    os.symlink(b.path("ttyUSB0"), by_id)
    sim = b.oximeter("ttyUSB0")
    before = os.path.realpath(by_id)
    b.daemon(b.config([("ox-1", "bed-1", "nonin", f"tty:{by_id}")]))
    stream = b.stream()
    stream.wait("v1.bed-1.vital.spo2", test=vs.is_value)
    mark = stream.mark()
    sim.unplug()
    holder = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY)  # takes the number that became free
    stream.wait("v1.bed-1.device.ox-1", mark, event="state", online=False)
    mark = stream.mark()
    plugged = sim.replug()
    f = stream.wait("v1.bed-1.vital.spo2", mark, test=vs.is_value)
    vs.within(f.at - plugged, RETURN_LIMIT_S, "a reading through the stable name")
    print(f"{before} became {os.path.realpath(by_id)}")
    os.close(holder)


def test_second_opener(b):
    """Two daemons that were both given one line: the second is refused and says so."""
    b.oximeter("ox-1")
    b.modbus("vm-1")
    devices = [("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}"),
               ("vm-1", "bed-2", "modbus", f"modbus-rtu:{b.path('vm-1')}", *MODBUS)]
    b.daemon(b.config(devices))
    stream = b.stream(keep_waves=False)
    for bed in ("bed-1", "bed-2"):
        stream.wait(f"v1.{bed}.vital.spo2", test=vs.is_value)
    start = stream.mark()
    second = b.daemon(b.config(devices, "second.yaml", b.path("state-2"), sockets="-2"))
    other = b.keep(vs.Stream(b.stream_at + "-2"))
    for name, bed in (("ox-1", "bed-1"), ("vm-1", "bed-2")):
        vs.check("DENIED" in second.wait_line(f": {name}: ")[1], "the log says:", second.tail())
    time.sleep(3.0)
    for bed in ("bed-1", "bed-2"):
        frames = list(stream.select(f"v1.{bed}.vital.spo2", start))
        vs.check_gapless(frames, bed)
        vs.check(vs.widest_gap(frames) <= STEADY_GAP_LIMIT_S, bed, "was disturbed")
        vs.equal(list(other.select(f"v1.{bed}.vital.spo2")), [], "values of the second")
    for name, bed in (("ox-1", "bed-1"), ("vm-1", "bed-2")):
        vs.equal(list(stream.select(f"v1.{bed}.device.{name}", start, online=False)), [], "losses")


def test_second_daemon(b):
    """Two daemons on one record: the second ends with code 3 and a sentence; the first goes on."""
    b.oximeter("ox-1")
    devices = [("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}")]
    first = b.daemon(b.config(devices))
    stream = b.stream()
    stream.wait("v1.bed-1.vital.spo2", test=vs.is_value)
    start = stream.mark()
    for name, sockets in (("same.yaml", ""), ("other.yaml", "-2")):
        second = b.daemon(b.config(devices, name, sockets=sockets), ready=False)
        vs.equal(second.wait(), 3, "exit code")
        vs.check(second.find("another vigild keeps its record here"), "says:", second.tail())
    stream.wait("v1.bed-1.vital.spo2", stream.mark(), test=vs.is_value)
    vs.check(first.is_running(), "the first daemon ended")
    vs.check_gapless(list(stream.select("v1.bed-1.vital.spo2", start)), "the first daemon")
    stream.wait("v1.bed-1.alarms", stream.mark())


vs.main(test_replug, test_absent_at_start, test_by_id_symlink, test_second_opener,
        test_second_daemon)
