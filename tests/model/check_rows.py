"""The rows of the program's tables against the ROW lines of the model, in their order."""
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
ROW = re.compile(r"^\s*ROW\((.*)\)\s*$", re.M)
ALIAS = {"ON_THE_WAY": "rs_SENT | rs_CONFIRMED | rs_ESCALATED"}


def row(text):
    """(machine, number, from, inputs, guard, to, word); a set is sorted."""
    words = [w.strip() for w in text.split(",")]
    if len(words) != 7:
        raise ValueError(f"not a row: {text}")
    for i in (2, 3):
        names = words[i]
        for alias, meaning in ALIAS.items():
            names = names.replace(alias, meaning)
        words[i] = " | ".join(sorted(n.strip() for n in names.split("|")))
    return tuple(words)


def rows_of(text):
    return [row(m) for m in ROW.findall(text)]


def rows_of_model():
    found = []
    for name in ("condition", "freshness", "routing", "inhibition"):
        found += rows_of((HERE / f"{name}.pml").read_text())
    return found


def listed(word):
    """Rows of not_modelled.txt whose line begins with this word."""
    rows = []
    for line in (HERE / "not_modelled.txt").read_text().splitlines():
        if line.startswith(f"{word}ROW("):
            text, _, reason = line.removeprefix(word).partition(" -- ")
            if not reason.strip():
                raise ValueError(f"no reason: {line}")
            rows.append(row(ROW.match(text).group(1)))
    return rows


def rows_left_out():
    """Rows that the model does not have."""
    return listed("")


def rows_idle():
    """Rows that the model has and cannot take."""
    return listed("IDLE ")


def show(r):
    return f"ROW({', '.join(r)})"


def compare(printed):
    """What differs, one line each; nothing when tables and model agree."""
    table, model, left = rows_of(printed), rows_of_model(), rows_left_out()
    faults = [f"only in the program: {show(r)}" for r in table if r not in model and r not in left]
    faults += [f"only in the model: {show(r)}" for r in model if r not in table]
    faults += [f"left out, but the program has no such row: {show(r)}" for r in left if r not in table]
    faults += [f"more than once: {show(r)}" for r in left if table.count(r) > 1]
    faults += [f"left out, but modelled: {show(r)}" for r in left if r in model]
    faults += [f"idle, but not in the model: {show(r)}" for r in rows_idle() if r not in model]
    if not faults and [r for r in table if r not in left] != model:
        faults.append("the same rows in another order: the first row that fits is taken")
    if not table:
        faults.append("the program printed no row")
    return faults
