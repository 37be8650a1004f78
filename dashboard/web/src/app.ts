// What the parts of the page share: one model, one line, one voice, and the way to do a thing.
import { ask, type DialogHandle } from "./dialog";
import { button, field, fill, h, put, select } from "./dom";
import { Link } from "./link";
import { Model } from "./model";
import { Sounder } from "./sound";
import { t } from "./strings";
import type { Json, Reply } from "./types";

export const model = new Model();
export const link = new Link(model);
export const sounder = new Sounder();

const PIN_OPS = new Set(["dose", "dose_amend", "dose_void", "limit_set", "limits_profile", "limits_formula", "override", "alarm_off"]);
const RANKS = ["viewer", "nurse", "clinician", "admin"];

export function may(role: string): boolean {
  return link.me !== null && (link.me.shared || RANKS.indexOf(link.me.role) >= RANKS.indexOf(role));
}

/** Something that is to be done once: the same id however often it is sent. */
export interface Command { node: string; op: string; bed: string; members: Json; requestId: string; signed: Json }

export function command(key: string, op: string, members: Json = {}): Command {
  const [node = "", bed = ""] = key.split("/");
  return { node, op, bed, members, requestId: crypto.randomUUID(), signed: {} };
}

export function send(c: Command): Promise<Reply | null> {
  return link.ask(c.node, { op: c.op, bed: c.bed, request_id: c.requestId, ...c.members, ...c.signed });
}

/** Ask who signs. null: they do not. */
export function askPin(wrong: string | null): Promise<Json | null> {
  const me = link.me;
  const who = select([["", t.choose], ...(me?.people ?? []).filter((p) => p.pin).map((p): [string, string] => [p.id, p.name || p.id])]);
  const pin = h("input", { type: "password", inputmode: "numeric", autocomplete: "off", required: true, maxlength: 12 });
  return ask<Json>(t.pin, (d: DialogHandle<Json>) => {
    if (me?.shared) {
      put(d.body, field(t.who, who));
    }
    put(d.body, field(t.pin, pin), h("p", { class: "error", role: "alert" }, wrong ?? ""));
    d.submit(t.ok, () => (me?.shared ? { who: who.value, pin: pin.value } : { pin: pin.value }));
    (me?.shared ? who : pin).focus();
  });
}

/**
 * Do it: sign where that is needed, send, and send again when no answer comes.
 * null: it was not done, or given up with its state unknown (which was said).
 */
export async function perform(c: Command, asking: (r: Reply) => Promise<string | null> = askBack): Promise<Reply | null> {
  let wrong: string | null = null;
  let needPin = PIN_OPS.has(c.op) || link.me?.shared === true;
  for (;;) {
    if (needPin && c.signed["pin"] === undefined) {
      const signed = await askPin(wrong);
      if (signed === null) {
        return null;
      }
      c.signed = { ...c.signed, ...signed };
    }
    const reply = await sendUntilKnown(c);
    if (reply === null) {
      return null;
    }
    if (reply.error === "pin_needed" || reply.error === "pin") {
      wrong = reply.error === "pin" ? reply.text ?? "" : null;
      needPin = true;
      delete c.signed["pin"];
    } else if (reply.error === "confirm") {
      const confirm = await asking(reply);
      if (confirm === null) {
        return null;
      }
      c.members = { ...c.members, confirm };
    } else {
      return reply;
    }
  }
}

async function sendUntilKnown(c: Command): Promise<Reply | null> {
  let reply = await send(c);
  for (let i = 0; reply === null && i < 2; i++) {
    reply = await send(c);
  }
  return reply ?? stillPending(c);
}

/** The state of the command is not known: say so until it is, or a person goes on knowing that. */
function stillPending(c: Command): Promise<Reply | null> {
  return ask<Reply>(t.failed, (d) => {
    const text = h("p", { class: "pending", role: "alert" }, t.pendingStill);
    const again = button(t.retry, () => {
      text.textContent = t.pending;
      again.disabled = true;
      void send(c).then((r) => {
        again.disabled = false;
        text.textContent = t.pendingStill;
        if (r !== null) {
          d.done(r);
        }
      });
    });
    fill(d.body, text, again);
  });
}

function askBack(r: Reply): Promise<string | null> {
  return ask<string>(t.confirmTitle, (d) => {
    put(d.body, h("p", {}, t.confirmAsk(r.confirm ?? "")), h("p", {}, r.text ?? ""));
    d.submit(t.meant, () => r.confirm ?? "");
  });
}

/** Do it and say how it ended; true when it was done. */
export async function run(c: Command): Promise<boolean> {
  const reply = await perform(c);
  if (reply === null) {
    return false;
  }
  if (!reply.ok) {
    await tell(t.failed, reply.text ?? reply.error ?? "");
  } else if (reply.recorded === false) {
    await tell(t.send, t.receiptUnsaved(reply.receipt ?? 0));
  }
  return reply.ok;
}

export async function tell(title: string, text: string): Promise<void> {
  await ask<boolean>(title, (d) => {
    put(d.body, h("p", { role: "alert" }, text));
    d.submit(t.ok, () => true);
  });
}
