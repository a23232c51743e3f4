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

/// Resolves to a server over a data folder of its own; see startServerOn.
export function startServer(...options) {
  return startServerOn(temporaryFolder(), ...options);
}

/// Resolves, once the checkpoint is loaded, to { base, pid, output, stop, kill }: base is the address of the API,
/// output() all that was printed so far; stop asks the process to end and resolves to its exit code, kill ends it.
export function startServerOn(data, ...options) {
  return start(program, ["serve", ...usual(data, options), ...options]);
}

/// The same with at most `descriptors` files and sockets open at a time.
export function startServerWithDescriptors(descriptors, ...options) {
  const command = `ulimit -n ${descriptors} && exec "$0" "$@"`;
  return start("/bin/sh", ["-c", command, program, "serve", ...usual(temporaryFolder(), options), ...options]);
}

function usual(data, options) {
  // One thread: what is tested here is not speed, and other tests run beside it.
  return ["--port", "0", "--threads", "1", "--data", data, ...(options.includes("--host") ? [] : ["--host", "127.0.0.1"])];
}

function start(command, words) {
  const child = spawn(command, words, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => child.once("exit", done));
  const end = (signal) => {
    child.kill(signal);
    return ended;
  };
  let said = "";
  return new Promise((started, failed) => {
    ended.then((code) => failed(new Error(`the server ended with ${code}: ${said}`)));
    child.stdout.on("data", (text) => {
      said += text;
      const address = /API +(\S+)/.exec(said);
      if (!address || !said.includes("Ready")) return;
      started({
        base: address[1], pid: child.pid, output: () => said, stop: () => end("SIGTERM"), kill: () => end("SIGKILL"),
      });
    });
  });
}
