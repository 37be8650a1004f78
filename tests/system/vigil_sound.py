"""Measures alarm signals in 16-bit samples, without anything of the programs that make them.

A pulse is found where there is sound, its fundamental by Goertzel's algorithm, its envelope as the
root mean square over one period. Begin, end, rise and fall are where the envelope crosses 10 % and
90 % of its height, as IEC 60601-1-8 counts them.
"""
import array
import itertools
import math
import statistics
import wave

SILENT = 60  # of 32768
BLOCK_S = 0.001


def read_wav(path):
    with wave.open(path, "rb") as w:
        assert (w.getnchannels(), w.getsampwidth()) == (1, 2), "not 16-bit mono"
        samples = array.array("h")
        samples.frombytes(w.readframes(w.getnframes()))
        return samples, w.getframerate()


def goertzel(x, rate, hz):
    """Amplitude of one frequency in x, under a Hann window."""
    n = len(x)
    w = 2 * math.pi * hz / rate
    c = 2 * math.cos(w)
    a = b = 0.0
    step = 2 * math.pi / (n - 1)
    for i, v in enumerate(x):
        a, b = v * (0.5 - 0.5 * math.cos(step * i)) + c * a - b, a
    return 4 * math.sqrt(max(a * a + b * b - c * a * b, 0)) / n


def fundamental(x, rate):
    """The lowest of the strong frequencies between 100 and 1200 Hz."""
    few = 8
    low = [sum(x[i:i + few]) / few for i in range(0, len(x) - few, few)]
    r = rate / few
    grid = [(hz, goertzel(low, r, hz)) for hz in range(100, 1200, 4)]
    top = max(a for _, a in grid)
    peaks = [g for f, g, h in zip(grid, grid[1:], grid[2:])
             if g[1] >= f[1] and g[1] >= h[1] and g[1] > top * 0.17]
    at = peaks[0][0]
    fine = [at + d / 4 for d in range(-16, 17)]
    return max(fine, key=lambda hz: goertzel(low, r, hz))


class Pulse:
    """begin, end: seconds, at 90 %; rise, fall: seconds; hz; harmonics: {k: dB}; level: RMS."""

    def __init__(self, samples, rate, first, last, spectrum=True):
        quarter = (last - first) // 4
        middle = samples[first + quarter:last - quarter]
        self.hz = fundamental(middle, rate)
        self._edges(samples, rate, first, last)
        self.harmonics = {}
        if spectrum:
            base = goertzel(middle, rate, self.hz)
            for k in range(2, 1 + int(4000 / self.hz)):
                a = goertzel(middle, rate, k * self.hz)
                self.harmonics[k] = 20 * math.log10(max(a, 1e-9) / base)

    def _edges(self, samples, rate, first, last):
        period = rate / self.hz
        start = max(0, first - int(2 * period))
        part = samples[start:last + int(2 * period)]
        total = [0.0] + list(itertools.accumulate(v * v for v in part))

        def until(at):
            at = min(max(at, 0.0), len(part) - 1.0)
            i = int(at)
            return total[i] + (at - i) * (total[i + 1] - total[i])

        env = [math.sqrt(max(until(i + period / 2) - until(i - period / 2), 0) / period)
               for i in range(len(part))]
        n = len(env)
        self.level = statistics.median(env[n * 2 // 5:n * 3 // 5])

        def up(part_of):
            return next(i for i in range(n) if env[i] >= part_of * self.level)

        def down(part_of):
            return next(i for i in range(n - 1, -1, -1) if env[i] >= part_of * self.level)

        self.rise = (up(0.9) - up(0.1)) / rate
        self.fall = (down(0.1) - down(0.9)) / rate
        self.begin = (start + up(0.9)) / rate
        self.end = (start + down(0.9)) / rate

    @property
    def length(self):
        return self.end - self.begin


def stretches(samples, rate, quiet_s=0.003):
    """(first, last) of every stretch with sound."""
    block = int(rate * BLOCK_S)
    out = []
    quiet = 0
    for i in range(0, len(samples) - block, block):
        part = samples[i:i + block]
        if max(part) > SILENT or min(part) < -SILENT:
            if out and quiet * BLOCK_S < quiet_s:
                out[-1][1] = i + block
            else:
                out.append([i, i + block])
            quiet = 0
        else:
            quiet += 1
    return [tuple(s) for s in out]


def bursts(samples, rate, gap_s=2.0):
    """Stretches of sound in bursts: a longer silence than any within one separates two."""
    out = []
    for s in stretches(samples, rate):
        if out and s[0] - out[-1][-1][1] < gap_s * rate:
            out[-1].append(s)
        else:
            out.append([s])
    return out
