// Calls and events over a MessagePort between a page and the playground in its iframe. Both ends use this.

export class Bridge {
  /** `answer(name, args)` serves the other side's calls; `hear(name, detail)` takes its events. */
  constructor(port, {answer, hear}) {
    this.port = port;
    this.waiting = new Map();
    this.last = 0;
    port.onmessage = async ({data}) => {
      if (data.event) return hear(data.event, data.detail);
      if (data.reply) return this.settle(data);
      try {
        port.postMessage({reply: data.id, result: await answer(data.call, data.args)});
      } catch (error) {
        port.postMessage({reply: data.id, error: error.message});
      }
    };
  }

  settle({reply, result, error}) {
    const {resolve, reject} = this.waiting.get(reply) ?? {};
    this.waiting.delete(reply);
    if (error !== undefined) reject?.(new Error(error));
    else resolve?.(result);
  }

  call(name, args) {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, {resolve, reject});
      this.port.postMessage({id, call: name, args});
    });
  }

  tell(event, detail) {
    this.port.postMessage({event, detail});
  }

  close() {
    this.port.close();
    for (const {reject} of this.waiting.values()) reject(new Error('The playground was closed.'));
    this.waiting.clear();
  }
}
