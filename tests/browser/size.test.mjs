// What the built page weighs.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync, brotliDecompressSync, gunzipSync } from "node:zlib";
import { pageFolder } from "./files.mjs";

const names = readdirSync(pageFolder, { recursive: true }).map(String);
const compressed = (wanted) => names.filter((name) => wanted.test(name))
  .reduce((sum, name) => sum + brotliCompressSync(readFileSync(join(pageFolder, name))).length, 0);

test("WebAssembly and JavaScript together are at most 350 kB as brotli", (t) => {
  const bytes = compressed(/\.(wasm|js)$/);
  t.diagnostic(`${(bytes / 1000).toFixed(1)} kB`);
  assert.ok(bytes > 50_000 && bytes <= 350_000, `${bytes} bytes`);
});

test("the fonts together are at most 120 kB as brotli", (t) => {
  const bytes = compressed(/\.(otf|ttf|woff2)$/);
  t.diagnostic(`${(bytes / 1000).toFixed(1)} kB`);
  assert.ok(bytes > 20_000 && bytes <= 120_000, `${bytes} bytes`);
});

test("every file stands there compressed too, with the same content", () => {
  const plain = names.filter((name) => /\.(js|wasm|html|otf|ttf)$/.test(name));
  assert.ok(plain.length > 8);
  for (const name of plain) {
    const bytes = readFileSync(join(pageFolder, name));
    assert.deepEqual(brotliDecompressSync(readFileSync(join(pageFolder, `${name}.br`))), bytes);
    assert.deepEqual(gunzipSync(readFileSync(join(pageFolder, `${name}.gz`))), bytes);
  }
});
