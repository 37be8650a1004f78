"""The alarm side of vigild as a sink sees it, in a process of its own that can be killed or frozen.

usage: vigil_fake_daemon.py STREAM OPERATE RUN BED...

Every second `.alarms` of every bed. Lines on standard input are JSON objects: members of a bed's
frame to be changed ({"bed": "bed-1", "sounds": {...}}), or {"answer": "ok" | "refuse" | "none"}.
Every request is printed as one JSON line.
"""
import json
import os
import sys
import time

import zmq

stream_at, operate_at, run = sys.argv[1], sys.argv[2], int(sys.argv[3])
context = zmq.Context()
stream = context.socket(zmq.XPUB)
operate = context.socket(zmq.ROUTER)
for s, at in ((stream, stream_at), (operate, operate_at)):
    s.setsockopt(zmq.LINGER, 0)
    s.bind(at)
beds = {b: {"sounds": {"remote": None, "second": None, "room": None}, "test_signal": None,
            "instances": []} for b in sys.argv[4:]}
counts = dict.fromkeys(beds, 0)
answer = "ok"


def say(**words):
    print(json.dumps(words), flush=True)


def send(bed):
    counts[bed] += 1
    body = {"v": 1, "n": counts[bed], "run": run, "bed": bed,
            "mono_ms": int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000), **beds[bed]}
    topic = f"v1.{bed}.alarms"
    stream.send_multipart([topic.encode(), json.dumps(body).encode()])
    stream.send_multipart([f"v1.{bed}.vital.spo2".encode(), b'{"v":1,"n":1}'])


def take_line(line):
    global answer
    words = json.loads(line)
    if "answer" in words:
        answer = words["answer"]
        return
    bed = words.pop("bed")
    beds[bed].update(words)
    send(bed)


def take_request():
    parts = operate.recv_multipart()
    say(at=time.clock_gettime(time.CLOCK_BOOTTIME), **json.loads(parts[-1]))
    if answer == "ok":
        operate.send_multipart([*parts[:-1], b'{"v":1,"ok":true}'])
    elif answer == "refuse":
        operate.send_multipart([*parts[:-1], b'{"v":1,"ok":false,"text":"no such sink; name it"}'])


poller = zmq.Poller()
for what in (stream, operate, sys.stdin.fileno()):
    poller.register(what, zmq.POLLIN)
say(ready=True)
due = time.monotonic()
pending = b""
while True:
    if time.monotonic() >= due:
        due += 1.0
        for b in beds:
            send(b)
    ready = dict(poller.poll(max(0, int((due - time.monotonic()) * 1000))))
    if stream in ready:
        stream.recv()
        for b in beds:
            send(b)  # a new follower gets the present state at once
    if operate in ready:
        take_request()
    if sys.stdin.fileno() in ready:
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            sys.exit(0)
        pending += data
        *lines, pending = pending.split(b"\n")
        for one in lines:
            take_line(one)
