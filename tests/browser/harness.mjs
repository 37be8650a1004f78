// A real daemon, real simulators, the real gateway and a real browser, for the tests of the page.
import { spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
export const ROOT = dirname(dirname(here));
const require = createRequire(join(ROOT, "dashboard/web/package.json"));
export const { chromium } = require("playwright-core");
export const AXE = require.resolve("axe-core/axe.min.js");
export const BIN = join(process.argv[2] ?? "build/dev", "bin");
const CHROMIUM = "/usr/bin/chromium";

export function check(condition, what) {
  if (!condition) {
    throw new Error(what);
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Poll until it is true; failing is the test's failure. */
export async function until(what, test, ceiling = 20_000) {
  const end = performance.now() + ceiling;
  for (;;) {
    const value = await test();
    if (value) {
      return value;
    }
    check(performance.now() < end, `never happened: ${what}`);
    await sleep(25);
  }
}

export function freePort() {
  return new Promise((resolve) => {
    const s = createServer().listen(0, "127.0.0.1", () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });
}

/** Everything that leaves the page's audio graph passes a meter: window.heardPeak since reset. */
function meter() {
  const Real = window.AudioContext;
  window.heardPeak = 0;
  window.AudioContext = class extends Real {
    constructor() {
      super();
      this.meter = this.createAnalyser();
      this.meter.connect(super.destination);
      const block = new Float32Array(this.meter.fftSize);
      setInterval(() => {
        this.meter.getFloatTimeDomainData(block);
        window.heardPeak = Math.max(window.heardPeak, ...block.map(Math.abs));
      }, 20);
    }
    get destination() {
      return this.meter ?? super.destination;
    }
  };
}

/** One clinic of a test: daemons, devices, a gateway; everything ends with close(). */
export class Clinic {
  constructor() {
    this.dir = mkdtempSync("/tmp/vigil-page.");
    this.children = [];
    this.logs = {};
    this.nodes = [];
  }

  start(name, program, args, input) {
    const child = spawn(join(BIN, program), args, { stdio: ["pipe", "pipe", "pipe"] });
    this.logs[name] = "";
    child.stdout.on("data", (d) => (this.logs[name] += d));
    child.stderr.on("data", (d) => (this.logs[name] += d));
    child.ended = new Promise((resolve) => child.on("exit", (code, signal) => resolve({ code, signal })));
    child.name = name;
    this.children.push(child);
    child.stdin.on("error", () => undefined);
    if (program !== "vigil-sim") {
      child.stdin.end(input ?? "");
    }
    return child;
  }

  /** A word of `vigil-sim --help` for a running device: "spo2 30 80". */
  fault(device, words) {
    device.stdin.write(words + "\n");
  }

  async said(name, words) {
    await until(`${name} says "${words}": ${this.logs[name]}`, () => this.logs[name].includes(words));
  }

  async run(program, args, input) {
    const name = `${program} ${args.join(" ")}`;
    const child = this.start(name, program, args, input);
    const { code } = await child.ended;
    check(code === 0, `${name} ended with ${code}: ${this.logs[name]}`);
    return this.logs[name];
  }

  /** A daemon with beds: [{id, name, oximeter: [args], cuff: [args]}]. */
  async daemon(id, beds, extra = "") {
    const dir = join(this.dir, id);
    mkdirSync(join(dir, "state"), { recursive: true });
    const devices = [];
    for (const bed of beds) {
      for (const kind of ["oximeter", "cuff"]) {
        if (bed[kind] === undefined) {
          continue;
        }
        const pty = join(dir, `${kind}-${bed.id}`);
        bed[`${kind}Process`] = this.start(`${id}-${kind}-${bed.id}`, "vigil-sim", [kind, "--pty", pty, ...bed[kind]]);
        await this.said(`${id}-${kind}-${bed.id}`, "ready");
        devices.push(`  - { id: ${kind}-${bed.id}, bed: ${bed.id}, model: ${kind === "cuff" ? "SunTech Advantage A+" : "Nonin Xpod 3012"}, link: "tty:${pty}", test: yes }`);
      }
    }
    const names = ["im", "iv-40", "esk-56", "sl"].map((p) => `  - name: ${p}`).join("\n");
    writeFileSync(join(dir, "vigil.yaml"), `version: 1
node: ${id}
require_clock_sync: no
state_dir: ${dir}/state
endpoints: { stream: "ipc://${dir}/stream.sock", view: "ipc://${dir}/view.sock", operate: "ipc://${dir}/operate.sock" }
beds:
${beds.map((b) => `  - { id: ${b.id}, name: ${b.name} }`).join("\n")}
devices:
${devices.join("\n")}
profiles:
  - name: cautious
protocols:
${names}
${extra}`);
    const { symlinkSync } = await import("node:fs");
    symlinkSync(join(ROOT, "config/limits"), join(dir, "limits"));
    symlinkSync(join(ROOT, "config/protocols"), join(dir, "protocols"));
    this.nodes.push({ id, dir });
    await this.daemonAgain(id);
    return dir;
  }

  async daemonAgain(id) {
    const dir = join(this.dir, id);
    this[id] = this.start(id, "vigild", ["--config", join(dir, "vigil.yaml")]);
    const { existsSync } = await import("node:fs");
    await until("operate socket", () => existsSync(join(dir, "operate.sock")));
  }

  async gateway(options = {}) {
    this.port ??= await freePort();
    const dir = join(this.dir, "page");
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.config = join(dir, "dashboard.yaml");
    writeFileSync(this.config, `version: 1
title: Test clinic
port: ${this.port}
state_dir: ${dir}
tones: ${ROOT}/config/tones/${options.tones ?? "iec-60601-1-8"}.yaml
nodes:
${this.nodes.map((n) => `  - id: ${n.id}
    stream: ipc://${n.dir}/stream.sock
    view: ipc://${n.dir}/view.sock
    operate: ipc://${n.dir}/operate.sock
${options.sink ? `    sink: ${options.sink}` : ""}`).join("\n")}
`);
    for (const [person, role] of Object.entries(options.people ?? { anna: "nurse", carl: "clinician", vera: "viewer" })) {
      await this.run("vigil-dashboard", ["--config", this.config, "user", "add", person, "--role", role, "--name", person.toUpperCase()], "correct horse\n2468\n");
    }
    await this.gatewayAgain();
    return `http://127.0.0.1:${this.port}`;
  }

  async gatewayAgain() {
    this.page = this.start("page", "vigil-dashboard", ["--config", this.config]);
    await this.said("page", "http://");
    this.url = `http://127.0.0.1:${this.port}`;
  }

  /** vigilctl for one node. */
  ctl(id, ...args) {
    return new Promise((resolve, reject) => {
      const child = spawn(join(BIN, "vigilctl"), args, { env: { ...process.env, VIGIL_SOCKET_DIR: join(this.dir, id), VIGIL_OPERATOR: "test" } });
      let out = "";
      child.stdout.on("data", (d) => (out += d));
      child.stderr.on("data", (d) => (out += d));
      child.on("exit", (code) => (code === 0 ? resolve(out) : reject(new Error(`vigilctl ${args.join(" ")}: ${out}`))));
    });
  }

  /** The rows of the alarm log of one kind, asked for as any browser would. */
  async rows(id, kind) {
    if (this.session === undefined) {
      const reply = await fetch(`${this.url}/api/sign-in`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ person: "carl", password: "correct horse" }) });
      this.session = { Cookie: reply.headers.get("set-cookie").split(";")[0], "X-Vigil-Token": (await reply.json()).token, "Content-Type": "application/json" };
    }
    const out = [];
    for (let from = 1; from !== null;) {
      const reply = await fetch(`${this.url}/api/node/${id}`, { method: "POST", headers: this.session, body: JSON.stringify({ op: "history", from_seq: from, limit: 500 }) });
      const page = await reply.json();
      check(page.ok, JSON.stringify(page));
      out.push(...page.rows.filter((r) => r.kind === kind));
      from = page.next;
    }
    return out;
  }

  async browser(options = {}) {
    this.chromium = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        ...(options.mute ? [] : ["--autoplay-policy=no-user-gesture-required"])],
    });
    return this.chromium;
  }

  async open(options = {}) {
    const context = await this.chromium.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    await page.addInitScript(meter);
    page.problems = [];
    page.on("pageerror", (e) => page.problems.push(String(e)));
    page.on("console", (m) => m.type() === "error" && !/Failed to load resource|net::ERR/.test(m.text()) && page.problems.push(m.text()));
    await page.goto(this.url);
    return page;
  }

  async signIn(page, person = "anna", options = {}) {
    await page.getByLabel("Name (account)").fill(person);
    await page.getByLabel("Password").fill("correct horse");
    if (options.shared) {
      await page.getByLabel(/Shared screen/).check();
    }
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForSelector("nav");
  }

  async close() {
    await this.chromium?.close();
    for (const child of this.children.reverse()) {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      await Promise.race([child.ended, sleep(3000).then(() => child.kill("SIGKILL"))]);
    }
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Run the tests named on the command line, or all; each makes and closes what it needs. */
export async function main(tests) {
  const wanted = process.argv.slice(3);
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    if (wanted.length > 0 && !wanted.includes(name)) {
      continue;
    }
    const clinic = new Clinic();
    const begin = performance.now();
    try {
      const figures = await test(clinic);
      console.log(`${name}: ok (${((performance.now() - begin) / 1000).toFixed(1)} s)${figures ? `; ${figures}` : ""}`);
    } catch (e) {
      failed++;
      console.log(`${name}: FAILED: ${e.stack}`);
      for (const [who, log] of Object.entries(clinic.logs)) {
        if (!who.includes("user add")) {
          console.log(`--- ${who}\n${log.slice(-1500)}`);
        }
      }
    } finally {
      await clinic.close();
    }
  }
  process.exit(failed === 0 ? 0 : 1);
}
