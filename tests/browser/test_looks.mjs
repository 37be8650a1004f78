// Every view in every look, for people who do not see, hear or move like others.
import { readFileSync } from "node:fs";
import { AXE, check, main, until } from "./harness.mjs";
import { begin, dress, LOOKS, tour } from "./tour.mjs";

async function violations(page) {
  return page.evaluate(async () => {
    const result = await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return result.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`);
  });
}

/** Targets a finger can hit; links inside text are none here. */
async function small(page) {
  return page.evaluate(() => [...document.querySelectorAll("button, select, input:not(.check), nav a")]
    .filter((el) => el.checkVisibility()).map((el) => [el.textContent.slice(0, 40) || el.tagName, el.getBoundingClientRect()])
    .filter(([, r]) => r.height < 43.5 || r.width < 43.5).map(([text, r]) => `${text} is ${Math.round(r.width)} x ${Math.round(r.height)}`));
}

async function no_violation(clinic) {
  await begin(clinic);
  const page = await clinic.open();
  const source = readFileSync(AXE, "utf8");
  const found = [];
  let views = 0;
  await tour(clinic, page, async (name) => {
    if (!(await page.evaluate(() => window.axe !== undefined))) {
      await page.evaluate(source);
    }
    for (const [look, how] of Object.entries(LOOKS)) {
      await dress(page, how);
      await page.waitForTimeout(30);
      views++;
      found.push(...(await violations(page)).map((v) => `${name}, ${look}: ${v}`));
      found.push(...(await small(page)).map((v) => `${name}, ${look}: target: ${v}`));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (wide > 1) {
        found.push(`${name}, ${look}: ${wide} px wider than the screen`);
      }
    }
    await dress(page, LOOKS.dark);
  });
  check(found.length === 0, `${found.length} findings:\n${[...new Set(found)].slice(0, 40).join("\n")}`);
  return `${views} views in their looks, no violation`;
}

/** Who asked for less motion sees none, but for alarms of high priority. */
async function reduced_motion(clinic) {
  await begin(clinic);
  const page = await clinic.open({ reducedMotion: "reduce" });
  const moving = [];
  await tour(clinic, page, async (name) => {
    const names = await page.evaluate(() => document.getAnimations().map((a) => a.animationName ?? a.transitionProperty));
    moving.push(...names.filter((n) => n !== "high").map((n) => `${name}: ${n}`));
    if (name === "ward") {
      check(names.includes("high"), "the high alarm does not flash");
    }
  });
  check(moving.length === 0, moving.join(", "));
}

/** 1.4 to 2.8 Hz and 0.4 to 0.8 Hz, on for 20 to 60 % of the time. */
async function flash_rates(clinic) {
  await begin(clinic);
  const page = await clinic.open();
  await clinic.signIn(page, "vera");
  await until("a tile", async () => (await page.locator(".tile").count()) > 0);
  const rates = await page.evaluate(() => [...document.styleSheets].flatMap((s) => [...s.cssRules]).filter((r) => r.style?.animationName === "high" || r.style?.animationName === "medium")
    .map((r) => [r.style.animationName, 1 / parseFloat(r.style.animationDuration)]));
  const of = Object.fromEntries(rates);
  check(of.high >= 1.4 && of.high <= 2.8, `high flashes at ${of.high} Hz`);
  check(of.medium >= 0.4 && of.medium <= 0.8, `medium flashes at ${of.medium} Hz`);
}

await main({ no_violation, reduced_motion, flash_rates });
