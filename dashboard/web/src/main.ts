// The page: which view is shown, the clock of everything, and what lies above all views.
import { link, model, sounder } from "./app";
import { bedView } from "./bed";
import { opened } from "./dialog";
import { button, fill, flag, h, say } from "./dom";
import { span } from "./format";
import { Node, type Bed } from "./model";
import { dress, prefs } from "./prefs";
import { settings } from "./settings";
import { signIn } from "./signin";
import { topVoice } from "./sound";
import { t } from "./strings";
import { screenId } from "./link";
import type { Me } from "./types";
import { ward, type View } from "./ward";

const TICK_MS = 500;
const REPORT_MS = 1000;

const app = document.getElementById("app") as HTMLElement;
const shell = h("div", { class: "shell" });
const silent = button(t.silentBar, () => sounder.allow(), { class: "silent-bar" });
const notice = h("p", { class: "notice", role: "status" });
const lostWhy = h("p", {});
const lost = h("div", { class: "link-lost", popover: "manual", role: "alertdialog", "aria-label": t.linkLost }, h("strong", {}, t.linkLost), h("p", {}, t.linkLostWhy), lostWhy);
let view: View | null = null;
let nav: HTMLElement | null = null;
let reported = 0;
let urgent = false;
/** A screen that watched and was signed out sounds until somebody comes to it. */
let thrownOut = false;

/* --- views ---------------------------------------------------------------------------------- */

function show(): void {
  view?.leave?.();
  const path = location.hash.replace(/^#\/?/, "");
  view = link.me === null ? null : path.startsWith("bed/") ? bedView(decodeURIComponent(path.slice(4))) : path === "settings" ? settings() : ward();
  if (view === null || link.me === null) {
    fill(shell, signIn(begin, "Vigil"));
    return;
  }
  nav = h("nav", { "aria-label": link.me.title }, h("a", { href: "#/" }, link.me.title), h("a", { href: "#/settings" }, t.settings),
    h("span", { class: "me" }, link.me.shared ? t.shared.split(":")[0] ?? "" : link.me.name || link.me.person), button(t.signOut, () => void signOut(), { class: "quiet" }));
  fill(shell, nav, view.el);
  reported = 0;
  tick();
}

async function signOut(): Promise<void> {
  await link.post("/api/sign-out", {});
  link.me = null;
  link.close();
  show();
}

function begin(me: Me): void {
  link.me = me;
  model.nodes = me.nodes.map((n) => new Node(n.id));
  document.title = me.title;
  say(notice, "");
  void sounder.load();
  link.open();
  show();
}

link.signedOut = (thrown) => {
  thrownOut = thrown;
  show();
  say(notice, thrown ? t.signedOut : "");
};
link.woke = () => say(notice, t.wakeUp);

/* --- what lies above ------------------------------------------------------------------------ */

/** Is everything that this view shows without a living alarm state? */
function isLost(now: number): boolean {
  if (link.me === null) {
    return false;
  }
  const bed = view?.bedKey !== undefined ? model.find(view.bedKey) : undefined;
  return bed !== undefined ? bed.isLost(now) : model.nodes.every((n) => n.isLost(now));
}

function lastWord(now: number): string {
  const bed = view?.bedKey !== undefined ? model.find(view.bedKey) : undefined;
  const heard = bed?.heard ?? Math.max(...model.nodes.map((n) => n.heard));
  return t.lastWord(span((now - heard) / 1000)) + (navigator.onLine ? "" : `. ${t.offline}`);
}

function raise(): void {
  if (lost.matches(":popover-open")) {
    lost.hidePopover();
    lost.showPopover();
  }
}
opened.call = raise;

function cover(now: number): void {
  const is = isLost(now);
  flag(document.body, "data-link", is ? "lost" : "live");
  if (is !== lost.matches(":popover-open")) {
    if (is) {
      lost.showPopover();
    } else {
      lost.hidePopover();
      if (link.me !== null) {
        say(notice, "");
      }
    }
  }
  if (is) {
    say(lostWhy, lastWord(now));
  }
}

/* --- sound and reports ---------------------------------------------------------------------- */

function sound(now: number): void {
  sounder.want(link.me !== null ? topVoice(model, prefs.role, now) : thrownOut ? { kind: "link", node: "", bed: "", instance: 0, telling: 0, priority: "high", category: "equipment" } : null);
  const heard = sounder.heard;
  flag(document.body, "data-voice", sounder.voice === null ? null : `${sounder.voice.kind}:${sounder.voice.priority}:${sounder.voice.category}`);
  flag(document.body, "data-heard", heard === null ? null : `${heard.kind}:${heard.priority}:${heard.category}`);
  const mute = link.me !== null && !sounder.canSound;
  if (silent.hidden === mute) {
    silent.hidden = !mute;
  }
}

function report(now: number): void {
  if (link.me === null || (now - reported < REPORT_MS && !urgent)) {
    return;
  }
  reported = now;
  urgent = false;
  const v = sounder.heard;
  const [node = "", bed = ""] = view?.bedKey?.split("/") ?? [];
  void link.post("/api/screen", {
    screen: screenId,
    role: prefs.role,
    can_sound: sounder.canSound,
    wave: bed !== "" ? { node, bed } : null,
    heard: v !== null && v.kind === "alarm" ? [{ node: v.node, bed: v.bed, instance: v.instance, telling: v.telling }] : [],
  }, 3000);
}

sounder.begun = () => (urgent = true);

/* --- the clock of everything ---------------------------------------------------------------- */

/** The screen is made anew at most so often: an eye does not see more, and sixteen rooms on an old
 * computer cost. An alarm does not wait. */
const PAINT_MS = 10;
const dirty = new Set<Bed>();
let painting = 0;
let painted = 0;

function paint(): void {
  painting = 0;
  const now = performance.now();
  painted = now;
  cover(now);
  view?.update(now, dirty);
  dirty.clear();
}

function all(now: number): void {
  window.clearTimeout(painting);
  painting = 0;
  painted = now;
  dirty.clear();
  cover(now);
  view?.update(now, null);
}

function tick(): void {
  const now = performance.now();
  link.tick();
  sound(now);
  report(now);
  all(now);
}

model.changed = (bed, urgent) => {
  if (bed === null || urgent) {
    all(performance.now());
    return;
  }
  dirty.add(bed);
  if (painting === 0) {
    painting = window.setTimeout(paint, Math.max(0, painted + PAINT_MS - performance.now()));
  }
};
// Events also drive the sound: a page in the background gets its timers late, its events in time.
let sounded = 0;
link.event = () => {
  const now = performance.now();
  if (now - sounded > 40) {
    sounded = now;
    sound(now);
    report(now);
  }
};

/* --- begin ---------------------------------------------------------------------------------- */

async function oneOfThree(): Promise<boolean> {
  // A browser has six connections to one host, and each page keeps one: a page too many could show
  // everything and send nothing.
  if (!("locks" in navigator)) {
    return true;
  }
  for (let i = 0; i < 3; i++) {
    const got = await new Promise<boolean>((resolve) => {
      void navigator.locks.request(`vigil-tab-${i}`, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock === null ? undefined : new Promise<void>(() => undefined);
      });
    });
    if (got) {
      return true;
    }
  }
  return false;
}

async function main(): Promise<void> {
  dress();
  silent.hidden = true;
  fill(app, silent, notice, shell, lost);
  if (!(await oneOfThree())) {
    fill(shell, h("main", { class: "centre" }, h("h1", {}, "Vigil"), h("p", { role: "alert" }, t.tooManyTabs)));
    return;
  }
  for (const touch of ["pointerdown", "keydown"]) {
    document.addEventListener(touch, () => {
      thrownOut = false;
      if (link.me !== null) {
        sounder.allow();
      }
    });
  }
  window.addEventListener("hashchange", show);
  document.addEventListener("visibilitychange", tick);
  const me = await link.whoAmI();
  if (me === null) {
    show();
  } else {
    begin(me);
  }
  setInterval(tick, TICK_MS);
}

void main();
