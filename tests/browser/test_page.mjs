// The page as a nurse uses it: values, alarms, cuff, dose, limits, a whole session, two daemons.
import { check, main, until } from "./harness.mjs";
import { checksAndBaseline } from "./tour.mjs";

const ONE = [{ id: "bed-1", name: "Room 1", oximeter: ["--seed", "1"], cuff: ["--seed", "3", "--determination-s", "5"] }];
const DESK = "sinks:\n  - { id: desk, role: remote }\n";

async function clinicOf(clinic, beds = ONE, options = {}) {
  await clinic.daemon("clinic-a", beds, DESK);
  await clinic.gateway({ sink: "desk", ...options });
  await clinic.browser();
  const page = await clinic.open(options.context ?? {});
  await clinic.signIn(page, options.person);
  return page;
}

const number = (page, vital) => page.locator(`.numeric[data-vital="${vital}"] .value`).first().textContent();

const rows = (clinic, kind) => clinic.rows("clinic-a", kind);

async function answerPin(page) {
  const dialog = page.locator("dialog").last();
  await dialog.getByLabel("PIN", { exact: true }).fill("2468");
  await dialog.getByRole("button", { name: "OK" }).click();
}

async function openBed(page) {
  await page.goto(page.url().split("#")[0] + "#/bed/clinic-a/bed-1");
  await page.waitForSelector("main.bed .actions button");
}

async function openSession(page, protocol) {
  await page.getByRole("button", { name: "Start a session" }).click();
  const dialog = page.locator("dialog").last();
  await dialog.getByLabel("Reference of the person").fill("REF-1");
  await dialog.getByLabel("Protocol").selectOption(protocol);
  await dialog.getByRole("button", { name: "Start a session" }).click();
  await page.getByRole("heading", { name: "Checks and baseline" }).waitFor();
}

async function values_and_alarm(clinic) {
  const page = await clinicOf(clinic);
  await until("a live SpO2", async () => /^\d+$/.test(await number(page, "spo2")));
  check(await page.locator(".test-mark").first().isVisible(), "a simulated device is not marked TEST");
  const first = await page.evaluate(() => document.querySelector('[data-vital="pulse_rate"] .value').textContent);
  await until("the pulse changes", async () => (await number(page, "pulse_rate")) !== first);
  await until("the daemon knows a desk that can sound", async () => /desk.*well/.test(await clinic.ctl("clinic-a", "sinks")));
  await page.evaluate(() => (window.heardPeak = 0));
  clinic.fault(ONE[0].oximeterProcess, "spo2 60 80");
  await page.waitForSelector('.tile[data-state="high"][data-calls]');
  const words = await page.locator(".banner").textContent();
  check(/SpO₂.*80 < /.test(words), `the reason is not in words: ${words}`);
  await page.waitForSelector('body[data-heard="alarm:high:oxygen"]');
  await until("the alarm is heard", () => page.evaluate(() => window.heardPeak > 0.05));
  await until("the daemon has the receipt", async () => (await rows(clinic, "sink")).some((r) => r.data.event === "receipt"));
  await openBed(page);
  for (let i = 0; i < 4; i++) {
    const ack = page.locator("button.ack").first();
    if ((await ack.count()) === 0) {
      break;
    }
    await ack.click({ timeout: 2000 }).catch(() => undefined);
    await page.waitForTimeout(300);
  }
  await until("everything is acknowledged", async () => (await page.locator("button.ack").count()) === 0);
  await until("it is silent", async () => (await page.locator("body").getAttribute("data-heard")) === null);
  check((await rows(clinic, "ack")).every((r) => r.data.operator === "anna"), "an acknowledgement without the person");
  check(page.problems.length === 0, page.problems.join("; "));
}

async function cuff(clinic) {
  const page = await clinicOf(clinic);
  await openBed(page);
  await until("a cuff to start", () => page.locator('[data-do="nibp_start"]').count());
  await page.locator('[data-do="nibp_start"]').click();
  await page.getByText(/Cuff cuff-bed-1: (inflating|measuring)/).waitFor();
  await until("a pressure with its time", async () => /^\d+\/\d+$/.test(await number(page, "nibp")), 30_000);
  check(/\d\d:\d\d, \d+ s ago/.test(await page.locator('[data-vital="nibp"] .note').first().textContent()), "no clock time");
  await until("the cuff rests, then may start again", () => page.locator('[data-do="nibp_start"]').count());
}

async function session(clinic) {
  const page = await clinicOf(clinic, ONE, { person: "carl" });
  await openBed(page);
  await openSession(page, "im");
  check((await page.locator("dialog .checks").count()) === 1, "no checks");
  await checksAndBaseline(page);
  await dose(clinic, page);
  await limits(clinic, page);
  await page.locator('[data-do="score"]').click();
  await page.getByLabel("Value").fill("5");
  await page.locator("dialog").getByRole("button", { name: "Record" }).click();
  await until("the score", async () => (await rows(clinic, "care")).some((r) => r.data.event === "score"));
  await page.locator('[data-do="close"]').click();
  await page.getByText("closing now needs a reason").waitFor();
  await page.locator("dialog").getByLabel("Reason").fill("test ends");
  await page.locator("dialog").getByRole("button", { name: "Close the session" }).click();
  await page.getByRole("button", { name: "Start a session" }).waitFor();
  check(/No session/.test(await page.locator("main.bed header .who").textContent()), "the session is still there");
  check(page.problems.length === 0, page.problems.join("; "));
}

/** mg/kg is converted and asked back; nothing is confirmed before the daemon has it on disk. */
async function dose(clinic, page) {
  await page.locator('[data-do="dose"]').click();
  const dialog = page.locator("dialog").first();
  await dialog.getByLabel("Amount").fill("0.5");
  await dialog.getByLabel("Unit").selectOption("mg/kg");
  await dialog.getByLabel("Route").selectOption("im");
  await dialog.getByRole("button", { name: "Next" }).click();
  await answerPin(page);
  await page.locator('[data-dose="typed"]').waitFor();
  await dialog.getByRole("button", { name: "Record" }).click();
  await page.locator('[data-dose="converted"]').waitFor();
  check(/0\.5 mg\/kg is 35 mg/.test(await page.locator('[data-dose="converted"]').textContent()), "no conversion");
  check((await rows(clinic, "dose")).length === 0, "a dose was recorded before it was confirmed");
  clinic["clinic-a"].kill("SIGSTOP");
  await dialog.getByRole("button", { name: "Record" }).click();
  await page.locator('[data-dose="pending"]').waitFor();
  await page.waitForTimeout(1500);
  check((await page.locator('[data-dose="receipt"]').count()) === 0, "a receipt while the daemon stands still");
  clinic["clinic-a"].kill("SIGCONT");
  await page.locator('[data-dose="receipt"]').waitFor();
  const recorded = await rows(clinic, "dose");
  check(recorded.length === 1 && recorded[0].data.amount_ug === 35000, `not one dose of 35 mg: ${JSON.stringify(recorded)}`);
  check(recorded[0].operator === "carl" || recorded[0].data.operator === "carl", "a dose without the person");
  check((await page.locator('[data-dose="receipt"]').textContent()).includes(`row ${recorded[0].seq}`), "another row is shown");
  await dialog.getByRole("button", { name: "Done" }).click();
  await page.getByText(/Bolus · ketamine · 35 mg · IM/).first().waitFor();
}

async function limits(clinic, page) {
  await page.locator('[data-do="limits"]').click();
  const dialog = page.locator("dialog").first();
  await dialog.getByLabel("Reason").fill("agreed");
  await dialog.getByLabel("New limit: SpO₂ low", { exact: true }).fill("88");
  await dialog.locator('[data-limit="SPO2_LOW"]').click();
  await answerPin(page);
  await page.getByText("alarm below 88").first().waitFor();
}

async function two_daemons(clinic) {
  await clinic.daemon("clinic-a", [{ id: "bed-1", name: "Room 1", oximeter: ["--seed", "1"] }]);
  await clinic.daemon("clinic-b", [{ id: "bed-1", name: "Room 9", oximeter: ["--seed", "2"] }, { id: "bed-2", name: "Room 8" }]);
  await clinic.gateway();
  await clinic.browser();
  const page = await clinic.open();
  await clinic.signIn(page, "vera");
  await until("three tiles", async () => (await page.locator(".tile").count()) === 3);
  await until("two live", async () => (await page.locator('.tile .numeric[data-vital="spo2"][data-look="live"]').count()) === 2);
  await page.locator('.tile[data-bed="clinic-b/bed-2"][data-state="unwatched"]').getByText("NOT MONITORED").waitFor();
  clinic["clinic-b"].kill("SIGKILL");
  await page.locator('.tile[data-bed="clinic-b/bed-1"][data-state="lost"]').waitFor({ timeout: 4000 });
  check((await page.locator(".tile").first().getAttribute("data-state")) === "lost", "what is lost does not stand first");
  check((await page.locator('.tile[data-bed="clinic-a/bed-1"] [data-look="live"]').count()) > 0, "the other clinic is not live");
  await page.waitForSelector('body[data-voice="link:high:equipment"]');
  check((await page.locator(".actions button").count()) === 0, "a viewer is offered actions");
}

/** Everything of a shift without a mouse: sign in, open the room, acknowledge, dose dialog, back. */
async function by_keyboard(clinic) {
  await clinic.daemon("clinic-a", ONE, DESK);
  await clinic.gateway({ sink: "desk" });
  await clinic.browser();
  const page = await clinic.open();
  const press = (...keys) => keys.reduce((p, k) => p.then(() => page.keyboard.press(k)), Promise.resolve());
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");
  const tabTo = async (pattern) => {
    for (let i = 0; i < 60; i++) {
      if (pattern.test(await focused())) {
        return;
      }
      await press("Tab");
    }
    throw new Error(`not reached by Tab: ${pattern}; at ${await focused()}`);
  };
  await page.waitForSelector("form");
  await press("Tab");
  await page.keyboard.type("anna");
  await press("Tab");
  await page.keyboard.type("correct horse");
  await press("Enter");
  await page.waitForSelector(".tile");
  await until("a device", async () => (await page.locator('.tile [data-look="live"]').count()) > 0);
  await tabTo(/^Open Room 1$/);
  await press("Enter");
  await page.waitForSelector("main.bed .actions button");
  clinic.fault(ONE[0].oximeterProcess, "spo2 40 78");
  await page.waitForSelector("button.ack");
  await tabTo(/^Acknowledge: /);
  await press("Enter");
  await until("the acknowledgement", async () => (await rows(clinic, "ack")).length > 0);
  await tabTo(/^Start a session$/);
  await press("Enter");
  await page.waitForSelector("dialog[open]");
  await page.keyboard.type("REF-2");
  await press("Enter");
  await page.getByRole("heading", { name: "Checks and baseline" }).waitFor();
  await press("Escape");
  await tabTo(/^Record a dose$/);
  await press("Enter");
  await page.waitForSelector("dialog[open]");
  await press("Escape");
  await until("the focus is back", async () => /Record a dose/.test(await focused()));
}

async function shared_screen(clinic) {
  await clinic.daemon("clinic-a", ONE, DESK);
  await clinic.gateway({ sink: "desk" });
  await clinic.browser();
  const page = await clinic.open();
  await clinic.signIn(page, "vera", { shared: true });
  await openBed(page);
  await page.locator('[data-do="nibp_start"]').click();
  const dialog = page.locator("dialog").last();
  await dialog.getByLabel("Who are you?").selectOption("anna");
  await dialog.getByLabel("PIN", { exact: true }).fill("1357");
  await dialog.getByRole("button", { name: "OK" }).click();
  await page.getByText("The PIN is wrong").waitFor();
  await page.locator("dialog").last().getByLabel("Who are you?").selectOption("anna");
  await answerPin(page);
  await until("anna started the cuff", async () => (await rows(clinic, "nibp_command")).some((r) => r.data.operator === "anna"));
}

/** A browser that allowed no sound says so where nobody can miss it. */
async function silent_screen(clinic) {
  await clinic.daemon("clinic-a", ONE, DESK);
  await clinic.gateway({ sink: "desk" });
  await clinic.browser({ mute: true });
  const page = await clinic.open();
  await clinic.signIn(page);
  await until("it can sound after the click of signing in", async () => !(await page.locator(".silent-bar").isVisible()));
  await page.reload();
  await page.locator(".silent-bar").waitFor({ state: "visible" });
  await until("the daemon knows", async () => !/desk.*well/.test(await clinic.ctl("clinic-a", "sinks")));
  await page.locator(".silent-bar").click();
  await page.locator(".silent-bar").waitFor({ state: "hidden" });
}

/** A screen whose account is removed under it says so, and sounds until somebody comes. */
async function thrown_out(clinic) {
  const page = await clinicOf(clinic);
  await until("a live value", async () => (await page.locator('[data-vital="spo2"][data-look="live"]').count()) > 0);
  await clinic.run("vigil-dashboard", ["--config", clinic.config, "user", "remove", "anna"]);
  await page.getByText("Nothing is watched on this screen").waitFor();
  await page.waitForSelector('body[data-heard="link:high:equipment"]');
  check((await page.locator(".value").count()) === 0, "a value is left");
  await page.getByLabel("Name (account)").click();
  await until("it is silent", async () => (await page.locator("body").getAttribute("data-heard")) === null);
}

await main({ values_and_alarm, cuff, session, two_daemons, by_keyboard, shared_screen, silent_screen, thrown_out });
