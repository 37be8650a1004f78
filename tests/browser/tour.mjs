// A walk through every view of the page, on one person's session: for axe, for screenshots and for
// docs/first-session.md. visit(name) is called where the view stands still.
import { check, until } from "./harness.mjs";

export const BEDS = [
  { id: "bed-1", name: "Room 1", oximeter: ["--seed", "1"], cuff: ["--seed", "3", "--determination-s", "5"] },
  { id: "bed-2", name: "Room 2", oximeter: ["--seed", "2"], cuff: ["--seed", "4", "--determination-s", "5"] },
  { id: "bed-3", name: "Room 3", oximeter: ["--seed", "5"] },
  { id: "bed-4", name: "Room 4" },
];
const FACTS = ["identity", "consent", "fasting", "escort", "contraindications", "equipment", "alarm_test", "room_air"];
const DESK = "sinks:\n  - { id: desk, role: remote }\n";

export async function begin(clinic) {
  await clinic.daemon("clinic-a", BEDS, DESK);
  await clinic.gateway({ sink: "desk" });
  await clinic.browser();
}

const press = (page, name) => page.locator("dialog").last().getByRole("button", { name, exact: true }).click();

async function pin(page) {
  await page.locator("dialog").last().getByLabel("PIN", { exact: true }).fill("2468");
  await press(page, "OK");
}

/** From the dialog of checks that is open to a recorded baseline; nothing is open afterwards. */
export async function checksAndBaseline(page, visit = async () => undefined) {
  await page.locator(".checks li").first().waitFor();
  await visit("checks");
  for (const fact of FACTS) {
    const row = page.locator(`dialog [data-fact="${fact}"]`);
    if ((await row.count()) > 0) {
      await row.getByRole("button", { name: /: Yes$/ }).click();
      await row.locator('button[aria-pressed="true"]').first().waitFor();
    }
  }
  await page.locator('dialog [data-do="weight"]').click();
  await page.locator("dialog").last().getByLabel("Weight (kg)").fill("70");
  await press(page, "Record");
  await page.getByText("Weight on record: 70 kg").first().waitFor();
  await press(page, "Done");
  for (const [sys, dia] of [[118, 74], [117, 73], [119, 75]]) {
    await page.getByRole("button", { name: "Reading by hand" }).click();
    await page.getByLabel("Systolic (mmHg)").fill(String(sys));
    await page.getByLabel("Diastolic (mmHg)").fill(String(dia));
    await press(page, "Record");
    await page.locator("dialog").waitFor({ state: "detached" });
  }
  await page.locator('[data-do="prepare"]').click();
  await page.locator('dialog [data-do="baseline"]').click();
  await page.locator('dialog [data-fact="baseline"][data-holds="true"]').waitFor();
  await visit("checks-done");
  await press(page, "Done");
}

async function dose(page, visit) {
  await page.locator('[data-do="dose"]').click();
  const dialog = page.locator("dialog").first();
  await dialog.getByLabel("Amount").fill("0.5");
  await dialog.getByLabel("Unit").selectOption("mg/kg");
  await dialog.getByLabel("Route").selectOption("im");
  await visit("dose-1");
  await press(page, "Next");
  await page.locator("dialog").last().getByLabel("PIN", { exact: true }).waitFor();
  await visit("dose-pin");
  await pin(page);
  await press(page, "Record");
  await page.locator('[data-dose="converted"]').waitFor();
  await visit("dose-2");
  await press(page, "Record");
  await page.locator('[data-dose="receipt"]').waitFor();
  await visit("dose-receipt");
  await press(page, "Done");
  await page.getByText(/Bolus · ketamine · 35 mg · IM/).first().waitFor();
}

async function alarm(clinic, page, visit) {
  clinic.fault(BEDS[0].oximeterProcess, "spo2 25 81");
  await page.waitForSelector('main.bed .alarm-row[data-level="high"] button.ack');
  await visit("bed-alarm");
  for (let i = 0; i < 5 && (await page.locator("button.ack").count()) > 0; i++) {
    await page.locator("button.ack").first().click({ timeout: 2000 }).catch(() => undefined);
    await page.waitForTimeout(250);
  }
  await visit("bed-acknowledged");
}

const dialogs = [
  ["limits", '[data-do="limits"]'],
  ["score", '[data-do="score"]'],
];

export async function tour(clinic, page, visit) {
  await page.waitForSelector("form.sign-in");
  await visit("sign-in");
  await clinic.signIn(page, "carl");
  await until("four tiles", async () => (await page.locator(".tile").count()) === 4);
  await until("three live", async () => (await page.locator('.tile [data-vital="spo2"][data-look="live"]').count()) === 3);
  await page.locator('.tile[data-bed="clinic-a/bed-1"] a').click();
  await page.waitForSelector("main.bed .actions button");
  await visit("bed-empty");
  await page.locator('[data-do="open"]').click();
  await page.locator("dialog").getByLabel("Reference of the person").fill("REF-1042");
  await page.locator("dialog").getByLabel("Protocol").selectOption("im");
  await visit("session-start");
  await press(page, "Start a session");
  await page.getByRole("heading", { name: "Checks and baseline" }).waitFor();
  await checksAndBaseline(page, visit);
  await until("the desk sounds", async () => /desk.*well/.test(await clinic.ctl("clinic-a", "sinks")));
  await dose(page, visit);
  await page.locator('[data-do="nibp_start"]').click();
  await until("a pressure", async () => /\d+\/\d+/.test(await page.locator('[data-vital="nibp"] .value').textContent()));
  await visit("bed");
  await alarm(clinic, page, visit);
  for (const [name, button] of dialogs) {
    await page.locator(button).click();
    await page.waitForSelector("dialog[open]");
    await visit(name);
    await page.keyboard.press("Escape");
  }
  clinic.fault(BEDS[1].oximeterProcess, "spo2 40 79");
  clinic.fault(BEDS[2].oximeterProcess, "sensor_off 40");
  await page.goto(page.url().split("#")[0] + "#/");
  await page.waitForSelector('.tile[data-state="high"][data-calls]');
  await visit("ward");
  await page.goto(page.url().split("#")[0] + "#/settings");
  await page.waitForSelector("main.settings");
  await visit("settings");
  await page.goto(page.url().split("#")[0] + "#/bed/clinic-a/bed-1");
  await page.locator('[data-do="close"]').click();
  await page.locator("dialog").getByLabel("Reason").fill("shown to newcomers");
  await visit("session-close");
  await press(page, "Close the session");
  await page.locator('[data-do="open"]').waitFor();
  clinic["clinic-a"].kill("SIGSTOP");
  await page.waitForSelector('body[data-link="lost"]');
  await visit("link-lost");
  clinic["clinic-a"].kill("SIGCONT");
  await page.waitForSelector('body[data-link="live"]');
  check(page.problems.length === 0, page.problems.join("; "));
}

export const LOOKS = {
  dark: { theme: "dark", dim: "no", width: 1280, height: 900 },
  light: { theme: "light", dim: "no", width: 1280, height: 900 },
  dim: { theme: "dark", dim: "yes", width: 1280, height: 900 },
  phone: { theme: "dark", dim: "no", width: 390, height: 844 },
  wall: { theme: "dark", dim: "no", width: 1920, height: 1080 },
};

export async function dress(page, look) {
  await page.setViewportSize({ width: look.width, height: look.height });
  await page.evaluate(({ theme, dim }) => {
    document.documentElement.dataset.theme = theme;
    document.documentElement.dataset.dim = dim;
  }, look);
}
