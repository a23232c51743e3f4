// Figures of the page in this machine's software renderer; not a test: run it by hand, `npm run speed`. The best of three
// fresh profiles.
import { startServer } from "../clients/server.mjs";
import { startFakeServer } from "./fake_server.mjs";
import { openBrowser, Playground } from "./playground.mjs";

/// Milliseconds from the start of the navigation to the first frame with a connected server.
async function readyTime(page, url) {
  await page.addInitScript(() => {
    const look = () => {
      const fields = document.querySelector("palimpsest-playground")?.inspect?.().fields ?? [];
      if (fields.some(({ id, label }) => id === "connection" && /Connected/.test(label))) window.readyAt = performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.goto(url);
  return (await page.waitForFunction(() => window.readyAt)).jsonValue();
}

/// Milliseconds from the release of the mouse button on Generate to the call of fetch.
async function clickTime(page, playground, fake) {
  await page.evaluate(() => {
    addEventListener("pointerup", (event) => { window.releasedAt = event.timeStamp; }, { capture: true });
    const { fetch } = window;
    window.fetch = (...call) => {
      if (call[1]?.method === "POST") window.sentAt = performance.now();
      return fetch(...call);
    };
  });
  await playground.generate();
  await fake.run(0);
  return page.evaluate(() => window.sentAt - window.releasedAt);
}

async function measure(browser, server) {
  const first = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const devtools = await first.context().newCDPSession(first);
  await devtools.send("Network.enable");
  let bytes = 0;
  devtools.on("Network.loadingFinished", (event) => { bytes += event.encodedDataLength; });
  const ready = await readyTime(first, server.base.replace("/v1", "/"));
  await new Playground(first).settled();
  const before = await devtools.send("Performance.enable").then(() => devtools.send("Performance.getMetrics"));
  const idle = await first.evaluate(async () => {
    const element = document.querySelector("palimpsest-playground"), { frames } = element.inspect();
    await new Promise((done) => setTimeout(done, 5000));
    return element.inspect().frames - frames;
  });
  const after = await devtools.send("Performance.getMetrics");
  const busy = ({ metrics }) => metrics.find(({ name }) => name === "TaskDuration").value;
  await first.context().close();

  const fake = await startFakeServer();
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const click = await clickTime(page, await Playground.open(page, fake.origin), fake);
  await page.context().close();
  await fake.stop();
  return { ready, kilobytes: bytes / 1000, idle, busy: (busy(after) - busy(before)) / 5 * 100, click };
}

const browser = await openBrowser();
const server = await startServer();
const rounds = [];
for (let i = 0; i < 3; ++i) rounds.push(await measure(browser, server));
const best = (name) => Math.min(...rounds.map((round) => round[name]));
console.log(`ready after               ${best("ready").toFixed(0)} ms`);
console.log(`transferred               ${best("kilobytes").toFixed(1)} kB`);
console.log(`frames in 5 idle seconds  ${best("idle")}`);
console.log(`main thread busy then     ${best("busy").toFixed(2)} %`);
console.log(`Generate to request       ${best("click").toFixed(1)} ms`);
await browser.close();
await server.stop();
