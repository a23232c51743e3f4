// Pictures of every layout and state, for people to look at: build/web/screenshots.
import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startFakeServer } from "./fake_server.mjs";
import { root } from "./files.mjs";
import { png } from "./picture.mjs";
import { openBrowser, openPage, Playground } from "./playground.mjs";

const folder = join(root, "build/web/screenshots");
const layouts = { full: [1440, 900], split: [880, 640], compact: [390, 844] };
const scene = (shade) => png(192, 128, (x, y) => y > 84 ? [60, 120, 60] : (x - 130) ** 2 + (y - 34) ** 2 < 300 ? [250, 220, 90] : [60, 90, shade]);
let browser;

before(async () => {
  browser = await openBrowser();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
});
after(() => browser.close());

for (const [layout, [width, height]] of Object.entries(layouts)) {
  for (const colorScheme of ["light", "dark"]) {
    test(`${layout}, ${colorScheme}: every state can be looked at`, async (t) => {
      const fake = await startFakeServer();
      t.after(fake.stop);
      fake.hold();
      const page = await openPage(t, browser, { viewport: { width, height }, colorScheme });
      const playground = await Playground.open(page, fake.origin);
      const shoot = async (state) => {
        await playground.settled();
        await page.screenshot({ path: join(folder, `${layout}-${colorScheme}-${state}.png`) });
      };
      await shoot("empty");
      await playground.give("picture.png", scene(160));
      await playground.write("make it evening, keep everything else as it is");
      await shoot("editing");
      await playground.click("submit");
      const stream = (await fake.run(0)).stream();
      stream.progress(9, 28, { eta_ms: 14000 });
      stream.partial(scene(120));
      await playground.reveal("cancel.1");
      await page.screenshot({ path: join(folder, `${layout}-${colorScheme}-running.png`) });
      stream.completed(scene(60), { seed_string: "18446744073709551615", size_plan: "192x128 as it is" });
      stream.end();
      await playground.hears(/Done/);
      await shoot("done");
      await playground.openSide("Code");
      await shoot("code");
      fake.onRun = (exchange) => exchange.error(422, "steps must be at most 50.");
      await playground.click("submit");
      await playground.hears(/at most 50/);
      await shoot("error");
      assert.ok(page.problems.every((problem) => /422/.test(problem)), page.problems.join("\n"));
    });
  }
}
