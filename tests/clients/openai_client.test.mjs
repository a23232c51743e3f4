// The official client of OpenAI against the real server and the real engine.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import OpenAI from "openai";
import { program, startServer, temporaryFolder } from "./server.mjs";

const folder = temporaryFolder();
const source = join(folder, "source.png");
const isPng = (base64) => Buffer.from(base64, "base64").subarray(1, 4).toString() === "PNG";
let server, client;

before(async () => {
  execFileSync(program, ["generate", "a red house", "--steps", "2", "--seed", "1", "-q", "-o", source]);
  server = await startServer();
  client = new OpenAI({ baseURL: server.base, apiKey: "x", maxRetries: 0 });
});
after(() => server.stop());

test("a picture is generated, as an address and as base64 where nothing is asked for", async () => {
  const answer = await client.images.generate({ model: "flux.1-kontext-max", prompt: "a red house", steps: 2 });
  assert.ok(isPng(answer.data[0].b64_json));
  const picture = await fetch(answer.data[0].url);
  assert.equal(picture.headers.get("content-type"), "image/png");
  assert.deepEqual(Buffer.from(await picture.arrayBuffer()), Buffer.from(answer.data[0].b64_json, "base64"));
  assert.ok(Number.isInteger(answer.created));
  assert.equal(answer.checkpoint, "kontext-nano");
});

test("response_format is kept to, and a seed of 64 bits comes back whole", async () => {
  const seed = "18446744073709551615";
  const answer = await client.images.generate({
    model: "kontext-nano", prompt: "a red house", steps: 1, seed, response_format: "b64_json", output_format: "webp",
  });
  assert.equal(answer.data[0].url, undefined);
  assert.equal(answer.data[0].seed_string, seed);
  assert.equal(Buffer.from(answer.data[0].b64_json, "base64").subarray(8, 12).toString(), "WEBP");
});

test("a picture is edited from a stream, which is sent in chunks", async () => {
  const answer = await client.images.edit({
    model: "flux.1-kontext-max", image: createReadStream(source), prompt: "make the house blue", steps: 2,
  });
  assert.ok(isPng(answer.data[0].b64_json));
});

test("pictures may come as a list, of as many as the model takes", async () => {
  const edit = (image) => client.images.edit({ model: "kontext-nano", image, prompt: "make the house blue", steps: 1 });
  const answer = await edit([createReadStream(source)]);
  assert.ok(isPng(answer.data[0].b64_json));
  const error = await edit([createReadStream(source), createReadStream(source)]).then(assert.fail, (problem) => problem);
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.param, "image");
});

test("a stream has partial pictures, then the picture", async () => {
  const stream = await client.images.generate({
    model: "kontext-nano", prompt: "a red house", steps: 4, stream: true, partial_images: 2,
  });
  const events = [];
  for await (const event of stream) events.push(event);
  assert.deepEqual(events.map((event) => event.type), [
    "image_generation.partial_image", "image_generation.partial_image", "image_generation.completed",
  ]);
  assert.deepEqual(events.slice(0, 2).map((event) => event.partial_image_index), [0, 1]);
  for (const event of events) assert.ok(isPng(event.b64_json));
});

test("models are listed and found, also by a name with a slash", async () => {
  const ids = [];
  for await (const model of client.models.list()) ids.push(model.id);
  assert.ok(ids.includes("flux.1-kontext-max") && ids.includes("kontext-nano"));
  assert.equal((await client.models.retrieve("fal/flux.1-kontext-max")).id, "flux.1-kontext-max");
});

test("errors arrive as the client's own classes, with field and request id", async () => {
  const wrong = (request) => client.images.generate(request).then(assert.fail, (error) => error);
  const unknown = await wrong({ model: "flux.1-kontxt-max", prompt: "x" });
  assert.ok(unknown instanceof OpenAI.NotFoundError);
  assert.equal(unknown.code, "model_not_found");
  const range = await wrong({ model: "kontext-nano", prompt: "x", n: 99 });
  assert.ok(range instanceof OpenAI.BadRequestError);
  assert.equal(range.param, "n");
  assert.match(range.requestID, /\w+/);
});

test("a wrong key is refused where the server wants one", async () => {
  const key = "a-key-of-more-than-16-characters";
  const locked = await startServer("--api-key", key);
  try {
    const listed = (apiKey) => new OpenAI({ baseURL: locked.base, apiKey, maxRetries: 0 }).models.list();
    await assert.rejects(listed("another"), OpenAI.AuthenticationError);
    assert.ok((await listed(key)).data.length > 0);
  } finally {
    await locked.stop();
  }
});
