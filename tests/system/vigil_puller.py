"""One cable, pulled and put back again and again, and what the stream says of it.

The cable is anything with unplug() and replug(), each giving its time.
"""
import random
import threading
import time

import vigil_system as vs

ANNOUNCE_LIMIT_S = 2.0
RETURN_LIMIT_S = 3.0


class Puller(threading.Thread):
    """Pulls one cable again and again, and measures what the stream says of it."""

    def __init__(self, stream, sim, device, bed, times, worst):
        super().__init__(daemon=True)
        self.stream = stream
        self.sim = sim
        self.device = device
        self.topic = f"v1.{bed}.device.{device}"
        self.vital = None if device == "cuff" else f"v1.{bed}.vital.spo2"
        self.times = times
        self.worst = worst
        self.random = random.Random(random.random())
        self.done = 0
        self.error = None

    def run(self):
        try:
            for _ in range(self.times):
                self.once()
                self.done += 1
        except Exception as e:
            self.error = e

    def once(self):
        time.sleep(self.random.uniform(0.02, 0.4))
        mark = self.stream.mark()
        pulled = self.sim.unplug()
        lost = self.stream.wait(self.topic, mark, event="state", online=False)
        self.worst.add(f"announce_{self.device}_s", lost.at - pulled)
        vs.within(lost.at - pulled, ANNOUNCE_LIMIT_S, f"announcing that {self.device} is gone")

        time.sleep(self.random.uniform(0, 0.8))
        mark = self.stream.mark()
        plugged = self.sim.replug()
        if self.vital is None:
            back = self.stream.wait(self.topic, mark, event="state", online=True)
        else:
            back = self.stream.wait(self.vital, mark, test=vs.is_value)
            # A frame that was on its way before the cable came back does not count.
            vs.check(back.body["quality"] == "ok", "quality", back)
        self.worst.add(f"return_{self.device}_s", back.at - plugged)
        vs.within(back.at - plugged, RETURN_LIMIT_S, f"a reading of {self.device}")
