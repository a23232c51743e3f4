// Pictures in and out: acceptance points 17, 18, 19, 28 and 29.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startFakeServer } from "./fake_server.mjs";
import { plain, png } from "./picture.mjs";
import { openBrowser, openPage, Playground } from "./playground.mjs";

let browser;
const folder = mkdtempSync(join(tmpdir(), "palimpsest-browser-"));
before(async () => { browser = await openBrowser(); });
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

async function open(t) {
  const fake = await startFakeServer();
  t.after(fake.stop);
  const page = await openPage(t, browser);
  return { fake, page, playground: await Playground.open(page, fake.origin) };
}

/// Drops a file of that content, as from the file manager.
async function drop(page, [x, y], name, bytes) {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  const devtools = await page.context().newCDPSession(page);
  const data = { items: [], files: [file], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) await devtools.send("Input.dispatchDragEvent", { type, x, y, data });
}

test("a dropped picture is the one to edit; what is no picture is refused in words", async (t) => {
  const { fake, page, playground } = await open(t);
  const good = plain(96, 80, [10, 120, 200]);
  await drop(page, [640, 300], "good.png", good);
  await playground.stageIs([10, 120, 200]);
  for (const [name, bytes] of [["words.txt", Buffer.from("not a picture")], ["cut.png", good.subarray(0, 60)]]) {
    await drop(page, [640, 300], name, bytes);
    await playground.hears(new RegExp(`${name} is no picture`));
  }
  await drop(page, [640, 300], "good.png", good);
  await playground.stageIs([10, 120, 200]);
  await playground.generate("make it red");
  const { form, url } = await fake.run(0);
  assert.match(url, /images\/edits/);
  assert.deepEqual(form.image, good);
});

test("a picture in the clipboard becomes the one to edit, text goes into the prompt", async (t) => {
  const { page, playground } = await open(t);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.evaluate(async (base64) => {
    const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob();
    await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
  }, plain(96, 80, [10, 120, 200]).toString("base64"));
  await page.mouse.click(640, 300);
  await page.keyboard.press("Control+v");
  await playground.stageIs([10, 120, 200]);
  await page.evaluate(() => navigator.clipboard.writeText("pasted words"));
  await playground.dom("prompt").click();
  await page.keyboard.press("Control+v");
  await playground.shows("prompt", (field) => field.text === "pasted words");
});

/// A JPEG of the browser's own making with "turned by 90 degrees" in its EXIF part.
async function turnedJpeg(page, width, height) {
  const base64 = await page.evaluate(async ([w, h]) => {
    const canvas = new OffscreenCanvas(w, h), context = canvas.getContext("2d");
    context.fillStyle = "#0a78c8";
    context.fillRect(0, 0, w, h);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 })).arrayBuffer());
    return btoa(String.fromCharCode(...bytes));
  }, [width, height]);
  const jpeg = Buffer.from(base64, "base64");
  const exif = Buffer.from("ffe100224578696600004d4d002a00000008000101120003000000010006000000000000", "hex");
  return Buffer.concat([jpeg.subarray(0, 2), exif, jpeg.subarray(2)]);
}

test("a JPEG that says it is turned stands upright", async (t) => {
  const { page, playground } = await open(t);
  await drop(page, [640, 300], "turned.jpg", await turnedJpeg(page, 120, 60));
  // Fitted, it is higher than wide.
  for (const dy of [-150, 0, 150]) await playground.stageIs([10, 120, 200], { dy });
  assert.notDeepEqual(await playground.stageColor({ dx: 220 }), await playground.stageColor());
});

test("seeds of 64 bits are the same in the field and in the request", async (t) => {
  const { fake, playground } = await open(t);
  for (const [run, seed] of ["9007199254740993", "18446744073709551615"].entries()) {
    await playground.dom("param.seed").fill(seed);
    await playground.generate(`seed ${seed}`);
    const { body } = await fake.run(run);
    assert.match(body.toString(), new RegExp(`"seed": ?"?${seed}\\b`));
    assert.equal(await playground.dom("param.seed").inputValue(), seed);
  }
});

test("a checkerboard goes through the page unchanged", async (t) => {
  const { fake, page, playground } = await open(t);
  const board = png(64, 64, (x, y) => (x >> 3) + (y >> 3) & 1 ? [255, 255, 255] : [0, 0, 0]);
  await drop(page, [640, 300], "board.png", board);
  await playground.shows("replace.image");
  await playground.generate("keep it");
  assert.deepEqual((await fake.run(0)).form.image, board);
});
