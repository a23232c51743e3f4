// A playground in an iframe, with the same face as session.js: what the page around says goes over a bridge (bridge.js) to
// frame_page.js, which decides what such a page may ask.

import {Bridge} from './bridge.js';
import {message} from './poster.js';

const ANSWER_MS = 15_000;

export class FrameSession {
  constructor(host, stage) {
    this.host = host;
    this.stage = stage;
  }

  async start() {
    const {host} = this;
    const url = new URL('embed.html', host.assetsUrl);
    this.frame = document.createElement('iframe');
    this.frame.title = 'Palimpsest playground: make and edit pictures';
    this.frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-downloads allow-popups');
    this.frame.allow = 'clipboard-read; clipboard-write; fullscreen; loopback-network; local-network; local-network-access';
    this.frame.src = url.href;
    this.stage.replaceChildren(this.frame, message('Loading …', null, true));
    await new Promise((resolve) => { this.frame.onload = resolve; });
    const {port1, port2} = new MessageChannel();
    this.bridge = new Bridge(port1, {
      answer: (name, detail) => host.ask(name, detail),
      hear: (name, detail) => (name === 'ready' ? this.ready() : host.tell(name, detail)),
    });
    this.frame.contentWindow.postMessage({pg: 1, type: 'hello', caps: ['submit']}, url.origin, [port2]);
    const isReady = new Promise((resolve, reject) => {
      this.ready = resolve;
      setTimeout(() => reject(new Error(`${url.href} did not answer; does it allow this page to frame it?`)), ANSWER_MS);
    });
    const {theme, ...attributes} = Object.fromEntries([...host.attributes].map(({name, value}) => [name, value]));
    await this.bridge.call('start', {attributes, theme: host.currentTheme()});
    await isReady;
    this.stage.replaceChildren(this.frame);
  }

  async call(name, args = {}) {
    if (name === 'submit') {
      const {proceed, values} = this.host.ask('submit', {values: args.values});
      if (!proceed) throw new Error('The page around did not let this run.');
      args = {values};
    }
    return this.bridge.call(name, args);
  }

  themeChanged(theme) {
    this.bridge?.call('theme', {theme}).catch(() => {});
  }

  destroy() {
    this.bridge?.close();
    this.bridge = null;
    this.frame?.remove();
  }
}
