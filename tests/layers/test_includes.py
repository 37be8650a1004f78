"""Every #include against the layer table of docs/architecture.md."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PURE_SYSTEM = {"assert.h", "stdbool.h", "stddef.h", "stdint.h", "string.h"}
SERVICE = {"yaml.h", "jansson.h", "zmq.h"}

# folder -> (own folders it may include, system headers: a set, or None for any but `banned`, banned)
RULES = {
    "include": ({"vigil"}, {"assert.h", "stdbool.h", "stddef.h", "stdint.h"}, set()),
    "core": ({"vigil", "core"}, PURE_SYSTEM, set()),
    "drivers": ({"vigil", "drivers"}, PURE_SYSTEM, set()),
    "lib": ({"vigil", "lib"}, None, {"modbus.h", "libserialport.h", "sqlite3.h", "systemd/sd-daemon.h"}),
    "daemon": ({"vigil", "core", "drivers", "lib", "daemon", "vigil_version.h"}, None, {"yaml.h", "jansson.h", "sodium.h"}),
    "tools": ({"vigil", "core", "drivers", "lib", "tools", "vigil_version.h"}, None,
              {"modbus.h", "libserialport.h", "systemd/sd-daemon.h", "yaml.h", "sodium.h"}),
    "dashboard": ({"vigil", "lib", "dashboard", "gen", "vigil_version.h"}, None,
                  {"modbus.h", "libserialport.h", "systemd/sd-daemon.h", "sqlite3.h", "yaml.h"}),
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def faults():
    for folder, (own, system, banned) in RULES.items():
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                bracket, name = match.groups()
                top = name.split("/")[0]
                beside = (path.parent / name).exists()
                if bracket == '"':
                    ok = top in own or (beside and folder == "tools")
                else:
                    ok = name not in banned and (system is None or name in system)
                # A driver never includes another driver's file.
                if folder == "drivers" and re.match(r"drivers/(oximeter|cuff)_", name):
                    ok = ok and path.stem == pathlib.Path(name).stem
                if not ok:
                    yield f"{path.relative_to(ROOT)}:{number}: {folder}/ may not include {name}"


bad = list(faults())
for line in bad:
    print(line)
print(f"include rule: {len(bad)} faults")
sys.exit(1 if bad else 0)
