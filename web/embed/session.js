// One running playground: the module, its fonts and the browser's side, in a shadow tree. frame.js has the same face for
// a playground inside an iframe.

import {Browser} from './browser.js';
import {Gestures} from './gestures.js';
import {mayReachLoopback} from './local_network.js';
import {Settings} from './settings.js';

// As main.cpp counts them: text, semibold text, numbers and code, icons.
const FONTS = ['Inter-Regular.otf', 'Inter-SemiBold.otf', 'JetBrainsMono-Regular.ttf', 'MaterialIcons-Regular.ttf'];

async function bytesOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered with status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

let faces = null;
/** The fields' fonts are the document's: the same for all elements. */
async function addFaces(fonts) {
  faces ??= Promise.all([['Palimpsest Inter', fonts[0]], ['Palimpsest Mono', fonts[2]]]
                            .map(([name, bytes]) => new FontFace(name, bytes.buffer.slice(0)).load()));
  for (const face of await faces) document.fonts.add(face);
}

/** Compiles while it comes; `integrity` as in <script integrity>. */
function loaderOf(url, integrity) {
  return async (imports, done) => {
    const response = await fetch(url, integrity ? {integrity} : {});
    if (!response.ok) throw new Error(`${url} answered with status ${response.status}`);
    const isTyped = response.headers.get('content-type')?.startsWith('application/wasm');
    const made = isTyped ? await WebAssembly.instantiateStreaming(response, imports)
                         : await WebAssembly.instantiate(await response.arrayBuffer(), imports);
    done(made.instance, made.module);
  };
}

export class Session {
  /** `host`: the element, with `tell(name, detail)` and `ask(name, detail)`. */
  constructor(host, stage, examples) {
    this.host = host;
    this.stage = stage;
    this.examples = examples;
    this.stop = new AbortController();
  }

  async start() {
    const {host} = this;
    const asset = (name) => new URL(name, host.assetsUrl).href;
    const failure = {};
    const failed = new Promise((resolve, reject) => { failure.reject = reject; });
    const [{default: createModule}, mayReach, ...fonts] = await Promise.all(
        [import(asset('palimpsest.js')), mayReachLoopback(), ...FONTS.map((name) => bytesOf(asset(`fonts/${name}`)))]);
    await addFaces(fonts);
    if (this.stop.signal.aborted) return;
    const canvas = Object.assign(document.createElement('canvas'), {tabIndex: -1});
    canvas.setAttribute('aria-hidden', 'true');
    const layer = Object.assign(document.createElement('div'), {className: 'fields'});
    layer.part = 'fields';
    this.stage.replaceChildren(canvas, layer);
    const isCooperative = host.gestures ? host.gestures === 'cooperative' : !host.wholePage;
    const options = {
      isWholePage: host.wholePage,
      gestures: new Gestures(host.shadowRoot, this.stage, isCooperative),
      settings: new Settings(host.persist || (host.wholePage ? 'local' : 'none')),
      onFailure: (text) => host.fail(text),
      tell: (name, detail) => this.told(name, detail),
      ask: (name, detail) => host.ask(name, detail),
    };
    this.browser = new Browser(host, host.shadowRoot, options);
    const wasm = loaderOf(asset('palimpsest.wasm'), host.integrityWasm);
    const instantiateWasm = (imports, done) => { wasm(imports, done).catch(failure.reject); return {}; };
    const module = await Promise.race([createModule({browser: this.browser, canvas, instantiateWasm}), failed]);
    if (this.stop.signal.aborted) return;
    module._page_create();
    const start = {...host.startOptions(), theme: host.currentTheme(), mayReachLoopback: mayReach, examples: this.examples};
    this.browser.start(fonts, start);
  }

  themeChanged(theme) {
    if (this.browser?.isRunning) this.call('theme', {theme});
  }

  /** Asks the page; answers are plain data, pictures in it are Blobs. */
  async call(name, args = {}) {
    if (name === 'give') return this.browser.files.give(args.parameter, args.file);
    const answer = this.browser.call({call: name, ...args});
    if (answer.error) throw new Error(answer.error);
    return this.withBlob(answer);
  }

  told(name, detail) {
    if (this.stop.signal.aborted) return;
    if (name === 'state') this.browser.isModal = detail.modal;
    this.host.tell(name, this.withBlob(detail));
  }

  withBlob(detail) {
    const blob = detail.picture ? this.browser.pictures.blobOf(detail.picture) : undefined;
    return blob ? {...detail, blob} : detail;
  }

  inspect() {
    return {fields: this.browser?.fields.specs ?? [], frames: this.browser?.frames ?? 0};
  }

  destroy() {
    this.stop.abort();
    this.browser?.destroy();
    this.browser = null;
  }
}
