// Signing in; the click also allows sound.
import { link, sounder } from "./app";
import { field, h, say } from "./dom";
import { t } from "./strings";
import type { Me } from "./types";

export function signIn(done: (me: Me) => void, title: string): HTMLElement {
  const person = h("input", { type: "text", required: true, maxlength: 23, autocomplete: "username", autocapitalize: "none", spellcheck: "false" });
  const password = h("input", { type: "password", required: true, maxlength: 128, autocomplete: "current-password" });
  const shared = h("input", { type: "checkbox", class: "check" });
  const error = h("p", { class: "error", role: "alert" });
  const go = h("button", { type: "submit", class: "main" }, t.signIn);
  const form = h("form", { class: "sign-in" }, h("h1", {}, title), field(t.person, person), field(t.password, password), field(t.shared, shared), error, go, h("p", { class: "hint" }, t.notDevice));
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    sounder.allow();
    go.disabled = true;
    void link.post("/api/sign-in", { person: person.value, password: password.value, shared: shared.checked }, 15_000).then((reply) => {
      go.disabled = false;
      if (reply?.ok) {
        done(reply as unknown as Me);
      } else {
        say(error, reply?.text ?? t.offline);
        password.value = "";
        password.focus();
      }
    });
  });
  return h("main", { class: "centre" }, form);
}
