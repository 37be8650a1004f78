"""A bad line between one client and the daemon, in two pieces that are both real programs' ends.

LossyLink works on whole messages: it loses, repeats, delays and so reorders requests and replies, and
now and then forgets everything on the way and connects anew. Cutter works on bytes: it passes what
two sockets say to each other and ends the connection in the middle of it, also of a message.
"""
import heapq
import itertools
import os
import random
import selectors
import socket
import threading

import zmq

import vigil_system as vs

LOSS = 0.2
REPEAT = 0.15
DELAY_S = 0.02
LONG_DELAY = 0.02
LONG_DELAY_S = 0.5
CUT = 0.004
CUT_AFTER_BYTES = (300, 40000)
READ_BYTES = 65536


class LossyLink(threading.Thread):
    """One client's message line: its end is `endpoint`, the other is connected to `upstream`."""

    def __init__(self, context, endpoint, upstream):
        super().__init__(daemon=True)
        self.context = context
        self.endpoint = endpoint
        self.upstream = upstream
        self.random = random.Random(random.random())
        self.queue = []
        self.order = itertools.count()
        self.lost = self.repeated = self.passed = self.cuts = 0
        self.error = None
        self.stop = threading.Event()
        self.open()
        self.start()

    def open(self):
        self.near = self.context.socket(zmq.DEALER)
        self.far = self.context.socket(zmq.DEALER)
        for s in (self.near, self.far):
            s.setsockopt(zmq.LINGER, 0)
            s.setsockopt(zmq.RECONNECT_IVL, 20)
        self.near.bind(self.endpoint)
        self.far.connect(self.upstream)

    def hang_up(self):
        self.near.close()
        self.far.close()

    def run(self):
        try:
            while not self.stop.is_set():
                self.turn()
        except Exception as e:
            self.error = e
        self.hang_up()

    def turn(self):
        if self.random.random() < CUT:
            self.cuts += 1
            self.lost += len(self.queue)
            self.queue.clear()
            self.hang_up()
            self.open()
        wait_s = 0.05
        if self.queue:
            wait_s = min(wait_s, max(0.0, self.queue[0][0] - vs.now()))
        poller = zmq.Poller()
        poller.register(self.near, zmq.POLLIN)
        poller.register(self.far, zmq.POLLIN)
        for s, _ in poller.poll(int(wait_s * 1000) + 1):
            self.take(s.recv_multipart(), s is self.near)
        while self.queue and self.queue[0][0] <= vs.now():
            _, _, up, parts = heapq.heappop(self.queue)
            try:
                (self.far if up else self.near).send_multipart(parts, zmq.NOBLOCK)
                self.passed += 1
            except zmq.Again:
                self.lost += 1

    def take(self, parts, up):
        copies = 1
        if self.random.random() < LOSS:
            self.lost += 1
            copies = 0
        elif self.random.random() < REPEAT:
            self.repeated += 1
            copies = 2
        for _ in range(copies):
            long = self.random.random() < LONG_DELAY
            due = vs.now() + self.random.uniform(0, LONG_DELAY_S if long else DELAY_S)
            heapq.heappush(self.queue, (due, next(self.order), up, parts))

    def close(self):
        self.stop.set()
        self.join(5)


class Cutter(threading.Thread):
    """Unix-domain connections, passed on byte by byte until their turn to break comes."""

    def __init__(self, path, upstream):
        super().__init__(daemon=True)
        self.path = path
        self.upstream = upstream
        self.random = random.Random(random.random())
        self.peers = {}
        self.left = {}
        self.cuts = 0
        self.error = None
        self.stop = threading.Event()
        self.selector = selectors.DefaultSelector()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(64)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.start()

    def run(self):
        try:
            while not self.stop.is_set():
                for key, _ in self.selector.select(0.05):
                    if key.fileobj is self.listener:
                        self.accept()
                    elif key.fileobj in self.peers:
                        self.carry(key.fileobj)
        except Exception as e:
            self.error = e

    def accept(self):
        near, _ = self.listener.accept()
        far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            far.connect(self.upstream)
        except OSError:  # no daemon just now: the client tries again by itself
            near.close()
            far.close()
            return
        self.left[near] = self.left[far] = self.random.randint(*CUT_AFTER_BYTES)
        for s, other in ((near, far), (far, near)):
            self.peers[s] = other
            self.selector.register(s, selectors.EVENT_READ)

    def carry(self, s):
        other = self.peers[s]
        try:
            data = s.recv(READ_BYTES)
            other.sendall(data[:self.left[s]])
        except OSError:
            data = b""
        if not data:
            self.end(s)
            return
        self.left[s] -= len(data)
        if self.left[s] <= 0:
            self.cuts += 1
            self.end(s)

    def end(self, s):
        for one in (s, self.peers[s]):
            self.selector.unregister(one)
            one.close()
            del self.peers[one]
            del self.left[one]

    def close(self):
        self.stop.set()
        self.join(5)
        for s in [self.listener, *self.peers]:
            s.close()
        self.selector.close()
        os.unlink(self.path)


def lines(bench, count):
    """`count` bad lines to the daemon's operate socket, and the cutter they all go through."""
    cutter = bench.keep(Cutter(bench.path("cut"), bench.operate_at.removeprefix("ipc://")))
    links = [bench.keep(LossyLink(bench.context, f"ipc://{bench.path('line')}-{i}",
                                  f"ipc://{cutter.path}")) for i in range(count)]
    return links, cutter
