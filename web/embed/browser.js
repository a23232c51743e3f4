// The browser's side of web/platform: one object for each of fields, input, network, pictures and files; here are frames
// on demand and the page around.
// C++ calls its methods through the module's adapter, and it calls the functions that main.cpp exports.

import {Attention} from './attention.js';
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
    this.stage = root.querySelector('.stage');
    this.options = options;
    this.attention = new Attention();
    this.fields = new Fields(this);
    this.files = new Files(this);
    this.input = new Input(this);
    this.network = new Network(this);
    this.pictures = new Pictures(this);
    this.framesLeft = 0;
    this.frames = 0;
    this.isScheduled = false;
    this.isRunning = false;
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
    this.isRunning = true;
    this.withTexts([JSON.stringify(startOptions)], (p) => this.module.exports._page_start(p));
    this.input.listen();
    this.wake();
  }

  /** Asks the page for something: plain data in and out. */
  call(question) {
    let answer = {};
    this.withTexts([JSON.stringify(question)], (p) => { answer = this.module.takeText(this.module.exports._page_call(p)); });
    this.wake();
    return JSON.parse(answer);
  }

  destroy() {
    this.isRunning = false;
    this.stop.abort();
    clearTimeout(this.timer);
    this.network.abortAll();
    this.gl?.getExtension('WEBGL_lose_context')?.loseContext();
    this.gl = null;
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
    const visible = this.visibleHeight(box);
    const width = Math.max(1, Math.round(box.width * density)), height = Math.max(1, Math.round(visible * density));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, {width, height});
      this.canvas.style.height = visible < box.height ? `${visible}px` : '';
    }
    this.frames += 1;
    const isBusy = this.module.exports._page_frame(width / density, height / density, density);
    this.framesLeft = isBusy ? 3 : this.framesLeft - 1;
    if (this.framesLeft > 0) this.wake(this.framesLeft);
  }

  /** A phone's keyboard covers the lower part of a page: then the playground ends above it. */
  visibleHeight(box) {
    const view = window.visualViewport;
    if (!this.options.isWholePage || !view || view.scale > 1.01) return box.height;
    return Math.max(200, Math.min(box.height, view.height));
  }

  /** Out of sight for long: the graphics memory is given back, and a still picture stands in. */
  park() {
    if (!this.isRunning || this.isContextLost || this.isParked || this.isBusy) return;
    this.isParked = true;
    this.module.exports._page_frame(this.canvas.clientWidth, this.canvas.clientHeight, window.devicePixelRatio || 1);
    const still = Object.assign(document.createElement('canvas'), {className: 'parked', width: this.canvas.width, height: this.canvas.height});
    still.getContext('2d').drawImage(this.canvas, 0, 0);
    this.canvas.after(still);
    this.still = still;
    this.loseContext = this.gl.getExtension('WEBGL_lose_context');
    this.loseContext?.loseContext();
  }

  unpark() {
    if (!this.isParked) return;
    this.isParked = false;
    this.loseContext?.restoreContext();
  }

  // The page around.

  setTitle(title) {
    if (this.options.isWholePage) document.title = title;
  }

  setColors({isDark, radius, ...colors}) {
    this.stage.classList.toggle('light', !isDark);
    this.stage.style.setProperty('--radius', `${radius}px`);
    for (const [name, value] of Object.entries(colors)) this.stage.style.setProperty(`--${name}`, value);
  }

  tellHost(name, detail) {
    if (name === 'state') this.isBusy = detail.state === 'running' || detail.state === 'queued';
    this.options.tell(name, detail);
  }

  askHost(name, detail) {
    return this.options.ask(name, detail);
  }

  toggleFullscreen() {
    const change = document.fullscreenElement ? document.exitFullscreen() : this.host.requestFullscreen();
    change.catch((error) => console.warn(`Full screen: ${error.message}`));
  }

  showFailure(message) {
    this.stop.abort();
    this.options.onFailure(message);
  }
}
