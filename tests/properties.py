"""The safety properties of alarms: where each is implemented, which tests hold it, which formulas say it.

properties.py [--quiet]: prints the table of properties.tsv and fails when it names what does not exist, or
leaves out what does: a test prop_alarm__pNN_... or a formula pNN_... that no row names.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
ROWS_OF = {"C": "alarm_condition.c", "F": "freshness.c", "Q": "alarm_routing.c", "I": "alarm_inhibit.c"}
PLANNED = "planned"


def rows_of(letter):
    """Row numbers in the table of one machine."""
    return set(re.findall(r"^    \{ (\d+),", (ROOT / "core" / ROWS_OF[letter]).read_text(), re.MULTILINE))


ROWS = {letter: rows_of(letter) for letter in ROWS_OF}
TESTS = {}
for source in sorted((ROOT / "tests").glob("*/*.c")):
    body = source.read_text()
    for name in re.findall(r"^static void (\w+__\w+)\(void \*\*state\)", body, re.MULTILINE):
        if len(re.findall(rf"\b{name}\b", body)) > 1:  # defined, and run
            TESTS[name] = source.relative_to(ROOT)
FORMULAS = set()
for source in sorted((ROOT / "tests/model").glob("*.pml")):
    FORMULAS |= set(re.findall(r"^ltl (\w+)", source.read_text(), re.MULTILINE))


def has(path, name):
    """Does the file define that function, or struct?"""
    file = ROOT / path
    if not file.is_file():
        return False
    words = rf"^{name} \{{" if name.startswith("struct ") else rf"^(?:\w.*\b|def ){name}\("
    return re.search(words, file.read_text(), re.MULTILINE) is not None


def is_place(place):
    row = re.fullmatch(r"([CFQI])(\d+)", place)
    if row:
        return row[2] in ROWS[row[1]]
    path, _, name = place.partition(":")
    return has(path, name)


def is_test(test):
    if "/" not in test:
        return test in TESTS
    path, _, name = test.partition(":")
    return has(path, name) if name else (ROOT / path).is_file()


def items(cell):
    return [item.strip() for item in cell.split(";") if item.strip()]


def read():
    for line in (ROOT / "tests/properties.tsv").read_text().splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


def faults_of(number, where, tests, formulas):
    if where == PLANNED:
        return
    checks = ((where, is_place, "implementation"), (tests, is_test, "test"),
              (formulas, FORMULAS.__contains__, "formula"))
    for cell, exists, what in checks:
        for item in items(cell):
            if not exists(item):
                yield f"{number}: {what} {item} does not exist"
    if not items(where) or not items(tests):
        yield f"{number}: implemented or tested nowhere"


def left_out(table):
    """What belongs to a property by its name, but is not in its row."""
    for number, _, _, tests, formulas in table:
        prefix = f"p{int(number[1:]):02d}_"
        for test in sorted(TESTS):
            if test.startswith(f"prop_alarm__{prefix}") and test not in items(tests):
                yield f"{number}: {test} is not in the table"
        for formula in sorted(FORMULAS):
            if formula.startswith(prefix) and formula not in items(formulas):
                yield f"{number}: formula {formula} is not in the table"


def show(table):
    for number, text, where, tests, formulas in table:
        print(f"{number:4} {text}")
        print(f"     in       {', '.join(items(where))}")
        for test in items(tests):
            print(f"     test     {test}" + (f"  ({TESTS[test]})" if test in TESTS else ""))
        for formula in items(formulas):
            if formula != PLANNED:
                print(f"     formula  {formula}")


def main():
    table = list(read())
    faults = [f"{row[0]}: {len(row)} columns" for row in table if len(row) != 5]
    if not faults:
        if "--quiet" not in sys.argv:
            show(table)
        for number, _, where, tests, formulas in table:
            faults += faults_of(number, where, tests, formulas)
        faults += left_out(table)
    if [row[0] for row in table] != [f"P{n}" for n in range(1, 21)]:
        faults.append("the table has not the rows P1 to P20")
    for fault in faults:
        print(fault)
    print(f"properties: {len(table)} rows, {len(faults)} faults")
    return 1 if faults else 0


sys.exit(main())
