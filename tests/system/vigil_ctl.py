"""vigilctl of a bench, for the tests that work through it."""
import os
import subprocess

import vigil_system as vs

CTL_DONE, CTL_REFUSED, CTL_USAGE, CTL_NO_ANSWER, CTL_UNSAVED = range(5)


class Ctl:
    """vigilctl with the endpoints of a bench."""

    def __init__(self, b):
        self.argv = [os.path.join(b.bin, "vigilctl"), "--stream", b.stream_at, "--view", b.view_at,
                     "--operate", b.operate_at, "--timeout", "2"]

    def run(self, *words, code=CTL_DONE, stderr=None):
        """Standard output; the exit code and a word of standard error are checked."""
        p = subprocess.run([*self.argv, *words], capture_output=True, text=True, timeout=60,
                           check=False, env={**os.environ, "VIGIL_OPERATOR": "anna"})
        vs.equal(p.returncode, code, f"exit code of {words}, which said {p.stdout}{p.stderr}: it")
        if stderr is not None:
            vs.check(stderr in p.stderr, words, "does not say", stderr, "but", p.stderr)
        return p.stdout

    def start(self, *words, **options):
        return subprocess.Popen([*self.argv, *words], stdout=subprocess.PIPE, text=True, **options)
