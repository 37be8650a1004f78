"""A small Linux in an emulated PC, whose serial lines end in sockets of this machine.

Everything is in one initramfs: the shipped programs with their libraries, busybox, the drivers of a
Debian kernel. KERNEL is where that kernel's package is unpacked (./dev qemu does it). Emulated in
software, so it needs no rights; slow, so it shows the daemon on a slow machine.

Trap: QEMU's usb-serial is plugged in while its socket has a peer, and pulled out when it has not.
Its driver ftdi_sio then takes /dev/ttyUSB0 away with a hang-up, as with a real adapter. A plain
UART knows nothing of its other end: there a pulled cable is silence.
"""
import glob
import os
import select
import shutil
import socket
import subprocess
import threading

import vigil_system as vs

HERE = os.path.dirname(os.path.abspath(__file__))
DRIVERS = ("virtio_pci", "virtio_net", "xhci_pci", "ftdi_sio")
PROGRAMS = ("vigild", "vigilctl", "vigil-sim")
# The lines of the machine: QEMU's name for each, and the name below /dev.
UART = ("uart", "ttyS1")
USB = (("usb1", "serial/by-path/usb-1-1"), ("usb2", "serial/by-path/usb-1-2"))


def output_of(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout


class Image:
    """What the guest's memory holds when it starts."""

    def __init__(self, folder, kernel):
        self.root = os.path.join(folder, "root")
        self.path = os.path.join(folder, "initramfs")
        for name in ("bin", "proc", "sys", "dev", "run", "tmp"):
            os.makedirs(os.path.join(self.root, name))
        self.add_drivers(kernel)
        self.add(shutil.which("busybox"), "/bin/busybox")
        self.add(os.path.join(HERE, "init"), "/init")
        self.add(os.path.join(HERE, "by-path"), "/by-path")

    def add(self, source, target):
        path = self.root + target
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(source, path)

    def write(self, target, text):
        with open(self.root + target, "w", encoding="ascii") as f:
            f.write(text)

    def add_drivers(self, kernel):
        version = os.path.basename(glob.glob(f"{kernel}/lib/modules/*")[0])
        paths = []
        for driver in DRIVERS:
            for line in output_of("/sbin/modprobe", "-d", kernel, "-S", version, "--show-depends",
                                  driver).splitlines():
                source = line.split()[1]
                if line.startswith("insmod ") and source not in paths:
                    paths.append(source)
        for source in paths:
            self.add(source, "/drivers/" + os.path.basename(source))
        self.write("/modules", "".join(f"/drivers/{os.path.basename(p)}\n" for p in paths))

    def add_program(self, path):
        self.add(path, "/bin/" + os.path.basename(path))
        for word in output_of("ldd", path).split():
            if word.startswith("/") and not os.path.exists(self.root + word):
                self.add(word, word)

    def pack(self):
        with open(self.path, "wb") as f:
            names = subprocess.run(["find", "."], cwd=self.root, check=True,
                                   stdout=subprocess.PIPE).stdout
            subprocess.run(["busybox", "cpio", "-o", "-H", "newc"], cwd=self.root, check=True,
                           input=names, stdout=f, stderr=subprocess.DEVNULL)


class Cable:
    """The wire from a simulator's TCP port to a socket of QEMU."""

    def __init__(self, sim_port, path):
        self.sim_port = sim_port
        self.path = path
        self.ends = []
        self.thread = None

    def replug(self):
        device = socket.create_connection(("127.0.0.1", self.sim_port))
        line = socket.socket(socket.AF_UNIX)
        plugged = vs.now()
        line.connect(self.path)
        self.ends = [device, line]
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()
        return plugged

    def _carry(self):
        while True:
            for end in select.select(self.ends, [], [])[0]:
                try:
                    data = end.recv(4096)
                    self.ends[1 - self.ends.index(end)].sendall(data)
                except OSError:
                    return
                if not data:
                    return

    def unplug(self):
        pulled = vs.now()
        for end in reversed(self.ends):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other side was quicker
        if self.thread is not None:
            self.thread.join(5)
        for end in self.ends:
            end.close()
        self.ends = []
        return pulled

    close = unplug


class Guest(vs.Process):
    """The machine; its console is the lines of this process."""

    def __init__(self, bench, kernel, devices):
        stream_port, self.shell_port = vs.free_port(), vs.free_port()
        bench.stream_at = f"tcp://127.0.0.1:{stream_port}"
        bench.view_at, bench.operate_at = "ipc:///run/view", "ipc:///run/operate"
        bench.state_dir = "/run/state"
        image = Image(bench.dir, kernel)
        image.add(bench.config(devices), "/vigil.yaml")
        image.write("/stream-port", str(stream_port))
        for program in PROGRAMS:
            image.add_program(os.path.join(bench.bin, program))
        image.pack()
        self.bench = bench
        super().__init__([
            "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-m", "512",
            "-display", "none", "-monitor", "none", "-no-reboot",
            "-kernel", glob.glob(f"{kernel}/boot/vmlinuz-*")[0], "-initrd", image.path,
            "-append", "console=ttyS0 panic=-1", "-serial", "stdio", *self._serial_lines(),
            "-nic", "user,model=virtio-net-pci,restrict=on,"
                    f"hostfwd=tcp:127.0.0.1:{stream_port}-:5001,"
                    f"hostfwd=tcp:127.0.0.1:{self.shell_port}-:5002"])
        bench.keep(self)
        bench.daemons.append(self)

    def _line(self, name):
        return self.bench.path(f"{name}.line")

    def _serial_lines(self):
        for name in (UART[0], *(usb[0] for usb in USB)):
            yield from ("-chardev", f"socket,id={name},path={self._line(name)},server=on,wait=off")
        yield from ("-serial", f"chardev:{UART[0]}", "-device", "qemu-xhci")
        for port, (name, _) in enumerate(USB, 1):
            yield from ("-device", f"usb-serial,chardev={name},port={port}")

    def ready(self):
        self.wait_line("vigild: monitoring", ceiling=120)
        return self

    def run(self, script):
        """What a shell inside prints."""
        with socket.create_connection(("127.0.0.1", self.shell_port), vs.CEILING) as s:
            s.sendall(script.encode() + b"\n")
            s.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: s.recv(4096), b"")).decode()

    def cable(self, line, kind):
        """A simulator, and the wire from it to a line; not plugged in yet."""
        port = vs.free_port()
        self.bench.sim(kind, line, tcp=port)
        return self.bench.keep(Cable(port, self._line(line)))
