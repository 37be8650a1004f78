// Recording what was given: typed, looked at as the daemon understood it, signed, confirmed.
//
// Nothing counts before the receipt. The daemon converts; the page shows. The same entry keeps one
// request id from the first try to the last.
import { askPin, command, link, send, type Command } from "./app";
import { ask, type DialogHandle } from "./dialog";
import { button, field, fill, h, select } from "./dom";
import { clock, doseText, milli } from "./format";
import type { Bed } from "./model";
import { t } from "./strings";
import type { Dose, Json, Reply } from "./types";

const KINDS = ["bolus", "infusion_start", "rate_change", "pause", "resume", "stop", "device", "lozenge", "lozenge_end", "drawn", "waste"];
const UNITS: Record<string, string[]> = {
  amount: ["mg", "mg/kg", "ug", "ug/kg", "g", "mL"],
  rate: ["mg/h", "mg/kg/h", "mg/min", "ug/kg/min", "ug/h", "ug/min", "mL/h"],
};
const HAS: Record<string, "amount" | "rate" | "none" | "maybe"> = {
  bolus: "amount", infusion_start: "rate", rate_change: "rate", pause: "none", resume: "maybe", stop: "none",
  device: "amount", lozenge: "amount", lozenge_end: "none", drawn: "amount", waste: "amount",
};
const ROUTES = ["iv", "im", "sc", "sl", "buccal", "nasal", "oral"];

/** What a protocol's name says of its drug and route: only what the first field shows. */
function usual(bed: Bed): { drug: string; route: string; kind: string } {
  const last = [...(bed.plan?.doses ?? [])].reverse().find((d) => !d.void);
  const id = bed.plan?.protocol ?? "";
  const route = last?.route ?? (id.startsWith("esk") ? "nasal" : id.startsWith("sl") ? "sl" : id.startsWith("im") ? "im" : "iv");
  return { drug: last?.drug ?? (id.startsWith("esk") ? "esketamine" : "ketamine"), route, kind: last?.kind ?? (route === "nasal" ? "device" : route === "sl" ? "lozenge" : "bolus") };
}

interface Form { el: HTMLElement; read: () => Json }

function form(bed: Bed, preset: { drug: string; route: string; kind: string }, reason: boolean): Form {
  const kind = select(KINDS.map((k) => [k, t.word(k)]), preset.kind);
  const drug = h("input", { type: "text", required: true, maxlength: 23, value: preset.drug, autocomplete: "off" });
  const route = select(ROUTES.map((r) => [r, t.word(r)]), preset.route);
  const much = h("input", { type: "text", inputmode: "decimal", pattern: "(0|[1-9][0-9]{0,8})(\\.[0-9]{1,6})?", autocomplete: "off", placeholder: "0.5" });
  const unit = select([]);
  const conc = h("input", { type: "text", autocomplete: "off", placeholder: "50 mg/mL" });
  const at = h("input", { type: "time" });
  const why = h("input", { type: "text", maxlength: 255, required: reason, autocomplete: "off" });
  const outcome = select([["spat", "spat"], ["swallowed", "swallowed"]]);
  const checker = select([["", t.none], ...(link.me?.people ?? []).filter((p) => p.pin && p.id !== link.me?.person).map((p): [string, string] => [p.id, p.name || p.id]), ["*", t.other]]);
  const checkerName = h("input", { type: "text", maxlength: 23, autocomplete: "off" });
  const checkerPin = h("input", { type: "password", inputmode: "numeric", autocomplete: "off", maxlength: 12 });
  const rows = {
    much: field(t.amount, much), unit: field(t.unit, unit), conc: field(t.concentration, conc), outcome: field(t.doseKind, outcome),
    name: field(t.person, checkerName), pin: field(t.checkerPin, checkerPin),
  };
  const fit = (): void => {
    const has = HAS[kind.value] ?? "amount";
    const units = UNITS[has === "amount" ? "amount" : "rate"] ?? [];
    const kept = unit.value;
    fill(unit, ...units.map((u) => h("option", { value: u }, u)));
    unit.value = units.includes(kept) ? kept : units[0] ?? "";
    rows.much.hidden = rows.unit.hidden = has === "none";
    much.required = has === "amount" || has === "rate";
    rows.conc.hidden = !unit.value.startsWith("mL") || has === "none";
    rows.outcome.hidden = kind.value !== "lozenge_end";
    rows.name.hidden = checker.value !== "*";
    rows.pin.hidden = checker.value === "" || checker.value === "*";
  };
  [kind, unit, checker].forEach((el) => el.addEventListener("change", fit));
  fit();
  const weight = bed.plan?.weight_g;
  const el = h("div", { class: "dose-form" }, field(t.doseKind, kind), field(t.drug, drug), rows.much, rows.unit,
    h("p", { class: "hint" }, typeof weight === "number" ? t.weightIs(milli(weight)) : t.noWeight),
    rows.conc, field(t.route, route), rows.outcome, field(t.givenAt, at), field(t.checkedBy, checker), rows.name, rows.pin,
    reason ? field(t.reason, why) : null);
  const read = (): Json => {
    const m: Json = { kind: kind.value, drug: drug.value, route: route.value };
    if (!rows.much.hidden && much.value !== "") {
      m["amount"] = much.value;
      m["unit"] = unit.value;
    }
    if (!rows.conc.hidden && conc.value !== "") {
      m["concentration"] = conc.value;
    }
    if (!rows.outcome.hidden) {
      m["outcome"] = outcome.value;
    }
    if (at.value !== "") {
      m["given_at"] = givenAt(bed, at.value);
    }
    const by = checker.value === "*" ? checkerName.value : checker.value;
    if (by !== "") {
      m["checked_by"] = by;
      if (checker.value !== "*") {
        m["checker_pin"] = checkerPin.value;
      }
    }
    if (reason) {
      m["reason"] = why.value;
    }
    return m;
  };
  return { el, read };
}

/** A clock time is the last such time by the daemon's clock. */
function givenAt(bed: Bed, time: string): string {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  const now = performance.now() + bed.node.utcOffset;
  const at = new Date(now);
  at.setHours(hour, minute, 0, 0);
  if (at.getTime() > now + 60_000) {
    at.setDate(at.getDate() - 1);
  }
  return at.toISOString();
}

/** What stands between this person and a dose, in words; nothing is said to hold that was not read. */
export function gateWords(bed: Bed): string {
  if (bed.plan === null) {
    return t.waiting;
  }
  if (!bed.plan.protocol && bed.plan.protocol_lost !== true) {
    return t.gateNone;
  }
  return bed.plan.gate?.open === true ? t.gateOpen : t.gateClosed;
}

function gateFacts(bed: Bed): HTMLElement {
  const missing = (bed.plan?.gate?.items ?? []).filter((i) => !i.holds && !i.overridden);
  return h("section", { class: "gate", "data-open": bed.plan?.gate?.open === true },
    h("strong", {}, gateWords(bed)),
    h("ul", {}, ...missing.map((i) => h("li", {}, `${t.item(i.item)}${i.cure ? `: ${i.cure}` : ""}`))));
}

/** How many times the largest of the doses before: a slip of the decimal point is ten. */
function tenfold(bed: Bed, reply: Reply): string | null {
  const now = Number(reply["amount_ug"] ?? 0);
  const before = (bed.plan?.doses ?? []).filter((d) => !d.void && d.amount_ug !== undefined).map((d) => d.amount_ug ?? 0);
  const hard = (reply.deviation ?? []).includes("hard_range");
  const times = before.length > 0 ? now / Math.max(...before) : 0;
  return times >= 5 ? times.toFixed(times < 20 ? 1 : 0) : hard ? "" : null;
}

export function recordDose(bed: Bed): Promise<void> {
  return dialog(bed, "dose", usual(bed), {}, t.doseTitle(bed.name));
}

export function correctDose(bed: Bed, d: Dose, op: "dose_amend" | "dose_void"): Promise<void> {
  return dialog(bed, op, d, { target: d.row }, `${op === "dose_void" ? t.doVoid : t.doAmend}: ${doseText(d)}`);
}

async function dialog(bed: Bed, op: string, preset: { drug: string; route: string; kind: string }, extra: Json, title: string): Promise<void> {
  await ask<boolean>(title, (d) => firstStep(bed, op, preset, extra, d, null));
}

type Step = DialogHandle<boolean>;

function firstStep(bed: Bed, op: string, preset: { drug: string; route: string; kind: string }, extra: Json, d: Step, before: HTMLElement | null): void {
  const isVoid = op === "dose_void";
  const why = h("input", { type: "text", maxlength: 255, required: true, autocomplete: "off" });
  const f = isVoid ? { el: h("div", {}, field(t.reason, why)), read: (): Json => ({ reason: why.value }) } : form(bed, preset, op === "dose_amend");
  const el = before ?? h("div", {}, h("p", { class: "hint" }, isVoid || op === "dose_amend" ? t.correctionWhy : t.doseNoAdvice), op === "dose" ? gateFacts(bed) : null, f.el);
  fill(d.body, h("h3", {}, t.doseStep1), el);
  d.submit(t.next, () => {
    void secondStep(bed, command(bed.key, op, { ...f.read(), ...extra }), d, () => firstStep(bed, op, preset, extra, d, el));
    return null;
  });
}

/** Sign and send; the daemon says what it comes to, and it is looked at before it counts. */
async function secondStep(bed: Bed, c: Command, d: Step, back: () => void): Promise<void> {
  if (c.signed["pin"] === undefined) {
    const signed = await askPin(null);
    if (signed === null) {
      return;
    }
    c.signed = signed;
  }
  // The first sending of a dose is never confirmed by itself: what is taken as it stands was typed
  // in micrograms, milligrams or grams and needs no conversion.
  if (c.members["confirm"] === undefined && c.op !== "dose_void") {
    lookAgain(bed, c, d, back);
    return;
  }
  await deliver(bed, c, d, back);
}

function typed(c: Command): string {
  return c.members["amount"] !== undefined ? `${String(c.members["amount"])} ${String(c.members["unit"])}` : t.word(String(c.members["kind"]));
}

function lookAgain(bed: Bed, c: Command, d: Step, back: () => void): void {
  const m = c.members;
  fill(d.body, h("h3", {}, t.doseStep2), op(c) ? gateFacts(bed) : null,
    h("p", {}, t.doseNow),
    h("p", { class: "dose-read", "data-dose": "typed" }, `${t.word(String(m["kind"]))} · ${String(m["drug"])} · ${typed(c)} · ${t.word(String(m["route"]))}`),
    h("p", {}, t.readBack), button(t.back, back, { class: "quiet" }));
  d.submit(t.send, () => {
    void deliver(bed, c, d, back);
    return null;
  }).focus();
}

const op = (c: Command): boolean => c.op === "dose";

async function deliver(bed: Bed, c: Command, d: Step, back: () => void): Promise<void> {
  fill(d.body, h("p", { class: "pending", role: "status", "data-dose": "pending" }, t.pending));
  d.foot.querySelectorAll("button").forEach((b) => (b.disabled = true));
  let reply = await send(c);
  for (let i = 0; reply === null && i < 3; i++) {
    reply = await send(c);
  }
  d.foot.querySelectorAll("button").forEach((b) => (b.disabled = false));
  if (reply === null) {
    fill(d.body, h("p", { class: "pending", role: "alert", "data-dose": "pending" }, t.pendingStill));
    d.submit(t.retry, () => {
      void deliver(bed, c, d, back);
      return null;
    });
  } else if (reply.error === "confirm") {
    converted(bed, c, reply, d, back);
  } else if (reply.error === "pin" || reply.error === "pin_needed") {
    const signed = await askPin(reply.text ?? "");
    c.signed = signed ?? {};
    lookAgain(bed, c, d, back);
  } else if (!reply.ok) {
    fill(d.body, h("p", { class: "error", role: "alert", "data-dose": "refused" }, reply.text ?? ""), button(t.back, back, { class: "quiet" }));
    d.foot.querySelector("[type=submit]")?.remove();
  } else {
    receipt(bed, reply, d);
  }
}

function converted(bed: Bed, c: Command, reply: Reply, d: Step, back: () => void): void {
  const times = tenfold(bed, reply);
  fill(d.body, h("h3", {}, t.doseStep2), gateFacts(bed),
    h("p", {}, t.doseNow),
    h("p", { class: "dose-read", "data-dose": "converted" }, t.doseIs(typed(c), reply.confirm ?? "")),
    times !== null && times !== "" ? h("p", { class: "danger-text", role: "alert" }, t.tenfold(times)) : null,
    h("ul", { class: "deviations" }, ...(reply.deviation ?? []).map((x) => h("li", { "data-deviation": x }, t.deviation(x))),
    ),
    h("p", {}, t.readBack), button(t.back, back, { class: "quiet" }));
  d.submit(t.send, () => {
    c.members = { ...c.members, confirm: reply.confirm ?? "" };
    void deliver(bed, c, d, back);
    return null;
  });
}

function receipt(bed: Bed, reply: Reply, d: Step): void {
  const at = clock(performance.now() + bed.node.utcOffset);
  const row = reply.receipt ?? 0;
  fill(d.body, h("p", { class: reply.recorded === false ? "danger-text" : "receipt", role: "status", "data-dose": reply.recorded === false ? "unsaved" : "receipt" },
    reply.recorded === false ? t.receiptUnsaved(row) : t.receipt(row, at)), reply.duplicate ? h("p", {}, t.duplicate) : null);
  d.foot.replaceChildren();
  d.submit(t.done, () => true).focus();
}
