// The element in a page of somebody else: acceptance point 38.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startFakeServer } from "./fake_server.mjs";
import { elementScript } from "./files.mjs";
import { plain } from "./picture.mjs";
import { openBrowser, openPage } from "./playground.mjs";

let browser;
before(async () => { browser = await openBrowser(); });
after(() => browser.close());

async function open(t) {
  const page = `<!doctype html><html lang="en"><title>Host</title><link rel="icon" href="data:,"><script type="module" src="/${elementScript}"></script></html>`;
  const fake = await startFakeServer({ pages: { "/host.html": page } });
  t.after(fake.stop);
  const tab = await openPage(t, browser);
  await tab.goto(`${fake.origin}/host.html`);
  await tab.evaluate(() => {
    window.add = async () => {
      const element = document.createElement("palimpsest-playground");
      element.setAttribute("base-url", "/v1");
      element.style.height = "480px";
      document.body.append(element);
      await element.start();
      return element;
    };
  });
  return { fake, tab };
}

test("setState fills the form, run gives the pictures, and every step is an event", async (t) => {
  const { fake, tab } = await open(t);
  fake.onRun = (exchange) => exchange.finish(plain(64, 64, [200, 40, 40]), { seed_string: "18446744073709551615" });
  const seen = await tab.evaluate(async () => {
    const names = [], element = await window.add();
    for (const name of ["pg-submit", "pg-result", "pg-error"]) document.addEventListener(name, () => names.push(name));
    if (element.dataset.state !== "idle") {
      await new Promise((done) => new MutationObserver(() => element.dataset.state === "idle" && done())
          .observe(element, { attributeFilter: ["data-state"] }));
    }
    await element.setState({ values: { prompt: "set by the page" } });
    const result = await element.run({ steps: 3 });
    return { names, type: result.blob.type, seed: result.seed, prompt: (await element.getState()).values.prompt };
  });
  assert.deepEqual(seen, { names: ["pg-submit", "pg-result"], type: "image/png", seed: "18446744073709551615", prompt: "set by the page" });
  assert.equal(fake.runs[0].json.prompt, "set by the page");
  assert.equal(fake.runs[0].json.steps, 3);
});

test("twenty elements made and removed one after the other leave no graphics context behind", async (t) => {
  const { tab } = await open(t);
  const warnings = [];
  tab.on("console", (message) => { if (/context/i.test(message.text())) warnings.push(message.text()); });
  for (let i = 0; i < 20; ++i) {
    await tab.evaluate(async () => {
      const element = await window.add();
      element.remove();
    });
  }
  assert.deepEqual(warnings, []);
  assert.deepEqual(tab.problems, []);
});
