// The programs that the playground generates, run: against a server that records what arrives, and the real one.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { deflateSync } from "node:zlib";
import { program, startServer, temporaryFolder } from "./server.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const tool = process.env.SNIPPET_TOOL ?? join(dirname(program), "tests/clients/snippet_tool");
const folder = temporaryFolder();
symlinkSync(join(here, "node_modules"), join(folder, "node_modules"));

const photo = 'my "own" photo;type=x, 1.png', second = "it's.png";
const pictures = {};  // bytes by name
let recorder, server;

before(async () => {
  execFileSync(program, ["generate", "a red house", "--steps", "1", "--seed", "1", "-q", "-o", join(folder, second)]);
  pictures[second] = pictures[photo] = readFileSync(join(folder, second));
  pictures["mask.png"] = maskPng(128);
  for (const name in pictures) writeFileSync(join(folder, name), pictures[name]);
  recorder = await startRecorder();
  server = await startServer();
});
after(async () => {
  recorder.close();
  await server.stop();
});

/// A square whose upper half is transparent.
function maskPng(side) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]), length = Buffer.alloc(4), check = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 6], 8);  // 8 bits, RGBA
  const row = 1 + 4 * side, rows = Buffer.alloc(row * side);
  for (let y = side / 2; y < side; ++y) rows.fill(255, y * row + 1, (y + 1) * row);
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

function crc32(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; ++bit) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}

const file = (name, file) => ({ name, file, base64: pictures[file].toString("base64") });
const text = (name, value) => ({ name, value });
const prompt = "It's a \"red\" house; $HOME `x` \\n <b>@é 日本\nsecond line";

const generation = (values) => ({ mode: "generate", json: JSON.stringify({ model: "kontext-nano", steps: 1, ...values }) });
const edit = (...fields) => ({ mode: "edit", fields: [text("model", "kontext-nano"), text("steps", "1"), ...fields] });

// Built when pictures are there.
const requests = {
  "a plain picture": () => generation({ prompt: "a red house", seed: 5 }),
  "a prompt full of what shells and programs read": () => generation({ prompt, seed: 5 }),
  "a seed of 64 bits, base64 and another format": () =>
    generation({ prompt, seed: "18446744073709551615", n: 2, response_format: "b64_json", output_format: "webp", output_compression: 80 }),
  "numbers and flags": () => generation({ prompt, seed: 5, cfg_scale: 2.5, true_cfg_scale: 1.5, negative_prompt: "@file", rng: "torch-cpu" }),
  "a stream": () => generation({ prompt, seed: 5, stream: true, partial_images: 1 }),
  "an edit": () => edit(text("prompt", "@make; it <blue"), text("seed", "6"), file("image", photo)),
  "an edit with a mask and a saved answer": () =>
    edit(text("prompt", prompt), text("seed", "6"), text("response_format", "b64_json"), file("image", photo), file("mask", "mask.png")),
};

// What only a recording server takes: the real one has no such model or feature.
const unanswerable = {
  "several pictures, parameters that the catalogue does not know and lists": () => ({
    mode: "edit",
    fields: [
      text("model", "local/another"), text("prompt", prompt), text("x_mine", "1"), text("loras", '[{"name":"ink","scale":0.5}]'),
      file("image[]", photo), file("image[]", second),
    ],
  }),
};

function ask(command, request) {
  return execFileSync(tool, command, { input: JSON.stringify(request), encoding: "utf8" });
}

/// Runs a generated program in the folder with the pictures; resolves to what it printed.
async function run(language, request, base) {
  const source = ask(["snippet", language, base], request);
  const name = language === "curl" ? "snippet.sh" : "snippet.mjs";
  writeFileSync(join(folder, name), source);
  for (const left of readdirSync(folder)) if (left.startsWith("picture.")) rmSync(join(folder, left));
  const child = spawn(language === "curl" ? "/bin/sh" : process.execPath, [name], { cwd: folder });
  let printed = "", complaints = "";
  child.stdout.on("data", (data) => (printed += data));
  child.stderr.on("data", (data) => (complaints += data));
  const [code] = await once(child, "close");
  assert.equal(code, 0, `${source}\n${complaints}`);
  return printed;
}

/// What arrived, in the form that the tool reads.
async function recorded(request, body) {
  const mode = request.url === "/v1/images/edits" ? "edit" : "generate";
  const type = request.headers["content-type"];
  if (type === "application/json") return { mode, json: body.toString() };
  const form = await new Response(body, { headers: { "content-type": type } }).formData();
  const fields = await Promise.all([...form].map(async ([name, value]) =>
    typeof value === "string" ? { name, value }
      : { name, file: value.name, base64: Buffer.from(await value.arrayBuffer()).toString("base64") }));
  return { mode, fields };
}

async function startRecorder() {
  const listening = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    listening.seen.push(await recorded(request, Buffer.concat(parts)));
    const event = { type: "image_generation.completed", b64_json: "AAAA" };
    const isStream = /"stream":true/.test(Buffer.concat(parts).toString());
    response.setHeader("content-type", isStream ? "text/event-stream" : "application/json");
    response.end(isStream ? `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
      : JSON.stringify({ created: 1, data: [{ url: "http://x/y", b64_json: "AAAA" }] }));
  });
  listening.seen = [];
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  listening.base = `http://127.0.0.1:${listening.address().port}/v1`;
  return listening;
}

for (const language of ["curl", "javascript"]) {
  for (const [name, make] of Object.entries({ ...requests, ...unanswerable })) {
    test(`${language} sends exactly the request: ${name}`, async () => {
      const request = make();
      recorder.seen.length = 0;
      await run(language, request, recorder.base);
      assert.equal(recorder.seen.length, 1);
      assert.deepEqual(JSON.parse(ask(["normal"], recorder.seen[0])), JSON.parse(ask(["normal"], request)));
      assert.equal(ask(["normal"], recorder.seen[0]), ask(["normal"], request));
    });
  }
}

/// The request itself, sent without a generated program.
async function send({ mode, json, fields }) {
  let body = json;
  if (fields) {
    body = new FormData();
    for (const { name, value, file, base64 } of fields) {
      if (file) body.append(name, new Blob([Buffer.from(base64, "base64")]), file);
      else body.append(name, value);
    }
  }
  const answer = await fetch(`${server.base}/images/${mode === "edit" ? "edits" : "generations"}`, {
    method: "POST", body, headers: json ? { "content-type": "application/json" } : {},
  });
  assert.equal(answer.status, 200);
  return answer;
}

const fetched = async (url) => Buffer.from(await (await fetch(url)).arrayBuffer());

/// The first picture of an answer: JSON, or the last event of a stream.
async function pictureOf(printed) {
  const events = [...printed.matchAll(/^data: (.*)$/gm)];
  const picture = events.length > 0 ? JSON.parse(events.at(-1)[1]) : JSON.parse(printed).data[0];
  return picture.b64_json ? Buffer.from(picture.b64_json, "base64") : fetched(picture.url);
}

/// What a JavaScript program leaves: a file, or the picture's address on its output.
async function pictureOfScript(printed, format) {
  const saved = join(folder, `picture.${format}`);
  if (!existsSync(saved)) return fetched(printed.trim());
  return readFileSync(saved);
}

for (const [name, make] of Object.entries(requests)) {
  test(`the real server draws the same picture for the request, cURL and JavaScript: ${name}`, async () => {
    const request = make();
    const wanted = await pictureOf(await (await send(request)).text());
    assert.ok(wanted.length > 500);
    assert.deepEqual(await pictureOf(await run("curl", request, server.base)), wanted);
    const format = /"output_format":"(\w+)"/.exec(request.json ?? "")?.[1] ?? "png";
    assert.deepEqual(await pictureOfScript(await run("javascript", request, server.base), format), wanted);
  });
}
