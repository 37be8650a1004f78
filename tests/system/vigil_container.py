"""A booted Debian with a real service manager, as seen from outside: its files, its processes, its
sockets. systemd-nspawn needs neither a systemd here nor a network.

Traps: this machine's cgroup controllers may not be handed down, so no resource limit is enforced
inside. Early children of systemd-nspawn are short-lived helpers; the right one is called systemd.
"""
import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

TOOLS = {"systemd-analyze": "systemd", "systemd-nspawn": "systemd-container",
         "mmdebstrap": "mmdebstrap"}
SUITE = "bookworm"
ROOT_PACKAGES = ["systemd", "systemd-sysv", "dbus", "udev", "libmodbus5", "libserialport0",
                 "libzmq5", "libsqlite3-0", "libsystemd0", "libyaml-0-2", "libjansson4",
                 "libasound2"]
SNAPSHOT = {"op": "snapshot"}


class Failed(Exception):
    pass


class Skipped(Exception):
    pass


def say(text):
    print(text, flush=True)


def check(condition, text):
    if not condition:
        raise Failed(text)
    say(f"ok: {text}")


def run(*command, env=None, timeout=120):
    """Run a command; what it printed and its exit code."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env={**os.environ, **(env or {})}, timeout=timeout,
                          stdin=subprocess.DEVNULL, check=False)
    return done.stdout.strip(), done.returncode


def must(*command, env=None, timeout=120):
    out, code = run(*command, env=env, timeout=timeout)
    if code != 0:
        raise Failed(f"{' '.join(command)}: exit {code}\n{out}")
    return out


def mono():
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def wait_for(what, seconds, probe):
    """The first true answer of probe() within the time."""
    end = mono() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if mono() > end:
            raise Failed(f"waited {seconds:g} s for {what}")
        time.sleep(0.02)


# --- what it needs -----------------------------------------------------------------------------

def need_tools():
    missing = sorted({package for tool, package in TOOLS.items() if shutil.which(tool) is None})
    if not missing:
        return
    if os.geteuid() != 0:
        raise Skipped(f"not installed: {' '.join(missing)}")
    say(f"installing {' '.join(missing)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "-q", "update", env=quiet, timeout=300)
    out, code = run("apt-get", "-q", "-y", "--no-install-recommends", "install", *missing,
                    env=quiet, timeout=300)
    if code != 0:
        raise Skipped(f"cannot install {' '.join(missing)}: {out[-300:]}")


def need_container_rights():
    if os.geteuid() != 0:
        raise Skipped("the container needs root")
    if run("unshare", "--mount", "--pid", "--fork", "true")[1] != 0:
        raise Skipped("this machine does not let us make namespaces")


def cache_dir():
    for path in ("/var/cache/vigil-test", os.path.join(tempfile.gettempdir(), "vigil-test")):
        with contextlib.suppress(OSError):
            os.makedirs(path, mode=0o755, exist_ok=True)
            if os.access(path, os.W_OK):
                return path
    raise Skipped("no folder for the container's cache")


def root_archive():
    """The minimal system as an archive; made once and kept."""
    folder = cache_dir()
    archive = os.path.join(folder, f"root-{SUITE}.tar")
    label = archive + ".packages"
    wanted = " ".join(ROOT_PACKAGES)
    with contextlib.suppress(OSError), open(label, encoding="utf-8") as f:
        if f.read() == wanted and os.path.exists(archive):
            return archive
    say(f"making {archive}")
    start = mono()
    partial = f"{archive}.{os.getpid()}"
    out, code = run("mmdebstrap", "--quiet", "--variant=essential", "--format=tar",
                    f"--include={','.join(ROOT_PACKAGES)}", SUITE, partial, timeout=400)
    if code != 0:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise Skipped(f"mmdebstrap failed, is the Debian mirror reachable? {out[-300:]}")
    os.replace(partial, archive)
    with open(label, "w", encoding="utf-8") as f:
        f.write(wanted)
    say(f"made it in {mono() - start:.1f} s")
    return archive


def write(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as f:
        f.write(text)


# --- running it --------------------------------------------------------------------------------

def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


class Container:
    """A booted system. Its processes are visible from here, its clock is ours."""

    def __init__(self, root, log):
        self.root = root
        self.boot_mono = mono()
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "-q", "-D", root, "--boot", "--register=no", "--keep-unit",
             "--private-network", "--console=pipe"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.leader = None

    def wait_booted(self):
        self.leader = wait_for("the container's systemd", 20, self._find_leader)
        wait_for("the container's boot", 30, lambda: self.run(
            "systemctl", "is-system-running")[0].splitlines()[-1:] == ["running"])

    def _find_leader(self):
        if self.nspawn.poll() is not None:
            raise Failed(f"systemd-nspawn ended with {self.nspawn.returncode}")
        with open(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children",
                  encoding="ascii") as f:
            children = f.read().split()
        for pid in children:
            with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", encoding="ascii") as f:
                if f.read().strip() == "systemd":
                    return int(pid)
        return None

    def run(self, *command):
        return run("nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "--", *command,
                   env={"SYSTEMD_PAGER": "", "LC_ALL": "C.UTF-8"}, timeout=60)

    def path(self, path):
        return f"/proc/{self.leader}/root{path}"

    def show(self):
        out, _ = self.run("systemctl", "show", "vigild", "-p",
                          "ActiveState,SubState,NRestarts,MainPID,ActiveEnterTimestampMonotonic,"
                          "StatusText,Result")
        return dict(line.split("=", 1) for line in out.splitlines() if "=" in line)

    def host_pid(self, inner):
        """Our number of the container's process: same pid namespace as its init."""
        space = os.readlink(f"/proc/{self.leader}/ns/pid")
        for entry in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if entry.isdigit() and os.readlink(f"/proc/{entry}/ns/pid") == space and \
                        status_of(entry)["NSpid"].split()[-1] == inner:
                    return int(entry)
        return None

    def log_of(self, unit="vigild"):
        return self.run("journalctl", "--no-pager", "-o", "short-monotonic", "-u", unit)[0]

    def power_off(self):
        self.run("systemctl", "poweroff")
        return self.nspawn.wait(timeout=30)

    def end(self):
        """Whatever happened: nothing of it is left."""
        if self.nspawn.poll() is None:
            if self.leader is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.leader, signal.SIGKILL)
            self.nspawn.terminate()
            try:
                self.nspawn.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()


# --- talking to the daemon inside --------------------------------------------------------------

class Client:
    """Requests over ZeroMQ, by the library itself: a socket file needs no network."""
    REQ, LINGER, RCVTIMEO, SNDTIMEO = 3, 17, 27, 28

    def __init__(self, container):
        self.container = container
        self.zmq = ctypes.CDLL("libzmq.so.5", use_errno=True)
        for name in ("zmq_ctx_new", "zmq_socket"):
            getattr(self.zmq, name).restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.zmq.zmq_ctx_new())

    def ask(self, name, request):
        """One request on a new connection; None without an answer in half a second."""
        sock = ctypes.c_void_p(self.zmq.zmq_socket(self.context, self.REQ))
        try:
            for option, value in ((self.LINGER, 0), (self.RCVTIMEO, 500), (self.SNDTIMEO, 500)):
                number = ctypes.c_int(value)
                self.zmq.zmq_setsockopt(sock, option, ctypes.byref(number), ctypes.c_size_t(4))
            endpoint = "ipc://" + self.container.path(f"/run/vigil/{'operate' if name == 'operate' else 'view'}/{name}.sock")
            body = json.dumps(request).encode()
            buffer = ctypes.create_string_buffer(1 << 20)
            if self.zmq.zmq_connect(sock, endpoint.encode()) != 0 or \
                    self.zmq.zmq_send(sock, body, ctypes.c_size_t(len(body)), 0) < 0:
                return None
            n = self.zmq.zmq_recv(sock, buffer, ctypes.c_size_t(len(buffer)), 0)
            return json.loads(buffer.raw[:n]) if n >= 0 else None
        finally:
            self.zmq.zmq_close(sock)

    def bed(self):
        reply = self.ask("view", SNAPSHOT)
        return reply["beds"][0] if reply is not None and reply.get("ok") else None
