// One room: what is measured, what alarms, what is due, and everything a person can do there.
import { command, may, model, run } from "./app";
import { alarmRow, inhibitions } from "./alarms";
import { handOver, limitsDialog, markerDialog, noteDialog, pauseDialog, readingDialog, scoreDialog } from "./care";
import { button, flag, h, redo, say } from "./dom";
import { correctDose, recordDose } from "./dose";
import { amount, clock, doseText } from "./format";
import type { Bed } from "./model";
import { devicesLine, isMonitored, Numeric, Pressure } from "./numbers";
import { closeSession, openSession, prepareSession } from "./session";
import { t } from "./strings";
import { Pleth, TrendPlot } from "./trend";
import type { Mark } from "./types";
import { nextDue, sinceDose, stateOf, type View } from "./ward";

function actions(bed: Bed): HTMLElement[] {
  const open = bed.session !== null;
  const cuff = bed.cuffs[0];
  const busy = cuff?.determination !== undefined && !["idle", "cooldown", "result"].includes(cuff.determination);
  const paused = (bed.alarms?.inhibited ?? []).some((i) => i.scope === "audio");
  const off = (bed.alarms?.inhibited ?? []).filter((i) => i.scope !== "audio");
  const does = (op: string, members = {}) => (): void => void run(command(bed.key, op, members));
  const list: (HTMLElement | false)[] = [
    button(paused ? t.audioResume : t.audioPause, does("audio_pause")),
    cuff !== undefined && (busy ? button(t.cuffAbort, does("nibp_abort", { device: cuff.dev }), { class: "danger", "data-do": "nibp_abort" })
      : button(t.cuffStart, does("nibp_start", { device: cuff.dev }), { "data-do": "nibp_start" })),
    open && bed.session?.kind === "dosing" && button(t.dose, () => void recordDose(bed), { class: "main", "data-do": "dose" }),
    open && button(t.score, () => void scoreDialog(bed), { "data-do": "score" }),
    open && button(t.marker, () => void markerDialog(bed)),
    open && button(t.note, () => void noteDialog(bed)),
    open && button(t.handReading, () => void readingDialog(bed)),
    open && button(t.limits, () => void limitsDialog(bed), { "data-do": "limits" }),
    button(t.pauseAlarm, () => void pauseDialog(bed)),
    ...off.map((i) => button(`${t.word(i.state)}: ${t.vital(i.scope)}. ${t.close}`, does("alarm_on", { vital: i.scope }))),
    bed.alarms?.quiet ? button(t.quietOff, does("quiet_off")) : open && button(t.quietOn, does("quiet_on")),
    button(t.soundTestAll, does("test_alarm", { priority: "low" })),
    open && button(t.handover, () => void handOver(bed)),
    open && button(t.prepare, () => void prepareSession(bed), { "data-do": "prepare" }),
    open ? button(t.closeSession, () => void closeSession(bed), { "data-do": "close" }) : button(t.openSession, () => void openSession(bed), { class: "main", "data-do": "open" }),
  ];
  return list.filter((x): x is HTMLElement => x !== false);
}

function markRow(bed: Bed, m: Mark): HTMLElement {
  const what = m.due === "nibp" ? t.bp : (m.scales ?? [t.score]).join(", ");
  const row = h("li", { "data-mark": m.state }, h("span", {}, `${clock(m.due_at)} ${what}`), h("span", {}, t.word(m.state)));
  const missing = m.missing?.[0];
  if (m.due === "score" && missing !== undefined && ["announced", "due", "late", "missed"].includes(m.state) && may("nurse")) {
    row.append(button(t.score, () => void scoreDialog(bed, missing)));
  }
  return row;
}

function marks(bed: Bed): HTMLElement[] {
  const all = bed.plan?.marks ?? [];
  const open = all.filter((m) => ["announced", "due", "late", "missed"].includes(m.state));
  const later = all.filter((m) => m.state === "waiting").slice(0, 4);
  return [...open, ...later].map((m) => markRow(bed, m));
}

function doses(bed: Bed): HTMLElement[] {
  return (bed.plan?.doses ?? []).map((d) => {
    const row = h("li", { "data-void": d.void }, h("span", {}, `${clock(d.given_at)} ${doseText(d)}`));
    if (d.void) {
      row.append(h("span", {}, t.voided));
    } else if (may("nurse")) {
      row.append(button(t.doAmend, () => void correctDose(bed, d, "dose_amend"), { class: "quiet" }),
        button(t.doVoid, () => void correctDose(bed, d, "dose_void"), { class: "quiet" }));
    }
    return row;
  });
}

export function bedView(key: string): View {
  const bed = model.find(key);
  if (bed === undefined) {
    return { el: h("main", {}, h("h1", {}, key), h("p", {}, t.linkLostNever(key))), update: () => undefined, bedKey: key };
  }
  const spo2 = new Numeric(t.spo2, t.pct, "spo2");
  const pulse = new Numeric(t.pulse, t.perMin, "pulse_rate");
  const bp = new Pressure();
  const perf = new Numeric(t.perf, "0.01 %", "perfusion_index", true);
  const title = h("h1", {});
  const who = h("p", { class: "who" });
  const inhibited = h("p", { class: "inhibited" });
  const devices = h("p", { class: "devices" });
  const alarms = h("ul", { class: "alarms", "aria-label": t.alarms });
  const acts = h("div", { class: "actions", role: "group", "aria-label": t.actions });
  const due = h("p", { class: "due" });
  const dueList = h("ul", { class: "marks" });
  const doseList = h("ul", { class: "doses" });
  const totals = h("p", { class: "totals" });
  const pleth = new Pleth();
  const trend = new TrendPlot(bed);
  const live = h("div", { class: "bed-live" },
    inhibited, alarms,
    h("section", { class: "numbers big", "aria-label": t.spo2 }, spo2.el, pulse.el, bp.el, perf.el),
    devices, pleth.el);
  const rest = h("div", { class: "bed-rest" }, acts,
    h("section", {}, h("h2", {}, t.due), due, dueList),
    h("section", {}, h("h2", {}, t.corrections), doseList, totals),
    h("section", { class: "wide" }, h("h2", {}, t.trends), trend.el));
  const test = h("span", { class: "test-mark", "aria-hidden": "true" });
  const el = h("main", { class: "bed", "data-bed": key }, h("header", {}, title, who), test, live, rest);
  let drawn = 0;
  return {
    el,
    bedKey: key,
    leave: () => trend.leave(),
    update: (now, dirty) => {
      if (dirty !== null && !dirty.has(bed)) {
        return;
      }
      const lost = bed.isLost(now);
      flag(el, "data-state", stateOf(bed, now));
      flag(el, "data-test", bed.isTest);
      say(title, bed.name);
      if (lost) {
        live.remove();
        rest.remove();
        say(who, "");
        return;
      }
      el.append(live, rest);
      const s = bed.session;
      say(who, [s ? s.patient_ref : t.noSession, s && bed.plan?.protocol_title, bed.plan?.phase && t.phase(bed.plan.phase), bed.plan?.responsible && t.responsible(bed.plan.responsible), bed.isTest && t.test].filter((x) => x).join(" · "));
      [spo2, pulse, perf].forEach((n) => n.update(bed, now));
      bp.update(bed, now);
      devicesLine(bed, devices);
      redo(inhibited, inhibitions(bed, now).join("|"), () => inhibitions(bed, now).map((x) => h("span", { class: "chip warn" }, x)));
      const list = bed.alarms?.instances ?? [];
      const more = (bed.alarms?.open ?? 0) - list.length;
      redo(alarms, JSON.stringify(list.map((i) => [i.instance, i.state, i.priority, i.ack, i.held, i.value_milli, bed.why.get(i.instance)])) + isMonitored(bed) + more + (bed.alarms === null), () => [
        ...list.map((i) => alarmRow(i, bed)),
        more > 0 ? h("li", {}, t.more(more)) : null,
        list.length === 0 ? h("li", { class: "calm-row", "data-unwatched": !isMonitored(bed) }, bed.alarms === null ? t.reading : isMonitored(bed) ? t.noAlarms : `${t.notMonitored}: ${t.notMonitoredWhy}`) : null]);
      const can = may("nurse");
      redo(acts, JSON.stringify([can, bed.session, bed.cuffs.map((d) => [d.dev, d.determination]), (bed.alarms?.inhibited ?? []).map((i) => [i.scope, i.state]), bed.alarms?.quiet !== null]), () => (can ? actions(bed) : []));
      const next = nextDue(bed, now);
      say(due, s === null ? t.noSession : bed.plan?.protocol ? `${sinceDose(bed, now)} · ${next.text}` : `${sinceDose(bed, now)} · ${t.noPlan}`);
      redo(dueList, JSON.stringify(bed.plan?.marks ?? []), () => marks(bed));
      redo(doseList, JSON.stringify([bed.plan?.doses ?? [], can]), () => doses(bed));
      say(totals, (bed.plan?.totals ?? []).map((x) => `${t.totals}: ${x.drug} ${amount(x.given_ug)}${x.rate_ug_h > 0 ? `, ${amount(x.rate_ug_h)}/h` : ""}`).join(" · "));
      if (now - drawn > 1000) {
        drawn = now;
        trend.update();
      }
      pleth.draw(bed);
    },
  };
}

