// Alarms in words: the line of a tile, the list of a bed, and what keeps them from being heard.
import { command, may, run } from "./app";
import { button, h } from "./dom";
import { countdown, milli } from "./format";
import type { Bed } from "./model";
import { t } from "./strings";
import type { Instance } from "./types";

export const RANK: Record<string, number> = { none: 0, low: 1, medium: 2, high: 3 };
const STARS: Record<string, string> = { low: "*", medium: "**", high: "***" };

export function stars(priority: string): string {
  return STARS[priority] ?? "***";
}

/** Worst first, as the daemon sorts them; a priority of a later version counts as high. */
export function worst(bed: Bed): Instance | null {
  return bed.alarms?.instances[0] ?? null;
}

export function level(i: Instance | null): string {
  return i === null ? "none" : i.priority === "low" || i.priority === "medium" ? i.priority : "high";
}

export function reason(i: Instance, bed: Bed): string {
  let text = t.condition(i.condition);
  if (i.vital) {
    text += ` (${t.vital(i.vital)})`;
  }
  if (i.sink) {
    text += ` (${i.sink})`;
  }
  if (typeof i.value_milli === "number" && typeof i.limit_milli === "number") {
    const sign = i.value_milli < i.limit_milli ? "<" : ">";
    text += `: ${t.limitText(milli(i.value_milli), sign, milli(i.limit_milli), t.unitOf(i.condition))}`;
  } else if (i.source) {
    text += `: ${i.source}`;
  }
  const why = bed.why.get(i.instance);
  return i.state === "latched" ? `${text} (${t.ended})` : i.held ? `${text} (${t.held})` : why && !i.value_milli ? `${text}. ${why}` : text;
}

/** Does it still call for somebody? Then it flashes. */
export function calls(i: Instance): boolean {
  return !i.ack;
}

export function inhibitions(bed: Bed, now: number): string[] {
  const since = now - bed.heard;
  const lines = (bed.alarms?.inhibited ?? []).map((x) => {
    const left = x.left_ms === null ? "" : countdown(x.left_ms - since);
    const scope = x.scope === "audio" ? "" : ` ${t.vital(x.scope)}`;
    return t.pausedFor(`${t.word(x.state)}${scope}`, left, x.operator);
  });
  const quiet = bed.alarms?.quiet;
  if (quiet) {
    lines.push(t.quiet(quiet.operator, quiet.left_ms === null ? "" : `, ${countdown(quiet.left_ms - since)}`));
  }
  if (bed.alarms?.test_signal) {
    lines.push(t.testSignal);
  }
  return lines;
}

export function alarmRow(i: Instance, bed: Bed): HTMLElement {
  const row = h("li", { class: "alarm-row", "data-level": level(i), "data-calls": calls(i), "data-condition": i.condition },
    h("span", { class: "alarm-text" }, `${stars(i.priority)} ${reason(i, bed)}`),
    i.ack ? h("span", { class: "acked" }, t.acked) : null);
  if (!i.ack && may("nurse")) {
    row.append(button(t.ack, () => void run(command(bed.key, "ack", { instance: i.instance })), { class: "ack", "aria-label": `${t.ack}: ${t.condition(i.condition)}` }));
  }
  return row;
}
