// What belongs to this screen alone.
import { link, sounder } from "./app";
import { button, field, h, put, select } from "./dom";
import { keep, prefs } from "./prefs";
import { t } from "./strings";
import type { View } from "./ward";

export function settings(): View {
  const theme = select([["dark", t.dark], ["light", t.light]], prefs.theme);
  const unit = select([["mmHg", t.mmHg], ["kPa", t.kPa]], prefs.unit);
  const role = select(["remote", "second", "room"].map((r) => [r, t.word(r)]), prefs.role);
  const dim = h("input", { type: "checkbox", class: "check" });
  dim.checked = prefs.dim;
  const kept = (): void => {
    prefs.theme = theme.value === "light" ? "light" : "dark";
    prefs.unit = unit.value === "kPa" ? "kPa" : "mmHg";
    prefs.role = role.value;
    prefs.dim = dim.checked;
    keep();
  };
  [theme, unit, role, dim].forEach((el) => el.addEventListener("change", kept));
  const tests = h("div", { class: "row" }, ...(["low", "medium", "high"] as const).map((p) => button(`${t.soundTest}: ${t.word(p)}`, () => sounder.test(p))));
  const el = h("main", { class: "settings" }, h("h1", {}, t.settings));
  put(el, field(t.theme, theme), field(t.dim, dim), field(t.units, unit), field(t.screenRole, role, t.screenRoleWhy), tests,
    h("h2", {}, t.about), h("p", {}, t.notDevice), h("p", {}, `${link.me?.name || link.me?.person || ""} · ${t.word(link.me?.role ?? "")}`));
  return { el, update: () => undefined };
}
