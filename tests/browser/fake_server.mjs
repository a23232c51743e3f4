// A server that does what a test tells it: the image routes are answered by the test, models are listed, the page and
// pages around it are served. It logs every request and when its connection was closed.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { pageFolder, patience } from "./files.mjs";
import { plain } from "./picture.mjs";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", ".otf": "font/otf", ".ttf": "font/ttf",
                ".json": "application/json", ".webp": "image/webp", ".png": "image/png" };
const MODELS = { object: "list", data: [{ id: "kontext-nano", object: "model", name: "Kontext nano" }] };

/// One request that the test answers.
export class Exchange {
  constructor(request, response, cors) {
    Object.assign(this, request);
    this.response = response;
    this.cors = cors;
    this.closed = new Promise((resolve) => response.once("close", () => resolve(Date.now())));
  }

  get json() {
    return JSON.parse(this.body.toString());
  }

  /// A form's fields by name, files as buffers.
  get form() {
    const boundary = `--${/boundary=(.+)/.exec(this.headers["content-type"])[1]}`;
    const parts = this.body.toString("latin1").split(boundary).slice(1, -1);
    return Object.fromEntries(parts.map((part) => {
      const head = part.slice(0, part.indexOf("\r\n\r\n"));
      const bytes = Buffer.from(part.slice(head.length + 4, -2), "latin1");
      return [/name="([^"]*)"/.exec(head)[1], /filename=/.test(head) ? bytes : bytes.toString()];
    }));
  }

  head(status, headers = {}) {
    this.response.writeHead(status, { "x-request-id": `req-${this.number}`, ...this.cors, ...headers });
  }

  answer(status, value, headers = {}) {
    this.head(status, { "content-type": "application/json", ...headers });
    this.response.end(JSON.stringify(value));
  }

  error(status, message, headers = {}, more = {}) {
    this.answer(status, { error: { message, type: "invalid_request_error", param: null, code: null, ...more } }, headers);
  }

  stream() {
    this.head(200, { "content-type": "text/event-stream" });
    this.response.flushHeaders();
    const kind = this.url.includes("/edits") ? "image_edit" : "image_generation";
    const send = (type, data) => this.response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
    return {
      write: (text) => this.response.write(text),
      progress: (step, steps, more = {}) => send("progress", { job: `job-${this.number}`, step, steps, ...more }),
      partial: (picture, index = 0) => send(`${kind}.partial_image`, { b64_json: picture.toString("base64"), partial_image_index: index }),
      completed: (picture, more = {}) => send(`${kind}.completed`, { b64_json: picture.toString("base64"), size: "64x64", ...more }),
      failed: (error) => send("error", { error }),
      end: () => this.response.end(),
      drop: () => this.response.destroy(),
    };
  }

  /// One finished picture.
  finish(picture = plain(64, 64, [200, 40, 40]), more = {}) {
    const stream = this.stream();
    stream.completed(picture, { seed_string: "7", ...more });
    stream.end();
  }
}

/// `pages`: further files by path, as "/host.html"; `cors`: headers of all answers of the API.
export async function startFakeServer({ pages = {}, cors = { "access-control-allow-origin": "*" }, port = 0 } = {}) {
  const fake = { requests: [], runs: [], models: MODELS, onRun: (exchange) => exchange.finish(), pages };
  const waiting = [];
  const log = (exchange) => {
    fake.requests.push(exchange);
    if (exchange.method !== "POST") return;
    fake.runs.push(exchange);
    waiting.splice(0).forEach((check) => check());
  };
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { method, url, headers } = request;
    const exchange = new Exchange({ method, url, headers, body: Buffer.concat(parts), number: fake.requests.length, at: Date.now() }, response, cors);
    const path = new URL(url, "http://localhost").pathname;
    if (path.startsWith("/v1/")) log(exchange);
    route(fake, exchange, path);
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  fake.port = server.address().port;
  fake.origin = `http://127.0.0.1:${fake.port}`;
  fake.base = `${fake.origin}/v1`;
  fake.stop = () => new Promise((done) => { server.close(done); server.closeAllConnections(); });
  /// The run that was sent as number `index`, from 0, once it has come.
  fake.run = (index) => new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`run ${index} was not sent`)), patience);
    const check = () => {
      if (fake.runs.length <= index) return waiting.push(check);
      clearTimeout(limit);
      resolve(fake.runs[index]);
    };
    check();
  });
  /// The same, and the test answers it instead of `onRun`.
  fake.hold = () => { fake.onRun = () => {}; };
  return fake;
}

function route(fake, exchange, path) {
  if (exchange.method === "OPTIONS") {
    exchange.head(204, { "access-control-allow-methods": "GET, POST, DELETE", "access-control-allow-headers": "authorization, content-type" });
    return exchange.response.end();
  }
  if (path === "/v1/models") return exchange.answer(200, fake.models);
  if (path.startsWith("/v1/models/")) return exchange.answer(200, fake.models.data[0]);
  if (exchange.method === "POST") return fake.onRun(exchange);
  if (path.startsWith("/v1/")) return fake.onOther?.(exchange) ?? exchange.error(404, "There is nothing here.");
  serve(fake, exchange, path === "/" ? "/index.html" : path);
}

function serve(fake, exchange, path) {
  const file = join(pageFolder, path);
  const bytes = fake.pages[path] ?? (existsSync(file) ? readFileSync(file) : null);
  if (bytes === null) return exchange.error(404, "There is no such file.");
  exchange.head(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream", ...fake.pageHeaders });
  exchange.response.end(bytes);
}
