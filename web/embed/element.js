// <palimpsest-playground>: the playground as an element for any page. It starts on a click, when it comes into view, or at
// once; what it shows runs in session.js, or in an iframe (frame.js). docs/embedding.md describes attributes, methods and
// events; palimpsest-playground.d.ts has their types.

import {FrameSession} from './frame.js';
import {findExample, loadExamples} from './examples.js';
import {message, poster} from './poster.js';
import {serverFromLink} from './link.js';
import {sheet} from './styles.js';
import {themeOf, watchTheme} from './theme.js';

const TEXTS = ['assets', 'base-url', 'controls', 'examples', 'gestures', 'guidance', 'image', 'integrity-wasm', 'isolate', 'layout', 'mask',
               'mode', 'model', 'params', 'persist', 'poster', 'preset', 'prompt', 'seed', 'size', 'start', 'steps', 'theme'];
const FLAGS = ['framed', 'readonly', 'whole-page'];
const VALUES = {prompt: 'prompt', seed: 'seed', size: 'size', steps: 'steps', guidance: 'cfg_scale'};
const PARK_AFTER_MS = 60_000;

const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

export class PalimpsestPlayground extends HTMLElement {
  static observedAttributes = [...TEXTS, ...FLAGS];

  connectedCallback() {
    if (this.life) return;  // moved within the document
    if (!this.shadowRoot) this.attachShadow({mode: 'open'}).adoptedStyleSheets = [sheet];
    this.life = new AbortController();
    this.renewReady();
    this.stage = document.createElement('div');
    this.stage.className = 'stage';
    this.stage.part = 'stage';
    this.shadowRoot.replaceChildren(this.stage);
    this.showTheme();
    watchTheme(() => this.showTheme(), this.life.signal);
    document.addEventListener('fullscreenchange', () => this.fullscreenChanged(), {signal: this.life.signal});
    this.watchVisibility();
    this.reflect({state: 'poster', progress: 0, layout: ''});
    if (this.framed) return;  // frame_page.js starts it
    if (this.wholePage || this.startWhen === 'eager') this.start().catch(() => {});
    else this.showPoster();
  }

  disconnectedCallback() {
    // An element that is moved is connected again before this runs.
    queueMicrotask(() => { if (!this.isConnected) this.destroy(); });
  }

  attributeChangedCallback(name, before, now) {
    if (!this.session || before === now) return;
    if (name === 'theme') return this.showTheme();
    if (name === 'image' || name === 'mask') return now && this.give(name, now).catch((error) => this.tell('error', {message: error.message}));
    if (VALUES[name]) return this.session.call('set_state', {values: {[VALUES[name]]: now ?? ''}});
    if (['mode', 'model', 'layout', 'controls', 'readonly'].includes(name)) this.session.call('configure', this.configuration());
  }

  get assetsUrl() {
    return this.assets ? new URL(this.assets.replace(/\/?$/, '/'), location.href).href : new URL('.', import.meta.url).href;
  }

  // Starting and ending.

  /** Starts it where that has not happened yet; settles with it. */
  start() {
    if (!this.starting) {
      this.starting = this.load();
      this.starting.then(this.settleReady.resolve, this.settleReady.reject);
    }
    return this.starting;
  }

  renewReady() {
    this.starting = null;
    this.ready = new Promise((resolve, reject) => { this.settleReady = {resolve, reject}; });
    this.ready.catch(() => {});  // also told as an event
  }

  async load() {
    this.reflect({state: 'loading'});
    this.stage.replaceChildren(message('Loading …', null, true));
    const {life} = this;
    try {
      if (this.isolate === 'iframe') {
        this.session = new FrameSession(this, this.stage);
      } else {
        const [{Session}, examples] = await Promise.all([import('./session.js'), loadExamples(this)]);
        this.session = new Session(this, this.stage, examples);
      }
      await this.session.start();
      if (life.signal.aborted) return;
      if (this.credentials !== undefined) await this.sendCredentials();
      for (const name of ['image', 'mask']) if (this[name]) await this.session.call('give', {parameter: name, file: await this.fileOf(this[name])});
      this.tell('ready', {});
    } catch (error) {
      if (life.signal.aborted) return;
      this.fail(error.message);
      throw error;
    }
  }

  /** The playground cannot go on. */
  fail(text) {
    console.error(`palimpsest-playground: ${text}`);
    this.session?.destroy();
    this.session = null;
    this.renewReady();
    this.reflect({state: 'error'});
    this.stage.replaceChildren(message(`The playground had to stop: ${text}`, ['Start again', () => this.start().catch(() => {})]));
    this.tell('error', {message: text});
  }

  /** Ends it and frees what it holds; it starts anew when it is put into a page again. */
  destroy() {
    this.life?.abort();
    this.life = null;
    clearTimeout(this.parking);
    this.session?.destroy();
    this.session = null;
    this.shadowRoot?.replaceChildren();
  }

  async showPoster() {
    const {life} = this;
    const own = this.getAttribute('poster');
    const example = own ? null : findExample(await loadExamples(this), this.preset);
    if (life.signal.aborted || this.starting) return;
    const onNear = () => import('./session.js');
    this.stage.replaceChildren(poster({example, image: own && new URL(own, document.baseURI).href, onStart: () => this.start().catch(() => {}), onNear}));
  }

  watchVisibility() {
    const observer = new IntersectionObserver(([entry]) => {
      if (entry.isIntersecting && this.startWhen === 'visible') this.start().catch(() => {});
      clearTimeout(this.parking);
      if (entry.isIntersecting) this.session?.browser?.unpark();
      else this.parking = setTimeout(() => this.session?.browser?.park(), PARK_AFTER_MS);
    });
    observer.observe(this);
    this.life.signal.addEventListener('abort', () => observer.disconnect());
  }

  // What the page around asks for.

  /** Runs the form, with `overrides` for this run only. Settles with the detail of its last pg-result: of several pictures each
   * has an event of its own. Fails with the words of the error. */
  async run(overrides = {}) {
    await this.start();
    const values = Object.fromEntries(Object.entries(overrides).map(([name, value]) => [name, String(value)]));
    const {run} = await this.session.call('submit', {values});
    return new Promise((resolve, reject) => {
      const stop = new AbortController();
      const on = (name, use) => this.addEventListener(`pg-${name}`, ({detail}) => {
        if (detail.run !== run || detail.more) return;
        stop.abort();
        use(detail);
      }, {signal: stop.signal});
      on('result', resolve);
      on('error', (detail) => reject(Object.assign(new Error(detail.message), {code: detail.code})));
      on('cancel', () => reject(new DOMException('The run was cancelled.', 'AbortError')));
    });
  }

  /** One run, or all of them. */
  async cancel(run) {
    await this.session?.call('cancel', run === undefined ? {} : {run});
  }

  async getState() {
    return (await this.started()).call('state');
  }

  async setState(state) {
    return (await this.started()).call('set_state', state);
  }

  /** A Blob or an address; null empties the slot. */
  setImage(source) {
    return this.give('image', source);
  }

  setMask(source) {
    return this.give('mask', source);
  }

  /** Picture `index` of the run on the stage: {blob, run, prompt, seed, …}. */
  async getResult(index = 0) {
    return (await this.started()).call('result', {index});
  }

  /** The picture on the stage as a PNG. */
  async exportPng() {
    const {blob} = await this.getResult();
    if (blob.type === 'image/png') return blob;
    const bitmap = await createImageBitmap(blob);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
    return canvas.convertToBlob({type: 'image/png'});
  }

  /** The request as a program: curl, javascript or python. */
  async snippet(language = 'curl') {
    return (await (await this.started()).call('snippet', {language})).code;
  }

  /** A key, or a function that gives one (also anew, after it was refused). It is kept in memory only. */
  async setCredentials(credentials) {
    this.credentials = credentials;
    if (this.session) await this.sendCredentials();
  }

  /** What is on the screen, for tests: the fields and buttons with their rectangles, and how many frames were drawn. */
  inspect() {
    return this.session?.inspect?.() ?? {fields: [], frames: 0};
  }

  async started() {
    await this.start();
    return this.session;
  }

  async sendCredentials() {
    const key = typeof this.credentials === 'function' ? await this.credentials() : this.credentials;
    await this.session.call('credentials', {key: key ?? ''});
  }

  async give(parameter, source) {
    await this.started();
    if (source === null) return this.session.call('remove', {parameter});
    return this.session.call('give', {parameter, file: await this.fileOf(source)});
  }

  async fileOf(source) {
    if (source instanceof Blob) return source;
    const response = await fetch(new URL(source, document.baseURI));
    if (!response.ok) throw new Error(`${source} answered with status ${response.status}`);
    const blob = await response.blob();
    return new File([blob], new URL(response.url).pathname.split('/').pop() || 'picture', {type: blob.type});
  }

  // What the session tells.

  tell(name, detail) {
    if (name === 'state') {
      this.listener?.(name, detail);
      return this.reflect(detail);
    }
    if (name === 'error' && detail.status === 401 && typeof this.credentials === 'function') this.sendCredentials();
    this.listener?.(name, detail);
    this.dispatchEvent(new CustomEvent(`pg-${name}`, {bubbles: true, composed: true, detail}));
  }

  /** An event that the page around may veto (preventDefault) or rewrite (detail.values). */
  ask(name, detail) {
    const event = new CustomEvent(`pg-${name}`, {bubbles: true, composed: true, cancelable: true, detail});
    const proceed = this.dispatchEvent(event);
    if (proceed && this.judge) {
      // The page around the frame answers later; then the run is submitted anew.
      this.judge(name, detail).then((answer) => {
        if (answer.proceed) this.session.call('submit', {values: answer.values, approved: true});
      });
      return {proceed: false};
    }
    return {proceed, values: detail.values};
  }

  reflect({state, progress, layout}) {
    if (state !== undefined && this.dataset.state !== state) this.dataset.state = state;
    if (progress !== undefined && this.dataset.progress !== String(progress)) this.dataset.progress = progress;
    if (layout !== undefined && this.dataset.layout !== layout) this.dataset.layout = layout;
  }

  fullscreenChanged() {
    const isFullscreen = document.fullscreenElement === this;
    if (isFullscreen === (this.isFullscreen ?? false)) return;
    this.isFullscreen = isFullscreen;
    this.session?.call('fullscreen', {on: isFullscreen});
    this.tell('fullscreen', {fullscreen: isFullscreen});
  }

  /** What the page around a frame wants to be looked like. */
  useTheme(theme) {
    this.givenTheme = theme;
    this.showTheme();
  }

  currentTheme() {
    return this.givenTheme ?? themeOf(this);
  }

  showTheme() {
    const theme = this.currentTheme();
    this.stage.classList.toggle('light', !theme.isDark);
    if (this.session) this.session.themeChanged(theme);
    else for (const name of ['accent', 'background', 'text']) {
      if (theme[name]) this.stage.style.setProperty(`--${name}`, theme[name]);
      else this.stage.style.removeProperty(`--${name}`);
    }
  }

  configuration() {
    return {layout: this.layout, controls: this.controls.split(/[\s,]+/).filter(Boolean), readonly: this.readonly, mode: this.mode, model: this.model};
  }

  startOptions() {
    const values = this.params ? JSON.parse(this.params) : {};
    for (const [attribute, parameter] of Object.entries(VALUES)) if (this[attribute]) values[parameter] = this[attribute];
    for (const name of Object.keys(values)) values[name] = String(values[name]);
    const isWeb = location.protocol === 'http:' || location.protocol === 'https:';
    const fromLink = this.wholePage ? serverFromLink() : {};
    return {
      ...this.configuration(), values, preset: this.preset, isWholePage: this.wholePage,
      baseUrl: this.baseUrl && new URL(this.baseUrl, location.href).href,
      linkedUrl: fromLink.url ?? '', pairingToken: fromLink.token ?? '',
      sameOriginUrl: isWeb ? `${location.origin}/v1` : '', origin: isWeb ? location.origin : '',
    };
  }
}

for (const name of TEXTS) {
  const property = name === 'start' ? 'startWhen' : camel(name);  // `start` is the method
  Object.defineProperty(PalimpsestPlayground.prototype, property, {
    get() { return this.getAttribute(name) ?? ''; },
    set(value) { this.setAttribute(name, value); },
  });
}
for (const name of FLAGS) {
  Object.defineProperty(PalimpsestPlayground.prototype, camel(name), {
    get() { return this.hasAttribute(name); },
    set(value) { this.toggleAttribute(name, Boolean(value)); },
  });
}
