// Cooperative gestures, as maps have them: the wheel and one finger scroll the page around until the visitor has clicked
// into the element; Ctrl with the wheel, or two fingers, zoom at once; Esc gives scrolling back.

const HINT_MS = 1200;

export class Gestures {
  constructor(root, stage, isCooperative) {
    this.root = root;
    this.stage = stage;
    this.isCooperative = isCooperative;
    stage.classList.toggle('cooperative', isCooperative);
    this.hint = Object.assign(document.createElement('div'), {className: 'hint'});
    this.hint.setAttribute('aria-hidden', 'true');
    stage.append(this.hint);
  }

  /** Whether a wheel or a finger is the element's own. */
  owns(event) {
    return !this.isCooperative || event.ctrlKey || this.root.activeElement !== null || document.fullscreenElement === this.root.host;
  }

  show(kind) {
    const key = /Mac|iP(hone|ad)/.test(navigator.platform) ? '⌘' : 'Ctrl';
    this.hint.textContent = kind === 'touch' ? 'Tap, or use two fingers, to move the picture' : `Click here, or hold ${key} and scroll, to zoom`;
    this.hint.classList.add('shown');
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hint.classList.remove('shown'), HINT_MS);
  }

  engage() {
    clearTimeout(this.timer);
    this.hint.classList.remove('shown');
  }

  /** Esc: true where scrolling was given back. */
  release() {
    if (!this.isCooperative || !this.root.activeElement) return false;
    this.root.activeElement.blur();
    return true;
  }
}
