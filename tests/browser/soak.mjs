// A day in one page, and a hundred reconnects. Called by ./dev soak; takes about four minutes.
import { createServer } from "node:http";
import { connect, createServer as createTcp } from "node:net";
import { check, freePort, main, until } from "./harness.mjs";

const HOURS = 24;
const BEDS = 4;
const CUTS = 100;

/* --- twenty-four hours ------------------------------------------------------------------------ */

/** Frames as the gateway sends them; a virtual clock runs as fast as the browser reads. */
function frames(second, n) {
  const mono_ms = 1_000_000 + second * 1000;
  const utc_ms = 1_790_000_000_000 + second * 1000;
  let text = "";
  const put = (topic, body) => {
    text += `event: frame\ndata: ${JSON.stringify({ node: "clinic-a", topic, body: { v: 1, n, mono_ms, utc_ms, ...body } })}\n\n`;
  };
  for (let i = 1; i <= BEDS; i++) {
    const bed = `bed-${i}`;
    const vital = (name, value, unit) => put(`v1.${bed}.vital.${name}`, { seq: second * 100 + i, bed, dev: `ox-${i}`, vital: name, value, value_milli: value * 1000, unit, quality: "ok", fresh: "fresh", age_ms: 0 });
    vital("spo2", 90 + (second % 10), "%");
    vital("pulse_rate", 60 + (second % 40), "/min");
    const open = second % 600 < 30;
    put(`v1.${bed}.alarms`, {
      node: "a", boot: "b", run: 1, bed, open: open ? 1 : 0, sounds: { remote: null, second: null, room: null }, inhibited: [], quiet: null, test_signal: null,
      instances: open ? [{ condition: "SPO2_LOW", instance: second - (second % 600) + i, state: "active", priority: "medium", ack: true, held: false, value_milli: 89000, limit_milli: 90000, age_ms: 0, since_mono_ms: mono_ms, category: "oxygen", route: "done" }] : [],
    });
  }
  return text;
}

async function day(clinic) {
  await clinic.daemon("clinic-a", [{ id: "bed-1", name: "Room 1", oximeter: ["--seed", "1"] }]);
  const gateway = await clinic.gateway();
  let stream = null;
  const me = { ok: true, title: "A day", person: "anna", name: "Anna", role: "viewer", shared: false, token: "", nodes: [{ id: "clinic-a", sink: false, role: "remote" }], people: [] };
  const server = createServer(async (req, res) => {
    const url = new URL(req.url, gateway);
    if (url.pathname === "/api/stream") {
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      stream = res;
    } else if (url.pathname === "/api/me") {
      res.end(JSON.stringify(me));
    } else if (req.method === "POST") {
      res.end('{"ok":true,"rows":[],"next":null}');
    } else {
      const from = await fetch(gateway + url.pathname);
      res.writeHead(from.status, { "Content-Type": from.headers.get("content-type") });
      res.end(Buffer.from(await from.arrayBuffer()));
    }
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  clinic.url = `http://127.0.0.1:${port}`;
  await clinic.browser();
  const page = await clinic.open();
  await until("the stream", () => stream);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  const measure = async () => {
    await cdp.send("HeapProfiler.collectGarbage");
    const { usedSize } = await cdp.send("Runtime.getHeapUsage");
    const { metrics } = await cdp.send("Performance.getMetrics");
    return { heap: usedSize / 1e6, nodes: metrics.find((m) => m.name === "Nodes").value };
  };
  const at = {};
  for (let second = 0; second < HOURS * 3600; second++) {
    if (!stream.write(frames(second, second + 1))) {
      await new Promise((resolve) => stream.once("drain", resolve));
    }
    if (second === 7 * 3600 || second === HOURS * 3600 - 1) {
      const last = String(60 + (second % 40));
      await until(`second ${second} is shown`, async () => (await page.locator('[data-vital="pulse_rate"] .value').allTextContents()).every((x) => x === last), 60_000);
      at[second === 7 * 3600 ? "seven" : "end"] = await measure();
    }
  }
  server.close();
  server.closeAllConnections();
  check(at.end.heap < at.seven.heap * 1.15 + 1, `the heap grew from ${at.seven.heap} to ${at.end.heap} MB`);
  check(at.end.nodes < at.seven.nodes * 1.3 + 200, `nodes grew from ${at.seven.nodes} to ${at.end.nodes}`);
  check(page.problems.length === 0, page.problems.join("; "));
  return `heap ${at.seven.heap.toFixed(1)} MB after 7 h, ${at.end.heap.toFixed(1)} MB after ${HOURS} h; nodes ${at.seven.nodes}, ${at.end.nodes}; ${HOURS * 3600 * BEDS * 3} frames`;
}

/* --- a hundred reconnects --------------------------------------------------------------------- */

async function reconnects(clinic) {
  await clinic.daemon("clinic-a", [{ id: "bed-1", name: "Room 1", oximeter: ["--seed", "1"] }]);
  await clinic.gateway();
  const sockets = new Set();
  const target = clinic.port;
  const proxy = createTcp((from) => {
    const to = connect(target, "127.0.0.1");
    for (const [a, b] of [[from, to], [to, from]]) {
      sockets.add(a);
      a.on("error", () => undefined).on("close", () => {
        sockets.delete(a);
        b.destroy();
      });
      a.pipe(b);
    }
  });
  const port = await freePort();
  proxy.listen(port, "127.0.0.1");
  clinic.url = `http://127.0.0.1:${port}`;
  await clinic.browser();
  const page = await clinic.open();
  await clinic.signIn(page);
  await clinic.ctl("clinic-a", "session", "open", "bed-1", "--patient", "REF-1");
  let longest = 0;
  for (let i = 0; i < CUTS; i++) {
    sockets.forEach((s) => s.destroy());
    const limit = 88 + (i % 7);
    await clinic.ctl("clinic-a", "limits", "set", "SPO2_LOW", String(limit), "--bed", "bed-1", "--reason", `cut ${i}`);
    const begin = performance.now();
    await until(`limit ${limit} is shown after cut ${i}`, async () => (await page.locator('[data-vital="spo2"] .limit').textContent()).endsWith(`below ${limit}`), 8000);
    longest = Math.max(longest, performance.now() - begin);
  }
  await until("live", async () => (await page.locator('[data-vital="spo2"][data-look="live"]').count()) === 1);
  check(page.problems.length === 0, page.problems.join("; "));
  proxy.close();
  sockets.forEach((s) => s.destroy());
  return `${CUTS} cuts, each change shown, at most ${Math.round(longest)} ms after it`;
}

await main({ day, reconnects });
