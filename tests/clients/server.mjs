// Starts the real server, with the built-in checkpoint and a data folder of its own, for a test.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const program = process.env.PALIMPSEST ?? join(root, "build/release/palimpsest");

/// A folder that goes away with the process.
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "palimpsest-clients-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/// Resolves to { base, stop } once the checkpoint is loaded; base is the address of the API.
export function startServer(...options) {
  const child = spawn(program, ["serve", "--port", "0", "--host", "127.0.0.1", "--data", temporaryFolder(), ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = () => new Promise((done) => {
    child.once("exit", done);
    child.kill("SIGTERM");
  });
  return new Promise((started, failed) => {
    let said = "";
    child.once("exit", (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
    child.stdout.on("data", (text) => {
      said += text;
      const address = /API +(\S+)/.exec(said);
      if (address && said.includes("Ready")) started({ base: address[1], stop });
    });
  });
}
