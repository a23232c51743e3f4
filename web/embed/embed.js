// <palimpsest-playground>: the playground as an element for any page. Starts on a click, or at once with `start="eager"`.
// Attributes: base-url, model, prompt, start, whole-page.

import {Browser} from './browser.js';

// As main.cpp counts them: text, semibold text, numbers and code, icons.
const FONTS = ['Inter-Regular.otf', 'Inter-SemiBold.otf', 'JetBrainsMono-Regular.ttf', 'MaterialIcons-Regular.ttf'];

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; position: relative; min-width: 320px; min-height: 240px; overflow: hidden; contain: strict;
          --bg: #101114; --field: #0e0f12; --text: #ecedef; --muted: #8f96a3; --edge: #4a505c; --accent: #f2b84b; --bad: #ff7b72;
          color: var(--text); background: var(--bg); font: 15px/1.35 'Palimpsest Inter', system-ui, sans-serif; color-scheme: dark; }
  :host([data-theme=light]) { --bg: #f1f1ee; --field: #fff; --text: #17181b; --muted: #6a717d; --edge: #a9aeb7; --accent: #8a5200;
          --bad: #b3261e; color-scheme: light; }
  canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; touch-action: none; outline: none; }
  .fields { position: absolute; inset: 0; overflow: hidden; pointer-events: none; }
  .fields > * { position: absolute; box-sizing: border-box; margin: 0; pointer-events: auto; }
  input, select, textarea { font: inherit; font-size: 15px; color: var(--text); background: var(--field); border: 1px solid var(--edge);
          border-radius: 6px; padding: 6px 10px; resize: none; }
  textarea { padding: 8px 10px; }
  .readout { font: 13px/1.45 'Palimpsest Mono', ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
  ::placeholder { color: var(--muted); opacity: 1; }
  [aria-invalid=true] { border-color: var(--bad); }
  :is(input, select, textarea):focus-visible { outline: 2px solid var(--accent); outline-offset: -1px; }
  .button, .slider { pointer-events: none; opacity: 0; }
  .button:focus-visible, .slider:focus-visible { opacity: 1; }
  .slider { background: none; appearance: none; border: 0; padding: 0; }
  .slider::-webkit-slider-thumb { visibility: hidden; }
  .slider::-moz-range-thumb { visibility: hidden; }
  .button { background: none; border: 0; color: transparent; font-size: 1px; overflow: hidden; border-radius: 6px; }
  .button:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
  .status { width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .message { position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; gap: 12px; padding: 24px;
          text-align: center; background: var(--bg); }
  .message button { font: inherit; font-weight: 600; padding: 12px 22px; border: 0; border-radius: 6px; color: #101114;
          background: #f2b84b; cursor: pointer; }
  @media (pointer: coarse) { input, select, textarea { font-size: 16px; } }
`);

async function bytesOf(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered with status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

class PalimpsestPlayground extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({mode: 'open'});
    root.adoptedStyleSheets = [sheet];
    this.dataset.theme = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
    const isEager = this.hasAttribute('whole-page') || this.getAttribute('start') === 'eager';
    if (isEager) this.start();
    else this.say('Make and edit pictures here.', ['Try it', () => this.start()]);
  }

  disconnectedCallback() {
    this.browser?.destroy();
  }

  say(text, action) {
    const message = Object.assign(document.createElement('div'), {className: 'message'});
    message.append(Object.assign(document.createElement('div'), {textContent: text}));
    if (action) {
      const button = Object.assign(document.createElement('button'), {textContent: action[0]});
      button.addEventListener('click', action[1]);
      message.append(button);
    }
    this.shadowRoot.replaceChildren(message);
  }

  async start() {
    this.say('Loading …');
    try {
      const here = (name) => new URL(name, import.meta.url).href;
      const [{default: createModule}, ...fonts] =
          await Promise.all([import('./palimpsest.js'), ...FONTS.map((name) => bytesOf(here(`fonts/${name}`)))]);
      const faces = {'Palimpsest Inter': fonts[0], 'Palimpsest Mono': fonts[2]};
      for (const [name, bytes] of Object.entries(faces)) document.fonts.add(await new FontFace(name, bytes.buffer.slice(0)).load());
      const canvas = Object.assign(document.createElement('canvas'), {tabIndex: -1});
      canvas.setAttribute('aria-hidden', 'true');
      const layer = Object.assign(document.createElement('div'), {className: 'fields'});
      this.shadowRoot.replaceChildren(canvas, layer);
      const onFailure = (message) => this.say(`The page had to stop: ${message}`, ['Start again', () => this.start()]);
      this.browser = new Browser(this, this.shadowRoot, {isWholePage: this.hasAttribute('whole-page'), onFailure});
      const module = await createModule({browser: this.browser, canvas});
      module._page_create();
      this.browser.start(fonts, this.startOptions());
      this.dataset.state = 'ready';
    } catch (error) {
      console.error(error);
      this.say(`The playground could not start: ${error.message}`, ['Try again', () => this.start()]);
    }
  }

  startOptions() {
    const isWholePage = this.hasAttribute('whole-page');
    const baseUrl = this.getAttribute('base-url') ?? '';
    const isWeb = location.protocol === 'http:' || location.protocol === 'https:';
    return {
      baseUrl: baseUrl && new URL(baseUrl, location.href).href,
      sameOriginUrl: isWholePage && isWeb ? `${location.origin}/v1` : '',
      prompt: this.getAttribute('prompt') ?? '',
      model: this.getAttribute('model') ?? '',
      prefersDark: !matchMedia('(prefers-color-scheme: light)').matches,
    };
  }

  /** What is on the screen, for tests: the fields and buttons with their rectangles, and how many frames were drawn. */
  inspect() {
    return {fields: this.browser?.fields.specs ?? [], frames: this.browser?.frames ?? 0};
  }
}

customElements.define('palimpsest-playground', PalimpsestPlayground);
