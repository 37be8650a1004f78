"""The units of the alarm sinks: verified, their exposure rated, and bound to nothing that may die.

usage: test_sink_units.py BUILD_DIR     (exit 0 passed, 1 failed, 77 skipped)
"""
import os
import re
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
from vigil_container import Failed, check, must, run, say  # noqa: E402

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
        return 0
    except Failed as why:
        say(f"FAILED: {why}")
        return 1
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
