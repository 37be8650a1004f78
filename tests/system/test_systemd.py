#!/usr/bin/python3
"""The service under a real service manager: checked, booted, killed, hung, stopped.

usage: test_systemd.py BUILD_DIR     (exit 0 passed, 1 failed, 77 skipped)

Static: systemd-analyze verifies the installed unit and rates its exposure. Dynamic: systemd boots
in a container with the installed programs and simulated devices; the service is killed and hung
from outside, and each time must be monitoring again, with the session that was open.

Not tested here, because a container without cgroup controllers does not enforce them: MemoryMax,
TasksMax, DevicePolicy, IPAddressDeny.
"""
import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from vigil_container import (SNAPSHOT, Client, Container, Failed, Skipped, check,  # noqa: E402
                             mono, must, need_container_rights, need_tools, root_archive, run, say,
                             status_of, wait_for, write)

# Ten times the rating of systemd-analyze. A setting less in the unit must be noticed.
EXPOSURE_LIMIT = 15
READY_AFTER_KILL_S = 3.0
VITAL_AFTER_KILL_S = 3.0
WATCHDOG_S = 2.0
READY_AFTER_HANG_S = 3.0
# All three devices: the Modbus unit must first be seen to count, one poll period more.
VITAL_AFTER_HANG_S = 4.0
KILLS_IN_A_ROW = 12

UNIT = "usr/lib/systemd/system/vigild.service"

CONFIG = """\
version: 1
node: container
require_clock_sync: no
state_dir: /var/lib/vigil
endpoints:
  stream: ipc:///run/vigil/view/stream.sock
  view: ipc:///run/vigil/view/view.sock
  operate: ipc:///run/vigil/operate/operate.sock
beds:
  - id: bed-1
devices:
  - id: ox-1
    bed: bed-1
    driver: nonin
    link: tty:/run/vigil-sim/ox-1
    test: yes
  - id: cuff-1
    bed: bed-1
    driver: suntech
    link: tty:/run/vigil-sim/cuff-1
    test: yes
  - id: vm-1
    bed: bed-1
    driver: modbus
    link: modbus-tcp:127.0.0.1:1502
    unit: 17
    test: yes
    options:
      map: /usr/share/vigil/modbus/vm2.yaml
"""

SIMULATORS = {"ox-1": "oximeter --pty /run/vigil-sim/ox-1",
              "cuff-1": "cuff --pty /run/vigil-sim/cuff-1",
              "vm-1": "modbus --tcp 1502"}

# A pseudo-terminal belongs to whoever made it: the simulators run as the daemon's user.
SIMULATOR_UNIT = """\
[Service]
User=vigil
RuntimeDirectory=vigil-sim
RuntimeDirectoryPreserve=yes
ExecStart=/usr/bin/vigil-sim {arguments} --quiet
[Install]
WantedBy=multi-user.target
"""


# --- static checks -----------------------------------------------------------------------------

def install_into(build, root):
    must("cmake", "--install", build, "--prefix", "/usr", env={"DESTDIR": root})


def check_unit(build, work):
    tree = os.path.join(work, "tree")
    install_into(build, tree)
    # The unit calls one program that is not ours and that every Debian has.
    os.makedirs(os.path.join(tree, "usr/bin"), exist_ok=True)
    shutil.copy("/usr/bin/install", os.path.join(tree, "usr/bin/install"))
    verify = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={tree}"]
    out, code = run(*verify, "vigild.service")
    check(code == 0 and out == "", f"systemd-analyze verify has no complaint {out}")

    with open(os.path.join(tree, UNIT), encoding="utf-8") as f:
        text = f.read()
    broken = os.path.join(os.path.dirname(os.path.join(tree, UNIT)), "broken.service")
    with open(broken, "w", encoding="utf-8") as f:
        f.write(text.replace("WatchdogSec=", "WatchDogSec="))
    out, code = run(*verify, "broken.service")
    check(code != 0, "and would complain about a misspelt key")

    out, code = run("systemd-analyze", "security", "--offline=yes", "--no-pager",
                    f"--threshold={EXPOSURE_LIMIT}", os.path.join(tree, UNIT))
    check(code == 0, f"systemd-analyze security: {out.splitlines()[-1]}")
    for key, value in {"Type": "notify", "WatchdogSec": f"{WATCHDOG_S:g}", "Restart": "always",
                       "StartLimitIntervalSec": "0", "User": "vigil"}.items():
        if not re.search(rf"^{key}={value}$", text, re.MULTILINE):
            raise Failed(f"the unit does not say {key}={value}")


# --- what stands in the container --------------------------------------------------------------

def need_plain_build(build):
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as f:
        cache = f.read()
    if re.search(r"^VIGIL_SANITIZE:\w+=.", cache, re.MULTILINE) or \
            re.search(r"^VIGIL_COVERAGE:\w+=(ON|1|TRUE|YES)$", cache, re.MULTILINE | re.IGNORECASE):
        raise Skipped("an instrumented build does not run under the service's restrictions")


def prepare_root(build, work):
    root = os.path.join(work, "root")
    os.mkdir(root, 0o755)
    must("tar", "-C", root, "-xf", root_archive())
    install_into(build, root)
    must("systemd-sysusers", f"--root={root}")
    write(root, "etc/machine-id", "5f0c5ad0b1f64a31a1cf34a1e8a0f001\n")
    write(root, "etc/vigil/vigil.yaml", CONFIG)
    units = ["vigild"]
    for name, arguments in SIMULATORS.items():
        write(root, f"etc/systemd/system/sim-{name}.service",
              SIMULATOR_UNIT.format(arguments=arguments))
        units.append(f"sim-{name}")
    must("systemctl", f"--root={root}", "enable", *(f"{u}.service" for u in units))
    must("systemctl", f"--root={root}", "mask", "systemd-networkd.service",
         "systemd-resolved.service", "systemd-timesyncd.service")
    return root


# --- the service -------------------------------------------------------------------------------

def good_vitals(bed):
    """Vital signs with a good value, as {(device, vital): value}."""
    return {(x["dev"], x["vital"]): x.get("value") for x in bed["vitals"]
            if x.get("quality") == "ok"} if bed is not None else {}


class Service:
    def __init__(self, container):
        self.container = container
        self.client = Client(container)

    def wait_ready(self, seconds, not_pid="0"):
        """Ready again, as another process than not_pid; when that was, by our clock."""
        def probe():
            now = self.container.show()
            ready = now.get("ActiveState") == "active" and now.get("MainPID") not in ("0", not_pid)
            return now if ready else None

        return wait_for("the service to be ready", seconds, probe)

    def wait_vital(self, seconds):
        wait_for("oxygen saturation and a Modbus value", seconds,
                 lambda: {("ox-1", "spo2"), ("vm-1", "spo2")} <=
                 set(good_vitals(self.client.bed())))
        return mono()

    def signal(self, number):
        """Send a signal to the main process; its number inside, and when."""
        inner = self.container.show()["MainPID"]
        pid = self.container.host_pid(inner)
        if pid is None:
            raise Failed(f"process {inner} of the service is not there")
        at = mono()
        os.kill(pid, number)
        return inner, at

    def recover(self, name, number, ready_s, vital_s):
        before = int(self.container.show()["NRestarts"])
        pid, at = self.signal(number)
        now = self.wait_ready(ready_s + 5, not_pid=pid)
        vital = self.wait_vital(vital_s + 5) - at
        ready = int(now["ActiveEnterTimestampMonotonic"]) / 1e6 - at
        check(0 < ready < ready_s, f"{name}: ready again after {ready:.2f} s (< {ready_s:g} s)")
        check(vital < vital_s, f"{name}: vital signs again after {vital:.2f} s (< {vital_s:g} s)")
        check(int(now["NRestarts"]) == before + 1, f"{name}: counted as one restart")


def check_first_start(service):
    c = service.container
    now = service.wait_ready(20)
    at = int(now["ActiveEnterTimestampMonotonic"]) / 1e6 - c.boot_mono
    check(now["StatusText"].startswith("monitoring"),
          f"ready {at:.1f} s after the container was started: {now['StatusText']}")
    service.wait_vital(10)
    say(f"vital signs: {good_vitals(service.client.bed())}")
    status = status_of(c.host_pid(now["MainPID"]))
    check(status["CapEff"].strip("0") == "" and status["NoNewPrivs"] == "1" and
          status["Seccomp"] == "2", "no capabilities, no new privileges, system calls filtered")
    say(f"resident memory: {status['VmRSS'].strip()}")
    out, _ = c.run("stat", "-c", "%n %a %U %G", "/var/lib/vigil", "/run/vigil",
                   "/run/vigil/view/stream.sock", "/run/vigil/view/view.sock", "/run/vigil/operate/operate.sock")
    wanted = ["/var/lib/vigil 750 vigil vigil", "/run/vigil 755 vigil vigil",
              "/run/vigil/view/stream.sock 660 vigil vigil-view",
              "/run/vigil/view/view.sock 660 vigil vigil-view",
              "/run/vigil/operate/operate.sock 660 vigil vigil-operate"]
    wrong = [x for x in out.splitlines() if x not in wanted]
    check(len(out.splitlines()) == len(wanted) and not wrong, f"owners and modes are right {wrong}")


def open_session(service):
    reply = service.client.ask("operate", {
        "op": "session_open", "request_id": "5a9c2f10-7f3e-4d7a-9a64-000000000001",
        "bed": "bed-1", "operator": "op-1", "patient_ref": "p-1"})
    check(reply is not None and reply.get("ok"), f"a session is opened and recorded {reply}")
    return service.client.bed()["session"]


def kill_in_a_row(service):
    """Every other process dies as soon as it is there, the rest when they are ready."""
    c = service.container
    before = int(c.show()["NRestarts"])
    start = mono()
    last = "0"
    for i in range(KILLS_IN_A_ROW):
        if i % 2 == 0:
            service.wait_ready(5, not_pid=last)
        else:
            wait_for("the next process", 5, lambda: c.show().get("MainPID") not in ("0", last))
        last, _ = service.signal(signal.SIGKILL)
    now = service.wait_ready(5, not_pid=last)
    service.wait_vital(5)
    check(int(now["NRestarts"]) == before + KILLS_IN_A_ROW,
          f"{KILLS_IN_A_ROW} kills in {mono() - start:.1f} s: not given up, and monitoring")


def stop_and_start(service):
    c = service.container
    start = mono()
    _, code = c.run("systemctl", "stop", "vigild")
    now = c.show()
    check(code == 0 and now["ActiveState"] == "inactive" and now["Result"] == "success",
          f"stops in {mono() - start:.2f} s when asked, and stays stopped")
    _, code = c.run("systemctl", "start", "vigild")
    check(code == 0, "and starts again")
    service.wait_vital(5)


def check_udev_rules(c):
    """The rules leave an unnamed port alone, and name a named one."""
    def properties():
        out, _ = c.run("udevadm", "test", "--action=add", "/sys/class/tty/ptmx")
        check("Invalid" not in out and "Unknown" not in out and "60-vigil.rules" in out,
              "the udev rules are read without complaint")
        return out

    if not os.path.exists("/sys/class/tty/ptmx"):
        say("no terminal in sysfs: udev rules not tried")
        return
    check("ID_MM_DEVICE_IGNORE" not in properties(), "a port nobody named is left alone")
    write(c.root, "etc/udev/rules.d/50-vigil-local.rules",
          'SUBSYSTEM=="tty", KERNEL=="ptmx", ENV{VIGIL_PORT}="ox-9"\n')
    out = properties()
    check("ID_MM_DEVICE_IGNORE=1" in out and "vigil/ox-9" in out, "a named port gets its name")


def check_record(root, starts):
    """After all that: a sound record, and as many starts in it as there were."""
    folder = os.path.join(root, "var/lib/vigil")
    files = [x for x in os.listdir(folder) if x.endswith((".db", ".sqlite", ".sqlite3"))]
    check(len(files) == 1, f"one record: {' '.join(files)}")
    with contextlib.closing(sqlite3.connect(os.path.join(folder, files[0]))) as db:
        check(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "the record is sound")
        boots = db.execute("SELECT count(*) FROM boot").fetchone()[0]
        check(3 <= boots <= starts, f"{boots} starts recorded of {starts} processes")
        states = {x[0] for x in db.execute("SELECT DISTINCT clock_state FROM event")}
    check(states == {0}, "without a time service the clock is recorded as unsynchronised")


def check_in_container(build, work):
    need_tools()
    need_container_rights()
    need_plain_build(build)
    root = prepare_root(build, work)
    console = os.path.join(work, "console.log")
    with open(console, "wb") as log:
        container = Container(root, log)
    try:
        container.wait_booted()
        service = Service(container)
        check_first_start(service)
        session = open_session(service)
        service.recover("kill -9", signal.SIGKILL, READY_AFTER_KILL_S, VITAL_AFTER_KILL_S)
        service.recover("hang", signal.SIGSTOP, READY_AFTER_HANG_S, VITAL_AFTER_HANG_S)
        check("watchdog" in container.log_of().lower(), "the hang was ended by the watchdog")
        kill_in_a_row(service)
        bed = service.client.bed()
        check(bed["session"] is not None and bed["session"]["id"] == session["id"] and
              bed["session"]["opened_at"] == session["opened_at"], "the session is still open")
        check(any(x.get("condition") == "RESTARTED" for x in bed["alarms"]),
              "and the restart is announced")
        stop_and_start(service)
        check_udev_rules(container)
        restarts = int(container.show()["NRestarts"])
        check(container.power_off() == 0, "the container shuts down cleanly")
        check_record(root, starts=3 + 2 + KILLS_IN_A_ROW + restarts)
    except Exception:
        with open(console, encoding="utf-8", errors="replace") as f:
            say("--- console\n" + f.read()[-2000:])
        if container.leader is not None and container.nspawn.poll() is None:
            say("--- status\n" + container.run("systemctl", "status", "--no-pager", "vigild")[0])
            say("--- log\n" + container.log_of()[-6000:])
            say(f"--- snapshot\n{Client(container).ask('view', SNAPSHOT)}")
        raise
    finally:
        container.end()


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    build = os.path.abspath(sys.argv[1])
    work = tempfile.mkdtemp(prefix="vigil-systemd-", dir="/var/tmp")
    start = mono()
    try:
        if shutil.which("systemd-analyze") is None:
            need_tools()
        check_unit(build, work)
        check_in_container(build, work)
        say(f"passed in {mono() - start:.1f} s")
        return 0
    except Skipped as why:
        say(f"skipped: {why}")
        return 77
    except (Failed, subprocess.TimeoutExpired) as why:
        say(f"FAILED: {why}")
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
