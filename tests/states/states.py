"""docs/alarm-states.md: the parts that are made from the tables of core/.

states.py BUILD           fails when the document differs from the tables
states.py BUILD --write   puts the tables into the document

A part stands between <!-- generated: NAME --> and <!-- end -->. The prose around them is written by hand.
"""
import difflib
import pathlib
import re
import subprocess
import sys

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs/alarm-states.md"
PART = re.compile(r"(<!-- generated: ([^>]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def parts(build):
    """Name -> text, as the program prints them."""
    text = subprocess.run([f"{build}/bin/print_states"], capture_output=True, text=True, check=True).stdout
    found = {}
    for block in text.split("=== ")[1:]:
        name, _, body = block.partition("\n")
        found[name] = body
    return found


def generated(text, made):
    """The document with every part as it should be, and what is wrong with its markers."""
    used = [match[1] for match in PART.findall(text)]
    faults = [f"the document has no part '{name}'" for name in made if name not in used]
    faults += [f"the part '{name}' is unknown" for name in used if name not in made]
    faults += [f"the part '{name}' stands twice" for name in set(used) if used.count(name) > 1]
    return PART.sub(lambda m: m[1] + made.get(m[2], m[3]) + m[4], text), faults


def main():
    made = parts(sys.argv[1])
    old = DOCUMENT.read_text()
    new, faults = generated(old, made)
    for fault in faults:
        print(fault)
    if "--write" in sys.argv and not faults:
        DOCUMENT.write_text(new)
        print(f"{DOCUMENT.name}: {len(made)} parts")
        return 0
    for line in difflib.unified_diff(old.splitlines(), new.splitlines(), "document", "tables", lineterm="", n=0):
        print(line)
    print(f"{DOCUMENT.name}: " + ("as the tables" if old == new and not faults else "differs; run ./dev docs"))
    return 0 if old == new and not faults else 1


sys.exit(main())
