"""Tables and model have the same rows; and a table that changes is noticed."""
import subprocess
import sys

sys.dont_write_bytecode = True
import check_rows  # noqa: E402


def mutations(printed):
    """The printed rows with one thing changed, each with a name."""
    lines = printed.splitlines(keepends=True)
    for i, line in enumerate(lines):
        n = line.split(",")[1].strip()
        yield f"row left out: {line}", lines[:i] + lines[i + 1:]
        yield f"another number: {line}", lines[:i] + [line.replace(f", {n},", f", 9{n},", 1)] + lines[i + 1:]
        words = line.rstrip(")\n").split(", ")
        for at, name in ((2, "from"), (3, "input"), (4, "guard"), (5, "to"), (6, "word")):
            other = words[:at] + [words[at] + "X"] + words[at + 1:]
            yield f"another {name}: {line}", lines[:i] + [", ".join(other) + ")\n"] + lines[i + 1:]
        yield f"row twice: {line}", lines[:i] + [line, line] + lines[i + 1:]
    yield "first two rows changed places", [lines[1], lines[0], *lines[2:]]


printed = subprocess.run([f"{sys.argv[1]}/bin/print_machines"], capture_output=True, text=True,
                         check=True).stdout
faults = check_rows.compare(printed)
for fault in faults:
    print(fault)
missed = []
count = 0
if not faults:
    for name, lines in mutations(printed):
        count += 1
        if not check_rows.compare("".join(lines)):
            missed.append(name)
            print("not noticed:", name.strip())
print(f"{len(check_rows.rows_of(printed))} rows, {len(check_rows.rows_left_out())} not modelled,"
      f" {len(faults)} differences; {count} changes tried, {len(missed)} not noticed")
sys.exit(1 if faults or missed else 0)
