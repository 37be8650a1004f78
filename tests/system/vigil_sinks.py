"""What the tests of alarm sinks share: the daemon they follow, in a process that can be killed."""
import json
import os
import signal
import sys

import vigil_system as vs


class FakeDaemon(vs.Process):
    runs = 0

    def __init__(self, b, *beds):
        FakeDaemon.runs += 1
        self.beds = beds or ("bed-1",)
        super().__init__([sys.executable, os.path.join(vs.HERE, "vigil_fake_daemon.py"),
                          b.stream_at, b.operate_at, str(FakeDaemon.runs), *self.beds])
        self.wait_line("ready")

    def say(self, **words):
        self.child.stdin.write(json.dumps(words) + "\n")
        self.child.stdin.flush()
        return vs.now()

    def sound(self, instance=None, priority="high", category="oxygen", bed="bed-1", role="room",
              **members):
        entry = None if instance is None else {"instance": instance, "priority": priority,
                                               "category": category}
        sounds = {"remote": None, "second": None, "room": None, role: entry}
        instances = [] if entry is None else [{"condition": "SPO2_LOW", "state": "active",
                                               "ack": False, "value_milli": 88000, **entry}]
        return self.say(bed=bed, sounds=sounds, instances=instances, **members)

    def requests(self, op, since=0):
        out = []
        for _, line in self.lines[since:]:
            if f'"op": "{op}"' in line:
                out.append(json.loads(line))
        return out

    def wait_request(self, op, since=0, ceiling=vs.CEILING, **members):
        def look():
            for r in self.requests(op, since):
                if all(r.get(k) == v for k, v in members.items()):
                    return r
            return None
        return vs.wait_for(look, lambda: f"{op} {members}; last: {self.tail(5)}", ceiling)

    def freeze(self):
        self.child.send_signal(signal.SIGSTOP)
        return vs.now()

    def thaw(self):
        self.child.send_signal(signal.SIGCONT)
