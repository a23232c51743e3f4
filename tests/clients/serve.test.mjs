// `palimpsest serve` as a process: what survives its end, how it ends, and how many may connect.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startServer, startServerOn, startServerWithDescriptors, temporaryFolder } from "./server.mjs";

// Long enough to be found running, short enough to be drained on a slow machine.
const long = { model: "kontext-nano", prompt: "a red house", steps: 100, n: 3, seed: 7 };
const short = { ...long, steps: 1, n: 1 };

function generate(server, request, headers = {}) {
  return fetch(server.base + "/images/generations", {
    method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(request),
  });
}

async function submit(server, request) {
  const answer = await generate(server, request, { prefer: "respond-async" });
  assert.equal(answer.status, 202);
  return (await answer.json()).id;
}

async function jobWhen(server, id, isReached) {
  for (let tries = 0; tries < 3600; ++tries) {
    const answer = await fetch(`${server.base}/jobs/${id}`);
    assert.equal(answer.status, 200, `job ${id}`);
    const job = await answer.json();
    if (isReached(job)) return job;
    await sleep(50);
  }
  assert.fail(`job ${id} did not come there`);
}

const hasEnded = (job) => !["queued", "running"].includes(job.status);
const isRunning = (job) => job.status === "running";
const bytesOf = async (answer) => Buffer.from(await answer.arrayBuffer());

async function picturesOf(server, job) {
  const pictures = [];
  for (const { url } of job.result.data) {
    const answer = await fetch(server.base + new URL(url).pathname.replace("/v1", ""));
    assert.equal(answer.status, 200);
    pictures.push(await bytesOf(answer));
  }
  return pictures;
}

test("kill -9 loses nothing that was acknowledged: queued jobs run, the running one runs again", async () => {
  const data = temporaryFolder();
  const first = await startServerOn(data);
  const finished = await submit(first, short);
  const [picture] = await picturesOf(first, await jobWhen(first, finished, hasEnded));
  const running = await submit(first, long);
  await jobWhen(first, running, isRunning);
  const queued = [await submit(first, short), await submit(first, { ...short, seed: 8 })];
  await first.kill();

  const second = await startServerOn(data);
  try {
    const kept = await jobWhen(second, finished, hasEnded);
    assert.equal(kept.status, "succeeded");
    assert.deepEqual(await picturesOf(second, kept), [picture]);
    for (const id of [running, ...queued]) assert.equal((await jobWhen(second, id, hasEnded)).status, "succeeded");
    const events = await (await fetch(`${second.base}/jobs/${running}/events`)).text();
    assert.match(events, /event: running\nid: \d+\ndata: {"attempt":2}/);
    const [again] = await picturesOf(second, await jobWhen(second, queued[0], hasEnded));
    assert.deepEqual(again, picture);
  } finally {
    await second.stop();
  }
});

test("a job that takes the program down with it twice is given up", async () => {
  const data = temporaryFolder();
  let server = await startServerOn(data);
  const id = await submit(server, long);
  for (let attempt = 1; attempt <= 2; ++attempt) {
    await jobWhen(server, id, isRunning);
    await server.kill();
    server = await startServerOn(data);
  }
  try {
    const job = await jobWhen(server, id, hasEnded);
    assert.equal(job.status, "failed");
    assert.equal(job.error.code, "engine_crashed");
  } finally {
    await server.stop();
  }
});

test("SIGTERM lets the running request be answered, takes no more, and keeps what is queued", async () => {
  const data = temporaryFolder();
  const first = await startServerOn(data);
  const answer = generate(first, { ...long, response_format: "b64_json" });
  await jobRuns(first);
  const queued = await submit(first, short);
  const ended = first.stop();
  const response = await answer;
  assert.equal(response.status, 200);
  assert.equal((await response.json()).data.length, long.n);
  assert.equal(await ended, 0);
  assert.match(first.output(), /Stopping: 1 running.* 1 queued, kept for the next start/);
  await assert.rejects(fetch(first.base + "/models"));

  const second = await startServerOn(data);
  try {
    assert.equal((await jobWhen(second, queued, hasEnded)).status, "succeeded");
  } finally {
    await second.stop();
  }
});

async function jobRuns(server) {
  for (let tries = 0; tries < 600; ++tries) {
    const { running } = await (await fetch(new URL("/ready", server.base))).json();
    if (running > 0) return;
    await sleep(20);
  }
  assert.fail("no job runs");
}

async function connect(url) {
  const socket = net.connect(Number(url.port), url.hostname);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/// The answer to GET /health on a connection, or what came before it closed.
async function health(socket, host) {
  socket.write(`GET /health HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  let said = "";
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    said += bytes;
    if (said.includes("}")) break;
  }
  return said;
}

const outside = Object.values(networkInterfaces()).flat().find((entry) => !entry.internal && entry.family === "IPv4");

test("another machine has 64 connections, and the next is told so", { skip: !outside && "no network" }, async () => {
  const server = await startServer("--host", outside.address, "--api-key", "a-key-of-more-than-16-characters");
  const url = new URL(server.base);
  const sockets = [];
  try {
    for (let i = 0; i < 64; ++i) {
      sockets.push(await connect(url));
      assert.match(await health(sockets[i], url.host), /^HTTP\/1.1 200/);
    }
    const refused = await connect(url);
    assert.match(await health(refused, url.host), /^HTTP\/1.1 503[^]*too_many_connections/);
    sockets.pop().destroy();
    for (let tries = 0, said = ""; !said.startsWith("HTTP/1.1 200"); ++tries) {
      assert.ok(tries < 100, said);
      const socket = await connect(url);
      said = await health(socket, url.host);
      socket.destroy();
      if (tries > 0) await sleep(20);
    }
  } finally {
    for (const socket of sockets) socket.destroy();
    await server.stop();
  }
});

test("out of file descriptors, it serves whom it has and takes up others as soon as it can", async () => {
  const server = await startServerWithDescriptors(64);
  const url = new URL(server.base);
  const first = await connect(url);
  const sockets = [];
  try {
    assert.match(await health(first, url.host), /^HTTP\/1.1 200/);
    for (let i = 0; i < 100; ++i) sockets.push(await connect(url));  // the system accepts them in its backlog
    await sleep(300);
    assert.match(await health(first, url.host), /^HTTP\/1.1 200/);
    for (const socket of sockets) socket.destroy();
    const late = await connect(url);
    assert.match(await health(late, url.host), /^HTTP\/1.1 200/);
    late.destroy();
  } finally {
    first.destroy();
    await server.stop();
  }
});

/// A request as a page of another site sends it.
function fromPage(server, method, path, { key, json } = {}) {
  const headers = { origin: "https://page.example", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" };
  if (key) headers.authorization = `Bearer ${key}`;
  if (json) headers["content-type"] = "application/json";
  return new Promise((done, failed) => {
    const request = http.request(server.base + path, { method, headers }, async (response) => {
      let body = "";
      for await (const bytes of response) body += bytes;
      done({ status: response.statusCode, headers: response.headers, body });
    });
    request.on("error", failed);
    request.end(json && JSON.stringify(json));
  });
}

test("the token that --pair prints gives one page a key, once", async () => {
  const server = await startServer("--pair", "--allow-origin", "https://page.example");
  try {
    const [, token] = /pairing +(\S+)/.exec(server.output());
    assert.equal((await fromPage(server, "GET", "/gallery")).status, 401);
    const paired = await fromPage(server, "POST", "/pair", { json: { token } });
    assert.equal(paired.status, 200);
    assert.equal(paired.headers["access-control-allow-origin"], "https://page.example");
    const { key } = JSON.parse(paired.body);
    assert.equal((await fromPage(server, "GET", "/gallery", { key })).status, 200);
    const made = await fromPage(server, "POST", "/images/generations", { key, json: short });
    assert.equal(made.status, 200, made.body);
    assert.equal((await fromPage(server, "POST", "/pair", { json: { token } })).status, 401);
    assert.equal((await fromPage(server, "GET", "/gallery", { key: key + "x" })).status, 401);
  } finally {
    await server.stop();
  }
});
