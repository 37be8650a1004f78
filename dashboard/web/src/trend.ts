// Trends on one time axis: SpO2 and pulse, pressures, doses, what was due, and the limits.
import uPlot from "uplot";
import { link } from "./app";
import { h } from "./dom";
import { clock, doseText } from "./format";
import type { Bed } from "./model";
import { t } from "./strings";
import type { Json } from "./types";

const PAGE = 500;

/** The session so far, from the record; once. */
async function load(bed: Bed): Promise<void> {
  const trend = bed.trend;
  let from: number | null = trend.session;
  const seen: { vital: string; utc: number; value: number | null }[] = [];
  trend.loaded = true;
  for (let pages = 0; from !== null && from > 0 && pages < 200; pages++) {
    const reply = await link.ask(bed.node.id, { op: "range", bed: bed.id, from_seq: from, limit: PAGE });
    if (reply === null || !reply.ok || bed.trend !== trend) {
      break;
    }
    for (const row of reply["rows"] as Json[]) {
      if (row["kind"] === "reading" && row["session"] === trend.session) {
        const ok = row["quality"] === "ok" || row["quality"] === "questionable";
        seen.push({ vital: String(row["vital"]), utc: Number(row["utc_ms"]), value: ok ? Math.round(Number(row["value_milli"]) / 1000) : null });
      } else if (row["kind"] === "nibp" && row["session"] === trend.session) {
        const data = row["data"] as Json;
        if (data["error"] === "ok") {
          seen.push({ vital: "nibp_sys", utc: Number(row["utc_ms"]), value: Number(data["sys"]) });
          seen.push({ vital: "nibp_dia", utc: Number(row["utc_ms"]), value: Number(data["dia"]) });
        }
      }
    }
    from = typeof reply["next"] === "number" ? reply["next"] : null;
  }
  const old = trend.time.map((time, i) => ({ time, spo2: trend.spo2[i] ?? null, pulse: trend.pulse[i] ?? null }));
  const session = trend.session;
  trend.reset(session);
  trend.loaded = true;
  seen.forEach((r) => trend.add(r.vital, r.utc, r.value));
  old.forEach((r) => {
    trend.add("spo2", r.time * 1000, r.spo2);
    trend.add("pulse_rate", r.time * 1000, r.pulse);
  });
}

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export class TrendPlot {
  readonly el = h("div", { class: "plot", role: "img", "aria-label": t.trends });
  private plot: uPlot | null = null;
  private shown = "";

  constructor(private readonly bed: Bed) {}

  update(): void {
    const trend = this.bed.trend;
    if (!trend.loaded && trend.session !== 0) {
      void load(this.bed);
    }
    const width = this.el.clientWidth;
    const key = [trend.version, width, this.bed.planAt, document.documentElement.dataset["theme"]].join();
    if (key === this.shown || width === 0) {
      return;
    }
    this.shown = key;
    this.plot?.destroy();
    this.plot = new uPlot(this.options(width), this.data(), this.el);
  }

  leave(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  private data(): uPlot.AlignedData {
    const { time, spo2, pulse } = this.bed.trend;
    return [time.slice(), spo2.slice(), pulse.slice()];
  }

  private options(width: number): uPlot.Options {
    const hours = (_: uPlot, at: number[]): string[] => at.map((s) => clock(s * 1000));
    const axis = { stroke: css("--muted"), grid: { stroke: css("--line") }, ticks: { stroke: css("--line") } };
    return {
      width,
      height: 300,
      cursor: { show: false },
      legend: { show: false },
      scales: { x: { time: true }, y: { range: [40, 200] } },
      axes: [{ ...axis, values: hours, space: 70 }, axis],
      series: [
        {},
        { label: t.spo2, stroke: css("--spo2"), width: 2, points: { show: false } },
        { label: t.pulse, stroke: css("--pulse"), width: 2, points: { show: false } },
      ],
      hooks: { draw: [(u) => this.draw(u)] },
    };
  }

  private draw(u: uPlot): void {
    const c = u.ctx;
    const x = (s: number): number => u.valToPos(s, "x", true);
    const y = (v: number): number => u.valToPos(v, "y", true);
    const { left, top, width, height } = u.bbox;
    const px = window.devicePixelRatio;
    c.save();
    c.beginPath();
    c.rect(left, top, width, height);
    c.clip();
    c.lineWidth = 2 * px;
    c.strokeStyle = css("--bp");
    for (const p of this.bed.trend.bp) {
      c.beginPath();
      c.moveTo(x(p.time), y(p.sys));
      c.lineTo(x(p.time), y(p.dia));
      for (const v of [p.sys, p.dia]) {
        c.moveTo(x(p.time) - 4 * px, y(v));
        c.lineTo(x(p.time) + 4 * px, y(v));
      }
      c.stroke();
    }
    c.setLineDash([4 * px, 4 * px]);
    c.lineWidth = px;
    for (const l of this.bed.limits?.limits ?? []) {
      if (l.enabled && (l.vital === "spo2" || l.vital === "pulse_rate") && !/_X|DESAT/.test(l.condition)) {
        c.strokeStyle = css(l.vital === "spo2" ? "--spo2" : "--pulse");
        c.beginPath();
        c.moveTo(left, y(l.limit_milli / 1000));
        c.lineTo(left + width, y(l.limit_milli / 1000));
        c.stroke();
      }
    }
    c.setLineDash([]);
    c.textAlign = "left";
    c.font = `${12 * px}px system-ui`;
    for (const d of this.bed.plan?.doses ?? []) {
      if (!d.void) {
        const at = x(Date.parse(d.given_at) / 1000);
        c.strokeStyle = c.fillStyle = css("--text");
        c.beginPath();
        c.moveTo(at, top);
        c.lineTo(at, top + height);
        c.stroke();
        c.fillText(doseText(d), at + 4 * px, top + 14 * px);
      }
    }
    for (const m of this.bed.plan?.marks ?? []) {
      const at = x(Date.parse(m.due_at) / 1000);
      c.fillStyle = css(m.state === "late" || m.state === "missed" ? "--medium" : m.state.startsWith("met") ? "--calm" : "--muted");
      c.fillRect(at - 2 * px, top + height - 10 * px, 4 * px, 10 * px);
    }
    c.restore();
  }
}

/** The live waveform, one sweep of six seconds. */
export class Pleth {
  readonly el = h("canvas", { class: "pleth", width: 900, height: 110, role: "img", "aria-label": t.pleth });

  draw(bed: Bed): void {
    const c = this.el.getContext("2d");
    const last = bed.waves[bed.waves.length - 1];
    if (c === null) {
      return;
    }
    const { width, height } = this.el;
    c.clearRect(0, 0, width, height);
    if (last === undefined) {
      return;
    }
    const end = last.first + last.samples.length / last.rate;
    const all = bed.waves.flatMap((w) => w.samples.map((v, i) => [w.first + i / w.rate, v] as const)).filter(([at]) => end - at < 6);
    const high = Math.max(...all.map(([, v]) => v), 1);
    const low = Math.min(...all.map(([, v]) => v));
    c.strokeStyle = css("--pulse");
    c.lineWidth = 2;
    c.beginPath();
    let before = -Infinity;
    for (const [at, v] of all) {
      const px = width - (end - at) * (width / 6);
      const py = height - 6 - ((v - low) / Math.max(1, high - low)) * (height - 12);
      if (at - before > 0.1) {
        c.moveTo(px, py); // samples are missing: no line over the hole
      } else {
        c.lineTo(px, py);
      }
      before = at;
    }
    c.stroke();
  }
}
