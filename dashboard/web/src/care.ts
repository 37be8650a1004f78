// What people say and do in a session besides doses.
import { command, run } from "./app";
import { ask } from "./dialog";
import { button, field, fill, h, put, select } from "./dom";
import { milli } from "./format";
import type { Bed } from "./model";
import { t } from "./strings";
import type { Json, Limit } from "./types";
import { link } from "./app";

function text(max: number, required = true): HTMLInputElement {
  return h("input", { type: "text", maxlength: max, required, autocomplete: "off" });
}

function whole(min: number, max: number, required = true): HTMLInputElement {
  return h("input", { type: "number", min, max, step: 1, required, inputmode: "numeric" });
}

/** Ask for members of one command, and do it. */
async function simple(bed: Bed, title: string, op: string, build: (body: HTMLElement) => () => Json): Promise<void> {
  const members = await ask<Json>(title, (d) => d.submit(t.send, build(d.body)));
  if (members !== null) {
    await run(command(bed.key, op, members));
  }
}

export function scoreDialog(bed: Bed, scale?: string): Promise<void> {
  return simple(bed, t.score, "score", (body) => {
    const scales = bed.node.scales;
    const which = select(scales.map((s) => [s.scale, s.title]), scale ?? scales[0]?.scale);
    const value = whole(-1000, 1000);
    const bound = (): void => {
      const s = scales.find((x) => x.scale === which.value);
      value.min = String(s?.min ?? 0);
      value.max = String(s?.max ?? 0);
      value.placeholder = s ? `${s.min} – ${s.max}` : "";
    };
    which.addEventListener("change", bound);
    bound();
    put(body, field(t.scale, which), field(t.value, value));
    return () => ({ scale: which.value, score: Number(value.value) });
  });
}

export function markerDialog(bed: Bed): Promise<void> {
  return simple(bed, t.marker, "marker", (body) => {
    const tag = text(399);
    put(body, field(t.tag, tag, t.privateNote));
    return () => ({ tag: tag.value });
  });
}

export function noteDialog(bed: Bed): Promise<void> {
  return simple(bed, t.note, "note", (body) => {
    const note = text(399);
    put(body, field(t.text, note, t.privateNote));
    return () => ({ note: note.value });
  });
}

export function handOver(bed: Bed): Promise<void> {
  return simple(bed, t.handover, "handover", (body) => {
    const to = text(23);
    const list = h("datalist", { id: "people" }, ...(link.me?.people ?? []).map((p) => h("option", { value: p.id }, p.name)));
    to.setAttribute("list", "people");
    put(body, field(t.to, to), list);
    return () => ({ to: to.value });
  });
}

export function pauseDialog(bed: Bed): Promise<void> {
  return simple(bed, t.pauseAlarm, "alarm_pause", (body) => {
    const vital = select(["spo2", "pulse_rate", "nibp_sys", "nibp_dia", "nibp_mean"].map((v) => [v, t.vital(v)]));
    const reason = text(47);
    put(body, field(t.alarms, vital), field(t.reason, reason));
    return () => ({ vital: vital.value, reason: reason.value });
  });
}

export function readingDialog(bed: Bed): Promise<void> {
  return simple(bed, t.handReading, "reading", (body) => {
    const sys = whole(30, 300, false);
    const dia = whole(10, 250, false);
    const spo2 = whole(0, 100, false);
    const pulse = whole(10, 350, false);
    put(body, field(`${t.sys} (mmHg)`, sys), field(`${t.dia} (mmHg)`, dia), field(`${t.spo2Hand} (%)`, spo2), field(`${t.prHand} (/min)`, pulse));
    return () => {
      const members: Json = {};
      const take = (key: string, el: HTMLInputElement): void => {
        if (el.value !== "") {
          members[key] = Number(el.value);
        }
      };
      take("sys", sys);
      take("dia", dia);
      take("spo2", spo2);
      take("pulse_rate", pulse);
      return sys.value !== "" ? { ...members, unit: "mmHg" } : members;
    };
  });
}

/* --- limits --------------------------------------------------------------------------------- */

export async function limitsDialog(bed: Bed): Promise<void> {
  const limits = bed.limits;
  const choice = await ask<{ op: string; members: Json }>(t.limits, (d) => {
    const reason = text(47);
    const profile = select((bed.node.profiles ?? []).map((p) => [p, p]));
    const need = (op: string, members: Json): void => {
      if (reason.reportValidity()) {
        d.done({ op, members: { ...members, reason: reason.value } });
      }
    };
    const rows = (limits?.limits ?? []).map((l) => limitRow(l, limits?.formula ?? null, (value) => need("limit_set", { condition: l.condition, limit: value })));
    const formula = button(t.formula, () => need("limits_formula", {}), { disabled: !limits?.formula });
    put(d.body, field(t.reason, reason),
      h("table", { class: "limits-table" }, h("tbody", {}, ...rows)),
      h("div", { class: "row" }, field(t.profile, profile), button(t.apply, () => need("limits_profile", { profile: profile.value })), formula),
      limits?.formula ? null : h("p", {}, t.formulaNone));
  });
  if (choice !== null) {
    await run(command(bed.key, choice.op, choice.members));
  }
}

function limitRow(l: Limit, formula: Limit[] | null, change: (value: string) => void): HTMLElement {
  const input = h("input", { type: "text", inputmode: "decimal", pattern: "[0-9]{1,3}(\\.[0-9]{1,3})?", value: milli(l.limit_milli), "aria-label": `${t.newLimit}: ${t.condition(l.condition)}`, size: 5 });
  const would = formula?.find((f) => f.condition === l.condition);
  const press = button(t.change, () => {
    if (input.reportValidity()) {
      change(input.value);
    }
  }, { "aria-label": `${t.change}: ${t.condition(l.condition)}`, "data-limit": l.condition });
  return h("tr", {}, h("th", { scope: "row" }, t.condition(l.condition)), h("td", {}, l.side === "below" ? t.alarmBelow : t.alarmAbove),
    h("td", {}, input), h("td", {}, would ? `${t.formula}: ${milli(would.limit_milli)}` : ""), h("td", {}, press));
}

/** Facts that a person answers, each with yes and no. */
export function factRow(bed: Bed, fact: string, text_: string, answer: boolean | null, after: () => void): HTMLElement {
  const say = (yes: boolean) => async (): Promise<void> => {
    await run(command(bed.key, "fact", { fact, answer: yes ? "yes" : "no" }));
    after();
  };
  const row = h("li", { "data-fact": fact });
  fill(row, h("span", {}, text_), h("span", { class: "answer" }, t.answered(answer)),
    h("span", { class: "yes-no" },
      button(t.yes, () => void say(true)(), { "aria-label": `${text_}: ${t.yes}`, "aria-pressed": String(answer === true) }),
      button(t.no, () => void say(false)(), { "aria-label": `${text_}: ${t.no}`, "aria-pressed": String(answer === false) })));
  return row;
}
