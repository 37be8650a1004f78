// Alarm signals: bursts and melodies of the tone set that the room's sounder uses, too.
//
// Only the worst is voiced. A worse one interrupts a burst, another waits for its end. What the
// daemon no longer wants heard is silent at once.
import type { Model } from "./model";
import type { Priority } from "./types";

interface Signal { pulse_ms: number; rise_ms: number; interburst_ms: number; gaps_ms: number[] }
interface Tones {
  name: string; level_cb: number; fall_ms: number; harmonics_db: number[];
  signals: Record<Priority, Signal>; melodies: Record<string, number[]>;
}

export interface Voice {
  kind: "alarm" | "link" | "test";
  node: string; bed: string; instance: number; telling: number; priority: Priority; category: string;
}

const RANK: Record<Priority, number> = { low: 0, medium: 1, high: 2 };
const priority = (word: string): Priority => (word === "low" || word === "medium" ? word : "high");

/** What this screen has to voice: the worst; among equals a live alarm first, then the newest. */
export function topVoice(model: Model, role: string, now: number): Voice | null {
  let top: Voice | null = null;
  const offer = (v: Voice): void => {
    const worse = top === null || weight(v) > weight(top) || (weight(v) === weight(top) && v.instance > top.instance);
    top = worse ? v : top;
  };
  for (const node of model.nodes) {
    for (const bed of node.beds.values()) {
      const at = { node: node.id, bed: bed.id };
      if (bed.isLost(now)) {
        offer({ kind: "link", ...at, instance: 0, telling: 0, priority: "high", category: "equipment" });
        continue;
      }
      const s = bed.alarms?.sounds[role];
      if (s) {
        offer({ kind: "alarm", ...at, instance: s.instance, telling: s.telling, priority: priority(s.priority), category: s.category });
      }
      const test = bed.alarms?.test_signal;
      if (test && now - bed.heard < test.remaining_ms) {
        offer({ kind: "test", ...at, instance: 0, telling: 0, priority: priority(test.priority), category: test.category });
      }
    }
    if (node.beds.size === 0 && node.isLost(now)) {
      offer({ kind: "link", node: node.id, bed: "", instance: 0, telling: 0, priority: "high", category: "equipment" });
    }
  }
  return top;
}

function weight(v: Voice): number {
  return v.kind === "test" ? -1 : RANK[v.priority] * 2 + (v.kind === "alarm" ? 1 : 0);
}

const same = (a: Voice | null, b: Voice | null): boolean =>
  a === b || (a !== null && b !== null && a.kind === b.kind && a.node === b.node && a.bed === b.bed &&
    a.instance === b.instance && a.telling === b.telling && a.priority === b.priority && a.category === b.category);

export class Sounder {
  context: AudioContext | null = null;
  voice: Voice | null = null;
  /** Called when a voice begins to be really heard. */
  begun: (v: Voice) => void = () => undefined;
  private tones: Tones | null = null;
  private wave: PeriodicWave | null = null;
  private out: GainNode | null = null;
  private burstEnd = 0;
  private nextBurst = 0;
  private playing: Voice | null = null;

  async load(): Promise<void> {
    this.tones = (await (await fetch("/api/tones")).json()) as Tones;
  }

  /** From a click: browsers let a page sound only after one. */
  allow(): void {
    if (this.context === null) {
      this.context = new AudioContext();
    }
    void this.context.resume();
  }

  get canSound(): boolean {
    return this.context !== null && this.context.state === "running" && this.tones !== null;
  }

  /** What is being heard, for the daemon's receipt. */
  get heard(): Voice | null {
    return this.canSound ? this.playing : null;
  }

  want(v: Voice | null): void {
    if (!same(v, this.voice)) {
      const before = this.voice;
      this.voice = v;
      const worse = v !== null && before !== null && weight(v) > weight(before);
      if (v === null || worse) {
        this.stop();
      }
    }
    this.tick();
  }

  /** A burst for the person at this screen; an alarm goes before it. */
  test(p: Priority): void {
    this.allow();
    if (this.voice === null && this.canSound && this.context !== null) {
      this.stop();
      this.burst({ kind: "test", node: "", bed: "", instance: 0, telling: 0, priority: p, category: "general" }, this.context.currentTime + 0.02);
      this.playing = null;
    }
  }

  private stop(): void {
    if (this.out !== null && this.context !== null) {
      const out = this.out;
      const now = this.context.currentTime;
      out.gain.cancelScheduledValues(now);
      out.gain.setTargetAtTime(0, now, 0.008);
      setTimeout(() => out.disconnect(), 100);
    }
    this.out = null;
    this.burstEnd = this.nextBurst = 0;
    this.playing = null;
  }

  private tick(): void {
    if (!this.canSound || this.context === null) {
      this.playing = null;
      return;
    }
    const now = this.context.currentTime;
    const changed = !same(this.playing, this.voice);
    if (this.voice !== null && now >= this.burstEnd && (changed || now >= this.nextBurst)) {
      this.burst(this.voice, now + 0.02);
    }
  }

  private burst(v: Voice, start: number): void {
    const tones = this.tones;
    const context = this.context;
    if (tones === null || context === null) {
      return;
    }
    const signal = tones.signals[v.priority];
    const melody = tones.melodies[v.category] ?? tones.melodies["general"] ?? [262];
    this.wave ??= makeWave(context, tones.harmonics_db);
    const out = context.createGain();
    out.gain.value = 0.5 * Math.pow(10, tones.level_cb / 200);
    out.connect(context.destination);
    let at = start;
    for (let i = 0; i <= signal.gaps_ms.length; i++) {
      pulse(context, out, this.wave, melody[i % melody.length] ?? 262, at, signal, tones.fall_ms);
      at += (signal.pulse_ms + (signal.gaps_ms[i] ?? 0)) / 1000;
    }
    this.out = out;
    this.burstEnd = at + tones.fall_ms / 1000;
    this.nextBurst = at + signal.interburst_ms / 1000;
    if (!same(this.playing, v)) {
      this.playing = v;
      if (v.kind === "alarm") {
        this.begun(v);
      }
    }
  }
}

function makeWave(context: AudioContext, harmonics: number[]): PeriodicWave {
  const parts = [0, 1, ...harmonics.map((db) => Math.pow(10, db / 20))];
  return context.createPeriodicWave(new Float32Array(parts.length), Float32Array.from(parts));
}

function pulse(context: AudioContext, out: GainNode, wave: PeriodicWave, hz: number, at: number, s: Signal, fall: number): void {
  const gain = context.createGain();
  const tone = context.createOscillator();
  const rise = (s.rise_ms / 1000) * 1.25; // 10 to 90 % is four fifths of a ramp
  const end = at + s.pulse_ms / 1000;
  tone.setPeriodicWave(wave);
  tone.frequency.value = hz;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(1, at + rise);
  gain.gain.setValueAtTime(1, end);
  gain.gain.linearRampToValueAtTime(0, end + (fall / 1000) * 1.25);
  tone.connect(gain).connect(out);
  tone.start(at);
  tone.stop(end + fall / 500);
}
