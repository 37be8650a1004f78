// What is known of every bed, and whether it may still be shown.
//
// Time is this browser's monotonic clock; the wall clock of the browser is never compared with
// anything. A frame that was long under way is as old as its journey: the quickest frame so far
// tells how the two monotonic clocks stand to each other, and what comes later than that was late.
import type { AlarmsFrame, Device, Json, LimitsBed, Limits, Plan, PlanBed, Scale, SessionInfo, SnapshotBed, VitalBody } from "./types";

export const LOST_MS = 3000;
/** Who slept has so long to hear a living word before the link counts as lost. */
const WAKE_MS = 1500;
/** The clocks of two machines drift; the offset may follow by this part. */
const DRIFT = 0.0005;

/** dim and gone, in ms. */
const FRESH: Record<string, [number, number]> = {
  nibp_sys: [420_000, 900_000], nibp_dia: [420_000, 900_000], nibp_mean: [420_000, 900_000], nibp_pulse_rate: [420_000, 900_000],
};
const FRESH_LIVE: [number, number] = [4000, 10_000];

export interface Reading { body: VitalBody; at: number; age: number; speaks: boolean }
export type Look = "live" | "old" | "none";

export interface Wave { rate: number; first: number; samples: number[] }

export class Bed {
  name: string;
  session: SessionInfo | null = null;
  devices = new Map<string, Device>();
  readings = new Map<string, Reading>(); // vital|device
  alarms: AlarmsFrame | null = null;
  heard = performance.now(); // when the alarm state was true; a new bed has a moment to speak
  why = new Map<number, string>();
  plan: PlanBed | null = null;
  planAt = 0;
  limits: LimitsBed | null = null;
  nibpError: { error: string; utc: number } | null = null;
  trend = new Trend();
  waves: Wave[] = [];
  complete = false; // a snapshot spoke of it

  constructor(readonly node: Node, readonly id: string) {
    this.name = id;
  }

  get key(): string {
    return `${this.node.id}/${this.id}`;
  }

  isLost(now: number): boolean {
    return now - this.heard > LOST_MS;
  }

  reading(vital: string, now: number): Reading | null {
    let best: Reading | null = null;
    for (const r of this.readings.values()) {
      if (r.body.vital !== vital) {
        continue;
      }
      const better: boolean = best === null || this.rank(r, now) > this.rank(best, now);
      best = better ? r : best;
    }
    return best;
  }

  private rank(r: Reading, now: number): number {
    return (look(r, now) === "live" ? 4 : look(r, now) === "old" ? 2 : 0) + (r.speaks ? 1 : 0);
  }

  get isTest(): boolean {
    return [...this.devices.values()].some((d) => d.test === true) || this.alarms?.test === true;
  }

  get cuffs(): Device[] {
    return [...this.devices.values()].filter((d) => d.determination !== undefined);
  }
}

export function age(r: Reading, now: number): number {
  return r.age + (now - r.at);
}

export function look(r: Reading | null, now: number): Look {
  if (r === null || r.body.value === null || r.body.age_ms === null) {
    return "none";
  }
  const [dim, gone] = FRESH[r.body.vital] ?? FRESH_LIVE;
  const a = age(r, now);
  return a > gone ? "none" : a > dim ? "old" : "live";
}

/** Points for the trend: one each two seconds at most, of the last six hours. */
export class Trend {
  time: number[] = [];
  spo2: (number | null)[] = [];
  pulse: (number | null)[] = [];
  bp: { time: number; sys: number; dia: number }[] = [];
  session = 0;
  loaded = false;
  version = 0;
  private pending: Record<string, number> = {};

  reset(session: number): void {
    this.time = [];
    this.spo2 = [];
    this.pulse = [];
    this.bp = [];
    this.session = session;
    this.loaded = false;
    this.version++;
  }

  add(vital: string, utc: number, value: number | null): void {
    const time = Math.floor(utc / 2000) * 2;
    if (vital === "nibp_sys" || vital === "nibp_dia") {
      this.addPressure(vital, utc, value);
      return;
    }
    if (vital !== "spo2" && vital !== "pulse_rate") {
      return;
    }
    const last = this.time.length - 1;
    const into = vital === "spo2" ? this.spo2 : this.pulse;
    if (last >= 0 && time <= (this.time[last] ?? 0)) {
      if (time === this.time[last]) {
        into[last] = value;
      }
      return;
    }
    this.time.push(time);
    this.spo2.push(null);
    this.pulse.push(null);
    into[last + 1] = value;
    if (this.time.length > 10_800) {
      this.time.shift();
      this.spo2.shift();
      this.pulse.shift();
    }
    this.version++;
  }

  private addPressure(vital: string, utc: number, value: number | null): void {
    if (value === null) {
      return;
    }
    this.pending[vital + utc] = value;
    const sys = this.pending["nibp_sys" + utc];
    const dia = this.pending["nibp_dia" + utc];
    if (sys !== undefined && dia !== undefined) {
      this.pending = {};
      if (!this.bp.some((p) => p.time === utc / 1000)) {
        this.bp.push({ time: utc / 1000, sys, dia });
        this.bp.sort((a, b) => a.time - b.time);
        this.version++;
      }
    }
  }
}

export class Node {
  beds = new Map<string, Bed>();
  protocols: Plan["protocols"] = [];
  scales: Scale[] = [];
  profiles: string[] = [];
  heard = performance.now();
  run = 0;
  utcOffset = 0; // utc of the daemon minus our monotonic clock
  private offset = Infinity;
  private offsetAt = 0;

  constructor(readonly id: string) {}

  /** How late what happened at mono_ms is here; learns from it. */
  lateness(mono: number, now: number): number {
    const seen = now - mono;
    if (this.offset !== Infinity) {
      this.offset += (now - this.offsetAt) * DRIFT;
    }
    this.offsetAt = now;
    this.offset = Math.min(this.offset, seen);
    return seen - this.offset;
  }

  isLost(now: number): boolean {
    return this.beds.size === 0 ? now - this.heard > LOST_MS : [...this.beds.values()].every((b) => b.isLost(now));
  }

  bed(id: string): Bed {
    let bed = this.beds.get(id);
    if (bed === undefined) {
      bed = new Bed(this, id);
      this.beds.set(id, bed);
    }
    return bed;
  }

  /** A new connection: no value is known, and the clocks are compared anew. How long ago the last
   * word came is kept: dialling again must not make a dead line look younger. */
  forget(asleep: boolean): void {
    this.offset = Infinity;
    const since = performance.now() - LOST_MS + WAKE_MS;
    for (const bed of this.beds.values()) {
      if (asleep) {
        bed.heard = Math.min(bed.heard, since);
        bed.alarms = null; // of before; neither good nor bad is known now
      }
      bed.readings.clear();
      bed.waves = [];
    }
  }
}

export class Model {
  nodes: Node[] = [];
  changed: (bed: Bed | null, urgent: boolean) => void = () => undefined;

  node(id: string): Node | undefined {
    return this.nodes.find((n) => n.id === id);
  }

  beds(): Bed[] {
    return this.nodes.flatMap((n) => [...n.beds.values()]);
  }

  find(key: string): Bed | undefined {
    const [node = "", bed = ""] = key.split("/");
    return this.node(node)?.beds.get(bed);
  }

  forget(asleep: boolean): void {
    this.nodes.forEach((n) => n.forget(asleep));
    this.changed(null, true);
  }

  frame(nodeId: string, topic: string, body: Json, now: number): void {
    const node = this.node(nodeId);
    const [version, bedId, kind, sub] = topic.split(".");
    if (node === undefined || version !== "v1" || body["v"] !== 1 || bedId === undefined || kind === undefined || bedId === "node") {
      return;
    }
    const bed = node.bed(bedId);
    let urgent = false;
    if (kind === "alarms") {
      const before = bed.alarms?.instances.length ?? -1;
      this.alarms(bed, body as unknown as AlarmsFrame, now);
      urgent = before !== (bed.alarms?.instances.length ?? -1);
    } else if (kind === "vital" && sub !== undefined) {
      this.vital(bed, body as unknown as VitalBody, now);
    } else if (kind === "device") {
      this.device(bed, body);
    } else if (kind === "wave") {
      this.wave(bed, body);
    } else if (kind === "session") {
      this.session(bed, body);
    }
    this.changed(bed, urgent);
  }

  private alarms(bed: Bed, body: AlarmsFrame, now: number): void {
    const late = bed.node.lateness(body.mono_ms, now);
    const at = now - late;
    if (body.run !== bed.node.run) {
      bed.node.run = body.run;
    } else if (at < bed.heard) {
      return;
    }
    bed.alarms = body;
    bed.heard = at;
    bed.node.heard = Math.max(bed.node.heard, at);
    bed.node.utcOffset = body.utc_ms - at;
  }

  private vital(bed: Bed, body: VitalBody, now: number): void {
    const key = `${body.vital}|${body.dev}`;
    const before = bed.readings.get(key);
    if (before !== undefined && before.body.seq >= body.seq) {
      return;
    }
    const late = body.snapshot === true ? 0 : bed.node.lateness(body.mono_ms, now);
    bed.readings.set(key, { body, at: now, age: Math.max(body.age_ms ?? 0, late), speaks: before?.speaks ?? true });
    bed.trend.add(body.vital, body.utc_ms, body.value);
  }

  private device(bed: Bed, body: Json): void {
    const dev = String(body["dev"]);
    const d = bed.devices.get(dev);
    const event = body["event"];
    if (event === "nibp") {
      const good = body["error"] === "ok";
      bed.nibpError = good ? null : { error: String(body["error"]), utc: Number(body["utc_ms"]) };
    }
    if (d === undefined) {
      return;
    }
    if (event === "state") {
      d.state = String(body["state"]);
      d.online = body["online"] === true;
      d.signals = d.online ? d.signals ?? [] : [];
    } else if (event === "determination") {
      d.determination = String(body["state"]);
    } else if (event === "signal" && Array.isArray(body["signals"])) {
      d.signals = body["signals"].map(String);
    }
  }

  private wave(bed: Bed, body: Json): void {
    const samples = body["pleth"];
    if (Array.isArray(samples)) {
      bed.waves.push({ rate: Number(body["rate_millihz"]) / 1000, first: Number(body["first_mono_us"]) / 1e6, samples: samples.map(Number) });
      if (bed.waves.length > 120) {
        bed.waves.shift();
      }
    }
  }

  private session(bed: Bed, body: Json): void {
    if (body["event"] === "close") {
      // The next person starts with nothing of this one.
      bed.session = null;
      bed.plan = null;
      bed.readings.clear();
      bed.nibpError = null;
      bed.trend.reset(0);
    } else if (body["event"] === "open" && typeof body["session"] === "number") {
      bed.trend.reset(body["session"]);
    }
  }

  snapshot(nodeId: string, body: Json, now: number): void {
    const node = this.node(nodeId);
    if (node === undefined || body["ok"] !== true || !Array.isArray(body["beds"])) {
      return;
    }
    const late = Math.max(0, node.lateness(Number(body["mono_ms"]), now));
    for (const one of body["beds"] as SnapshotBed[]) {
      const bed = node.bed(one.bed);
      bed.complete = true;
      bed.name = one.name || one.bed;
      bed.session = one.session;
      if ((one.session?.id ?? 0) !== bed.trend.session) {
        bed.trend.reset(one.session?.id ?? 0);
      }
      const signals = new Map([...bed.devices].map(([dev, d]) => [dev, d.signals] as const));
      bed.devices = new Map(one.devices.map((d) => [d.dev, { ...d, signals: signals.get(d.dev) ?? [] }]));
      one.alarms.forEach((a) => a.why !== undefined && bed.why.set(a.instance, a.why));
      for (const v of one.vitals) {
        const key = `${v.vital}|${v.dev}`;
        const before = bed.readings.get(key);
        if (before === undefined || before.body.seq <= v.seq) {
          bed.readings.set(key, { body: v, at: now, age: (v.age_ms ?? 0) + late, speaks: v.speaks === true });
        } else {
          before.speaks = v.speaks === true;
        }
      }
      this.changed(bed, false);
    }
  }

  plan(nodeId: string, body: Json, now: number): void {
    const node = this.node(nodeId);
    const plan = body as unknown as Plan;
    if (node === undefined || body["ok"] !== true) {
      return;
    }
    node.protocols = plan.protocols;
    node.scales = plan.scales;
    for (const one of plan.beds) {
      const bed = node.bed(one.bed);
      bed.plan = one.session === null ? null : one;
      bed.planAt = now;
      this.changed(bed, false);
    }
  }

  limits(nodeId: string, body: Json): void {
    const node = this.node(nodeId);
    const limits = body as unknown as Limits;
    if (node === undefined || body["ok"] !== true) {
      return;
    }
    node.profiles = limits.profiles;
    for (const one of limits.beds) {
      const bed = node.bed(one.bed);
      bed.limits = one;
      this.changed(bed, false);
    }
  }
}
