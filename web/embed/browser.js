// The browser's side of web/platform: one object for each of fields, input, network, pictures and files; here are frames
// on demand and the page around.
// C++ calls its methods through the module's adapter, and it calls the functions that main.cpp exports.

import {Fields} from './fields.js';
import {Files} from './files.js';
import {Input} from './input.js';
import {Network} from './network.js';
import {Pictures} from './pictures.js';

const utf8 = new TextEncoder();

export class Browser {
  /** `root` is the shadow root with the canvas and the layer of fields; `host` the element around them. */
  constructor(host, root, options) {
    this.host = host;
    this.root = root;
    this.canvas = root.querySelector('canvas');
    this.layer = root.querySelector('.fields');
    this.options = options;
    this.fields = new Fields(this);
    this.files = new Files(this);
    this.input = new Input(this);
    this.network = new Network(this);
    this.pictures = new Pictures(this);
    this.framesLeft = 0;
    this.frames = 0;
    this.isScheduled = false;
    this.stop = new AbortController();
  }

  attach(module) {
    this.module = module;
  }

  start(fonts, startOptions) {
    const attributes = {majorVersion: 2, minorVersion: 0, alpha: false, antialias: false, depth: false, stencil: false,
                        premultipliedAlpha: true, preserveDrawingBuffer: false, enableExtensionsByDefault: false};
    this.gl = this.module.makeContext(this.canvas, attributes);
    if (!this.gl) throw new Error('This page needs WebGL 2, which the browser does not offer here.');
    fonts.forEach((bytes, i) => this.module.lend(bytes, (p, n) => this.module.exports._page_font(i, p, n)));
    this.withTexts([JSON.stringify(startOptions)], (p) => this.module.exports._page_start(p));
    this.input.listen();
    this.wake();
  }

  destroy() {
    this.stop.abort();
    clearTimeout(this.timer);
    this.network.abortAll();
    this.gl?.getExtension('WEBGL_lose_context')?.loseContext();
  }

  withTexts(texts, use, pointers = []) {
    if (texts.length === 0) return use(...pointers);
    const [first, ...rest] = texts;
    this.module.lend(utf8.encode(first), (p) => this.withTexts(rest, use, [...pointers, p]));
  }

  // Frames.

  /** A few frames, since ImGui needs some to settle after input. */
  wake(frames = 3) {
    this.framesLeft = Math.max(this.framesLeft, frames);
    if (this.isScheduled || this.stop.signal.aborted) return;
    this.isScheduled = true;
    // A hidden tab gets no animation frames, but streams go on there.
    if (document.hidden) setTimeout(() => this.frame(), 250);
    else requestAnimationFrame(() => this.frame());
  }

  wakeIn(seconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.wake(1), seconds * 1000);
  }

  frame() {
    this.isScheduled = false;
    if (this.stop.signal.aborted || this.isContextLost) return;
    const box = this.host.getBoundingClientRect();
    const density = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(box.width * density)), height = Math.max(1, Math.round(box.height * density));
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, {width, height});
    this.frames += 1;
    const isBusy = this.module.exports._page_frame(width / density, height / density, density);
    this.framesLeft = isBusy ? 3 : this.framesLeft - 1;
    if (this.framesLeft > 0) this.wake(this.framesLeft);
  }

  // The page around.

  setTitle(title) {
    if (this.options.isWholePage) document.title = title;
  }

  setDark(isDark) {
    this.host.dataset.theme = isDark ? 'dark' : 'light';
  }

  showFailure(message) {
    this.stop.abort();
    this.options.onFailure(message);
  }
}
