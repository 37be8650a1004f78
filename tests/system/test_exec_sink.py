"""vigil-exec-sink: commands that succeed, fail and hang, and a daemon that dies or freezes.

The command is a script that notes what it was told and then does what a file says.
"""
import json
import os
import subprocess

import vigil_system as vs
from vigil_sinks import FakeDaemon

TOLD_AFTER_FRAME_S = 1.0
TOLD_AFTER_DEATH_S = 4.0

COMMAND = """\
#!/bin/sh
exec 2>&1
text=$(cat)
printf '%s\\n' "$text" >> "{dir}/told"
for fd in /proc/$$/fd/*; do readlink "$fd"; done > "{dir}/fds"
echo "$@" > "{dir}/arguments"
case $(cat "{dir}/mode") in
    fail) exit 3 ;;
    hang) sleep 1000 & echo $! > "{dir}/sleeper"; wait ;;
esac
exit 0
"""


class Command:
    def __init__(self, b):
        self.dir = b.dir
        self.path = b.path("command")
        self.set("ok")
        with open(self.path, "w", encoding="ascii") as f:
            f.write(COMMAND.format(dir=b.dir))
        os.chmod(self.path, 0o755)

    def set(self, mode):
        """Whole at once: the script may be reading it."""
        part = os.path.join(self.dir, "mode.part")
        with open(part, "w", encoding="ascii") as f:
            f.write(mode)
        os.rename(part, os.path.join(self.dir, "mode"))

    def read(self, name):
        path = os.path.join(self.dir, name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as f:
            return f.read()

    def told(self):
        return [json.loads(line) for line in self.read("told").splitlines()]

    def wait_told(self, count, ceiling=vs.CEILING):
        vs.wait_for(lambda: len(self.told()) >= count,
                    lambda: f"{count} runs of the command, {len(self.told())} so far", ceiling)
        return self.told()[count - 1]


def start(b, command, *options, role="remote", arguments=()):
    p = b.keep(vs.Process([os.path.join(b.bin, "vigil-exec-sink"), "--role", role, "--stream",
                           b.stream_at, "--operate", b.operate_at, *options, "--command",
                           command if isinstance(command, str) else command.path, *arguments]))
    p.wait_line("listening")
    return p


def children(p):
    out = []
    for task in os.listdir(f"/proc/{p.child.pid}/task"):
        with open(f"/proc/{p.child.pid}/task/{task}/children", encoding="ascii") as f:
            out += f.read().split()
    return out


def is_there(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_command_succeeds(b):
    """Run once with the instance, confirmed once; again after silence."""
    daemon = b.keep(FakeDaemon(b))
    command = Command(b)
    p = start(b, command, arguments=("--to", "the desk"))
    daemon.wait_request("sink_alive", sink="remote-1", healthy=True)
    at = daemon.sound(12, "medium", "oxygen", role="remote")
    told = command.wait_told(1)
    took = vs.now() - at
    vs.within(took, TOLD_AFTER_FRAME_S, "the command after the frame")
    b.worst.add("told_s", took)
    for key, value in {"condition": "SPO2_LOW", "instance": 12, "priority": "medium",
                       "category": "oxygen", "bed": "bed-1", "sink": "remote-1",
                       "role": "remote", "test": False, "value_milli": 88000}.items():
        vs.equal(told.get(key), value, f"member {key}")
    daemon.wait_request("receipt", sink="remote-1", bed="bed-1", instance=12)
    vs.equal(command.read("arguments"), "--to the desk\n", "arguments")
    inherited = [to for to in command.read("fds").splitlines() if not to.startswith(b.dir)]
    vs.check(len(inherited) <= 3 and all(to.startswith("pipe:") for to in inherited),
             "descriptors beside those of the script:", inherited)

    daemon.sound(12, "medium", "oxygen", role="remote")
    daemon.sound(role="remote")
    daemon.wait_request("sink_alive", since=daemon.mark())
    vs.equal(len(command.told()), 1, "runs of the command")
    daemon.sound(12, "medium", "oxygen", role="remote")
    command.wait_told(2)
    daemon.say(bed="bed-1", sounds={"remote": None, "second": None, "room": None},
               test_signal={"priority": "low", "category": "general", "remaining_ms": 3000})
    told = command.wait_told(3)
    vs.equal((told["condition"], told["test"]), ("TEST_SIGNAL", True), "the test signal")
    daemon.wait_request("sink_alive", since=daemon.mark())
    vs.equal(len(daemon.requests("receipt")), 1, "receipts")
    vs.equal(children(p), [], "processes left")
    vs.equal(p.terminate(), 0, "exit code")


def test_command_fails(b):
    """No receipt, unhealthy, tried again with growing pauses until it succeeds."""
    daemon = b.keep(FakeDaemon(b))
    command = Command(b)
    command.set("fail")
    p = start(b, command)
    daemon.sound(20, role="remote")
    p.wait_line("exit code 3, bed=bed-1 instance=20")
    daemon.wait_request("sink_alive", healthy=False)
    command.wait_told(3)
    vs.equal(daemon.requests("receipt"), [], "receipts of a failure")
    command.set("ok")
    daemon.wait_request("receipt", instance=20)
    since = daemon.mark()
    daemon.wait_request("sink_alive", since, healthy=True)
    vs.equal(p.count("it is tried again"), len(command.told()) - 1, "log lines")
    vs.equal(children(p), [], "processes left")


def test_command_hangs(b):
    """Killed with everything it started; heartbeats and other beds do not wait."""
    daemon = b.keep(FakeDaemon(b, "bed-1", "bed-2"))
    command = Command(b)
    command.set("hang")
    p = start(b, command, "--timeout", "3")
    daemon.wait_request("sink_alive")
    daemon.sound(30, role="remote")
    command.wait_told(1)
    sleeper = vs.wait_for(lambda: command.read("sleeper").strip(), "the sleeper")
    since = daemon.mark()
    vs.wait_for(lambda: len(daemon.requests("sink_alive", since)) >= 2, "heartbeats meanwhile")
    vs.check(is_there(sleeper), "the command ended before its time")
    command.set("ok")
    daemon.sound(31, "low", bed="bed-2", role="remote")
    p.wait_line("time-out, killed")
    vs.wait_for(lambda: not is_there(sleeper), "the end of what the command started")
    daemon.wait_request("receipt", bed="bed-2", instance=31)
    daemon.wait_request("receipt", bed="bed-1", instance=30)
    vs.equal(children(p), [], "processes left")


def test_command_cannot_run(b):
    """A command that reads nothing is well; one that is no program is a failure like another."""
    daemon = b.keep(FakeDaemon(b))
    start(b, "/bin/true")
    daemon.sound(40, role="remote")
    daemon.wait_request("receipt", instance=40)
    broken = b.path("broken")
    with open(broken, "w", encoding="ascii") as f:
        f.write("#!/nonexistent/interpreter\n")
    os.chmod(broken, 0o755)
    p = start(b, broken, "--sink", "second-9", role="second")
    daemon.sound(41, role="second")
    p.wait_line("exit code 127")
    daemon.wait_request("sink_alive", sink="second-9", healthy=False)


def test_daemon_dies_and_freezes(b):
    """The command is told of a silent daemon once, and again of the next silence."""
    daemon = b.keep(FakeDaemon(b))
    command = Command(b)
    p = start(b, command)
    daemon.sound(50, role="remote")
    daemon.wait_request("receipt", instance=50)
    at = vs.now()
    daemon.kill()
    told = command.wait_told(2)
    took = vs.now() - at
    vs.within(took, TOLD_AFTER_DEATH_S, "the daemon's death being told")
    b.worst.add("death_s", took)
    vs.equal((told["condition"], told["priority"], told["category"], told["bed"], told["beds"]),
             ("MONITOR_LINK_LOST", "high", "equipment", None, ["bed-1"]), "the lost link")

    daemon = b.keep(FakeDaemon(b))
    daemon.sound(50, role="remote")
    daemon.wait_request("receipt", instance=50)  # the new run hears of it; nobody is paged again
    p.wait_line("heard again")
    vs.equal(len(command.told()), 2, "runs of the command")
    at = daemon.freeze()
    told = command.wait_told(3)
    took = vs.now() - at
    vs.within(took, TOLD_AFTER_DEATH_S, "the freeze being told")
    b.worst.add("freeze_s", took)
    vs.equal(told["condition"], "MONITOR_LINK_LOST", "the lost link")
    daemon.thaw()


def test_real_daemon(b):
    """In quiet mode vigild hands an alarm to the staff, and knows that they were told."""
    ox = b.oximeter("ox-1")
    config = b.config([("ox-1", "bed-1", "nonin", f"tty:{b.path('ox-1')}", "test: yes")],
                      limits="sinks:\n  - { id: remote-1, role: remote }\n"
                             "  - { id: room-1, role: room }\n")
    daemon = b.daemon(config)
    stream = b.stream(keep_waves=False)
    command = Command(b)
    p = start(b, command)
    daemon.wait_line("sinks: remote-1: is well")
    client = b.client()
    b.open_session(client, "bed-1")
    reply = client.ask({"op": "quiet_on", "request_id": vs.request_id(), "bed": "bed-1",
                        "operator": "anna"})
    vs.check(reply["ok"], "quiet_on:", reply)
    stream.wait("v1.bed-1.vital.spo2", test=vs.is_value)
    ox.say("spo2 80")
    alarm, _ = stream.wait_alarm("bed-1", "SPO2_DESAT", route="confirmed")
    told = [t for t in command.told() if t.get("instance") == alarm["instance"]]
    vs.equal([(t["condition"], t["bed"]) for t in told], [("SPO2_DESAT", "bed-1")], "told")
    vs.check(not p.find("refused"), "the daemon refuses:\n" + p.tail())


def test_end_with_a_command_running(b):
    """SIGTERM takes the command with it."""
    daemon = b.keep(FakeDaemon(b))
    command = Command(b)
    command.set("hang")
    p = start(b, command, "--timeout", "60")
    daemon.sound(60, role="remote")
    sleeper = vs.wait_for(lambda: command.read("sleeper").strip(), "the sleeper")
    vs.equal(p.terminate(), 0, "exit code")
    vs.wait_for(lambda: not is_there(sleeper), "the end of what the command started")


def test_command_line(b):
    """Help, version, and what is refused."""
    def run(*words, code=0):
        p = subprocess.run([os.path.join(b.bin, "vigil-exec-sink"), *words], capture_output=True,
                           text=True, check=False, timeout=vs.CEILING)
        vs.equal(p.returncode, code, f"exit code of {words}: {p.stdout}{p.stderr}; it")
        return p.stdout + p.stderr

    vs.check("not a certified" in run("--version"), "--version")
    vs.check("usage" in run("--help"), "--help")
    for wrong in ([], ["--role", "room", "--command", "/bin/true"], ["--role", "remote"],
                  ["--command", "/bin/true"], ["--role", "remote", "stray"],
                  ["--role", "remote", "--command=/bin/true"],
                  ["--role", "remote", "--timeout", "0", "--command", "/bin/true"],
                  ["--role", "remote", "--sink", "", "--command", "/bin/true"]):
        run(*wrong, code=2)
    vs.check("absolute path" in run("--role", "remote", "--command", "true", code=1), "a name")
    run("--role", "remote", "--command", "/nonexistent", code=1)


vs.main(test_command_succeeds, test_command_fails, test_command_hangs, test_command_cannot_run,
        test_daemon_dies_and_freezes, test_real_daemon, test_end_with_a_command_running,
        test_command_line)
