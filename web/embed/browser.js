// The browser's side of web/platform: fetching, decoding, files, fields over the canvas, frames on demand.
// C++ calls its methods through the module's adapter, and it calls the functions that main.cpp exports.

const utf8 = new TextEncoder();
const MAX_TEXTURE = 8192;

export class Browser {
  /** `root` is the shadow root with the canvas and the layer of fields; `host` the element around them. */
  constructor(host, root, options) {
    this.host = host;
    this.root = root;
    this.canvas = root.querySelector('canvas');
    this.layer = root.querySelector('.fields');
    this.options = options;
    this.calls = new Map();
    this.pictures = new Map();
    this.fields = new Map();
    this.specs = [];
    this.fingers = new Map();
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
    this.listen();
    this.wake();
  }

  destroy() {
    this.stop.abort();
    clearTimeout(this.timer);
    for (const call of this.calls.keys()) this.abort(call);
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

  // Input.

  listen() {
    const on = (target, names, handle, extra) => {
      for (const name of names.split(' ')) target.addEventListener(name, handle, {signal: this.stop.signal, ...extra});
    };
    on(this.canvas, 'pointerdown pointermove pointerup pointercancel pointerleave', (e) => this.pointer(e));
    on(this.canvas, 'wheel', (e) => this.wheel(e), {passive: false});
    on(this.layer, 'wheel', (e) => this.wheel(e), {passive: false});
    on(this.root, 'keydown', (e) => this.key(e));
    on(this.root, 'compositionstart compositionend', (e) => { this.isComposing = e.type === 'compositionstart'; });
    on(this.host, 'dragover', (e) => {
      if ([...e.dataTransfer.types].includes('Files')) e.preventDefault();
    });
    on(this.host, 'drop', (e) => {
      if (e.dataTransfer.files.length === 0) return;
      e.preventDefault();
      this.give('', e.dataTransfer.files[0]);
    });
    on(document, 'paste', (e) => {
      const file = e.clipboardData.files[0];
      if (!file || !(this.options.isWholePage || document.activeElement === this.host)) return;
      e.preventDefault();
      this.give('', file);
    });
    on(this.canvas, 'webglcontextlost', (e) => {
      e.preventDefault();
      this.isContextLost = true;
    });
    on(this.canvas, 'webglcontextrestored', () => this.restore());
    const observer = new ResizeObserver(() => this.wake());
    observer.observe(this.host);
    this.stop.signal.addEventListener('abort', () => observer.disconnect());
    on(document, 'visibilitychange', () => this.wake());
  }

  place_of(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  pointer(event) {
    const [x, y] = this.place_of(event);
    const page = this.module.exports;
    if (event.pointerType === 'touch') this.finger(event, x, y);
    else if (event.type === 'pointerleave') page._page_mouse_left();
    else {
      page._page_mouse(x, y);
      if (event.type === 'pointerdown' && event.button === 0) {
        this.canvas.setPointerCapture(event.pointerId);
        this.canvas.focus({preventScroll: true});
        page._page_mouse_button(1);
      }
      if ((event.type === 'pointerup' && event.button === 0) || event.type === 'pointercancel') page._page_mouse_button(0);
      this.pointAt(x, y);
    }
    this.wake();
  }

  /** The cursor and the tooltip of what is drawn there. */
  pointAt(x, y) {
    const spec = this.specs.find((s) => (s.kind === 'button' || s.kind === 'slider') && x >= s.x && x < s.x + s.width && y >= s.y + s.clipTop &&
                                        y < s.y + s.height - s.clipBottom);
    this.canvas.style.cursor = spec?.enabled ? 'pointer' : 'default';
    const title = spec?.hint ?? '';
    if (this.canvas.title !== title) this.canvas.title = title;
  }

  finger(event, x, y) {
    const page = this.module.exports;
    const before = [...this.fingers.values()];
    if (event.type === 'pointerdown') {
      this.canvas.setPointerCapture(event.pointerId);
      this.fingers.set(event.pointerId, [x, y]);
      if (this.fingers.size === 1) page._page_finger_down(x, y);
      else page._page_finger_up(0);
    } else if (!this.fingers.has(event.pointerId)) {
      return;
    } else if (event.type === 'pointermove') {
      this.fingers.set(event.pointerId, [x, y]);
      const now = [...this.fingers.values()];
      if (now.length === 1) page._page_finger_moved(x, y);
      else if (now.length === 2) this.pinch(before, now);
    } else {
      this.fingers.delete(event.pointerId);
      if (this.fingers.size === 0) page._page_finger_up(event.type === 'pointerup' ? 1 : 0);
    }
  }

  pinch([a, b], [c, d]) {
    const distance = ([x0, y0], [x1, y1]) => Math.max(1, Math.hypot(x1 - x0, y1 - y0));
    const steps = Math.log(distance(c, d) / distance(a, b)) / Math.log(1.15);
    this.module.exports._page_wheel((c[0] + d[0]) / 2, (c[1] + d[1]) / 2, 0, steps);
  }

  wheel(event) {
    const isOurs = this.options.isWholePage || this.root.activeElement;
    const field = event.target.closest?.('textarea');
    const scrollsItself = field && field.scrollHeight > field.clientHeight;
    if (!isOurs || scrollsItself) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 3 : 100;
    const [x, y] = this.place_of(event);
    this.module.exports._page_wheel(x, y, -event.deltaX / unit, -event.deltaY / unit);
    this.wake();
  }

  key(event) {
    if (event.isComposing) return;
    const isText = event.target.matches?.('textarea, input, select');
    const modifier = event.ctrlKey || event.metaKey;
    const plain = {u: 'use_as_input', 0: 'fit', 1: 'actual_size'};
    let name = '';
    if (event.key === 'Enter' && modifier) name = event.altKey ? 'cancel' : 'run';
    else if (!isText && !modifier && !event.altKey) name = plain[event.key] ?? '';
    if (name) {
      event.preventDefault();
      this.withTexts([name], (p) => this.module.exports._page_key(p));
    } else if (event.key === 'Enter' && ['base_url', 'api_key'].includes(event.target.dataset?.id)) {
      this.press('connect');
    }
    this.wake();
  }

  press(id) {
    this.withTexts([id], (p) => this.module.exports._page_press(p));
    this.wake();
  }

  // Fields over the canvas.

  place(specs) {
    const seen = new Set();
    for (const spec of specs) {
      seen.add(spec.id);
      const known = this.fields.get(spec.id);
      const element = known?.dataset.kind === spec.kind ? known : this.makeField(spec, known);
      this.updateField(element, spec);
    }
    for (const [id, element] of this.fields) {
      if (seen.has(id)) continue;
      element.remove();
      this.fields.delete(id);
    }
    this.order(specs);
    this.specs = specs;
  }

  makeField(spec, replaced) {
    replaced?.remove();
    const tag = {line: 'input', password: 'input', slider: 'input', choice: 'select', button: 'button', status: 'div'}[spec.kind] ?? 'textarea';
    const element = document.createElement(tag);
    element.dataset.id = spec.id;
    element.dataset.kind = spec.kind;
    element.className = spec.kind;
    if (spec.kind === 'password') Object.assign(element, {type: 'password', autocomplete: 'off'});
    if (spec.kind === 'line') Object.assign(element, {type: 'text', autocomplete: 'off', spellcheck: false});
    if (spec.kind === 'slider') element.type = 'range';
    if (spec.kind === 'readout') element.readOnly = true;
    if (spec.kind === 'status') element.setAttribute('role', 'status');
    if (spec.kind === 'button') element.addEventListener('click', () => this.press(spec.id));
    else if (spec.kind !== 'status' && spec.kind !== 'readout') {
      element.addEventListener('input', () => {
        this.withTexts([spec.id, element.value], (id, text) => this.module.exports._page_field(id, text));
        this.wake();
      });
    }
    this.layer.append(element);
    this.fields.set(spec.id, element);
    return element;
  }

  updateField(element, spec) {
    if (spec.kind === 'status') {
      if (element.textContent !== spec.text) element.textContent = spec.text;
      return;
    }
    Object.assign(element.style, {
      left: `${spec.x}px`, top: `${spec.y}px`, width: `${spec.width}px`, height: `${spec.height}px`,
      clipPath: `inset(${spec.clipTop > 0 ? spec.clipTop : -4}px -4px ${spec.clipBottom > 0 ? spec.clipBottom : -4}px -4px)`,
      visibility: spec.clipTop + spec.clipBottom >= spec.height ? 'hidden' : 'visible',
    });
    if (spec.label) element.setAttribute('aria-label', spec.label);
    element.disabled = !spec.enabled;
    if (spec.kind === 'button') return;
    element.title = spec.hint;
    element.setAttribute('aria-invalid', spec.wrong);
    if (spec.kind === 'choice') this.updateOptions(element, spec.options);
    else if (spec.kind === 'slider') Object.assign(element, {min: spec.minimum, max: spec.maximum, step: spec.step});
    else element.placeholder = spec.placeholder;
    // Only what the app has changed itself is written: a field keeps its cursor, and an input method its composition.
    if (element.value !== spec.text && !this.isComposing && !(spec.kind === 'slider' && spec.text === '')) {
      element.value = spec.text;
    }
  }

  updateOptions(element, options) {
    const key = JSON.stringify(options);
    if (element.dataset.options === key) return;
    element.dataset.options = key;
    element.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
  }

  /** The Tab key follows the order in which things are drawn. */
  order(specs) {
    let previous = null;
    for (const spec of specs) {
      const element = this.fields.get(spec.id);
      const next = previous ? previous.nextSibling : this.layer.firstChild;
      // An element that moves in the document loses the focus.
      if (element !== next && element !== this.root.activeElement) this.layer.insertBefore(element, next);
      previous = element;
    }
  }

  // The network.

  async send(call, {method, url, headers}, body) {
    const abort = new AbortController();
    this.calls.set(call, abort);
    const page = this.module.exports;
    let isComplete = 0;
    try {
      const response = await fetch(url, {method, headers, body, signal: abort.signal, credentials: 'omit', cache: 'no-store'});
      const header = (name) => response.headers.get(name) ?? '';
      const head = {contentType: header('content-type'), requestId: header('x-request-id'), retryAfter: header('retry-after')};
      this.withTexts([JSON.stringify(head)], (p) => page._page_http_head(call, response.status, p));
      const reader = response.body?.getReader();
      for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
        this.module.lend(part.value, (p, n) => page._page_http_bytes(call, p, n));
        this.wake();
      }
      isComplete = 1;
    } catch (error) {
      if (abort.signal.aborted) return;
      console.warn(`${method} ${url}: ${error.message}`);
    } finally {
      this.calls.delete(call);
    }
    page._page_http_end(call, isComplete);
    this.wake();
  }

  abort(call) {
    this.calls.get(call)?.abort();
  }

  // Pictures.

  async decode(picture, bytes) {
    const blob = new Blob([bytes]);
    const kept = this.pictures.get(picture) ?? {name: this.module.newTextureName()};
    kept.blob = blob;
    this.pictures.set(picture, kept);
    let bitmap = null;
    try {
      bitmap = await createImageBitmap(blob, {imageOrientation: 'from-image', premultiplyAlpha: 'premultiply'});
    } catch {
      // Told below: it is no picture.
    }
    // Meanwhile it may have been dropped, or replaced by a newer preview.
    if (this.pictures.get(picture)?.blob !== blob) return bitmap?.close();
    if (bitmap) await this.upload(kept, bitmap);
    this.module.exports._page_picture(picture, bitmap ? 1 : 0, kept.width ?? 0, kept.height ?? 0, kept.name);
    this.wake();
  }

  async upload(kept, bitmap) {
    const {gl} = this;
    kept.width = bitmap.width;
    kept.height = bitmap.height;
    const limit = Math.min(MAX_TEXTURE, gl.getParameter(gl.MAX_TEXTURE_SIZE));
    const scale = Math.min(1, limit / bitmap.width, limit / bitmap.height);
    if (scale < 1) {
      const size = {resizeWidth: Math.floor(bitmap.width * scale), resizeHeight: Math.floor(bitmap.height * scale)};
      bitmap = await createImageBitmap(bitmap, {...size, resizeQuality: 'high'});
    }
    if (!kept.texture) kept.texture = gl.createTexture();
    this.module.setTexture(kept.name, kept.texture);
    gl.bindTexture(gl.TEXTURE_2D, kept.texture);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.generateMipmap(gl.TEXTURE_2D);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    bitmap.close();
  }

  release(picture) {
    const kept = this.pictures.get(picture);
    if (!kept) return;
    this.pictures.delete(picture);
    if (kept.texture) this.gl.deleteTexture(kept.texture);
    this.module.setTexture(kept.name, null);
  }

  async restore() {
    this.isContextLost = false;
    this.module.exports._page_context_restored();
    for (const kept of this.pictures.values()) {
      kept.texture = null;
      const bitmap = await createImageBitmap(kept.blob, {imageOrientation: 'from-image'}).catch(() => null);
      if (bitmap) await this.upload(kept, bitmap);
    }
    this.wake();
  }

  // Files and the clipboard.

  browse(parameter) {
    const input = Object.assign(document.createElement('input'), {type: 'file', accept: 'image/*'});
    input.addEventListener('change', () => input.files[0] && this.give(parameter, input.files[0]));
    input.click();
  }

  async give(parameter, file) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    this.withTexts([parameter, file.name], (p, name) => {
      this.module.lend(bytes, (data, length) => this.module.exports._page_file(p, name, data, length));
    });
    this.wake();
  }

  save(name, type, bytes) {
    const url = URL.createObjectURL(new Blob([bytes], {type}));
    Object.assign(document.createElement('a'), {href: url, download: name}).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  copy(text) {
    navigator.clipboard?.writeText(text).catch((error) => console.warn(`Copying: ${error.message}`));
  }

  store(key, text) {
    try {
      localStorage.setItem(`palimpsest.${key}`, text);
    } catch {
      // A sandboxed frame has no storage: then nothing is kept.
    }
  }

  stored(key) {
    try {
      return localStorage.getItem(`palimpsest.${key}`) ?? '';
    } catch {
      return '';
    }
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
