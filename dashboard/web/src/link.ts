// The line to the gateway: events in, requests out, and the decision that the line is dead.
//
// An open connection proves nothing: a stopped server keeps it open for ever. What proves life is
// the alarm state of each bed (model.ts); here a dead line is only dialled again.
import type { Json, Me, Reply } from "./types";
import type { Model } from "./model";

const DIAL_AGAIN_MS = 1000;
const SILENT_MS = 4000;
/** Clocks that went on by so much more than the other: this machine slept, or a clock was set. */
const ASLEEP_MS = 2500;

export const screenId = crypto.randomUUID();

export class Link {
  me: Me | null = null;
  /** thrown: somebody was signed in here, and is no more without having wanted it. */
  signedOut: (thrown: boolean) => void = () => undefined;
  event: () => void = () => undefined;
  woke: () => void = () => undefined;
  private source: EventSource | null = null;
  private last = 0;
  private dialled = 0;
  private lastTick = 0;
  private lastWall = 0;

  constructor(private readonly model: Model) {
    // The browser says that its network went: what is connected may hang for long, so dial at once.
    window.addEventListener("offline", () => {
      if (this.me !== null) {
        this.open();
      }
    });
  }

  open(asleep = false): void {
    this.source?.close();
    this.model.forget(asleep);
    this.dialled = this.last = performance.now();
    const source = new EventSource(`/api/stream?screen=${screenId}`);
    this.source = source;
    const on = (name: string, take: (data: Json, now: number) => void): void =>
      source.addEventListener(name, (e) => {
        // First: did this machine sleep? Then what comes here is of before. Events keep this clock
        // going, too, where a browser gives a page in the background its timers once a minute.
        this.tick();
        if (this.source !== source) {
          return;
        }
        this.last = performance.now();
        take(JSON.parse((e as MessageEvent<string>).data) as Json, this.last);
        this.event();
      });
    on("frame", (d, now) => this.model.frame(String(d["node"]), String(d["topic"]), d["body"] as Json, now));
    on("snapshot", (d, now) => this.model.snapshot(String(d["node"]), d["body"] as Json, now));
    on("plan", (d, now) => this.model.plan(String(d["node"]), d["body"] as Json, now));
    on("limits", (d) => this.model.limits(String(d["node"]), d["body"] as Json));
    on("alive", () => undefined);
    source.addEventListener("error", () => {
      source.close();
      if (this.source === source) {
        this.source = null;
        void this.whoAmI(); // a refused stream may mean that nobody is signed in any more
      }
    });
  }

  close(): void {
    this.source?.close();
    this.source = null;
  }

  /** Called several times a second. */
  tick(): void {
    const now = performance.now();
    const wall = Date.now();
    const slept = Math.max(now - this.lastTick, wall - this.lastWall);
    const apart = Math.abs(now - this.lastTick - (wall - this.lastWall));
    const first = this.lastTick === 0;
    this.lastTick = now;
    this.lastWall = wall;
    if (this.me === null || first) {
      return;
    }
    if (slept > 10_000 || apart > ASLEEP_MS) {
      // What waits in the connection may be as old as the sleep was long.
      this.woke();
      this.open(true);
    } else if (now - this.dialled > DIAL_AGAIN_MS && (this.source === null || now - this.last > SILENT_MS)) {
      this.open();
    }
  }

  async whoAmI(): Promise<Me | null> {
    try {
      const reply = await fetch("/api/me", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      if (reply.status === 401) {
        this.gone();
        return null;
      }
      this.me = (await reply.json()) as Me;
      return this.me;
    } catch {
      return this.me;
    }
  }

  private gone(): void {
    const thrown = this.me !== null;
    this.me = null;
    this.close();
    this.signedOut(thrown);
  }

  /** One POST. null: no answer, and whether it was done is not known. */
  async post(path: string, body: Json, timeout = 6000): Promise<Reply | null> {
    try {
      const reply = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Vigil-Token": this.me?.token ?? "" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeout),
      });
      if (reply.status === 401 && path !== "/api/sign-in") {
        this.gone();
      }
      const answer = (await reply.json()) as Reply;
      return answer.error === "no_answer" ? null : answer;
    } catch {
      return null;
    }
  }

  ask(node: string, body: Json): Promise<Reply | null> {
    return this.post(`/api/node/${node}`, body);
  }
}
