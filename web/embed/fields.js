// The fields over the canvas: real elements where text is edited, and unseen ones for keyboard and screen reader.

export class Fields {
  constructor(browser) {
    this.browser = browser;
    this.elements = new Map();
    this.specs = [];
  }

  press(id) {
    this.browser.withTexts([id], (p) => this.browser.module.exports._page_press(p));
    this.browser.wake();
  }

  place(specs) {
    const seen = new Set();
    for (const spec of specs) {
      seen.add(spec.id);
      const known = this.elements.get(spec.id);
      const element = known?.dataset.kind === spec.kind ? known : this.makeField(spec, known);
      this.updateField(element, spec);
    }
    for (const [id, element] of this.elements) {
      if (seen.has(id)) continue;
      element.remove();
      this.elements.delete(id);
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
        this.browser.withTexts([spec.id, element.value], (id, text) => this.browser.module.exports._page_field(id, text));
        this.browser.wake();
      });
    }
    this.browser.layer.append(element);
    this.elements.set(spec.id, element);
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
      const element = this.elements.get(spec.id);
      const next = previous ? previous.nextSibling : this.browser.layer.firstChild;
      // An element that moves in the document loses the focus.
      if (element !== next && element !== this.browser.root.activeElement) this.browser.layer.insertBefore(element, next);
      previous = element;
    }
  }
}
