"""The record is what the node wrote: whoever changes it, however carefully, is found by its first row.

One short record of the real daemon and simulators, with two beds, a session that is closed, a restart, and
then one copy of it for each way of tampering. The tamperer has the file and all the time in the world, but
not the key.
"""
import hashlib
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import time

import vigil_system as vs

EVENT = ("seq", "boot", "mono_ns", "utc_ns", "clock_state", "kind", "flags", "bed", "device", "session",
         "operator", "request_id", "vital", "value_milli", "quality", "payload")
TABLES = {
    "event": EVENT + ("hash",),
    "boot": ("id", "boot_id", "started_utc_ns", "version"),
    "checkpoint": ("seq", "rows", "hash", "utc_ns", "public_key", "signature"),
    "protocol": ("hash", "id", "text", "first_seq"),
}
KEY = {"event": "seq", "boot": "id", "checkpoint": "seq", "protocol": "first_seq"}


# --- the form of lib/chain.h, written a second time ------------------------------------------------------


def cells(values):
    out = b""
    for value in values:
        if value is None:
            out += b"\0"
        elif isinstance(value, int):
            out += b"\1" + struct.pack(">q", value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += (b"\2" if isinstance(value, str) else b"\3") + struct.pack(">q", len(data)) + data
    return out


def links(db):
    """What stands in for every row, session and digest: {seq: bytes}."""
    boots = {row[0]: row for row in db.execute("SELECT * FROM boot")}
    protocols = {row[3]: row for row in db.execute("SELECT hash, id, text, first_seq FROM protocol")}
    boot, out = None, {}
    for row in db.execute(f"SELECT {', '.join(EVENT)} FROM event ORDER BY seq"):
        text = cells(boots[row[1]]) if row[1] != boot else b""
        text += cells(protocols[row[0]]) if row[0] in protocols else b""
        boot = row[1]
        session = struct.pack(">q", row[EVENT.index("session")])
        out[row[0]] = session + hashlib.sha256(text + cells(row)).digest()
    return out


def chain(db):
    """Every row's hash as it must be: {seq: hash}."""
    before, out = bytes(32), {}
    for seq, link in sorted(links(db).items()):
        before = hashlib.sha256(before + link).digest()
        out[seq] = before
    return out


# --- tools -----------------------------------------------------------------------------------------------


class Copy:
    """A record of its own, to be changed; triggers are no obstacle."""

    count = 0

    def __init__(self, b, path, beside=True):
        Copy.count += 1
        folder = b.path(f"copy-{Copy.count}")
        os.mkdir(folder)
        self.b = b
        self.path = os.path.join(folder, "vigil.db")
        shutil.copy(path, self.path)
        if beside:
            shutil.copy(os.path.join(b.state_dir, "vigil.pub"), folder)
        self.db = sqlite3.connect(self.path, isolation_level=None)
        self.db.execute("PRAGMA foreign_keys = OFF")
        for name, in self.db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            self.db.execute(f"DROP TRIGGER {name}")

    def verify(self, *options):
        self.db.close()
        return self.b.verify(self.path, *options)

    def found(self, what, row=None, *options):
        """The record must be refused, and `row` named."""
        code, text = self.verify(*options)
        vs.equal(code, 1, f"exit code of verify for {what}, which said {text!r}")
        vs.check("NOT SOUND" in text, what, ":", text)
        said = int(re.search(r"row (-?\d+):", text).group(1))
        if row is not None:
            vs.equal(said, row, f"first bad row for {what} ({text!r})")
        return text


def archive(b, path, session, out):
    done = subprocess.run([os.path.join(b.bin, "vigilctl"), "archive", path, out, "--session",
                           str(session)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def flips(value):
    """The value with one bit changed, in ways that show in the file; and with its type changed."""
    if value is None:
        return [0, "x", b"\0"]
    if isinstance(value, int):
        return [value ^ 1, value ^ (1 << 40), str(value) + "x"]
    data = value.encode() if isinstance(value, str) else value
    first = bytes([data[0] ^ 1]) + data[1:]
    last = data[:-1] + bytes([data[-1] ^ 1])
    other = data if isinstance(value, str) else data.hex()
    same = [first.decode(), last.decode()] if isinstance(value, str) else [first, last]
    return same + [other, None]


def make_loose(db):
    """Tables that take any type: whoever changes a file can change its schema, too."""
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_master SET sql = replace(replace(sql, ') STRICT', ')'), 'NOT NULL', '')"
               " WHERE type = 'table' AND name IN ('event', 'boot', 'checkpoint', 'protocol')")
    db.execute("PRAGMA writable_schema = OFF")


def record(b):
    """A record with everything in it, closed in order. The session of bed-1, which is closed."""
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}"),
                       ("ox-2", "bed-2", "nonin", f"tty:{b.path('ox-2')}")])
    ox1 = b.oximeter("ox-1")
    b.oximeter("ox-2", "--seed", "7")
    daemon = b.daemon(config)
    stream = b.stream()
    client = b.client()
    stream.wait("v1.bed-1.vital.spo2", test=vs.is_value)
    session = b.open_session(client, "bed-1")
    open_session = b.open_session(client, "bed-2")
    vs.check(client.ask(b.dose("bed-1"))["recorded"], "dose")
    vs.check(client.ask(b.dose("bed-2"))["recorded"], "dose")
    ox1.say("spo2 80")
    stream.wait_alarm("bed-1", "SPO2_DESAT")
    ox1.say("spo2 97")
    stream.wait("v1.bed-1.vital.spo2", test=lambda body: body.get("value_milli") == 97000)
    vs.check(client.ask({"op": "session_close", "request_id": vs.request_id(), "bed": "bed-1",
                         "operator": "anna", "reason": "done"})["ok"], "close")
    head = stream.wait("v1.node.head").body
    snapshot = b.snapshot(b.client(view=True))
    vs.check(snapshot["head"]["seq"] >= head["seq"], "head of the snapshot", snapshot["head"])
    vs.check(re.fullmatch("[0-9a-f]{64}", snapshot["head"]["hash"]), "hash", snapshot["head"])
    code, text = b.verify(os.path.join(b.state_dir, "vigil.db"))
    vs.equal(code, 0, f"exit code while it is written ({text})")
    vs.check("as far as it is written" in text, text)
    vs.equal(daemon.terminate(), 0, "exit code of vigild")
    daemon = b.daemon(config)
    stream.wait("v1.bed-2.vital.spo2", stream.mark(), test=vs.is_value)
    vs.equal(daemon.terminate(), 0, "exit code of vigild")
    return config, session, open_session, head


def add_protocol(copy):
    """A protocol that came with a dose. Made with the key absent: the chain, then the signatures, are
    those of a daemon that had it; so it is only good for columns that the chain or the hash finds."""
    seq = copy.db.execute("SELECT max(seq) FROM event WHERE kind = 8").fetchone()[0]
    text = '{"id":"sedation-1"}'
    copy.db.execute("INSERT INTO protocol VALUES (?, 'sedation-1', ?, ?)",
                    (hashlib.sha256(text.encode()).hexdigest(), text, seq))
    return seq


# --- one record, all of it -------------------------------------------------------------------------------


def test_verify(b):
    config, session, open_session, head = record(b)
    path = os.path.join(b.state_dir, "vigil.db")
    untouched(b, path, config, head)
    every_column(b, path)
    rows(b, path)
    signatures(b, path)
    archives(b, path, session, open_session)


def untouched(b, path, config, head):
    with open(os.path.join(b.state_dir, "vigil.pub"), encoding="ascii") as f:
        key = f.read().strip()
    vs.equal(os.stat(os.path.join(b.state_dir, "vigil.key")).st_mode & 0o777, 0o600, "mode of the key")
    vs.equal(os.stat(os.path.join(b.state_dir, "vigil.pub")).st_mode & 0o777, 0o644, "mode of vigil.pub")
    said = subprocess.run([os.path.join(b.bin, "vigild"), "--public-key", "--config", config],
                          capture_output=True, text=True, check=True).stdout.strip()
    vs.equal(said, key, "vigild --public-key")
    vs.check(any(key in line for d in b.daemons for _, line in d.lines), "the log names the key")

    before = sorted(os.listdir(b.state_dir))
    code, text = b.verify(path)
    vs.equal(code, 0, f"exit code of an untouched record ({text})")
    vs.check("vigil.pub beside the file" in text and "WAS NOT CHECKED" not in text, text)
    vs.equal(sorted(os.listdir(b.state_dir)), before, "files beside the record")
    alone = Copy(b, path, beside=False)
    stored = {seq: h for seq, h in alone.db.execute("SELECT seq, hash FROM event")}
    vs.equal(chain(alone.db), stored, "the chain by its description")
    vs.equal(stored[head["seq"]].hex(), head["hash"], "the published hash")
    last = max(stored)
    code, text = alone.verify()
    vs.check(code == 0 and "WAS NOT CHECKED" in text, text)
    for key_option in (key, os.path.join(b.state_dir, "vigil.pub")):
        code, text = b.verify(alone.path, "--key", key_option, "--head", stored[last].hex())
        vs.check(code == 0 and "ends with the hash that was given" in text, code, text)
    code, text = b.verify(path, "--head", head["hash"])
    vs.check(code == 0 and f"that of row {head['seq']};" in text, code, text)
    code, text = b.verify(path, "--head", "00" * 32)
    vs.check(code == 1 and "cut off" in text, code, text)
    vs.equal(b.verify(path, "--head", "12")[0], 2, "exit code of a short hash")
    vs.equal(b.verify(path, "--key", "12")[0], 2, "exit code of a short key")
    vs.equal(b.verify(b.path("nothing.db"))[0], 1, "exit code without a file")
    other = "12" * 32
    vs.check("another key" in Copy(b, path).found("another key is asked for", None, "--key", other), other)


def every_column(b, path):
    """Each column of a row in the middle, and each cell of every table that has few rows."""
    db = sqlite3.connect(path)
    middle = db.execute("SELECT seq FROM event WHERE kind = 8 ORDER BY seq LIMIT 1").fetchone()[0]
    reading = db.execute("SELECT seq FROM event WHERE kind = 1 AND value_milli IS NOT NULL"
                         " AND seq > ? ORDER BY seq LIMIT 1", (middle,)).fetchone()[0]
    first_of = dict(db.execute("SELECT boot, min(seq) FROM event GROUP BY boot"))
    marks = [s for s, in db.execute("SELECT seq FROM checkpoint ORDER BY seq")]
    db.close()
    vs.check(len(first_of) == 2 and len(marks) >= 4, "boots and checkpoints", first_of, marks)
    cases = [("event", middle, middle), ("event", reading, reading)]
    cases += [("boot", boot, seq) for boot, seq in first_of.items()]
    cases += [("checkpoint", mark, None) for mark in (marks[0], marks[len(marks) // 2], marks[-1])]
    for table, key, row in cases:
        for column in TABLES[table]:
            one_column(b, path, table, column, key, row)
    for column in TABLES["protocol"]:
        one_protocol(b, path, column)


def one_column(b, path, table, column, key, row):
    source = sqlite3.connect(path)
    old = source.execute(f"SELECT {column} FROM {table} WHERE {KEY[table]} = ?", (key,)).fetchone()[0]
    source.close()
    for new in flips(old):
        copy = Copy(b, path)
        if column not in ("seq", "id"):
            make_loose(copy.db)
            copy.db.close()
            copy.db = sqlite3.connect(copy.path, isolation_level=None)
            copy.db.execute("PRAGMA ignore_check_constraints = ON")
        elif not isinstance(new, int):
            copy.db.close()
            continue # a row number is an integer, whatever the schema says
        try:
            copy.db.execute(f"UPDATE {table} SET {column} = ? WHERE {KEY[table]} = ?", (new, key))
        except sqlite3.IntegrityError:
            copy.db.close()
            continue # the number is taken: the file itself does not allow that
        named = None if column in ("seq", "id") else row
        if table == "checkpoint" and column != "seq":
            vs.check(f"{key}" in copy.found(f"{table}.{column} {old!r} -> {new!r}"), "the checkpoint")
        else:
            copy.found(f"{table}.{column} of {key}: {old!r} -> {new!r}", named)


def one_protocol(b, path, column):
    """A record with a protocol, chained and signed by the real code, is in test_journal; here the rows
    are chained anew, and the checkpoints after it are what finds a change of a chained column."""
    copy = Copy(b, path)
    seq = add_protocol(copy)
    for row, h in chain(copy.db).items():
        copy.db.execute("UPDATE event SET hash = ? WHERE seq = ?", (h, row))
    old = copy.db.execute(f"SELECT {column} FROM protocol").fetchone()[0]
    new = flips(old)[0]
    copy.db.execute(f"UPDATE protocol SET {column} = ?", (new,))
    copy.found(f"protocol.{column}", min(seq, new) if column == "first_seq" else seq)


def rows(b, path):
    copy = Copy(b, path)
    seqs = [s for s, in copy.db.execute("SELECT seq FROM event ORDER BY seq")]
    n = len(seqs)
    one, two = seqs[n // 3], seqs[n // 3 + 1]
    copy.db.execute("DELETE FROM event WHERE seq = ?", (one,))
    copy.found("a deleted row", two)

    copy = Copy(b, path)
    copy.db.execute("DELETE FROM event WHERE seq = ?", (seqs[0],))
    copy.found("the first row deleted", seqs[1])

    copy = Copy(b, path)
    far = seqs[n // 2]
    others = ", ".join(EVENT[1:])
    values = {s: copy.db.execute(f"SELECT {others}, hash FROM event WHERE seq = ?", (s,)).fetchone()
              for s in (one, far)}
    for s in (one, far): # a request id stands only once
        copy.db.execute("UPDATE event SET request_id = NULL WHERE seq = ?", (s,))
    for s, v in ((one, values[far]), (far, values[one])):
        copy.db.execute(f"UPDATE event SET ({others}, hash) = ({', '.join('?' * len(v))}) WHERE seq = ?",
                        (*v, s))
    copy.found("two rows exchanged", one)

    copy = Copy(b, path)
    copy.db.execute(f"INSERT INTO event SELECT seq + 1, {others.replace('request_id', 'NULL')}, hash"
                    " FROM event WHERE seq = ?", (seqs[-1],))
    copy.found("a row added at the end", seqs[-1] + 1)

    # A tail that is cut off with its checkpoints: sound as far as it goes, found by who kept the hash.
    copy = Copy(b, path)
    marks = [s for s, in copy.db.execute("SELECT seq FROM checkpoint ORDER BY seq")]
    head = copy.db.execute("SELECT hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()[0].hex()
    copy.db.execute("DELETE FROM event WHERE seq > ?", (marks[1],))
    copy.db.execute("DELETE FROM checkpoint WHERE seq > ?", (marks[1],))
    copy.db.close()
    vs.equal(b.verify(copy.path)[0], 0, "exit code of a cut record")
    code, text = b.verify(copy.path, "--head", head)
    vs.check(code == 1 and "cut off" in text, text)

    copy = Copy(b, path)
    copy.db.execute("DELETE FROM event WHERE seq > ?", (marks[-2],))
    copy.found("a cut record with its checkpoints left", marks[-1])


def rechain(copy, seq):
    """A changed value, and every hash after it made again."""
    copy.db.execute("UPDATE event SET value_milli = 99000 WHERE seq = ?", (seq,))
    for row, h in chain(copy.db).items():
        copy.db.execute("UPDATE event SET hash = ? WHERE seq = ?", (h, row))


def signatures(b, path):
    copy = Copy(b, path)
    marks = [s for s, in copy.db.execute("SELECT seq FROM checkpoint ORDER BY seq")]
    reading, last = copy.db.execute("SELECT min(seq), (SELECT max(seq) FROM event) FROM event"
                                    " WHERE kind = 1 AND value_milli IS NOT NULL AND seq > ?",
                                    (marks[0],)).fetchone()
    rechain(copy, reading)
    copy.found("a chain made again", marks[0] + 1)

    # With another key: the tamperer has a daemon of their own to sign with.
    other = b.path("other")
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('none')}")], "other.yaml", other)
    b.daemon(config).terminate()
    foreign = sqlite3.connect(os.path.join(other, "vigil.db"))
    key, signature = foreign.execute("SELECT public_key, signature FROM checkpoint").fetchone()
    foreign.close()
    copy = Copy(b, path)
    rechain(copy, reading)
    new = dict(copy.db.execute("SELECT seq, hash FROM event"))
    for mark in marks:
        copy.db.execute("UPDATE checkpoint SET hash = ?, public_key = ?, signature = ? WHERE seq = ?",
                        (new[mark], key, signature, mark))
    vs.check("another key" in copy.found("signed with another key", marks[0]), "says so")
    os.remove(os.path.join(os.path.dirname(copy.path), "vigil.pub"))
    vs.equal(b.verify(copy.path)[0], 1, "exit code without a key to compare")

    copy = Copy(b, path)
    copy.db.execute("DELETE FROM checkpoint")
    copy.found("all checkpoints deleted", 1)
    copy = Copy(b, path)
    copy.db.execute("DELETE FROM checkpoint WHERE seq = ?", (marks[-1],))
    vs.check("no checkpoint follows" in copy.found("the last checkpoint deleted", None), "says so")
    copy = Copy(b, path)
    copy.db.execute("UPDATE checkpoint SET public_key = NULL, signature = NULL")
    vs.check("no signature covers" in copy.found("signatures deleted", 1), "says so")
    copy = Copy(b, path)
    copy.db.execute("UPDATE event SET hash = NULL")
    copy.db.execute("DELETE FROM checkpoint")
    copy.found("hashes deleted", 1)
    copy = Copy(b, path)
    copy.db.execute("UPDATE event SET hash = NULL WHERE seq = ?", (last,))
    copy.found("the last hash deleted", last)


def archives(b, path, session, open_session):
    out = b.path("session.db")
    code, text = archive(b, path, session, out)
    vs.equal(code, 0, f"exit code of archive ({text})")
    code, text = archive(b, path, session, out)
    vs.check(code == 1 and "not replaced" in text, text)
    code, text = archive(b, path, open_session, b.path("open.db"))
    vs.check(code == 1 and "still open" in text, text)
    code, text = archive(b, path, session + 1, b.path("none.db"))
    vs.check(code == 1 and "no session" in text, text)
    vs.check(not [f for f in os.listdir(b.dir) if f.endswith(".part")], "nothing is left over")
    os.chmod(out, 0o400)

    pub = os.path.join(b.state_dir, "vigil.pub")
    code, text = b.verify(out, "--key", pub)
    vs.equal(code, 0, f"exit code of an archive ({text})")
    vs.check(re.search(r"[1-9]\d* rows of other beds", text), text)
    os.chmod(out, 0o600)
    db = sqlite3.connect(out)
    record_db = sqlite3.connect(path)
    own = f"SELECT {', '.join(EVENT)} FROM event WHERE session = ? ORDER BY seq"
    vs.equal(db.execute(own, (session,)).fetchall(), record_db.execute(own, (session,)).fetchall(),
             "rows of the session")
    vs.equal(db.execute("SELECT count(*) FROM event WHERE session <> ?", (session,)).fetchone()[0], 0,
             "rows of others")
    record_db.close()
    dose = db.execute("SELECT seq FROM event WHERE kind = 8").fetchone()[0]
    db.close()

    for sql, row in ((f"UPDATE event SET payload = replace(payload, '12500', '22500') WHERE seq = {dose}",
                      dose),
                     (f"DELETE FROM event WHERE seq = {dose}", None),
                     ("UPDATE gap SET digests = zeroblob(40 * count) WHERE rowid = 1", None),
                     ("UPDATE gap SET count = count - 1, digests = substr(digests, 41) WHERE rowid = 2",
                      None),
                     ("DELETE FROM gap WHERE rowid = 1", None),
                     ("UPDATE gap SET boot = boot + 1 WHERE rowid = 1", None),
                     ("UPDATE archive SET start_hash = zeroblob(32)", None),
                     ("UPDATE archive SET start_rows = start_rows + 1", None),
                     ("DELETE FROM checkpoint WHERE seq = (SELECT max(seq) FROM checkpoint)", None),
                     ("DELETE FROM checkpoint", None)):
        copy = Copy(b, out)
        copy.db.execute(sql)
        copy.found(sql, row)


    # A row of the session itself, left out as if it were somebody else's.
    record_db = sqlite3.connect(path)
    link = links(record_db)[dose]
    record_db.close()
    copy = Copy(b, out)
    before, boot = copy.db.execute("SELECT seq, boot FROM event WHERE seq < ? ORDER BY seq DESC",
                                   (dose,)).fetchone()
    gaps = copy.db.execute("SELECT * FROM gap").fetchall() + [(before, 1, link, boot)]
    copy.db.execute("DELETE FROM gap")
    copy.db.executemany("INSERT INTO gap VALUES (?,?,?,?)", sorted(gaps, key=lambda g: g[0]))
    copy.db.execute(f"DELETE FROM event WHERE seq = {dose}")
    vs.check("left out" in copy.found("a row of the session among those of others"), "why")


# --- records that are not as they should be --------------------------------------------------------------


def run_for_a_value(b, config):
    daemon = b.daemon(config)
    stream = b.stream()
    stream.wait("v1.bed-1.vital.spo2", test=vs.is_value)
    time.sleep(1.2)  # a batch of it
    vs.equal(daemon.terminate(), 0, "exit code of vigild")
    return daemon


def test_older_record(b):
    """The rows of a record that was brought up stay, and verify says that nothing is proven of them."""
    b.oximeter("ox-1")
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}")])
    run_for_a_value(b, config)
    db = sqlite3.connect(os.path.join(b.state_dir, "vigil.db"), isolation_level=None)
    for sql in ("DROP TRIGGER event_no_update", "ALTER TABLE event DROP COLUMN hash", "DROP TABLE checkpoint",
                "DROP TABLE protocol", "DROP INDEX event_plan", "DROP INDEX event_cuff",
                "DROP INDEX event_nibp",
                "PRAGMA user_version = 3"):
        db.execute(sql)
    old = db.execute("SELECT max(seq), count(*) FROM event").fetchone()
    db.close()
    code, text = b.verify()
    vs.check(code == 1 and "has no chain" in text, text)
    run_for_a_value(b, config)
    text = b.check_chain()
    vs.check(f"{old[1]} rows, up to {old[0]}, are older than the chain" in text, text)
    path = os.path.join(b.state_dir, "vigil.db")
    copy = Copy(b, path)
    first = copy.db.execute("SELECT min(seq) FROM event WHERE hash IS NOT NULL").fetchone()[0]
    copy.db.execute("DELETE FROM checkpoint WHERE seq = ?", (old[0],))
    vs.check(f"rows 1 to {old[0]} have no hash" in copy.found("no end of the old rows", 1), "says so")
    copy = Copy(b, path)
    copy.db.execute("DELETE FROM event WHERE seq = ?", (old[0],))
    copy.found("an old row removed", None)
    copy = Copy(b, path)
    copy.db.execute("UPDATE event SET hash = NULL WHERE seq = ?", (first,))
    copy.found("one row more is said to be old", first)


def test_without_a_key(b):
    """A damaged key stops the signing and nothing else, and verify says which rows are not covered."""
    b.oximeter("ox-1")
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}")])
    run_for_a_value(b, config)
    key = os.path.join(b.state_dir, "vigil.key")
    with open(key, encoding="ascii") as f:
        good = f.read()
    last = b.record().one("SELECT max(seq) FROM event")
    with open(key, "w", encoding="ascii") as f:
        f.write(good[:50])
    daemon = run_for_a_value(b, config)
    vs.check(daemon.find("vigil.key: is damaged") is not None, daemon.tail())
    code, text = b.verify()
    vs.check(code == 1 and f"row {last + 1}: no signature covers" in text, text)
    with open(key, "w", encoding="ascii") as f:
        f.write(good)
    run_for_a_value(b, config)
    vs.check("written without a key; a later signature covers" in b.check_chain(), "says so")


vs.main(test_verify, test_older_record, test_without_a_key)
