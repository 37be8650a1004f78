// docs/screenshots/VIEW-LOOK.jpg: every view in every look. Called by ./dev screenshots.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { main, ROOT } from "./harness.mjs";
import { begin, dress, LOOKS, tour } from "./tour.mjs";

async function screenshots(clinic) {
  const dir = join(ROOT, "docs/screenshots");
  mkdirSync(dir, { recursive: true });
  await begin(clinic);
  const page = await clinic.open();
  let count = 0;
  await tour(clinic, page, async (name) => {
    for (const [look, how] of Object.entries(LOOKS)) {
      await dress(page, how);
      await page.waitForTimeout(name.startsWith("bed") ? 1200 : 120); // the plot is drawn each second
      await page.screenshot({ path: join(dir, `${name}-${look}.jpg`), type: "jpeg", quality: 72 });
      count++;
    }
    await dress(page, LOOKS.dark);
  });
  return `${count} pictures in docs/screenshots`;
}

await main({ screenshots });
