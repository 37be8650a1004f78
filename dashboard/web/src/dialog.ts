// Questions in a dialog of the browser's own: it keeps the focus, and Escape leaves it.
import { button, fill, h, put } from "./dom";
import { t } from "./strings";

export interface DialogHandle<T> {
  body: HTMLElement;
  foot: HTMLElement;
  done: (value: T | null) => void;
  /** The button that answers; null from value(): not yet. */
  submit: (text: string, value: () => T | null) => HTMLButtonElement;
  title: (text: string) => void;
}

/** Called when a dialog opens: what must lie above everything has to be raised again. */
export const opened: { call: () => void } = { call: () => undefined };

export function ask<T>(title: string, build: (d: DialogHandle<T>) => void): Promise<T | null> {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const head = h("h2", { id: `d${Math.random().toString(36).slice(2)}` }, title);
    const body = h("div", { class: "dialog-body" });
    const foot = h("div", { class: "dialog-foot" });
    const form = h("form", { method: "dialog" }, head, body, foot);
    const dialog = h("dialog", { "aria-labelledby": head.id }, form);
    let answer: () => T | null = () => null;
    const finish = (value: T | null): void => {
      dialog.close();
      dialog.remove();
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus();
      }
      resolve(value);
    };
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      const value = answer();
      if (value !== null) {
        finish(value);
      }
    });
    dialog.addEventListener("cancel", (e) => {
      e.preventDefault();
      finish(null);
    });
    fill(foot, button(t.cancel, () => finish(null), { class: "quiet" }));
    document.body.append(dialog);
    build({
      body,
      foot,
      done: finish,
      title: (text) => (head.textContent = text),
      submit: (text, value) => {
        foot.querySelector("[type=submit]")?.remove();
        const b = h("button", { type: "submit", class: "main" }, text);
        put(foot, b);
        answer = value;
        return b;
      },
    });
    dialog.showModal();
    opened.call();
    body.querySelector<HTMLElement>("input, select, textarea")?.focus();
  });
}
