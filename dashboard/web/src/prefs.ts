// What this screen remembers of itself.

export interface Prefs { theme: "dark" | "light"; dim: boolean; unit: "mmHg" | "kPa"; role: string }

const KEY = "vigil-screen";
const DEFAULTS: Prefs = { theme: "dark", dim: false, unit: "mmHg", role: "remote" };

function read(): Prefs {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Prefs>;
    return {
      theme: kept.theme === "light" ? "light" : "dark",
      dim: kept.dim === true,
      unit: kept.unit === "kPa" ? "kPa" : "mmHg",
      role: ["remote", "second", "room"].includes(kept.role ?? "") ? kept.role ?? "remote" : "remote",
    };
  } catch {
    return { ...DEFAULTS };
  }
}

export const prefs = read();

export function keep(): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(prefs));
  } catch {
    // A browser that keeps nothing shows the defaults next time.
  }
  dress();
}

export function dress(): void {
  document.documentElement.dataset["theme"] = prefs.theme;
  document.documentElement.dataset["dim"] = prefs.dim ? "yes" : "no";
}
