// Every room at a glance: one tile a bed, the one that needs somebody first.
import { link, model } from "./app";
import { calls, inhibitions, level, RANK, reason, stars, worst } from "./alarms";
import { flag, h, redo, say } from "./dom";
import { span } from "./format";
import type { Bed } from "./model";
import { devicesLine, isMonitored, Numeric, Pressure } from "./numbers";
import { t } from "./strings";

export interface View {
  el: HTMLElement;
  /** dirty: the beds that changed; null: all, and time went on. */
  update: (now: number, dirty: Set<Bed> | null) => void;
  bedKey?: string;
  leave?: () => void;
}

class Tile {
  private readonly title = h("h2", {});
  private readonly who = h("span", { class: "who" });
  private readonly banner = h("p", { class: "banner", "aria-live": "off" });
  private readonly inhibited = h("p", { class: "inhibited" });
  private readonly due = h("p", { class: "due" });
  private readonly dose = h("p", { class: "since" });
  private readonly devices = h("p", { class: "devices" });
  private readonly spo2 = new Numeric(t.spo2, t.pct, "spo2");
  private readonly pulse = new Numeric(t.pulse, t.perMin, "pulse_rate");
  private readonly bp = new Pressure();
  private readonly live = h("div", { class: "live" }, this.banner, this.inhibited,
    h("div", { class: "numbers" }, this.spo2.el, this.pulse.el, this.bp.el), this.due, this.dose, this.devices);
  private readonly lostText = h("p", {});
  private readonly lost = h("div", { class: "lost" }, h("strong", {}, t.linkLost), this.lostText);
  private readonly test = h("span", { class: "test-mark", "aria-hidden": "true" });
  private readonly open: HTMLAnchorElement;
  readonly el: HTMLElement;

  constructor(private readonly bed: Bed) {
    this.open = h("a", { class: "tile-link", href: `#/bed/${bed.key}` }, this.title);
    this.el = h("article", { class: "tile", "data-bed": bed.key }, h("header", {}, this.open, this.who), this.test, this.live);
  }

  update(now: number): void {
    const bed = this.bed;
    const lost = bed.isLost(now);
    const top = worst(bed);
    flag(this.el, "data-state", stateOf(bed, now));
    flag(this.el, "data-calls", !lost && top !== null && calls(top));
    flag(this.el, "data-test", bed.isTest);
    say(this.title, bed.name);
    flag(this.open, "aria-label", t.openBed(bed.name));
    if (lost) {
      // What was live is taken out of the page, not only covered.
      this.live.remove();
      this.el.append(this.lost);
      say(this.lostText, t.lastWord(span((now - bed.heard) / 1000)));
      say(this.who, "");
      return;
    }
    this.lost.remove();
    this.el.append(this.live);
    say(this.who, bed.session ? bed.session.patient_ref + (bed.isTest ? ` · ${t.test}` : "") : t.noSession + (bed.isTest ? ` · ${t.test}` : ""));
    this.spo2.update(bed, now);
    this.pulse.update(bed, now);
    this.bp.update(bed, now);
    this.updateWords(now, top);
  }

  private updateWords(now: number, top: ReturnType<typeof worst>): void {
    const bed = this.bed;
    const rest = (bed.alarms?.open ?? 0) - 1;
    flag(this.banner, "data-level", level(top));
    say(this.banner, bed.alarms === null ? t.reading : top === null ? (isMonitored(bed) ? t.noAlarms : `${t.notMonitored}: ${t.notMonitoredWhy}`)
      : `${stars(top.priority)} ${reason(top, bed)}${rest > 0 ? `, ${t.more(rest)}` : ""}${top.ack ? ` (${t.acked})` : ""}`);
    flag(this.banner, "data-unwatched", top === null && !isMonitored(bed));
    redo(this.inhibited, inhibitions(bed, now).join("|"), () => inhibitions(bed, now).map((x) => h("span", { class: "chip warn" }, x)));
    const due = nextDue(bed, now);
    say(this.due, bed.session === null ? "" : [bed.plan?.phase ? t.phase(bed.plan.phase) : "", due.text].filter((x) => x).join(" · "));
    flag(this.due, "data-late", due.late);
    say(this.dose, bed.session === null ? "" : sinceDose(bed, now));
    devicesLine(bed, this.devices);
  }
}

export function sinceDose(bed: Bed, now: number): string {
  const last = bed.plan?.last_dose_in_s;
  return typeof last === "number" ? t.sinceDose(span(-last + (now - bed.planAt) / 1000)) : t.noDose;
}

export function nextDue(bed: Bed, now: number): { text: string; late: boolean } {
  const open = (bed.plan?.marks ?? []).filter((m) => ["waiting", "announced", "due", "late", "missed"].includes(m.state) && !(m.optional && m.state === "missed"));
  const next = open.sort((a, b) => a.due_in_s - b.due_in_s)[0];
  if (next === undefined) {
    return { text: bed.plan?.protocol ? t.nothingDue : "", late: false };
  }
  const left = next.due_in_s - (now - bed.planAt) / 1000;
  const what = next.due === "nibp" ? t.bp : (next.missing ?? next.scales ?? [t.score]).join(", ");
  return { text: t.nextDue(what, left >= 0 ? t.inTime(span(left)) : t.overdue(span(-left))), late: next.state === "late" || next.state === "missed" };
}

export function stateOf(bed: Bed, now: number): string {
  if (bed.isLost(now)) {
    return "lost";
  }
  if (bed.alarms === null) {
    return "reading";
  }
  const top = worst(bed);
  return top !== null ? level(top) : isMonitored(bed) ? (bed.session ? "calm" : "empty") : "unwatched";
}

function need(bed: Bed, now: number): number {
  const top = worst(bed);
  const state = stateOf(bed, now);
  if (state === "lost") {
    return 50;
  }
  const rank = (RANK[level(top)] ?? 0) * 10 + (top !== null && calls(top) ? 5 : 0);
  return rank > 0 ? rank : state === "unwatched" ? 3 : nextDue(bed, now).late ? 2 : bed.session ? 1 : 0;
}

export function ward(): View {
  const tiles = new Map<Bed, Tile>();
  const grid = h("div", { class: "ward" });
  let order = "";
  return {
    el: h("main", { "aria-label": t.ward }, h("h1", { class: "off-screen" }, t.ward), grid),
    update: (now, dirty) => {
      const beds = model.beds();
      const place = new Map(beds.map((b, i) => [b, i] as const));
      beds.sort((a, b) => need(b, now) - need(a, now) || (place.get(a) ?? 0) - (place.get(b) ?? 0));
      for (const bed of beds) {
        if (!tiles.has(bed)) {
          tiles.set(bed, new Tile(bed));
          tiles.get(bed)?.update(now);
        }
        if (dirty === null || dirty.has(bed)) {
          tiles.get(bed)?.update(now);
        }
      }
      const keys = beds.map((b) => b.key).join();
      if (keys !== order) {
        const focus = document.activeElement;
        order = keys;
        grid.dataset["count"] = String(beds.length);
        grid.replaceChildren(...beds.map((b) => tiles.get(b)?.el ?? ""));
        if (focus instanceof HTMLElement && grid.contains(focus)) {
          focus.focus();
        }
      }
      if (beds.length === 0 && link.me !== null) {
        say(grid, "");
      }
    },
  };
}
