// Pointer, wheel, keys, dropped and pasted files: from the browser's events to the page's exported functions.

const PLAIN_KEYS = {u: 'use_as_input', 0: 'fit', 1: 'actual_size', '?': 'shortcuts', '/': 'prompt', k: 'code'};

export class Input {
  constructor(browser) {
    this.browser = browser;
    this.fingers = new Map();
  }

  listen() {
    const on = (target, names, handle, extra) => {
      for (const name of names.split(' ')) target.addEventListener(name, handle, {signal: this.browser.stop.signal, ...extra});
    };
    on(this.browser.canvas, 'pointerdown pointermove pointerup pointercancel pointerleave', (e) => this.pointer(e));
    on(this.browser.canvas, 'wheel', (e) => this.wheel(e), {passive: false});
    on(this.browser.layer, 'wheel', (e) => this.wheel(e), {passive: false});
    // A page of its own listens everywhere; an element only where it has the focus.
    on(this.browser.options.isWholePage ? window : this.browser.root, 'keydown', (e) => this.key(e));
    on(this.browser.root, 'compositionstart compositionend', (e) => { this.browser.fields.isComposing = e.type === 'compositionstart'; });
    on(this.browser.host, 'dragover', (e) => {
      if ([...e.dataTransfer.types].includes('Files')) e.preventDefault();
    });
    on(this.browser.host, 'drop', (e) => {
      if (e.dataTransfer.files.length === 0) return;
      e.preventDefault();
      this.browser.files.give('', e.dataTransfer.files[0]);
    });
    on(document, 'paste', (e) => {
      const file = e.clipboardData.files[0];
      if (!file || !(this.browser.options.isWholePage || document.activeElement === this.browser.host)) return;
      e.preventDefault();
      this.browser.files.give('', file);
    });
    on(this.browser.canvas, 'webglcontextlost', (e) => {
      e.preventDefault();
      this.browser.isContextLost = true;
    });
    on(this.browser.canvas, 'webglcontextrestored', async () => {
      await this.browser.pictures.restore();
      this.browser.still?.remove();
      this.browser.still = null;
    });
    if (window.visualViewport) on(window.visualViewport, 'resize', () => this.browser.wake());
    const observer = new ResizeObserver(() => this.browser.wake());
    observer.observe(this.browser.host);
    this.browser.stop.signal.addEventListener('abort', () => observer.disconnect());
    on(document, 'visibilitychange', () => this.browser.wake());
  }

  place_of(event) {
    const box = this.browser.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  pointer(event) {
    const [x, y] = this.place_of(event);
    const page = this.browser.module.exports;
    if (event.pointerType === 'touch') this.finger(event, x, y);
    else if (event.type === 'pointerleave') page._page_mouse_left();
    else {
      page._page_mouse(x, y);
      if (event.type === 'pointerdown' && event.button === 0) {
        this.browser.canvas.setPointerCapture(event.pointerId);
        this.browser.canvas.focus({preventScroll: true});
        this.browser.options.gestures.engage();
        page._page_mouse_button(1);
      }
      if ((event.type === 'pointerup' && event.button === 0) || event.type === 'pointercancel') page._page_mouse_button(0);
      this.pointAt(x, y);
    }
    this.browser.wake();
  }

  /** The cursor and the tooltip of what is drawn there. */
  pointAt(x, y) {
    const spec = this.browser.fields.specs.find((s) => (s.kind === 'button' || s.kind === 'slider') && x >= s.x && x < s.x + s.width && y >= s.y + s.clipTop &&
                                        y < s.y + s.height - s.clipBottom);
    this.browser.canvas.style.cursor = spec?.enabled ? 'pointer' : 'default';
    const title = spec?.hint ?? '';
    if (this.browser.canvas.title !== title) this.browser.canvas.title = title;
  }

  finger(event, x, y) {
    const page = this.browser.module.exports;
    const before = [...this.fingers.values()];
    if (event.type === 'pointerup') {
      this.browser.canvas.focus({preventScroll: true});
      this.browser.options.gestures.engage();
    } else if (event.type === 'pointercancel' && this.fingers.size === 1) {
      this.browser.options.gestures.show('touch');  // the page around scrolls instead
    }
    if (event.type === 'pointerdown') {
      this.browser.canvas.setPointerCapture(event.pointerId);
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
    this.browser.module.exports._page_wheel((c[0] + d[0]) / 2, (c[1] + d[1]) / 2, 0, steps);
  }

  wheel(event) {
    const field = event.target.closest?.('textarea');
    const scrollsItself = field && field.scrollHeight > field.clientHeight;
    if (scrollsItself) return;
    const {gestures} = this.browser.options;
    if (!gestures.owns(event)) return gestures.show('wheel');
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 3 : 100;
    const [x, y] = this.place_of(event);
    this.browser.module.exports._page_wheel(x, y, -event.deltaX / unit, -event.deltaY / unit);
    this.browser.wake();
  }

  key(event) {
    if (event.isComposing || event.defaultPrevented) return;
    const target = event.composedPath()[0];
    const isText = target.matches?.('textarea, input:not([type=range]), select');
    const name = this.shortcut(event, isText);
    if (name === 'escape' && !this.browser.isModal && this.browser.options.gestures.release()) return;
    if (name) {
      event.preventDefault();
      this.browser.withTexts([name], (p) => this.browser.module.exports._page_key(p));
    } else if (event.key === 'Enter' && target.dataset?.onEnter) {
      this.browser.fields.press(target.dataset.onEnter);
    }
    this.browser.wake();
  }

  /** What the keys mean, as C++ knows it; '' for none. Letters act only where no text is edited. */
  shortcut(event, isText) {
    const modifier = event.ctrlKey || event.metaKey;
    if (event.key === 'Enter' && modifier) return event.altKey ? 'cancel' : event.shiftKey ? 'run_first' : 'run';
    if (modifier && !event.altKey && event.key.toLowerCase() === 'k') return 'palette';
    if (event.key === 'Escape') return 'escape';
    if (isText || modifier || event.altKey) return '';
    return PLAIN_KEYS[event.key] ?? '';
  }
}
