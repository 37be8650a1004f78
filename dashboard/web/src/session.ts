// The begin and the end of a session: who, by which protocol, what has to hold before a dose and
// before somebody goes home. The checks are the daemon's; here they are shown and answered.
import { command, may, run } from "./app";
import { factRow } from "./care";
import { ask } from "./dialog";
import { gateWords } from "./dose";
import { button, field, fill, h, put, select } from "./dom";
import { clock } from "./format";
import type { Bed } from "./model";
import { t } from "./strings";
import type { GateItem, Json } from "./types";

const FACTS = new Set(["identity", "consent", "fasting", "escort", "contraindications", "equipment", "pregnancy_asked", "over_65", "prescriber", "rems",
  "alarm_test", "room_air", "oriented", "walks", "advice", "contact", "line_out", "released"]);
/** No item of the gate by itself, but one reads it. */
const BESIDE = ["room_air"];
const LEAVING = ["room_air", "oriented", "walks", "advice", "contact", "line_out", "released"];

export async function openSession(bed: Bed): Promise<void> {
  const members = await ask<Json>(t.openSession, (d) => {
    const ref = h("input", { type: "text", required: true, maxlength: 23, autocomplete: "off" });
    const kind = select(["dosing", "preparation", "integration"].map((k) => [k, t.word(k)]));
    const protocol = select([...bed.node.protocols.map((p): [string, string] => [p.protocol, p.title]), ["", t.none]]);
    const course = h("input", { type: "text", maxlength: 23, autocomplete: "off" });
    const row = field(t.protocol, protocol);
    kind.addEventListener("change", () => (row.hidden = kind.value !== "dosing"));
    put(d.body, field(t.patientRef, ref), field(t.kind, kind), row, field(t.course, course));
    d.submit(t.openSession, () => {
      const m: Json = { patient_ref: ref.value, kind: kind.value };
      if (kind.value === "dosing" && protocol.value !== "") {
        m["protocol"] = protocol.value;
      }
      return course.value !== "" ? { ...m, course: course.value } : m;
    });
  });
  if (members !== null && (await run(command(bed.key, "session_open", members)))) {
    await prepareSession(bed);
  }
}

/** Checks, weight, readings and baseline, all answers at one place; it follows the plan while open. */
export async function prepareSession(bed: Bed): Promise<void> {
  await living(bed, t.prepare, (body, again) => {
    const items = bed.plan?.gate?.items ?? [];
    const weight = bed.plan?.weight_g;
    put(body,
      h("p", { class: "hint" }, gateWords(bed)),
      h("ul", { class: "checks" }, ...items.map((i) => gateRow(bed, i, again)),
        ...BESIDE.filter((f) => bed.plan?.facts !== undefined && f in bed.plan.facts && !items.some((i) => i.item === f)).map((f) => factRow(bed, f, t.item(f), bed.plan?.facts?.[f] ?? null, again))),
      h("div", { class: "row" }, h("span", {}, typeof weight === "number" ? t.weightIs(String(weight / 1000)) : t.noWeight),
        button(t.weight, () => void weigh(bed).then(again), { "data-do": "weight" }),
        button(t.baseline, () => void run(command(bed.key, "baseline")).then(again), { "data-do": "baseline" })));
  });
}

function gateRow(bed: Bed, i: GateItem, again: () => void): HTMLElement {
  const mark = i.holds ? "✓" : i.overridden ? t.overridden : "✗";
  let row: HTMLElement;
  if (FACTS.has(i.item)) {
    row = factRow(bed, i.item, t.item(i.item), bed.plan?.facts?.[i.item] ?? null, again);
  } else {
    row = h("li", { "data-fact": i.item }, h("span", {}, t.item(i.item)), h("span", { class: "answer" }, i.holds ? t.yes : i.cure ?? t.no));
  }
  row.dataset["holds"] = String(i.holds || i.overridden);
  row.prepend(h("span", { class: "tick", "aria-hidden": "true" }, mark));
  if (!i.holds && !i.hard && !i.overridden && may("clinician")) {
    row.append(button(t.override, () => void overrideItem(bed, i.item).then(again), { class: "quiet", "aria-label": `${t.override}: ${t.item(i.item)}` }));
  }
  return row;
}

async function overrideItem(bed: Bed, item: string): Promise<void> {
  const reason = await ask<string>(`${t.override}: ${t.item(item)}`, (d) => {
    const why = h("input", { type: "text", maxlength: 399, required: true, autocomplete: "off" });
    put(d.body, field(t.reason, why));
    d.submit(t.send, () => why.value);
  });
  if (reason !== null) {
    await run(command(bed.key, "override", { item, reason }));
  }
}

async function weigh(bed: Bed): Promise<void> {
  const kg = await ask<string>(t.weight, (d) => {
    const input = h("input", { type: "text", inputmode: "decimal", pattern: "[1-9][0-9]{1,2}(\\.[0-9]{1,3})?", required: true, autocomplete: "off" });
    put(d.body, field(`${t.weight} (kg)`, input));
    d.submit(t.send, () => input.value);
  });
  if (kg !== null) {
    await run(command(bed.key, "weight", { weight: `${kg} kg` }));
  }
}

export async function closeSession(bed: Bed): Promise<void> {
  const reason = await living<string>(bed, t.closeSession, (body, again, submit) => {
    const discharge = bed.plan?.discharge;
    const ready = (discharge?.ready ?? true) && (bed.alarms?.open ?? 0) === 0;
    const why = h("input", { type: "text", maxlength: 47, required: !ready, autocomplete: "off" });
    put(body,
      h("p", { class: "hint" }, ready ? "" : t.dischargeNotReady, discharge?.earliest_at ? ` ${t.earliest(clock(discharge.earliest_at))}` : ""),
      h("h3", {}, t.discharge),
      h("ul", { class: "checks" }, ...(discharge?.checks ?? []).map((c) => h("li", { "data-holds": c.holds }, h("span", { class: "tick", "aria-hidden": "true" }, c.holds ? "✓" : "✗"), h("span", {}, t.item(c.check)), h("span", { class: "answer" }, c.holds ? t.yes : t.no)))),
      h("ul", { class: "checks" }, ...LEAVING.filter((f) => bed.plan?.facts !== undefined && f in bed.plan.facts).map((f) => factRow(bed, f, t.item(f), bed.plan?.facts?.[f] ?? null, again))),
      field(t.reason, why));
    submit(t.closeSession, () => why.value);
  });
  if (reason !== null) {
    await run(command(bed.key, "session_close", reason === "" ? {} : { reason }));
  }
}

type Submit<T> = (text: string, value: () => T | null) => void;

/** A dialog that is made anew when the plan of the bed changes; what was typed stays. */
async function living<T = boolean>(bed: Bed, title: string, build: (body: HTMLElement, again: () => void, submit: Submit<T>) => void): Promise<T | null> {
  let timer = 0;
  const answer = await ask<T>(title, (d) => {
    let key = "";
    const make = (): void => {
      const now = JSON.stringify([bed.plan?.gate, bed.plan?.facts, bed.plan?.discharge?.checks, bed.plan?.weight_g, bed.alarms?.open]);
      if (now === key) {
        return;
      }
      key = now;
      const kept = d.body.querySelector<HTMLInputElement>("input")?.value;
      const focus = document.activeElement?.getAttribute("aria-label") ?? "";
      const inside = d.body.contains(document.activeElement);
      fill(d.body);
      build(d.body, make, (text, value) => d.submit(text, value));
      const input = d.body.querySelector<HTMLInputElement>("input");
      if (input !== null && kept !== undefined) {
        input.value = kept;
      }
      if (inside) {
        [...d.body.querySelectorAll("button")].find((b) => b.getAttribute("aria-label") === focus)?.focus();
      }
    };
    make();
    timer = window.setInterval(make, 300);
    if (d.foot.querySelector("[type=submit]") === null) {
      d.submit(t.done, () => true as T);
    }
  });
  window.clearInterval(timer);
  return answer;
}

