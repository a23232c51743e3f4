// The fields over the canvas: real elements where text is edited, and unseen ones for keyboard and screen reader.

const TAGS = {line: 'input', password: 'input', slider: 'input', choice: 'select', button: 'button', paragraph: 'textarea', readout: 'textarea'};
const ROLES = {status: 'status', progress: 'progressbar', picture: 'img'};
const FOCUSABLE = 'input, select, textarea, button';

export class Fields {
  constructor(browser) {
    this.browser = browser;
    this.elements = new Map();
    this.dialogs = new Map();
    this.specs = [];
    this.focusCount = 0;
  }

  press(id) {
    this.browser.withTexts([id], (p) => this.browser.module.exports._page_press(p));
    this.browser.wake();
  }

  place(specs) {
    const seen = new Set();
    this.placeDialogs(specs);
    for (const spec of specs) {
      seen.add(spec.id);
      const known = this.elements.get(spec.id);
      const isSame = known?.dataset.kind === spec.kind && known.parentElement === this.parentOf(spec);
      const element = isSame ? known : this.makeField(spec, known);
      this.updateField(element, spec);
    }
    for (const [id, element] of this.elements) {
      if (seen.has(id)) continue;
      element.remove();
      this.elements.delete(id);
    }
    this.order(specs);
    this.specs = specs;
    this.moveFocus(specs);
  }

  // Dialogs: a group that keeps the focus while it is there.

  parentOf(spec) {
    return spec.dialog ? this.dialogs.get(spec.dialog) : this.browser.layer;
  }

  placeDialogs(specs) {
    const names = new Set(specs.map((spec) => spec.dialog).filter(Boolean));
    for (const name of names) {
      if (this.dialogs.has(name)) continue;
      const group = Object.assign(document.createElement('div'), {className: 'dialog'});
      group.setAttribute('role', 'dialog');
      group.setAttribute('aria-modal', 'true');
      group.setAttribute('aria-label', name);
      group.addEventListener('keydown', (event) => this.keepFocus(group, event));
      this.browser.layer.append(group);
      this.dialogs.set(name, group);
      this.focusBefore ??= this.browser.root.activeElement;
      this.focusesDialog = group;
    }
    for (const [name, group] of this.dialogs) {
      if (names.has(name)) continue;
      group.remove();
      this.dialogs.delete(name);
      for (const [id, element] of this.elements) if (!element.isConnected) this.elements.delete(id);
      if (this.dialogs.size === 0) this.focusReturns = true;
    }
  }

  keepFocus(group, event) {
    if (event.key !== 'Tab') return;
    const all = [...group.querySelectorAll(FOCUSABLE)].filter((each) => !each.disabled);
    const at = all.indexOf(this.browser.root.activeElement);
    const next = all[(at + (event.shiftKey ? all.length - 1 : 1)) % all.length];
    event.preventDefault();
    next?.focus({preventScroll: true});
  }

  moveFocus(specs) {
    const wanted = specs.find((spec) => spec.focus > this.focusCount);
    this.focusCount = Math.max(this.focusCount, ...specs.map((spec) => spec.focus));
    if (wanted) {
      this.elements.get(wanted.id).focus({preventScroll: true});
    } else if (this.focusesDialog) {
      const first = this.focusesDialog.querySelector('input, textarea') ?? this.focusesDialog.querySelector(FOCUSABLE);
      first?.focus({preventScroll: true});
    } else if (this.focusReturns) {
      if (this.focusBefore?.isConnected) this.focusBefore.focus({preventScroll: true});
      else this.browser.canvas.focus({preventScroll: true});
      this.focusBefore = null;
    }
    this.focusesDialog = null;
    this.focusReturns = false;
  }

  // One field.

  makeField(spec, replaced) {
    replaced?.remove();
    const element = document.createElement(TAGS[spec.kind] ?? 'div');
    element.dataset.id = spec.id;
    element.dataset.kind = spec.kind;
    element.className = spec.kind;
    if (spec.id === 'prompt') element.part = 'prompt';
    if (ROLES[spec.kind]) element.setAttribute('role', ROLES[spec.kind]);
    if (spec.kind === 'password') Object.assign(element, {type: 'password', autocomplete: 'off'});
    if (spec.kind === 'line') Object.assign(element, {type: 'text', autocomplete: 'off', spellcheck: false});
    if (spec.kind === 'slider') element.type = 'range';
    if (spec.kind === 'readout') element.readOnly = true;
    if (spec.kind === 'button') element.addEventListener('click', () => this.press(spec.id));
    else if (TAGS[spec.kind] && spec.kind !== 'readout') element.addEventListener('input', () => this.changed(spec.id, element.value));
    if (TAGS[spec.kind]) {
      element.addEventListener('focus', () => {
        this.browser.withTexts([spec.id], (id) => this.browser.module.exports._page_focus(id));
        this.browser.wake();
      });
    }
    this.parentOf(spec).append(element);
    this.elements.set(spec.id, element);
    return element;
  }

  changed(id, value) {
    this.browser.withTexts([id, value], (p, text) => this.browser.module.exports._page_field(p, text));
    this.browser.wake();
  }

  updateField(element, spec) {
    if (spec.kind === 'status') {
      if (element.textContent !== spec.text) element.textContent = spec.text;
      return;
    }
    const isOut = spec.clipTop + spec.clipBottom >= spec.height;
    Object.assign(element.style, {
      left: `${spec.x}px`, top: `${spec.y}px`, width: `${spec.width}px`, height: `${spec.height}px`,
      clipPath: isOut ? 'inset(50%)'
                      : `inset(${spec.clipTop > 0 ? spec.clipTop : -4}px -4px ${spec.clipBottom > 0 ? spec.clipBottom : -4}px -4px)`,
      visibility: spec.covered ? 'hidden' : '',
    });
    if (spec.label) element.setAttribute('aria-label', spec.label);
    if (spec.kind === 'picture') return;
    if (spec.kind === 'progress') return this.updateProgress(element, spec);
    element.disabled = !spec.enabled;
    if (spec.kind === 'button') return;
    element.dataset.onEnter = spec.onEnter;
    element.classList.toggle('mono', spec.mono);
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

  updateProgress(element, spec) {
    element.setAttribute('aria-valuemin', spec.minimum);
    element.setAttribute('aria-valuemax', spec.maximum);
    if (spec.text === '') element.removeAttribute('aria-valuenow');
    else element.setAttribute('aria-valuenow', spec.text);
    element.setAttribute('aria-valuetext', spec.hint);
  }

  updateOptions(element, options) {
    const key = JSON.stringify(options);
    if (element.dataset.options === key) return;
    element.dataset.options = key;
    element.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
  }

  /** The Tab key follows the order in which things are drawn. */
  order(specs) {
    const last = new Map();
    for (const spec of specs) {
      const element = this.elements.get(spec.id), parent = this.parentOf(spec);
      const previous = last.get(parent);
      const next = previous ? previous.nextSibling : parent.firstChild;
      // An element that moves in the document loses the focus.
      if (element !== next && element !== this.browser.root.activeElement) parent.insertBefore(element, next);
      last.set(parent, element);
    }
  }
}
