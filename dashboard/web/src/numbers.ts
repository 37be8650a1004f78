// A vital sign on the screen: never a number without knowing its age.
import { flag, h, redo, say } from "./dom";
import { clock, milli, pressure, span } from "./format";
import { age, look, type Bed, type Reading } from "./model";
import { prefs } from "./prefs";
import { t } from "./strings";

export class Numeric {
  readonly value = h("span", { class: "value" }, "--");
  readonly note = h("span", { class: "note" });
  readonly limits = h("span", { class: "limit" });
  readonly el: HTMLElement;

  constructor(label: string, unit: string, private readonly vital: string, private readonly optional = false) {
    this.el = h("div", { class: "numeric", "data-vital": vital },
      h("span", { class: "label" }, label, " ", h("small", {}, unit)), this.value, this.limits, this.note);
  }

  update(bed: Bed, now: number): void {
    const r = bed.reading(this.vital, now);
    const seen = look(r, now);
    flag(this.el, "data-look", seen);
    flag(this.el, "data-level", alarmOf(bed, this.vital));
    flag(this.el, "hidden", this.optional && r === null);
    say(this.value, seen === "none" || r === null ? "--" : String(r.body.value));
    say(this.note, noteOf(r, seen, now));
    say(this.limits, limitsOf(bed, this.vital));
  }
}

function noteOf(r: Reading | null, seen: string, now: number): string {
  if (r === null || r.body.age_ms === null) {
    return t.never;
  }
  if (r.body.value === null) {
    return t.noValue;
  }
  if (seen !== "live") {
    return t.ago(span(age(r, now) / 1000));
  }
  return r.body.quality === "questionable" ? t.questionable : "";
}

const CONDITIONS: Record<string, RegExp> = { spo2: /^SPO2_/, pulse_rate: /^PR_/, nibp: /^(SYS|DIA|MAP)_/ };

/** The worst open alarm about this vital. */
function alarmOf(bed: Bed, vital: string): string | null {
  const found = bed.alarms?.instances.find((i) => CONDITIONS[vital]?.test(i.condition));
  return found ? found.priority : null;
}

function limitsOf(bed: Bed, vital: string): string {
  const own = (bed.limits?.limits ?? []).filter((l) => l.vital === vital && l.enabled && !/_X|DESAT/.test(l.condition));
  const low = own.find((l) => l.side === "below");
  const high = own.find((l) => l.side === "above");
  return low || high ? t.alarmIf(low ? milli(low.limit_milli) : "", high ? milli(high.limit_milli) : "") : "";
}

export class Pressure {
  readonly value = h("span", { class: "value" }, "--");
  readonly note = h("span", { class: "note" });
  readonly mean = h("span", { class: "limit" });
  private readonly unit = h("small", {});
  readonly el = h("div", { class: "numeric bp", "data-vital": "nibp" }, h("span", { class: "label" }, t.bp, " ", this.unit), this.value, this.mean, this.note);

  update(bed: Bed, now: number): void {
    const sys = bed.reading("nibp_sys", now);
    const dia = bed.reading("nibp_dia", now);
    const mean = bed.reading("nibp_mean", now);
    // The three of one measurement, or none.
    const whole = sys !== null && dia !== null && sys.body.utc_ms === dia.body.utc_ms && sys.body.dev === dia.body.dev;
    const seen = whole ? look(sys, now) : "none";
    const text = (r: Reading): string => pressure(r.body.value ?? 0, prefs.unit);
    flag(this.el, "data-look", seen);
    flag(this.el, "data-level", alarmOf(bed, "nibp"));
    say(this.unit, prefs.unit);
    say(this.value, seen !== "none" && sys && dia ? `${text(sys)}/${text(dia)}` : "--");
    say(this.mean, seen !== "none" && mean && mean.body.value !== null && mean.body.utc_ms === sys?.body.utc_ms ? t.mean(text(mean)) : "");
    say(this.note, bpNote(sys, seen, bed, now));
  }
}

function bpNote(sys: Reading | null, seen: string, bed: Bed, now: number): string {
  const failed = bed.nibpError !== null ? `${t.word(bed.nibpError.error)} ${t.at(clock(bed.nibpError.utc))}` : "";
  if (sys === null || sys.body.age_ms === null) {
    return failed || t.never;
  }
  const when = `${clock(sys.body.utc_ms)}, ${t.ago(span(age(sys, now) / 1000))}`;
  return [seen === "none" ? t.ago(span(age(sys, now) / 1000)) : when, failed].filter((x) => x).join(" · ");
}

export function devicesLine(bed: Bed, into: HTMLElement): void {
  const lines = [...bed.devices.values()].flatMap((d) => {
    const state = d.online ? (d.determination && d.determination !== "idle" ? [t.cuff(d.dev, t.word(d.determination))] : []) : [`${d.dev}: ${t.word(d.state)}`];
    return [...state, ...(d.signals ?? []).map((s) => `${d.dev}: ${t.word(s)}`)];
  });
  redo(into, lines.join("|"), () => lines.map((l) => h("span", { class: "chip" }, l)));
}

export function isMonitored(bed: Bed): boolean {
  return !bed.complete || [...bed.devices.values()].some((d) => d.online);
}
