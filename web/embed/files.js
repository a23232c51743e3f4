// Files in and out, and the clipboard.

export class Files {
  constructor(browser) {
    this.browser = browser;
  }

  browse(parameter) {
    const input = Object.assign(document.createElement('input'), {type: 'file', accept: 'image/*'});
    input.addEventListener('change', () => input.files[0] && this.give(parameter, input.files[0]));
    input.click();
  }

  async give(parameter, file) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    this.browser.withTexts([parameter, file.name], (p, name) => {
      this.browser.module.lend(bytes, (data, length) => this.browser.module.exports._page_file(p, name, data, length));
    });
    this.browser.wake();
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
    this.browser.options.settings.set(key, text);
  }

  stored(key) {
    return this.browser.options.settings.get(key);
  }
}
