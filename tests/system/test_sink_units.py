"""The units of the alarm sinks: verified, their exposure rated, bound to nothing that may die, and
in a container under a real service manager, with all their restrictions.

usage: test_sink_units.py BUILD_DIR     (exit 0 passed, 1 failed, 77 skipped)
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import test_systemd  # noqa: E402
from vigil_container import (Container, Failed, Skipped, check, must,  # noqa: E402
                             need_container_rights, need_tools, run, say, wait_for, write)

# Ten times the rating of systemd-analyze.
EXPOSURE_LIMIT = 20
UNITS = {"vigil-annunciator.service": "vigil-annunciator",
         "vigil-exec-sink@.service": "vigil-exec-sink"}
# Fed once a second.
KEYS = {"Type": "notify", "Restart": "always", "StartLimitIntervalSec": "0", "WatchdogSec": "5",
        "DynamicUser": "yes", "NoNewPrivileges": "yes"}


def check_unit(tree, name, program):
    path = os.path.join(tree, "usr/lib/systemd/system", name)
    instance = name.replace("@", "@remote")
    out, code = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no",
                    f"--root={tree}", instance)
    check(code == 0 and out == "", f"{instance}: systemd-analyze verify has no complaint {out}")
    out, code = run("systemd-analyze", "security", "--offline=yes", "--no-pager",
                    f"--threshold={EXPOSURE_LIMIT}", path)
    check(code == 0, f"{name}: {out.splitlines()[-1]}")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for key, value in KEYS.items():
        if not re.search(rf"^{key}={value}$", text, re.MULTILINE):
            raise Failed(f"{name} does not say {key}={value}")
    for key in ("Requires", "Requisite", "BindsTo", "PartOf", "Upholds", "Wants"):
        check(not re.search(rf"^{key}=", text, re.MULTILINE), f"{name}: no {key}=")
    check(f"ExecStart=/usr/bin/{program}" in text and
          os.access(os.path.join(tree, "usr/bin", program), os.X_OK),
          f"{name}: starts what is installed")


# --- in the container ---------------------------------------------------------------------------

SINKS = """\
sinks:
  - { id: room-1, role: room }
  - { id: remote-1, role: remote }
"""
NO_CARD = "[Service]\nExecStart=\nExecStart=/usr/bin/vigil-annunciator --device null\n"
COMMAND = "#!/bin/sh\nread -r alarm\nid >&2\nprintf '%s\\n' \"$alarm\" >&2\n"


def prepare_root(build, work):
    root = test_systemd.prepare_root(build, work)
    write(root, "etc/vigil/vigil.yaml", test_systemd.CONFIG + SINKS)
    write(root, "etc/systemd/system/vigil-annunciator.service.d/no-card.conf", NO_CARD)
    write(root, "etc/vigil/exec-sink-remote", COMMAND)
    os.chmod(os.path.join(root, "etc/vigil/exec-sink-remote"), 0o755)
    must("systemctl", f"--root={root}", "enable", "vigil-annunciator.service",
         "vigil-exec-sink@remote.service")
    return root


def wait_log(container, unit, word, seconds=20):
    wait_for(f"'{word}' of {unit}", seconds, lambda: word in container.log_of(unit))
    say(f"ok: {unit}: {word}")


def restarts(container, unit):
    out, _ = container.run("systemctl", "show", unit, "-p", "NRestarts", "--value")
    return int(out)


def check_sinks(container):
    for sink in ("room-1", "remote-1"):
        wait_log(container, "vigild", f"sinks: {sink}: is well")
    container.run("systemctl", "stop", "vigild")
    wait_log(container, "vigil-annunciator", "voicing MONITOR LINK LOST")
    wait_log(container, "vigil-exec-sink@remote", '"condition":"MONITOR_LINK_LOST"')
    check("vigil" not in container.log_of("vigil-exec-sink@remote").split("uid=")[1].split()[0],
          "the command is not run as the daemon's user")
    container.run("systemctl", "start", "vigild")
    for unit in ("vigil-annunciator", "vigil-exec-sink@remote"):
        wait_log(container, unit, "heard again")
        check(restarts(container, unit) == 0, f"{unit}: the same process all the time")
    out, _ = container.run("systemctl", "show", "vigil-annunciator", "-p", "MainPID", "--value")
    os.kill(container.host_pid(out.strip()), signal.SIGSTOP)
    wait_for("the watchdog to end a sounder that hangs", 20,
             lambda: restarts(container, "vigil-annunciator") == 1)


def check_in_container(build, work):
    need_tools()
    need_container_rights()
    test_systemd.need_plain_build(build)
    root = prepare_root(build, work)
    console = os.path.join(work, "console.log")
    with open(console, "wb") as log:
        container = Container(root, log)
    try:
        container.wait_booted()
        check_sinks(container)
        check(container.power_off() == 0, "the container shuts down cleanly")
    except Exception:
        if container.leader is not None and container.nspawn.poll() is None:
            for unit in ("vigild", "vigil-annunciator", "vigil-exec-sink@remote"):
                say(f"--- log of {unit}\n{container.log_of(unit)[-3000:]}")
        raise
    finally:
        container.end()


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    if shutil.which("systemd-analyze") is None:
        say("skipped: no systemd-analyze")
        return 77
    work = tempfile.mkdtemp(prefix="vigil-units-", dir="/var/tmp")
    try:
        tree = os.path.join(work, "tree")
        must("cmake", "--install", os.path.abspath(sys.argv[1]), "--prefix", "/usr",
             env={"DESTDIR": tree})
        for name, program in UNITS.items():
            check_unit(tree, name, program)
        for tones in ("iec-60601-1-8", "soft"):
            check(os.path.exists(os.path.join(tree, f"usr/share/vigil/tones/{tones}.yaml")),
                  f"tone set {tones} is installed")
        check_in_container(os.path.abspath(sys.argv[1]), work)
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
