// Numbers and times as people read them. Nothing is rounded in their favour.
import { t } from "./strings";

export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 120) {
    return `${s} s`;
  }
  if (s < 7200) {
    return `${Math.floor(s / 60)} min`;
  }
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

export function countdown(ms: number): string {
  const s = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/** The daemon's wall clock in this browser's time zone; its own clock is not asked. */
export function clock(utc: number | string): string {
  return new Date(utc).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** Thousandths as text, without a float: 96500 is 96.5. */
export function milli(value: number): string {
  const sign = value < 0 ? "-" : "";
  const whole = Math.floor(Math.abs(value) / 1000);
  const rest = String(Math.abs(value) % 1000).padStart(3, "0").replace(/0+$/, "");
  return sign + whole + (rest === "" ? "" : "." + rest);
}

/** Micrograms as mg or ug. */
export function amount(ug: number): string {
  return Math.abs(ug) < 1000 ? `${ug} µg` : `${milli(ug)} mg`;
}

export function pressure(mmHg: number, unit: string): string {
  return unit === "kPa" ? (Math.round(mmHg * 1.33322) / 10).toFixed(1) : String(mmHg);
}

export function doseText(d: { kind: string; drug: string; route: string; amount_ug?: number; rate_ug_h?: number }): string {
  const much = d.amount_ug !== undefined ? amount(d.amount_ug) : d.rate_ug_h !== undefined ? `${amount(d.rate_ug_h)}/h` : "";
  return [t.word(d.kind), d.drug, much, t.word(d.route)].filter((x) => x !== "").join(" · ");
}
