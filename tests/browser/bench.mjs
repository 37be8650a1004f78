// Figures of the page: from a frame on the stream to the changed pixel, and what the gateway costs.
// Called by ./dev bench page. 16 beds, 20 browser contexts; prints JSON lines.
import { readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { check, main, sleep, until } from "./harness.mjs";

const BEDS = 16;
const PAGES = Number(process.env.VIGIL_BENCH_PAGES ?? 20);
const SECONDS = 20;

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];

function usage(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return { ticks: Number(stat[11]) + Number(stat[12]), rss: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024, peak: Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024 };
}

/** In the page: from the moment a sample was taken to the moment its number is on the screen. The
 * daemon's wall clock is that of this machine. Only numbers that changed can be seen to change. */
function watchPaint() {
  window.delays = [];
  window.received = [];
  const waiting = new Map();
  const now = () => performance.timeOrigin + performance.now();
  const Source = window.EventSource;
  window.EventSource = class extends Source {
    constructor(...args) {
      super(...args);
      this.addEventListener("frame", (e) => {
        const { node, topic, body } = JSON.parse(e.data);
        if (/\.vital\.(spo2|pulse_rate)$/.test(topic) && body.value !== null && !body.snapshot) {
          waiting.set(`${node}/${body.bed}|${body.vital}`, body);
          window.received.push(now() - body.utc_ms);
        }
      });
    }
  };
  const changed = (records) => {
    for (const { target } of records) {
      const el = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
      const vital = el?.closest?.(".numeric")?.dataset.vital;
      const bed = el?.closest?.(".tile")?.dataset.bed;
      const body = waiting.get(`${bed}|${vital}`);
      if (body !== undefined && el.textContent === String(body.value)) {
        requestAnimationFrame(() => {
          const channel = new MessageChannel();
          channel.port1.onmessage = () => window.delays.push(now() - body.utc_ms);
          channel.port2.postMessage(0); // after this frame was painted
        });
      }
    }
  };
  document.addEventListener("DOMContentLoaded", () =>
    new MutationObserver(changed).observe(document.body, { subtree: true, childList: true, characterData: true }));
}

async function page_delay(clinic) {
  const beds = Array.from({ length: BEDS }, (_, i) => ({ id: `bed-${i + 1}`, name: `Room ${i + 1}`, oximeter: ["--seed", String(i + 1)] }));
  await clinic.daemon("clinic-a", beds);
  await clinic.gateway({ people: Object.fromEntries(Array.from({ length: PAGES }, (_, i) => [`viewer-${i}`, "viewer"])) });
  await clinic.browser();
  const pages = [];
  for (let i = 0; i < PAGES; i++) {
    const context = await clinic.chromium.newContext({ viewport: { width: 1920, height: 1080 } });
    const page = await context.newPage();
    await page.addInitScript(watchPaint);
    await page.goto(clinic.url);
    page.problems = [];
    await clinic.signIn(page, `viewer-${i}`);
    pages.push(page);
  }
  for (const page of pages) {
    await until("sixteen live tiles", async () => (await page.locator('.tile [data-vital="spo2"][data-look="live"]').count()) === BEDS, 60_000);
    await page.evaluate(() => (window.delays.length = window.received.length = 0));
  }
  const before = usage(clinic.page.pid);
  await sleep(SECONDS * 1000);
  const after = usage(clinic.page.pid);
  const painted = [];
  const received = [];
  for (const page of pages) {
    painted.push(...(await page.evaluate(() => window.delays)));
    received.push(...(await page.evaluate(() => window.received)));
  }
  const tick = Number(execFileSync("getconf", ["CLK_TCK"]));
  painted.sort((a, b) => a - b);
  received.sort((a, b) => a - b);
  const figures = {
    bench: "page", beds: BEDS, pages: PAGES, seconds: SECONDS, frames: received.length, changes: painted.length,
    received_p50_ms: quantile(received, 0.5), received_p95_ms: quantile(received, 0.95),
    painted_p50_ms: quantile(painted, 0.5), painted_p95_ms: quantile(painted, 0.95), painted_p99_ms: quantile(painted, 0.99),
    gateway_core_percent: ((after.ticks - before.ticks) / tick / SECONDS) * 100, gateway_rss_mib: after.rss, gateway_peak_mib: after.peak,
  };
  for (const [k, v] of Object.entries(figures)) {
    figures[k] = typeof v === "number" ? Math.round(v * 100) / 100 : v;
  }
  console.log(JSON.stringify(figures));
  check(painted.length > 0, "nothing was painted");
}

await main({ page_delay });
