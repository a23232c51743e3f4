// The keyboard and the host page: acceptance points 10 to 16.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startFakeServer } from "./fake_server.mjs";
import { elementScript } from "./files.mjs";
import { openBrowser, openPage, Playground } from "./playground.mjs";

let browser;
before(async () => { browser = await openBrowser(); });
after(() => browser.close());

const embed = (attributes = "") => `<palimpsest-playground start="eager" base-url="/v1" style="height: 600px" ${attributes}></palimpsest-playground>`;
const host = (body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Host</title>
  <body style="margin: 0">${body}<script type="module" src="/${elementScript}"></script></body></html>`;

/// The whole page, or a page of ours around elements.
async function open(t, body) {
  const fake = await startFakeServer(body ? { pages: { "/host.html": host(body) } } : {});
  t.after(fake.stop);
  const page = await openPage(t, browser);
  const playground = await Playground.open(page, fake.origin + (body ? "/host.html" : "/"), "palimpsest-playground >> nth=0");
  return { fake, page, playground };
}

test("an input method's composition is left alone: its text arrives whole, and Ctrl+Enter within it sends nothing", async (t) => {
  const { fake, page, playground } = await open(t);
  const devtools = await page.context().newCDPSession(page);
  await playground.dom("prompt").focus();
  for (const text of ["に", "にほ", "日本"]) {
    await devtools.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
    await playground.settled();
  }
  await page.keyboard.press("Control+Enter");
  await playground.settled();
  assert.equal(fake.runs.length, 0);
  await devtools.send("Input.insertText", { text: "日本" });
  await playground.shows("prompt", (field) => field.text === "日本");
  await page.keyboard.press("Control+Enter");
  assert.equal((await fake.run(0)).json.prompt, "日本");
});

test("Ctrl+Z in the prompt takes back text", async (t) => {
  const { page, playground } = await open(t);
  await playground.dom("prompt").click();
  await page.keyboard.type("a house");
  await playground.shows("prompt", (field) => field.text === "a house");
  await page.keyboard.press("Control+z");
  await playground.shows("prompt", (field) => field.text !== "a house");
  assert.equal(await playground.dom("prompt").inputValue(), (await playground.field("prompt")).text);
});

test("of two elements on a page, Ctrl+Enter runs the one with the focus", async (t) => {
  const { fake, page, playground } = await open(t, embed('prompt="the first"') + embed('prompt="the second"'));
  const second = new Playground(page, "palimpsest-playground >> nth=1");
  for (const each of [playground, second]) await each.shows("model");
  await second.dom("prompt").click();
  await page.keyboard.press("Control+Enter");
  assert.equal((await fake.run(0)).json.prompt, "the second");
  await second.hears(/Done/);
  assert.equal(fake.runs.length, 1);
  assert.doesNotMatch((await playground.shows("status")).text, /Done/);
});

test("the host page's own field takes Backspace, Tab, arrows and Space as without the element", async (t) => {
  const { page } = await open(t, `<input id="first" value=""><input id="second">${embed()}`);
  await page.locator("#first").click();
  await page.keyboard.type("abc d");
  for (const key of ["Backspace", "ArrowLeft", "Space", "Backspace", "Backspace"]) await page.keyboard.press(key);
  assert.equal(await page.locator("#first").inputValue(), "ab ");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.id), "second");
});

test("Tab visits every control once and leaves the element at its end; Shift+Tab comes back", async (t) => {
  const { page, playground } = await open(t, `<button id="before">before</button>${embed()}<button id="after">after</button>`);
  const focused = () => page.evaluate(() => {
    const { activeElement } = document;
    return activeElement.shadowRoot?.activeElement?.dataset.id ?? activeElement.id;
  });
  const walk = async (key, from, to) => {
    await page.locator(from).focus();
    const visited = [];
    for (let id = ""; id !== to && visited.length < 200; visited.push(id)) {
      await page.keyboard.press(key);
      id = await focused();
    }
    return visited.slice(0, -1);
  };
  await playground.settled();
  const forth = await walk("Tab", "#before", "after");
  assert.ok(forth.includes("prompt") && forth.includes("submit"), forth.join(", "));
  assert.equal(new Set(forth).size, forth.length, "each once");
  const back = await walk("Shift+Tab", "#after", "before");
  assert.deepEqual(back.reverse(), forth);
});

test("the wheel scrolls the page over an element without focus, zooms after a click on the stage, and scrolls again after Esc", async (t) => {
  const { page, playground } = await open(t, `${embed()}<div style="height: 3000px"></div>`);
  const scrolled = () => page.evaluate(() => scrollY);
  const turn = async (by) => {
    await page.mouse.move(720, 300);
    await page.mouse.wheel(0, by);
  };
  await turn(200);
  await page.waitForFunction(() => scrollY === 200);
  await page.evaluate(() => scrollTo(0, 0));
  await page.mouse.click(720, 300);
  await playground.settled();
  await turn(200);
  await playground.settled();
  assert.equal(await scrolled(), 0);
  await page.keyboard.press("Escape");
  await turn(200);
  await page.waitForFunction(() => scrollY > 100);
});

test("an element below the fold starts and takes the focus without moving the page", async (t) => {
  const { page, playground } = await open(t, `<div style="height: 2000px"></div>${embed()}`);
  assert.equal(await page.evaluate(() => scrollY), 0);
  await playground.element.evaluate((element) => element.shadowRoot.querySelector("canvas").focus({ preventScroll: true }));
  await playground.settled();
  assert.equal(await page.evaluate(() => scrollY), 0);
});
