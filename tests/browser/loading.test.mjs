// Loading, drawing on demand and what browsers may lack: acceptance points 1 to 5 and 7.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "../clients/server.mjs";
import { startFakeServer } from "./fake_server.mjs";
import { openBrowser, openPage, Playground } from "./playground.mjs";

let browser, server;
before(async () => {
  browser = await openBrowser();
  server = await startServer();
});
after(async () => {
  await browser.close();
  await server.stop();
});
const address = () => server.base.replace("/v1", "/");

test("a cold load of the page that the server gives transfers at most 500 kB, and all is ready without an error", async (t) => {
  const page = await openPage(t, browser);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  let bytes = 0;
  devtools.on("Network.loadingFinished", (event) => { bytes += event.encodedDataLength; });
  const begin = Date.now();
  const playground = await Playground.open(page, address());
  t.diagnostic(`ready after ${Date.now() - begin} ms`);
  await playground.settled();
  t.diagnostic(`${(bytes / 1000).toFixed(1)} kB`);
  assert.ok(bytes > 50_000 && bytes <= 500_000, `${bytes} bytes`);
  assert.deepEqual(page.problems, []);
});

test("without WebGL 2 the page says so, and no error is left uncaught", async (t) => {
  const page = await openPage(t, browser);
  await page.addInitScript(() => {
    const { getContext } = HTMLCanvasElement.prototype;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
      return kind === "webgl2" ? null : getContext.call(this, kind, ...rest);
    };
  });
  const uncaught = [];
  page.on("pageerror", (error) => uncaught.push(error));
  await page.goto(address());
  await page.getByText(/needs WebGL 2/).waitFor();
  assert.deepEqual(uncaught, []);
});

test("a policy that allows only scripts of its own and WebAssembly is enough", async (t) => {
  const fake = await startFakeServer();
  t.after(fake.stop);
  fake.pageHeaders = { "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'" };
  const page = await openPage(t, browser);
  await Playground.open(page, fake.origin);
  assert.deepEqual(page.problems.filter((problem) => /policy/i.test(problem)), []);
});

test("nothing is drawn while nothing happens", async (t) => {
  const playground = await Playground.open(await openPage(t, browser), address());
  await playground.settled();
  const [drawn, busy] = await playground.element.evaluate(async (element) => {
    let spent = 0;
    const observer = new PerformanceObserver((list) => list.getEntries().forEach((entry) => { spent += entry.duration; }));
    observer.observe({ type: "longtask" });
    const frames = element.inspect().frames;
    await new Promise((done) => setTimeout(done, 5000));
    return [element.inspect().frames - frames, spent];
  });
  assert.equal(drawn, 0);
  t.diagnostic(`${busy} ms in long tasks of 5000 ms`);
});

for (const density of [1, 1.5, 2, 3]) {
  test(`at a density of ${density} the canvas has every pixel and a click on Generate starts one run`, async (t) => {
    const fake = await startFakeServer();
    t.after(fake.stop);
    const page = await openPage(t, browser, { viewport: { width: 721, height: 503 }, deviceScaleFactor: density });
    const playground = await Playground.open(page, fake.origin);
    const [width, height] = await playground.element.evaluate((element) => {
      const canvas = element.shadowRoot.querySelector("canvas");
      return [canvas.width, canvas.height];
    });
    assert.ok(Math.abs(width - Math.round(721 * density)) <= 1 && Math.abs(height - Math.round(503 * density)) <= 1, `${width}×${height}`);
    await playground.generate();
    await fake.run(0);
    await playground.hears(/Done/);
    assert.equal(fake.runs.length, 1);
  });
}

test("after the graphics context was lost and restored the page looks as before", async (t) => {
  const page = await openPage(t, browser);
  const fake = await startFakeServer();
  t.after(fake.stop);
  const playground = await Playground.open(page, fake.origin);
  await playground.generate();
  await playground.stageIs([200, 40, 40]);
  await playground.settled();
  await playground.element.evaluate(async (element) => {
    const canvas = element.shadowRoot.querySelector("canvas");
    const extension = canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
    const happened = (name) => new Promise((done) => canvas.addEventListener(name, done, { once: true }));
    const lost = happened("webglcontextlost");
    extension.loseContext();
    await lost;
    await new Promise((done) => setTimeout(done, 50));
    const restored = happened("webglcontextrestored");
    extension.restoreContext();
    await restored;
  });
  await playground.stageIs([200, 40, 40]);
  await playground.settled();
  await playground.generate("once more");
  await fake.run(1);
  await playground.hears(/Done/);
  assert.deepEqual(page.problems, []);
});
