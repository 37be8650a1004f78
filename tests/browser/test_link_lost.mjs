// Whatever is cut between the device and the eye: the page says so within 4 s, shows nothing as
// live meanwhile (looked at every 100 ms), and comes back without being loaded again.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { check, Clinic, main, until } from "./harness.mjs";

const COVERED_MS = 4000;

async function clinicOf(clinic) {
  await clinic.daemon("clinic-a", [{ id: "bed-1", name: "Room 1", oximeter: ["--seed", "1"], cuff: ["--seed", "3"] }]);
  await clinic.gateway();
  await clinic.browser();
  const page = await clinic.open();
  await clinic.signIn(page);
  await live(page);
  await page.evaluate(() => {
    window.loadedOnce = true;
    window.seen = [];
    setInterval(() => {
      const shown = (el) => el.offsetParent !== null;
      window.seen.push({
        at: performance.now(),
        lost: document.querySelector(".link-lost").matches(":popover-open"),
        numbers: [...document.querySelectorAll(".value")].filter(shown).map((el) => el.textContent).filter((x) => /\d/.test(x)),
      });
    }, 100);
  });
  return page;
}

const live = (page) => until("a live value", async () => (await page.locator('.numeric[data-vital="spo2"][data-look="live"]').count()) > 0);

/** Cut, see it covered in time and with sound, mend, see it live again; no number in between. */
async function cutAndMend(clinic, page, cut, mend) {
  const begin = await page.evaluate(() => performance.now());
  await cut();
  await page.waitForSelector('body[data-link="lost"]', { timeout: 8000 });
  const covered = (await page.evaluate(() => window.seen.find((s) => s.lost)?.at ?? performance.now())) - begin;
  check(covered <= COVERED_MS, `covered only after ${Math.round(covered)} ms`);
  await page.waitForSelector('body[data-heard="link:high:equipment"]', { timeout: 3000 });
  check(await page.getByText("MONITOR LINK LOST").last().isVisible(), "it does not say so");
  await page.waitForTimeout(1500);
  await mend();
  await page.waitForSelector('body[data-link="live"]', { timeout: 15_000 });
  await live(page);
  const seen = await page.evaluate(() => window.seen);
  const first = seen.findIndex((s) => s.lost);
  const last = seen.findLastIndex((s) => s.lost);
  check(last - first > 10, `only ${last - first} looks while it was lost`);
  const wrong = seen.slice(first, last + 1).filter((s) => !s.lost || s.numbers.length > 0);
  check(wrong.length === 0, `shown while the link was lost: ${JSON.stringify(wrong[0])}`);
  check(await page.evaluate(() => window.loadedOnce === true), "the page was loaded again");
  check(page.problems.length === 0, page.problems.join("; "));
  return `covered after ${Math.round(covered)} ms, ${last - first + 1} looks without a number`;
}

const signalled = (name, cut, mend) => async (clinic) => {
  const page = await clinicOf(clinic);
  return cutAndMend(clinic, page, () => clinic[name].kill(cut), () => mend(clinic));
};

async function stream_socket_removed(clinic) {
  const page = await clinicOf(clinic);
  // A file that is removed cuts nothing that is connected; who connects anew finds no stream, and
  // the other two sockets still answer.
  const cut = async () => {
    rmSync(join(clinic.dir, "clinic-a/stream.sock"));
    clinic.page.kill("SIGKILL");
    await clinic.page.ended;
    await clinic.gatewayAgain();
  };
  const begin = performance.now();
  await cut();
  await page.waitForSelector('body[data-link="lost"]', { timeout: COVERED_MS });
  check((await page.locator(".value:visible").allTextContents()).every((x) => !/\d/.test(x)), "a number is shown");
  clinic["clinic-a"].kill("SIGTERM");
  await clinic["clinic-a"].ended;
  await clinic.daemonAgain("clinic-a");
  await page.waitForSelector('body[data-link="live"]', { timeout: 15_000 });
  await live(page);
  return `covered and live again ${Math.round(performance.now() - begin)} ms after the cut`;
}

async function browser_offline(clinic) {
  const page = await clinicOf(clinic);
  return cutAndMend(clinic, page, () => page.context().setOffline(true), () => page.context().setOffline(false));
}

/** A page cannot tell a clock that was set from a machine that slept: it reads everything anew, and
 * that is all a person sees of it. */
async function asleep(clinic) {
  const page = await clinicOf(clinic);
  const session = await page.context().newCDPSession(page);
  await page.evaluate(() => {
    const real = Date.now;
    Date.now = () => real() + 3_600_000; // as if the machine had slept for an hour
  });
  await page.waitForTimeout(400);
  await live(page);
  check((await page.evaluate(() => window.seen.filter((s) => s.lost).length)) <= 10, "a set clock hid the picture for more than a second");
  await session.detach();
}

const again = {
  daemon: (clinic) => clinic.daemonAgain("clinic-a"),
  gateway: (clinic) => clinic.gatewayAgain(),
};
const resumed = (name) => (clinic) => clinic[name].kill("SIGCONT");

await main({
  daemon_killed: signalled("clinic-a", "SIGKILL", again.daemon),
  daemon_frozen: signalled("clinic-a", "SIGSTOP", resumed("clinic-a")),
  gateway_killed: signalled("page", "SIGKILL", again.gateway),
  gateway_frozen: signalled("page", "SIGSTOP", resumed("page")),
  browser_offline,
  stream_socket_removed,
  asleep,
});
