// Calls of the page, each read as its bytes come.

import {spaceOption, whyItFailed} from './local_network.js';

export class Network {
  constructor(browser) {
    this.browser = browser;
    this.calls = new Map();
  }

  async send(call, {method, url, headers}, body) {
    const abort = new AbortController();
    this.calls.set(call, abort);
    const page = this.browser.module.exports;
    let hasAnswer = false, isComplete = 0, failure = '';
    try {
      const options = {method, headers, body, signal: abort.signal, credentials: 'omit', cache: 'no-store', ...spaceOption(url)};
      const response = await fetch(url, options);
      hasAnswer = true;
      const header = (name) => response.headers.get(name) ?? '';
      const head = {contentType: header('content-type'), requestId: header('x-request-id'), retryAfter: header('retry-after')};
      this.browser.withTexts([JSON.stringify(head)], (p) => page._page_http_head(call, response.status, p));
      const reader = response.body?.getReader();
      for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
        this.browser.module.lend(part.value, (p, n) => page._page_http_bytes(call, p, n));
        this.browser.wake();
      }
      isComplete = 1;
    } catch (error) {
      if (abort.signal.aborted) return;
      console.warn(`${method} ${url}: ${error.message}`);
      if (!hasAnswer) failure = await whyItFailed(url, () => abort.signal.aborted);
      if (abort.signal.aborted) return;
    } finally {
      this.calls.delete(call);
    }
    this.browser.withTexts([failure], (p) => page._page_http_end(call, isComplete, p));
    this.browser.wake();
  }

  abort(call) {
    this.calls.get(call)?.abort();
  }

  abortAll() {
    for (const call of this.calls.keys()) this.abort(call);
  }
}
