// What is kept over visits: in the browser's storage, for this tab only, or for as long as the page is open.

const PREFIX = 'palimpsest.';

function storageOf(kind) {
  try {
    if (kind === 'local') return window.localStorage;
    if (kind === 'session') return window.sessionStorage;
  } catch {
    // A sandboxed frame has no storage.
  }
  return null;
}

export class Settings {
  /** `kind`: local, session or none. */
  constructor(kind) {
    this.storage = storageOf(kind);
    this.memory = new Map();
  }

  get isKept() {
    return this.storage !== null;
  }

  set(key, text) {
    try {
      if (text === '') this.storage?.removeItem(PREFIX + key);
      else this.storage?.setItem(PREFIX + key, text);
    } catch {
      this.storage = null;  // full or refused: from now on in memory only
    }
    this.memory.set(key, text);
  }

  get(key) {
    if (this.memory.has(key)) return this.memory.get(key);
    try {
      return this.storage?.getItem(PREFIX + key) ?? '';
    } catch {
      return '';
    }
  }
}
