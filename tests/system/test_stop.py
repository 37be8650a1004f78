"""Stopping as asked, and the exit codes that scripts rely on."""
import os
import subprocess
import time

import vigil_system as vs

STOP_LIMIT_S = 3.0


def vigild(b, *args):
    p = subprocess.run([os.path.join(b.bin, "vigild"), *args], capture_output=True, text=True,
                       timeout=vs.CEILING, check=False)
    return p.returncode, p.stdout, p.stderr


def check_last_batch(b, daemon, stream, client):
    """Everything sent before the end is in the record, and so is the end itself."""
    receipts = [client.ask(b.dose("bed-1"))["receipt"] for _ in range(5)]
    time.sleep(0.8)
    started = vs.now()
    vs.equal(daemon.terminate(), 0, "exit code")
    took = vs.now() - started
    b.worst.add("stop_s", took)
    vs.equal([n for n in os.listdir(b.state_dir) if n.endswith("-wal")], [], "wal files")
    time.sleep(0.1)
    record = b.record()
    record.check_integrity()
    b.check_chain()
    sent = [f.body["seq"] for f in stream.select("v1.bed-1.vital.spo2") if vs.is_value(f.body)]
    rows = {r[0] for r in record.rows("SELECT seq FROM reading WHERE vital = 'spo2'")}
    vs.equal([s for s in sent if s not in rows], [], "readings sent but not recorded")
    vs.equal(sorted(record.doses().values())[-5:], receipts, "doses")
    vs.equal(record.rows("SELECT payload ->> 'event' FROM event ORDER BY seq DESC LIMIT 1"),
             [("stopping",)], "last row")
    return took


def run_and_stop(b, env=None, faults=None, delay_ms=0):
    b.oximeter("ox-1")
    b.cuff("cuff-1")
    b.modbus("vm-1")
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}"),
                       ("cuff-1", "bed-1", "suntech", f"tty:{b.path('cuff-1')}"),
                       ("vm-1", "bed-2", "modbus", f"modbus-rtu:{b.path('vm-1')}", "unit: 17",
                        "options: { map: vm2 }")])
    daemon = b.daemon(config, env)
    stream = b.stream(keep_waves=False)
    stream.wait("v1.bed-1.vital.spo2", test=vs.is_value)
    client = b.client()
    b.open_session(client, "bed-1")
    if faults is not None:
        faults.sync_delay(delay_ms)
    return check_last_batch(b, daemon, stream, client)


def test_term(b):
    vs.within(run_and_stop(b), STOP_LIMIT_S, "stopping")


def test_term_slow_disk(b):
    """The journal is in the middle of a commit when the end comes: the rest is written as well."""
    faults = vs.Faults(b.dir, b.state_dir)
    vs.within(run_and_stop(b, faults.env(), faults, 300), STOP_LIMIT_S + 2, "stopping")


def test_term_while_absent(b):
    """Nothing connected, one host that does not answer: stopping waits for nobody."""
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}"),
                       ("ox-2", "bed-1", "nonin", f"tcp:127.0.0.1:{vs.free_port()}"),
                       ("vm-1", "bed-2", "modbus", f"modbus-tcp:127.0.0.1:{vs.free_port()}",
                        "unit: 17", "options: { map: vm2 }")])
    daemon = b.daemon(config)
    time.sleep(1.0)
    started = vs.now()
    vs.equal(daemon.terminate(), 0, "exit code")
    b.worst.add("stop_s", vs.now() - started)
    vs.within(vs.now() - started, STOP_LIMIT_S, "stopping")


def test_exit_codes(b):
    good = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}")])
    bad = b.path("bad.yaml")
    with open(good, encoding="ascii") as f:
        text = f.read()
    with open(bad, "w", encoding="ascii") as f:
        f.write(text.replace("driver: nonin", "driver: nonni") + "nonsense: 1\n")

    code, out, err = vigild(b, "--check", good)
    vs.equal((code, err), (0, ""), "--check of a good file")
    vs.check("no error" in out, out)
    code, out, err = vigild(b, "--check", bad)
    vs.equal(code, 1, "--check of a bad file")
    vs.check("nonni" in err and "nonsense" in err, "not every error is named:", err)
    vs.check(all(":" in line and "bad.yaml" in line for line in err.splitlines()), err)
    vs.equal(vigild(b, "--check", b.path("none.yaml"))[0], 1, "--check of no file")
    vs.equal(vigild(b, "--config", bad)[0], 1, "start with a bad file")
    vs.check(not os.path.exists(b.state_dir), "a bad file made a record")

    code, out, err = vigild(b, "--print-config", good)
    vs.equal((code, err), (0, ""), "--print-config")
    vs.check("spo2_low" in out, out)
    printed = b.path("printed.yaml")
    with open(printed, "w", encoding="ascii") as f:
        f.write(out)
    vs.equal(vigild(b, "--check", printed)[0], 0, "--check of what --print-config said")
    vs.equal(vigild(b, "--print-config", printed)[1], out, "--print-config of itself")

    code, out, _ = vigild(b, "--version")
    vs.check(code == 0 and out.startswith("vigild "), "--version", code, out)
    code, out, _ = vigild(b, "--help")
    vs.check(code == 0 and "usage" in out, "--help", code, out)
    for wrong in (["--nonsense"], ["stray"], ["--check"]):
        code, _, err = vigild(b, *wrong)
        vs.check(code == 2 and "usage" in err, wrong, code, err)


def test_sockets_taken(b):
    """Endpoints that cannot be bound: code 3 and a sentence, not a daemon nobody can see."""
    devices = [("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}")]
    path = b.config(devices)
    with open(path, encoding="ascii") as f:
        text = f.read()
    with open(path, "w", encoding="ascii") as f:
        f.write(text.replace(f"stream: {b.stream_at}", f"stream: ipc://{b.dir}/none/stream"))
    code, _, err = vigild(b, "--config", path)
    vs.equal(code, 3, "exit code")
    vs.check("none/stream" in err, err)


vs.main(test_term, test_term_slow_disk, test_term_while_absent, test_exit_codes,
        test_sockets_taken)
