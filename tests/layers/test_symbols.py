"""The pure archives may call nothing but memory functions and Vigil's own (release build).

A call to time, malloc or printf in core/ or drivers/ fails here with its name.
"""
import pathlib
import re
import subprocess
import sys

build = pathlib.Path(sys.argv[1])
ALLOWED = {"memcpy", "memmove", "memset", "memcmp", "strlen",
           # what compilers, sanitizers and coverage add by themselves
           "__stack_chk_fail", "__memcpy_chk", "__memset_chk", "__memmove_chk", "_GLOBAL_OFFSET_TABLE_"}
ADDED = re.compile(r"^(__(asan|ubsan|tsan|msan|sanitizer|gcov|sancov|llvm)_|__start_|__stop_)")

bad = 0
for archive in ("libvigil_core.a", "libvigil_drivers.a"):
    text = subprocess.run(["nm", "-A", "--undefined-only", str(build / archive)],
                          capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        name = line.split()[-1]
        if name in ALLOWED or name.startswith("vg_") or ADDED.match(name):
            continue
        print(f"{line.split()[0]} calls {name}: not allowed in a pure folder")
        bad += 1
    # Tables with pointers sit in .data.rel.ro: constant after loading. Writable is .data and .bss.
    table = subprocess.run(["objdump", "-t", str(build / archive)], capture_output=True, text=True,
                           check=True).stdout
    for line in table.splitlines():
        part = line.split()
        if " O " in line and any(p in (".data", ".bss", "*COM*") for p in part):
            if not ADDED.match(part[-1]) and "__" not in part[-1]:
                print(f"{archive}: {part[-1]}: mutable file-scope state is not allowed here")
                bad += 1
print(f"symbol rule: {bad} faults")
sys.exit(1 if bad else 0)
