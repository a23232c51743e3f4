// From Generate to the picture: acceptance points 8, 9, 21 to 27.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startFakeServer } from "./fake_server.mjs";
import { plain } from "./picture.mjs";
import { openBrowser, openPage, Playground } from "./playground.mjs";

let browser, fake;
before(async () => { browser = await openBrowser(); });
after(() => browser.close());

async function open(t, options) {
  fake = await startFakeServer();
  t.after(fake.stop);
  return Playground.open(await openPage(t, browser, options), fake.origin);
}

test("a press and a release in one task on Generate make exactly one request", async (t) => {
  const playground = await open(t);
  await playground.write("a red house");
  await playground.settled();
  const [x, y] = await playground.middle("submit");
  await playground.element.evaluate((element, [clientX, clientY]) => {
    const canvas = element.shadowRoot.querySelector("canvas");
    // A made-up pointer cannot be captured.
    canvas.setPointerCapture = () => {};
    const event = { clientX, clientY, button: 0, pointerId: 1, pointerType: "mouse", bubbles: true, composed: true };
    for (const name of ["pointermove", "pointerdown", "pointerup"]) canvas.dispatchEvent(new PointerEvent(name, event));
  }, [x, y]);
  await fake.run(0);
  await playground.hears(/Done/);
  await playground.settled();
  assert.equal(fake.runs.length, 1);
});

test("a prompt of 400 characters without a line break fills several lines and arrives byte for byte", async (t) => {
  const playground = await open(t);
  const prompt = "a house at the sea, ä 日本 🦫 «x» ".repeat(14).slice(0, 400);
  await playground.write(prompt);
  const lines = await playground.dom("prompt").evaluate((area) => [area.tagName, area.scrollHeight / parseFloat(getComputedStyle(area).lineHeight)]);
  assert.equal(lines[0], "TEXTAREA");
  assert.ok(lines[1] > 4, `${lines[1]} lines`);
  await playground.click("submit");
  assert.equal((await fake.run(0)).json.prompt, prompt);
});

test("every preview is seen before the picture is done", async (t) => {
  const playground = await open(t);
  fake.hold();
  await playground.generate();
  const stream = (await fake.run(0)).stream();
  const colors = [[200, 0, 0], [0, 150, 0], [0, 0, 200]];
  for (const [i, color] of colors.entries()) {
    stream.partial(plain(64, 64, color), i);
    await playground.stageIs(color);
    assert.equal(await playground.field("use_as_input"), undefined);
  }
  stream.completed(plain(64, 64, [90, 90, 0]));
  stream.end();
  await playground.stageIs([90, 90, 0]);
  await playground.shows("use_as_input");
});

test("Cancel closes the connection at once, keeps the last preview, and the next run succeeds", async (t) => {
  const playground = await open(t);
  fake.hold();
  await playground.generate();
  const exchange = await fake.run(0);
  exchange.stream().partial(plain(64, 64, [0, 150, 0]));
  await playground.stageIs([0, 150, 0]);
  const id = (await playground.inspect()).fields.find((field) => /^cancel/.test(field.id)).id;
  await playground.settled();
  const pressed = Date.now();
  await playground.click(id);
  t.diagnostic(`closed ${(await exchange.closed) - pressed} ms after it was pressed`);
  await playground.hears(/Cancelled/);
  await playground.stageIs([0, 150, 0]);
  await playground.click("submit");
  (await fake.run(1)).finish();
  await playground.hears(/Done/);
  await playground.stageIs([200, 40, 40]);
});

test("of three runs the second is cancelled: the others finish in their order, and it is told to the server", async (t) => {
  const playground = await open(t);
  const held = [];
  fake.onRun = (exchange) => held.push(exchange);
  for (const prompt of ["one", "two", "three"]) await playground.generate(prompt);
  await playground.shows("cancel.3");
  await playground.click("cancel.2");
  if (held.length > 1) await held.find((exchange) => exchange.json.prompt === "two").closed;
  for (const prompt of ["one", "three"]) {
    for (;;) {
      const exchange = held.find((each) => each.json.prompt === prompt);
      if (exchange) { exchange.finish(); break; }
      await playground.page.waitForTimeout(20);
    }
    await playground.shows("status", (field) => /Done|Drawing/.test(field.text));
  }
  await playground.hears(/Done/);
  assert.deepEqual(held.map((exchange) => exchange.json.prompt).filter((prompt) => prompt !== "two"), ["one", "three"]);
});

test("a stream cut into single bytes, with CRLF, comments and data over several lines, says the same", async (t) => {
  const playground = await open(t);
  fake.hold();
  const preview = plain(64, 64, [0, 150, 0]).toString("base64"), picture = plain(64, 64, [0, 0, 200]).toString("base64");
  await playground.generate();
  const stream = (await fake.run(0)).stream();
  const partial = `: still there\r\nevent: image_generation.partial_image\r\ndata: {"type": "image_generation.partial_image",\r\ndata: "b64_json": "${preview}", "partial_image_index": 0}\r\n\r\n`;
  for (const byte of Buffer.from(`\uFEFF: ä\n\n${partial}`)) {
    stream.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  await playground.stageIs([0, 150, 0]);
  for (const byte of Buffer.from(`event: image_generation.completed\rdata: {"type": "image_generation.completed", "b64_json": "${picture}"}\r\r`)) {
    stream.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  stream.end();
  await playground.stageIs([0, 0, 200]);
  await playground.hears(/Done/);
});

test("every refusal is shown in its own words, with the number of the request", async (t) => {
  const playground = await open(t);
  const refusals = [[413, "The picture has 90 megapixels; 64 are the most."], [422, "steps must be at most 50."],
                    [429, "64 jobs are waiting; no more are taken."], [500, "A value is not finite."]];
  for (const [status, message] of refusals) {
    fake.onRun = (exchange) => exchange.error(status, message, status === 429 ? { "retry-after": "7" } : {});
    await playground.generate(`refused with ${status}`);
    const { text } = await playground.hears(new RegExp(message));
    assert.match(text, /req-\d+/);
    if (status === 429) assert.match(text, /7 s/);
  }
});

test("a wrong key leads to the field for it, and what was written stays", async (t) => {
  const playground = await open(t);
  fake.onRun = (exchange) => exchange.error(401, "This key is unknown.");
  await playground.generate("a red house");
  await playground.hears(/This key is unknown/);
  await playground.shows("api_key");
  fake.onRun = (exchange) => exchange.finish();
  await playground.dom("api_key").fill("sk-right");
  await playground.click("connect");
  await playground.gone("connect");
  await playground.click("submit");
  assert.equal((await fake.run(1)).headers.authorization, "Bearer sk-right");
  assert.equal(fake.runs[1].json.prompt, "a red house");
});

test("a connection that breaks off is reported, and the preview so far stays", async (t) => {
  const playground = await open(t);
  fake.hold();
  await playground.generate();
  const stream = (await fake.run(0)).stream();
  stream.partial(plain(64, 64, [0, 150, 0]));
  await playground.stageIs([0, 150, 0]);
  stream.drop();
  await playground.hears(/broke off/);
});

test("the element says how a run goes on: its state, progress that never falls, and the title of a page of its own", async (t) => {
  const playground = await open(t);
  fake.hold();
  await playground.shows("model");
  await playground.element.evaluate((element) => {
    window.seen = [];
    new MutationObserver(() => window.seen.push([element.dataset.state, Number(element.dataset.progress)]))
        .observe(element, { attributeFilter: ["data-state", "data-progress"] });
  });
  const title = await playground.page.title();
  await playground.generate();
  const stream = (await fake.run(0)).stream();
  for (const step of [1, 2, 3]) {
    stream.progress(step, 4, { eta_ms: (4 - step) * 5000 });
    await playground.page.waitForFunction((share) => window.seen.some(([, progress]) => progress >= share), step / 4);
  }
  assert.notEqual(await playground.page.title(), title);
  stream.completed(plain(64, 64, [0, 0, 200]));
  stream.end();
  await playground.page.waitForFunction(() => window.seen.at(-1)[0] === "done");
  const seen = await playground.page.evaluate(() => window.seen);
  const states = seen.map(([state]) => state).filter((state, i, all) => state !== all[i - 1]);
  assert.deepEqual(states.filter((state) => state !== "idle" && state !== "queued"), ["running", "done"]);
  const running = seen.filter(([state]) => state === "running").map(([, progress]) => progress);
  assert.deepEqual(running, [...running].sort((a, b) => a - b));
});
