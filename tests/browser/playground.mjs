// Chromium with a software renderer, and the playground in one of its pages.
import { chromium } from "playwright-core";
import { patience } from "./files.mjs";
import { pixels } from "./picture.mjs";

const FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--use-gl=angle", "--use-angle=swiftshader",
               "--enable-unsafe-swiftshader"];

export function openBrowser(flags = []) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...FLAGS, ...flags] });
}

/// A fresh profile with one page; it is closed at the end of the test `t`.
export async function openPage(t, browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, ...options });
  context.setDefaultTimeout(patience);
  t.after(() => context.close());
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") page.problems.push(message.text()); });
  return page;
}

/// What a visitor and a page around can do with one element.
export class Playground {
  constructor(page, selector = "palimpsest-playground") {
    this.page = page;
    this.element = page.locator(selector);
  }

  /// Opens `url` and waits until the form is on the screen.
  static async open(page, url, selector) {
    await page.goto(url);
    const playground = new Playground(page, selector);
    await playground.shows("submit");
    return playground;
  }

  inspect() {
    return this.element.evaluate((element) => element.inspect());
  }

  /// The field of that id, once there is one for which `test` holds.
  async shows(id, test = () => true) {
    for (let end = Date.now() + patience; Date.now() < end;) {
      const field = await this.field(id);
      if (field && test(field)) return field;
      await this.page.waitForTimeout(20);
    }
    const ids = (await this.inspect()).fields.map((field) => field.id);
    throw new Error(`no "${id}" as expected among ${ids.join(", ")}`);
  }

  async gone(id) {
    for (let end = Date.now() + patience; await this.field(id);) {
      if (Date.now() > end) throw new Error(`"${id}" is still there`);
    }
  }

  async field(id) {
    return (await this.inspect()).fields.find((field) => field.id === id);
  }

  /// The real element over the canvas.
  dom(id) {
    return this.element.locator(`[data-id="${id}"]`);
  }

  /// The middle of a field in the window, which is scrolled to it where it must be.
  async middle(id) {
    const field = await this.shows(id);
    await this.element.evaluate((element, y) => {
      const at = element.getBoundingClientRect().top + y;
      if (at < 0 || at > innerHeight) scrollBy(0, at - innerHeight / 2);
    }, field.y + field.height / 2);
    const box = await this.element.boundingBox();
    return [box.x + field.x + field.width / 2, box.y + field.y + field.height / 2];
  }

  /// Turns the wheel over the pane that a field is in until the field is whole.
  async reveal(id) {
    const box = await this.element.boundingBox();
    for (let end = Date.now() + patience; Date.now() < end;) {
      await this.settled();
      const { x, width, y, clipTop, clipBottom } = await this.shows(id);
      if (clipTop === 0 && clipBottom === 0) return;
      await this.page.mouse.move(box.x + x + width / 2, box.y + box.height * 0.8);
      await this.page.mouse.wheel(0, clipTop > 0 || y < 0 ? -100 : 100);
    }
    throw new Error(`"${id}" stays out of sight`);
  }

  /// Waits until nothing is drawn any more, then clicks where the field is drawn.
  async click(id) {
    await this.reveal(id);
    await this.page.mouse.click(...(await this.middle(id)));
  }

  /// Until no frame is drawn in a tenth of a second.
  settled() {
    return this.element.evaluate(async (element) => {
      for (let before = -1; before !== element.inspect().frames;) {
        before = element.inspect().frames;
        await new Promise((done) => setTimeout(done, 100));
      }
    });
  }

  async write(prompt) {
    await this.dom("prompt").fill(prompt);
    await this.shows("prompt", (field) => field.text === prompt);
  }

  /// Writes the prompt and presses Generate.
  async generate(prompt = "a red house") {
    await this.write(prompt);
    await this.click("submit");
  }

  /// What a screen reader was told last, once it matches.
  hears(pattern) {
    return this.shows("status", (field) => pattern.test(field.text));
  }

  /// Waits until the stage has this colour in its middle, or so many points beside it.
  async stageIs(color, offset) {
    let seen;
    for (let end = Date.now() + patience; Date.now() < end;) {
      seen = await this.stageColor(offset);
      if (color.every((value, i) => Math.abs(value - seen[i]) < 12)) return;
    }
    throw new Error(`the stage is ${seen} rather than ${color}`);
  }

  async stageColor({ dx = 0, dy = 0 } = {}) {
    const box = await this.element.boundingBox();
    const clip = { x: Math.round(box.x + box.width / 2 + dx), y: Math.round(box.y + box.height / 2 + dy), width: 1, height: 1 };
    return pixels(await this.page.screenshot({ clip })).at(0, 0);
  }

  /// Shows Details or Code, which are behind a button where the window is narrow.
  async openSide(tab) {
    if (!(await this.field(`side.${tab}`))) await this.click("side");
    await this.click(`side.${tab}`);
  }

  /// Drops a picture onto the element, as the page around might.
  give(name, bytes) {
    return this.element.evaluate((element, [fileName, base64]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], fileName, { type: "image/png" }));
      for (const type of ["dragover", "drop"]) element.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    }, [name, bytes.toString("base64")]);
  }

  /// Gives a file as the file dialog would; `name` with its ending.
  async choose(name, buffer, mimeType = "image/png", parameter = "image") {
    const [chooser] = await Promise.all([this.page.waitForEvent("filechooser"), this.click(`browse.${parameter}`)]);
    await chooser.setFiles({ name, mimeType, buffer });
  }
}
